"""wow's verbs of the REST API against a real wowd: what they do, print and exit with."""
import json
import os
import pty
import re
import subprocess
import zipfile

import pytest

from harness import BUILD, ROOT, until, wasm
from wsk import NOT_DONE, USAGE, WOW, Wsk, exit_of

ECHO = "function main(args) { console.log('hello ' + args.name); return args; }\n"
FAILS = "function main(args) { return {error: 'as it was told'}; }\n"
GONE = "The requested resource does not exist. (code <CODE>)"
EXISTS = "resource already exists (code <CODE>)"
pytestmark = pytest.mark.skipif(
    not all((BUILD / "kinds" / f"{kind}.wasm").exists() for kind in ("js", "python")),
    reason="no interpreters: make kinds")
RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"


@pytest.fixture
def wow(rest, tmp_path):
    """As a new user."""
    made = Wsk(tmp_path, rest.daemon.apihost, rest.key)
    made.user = rest
    made.write("echo.js", ECHO)
    made.write("fails.js", FAILS)
    made.write("echo.wasm", wasm("echo.wat"))
    return made


@pytest.fixture
def echo(wow):
    wow("action", "create", "echo", "echo.js").ok("ok: created action echo")
    return wow


# ---- actions ----

def test_an_action_from_its_making_to_its_end(wow):
    wow("action", "create", "e", "echo.wasm").ok("ok: created action e")
    wow("action", "create", "e", "echo.wasm").fails(
        exit_of(409), f"Unable to create action 'e': {EXISTS}")
    wow("action", "update", "e", "-p", "a", "1").ok("ok: updated action e")
    assert wow("action", "invoke", "e", "-r", "-p", "b", '{"c": [2]}').ok().json == {
        "a": 1, "b": {"c": [2]}}
    listed = wow("action", "list").ok().out
    full = f"/{wow.user.name}/e"
    assert listed == f"actions\n{full:<70} private wasm:0.1\n"
    wow("action", "delete", "e").ok("ok: deleted action e")
    for verb in "get", "delete", "invoke":
        wow("action", verb, "e").fails(exit_of(404), f"Unable to {verb} action 'e': {GONE}")
    wow("action", "list").ok("actions")


def test_source_in_c_is_built_and_deployed(wow):
    wow.write("hello.c", (ROOT / "sdk/c/template/action.c").read_text())
    wow("action", "create", "hello", "hello.c").ok("ok: created action hello")
    assert wow("action", "get", "hello", "exec").json == {"kind": "wasm:0.1", "binary": True}
    greeting = wow("action", "invoke", "hello", "-r", "-p", "name", "wsk").ok().json
    assert greeting == {"greeting": "Hello, wsk!"}
    wow.write("folder/hello.c", (wow.place / "hello.c").read_text().replace("Hello", "Bye"))
    wow("action", "update", "hello", "folder").ok("ok: updated action hello")
    assert wow("action", "invoke", "hello", "-r").json == {"greeting": "Bye, stranger!"}


def test_a_folder_of_javascript_or_python_becomes_a_zip(wow):
    wow.write("js/index.js", "exports.main = () => require('./lib/b.js')")
    (wow.place / "js/lib").mkdir()
    wow.write("js/lib/b.js", "exports.says = 'from lib'")
    wow.write("js/.secret", "not sent")
    (wow.place / "js/link").symlink_to("/etc/passwd")
    wow("action", "create", "j", "js/").ok("ok: created action j")
    assert wow("action", "invoke", "j", "-r").ok().json == {"says": "from lib"}
    wow("action", "get", "j", "--save").ok()
    with zipfile.ZipFile(wow.place / "j.zip") as file:
        assert sorted(file.namelist()) == ["index.js", "lib/b.js"]
    wow.write("py/__main__.py", "import b\ndef main(args): return {'says': b.says}\n")
    wow.write("py/b.py", "says = 'from b'\n")
    wow("action", "create", "p", "py").ok("ok: created action p")
    assert wow("action", "invoke", "p", "-r").ok().json == {"says": "from b"}
    sent = [wow("action", "get", "p", "--save-as", name).ok() and (wow.place / name).read_bytes()
            for name in ("1.zip", "2.zip") if wow("action", "update", "p", "py").ok()]
    assert sent[0] == sent[1]
    wow.write("py/large", os.urandom(49 << 20))
    done = wow("action", "update", "p", "py")
    assert done.status == NOT_DONE and "zip of 'py'" in done.err


