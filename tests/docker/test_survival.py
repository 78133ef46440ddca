"""Many at once, many in all, clients that die, clients that lie, and two daemons."""
import os
import signal
import socket
import stat
import subprocess
import time

import pytest

from docker import IMAGE, PROGRAM, SANITIZED, Docker, run_arguments
from harness import clean_environment, in_threads, request, run_wowd


def test_a_hundred_runs_at_once(docker):
    done = in_threads(100, lambda i: docker(*run_arguments(f"wsk0_{i}_guest_a")))
    ids = [d.text.strip() for d in done]
    assert len(set(ids)) == 100 and sorted(docker.ids("name=wsk0_")) == sorted(ids)
    addresses = docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", *ids).text
    assert len(set(addresses.split())) == 100
    assert sorted(docker("rm", "-f", *ids).text.split()) == sorted(ids)


def test_of_runs_with_one_name_one_wins(docker):
    done = in_threads(20, lambda i: docker(*run_arguments("wsk0_1_guest_a")))
    assert sorted(d.code for d in done) == [0] + 19 * [125]
    assert docker.ids() == [d.out.strip() for d in done if d.code == 0]


def test_ten_thousand_stem_cells_cost_little(own_wowd):
    """They are an address and a row each. Asked for on one connection, for the test's sake."""
    wowd = own_wowd()
    before = wowd.memory_kb()
    connection = Control(wowd)
    for i in range(10000):
        answer = connection.ask(*run_arguments(f"wsk0_{i}_prewarm_wasm01"))
        assert answer.startswith(b"ours 0 65\n"), answer
    connection.close()
    if not SANITIZED:  # whose memory is mostly the sanitizer's
        assert wowd.memory_kb() < 100_000
        assert wowd.memory_kb() - before < 20_000, "two kilobytes each"
    assert not list((wowd.data / "containers").glob("*"))
    docker = Docker(wowd)
    assert len(docker.ids()) == 10000
    assert len(docker.ids("name=wsk0_77_")) == 1
    sandbox = docker.found(docker.ids("name=wsk0_9999_")[0])
    assert sandbox.init("ok.wat").status == 200 and sandbox.run({}).json == {"answer": 42}
    assert docker("rm", "-f", *docker.ids()).code == 0
    assert docker.ids() == []


@pytest.mark.parametrize("moment", range(12))
def test_a_killed_client_leaves_nothing_that_clean_up_does_not_find(docker, moment):
    """kill -9 after so many of its system calls that a client can have made by then."""
    client = subprocess.Popen([PROGRAM, *run_arguments("wsk0_1_guest_a")], stdout=subprocess.PIPE,
                              env=clean_environment(docker.env))
    for _ in range(moment * 200):
        pass
    client.send_signal(signal.SIGKILL)
    out = client.communicate()[0].decode().split()
    ids = docker.ids("name=wsk0_")
    assert len(ids) <= 1 and (not out or out == ids)
    if ids:
        assert docker("rm", "-f", *ids).code == 0
    assert docker.run("wsk0_1_guest_a")


def test_a_client_that_dies_before_it_hears(docker):
    for _ in range(20):
        client = Control(docker.wowd)
        client.send(*run_arguments("wsk0_1_guest_a"))
        client.close()
        ids = docker.ids("name=wsk0_1_")
        assert len(ids) <= 1
        docker.remove_all()


# ---- stem cells and a wowd that is restarted ----

def restarted(start_wowd, engine, wowd):
    wowd.kill()
    return start_wowd(engine, "--container-logs", wowd.place / "containers", "--proxy-port",
                      str(wowd.proxy_port), place=wowd.place)


@pytest.fixture
def filed(start_wowd, engine, tmp_path):
    return start_wowd(engine, "--container-logs", tmp_path / "containers", place=tmp_path)


def test_containers_are_gone_with_their_wowd(start_wowd, engine, filed):
    cell = Docker(filed).run("wsk0_1_prewarm_wasm01")
    docker = Docker(restarted(start_wowd, engine, filed))
    gone = f"No such container: {cell.id}\n"
    assert docker.ids() == [] and not cell.folder.exists()
    for verb in "pause", "unpause", "kill":
        assert tuple(docker(verb, cell.id)) == (1, "", "Error response from daemon: " + gone)
    assert tuple(docker("rm", "-f", cell.id)) == (0, "", "Error response from daemon: " + gone)
    assert docker("inspect", cell.id).code == 1
    assert cell.run({}).status == 503


