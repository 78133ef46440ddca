"""The fixtures of tests/api, and the command that stands where an invoker looks for docker."""
import importlib.util
import pathlib
import sys

import pytest

API = pathlib.Path(__file__).resolve().parents[1] / "api"
sys.path.insert(0, str(API))

_spec = importlib.util.spec_from_file_location("api_conftest", API / "conftest.py")
_api = importlib.util.module_from_spec(_spec)
sys.modules["api_conftest"] = _api
_spec.loader.exec_module(_api)
globals().update({name: value for name, value in vars(_api).items() if not name.startswith("__")})

from docker import Docker  # noqa: E402 (it needs the path)


@pytest.fixture(scope="session")
def shared(engine, tmp_path_factory):
    """The engine's daemon for tests that need no other; its containers have files."""
    def start():
        place = tmp_path_factory.mktemp(engine)
        return _api.Wowd(place, engine, "--container-logs", place / "containers")

    kept = _api.Shared(start)
    yield kept
    kept.stop()


@pytest.fixture(scope="session")
def cache(engine, tmp_path_factory):
    """One cache for all daemons of an engine: some compilers take seconds for the same action."""
    return tmp_path_factory.mktemp(f"cache-{engine}")


@pytest.fixture
def docker(wowd):
    """wow-docker on the shared daemon; what a test leaves there is removed."""
    command = Docker(wowd)
    yield command
    command.remove_all()