def test_source_that_does_not_compile_is_not_sent(wow):
    wow.write("bad.c", "this is no C\n")
    done = wow("action", "create", "bad", "bad.c")
    assert done.status == 1 and done.err.endswith("error: bad does not compile\n")
    wow("action", "list").ok("actions")


@pytest.mark.parametrize("name, args, says", [
    ("a.txt", [], "'.txt' is not a supported action runtime; --kind says which it is"),
    ("a.zip", [], "creating an action from a .zip artifact requires specifying the action kind "
     "explicitly (--kind)"),
    (None, [], "An action name and code artifact are required."),
    (None, ["--sequence"], "An action name and code artifact are required."),
    ("a.js", ["--kind", "x", "--docker", "y"],
     "Cannot specify both --kind and --docker at the same time."),
    ("a.js", ["--web-secure", "true"],
     "The --web-secure option is only valid when the --web option is enabled."),
    ("a.js", ["-m", "lots"], "--memory: 'lots' is not a number"),
    ("a.js", ["-t", ""], "--timeout: '' is not a number"),
])
def test_what_cannot_be_sent(wow, name, args, says):
    if name:
        wow.write(name, "x")
    wow("action", "create", "a", *filter(None, [name]), *args).fails(USAGE, says)
    wow("action", "list").ok("actions")


def test_what_a_server_refuses(wow):
    done = wow("action", "create", "a", "echo.js", "--kind", "no:kind")
    assert done.status == exit_of(400) and "'no:kind' is not supported by this platform" in done.err
    done = wow("action", "create", "a", "echo.js", "-m", "1")
    assert done.status == exit_of(400) and "below allowed threshold of" in done.err
    wow("action", "create", "p/a", "echo.js").fails(
        exit_of(404), f"Unable to create action 'p/a': {GONE}")


def test_a_file_that_is_not_there(wow):
    wow("action", "create", "a", "no.js").fails(NOT_DONE, "'no.js': No such file or directory")
    wow.write("dir.js/x", "")
    done = wow("action", "create", "a", "dir.js")
    assert done.status == NOT_DONE and "'dir.js' has no sources" in done.err


def test_what_is_too_large_is_not_sent(echo):
    """Whatever it would be as JSON."""
    for name, byte in ("large.wasm", b"\0"), ("large.js", b"\1"):
        path = echo.write(name, byte)
        os.truncate(path, (48 << 20) + 1)
        done = echo("action", "create", "large", name)
        assert done.status == NOT_DONE and f"'{name}'" in done.err
    path.write_bytes(b"\1" * (48 << 20))
    done = echo("action", "create", "large", name)
    assert done.status in (exit_of(400), exit_of(413)), done
    echo.write("large.json", '{"a": "' + "x" * (8 << 20) + '"}')
    assert echo("action", "invoke", "echo", "-P", "large.json").status == NOT_DONE
    echo.write("large.json", '{"a": "' + "x" * (2 << 20) + '"}')
    assert echo("action", "invoke", "echo", "-P", "large.json").status == exit_of(413)
    assert echo("action", "get", "n" * 2000).status == USAGE
    assert echo("activation", "get", "n" * 100000).status == USAGE
    assert echo("action", "get", "echo", "--url", "--apihost", "h" * 100000).status != -6
    echo("action", "list", "--json").ok()


def test_code_that_cannot_run_is_made_with_a_warning(wow):
    wow.write("bad.wasm", b"\0asm\1\0\0\0")
    done = wow("action", "create", "bad", "bad.wasm")
    assert (done.status, done.out) == (0, "ok: created action bad\n")
    assert re.fullmatch(r"warning: .+\n", done.err)


