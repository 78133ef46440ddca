"""
OpenWhisk's own tests of action containers, on the action proxy door. Each test is named after the
one it stands for, in the suites of Apache OpenWhisk's runtimes:

    basic_…   BasicActionRunnerTests, which every runtime passes
    docker_…  runtime-docker (ActionProxyContainerTests, DockerExampleContainerTests)
    node_…    runtime-nodejs (NodeJsActionContainerTests, NodeJsConcurrentTests)
    loop_…    ActionLoop (runtime-go's proxy, as Go, Python and Rust use it)

Left out, because wasm has no such thing:

    a stub action without code (docker: "run sample without init"): a module must be sent
    docker: "current directory is action location" (a guest has no directory but granted ones);
        "bad containers: badproxy" (the proxy is wowd itself)
    node: "require non-existent package", package.json and the other tests of JavaScript's modules
    node: "NOT concurrent without env": a fresh instance for each activation makes it safe always
    loop: shell scripts, sources that are compiled in the container, OW_WAIT_FOR_ACK and descriptor 3
    loop: "test exit or die before run": there is no process between activations that could die
"""
import base64
import gzip
import json
import socket
from datetime import datetime, timezone

import pytest

from harness import (TIMED_OUT, Background, Wowd, epoch_ms, in_threads, request, until, wasm,
                     zip_of)

SENTINEL = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"
ONCE = "Cannot initialize the action more than once."
NO_CODE = "Missing main/no code to execute."
NOT_A_DICTIONARY = "The action did not return a dictionary or array."


@pytest.fixture(scope="module")
def daemon(engine, tmp_path_factory):
    place = tmp_path_factory.mktemp("contract")
    running = Wowd(place, engine, "--container-logs", place / "containers")
    yield running
    running.stop()


