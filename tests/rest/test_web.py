"""Web actions: who may, what an action sees of a request, what becomes of its result."""
import base64
import json
import time
import urllib.parse

import pytest

from rest import NOT_FOUND

RESERVED = "Request defines parameters that are not allowed (e.g., reserved properties)."
NO_KEY = "Authentication is possible but has failed or not yet been provided."
JSON = {"Content-Type": "application/json"}


def pairs(**values):
    return [{"key": k.replace("_", "-"), "value": v} for k, v in values.items()]


class Web:
    """Requests for one user's web actions."""

    def __init__(self, owner):
        self.owner, self.visitor = owner, owner.daemon.nobody

    def action(self, name="w", guest="errand.c", parameters=None, **annotations):
        self.owner.put(f"actions/{name}?overwrite=true", {
            "exec": {"kind": "wasm:0.1", "code": self.code(guest)}, "parameters": parameters or [],
            "annotations": pairs(**{"web_export": True, **annotations})}).ok()

    @staticmethod
    def code(guest):
        from harness import action
        return action(guest)

    def url(self, path):
        return f"/api/v1/web/{self.owner.name}/{path}"

    def ask(self, path, body=None, method=None, who=None, headers=None):
        method = method or ("GET" if body is None else "POST")
        return (who or self.visitor).request(method, self.url(path), body, headers=headers)

    def returns(self, value, ext="http", **how):
        """What is answered when the action returns this."""
        return self.ask(f"default/w.{ext}", {"return": value}, headers=JSON, **how)

    def sees(self, path="default/w.json", body=None, **how):
        """The arguments the action gets."""
        return self.ask(path, body, **how).ok()


@pytest.fixture
def web(rest):
    made = Web(rest)
    made.action()
    return made


# ---- who may ----

def test_only_what_is_exported(rest, web):
    rest.action("plain", "errand.c")
    for path in "default/plain.json", "default/nosuch.json", "nosuch/w.json", "w/w.json":
        web.ask(path).fails(404, NOT_FOUND)
    rest.daemon.nobody.get("/api/v1/web/nobody-there/default/w.json").fails(404, NOT_FOUND)
    web.action("w", web_export=False)
    web.ask("default/w.json").fails(404, NOT_FOUND)


def test_packages_and_bindings(rest, web):
    rest.put("packages/p", {"parameters": [{"key": "k", "value": "p"}]})
    web.action("p/w")
    rest.put("packages/b", {"binding": {"namespace": "_", "name": "p"},
                            "parameters": [{"key": "b", "value": 1}]})
    assert web.sees("p/w.json")["k"] == "p"
    assert web.sees("b/w.json")["b"] == 1
    rest.action("p/plain")
    rest.put("packages/p?overwrite=true", {"annotations": pairs(web_export=True)}).ok()
    web.ask("p/plain.json").fails(404, NOT_FOUND)


def test_it_runs_as_its_owner(rest, web):
    other = rest.daemon.user()
    answer = web.ask("default/w.json", who=other)
    ident = answer.headers["x-openwhisk-activation-id"]
    assert rest.record(ident)["namespace"] == rest.name
    assert other.get("activations?count=true").ok() == {"activations": 0}
    assert answer.ok()["__ow_user"] == other.name
    assert "__ow_user" not in web.sees()
    wrong = web.ask("default/w.json", headers={"Authorization": "Basic eDp5"})
    assert "__ow_user" not in wrong.ok()


@pytest.mark.parametrize("need, header, allowed", [
    ("s3cret", "s3cret", True), ("s3cret", "other", False), ("s3cret", None, False),
    (313133834883771, "313133834883771", True), (5, "6", False), (False, None, True),
    (True, None, False), (None, None, False), ([], "x", False), ("", "", False)])
def test_a_secret_may_be_needed(web, need, header, allowed):
    web.action(require_whisk_auth=need)
    answer = web.ask("default/w.json",
                     headers={"X-Require-Whisk-Auth": header} if header is not None else {})
    if allowed:
        answer.ok()
    else:
        answer.fails(401, NO_KEY)


def test_or_any_users_key(rest, web):
    web.action(require_whisk_auth=True)
    assert web.ask("default/w.json", who=rest.daemon.user()).status == 200


