"""The fake engine: what is not an engine's doing, and errors that no engine makes on demand."""
import pytest

from harness import BUFFER, NAMES, UNEXPECTED_EXIT, epoch_ms, run_wowd, wasm

pytestmark = pytest.mark.skipif("fake" not in NAMES, reason="this build has no fake engine")


def guest(name):
    return f'(module {BUFFER} (func (export "_start")) (func (export "{name}")))'


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def fake(start_wowd, kept):
    return lambda *options, **how: start_wowd("fake", *options, cache=kept, **how)


def test_it_answers_its_arguments(fake):
    wowd = fake()
    assert wowd.container("ok.wat").run({"a": [1, 2.0]}).result == {"a": [1, 2.0]}


def test_an_engine_is_given_the_module_with_the_memory_it_may_have(start_wowd, tmp_path):
    wowd = start_wowd("fake", "--memory", 32, "--memory-max", 64, cache=tmp_path)
    wowd.container("ok.wat")
    sent = wasm("ok.wat")
    before, flags, after = sent.partition(b"\5\3\1\0")  # a memory without a maximum
    assert flags
    capped = before + b"\5\5\1\1" + after[:1] + b"\x80\x08" + after[1:]  # 1024 pages
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(capped in content for content in files)
    assert not any(sent in content for content in files)


@pytest.mark.parametrize("name, error", [
    ("fake.trap", "The action trapped: unreachable."),
    ("fake.exit", "The action exited with status 3."),
    ("fake.wild", "The action's response, 2 bytes at offset 16777215, lies outside its memory.")])
def test_its_guests_fail_as_their_names_say(fake, name, error):
    container = fake().container(guest(name))
    assert container.run({}).failure(2) == error


@pytest.mark.log_has("worker.exit")
def test_a_worker_that_crashes_is_replaced(fake):
    wowd = fake()
    crash, ok = wowd.container(guest("fake.crash")), wowd.container("ok.wat")
    for _ in range(5):
        assert crash.run({}).failure(2) == UNEXPECTED_EXIT
        assert ok.run([1]).result == [1]


def test_a_loop_is_killed(fake):
    container = fake().container(guest("fake.loop"))
    assert "exceeded its time limits" in container.run({}, deadline=epoch_ms() + 100).failure(2)


def test_a_guest_that_needs_more_memory_is_told_so(fake):
    container = fake("--memory", "15").container("ok.wat")
    assert container.run({}).failure(2) == "The action exhausted its memory and was aborted."


@pytest.mark.parametrize("what, code, error", [
    ("load", 3, "The action's module could not be loaded: failing as told."),
    ("spawn", 3, "The action could not be instantiated: failing as told."),
    ("call", 2, "The action's module is not as it should be: failing as told.")])
def test_an_engines_failure_is_told(fake, what, code, error):
    container = fake(env={"WOW_WORKER_FAKE_FAIL": f"{what}:1"}).container("ok.wat")
    assert container.run({}).failure(code) == error


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_failure_of_any_call_is_the_activations_own(fake, nth):
    container = fake(env={"WOW_WORKER_FAKE_FAIL": f"call:{nth}"}, workers=1).container("ok.wat")
    assert container.run([1], namespace="n").failure(2).endswith("failing as told.")
    assert container.run([2], namespace="n").result == [2]


def test_an_engine_that_does_not_open_ends_the_daemon(tmp_path):
    done = run_wowd("--engine", "fake", "--executor", "127.0.0.1:0", "--proxy-port", "0", "--rest", "off",
                    "--data", tmp_path / "d", "--cache", tmp_path / "c",
                    env={"WOW_WORKER_FAKE_FAIL": "open:1"})
    assert done.returncode == 1
    assert "failing as told" in done.stderr and "ready" not in done.stdout