def test_what_invoking_prints(echo):
    echo("action", "invoke", "echo").ok("ok: invoked /_/echo with id <ID>")
    done = echo("action", "invoke", "echo", "-b", "-p", "name", "x").ok()
    record = done.json
    assert done.out.startswith(f"ok: invoked /_/echo with id {record['activationId']}\n{{\n    \"")
    assert record["response"]["result"] == {"name": "x"}
    assert echo("action", "invoke", "echo", "-r", "-p", "name", "x").ok().out == \
        '{\n    "name": "x"\n}\n'
    [line] = echo("action", "invoke", "echo", "-r", "-p", "name", "x", "--json").ok().out.splitlines()
    assert json.loads(line) == {"name": "x"}


def test_parameters_from_files_and_words(echo):
    echo.write("in.json", '{"a": 1, "b": {"c": null}, "d": 2}')
    words = ["action", "invoke", "echo", "-r", "-P"]
    assert echo(*words, "in.json", "-p", "a", "two", "-p", "e", '"3"').json == {
        "a": "two", "b": {"c": None}, "d": 2, "e": "3"}
    assert echo(*words, "-", stdin=b'{"x": []}').json == {"x": []}
    echo.write("bad.json", "[1]")
    echo(*words, "bad.json").fails(USAGE, "'bad.json' must be an object, not an array")
    echo.write("bad.json", "{")
    assert echo(*words, "bad.json").status == USAGE
    assert echo(*words, "nowhere.json").status == NOT_DONE


def test_an_action_that_fails(wow):
    wow("action", "create", "f", "fails.js").ok()
    done = wow("action", "invoke", "f", "-r")
    assert (done.status, done.out) == (exit_of(502), "")
    assert json.loads(done.err) == {"error": "as it was told"}
    done = wow("action", "invoke", "f", "-b")
    assert (done.status, done.out) == (exit_of(502), "")
    assert done.err.startswith("ok: invoked /_/f with id ")
    done = wow("action", "invoke", "f", "-r", "--json")
    assert (done.status, done.err, done.json) == (exit_of(502), "", {"error": "as it was told"})


def test_sequences_and_copies(echo):
    echo("action", "create", "two", "echo,echo", "--sequence").ok("ok: created action two")
    echo("action", "update", "echo", "-p", "a", "1").ok()
    echo("action", "create", "copy", "echo", "--copy", "-p", "b", "2").ok("ok: created action copy")
    assert echo("action", "invoke", "two", "-r").json == {"a": 1}
    assert echo("action", "invoke", "copy", "-r").json == {"a": 1, "b": 2}
    echo("action", "create", "c", "none", "--copy").fails(
        exit_of(404), f"Unable to get action 'none': {GONE}")


def test_parts_of_an_action(echo):
    name = echo.user.name
    echo("action", "update", "echo", "-a", "description", "says it again", "-p", "a", "1", "-a",
         "parameters", '[{"name": "b"}, {"name": "a"}]').ok()
    done = echo("action", "get", "echo").ok()
    assert done.out.startswith("ok: got action echo\n{\n") and "code" not in done.json["exec"]
    echo("action", "get", "echo", "version").ok(
        "ok: got action echo, displaying field version", '"0.0.2"')
    echo("action", "get", "echo", "VERSION", "--json").ok('"0.0.2"')
    echo("action", "get", "echo", "colour").fails(USAGE, "Invalid field filter 'colour'.")
    echo("action", "get", "echo", "-s").ok(f"action /{name}/echo: says it again",
                                           "   (parameters: *a, b)")
    api = echo.user.daemon.apihost + "/api/v1"
    echo("action", "get", "echo", "--url").ok(
        "ok: got action echo", f"{api}/namespaces/{name}/actions/echo")
    echo("action", "update", "echo", "--web", "yes").ok()
    echo("action", "get", "echo", "--url").ok("ok: got action echo",
                                              f"{api}/web/{name}/default/echo")
    assert echo.user.daemon.nobody.get(f"/api/v1/web/{name}/default/echo.json?x=y").json["x"] == "y"


