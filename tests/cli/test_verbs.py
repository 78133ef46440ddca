"""What all verbs have in common: how a command line is read, help, errors, statuses."""
import re

import pytest

from cli import DONE, USAGE, wow, wow_json

VERBS = re.findall(r"^  wow ([a-z][a-z ]*[a-z])  ", wow("--help").stdout, re.M)


def test_there_are_verbs():
    assert {"compile", "invoke"} <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_its_help(verb):
    done = wow(*verb.split(), "--help")
    assert done.returncode == DONE and done.stderr == ""
    assert done.stdout.startswith(f"usage: wow {verb}")
    assert "--json" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_refuses_what_it_does_not_know(verb):
    done = wow(*verb.split(), "--no-such-option")
    assert done.returncode == USAGE and done.stdout == ""
    assert done.stderr == (f"wow: {verb}: unknown option '--no-such-option'; --help lists them\n")


@pytest.mark.parametrize("args, says", [
    ([], "usage: wow VERB"),
    (["fly"], "there is no 'fly'; wow --help lists what there is"),
    (["invoke"], "invoke: which FILE.wasm?"),
    (["invoke", "a.wasm", "not JSON"], "invoke: the arguments are not a JSON object or array"),
    (["invoke", "a.wasm", "{}", "{}"], "invoke: '{}' is too much"),
    (["invoke", "a.wasm", "--executor"], "invoke: option '--executor' needs ADDR:PORT"),
    (["invoke", "a.wasm", "--times=yes"], "invoke: '--times=yes': nothing can stand behind it"),
    (["invoke", "a.wasm", "-x"], "invoke: unknown option '-x'"),
    (["compile", "a.wasm", "--tier", "best"],
     "compile: --tier: 'best' is not one of optimised|baseline"),
    (["compile", "a.wasm", "--tier="], "compile: --tier: '' is not one of optimised|baseline"),
    (["compile", "a.wasm", "--memory", "0"], "compile: --memory: '0' is not a number from 1 to"),
    (["compile", "a.wasm", "-m", "1x"], "compile: --memory: '1x' is not a number"),
    (["compile", "a.wasm", "-m-1"], "compile: --memory: '-1' is not a number"),
    (["compile", "a.wasm", "--memory=99999999999999999999"], "is not a number from 1 to 4096"),
    (["compile", "--", "--tier", "a.wasm"], "compile: 'a.wasm' is too much"),
])
def test_wrong_usage_is_told(args, says):
    done = wow(*args)
    assert done.returncode == USAGE and says in done.stderr and done.stdout == ""


def test_an_error_is_json_for_programs():
    status, said = wow_json("compile", "a.wasm", "-m", "0")
    assert status == USAGE and said["kind"] == "invalid input" and "'0' is not" in said["error"]


@pytest.mark.parametrize("ask", [["--help"], ["-h"], ["help"]])
def test_help_names_every_verb(ask):
    done = wow(*ask)
    assert done.returncode == DONE and done.stdout.startswith("usage: wow VERB")


def test_the_version():
    assert re.fullmatch(r"wow \d+\.\d+\.\d+\n", wow("--version").stdout)
