"""What a client may do to a connection, well and badly."""
import json
import os
import signal
import socket

import pytest

from harness import Background, action, epoch_ms, request, until

LIMIT = 66 << 20
TOO_LARGE = f"the request's body is larger than {LIMIT} bytes"


def read_reply(stream):
    """One answer of several on a connection: (status, body)."""
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline().strip()):
        name, value = line.decode().split(":", 1)
        headers[name.lower()] = value.strip()
    if status == 100:
        return status, b""
    return status, stream.read(int(headers["content-length"]))


def raw_post(path, body, *headers, length=None):
    lines = [f"POST {path} HTTP/1.1", "Host: wow", *headers]
    if length != "none":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/start", "/echo", "/x/init", "/x/run", "/x/destroy"])
def test_only_post_is_understood(wowd, method, path):
    reply = wowd.post(path, method=method)
    assert reply.status == 405
    assert method == "HEAD" or reply.error == "Only POST is understood here."


@pytest.mark.parametrize("path", ["/", "/x", "/start/", "/x/start", "/x/fly", "/a/b/run", "//run",
                                  "/x/run/", "/run", "/" + "y" * 200 + "/run"])
def test_there_are_no_other_paths(wowd, path):
    reply = wowd.post(path, "{}")
    assert reply.status == 404
    assert reply.error.startswith("No such path: ")


def test_a_path_may_have_a_query(wowd):
    assert wowd.container("ok.wat").post("run?blocking=true", "{}").result == {"answer": 42}


@pytest.mark.parametrize("verb", ["init", "run"])
@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"{]", b"nul", b'{"a":1}x', b"{'a':1}", b'{"a":}', b'{"a":1,}', b'{"a":01}',
    b'{"a":+1}', b'{"a":1.}', b'{"a":"\t"}', b'{"a":"\\x"}', b'{"a":"\\ud800"}', b'{"a":"\xff"}',
    b'{"a":"\xed\xa0\x80"}', b'{"a":"open}', b"{}\0", b"\xef\xbb\xbf{}", b'{"a":' + b"[" * 200000,
    b'{"a":NaN}', b'{"a":tru}', b'{"a" 1}', b'{1:1}'])
def test_a_body_that_is_not_json_is_refused(wowd, verb, body):
    reply = wowd.container("ok.wat").post(verb, body)
    assert reply.status == 400
    assert reply.error.startswith("the request's body: not valid JSON: ")


@pytest.mark.parametrize("verb", ["init", "run"])
@pytest.mark.parametrize("body, what", [("[]", "an array"), ("null", "null"), ("3", "a number"),
                                        ('"x"', "a string"), ("true", "a boolean")])
def test_a_body_is_an_object(wowd, verb, body, what):
    reply = wowd.container("ok.wat").post(verb, body)
    assert (reply.status, reply.error) == (400, f"the request's body is {what}, not an object")


def test_a_body_may_be_as_large_as_the_limit_and_no_larger(wowd):
    container = wowd.container("echo.wat")
    body = b'{"value":{"a":1}' + b" " * LIMIT
    assert container.post("run", body[:LIMIT - 1] + b"}").result == {"a": 1}
    with wowd.connect() as connection:
        connection.sendall(raw_post(f"/{container.id}/run", b"", length=LIMIT + 1))
        status, text = read_reply(connection.makefile("rb"))
    assert (status, json.loads(text)) == (413, {"error": TOO_LARGE})


def test_a_client_that_waits_for_100_is_told_413_instead(wowd):
    with wowd.connect() as connection:
        connection.sendall(raw_post("/x/init", b"", "Expect: 100-continue", length=LIMIT + 1))
        assert read_reply(connection.makefile("rb"))[0] == 413


def test_a_client_that_waits_for_100_gets_it(wowd):
    with wowd.connect() as connection:
        stream = connection.makefile("rb")
        connection.sendall(raw_post("/echo", b"", "Expect: 100-continue", length=2))
        assert read_reply(stream)[0] == 100
        connection.sendall(b"{}")
        assert read_reply(stream)[0] == 200


def test_a_chunked_body_beyond_the_limit_is_refused(wowd):
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with wowd.connect() as connection:
        connection.sendall(raw_post("/x/init", b"", "Transfer-Encoding: chunked", length="none"))
        for _ in range(67):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        status, body = read_reply(connection.makefile("rb"))
    assert (status, json.loads(body)) == (413, {"error": TOO_LARGE})


def test_a_chunked_body_is_a_body(wowd):
    container = wowd.container("echo.wat")
    with wowd.connect() as connection:
        connection.sendall(raw_post(f"/{container.id}/run", b"", "Transfer-Encoding: chunked",
                                    length="none"))
        connection.sendall(b'9\r\n{"value":\r\n8\r\n{"a":1}}\r\n0\r\n\r\n')
        status, body = read_reply(connection.makefile("rb"))
    assert (status, json.loads(body)["result"]) == (200, {"a": 1})


def test_pipelined_requests_are_answered_in_order(wowd):
    path = f"/{wowd.container('echo.wat').id}/run"
    bodies = [b'{"value":{"i":%d}}' % i for i in range(20)]
    with wowd.connect() as connection:
        connection.sendall(b"".join(raw_post(path, body) for body in bodies))
        stream = connection.makefile("rb")
        replies = [read_reply(stream) for _ in bodies]
    assert [json.loads(body)["result"] for _, body in replies] == [{"i": i} for i in range(20)]