def test_code_is_saved_but_never_over_a_file(echo):
    (echo.place / "echo.js").unlink()
    echo("action", "get", "echo", "--save").ok(f"ok: saved action code to {echo.place}/echo.js")
    assert (echo.place / "echo.js").read_text() == ECHO
    echo("action", "get", "echo", "--save").fails(NOT_DONE, "The file 'echo.js' already exists")
    echo("action", "create", "m", "echo.wasm").ok()
    echo("action", "get", "m", "--save-as", "copy").ok(f"ok: saved action code to {echo.place}/copy")
    assert (echo.place / "copy").read_bytes() == wasm("echo.wat")
    echo("action", "get", "m", "--save").ok(f"ok: saved action code to {echo.place}/m.wasm")
    with zipfile.ZipFile(echo.place / "z.zip", "w") as file:
        file.writestr("a.wasm", wasm("echo.wat"))
    echo("action", "create", "z", "z.zip", "--kind", "wasm:0.1").ok("ok: created action z")
    echo("action", "get", "z", "--save-as", "z2.zip").ok()
    assert (echo.place / "z2.zip").read_bytes() == (echo.place / "z.zip").read_bytes()
    echo("action", "create", "s", "echo", "--sequence").ok()
    echo("action", "get", "s", "--save").fails(1, "Cannot save action sequences")


def test_lists_page_and_sort(wow):
    wow("package", "create", "p").ok()
    for name in "b", "p/z", "C", "a":
        wow("action", "create", name, "echo.js").ok()
    names = [line.split()[0].split("/", 2)[2] for line in
             wow("action", "list", "-n").ok().out.splitlines()[1:]]
    assert names == ["a", "b", "C", "p/z"]
    assert len(wow("action", "list", "-l", "2").out.splitlines()) == 3
    assert [a["name"] for a in wow("action", "list", "-l", "1", "-s", "1", "--json").json] == ["C"]
    assert [a["name"] for a in wow("action", "list", "p", "--json").json] == ["z"]
    done = wow("action", "list", "-l", "999")
    assert done.status == exit_of(400) and "'999' is not in the range of 0 to 200" in done.err
    wow("package", "list", "p").fails(
        USAGE, "An entity name, 'p', was provided instead of a namespace. Valid namespaces are of "
        "the following format: /NAMESPACE.")


@pytest.mark.parametrize("name", ["", "/", "a//b", "/a/b/c/d", ".", "a/..", "/_/../x"])
def test_names_that_are_none(wow, name):
    wow("action", "get", name).fails(
        USAGE, f"'{name}' is not a valid qualified name: A valid qualified name must be specified.")


def test_names_with_all_that_a_name_may_have(wow):
    name = "a b@c.d-e_f"
    wow("action", "create", name, "echo.js").ok(f"ok: created action {name}")
    wow("action", "invoke", f"/{wow.user.name}/{name}", "-r", "-p", "x", "%2F?&").ok()
    wow("action", "get", "x?code=true#y").fails(
        exit_of(400), "Unable to get action 'x?code=true#y': " + until(
            lambda: wow.user.get("actions/x%3Fcode%3Dtrue%23y").error, "an answer") +
        " (code <CODE>)")


# ---- activations ----

def newest(wow, name, *args):
    """Invoke, and wait for the record: its id."""
    made = wow("action", "invoke", name, *args, "--json").json["activationId"]
    wow.user.record(made)
    return made


def test_activations(echo):
    made = newest(echo, "echo", "-p", "name", "x")
    row = echo("activation", "list", "-l", "1").ok().out.splitlines()
    assert row[0] == (f"{'Datetime':<19} {'Activation ID':<32} {'Kind':<7} Start Duration   "
                      "Status  Entity")
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {made} js:wasm (cold|warm)  "
                        rf"(\d+ms|0s) +success {echo.user.name}/echo:0\.0\.1", row[1])
    assert echo("activation", "get", made).ok().json["response"]["result"] == {"name": "x"}
    assert echo("activation", "get", "--last", "name").ok().out == (
        f"ok: got activation {made}, displaying field name\n\"echo\"\n")
    done = echo("activation", "get", made, "-s").ok()
    assert done.out.startswith(f"activation result for '/{echo.user.name}/echo' (success at 20")
    assert done.json == {"name": "x"}
    assert echo("activation", "result", "-l").ok().json == {"name": "x"}
    assert re.fullmatch(RFC3339 + r" +stdout: hello x\n", echo("activation", "logs", made).ok().out)
    for words in (["logs", "-l", "--strip"], ["get", made, "--logs"]):
        assert echo("activation", *words).ok().out == "hello x\n"


