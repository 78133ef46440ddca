"""What an invoker reads from containers' files, and what `docker logs` prints."""
import calendar
import json
import os
import re
import time

import pytest

from docker import SENTINEL, Docker
from harness import ENGINES, until

OUT_OF_MEMORY = """(module (memory (export "memory") 3200)
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0))
  (func (export "_start")))"""
EXHAUSTED = "The action exhausted its memory and was aborted."
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr): (.*)")


@pytest.fixture
def sandbox(docker):
    return docker.run("wsk0_1_guest_a", memory=128)


@pytest.fixture
def chatter(sandbox):
    """A container whose activations print their "name" on both streams, so many "lines" each."""
    assert sandbox.init("chatter.c").status == 200
    return sandbox


def speak(sandbox, name, lines=1):
    assert sandbox.run({"name": name, "lines": lines}).status == 200


def collect(sandbox, since=None, until=None):
    """As OpenWhisk's DockerCliLogStore asks, with whole seconds; now if nothing else is said."""
    now = int(time.time())
    return sandbox.docker("logs", sandbox.id, "--since", str(since or now - 5), "--until",
                          str(until or now + 1), "--timestamps").text.splitlines()


# ---- config.v2.json ----

def test_the_address_is_in_a_file_when_run_returns(docker):
    sandbox = docker.run("wsk0_1_guest_a", network="bridge")
    config = json.loads(sandbox.config.read_text())
    assert config["ID"] == sandbox.id and config["Name"] == "/wsk0_1_guest_a"
    assert config["State"] == {"OOMKilled": False}
    assert config["NetworkSettings"]["Networks"] == {"bridge": {"IPAddress": sandbox.address}}


def test_files_are_there_as_long_as_their_container(docker):
    sandbox = docker.run("wsk0_1_guest_a")
    assert sorted(os.listdir(sandbox.folder)) == sorted([sandbox.config.name, sandbox.log.name])
    assert sandbox.log.read_bytes() == b""
    assert docker("rm", "-f", sandbox.id).code == 0
    assert not sandbox.folder.exists()


def test_running_out_of_memory_is_in_the_file_before_the_answer(sandbox):
    assert sandbox.init(OUT_OF_MEMORY).status == 200
    reply = sandbox.run({})
    assert json.loads(sandbox.config.read_text())["State"] == {"OOMKilled": True}
    assert (reply.status, reply.error) == (502, EXHAUSTED)
    assert sandbox.docker("inspect", "-f", "{{.State.OOMKilled}}", sandbox.id).text == "true\n"
    assert sandbox.run({}).status == 502  # and again
    assert json.loads(sandbox.config.read_text())["State"] == {"OOMKilled": True}


def test_the_file_is_never_half_written(sandbox):
    assert sandbox.init(OUT_OF_MEMORY).status == 200
    inode = sandbox.config.stat().st_ino
    held = sandbox.config.open()
    assert sandbox.run({}).status == 502
    assert sandbox.config.stat().st_ino != inode
    assert json.loads(held.read())["State"] == {"OOMKilled": False}
    held.close()


def test_without_a_directory_there_are_no_files_until_there_is_something_to_write(own_wowd):
    wowd = own_wowd()
    sandbox = Docker(wowd).run("wsk0_1_guest_a")
    assert list((wowd.data / "containers").glob("*")) == []
    assert sandbox.docker("logs", sandbox.id).text == ""
    assert sandbox.init("chatter.c").status == 200
    speak(sandbox, "hello")
    assert [line[31:] for line in collect(sandbox)] == ["stdout: hello", "stderr: hello"]
    assert sandbox.docker("rm", "-f", sandbox.id).code == 0
    assert list((wowd.data / "containers").glob("*")) == []


