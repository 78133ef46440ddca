"""
Who is measured. A side is brought up, has containers made for an action, warm or cold, and says
what memory it takes; what a target is, bench/plan.h says. Every side is driven by bench-load.
"""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import zlib

from .actions import encoded, unseen
from .common import BUILD, CLEAN, Failed, Unavailable, die_with_parent, family, pss

READY_SECONDS = 20
NAMESPACE = "evaluation"


class Side:
    """name is how the page calls it. slow: a cold start takes long, so fewer are made."""
    name = "?"
    slow = False
    files = "/tmp"  # where an action of it may write

    def start(self):
        """Raises Unavailable with the reason if this machine has not got it."""

    def stop(self):
        """Leaves nothing running."""

    def can(self, name):
        """Raises Unavailable if it cannot run the action of that name."""

    def cold(self, action, count, **more):
        """Targets that the first request starts."""
        raise NotImplementedError

    def warm(self, action, count, **more):
        """Targets that are up and have answered."""
        raise NotImplementedError

    def memory(self):
        """Bytes of all that is up, as {"pss": …}, and what else there is to tell."""
        raise NotImplementedError


    @staticmethod
    def wait(address, seconds=120):
        """Until something listens there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(address, timeout=1).close()
                return
            time.sleep(0.002)
        raise Failed(f"nothing listens at {address[0]}")


def post(at, path, body, timeout=120):
    connection = http.client.HTTPConnection(*at, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except OSError as why:
        raise Failed(f"{path}: {why}") from None
    finally:
        connection.close()
    if answer.status // 100 != 2:
        raise Failed(f"{path}: {answer.status} {text[:200]}")
    return text


def run_body(action, work):
    """A file with the body of /run."""
    text = f'{{"value":{action.args}}}'
    path = work / f"run-{zlib.crc32(text.encode()):08x}.json"
    path.write_text(text)
    return path


class Wow(Side):
    """A wowd of its own, with empty directories, on ports of the system's choice."""

    def __init__(self, engine, shop, options=("--tiering", "off"), tasks=None):
        self.name, self.engine, self.shop, self.options = f"wow, {engine}", engine, shop, options
        self.tasks = tasks
        self.process, self.serial = None, 0

    def start(self):
        if not (BUILD / f"wow-worker-{self.engine}").exists():
            raise Unavailable(f"{BUILD.name}/wow-worker-{self.engine} is not built")
        self.dir = tempfile.mkdtemp(dir=self.shop.work)
        self.files = os.path.join(self.shop.work, "files")
        os.makedirs(self.files, exist_ok=True)
        os.chmod(self.files, 0o777)
        with open(os.path.join(self.dir, "stderr"), "wb") as log:
            self.process = subprocess.Popen(
                [BUILD / "wowd", "--executor", "127.0.0.1:0", "--proxy-port", "0",
                 "--rest", "off", "--data", os.path.join(self.dir, "data"),
                 "--cache", os.path.join(self.dir, "cache"), "--engine", self.engine,
                 "--grant-dirs", self.files, "--queue-wait", "120000", *self.options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=CLEAN,
                preexec_fn=self._before)
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().split()
        timer.cancel()
        if not line or line[0] != "ready":
            with open(os.path.join(self.dir, "stderr"), encoding="utf-8") as log:
                words = (log.read().strip().splitlines() or ["it said nothing"])[-1]
            self.stop()
            raise Failed(f"wowd --engine {self.engine} did not become ready: {words}")
        doors = dict(word.split("=", 1) for word in line[1:])
        host, port = doors["executor"].rsplit(":", 1)
        self.at, self.proxy_port = (host, int(port)), doors["proxy"]

    def _before(self):
        die_with_parent()
        if self.tasks:
            with open(self.tasks, "w", encoding="ascii") as tasks:
                tasks.write("0")

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None

    def can(self, name):
        self.shop.wasm(name)

    def init_body(self, action, limit=0, variant=None, namespace=NAMESPACE, **more):
        """A file with the body of /init; the same for all containers of one code."""
        path = self.shop.work / f"init-{action.name.replace('/', '-')}-{limit}-{variant}-{namespace}.json"
        if not path.exists():
            code = self.shop.wasm(action.name)
            value = {"name": action.name, "main": "main", "binary": True,
                     "code": encoded(code if variant is None else unseen(code, variant)),
                     "annotations": dict(action.annotations)}
            if namespace:
                value["env"] = {"__OW_NAMESPACE": namespace}
            if limit:
                value["limits"] = {"concurrency": limit}
            path.write_text(json.dumps({"value": value}))
        return path

    def _target(self, action, kind, **more):
        self.serial += 1
        name = f"c{self.serial}"
        return {"kind": kind, "at": f"{self.at[0]}:{self.at[1]}", "name": name, "group": name,
                "body": run_body(action, self.shop.work), "expect": action.expect,
                **{k: v for k, v in more.items() if k in ("group", "class", "weight", "limit")}}

    def cold(self, action, count, own_code=False, **more):
        return [{**self._target(action, "executor", **more),
                 "init": self.init_body(action, variant=self.serial if own_code else None, **more)}
                for _ in range(count)]

    def warm(self, action, count, own_code=False, **more):
        targets = []
        for _ in range(count):
            target = self._target(action, "ready", **more)
            variant = self.serial if own_code else None
            init = self.init_body(action, variant=variant, **more)
            post(self.at, f"/{target['name']}/init", init.read_bytes())
            if own_code:
                init.unlink()
            target["path"] = f"/{target['name']}/run"
            text = post(self.at, target["path"], target["body"].read_bytes())
            if action.expect not in text:
                raise Failed(f"{self.name}: {action.name} answered {text[:200]}")
            targets.append(target)
        return targets

    def memory(self):
        pids = family(self.process.pid)
        return {"pss": pss(pids), "processes": len(pids)}
