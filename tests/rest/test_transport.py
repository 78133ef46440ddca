"""What holds for every request: keys, ids, headers, methods, sizes, queries."""
import http.client
import re
import ssl
import subprocess

import pytest

from harness import until
from rest import API, NOT_FOUND

NO_KEY = "The resource requires authentication, which was not supplied with the request"
BAD_KEY = "The supplied authentication is invalid"
ALLOW_HEADERS = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"
MALFORMED = "The request content was malformed:\n"


# ---- keys ----

@pytest.mark.parametrize("header, text", [
    (None, NO_KEY), ("Basic !", BAD_KEY), ("Bearer x", BAD_KEY), ("Basic ", BAD_KEY),
    ("Basic dXNlcg==", BAD_KEY), ("Basic dXNlcjpwYXNz", BAD_KEY)])
def test_a_key_is_needed(rest, header, text):
    answer = rest.get("actions", headers={"Authorization": header})
    answer.fails(401, text)
    assert answer.headers["WWW-Authenticate"] == \
        'Basic realm="OpenWhisk secure realm",charset=UTF-8'


def test_a_secret_is_compared_whole(rest):
    good = rest.key
    for key in [good[:-1], good + "x", good[:-1] + ("A" if good[-1] != "A" else "B"),
                good.replace(":", "::"), good.upper()]:
        rest.key = key
        assert rest.get("actions").status == 401, key
    rest.key = good
    assert rest.get("actions").ok() == []


def test_what_needs_no_key(rest):
    nobody = rest.daemon.nobody
    info = nobody.get("/").ok()
    assert (info["description"], info["api_paths"]) == ("OpenWhisk", ["/api/v1"])
    assert info["runtimes"]["wasm"][0]["kind"] == "wasm:0.1"
    assert info["limits"]["max_action_logs"] == 10485760
    for path in "/api/v1", "/api/v1/":
        assert {"build", "buildno", "swagger_paths"} <= set(nobody.get(path).ok())
    assert nobody.get("/ping").body == b"pong"
    assert nobody.get("/ready").ok() == {"ready": True}


# ---- ids and headers ----

def test_every_answer_has_an_id(rest):
    fresh = rest.get("actions").headers["X-Request-ID"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", fresh)
    own = rest.get("actions", headers={"X-Request-ID": "my-own"})
    assert own.headers["X-Request-ID"] == "my-own"
    missing = rest.get("actions/nosuch", headers={"X-Request-ID": "my-own"})
    assert missing.json["code"] == "my-own"
    for odd in "sid_x", "x" * 200:
        assert rest.get("actions", headers={"X-Request-ID": odd}).headers["X-Request-ID"] != odd


@pytest.mark.parametrize("path", ["actions", "actions/nosuch", "/api/v1/namespaces", "/nowhere"])
def test_answers_may_be_read_across_origins(rest, path):
    answer = rest.get(path)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == ALLOW_HEADERS
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, DELETE, POST, PUT, HEAD"


def test_options_need_no_key(rest):
    answer = rest.daemon.nobody.request("OPTIONS", f"{API}/actions/x")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_head_has_no_body(rest):
    answer = rest.request("HEAD", "actions")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "2")


@pytest.mark.parametrize("method, path, allowed", [
    ("POST", "actions", "GET"), ("PATCH", "actions/x", "GET, PUT, DELETE, POST"),
    ("POST", "activations", "GET"), ("DELETE", "activations/x", "GET")])
def test_a_wrong_method(rest, method, path, allowed):
    answer = rest.request(method, path)
    answer.fails(405, f"HTTP method not allowed, supported methods: {allowed}")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/api/v2/x", "/api/v1/nowhere", f"{API}", f"{API}/things",
                                  f"{API}/actions/a/b/c", "/api/v1/web/x"])
def test_an_unknown_path(rest, path):
    rest.get(path).fails(404, "The requested resource could not be found.")


# ---- sizes and types ----

def test_a_long_target(rest):
    answer = rest.get("actions?x=" + "y" * 8200)
    assert answer.status == 414 and "longer than allowed" in answer.error