@pytest.mark.parametrize("configured", [True, False])
def test_the_files_of_a_killed_wowd_are_cleared_away(tmp_path, engine, start_wowd, configured):
    files = tmp_path / "containers" if configured else tmp_path / "data" / "containers"
    options = ["--container-logs", files] if configured else []
    wowd = start_wowd(engine, *options, place=tmp_path)
    sandbox = Docker(wowd).run("wsk0_1_guest_a")
    assert sandbox.init("chatter.c").status == 200
    speak(sandbox, "hello")
    wowd.kill()
    [folder] = files.iterdir()
    other = files / ("a" * 64)
    if configured:  # a real docker's container in the same place
        other.mkdir()
        (other / "config.v2.json").write_text('{"StreamConfig":{},"State":{}}')
        (other / f"{other.name}-json.log").write_text("")
    (files / "more").mkdir()
    start_wowd(engine, *options, place=tmp_path)
    assert not folder.exists() and (files / "more").exists()
    if configured:
        assert len(list(other.iterdir())) == 2


def test_a_directory_that_cannot_be_written_is_told_of(own_wowd, tmp_path):
    place = tmp_path / "containers"
    place.write_text("a file")
    wowd = own_wowd("--container-logs", place)
    docker = Docker(wowd)
    name = docker("run", "-d", "wow/wasm").text.strip()
    assert "docker.fail" in wowd.log() and "logs.fail" in wowd.log()
    assert docker("rm", "-f", name).code == 0


# ---- docker logs, as an invoker asks ----

def test_the_lines_of_an_activation(chatter):
    speak(chatter, "one", 2)
    lines = [LINE.fullmatch(line).groups() for line in collect(chatter)]
    assert lines == [("stdout", "one"), ("stderr", "one"), ("stdout", "one"), ("stderr", "one")]


def test_each_activation_has_its_own_lines(chatter):
    """Also within a second, where a real docker shows those of the first again."""
    for i in range(10):
        speak(chatter, f"run {i}")
        assert [line[31:] for line in collect(chatter)] == [f"stdout: run {i}", f"stderr: run {i}"]


def test_activations_that_ran_at_once_get_a_set_of_lines_each(chatter):
    for i in range(5):
        speak(chatter, f"run {i}")
    sets = [[line[31:] for line in collect(chatter)] for _ in range(6)]
    assert sets == [[f"stdout: run {i}", f"stderr: run {i}"] for i in range(5)] + [[]]


def test_lines_that_nobody_collected_are_passed_over(chatter):
    speak(chatter, "not collected")
    second = int(time.time()) + 1
    until(lambda: time.time() >= second, "the next second")
    speak(chatter, "collected")
    assert [line[31:] for line in collect(chatter, since=second)] == [
        "stdout: collected", "stderr: collected"]


def test_an_activation_of_later_keeps_its_lines(chatter):
    now = int(time.time())
    speak(chatter, "later")
    assert collect(chatter, since=now - 10, until=now - 5) == []
    assert [line[31:] for line in collect(chatter)] == ["stdout: later", "stderr: later"]


def test_who_prints_nothing_has_no_lines(sandbox):
    assert sandbox.init("ok.wat").status == 200
    assert sandbox.run({}).status == 200
    assert collect(sandbox) == []


def test_why_an_init_failed_is_in_the_log(sandbox):
    assert sandbox.init(b"nothing").status == 502
    [line] = collect(sandbox)
    assert LINE.fullmatch(line)[1] == "stderr" and "the code is neither wasm" in line


def test_a_failed_activation_has_its_lines(sandbox):
    assert sandbox.init("print.wat").status == 200
    assert sandbox.run([1], deadline=str(int(time.time() * 1000) + 200)).status == 502
    lines = [line[31:] for line in collect(sandbox)]
    assert lines[:2] == ["stdout: to stdout", "stderr: to stderr ❄"]


def test_a_guest_cannot_end_its_log(chatter):
    speak(chatter, SENTINEL)
    assert [line[31:] for line in collect(chatter)] == [f"stdout: {SENTINEL}", f"stderr: {SENTINEL}"]


