"""A wowd under test, the requests it is sent, and the guests it is given."""
import base64
import functools
import http.client
import io
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUESTS = ROOT / "tests" / "guests"
BUILD = pathlib.Path(os.environ.get("WOW_BUILD", ROOT / "build")).resolve()
NAMES = sorted(p.name.removeprefix("wow-worker-") for p in BUILD.glob("wow-worker-*"))
ENGINES = [name for name in NAMES if name not in ("fake", "hostile")]


def programs_of(engine):
    """What wowd needs beside it for an engine."""
    return BUILD.glob(f"wow-[wcl]*-{engine}*")


STATUSES = ["success", "application error", "action developer error", "whisk internal error"]
UNEXPECTED_EXIT = "The action did not produce a valid response and exited unexpectedly."
TIMED_OUT = "The action exceeded its time limits of %d milliseconds."
DEFAULT_WORKERS = 2
STARTING_UP_NS = 5_000_000


def until(condition, what, seconds=10.0):
    """Wait for a condition; what it gave. Looks again and again, as no event tells of it."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        pause.wait(0.005)


def epoch_ms():
    return time.time_ns() // 1_000_000


# ---- guests ----

@functools.cache
def _assemble(text):
    done = subprocess.run(["wat2wasm", "--enable-tail-call", "--enable-threads", "-", "--output=-"],
                          input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@functools.cache
def _compile(source):
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place) / "guest.wasm"
        done = subprocess.run([ROOT / "sdk/c/wow-cc", "-o", out, source], capture_output=True,
                              check=False)
        assert done.returncode == 0, done.stderr.decode()
        return out.read_bytes()


def wasm(guest):
    """The module: of a file in tests/guests, of text that begins "(module", or these bytes."""
    if isinstance(guest, bytes):
        return guest
    if guest.endswith(".c"):
        return _compile(GUESTS / guest)
    return _assemble(guest if guest.startswith("(module") else (GUESTS / guest).read_text())


def action(guest):
    """The module in base64, as an init's "code"."""
    return base64.b64encode(wasm(guest)).decode()


BUFFER = """
  (memory (export "memory") 1)
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0))
"""


# ---- processes, as /proc shows them ----

def _stat(pid):
    """(state, parent, start time), or None when there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rsplit(")", 1)[1].split()
    return fields[0], int(fields[1]), int(fields[19])


def _name(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None  # gone by now


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        stat = _stat(name) if name.isdigit() else None
        if stat and stat[1] == pid and stat[0] != "Z":
            found.append(int(name))
    return sorted(found)


def cpu_ns(pid):
    """The processor time that a process has had; 0 when it is gone."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:
        return 0


class Process:
    """A process that is the same one only as long as its start time is."""

    def __init__(self, pid):
        self.pid, self.stat = pid, _stat(pid)

    def is_alive(self):
        now = _stat(self.pid)
        return bool(now and self.stat and now[0] != "Z" and now[2] == self.stat[2])


# ---- HTTP ----

class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The text of an answer that is an error and nothing else."""
        assert list(self.json) == ["error"], self.body[:300]
        return self.json["error"]

    @property
    def record(self):
        """The record of an activation that took place."""
        assert self.status == 200, (self.status, self.body[:300])
        record = self.json
        assert set(record) - {"logs"} == {"status", "status_code", "success", "result"}
        assert record["status"] == STATUSES[record["status_code"]]
        assert record["success"] is (record["status_code"] == 0)
        return record

    @property
    def result(self):
        """What a successful activation returned."""
        record = self.record
        assert record["status_code"] == 0, record
        return record["result"]

    def failure(self, code):
        """The error of an activation that ended with this status code, which is not 0."""
        record = self.record
        assert record["status_code"] == code, record
        assert list(record["result"]) == ["error"], record
        return record["result"]["error"]


def read_reply(response, method="POST"):
    body = response.read()
    length = response.getheader("Content-Length")
    assert length is not None, "an answer without Content-Length"
    assert method == "HEAD" or int(length) == len(body)
    if body:
        assert response.getheader("Content-Type") == "application/json"
        json.loads(body)
    return Reply(response.status, response.headers, body)


def zip_of(*members, method=zipfile.ZIP_STORED, comment=b""):
    """A zip with these (name, content)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


def encoded(body):
    if body is None or isinstance(body, (bytes, str)):
        return body.encode() if isinstance(body, str) else body or b""
    return json.dumps(body).encode()


def request(address, path, body=b"", method="POST", headers=None, timeout=30):
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, encoded(body), headers or {})
        return read_reply(connection.getresponse(), method)
    finally:
        connection.close()


class Container:
    """One container, behind the executor door."""

    def __init__(self, wowd, name, started=None):
        self.wowd, self.id, self.started = wowd, name, started or {}

    def post(self, verb, body=b""):
        return self.wowd.post(f"/{self.id}/{verb}", body)

    def init(self, guest, **value):
        return self.post("init", {"value": {"code": action(guest), **value}})

    def run(self, value=None, **members):
        return self.post("run", members if value is None else {"value": value, **members})

    def destroy(self):
        return self.post("destroy")

    @property
    def address(self):
        """Where the same container is found on the action proxy door."""
        return self.started["address"], self.started["port"]


# ---- the daemon ----

