"""
Every test gets a real wowd. After each one: it lives, its log tells of no fault that the test did
not announce, and it has no more descriptors open than when it had just started.
"""
import contextlib
import re
import signal

import pytest

from harness import BUILD, ENGINES, NAMES, Wowd, until

TEST_SECONDS = 45
FAULTS = re.compile(r"(zygote\.fault|worker\.fault|zygote\.exit|worker\.exit|worker\.violation|child\.said|child\.noise|wowd\.failed|engine\.failed|"
                    r"Assertion|assert|AddressSanitizer|LeakSanitizer|runtime error:)")


def pytest_configure(config):
    config.addinivalue_line("markers", "log_has(*events): faults that the log must tell of")
    config.addinivalue_line("markers", "log_may(*events): faults that it may tell of")


def pytest_sessionstart(session):
    if not (BUILD / "wowd").exists() or not NAMES:
        raise pytest.UsageError(f"no wowd with a worker in {BUILD}; WOW_BUILD names another")


def check(daemon, request, log_from=0):
    """What must be true of a daemon after any test."""
    assert daemon.is_alive(), f"wowd ended; log:\n{daemon.log()}"
    mark = request.node.get_closest_marker("log_has")
    expected = set(mark.args) if mark else set()
    lines = daemon.log()[log_from:].splitlines()
    faults = [line for line in lines if FAULTS.search(line)]
    may = request.node.get_closest_marker("log_may")
    known = expected | set(may.args if may else ())
    surprises = [line for line in faults if FAULTS.search(line).group(1) not in known]
    assert not surprises, "the log tells of faults:\n" + "\n".join(surprises)
    for event in expected:
        assert any(event in line for line in faults), f"the log does not tell of {event}"
    until(lambda: daemon.descriptors() <= daemon.settled,
          f"wowd has {daemon.settled} descriptors open, besides workers'", 5)


@pytest.fixture(autouse=True)
def watchdog():
    """A test that hangs is a failure of its own, and of no other test."""
    def bite(*_):
        raise TimeoutError(f"the test took more than {TEST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, bite)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=ENGINES, scope="session")
def engine(request):
    return request.param


class Shared:
    """One daemon for many tests, made anew when one of them has ended it."""

    def __init__(self, start):
        self._start, self._daemon = start, None

    @contextlib.contextmanager
    def used(self, request):
        if not self._daemon or not self._daemon.is_alive():
            self._daemon = self._start()
        daemon = self._daemon
        log_from = len(daemon.log())
        yield daemon
        try:
            check(daemon, request, log_from)
        except BaseException:
            daemon.kill()  # the next test gets another
            raise

    def stop(self):
        if self._daemon and self._daemon.is_alive():
            self._daemon.stop()


@pytest.fixture(scope="session")
def shared(engine, tmp_path_factory):
    """The engine's daemon for tests that need no other."""
    kept = Shared(lambda: Wowd(tmp_path_factory.mktemp(engine), engine))
    yield kept
    kept.stop()


@pytest.fixture
def wowd(shared, request):
    with shared.used(request) as daemon:
        yield daemon


@contextlib.contextmanager
def all_of(request):
    """A list of daemons that a test starts: in the end, each is looked at and stopped."""
    started = []
    yield started
    try:
        for daemon in started:
            if daemon.is_alive():
                check(daemon, request)
                daemon.stop()
    finally:
        for daemon in started:
            daemon.kill()


@pytest.fixture
def start_wowd(request, tmp_path_factory):
    """Start a daemon of the test's own: start_wowd(engine, "--option", "value", …)."""
    def start(engine, *options, **how):
        daemon = Wowd(how.pop("place", None) or tmp_path_factory.mktemp("wowd"), engine, *options,
                      **how)
        started.append(daemon)
        return daemon

    with all_of(request) as started:
        yield start


@pytest.fixture
def own_wowd(start_wowd, engine):
    """The same, of the engine that the test runs on."""
    return lambda *options, **how: start_wowd(engine, *options, **how)
