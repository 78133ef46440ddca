"""The program itself: options, signals, its end, and two of it."""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import pytest

from harness import (BUILD, NAMES, UNEXPECTED_EXIT, Background, clean_environment, programs_of,
                     run_wowd, until)

OPTIONS = ["executor", "proxy", "proxy-port", "control", "images", "rest", "tls-cert",
           "tls-key", "wskprops", "limit-invocations", "limit-concurrent", "limit-fires",
           "limit-sequence", "limit-alarms", "keep-days", "keep-size", "sync", "drain", "data",
           "cache", "cache-size", "engine", "tiering",
           "trust-precompiled", "workers", "memory", "memory-max", "memory-budget", "queue-wait",
           "timeout", "log-limit", "file-limit", "compile-time", "idle-timeout", "user",
           "user-ids", "grant-dirs", "policy", "outbound", "ca-file", "container-logs", "config"]
ENGINE = NAMES[0]


# ---- options ----

@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_option(flag):
    done = run_wowd(flag)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^  --([a-z-]+) [^-]", done.stdout, re.M) == OPTIONS
    for name in OPTIONS:
        assert f"(WOW_{name.upper().replace('-', '_')}; default " in done.stdout


def test_version_is_told():
    done = run_wowd("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"wowd \d+(\.\d+)*\S*\n", done.stdout)


@pytest.mark.parametrize("options, message", [
    (["--fly"], "unknown option '--fly'; --help lists them"),
    (["workers"], "unknown option 'workers'; --help lists them"),
    (["--workers"], "option '--workers' needs N"),
    (["--workers", "0"], "--workers: '0' is not a number from 1 to 1024"),
    (["--workers=many"], "--workers: 'many' is not a number from 1 to 1024"),
    (["--workers", ""], "--workers: '' is not a number from 1 to 1024"),
    (["--workers", "99999999999999999999"],
     "--workers: '99999999999999999999' is not a number from 1 to 1024"),
    (["--proxy-port", "65536"], "--proxy-port: '65536' is not a number from 0 to 65535"),
    (["--proxy-port", "-1"], "--proxy-port: '-1' is not a number from 0 to 65535"),
    (["--memory", "4097"], "--memory: '4097' is not a number from 1 to 4096"),
    (["--timeout", "1s"], "--timeout: '1s' is not a number from 1 to 86400000"),
    (["--executor", "nonsense"], "'nonsense' is not ADDR:PORT"),
    (["--executor", "127.0.0.1:65536"], "'127.0.0.1:65536' is not ADDR:PORT"),
    (["--executor", "localhost:0"], "'localhost' is not an IPv4 address"),
    (["--config", "/no/such.json"], "/no/such.json")])
def test_a_bad_value_is_a_mistake_of_the_caller(tmp_path, options, message):
    done = run_wowd("--data", tmp_path / "d", "--cache", tmp_path / "c", *options)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("wowd: ") and done.stderr.count("\n") == 1
    assert message in done.stderr


def test_a_bad_value_in_the_environment_names_the_variable():
    done = run_wowd(env={"WOW_WORKERS": "x"})
    assert done.returncode == 64
    assert done.stderr == "wowd: WOW_WORKERS: 'x' is not a number from 1 to 1024\n"


@pytest.mark.parametrize("text, message", [
    ('{"speed": 9}', '"speed" is no setting of wowd'),
    ('{"config": "x"}', '"config" is no setting of wowd'),
    ('{"workers": "2"}', '"workers" must be a number'), ('{"data": 2}', '"data" must be a string'),
    ('{"workers": 0}', "'0' is not a number from 1 to 1024"), ("[]", "not a JSON object"),
    ("{", ":1: "), ("", ":1: ")])
def test_a_bad_config_file_is_refused(tmp_path, text, message):
    file = tmp_path / "config.json"
    file.write_text(text)
    done = run_wowd("--config", file)
    assert done.returncode == 64
    assert done.stderr.startswith(f"wowd: {file}") and message in done.stderr


def workers_of(tmp_path, start_wowd, *options, **how):
    """The setting as the log tells it."""
    daemon = start_wowd(ENGINE, *options, place=tmp_path, **how)
    return int(re.search(r"wowd\.start .*workers=(\d+)", daemon.log())[1])


@pytest.mark.parametrize("where, workers", [
    ({"file"}, 3), ({"environment"}, 4), ({"line"}, 5), ({"file", "environment"}, 4),
    ({"file", "environment", "line"}, 5), ({"file", "line"}, 5)])
def test_the_line_counts_more_than_the_environment_than_the_file(tmp_path, start_wowd, where,
                                                                workers):
    file = tmp_path / "config.json"
    file.write_text('{"workers": 3, "memory": 64}' if "file" in where else '{"memory": 64}')
    options = ["--config", file] + (["--workers", "5"] if "line" in where else [])
    env = {"WOW_WORKERS": "4"} if "environment" in where else {}
    assert workers_of(tmp_path, start_wowd, *options, env=env, workers=None) == workers


def test_the_environment_may_name_the_file(tmp_path, start_wowd):
    file = tmp_path / "config.json"
    file.write_text('{"workers": 7}')
    assert workers_of(tmp_path, start_wowd, env={"WOW_CONFIG": str(file)}, workers=None) == 7


def test_the_ready_line_tells_real_ports(start_wowd):
    daemon = start_wowd(ENGINE)
    assert daemon.executor[1] > 0 and daemon.proxy_port > 0
    assert daemon.post("/echo", "{}").result == {}


# ---- where it cannot start ----

def base(tmp_path):
    return ["--engine", ENGINE, "--executor", "127.0.0.1:0", "--proxy-port", "0", "--rest", "off",
            "--data", tmp_path / "d2", "--cache", tmp_path / "c2"]


def fails(done, message):
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "ready" not in done.stdout
    assert message in done.stderr


def test_a_second_wowd_on_the_same_data_is_refused(tmp_path, start_wowd):
    first = start_wowd(ENGINE)
    fails(run_wowd(*base(tmp_path), "--data", first.data),
          f"wowd: another wowd uses the data directory '{first.data}'")
    assert first.post("/echo", "{}").result == {}


def test_a_second_wowd_on_the_same_port_is_refused(tmp_path, start_wowd):
    first = start_wowd(ENGINE)
    host, port = first.executor
    fails(run_wowd(*base(tmp_path), "--executor", f"{host}:{port}"),
          f"wowd: executor: listening on {host}:{port}: Address already in use")
    fails(run_wowd(*base(tmp_path), "--proxy-port", first.proxy_port), "Address already in use")
    assert first.post("/echo", "{}").result == {}


def test_an_engine_that_is_not_there_is_named(tmp_path):
    fails(run_wowd(*base(tmp_path), "--engine", "warp"), "wowd: engine 'warp'")


def test_a_user_that_does_not_exist_is_named(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root's workers change their user")
    fails(run_wowd(*base(tmp_path), "--user", "no-such-user"), "no-such-user")
    fails(run_wowd(*base(tmp_path), "--user", "root"), "must not be root")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o775])
