"""wowd killed at any moment, under load: the next one works with what it left, and nothing stays."""
import os
import random
import re
import threading
from http.client import HTTPException

import pytest

from harness import BUILD, ENGINES, Wowd, until, wasm
from test_hostile import section

KILLS = 50
SEED = int(os.environ.get("WOW_KILLS_SEED", "20"))


class Load:
    """Clients that start, init with code never seen, run and destroy, until they are told to stop
    or their wowd is gone."""

    def __init__(self, wowd, salt):
        self.done, self.stop = 0, threading.Event()
        self.threads = [threading.Thread(target=self._client, args=(wowd, f"{salt}-{n}"))
                        for n in range(3)]
        for thread in self.threads:
            thread.start()

    def _client(self, wowd, salt):
        known = wasm("ok.wat")
        try:
            for n in range(10 ** 6):
                if self.stop.is_set():
                    return
                unseen = known + section("salt", f"{salt}-{n}")
                container = wowd.start()
                container.init(unseen if n % 2 else known)
                container.run({})
                container.destroy()
                self.done += 1
        except (OSError, AssertionError, ValueError, HTTPException):
            return  # it was killed

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()


def processes():
    """Those of any wowd of this build, by their programs."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            path = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if path.startswith(f"{BUILD}/wow"):
            found.append(int(pid))
    return found


@pytest.mark.parametrize("engine", ["wasmtime" if "wasmtime" in ENGINES else ENGINES[0]])
def test_fifty_kills(tmp_path, engine):
    chance = random.Random(SEED)
    before = set(processes())
    done = 0
    for n in range(KILLS):
        wowd = Wowd(tmp_path, engine, tiering="on")
        load = Load(wowd, f"{SEED}-{n}")
        try:
            threading.Event().wait(chance.random() ** 2 * 0.3)
        finally:
            wowd.kill()
            load.end()
        done += load.done
    assert done > KILLS, "they were killed at work"
    until(lambda: set(processes()) <= before, "all its processes are gone")
    last = Wowd(tmp_path, engine, tiering="on")
    assert last.container("ok.wat").run().result == {"answer": 42}
    until(lambda: last.machine_code(), "what was compiled is kept")
    last.stop()
    assert sorted(os.listdir(tmp_path / "data")) == ["addresses", "stem-cells", "wowd.lock"]
    for place, _, files in os.walk(tmp_path / "cache"):
        for name in files:
            path = os.path.join(place, name)
            assert re.fullmatch(r"[0-9a-f]{64}|key", name), f"left over: {path}"
            assert os.path.islink(path) or os.path.getsize(path) > 0, path
    text = (tmp_path / "log").read_text()
    assert not re.search(r"violation|Assertion|cache.damaged|fault", text)


@pytest.fixture(autouse=True)
def watchdog():
    """Fifty starts take longer than other tests."""
    yield