class Wowd:
    """The program, from its ready line to its end."""

    def __init__(self, place, engine, *options, cache=None, env=None, workers=DEFAULT_WORKERS,
                 tiering="off", program=BUILD / "wowd", user=None, group=None, rest="off",
                 settle=True):
        self.place = pathlib.Path(place)
        self.data, self.cache = self.place / "data", pathlib.Path(cache or self.place / "cache")
        self.stderr = open(self.place / "log", "ab")
        argv = [program, "--executor", "127.0.0.1:0", "--proxy-port", "0", "--engine", engine,
                "--data", self.data, "--cache", self.cache, "--tiering", tiering, "--rest", rest,
                *(["--workers", workers] if workers else []), *options]
        self.process = subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE,
                                        stderr=self.stderr, env=clean_environment(env), user=user,
                                        group=group, extra_groups=[] if user else None)
        self.pid = self.process.pid
        self._read_ready()
        until(lambda: len(self.workers()) >= 2, "two workers wait for work")
        # One that takes up work of before has no such moment.
        self.settled = until(self._settled, "wowd holds the two workers") if settle else 10**6

    def _read_ready(self, seconds=20):
        readable, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline().decode() if readable else ""
        words = line.split()
        if words[:1] != ["ready"] or not line.endswith("\n"):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no ready line but {line!r}; log:\n{self.log()}")
        at = dict(word.split("=", 1) for word in words[1:])
        host, port = at["executor"].split(":")
        self.executor, self.proxy_port = (host, int(port)), int(at["proxy"])
        if at["rest"] != "off":
            host, port = at["rest"].split(":")
            self.rest = host, int(port)

    # requests

    def post(self, path, body=b"", **how):
        return request(self.executor, path, body, **how)

    def start(self, profile=None):
        reply = self.post("/start", {"profile": profile} if profile else b"")
        assert reply.status == 200, reply.body
        return Container(self, reply.json["containerId"], reply.json)

    def container(self, guest, **value):
        """A new container that has been given its code."""
        container = self.start()
        reply = container.init(guest, **value)
        assert (reply.status, reply.body) == (200, b"")
        return container

    def connect(self):
        return socket.create_connection(self.executor, timeout=30)

    # what it looks like from outside

    def is_alive(self):
        return self.process.poll() is None

    def log(self):
        return (self.place / "log").read_text(errors="replace")

    def zygote(self):
        """The zygote's pid; it is the one child that has forked, and stays."""
        return next((pid for pid in children(self.pid) if _name(pid) == "wow-zygote"), None)

    def workers(self):
        zygote = self.zygote()
        return children(zygote) if zygote else []

    def spinning(self):
        """Workers whose guests compute at this moment. One that has just begun to is not known
        from one that starts up, until it has computed for a while."""
        return [pid for pid in self.workers()
                if (_stat(pid) or "?")[0] == "R" and cpu_ns(pid) > STARTING_UP_NS]

    def _open_files(self):
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                yield os.readlink(f"/proc/{self.pid}/fd/{fd}")
            except FileNotFoundError:
                continue

    def descriptors(self):
        """Its open descriptors, without the three that each worker costs, and each zygote's one."""
        names = list(self._open_files())
        zygotes = [pid for pid in children(self.pid) if _name(pid) == "wow-zygote"]
        return len(names) - 3 * names.count("anon_inode:[pidfd]") - len(zygotes)

    def _settled(self):
        return list(self._open_files()).count("anon_inode:[pidfd]") == 2 and self.descriptors()

    def memory_kb(self, field="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise AssertionError(f"no {field}")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def machine_code(self):
        """Names of what has been compiled."""
        return sorted(p.name for p in self.cache.glob("*-*/*"))

    # the end

    def family(self):
        own = children(self.pid)
        return [Process(pid) for parent in own for pid in [parent, *children(parent)]]

    def stop(self):
        """SIGTERM: it ends in good order, and nothing of it is left."""
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=10)
        self._gone(family)
        assert status == 0, f"exit status {status}; log:\n{self.log()}"

    def kill(self):
        """SIGKILL, if it still runs: nothing of it is left either."""
        if not self.is_alive():
            return
        family = self.family()
        self.process.kill()
        self.process.wait(timeout=10)
        self._gone(family)

    def _gone(self, family):
        self.process.stdout.close()
        self.stderr.close()
        until(lambda: not any(p.is_alive() for p in family), "wowd's processes are gone")


def clean_environment(more=None):
    """Without settings of whoever runs the tests."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("WOW_")}
    return {**own, **(more or {})}


def run_wowd(*options, env=None, program=BUILD / "wowd"):
    """For a wowd that is to end by itself."""
    return subprocess.run(list(map(str, [program, *options])), capture_output=True, text=True,
                          timeout=20, check=False, env=clean_environment(env))


def in_threads(n, work):
    """work(0) … work(n-1) at once; what they returned."""
    results, faults = [None] * n, []

    def one(i):
        try:
            results[i] = work(i)
        except BaseException as fault:  # shown by the thread that waits
            faults.append(fault)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a request hangs"
    if faults:
        raise faults[0]
    return results


class Background:
    """A request that goes on while the test does other things."""

    def __init__(self, work):
        self._result, self._fault = None, None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work):
        try:
            self._result = work()
        except BaseException as fault:  # shown by wait()
            self._fault = fault

    def is_done(self):
        return not self._thread.is_alive()

    def wait(self, seconds=30):
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"no answer in {seconds} s"
        if self._fault:
            raise self._fault
        return self._result
