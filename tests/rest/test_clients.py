"""Clients that people have, as they are, against a wowd."""
import base64
import os
import pathlib
import subprocess

import outside
from rest import zipped

CLIENTS = pathlib.Path(__file__).with_name("clients")


def run(script, place, user, tmp_path):
    archive = tmp_path / "echo.zip"
    archive.write_bytes(base64.b64decode(zipped("echo.wat")))
    env = {**os.environ, "NODE_PATH": place / "node_modules", "WOW_API": user.daemon.apihost,
           "WOW_KEY": user.key, "WOW_USER": user.name, "WOW_ZIP": archive,
           "NODE_NO_WARNINGS": "1"}
    done = subprocess.run(["node", CLIENTS / script], env={k: str(v) for k, v in env.items()},
                          capture_output=True, text=True, timeout=40, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()


def test_npm_openwhisk(rest, tmp_path):
    parts = run("openwhisk.js", outside.node("openwhisk", "3.21.9"), rest, tmp_path)
    assert parts == ["namespaces", "actions", "invocations", "activations", "packages", "rules",
                     "feeds", "alarms", "wrongKey", "end"]


def test_adobes_aio_lib_runtime(rest, tmp_path):
    place = outside.node("@adobe/aio-lib-runtime", "7.3.0")
    assert run("aio.js", place, rest, tmp_path) == ["deployed", "invoked", "logged", "undeployed"]
