"""schemathesis makes requests of the interface's description: none is answered outside of it."""
import os
import signal
import subprocess

import outside
from rest import API

VERSION = "4.32.5"
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_schema_conformance")
# So that most requests are for something that is there.
CONFIG = """
[parameters]
"path.ns" = "_"
"path.package" = "pkg"
"""
NAMES = {"actions": "act", "packages": "pkg", "triggers": "tri", "rules": "rul"}


def run(place, daemon, *options):
    file = daemon.place / "schemathesis.toml"
    file.write_text(CONFIG + "".join(
        f'[[operations]]\ninclude-path-regex = "/{kind}/"\nparameters = {{ "path.name" = "{name}" '
        "}\n" for kind, name in NAMES.items()))
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    done = subprocess.run(
        list(map(str, [place / "bin/schemathesis", "--config-file", file, "run",
                       f"{daemon.apihost}/api/v1/api-docs", "--auth", daemon.guest.key,
                       "--phases", "examples,coverage,fuzzing", "--checks", CHECKS,
                       "--generation-deterministic", "--max-examples", "8", "--no-color",
                       # It is not implemented, and says so with 501.
                       "--exclude-path", "/api/v1/namespaces/{ns}/packages/refresh", *options])),
        capture_output=True, text=True, timeout=100, check=False, env=env, cwd=daemon.place)
    failures = done.stdout[done.stdout.find("= FAILURES ="):][:3000]
    assert done.returncode == 0, failures or done.stderr[-2000:]


def test_no_answer_is_outside_of_the_description(start_rest):
    signal.alarm(200)
    place = outside.python("schemathesis", VERSION)
    daemon = start_rest()
    guest = daemon.guest
    guest.action("act", annotations=[{"key": "web-export", "value": True}])
    guest.put("packages/pkg")
    guest.action("pkg/act")
    guest.put("triggers/tri")
    guest.put("rules/rul", {"trigger": "/_/tri", "action": "/_/act"}).ok()
    run(place, daemon, "--exclude-method", "DELETE")
    assert guest.get("actions?count=true").ok() == {"actions": 2}
    assert guest.get("activations?count=true").ok()["activations"] > 20
    run(place, daemon, "--include-method", "DELETE")
    assert guest.get(f"{API}/packages").ok() == []
