"""Where wow finds the API and the key, what it tells of them, and servers that are not OpenWhisk."""
import base64
import json
import os
import re
import socket
import stat
import subprocess
import threading

import pytest

from harness import wasm
from wsk import KEY, NO_ANSWER, NOT_DONE, USAGE, Recorder, Wsk, exit_of

NO_HOST = "The API host is not valid: An API host must be provided; see wow property set --apihost"


@pytest.fixture
def empty(tmp_path):
    """Somebody who has no .wskprops yet."""
    made = Wsk(tmp_path, "", None)
    made.props.unlink()
    return made


@pytest.fixture
def server():
    made = Recorder(lambda *_: (200, []))
    yield made
    made.stop()


# ---- the file ----

def test_properties_are_written_kept_and_taken_away(empty, rest):
    host = rest.daemon.apihost
    empty("property", "set", "--apihost", host, "--auth", rest.key).ok(
        f"ok: whisk API host set to {host}",
        "ok: whisk auth set. Run 'wow property get --auth' to see the new value.")
    assert stat.S_IMODE(empty.props.stat().st_mode) == 0o600
    empty("action", "list").ok("actions")
    everything = empty("property", "get").ok().out
    assert everything.startswith(f"whisk API host\t\t{host}\nwhisk auth\t\t{rest.key}\n"
                                 f"whisk namespace\t\t{rest.name}\nclient cert\t\t\n")
    assert "\nwhisk API build number\t0" in everything
    empty("property", "get", "--auth", "-o", "raw").ok(rest.key)
    assert empty("property", "get", "--apihost", "--json").json == {"apihost": host}
    empty("property", "unset", "--auth").ok("ok: whisk auth unset.")
    empty("action", "list").fails(
        NOT_DONE, "Unable to obtain the list of actions for namespace 'default': Authorization "
        "key is not configured (--auth is required)")


def test_what_else_is_in_the_file_stays(empty):
    empty.props.write_text("# mine\nNAMESPACE=_\nAUTH=old\nAPIGW_ACCESS_TOKEN=a=b\n\nAUTH = older\n")
    empty("property", "set", "--auth", KEY, "--apiversion", "v2").ok()
    assert empty.props.read_text() == (
        f"# mine\nNAMESPACE=_\nAPIGW_ACCESS_TOKEN=a=b\n\nAUTH={KEY}\nAPIVERSION=v2\n")
    empty("property", "unset", "--apiversion").ok(
        "ok: whisk API version unset; the default value of v1 will be used.")
    assert "APIVERSION" not in empty.props.read_text()


def test_a_link_stays_a_link(empty):
    kept = empty.write("kept", "APIHOST=http://a\n")
    empty.props.symlink_to(kept)
    empty("property", "set", "--auth", KEY).ok()
    assert empty.props.is_symlink() and kept.read_text() == f"APIHOST=http://a\nAUTH={KEY}\n"


@pytest.mark.parametrize("words", [["--auth", "a b"], ["--auth", "a\nAPIHOST=x"], ["--key", "a#b"],
                                   ["--apihost", "ftp://a"], ["--apihost", "http://"],
                                   ["--apihost", "a/b"], ["--apihost", "u@h"]])
def test_what_the_file_could_not_keep_changes_nothing(empty, words):
    empty.props.write_text("AUTH=x\n")
    done = empty("property", "set", *words)
    assert done.status == USAGE and done.err.startswith("error: Unable to set the property value")
    assert empty.props.read_text() == "AUTH=x\n"


def test_files_that_cannot_be_read_or_written(empty):
    empty.props.mkdir()
    assert empty("property", "get").status == NOT_DONE
    assert empty("action", "list").status == NOT_DONE
    done = empty("property", "set", "--auth", "x", env={"WSK_CONFIG_FILE": ""})
    done.fails(NOT_DONE, "Unable to set the property value: neither WSK_CONFIG_FILE nor HOME says "
               "where")
    big = empty.write("big", "#" * (1 << 21))
    assert empty("property", "get", env={"WSK_CONFIG_FILE": str(big)}).status == NOT_DONE


# ---- what counts ----

