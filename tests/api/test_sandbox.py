"""What is locked in, and how far: the log's word on it, wowd's own privileges, ids, limits."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

from harness import BUILD, ENGINES, NAMES, ROOT, run_wowd, until, wasm
from test_hostile import check_escapes, lines, places, section  # noqa: F401

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this to give up")

# From linux/capability.h.
CAPABILITIES = {"dac_read_search": 2, "kill": 5, "setgid": 6, "setuid": 7, "setpcap": 8,
                "sys_admin": 21, "sys_nice": 23}


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def event(wowd, name):
    """The members of the first such event in the log."""
    line = until(lambda: re.search(rf"^\S+ {name} (.*)$", wowd.log(), re.M), f"the log has {name}")
    return dict(word.split("=", 1) for word in line[1].split())


def test_the_log_says_what_is_on(own_wowd, engine):
    on = event(own_wowd(), "sandbox")
    assert set(on) == {"engine", "user", "root", "network", "seccomp", "landlock", "directories"}
    assert on["engine"] == engine and on["directories"] == "none"
    assert on["seccomp"] in ("kill", "refuse") and on["landlock"].isdigit()


@AS_ROOT
def test_wowd_keeps_few_of_roots_rights(own_wowd):
    wowd = own_wowd()
    names = event(wowd, "wowd.privileges")["capabilities"].split(",")
    assert set(names) == set(CAPABILITIES)
    may = sum(1 << CAPABILITIES[name] for name in names) & int(status("self")["CapPrm"], 16)
    its, zygote = status(wowd.pid), status(wowd.zygote())
    assert {int(its[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd")} == {may}
    little = sum(1 << CAPABILITIES[name] for name in ("setuid", "setgid", "setpcap", "kill"))
    assert {int(zygote[kind], 16) for kind in ("CapEff", "CapPrm")} == {may & little}
    assert int(zygote["CapBnd"], 16) == may
    for each in (its, zygote):
        assert each["NoNewPrivs"] == "1"
        assert int(each["CapInh"], 16) == int(each["CapAmb"], 16) == 0


def test_wowd_closes_what_it_inherited(tmp_path):
    with open(tmp_path / "theirs", "w", encoding="ascii") as file:
        daemon = subprocess.Popen(
            [BUILD / "wowd", "--executor", "127.0.0.1:0", "--proxy-port", "0", "--rest", "off",
             "--engine", ENGINES[0], "--data", tmp_path / "data", "--cache", tmp_path / "cache"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[file.fileno()])
        try:
            assert daemon.stdout.readline().startswith(b"ready ")
            links = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}")
                     for fd in os.listdir(f"/proc/{daemon.pid}/fd")]
            assert str(tmp_path / "theirs") not in links
        finally:
            daemon.terminate()
            daemon.wait(10)
            daemon.stdout.close()


# ---- kernels that cannot do all of it ----

OLD_KERNEL = """
import ctypes, os, struct, sys
missing = [int(n) for n in sys.argv[1].split(",")]
load, equal, end = 0x20, 0x15, 0x06
code = [(load, 0, 0, 0)] + [
    (equal, len(missing) - i, 0, n) for i, n in enumerate(missing)] + [
    (end, 0, 0, 0x7fff0000), (end, 0, 0, 0x00050000 | 38)]
