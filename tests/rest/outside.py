"""Clients that others have made, installed by their ordinary means, once, outside the tree."""
import fcntl
import os
import pathlib
import shutil
import subprocess

import pytest

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "wow"


def _once(name, install):
    """The directory of that name, which is there only when install has succeeded."""
    place = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            try:
                install(place)
            except (OSError, subprocess.SubprocessError) as fault:
                said = getattr(fault, "stderr", None) or b""
                pytest.skip(f"{name} cannot be installed: {fault} {said[-300:]!r}")
            (place / "complete").touch()
    return place


def _run(*argv, **how):
    subprocess.run(list(map(str, argv)), check=True, capture_output=True, timeout=300, **how)


def python(package, version):
    """A virtual environment with a package of PyPI."""
    def install(place):
        _run("python3", "-m", "venv", place)
        _run(place / "bin/pip", "install", "--quiet", f"{package}=={version}")

    return _once(f"{package}-{version}", install)


def node(package, version):
    """A directory with a package of npm's."""
    def install(place):
        _run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent",
             "--prefix", place, f"{package}@{version}")

    return _once(f"{package.replace('/', '_')}-{version}", install)