def test_the_owners_limits_count(start_rest):
    daemon = start_rest(limits=["--limit-invocations", 2])
    web = Web(daemon.guest)
    web.action()
    first = time.time() // 60
    statuses = [web.ask("default/w.json").status for _ in range(4)]
    if time.time() // 60 != first:
        pytest.skip("a new minute has begun meanwhile")
    assert statuses == [200, 200, 429, 429]


# ---- what the action sees ----

def test_query_and_context(web):
    seen = web.sees("default/w.json/a/b%20c?x=1&y=a+b%26&x=2&z", headers={"X-One": "Two"})
    headers = seen.pop("__ow_headers")
    assert headers["x-one"] == "Two" and "content-type" not in headers and "host" in headers
    assert seen == {"x": "2", "y": "a b&", "z": "", "__ow_method": "get", "__ow_path": "/a/b c"}
    assert web.sees()["__ow_path"] == ""


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_methods(web, method):
    assert web.sees(method=method)["__ow_method"] == method.lower()


def test_head_runs_and_has_no_body(rest, web):
    answer = web.ask("default/w.json", method="HEAD")
    assert answer.status == 200 and answer.body == b"" and int(answer.headers["Content-Length"]) > 9
    seen = rest.record(answer.headers["x-openwhisk-activation-id"])["response"]["result"]
    assert seen["__ow_method"] == "head"
    assert web.ask("default/w.json", method="BREW").status == 405


def test_bodies(web):
    def sees(body, kind):
        seen = web.sees(body=body, headers={"Content-Type": kind} if kind else {})
        return {k: v for k, v in seen.items() if k in "abc" or k == "__ow_body"}

    assert sees('{"a":1,"b":{"c":[2]}}', "application/json") == {"a": 1, "b": {"c": [2]}}
    assert sees('{"a":1}', "application/vnd.x+json; charset=utf-8") == {"a": 1}
    assert sees("[1,2]", "application/json") == {"__ow_body": [1, 2]}
    assert sees('"text"', "application/json") == {"__ow_body": "text"}
    assert sees("a=1&b=x%20y+z", "application/x-www-form-urlencoded") == {"a": "1", "b": "x y z"}
    assert sees("plain ä", "text/plain") == {"__ow_body": "plain ä"}
    assert sees("<a/>", "application/xml") == {"__ow_body": "<a/>"}
    for kind in "application/octet-stream", "image/png", None:
        assert sees(b"\x00\xff\x01", kind) == {"__ow_body": "AP8B"}
    bad = web.ask("default/w.json", "{", headers=JSON)
    assert bad.status == 400 and bad.error.startswith("The request content was malformed:\n")


def test_order_of_arguments(rest, web):
    web.action(parameters=[{"key": k, "value": "action"} for k in "abc"])
    seen = web.sees("default/w.json?b=query&c=query", '{"c":"body"}', headers=JSON)
    assert (seen["a"], seen["b"], seen["c"]) == ("action", "query", "body")


@pytest.mark.parametrize("name", ["__ow_method", "__ow_headers", "__ow_path", "__ow_user",
                                  "__ow_query", "__ow_body"])
def test_what_is_reserved(web, name):
    web.ask(f"default/w.json?{name}=x").fails(400, RESERVED)
    web.ask("default/w.json", json.dumps({name: 1}), headers=JSON).fails(400, RESERVED)
    web.ask("default/w.json", f"{name}=x",
            headers={"Content-Type": "application/x-www-form-urlencoded"}).fails(400, RESERVED)


def test_final_parameters(web):
    web.action(parameters=[{"key": "k", "value": 1}, {"key": "free", "value": None}], final=True)
    web.ask("default/w.json?k=2").fails(400, RESERVED)
    web.ask("default/w.json", '{"k":2}', headers=JSON).fails(400, RESERVED)
    assert web.sees("default/w.json?free=2")["free"] == "2"