def test_options_count_more_than_variables_and_those_more_than_the_file(empty, server):
    def seen(*words, **env):
        empty(*words, env=env).ok("actions")
        return base64.b64decode(server.headers["Authorization"].split()[1]).decode()

    empty.props.write_text(f"APIHOST={server.url}\nAUTH=file:x # a comment\n")
    assert seen("action", "list") == "file:x"
    assert seen("action", "list", __OW_API_KEY="inside:x") == "inside:x"
    assert seen("action", "list", __OW_API_KEY="inside:x", WHISK_AUTH="whisk:x") == "whisk:x"
    assert seen("action", "list", "-u", "said:x", WHISK_AUTH="whisk:x") == "said:x"
    assert seen("-u", "said:x", "action", "list", WHISK_AUTH="whisk:x") == "said:x"
    other = empty.write("other", "APIHOST=http://127.0.0.1:1\nAUTH=other:x\n")
    env = {"WSK_CONFIG_FILE": str(other)}
    assert seen("action", "--apihost", server.url, "list", **env) == "other:x"
    assert seen("action", "list", __OW_API_HOST=server.url, **env) == "other:x"
    assert seen("action", "list", WHISK_APIHOST=server.url + "/", __OW_API_HOST="x", **env) == "other:x"
    seen("action", "list", "--apiversion", "v9")
    assert server.requests[-1][1].startswith("/api/v9/namespaces/_/actions")


def test_without_a_host(empty):
    empty("action", "list", "-u", KEY).fails(
        NOT_DONE, f"Unable to obtain the list of actions for namespace 'default': {NO_HOST}")


@pytest.mark.parametrize("said, url", [
    ("127.0.0.1:3233", "http://127.0.0.1:3233"), ("localhost:3233", "http://localhost:3233"),
    ("localhost:31001", "https://localhost:31001"), ("localhost", "https://localhost"),
    ("https://localhost:3233/", "https://localhost:3233"),
    ("example.invalid:3233", "https://example.invalid:3233"),
    ("http://example.invalid", "http://example.invalid"), ("[::1]:3233", "http://[::1]:3233"),
    ("127.0.0.9:3233", "http://127.0.0.9:3233"), ("[::2]:3233", "https://[::2]:3233"),
    ("localhost.example.invalid:3233", "https://localhost.example.invalid:3233"),
    ("127.example.invalid:3233", "https://127.example.invalid:3233"),
    ("127.0.0.1.example.invalid:3233", "https://127.0.0.1.example.invalid:3233"),
])
def test_a_host_without_a_scheme(empty, said, url):
    dead = {"https_proxy": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "no_proxy": ""}
    done = empty("-v", "--apihost", said, "action", "list", "-u", KEY, "--cert", "/none", env=dead)
    assert f"[GET]\t{url}/api/v1/namespaces/_/actions?limit=30&skip=0\n" in done.err


def test_proxies_are_asked_but_not_for_this_machine(empty, server):
    words = ["-u", KEY, "action", "list"]
    dead = {"http_proxy": "http://127.0.0.1:1", "no_proxy": ""}
    empty("--apihost", server.url, *words, env=dead).ok("actions")
    empty("--apihost", "http://example.invalid", *words,
          env={"http_proxy": server.url, "no_proxy": ""}).ok("actions")
    assert server.requests[-1][1].startswith("http://example.invalid/api/v1/")


def test_a_wrong_key(empty, rest):
    empty("action", "list", "--apihost", rest.daemon.apihost, "-u", KEY).fails(
        exit_of(401), "Unable to obtain the list of actions for namespace 'default': The supplied "
        "authentication is invalid (code <CODE>)")


def test_tls(start_rest, tmp_path, empty):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                    "/CN=localhost", "-keyout", key, "-out", cert], check=True,
                   capture_output=True)
    daemon = start_rest("--tls-cert", cert, "--tls-key", key)
    port = daemon.rest[1]
    words = ["--apihost", f"localhost:{port}", "-u", daemon.guest.key, "action", "list"]
    done = empty(*words)
    assert done.status == NO_ANSWER and "certificate" in done.err
    empty("-i", *words).ok("actions")


# ---- what is told ----

@pytest.mark.parametrize("switch", ["-v", "-d", "--verbose", "--debug"])
def test_secrets_are_not_shown(empty, rest, switch):
    empty("property", "set", "--apihost", rest.daemon.apihost, "--auth", rest.key).ok()
    empty.write("echo.wasm", wasm("echo.wat"))
    empty("action", "create", "echo", "echo.wasm").ok()
    done = empty("trigger", "create", "t", "--feed", "echo", "-p", "a", "1", switch, "--json")
    assert done.status == 0 and len(done.out.splitlines()) == 1
    said, secret = done.err, rest.key.split(":")[1]
    assert secret not in said and '"authKey":"' + rest.key.split(":")[0] + ":******" in said
    assert base64.b64encode(rest.key.encode()).decode() not in said
    assert "REQUEST:\n[PUT]\t" in said and "Got response with code 200" in said


