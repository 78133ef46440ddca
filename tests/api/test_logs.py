"""What guests print, and programs that are plain WASI commands."""
import json
import re
from datetime import datetime, timezone

import pytest

from harness import Background, epoch_ms, until

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr): (.*)", re.S)
CUT = "Logs were truncated because the total bytes size exceeds the limit of %d bytes."
PRINTED = [("stdout", "to stdout"), ("stderr", "to stderr ❄"), ("stdout", 'one "line" in two'),
           ("stdout", "bad \ufffd byte\0"), ("stderr", "no newline")]


def lines(reply):
    """The log as pairs of stream and text."""
    found = [LINE.fullmatch(line) for line in reply.record["logs"]]
    assert all(found), reply.record["logs"][:5]
    return [(m[2], m[3]) for m in found]


def program(stdout, stderr="", then=""):
    """A plain WASI command that prints these texts."""
    def data(text):
        return "".join(f"\\{byte:02x}" for byte in text.encode())
    out, err = stdout.encode(), stderr.encode()
    return f"""(module
      (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 1000) "{data(stdout)}") (data (i32.const 9000) "{data(stderr)}")
      (func $out (param i32 i32 i32)
        (i32.store (i32.const 0) (local.get 1)) (i32.store (i32.const 4) (local.get 2))
        (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "_start")
        (call $out (i32.const 1) (i32.const 1000) (i32.const {len(out)}))
        (call $out (i32.const 2) (i32.const 9000) (i32.const {len(err)})) {then}))"""


# ---- logs ----

def test_what_is_printed_is_the_log(wowd):
    reply = wowd.container("print.wat").run({}, logs=True)
    assert reply.result == {}
    assert lines(reply) == PRINTED


def test_lines_have_the_time_they_were_printed(wowd):
    before = datetime.now(timezone.utc).timestamp()
    logs = wowd.container("print.wat").run({}, logs=True).record["logs"]
    times = [datetime.fromisoformat(line[:26]).replace(tzinfo=timezone.utc).timestamp()
             for line in logs]
    assert times == sorted(times)
    assert before - 0.001 <= times[0] and times[-1] <= datetime.now(timezone.utc).timestamp()


@pytest.mark.parametrize("members", [{}, {"logs": False}, {"logs": None}, {"logs": "true"},
                                     {"logs": 1}])
def test_logs_are_there_only_when_asked_for(wowd, members):
    assert "logs" not in wowd.container("print.wat").run({}, **members).record


def test_who_prints_nothing_has_an_empty_log(wowd):
    assert wowd.container("ok.wat").run({}, logs=True).record["logs"] == []
    record = wowd.container("trap.wat").run([0], logs=True).record
    assert (record["status_code"], record["logs"]) == (2, [])


def test_a_log_survives_the_kill_at_the_deadline(wowd):
    reply = wowd.container("print.wat").run([1], logs=True, deadline=epoch_ms() + 300)
    assert "exceeded its time limits" in reply.failure(2)
    assert lines(reply) == PRINTED


def test_a_log_belongs_to_one_activation(wowd):
    container = wowd.container("print.wat")
    runs = [Background(lambda: container.run({}, logs=True)) for _ in range(10)]
    for run in runs:
        assert lines(run.wait()) == PRINTED


def size(reply):
    """What the log limit counts: the bytes of the lines as they are answered, without the last."""
    logs = reply.json["logs"][:-1]
    return len(json.dumps(logs, separators=(",", ":"), ensure_ascii=False).encode()) - len("[]")


def test_twenty_mebibytes_are_cut_at_ten(wowd):
    reply = wowd.container("flood.wat").run([1], logs=True)
    assert reply.result == {}
    *kept, last = lines(reply)
    assert last == ("stderr", CUT % (10 << 20))
    assert (10 << 20) - 2000 < size(reply) <= 10 << 20
    assert {text for _, text in kept} == {"x" * 1023}


def test_a_log_of_newlines_is_a_log(wowd):
    reply = wowd.container("flood.wat").run([0], logs=True)
    assert reply.result == {}
    printed = lines(reply)
    assert printed[-1] == ("stderr", CUT % (10 << 20))
    assert set(printed[:-1]) == {("stdout", "")}
    assert wowd.container("ok.wat").run({}).result == {"answer": 42}


