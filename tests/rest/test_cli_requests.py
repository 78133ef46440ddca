"""What wow sends, against what wsk was recorded to send for the same words."""
import base64
import json

import pytest

from rest import zipped
from wsk import KEY, Recorder, Wsk

ZIP = zipped("echo.wat")
KIND = ["--kind", "wasm:0.1"]
EXEC = {"kind": "wasm:0.1", "code": ZIP}
A = "/api/v1/namespaces/_/actions/"
N = "/api/v1/namespaces/"
WEB = [{"key": "web-export", "value": True}, {"key": "raw-http", "value": False},
       {"key": "final", "value": True}]
THERE = {"namespace": "_", "name": "x", "exec": {"kind": "wasm:0.1", "code": ZIP, "binary": True},
         "annotations": [{"key": "note", "value": "hi"}, *WEB, {"key": "exec", "value": "wasm:0.1"}],
         "parameters": [{"key": "a", "value": 1}]}
SECRET = {"key": "require-whisk-auth", "value": 17}
STATE = {"trigger": None, "action": None}
FEED = {"authKey": KEY, "triggerName": "/_/ft"}


def put(path, body, overwrite=False):
    return "PUT", f"{N}_/{path}?overwrite={str(overwrite).lower()}", body


def action(name, overwrite=False, **body):
    return put(f"actions/{name}", {"namespace": "_", "name": name, **body}, overwrite)


def get(path):
    return "GET", N + path, None