def test_activations_by_name_and_time(wow):
    wow("package", "create", "p").ok()
    wow("action", "create", "p/e", "echo.js").ok()
    wow("action", "create", "f", "fails.js").ok()
    first, second = newest(wow, "p/e"), newest(wow, "f")
    began = wow("activation", "get", first, "start").json

    def listed(*args):
        return [a["activationId"] for a in wow("activation", "list", "--json", *args).json]

    assert listed() == [second, first] and listed("p/e") == [first] == listed("--skip", "1")
    assert listed(f"/{wow.user.name}/f") == [second] and listed("nothing") == []
    assert first in listed("--upto", began) and listed("--upto", began - 1) == []
    assert "application error" in wow("activation", "list").out.splitlines()[1]
    full = wow("activation", "list", "-f", "-l", "1").ok().out
    assert full.startswith("activations\n{\n") and "as it was told" in full
    wow("activation", "list", "nothing").ok("")


@pytest.mark.parametrize("words, status, says", [
    (["get"], USAGE, "Unable to get activation: An activation ID is required."),
    (["logs", "--last"], NOT_DONE,
     "Unable to get logs for activation: Activation list does not contain any activations."),
    (["result", "0" * 32], exit_of(404), f"Unable to get result for activation '{'0' * 32}': {GONE}"),
    (["get", "../actions"], USAGE, "Unable to get activation: The activation id is not valid."),
    (["get", "12"], exit_of(400), "Unable to get activation '12': Activation id length is 2 but "
     "must be 32. (code <CODE>)"),
    (["list", "--since", "monday"], USAGE, "--since: 'monday' is not a number of milliseconds"),
])
def test_activations_that_are_not_there(wow, words, status, says):
    wow("activation", *words).fails(status, says)


def lines_until(process, wanted):
    """What it prints, up to a line with that."""
    lines = []
    while not lines or wanted not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], (lines, process.stderr.read())
    return "".join(lines)


def test_logs_are_followed(echo):
    before = newest(echo, "echo", "-p", "name", "one")
    process = echo.start("logs", "-f", "--strip")
    try:
        assert lines_until(process, "hello") == f"==> echo {before} <==\nhello one\n"
        made = newest(echo, "echo", "-p", "name", "two")
        assert lines_until(process, "hello") == f"==> echo {made} <==\nhello two\n"
        process.terminate()
        assert process.communicate(timeout=20) == ("", "") and process.returncode == 0
    finally:
        process.kill()
    assert echo("logs", "echo").ok().out.startswith(f"==> echo {made} <==\n20")


def test_logs_of_one_action_only(echo):
    echo("action", "create", "other", "echo.js").ok()
    newest(echo, "echo", "-p", "name", "0")
    process = echo.start("logs", "-f", "-r", "other")
    try:
        newest(echo, "echo", "-p", "name", "1")
        newest(echo, "other", "-p", "name", "2")
        assert "hello 1" not in lines_until(process, "hello 2")
    finally:
        process.kill()
        process.communicate()


def test_polling(echo):
    old = newest(echo, "echo", "-p", "name", "old")
    process = echo.start("activation", "poll")
    try:
        assert lines_until(process, "Polling") == ("Enter Ctrl-c to exit.\n"
                                                   "Polling for activation logs\n")
        made = newest(echo, "echo", "-p", "name", "new")
        shown = lines_until(process, "]")
        assert shown.startswith(f"\nActivation: 'echo' ({made})\n[\n    \"20") and old not in shown
        process.send_signal(2)
        assert process.communicate(timeout=20)[0] == "Poll terminated\n"
        assert process.returncode == 1
    finally:
        process.kill()


