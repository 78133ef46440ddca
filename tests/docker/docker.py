"""wow-docker as an invoker calls it, and the containers it makes."""
import base64
import json
import pathlib
import re
import subprocess

from harness import BUILD, clean_environment, encoded, request, wasm

PROGRAM = BUILD / "wow-docker"
SANITIZED = b"__asan_init" in PROGRAM.read_bytes()
SENTINEL = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"
IMAGE = "wow/wasm:0.1"
GUESTS = pathlib.Path(__file__).resolve().parent / "guests"

# In the order of contract and recordings; the invoker's arguments for a container.
LIMITS = ["--pids-limit", "1024", "--cap-drop", "NET_RAW", "--cap-drop", "NET_ADMIN",
          "--ulimit", "nofile=1024:1024", "--log-driver", "json-file"]


def run_arguments(name, memory=256, image=IMAGE, shares=256, network="bridge"):
    return ["run", "-d", "--cpu-shares", str(shares), "--memory", f"{memory}m",
            "--memory-swap", f"{memory}m", "--network", network,
            "-e", "__OW_API_HOST=http://127.0.0.1:3233", "--name", name, *LIMITS, image]


class Done:
    """What a command line came to."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out.decode(), err.decode()

    def __iter__(self):
        return iter((self.code, self.out, self.err))

    @property
    def text(self):
        """What a command that went well printed."""
        assert (self.code, self.err) == (0, ""), (self.code, self.err)
        return self.out


class Docker:
    def __init__(self, wowd, program=PROGRAM, env=None):
        self.wowd, self.program = wowd, program
        self.env = {"WOW_CONTROL": str(wowd.data / "control.sock"), **(env or {})}

    def raw(self, *argv, env=None):
        """Exit code, stdout, stderr, in bytes; arguments may be bytes, too."""
        done = subprocess.run([self.program, *argv], capture_output=True, timeout=20, check=False,
                              env=clean_environment({**self.env, **(env or {})}))
        return done.returncode, done.stdout, done.stderr

    def __call__(self, *argv, **how):
        return Done(*self.raw(*map(str, argv), **how))

    def run(self, name, **how):
        done = self(*run_arguments(name, **how))
        assert re.fullmatch("[0-9a-f]{64}\n", done.text)
        return self.found(done.out.strip(), how.get("network", "bridge"))

    def found(self, name, network="bridge"):
        return Sandbox(self, name, network)

    def ids(self, *filters):
        return self("ps", "--quiet", "--no-trunc", "--all",
                    *[word for f in filters for word in ("--filter", f)]).text.split()

    def remove_all(self):
        if self.wowd.is_alive():
            ids = self.ids()
            if ids:
                assert self("rm", "-f", *ids).code == 0


class Sandbox:
    """A container that wow-docker made, as an invoker sees it."""

    def __init__(self, docker, name, network):
        self.docker, self.id = docker, name
        self.folder = docker.wowd.place / "containers" / name
        self.config, self.log = self.folder / "config.v2.json", self.folder / f"{name}-json.log"
        template = "{{.NetworkSettings.Networks.%s.IPAddress}}" % network
        self.address = docker("inspect", "--format", template, name).text.strip()

    def post(self, path, body, **how):
        return request((self.address, self.docker.wowd.proxy_port), path, encoded(body), **how)

    def init(self, guest, env=None, **value):
        code = base64.b64encode(wasm(guest)).decode()
        return self.post("/init", {"value": {"name": "test", "binary": True, "main": "main",
                                             "code": code, "env": env or {}, **value}})

    def run(self, value, **members):
        return self.post("/run", {"value": value, **members})

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]
