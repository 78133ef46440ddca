"""Running wow, and what it says."""
import json
import pathlib
import subprocess

from harness import BUILD, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
WOW = BUILD / "wow"

DONE, ACTION_FAILED, NOT_DONE, USAGE = 0, 1, 2, 64


def wow(*args, env=None, cwd=None, stdin=None):
    return subprocess.run([WOW, *map(str, args)], capture_output=True, text=True, cwd=cwd,
                          input=stdin, env=clean_environment(env), timeout=60, check=False)


def wow_json(*args, **how):
    """The status, and the one line of JSON that it must have printed."""
    done = wow(*args, "--json", **how)
    [line] = done.stdout.splitlines()
    return done.returncode, json.loads(line)
