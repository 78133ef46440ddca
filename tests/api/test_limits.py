"""Limits of an action and of the machine: memory, processors, output, turns."""
import time

import pytest

from harness import TIMED_OUT, Background, Container, epoch_ms, in_threads, request, until

NOT_STARTED = ("The activation was not started: for %d milliseconds there was no processor, or not "
               "%d MB of memory, free for it.")
PAGES_OF_A_MB = 16


def limited(wowd, guest, **limits):
    return wowd.container(guest, limits=limits)


def of(wowd, ns, guest, **limits):
    return wowd.container(guest, env={"__OW_NAMESPACE": ns}, limits=limits or None)


# ---- an action's own ----

@pytest.mark.parametrize("mb", [1, 128, 256, 300, 512])
def test_memory_ends_exactly_at_the_actions_limit(wowd, mb):
    pages, last = limited(wowd, "grow.wat", memory=mb).run({}).result
    assert (pages, last) == (mb * PAGES_OF_A_MB, 7)


def test_the_same_module_with_two_limits(wowd):
    """One compiled module, loaded once."""
    small, large = (wowd.container("grow.wat", limits={"memory": mb},
                                   env={"__OW_NAMESPACE": "one"}) for mb in (64, 512))
    for _ in range(3):
        assert small.run({}).result[0] == 64 * PAGES_OF_A_MB
        assert large.run({}).result[0] == 512 * PAGES_OF_A_MB


def test_who_asks_for_no_memory_gets_the_daemons(own_wowd):
    wowd = own_wowd("--memory", 32, "--memory-max", 64)
    assert wowd.container("grow.wat").run({}).result[0] == 32 * PAGES_OF_A_MB
    assert limited(wowd, "grow.wat", memory=64).run({}).result[0] == 64 * PAGES_OF_A_MB


def test_a_module_that_begins_with_more_than_its_limit(wowd):
    text = """(module (memory (export "memory") 100) (func (export "_start"))
      (func (export "wasm_memory_buffer_allocate_space") (param i32))
      (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
      (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0)))"""
    error = "The action exhausted its memory and was aborted."
    assert limited(wowd, text, memory=6).run({}).failure(2) == error
    assert limited(wowd, text, memory=7).run({}).failure(2) != error


def test_who_asks_for_too_much_and_fails_has_exhausted_its_memory(wowd):
    """Twice the limit in one piece; and what it fails for is not always memory."""
    container = limited(wowd, "hungry.c", memory=128)
    error = "The action exhausted its memory and was aborted."
    assert container.run({"mb": 256}).failure(2) == error
    assert container.run({"mb": 256, "then": "go on"}).result == {"got": False}
    assert container.run({"mb": 100}).result == {"got": True}
    assert container.run({"mb": 100, "then": "trap anyway"}).failure(2).startswith(
        "The action trapped: ")
    assert container.run({"mb": 256}).failure(2) == error


@pytest.mark.parametrize("limits, error", [
    ({"memory": 513}, "limits: memory of 513 MB is more than the 512 MB allowed"),
    ({"memory": 4096}, "limits: memory of 4096 MB is more than the 512 MB allowed"),
    ({"memory": 0}, "limits: 'memory' must be a number from 1 to 4096"),
    ({"memory": -1}, "limits: 'memory' must be a number from 1 to 4096"),
    ({"memory": "256"}, "limits: 'memory' must be a number from 1 to 4096"),
    ({"memory": 1e9}, "limits: 'memory' must be a number from 1 to 4096"),
    ({"memory": 1.5}, "limits: 'memory' must be a number from 1 to 4096"),
    ({"timeout": 0}, "limits: 'timeout' must be a number from 1 to 86400000"),
    ({"logs": 11}, "limits: 'logs' must be a number from 0 to 10"),
    ({"concurrency": 0}, "limits: 'concurrency' must be a number from 1 to 1000000"),
    ([], "'limits' must be an object, not an array"),
    (3, "'limits' must be an object, not a number")])
def test_limits_that_are_none(wowd, limits, error):
    container = wowd.start()
    reply = container.init("ok.wat", limits=limits)
    assert reply.status == 400 and error in reply.error
    assert container.init("ok.wat", limits=None).status == 200, "it may be tried again"


def test_what_is_no_limit_is_ignored(wowd):
    assert limited(wowd, "ok.wat", cookies=3).run({}).result == {"answer": 42}