def test_a_cache_that_others_may_write_is_refused(tmp_path, mode):
    cache = tmp_path / "c2"
    cache.mkdir()
    cache.chmod(mode)
    fails(run_wowd(*base(tmp_path)), f"cache directory '{cache}' could be written by another user")


def test_a_directory_that_is_a_file_is_refused(tmp_path):
    for option in "data", "cache":
        (tmp_path / option).write_text("")
        fails(run_wowd(*base(tmp_path), f"--{option}", tmp_path / option), str(tmp_path / option))


def test_directories_are_made_and_kept_private(start_wowd):
    daemon = start_wowd(ENGINE)
    for path in daemon.data, daemon.cache, *daemon.cache.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0, path


# ---- the end ----

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(start_wowd, number):
    daemon = start_wowd(ENGINE)
    family = daemon.family()
    assert len(family) >= 3, "a zygote and two workers"
    daemon.process.send_signal(number)
    assert daemon.process.wait(timeout=10) == 0
    until(lambda: not any(p.is_alive() for p in family), "no process is left")
    assert "wowd.stop" in daemon.log()


def test_who_runs_or_waits_when_it_ends_is_answered(own_wowd):
    wowd = own_wowd("--workers", "1")
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([1]))
    until(wowd.spinning, "the guest runs")
    before = wowd.descriptors()
    waits = Background(lambda: container.run({}))
    until(lambda: wowd.descriptors() > before, "another is connected")
    wowd.stop()
    assert run.wait().failure(2) == UNEXPECTED_EXIT
    assert waits.wait().failure(3) == "wowd is stopping."


def test_it_ends_although_clients_are_connected(own_wowd):
    wowd = own_wowd()
    clients = [wowd.connect() for _ in range(10)]
    clients[0].sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    wowd.stop()
    for client in clients:
        assert client.recv(10) == b""
        client.close()


def test_killed_it_leaves_nothing_that_runs(own_wowd):
    wowd = own_wowd()
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([1]))
    until(wowd.spinning, "the guest runs")
    wowd.kill()
    with pytest.raises(OSError):
        run.wait()


