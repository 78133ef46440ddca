"""Actions in AssemblyScript and Rust, templates, and what docs/languages.md shows of all languages."""
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import BUILD, ROOT, clean_environment
from kinds import CODE, daemon, lines

PAGE = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
SDK = ROOT / "sdk"
COMMANDS = {"assemblyscript": (SDK / "assemblyscript" / "wow-asc", "ts"),
            "rust": (SDK / "rust" / "wow-rustc", "rs")}
MISSING = 2

js = daemon("js:wasm", "js.wasm")


def needs(language):
    """Node.js, which Debian's list of ours does not bring; all else has to be there."""
    if language == "assemblyscript" and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("AssemblyScript: there is no node and npm on this machine")


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """Compile a source, once for all engines."""
    made = {}

    def get(language, source, *flags):
        needs(language)
        key = (language, source, flags)
        if key not in made:
            command, end = COMMANDS[language]
            out = tmp_path_factory.mktemp(language) / "action.wasm"
            file = source if not isinstance(source, str) else out.with_name(f"action.{end}")
            if isinstance(source, str):
                file.write_text(source, encoding="utf-8")
            done = subprocess.run([command, *flags, "-o", out, file], capture_output=True, text=True,
                                  timeout=300, check=False, env=clean_environment())
            assert done.returncode == 0, done.stderr
            made[key] = out.read_bytes()
        return made[key]

    return get


def example(language, name):
    return SDK / language / "examples" / f"{name}.{COMMANDS[language][1]}"


BOTH = pytest.mark.parametrize("language", ["assemblyscript", "rust"])


@BOTH
@pytest.mark.parametrize("name, args, result", [
    ("add", {"a": 40, "b": 2}, {"result": 42}), ("add", {"a": 1.5, "b": -0.25}, {"result": 1.25}),
    ("sieve", {"limit": 100}, {"count": 25, "largest": 97}),
    ("sieve", {"limit": 1}, {"count": 0, "largest": 0}),
    ("sieve", {"limit": 1000000}, {"count": 78498, "largest": 999983})])
def test_examples(wowd, build, language, name, args, result):
    container = wowd.container(build(language, example(language, name)))
    assert container.run(args).result == result


def test_errors_of_rust(wowd, build):
    add = wowd.container(build("rust", example("rust", "add")))
    assert add.run({"a": 1}).failure(1) == "parameter 'b' must be a number"
    panics = wowd.container(build("rust", """
        fn f(_: wow::json::JsonValue) -> Result<wow::json::JsonValue, String> { panic!("oh {}", 1) }
        fn main() { wow::run(f) }"""))
    record = panics.post("run", {"value": {}, "logs": True}).record
    assert record["status"] == "action developer error"
    assert any("oh 1" in line for line in lines(record, "stderr"))


def test_errors_of_assemblyscript(wowd, build):
    sieve = wowd.container(build("assemblyscript", example("assemblyscript", "sieve")))
    assert "must be a number from 0" in sieve.run({"limit": -1}).failure(1)
    throws = wowd.container(build("assemblyscript", """
        import { JSON } from "json-as";
        import { action, now, warn } from "wow";
        @json class A { t: i64 = 0; r: f64 = 0; }
        function f(a: A): A {
          if (a.t == 1) throw new Error("oh é");
          return { t: now(), r: Math.random() };
        }
        export function main(): void { action<A, A>(f); }"""))
    record = throws.post("run", {"value": {"t": 1}, "logs": True}).record
    assert record["status"] == "action developer error"
    assert re.match(r"oh é \(.*action.ts:6:25\)$", lines(record, "stderr")[0]), record
    one, two = throws.run({}).result, throws.run({}).result
    assert one["r"] != two["r"] and 1.7e12 < one["t"] <= two["t"]


@BOTH
def test_templates(wowd, build, language):
    template = SDK / language / "template" / f"action.{COMMANDS[language][1]}"
    container = wowd.container(build(language, template))
    args = json.loads((template.parent / "in.json").read_text().replace("@name@", "wäsm"))
    record = container.post("run", {"value": args, "logs": True}).record
    assert record["result"] == {"greeting": "Hello, wäsm!"} and lines(record) == ["greeting wäsm"]


def test_the_template_of_javascript(js):
    template = SDK / "js" / "template"
    args = json.loads((template / "in.json").read_text().replace("@name@", "wäsm"))
    record = js.run((template / "action.js").read_text(encoding="utf-8"), args)
    assert record["result"] == {"greeting": "Hello, wäsm!"} and lines(record) == ["greeting wäsm"]


