"""What a guest's requests may reach, and what whoever is reached cannot do to wowd."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
from urllib.parse import quote

import pytest

from harness import (BUILD, ROOT, TIMED_OUT, UNEXPECTED_EXIT, Background, Wowd, epoch_ms,
                     in_threads, until)
from conftest import Shared
from servers import World

OK, REFUSED, INVALID, RESOLVE, CONNECT, TLS, TIMEOUT, TOO_LARGE, TOO_MANY, BROKEN = range(10)
MODULE = (BUILD / "guests" / "requests.wasm").read_bytes()


def policy(world):
    """A namespace for each way to be limited."""
    here = [f"http://127.0.0.1:{world.port}"]
    return {
        "default": {"hosts": here},
        "namespaces": {
            "nothing": {"hosts": []},
            "all": {"hosts": ["*:*"]},
            "local": {"hosts": ["http://localhost:*"], "addresses": ["127.0.0.0/8"]},
            "quick": {"hosts": here, "http_timeout_ms": 300},
            "small": {"hosts": here, "http_response_kb": 4},
            "few": {"hosts": here, "http_requests": 3},
            "large": {"hosts": here, "http_response_kb": 8192}},
        "profiles": {"far": {"addresses": []}}}


@pytest.fixture(scope="session")
def world():
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="session")
def shared_net(engine, world, tmp_path_factory):
    """One daemon for most of the tests."""
    place = tmp_path_factory.mktemp(f"net-{engine}")
    (place / "policy.json").write_text(json.dumps(policy(world)))
    kept = Shared(lambda: Wowd(place, engine, "--policy", place / "policy.json",
                               env={"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "x://y"}))
    yield kept
    kept.stop()


@pytest.fixture
def net(shared_net, request):
    with shared_net.used(request) as daemon:
        yield daemon


def asker(wowd, ns=None, profile=None, asks=True, **value):
    """A container of a guest that makes requests."""
    container = wowd.start(profile)
    env = {"env": {"__OW_NAMESPACE": ns}} if ns else {}
    reply = container.init(MODULE, annotations={"net_access": asks}, **env, **value)
    assert reply.status == 200, reply.body
    return container


def ask(container, url, **members):
    """The answer to one request, and the lines of the log."""
    reply = container.run({"requests": [{"url": url, **members}]}, logs=True)
    lines = [line.split(" stderr: ", 1)[1] for line in reply.json["logs"]]
    return reply.result["answers"][0], lines


def answers(container, *requests, **members):
    return container.run({"requests": list(requests)}, **members).result["answers"]


# ---- what is allowed ----

@pytest.mark.parametrize("method, body", [
    ("GET", None), ("GET", "b"), ("POST", ""), ("POST", "b"), ("PUT", "b"), ("PATCH", "b"),
    ("DELETE", None), ("OPTIONS", None), ("PROPFIND", "b"), (None, None), (None, "b")])
def test_a_request_is_made_as_the_guest_says(net, world, method, body):
    answer, log = ask(asker(net), world.url("/echo?a=%20b"), method=method, body=body,
                      headers={"X-One": "1", "Accept": "text/x", "Empty": "", "User-Agent": "me"})
    assert (answer["end"], answer["status"], answer["type"]) == (OK, 200, "application/json")
    seen = json.loads(answer["body"])
    headers = dict(seen["headers"])
    assert seen["method"] == (method or ("POST" if body else "GET"))
    assert (seen["path"], seen["body"]) == ("/echo?a=%20b", body or "")
    has_length = bool(body) or method in ("POST", "PUT", "PATCH")
    assert headers.pop("Content-Length", None) == (str(len(body or "")) if has_length else None)
    assert headers == {"Host": f"127.0.0.1:{world.port}", "X-One": "1", "Accept": "text/x",
                       "Empty": "", "User-Agent": "me"}
    assert log == []


def test_a_head_has_no_body(net, world):
    answer, _ = ask(asker(net, "small"), world.url("/echo"), method="HEAD")
    assert (answer["end"], answer["status"], answer["body"]) == (OK, 200, "")
    assert ask(asker(net), world.url(), method="HEAD", body="b")[0]["end"] == INVALID


@pytest.mark.parametrize("status", [200, 204, 302, 404, 500, 503])
def test_any_status_is_an_answer(net, world, status):
    answer, log = ask(asker(net), world.url(f"/status?is={status}"))
    assert (answer["end"], answer["status"], log) == (OK, status, [])


def test_bodies_may_be_large(net, world):
    container = asker(net, "large")
    sent, got, last = answers(
        container, {"url": world.url(), "body": "x" * 1000, "repeat": 7000},
        {"url": world.url("/size?is=7000000"), "quiet": True}, {"url": world.url()})
    assert json.loads(sent["body"])["body"] == 7_000_000
    assert (got["end"], got["size"]) == (OK, 7_000_000)
    assert last["status"] == 200
    [most] = answers(container, {"url": world.url("/size?is=1000000")})
    assert most["body"] == "x" * 1_000_000, "the result is not disturbed by what came before it"
    assert ask(container, world.url(), body="x" * 1000, repeat=9000)[0]["end"] == INVALID


def test_a_request_says_no_more_than_the_guest_did(net, world):
    """Neither a cookie of the response before, nor a proxy of wowd's environment."""
    container = asker(net)
    raw = "HTTP/1.0 200 OK\r\nSet-Cookie: a=b\r\n\r\n"
    first, second = answers(container, {"url": world.url("/raw?bytes=" + quote(raw))},
                            {"url": world.url()})
    assert ["Set-Cookie", "a=b"] in first["headers"]
    names = {name for name, _ in json.loads(second["body"])["headers"]}
    assert names == {"Host", "User-Agent", "Accept"}


