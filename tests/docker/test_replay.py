"""
The recordings, sent again to wow-docker and wowd: every command line and every request, in their
order and as much at once as they were. What is answered is compared with what OpenWhisk was
answered then; where a wasm action has other means, EXPECTED says which.
"""
import base64
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import pytest

from docker import GUESTS, SENTINEL, Docker
from harness import UNEXPECTED_EXIT, Background, epoch_ms, zip_of

RECORDINGS = pathlib.Path(__file__).resolve().parent / "recordings"
ID = re.compile("[0-9a-f]{64}")
LINE = re.compile(r"(\S{30}) (stdout|stderr): (.*)")
TRAPPED = "The action trapped: unreachable."
TIME_LIMIT = re.compile(r"The action exceeded its time limits of (\d+) milliseconds\.")

# What the recorded container did when its "mode" said so, and what a wasm action does in its stead:
# its own mode, the status, and the error; None: as recorded.
EXPECTED = {
    # A status is not the action's to choose: these fail in the ways that it has.
    "err502": ("trap", 502, TRAPPED), "err502obj": ("exit", 502, "The action exited with status 3."),
    "err502noerr": ("trap", 502, TRAPPED), "e500": ("trap", 502, TRAPPED),
    "e404": ("trap", 502, TRAPPED), "e400": ("trap", 502, TRAPPED), "e503": ("trap", 502, TRAPPED),
    "r202": ("trap", 502, TRAPPED),
    # Nor is a connection: whatever happens, there is a whole answer.
    "close": ("trap", 502, TRAPPED), "die": ("exit", 502, "The action exited with status 3."),
    "nobody": ("", 200, None), "chunked": ("", 200, None), "nolength": ("", 200, None),
    "textplain": ("", 200, None), "nosentinel": ("", 200, None),
    # What OpenWhisk finds fault with, wow has found before, with the same status for the user.
    "badjson": ("badjson", 502, "The action did not produce a valid JSON response ("),
    "string": ("string", 502, "The action did not return a dictionary or array."),
    "empty": ("empty", 502, "The action did not print a result."),
    "hang": ("hang", 502, "The action exceeded its time limits of "),
}
# Inits that failed: with wasm the first does, too, as the module has no such function; the second is
# made a second init; making an instance neither hangs nor closes connections.
INIT_FAILS = ["initerr", "init403", "inithang", "initclose"]


def actor():
    with tempfile.TemporaryDirectory() as place:
        wasm = pathlib.Path(place) / "actor.wasm"
        subprocess.run(["clang-19", "--target=wasm32-wasi", "--sysroot=/usr", "-Oz",
                        "-Wl,--strip-all", "-o", wasm, GUESTS / "actor.c"], check=True, timeout=60)
        return wasm.read_bytes()


def zipped(module, version):
    """With a comment: another upload of the same module."""
    return base64.b64encode(zip_of(("main.wasm", module), comment=version.encode())).decode()


def exchange(address, line, body):
    """One request as OpenWhisk's client sends it: a connection of its own, which it closes."""
    data = json.dumps(body).encode()
    head = (f"{line}\r\nAccept: application/json\r\nContent-Length: {len(data)}\r\n"
            "Content-Type: application/json\r\n"
            f"Host: {address[0]}:8080\r\nConnection: Keep-Alive\r\n"
            "User-Agent: Apache-HttpClient/4.5.5 (Java/17.0.15)\r\nAccept-Encoding: gzip,deflate\r\n\r\n")
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(head.encode() + data)
        reader = connection.makefile("rb")
        status = int(reader.readline().split()[1])
        headers = {}
        while (text := reader.readline().strip()):
            name, value = text.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        assert "transfer-encoding" not in headers and "content-encoding" not in headers
        return status, reader.read(int(headers["content-length"]))