class Sandbox:
    """A container as OpenWhisk's test harness drives it."""

    def __init__(self, daemon):
        self.container = daemon.start()
        self.file = daemon.place / "containers" / self.container.id / f"{self.container.id}-json.log"

    def init(self, code, main="main", env=None, **value):
        if code is not None and not isinstance(code, str):
            code = base64.b64encode(code).decode()
        return self.post("/init", {"value": {"code": code, "main": main, "binary": True, "env": env,
                                             **value}})

    def run(self, value, **other):
        return self.post("/run", {"value": value, **other})

    def post(self, path, body):
        return request(self.container.address, path, body)

    def lines(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def streams(self, sentinels):
        """stdout and stderr without their sentinels, of which there must be so many on each."""
        out = {}
        for stream in "stdout", "stderr":
            text = "".join(line["log"] for line in self.lines() if line["stream"] == stream)
            assert text.count(SENTINEL + "\n") == text.count(SENTINEL) == sentinels
            out[stream] = text.replace(SENTINEL + "\n", "").strip()
        return out["stdout"], out["stderr"]


@pytest.fixture
def sandbox(daemon):
    made = Sandbox(daemon)
    yield made
    made.container.destroy()
    assert not made.file.exists()


@pytest.fixture
def initialized(sandbox):
    def init(guest, **how):
        assert sandbox.init(wasm(guest), **how).status == 200
        return sandbox
    return init


def zipped(**members):
    return zip_of(*((name.replace("__", "/").replace("_wasm", ".wasm"), content)
                    for name, content in members.items()))


# ---- BasicActionRunnerTests ----

def test_basic_handle_initialization_with_no_code(sandbox):
    reply = sandbox.init("", main="")
    assert (reply.status, reply.body) == (403, b'{"error":"%s"}' % NO_CODE.encode())


def test_basic_handle_initialization_with_no_content(sandbox):
    reply = sandbox.post("/init", {})
    assert (reply.status, reply.body) == (403, b'{"error":"%s"}' % NO_CODE.encode())


def test_basic_report_an_error_for_function_not_returning_a_json_object(initialized):
    sandbox = initialized("answer.wat")
    reply = sandbox.run(['{"Ok":"not a json object"}'.encode().hex()])
    assert (reply.status, reply.body) == (502, b'{"error":"%s"}' % NOT_A_DICTIONARY.encode())
    assert sandbox.streams(1) == ("", "")


def test_basic_fail_to_initialize_a_second_time(initialized):
    sandbox = initialized("ok.wat")
    reply = sandbox.init(wasm("ok.wat"))
    assert (reply.status, reply.body) == (403, b'{"error":"%s"}' % ONCE.encode())
    assert sandbox.streams(0) == ("", ONCE)


def test_basic_invoke_non_standard_entry_point(initialized):
    sandbox = initialized("""(module (memory (export "memory") 1)
      (data (i32.const 0) "{\\22Ok\\22:[7]}") (global $at (mut i32) (i32.const 1024))
      (func (export "wasm_memory_buffer_allocate_space") (param i32))
      (func (export "get_wasm_memory_buffer_pointer") (result i32) (global.get $at))
      (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 10))
      (func (export "_start") (unreachable))
      (func (export "niam") (global.set $at (i32.const 0))))""", main="niam")
    reply = sandbox.run({"string": "hello"})
    assert (reply.status, reply.json) == (200, [7])
    assert sandbox.streams(1) == ("", "")


@pytest.mark.parametrize("guest, error", [
    ("ok.wat", "the module exports no function 'niam', which 'main' names"),
    ("command.wat", "a plain WASI command begins at '_start': 'main' cannot name 'niam'"),
    ("reactor.wat", "the module exports neither '_start' nor the entry point 'niam'")])
def test_basic_an_entry_point_that_is_not_there(sandbox, guest, error):
    reply = sandbox.init(wasm(guest), main="niam")
    assert (reply.status, reply.error) == (502, f"Initialization has failed due to: {error}.")


def test_basic_echo_arguments_and_print_message_to_stdout_stderr(initialized):
    sandbox = initialized("hello.c")
    for value in ({"string": "hello"}, {"string": "❄ ☃ ❄"}, {"numbers": [42, 1]},
                  {"object": {"a": "A"}}):
        reply = sandbox.run(value)
        assert (reply.status, reply.json) == (200, value)
    assert sandbox.streams(4) == ("\n".join(["hello stdout"] * 4), "\n".join(["hello stderr"] * 4))


def test_basic_handle_unicode_in_source_input_params_logs_and_result(initialized):
    sandbox = initialized("winter.c")
    reply = sandbox.run({"delimiter": "❄"})
    assert (reply.status, reply.json) == (200, {"winter": "❄ ☃ ❄"})
    assert sandbox.streams(1) == ("❄ ☃ ❄", "")


def test_basic_export_environment_variables_before_initialization(initialized):
    env = {"SOME_VAR": "xyz", "ANOTHER_VAR": ""}
    sandbox = initialized("variables.c", env=env)
    assert sandbox.run({"names": [*env, "NOT_SET"]}).json == {**env, "NOT_SET": None}
    sandbox.streams(1)


def test_basic_confirm_expected_environment_variables(initialized):
    """The API's host is the environment's of the container, which init's stands for here."""
    known = {"api_key": "abc", "namespace": "zzz", "action_name": "xxx", "action_version": "0.0.1",
             "activation_id": "iii", "deadline": str(epoch_ms() + 10000)}
    sandbox = initialized("variables.c", env={"__OW_API_HOST": "xyz"})
    expected = {"__OW_API_HOST": "xyz", **{f"__OW_{k.upper()}": v for k, v in known.items()}}
    assert sandbox.run({"names": list(expected)}, **known).json == expected


def test_basic_echo_a_large_input(initialized):
    sandbox = initialized("hello.c")
    arg = {"arg": "a" * 1048561}
    reply = sandbox.run(arg)
    assert (reply.status, reply.json) == (200, arg)
    assert len(reply.body) <= 1 << 20, "an invoker would cut it"


# ---- runtime-docker ----

@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}])
def test_docker_init_without_code(sandbox, body):
    assert (sandbox.post("/init", body).status, sandbox.run({}).status) == (403, 403)