# ---- what is refused ----

def test_without_a_grant_there_is_nothing(wowd, world):
    """A daemon without a policy, and an action that asks for nothing."""
    container = wowd.container(MODULE)
    before = world.connections
    answer, log = ask(container, world.url())
    assert answer["end"] == REFUSED and "the action does not ask for http://127" in answer["text"]
    assert log == [f"wow: refused: GET {world.url()}: {answer['text']}"]
    assert "outbound.refused" in wowd.log() and world.connections == before


def test_what_the_action_did_not_ask_for_is_refused(net, world):
    container = asker(net, "all", asks=["http://a.example", f"http://127.0.0.1:{world.port}"])
    assert ask(container, "https://a.example/")[0]["end"] == REFUSED
    answer, log = ask(container, "http://b.example/")
    assert (answer["end"], len(log)) == (REFUSED, 1)
    assert "does not ask for http://b.example:80" in log[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:{port}/",
                                 "http://127.0.0.2:{port}/", "http://example.com:{port}/"])
def test_what_the_policy_does_not_grant_is_refused(net, world, url):
    before = world.connections
    answer, log = ask(asker(net), url.format(port=world.port))
    assert (answer["end"], len(log)) == (REFUSED, 1)
    assert "the policy does not grant" in log[0] and world.connections == before


PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "0x7f.1", "%31%32%37.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "0",
    "[::]", "localhost", "LOCALHOST", "localhost.", "a.localhost", "10.0.0.1", "172.16.0.1",
    "192.168.1.1", "100.64.0.1", "169.254.169.254", "0xa9fea9fe", "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]", "[fe80::1]", "224.0.0.1", "255.255.255.255", "[ff02::1]", "[2002:7f00:1::]"]


@pytest.mark.parametrize("host", PRIVATE)
def test_what_is_not_public_must_be_named(net, world, host):
    """By a policy that grants everything: none of these is meant by that, however it is written."""
    before = world.connections
    began = time.monotonic()
    answer, log = ask(asker(net, "all"), f"http://{host}:{world.port}/echo")
    assert answer["end"] in (REFUSED, RESOLVE), answer
    if answer["end"] == REFUSED:
        assert "which the policy does not name" in answer["text"] and len(log) == 1
    assert world.connections == before and time.monotonic() - began < 5


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_an_address_that_is_named_is_named_in_all_its_forms(net, world, host):
    answer, log = ask(asker(net), f"http://{host}:{world.port}/echo")
    assert (answer["end"], log) == (OK, [])