def test_the_actions_timeout(wowd):
    container = limited(wowd, "loop.wat", timeout=150)
    assert container.run([1]).failure(2) == TIMED_OUT % 150
    error = container.run([1], deadline=epoch_ms() + 20000).failure(2)
    assert error == TIMED_OUT % 150, "a deadline that a caller sets does not lengthen it"
    shorter = container.run([1], deadline=epoch_ms() + 60).failure(2)
    assert shorter != TIMED_OUT % 150 and shorter.startswith("The action exceeded its time limits")


def test_who_is_to_have_no_log_has_none(wowd):
    assert limited(wowd, "flood.wat", logs=0).run([1], logs=True).record["logs"] == []


@pytest.mark.parametrize("mb", [1, 2])
def test_the_actions_log_limit(wowd, mb):
    reply = limited(wowd, "flood.wat", logs=mb).run([1], logs=True)
    assert reply.result == {}
    *kept, last = reply.json["logs"]
    assert last.endswith(f"stderr: Logs were truncated because the total bytes size exceeds the limit "
                         f"of {mb << 20} bytes.")
    assert (mb << 20) - 2000 < sum(len(line) + len('"",') for line in kept) - 1 <= mb << 20


@pytest.mark.parametrize("most", [1, 3])
def test_the_actions_concurrency(own_wowd, most):
    """What is beyond it waits."""
    wowd = own_wowd("--workers", "2")
    container = limited(wowd, "sleep.wat", concurrency=most)
    begin = time.monotonic()
    replies = in_threads(6, lambda i: container.run([100]))
    assert [reply.result for reply in replies] == 6 * [{}]
    assert time.monotonic() - begin >= 0.1 * 6 / most


def test_without_one_as_many_as_come_run_at_once(own_wowd):
    wowd = own_wowd("--workers", "1")
    container = wowd.container("sleep.wat")
    begin = time.monotonic()
    replies = in_threads(128, lambda i: container.run([1000]))
    assert [reply.result for reply in replies] == 128 * [{}]
    assert time.monotonic() - begin < 20, "one behind the other would be 128 s"


# ---- output ----