@pytest.mark.parametrize("kb", [2, 64])
def test_the_log_limit_is_a_setting(own_wowd, kb):
    reply = own_wowd("--log-limit", str(kb)).container("flood.wat").run([1], logs=True)
    *printed, last = lines(reply)
    assert last == ("stderr", CUT % (kb * 1024))
    assert set(printed) == {("stdout", "x" * 1023)}
    assert kb * 1024 - 2000 < size(reply) <= kb * 1024


@pytest.mark.parametrize("byte", ["\1", "x", '"', "\x7f", "ä"])
def test_one_long_line_is_whole_or_not_at_all(own_wowd, byte):
    text = byte * (50000 // len(byte.encode()))
    reply = own_wowd("--log-limit", "200").container(program("", text)).run({}, logs=True)
    stream, printed = lines(reply)[0]
    assert stream == "stderr"
    assert printed == (text if byte != "\1" else CUT % (200 * 1024)), "escapes count"


def test_a_log_limit_of_nothing(own_wowd):
    assert lines(own_wowd("--log-limit", "0").container("flood.wat").run([1], logs=True)) == []


def test_many_large_logs_leave_no_memory_behind(wowd):
    container = wowd.container("flood.wat")
    assert container.run([1], logs=True).result == {}
    before = wowd.memory_kb()
    for _ in range(4):
        assert container.run([1], logs=True).result == {}
    assert wowd.memory_kb() - before < 60000


# ---- plain WASI commands ----

@pytest.mark.parametrize("value", ["{}", '{"a":"❄\\n"}', "[1, 2.50]"])
def test_a_commands_last_line_is_its_result(wowd, value):
    reply = wowd.container("command.wat").post("run", '{"value":%s,"logs":true}' % value)
    assert reply.record["status_code"] == 0
    assert f'"result":{value},"logs":'.encode() in reply.body
    assert lines(reply) == [("stdout", "reading")]


def test_a_command_reads_large_arguments(wowd):
    arg = {"arg": "a" * 1048561}
    assert wowd.container("command.wat").run(arg).result == arg
    arg = {"arg": "b" * (7 << 20)}
    assert wowd.container("command.wat").run(arg).result == arg


@pytest.mark.parametrize("printed, result, log", [
    ('{"a":1}\n', {"a": 1}, []), ('{"a":1}', {"a": 1}, []), ('{"a":1}\r\n', {"a": 1}, []),
    ('one\ntwo\n{"a":1}\n', {"a": 1}, ["one", "two"]),
    ('{"a":1}\n{"a":2}\n', {"a": 2}, ['{"a":1}']), ("[1]\n", [1], [])])
def test_only_the_last_line_is_the_result(wowd, printed, result, log):
    reply = wowd.container(program(printed)).run({}, logs=True)
    assert reply.result == result
    assert lines(reply) == [("stdout", text) for text in log]


def test_stderr_is_no_result(wowd):
    reply = wowd.container(program('{"a":1}\n', '{"b":2}\n')).run({}, logs=True)
    assert reply.result == {"a": 1}
    assert lines(reply) == [("stderr", '{"b":2}')]


def test_a_command_may_report_an_error(wowd):
    assert wowd.container(program('{"error":"sorry","more":1}')).run({}).failure(1) == "sorry"


@pytest.mark.parametrize("printed, error", [
    ("", "The action did not print a result."),
    ("3\n", "The action did not return a dictionary or array."),
    ("hello\n", "The action did not produce a valid JSON response ("),
    ('{"a":1}\n\n', "The action did not produce a valid JSON response (")])
def test_a_command_without_a_result(wowd, printed, error):
    assert wowd.container(program(printed)).run({}).failure(2).startswith(error)


def test_a_command_that_traps_keeps_its_log(wowd):
    reply = wowd.container(program('one\n{"a":1}\n', then="(unreachable)")).run({}, logs=True)
    assert reply.failure(2) == "The action trapped: unreachable."
    assert lines(reply) == [("stdout", "one"), ("stdout", '{"a":1}')]


def test_a_printing_guest_that_leaves_with_its_worker(own_wowd):
    """The log of an activation whose client hears of the end of wowd."""
    wowd = own_wowd("--workers", "1")
    container = wowd.container("print.wat")
    run = Background(lambda: container.run([1], logs=True))
    until(wowd.spinning, "the guest runs")
    wowd.stop()
    assert run.wait().record["status_code"] == 2
