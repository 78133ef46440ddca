"""The author's loop: new, build, run, watch. Nothing of it needs a daemon."""
import http.server
import json
import os
import re
import select
import shutil
import signal
import subprocess
import threading

import pytest

from cli import ACTION_FAILED, DONE, NOT_DONE, ROOT, USAGE, WOW, wow, wow_json
from harness import BUILD, ENGINES, children, clean_environment, cpu_ns, until

ADD = BUILD / "examples/add.wasm"

DIVIDE = """
#include <wow/action.h>

static int64_t divide(int64_t a, int64_t b)
{
    return a / b;
}

static struct json *act(const struct json *args, struct wow_error *err)
{
    struct json *result = json_object();
    json_set(result, "quotient", json_int(divide(wow_int(args, "a", err), wow_int(args, "b", err))));
    return result;
}

WOW_ACTION(act)
"""

SHOW = """
#include <wow/action.h>

#include <stdlib.h>

static struct json *show(const struct json *args, struct wow_error *err)
{
    (void)err;
    struct json *result = json_object();
    json_set(result, "args", args);
    json_set(result, "name", json_string(getenv("__OW_ACTION_NAME")));
    json_set(result, "colour", json_string(getenv("COLOUR")));
    json_set(result, "left", json_bool(wow_remaining_ms() < INT64_MAX));
    puts("to stdout");
    fflush(stdout);
    wow_logf("to stderr: %d", 42);
    return result;
}

WOW_ACTION(show)
"""


@pytest.fixture
def hello(tmp_path):
    done = wow("new", "hello", cwd=tmp_path)
    assert done.returncode == DONE, done.stderr
    return tmp_path / "hello"


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    """A module that tells what it was given."""
    place = tmp_path_factory.mktemp("show")
    (place / "show.c").write_text(SHOW)
    assert wow("build", place / "show.c").returncode == DONE
    return place / "show.wasm"


def guest(name, place):
    wasm = place / f"{name}.wasm"
    subprocess.run(["wat2wasm", ROOT / f"tests/guests/{name}.wat", "-o", wasm], check=True)
    return wasm


def family(pid):
    """The processes below one."""
    return [below for child in children(pid) for below in [child, *family(child)]]


# ---- new ----

def test_new_says_what_it_made_and_what_to_do_next(tmp_path):
    done = wow("new", "hello", cwd=tmp_path)
    *files, following = done.stdout.splitlines()
    assert sorted(files) == ["hello/.gitignore", "hello/hello.c", "hello/in.json"]
    assert following == "Next: cd hello && wow run"
    assert json.loads((tmp_path / "hello/in.json").read_text()) == {"name": "hello"}


def test_what_follows_a_new_action_is_its_answer(hello):
    done = wow("run", cwd=hello)
    assert json.loads(done.stdout) == {"greeting": "Hello, hello!"}
    log, figures = done.stderr.splitlines()
    assert log == "greeting hello"
    assert re.fullmatch(r"wow: success in [\d.]+ ms, 128 KiB of memory, \w+ \w+; "
                        r"ready after [\d.]+ ms", figures)


def test_new_in_json(tmp_path):
    assert wow_json("new", "--lang=c", "a-b_c", cwd=tmp_path) == (DONE, {
        "dir": "a-b_c", "lang": "c", "files": ["a-b_c/.gitignore", "a-b_c/a-b_c.c", "a-b_c/in.json"]})


@pytest.mark.parametrize("name", ["", "-x", ".", "..", "a b", "ä", "a.b", "a" * 65, "x/"])
def test_new_refuses_names_that_make_trouble(tmp_path, name):
    done = wow("new", "--", name, cwd=tmp_path)
    if name == "x/":  # the folder x
        assert done.returncode == DONE
        return
    assert done.returncode == USAGE and "is no name for an action" in done.stderr
    assert os.listdir(tmp_path) == []


def test_new_overwrites_nothing(tmp_path):
    (tmp_path / "hello").mkdir()
    done = wow("new", "hello", cwd=tmp_path)
    assert done.returncode == NOT_DONE and "'hello': File exists" in done.stderr
    assert os.listdir(tmp_path / "hello") == []


def test_new_needs_the_folder_above(tmp_path):
    done = wow("new", "no/such/hello", cwd=tmp_path)
    assert done.returncode == NOT_DONE and "No such file or directory" in done.stderr


# ---- build ----