@pytest.mark.parametrize("words, requests", [
    (["action", "create", "add", "add.zip", *KIND], [action("add", exec=EXEC)]),
    (["action", "create", "web1", "add.zip", *KIND, "--web", "true"],
     [action("web1", exec=EXEC, annotations=WEB)]),
    (["action", "create", "web2", "add.zip", *KIND, "--web", "raw", "--web-secure", "s3cret"],
     [action("web2", exec=EXEC, annotations=[
         WEB[0], {"key": "raw-http", "value": True}, WEB[2],
         {"key": "require-whisk-auth", "value": "s3cret"}])]),
    (["action", "update", "add", "add.zip", *KIND], [action("add", True, exec=EXEC)]),
    (["action", "update", "add", "-p", "name", "bob"],
     [action("add", True, parameters=[{"key": "name", "value": "bob"}])]),
    (["action", "create", "nat", "--native", "add.zip"],
     [action("nat", exec={"kind": "blackbox", "code": ZIP, "image": "openwhisk/dockerskeleton"})]),
    (["action", "create", "img", "--docker", "some/image"],
     [action("img", exec={"kind": "blackbox", "image": "some/image"})]),
    (["action", "create", "seq", "--sequence", "add,/guest/mainy,pkg/act"],
     [action("seq", exec={"kind": "sequence",
                          "components": ["/_/add", "/guest/mainy", "/_/pkg/act"]})]),
    (["action", "create", "copy", "--copy", "add"],
     [get("_/actions/add?code=true"),
      action("copy", exec=THERE["exec"], annotations=THERE["annotations"],
             parameters=THERE["parameters"])]),
    (["action", "create", "copy", "--copy", "add", "-p", "a", "2", "-a", "note", "ho"],
     [get("_/actions/add?code=true"),
      action("copy", exec=THERE["exec"], parameters=[{"key": "a", "value": 2}],
             annotations=[{"key": "note", "value": "ho"}, *THERE["annotations"][1:]])]),
    (["action", "list"], [get("_/actions?limit=30&skip=0")]),
    (["action", "list", "/guest/pkg"], [get("guest/actions/pkg/?limit=30&skip=0")]),
    (["action", "get", "add"], [get("_/actions/add?code=false")]),
    (["action", "get", "add", "--save-as", "out.zip"], [get("_/actions/add?code=true")]),
    (["action", "invoke", "add"], [("POST", A + "add?blocking=false&result=false", {})]),
    (["action", "invoke", "add", "-b", "-p", "a", "1"],
     [("POST", A + "add?blocking=true&result=false", {"a": 1})]),
    (["action", "invoke", "add", "-r", "-p", "a", "1"],
     [("POST", A + "add?blocking=true&result=true", {"a": 1})]),
    (["action", "invoke", "/guest/add", "-r"],
     [("POST", N + "guest/actions/add?blocking=true&result=true", {})]),
    (["action", "invoke", "whisk.system/utils/echo", "-r", "-p", "a", "b"],
     [("POST", N + "whisk.system/actions/utils/echo?blocking=true&result=true", {"a": "b"})]),
    (["action", "delete", "plain"], [("DELETE", A + "plain", None)]),
    (["action", "create", "pkg/act", "add.zip", *KIND], [action("pkg/act", exec=EXEC)]),
    (["action", "create", "opts", "add.zip", *KIND, "--main", "run", "-p", "x", "1", "-p", "s",
      "str", "-a", "note", "hi", "-a", "obj", '{"k":1}', "-t", "30000", "-m", "128", "-l", "1",
      "-c", "4"],
     [action("opts", exec={**EXEC, "main": "run"},
             annotations=[{"key": "note", "value": "hi"}, {"key": "obj", "value": {"k": 1}}],
             parameters=[{"key": "x", "value": 1}, {"key": "s", "value": "str"}],
             limits={"timeout": 30000, "memory": 128, "logs": 1, "concurrency": 4})]),
    (["action", "update", "opts", "--timeout", "1000"],
     [action("opts", True, limits={"timeout": 1000})]),
    (["action", "update", "x", "--del-annotation", "a", "--del-annotation", "b"],
     [action("x", True, delAnnotations=["a", "b"])]),
    (["action", "create", "my action@1.x", "add.zip", *KIND],
     [("PUT", A + "my%20action@1.x?overwrite=false",
       {"namespace": "_", "name": "my action@1.x", "exec": EXEC})]),
    (["action", "update", "web1", "--web", "false"],
     [get("_/actions/web1?code=false"),
      action("web1", True, annotations=[
          THERE["annotations"][0],
          *({"key": k, "value": False} for k in ("web-export", "raw-http", "final")),
          THERE["annotations"][4]])]),
    (["action", "create", "s", "h.js"],
     [action("s", exec={"kind": "nodejs:default", "code": "function main() {}\n"})]),
    (["action", "create", "s", "h.py"],
     [action("s", exec={"kind": "python:default", "code": "def main(args): return {}\n"})]),
    (["action", "create", "raw", "hi.wasm"],
     [action("raw", exec={"kind": "wasm:0.1", "code": "AGFzbQEAAACA//4="})]),
    (["action", "create", "raw", "hi.wasm", "--kind", "wasm:default"],
     [action("raw", exec={"kind": "wasm:default", "code": "AGFzbQEAAACA//4="})]),
    (["action", "create", "b64", "hi.b64", *KIND],
     [action("b64", exec={"kind": "wasm:0.1", "code": "AGFzbQEAAACA//4="})]),
    (["activation", "list"], [get("_/activations?limit=30&skip=0")]),
    (["activation", "list", "3", "--skip", "1", "--full"],
     [get("_/activations?limit=30&skip=1&docs=true&name=3")]),
    (["activation", "list", "add", "--since", "1600000000000", "--upto", "1700000000000", "-l", "2"],
     [get("_/activations?limit=2&skip=0&name=add&since=1600000000000&upto=1700000000000")]),
    (["activation", "list", "/guest/pkg/act"],
     [get("_/activations?limit=30&skip=0&name=pkg%2Fact")]),
    (["package", "create", "pkg"],
     [put("packages/pkg", {"namespace": "_", "name": "pkg"})]),
    (["package", "create", "pkg2", "-p", "k", "v", "-a", "d", "e", "--shared", "yes"],
     [put("packages/pkg2", {"namespace": "_", "name": "pkg2", "publish": True,
                            "annotations": [{"key": "d", "value": "e"}],
                            "parameters": [{"key": "k", "value": "v"}]})]),
    (["package", "update", "pkg", "-p", "k2", "v2"],
     [put("packages/pkg", {"namespace": "_", "name": "pkg",
                           "parameters": [{"key": "k2", "value": "v2"}]}, True)]),
    (["package", "bind", "/guest/pkg", "bnd", "-p", "z", "9"],
     [put("packages/bnd", {"parameters": [{"key": "z", "value": 9}],
                           "binding": {"namespace": "guest", "name": "pkg"}})]),
    (["package", "list", "/whisk.system"], [get("whisk.system/packages?limit=30&skip=0")]),
    (["package", "refresh"], [("POST", N + "_/packages/refresh", None)]),
    (["package", "delete", "bnd"], [("DELETE", N + "_/packages/bnd", None)]),
    (["trigger", "update", "tr", "-p", "k", "v"],
     [get("_/triggers/tr"),
      put("triggers/tr", {"name": "tr", "parameters": [{"key": "k", "value": "v"}]}, True)]),
    (["trigger", "fire", "tr", "-p", "a", "1"], [("POST", N + "_/triggers/tr", {"a": 1})]),
    (["trigger", "create", "ft", "--feed", "/guest/feedpkg/feedact", "-p", "cron", "x"],
     [put("triggers/ft", {"name": "ft", "annotations": [
         {"key": "feed", "value": "/guest/feedpkg/feedact"}]}),
      ("POST", N + "guest/actions/feedpkg/feedact?blocking=true&result=false",
       {**FEED, "cron": "x", "lifecycleEvent": "CREATE"})]),
    (["trigger", "create", "ft", "--feed", "f", "-F", "cron", "x", "-T", "a", "1"],
     [put("triggers/ft", {"name": "ft", "annotations": [{"key": "feed", "value": "/_/f"}],
                          "parameters": [{"key": "a", "value": 1}]}),
      ("POST", A + "f?blocking=true&result=false",
       {**FEED, "cron": "x", "lifecycleEvent": "CREATE"})]),
    (["rule", "create", "ru", "tr", "add"],
     [put("rules/ru", {"name": "ru", "status": "", "trigger": "/_/tr", "action": "/_/add"})]),
    (["rule", "create", "ru2", "/guest/tr", "/guest/pkg/act"],
     [put("rules/ru2", {"name": "ru2", "status": "", "trigger": "/guest/tr",
                        "action": "/guest/pkg/act"})]),
    (["rule", "enable", "ru"], [("POST", N + "_/rules/ru", {"status": "active", **STATE})]),
    (["rule", "delete", "ru2", "--disable"],
     [("POST", N + "_/rules/ru2", {"status": "inactive", **STATE}),
      ("DELETE", N + "_/rules/ru2", None)]),
    (["namespace", "list"], [("GET", N[:-1], None)]),
    (["list"], [get(f"_/{c}?limit=0&skip=0") for c in ("actions", "packages", "triggers", "rules")]),
])
def test_the_same_words_ask_for_the_same(tmp_path, words, requests):
    def answer(method, path):
        is_list = method == "GET" and ("limit=" in path or path.endswith("/namespaces"))
        return 200, [] if is_list else THERE

    server = Recorder(answer)
    try:
        wow = Wsk(tmp_path, server.url, KEY)
        for name, data in {"add.zip": base64.b64decode(ZIP), "h.js": b"function main() {}\n",
                           "h.py": b"def main(args): return {}\n", "hi.b64": b"AGFzbQEAAACA//4=",
                           "hi.wasm": b"\0asm\x01\0\0\0\x80\xff\xfe"}.items():
            wow.write(name, data)
        done = wow(*words)
        assert (done.status, done.err) == (0, "")
        assert server.requests == requests
        expected = base64.b64encode(KEY.encode()).decode()
        assert server.headers["Authorization"] == f"Basic {expected}"
    finally:
        server.stop()