def test_a_body_is_json_and_says_so(rest):
    for kind in "text/plain", "application/x-www-form-urlencoded":
        answer = rest.put("packages/p", b"{}", headers={"Content-Type": kind})
        answer.fails(415, f"The request's Content-Type [{kind}] is not supported. Expected:\n"
                          "application/json")
    assert rest.put("packages/p", b"{}",
                    headers={"Content-Type": "application/json; charset=utf-8"}).status == 200
    rest.request("PUT", "packages/q").fails(400, "Request entity expected but not supplied")


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "{}x", b"\xff", '{"a":01}'])
def test_a_body_that_is_no_object(rest, body):
    answer = rest.put("packages/p", body, headers={"Content-Type": "application/json"})
    assert answer.status == 400 and answer.error.startswith(MALFORMED)


def test_a_large_body(rest):
    rest.action("echo")
    answer = rest.post("actions/echo", b"{}" + b" " * 2**20,
                       headers={"Content-Type": "application/json"})
    answer.fails(413, f"Request larger than allowed: {2**20 + 2} > 1048576 bytes.")
    connection = http.client.HTTPConnection(*rest.daemon.rest, timeout=20)
    connection.putrequest("PUT", f"{API}/actions/x")
    connection.putheader("Content-Length", str(51 * 2**20))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and b'"code":"' in answer.read()
    connection.close()


# ---- queries ----

@pytest.mark.parametrize("query, parameter, text", [
    ("limit=201", "limit", "The value '201' is not in the range of 0 to 200 for actions."),
    ("limit=-1", "limit", "The value '-1' is not in the range of 0 to 200 for actions."),
    ("limit=x", "limit", "The value 'x' is not an integer for actions."),
    ("limit=", "limit", "The value '' is not an integer for actions."),
    ("limit=99999999999999999999", "limit",
     "The value '99999999999999999999' is not an integer for actions."),
    ("skip=-1", "skip", "The value '-1' is not greater than or equal to 0 for actions."),
    ("skip=1.5", "skip", "The value '1.5' is not an integer for actions."),
    ("count=maybe", "count", "'maybe' is not a valid Boolean value")])
def test_a_bad_query(rest, query, parameter, text):
    rest.get(f"actions?{query}").fails(
        400, f"The query parameter '{parameter}' was malformed:\n{text}")


@pytest.mark.parametrize("word", ["true", "YES", "on", "1", "TRUE"])
def test_booleans_have_many_names(rest, word):
    rest.action("echo")
    assert rest.post(f"actions/echo?blocking={word}&result={word}", {"a": 1}).ok() == {"a": 1}


def test_lists_come_in_pages(rest):
    for i in range(35):
        rest.put(f"packages/p{i}")
    names = [f"p{i}" for i in reversed(range(35))]
    assert [p["name"] for p in rest.get("packages").ok()] == names[:30]
    assert [p["name"] for p in rest.get("packages?limit=0").ok()] == names
    assert [p["name"] for p in rest.get("packages/?limit=3&skip=31").ok()] == names[31:34]
    assert rest.get("packages?skip=100").ok() == []
    assert rest.get("packages?count=true").ok() == {"packages": 35}
    assert rest.get("packages?count=true&skip=30").ok() == {"packages": 5}
    rest.put("packages/p7?overwrite=true")
    assert rest.get("packages?limit=1").ok()[0]["name"] == "p7"
    assert rest.get("packages?limit=1&docs=true&public=true&what=ever").ok()[0]["name"] == "p7"


# ---- names ----

@pytest.mark.parametrize("name", ["a", "_", "A1", "a b", "a.b", "a@b", "a&b", "a-b", "my action@1.x",
                                  "x" * 256])
def test_a_good_name(rest, name):
    path = "packages/" + name.replace(" ", "%20")
    assert rest.put(path).ok()["name"] == name
    assert rest.get(path).ok()["name"] == name


@pytest.mark.parametrize("name", ["-a", "%20a", "a%20", ".", "a%2fb", "a!", "%c3%a4", "a%00b", "@"])
def test_a_bad_name(rest, name):
    rest.put(f"packages/{name}").fails(400,
                                       "The name of the entity contains illegal characters.")


def test_a_name_that_is_too_long(rest):
    rest.put("packages/" + "x" * 257).fails(
        400, "Name segement longer than allowed: 257 > 256.")
    rest.get("/api/v1/namespaces/-/actions").fails(
        400, "The namespace contains illegal characters.")
    rest.get(f"/api/v1/namespaces/{'n' * 257}/actions").fails(
        400, "Namespace longer than allowed: 257 > 256.")


