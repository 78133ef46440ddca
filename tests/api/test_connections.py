"""
How guests' requests get to their hosts: certificates, names and who answers for them, connections
that are kept. On one engine: none of it is an engine's business.
"""
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from harness import BUILD, ENGINES, Background, epoch_ms, until
from servers import Names, World, certificate, tls
from test_network import CONNECT, OK, REFUSED, RESOLVE, TIMEOUT, TLS, ask, asker

ENGINE = "wasmtime" if "wasmtime" in ENGINES else ENGINES[0]
RESOLVER = f"127.200.{os.getpid() >> 8 & 255}.{os.getpid() % 250 + 1}"


@pytest.fixture
def start(start_wowd, tmp_path):
    def begin(policy, *options, **how):
        file = tmp_path / "policy.json"
        file.write_text(json.dumps(policy))
        return start_wowd(ENGINE, "--policy", file, *options, **how)

    tmp_path.chmod(0o755)
    return begin


# ---- TLS ----

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls") / "authority", None)


@pytest.fixture
def secure(authority):
    """Start servers with certificates of their own."""
    started = []

    def begin(name, names="IP:127.0.0.1", by=authority, **how):
        started.append(World(tls(certificate(authority.parent / name, names, by, **how))))
        return started[-1]

    yield begin
    for world in started:
        world.close()


ANYWHERE = {"default": {"hosts": ["https://127.0.0.1:*", "http://127.0.0.1:*", "https://[::1]:*"]}}


def test_a_certificate_is_checked(start, secure, authority):
    container = asker(start(ANYWHERE, "--ca-file", authority / "crt"))
    answer, log = ask(container, secure("good").url(), method="POST", body="b")
    assert (answer["end"], answer["status"], log) == (OK, 200, [])
    assert json.loads(answer["body"])["body"] == "b"
    for name, how in (("other", {"names": "DNS:other.example"}), ("self", {"by": None}),
                      ("old", {"days": "-1"}), ("address", {"names": "IP:127.0.0.2"})):
        answer, _ = ask(container, secure(name, **how).url())
        assert (answer["end"], "body" in answer) == (TLS, False), name
        assert "certificate" in answer["text"]


def test_without_its_authority_a_certificate_is_worth_nothing(start, secure):
    assert ask(asker(start(ANYWHERE)), secure("unknown").url())[0]["end"] == TLS


def test_https_is_not_http(start, secure, authority):
    container = asker(start(ANYWHERE, "--ca-file", authority / "crt"))
    plain, coded = World(), secure("coded")
    try:
        assert ask(container, plain.url().replace("http:", "https:"))[0]["end"] == TLS
        answer, _ = ask(container, coded.url().replace("https:", "http:"))
        assert answer["end"] != OK
    finally:
        plain.close()


def test_an_authoritys_file_must_be_there_when_it_is_needed(start, secure, tmp_path):
    container = asker(start(ANYWHERE, "--ca-file", tmp_path / "none"))
    answer, _ = ask(container, secure("nofile").url())
    assert answer["end"] == TLS and answer["text"]


# ---- names ----

