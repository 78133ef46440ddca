"""The command line as people use it. Daemons, where they are needed, and the watchdog come from
tests/api."""
import importlib.util
import pathlib
import sys

API = pathlib.Path(__file__).resolve().parents[1] / "api"
sys.path.insert(0, str(API))
_spec = importlib.util.spec_from_file_location("api_conftest", API / "conftest.py")
_api = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_api)
globals().update({name: value for name, value in vars(_api).items() if not name.startswith("__")})