def test_a_large_log_is_printed_whole(sandbox):
    assert sandbox.init("flood.wat").status == 200
    assert sandbox.run([1]).status == 200
    *lines, last = collect(sandbox)
    assert 9000 < len(lines) <= 10240 and {line[31:] for line in lines} == {"stdout: " + "x" * 1023}
    assert "Logs were truncated" in last


# ---- docker logs, as docker has it ----

def test_streams_come_with_their_sentinels(chatter):
    speak(chatter, "one")
    speak(chatter, "two")
    text = f"one\n{SENTINEL}\ntwo\n{SENTINEL}\n"
    assert tuple(chatter.docker("logs", "wsk0_1_guest_a")) == (0, text, text)
    assert tuple(chatter.docker("logs", chatter.id)) == (0, text, text)  # and once more


def test_timestamps(chatter):
    speak(chatter, "one")
    code, out, err = chatter.docker("logs", "-t", chatter.id)
    assert code == 0
    for text in out, err:
        assert re.fullmatch(rf"(\S{{30}}) one\n(\S{{30}}) {SENTINEL}\n", text)


def test_since_and_until_choose_lines(chatter):
    speak(chatter, "one")
    stamp = chatter.lines()[-1]["time"]
    seconds = calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))
    assert chatter.docker("logs", "--since", str(seconds + 1), chatter.id).out == ""
    assert chatter.docker("logs", "--until", str(seconds - 1), chatter.id).out == ""
    assert "one" in chatter.docker("logs", "--since", str(seconds - 60), chatter.id).out
    assert "one" in chatter.docker("logs", "--until", f"{seconds + 1}.5", chatter.id).out


@pytest.mark.parametrize("option", ["since", "until"])
@pytest.mark.parametrize("value", ["abc", "", "-1", "1e400", "99999999999999", "1x"])
def test_a_time_that_is_none(sandbox, option, value):
    assert tuple(sandbox.docker("logs", f"--{option}={value}", sandbox.id)) == (
        1, "", f'invalid value for "{option}": failed to parse value as time or duration: "{value}"\n')


def test_lines_that_somebody_else_wrote_do_no_harm(chatter):
    with chatter.log.open("ab") as file:
        file.write(b'not json\n{"log":3}\n[]\n{"log":"x\\n","stream":"stdout"}\n\xff\n{"log":"\n')
    speak(chatter, "one")
    assert [line[31:] for line in collect(chatter)] == ["stdout: one", "stderr: one"]


# ---- the file, as an invoker's other log store reads it ----

def test_the_log_file_only_grows(chatter):
    before, inode = b"", chatter.log.stat().st_ino
    for i in range(5):
        speak(chatter, f"run {i}")
        now = chatter.log.read_bytes()
        assert now.startswith(before) and len(now) > len(before)
        before = now
    assert chatter.log.stat().st_ino == inode


def test_of_a_long_log_file_the_beginning_takes_no_room(start_wowd, tmp_path):
    """On one engine: it is not theirs."""
    wowd = start_wowd(ENGINES[0], "--container-logs", tmp_path / "containers", place=tmp_path)
    sandbox = Docker(wowd).run("wsk0_1_guest_a")
    assert sandbox.init("flood.wat").status == 200
    for _ in range(15):
        assert sandbox.run([1]).status == 200
    size, room = sandbox.log.stat().st_size, sandbox.log.stat().st_blocks * 512
    assert size > 145 << 20 and room < 140 << 20
    assert 9000 < len(collect(sandbox)) < 10500
    lines = sandbox.docker("logs", sandbox.id).out.splitlines()
    assert 100_000 < len(lines) < 140_000 and set(lines) == {"x" * 1023, SENTINEL}


def test_lines_of_the_file_have_the_three_members(chatter):
    speak(chatter, "one")
    assert [(line["log"], line["stream"]) for line in chatter.lines()] == [
        ("one\n", "stdout"), ("one\n", "stderr"), (SENTINEL + "\n", "stdout"),
        (SENTINEL + "\n", "stderr")]
    assert all(set(line) == {"log", "stream", "time"} for line in chatter.lines())
