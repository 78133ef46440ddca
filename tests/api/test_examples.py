"""Every folder in examples/ is a test; so is what the README and the documents show."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from harness import BUILD, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
README = (ROOT / "README.md").read_text(encoding="utf-8")


def executor(wowd):
    return "%s:%d" % wowd.executor


def wow(*args, env=None):
    return subprocess.run([BUILD / "wow", *map(str, args)], capture_output=True, text=True,
                          env=clean_environment(env), timeout=60, check=False)


def example(name):
    return (BUILD / "examples" / f"{name}.wasm").read_bytes()


def text_of(name, file):
    return (ROOT / "examples" / name / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_answers_as_its_out_json_says(wowd, name):
    container = wowd.container(example(name))
    assert container.run(json.loads(text_of(name, "in.json"))).result == json.loads(
        text_of(name, "out.json"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_natively_too(tmp_path, name):
    program = tmp_path / name
    subprocess.run([ROOT / "sdk/c/wow-cc", "--native", "-o", program,
                    ROOT / "examples" / name / f"{name}.c"], check=True)
    done = subprocess.run([program, text_of(name, "in.json")], capture_output=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == json.loads(text_of(name, "out.json"))


def test_a_wrong_argument_is_named(wowd):
    add = wowd.container(example("add"))
    assert add.run({"a": "x", "b": 1}).failure(1) == "parameter 'a' must be a number"
    assert add.run({"a": 9007199254740993, "b": 0}).result == {"result": 9007199254740993}
    assert add.run({"a": 1.5, "b": 1}).result == {"result": 2.5}


# ---- the command line ----

def test_invoke_prints_the_record_and_the_times(wowd):
    done = wow("invoke", BUILD / "examples/add.wasm", '{"a": 40, "b": 2}', "--times",
               "--executor", executor(wowd))
    assert done.returncode == 0 and done.stderr == ""
    record, *times = done.stdout.splitlines()
    assert json.loads(record)["result"] == {"result": 42}
    assert [re.split(r" {2,}", line)[0] for line in times] == ["first of all", "cold", "warm"]


def test_invoke_tells_failure_by_its_status(wowd):
    where = {"WOW_EXECUTOR": executor(wowd)}
    failed = wow("invoke", BUILD / "examples/add.wasm", '{"a": "x"}', env=where)
    assert failed.returncode == 1 and "application error" in failed.stdout
    unusable = wow("invoke", ROOT / "README.md", env=where)
    assert unusable.returncode == 1 and "neither wasm nor a zip" in unusable.stderr
    nobody = wow("invoke", BUILD / "examples/add.wasm", "--executor", "127.0.0.1:1")
    assert nobody.returncode == 2 and "Failed to connect" in nobody.stderr


# ---- what the README shows ----

def test_the_readmes_action(wowd, tmp_path):
    source = re.search(r"```c\n(.*?)```", README, re.S).group(1)
    (tmp_path / "hello.c").write_text(source, encoding="utf-8")
    commands = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    [compile_it] = [line for line in commands if line.startswith("sdk/c/wow-cc")]
    [invoke_it] = [line for line in commands if line.startswith("build/wow invoke hello")]
    curls = [line.replace("localhost:9000", executor(wowd))
             for line in commands if line.startswith("curl")]
    env = {**os.environ, "WOW_EXECUTOR": executor(wowd)}

    def shell(line):
        line = line.replace("sdk/c/", f"{ROOT}/sdk/c/").replace("build/wow ", f"{BUILD}/wow ")
        return subprocess.run(line.replace("curl ", "curl -sS "), shell=True, cwd=tmp_path, env=env,
                              capture_output=True, text=True, check=True).stdout

    shell(compile_it)
    assert json.loads(shell(invoke_it))["result"] == {"greeting": "wasm"}
    assert shell(curls[0]) == ""
    assert json.loads(shell(curls[1]))["result"] == {"greeting": "wasm"}
    wowd.post("/hello/destroy")


def test_the_readmes_commands_are_the_makefiles():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^    |`)make ([a-z]+)", README, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), f"make {target}"


def test_what_the_page_about_engines_shows(start_wowd, tmp_path):
    page = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in page.splitlines() if line.startswith("    build/wow ")]
    wowd = start_wowd("auto", "--trust-precompiled")
    env = {**os.environ, "WOW_EXECUTOR": executor(wowd)}

    def shell(line):
        line = line.replace("build/examples", f"{BUILD}/examples")
        return subprocess.run(line.replace("build/wow ", f"{BUILD}/wow "), shell=True, cwd=tmp_path,
                              env=env, capture_output=True, text=True, check=True).stdout

    [invoke_it] = [line for line in lines if line.startswith("build/wow invoke")]
    [compile_it] = [line for line in lines if line.startswith("build/wow compile")]
    assert json.loads(shell(invoke_it))["result"] == {"result": 42}
    assert shell(compile_it).startswith("add.wow: ")
    again = shell("build/wow invoke add.wow '{\"a\": 40, \"b\": 2}'")
    assert json.loads(again)["result"] == {"result": 42}