class Replay:
    def __init__(self, name, docker, code):
        self.events = [json.loads(line) for line in (RECORDINGS / f"{name}.jsonl").open()]
        self.docker, self.code = docker, code
        self.answers = {e["ref"]: e for e in self.events if "ref" in e}
        self.codes = {}       # recorded upload: ours
        self.ids = {}         # recorded container: ours
        self.addresses = {}   # recorded container, its first 12 digits: ours
        self.config = {}      # … its config.v2.json
        self.pending = {}     # request's number: its Background
        self.started = {}     # recorded container: activations not collected, with their start
        self.done = []        # kinds of events, to see that all were met

    def run(self):
        handle = {"docker": self.command, "docker_exit": lambda event: None, "http": self.http,
                  "http_resp": self.http_answer, "http_noresp": self.http_answer}
        for event in self.events:
            handle[event["ev"]](event)
        assert not self.pending
        return self.done

    # command lines

    def docker_argv(self, argv):
        ours = [ID.sub(lambda m: self.ids.get(m[0], m[0]), word) for word in argv[1:]]
        ours = [re.sub("^(wow|openwhisk)/[^:]*", r"\1/wasm", word) for word in ours]
        if ours[0] == "logs":
            since = self.started[argv[2]][0][1]
            ours[ours.index("--since") + 1] = str(int(since))
            ours[ours.index("--until") + 1] = str(int(time.time()) + 1)
        return ours

    def command(self, event):
        argv, was = event["argv"], self.answers[event["seq"]]
        done = self.docker(*self.docker_argv(argv))
        assert done.code == was["rc"], (argv, done.err)
        verb = argv[1]
        self.done.append(verb)
        getattr(self, "after_" + verb.replace("-", ""), self.after_any)(argv, was, done)

    def after_any(self, argv, was, done):
        assert (done.out, done.err) == tuple(
            ID.sub(lambda m: self.ids[m[0]], text) for text in (was["out"], was["err"])), argv

    def after_version(self, argv, was, done):
        assert re.fullmatch(r"(Docker version )?\d+\.\d+\.\d+(, build \S+)?\n", done.out)
        assert done.out.startswith("Docker version ") is was["out"].startswith("Docker version ")
        assert int(re.search(r"\d+", done.out)[0]) >= 24 and done.err == ""

    def after_info(self, argv, was, done):
        assert " Containers: 0\n" in done.out and "Server:\n" in done.out and done.err == ""

    def after_ps(self, argv, was, done):
        assert sorted(done.out.split()) == sorted(self.ids[i] for i in was["out"].split())
        assert done.err == ""

    def after_pull(self, argv, was, done):
        assert "Status: Image is up to date for " in done.out and done.err == ""

    def after_run(self, argv, was, done):
        assert ID.fullmatch(done.out[:-1]) and done.out[-1] == "\n" and done.err == ""
        assert done.out.strip() not in self.ids.values()
        self.ids[was["out"].strip()] = ours = done.out.strip()
        self.config[was["out"].strip()] = self.docker.wowd.place / "containers" / ours / "config.v2.json"

    def after_inspect(self, argv, was, done):
        recorded = argv[-1]
        assert re.fullmatch(r"127\.\d+\.\d+\.\d+\n", done.out)
        self.addresses[recorded[:12]] = address = done.out.strip()
        assert json.loads(self.config[recorded].read_text()) | {
            "State": {"OOMKilled": False},
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": address}}}} == json.loads(
                self.config[recorded].read_text())

    def after_rm(self, argv, was, done):
        self.after_any(argv, was, done)
        assert not self.config[argv[-1]].parent.exists()

    def after_logs(self, argv, was, done):
        """All that the action printed; of the recorded, OpenWhisk saw the first run's stdout only."""
        activation, _, body = self.started[argv[2]].pop(0)
        lines = [LINE.fullmatch(line).group(2, 3) for line in done.out.splitlines()]
        assert done.err == "" and SENTINEL not in done.out
        if isinstance(body, str):  # a failed init
            assert [stream for stream, _ in lines] == (["stderr"] if body == "initerr" else [])
        elif body.get("mode") == "quiet":
            assert lines == []
        else:
            of = {text.split()[-1] for _, text in lines}
            streams = ["stderr"] if body.get("mode") == "empty" else ["stderr", "stdout"]
            assert sorted(stream for stream, _ in lines) == streams and len(of) == 1
            assert of == {activation} or self.was_concurrent(argv[2])
            assert activation in "".join(a["out"] for a in self.answers.values() if a["ev"] == "docker_exit")

    def was_concurrent(self, recorded):
        return any(e["ev"] == "http" and e["cid"] == recorded[:12] and e["body"].get("action_name") ==
                   "/guest/cc" for e in self.events)

    # requests

    def http(self, event):
        body = json.loads(json.dumps(event["body"]))
        recorded = next(i for i in self.ids if i.startswith(event["cid"]))
        is_init = "/init" in event["line"]
        deadline = str(epoch_ms() + event["left"])
        address = self.address(recorded), self.docker.wowd.proxy_port
        if is_init:
            value = body["value"]
            value["env"]["__OW_DEADLINE"] = deadline
            upload = value.get("code", "blackbox")
            value["code"] = self.codes.setdefault(upload, zipped(self.code, str(len(self.codes))))
            activation = (value["env"]["__OW_ACTIVATION_ID"], time.time(), value["main"])
            self.started.setdefault(recorded, [])
            if value["main"] in INIT_FAILS:
                self.started[recorded] = [activation]
            if value["main"] != "initerr":
                value["main"] = "main"
            if activation[2] == "init403":
                assert exchange(address, event["line"], body) == (200, b"")
        else:
            body["deadline"] = deadline
            mode = body["value"].get("mode")
            if mode in EXPECTED:
                body["value"]["mode"] = EXPECTED[mode][0]
            self.started[recorded].append((body["activation_id"], time.time(), dict(event["body"]["value"])))
        self.pending[event["seq"]] = Background(lambda: exchange(address, event["line"], body))

    def address(self, recorded):
        """Of a container that was not inspected, its file says it, as the invoker then read."""
        if recorded[:12] not in self.addresses:
            config = json.loads(self.config[recorded].read_text())
            self.addresses[recorded[:12]] = config["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        return self.addresses[recorded[:12]]

    def http_answer(self, event):
        asked = next(e for e in self.events if e["seq"] == event["ref"])
        status, body = self.pending.pop(event["ref"]).wait(20)
        if "/init" in asked["line"]:
            self.check_init(asked, status, body)
        else:
            self.check_run(asked, event, status, body)

    def check_init(self, asked, status, body):
        main = asked["body"]["value"]["main"]
        self.done.append(main if main != "main" else "init")
        if main == "initerr":
            assert status == 502 and json.loads(body)["error"].startswith("Initialization has failed")
        elif main == "init403" or self.is_second_init(asked):
            assert (status, json.loads(body)) == (
                403, {"error": "Cannot initialize the action more than once."})
        else:
            assert (status, body) == (200, b"")

    def is_second_init(self, asked):
        return any(e["ev"] == "http" and "/init" in e["line"] and e["cid"] == asked["cid"] and
                   e["seq"] < asked["seq"] for e in self.events)

    def check_run(self, asked, was, status, body):
        mode = asked["body"]["value"].get("mode")
        self.done.append(mode or "run")
        result = json.loads(body)
        if mode == "sleep" and asked["left"] <= 1000:  # at the deadline, or just before
            assert status == 200 or TIME_LIMIT.fullmatch(result["error"])
        elif mode in EXPECTED and EXPECTED[mode][2]:
            assert status == EXPECTED[mode][1] and result["error"].startswith(EXPECTED[mode][2])
        elif mode in EXPECTED or was["body"].startswith('{"ok"'):
            name = asked["body"]["value"].get("name", "stranger")
            assert (status, result) == (200, {"ok": True, "greeting": f"hello {name}"})
        elif mode == "big":
            assert status == 200 and len(body) == was["bytes"]
        else:
            assert (status, result) == (was["status"], json.loads(was["body"]))
        assert UNEXPECTED_EXIT not in str(result)[:200]


@pytest.fixture(scope="module")
def code():
    return actor()


@pytest.mark.parametrize("name, met", [
    ("outcomes", ["--version", "info", "version", "ps", "run", "inspect", "init", "logs", "pause",
                  "unpause", "rm", "initerr", "hang", "apperr", "array", "big", "badjson", "string"]),
    ("prewarm", ["--version", "info", "version", "ps", "run", "inspect", "init", "logs", "pause",
                 "unpause", "rm", "pull", "sleep"])])
def test_a_recording(own_wowd, tmp_path, cache, code, name, met):
    wowd = own_wowd("--container-logs", tmp_path / "containers", "--images", "wow/,openwhisk/",
                    place=tmp_path, cache=cache)
    compiled = Docker(wowd).run("compiled")  # for recorded deadlines that allow a second for an init
    assert compiled.init(code, main="main").status == 200
    assert Docker(wowd)("rm", "-f", compiled.id).code == 0
    done = Replay(name, Docker(wowd), code).run()
    assert set(met) <= set(done)
    assert list((tmp_path / "containers").iterdir()) == []
