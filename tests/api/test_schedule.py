"""Who runs where: namespaces, sleepers, and how many compute at once."""
import itertools
import json
import time

import pytest

from harness import Background, cpu_ns, epoch_ms, in_threads, until, wasm

# A chain of multiplications, so that no compiler finds a shorter way.
SPIN = """(module (memory (export "memory") 1)
  (data (i32.const 0) "{\\"Ok\\":{}}") (global $at (mut i32) (i32.const 1024))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (global.get $at))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 9))
  (func (export "_start") (local $i i32) (local $x i32)
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $x (i32.xor (i32.rotl (i32.mul (local.get $x) (i32.const 0x9e3779b1))
        (i32.const 13)) (local.get $i)))
      (i32.store (i32.const 2048) (local.get $x))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 5000000))))
    (global.set $at (i32.const 0))))"""


def who_ran(wowd, work):
    """The one worker that worked."""
    before = {pid: cpu_ns(pid) for pid in wowd.workers()}
    assert work().result == {}
    spent = {pid: cpu_ns(pid) - before.get(pid, 0) for pid in wowd.workers()}
    return max(spent, key=spent.get)


# ---- namespaces ----

@pytest.mark.parametrize("workers", ["1", "2"])
def test_namespaces_never_share_a_worker(own_wowd, workers):
    wowd = own_wowd("--workers", workers)
    container = wowd.container(SPIN)
    served = {}
    for _ in range(3):
        for ns in "abcdef":
            pid = who_ran(wowd, lambda name=ns: container.run({}, namespace=name))
            assert served.setdefault(pid, ns) == ns
    assert len(served) >= 6


def test_who_shares_a_namespace_may_share_a_worker(own_wowd):
    wowd = own_wowd("--workers", "1")
    by_init = {"env": {"__OW_NAMESPACE": "guest"}}
    one, two = wowd.container(SPIN, **by_init), wowd.container(SPIN, **by_init)
    first = who_ran(wowd, lambda: one.run({}))
    assert who_ran(wowd, lambda: two.run({})) == first
    assert who_ran(wowd, lambda: two.run({}, namespace="guest")) == first
    assert who_ran(wowd, lambda: two.run({}, namespace="other")) != first


def test_without_namespaces_every_container_is_one(own_wowd):
    wowd = own_wowd("--workers", "1")
    served = {}
    containers = [wowd.container(SPIN) for _ in range(4)]
    for _, container in itertools.product(range(2), containers):
        assert served.setdefault(who_ran(wowd, container.run), container.id) == container.id


def test_namespaces_together_are_all_served(wowd):
    container = wowd.container("echo.wat")
    replies = in_threads(60, lambda i: container.run([i], namespace=f"n{i % 12}"))
    assert [r.result for r in replies] == [[i] for i in range(60)]


def test_ten_modules_in_one_namespace_take_turns(own_wowd):
    """More than a worker keeps loaded."""
    wowd = own_wowd("--workers", "1")
    text = '(module (memory (export "memory") 1) (data (i32.const 0) "{\\"Ok\\":[%03d]}") ' \
           '(func (export "wasm_memory_buffer_allocate_space") (param i32)) ' \
           '(global $at (mut i32) (i32.const 1024)) ' \
           '(func (export "get_wasm_memory_buffer_pointer") (result i32) (global.get $at)) ' \
           '(func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 12)) ' \
           '(func (export "_start") (global.set $at (i32.const 0))))'
    containers = [wowd.container(text % (100 + i), env={"__OW_NAMESPACE": "x"}) for i in range(40)]
    for _ in range(3):
        assert [c.run().result for c in containers] == [[100 + i] for i in range(40)]
    replies = in_threads(40, lambda i: containers[i].run())
    assert [r.result for r in replies] == [[100 + i] for i in range(40)]


# ---- how many at once ----