@pytest.mark.parametrize("url", [
    "", "echo", "//127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
    "dict://127.0.0.1/", "telnet://127.0.0.1/", "ldap://127.0.0.1/", "http://",
    "http://user@127.0.0.1:{port}/", "http://u:p@127.0.0.1:{port}/", "http://127.0.0.1:99999/",
    "http://127.0.0.1:{port}x/", "http://[::1/", "http://[fe80::1%25eth0]/", "http://a b/",
    "http://127.0.0.1:{port}/ echo", "http://127.0.0.1:{port}/\r\nX: y", "http://ex\u00e4mple.com/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "HTTP", "javascript:0",
    "http://127.0.0.1:{port}/" + "x" * 9000])
def test_what_is_no_url_of_http_goes_nowhere(net, world, url):
    before = world.connections
    answer, log = ask(asker(net, "all"), url.format(port=world.port))
    assert (answer["end"], log) == (INVALID, []), answer
    assert world.connections == before


@pytest.mark.parametrize("members", [
    {"headers": {"Host": "other.example"}}, {"headers": {"Content-Length": "0"}},
    {"headers": {"Transfer-Encoding": "chunked"}}, {"headers": {"Connection": "keep-alive"}},
    {"headers": {"A": "b\r\nHost: c"}}, {"headers": {"A\r\nB": "c"}}, {"headers": {"": "x"}},
    {"headers": {"Proxy-Authorization": "x"}}, {"method": "CONNECT"}, {"method": "get"},
    {"method": "GET / HTTP/1.1\r\nX:"}, {"headers": {"A": "x" * 70000}}])
def test_a_request_cannot_hold_another(net, world, members):
    before = world.connections
    answer, _ = ask(asker(net), world.url(), **members)
    assert answer["end"] == INVALID and world.connections == before


# ---- redirects ----

def test_a_redirect_is_not_followed_unless_the_guest_wants_it(net, world):
    container = asker(net)
    url = world.url("/redirect?to=/echo")
    answer, _ = ask(container, url)
    assert (answer["status"], answer["body"]) == (302, "over there")
    assert ["Location", "/echo"] in answer["headers"]
    answer, _ = ask(container, url, redirects=1)
    assert answer["status"] == 200 and json.loads(answer["body"])["path"] == "/echo"
    assert "Location" not in dict(answer["headers"])


@pytest.mark.parametrize("to", ["http://10.0.0.1/", "http://localhost:{port}/echo",
                                "http://127.0.0.1:1/", "https://127.0.0.1:{port}/echo",
                                "//127.0.0.2:{port}/echo", "http://169.254.169.254/latest"])
def test_each_hop_is_checked(net, world, to):
    url = world.url("/redirect?to=" + quote(to.format(port=world.port)))
    before = world.connections
    answer, log = ask(asker(net), url, redirects=9)
    assert (answer["end"], len(log)) == (REFUSED, 1)
    assert world.connections == before + 1