TINY = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "x\\n{}\\n")
  (func $out (param $at i32) (param $n i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $n))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start") (local $i i32)
    (local.set $i (i32.const 1000000))
    (loop $next
      (call $out (i32.const 100) (i32.const 2))
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (br_if $next (local.get $i)))
    (call $out (i32.const 102) (i32.const 3))))"""


def test_a_million_tiny_writes(own_wowd):
    wowd = own_wowd("--workers", "1")
    tiny, other = of(wowd, "a", TINY), of(wowd, "b", "ok.wat")
    run = Background(lambda: tiny.run({}, logs=True))
    while not run.is_done():
        assert other.run({}).result == {"answer": 42}
    logs = run.wait().record["logs"]
    assert len(logs) > 100000 and logs[-1].split("stderr: ")[1].startswith("Logs were truncated")
    assert {line.split("Z ")[1] for line in logs[:-1]} == {"stdout: x"}


def test_a_gigabyte_of_result(wowd):
    """As long as a guest says its result is, not as long as it can be."""
    huge = """(module (memory (export "memory") 16)
      (func (export "_start"))
      (func (export "wasm_memory_buffer_allocate_space") (param i32))
      (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
      (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 1073741824)))"""
    before = wowd.memory_kb()
    assert wowd.container(huge).run({}).failure(2) == (
        "The action produced a response that exceeded the allowed length: 1073741824 > 8388608 bytes.")
    assert wowd.memory_kb() - before < 10000


# ---- the machine's memory ----

def test_what_does_not_fit_waits_until_it_does(own_wowd):
    wowd = own_wowd("--workers", "8", "--memory-budget", "512")
    container = limited(wowd, "sleep.wat", memory=200)
    begin = time.monotonic()
    replies = in_threads(6, lambda i: container.run([200]))
    assert [reply.result for reply in replies] == 6 * [{}]
    assert time.monotonic() - begin >= 0.6, "two at once fit, not three"


def test_what_has_waited_for_too_long_is_refused(own_wowd):
    wowd = own_wowd("--workers", "8", "--memory-budget", "512", "--queue-wait", "200")
    large, small = limited(wowd, "sleep.wat", memory=512), limited(wowd, "ok.wat", memory=64)
    first = Background(lambda: large.run([1500]))
    reply = until(lambda: [r for r in [small.run({})] if r.status != 200], "the large one runs")[0]
    assert not first.is_done()
    assert (reply.status, reply.error) == (503, NOT_STARTED % (200, 64))
    reply = request(small.address, "/run", {"value": {}})
    assert (reply.status, reply.error) == (502, NOT_STARTED % (200, 64)), "503 would lose it"
    assert first.wait().result == {}
    assert small.run({}).result == {"answer": 42}


def test_who_waits_for_a_processor_is_refused_too(own_wowd):
    wowd = own_wowd("--workers", "1", "--queue-wait", "150")
    loop, ok = of(wowd, "one", "loop.wat"), of(wowd, "one", "ok.wat")
    run = Background(lambda: loop.run([1], deadline=epoch_ms() + 1500))
    until(wowd.spinning, "the guest runs")
    reply = ok.run({})
    assert (reply.status, reply.error) == (503, NOT_STARTED % (150, 256))
    assert not run.is_done()
    run.wait()


def test_the_budget_is_at_least_what_one_action_may_have(own_wowd):
    wowd = own_wowd("--memory-budget", "1")
    assert limited(wowd, "grow.wat", memory=512).run({}).result[0] == 512 * PAGES_OF_A_MB


# ---- turns ----

def test_a_hundred_busy_activations_do_not_hold_up_anothers_first(own_wowd):
    wowd = own_wowd("--workers", "2")
    busy, other = of(wowd, "busy", "loop.wat"), of(wowd, "other", "ok.wat")
    deadline = epoch_ms() + 3000
    runs = [Background(lambda: busy.run([1], deadline=deadline)) for _ in range(100)]
    until(lambda: len(wowd.spinning()) == 2, "all processors are busy")
    assert other.run({}, deadline=deadline).result == {"answer": 42}
    assert not any(run.is_done() for run in runs)
    for run in runs:
        assert "exceeded its time limits" in run.wait().failure(2)


def test_namespaces_take_turns(own_wowd):
    """Twenty of one, then one of each of five others: these do not wait for all the twenty."""
    wowd = own_wowd("--workers", "1", "--memory-budget", "512")
    order = []

    def run(container, name):
        assert container.run([20]).result == {}
        order.append(name)

    many = of(wowd, "many", "sleep.wat", memory=512)
    others = [of(wowd, f"n{i}", "sleep.wat", memory=512) for i in range(5)]
    runs = [Background(lambda: run(many, "many")) for _ in range(20)]
    until(lambda: len(order) > 0, "the first of them is done")
    runs += [Background(lambda c=c: run(c, "other")) for c in others]
    for each in runs:
        each.wait()
    last = max(i for i, name in enumerate(order) if name == "other")
    assert order.count("many") == 20 and last < 16, order


def test_containers_of_a_namespace_take_turns(own_wowd):
    wowd = own_wowd("--workers", "1", "--memory-budget", "512")
    order = []

    def run(container, name):
        assert container.run([20]).result == {}
        order.append(name)

    many, few = (of(wowd, "one", "sleep.wat", memory=512) for _ in range(2))
    runs = [Background(lambda: run(many, "many")) for _ in range(20)]
    until(lambda: len(order) > 0, "the first of them is done")
    runs += [Background(lambda: run(few, "few")) for _ in range(3)]
    for each in runs:
        each.wait()
    last = max(i for i, name in enumerate(order) if name == "few")
    assert last < 14, order


def test_the_next_activation_after_a_kill_is_answered_at_once(wowd):
    container = wowd.container("loop.wat")
    assert container.run({}).result == {}
    for _ in range(5):
        container.run([1], deadline=epoch_ms() + 50)
        begin = time.monotonic()
        assert container.run({}).result == {}
        assert time.monotonic() - begin < 1


def test_a_thousand_idle_containers_cost_no_descriptor_and_no_process(own_wowd):
    wowd = own_wowd()
    one = wowd.container("ok.wat")
    assert one.run({}).result == {"answer": 42}
    before = wowd.descriptors(), len(wowd.workers()), wowd.threads()
    for i in range(1000):
        assert Container(wowd, f"c{i}").init("ok.wat").status == 200
    until(lambda: wowd.descriptors() <= before[0], "connections are closed")
    assert (len(wowd.workers()), wowd.threads()) == before[1:]
    assert Container(wowd, "c999").run({}).result == {"answer": 42}