def annotations_after(tmp_path, there, *words):
    """The annotations and delAnnotations that an update of `there` sends."""
    server = Recorder(lambda *_: (200, {**THERE, "annotations": there}))
    try:
        Wsk(tmp_path, server.url, KEY)("action", "update", "x", *words).ok("ok: updated action x")
        body = server.requests[-1][2]
        return body["annotations"], body.get("delAnnotations")
    finally:
        server.stop()


def test_a_secret_of_chance_is_made_once(tmp_path):
    made, dropped = annotations_after(tmp_path, THERE["annotations"], "--web-secure", "true")
    assert made[:-1] == THERE["annotations"] and dropped is None
    assert made[-1]["key"] == "require-whisk-auth" and 0 <= made[-1]["value"] < 2**53
    there = [*WEB, SECRET]
    assert annotations_after(tmp_path, there, "--web-secure", "true") == (there, None)


def test_a_secret_goes_and_stays(tmp_path):
    there = [*WEB, SECRET]
    assert annotations_after(tmp_path, there, "--web-secure", "false") == (
        WEB, ["require-whisk-auth"])
    assert annotations_after(tmp_path, there, "--web", "yes", "-a", "k", "1") == (
        [{"key": "k", "value": 1}, *WEB, SECRET], None)


def test_numbers_are_sent_as_they_are_written(tmp_path):
    number = "123456789012345678901234567890.10"
    sent = []
    server = Recorder()
    try:
        wow = Wsk(tmp_path, server.url, KEY)
        wow.write("in.json", f'{{"b": {number}, "a": 1}}')
        done = wow("-v", "action", "invoke", "x", "-P", "in.json", "-p", "a", number)
        sent = done.err
    finally:
        server.stop()
    assert f'{{"b":{number},"a":{number}}}' in sent


def test_all_of_a_large_namespace_is_asked_for(tmp_path):
    def answer(_, path):
        if "/actions" not in path:
            return 200, []
        first = int(path.split("skip=")[1])
        return 200, [{"namespace": "n", "name": f"a{i}"} for i in range(first, min(first + 200, 450))]

    server = Recorder(answer)
    try:
        done = Wsk(tmp_path, server.url, KEY)("list", "--json")
        assert len(json.loads(done.ok().out)["actions"]) == 450
    finally:
        server.stop()
