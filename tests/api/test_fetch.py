"""fetch in JavaScript actions: the host's requests, as the web has them."""
import json

import pytest

from kinds import lines, start
from servers import World


@pytest.fixture(scope="module")
def world():
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="module")
def js(engine, world, tmp_path_factory):
    place = tmp_path_factory.mktemp(f"fetch-{engine}")
    (place / "policy.json").write_text(json.dumps(
        {"default": {"hosts": [f"http://127.0.0.1:{world.port}"], "http_timeout_ms": 2000}}))
    started = start(engine, tmp_path_factory, "js:wasm", "--policy", place / "policy.json",
                    place=place)
    yield started
    started.wowd.stop()


ASKS = {"annotations": {"net_access": True}}


def run(js, body, **args):
    """The record of an action with that body."""
    return js.run("async function main(p) { %s }" % body, args, **ASKS)


def result(js, body, **args):
    record = run(js, body, **args)
    assert record["success"], record
    return record["result"]


def test_a_get(js, world):
    seen = result(js, """
        const r = await fetch(p.url, { headers: { 'X-One': 1 } });
        return { ok: r.ok, status: r.status, type: r.headers.get('content-type'), body: await r.json() }
    """, url=world.url("/echo?a=b c#d"))
    assert (seen["ok"], seen["status"], seen["type"]) == (True, 200, "application/json")
    assert (seen["body"]["method"], seen["body"]["path"]) == ("GET", "/echo?a=b%20c")
    assert dict(seen["body"]["headers"])["x-one"] == "1"


@pytest.mark.parametrize("body, sent, kind", [
    ("'té'", "té", "text/plain;charset=UTF-8"),
    ("JSON.stringify({ a: 1 })", '{"a":1}', "text/plain;charset=UTF-8"),
    ("new URLSearchParams({ a: '1 2' })", "a=1+2",
     "application/x-www-form-urlencoded;charset=UTF-8"),
    ("new TextEncoder().encode('bytes')", "bytes", None), ("Buffer.from('buf')", "buf", None)])
def test_a_post(js, world, body, sent, kind):
    seen = result(js, """
        const r = await fetch(new URL(p.url), { method: 'post', body: %s });
        return await r.json()""" % body, url=world.url())
    assert (seen["method"], seen["body"]) == ("POST", sent.encode().decode("latin-1"))
    assert dict(seen["headers"]).get("content-type") == kind


def test_any_status_is_a_response(js, world):
    seen = result(js, """
        const r = await fetch(p.url), copy = r.clone();
        const once = await r.text();
        return { ok: r.ok, status: r.status, same: once === await copy.text(),
                 twice: await r.text().catch((e) => e.message) }
    """, url=world.url("/status?is=404"))
    assert seen == {"ok": False, "status": 404, "same": True,
                    "twice": "Body is unusable: it has already been read"}


def test_what_is_not_granted_is_a_rejection(js):
    record = run(js, "await fetch('http://127.0.0.1:1/')")
    error = record["result"]["error"]
    assert record["status"] == "application error"
    assert error["name"] == "TypeError" and error["message"].startswith("fetch failed: ")
    assert lines(record, "stderr")[0].startswith("wow: refused: GET http://127.0.0.1:1/")
    caught = result(js, """
        try { await fetch('http://127.0.0.1:1/') } catch (e) { return { code: e.cause.code } }""")
    assert caught == {"code": "REFUSED"}


@pytest.mark.parametrize("call, message", [
    ("fetch('no url')", "Invalid URL"), ("fetch('/path')", "Invalid URL"),
    ("fetch('http://a/', { headers: { 'a b': '1' } })", "Invalid header name 'a b'"),
    ("fetch('http://a/', { headers: { a: 'x\\r\\ny: z' } })", "Invalid value of the header 'a'"),
    ("fetch('http://a/', { body: 'x' })", "A request with method GET has no body"),
    ("fetch('http://a/', { signal: AbortSignal.abort() })", "This operation was aborted")])
def test_what_cannot_be_asked_is_a_rejection(js, call, message):
    assert result(js, "try { await %s } catch (e) { return { m: e.message } }" % call) == {
        "m": message}


def test_a_time_limit(js, world):
    seen = result(js, """
        try { await fetch(p.url, { signal: AbortSignal.timeout(100) }) }
        catch (e) { return { name: e.name } }""", url=world.url("/never"))
    assert seen == {"name": "TimeoutError"}


def test_without_being_asked_for_there_is_nothing(js, world):
    record = js.run("const main = async (p) => ({ s: (await fetch(p.url)).status })",
                    {"url": world.url()})
    assert record["status"] == "application error"


def test_headers_and_responses_by_hand(js):
    assert result(js, """
        const h = new Headers([['B', '2'], ['a', '1'], ['A', '3']]);
        h.delete('b'); h.set('c', ' x ');
        const r = Response.json({ x: 1 }, { status: 201, headers: h });
        return { all: [...h], json: await r.json(), ok: r.ok, type: r.headers.get('Content-Type'),
                 bytes: (await new Response(new Uint8Array([1, 2])).arrayBuffer()).byteLength }
    """) == {"all": [["a", "1, 3"], ["c", "x"]], "json": {"x": 1}, "ok": True,
             "type": "application/json", "bytes": 2}