@pytest.mark.parametrize("to", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://u:p@127.0.0.1/"])
def test_a_redirect_leads_to_http_only(net, world, to):
    answer, _ = ask(asker(net), world.url(f"/redirect?to={to}"), redirects=9)
    assert answer["end"] == INVALID


def test_a_redirect_in_circles_ends(net, world):
    url = world.url("/redirect?to=" + quote(world.url("/redirect?to=/echo")))
    loop = world.url("/circle")
    answer, _ = ask(asker(net), url, redirects=1)
    assert answer["status"] == 302
    answer, _ = ask(asker(net), loop, redirects=10)
    assert answer["status"] == 302
    answer, log = ask(asker(net), loop, redirects=1000)
    assert answer["end"] == TOO_MANY and "as many requests as it may, 100" in log[0]


@pytest.mark.parametrize("status, method, then, body", [
    (301, "POST", "GET", ""), (302, "POST", "GET", ""), (303, "PUT", "GET", ""),
    (307, "POST", "POST", "b"), (308, "POST", "POST", "b"), (301, "PUT", "PUT", "b"),
    (303, "GET", "GET", "")])
def test_what_becomes_of_a_method(net, world, status, method, then, body):
    answer, _ = ask(asker(net), world.url(f"/redirect?is={status}&to=/echo"), method=method,
                    body="b" if method != "GET" else None, redirects=1,
                    headers={"Content-Type": "x/y"} if method != "GET" else {})
    seen = json.loads(answer["body"])
    assert (seen["method"], seen["body"]) == (then, body)
    assert dict(seen["headers"]).get("Content-Type") == ("x/y" if body else None)


def test_secrets_stay_with_their_host(net, world):
    other = World()
    try:
        container = asker(net, "local")
        away = quote(f"http://localhost:{other.port}/echo")
        for to, kept in (("/echo", {"a", "c", "x"}), (away, {"x"})):
            answer, _ = ask(container, f"http://localhost:{world.port}/redirect?to={to}",
                            redirects=1, headers={"Authorization": "a", "Cookie": "c", "X": "x"})
            seen = dict(json.loads(answer["body"])["headers"])
            assert {seen.get(n) for n in ("Authorization", "Cookie", "X")} - {None} == kept
    finally:
        other.close()


# ---- limits ----

def test_an_activation_makes_so_many_requests(net, world):
    container = asker(net, "few")
    got = answers(container, *[{"url": world.url()}] * 5)
    assert [a["end"] for a in got] == [OK] * 3 + [TOO_MANY] * 2
    assert [a["end"] for a in answers(container, *[{"url": world.url()}] * 3)] == [OK] * 3
    answer, log = ask(container, world.url("/circle"), redirects=9)
    assert answer["end"] == TOO_MANY and len(log) == 1, "each hop counts"


@pytest.mark.parametrize("how", ["", "&chunked=1"])
def test_a_response_ends_where_it_is_too_large(net, world, how):
    container = asker(net, "small")
    answer, log = ask(container, world.url(f"/size?is=4096{how}"))
    assert (answer["end"], answer["size"], log) == (OK, 4096, [])
    before = net.memory_kb()
    answer, log = ask(container, world.url(f"/size?is=1000000000{how}"))
    assert (answer["end"], len(log)) == (TOO_LARGE, 1)
    assert net.memory_kb() - before < 20000


@pytest.mark.parametrize("head, end", [
    ("lines=50&each=1000", OK), ("lines=90&each=1000", TOO_LARGE), ("lines=1&each=60000", OK),
    ("lines=1&each=70000", TOO_LARGE), ("lines=3&each=1000000", TOO_LARGE),
    ("lines=20000&each=1", TOO_LARGE)])
def test_a_head_ends_where_it_is_too_large(net, world, head, end):
    answer, _ = ask(asker(net, "large"), world.url(f"/head?{head}"))
    assert answer["end"] in ((end, BROKEN) if end else (OK,))


@pytest.mark.parametrize("raw, ends", [
    ("", {BROKEN}), ("nonsense", {BROKEN}),
    ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", {BROKEN}),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", {BROKEN}),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", {BROKEN}),
    ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", {BROKEN}),
    ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", {OK, BROKEN}),
    ("HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nC: d\r\n\r\nhi", {OK}),
    ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\nhi", {OK}),
    ("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\nhi", {OK, BROKEN}),
    ("HTTP/9.9 200 OK\r\n\r\n", {BROKEN})])
def test_a_server_that_does_not_keep_to_http(net, world, raw, ends):
    answer, _ = ask(asker(net), world.url("/raw?bytes=" + quote(raw)))
    assert answer["end"] in ends, answer
    if "Continue" in raw:
        assert answer["headers"] == [["C", "d"]]


def test_a_guest_may_wait_for_less_than_it_could(net, world):
    container = asker(net, "quick")
    for path, how in (("/never", {}), ("/drip", {}), ("/never", {"timeout": 50})):
        began = time.monotonic()
        answer, _ = ask(container, world.url(path), **how)
        assert answer["end"] == TIMEOUT
        assert time.monotonic() - began > (0.05 if how else 0.3)
    assert ask(asker(net), world.url("/never"), timeout=200)[0]["end"] == TIMEOUT
    assert ask(container, world.url(), timeout=4_000_000_000)[0]["end"] == OK


