"""The cache of machine code: what is compiled once is not compiled again, and is not trusted."""
import gzip

import pytest

from harness import Background, run_wowd, wasm


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
    assert wowd.container("ok.wat", main="answer").run().result == {"answer": 42}
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


def spoil_one_bit(path):
    code = bytearray(path.read_bytes())
    code[len(code) // 3] ^= 1
    path.write_bytes(code)


def spoil_directory(path):
    path.unlink()
    path.mkdir()


def spoil_link(path):
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


@pytest.mark.parametrize("spoil", [spoil_garbage, spoil_elf, spoil_one_bit, spoil_half, spoil_end, spoil_empty,
                                   spoil_directory, spoil_link])
def test_a_damaged_entry_harms_nobody(filled, spoil):
    """It is never loaded, and compiled again."""
    first, again = filled
    path = entry(first)
    spoil(path)
    second = again()
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert path.is_file() and not path.is_symlink()
    if spoil is not spoil_directory and spoil is not spoil_link:
        assert "cache.damaged" in second.log()


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


# ---- what is trusted ----

def test_an_entry_of_another_cache_is_foreign(filled, own_wowd):
    first, again = filled
    other = own_wowd()
    other.container("ok.wat")
    entry(first).write_bytes(entry(other).read_bytes())
    second = again()
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert "cache.damaged" in second.log()


def test_an_entry_under_another_name_is_foreign(own_wowd):
    first = own_wowd()
    first.container("ok.wat")
    ok = entry(first)
    first.container("echo.wat")
    [echo] = set(files(first)) - {ok}
    first.stop()
    ok.write_bytes(echo.read_bytes())
    second = own_wowd(place=first.place)
    assert second.container("ok.wat").run().result == {"answer": 42}


def test_an_entry_that_is_changed_while_wowd_runs(own_wowd):
    wowd = own_wowd()
    wowd.container("ok.wat")
    spoil_one_bit(entry(wowd))
    assert wowd.container("ok.wat").run().result == {"answer": 42}
    assert "cache.damaged" in wowd.log()


def test_the_key_is_nobody_elses(filled):
    first, again = filled
    key = first.cache / "key"
    assert (key.stat().st_mode & 0o777, key.stat().st_size) == (0o600, 32)
    key.chmod(0o644)
    options = ["--data", first.data, "--cache", first.cache, "--executor", "127.0.0.1:0", "--rest", "off",
               "--proxy-port", "0"]
    done = run_wowd(*options)
    assert done.returncode == 1 and "key could be read by another user" in done.stderr
    key.chmod(0o600)
    key.write_bytes(b"short")
    done = run_wowd(*options)
    assert done.returncode == 1 and "key is damaged" in done.stderr


def test_without_its_key_all_is_compiled_again(filled):
    first, again = filled
    (first.cache / "key").unlink()
    second = again()
    assert second.container("ok.wat").run().result == {"answer": 42}
    assert "cache.damaged" in second.log()


# ---- its size ----

def heavy(n):
    """A module of 300 KB that no other is."""
    return (f'(module (memory (export "memory") 8) (data (i32.const 1024) "{n:06}{"x" * 300000}")'
            '(data $r "{\\22Ok\\22:[]}")'
            '(func (export "_start") (memory.init $r (i32.const 0) (i32.const 0) (i32.const 9)))'
            '(func (export "wasm_memory_buffer_allocate_space") (param i32))'
            '(func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))'
            '(func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 9)))')


def size(daemon):
    return sum(p.stat().st_size for p in files(daemon))


def test_what_was_used_longest_ago_goes_first(own_wowd):
    wowd = own_wowd("--cache-size", "1")
    kept = wowd.container(heavy(0))
    names = []
    for n in range(1, 9):
        container = wowd.container(heavy(n))
        names.append(set(wowd.machine_code()))
        container.destroy()
        assert size(wowd) <= 1 << 20
    assert "cache.trim" in wowd.log()
    [first] = names[0] - (names[1] - names[0]) - set(wowd.machine_code()) or [None]
    assert first, "the first that nobody held is gone"
    assert kept.run().result == [], "what a container needs is not deleted"
    assert len(list((wowd.cache / "uploads").iterdir())) == len(wowd.machine_code())
    assert wowd.container(heavy(1)).run().result == [], "it is compiled again"
