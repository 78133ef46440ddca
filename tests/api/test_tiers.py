"""Code never seen is answered from a baseline, and from optimised code as soon as there is some."""
import os
import re
import signal

import pytest

from harness import BUILD, DEFAULT_WORKERS, ENGINES, children, in_threads, until

BASELINES = [e for e in ("wasmtime", "wamr", "wasmer")
             if (BUILD / f"wow-compile-{e}").exists() and
             os.popen(f"'{BUILD}/wow-compile-{e}' --about").read().split()[1] == "1"]


def tiers(wowd):
    """Of all activations so far, in their order."""
    return re.findall(r" activation .* tier=(\w+) ", wowd.log())


def made(wowd, tier="optimised"):
    return len(re.findall(f" compile.done .* tier={tier} ", wowd.log()))


def answers(n):
    """A module that no other test has, and its result."""
    return f"""(module
      (memory (export "memory") 1)
      (data $r "{{\\22Ok\\22:[{100000 + n}]}}")
      (func $start (export "_start") (memory.init $r (i32.const 0) (i32.const 0) (i32.const 15)))
      (export "main" (func $start)) (export "other" (func $start))
      (func (export "wasm_memory_buffer_allocate_space") (param i32))
      (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
      (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 15)))"""


@pytest.fixture(params=ENGINES)
def engine(request):
    """One that has no baseline of its own is lent another's."""
    return request.param


@pytest.fixture
def tiered(own_wowd):
    return lambda *options, **how: own_wowd(*options, tiering="on", **how)


def test_the_first_answer_comes_from_the_baseline_and_later_ones_do_not(tiered):
    wowd = tiered()
    container = wowd.container("ok.wat")
    assert container.run().result == {"answer": 42}
    until(lambda: made(wowd) == 1, "the optimised code is there")
    assert container.run().result == {"answer": 42}
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    assert tiers(wowd)[0] == "baseline" or made(wowd) == 1
    assert tiers(wowd)[1:] == ["optimised", "optimised"]
    assert len(wowd.machine_code()) == 1, "a baseline is not kept"


@pytest.mark.skipif(BASELINES == ENGINES, reason="each engine here has a baseline")
def test_who_has_no_baseline_is_lent_one(start_wowd):
    name = next(e for e in ENGINES if e not in BASELINES)
    wowd = start_wowd("auto", tiering="on")
    container = wowd.container("ok.wat", annotations={"wow-engine": name})
    assert container.run().result == {"answer": 42}
    until(lambda: made(wowd) == 1, "the optimised code is there")
    assert container.run().result == {"answer": 42}
    ran = re.findall(r" activation .* engine=(\w+) tier=(\w+) ", wowd.log())
    assert ran == [(BASELINES[0], "baseline"), (name, "optimised")]


def test_without_tiering_there_is_no_baseline(own_wowd):
    wowd = own_wowd(tiering="off")
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    assert (tiers(wowd), made(wowd, "baseline")) == (["optimised"], 0)


def test_code_that_is_in_the_cache_has_no_baseline(tiered):
    first = tiered()
    first.container("ok.wat")
    until(lambda: made(first) == 1, "the optimised code is there")
    first.stop()
    second = tiered(place=first.place)
    log_from = len(second.log())
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert "compile.done" not in second.log()[log_from:]
    assert tiers(second)[-1] == "optimised"


def test_many_modules_at_once(tiered):
    wowd = tiered()
    containers = in_threads(12, lambda i: wowd.container(answers(i)))
    for i, container in enumerate(containers):
        assert container.run().result == [100000 + i]
    until(lambda: made(wowd) == 12, "all are optimised", 60)
    for i, container in enumerate(containers):
        assert container.run().result == [100000 + i]
    assert tiers(wowd)[12:] == 12 * ["optimised"]


def test_the_same_module_at_once_is_compiled_once(tiered):
    wowd = tiered()
    containers = in_threads(8, lambda i: wowd.container(answers(77), main=["main", "other"][i % 2]))
    assert all(c.run().result == [100077] for c in containers)
    until(lambda: made(wowd) == 1, "the optimised code is there")
    assert made(wowd, "baseline") == 1


@pytest.fixture(params=BASELINES)
def slow_optimiser(start_wowd, request, tmp_path):
    """A wowd whose optimising compiler never ends; its baseline is the engine's."""
    engine = request.param

    def start(*options):
        name = "slow"
        (tmp_path / "wowd").write_bytes((BUILD / "wowd").read_bytes())
        (tmp_path / "wowd").chmod(0o755)
        (tmp_path / f"wow-worker-{name}").symlink_to(BUILD / f"wow-worker-{engine}")
        compiler = tmp_path / f"wow-compile-{name}"
        compiler.write_text(f'#!/bin/sh\n[ "$2" = optimised ] && exec sleep 600\n'
                            f'exec "{BUILD}/wow-compile-{engine}" "$@"\n')
        compiler.chmod(0o755)
        (tmp_path / "run").mkdir()
        return start_wowd(name, *options, place=tmp_path / "run", program=tmp_path / "wowd",
                          tiering="on")
    return start


def name_of(pid):
    try:
        return open(f"/proc/{pid}/comm").read().strip()
    except OSError:  # it has just ended
        return ""


def sleepers(wowd):
    return [pid for pid in children(wowd.pid) if name_of(pid) == "sleep"]


def state(pid):
    return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]


def test_an_optimiser_that_dies_leaves_the_baseline(slow_optimiser):
    wowd = slow_optimiser()
    container = wowd.container("ok.wat")
    [pid] = until(lambda: sleepers(wowd), "the optimiser runs")
    assert os.getpriority(os.PRIO_PROCESS, pid) == 15, "at low priority"
    os.kill(pid, signal.SIGKILL)
    until(lambda: "compile.fail" in wowd.log(), "it is told")
    assert container.run().result == {"answer": 42}
    assert tiers(wowd) == ["baseline"]
    container.destroy()


def test_the_background_makes_room_for_whoever_waits(slow_optimiser):
    wowd = slow_optimiser("--workers", "1")
    containers = [wowd.container("ok.wat")]
    [pid] = until(lambda: sleepers(wowd), "the optimiser runs")
    for guest in ("echo.wat", "command.wat"):
        containers.append(wowd.container(guest))
        assert containers[-1].run([1]).status == 200
    until(lambda: state(pid) == "S", "it goes on")
    assert sleepers(wowd) == [pid], "one compiler at a time"
    os.kill(pid, signal.SIGKILL)
    for _ in range(2):
        [pid] = until(lambda: [p for p in sleepers(wowd) if p != pid], "the next one runs")
        os.kill(pid, signal.SIGKILL)
    until(lambda: wowd.log().count("compile.fail") == 3, "all have ended")
    for container in containers:
        container.destroy()


def test_what_the_baseline_cannot_the_optimiser_may(tiered, engine):
    """Winch has no externref."""
    wowd = tiered()
    guest = answers(5).replace("(module", '(module (func (export "f") (param externref))')
    container = wowd.container(guest)
    assert container.run().result == [100005]
    until(lambda: made(wowd) == 1, "the optimised code is there")
    if engine != "wamr":
        assert (tiers(wowd), made(wowd, "baseline")) == (["optimised"], 0)


def test_it_stops_while_it_optimises(slow_optimiser):
    wowd = slow_optimiser("--workers", str(DEFAULT_WORKERS))
    wowd.container("ok.wat")
    [pid] = until(lambda: sleepers(wowd), "the optimiser runs")
    wowd.stop()
    until(lambda: not os.path.exists(f"/proc/{pid}"), "the optimiser is gone")