@BOTH
def test_what_does_not_compile_is_told_by_the_status(tmp_path, language):
    needs(language)
    command, end = COMMANDS[language]
    wrong = tmp_path / f"wrong.{end}"
    wrong.write_text("this is no program")
    done = subprocess.run([command, "-o", tmp_path / "out.wasm", wrong], capture_output=True,
                          timeout=300, check=False)
    assert done.returncode == 1 and done.stderr and not (tmp_path / "out.wasm").exists()


@BOTH
def test_what_is_missing_is_named(tmp_path, language):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "readlink", "sed"):
        (tools / name).symlink_to(shutil.which(name))
    env = {"PATH": str(tools), "HOME": str(tmp_path), "WOW_RUSTC": "/no/rustc"}
    done = subprocess.run([COMMANDS[language][0], "-o", "x", "y"], capture_output=True, text=True,
                          check=False, env=env)
    assert done.returncode == MISSING and "on Debian: apt install" in done.stderr


def test_rust_runs_natively_too(tmp_path):
    program = tmp_path / "add"
    subprocess.run([COMMANDS["rust"][0], "--native", "-o", program, example("rust", "add")],
                   check=True, env=clean_environment())
    done = subprocess.run([program], input='{"a": 40, "b": 2}', capture_output=True, text=True,
                          check=True)
    assert json.loads(done.stdout) == {"result": 42}


# ---- the page ----

def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.S | re.M).group(1)


def code(text, language):
    return re.search(rf"```{language}\n(.*?)```", text, re.S).group(1)


def shell(commands, cwd, wowd):
    """Run a block of commands; what the last one printed."""
    where = "%s:%d" % wowd.executor
    text = commands.replace("localhost:9000", where).replace("curl ", "curl -sS ")
    text = text.replace("sdk/", f"{SDK}/").replace("build/wow ", f"{BUILD}/wow ")
    env = {**os.environ, "WOW_EXECUTOR": where}
    done = subprocess.run(["sh", "-ec", text], cwd=cwd, env=env, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def shown(text):
    """The answer that a section shows."""
    [line] = re.findall(r"^    (\{\"status\".*)$", text, re.M)
    return line


def test_the_pages_javascript(js, tmp_path):
    text = section("JavaScript")
    (tmp_path / "hello.js").write_text(code(text, "js"), encoding="utf-8")
    answer = shell(code(text, "sh"), tmp_path, js.wowd)
    times = r"\d{4}-\d\d-\d\dT[\d:.]+Z"
    assert re.sub(times, "", answer) == re.sub(times, "", shown(text))
    js.wowd.post("/hello/destroy")


def test_wow_knows_a_source_by_its_name(js, tmp_path):
    (tmp_path / "hello.js").write_text("const main = (p) => ({ hello: p.name })")
    done = subprocess.run([BUILD / "wow", "invoke", tmp_path / "hello.js", '{"name": "é"}',
                           "--executor", "%s:%d" % js.wowd.executor],
                          capture_output=True, text=True, check=True, env=clean_environment())
    assert json.loads(done.stdout)["result"] == {"hello": "é"}


def test_the_pages_python(start_wowd, tmp_path):
    if not (BUILD / "kinds" / "python.wasm").exists():
        pytest.skip("Python: there is no python.wasm")
    text = section("Python")
    (tmp_path / "hello.py").write_text(code(text, "python"), encoding="utf-8")
    wowd = start_wowd("wasmtime", cache=CODE)
    assert json.loads(shell(code(text, "sh"), tmp_path, wowd)) == json.loads(shown(text))
    wowd.post("/hello-py/destroy")


@pytest.mark.parametrize("title, end, fence, language", [
    ("AssemblyScript", "ts", "ts", "assemblyscript"), ("Rust", "rs", "rust", "rust")])
def test_the_pages_compiled_languages(start_wowd, tmp_path, title, end, fence, language):
    needs(language)
    wowd = start_wowd("auto")
    text = section(title)
    source = code(text, fence)
    (tmp_path / f"add.{end}").write_text(source, encoding="utf-8")
    assert json.loads(shell(code(text, "sh"), tmp_path, wowd)) == json.loads(shown(text))
    assert example(language, "add").read_text(encoding="utf-8").endswith(source)