def test_docker_respond_with_404_for_bad_run_argument(initialized):
    sandbox = initialized("ok.wat")
    reply = sandbox.run("A")
    assert reply.status == 404
    assert reply.error == "The action did not receive a dictionary or array as an argument."
    assert sandbox.streams(1) == ("", "")


def test_docker_fail_to_run_a_bad_script(initialized):
    """A program that prints what is no result."""
    sandbox = initialized("answer.wat")
    reply = sandbox.run([b"error".hex()])
    assert reply.status == 502 and "did not produce a valid JSON response" in reply.error


def test_docker_extract_and_run_a_compatible_zip_exec(sandbox):
    value = {"code": base64.b64encode(zipped(exec_wasm=wasm("ok.wat"))).decode(), "binary": True}
    assert sandbox.post("/init", {"value": value}).status == 200
    assert sandbox.run({}).json == {"answer": 42}


def test_docker_support_return_array_result(initialized):
    sandbox = initialized("answer.wat")
    assert sandbox.run([b'{"Ok":["a","b"]}'.hex()]).json == ["a", "b"]


def test_docker_support_array_as_input_param(initialized):
    assert initialized("echo.wat").run(["a", "b"]).json == ["a", "b"]


def test_docker_example_run_with_arguments(initialized):
    """A plain program: arguments on stdin and in argv, the last line is the result."""
    sandbox = initialized("command.wat")
    for value in {"foo": "bar"}, {}:
        assert sandbox.run(value).json == value
    assert sandbox.streams(2) == ("reading\nreading", "")


@pytest.mark.parametrize("guest", ["loop_start.wat", "print.wat"])
def test_docker_bad_containers_timeout(initialized, guest):
    """Where a container of docker's is silent, wow answers at the deadline, with the log so far."""
    sandbox = initialized(guest)
    reply = sandbox.run([1], deadline=str(epoch_ms() + 300))
    assert reply.status == 502 and reply.error.startswith("The action exceeded its time limits of ")
    stdout, _ = sandbox.streams(1)
    assert ("to stdout" in stdout) == (guest == "print.wat")


@pytest.mark.parametrize("status", [1, 9])
def test_docker_bad_containers_abort_run(initialized, status):
    reply = initialized("exit.wat").run([status])
    assert (reply.status, reply.error) == (502, f"The action exited with status {status}.")


# ---- runtime-nodejs ----

@pytest.mark.parametrize("code", [b"nope", b"\0asm\1\0\0\0\x63", b"PK\3\4 and nothing more"])
def test_node_fail_to_initialize_with_bad_code(sandbox, code):
    reply = sandbox.init(code)
    assert reply.status == 502 and reply.error.startswith("Initialization has failed due to: ")
    stdout, stderr = sandbox.streams(1)
    assert stdout == "" and stderr and stderr in reply.error
    assert sandbox.init(wasm("ok.wat")).status == 200, "it may be tried again"


def test_node_return_some_error_on_action_error(initialized):
    reply = initialized("trap.wat").run([0])
    assert (reply.status, reply.error) == (502, "The action trapped: unreachable.")


@pytest.mark.parametrize("error", ['"sorry"', "3", '{"code":1}', "null"])
def test_node_support_application_errors(initialized, error):
    sandbox = initialized("answer.wat")
    for answer in '{"Ok":{"error":%s,"more":1}}', '{"Err":{"error":%s}}', '{"Err":%s}':
        reply = sandbox.run([(answer % error).encode().hex()])
        assert (reply.status, reply.body) == (200, b'{"error":%s}' % error.encode())


def test_node_documentation_example_1(initialized):
    assert initialized("answer.wat").run([b'{"Ok":{}}'.hex()]).body == b"{}"