def test_what_began_earlier_and_ends_later_is_shown(wow):
    wow.write("slow.js", "function main(args) { const until = Date.now() + args.ms;\n"
              "while (Date.now() < until); console.log('slow ' + args.ms); }")
    wow("action", "create", "slow", "slow.js").ok()
    made = wow("action", "invoke", "slow", "-p", "ms", 3000, "--json").json["activationId"]
    newest(wow, "slow", "-p", "ms", "1")
    process = wow.start("logs", "-f", "-r")
    try:
        assert lines_until(process, "slow 1\n").startswith("==> slow ")
        assert lines_until(process, "slow 3000") == f"==> slow {made} <==\nslow 3000\n"
    finally:
        process.kill()
        process.communicate()


def test_polling_ends_by_itself_and_looks_back(echo):
    made = newest(echo, "echo")
    done = echo("activation", "poll", "--exit", "1", "--since-hours", "1", "--json").ok()
    assert done.json["activationId"] == made
    assert echo("activation", "poll", "--exit", "1", "--json").ok().out == ""


# ---- packages, triggers, rules, namespaces ----

def test_packages(wow):
    name = wow.user.name
    wow("package", "create", "p", "-p", "k", "v", "-a", "description", "all of it").ok(
        "ok: created package p")
    wow("action", "create", "p/e", "echo.js").ok("ok: created action p/e")
    wow("package", "bind", f"/{name}/p", "b", "-p", "z", "9").ok("ok: created binding b")
    assert wow("action", "invoke", "b/e", "-r").json == {"k": "v", "z": 9}
    wow("package", "bind", "p", "b").fails(exit_of(409), f"Binding creation failed: {EXISTS}")
    wow("package", "bind", "p", "b", "--overwrite", "-p", "z", "10").ok("ok: created binding b")
    wow("package", "update", "p", "--shared", "yes").ok("ok: updated package p")
    rows = wow("package", "list", "-n").ok().out.splitlines()
    assert rows == ["packages", f"{f'/{name}/b':<70} private", f"{f'/{name}/p':<70} shared"]
    wow("package", "get", "p", "-s").ok(
        f"package /{name}/p: all of it", "   (parameters: *k)",
        f" action /{name}/p/e", "   (parameters: none defined)")
    assert wow("package", "get", "b", "binding").json == {"namespace": name, "name": "p"}
    done = wow("package", "delete", "p")
    assert done.status == exit_of(409) and "Package not empty (contains 1 entity)" in done.err
    assert wow("package", "refresh").status == exit_of(501)
    wow("action", "delete", "p/e").ok("ok: deleted action p/e")
    wow("package", "delete", "p").ok("ok: deleted package p")


def test_triggers_and_rules(echo):
    name = echo.user.name
    echo("trigger", "create", "t", "-p", "a", "1").ok("ok: created trigger t")
    echo("trigger", "fire", "t").ok("ok: triggered /_/t with id ")
    echo("rule", "create", "r", "t", "echo").ok("ok: created rule r")
    echo("rule", "create", "r", "t", "echo").fails(
        exit_of(409), f"Unable to create rule 'r': {EXISTS}")
    echo("trigger", "fire", "t", "-p", "name", "fired").ok("ok: triggered /_/t with id <ID>")
    until(lambda: echo("activation", "list", "echo", "--json").json, "the rule's activation")
    assert echo("activation", "result", "--last").json["name"] == "fired"
    echo("rule", "status", "r").ok("ok: rule r is active")
    echo("rule", "disable", "r").ok("ok: disabled rule r")
    rows = echo("rule", "list").ok().out.splitlines()
    assert rows == ["rules", f"{f'/{name}/r':<70} {'private':<20} inactive"]
    echo("rule", "get", "r", "-s").ok(f"rule /{name}/r", "   (status: inactive)")
    echo("rule", "enable", "r").ok("ok: enabled rule r")
    echo("rule", "update", "r", "t", "none").fails(
        exit_of(400), f"Unable to update rule 'r': action /{name}/none does not exist (code <CODE>)")
    echo("trigger", "update", "t", "-p", "b", "2").ok("ok: updated trigger t")
    assert echo("trigger", "get", "t", "parameters").json == [{"key": "b", "value": 2}]
    echo("trigger", "get", "t", "-s").ok(
        f"trigger /{name}/t: Returns a result based on parameter b", "   (parameters: *b)")
    assert echo("trigger", "list").ok().out == f"triggers\n{f'/{name}/t':<70} private\n"
    echo("trigger", "update", "new").ok("ok: created trigger new")
    echo("rule", "delete", "r", "--disable").ok("ok: deleted rule r")
    echo("trigger", "delete", "t").ok("ok: deleted trigger t")
    echo("trigger", "fire", "t").fails(exit_of(404), f"Unable to fire trigger 't': {GONE}")


