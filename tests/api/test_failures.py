"""Deadlines, and processes that are killed from outside."""
import os
import re
import shutil
import signal
import time

import pytest

from harness import (BUILD, TIMED_OUT, UNEXPECTED_EXIT, Background, action, children, epoch_ms,
                     until)


# Another namespace's first activation would not wait for a long one.
ONE_NAMESPACE = {"env": {"__OW_NAMESPACE": "one"}}


def timed_out(reply, most):
    """Was it killed at its deadline, which lay so many milliseconds ahead?"""
    said = re.fullmatch((TIMED_OUT % 0).replace("0", r"(\d+)"), reply.failure(2))
    assert said and int(said[1]) <= most, reply.record
    return int(said[1])


# ---- deadlines ----

@pytest.mark.parametrize("guest", ["loop.wat", "loop_start.wat", "fill.wat"])
@pytest.mark.parametrize("form", [int, str])
def test_who_never_ends_is_killed_at_its_deadline(wowd, guest, form):
    container = wowd.container(guest)
    begin = time.monotonic()
    reply = container.run([1], deadline=form(epoch_ms() + 300))
    took = time.monotonic() - begin
    assert 0 < timed_out(reply, 300)
    assert 0.2 < took < 5


def test_after_a_deadline_the_container_goes_on(wowd):
    container = wowd.container("loop.wat")
    for _ in range(3):
        timed_out(container.run([1], deadline=epoch_ms() + 100), 100)
        assert container.run({}).result == {}


@pytest.mark.parametrize("deadline", [1, "1", "1700000000000"])
def test_a_deadline_that_has_passed(wowd, deadline):
    container = wowd.container("loop.wat")
    assert container.run([1], deadline=deadline).failure(2) == TIMED_OUT % 0
    assert container.run({}).result == {}


@pytest.mark.log_has("worker.exit")
@pytest.mark.parametrize("ahead", [10**9, 2**31 + 20, 2**32 + 20, 2**33 + 20, 10**15])
def test_a_deadline_may_lie_far_ahead(wowd, ahead):
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([1], deadline=epoch_ms() + ahead))
    [pid] = until(wowd.spinning, "the guest runs")
    begin = time.monotonic()
    until(lambda: run.is_done() or time.monotonic() - begin > 0.1, "it runs for a while")
    done = run.is_done()
    if not done:
        os.kill(pid, signal.SIGKILL)
    assert run.wait().failure(2) == UNEXPECTED_EXIT, "killed long before its deadline"


def test_without_a_deadline_the_timeout_counts(own_wowd):
    container = own_wowd("--timeout", "250").container("loop.wat")
    assert container.run([1]).failure(2) == TIMED_OUT % 250
    assert container.run({}).result == {}


def test_who_waits_in_line_has_a_deadline_too(own_wowd):
    wowd = own_wowd("--workers", "1")
    loop, ok = (wowd.container(guest, **ONE_NAMESPACE) for guest in ("loop.wat", "ok.wat"))
    first = Background(lambda: loop.run([1], deadline=epoch_ms() + 900))
    until(wowd.spinning, "the guest runs")
    timed_out(ok.run({}, deadline=epoch_ms() + 200), 200)
    assert not first.is_done(), "the one that waited was answered at its own deadline"
    assert ok.run({}).result == {"answer": 42}
    timed_out(first.wait(), 900)


def test_many_deadlines_at_once(wowd):
    container = wowd.container("loop.wat")
    runs = [Background(lambda ms=ms: container.run([1], deadline=epoch_ms() + ms))
            for ms in (500, 100, 400, 200, 300, 150)]
    for run in runs:
        timed_out(run.wait(), 500)
    assert container.run({}).result == {}


# ---- workers and the zygote ----

@pytest.mark.log_has("worker.exit")
def test_a_worker_killed_during_an_activation(wowd):
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([1]))
    [pid] = until(wowd.spinning, "the guest runs")
    os.kill(pid, signal.SIGKILL)
    assert run.wait().failure(2) == UNEXPECTED_EXIT
    assert container.run({}).result == {}


@pytest.mark.log_has("worker.exit")
def test_workers_killed_while_they_wait_for_work(wowd):
    container = wowd.container("ok.wat")
    for _ in range(3):
        killed = set(until(wowd.workers, "there are workers"))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert [container.run({}).result for _ in range(3)] == 3 * [{"answer": 42}]
        until(lambda gone=killed: not gone & set(wowd.workers()), "the killed are reaped")


@pytest.mark.log_has("worker.exit")
def test_a_worker_killed_takes_only_its_own_activation(own_wowd):
    wowd = own_wowd("--workers", "1")
    loop, ok = (wowd.container(guest, **ONE_NAMESPACE) for guest in ("loop.wat", "ok.wat"))
    assert ok.run({}).result == {"answer": 42}
    run = Background(lambda: loop.run([1]))
    [pid] = until(wowd.spinning, "the guest runs")
    others = [Background(lambda: ok.run({})) for _ in range(5)]
    os.kill(pid, signal.SIGKILL)
    assert run.wait().failure(2) == UNEXPECTED_EXIT
    assert [other.wait().result for other in others] == 5 * [{"answer": 42}]


def new_zygote(wowd, old):
    return until(lambda: wowd.zygote() not in (None, old) and wowd.zygote(), "a new zygote")


@pytest.mark.log_has("zygote.exit")
def test_a_zygote_killed_while_nothing_runs(own_wowd):
    wowd = own_wowd()
    container = wowd.container("ok.wat")
    assert container.run({}).result == {"answer": 42}
    old = wowd.zygote()
    os.kill(old, signal.SIGKILL)
    new_zygote(wowd, old)
    assert container.run({}, deadline=epoch_ms() + 5000).result == {"answer": 42}
    assert wowd.container("echo.wat").run([1]).result == [1]