code = b"".join(struct.pack("HBBI", *each) for each in code)
libc, block = ctypes.CDLL(None), ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(block))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])
"""
LANDLOCK, MOUNTS = [444, 445, 446], [428, 442]


@pytest.fixture
def old_kernel(start_wowd, tmp_path):
    """A wowd on a kernel that has not got these system calls."""
    def start(engine, missing, *options, **how):
        launcher = tmp_path / "launcher"
        calls = ",".join(map(str, missing))
        (tmp_path / "old.py").write_text(OLD_KERNEL)
        launcher.write_text(f"#!/bin/sh\nexec {sys.executable} {tmp_path}/old.py {calls} "
                            f'{BUILD}/wowd "$@"\n')
        launcher.chmod(0o755)
        return start_wowd(engine, *options, program=launcher, **how)
    return start


def test_without_landlock_all_else_holds(old_kernel, engine):
    wowd = old_kernel(engine, LANDLOCK)
    on = event(wowd, "sandbox")
    assert on["landlock"] == "0" and on["directories"] == "none"
    assert wowd.container("ok.wat").run().result == {"answer": 42}


@AS_ROOT
@pytest.mark.skipif("hostile" not in NAMES, reason="this build has no such engine")
def test_without_mounts_landlock_holds_directories(old_kernel, places):
    wowd = old_kernel("hostile", MOUNTS, "--grant-dirs", places / "roots", workers=1)
    if event(wowd, "sandbox")["landlock"] == "0":
        pytest.skip("this kernel has no Landlock")
    assert event(wowd, "sandbox")["directories"] == "landlock"
    check_escapes(wowd, places, inside_roots=True)


@AS_ROOT
def test_without_either_directories_can_be_used_and_the_log_says_how(old_kernel, engine, places):
    wowd = old_kernel(engine, LANDLOCK + MOUNTS, "--grant-dirs", places / "roots")
    assert event(wowd, "sandbox")["directories"] == "open"
    container = wowd.container("ok.wat", annotations={"dir": str(places / "roots/granted")})
    assert container.run().result == {"answer": 42}


# ---- a user id for each worker ----

@AS_ROOT
def test_workers_have_ids_of_their_own(own_wowd):
    wowd = own_wowd("--user-ids", "300000:1000")
    ids = [status(pid)["Uid"].split() for pid in wowd.workers()]
    assert len({its[0] for its in ids}) == len(ids) >= 2
    assert all(set(its) == {its[0]} and 300000 <= int(its[0]) < 301000 for its in ids)
    assert wowd.container("ok.wat").run().result == {"answer": 42}


@AS_ROOT
def test_workers_with_their_own_ids_share_what_their_group_may_change(own_wowd, tmp_path):
    for parent in [tmp_path, *tmp_path.parents][:3]:
        os.chmod(parent, 0o755)
    place = tmp_path / "shared"
    place.mkdir()
    os.chown(place, 0, 65534)
    os.chmod(place, 0o2770)
    wowd = own_wowd("--user-ids", "300000:1000", "--user", "nobody", "--grant-dirs", place,
                    workers=1)
    text = """(module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "file") (data (i32.const 16) "\\20\\00\\00\\00\\02\\00\\00\\00")
      (data (i32.const 32) "{}\\n") (data (i32.const 48) "\\20\\00\\00\\00\\03\\00\\00\\00")
      (func (export "_start")
        (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1)
              (i64.const 64) (i64.const 0) (i32.const 1) (i32.const 64)) (then unreachable))
        (if (call $write (i32.load (i32.const 64)) (i32.const 16) (i32.const 1) (i32.const 72))
          (then unreachable))
        (drop (call $write (i32.const 1) (i32.const 48) (i32.const 1) (i32.const 72)))))"""
    for namespace in ("one", "two", "three"):  # a worker each
        container = wowd.container(text, annotations={"dir": str(place)},
                                   env={"__OW_NAMESPACE": namespace})
        assert container.run().result == {}
    stat = (place / "file").stat()
    assert (place / "file").read_text() == "{}{}{}"
    assert stat.st_uid >= 300000 and stat.st_gid == 65534 and stat.st_mode & 0o777 == 0o664


@pytest.mark.parametrize("ids, why", [
    ("300000", "are not FIRST:COUNT"), ("0:1000", "are not FIRST:COUNT"), ("x:y", "FIRST:COUNT"),
    ("1:2:3", "FIRST:COUNT"), ("300000:10", "10 are less than the")])
def test_ids_that_make_no_sense_are_refused(tmp_path, ids, why):
    done = run_wowd("--executor", "127.0.0.1:0", "--proxy-port", 0, "--data", tmp_path, "--cache",
                    tmp_path / "cache", "--user-ids", ids)
    assert done.returncode == 64 and why in done.stderr


# ---- a compiler's time ----

@pytest.mark.parametrize("attack, signal", [(("spin",), 9), (("read", 3, "*1", 1), 9)])
def test_a_compiler_has_only_so_much_time(start_wowd, attack, signal):
    """It computes without end; it waits without end."""
    wowd = start_wowd("hostile", "--compile-time", 1)
    code = wasm("ok.wat") + section("attack.compile", lines(attack))
    reply = wowd.start().init(code)
    assert reply.status == 502 and f"stopped (signal {signal})" in reply.error
    assert "more than its 1 s" in reply.error
    assert wowd.container("ok.wat").run().record


def test_what_is_printed_about_the_sandbox_is_in_the_page():
    printed = subprocess.run([BUILD / "wowd", "--print-sandbox"], capture_output=True, text=True,
                             check=True).stdout
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    listed = re.search(r"wowd --print-sandbox\n\n```\n(.*?)```", page, re.S)[1]
    table = lambda text: [line.split() for line in text.splitlines() if line.startswith("  ")]
    assert table(listed) == table(printed)