def test_node_large_ish_actions(sandbox):
    padding = bytes(500_000)
    custom = b"\0" + b"\xa4\xc2\x1e" + b"\3pad" + padding
    assert len(custom) == 1 + 3 + 500_004
    assert sandbox.init(wasm("ok.wat") + custom).status == 200
    assert sandbox.run({}).json == {"answer": 42}


@pytest.mark.parametrize("members", [
    {"index_wasm": "ok.wat"}, {"dir__main_wasm": "ok.wat"}, {"README": None, "a_wasm": "ok.wat"}])
def test_node_zip(sandbox, members):
    archive = zipped(**{k: wasm(v) if v else "hello" for k, v in members.items()})
    assert sandbox.init(archive).status == 200
    assert sandbox.run({}).json == {"answer": 42}


def test_node_zip_main_from_other_file(sandbox):
    archive = zipped(**{"a_wasm": wasm("trap.wat"), "b_wasm": wasm("ok.wat"),
                        "wow.json": '{"module": "b.wasm"}'})
    assert sandbox.init(archive).status == 200
    assert sandbox.run({}).json == {"answer": 42}


def test_node_fail_gracefully_on_invalid_zip(sandbox):
    reply = sandbox.init(b"PK\3\4" + bytes(100))
    assert reply.status == 502 and "zip" in reply.error


def test_node_fail_gracefully_on_valid_zip_that_is_not_an_action(sandbox):
    reply = sandbox.init(zipped(hello="hello"))
    assert reply.status == 502 and "the zip has no *.wasm" in reply.error
    assert "the zip has no *.wasm" in sandbox.streams(1)[1]


def test_node_a_gzip_is_understood(sandbox):
    assert sandbox.init(gzip.compress(wasm("ok.wat"))).status == 200
    assert sandbox.run({}).json == {"answer": 42}


def test_node_allow_running_concurrently(initialized):
    """
    128 at once. Where node's container mixes the lines of all and writes all sentinels at the end,
    here each activation's lines stand together, and its sentinels behind them.
    """
    sandbox = initialized("chatter.c")
    replies = in_threads(128, lambda i: sandbox.run({"name": f"run {i}", "lines": 3}))
    assert [(r.status, r.json["name"]) for r in replies] == [(200, f"run {i}") for i in range(128)]
    sandbox.streams(128)
    lines = sandbox.lines()
    for at in range(0, len(lines), 8):
        texts = [line["log"] for line in lines[at:at + 8]]
        assert texts[0].startswith("run ") and texts[:6] == 6 * [texts[0]]
        assert texts[6:] == 2 * [SENTINEL + "\n"]
    assert len({line["log"] for line in lines}) == 128 + 1


# ---- ActionLoop ----

@pytest.mark.parametrize("body", [b"", b"{", b"hello", b"[]", b'{"value":3}'])
def test_loop_init_not_json(sandbox, body):
    assert sandbox.post("/init", body).status == 400


@pytest.mark.parametrize("value", [{}, {"code": ""}, {"code": None}])
def test_loop_init_without_code(sandbox, value):
    reply = sandbox.post("/init", {"value": value})
    assert (reply.status, reply.error) == (403, NO_CODE)


def test_loop_init_of_binary_with_bad_base64(sandbox):
    reply = sandbox.init("not base64!")
    assert reply.status == 400 and "base64" in reply.error


def test_loop_run_before_init(sandbox):
    assert (sandbox.run({}).status, sandbox.run({}).error) == (403, "System not initialized.")


def test_loop_array_in_and_out(initialized):
    assert initialized("hello.c").run([1, {"a": None}]).json == [1, {"a": None}]