def test_all_kinds_share_one_space_of_names(rest):
    text = "Resource by this name exists but is not in this collection."
    rest.action("x")
    rest.put("triggers/t")
    for kind in "packages", "triggers", "rules":
        rest.put(f"{kind}/x", {"trigger": "/_/t", "action": "/_/x"}).fails(409, text)
    for kind in "triggers", "rules":
        rest.get(f"{kind}/x").fails(409, text)
    for kind in "packages", "triggers", "rules":
        rest.delete(f"{kind}/x").fails(409, text)
    rest.post("triggers/x").fails(409, text)
    rest.post("actions/t").fails(409, text)
    rest.get("packages/x").fails(409, text)
    assert rest.get("actions/x").status == 200


# ---- other people's ----

def test_namespaces_are_isolated(rest):
    other = rest.daemon.user()
    other.action("secret")
    other.put("packages/private")
    other.action("private/a")
    theirs = f"/api/v1/namespaces/{other.name}"
    for kind in "actions", "triggers", "rules", "activations":
        rest.get(f"{theirs}/{kind}").fails(
            403, f"The supplied authentication is not authorized to access '{other.name}'.")
    assert rest.get(f"{theirs}/packages").ok() == []
    for method, path in [("GET", "actions/secret"), ("POST", "actions/secret"),
                         ("DELETE", "actions/secret"), ("GET", "packages/private"),
                         ("GET", "packages/nosuch"), ("GET", "rules/x"), ("POST", "triggers/x")]:
        rest.request(method, f"{theirs}/{path}").fails(
            403, "The supplied authentication is not authorized to access "
                 f"'{other.name}/{path.split('/')[1]}'.")
    rest.get(f"{theirs}/actions/private/a").fails(
        403, f"The supplied authentication is not authorized to access '{other.name}/private'.")
    assert rest.get("/api/v1/namespaces/nobody-at-all/actions").status == 403
    assert rest.get("/api/v1/namespaces").ok() == [rest.name]
    rest.get(f"{theirs}/limits").fails(
        403, f"The supplied authentication is not authorized to access '{other.name}'.")
    rest.get("actions/secret").fails(404, NOT_FOUND)


def test_limits_are_shown(start_rest):
    daemon = start_rest(limits=["--limit-invocations", 7, "--limit-fires", 8,
                                "--limit-concurrent", 9])
    limits = daemon.guest.get("limits").ok()
    assert (limits["invocationsPerMinute"], limits["firesPerMinute"],
            limits["concurrentInvocations"], limits["maxParameterSize"]) == (7, 8, 9, "1048576 B")
    own = daemon.user("special", "--invocations", "1", "--concurrent", "2", "--fires", "3")
    limits = own.get("limits").ok()
    assert (limits["invocationsPerMinute"], limits["firesPerMinute"],
            limits["concurrentInvocations"]) == (1, 3, 2)


# ---- TLS ----

def test_tls(start_rest, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=wow", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    daemon = start_rest("--tls-cert", cert, "--tls-key", key)
    assert daemon.apihost.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=cert)

    def exchange(method, path, body=None):
        connection = http.client.HTTPSConnection(*daemon.rest, context=context, timeout=20)
        connection.request(method, path, body, {"Authorization": daemon.guest.basic(),
                                                "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    import json
    from harness import action
    body = json.dumps({"exec": {"kind": "wasm:0.1", "code": action("errand.c")}})
    assert exchange("PUT", f"{API}/actions/a", body)[0] == 200
    # Requests that are suspended until a worker has answered, large answers, several at once.
    for ask, size in [('{"burn":50}', 0), ('{"fill":500000}', 500000)] * 4:
        status, text = exchange("POST", f"{API}/actions/a?blocking=true&result=true", ask)
        assert status == 200 and len(text) >= size
    plain = http.client.HTTPConnection(*daemon.rest, timeout=20)
    plain.request("GET", "/ping")
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.getresponse()
    plain.close()
    until(lambda: exchange("GET", "/ping") == (200, b"pong"), "it still answers")


def test_tls_needs_both_files(tmp_path):
    from harness import run_wowd
    done = run_wowd("--data", tmp_path / "d", "--cache", tmp_path / "c", "--executor",
                    "127.0.0.1:0", "--proxy-port", "0", "--rest", "127.0.0.1:0", "--tls-cert", "/x")
    assert done.returncode == 64 and "--tls-cert and --tls-key belong together" in done.stderr
