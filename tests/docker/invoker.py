"""
An OpenWhisk invoker as far as a container technology sees it: its command lines, requests, retries
and time limits, what it reads of containers' files, and the record it makes of an activation. After
Apache OpenWhisk's DockerClient, DockerContainer, ApacheBlockingContainerClient, ContainerProxy,
ContainerPool, DockerCliLogStore and DockerToActivationLogStore; the constants are theirs.
"""
import json
import pathlib
import re
import socket
import subprocess
import threading
import time
import uuid

from docker import LIMITS, SENTINEL
from harness import clean_environment

SEND_S = 0.0024            # from a deadline's making to its request: the median of the recordings
RETRY_S = 0.05             # a container that cannot be connected to is tried again
OOM_POLL_S, OOM_POLLS = 0.005, 400
PARALLEL_RUNS = 10
PAYLOAD_MAX = 1 << 20
CLEANUP_S = 30
TIMEOUTS = {"run": 60, "rm": 60, "ps": 60, "inspect": 60, "pull": 600, "pause": 10, "unpause": 10,
            "version": 10, "logs": 2}
LINE_WAIT_S = 2            # for the next line of a log
LOG_TROUBLE = "There was an issue while collecting your logs. Data might be missing."
LOG_INCOMPLETE = "The action did not initialize or run as expected. Log data might be missing."
EXHAUSTED = "The action exhausted its memory and was aborted."
UNEXPECTED_EXIT = "The action did not produce a valid response and exited unexpectedly."
NOT_JSON = "The action did not produce a valid JSON or JSON Array response"
NO_RESOURCES = "Failed to provision resources to run the action."
STATUSES = ["success", "application error", "action developer error", "whisk internal error"]


class CommandFailed(Exception):
    pass


class Unhealthy(Exception):
    """The container is to be destroyed and the activation run in another."""


class NoAnswer(Exception):
    """No response, or none that counts as one; on_time: the time limit was not reached."""

    def __init__(self, timed_out=False):
        super().__init__()
        self.timed_out = timed_out


class Client:
    """docker, as ProcessRunner runs it; counts commands."""

    def __init__(self, program, env, place):
        self.program, self.place = program, place
        self.env = clean_environment(env)
        self.runs = threading.Semaphore(PARALLEL_RUNS)
        self.calls = []

    def __call__(self, verb, *words):
        self.calls.append([verb, *words])
        with self.runs if verb == "run" else threading.Lock():
            try:
                done = subprocess.run([self.program, verb, *words], env=self.env, cwd=self.place,
                                      stdin=subprocess.PIPE, capture_output=True, check=False,
                                      timeout=TIMEOUTS[verb])
            except subprocess.TimeoutExpired:
                raise CommandFailed(f"{verb}: timeout") from None
        if done.returncode != 0:
            raise CommandFailed(f"{verb}: {done.returncode}: {done.stderr.decode()}")
        return "\n".join(done.stdout.decode().splitlines())

    def count(self, verb):
        return sum(call[0] == verb for call in self.calls)


class Action:
    def __init__(self, name, code, memory=256, timeout=60000, logs=10, concurrency=1, version="0.0.1",
                 main="main"):
        self.name, self.code, self.memory, self.timeout = name, code, memory, timeout
        self.logs, self.concurrency, self.version, self.main = logs, concurrency, version, main