def test_after_a_kill_it_starts_again_where_it_was(own_wowd):
    first = own_wowd()
    assert first.container("ok.wat").run().result == {"answer": 42}
    first.kill()
    second = own_wowd(place=first.place)
    assert second.data == first.data
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert len(second.machine_code()) == 1


# ---- what workers see of the world ----

@pytest.fixture
def without_root(engine):
    """Whom and where a wowd of another user than root may be, who may not see our build."""
    if os.geteuid() != 0:
        pytest.skip("not root: all the other tests are of this kind")
    nobody = pwd.getpwnam("nobody")
    place = tempfile.mkdtemp(prefix="wowd-")
    for program in (BUILD / "wowd", *programs_of(engine)):
        shutil.copy(program, place)
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    yield {"user": nobody.pw_uid, "group": nobody.pw_gid, "place": place,
           "program": pathlib.Path(place) / "wowd"}
    shutil.rmtree(place)


def test_workers_are_locked_in(own_wowd):
    locked_in(own_wowd())


def test_workers_are_locked_in_without_root_too(without_root, start_wowd, engine):
    daemon = start_wowd(engine, **without_root)
    assert daemon.container("ok.wat").run().result == {"answer": 42}
    locked_in(daemon)


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def locked_in(wowd):
    for pid in wowd.workers():
        until(lambda one=pid: status_of(one)["Seccomp"] == "2", "a new worker loads its filter")
        status = status_of(pid)
        assert status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        if "network=shared" not in wowd.log():  # only who has a namespace of its own may
            assert int(status["CapBnd"], 16) == 0
        assert "0" not in status["Uid"].split(), "a worker is not root"


def test_a_secret_in_the_environment_does_not_reach_workers(own_wowd):
    if os.geteuid() != 0:
        pytest.skip("the kernel lets only root look")
    wowd = own_wowd(env={"SECRET": "x"})
    for pid in [wowd.zygote(), *wowd.workers()]:
        with open(f"/proc/{pid}/environ", "rb") as file:
            assert b"SECRET" not in file.read()


def test_help_and_config_agree(tmp_path, start_wowd):
    """Every option of --help is a setting of the file, but the file's own name."""
    daemon = start_wowd(ENGINE, place=tmp_path)
    daemon.stop()
    file = tmp_path / "config.json"
    file.write_text(json.dumps({
        "executor": "127.0.0.1:0", "proxy": True, "proxy-port": 0, "rest": "off", "tls-cert": "",
        "tls-key": "", "wskprops": "", "limit-invocations": 1, "limit-concurrent": 1,
        "limit-fires": 1, "limit-sequence": 2, "limit-alarms": 3,
        "keep-days": 1, "keep-size": 9, "sync": True, "drain": 1, "data": str(daemon.data),
        "cache": str(daemon.cache), "engine": ENGINE, "workers": 2, "memory": 64,
        "memory-max": 96, "memory-budget": 1000, "queue-wait": 100, "timeout": 1000,
        "log-limit": 64, "idle-timeout": 9, "user": "nobody", "grant-dirs": "",
        "policy": "", "outbound": 8, "ca-file": "", "container-logs": "", "file-limit": 64,
        "compile-time": 60, "user-ids": "", "control": "", "images": "wow/",
        "cache-size": 64, "tiering": True, "trust-precompiled": "off"}))
    assert set(json.loads(file.read_text())) == set(OPTIONS) - {"config"}
    again = start_wowd(ENGINE, "--config", file, place=tmp_path)
    assert again.post("/echo", "{}").result == {}


# ---- a socket that somebody else has made ----

def test_it_serves_a_socket_that_it_inherits(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "door"))
        listener.listen()
        daemon = subprocess.Popen(
            [BUILD / "wowd", "--executor", f"fd:{listener.fileno()}", "--proxy", "off", "--rest", "off",
             "--engine", ENGINE, "--data", tmp_path / "data", "--cache", tmp_path / "cache"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[listener.fileno()],
            env=clean_environment())
    try:
        assert daemon.stdout.readline().startswith(b"ready executor=fd:")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "door"))
            client.sendall(b"POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
    finally:
        daemon.terminate()
        assert daemon.wait(10) == 0


@pytest.mark.parametrize("name", ["fd:", "fd:x", "fd:1", "fd:99", "fd:-3", "fd:3x"])
def test_a_socket_must_be_one_that_listens(tmp_path, name):
    done = run_wowd("--executor", name, "--data", tmp_path / "d", "--cache", tmp_path / "c")
    assert done.returncode == 64 and f"'{name}' is not a socket that listens" in done.stderr