def test_loop_environment_that_is_not_text(initialized):
    env = {"N": 1, "O": {"a": [1, None]}, "T": True, "Z": None, "F": 1.5}
    sandbox = initialized("variables.c", env=env)
    assert sandbox.run({"names": list(env)}).json == {
        "N": "1", "O": '{"a": [1, null]}', "T": "true", "Z": "", "F": "1.5"}


# ---- section 0 of what an invoker relies on ----

@pytest.mark.parametrize("path", ["/", "/nothing", "/run/x"])
def test_other_paths_have_an_answer(sandbox, path):
    assert sandbox.post(path, {}).status == 404


def test_log_lines_come_before_the_answer(initialized):
    sandbox = initialized("hello.c")
    for n in range(1, 30):
        assert sandbox.run({}).status == 200
        assert len(sandbox.lines()) == 4 * n


def test_lines_are_as_dockers_json_file_has_them(initialized):
    sandbox = initialized("print.wat")
    before = datetime.now(timezone.utc).isoformat()
    assert sandbox.run({}).status == 200
    lines = sandbox.lines()
    assert [(line["stream"], line["log"]) for line in lines] == [
        ("stdout", "to stdout\n"), ("stderr", "to stderr ❄\n"), ("stdout", 'one "line" in two\n'),
        ("stdout", "bad \ufffd byte\0\n"), ("stderr", "no newline\n"),
        ("stdout", SENTINEL + "\n"), ("stderr", SENTINEL + "\n")]
    for line in lines:
        assert set(line) == {"log", "stream", "time"} and len(line["time"]) == 30
        assert before[:23] <= line["time"] <= datetime.now(timezone.utc).isoformat()


@pytest.mark.parametrize("argument", [0, 1])
def test_a_log_is_cut_as_an_invoker_counts_it(initialized, argument):
    """In bytes of the file; it would destroy the container otherwise."""
    sandbox = initialized("flood.wat", limits={"logs": 1})
    assert sandbox.run([argument]).status == 200
    raw = sandbox.file.read_bytes()
    assert (1 << 20) - 4096 < len(raw) <= 1 << 20
    lines = sandbox.lines()
    assert [line["log"] for line in lines[-2:]] == 2 * [SENTINEL + "\n"]
    assert lines[-3]["log"] == ("Logs were truncated because the total bytes size exceeds the "
                                "limit of 1048576 bytes.\n")
    assert {line["log"] for line in lines[:-3]} == {["\n", "x" * 1023 + "\n"][argument]}


FORGER = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "a%(s)s\\n%(s)s\\nX%(s)s%(s)s\\n{\\22ok\\22:true}\\n")
  (func $out (param $at i32) (param $n i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $n))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start") (local $i i32)
    (loop $next ;; a byte at a time, lest the check be fooled by where a write ends
      (call $out (i32.add (i32.const 100) (local.get $i)) (i32.const 1))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const %(n)d))))))""" % {
    "s": SENTINEL, "n": 4 * len(SENTINEL) + 5 + len('{"ok":true}')}


def test_a_guest_cannot_forge_a_sentinel(initialized):
    sandbox = initialized(FORGER)
    assert sandbox.run({}).json == {"ok": True}
    raw = sandbox.file.read_text().splitlines()
    assert len(raw) == 5
    assert [SENTINEL in line for line in raw] == [False] * 3 + [True] * 2, "what a reader looks for"
    assert [line["log"] for line in sandbox.lines()[:3]] == [
        f"a{SENTINEL}\n", f"{SENTINEL}\n", f"X{SENTINEL}{SENTINEL}\n"], "what a user sees"


def test_a_connection_that_says_nothing_is_harmless(initialized):
    """As the invoker's health check makes."""
    sandbox = initialized("ok.wat")
    for _ in range(50):
        socket.create_connection(sandbox.container.address).close()
    assert sandbox.run({}).json == {"answer": 42}