def test_build_a_folder_and_a_file(hello):
    for where, cwd in [((), hello), ((".",), hello), (("hello",), hello.parent),
                       (("hello/hello.c",), hello.parent)]:
        (hello / "hello.wasm").unlink(missing_ok=True)
        status, said = wow_json("build", *where, cwd=cwd)
        assert (status, said["lang"]) == (DONE, "c")
        assert said["bytes"] == (cwd / said["file"]).stat().st_size
        assert (hello / "hello.wasm").read_bytes().startswith(b"\0asm")


def test_build_takes_all_sources_of_a_folder(tmp_path):
    (tmp_path / "one.c").write_text('#include "two.h"\n#include <wow/action.h>\n'
                                    "static struct json *act(const struct json *args, "
                                    "struct wow_error *err)\n"
                                    "{ (void)args; (void)err; struct json *r = json_object(); "
                                    'json_set(r, "two", json_int(two() + PLUS)); return r; }\n'
                                    "WOW_ACTION(act)\n")
    (tmp_path / "two.c").write_text('#include "two.h"\nint two(void) { return 2; }\n')
    (tmp_path / "two.h").write_text("int two(void);\n")
    done = wow("build", "-o", tmp_path / "both.wasm", tmp_path, "--", "-DPLUS=40")
    assert done.returncode == DONE, done.stderr
    assert json.loads(wow("run", tmp_path / "both.wasm").stdout) == {"two": 42}


def test_build_native(hello):
    done = wow("build", "--native", cwd=hello)
    assert done.returncode == DONE and done.stdout.startswith("hello: ")
    told = subprocess.run([hello / "hello", '{"name": "world"}'], capture_output=True, text=True,
                          check=True)
    assert json.loads(told.stdout.splitlines()[-1]) == {"greeting": "Hello, world!"}
    from_stdin = subprocess.run([hello / "hello"], input='{"name": 1}', capture_output=True,
                                text=True, check=False)
    assert from_stdin.returncode == 1
    assert json.loads(from_stdin.stdout) == {"error": "parameter 'name' must be a string"}


def test_what_does_not_compile_is_shown(hello):
    (hello / "hello.c").write_text("int x = ;\n")
    for verb in ["build", "run"]:
        done = wow(verb, cwd=hello)
        assert done.returncode == ACTION_FAILED and done.stdout == ""
        assert "hello.c:1:9: error: expected expression" in done.stderr
        assert done.stderr.endswith("wow: hello does not compile\n")
    assert wow_json("build", cwd=hello) == (ACTION_FAILED, {
        "error": "hello does not compile", "kind": "unusable code"})


def test_build_finds_nothing(tmp_path):
    done = wow("build", cwd=tmp_path)
    assert done.returncode == NOT_DONE
    assert "'.' has no sources of an action (*.c" in done.stderr and "wow new" in done.stderr
    missing = wow("build", "nothing.c", cwd=tmp_path)
    assert missing.returncode == NOT_DONE and "'nothing.c': No such file" in missing.stderr
    (tmp_path / "notes.txt").write_text("hello")
    text = wow("build", "notes.txt", cwd=tmp_path)
    assert text.returncode == USAGE and "neither a folder nor the source" in text.stderr


def test_without_a_compiler_it_says_what_to_install(hello):
    done = wow("build", cwd=hello, env={"WOW_CLANG": "no-such-clang"})
    assert done.returncode == NOT_DONE
    assert "there is no no-such-clang" in done.stderr and "wow doctor says more" in done.stderr
    alone = hello.parent / "bin"
    alone.mkdir()
    for tool in ["sh", "dirname", "readlink", "sed", "cat"]:
        (alone / tool).symlink_to(shutil.which(tool))
    done = wow("build", cwd=hello, env={"PATH": str(alone)})
    assert done.returncode == NOT_DONE
    assert "no clang was found; on Debian: apt install clang-19" in done.stderr


def test_an_sdk_that_is_not_there(hello, tmp_path):
    done = wow("build", cwd=hello, env={"WOW_SDK": str(tmp_path)})
    assert done.returncode == NOT_DONE and f"there is no SDK in '{tmp_path}'" in done.stderr


# ---- run ----