def test_nobody_there(net, world):
    unused = World()
    unused.close()
    answer, log = ask(asker(net, "local"), f"http://localhost:{unused.port}/")
    assert (answer["end"], log) == (CONNECT, [])


# ---- while it waits ----

def drain(semaphore):
    while semaphore.acquire(blocking=False):
        pass


@pytest.mark.parametrize("path", ["/never", "/drip"])
def test_the_deadline_comes_all_the_same(net, world, path):
    drain(world.left)
    container = asker(net)
    began = time.monotonic()
    reply = container.run({"requests": [{"url": world.url(path)}]}, deadline=epoch_ms() + 300)
    assert "exceeded its time limits" in reply.failure(2)
    assert 0.2 < time.monotonic() - began < 3
    if path == "/never":
        assert world.left.acquire(timeout=5), "the connection was left open"
    assert ask(container, world.url())[0]["end"] == OK


def test_a_worker_that_is_killed_leaves_nothing(net, world, request):
    request.node.add_marker(pytest.mark.log_has("worker.exit"))
    drain(world.waiting)
    drain(world.left)
    container = asker(net)
    run = Background(lambda: container.run({"requests": [{"url": world.url("/never")}]}))
    assert world.waiting.acquire(timeout=10)
    for pid in net.workers():
        os.kill(pid, signal.SIGKILL)
    assert run.wait().failure(2) == UNEXPECTED_EXIT
    assert world.left.acquire(timeout=5), "the connection was left open"
    assert ask(container, world.url())[0]["end"] == OK


def test_who_waits_holds_no_processor(own_wowd, world, tmp_path):
    """With one worker that computes, thirty wait at once, and one more computes meanwhile."""
    (tmp_path / "policy.json").write_text(json.dumps(policy(world)))
    wowd = own_wowd("--policy", tmp_path / "policy.json", workers=1)
    world.count = 0
    containers = [asker(wowd, f"ns{i}") for i in range(30)]
    runs = [Background(lambda c=c: answers(c, {"url": world.url("/together?n=31")}))
            for c in containers]
    until(lambda: world.count == 30, "all of them wait")
    assert wowd.container("ok.wat").run({}).result == {"answer": 42}
    assert ask(containers[0], world.url("/together?n=31"))[0]["body"] == "all here"
    assert {run.wait()[0]["body"] for run in runs} == {"all here"}


def test_so_many_are_under_way_in_all(own_wowd, world, tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps(policy(world)))
    drain(world.waiting)
    wowd = own_wowd("--policy", tmp_path / "policy.json", "--outbound", "2")
    runs = [Background(lambda c=c: c.run({"requests": [{"url": world.url("/never")}]},
                                         deadline=epoch_ms() + 2000))
            for c in [asker(wowd, f"ns{i}") for i in range(2)]]
    for _ in runs:
        assert world.waiting.acquire(timeout=10)
    answer, log = ask(asker(wowd), world.url())
    assert (answer["end"], len(log)) == (TOO_MANY, 1)
    assert [TIMED_OUT.split("%")[0] in run.wait().failure(2) for run in runs] == [True, True]
    assert ask(asker(wowd), world.url())[0]["end"] == OK


def test_none_at_all(own_wowd, world, tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps(policy(world)))
    wowd = own_wowd("--policy", tmp_path / "policy.json", "--outbound", "0")
    assert ask(asker(wowd), world.url())[0]["end"] == TOO_MANY


def test_wowd_stops_while_one_waits(own_wowd, world, tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps(policy(world)))
    drain(world.waiting)
    wowd = own_wowd("--policy", tmp_path / "policy.json")
    container = asker(wowd)
    run = Background(lambda: container.run({"requests": [{"url": world.url("/never")}]}))
    assert world.waiting.acquire(timeout=10)
    wowd.stop()
    run.wait()