def test_raw(web):
    web.action(raw_http=True, final=True, parameters=[{"key": "k", "value": 1}])
    seen = web.sees("default/w.json?k=2&x=%20&__ow_method=z", '{"a": 1}', headers=JSON)
    assert seen["__ow_query"] == "k=2&x=%20&__ow_method=z"
    assert base64.b64decode(seen["__ow_body"]) == b'{"a": 1}'
    assert (seen["k"], "a" in seen, seen["__ow_method"]) == (1, False, "post")
    text = web.sees(body="plain", headers={"Content-Type": "text/plain"})
    assert (text["__ow_body"], text["__ow_query"]) == ("plain", "")
    assert web.sees()["__ow_body"] == ""
    binary = web.sees(body=b"\xff", headers={"Content-Type": "image/png"})
    assert binary["__ow_body"] == "/w=="


def test_a_large_request(web):
    answer = web.ask("default/w.json", b"x" * (2**20 + 1))
    answer.fails(413, f"Request larger than allowed: {2**20 + 1} > 1048576 bytes.")


# ---- what becomes of the result ----

def test_http(web):
    def answered(value, **how):
        answer = web.returns(value, **how)
        return answer.status, answer.headers["Content-Type"], answer.body

    html = "text/html; charset=UTF-8"
    assert answered({"body": "<p>hi</p>"}) == (200, html, b"<p>hi</p>")
    assert answered({"body": "x", "statusCode": 201}) == (201, html, b"x")
    assert answered({"body": "x", "statusCode": "404"}) == (404, html, b"x")
    assert answered({"body": {"a": 1}}) == (200, "application/json", b'{"a":1}')
    assert answered({"body": [1, True]}) == (200, "application/json", b"[1,true]")
    assert answered({"body": 5}) == (200, "application/json", b"5")
    assert answered({"body": "AP8B", "headers": {"Content-Type": "image/png"}}) == \
        (200, "image/png", b"\x00\xff\x01")
    assert answered({"body": base64.b64encode(b'{"b":2}').decode(),
                     "headers": {"content-type": "application/json"}}) == \
        (200, "application/json", b'{"b":2}')
    assert answered({"body": '{"b":3}', "headers": {"content-type": "application/json"}}) == \
        (200, "application/json", b'{"b":3}')
    assert answered({"body": "AP8B", "headers": {"Content-Type": "text/plain"}}) == \
        (200, "text/plain", b"AP8B")


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"body": ""}, {"body": None}])
def test_http_without_a_body(web, value):
    answer = web.returns(value)
    assert (answer.status, answer.body) == (204, b"")
    moved = web.returns({**value, "statusCode": 302, "headers": {"Location": "/elsewhere"}})
    assert (moved.status, moved.headers["Location"], moved.body) == (302, "/elsewhere", b"")


def test_http_headers(web):
    answer = web.returns({"body": "x", "headers": {
        "Set-Cookie": ["a=1", "b=2"], "X-Number": 5, "X-Bool": True, "Content-Length": 99}})
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (answer.headers["X-Number"], answer.headers["X-Bool"]) == ("5", "true")
    assert answer.headers["Content-Length"] == "1"
    assert answer.headers["x-openwhisk-activation-id"]


@pytest.mark.parametrize("value, text", [
    ([1], "Response is not valid 'message/http'."),
    ({"statusCode": "x"}, "Response is not valid 'message/http'."),
    ({"statusCode": 99}, "Response is not valid 'message/http'."),
    ({"statusCode": 1000}, "Response is not valid 'message/http'."),
    ({"headers": 5}, "Response is not valid 'message/http'."),
    ({"headers": {"X": {}}}, "Response is not valid 'message/http'."),
    ({"headers": {"X": "a\r\nY: b"}, "body": "x"}, "Response is not valid 'message/http'."),
    ({"headers": {"X Y": "a"}, "body": "x"}, "Response is not valid 'message/http'."),
    ({"headers": {"X": "a\u0000b"}, "body": "x"}, "Response is not valid 'message/http'."),
    ({"body": "x", "headers": {"Content-Type": "nonsense"}},
     "Response did not specify a known content-type."),
    ({"body": {"a": 1}, "headers": {"Content-Type": "text/html"}},
     "Response type in header did not match generated content type."),
    ({"body": "not base64!", "headers": {"Content-Type": "image/png"}},
     "Response is not valid 'message/http'.")])
def test_http_that_is_not(web, value, text):
    answer = web.returns(value)
    answer.fails(400, text)
    assert "Y" not in answer.headers