@pytest.mark.parametrize("engine", ENGINES)
def test_run_on_each_engine(engine):
    status, record = wow_json("run", ADD, '{"a": 40, "b": 2}', "-e", engine, "-O")
    assert (status, record["result"], record["status"]) == (DONE, {"result": 42}, "success")
    assert record["stats"]["engine"] == engine and record["stats"]["tier"] == "optimised"
    assert record["stats"]["memory"] == 2 * 65536 and record["stats"]["run_us"] > 0
    assert record["file"] == str(ADD) and record["times"]["ready_ms"] > 0 and record["logs"] == []


def test_an_application_error_is_the_actions_failure():
    done = wow("run", ADD, "-p", "a", "x")
    assert done.returncode == ACTION_FAILED
    assert json.loads(done.stdout) == {"error": "parameter 'a' must be a number"}
    assert "wow: application error in" in done.stderr


@pytest.mark.parametrize("given, args", [
    ([], {}),
    (["-p", "a", "1", "-p", "b", "x y", "--param", "c", '{"d": [1]}'],
     {"a": 1, "b": "x y", "c": {"d": [1]}}),
    (["-p", "a", "1", "-p", "a", "2"], {"a": 2}),
    (["-p", "n", "-5", "-p", "dash", "--json"], {"n": -5, "dash": "--json"}),
    (["-p", "a", "true", "-p", "b", '"1"', "-p", "c", "", "-p", "ä\"", "ü\n"],
     {"a": True, "b": "1", "c": "", "ä\"": "ü\n"}),
    (['{"a": 1, "b": 2}', "-p", "a", "3"], {"b": 2, "a": 3}),
    (["-P", "FILE", "-p", "new", "3"], {"kept": 12345678901234567890123, "new": 3}),
    (["-P", "-"], {"from": "stdin"}),
    (["[1, 2]"], [1, 2]),
])
def test_arguments(show, tmp_path, given, args):
    (tmp_path / "args").write_text('{"kept": 12345678901234567890123}')
    given = [str(tmp_path / "args") if g == "FILE" else g for g in given]
    done = wow("run", show, *given, stdin='{"from": "stdin"}')
    assert done.returncode == DONE, done.stderr
    assert json.loads(done.stdout)["args"] == args


@pytest.mark.parametrize("given, status, says", [
    (["{"], USAGE, "the arguments: "),
    (["3"], USAGE, "must be an object or an array, not a number"),
    (["[1]", "-p", "a", "1"], USAGE, "must be an object, not an array"),
    (["{}", "-P", "x"], USAGE, "either as JSON or from a file, not both"),
    (["-P", "no/such"], NOT_DONE, "'no/such': No such file"),
    (["-P", "/"], NOT_DONE, "Is a directory"),
    (["-p", "a"], USAGE, "option '-p' needs KEY VALUE"),
    (["-e", "v8"], NOT_DONE, "v8"),
    (["-d", "no/such"], NOT_DONE, "--dir 'no/such': No such file"),
    (["-m", "5000"], USAGE, "'5000' is not a number from 1 to 4096"),
])
def test_run_refuses(show, given, status, says):
    done = wow("run", show, *given)
    assert (done.returncode, done.stdout) == (status, "") and says in done.stderr


def test_run_takes_in_json_of_sources_only(hello):
    assert json.loads(wow("run", cwd=hello, env={"WOW_ENGINE": "none"}).stdout)["greeting"] == (
        "Hello, hello!")
    assert json.loads(wow("run", "-p", "x", "1", cwd=hello).stdout)["greeting"] == (
        "Hello, stranger!")
    assert json.loads(wow("run", "hello.wasm", cwd=hello).stdout)["greeting"] == "Hello, stranger!"


def test_what_an_action_sees_of_its_surroundings(show):
    done = wow("run", show, "--env", "COLOUR", "blue")
    result = json.loads(done.stdout)
    assert result["name"] == "show" and result["colour"] == "blue" and result["left"] is True
    assert done.stderr.splitlines()[:2] == ["to stdout", "to stderr: 42"]


def test_a_deadline_a_limit_and_a_module_that_is_none(tmp_path):
    for name, limits, says in [
            ("loop", ["-t", "50"], r"exceeded its time limits of \d+ milliseconds"),
            ("fill", ["-m", "4"], "exhausted its memory")]:
        done = wow("run", guest(name, tmp_path), "[1]", *limits)
        assert done.returncode == ACTION_FAILED and re.search(says, done.stdout), done.stdout
    (tmp_path / "text.wasm").write_text("hello")
    done = wow("run", tmp_path / "text.wasm")
    assert done.returncode == ACTION_FAILED and "neither wasm nor a zip" in done.stderr


