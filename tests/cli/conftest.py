"""The command line as people use it. Daemons come from the harness of tests/api."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from conftest import *  # noqa: F401,F403  pylint: disable=all
