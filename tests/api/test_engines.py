"""Several engines in one wowd: an action chooses, by its annotation or by its zip's wow.json."""
import json
import re
import shutil

import pytest

from harness import BUILD, ENGINES, in_threads, programs_of, run_wowd, until, wasm, zip_of

OTHERS = [e for e in ENGINES if e != "wasmtime"]


@pytest.fixture
def auto(start_wowd):
    return lambda *options, **how: start_wowd("auto", *options, **how)


def zipped(manifest, guest="ok.wat"):
    return zip_of(("wow.json", json.dumps(manifest)), ("action.wasm", wasm(guest)))


def engines(wowd):
    """Of all activations so far, in their order."""
    return re.findall(r" activation .* engine=(\w+) ", wowd.log())


def chosen(name):
    return {"annotations": {"wow-engine": name}}


def test_it_tells_which_engines_it_has(auto):
    [names] = re.findall(r" wowd.start .* engines=(\S+) ", auto().log())
    assert sorted(names.split(",")) == sorted(ENGINES)
    if "wasmtime" in ENGINES:
        assert names.startswith("wasmtime")


@pytest.mark.parametrize("name", ENGINES)
def test_an_annotation_chooses(auto, name):
    wowd = auto()
    assert wowd.container("ok.wat", **chosen(name)).run().result == {"answer": 42}
    assert wowd.container("ok.wat", annotations=[{"key": "wow-engine", "value": name}]).run(
        ).result == {"answer": 42}
    assert engines(wowd) == [name, name]


@pytest.mark.parametrize("name", ENGINES)
def test_a_manifest_chooses(auto, name):
    wowd = auto()
    code = zipped({"engine": name})
    for _ in range(2):
        assert wowd.container(code).run().result == {"answer": 42}
    assert engines(wowd) == [name, name]


def test_who_does_not_choose_gets_the_default(auto):
    wowd = auto()
    [default] = re.findall(r" wowd.start .* engines=(\w+)", wowd.log())
    for value in ({}, chosen("auto"), chosen(""), {"annotations": {}}):
        assert wowd.container("ok.wat", **value).run().result == {"answer": 42}
    assert wowd.container(zipped({"engine": "auto"})).run().result == {"answer": 42}
    assert engines(wowd) == 5 * [default]


@pytest.mark.parametrize("name", ENGINES)
def test_the_operator_sets_the_default(start_wowd, name):
    wowd = start_wowd(name)
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    assert engines(wowd) == [name]


def test_an_annotation_counts_more_than_a_manifest(auto):
    wowd = auto()
    for name in ENGINES:
        for asked in ENGINES:
            assert wowd.container(zipped({"engine": asked}), **chosen(name)).run().result == {
                "answer": 42}
            assert engines(wowd)[-1] == name


@pytest.mark.parametrize("name", ["v8", "WASMTIME", "wasmtime/..", "x" * 1000, "fake"])
def test_an_engine_that_is_not_here(auto, name):
    wowd = auto()
    reply = wowd.start().init("ok.wat", **chosen(name))
    assert reply.status == 502
    assert f"the action asks for the engine '{name[:60]}', and there are only " in reply.error
    assert wowd.container("ok.wat").run().result == {"answer": 42}


def test_a_manifest_with_an_engine_that_is_not_here(auto):
    wowd = auto()
    for _ in range(2):
        reply = wowd.start().init(zipped({"engine": "v8"}))
        assert reply.status == 502 and "asks for the engine 'v8'" in reply.error


@pytest.mark.parametrize("value", [1, [], {}, True])
def test_a_choice_that_is_no_text(auto, value):
    reply = auto().start().init("ok.wat", annotations={"wow-engine": value})
    assert reply.status == 502 and "\"wow-engine\" is not a text" in reply.error
    reply = auto().start().init(zipped({"engine": value}))
    assert reply.status == 502 and "\"engine\" in the zip's wow.json" in reply.error


@pytest.mark.skipif(len(ENGINES) < 2, reason="only one engine is built")
def test_all_at_once(auto):
    wowd = auto()

    def work(i):
        container = wowd.container("counter.wat", **chosen(ENGINES[i % len(ENGINES)]),
                                   env={"__OW_NAMESPACE": f"ns{i % 2}"})
        return [container.run().result for _ in range(20)]

    results = in_threads(12, work)
    assert all(r == results[0] for r in results)
    assert {e: engines(wowd).count(e) for e in ENGINES} == {
        e: 20 * len(range(i, 12, len(ENGINES))) for i, e in enumerate(ENGINES)}


@pytest.mark.log_has("zygote.exit", "engine.failed")
def test_an_engine_that_is_broken_harms_no_other(start_wowd, engine, tmp_path):
    for program in (BUILD / "wowd", *programs_of(engine)):
        shutil.copy(program, tmp_path)
    other = next(e for e in ("wasmtime", "wamr", "wasmer") if e != engine)
    (tmp_path / f"wow-compile-{other}").symlink_to(f"wow-compile-{engine}")
    broken = tmp_path / f"wow-worker-{other}"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    (tmp_path / "run").mkdir()
    wowd = start_wowd(engine, place=tmp_path / "run", program=tmp_path / "wowd")
    container = wowd.container("ok.wat", **chosen(other))
    assert container.run().failure(3) == "the worker program ends before it has forked a worker"
    until(lambda: "engine.failed" in wowd.log(), "it is told")
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    reply = wowd.start().init("ok.wat", **chosen(other))
    assert reply.status == 502 and "before it has forked" in reply.error


def test_a_default_that_is_not_here(tmp_path):
    done = run_wowd("--engine", "v8", "--data", tmp_path / "d", "--cache", tmp_path / "c")
    assert done.returncode == 1
    assert "engine 'v8'" in done.stderr and "wow-compile-v8" in done.stderr
    done = run_wowd("--engine", "../x", "--data", tmp_path / "d", "--cache", tmp_path / "c")
    assert done.returncode == 64 and "no engine's name" in done.stderr