def test_a_trap_names_functions_when_they_have_names(tmp_path):
    (tmp_path / "trap.c").write_text(DIVIDE)
    done = wow("run", tmp_path / "trap.c", "--debug", '{"a": 1, "b": 0}', "-e", "auto")
    assert json.loads(done.stdout) == {"error": "The action trapped: integer divide by zero."}
    if "wasmtime" in ENGINES:
        frames = done.stderr.splitlines()
        line = " at trap.c:%d" if shutil.which("llvm-symbolizer-19") else ""
        divides, calls = [1 + number for number, text in enumerate(DIVIDE.splitlines())
                          if "a / b" in text or "divide(wow_int" in text]
        assert re.fullmatch(r"trap in divide \(#\d+\+0x[0-9a-f]+\)" + (line and line % divides),
                            frames[0])
        assert re.fullmatch(r"  called by act \(#\d+\+0x[0-9a-f]+\)" + (line and line % calls),
                            frames[1])
    stripped = wow("run", tmp_path / "trap.c", '{"a": 1, "b": 0}')
    assert "trap in" not in stripped.stderr


def test_a_directory_is_granted_by_its_path(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)  # as root, workers run as another user
    (tmp_path / "data/in.txt").write_text("what it read")
    file = guest("file", tmp_path)
    for where, read_errno, create_errno in [("data:ro", 0, 69), ("data", 0, 0)]:
        done = wow("run", file, '["in.txt"]', "-d", where, cwd=tmp_path)
        assert json.loads(done.stdout) == ["what it read", [read_errno, create_errno]]
        assert (tmp_path / "data/out.txt").exists() == (create_errno == 0)


def test_a_host_is_granted_by_its_pattern():
    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        try:
            for net, reached in [([], False), (["--net", origin], True)]:
                done = wow("run", BUILD / "examples/net.wasm", "-p", "url", f"{origin}/x", *net)
                assert json.loads(done.stdout)["reached"] == reached, done.stderr
                assert ("wow: refused:" in done.stderr) == (not reached)
        finally:
            server.shutdown()
    wrong = wow("run", BUILD / "examples/net.wasm", "--net", "not a host")
    assert wrong.returncode == NOT_DONE and "not a host" in wrong.stderr


def test_nothing_is_left_behind(tmp_path):
    place = tmp_path / "tmp"
    place.mkdir()
    assert wow("run", ADD, '{"a":1,"b":1}', env={"TMPDIR": str(place)}).returncode == DONE
    assert os.listdir(place) == []


def test_ctrl_c_ends_it_at_once(tmp_path):
    (tmp_path / "tmp").mkdir()
    running = subprocess.Popen([WOW, "run", "-v", guest("loop", tmp_path), "[1]"], stderr=subprocess.PIPE,
                               text=True, env=clean_environment({"TMPDIR": str(tmp_path / "tmp")}))
    try:
        until(lambda: any(cpu_ns(pid) > 50e6 for pid in family(running.pid)), "the guest computes")
    finally:
        running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == NOT_DONE and "wow: interrupted" in said
    assert os.listdir(tmp_path / "tmp") == []


# ---- watch ----

class Watch:
    """wow watch --json: a line of JSON for each round."""

    def __init__(self, place):
        self.process = subprocess.Popen([WOW, "watch", "--json"], cwd=place, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=clean_environment())

    def next(self, seconds=20):
        readable, _, _ = select.select([self.process.stdout], [], [], seconds)
        assert readable, "no round"
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(10) == DONE


def test_watch_runs_again_when_a_file_is_saved(hello):
    watch = Watch(hello)
    try:
        assert watch.next()["result"] == {"greeting": "Hello, hello!"}
        source = (hello / "hello.c").read_text()
        (hello / "hello.c").write_text(source.replace("Hello", "Hi"))
        assert watch.next()["result"] == {"greeting": "Hi, hello!"}
        (hello / "hello.c").write_text("not C")
        assert watch.next() == {"error": "hello does not compile", "kind": "unusable code"}
        (hello / "new.c").write_text(source)  # as editors do: another file, renamed
        (hello / "new.c").rename(hello / "hello.c")
        while "error" in (record := watch.next()):  # that may have been two rounds
            pass
        assert record["result"] == {"greeting": "Hello, hello!"}
        (hello / "in.json").write_text('{"name": "world"}')
        assert watch.next()["result"] == {"greeting": "Hello, world!"}
    finally:
        watch.end()