def test_a_connection_serves_many_requests(wowd):
    container = wowd.container("echo.wat")
    paths = [f"/{container.id}/run", "/nowhere", "/echo", f"/{container.id}/init"]
    with wowd.connect() as connection:
        stream = connection.makefile("rb")
        statuses = []
        for path in paths * 10:
            connection.sendall(raw_post(path, b"{}"))
            statuses.append(read_reply(stream)[0])
    assert statuses == [200, 404, 200, 403] * 10


def test_http_1_0_is_understood(wowd):
    with wowd.connect() as connection:
        connection.sendall(b"POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
        stream = connection.makefile("rb")
        assert read_reply(stream)[0] == 200
        assert stream.read() == b"", "the connection is closed behind the answer"


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\0\r\n\r\n", b"POST\r\n\r\n", b"x\r\n\r\n",
                                     b"POST /echo HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}",
                                     b"POST /echo HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_is_refused(wowd, garbage):
    with wowd.connect() as connection:
        connection.sendall(garbage)
        answer = connection.makefile("rb").read()
    assert answer == b"" or answer.split()[1] in (b"400", b"505"), answer


def test_headers_have_a_limit(wowd):
    with wowd.connect() as connection:
        connection.sendall(raw_post("/echo", b"", "X-Large: " + "y" * 40000))
        assert connection.makefile("rb").readline().split()[1] == b"431"


@pytest.mark.parametrize("half", [b"", b"POST /ec", b"POST /echo HTTP/1.1\r\nContent-Le",
                                  raw_post("/echo", b'{"value":', length=100)])
def test_clients_that_stop_halfway_keep_nobody_waiting(wowd, half):
    stuck = [wowd.connect() for _ in range(50)]
    for connection in stuck:
        connection.sendall(half)
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    for connection in stuck:
        connection.close()


def test_a_client_that_leaves_halfway_is_forgotten(own_wowd):
    """What it sent and its leaving arrive together, as they do at a busy daemon."""
    wowd = own_wowd("--idle-timeout", "1")
    before = wowd.descriptors()
    with wowd.connect() as connection:
        until(lambda: wowd.descriptors() > before, "it is connected")
        os.kill(wowd.pid, signal.SIGSTOP)
        connection.sendall(b"POST /ec")
        connection.shutdown(socket.SHUT_WR)
        os.kill(wowd.pid, signal.SIGCONT)
        until(lambda: wowd.descriptors() <= before, "wowd closes the connection, too")


def test_a_client_that_says_nothing_is_let_go(own_wowd):
    wowd = own_wowd("--idle-timeout", "1")
    with wowd.connect() as silent, wowd.connect() as halfway:
        halfway.sendall(raw_post("/echo", b"{}")[:-1])
        for connection in (silent, halfway):
            connection.settimeout(10)
            assert connection.recv(1) == b"", "the connection is closed, without an answer"


def test_a_client_that_leaves_during_its_activation_harms_nobody(wowd):
    container = wowd.container("loop.wat")
    body = json.dumps({"value": [1], "deadline": epoch_ms() + 600}).encode()
    connection = wowd.connect()
    connection.sendall(raw_post(f"/{container.id}/run", body))
    until(wowd.spinning, "the guest runs")
    connection.close()
    assert container.run({}).result == {}
    until(lambda: not wowd.spinning(), "the guest is killed at its deadline")
    assert container.run({}).result == {}


def test_a_client_that_leaves_during_its_init_harms_nobody(wowd):
    code = action('(module (memory (export "memory") 1) (func (export "_start")))')
    body = json.dumps({"value": {"code": code}}).encode()
    for i in range(20):
        connection = wowd.connect()
        connection.sendall(raw_post(f"/left{i}/init", body))
        connection.close()
    assert wowd.container("ok.wat").run().result == {"answer": 42}


def test_a_client_that_reads_slowly_keeps_nobody_waiting(wowd):
    container = wowd.container("size.wat")
    with wowd.connect() as slow:
        slow.sendall(raw_post(f"/{container.id}/run", b'{"value":[8000000]}'))
        for _ in range(3):
            assert container.run([100]).record["status_code"] == 0
        status, body = read_reply(slow.makefile("rb"))
    assert (status, len(json.loads(body)["result"][0])) == (200, 8000000 - 11)


def test_two_hundred_connections_at_once(wowd):
    many = [wowd.connect() for _ in range(200)]
    for connection in many:
        connection.sendall(raw_post("/echo", b'{"value":[7]}'))
    for connection in many:
        assert read_reply(connection.makefile("rb"))[0] == 200
        connection.close()


def test_an_answer_waits_for_nobody_elses(wowd):
    container = wowd.container("loop.wat")
    slow = Background(lambda: container.run([1], deadline=epoch_ms() + 500))
    until(wowd.spinning, "the guest runs")
    for _ in range(20):
        assert request(wowd.executor, "/echo", "{}").result == {}
    assert not slow.is_done()
    slow.wait()
