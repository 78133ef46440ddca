"""The cache of machine code: what is compiled once is not compiled again, and is not trusted."""
import gzip

import pytest

from harness import Background, epoch_ms, wasm

BROKEN = "The action's module could not be loaded"


@pytest.fixture
def filled(own_wowd):
    """A wowd that was stopped when it had compiled ok.wat: its cache, and how to start it again."""
    first = own_wowd()
    assert first.container("ok.wat").run().result == {"answer": 42}
    first.stop()
    return first, lambda *options: own_wowd(*options, place=first.place)


def files(daemon):
    return {p: p.stat().st_mtime_ns for p in daemon.cache.glob("*/*") if not p.is_symlink()}


def test_a_second_container_does_not_compile(own_wowd):
    wowd = own_wowd()
    wowd.container("ok.wat")
    before = files(wowd)
    assert len(before) == 1
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    assert files(wowd) == before


def test_the_same_module_in_another_wrapping_does_not_compile(own_wowd):
    wowd = own_wowd()
    wowd.container("ok.wat")
    before = files(wowd)
    assert wowd.container(gzip.compress(wasm("ok.wat"))).run().result == {"answer": 42}
    assert wowd.container("ok.wat", main="other").run().result == {"answer": 42}
    assert files(wowd) == before


def test_after_a_restart_nothing_is_compiled_again(filled):
    first, again = filled
    before = files(first)
    second = again()
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert files(second) == before


def test_code_that_was_refused_leaves_nothing_in_the_cache(own_wowd):
    wowd = own_wowd()
    assert wowd.start().init(b"\0asm\1\0\0\0").status == 502
    assert wowd.start().init(wasm("ok.wat")[:-3]).status == 502
    assert files(wowd) == {}


def entry(daemon):
    [path] = files(daemon)
    return path


def spoil_empty(path):
    path.write_bytes(b"")


def spoil_garbage(path):
    path.write_bytes(b"garbage" * 1000)


def spoil_elf(path):
    path.write_bytes(path.read_bytes()[:64] + bytes(100000))


def spoil_half(path):
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])


def spoil_end(path):
    path.write_bytes(path.read_bytes()[:-1])


def spoil_directory(path):
    path.unlink()
    path.mkdir()


def spoil_link(path):
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


@pytest.mark.parametrize("spoil", [spoil_garbage, spoil_elf, spoil_half, spoil_end, spoil_empty,
                                   spoil_directory, spoil_link])
def test_a_damaged_entry_harms_nobody(filled, spoil):
    """It is compiled again, or the activation says that it is wow's fault: nothing crashes."""
    first, again = filled
    spoil(entry(first))
    second = again()
    container = second.start()
    reply = container.init("ok.wat")
    if reply.status == 200:
        reply = container.run({}, deadline=epoch_ms() + 5000)
        if reply.record["status_code"] == 0:
            assert reply.result == {"answer": 42}
        else:
            assert BROKEN in reply.failure(3)
    else:
        assert reply.status == 500 and reply.error
    assert second.container("echo.wat").run([1]).result == [1]


def test_an_entry_that_others_may_write_is_not_used(filled):
    first, again = filled
    path = entry(first)
    path.chmod(0o666)
    second = again()
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert path.stat().st_mode & 0o022 == 0, "it was compiled again"


def test_an_entry_removed_from_under_a_container(own_wowd):
    """Whoever has it loaded goes on; another container of it compiles it again."""
    wowd = own_wowd("--workers", "1")
    container = wowd.container("ok.wat", env={"__OW_NAMESPACE": "a"})
    assert container.run().result == {"answer": 42}
    entry(wowd).unlink()
    assert container.run().result == {"answer": 42}
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    assert len(files(wowd)) == 1


def test_an_entry_removed_before_it_is_loaded_is_wows_fault(own_wowd):
    wowd = own_wowd()
    container = wowd.container("ok.wat")
    entry(wowd).unlink()
    assert "cache" in container.run().failure(3)
    assert wowd.container("echo.wat").run([1]).result == [1]


def test_a_kill_in_mid_compilation_leaves_no_half_entry(own_wowd):
    first = own_wowd()
    Background(lambda: first.start().init("echo.wat"))
    first.kill()
    second = own_wowd(place=first.place)
    assert second.container("echo.wat").run([1]).result == [1]
    assert len(files(second)) == 1