def test_a_feed_is_told_of_its_trigger(echo):
    done = echo("trigger", "create", "t", "--feed", "echo", "-p", "cron", "* * * * *").ok()
    assert done.out.startswith("ok: invoked /_/echo with id ")
    assert done.out.endswith("\nok: created trigger t\n")
    told = {"triggerName": "/_/t", "authKey": echo.user.key}

    def last():
        return echo("activation", "result", "--last").json

    assert last() == {**told, "lifecycleEvent": "CREATE", "cron": "* * * * *"}
    assert echo("trigger", "get", "t").ok().json["response"]["result"]["lifecycleEvent"] == "READ"
    assert echo("trigger", "get", "t", "annotations").json == [{"key": "feed", "value": "/_/echo"}]
    echo("trigger", "update", "t", "-p", "cron", "x").ok()
    assert last() == {**told, "lifecycleEvent": "UPDATE", "cron": "x"}
    done = echo("trigger", "update", "t", "-p", "a", "1", "--json").ok()
    assert done.json["name"] == "t"
    echo("trigger", "delete", "t").ok()
    assert last() == {**told, "lifecycleEvent": "DELETE"}
    echo("trigger", "list").ok("triggers")


def test_no_trigger_is_left_when_its_feed_fails(wow):
    wow("action", "create", "f", "fails.js").ok()
    done = wow("trigger", "create", "t", "--feed", "f")
    assert done.status == exit_of(502) and done.err.endswith(
        "error: Unable to create trigger 't': Unable to configure feed '/_/f': The following "
        "application error was received: as it was told\n")
    wow("trigger", "list").ok("triggers")
    wow("trigger", "create", "t", "--feed", "none").fails(
        exit_of(404), f"Unable to create trigger 't': Unable to configure feed '/_/none': {GONE}")
    wow("trigger", "list").ok("triggers")
    wow("trigger", "create", "t", "-F", "a", "1").fails(
        USAGE, "Incorrect usage. Trigger without a feed cannot have feed parameters")


def test_a_namespace(echo):
    name = echo.user.name
    echo("namespace", "list").ok("namespaces", name)
    for words in ["namespace", "get"], ["list"]:
        echo(*words).ok("Entities in namespace: default", "packages", "actions",
                        f"{f'/{name}/echo':<70} private js:wasm", "triggers", "rules")
    echo("list", "other").fails(
        USAGE, "Invalid argument(s): other. No arguments are required.")


def test_there_is_no_api_gateway(wow):
    done = wow("api", "create", "/base", "/path", "get", "echo", "--response-type", "json")
    assert done.status == NOT_DONE and "wow action update NAME --web true" in done.err


# ---- what all have in common ----

def test_an_error_is_json_for_programs(wow):
    done = wow("action", "get", "none", "--json")
    assert done.status == exit_of(404) and done.json["kind"] == "not found"
    assert done.json["error"].startswith("Unable to get action 'none': The requested resource")


def test_progress_on_a_terminal(wow):
    wow.write("large.js", ECHO + "//" + "x" * (3 << 20))
    ours, theirs = pty.openpty()
    with subprocess.Popen([WOW, "action", "create", "large", "large.js"], stderr=theirs,
                          stdout=subprocess.PIPE, text=True, cwd=wow.place,
                          env=wow.environment()) as process:
        out, _ = process.communicate(timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert (process.returncode, out) == (0, "ok: created action large\n")
    assert re.search(r"large: (\d\.\d of )?3\.0 MiB sent", shown) and shown.endswith("\r\x1b[K")
