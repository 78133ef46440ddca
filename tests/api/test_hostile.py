"""
A guest that has broken out of its engine: it makes any system call and writes anything into the
memory it shares with wowd. What does it reach? engines/hostile/attack.h has its language.
"""
import json
import os
import pathlib
import re
import pwd
import shutil
import struct
import subprocess
import tempfile

import pytest

from harness import (BUILD, NAMES, TIMED_OUT, UNEXPECTED_EXIT, Background, cpu_ns, epoch_ms, until,
                     wasm)

pytestmark = pytest.mark.skipif("hostile" not in NAMES, reason="this build has no such engine")
SANDBOX = subprocess.run([BUILD / "wowd", "--print-sandbox"], capture_output=True, text=True,
                         check=True).stdout
KILLS = "ends the process" in SANDBOX  # else all is refused with EPERM: a build with sanitizers
ROOT = os.geteuid() == 0
# A call that is not allowed ends the worker, and the log tells; with sanitizers it only fails.
ENDS_IT = pytest.mark.log_has("worker.violation") if KILLS else pytest.mark.log_has()

EPERM, EBADF, EACCES, EXDEV, EFBIG, EROFS, EINVAL = -1, -9, -13, -18, -27, -30, -22
CALLS = {}
for line in subprocess.run(["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                           capture_output=True, text=True, check=True).stdout.splitlines():
    found = re.match(r"#define __NR_(\w+) (\d+)$", line)
    if found:
        CALLS[found[1]] = int(found[2])
CALLS.update(landlock_restrict_self=446, memfd_secret=447, process_mrelease=448, futex_waitv=449)

AT_FDCWD, AT_EMPTY_PATH, O_DIRECTORY = -100, 0x1000, 0o200000


def section(name, text):
    def leb(n):
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    body = leb(len(name)) + name.encode() + text.encode()
    return b"\0" + leb(len(body)) + body


def lines(*attack):
    """Each line of an attack: ("openat", -100, "=/etc/passwd"), or ("spin",)."""
    rows = []
    for verb, *args in attack:
        known = verb in ("touch", "spin", "ring", "scribble", "peek", "poke", "where")
        words = [verb] if known else ["call", CALLS[verb]]
        rows.append(" ".join(map(str, [*words, *args])))
    return "\n".join(rows)


def attacks(*attack):
    """The arguments that have the worker do it."""
    return {"attack": lines(*attack)}


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def without_root():
    """How to start a wowd as nobody, from programs that nobody can read."""
    if not ROOT:
        yield {}
        return
    place, nobody = tempfile.mkdtemp(), pwd.getpwnam("nobody")
    for name in ("wowd", "wow-worker-hostile", "wow-compile-hostile"):
        shutil.copy(BUILD / name, place)
    os.chmod(place, 0o755)
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    yield {"user": nobody.pw_uid, "group": nobody.pw_gid, "place": place,
           "program": pathlib.Path(place) / "wowd"}
    shutil.rmtree(place)


@pytest.fixture
def hostile(start_wowd, kept):
    return lambda *options, **how: start_wowd("hostile", *options, **{"cache": kept, **how})


def forged(text, attacker, bell):
    """Say that this is the result, that it is done, and ring."""
    state, outcome, size, rung = attacker.results(
        ("where", "state"), ("where", "outcome"), ("where", "size"), ("where", "bell"))
    return [("poke", HEAD + INPUT, text.encode().hex()), ("poke", outcome, "00000000"),
            ("poke", size, struct.pack("<I", len(text)).hex()), ("poke", state, "03000000"),
            ("poke", rung, "01000000"), ("ring", 0, bell), ("spin",)]


def number(result):
    return result["value"] if isinstance(result, dict) else result


class Attacker:
    """A container, of a namespace of its own, whose worker does what it is told."""

    def __init__(self, wowd, **init):
        self.container = wowd.container("ok.wat", **init)

    def reply(self, *attack, **members):
        return self.container.run(attacks(*attack), **members)

    def results(self, *attack):
        return self.reply(*attack).result["results"]

    def is_stopped(self, *attack):
        """The last line of the attack ends the worker, or is refused where nothing is killed."""
        reply = self.reply(*attack)
        if KILLS:
            assert reply.failure(2) == UNEXPECTED_EXIT, (attack, reply.body)
        else:
            assert number(reply.result["results"][-1]) == EPERM, (attack, reply.body)


def alive(wowd):
    """wowd serves others as before."""
    assert Attacker(wowd).results(("getpid",))[0] > 1


# ---- system calls ----

FORBIDDEN = {
    "files": [("open", "=/etc/passwd", 0), ("creat", "=/tmp/x", 0o666), ("open_by_handle_at", 0, "*64", 0),
              ("name_to_handle_at", AT_FDCWD, "=/", "*64", "*8", 0), ("chdir", "=/"), ("fchdir", 3),
              ("chroot", "=/"), ("mount", "=none", "=/", "=tmpfs", 0, 0), ("umount2", "=/", 2),
              ("pivot_root", "=/", "=/"), ("unshare", 0x10000000), ("setns", 3, 0),
              ("open_tree", AT_FDCWD, "=/", 1), ("move_mount", 3, "=", AT_FDCWD, "=/", 4),
              ("fsopen", "=tmpfs", 0), ("mknodat", AT_FDCWD, "=x", 0o20666, 0x103),
              ("chmod", "=/", 0o777), ("fchmod", 3, 0o777), ("chown", "=/", 0, 0),
              ("setxattr", "=/", "=user.x", "=x", 1, 0), ("inotify_init1", 0), ("fanotify_init", 0, 0),
              ("sendfile", 1, 3, 0, 4096), ("splice", 3, 0, 1, 0, 4096, 0), ("lstat", "=/", "*200"),
              ("access", "=/etc/passwd", 0), ("readlink", "=/proc/self/exe", "*99", 99)],
    "sockets": [("socket", 2, 1, 0), ("socket", 10, 2, 0), ("socket", 1, 1, 0), ("socket", 16, 3, 0),
                ("socket", 17, 3, 0), ("socket", 40, 1, 0), ("socketpair", 1, 1, 0, "*8"),
                ("connect", 3, "*16", 16), ("bind", 3, "*16", 16), ("listen", 3, 1),
                ("accept4", 3, 0, 0, 0), ("sendto", 3, "=x", 1, 0, 0, 0), ("sendmsg", 3, "*56", 0),
                ("setsockopt", 3, 1, 2, "*4", 4), ("getpeername", 3, "*16", "*4")],
    "programs": [("execve", "=/bin/sh", 0, 0), ("execveat", 3, "=", 0, 0, AT_EMPTY_PATH),
                 ("fork",), ("vfork",), ("clone", 17, 0, 0, 0, 0), ("clone", 0x10f00, 0, 0, 0, 0),
                 ("clone3", "*88", 88), ("memfd_create", "=x", 0), ("memfd_secret", 0)],
    "others": [("kill", 1, 9), ("kill", -1, 9), ("kill", 0, 9), ("tkill", 1, 9),
               ("rt_sigqueueinfo", 1, 9, "*128"), ("pidfd_open", 1, 0),
               ("pidfd_send_signal", 3, 9, 0, 0), ("pidfd_getfd", 3, 0, 0), ("ptrace", 16, 1, 0, 0),
               ("process_vm_readv", 1, "*16", 1, "*16", 1, 0),
               ("process_vm_writev", 1, "*16", 1, "*16", 1, 0), ("process_madvise", 3, "*16", 1, 4, 0),
               ("kcmp", 1, 1, 0, 0, 0), ("setpriority", 0, 1, 0), ("getpriority", 0, 1),
               ("sched_setaffinity", 1, 8, "*8"), ("prlimit64", 1, 7, 0, "*16"),
               ("fcntl", 3, 8, 1), ("migrate_pages", 1, 1, "*8", "*8"), ("wait4", -1, 0, 0, 0),
               ("shmget", 1, 4096, 0o1666), ("semget", 1, 1, 0o1666), ("msgget", 1, 0o1666),
               ("mq_open", "=/x", 0), ("clock_gettime", ~(1 << 3) | 2, "*16")],
    "privileges": [("setuid", 0), ("setresuid", 0, 0, 0), ("setgid", 0), ("setgroups", 0, 0),
                   ("capset", "*8", "*24"), ("setrlimit", 7, "*16"), ("seccomp", 1, 0, 0),
                   ("personality", 0x40000), ("setsid",), ("add_key", "=user", "=x", "=y", 1, -1),
                   ("keyctl", 0, -1, 0), ("request_key", "=user", "=x", 0, 0)],
    "kernel": [("io_uring_setup", 8, "*120"), ("bpf", 0, "*64", 64), ("userfaultfd", 1),
               ("perf_event_open", "*120", 0, -1, -1, 0), ("clock_settime", 0, "*16"),
               ("settimeofday", "*16", 0), ("adjtimex", "*208"), ("reboot", 0xfee1dead, 672274793, 0),
               ("kexec_load", 0, 0, 0, 0), ("init_module", "=x", 1, "="), ("syslog", 3, "*99", 99),
               ("swapon", "=/x", 0), ("sethostname", "=x", 1), ("iopl", 3), ("acct", "=/x"),
               ("quotactl", 0, 0, 0, 0), ("ustat", 0, "*32"), ("modify_ldt", 0, "*16", 16),
               ("set_robust_list", "*24", 24), ("get_robust_list", 1, "*8", "*8"),
               ("futex", "*4", 0, 0, 0, 0, 0), ("mlockall", 3), ("timer_create", 0, 0, "*8"),
               ("timerfd_create", 1, 0), ("signalfd4", -1, "*8", 8, 0), ("epoll_create1", 0),
               ("landlock_restrict_self", 3, 0), ("lookup_dcookie", 0, "*9", 9), ("vhangup",)],
    "deadlines": [("sched_setscheduler", 0, 1, ":01000000"), ("sched_setattr", 0, "*56", 0),
                  ("setpriority", 0, 0, -20), ("ioprio_set", 1, 0, 0), ("alarm", 1), ("pause",),
                  ("setitimer", 0, "*32", 0)],
}


@ENDS_IT
@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_call_that_no_honest_worker_makes_ends_it(hostile, what):
    wowd = hostile(workers=1)
    attacker = Attacker(wowd)
    for attack in FORBIDDEN[what]:
        attacker.is_stopped(attack)
    alive(wowd)
    seen = wowd.log().count("worker.violation what=call engine=hostile")
    assert not KILLS or seen == len(FORBIDDEN[what])


@ENDS_IT
@pytest.mark.skipif(not ROOT, reason="not root: all the other tests are of this kind")
def test_it_is_the_same_without_root(without_root, start_wowd):
    wowd = start_wowd("hostile", workers=1, **without_root)
    attacker = Attacker(wowd)
    for attack in [attack for group in FORBIDDEN.values() for attack in group]:
        attacker.is_stopped(attack)
    names = descriptors(attacker)
    assert sorted(kind for fd, kind in names.items() if fd > 2) == ["bell", "socket"], names
    alive(wowd)


@pytest.mark.parametrize("refused", [
    ("openat", AT_FDCWD, "=/etc/passwd", 0), ("openat", AT_FDCWD, "=/proc/self/root/etc/passwd", 0),
    ("tgkill", 1, 1, 9), ("ioctl", 2, 0x5412, "=x"), ("prctl", 1, 0), ("uname", "*390"),
    ("sysinfo", "*112"), ("sched_getaffinity", 1, 128, "*128")])
def test_a_call_that_libraries_try_is_refused(hostile, refused):
    assert number(Attacker(hostile()).results(refused)[0]) == EPERM


@ENDS_IT
def test_memory_is_private_and_not_both_writable_and_executable(hostile):
    attacker = Attacker(hostile(workers=1))
    for prot, flags in [(7, 0x22), (6, 0x22), (3, 0x21), (1, 0x23)]:
        attacker.is_stopped(("mmap", 0, 4096, prot, flags, -1, 0))
    attacker.is_stopped(("mmap", 0, 4096, 3, 0x22, -1, 0), ("mprotect", "$0", 4096, 7))
    attacker.is_stopped(("mmap", 0, 4096, 3, 0x22, -1, 0), ("madvise", "$0", 4096, 12))
    fine = attacker.results(("mmap", 0, 4096, 3, 0x22, -1, 0), ("mprotect", "$0", 4096, 5))
    assert fine[1] == 0, "as engines do with machine code"


@pytest.mark.log_may("worker.violation", "worker.exit")
def test_no_call_at_all_ends_anything_but_the_worker(hostile):
    """Every number there is, with arguments that make no sense."""
    wowd = hostile(workers=2)
    container = wowd.container("ok.wat")
    numbers = [n for n in range(470) if n not in (
        CALLS["recvmsg"], CALLS["clock_nanosleep"], CALLS["restart_syscall"])]  # these wait
    for call in numbers:
        container.run({"attack": f"call {call} -1 -1 -1 -1 -1 -1"}).record
    alive(wowd)


# ---- what there is to see ----

def stat_of(hexed):
    """mode and size of a struct stat."""
    raw = bytes.fromhex(hexed)
    return struct.unpack_from("I", raw, 24)[0], struct.unpack_from("q", raw, 48)[0]


KINDS = {0o020000: "device", 0o010000: "pipe", 0o140000: "socket", 0: "bell",
         0o040000: "directory"}


def descriptors(attacker):
    """The worker's: what each is."""
    calls = [("newfstatat", fd, "=", "*144", AT_EMPTY_PATH) for fd in range(64)]
    return {fd: KINDS.get(stat_of(r["bytes"])[0] & 0o170000, "file")
            for fd, r in enumerate(attacker.results(*calls)) if r["value"] == 0}


def descriptor(attacker, kind):
    found = [fd for fd, its in descriptors(attacker).items() if its == kind and fd > 2]
    assert len(found) == 1, found
    return found[0]


def test_descriptors_are_those_it_needs(hostile):
    names = descriptors(Attacker(hostile(workers=1)))
    assert {fd: names[fd] for fd in (0, 1, 2)} == {0: "device", 1: "device", 2: "pipe"}, names
    # The socket and the bell; nothing of wowd's, the zygote's or another worker's.
    assert sorted(kind for fd, kind in names.items() if fd > 2) == ["bell", "socket"], names


def test_the_root_directory_is_empty(hostile):
    wowd = hostile()
    for pid in wowd.workers():
        if not ROOT:
            pytest.skip("the kernel lets only root look")
        assert os.listdir(f"/proc/{pid}/root/") == []
        with open(f"/proc/{pid}/net/dev", encoding="utf-8") as file:
            assert [line.split(":")[0].strip() for line in file.readlines()[2:]] == ["lo"]


HEAD, SLOT, INPUT = 8192, 28 << 20, 8 << 20


def test_nothing_of_another_namespace_is_in_its_memory(hostile):
    wowd = hostile(workers=1)
    secret = "MARZIPAN" * 100
    victim = wowd.container("ok.wat", env={"__OW_NAMESPACE": "victim"})
    victim.run({"secret": secret})
    spy = Attacker(wowd, env={"__OW_NAMESPACE": "spy"})
    for slot in range(8):
        peek = spy.results(("peek", HEAD + slot * SLOT, 65536))[0]
        assert "MARZIPAN".encode().hex() not in peek["bytes"]


def test_its_own_namespace_s_last_arguments_may_be_there(hostile):
    """By design: a slot is not cleared between activations of one namespace."""
    wowd = hostile(workers=1)
    env = {"__OW_NAMESPACE": "one"}
    wowd.container("ok.wat", env=env).run({"secret": "MARZIPAN" * 2000})
    peek = Attacker(wowd, env=env).results(("peek", HEAD, 65536))[0]
    assert "MARZIPAN".encode().hex() in peek["bytes"]


# ---- granted directories ----

@pytest.fixture
def places(tmp_path):
    """A granted directory, and what must not be reached from it."""
    os.chmod(tmp_path, 0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and parent != pathlib.Path("/"):
            os.chmod(parent, parent.stat().st_mode | 0o055)
    for name in ("granted", "other"):
        (tmp_path / "roots" / name).mkdir(parents=True)
        (tmp_path / "roots" / name / "file").write_text(name)
    (tmp_path / "canary").write_text("CANARY")
    for path in tmp_path.rglob("*"):
        os.chmod(path, 0o777 if path.is_dir() else 0o666)
    return tmp_path


def how(flags, resolve=0):
    return ":" + struct.pack("<QQQ", flags, 0o600 if flags & 0o100 else 0, resolve).hex()


def openat2(path, flags, dir_fd):
    return ("openat2", dir_fd, f"={path}", how(flags), 24)


ESCAPES = ["../../canary", "../../../../../../../../etc/passwd", "/etc/passwd", "..", "../..",
           "/proc/self/root/etc/passwd", "/proc/1/root/etc/passwd", "/proc/self/cwd/../etc/passwd",
           "file/../../../canary", "/"]


def check_escapes(wowd, places, inside_roots):
    attacker = Attacker(wowd, annotations={"dir": str(places / "roots/granted")})
    fd = descriptor(attacker, "directory")
    read = attacker.results(openat2("file", 0, fd), ("pread64", "$0", "*7", 7, 0))
    assert bytes.fromhex(read[1]["bytes"]) == b"granted", "what was granted can be used"
    for path in ESCAPES + ["../other/file"]:
        for flags in (0, O_DIRECTORY, 2):
            r = attacker.results(openat2(path, flags, fd), ("pread64", "$0", "*64", 64, 0),
                                 ("getdents64", "$0", "*4096", 4096))
            text = bytes.fromhex(r[1]["bytes"]) + bytes.fromhex(r[2]["bytes"])
            assert b"CANARY" not in text and b"root:" not in text and b"canary" not in text, path
            assert inside_roots or (b"other" not in text), (path, r)
    for cwd in (AT_FDCWD, 0, 1, 2, 63):
        for path in ("etc/passwd", "/etc/passwd", ".", "canary", str(places / "canary")):
            r = attacker.results(openat2(path, 0, cwd), ("pread64", "$0", "*64", 64, 0))
            assert b"root:" not in bytes.fromhex(r[1]["bytes"])
            assert b"CANARY" not in bytes.fromhex(r[1]["bytes"])


@pytest.mark.skipif(not ROOT, reason="only root can make mounts")
def test_no_way_leads_out_of_a_granted_directory(hostile, places):
    wowd = hostile("--grant-dirs", places / "roots", workers=1)
    assert "directories=mounts" in wowd.log()
    check_escapes(wowd, places, inside_roots=False)


def test_without_root_no_way_leads_out_of_what_is_granted_at_all(without_root, start_wowd, places):
    for path in [places, *places.rglob("*")]:
        os.chown(path, without_root["user"], without_root["group"])
    wowd = start_wowd("hostile", "--grant-dirs", places / "roots", workers=1, **without_root)
    if "directories=landlock" not in wowd.log():
        pytest.skip("this kernel has no Landlock")
    check_escapes(wowd, places, inside_roots=True)


@pytest.mark.skipif(not ROOT, reason="only root can make mounts")
def test_a_read_only_grant_is_read_only_to_the_kernel(hostile, places):
    wowd = hostile("--grant-dirs", places / "roots", workers=1)
    attacker = Attacker(wowd, annotations={"dir": f"{places / 'roots/granted'}:ro"})
    fd = descriptor(attacker, "directory")
    for attack in [openat2("file", 2, fd), openat2("new", 0o101, fd), ("unlinkat", fd, "=file", 0),
                   ("mkdirat", fd, "=d", 0o777), ("symlinkat", "=x", fd, "=l"),
                   ("renameat", fd, "=file", fd, "=g"), ("linkat", fd, "=file", fd, "=h", 0)]:
        assert attacker.results(attack)[0] == EROFS, attack
    assert sorted(os.listdir(places / "roots/granted")) == ["file"]


def test_a_directory_of_another_action_is_not_there(hostile, places):
    """The number that one action's directory had is nobody's in the next worker."""
    wowd = hostile("--grant-dirs", places / "roots", workers=1)
    mine = Attacker(wowd, annotations={"dir": str(places / "roots/granted")},
                    env={"__OW_NAMESPACE": "one"})
    fd = descriptor(mine, "directory")
    assert Attacker(wowd, env={"__OW_NAMESPACE": "two"}).results(openat2("file", 0, fd))[0] == EBADF


def test_a_file_has_a_largest_size(hostile, places):
    wowd = hostile("--grant-dirs", places / "roots", "--file-limit", 3, workers=1)
    attacker = Attacker(wowd, annotations={"dir": str(places / "roots/granted")})
    fd = descriptor(attacker, "directory")
    r = attacker.results(openat2("big", 0o102, fd), ("ftruncate", "$0", 4 << 20),
                         ("fallocate", "$0", 0, 0, 4 << 20), ("pwrite64", "$0", "=x", 1, 3 << 20),
                         ("ftruncate", "$0", 3 << 20))
    assert r[1:] == [EFBIG, EFBIG, EFBIG, 0]
    assert (places / "roots/granted/big").stat().st_size == 3 << 20


# ---- time and memory ----

def test_it_does_not_outlive_its_deadline(hostile):
    wowd = hostile()
    attacker = Attacker(wowd)
    start = epoch_ms()
    reply = attacker.reply(("spin",), deadline=epoch_ms() + 300)
    assert 250 < epoch_ms() - start < 5000
    assert re.fullmatch(TIMED_OUT.replace("%d", r"\d+"), reply.failure(2))
    until(lambda: not wowd.spinning(), "the loop is gone")


@pytest.mark.log_may("worker.violation")
@pytest.mark.parametrize("state", [0, 1, 3, 9, 0xFFFFFFFF])
def test_it_does_not_by_lying_about_its_state_either(hostile, state):
    """It says of its slot that it is free, queued, done or nothing known, and computes on."""
    wowd = hostile(workers=1)
    attacker = Attacker(wowd)
    start = epoch_ms()
    at = attacker.results(("where", "state"))[0]
    start = epoch_ms()
    reply = attacker.reply(("poke", at, struct.pack("<I", state).hex()), ("spin",),
                           deadline=epoch_ms() + 300)
    assert epoch_ms() - start < 5000
    shows(reply.body)
    until(lambda: not wowd.spinning(), "the loop is gone")
    alive(wowd)


@pytest.mark.log_has("worker.violation")
def test_it_does_not_compute_on_once_it_is_answered(hostile):
    wowd = hostile(workers=1)
    bell = descriptor(Attacker(wowd), "bell")
    miner = Attacker(wowd, env={"__OW_NAMESPACE": "miner"})
    reply = miner.reply(*forged("{}", miner, bell))
    assert reply.result == {}, "it is answered"
    until(lambda: "what=idle engine=hostile" in wowd.log(), "it is found out", 30)
    until(lambda: not wowd.spinning(), "the loop is gone")


def test_memory_has_an_end(hostile):
    """RLIMIT_DATA: the memory of the largest action, and a gigabyte for the engine."""
    attacker = Attacker(hostile("--memory-max", 256, workers=1))
    assert attacker.results(("touch", 64 << 20))[0] == 64 << 20
    if KILLS:  # sanitizers need more than any limit
        assert attacker.results(("touch", 1400 << 20))[0] == -12
        assert attacker.results(("mmap", 0, 4096, 3, 0x2022, -1, 0))[0] == EPERM, "none is locked"


def test_the_kernel_takes_workers_first_when_memory_runs_out(hostile):
    wowd = hostile()
    for pid in wowd.workers():
        assert pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"
    assert pathlib.Path(f"/proc/{wowd.pid}/oom_score_adj").read_text() != "1000\n"


# ---- what wowd reads from it ----

@pytest.mark.log_has("worker.violation")
def test_a_result_that_is_no_json_is_not_passed_on(hostile):
    """The worker says of a few bytes of its own that they are its result."""
    for text in ['{"a":', '}, "x": {', "[1,2", "17", '"x"', "\0\0"]:
        wowd = hostile(workers=1)
        attacker = Attacker(wowd)
        reply = attacker.reply(*forged(text, attacker, descriptor(attacker, "bell")),
                               deadline=epoch_ms() + 400)
        assert "x" not in reply.json
        reply.record
        alive(wowd)


def shows(text):
    """What an answer of wowd's must be, whatever the worker did."""
    record = json.loads(text)
    assert set(record) - {"logs"} == {"status", "status_code", "success", "result"}, record
    assert isinstance(record["result"], (dict, list))
    assert all(isinstance(line, str) for line in record.get("logs", []))


@pytest.mark.log_may("worker.violation", "worker.exit")
@pytest.mark.parametrize("seed", range(6))
def test_noise_in_shared_memory_harms_nobody_else(hostile, seed):
    wowd = hostile(workers=1)
    attacker = Attacker(wowd, env={"__OW_NAMESPACE": "bad"})
    honest = wowd.container("ok.wat", env={"__OW_NAMESPACE": "good"})

    def noise():
        for _ in range(4):
            shows(attacker.reply(("scribble", 150, seed), logs=True,
                                 deadline=epoch_ms() + 600).body)

    attack = Background(noise)
    while not attack.is_done():
        assert "results" in honest.run({}).result
    attack.wait()
    alive(wowd)


def test_what_it_says_on_its_socket_nobody_hears(hostile):
    wowd = hostile(workers=1)
    sock = descriptor(Attacker(wowd), "socket")
    says = [("write", sock, f":{bytes([kind, 0, 0, 0] * 20).hex()}", 80) for kind in range(16)]
    says += [("write", sock, "*4000", n) for n in (1, 39, 40, 41, 4000)]
    results = Attacker(wowd).results(*says)
    assert any(r > 0 for r in results if isinstance(r, int)), "they were sent"
    alive(wowd)


@pytest.mark.log_has("worker.violation")
def test_who_rings_without_end_is_stopped(hostile):
    wowd = hostile(workers=1)
    bell = descriptor(Attacker(wowd), "bell")
    bad = Attacker(wowd, env={"__OW_NAMESPACE": "bad"})
    before, start = cpu_ns(wowd.pid), epoch_ms()
    attack = Background(lambda: bad.reply(("ring", 5000, bell), deadline=epoch_ms() + 8000))
    good = wowd.container("ok.wat", env={"__OW_NAMESPACE": "good"})
    while not attack.is_done():
        good.run({}).result
    assert attack.wait().failure(2) == UNEXPECTED_EXIT
    assert "what=rings" in wowd.log()
    assert epoch_ms() - start < 4000 and cpu_ns(wowd.pid) - before < 2e9
    alive(wowd)


@pytest.mark.log_has("child.said", "child.noise")
def test_what_it_prints_is_quoted_in_the_log_and_bounded(hostile):
    wowd = hostile(workers=1)
    forged = "2026-01-01T00:00:00.000Z%20activation%20id=forged%20status=0%0a"
    size = len(wowd.log())
    Attacker(wowd).results(*[("write", 2, f"={forged}", 58)] * 4, *[("write", 2, "*65000", 4000)] * 40)
    until(lambda: "child.noise" in wowd.log(), "the log tells of the noise")
    lines_of_log = wowd.log()[size:].splitlines()
    assert not [line for line in lines_of_log if re.match(r"\S+ activation id=forged", line)]
    assert any("child.said text=" in line and "id=forged" in line for line in lines_of_log)
    assert len("\n".join(lines_of_log)) < 40000


# ---- the compiling process ----

def compile_says(wowd, *attack):
    """What an attack in a compiler gets: the results, or None when it was ended."""
    code = wasm("ok.wat") + section("attack.compile", lines(*attack))
    why = wowd.start().init(code).error.removeprefix("Initialization has failed due to: ")
    if "signal 31" in why:
        assert "compile.violation" in wowd.log()
        return None
    return json.loads(why.removesuffix("."))


@pytest.mark.parametrize("attack", [
    ("socket", 2, 1, 0), ("fork",), ("execve", "=/bin/sh", 0, 0), ("kill", 1, 9), ("openat2", 3, "=x", "*24", 24),
    ("open", "=/etc/passwd", 0), ("clock_nanosleep", 1, 0, "*16", 0), ("sched_yield",),
    ("unlinkat", 3, "=x", 0), ("fcntl", 3, 4, 0), ("mmap", 0, 4096, 5, 0x22, -1, 0),
    ("mmap", 0, 4096, 3, 0x21, -1, 0), ("ptrace", 16, 1), ("io_uring_setup", 8, "*120")])
def test_a_compiler_may_do_less_than_a_worker(hostile, attack):
    results = compile_says(hostile(), attack)
    assert results is None if KILLS else number(results[0]) == EPERM


def test_a_compiler_has_its_socket_the_upload_and_the_file_for_the_code(hostile):
    results = compile_says(hostile(), *[("fcntl", fd, 1030, 40) for fd in range(3, 24)])
    assert len([fd for fd in results if fd >= 0]) == 3
    assert set(results) - {fd for fd in results if fd >= 0} == {EBADF}