def test_json(web):
    for value in {"a": [1]}, [1, 2]:
        answer = web.returns(value, "json")
        assert answer.ok() == value and answer.headers["Content-Type"] == "application/json"


def test_markup(web):
    for ext, kind in ("html", "text/html; charset=UTF-8"), ("svg", "image/svg+xml"):
        for value in {"body": "<x/>"}, {ext: "<x/>"}, {"body": "<x/>", ext: "no"}:
            answer = web.returns(value, ext)
            assert (answer.status, answer.body) == (200, b"<x/>")
            assert answer.headers["Content-Type"] == kind
        for bad in {}, {"body": 5}, [1]:
            web.returns(bad, ext).fails(
                400, f"Response is not valid '{kind.split(';')[0]}'.")


def test_text(web):
    for value, text in [({"body": "hi"}, "hi"), ({"text": 5}, "5"), ({"text": True}, "true"),
                        ({"text": {"a": [1]}}, '{\n  "a": [\n    1\n  ]\n}'), ([], "[]")]:
        answer = web.returns(value, "text")
        assert (answer.status, answer.body.decode()) == (200, text)
        assert answer.headers["Content-Type"].startswith("text/plain")
    web.returns({"a": 1}, "text").fails(404, "Response does not include requested property.")


def test_extensions(rest, web):
    assert web.ask("default/w", {"return": {"body": "x"}}, headers=JSON).body == b"x"
    web.action("w.other")
    assert web.sees("default/w.other.json")["__ow_method"] == "get"
    assert web.ask("default/w.other", {"return": {"body": "y"}}, headers=JSON).body == b"y"
    web.ask("default/w.xml").fails(404, NOT_FOUND)


def test_errors(web):
    def fails(error, ext="http"):
        return web.ask(f"default/w.{ext}", {"error": error}, headers=JSON)

    chosen = fails({"statusCode": 404, "body": "gone"})
    assert (chosen.status, chosen.body) == (404, b"gone")
    fails("text").fails(400, "Response is not valid 'message/http'.")
    fails("text", "json").fails(400, "Response is not valid 'application/json'.")
    assert fails("text", "text").body == b"text"
    trapped = web.ask("default/w.json", {"trap": True}, headers=JSON)
    trapped.fails(400, "There was an error processing your request.")
    assert trapped.headers["x-openwhisk-activation-id"]


def test_what_the_client_accepts(web):
    def status(accept, ext="json"):
        return web.ask(f"default/w.{ext}?x=1", headers={"Accept": accept}).status

    for accept in "*/*", "application/json", "text/html, application/*;q=0.5", "":
        assert status(accept) == 200
    assert status("text/html") == 406
    answer = web.ask("default/w.json", headers={"Accept": "image/png"})
    answer.fails(406, "Resource representation is only available with these types:\n"
                      "application/json")


def test_sequences_may_be_web_actions(rest, web):
    rest.action("echo")
    rest.put("actions/s", {"exec": {"kind": "sequence", "components": ["/_/echo", "/_/echo"]},
                           "annotations": pairs(web_export=True)}).ok()
    assert web.sees("default/s.json?x=1")["x"] == "1"


# ---- across origins ----

def test_cors(web):
    for answer in web.ask("default/w.json"), web.ask("default/w.json", method="OPTIONS"):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Methods"] == \
            "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH"
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    asked = web.ask("default/w.json", method="OPTIONS",
                    headers={"Access-Control-Request-Headers": "X-A, X-B"})
    assert asked.headers["Access-Control-Allow-Headers"] == "X-A, X-B"
    assert asked.status == 200 and asked.body == b""
    assert "x-openwhisk-activation-id" not in asked.headers


def test_options_of_its_own(web):
    web.action(web_custom_options=True, require_whisk_auth="s")
    answer = web.ask("default/w.json", method="OPTIONS")
    assert answer.ok()["__ow_method"] == "options"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert web.ask("default/w.json").status == 401


def test_odd_paths_do_no_harm(web):
    for path in "default/.json", "default/w.json//..//x", "default/%00.json", "default/w.json/%ff":
        answer = web.ask(path)
        assert answer.status in (200, 404), path
    long = urllib.parse.quote("ä" * 500)
    assert web.sees(f"default/w.json/{long}")["__ow_path"] == "/" + "ä" * 500
