"""wow doctor and wow completion."""
import subprocess

import pytest

from cli import ACTION_FAILED, DONE, USAGE, WOW, wow, wow_json
from harness import NAMES, clean_environment


def test_doctor_finds_this_machine_fit():
    status, said = wow_json("doctor")
    assert status == DONE and said["good"] is True
    checks = {check["name"]: check for check in said["checks"]}
    assert {"wowd", "c", "openat2", "pidfd_open", "seccomp filters"} <= set(checks)
    for engine in NAMES:
        if engine not in ("fake", "hostile"):
            assert checks[engine]["state"] == "good" and checks[engine]["found"][0].isdigit()
    assert all(check["advice"] for check in said["checks"] if check["state"] != "good")


def test_doctor_for_people():
    done = wow("doctor")
    assert done.returncode == DONE and done.stderr == ""
    assert "\nThe kernel\n  ok Linux " in done.stdout and "\033" not in done.stdout


def test_doctor_says_what_is_missing_and_what_to_do():
    status, said = wow_json("doctor", env={"WOW_CLANG": "no-such-clang"})
    [c] = [check for check in said["checks"] if check["name"] == "c"]
    assert status == DONE and c["state"] == "poor", "it is needed to build, not to run"
    assert "cannot be compiled here" in c["found"] and "clang-19" in c["advice"]


def test_doctor_away_from_the_daemon(tmp_path):
    (tmp_path / "wow").write_bytes(WOW.read_bytes())
    (tmp_path / "wow").chmod(0o755)
    done = subprocess.run([tmp_path / "wow", "doctor"], capture_output=True, text=True, timeout=60,
                          env=clean_environment(), check=False)
    assert done.returncode == ACTION_FAILED
    assert "!! wowd               not here" in done.stdout and "make build" in done.stdout
    assert "!! wasmtime " in done.stdout


# ---- completion ----

@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    place = tmp_path_factory.mktemp("completion")
    (place / "wow.bash").write_text(wow("completion", "bash").stdout)
    (place / "a.wasm").touch()
    (place / "folder").mkdir()

    def offers(*words):
        script = ('. ./wow.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _wow; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-euc", script, "bash", *words], cwd=place, text=True,
                              capture_output=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()
    return offers


@pytest.mark.parametrize("words, offered", [
    (["wow", "do"], ["doctor"]),
    (["wow", "--v"], ["--version"]),
    (["wow", "run", "--opt"], ["--optimised"]),
    (["wow", "run", "a.wasm", "-e", "wa"], ["wasmtime", "wamr", "wasmer"]),
    (["wow", "run", "--engine", "wasmt"], ["wasmtime"]),
    (["wow", "run", "a."], ["a.wasm"]),
    (["wow", "run", "-p", "a."], []),
    (["wow", "run", "-d", ""], ["folder"]),
    (["wow", "compile", "--tier", ""], ["optimised", "baseline"]),
    (["wow", "new", "--lang", "c"], ["c"]),
    (["wow", "completion", ""], ["bash"]),
    (["wow", "doctor", "--"], ["--json", "--help"]),
    (["wow", "fly", ""], []),
])
def test_what_is_offered(complete, words, offered):
    assert sorted(complete(*words)) == sorted(offered)


def test_every_verb_is_offered(complete):
    assert {"new", "build", "run", "watch", "compile", "invoke", "doctor",
            "completion"} <= set(complete("wow", ""))


def test_the_script_is_a_good_one(tmp_path):
    (tmp_path / "wow.bash").write_text(wow("completion", "bash").stdout)
    subprocess.run(["shellcheck", "-s", "bash", tmp_path / "wow.bash"], check=True)


def test_completion_for_others():
    done = wow("completion", "fish")
    assert done.returncode == USAGE and "one for bash only, not for 'fish'" in done.stderr
    assert wow_json("completion", "bash")[1]["script"] == wow("completion", "bash").stdout
