"""
A real OpenWhisk on wow-docker: WOW_OPENWHISK=openwhisk-standalone.jar makes these tests run, as root on
Linux with java. They start the jar by deploy/openwhisk/standalone, in a mount namespace in which docker
is wow-docker, at OpenWhisk's own ports (3233, and 8080 of containers). The jar is in no registry: it is
built from Apache OpenWhisk's source release, `./gradlew :core:standalone:build`.
"""
import base64
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from docker import PROGRAM, Docker
from harness import ENGINES, ROOT, clean_environment, in_threads, until
from test_replay import actor, zipped

JAR = os.environ.get("WOW_OPENWHISK", "")
PORT, START_S = 3233, 180
GUEST = ("23bc46b1-71f6-4ed5-8c54-816aa4f8c502:"
         "123zO3xZCLrMN6v2BKK1dXYFpXlPkccOFqm12CdAsMgRU4VrNZ9lyGVCGuMDGIwP")
STORES = {"file": "logging.DockerToActivationLogStoreProvider",
          "cli": "docker.DockerCliLogStoreProvider"}

pytestmark = pytest.mark.skipif(not JAR, reason="WOW_OPENWHISK names no openwhisk-standalone.jar")


class OpenWhisk:
    def __init__(self, place, wowd, store):
        self.place = place
        where = next((path for path in ("/usr/bin/docker", "/usr/local/bin/docker")
                      if pathlib.Path(path).exists()), None)
        assert where, "a file at /usr/bin/docker or /usr/local/bin/docker, to be covered by wow-docker"
        env = clean_environment({
            "WOW_CONTROL": str(wowd.data / "control.sock"), "WOW_OPENWHISK_DIR": str(place / "work"),
            "WOW_CONTAINERS": str(place / "containers"), "JAVA_TOOL_OPTIONS":
            f"-Dwhisk.spi.LogStoreProvider=org.apache.openwhisk.core.containerpool.{STORES[store]}"})
        script = f'mount --bind {PROGRAM} {where} && exec "$@"'
        self.log = (place / "openwhisk.log").open("wb")
        self.process = subprocess.Popen(
            ["unshare", "-m", "sh", "-ec", script, "sh", ROOT / "deploy/openwhisk/standalone",
             str(pathlib.Path(JAR).resolve()), "--disable-color-logging"],
            env=env, stdout=self.log, stderr=subprocess.STDOUT)
        until(self._is_up, "OpenWhisk is up: " + str(place / "openwhisk.log"), START_S)

    def _is_up(self):
        assert self.process.poll() is None, (self.place / "openwhisk.log").read_text()[-3000:]
        try:
            return self.call("GET", "actions")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=100)
        connection.request(method, f"/api/v1/namespaces/_/{path}",
                           None if body is None else json.dumps(body),
                           {"Authorization": "Basic " + base64.b64encode(GUEST.encode()).decode(),
                            "Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")

    def create(self, name, code, **limits):
        status, reply = self.call("PUT", f"actions/{name}?overwrite=true", {
            "exec": {"kind": "wasm:0.1", "code": code, "binary": True}, "limits": limits})
        assert status == 200, reply

    def invoke(self, action, **args):
        """(status, the activation's record, its lines without their times)"""
        status, reply = self.call("POST", f"actions/{action}?blocking=true", args)
        if isinstance(reply, list):  # a result that is an array is the whole answer
            return status, reply, []
        record = until(lambda: self._record(reply["activationId"]), "the record is stored", 20)
        return status, record, [line[31:] for line in record["logs"]]

    def _record(self, name):
        status, record = self.call("GET", f"activations/{name}")
        return record if status == 200 else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


@pytest.fixture(scope="module")
def code():
    return zipped(actor(), "0.0.1")


@pytest.fixture(params=STORES)
def site(request, tmp_path, start_wowd):
    signal.alarm(START_S + 120)  # it is Java
    options = ["--container-logs", tmp_path / "containers", "--proxy-port", "8080"]
    wowd = start_wowd(ENGINES[0], *options, place=tmp_path)
    openwhisk = OpenWhisk(tmp_path, wowd, request.param)

    def restart():
        wowd.kill()
        return start_wowd(ENGINES[0], *options, place=tmp_path)

    openwhisk.restart_wowd, openwhisk.docker = restart, Docker(wowd)
    yield openwhisk
    openwhisk.stop()
    assert list((tmp_path / "containers").iterdir()) == [], "its containers are gone with it"


def printed(record):
    return [f"stdout: out {record['activationId']}", f"stderr: err {record['activationId']}"]


def test_a_real_openwhisk(site, code):
    kinds = json.loads((ROOT / "deploy/openwhisk/runtimes.json").read_text())["runtimes"].values()
    count = sum(cell["initialCount"] for all in kinds for kind in all for cell in kind["stemCells"])
    until(lambda: len(site.docker.ids("name=_prewarm_")) == count, "the stem cells are there", 30)

    site.create("hello", code)
    for name in "first", "second", "third":
        status, record, lines = site.invoke("hello", name=name)
        assert status == 200 and record["response"]["result"] == {"ok": True, "greeting": f"hello {name}"}
        assert sorted(lines) == sorted(printed(record))
    assert site.invoke("hello", mode="array")[:2] == (200, [1, 2, {"a": 3}])
    for mode, kind, error in [
            ("apperr", "application error", "application says no"),
            ("trap", "action developer error", "The action trapped: unreachable."),
            ("string", "action developer error", "The action did not return a dictionary or array.")]:
        status, record, lines = site.invoke("hello", mode=mode)
        assert (status, record["response"]["status"]) == (502, kind)
        assert record["response"]["result"]["error"] == error
        assert set(printed(record)) <= set(lines)

    site.create("slow", code, timeout=1000)
    assert site.invoke("slow")[0] == 200
    seconds = []
    while not seconds or (seconds[-1] > 3 and len(seconds) < 5):
        begin = time.monotonic()
        status, record, _ = site.invoke("slow", mode="hang")
        seconds.append(time.monotonic() - begin)
        annotations = {entry["key"]: entry["value"] for entry in record["annotations"]}
        assert (status, annotations["timeout"]) == (502, True)
        assert record["response"]["result"]["error"] == (
            "The action exceeded its time limits of 1000 milliseconds.")
    assert seconds[-1] < 3, "the invoker waited for news of an OOM kill"

    site.create("large", code, memory=512)  # no stem cell has that
    records = in_threads(4, lambda i: site.invoke("large", mode="sleep", ms=300))
    assert [status for status, _, _ in records] == 4 * [200]


def test_a_real_openwhisk_does_not_notice_a_restart_of_wowd(site, code):
    for name in "warm", "idle":
        site.create(name, code)
        assert site.invoke(name)[0] == 200
    site.restart_wowd()
    for name in "warm", "idle", "warm":
        status, record, lines = site.invoke(name, name="again")
        assert status == 200 and sorted(lines) == sorted(printed(record))
    for i in range(4):  # stem cells of the former wowd
        site.create(f"new{i}", code)
        status, record, lines = site.invoke(f"new{i}")
        assert status == 200 and sorted(lines) == sorted(printed(record))