@pytest.fixture
def named(start, tmp_path):
    """Start wowd with an /etc/hosts, a resolver and authorities of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can give wowd an /etc/hosts of its own")
    hosts, resolv, script = tmp_path / "hosts", tmp_path / "resolv", tmp_path / "wowd"
    authorities = tmp_path / "certs"
    authorities.mkdir()
    resolv.write_text(f"nameserver {RESOLVER}\noptions timeout:30 attempts:1\n")
    script.write_text(
        "#!/bin/sh\n"
        "exec unshare -m sh -c 'mount --bind \"$0/hosts\" /etc/hosts && "
        "mount --bind \"$0/resolv\" /etc/resolv.conf && "
        "mount --bind \"$0/certs\" /etc/ssl/certs && exec \"$@\"' "
        f"{tmp_path} {BUILD}/wowd \"$@\"\n")
    script.chmod(0o755)

    def begin(policy, names=(), *options):
        hosts.write_text("".join(f"{address} {name}\n" for name, address in names))
        wowd = start(policy, *options, program=script)
        wowd.hosts, wowd.authorities = hosts, authorities
        return wowd

    return begin


@pytest.fixture
def world():
    world = World()
    yield world
    world.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "::1",
                                     "::ffff:127.0.0.1", "fd00::1", "64:ff9b::127.0.0.1"])
def test_a_name_may_not_lead_to_what_is_not_public(named, world, address):
    wowd = named({"default": {"hosts": ["*:*"]}}, [("evil.example", address)])
    answer, log = ask(asker(wowd), world.url(host="evil.example"))
    assert (answer["end"], len(log), world.connections) == (REFUSED, 1, 0)
    assert re.search(r"evil\.example leads to \S+, an? \S+ address, which the policy does not name",
                     log[0])


def test_a_name_may_lead_where_the_policy_says(named, world):
    wowd = named({"default": {"hosts": ["http://a.corp.example:*", "http://*.corp.example:*"],
                              "addresses": ["127.0.0.0/30"]}},
                 [("a.corp.example", "127.0.0.1"), ("b.corp.example", "127.0.0.4"),
                  ("c.corp.example", "127.0.0.4"), ("c.corp.example", "127.0.0.1")])
    container = asker(wowd)
    answer, _ = ask(container, world.url(host="a.corp.example"))
    assert dict(json.loads(answer["body"])["headers"])["Host"] == f"a.corp.example:{world.port}"
    assert ask(container, world.url(host="b.corp.example"))[0]["end"] == REFUSED
    answer, log = ask(container, world.url(host="c.corp.example"))
    assert (answer["end"], log) == (OK, []), "of two addresses one will do"


def test_a_name_that_changes_in_between(named, world):
    """Who controls a name lets it lead to an allowed address first, then to another."""
    friend = World(address="127.0.0.2")
    names = Names(RESOLVER, "127.0.0.2", "127.0.0.1")
    try:
        container = asker(named({"default": {"hosts": ["*:*"], "addresses": ["127.0.0.2"]}}))
        url = friend.url(host="rebind.example")
        assert ask(container, url)[0]["end"] == OK
        until(lambda: ask(container, url)[0]["end"] == REFUSED, "it is looked up again", 10)
        assert names.asked[:2] == ["127.0.0.2", "127.0.0.1"]
        both = friend.url(f"/redirect?to=http://rebind.example:{world.port}/echo",
                          host="127.0.0.2")
        assert ask(container, both, redirects=3)[0]["end"] == REFUSED
        assert world.connections == 0
    finally:
        names.close()
        friend.close()


def test_a_name_that_nobody_knows(named):
    container = asker(named({"default": {"hosts": ["*"]}}))
    answer, log = ask(container, "http://nobody.example/")
    assert (answer["end"], log) == (RESOLVE, [])


def test_a_resolver_that_does_not_answer_holds_nobody_up(named):
    mute = Names(RESOLVER)
    try:
        wowd = named({"default": {"hosts": ["*"]}})
        container = asker(wowd)
        assert ask(container, "http://slow.example/", timeout=200)[0]["end"] == TIMEOUT
        began = time.monotonic()
        run = Background(lambda: container.run({"requests": [{"url": "http://slow.example/"}]},
                                               deadline=epoch_ms() + 400))
        while not run.is_done():
            assert wowd.post("/echo", "{}").result == {}
        assert "exceeded its time limits" in run.wait().failure(2)
        assert time.monotonic() - began < 4
        again = Background(lambda: container.run({"requests": [{"url": "http://slow.example/"}]}))
        until(lambda: not again.is_done() and len(os.listdir(f"/proc/{wowd.pid}/task")) > 1,
              "a lookup is under way")
        began = time.monotonic()
        wowd.stop()
        again.wait()
        assert time.monotonic() - began < 5
    finally:
        mute.close()


def test_the_systems_authorities_are_trusted(named, secure, authority):
    """What is in the directory of certificates, beside --ca-file."""
    server = secure("named", "DNS:www.example")
    wowd = named({"default": {"hosts": ["https://*.example:*"], "addresses": ["127.0.0.1"]}},
                 [("www.example", "127.0.0.1"), ("ww2.example", "127.0.0.1")])
    container = asker(wowd)
    assert ask(container, server.url(host="www.example"))[0]["end"] == TLS
    shutil.copy(authority / "crt", wowd.authorities / "wow-test.pem")
    subprocess.run(["openssl", "rehash", wowd.authorities], check=True)
    assert ask(container, server.url(host="www.example"))[0]["end"] == OK
    assert ask(container, server.url(host="ww2.example"))[0]["end"] == TLS


# ---- connections that are kept ----

@pytest.fixture
def keeping():
    world = World(keep=True)
    yield world
    world.close()


def test_a_connection_serves_a_namespace_again_and_no_other(start, keeping):
    wowd = start({"default": {"hosts": [keeping.url("")]}}, workers=1)
    one, two, other = asker(wowd, "a"), asker(wowd, "a"), asker(wowd, "b")
    for container, connections in ((one, 1), (one, 1), (two, 1), (other, 2), (other, 2)):
        assert ask(container, keeping.url())[0]["end"] == OK
        assert keeping.connections == connections
    # and after a while none is left, as the fixture sees to


def test_a_connection_is_no_way_round_the_policy(start, keeping):
    """One action may go to a private address by a name, another of its namespace may not."""
    wowd = start({"default": {"hosts": [f"http://localhost:{keeping.port}"]},
                  "profiles": {"near": {"addresses": ["127.0.0.1"]}}}, workers=1)
    near, plain = asker(wowd, "a", "near"), asker(wowd, "a")
    url = keeping.url(host="localhost")
    for _ in range(2):
        assert ask(near, url)[0]["end"] == OK
    assert keeping.connections == 1, "it is kept"
    requests = len(keeping.requests)
    answer, log = ask(plain, url)
    assert (answer["end"], len(log)) == (REFUSED, 1)
    assert len(keeping.requests) == requests, "nothing was sent"


def test_a_connection_that_the_server_has_closed_is_made_again(start, keeping):
    wowd = start({"default": {"hosts": [keeping.url("")]}})
    container = asker(wowd)
    assert ask(container, keeping.url())[0]["end"] == OK
    assert ask(container, keeping.url("/raw?bytes=" + "HTTP/1.1%20200%20OK%0D%0A%0D%0Ahi"))[0][
        "body"] == "hi"
    assert ask(container, keeping.url())[0]["end"] == OK


def test_ipv6(start):
    world = World(address="::1")
    try:
        container = asker(start({"default": {"hosts": [f"http://[::1]:{world.port}"]}}))
        answer, _ = ask(container, world.url(host="[::1]"))
        assert answer["end"] == OK
        assert dict(json.loads(answer["body"])["headers"])["Host"] == f"[::1]:{world.port}"
        assert ask(container, world.url(host="[0::1]"))[0]["end"] == OK
        assert ask(container, world.url(host="127.0.0.1"))[0]["end"] == REFUSED
    finally:
        world.close()
    assert ask(container, f"http://[::1]:{world.port}/")[0]["end"] == CONNECT
