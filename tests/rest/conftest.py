"""The REST door of a real wowd. What the API means does not depend on the engine: one will do."""
import importlib.util
import pathlib
import sys

import pytest

API = pathlib.Path(__file__).resolve().parents[1] / "api"
sys.path.insert(0, str(API))
_spec = importlib.util.spec_from_file_location("api_conftest", API / "conftest.py")
api_conftest = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(api_conftest)

from rest import ENGINE, Rest  # noqa: E402

pytest_configure = api_conftest.pytest_configure
pytest_sessionstart = api_conftest.pytest_sessionstart
watchdog = api_conftest.watchdog


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    """A daemon for tests that need no other, made anew when one has ended it."""
    daemons = []

    def get():
        if not daemons or not daemons[-1].is_alive():
            daemons.append(Rest(tmp_path_factory.mktemp("rest"), ENGINE))
        return daemons[-1]

    yield get
    if daemons and daemons[-1].is_alive():
        daemons[-1].stop()


@pytest.fixture
def rest(running, request):
    """The daemon of many tests, with a user of the test's own."""
    daemon = running()
    log_from = len(daemon.log())
    yield daemon.user()
    try:
        api_conftest.check(daemon, request, log_from)
    except BaseException:
        daemon.kill()
        raise


@pytest.fixture
def start_rest(request, tmp_path_factory):
    """Start a daemon of the test's own: start_rest("--option", "value", …)."""
    def start(*options, **how):
        place = how.pop("place", None) or tmp_path_factory.mktemp("rest")
        daemon = Rest(place, how.pop("engine", ENGINE), *options, **how)
        started.append(daemon)
        return daemon

    with api_conftest.all_of(request) as started:
        yield start