def test_48_megabytes_of_code(sandbox):
    """The most that OpenWhisk takes, counted in base64."""
    module = wasm("ok.wat")
    name = b"\3pad"
    room = (48 << 20) * 3 // 4 - len(module) - 64
    size = room + len(name)
    leb = bytes([size & 0x7f | 0x80, size >> 7 & 0x7f | 0x80, size >> 14 & 0x7f | 0x80,
                 size >> 21 & 0x7f])
    reply = sandbox.init(module + b"\0" + leb + name + bytes(room))
    assert (reply.status, reply.body) == (200, b"")
    assert sandbox.run({}).json == {"answer": 42}


# ---- pause and resume ----

def test_a_paused_container_answers_nothing_until_it_is_resumed(initialized):
    sandbox = initialized("ok.wat")
    assert sandbox.container.post("pause").status == 200
    run = Background(lambda: sandbox.run({}))
    other = Background(lambda: sandbox.container.run({}))
    assert sandbox.container.wowd.post("/echo", "{}").status == 200
    assert not run.is_done() and not other.is_done()
    assert sandbox.container.post("resume").status == 200
    assert run.wait().json == {"answer": 42} and other.wait().result == {"answer": 42}


def test_who_is_paused_in_the_middle_goes_on_where_it_was(initialized):
    sandbox = initialized("loop.wat")
    run = Background(lambda: sandbox.run([1], deadline=str(epoch_ms() + 1500)))
    wowd = sandbox.container.wowd
    until(wowd.spinning, "the guest runs")
    assert sandbox.container.post("pause").status == 200
    until(lambda: not wowd.spinning(), "it has stopped")
    assert not run.is_done()
    assert sandbox.container.post("resume").status == 200
    until(wowd.spinning, "it goes on")
    assert run.wait().error.startswith("The action exceeded its time limits of ")


def test_a_paused_guest_has_a_deadline_too(initialized):
    sandbox = initialized("loop.wat")
    runs = [Background(lambda: sandbox.run([1], deadline=str(epoch_ms() + 700))) for _ in range(3)]
    until(sandbox.container.wowd.spinning, "the guest runs")
    assert sandbox.container.post("pause").status == 200
    for run in runs:
        assert run.wait().error.startswith("The action exceeded its time limits of ")
    assert sandbox.container.post("resume").status == 200
    assert sandbox.run({}).json == {}


@pytest.mark.parametrize("verbs, error", [
    (["pause", "pause"], "is paused already"), (["resume"], "is not paused"),
    (["pause", "resume", "resume"], "is not paused")])
def test_what_cannot_be_paused_or_resumed(sandbox, verbs, error):
    *good, bad = [sandbox.container.post(verb) for verb in verbs]
    assert [reply.status for reply in good] == [200] * len(good)
    assert bad.status == 409 and error in bad.error


def test_a_paused_container_can_be_destroyed(daemon):
    sandbox = Sandbox(daemon)
    sandbox.init(wasm("loop.wat"))
    run = Background(lambda: sandbox.run([1], deadline=str(epoch_ms() + 1000)))
    until(daemon.spinning, "the guest runs")
    assert sandbox.container.post("pause").status == 200
    assert sandbox.container.destroy().status == 200
    assert run.wait().status == 502


def test_one_containers_pause_is_nobody_elses(daemon, initialized):
    """Of the same namespace, so that they share workers."""
    paused = initialized("ok.wat", env={"__OW_NAMESPACE": "shared"})
    other = Sandbox(daemon)
    assert other.init(wasm("echo.wat"), env={"__OW_NAMESPACE": "shared"}).status == 200
    assert paused.container.post("pause").status == 200
    waiting = Background(lambda: paused.run({}))
    for i in range(20):
        assert other.run([i]).json == [i]
    assert not waiting.is_done()
    assert paused.container.post("resume").status == 200
    assert waiting.wait().json == {"answer": 42}
    other.container.destroy()


def test_a_deadline_that_has_passed_is_answered_at_once(initialized):
    assert initialized("ok.wat").run({}, deadline="1").error == TIMED_OUT % 0
