"""The SDK for C with each clang that is installed, and what docs/sdk-c.md says of modules' sizes."""
import json
import re
import shutil
import subprocess

import pytest

from cli import DONE, ROOT, wow, wow_json
from harness import BUILD, clean_environment

PAGE = (ROOT / "docs/sdk-c.md").read_text(encoding="utf-8")
CLANGS = [name for name in [f"clang-{version}" for version in range(14, 30)] if shutil.which(name)]
WOW_CC = ROOT / "sdk/c/wow-cc"


def can_link(clang):
    """A clang without the lld and compiler-rt of its version makes no modules."""
    probe = subprocess.run([clang, "--target=wasm32-wasi", "--sysroot=/usr", "-x", "c", "-", "-o",
                            "/dev/null"], input="int main(void) { return 0; }", text=True,
                           capture_output=True, check=False)
    return probe.returncode == 0


USABLE = [clang for clang in CLANGS if can_link(clang)]


def test_there_is_a_clang():
    print("clangs that make modules:", *USABLE)
    assert USABLE


@pytest.mark.parametrize("clang", USABLE)
@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_each_clang(tmp_path, clang, debug):
    for name in ["add", "webhook", "filesys"]:
        sources = sorted((ROOT / "examples" / name).glob("*.c"))
        done = subprocess.run([WOW_CC, *debug, "-Werror", "-o", tmp_path / f"{name}.wasm", *sources],
                              env=clean_environment({"WOW_CLANG": clang}), capture_output=True,
                              text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    small = wow("run", tmp_path / "add.wasm", '{"a": 9007199254740993, "b": 1}')
    assert json.loads(small.stdout) == {"result": 9007199254740994}
    hook = wow("run", tmp_path / "webhook.wasm", "-P", ROOT / "examples/webhook/in.json")
    assert json.loads(hook.stdout)["statusCode"] == 200
    (tmp_path / "d").mkdir()
    (tmp_path / "d").chmod(0o777)
    files = wow("run", tmp_path / "filesys.wasm", "-d", tmp_path / "d", "-p", "directory",
                tmp_path / "d", "-p", "text", "x")
    assert json.loads(files.stdout) == {"read": "x", "files": ["note.txt"]}


def test_what_the_sdk_compiles_is_kept_and_used_again(tmp_path):
    env = clean_environment({"XDG_CACHE_HOME": str(tmp_path / "cache")})
    for _ in range(2):
        subprocess.run([WOW_CC, "-o", tmp_path / "add.wasm", ROOT / "examples/add/add.c"], env=env,
                       check=True)
    [kept] = (tmp_path / "cache/wow/sdk-c").iterdir()
    assert {path.stem for path in kept.iterdir()} == {
        path.stem for path in (ROOT / "sdk/c").glob("*.c")}


def test_it_works_without_a_place_to_keep_things(tmp_path):
    env = {**clean_environment(), "HOME": "/nonexistent", "XDG_CACHE_HOME": "/proc/nothing"}
    subprocess.run([WOW_CC, "-o", tmp_path / "add.wasm", ROOT / "examples/add/add.c"], env=env,
                   check=True)
    assert (tmp_path / "add.wasm").stat().st_size > 1000


def rows():
    return re.findall(r"^\| `((?:clang|wow-cc)[^`]*)` \| (\d+) \| (\d+) \|$", PAGE, re.M)


def test_the_page_has_its_table():
    assert len(rows()) == 5


@pytest.mark.parametrize("command, size, memory", rows())
def test_the_sizes_on_the_page(tmp_path, command, size, memory):
    compiler = command.split()[0]
    if compiler != "wow-cc" and not shutil.which(compiler):
        pytest.skip(f"{compiler}, which the page names, is not installed")
    shutil.copy(ROOT / "examples/add/add.c", tmp_path)
    line = command.replace("wow-cc ", f"{WOW_CC} ").replace("sdk/c/*", f"{ROOT}/sdk/c/*")
    subprocess.run(line.replace("-Iinclude", f"-I{ROOT}/include"), shell=True, cwd=tmp_path,
                   env=clean_environment(), check=True)
    is_size = (tmp_path / "add.wasm").stat().st_size
    assert int(size) * 0.75 < is_size < int(size) * 1.25, f"{is_size} bytes: change the page"
    status, record = wow_json("run", tmp_path / "add.wasm", '{"a": 1, "b": 2}')
    assert status == DONE and record["stats"]["memory"] == int(memory) * 1024


def test_the_commands_on_the_page(tmp_path):
    (tmp_path / "sdk").symlink_to(ROOT / "sdk")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    commands = re.findall(r"^    (sdk/c/wow-cc .*)$", PAGE, re.M)
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True,
                              env=clean_environment(), check=True)
    assert json.loads(done.stdout) == {"result": 42}


def test_the_modules_of_the_build_are_small():
    sizes = {path.stem: path.stat().st_size for path in (BUILD / "examples").glob("*.wasm")}
    assert 10_000 < sizes["add"] < 25_000 and sizes["hash"] < 30_000, sizes