def test_a_stem_cell_is_made_again_by_its_init(start_wowd, engine, filed):
    name = Docker(filed)("run", "-d", "-m", "128m", "-e", "A=container", "-e", 'B=\n"', "--name",
                         "wsk0_1_prewarm_wasm01", IMAGE).text.strip()
    cell, other = Docker(filed).found(name), Docker(filed).run("wsk0_2_prewarm_wasm01")
    wowd = restarted(start_wowd, engine, restarted(start_wowd, engine, filed))  # even twice
    docker = cell.docker = Docker(wowd)
    assert docker.run("wsk0_3_prewarm_wasm01").address not in (cell.address, other.address)
    assert cell.init("variables.c").status == 200
    assert cell.run({"names": ["A", "B"]}).json == {"A": "container", "B": '\n"'}
    assert cell.config.exists() and cell.log.exists()
    assert docker("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "wsk0_1_prewarm_wasm01").text == \
        cell.address + "\n"
    assert "wsk0_1_prewarm_wasm01" in docker("ps", "--filter", f"id={cell.id}").text
    assert docker("pause", cell.id).code == 0 and docker("rm", "-f", cell.id).code == 0
    assert cell.init("ok.wat").status == 404  # and not a second time


def test_a_stem_cell_has_its_memory_again(start_wowd, engine, filed):
    cell = Docker(filed).run("wsk0_1_prewarm_wasm01", memory=128)
    cell.docker = Docker(restarted(start_wowd, engine, filed))
    assert cell.init("grow.wat").status == 200
    assert cell.run({}).json == [2048, 7]


def test_a_stem_cell_whose_name_is_taken_is_gone(start_wowd, engine, filed):
    cell = Docker(filed).run("wsk0_1_prewarm_wasm01")
    docker = Docker(restarted(start_wowd, engine, filed))
    docker.run("wsk0_1_prewarm_wasm01")  # the invoker was restarted, too
    assert cell.init("ok.wat").status == 404


@pytest.mark.parametrize("damage", [b"", b"{", b"[]\n", b"\xff\n{}\n", b'{"address":"127.64.0.1"}\n'])
def test_a_damaged_file_of_stem_cells_does_no_harm(start_wowd, engine, filed, damage):
    cell = Docker(filed).run("wsk0_1_prewarm_wasm01")
    file = filed.data / "stem-cells"
    file.write_bytes(damage + file.read_bytes())
    docker = Docker(restarted(start_wowd, engine, filed))
    assert docker.run("wsk0_2_prewarm_wasm01")
    assert cell.init("ok.wat").status in (200, 404)


def test_the_file_of_stem_cells_does_not_grow_for_ever(own_wowd):
    wowd = own_wowd()
    control = Control(wowd)
    for i in range(4000):
        name = control.ask(*run_arguments(f"wsk0_{i}_guest_a")).split()[3].decode()
        assert control.ask("rm", "-f", name).startswith(b"ours 0 ")
    control.close()
    assert len((wowd.data / "stem-cells").read_bytes().splitlines()) < 1100


# ---- the socket ----

class Control:
    """A connection to the control door."""

    def __init__(self, wowd):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(wowd.data / "control.sock"))
        self.reader = self.socket.makefile("rb")

    def send(self, *words):
        self.raw(b"".join(os.fsencode(word) + b"\0" for word in words))

    def raw(self, body, path="/docker", method="POST"):
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
                            .encode() + body)

    def hear(self):
        status, length = int(self.reader.readline().split()[1]), 0
        while (line := self.reader.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return status, self.reader.read(length)

    def ask(self, *words):
        self.send(*words)
        status, body = self.hear()
        assert status == 200
        return body

    def close(self):
        self.reader.close()
        self.socket.close()


@pytest.fixture
def control(wowd):
    connection = Control(wowd)
    yield connection
    connection.close()


def test_the_socket_is_its_owners(wowd):
    mode = os.stat(wowd.data / "control.sock")
    assert stat.S_ISSOCK(mode.st_mode) and stat.S_IMODE(mode.st_mode) == 0o600
    assert mode.st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_somebody_else_may_not_ask(own_wowd, tmp_path_factory):
    place = tmp_path_factory.mktemp("open")
    for folder in [place, *place.parents[:3]]:
        folder.chmod(0o755)
    wowd = own_wowd("--control", place / "s")
    os.chmod(place / "s", 0o666)
    try:
        done = subprocess.run([PROGRAM, "ps", "-q"], capture_output=True, user="nobody", timeout=20,
                              env=clean_environment({"WOW_CONTROL": str(place / "s")}), check=False)
    except PermissionError:
        pytest.skip("the build's directory is not everybody's to read")
    assert done.returncode == 1
    assert b"Only root and wowd's own user may ask." in done.stderr
    assert wowd.is_alive()


@pytest.mark.parametrize("body", [b"ps", b"ps\0-q", b"\xff"])
def test_a_body_that_is_no_list_of_words(control, body):
    control.raw(body)
    assert control.hear() == (
        400, b'{"error":"The body is no list of words, each with a NUL behind it."}')


@pytest.mark.parametrize("path, method", [("/", "POST"), ("/docker", "GET"), ("/docker/x", "POST"),
                                          ("/start", "POST")])
def test_other_paths(control, path, method):
    control.raw(b"", path, method)
    assert control.hear() == (404, b'{"error":"No such path: POST /docker."}')


@pytest.mark.parametrize("words", [
    [b"\xff\xfe"], [b"run", b"-d", b"\xff"], [b"ps", b"--filter", b"name=" + b"x" * 500_000],
    [b"inspect", b"-f", b"{{" * 10000, b"x"], [b"rm", b"-f", *[b"x"] * 4000], [b""], [b"-"], [b"--"],
    [b"run", b"-" + b"d" * 100_000, b"wow/x"], [b"run", b"--" + b"x" * 100_000, b"wow/x"],
    [b"logs", b"\xff" * 1000], [b""] * 5000, [b"run", b"-d", b"--name", b"%s%n%s", b"wow/x"],
    [b"pull", b"wow/" + b"x" * 100_000], [b"images", b"%n%n%n"], [b"run", b"-d", b"wow/" + b"a" * 127]])
def test_odd_words_are_answered(docker, control, words):
    control.send(*words)
    status, body = control.hear()
    assert status == 200 and body.split(b" ")[0] in (b"ours", b"foreign", b"both")


def test_a_body_that_is_too_large(control):
    control.socket.sendall(b"POST /docker HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
    assert control.hear()[0] == 413


def test_the_socket_goes_with_its_daemon(own_wowd):
    wowd = own_wowd()
    path = wowd.data / "control.sock"
    assert path.exists()
    wowd.stop()
    assert not path.exists()


def test_a_socket_left_behind_is_taken_over(tmp_path, engine, start_wowd):
    wowd = start_wowd(engine, place=tmp_path)
    wowd.kill()
    assert (tmp_path / "data" / "control.sock").exists()
    again = start_wowd(engine, place=tmp_path)
    assert Docker(again).ids() == []


def test_a_socket_in_use_is_left_alone(wowd, tmp_path):
    path = wowd.data / "control.sock"
    done = run_wowd("--data", tmp_path / "d", "--cache", tmp_path / "c", "--executor", "127.0.0.1:0",
                    "--proxy-port", "0", "--control", path)
    assert done.returncode == 1
    assert f"control: listening on '{path}': Address already in use" in done.stderr
    assert Docker(wowd).ids() == []


def test_a_file_in_its_place_is_left_alone(tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    done = run_wowd("--data", tmp_path / "d", "--cache", tmp_path / "c", "--executor", "127.0.0.1:0",
                    "--proxy-port", "0", "--control", path)
    assert done.returncode == 1 and path.read_text() == "data"


def test_a_path_that_no_socket_can_have(tmp_path):
    path = tmp_path / ("x" * 100)
    done = run_wowd("--data", tmp_path / "d", "--cache", tmp_path / "c", "--executor", "127.0.0.1:0",
                    "--proxy-port", "0", "--control", path)
    assert done.returncode == 64 and "a socket's path has 107 bytes at most" in done.stderr


def test_where_the_socket_is_can_be_said(own_wowd, tmp_path):
    wowd = own_wowd("--control", tmp_path / "here.sock")
    docker = Docker(wowd, env={"WOW_CONTROL": str(tmp_path / "here.sock")})
    assert docker("run", "-d", IMAGE).code == 0
    assert not (wowd.data / "control.sock").exists()


def test_an_answer_at_the_deadline_begins_there_and_ends_later(docker):
    """And a client that does not wait for the end does no harm."""
    sandbox = docker.run("wsk0_1_guest_a")
    assert sandbox.init("loop.wat").status == 200
    address = sandbox.address, docker.wowd.proxy_port
    for patient in True, False, True:
        deadline = time.time() + 0.3
        body = b'{"value":[0],"deadline":"%d"}' % int(deadline * 1000)
        with socket.create_connection(address, 5) as connection:
            connection.sendall(b"POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
                               + body)
            first = connection.recv(12)
            assert first == b"HTTP/1.1 502"
            if patient:
                rest = b""
                while b"milliseconds" not in rest:
                    rest += connection.recv(4096)
                assert time.time() >= deadline + 0.019
    assert request(address, "/run", b'{"value":[0],"deadline":"1"}').status == 502
