"""Guests that misbehave, and what the next activation sees of it: nothing."""
import pytest

from harness import BUFFER

NO_MEMORY = "The action exhausted its memory and was aborted."
TRAPS = ["unreachable", "integer divide by zero", "integer overflow",
         "out of bounds memory access", "out of bounds memory access", "uninitialized element",
         "indirect call type mismatch", "out of bounds table access",
         "invalid conversion to integer", "call stack exhausted"]


@pytest.mark.parametrize("kind", range(len(TRAPS)))
def test_a_trap_is_named(wowd, kind):
    error = wowd.container("trap.wat").run([kind]).failure(2)
    assert error == f"The action trapped: {TRAPS[kind]}."


def test_traps_harm_no_later_activation(wowd):
    trap, ok = wowd.container("trap.wat"), wowd.container("ok.wat")
    workers = set(wowd.workers())
    for kind in range(len(TRAPS)):
        for _ in range(5):
            assert trap.run([kind], namespace="traps").record["status_code"] == 2
        assert ok.run({}, namespace="traps").result == {"answer": 42}
    assert len(set(wowd.workers()) - workers) <= 2, "a trap does not cost a worker"


def test_a_trap_in_the_start_section_is_named(wowd):
    guest = f"(module {BUFFER} (func (export \"_start\")) (func $f (unreachable)) (start $f))"
    assert wowd.container(guest).run({}).failure(2) == "The action trapped: unreachable."


def test_every_activation_is_a_fresh_instance(wowd):
    container = wowd.container("counter.wat")
    assert [container.run({}).result for _ in range(20)] == 20 * [[1, 1]]


def test_nothing_of_an_activation_is_left_for_the_next(own_wowd):
    wowd = own_wowd("--workers", "1")
    secret, search = wowd.container("secret.wat"), wowd.container("search.wat")
    for _ in range(5):
        assert secret.run({}, namespace="one").result == {}
        assert search.run({}, namespace="one").result == {"clean": True}


@pytest.mark.parametrize("mb", [1, 64, 256, 300])
def test_memory_grows_to_the_limit_and_no_further(own_wowd, mb):
    container = own_wowd("--memory", str(mb)).container("grow.wat")
    for _ in range(3):
        assert container.run({}).result == [mb * 16, 7]


def test_the_usual_limit_is_256_mebibytes(wowd):
    assert wowd.container("grow.wat").run({}).result == [4096, 7]


def test_a_guest_that_begins_with_too_much_memory_is_told_so(wowd):
    assert wowd.container("large.wat").run({}).failure(2) == NO_MEMORY
    assert wowd.container("ok.wat").run({}).result == {"answer": 42}


def test_with_a_larger_limit_the_same_guest_runs(own_wowd):
    assert own_wowd("--memory", "320").container("large.wat").run({}).result == {}


@pytest.mark.parametrize("status", [1, 3, 9])
def test_an_exit_status_is_told(wowd, status):
    error = wowd.container("exit.wat").run([status]).failure(2)
    assert error == f"The action exited with status {status}."


def test_an_exit_with_status_0_is_a_good_end(wowd):
    assert wowd.container("exit.wat").run([0]).result == {}


def test_a_reactor_is_called_at_its_entry_point(wowd):
    assert wowd.container("reactor.wat", main="handler").run({}).result == {"initialized": 1}


def test_a_reactors_entry_point_must_exist(wowd):
    for value in {}, {"main": "handle"}:
        reply = wowd.start().init("reactor.wat", **value)
        assert reply.status == 502
        assert reply.error == ("Initialization has failed due to: the module exports neither "
                               f"'_start' nor the entry point '{value.get('main', 'main')}'.")


def test_the_same_reactor_may_be_known_by_two_entry_points(wowd):
    text = """(module (memory (export "memory") 1)
      (data (i32.const 0) "{\\"Ok\\":[1]}") (global $at (mut i32) (i32.const 1024))
      (func (export "wasm_memory_buffer_allocate_space") (param i32))
      (func (export "get_wasm_memory_buffer_pointer") (result i32) (global.get $at))
      (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 10))
      (func (export "one") (global.set $at (i32.const 0))) (func (export "two") (unreachable)))"""
    one, two = wowd.container(text, main="one"), wowd.container(text, main="two")
    for _ in range(3):
        assert one.run({}).result == [1]
        assert two.run({}).failure(2) == "The action trapped: unreachable."


@pytest.mark.parametrize("exported", [
    '(func (export "_start") (param i32))', '(func (export "_start") (result f64) (f64.const 1))',
    '(func (export "_start") (param i64) (result i32) (i32.const 1))'])
def test_a_start_of_another_type_is_told_by_init_or_run(wowd, exported):
    container = wowd.start()
    reply = container.init(f"(module {BUFFER} {exported})")
    error = reply.error if reply.status == 502 else container.run({}).failure(2)
    assert "_start" in error