@pytest.mark.log_has("zygote.exit")
def test_a_zygote_killed_during_an_activation(own_wowd):
    wowd = own_wowd()
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([1]))
    until(wowd.spinning, "the guest runs")
    os.kill(wowd.zygote(), signal.SIGKILL)
    assert run.wait().failure(2) == UNEXPECTED_EXIT
    assert container.run({}, deadline=epoch_ms() + 5000).result == {}


@pytest.mark.log_has("zygote.exit")
def test_a_zygote_killed_while_activations_wait_in_line(own_wowd):
    wowd = own_wowd("--workers", "1")
    loop, ok = (wowd.container(guest, **ONE_NAMESPACE) for guest in ("loop.wat", "ok.wat"))
    run = Background(lambda: loop.run([1]))
    until(wowd.spinning, "the guest runs")
    before = wowd.descriptors()
    others = [Background(lambda: ok.run({}, deadline=epoch_ms() + 5000)) for _ in range(5)]
    until(lambda: wowd.descriptors() >= before + 5, "five more are connected")
    os.kill(wowd.zygote(), signal.SIGKILL)
    assert run.wait().failure(2) == UNEXPECTED_EXIT
    assert [other.wait().result for other in others] == 5 * [{"answer": 42}]


@pytest.mark.log_has("zygote.exit")
def test_a_zygote_killed_again_and_again(own_wowd):
    wowd = own_wowd()
    container = wowd.container("ok.wat")
    for _ in range(4):
        old = until(wowd.zygote, "there is a zygote")
        os.kill(old, signal.SIGKILL)
        new_zygote(wowd, old)
    assert container.run({}, deadline=epoch_ms() + 5000).result == {"answer": 42}


# ---- compilers ----

@pytest.fixture
def with_compiler(start_wowd, engine, tmp_path):
    """A wowd whose compiler is this shell script, behind its answer to --about."""
    def start(script, *options):
        shutil.copy(BUILD / "wowd", tmp_path / "wowd")
        (tmp_path / "wow-worker-odd").symlink_to(BUILD / f"wow-worker-{engine}")
        compiler = tmp_path / "wow-compile-odd"
        compiler.write_text(f'#!/bin/sh\n[ "$1" = --about ] && echo 1 0 0 && exit 0\n{script}\n')
        compiler.chmod(0o755)
        (tmp_path / "run").mkdir()
        return start_wowd("odd", *options, place=tmp_path / "run", program=tmp_path / "wowd")
    return start


def compilers(wowd):
    return [pid for pid in children(wowd.pid) if pid != wowd.zygote()]


@pytest.mark.parametrize("script, status, error", [
    ("kill -9 $$", 502, "the compiler was stopped (signal 9)"),
    ("kill -SEGV $$", 502, "the compiler was stopped (signal 11)"),
    ("exit 0", 500, "the compiler ended with status 0 and said nothing"),
    ("exit 3", 500, "the compiler ended with status 3 and said nothing")])
def test_a_compiler_that_fails(with_compiler, script, status, error):
    wowd = with_compiler(script)
    container = wowd.start()
    for _ in range(2):
        reply = container.init("ok.wat")
        assert reply.status == status
        assert reply.error.startswith(f"Initialization has failed due to: {error}")
    assert container.run().status == 403
    assert wowd.machine_code() == []


def test_a_compiler_killed_from_outside(with_compiler):
    wowd = with_compiler("exec sleep 600")
    container = wowd.start()
    init = Background(lambda: container.init("ok.wat"))
    [pid] = until(lambda: compilers(wowd), "the compiler runs")
    assert container.init("ok.wat").status == 403, "one init at a time"
    assert container.run().status == 403
    os.kill(pid, signal.SIGKILL)
    assert init.wait().error.startswith(
        "Initialization has failed due to: the compiler was stopped (signal 9)")


def test_a_compiler_that_hangs_keeps_nobody_waiting_but_who_compiles(with_compiler):
    wowd = with_compiler("exec sleep 600", "--workers", "1")
    stuck = [Background(lambda: wowd.start().init("ok.wat"))]
    [pid] = until(lambda: compilers(wowd), "the compiler runs")
    before = wowd.descriptors()
    stuck += [Background(lambda guest=guest, container=wowd.start(): container.init(guest))
              for guest in ("ok.wat", "echo.wat")]
    until(lambda: wowd.descriptors() >= before + 2, "two more are connected")
    assert wowd.post("/echo", "{}").result == {}
    assert wowd.start().destroy().status == 200
    os.kill(pid, signal.SIGKILL)
    [pid] = until(lambda: [p for p in compilers(wowd) if p != pid], "the next compiler runs")
    wowd.stop()
    assert [init.wait().status for init in stuck] == [502, 502, 500]


def test_a_container_destroyed_during_its_init(with_compiler):
    wowd = with_compiler("exec sleep 600")
    container = wowd.start()
    init = Background(lambda: container.init("ok.wat"))
    [pid] = until(lambda: compilers(wowd), "the compiler runs")
    assert container.destroy().status == 200
    assert container.run().status == 404
    os.kill(pid, signal.SIGKILL)
    assert init.wait().status == 502


def test_an_upload_in_many_containers_is_compiled_once(own_wowd):
    wowd = own_wowd()
    code = action("echo.wat")
    inits = [Background(lambda i=i: wowd.post(f"/c{i}/init", {"value": {"code": code}}))
             for i in range(16)]
    assert [init.wait().status for init in inits] == 16 * [200]
    assert len(wowd.machine_code()) == 1
