"""wow compile, and machine code from clients: refused, unless the operator trusts it."""
import os
import subprocess

import pytest

from harness import BUILD, ENGINES, run_wowd, wasm


def compile_file(*arguments, cwd):
    return subprocess.run([BUILD / "wow", "compile", *map(str, arguments)], cwd=cwd, timeout=60,
                          capture_output=True, text=True, check=False)


@pytest.fixture
def made(engine, tmp_path):
    """The bytes of machine code for ok.wat."""
    (tmp_path / "ok.wasm").write_bytes(wasm("ok.wat"))
    done = compile_file("ok.wasm", "--engine", engine, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    code = (tmp_path / "ok.wow").read_bytes()
    assert done.stdout.startswith(f"ok.wow: {len(code) - 112} bytes for {engine}-")
    return code


def test_it_is_refused_by_default(own_wowd, made):
    wowd = own_wowd()
    reply = wowd.start().init(made)
    assert reply.status == 502 and "precompiled code is not accepted" in reply.error
    assert wowd.machine_code() == []


@pytest.mark.parametrize("tiering", ["on", "off"])
def test_who_trusts_it_runs_it(own_wowd, made, tiering):
    wowd = own_wowd("--trust-precompiled", tiering=tiering)
    assert "wowd.trust precompiled=on" in wowd.log()
    for _ in range(2):
        assert wowd.container(made).run().result == {"answer": 42}
    assert wowd.container("ok.wat").run().result == {"answer": 42}, "wasm, too"


def test_it_must_fit(own_wowd, made):
    wowd = own_wowd("--trust-precompiled", "--memory-max", "300")
    reply = wowd.start().init(made)
    assert reply.status == 502 and "was made for something else than" in reply.error
    reply = wowd.start().init(made[:-1])
    assert reply.status == 502


@pytest.mark.skipif(len(ENGINES) < 2, reason="only one engine is built")
def test_another_engines(own_wowd, engine, made):
    wowd = own_wowd("--trust-precompiled")
    other = next(e for e in ENGINES if e != engine)
    reply = wowd.start().init(made, annotations={"wow-engine": other})
    assert reply.status == 502 and f"something else than {other}-" in reply.error


def test_a_damaged_one_harms_nobody(own_wowd, made):
    wowd = own_wowd("--trust-precompiled")
    reply = wowd.start().init(b"no machine code at all" + made[-112:])
    assert reply.status == 502, "the trailer knows the size"
    spoiled = bytes(len(made) - 112) + made[-112:]
    container = wowd.start()
    if container.init(spoiled).status == 200:
        assert "could not be loaded" in container.run().failure(3)
    assert wowd.container("ok.wat").run().result == {"answer": 42}


def test_a_file_and_an_output(engine, tmp_path):
    (tmp_path / "ok.wasm").write_bytes(wasm("ok.wat"))
    done = compile_file("--engine", engine, "-o", "x.bin", "--memory", "64", "ok.wasm", cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "x.bin").stat().st_size > 112
    assert os.listdir(tmp_path).count("ok.wow") == 0


@pytest.mark.parametrize("arguments, status, error", [
    ((), 64, "which FILE.wasm?"),
    (("a", "b"), 64, "'b' is too much"),
    (("a", "--tier", "best"), 64, "'best' is not one of optimised|baseline"),
    (("a", "--memory", "0"), 64, "'0' is not a number from 1 to 4096"),
    (("a", "--memory", "99999"), 64, "'99999' is not a number from 1"),
    (("a", "--engine", "../a"), 64, "is no engine's name"),
    (("a", "--engine", "v8"), 2, "engine 'v8' is not here"),
    (("a", "-x"), 64, "unknown option '-x'"),
    (("a", "-o"), 64, "option '-o' needs FILE"),
    (("missing.wasm",), 2, "missing.wasm"),
    (("text.wasm",), 1, "neither wasm nor a zip or gzip"),
    (("ok.wasm", "-o", "no/such/place"), 2, "no/such/place")])
def test_what_it_refuses(tmp_path, arguments, status, error):
    (tmp_path / "text.wasm").write_text("hello")
    (tmp_path / "ok.wasm").write_bytes(wasm("ok.wat"))
    if "--engine" not in arguments and status != 64:
        arguments += ("--engine", ENGINES[0])
    done = compile_file(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("wow: ") and error in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_switch_has_two_positions():
    done = run_wowd("--trust-precompiled=maybe")
    assert done.returncode == 64 and "'maybe' is neither on nor off" in done.stderr