def test_a_long_body_is_cut_without_debug(empty, server):
    words = ["--apihost", server.url, "-u", KEY, "action", "invoke", "a", "-p", "x", "y" * 5000]
    assert "y" * 1001 not in empty("-v", *words).err
    assert "y" * 5000 in empty("-d", *words).err


# ---- servers that are none ----

def raw_server(answer, close=True):
    """Answers one request with these bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            try:
                for part in answer if isinstance(answer, list) else [answer]:
                    connection.sendall(part)
            except OSError:
                return
            if not close:
                connection.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def answer(status, body, head=b""):
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n" % (status, head, len(body)) + body


@pytest.mark.parametrize("sent, status, says", [
    (b"", NO_ANSWER, "Empty reply"),
    (b"SSH-2.0-x\r\n", NO_ANSWER, ""),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", NO_ANSWER, "bytes remaining"),
    (answer(200, b"<html>"), NO_ANSWER, "does not answer like OpenWhisk"),
    (answer(200, b""), NO_ANSWER, "does not answer like OpenWhisk"),
    (answer(200, b"[1]"), NO_ANSWER, "does not answer like OpenWhisk"),
    (answer(200, b"[" * 100000), NO_ANSWER, "does not answer like OpenWhisk"),
    (answer(200, b'{"a":"\xff"}'), NO_ANSWER, "does not answer like OpenWhisk"),
    (answer(404, b""), exit_of(404), "Command failed due to an HTTP failure (HTTP status code 404)"),
    (answer(500, b"oops"), exit_of(500),
     "The connection failed, or timed out. (HTTP status code 500)"),
    (answer(502, b'{"error":"x"}'), exit_of(502),
     "The connection failed, or timed out. (HTTP status code 502)"),
    (answer(302, b"", b"Location: http://127.0.0.1:1/\r\n"), exit_of(302), "HTTP status code 302"),
    (answer(400, b'{"error":{"a":[1]},"code":7}'), exit_of(400), '{"a":[1]} (code 7)'),
    (answer(400, b'{"error":"\\u001b[2J\\u0000evil","code":"c"}'), exit_of(400), "?[2J?evil (code c)"),
    (answer(400, b'{"error":"' + b"e" * 5000 + b'","code":"c"}'), exit_of(400), "e" * 5000),
])
def test_answers_that_are_none(empty, sent, status, says):
    listener, url = raw_server(sent)
    with listener:
        done = empty("--apihost", url, "-u", KEY, "action", "get", "a")
    assert (done.status, done.out) == (status, "") and says in done.err, done
    assert done.err.startswith("error: Unable to get action 'a': ") and "\x1b" not in done.err


def test_an_answer_without_end(empty):
    listener, url = raw_server([b"HTTP/1.1 200 OK\r\n\r\n"] + [b"x" * (1 << 20)] * 140)
    with listener:
        done = empty("--apihost", url, "-u", KEY, "action", "get", "a")
    assert done.status == NO_ANSWER and "the answer has more than 134217728 bytes" in done.err


def test_a_warning_of_a_hostile_server(empty):
    listener, url = raw_server(answer(200, b"{}", b'Warning: 199 x "a\x1b]0;b"\r\n'))
    with listener:
        done = empty("--apihost", url, "-u", KEY, "action", "get", "a")
    assert done.status == 0 and done.err == "warning: a?]0;b\n"


LISTS = [b"[]", b"[1,null,[],{}]", b'[{"namespace":7,"name":["x"],"annotations":{}}]',
         b'[{"namespace":"n","name":"a\\u001b[2Jb","annotations":[1,{"key":"exec"},'
         b'{"key":"kind","value":{"a":1}}],"activationId":"../x","start":1e999,"duration":-5,'
         b'"statusCode":99}]',
         b'[{"namespace":"' + b"n" * 2000 + b'","name":"' + b"x" * 2000 + b'","start":' +
         b"9" * 30 + b',"end":' + b"9" * 30 + b',"duration":1}]']


@pytest.mark.parametrize("words", [
    ["action", "list", "-n"], ["activation", "list"], ["activation", "list", "--full"],
    ["package", "list"], ["namespace", "list"], ["trigger", "list"], ["activation", "get", "--last"],
    ["logs"], ["rule", "list"]])
@pytest.mark.parametrize("body", LISTS, ids=range(len(LISTS)))
def test_lists_of_a_hostile_server(empty, words, body):
    server = Recorder(lambda _, path: (200, body) if "limit=" in path or path.endswith("spaces")
                      else (200, {}))
    try:
        done = empty("--apihost", server.url, "-u", KEY, *words)
    finally:
        server.stop()
    assert done.status in (0, NOT_DONE, USAGE) and "\x1b" not in done.out + done.err, done


OBJECTS = [{}, {"annotations": 1, "parameters": {}, "exec": [], "logs": {}, "response": 1},
           {"annotations": [1, {"key": 2}, {"value": 3}], "exec": {"kind": 1, "code": "!",
                                                                  "binary": True},
            "logs": [1, None, {"a": 1}, "", "2026-01-01T00:00:00.1Z"], "response": {"result": None},
            "namespace": "../..", "name": "/etc/passwd", "status": []}]


@pytest.mark.parametrize("words", [
    ["action", "get", "a", "--save"], ["action", "get", "a", "-s"], ["action", "get", "a", "--url"],
    ["package", "get", "a", "-s"], ["rule", "get", "a", "-s"], ["rule", "status", "a"],
    ["action", "create", "b", "a", "--copy"], ["action", "update", "a", "--web", "yes"],
    ["activation", "get", "1", "-s"], ["activation", "logs", "1", "-r"],
    ["activation", "result", "1"], ["action", "invoke", "a", "-b"], ["trigger", "fire", "t"],
    ["trigger", "create", "t", "--feed", "f"], ["trigger", "get", "t"], ["trigger", "delete", "t"]])
@pytest.mark.parametrize("body", OBJECTS, ids=range(len(OBJECTS)))
def test_objects_of_a_hostile_server(empty, words, body):
    server = Recorder(lambda *_: (200, body))
    try:
        done = empty("--apihost", server.url, "-u", KEY, *words)
    finally:
        server.stop()
    assert 0 <= done.status < 128, done
    assert os.listdir(empty.place) in ([], ["a"])


def test_a_wait_that_ends_before_the_action(empty):
    server = Recorder(lambda *_: (202, {"activationId": "0" * 32}))
    try:
        words = ["--apihost", server.url, "-u", KEY, "action", "invoke", "a"]
        for switch in "-b", "-r":
            done = empty(*words, switch)
            assert (done.status, done.out, done.err) == (
                202, "", "ok: invoked /_/a, but the request has not yet finished, with id " +
                "0" * 32 + "\n")
        feed = empty("--apihost", server.url, "-u", KEY, "trigger", "create", "t", "--feed", "f")
        assert feed.status == 202 and "processing not completed yet" in feed.err
        assert server.requests[-1][:2] == ("DELETE", "/api/v1/namespaces/_/triggers/t")
    finally:
        server.stop()


def test_following_goes_on_when_a_server_is_away(empty):
    """It says so once, and shows what there is when the server is back."""
    made = {"activationId": "a" * 32, "name": "n", "logs": ["x"], "start": 5}
    asked = []

    def reply(_, path):
        asked.append(path)
        if len(asked) == 1:
            return 200, []
        if len(asked) < 4:
            return 503, b"away"
        return 200, [made] if "limit=" in path else made

    server = Recorder(reply)
    process = None
    try:
        empty.props.write_text(f"APIHOST={server.url}\nAUTH={KEY}\n")
        process = empty.start("logs", "-f")
        assert process.stdout.readline() == "==> n " + "a" * 32 + " <==\n"
        assert process.stdout.readline() == "x\n"
        process.terminate()
        _, err = process.communicate(timeout=20)
        assert err.count("asking again") == 1 and process.returncode == 0
    finally:
        server.stop()
        if process:
            process.kill()


def test_no_server(empty):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for words in (["action", "list"], ["action", "invoke", "a"], ["logs", "-f"], ["list"],
                  ["activation", "poll"], ["trigger", "create", "t", "--feed", "f"]):
        done = empty("--apihost", url, "-u", KEY, *words)
        assert done.status == NO_ANSWER and done.err.startswith("error: Unable to "), words
        assert re.search(f"{url}/api/v1/\\S+: .*connect", done.err)
    status = empty("property", "get", "--apibuild", "--apihost")
    assert status.status == NOT_DONE and "Unknown" in status.out
    assert json.loads(empty("--apihost", url, "-u", KEY, "list", "--json").out)["error"]