def test_a_policy_that_changes_holds_for_the_next_request(own_wowd, world, tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy(world)))
    wowd = own_wowd("--policy", file)
    container = asker(wowd)
    assert ask(container, world.url())[0]["end"] == OK
    file.write_text("{}")
    wowd.process.send_signal(signal.SIGHUP)
    until(lambda: wowd.log().count("policy.loaded") == 2, "the policy is read")
    answer, log = ask(container, world.url())
    assert answer["end"] == REFUSED and "the policy does not grant" in log[0]


def test_many_at_once(net, world):
    containers = [asker(net, f"many{i}") for i in range(4)]
    ends = in_threads(16, lambda i: [ask(containers[i % 4], world.url())[0]["end"]
                                     for _ in range(10)])
    assert ends == [[OK] * 10] * 16


def test_others_modules_come_while_one_waits(own_wowd, world, tmp_path):
    """What a worker is told of the next activations does not disturb the guest that waits."""
    (tmp_path / "policy.json").write_text(json.dumps(policy(world)))
    wowd = own_wowd("--policy", tmp_path / "policy.json", workers=1)
    ns = {"env": {"__OW_NAMESPACE": "one"}}
    one = asker(wowd, "one")
    others = [wowd.container(f"""(module (memory (export "memory") 1)
        (data (i32.const 0) "{{\\"Ok\\":[{i}]}}") (global $n (mut i32) (i32.const 0))
        (func (export "wasm_memory_buffer_allocate_space") (param i32))
        (func (export "get_wasm_memory_buffer_pointer") (result i32)
          (select (i32.const 0) (i32.const 1024) (global.get $n)))
        (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $n))
        (func (export "_start") (global.set $n (i32.const {7 + len(str(i)) + 2}))))""", **ns)
              for i in range(12)]

    def work(i):
        for turn in range(30):
            if (i + turn) % 4 == 0:
                count = 1 if turn % 3 == 0 else 0
                got = answers(one, *[{"url": world.url("/size?is=10")}] * count)
                assert [a["body"] for a in got] == ["x" * 10] * count
            else:
                k = (i * 7 + turn) % len(others)
                assert others[k].run({}).result == [k]

    in_threads(12, work)


# ---- examples/net ----

def test_the_example_as_its_page_shows_it(own_wowd, world, tmp_path):
    """The commands of its README, with a server of the test's own on another port."""
    folder = ROOT / "examples" / "net"
    page = (folder / "README.md").read_text(encoding="utf-8")
    serve, daemon, pack, invoke = [line.strip() for line in page.splitlines()
                                   if re.match("    (python3|build|zip)", line)]
    assert (serve.split()[:4], daemon.split()[:2]) == (
        ["python3", "-m", "http.server", "8791"], ["build/wowd", "--policy"])
    (tmp_path / "examples").mkdir()
    shutil.copytree(folder, tmp_path / "examples" / "net")
    (tmp_path / "build").symlink_to(BUILD)
    for file in ("in.json", "wow.json", "policy.json"):
        path = tmp_path / "examples" / "net" / file
        path.write_text(path.read_text().replace("8791", str(world.port)).replace(
            "hello.txt", "raw?bytes=HTTP/1.0%20200%20OK%0AContent-Type:t%0A%0Ahello"))

    def shell(wowd, line):
        env = {**os.environ, "WOW_EXECUTOR": "%s:%d" % wowd.executor}
        return subprocess.run(line, shell=True, cwd=tmp_path, env=env, capture_output=True,
                              text=True, check=True).stdout

    wowd = own_wowd("--policy", tmp_path / "examples" / "net" / "policy.json")
    shell(wowd, pack)
    result = json.loads(shell(wowd, invoke))["result"]
    assert result.pop("url").startswith("http://127.0.0.1:")
    assert result == {"reached": True, "status": 200, "type": "t", "text": "hello"}
    refused = wowd.container((BUILD / "examples" / "net.wasm").read_bytes())
    reply = refused.run(json.loads((folder / "in.json").read_text()), logs=True)
    assert reply.result == json.loads((folder / "out.json").read_text())
    assert "wow: refused: GET http://127.0.0.1:8791/hello.txt: " in reply.json["logs"][0]