class Container:
    def __init__(self, invoker, name, memory):
        self.invoker, self.name, self.memory = invoker, name, memory
        self.action, self.running, self.used = None, 0, time.monotonic()
        self.paused, self.timer, self.log_at = False, None, 0
        self.gone = False
        self.lock = threading.Lock()  # one init, and no run before its answer
        docker = invoker.docker
        self.id = docker("run", "-d", "--cpu-shares", "256", "--memory", f"{memory}m", "--memory-swap",
                         f"{memory}m", "--network", "bridge", "-e",
                         "__OW_API_HOST=http://127.0.0.1:3233", "--name", name, *LIMITS, invoker.image)
        if not re.fullmatch("[0-9a-f]{64}", self.id):
            raise CommandFailed("run: not an id: " + self.id[:100])
        self.folder = invoker.place / "containers" / self.id
        self.address = self._address()

    def _config(self):
        return json.loads((self.folder / "config.v2.json").read_text())

    def _address(self):
        try:
            return self._config()["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        except (OSError, ValueError, KeyError):
            pass
        address = self.invoker.docker("inspect", "--format",
                                      "{{.NetworkSettings.Networks.bridge.IPAddress}}", self.id)
        if address in ("", "<no value>"):
            self.destroy()
            raise CommandFailed("inspect: no address")
        return address

    def is_oom_killed(self):
        try:
            return self._config()["State"]["OOMKilled"] is True
        except (OSError, ValueError, KeyError):
            return False

    def post(self, path, body, timeout_ms, retry, reschedule):
        """(status, body), by a connection of its own, as the Apache client has it."""
        data = json.dumps(body).encode()
        time.sleep(SEND_S)
        end = time.monotonic() + timeout_ms / 1000
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise NoAnswer(timed_out=True)
            try:
                return self._exchange(path, data, left)
            except TimeoutError:
                raise NoAnswer(timed_out=True) from None
            except (ConnectionError, OSError):
                if reschedule:
                    raise Unhealthy from None
                if not retry:
                    raise NoAnswer from None
                time.sleep(RETRY_S)

    def _exchange(self, path, data, seconds):
        head = (f"POST {path} HTTP/1.1\r\nAccept: application/json\r\nContent-Length: {len(data)}\r\n"
                f"Content-Type: application/json\r\nHost: {self.address}:8080\r\n"
                "Connection: Keep-Alive\r\nUser-Agent: Apache-HttpClient/4.5.5 (Java/17.0.15)\r\n"
                "Accept-Encoding: gzip,deflate\r\n\r\n")
        with socket.create_connection((self.address, self.invoker.port), timeout=seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(head.encode() + data)
            reader = connection.makefile("rb")
            status = reader.readline()
            if not status:
                raise ConnectionError("closed before any byte")
            length = None
            while (line := reader.readline().strip()):
                name, value = line.decode().split(":", 1)
                length = int(value) if name.lower() == "content-length" else length
            code = int(status.split()[1])
            if length is None or code == 204:
                raise NoAnswer
            return code, reader.read(length)

    # pause and end

    def keep(self):
        self.used = time.monotonic()
        self.timer = threading.Timer(self.invoker.pause_grace_s, self._pause)
        self.timer.daemon = True
        self.timer.start()

    def _pause(self):
        with self.invoker.lock:
            if self.gone or self.running or self.paused:
                return
            try:
                self.invoker.docker("pause", self.id)
                self.paused = True
            except CommandFailed:
                self.invoker.forget(self)
                return
        self.timer = threading.Timer(self.invoker.idle_s, self._expire)
        self.timer.daemon = True
        self.timer.start()

    def _expire(self):
        with self.invoker.lock:
            if not self.gone and not self.running:
                self.invoker.forget(self)

    def wake(self):
        if self.timer:
            self.timer.cancel()
        if self.paused:
            try:
                self.invoker.docker("unpause", self.id)
            except CommandFailed:
                raise Unhealthy from None
            self.paused = False

    def destroy(self):
        self.gone = True
        if self.timer:
            self.timer.cancel()
        try:
            if self.paused:
                self.invoker.docker("unpause", self.id)
        except CommandFailed:
            pass
        try:
            self.invoker.docker("rm", "-f", self.id)
        except CommandFailed:
            pass


class Invoker:
    """stores: "file" reads containers' log files, "cli" runs docker logs."""

    def __init__(self, docker, place, port, store="file", image="wow/wasm:0.1", user_memory=1024,
                 pause_grace_s=10.0, idle_s=600.0, stem_cells=()):
        self.docker, self.place, self.port, self.store = docker, pathlib.Path(place), port, store
        self.image, self.user_memory = image, user_memory
        self.pause_grace_s, self.idle_s, self.stem_cells = pause_grace_s, idle_s, stem_cells
        self.lock, self.changed = threading.RLock(), threading.Condition()
        self.pool, self.prewarmed, self.count = [], [], 0
        self.runs_of_id = {}

    # the server's start and end

    def start(self):
        for _ in range(3):
            assert re.match(r"\d+\.\d+", self.docker("version", "--format", "{{.Client.Version}}"))
        self.remove_leftovers()
        threads = [self._prewarm(memory) for count, memory in self.stem_cells for _ in range(count)]
        for thread in threads:
            thread.join()

    def remove_leftovers(self):
        begin = time.monotonic()
        self.docker("ps", "--quiet", "--no-trunc", "--all", "--filter", "name=whisk-")
        ids = self.docker("ps", "--quiet", "--no-trunc", "--all", "--filter", "name=wsk0_").split()

        def remove(one):
            try:
                self.docker("unpause", one)
            except CommandFailed:
                pass
            self.docker("rm", "-f", one)

        threads = [threading.Thread(target=remove, args=(one,)) for one in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begin < CLEANUP_S, "the invoker would not start"
        return ids

    def stop(self):
        with self.lock:
            for container in [*self.pool, *self.prewarmed]:
                if container.timer:
                    container.timer.cancel()
                container.gone = True
            self.pool, self.prewarmed = [], []
        self.remove_leftovers()

    # the pool

    def _name(self, *parts):
        with self.lock:
            self.count += 1
            return f"wsk0_{self.count}_" + "_".join(re.sub(r"[^\w]", "", part) for part in parts)

    def _prewarm(self, memory):
        def make():
            try:
                container = Container(self, self._name("prewarm", "wasm01"), memory)
            except CommandFailed:
                return
            with self.lock:
                self.prewarmed.append(container)

        thread = threading.Thread(target=make, daemon=True)
        thread.start()
        return thread

    def forget(self, container):
        with self.lock:
            if container in self.pool:
                self.pool.remove(container)
        container.destroy()

    def _evict(self, memory):
        """Idle containers go, the longest unused first, until there is room."""
        while sum(c.memory for c in [*self.pool, *self.prewarmed]) + memory > self.user_memory:
            idle = sorted((c for c in self.pool if not c.running), key=lambda c: c.used)
            if not idle:
                return False
            self.forget(idle[0])
        return True

    def _warm(self, action):
        for container in self.pool:
            if container.action is action and container.running < action.concurrency:
                return container
        return None

    def _take(self, action):
        """(container, cold?), waiting for room."""
        while True:
            with self.lock:
                container = self._warm(action)
                if container:
                    container.running += 1
                    return container, False
                for container in self.prewarmed:
                    if container.memory == action.memory:
                        self.prewarmed.remove(container)
                        self.pool.append(container)
                        container.action, container.running = action, 1
                        container.lock.acquire()
                        self._prewarm(action.memory)
                        return container, True
                if self._evict(action.memory):
                    container = Container(self, self._name("guest", action.name), action.memory)
                    self.pool.append(container)
                    container.action, container.running = action, 1
                    container.lock.acquire()
                    return container, True
            time.sleep(0.01)

    # an activation

    def invoke(self, action, args=None, activation=None):
        activation = activation or uuid.uuid4().hex
        asked = time.monotonic()
        while True:
            try:
                container, cold = self._take(action)
            except CommandFailed as fault:
                return {"activationId": activation, "status": STATUSES[3], "why": str(fault),
                        "result": {"error": NO_RESOURCES}, "logs": []}
            try:
                return self._run_in(container, cold, action, args or {}, activation, asked)
            except Unhealthy:
                self.forget(container)

    def _run_in(self, container, cold, action, args, activation, asked):
        self.runs_of_id[activation] = self.runs_of_id.get(activation, 0) + 1
        wait_ms = (time.monotonic() - asked) * 1000
        begin, started = time.time(), time.monotonic()
        init_ms = None
        if not cold:
            with container.lock:  # its init is over
                container.wake()
        outcome = None
        if cold:
            outcome = self._init(container, action, activation)
            init_ms = (time.monotonic() - started) * 1000
            container.lock.release()
        if outcome is None:
            outcome = self._run(container, action, args, activation, reschedule=not cold)
        code, result, timed_out = outcome
        record = {"activationId": activation, "status": STATUSES[code], "result": result,
                  "timeout": timed_out, "waitTime": wait_ms, "initTime": init_ms,
                  "duration": (time.monotonic() - started) * 1000, "container": container.id}
        record["logs"], collected = self._collect(container, action, code, begin)
        with self.lock:
            container.running -= 1
            keep = code in (0, 1) and collected
            if keep and not container.running and not container.gone:
                container.keep()
        if not keep:
            self.forget(container)
        return record

    def _environment(self, action, activation):
        deadline = str(int(time.time() * 1000) + action.timeout)
        return {"namespace": "guest", "action_name": f"/guest/{action.name}",
                "action_version": action.version, "activation_id": activation,
                "transaction_id": uuid.uuid4().hex, "deadline": deadline}

    def _failure(self, fault, container, action, text, during=""):
        if fault.timed_out:
            # The time limit; before that is settled the invoker waits for news of an OOM kill.
            self._wait_for_oom(container)
            return 2, {"error": f"The action exceeded its time limits of {action.timeout} "
                                f"milliseconds{during}."}, True
        return 2, {"error": EXHAUSTED if self._wait_for_oom(container) else text}, False

    def _wait_for_oom(self, container):
        for _ in range(OOM_POLLS):
            if container.is_oom_killed():
                return True
            time.sleep(OOM_POLL_S)
        return False

    def _init(self, container, action, activation):
        env = {f"__OW_{k.upper()}": v for k, v in self._environment(action, activation).items()}
        body = {"value": {"name": action.name, "binary": True, "main": action.main, "code": action.code,
                          "env": env}}
        begin = time.monotonic()
        try:
            status, text = container.post("/init", body, action.timeout, True, False)
        except NoAnswer as fault:
            return self._failure(fault, container, action,
                                 "The action did not initialize and exited unexpectedly.",
                                 " during initialization")
        if status == 200:
            return None
        if (time.monotonic() - begin) * 1000 >= action.timeout:
            return 2, {"error": f"The action exceeded its time limits of {action.timeout} "
                                "milliseconds during initialization."}, True
        assert status != 503, "the activation is lost"
        return 2, self._error_of(text, "The action failed during initialization"), False

    @staticmethod
    def _error_of(text, otherwise):
        try:
            value = json.loads(text)
            if isinstance(value, dict) and "error" in value:
                return {"error": value["error"]}
        except ValueError:
            pass
        return {"error": f"{otherwise}: {text.decode()}" if text else otherwise + "."}

    def _run(self, container, action, args, activation, reschedule):
        body = {"value": args, **self._environment(action, activation)}
        begin = time.monotonic()
        try:
            status, text = container.post("/run", body, action.timeout, False, reschedule)
        except NoAnswer as fault:
            return self._failure(fault, container, action, UNEXPECTED_EXIT)
        if (time.monotonic() - begin) * 1000 >= action.timeout:
            return 2, {"error": f"The action exceeded its time limits of {action.timeout} "
                                "milliseconds."}, True
        if status == 503:
            assert reschedule, "the activation is lost"
            raise Unhealthy
        if len(text) > PAYLOAD_MAX:
            return 1, {"error": "The action produced a response that exceeded the allowed length: "
                                f"{len(text)} > {PAYLOAD_MAX} bytes."}, False
        if status != 200:
            return 2, self._error_of(text, NOT_JSON), False
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if isinstance(value, dict) and "error" in value:
            return 1, {"error": value["error"]}, False
        if isinstance(value, (dict, list)):
            return 0, value, False
        return 2, self._error_of(text, NOT_JSON), False

    # logs

    def _collect(self, container, action, code, begin):
        """(lines, did that go well?)"""
        if action.logs == 0:
            return [], True
        if self.store == "cli":
            return self._collect_by_command(container, begin)
        return self._collect_from_file(container, action, code)

    def _collect_by_command(self, container, begin):
        try:
            text = self.docker("logs", container.id, "--since", str(int(begin)), "--until",
                               str(int(time.time()) + 1), "--timestamps")
        except CommandFailed:
            return [LOG_TROUBLE], False
        lines = text.splitlines()
        ends = [i for i, line in enumerate(lines) if SENTINEL in line]
        return lines[:ends[0]] if ends else lines, True

    def _collect_from_file(self, container, action, code):
        limit, path = action.logs << 20, container.folder / f"{container.id}-json.log"
        waits, lines, sentinels, size = code != 2, [], 0, 0
        until = time.monotonic() + LINE_WAIT_S
        end = time.monotonic() + LINE_WAIT_S * max(5, action.logs)
        rest = b""
        try:
            with path.open("rb") as file:
                file.seek(container.log_at)
                while sentinels < 2:
                    more = file.read(65536)
                    container.log_at += len(more)
                    *whole, rest = (rest + more).split(b"\n")
                    for raw in whole:
                        until = time.monotonic() + LINE_WAIT_S
                        if SENTINEL.encode() in raw:
                            sentinels += 1
                            continue
                        size += len(raw) + 1
                        if size > limit:
                            return [*lines, "Logs were truncated because the total bytes size exceeds "
                                            f"the limit of {limit} bytes."], False
                        line = json.loads(raw)
                        lines.append(f'{line["time"]:<30} {line["stream"]}: '
                                     f'{line["log"].removesuffix(chr(10))}')
                    if not more and not waits:
                        break
                    if not more:
                        if time.monotonic() > min(until, end):
                            return [*lines, LOG_TROUBLE], False
                        time.sleep(0.005)
        except (OSError, ValueError, KeyError):
            return [*lines, LOG_TROUBLE], False
        return [*lines, LOG_INCOMPLETE] if code == 2 else lines, True