@pytest.mark.parametrize("workers", [1, 3])
def test_as_many_compute_as_there_are_workers(own_wowd, workers):
    wowd = own_wowd("--workers", str(workers))
    container = wowd.container("loop.wat")
    deadline = epoch_ms() + 700
    runs = [Background(lambda: container.run([1], deadline=deadline)) for _ in range(5)]
    until(lambda: len(wowd.spinning()) == workers, f"{workers} guests compute")
    most = 0
    while not all(run.is_done() for run in runs):
        most = max(most, len(wowd.spinning()))
    assert most == workers
    for run in runs:
        assert "exceeded its time limits" in run.wait().failure(2)


def test_short_ones_do_not_wait_behind_a_long_one(own_wowd):
    """Of one namespace, so that they would be queued behind it in its worker."""
    wowd = own_wowd("--workers", "2")
    container = wowd.container("loop.wat")
    for _ in range(20):
        assert container.run({}).result == {}
    long = Background(lambda: container.run([1], deadline=epoch_ms() + 1500))
    until(wowd.spinning, "the long one runs")
    replies = in_threads(30, lambda i: container.run({}))
    assert not long.is_done(), "they waited for it"
    assert [r.result for r in replies] == 30 * [{}]
    long.wait()


def test_a_busy_namespace_does_not_starve_another(own_wowd):
    wowd = own_wowd("--workers", "1")
    busy, other = wowd.container(SPIN), wowd.container("ok.wat")
    runs = [Background(lambda: busy.run({})) for _ in range(20)]
    assert other.run({}).result == {"answer": 42}
    assert [run.wait().result for run in runs] == 20 * [{}]


# ---- sleepers ----

def test_a_guest_sleeps_as_long_as_it_says(wowd):
    begin = time.monotonic()
    assert wowd.container("sleep.wat").run([150]).result == {}
    assert 0.14 < time.monotonic() - begin < 3


def test_a_sleeper_is_killed_at_its_deadline(wowd):
    container = wowd.container("sleep.wat")
    begin = time.monotonic()
    reply = container.run([60000], deadline=epoch_ms() + 200)
    assert "exceeded its time limits" in reply.failure(2)
    assert time.monotonic() - begin < 5
    assert container.run([0]).result == {}


def test_a_hundred_sleepers_do_not_stop_one_that_computes(own_wowd):
    wowd = own_wowd("--workers", "2")
    sleep, ok = wowd.container("sleep.wat"), wowd.container("ok.wat")
    deadline = epoch_ms() + 20000
    runs = [Background(lambda: sleep.run([2500], deadline=deadline)) for _ in range(100)]
    until(lambda: len(wowd.workers()) >= 100, "a hundred sleep")
    assert ok.run({}).result == {"answer": 42}
    assert not any(run.is_done() for run in runs), "it waited for a sleeper"
    assert [run.wait().result for run in runs] == 100 * [{}]


def test_more_sleepers_than_workers_can_be_are_served_in_turn(own_wowd):
    wowd = own_wowd("--workers", "1")
    container = wowd.container("sleep.wat")
    assert [r.result for r in in_threads(300, lambda i: container.run([100]))] == 300 * [{}]


def test_answers_are_not_mixed_up(wowd):
    """Runs of three containers and four namespaces at once, with results of all sizes."""
    echo, size = wowd.container("echo.wat"), wowd.container("size.wat")

    def one(i):
        if i % 3 == 0:
            n = 20 + i * 1000
            return len(json.dumps(size.run([n], namespace=f"n{i % 4}").result)) - n + 7
        return echo.run({"i": [i] * i}, namespace=f"n{i % 4}").result == {"i": [i] * i}

    assert in_threads(90, one) == [0 if i % 3 == 0 else True for i in range(90)]


def test_more_modules_than_a_worker_holds_take_turns(own_wowd):
    wowd = own_wowd("--workers", "1")
    module = wasm("ok.wat")
    assert module.count(b'"answer":42') == 1
    # Of the same size, so that a worker that mixed them up would answer with another's number.
    guests = {str(n): wowd.container(module.replace(b'"answer":42', b'"an":%06d' % n),
                                     env={"__OW_NAMESPACE": "one"}) for n in range(100000, 100300)}
    for n in [*guests, *reversed(guests), *guests]:
        assert guests[n].run({}).result == {"an": int(n)}
    assert len(wowd.workers()) <= 4, "one worker for the namespace, and spares"
