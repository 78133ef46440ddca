"""
Files, the whole way: a guest's WASI calls, through its worker, to what the host's kernel lets it.
The guest is told what to do call by call; nothing of a C library tidies up its paths.
"""
import os
import socket
import stat

import pytest

from harness import BUILD, Wowd
from conftest import Shared

MODULE = (BUILD / "guests" / "files.wasm").read_bytes()
OK, ACCES, BADF, NOENT, NOTDIR, ROFS, XDEV, NOTCAPABLE = 0, 2, 8, 44, 54, 69, 75, 76
CREATE, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
RW, RO = 3, 4  # descriptors of the two directories that are granted


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    base = tmp_path_factory.mktemp("files")
    base.chmod(0o755)
    for parent in base.parents:
        if parent.stat().st_uid == os.geteuid() and str(parent) != "/":
            parent.chmod(parent.stat().st_mode | 0o055)
    return base


@pytest.fixture(scope="session")
def shared_files(engine, base, tmp_path_factory):
    kept = Shared(lambda: Wowd(tmp_path_factory.mktemp(f"files-{engine}"), engine, "--grant-dirs",
                               base))
    yield kept
    kept.stop()


class Place:
    """rw and ro, which a guest is granted, beside what it is not."""

    def __init__(self, wowd, top):
        self.wowd, self.top = wowd, top
        self.rw, self.ro, self.other = (top / name for name in ("rw", "ro", "other"))
        for path in (self.rw, self.ro, self.other):
            path.mkdir(parents=True)
            path.chmod(0o777)
        for path in (top / "secret", self.other / "secret", self.ro / "file", self.rw / "file"):
            path.write_text(f"{path.parent.name}/{path.name}")
            path.chmod(0o666)
        self.before = self.tree()

    def container(self, *dirs):
        return self.wowd.container(MODULE, annotations={
            "wow-dir": [str(d) for d in dirs] or [f"{self.rw}:rw", f"{self.ro}:ro"]})

    def do(self, *calls, logs=False):
        reply = self.container().run({"do": calls}, logs=logs)
        return (reply.result["did"], reply.json["logs"]) if logs else reply.result["did"]

    def one(self, *call):
        [did] = self.do(call)
        return did[0]

    def tree(self):
        """All that is not in rw: names, sorts, contents, times of change."""
        seen = {}
        for path in sorted(self.top.rglob("*")):
            if self.rw in path.parents:
                continue
            info = path.lstat()
            seen[str(path)] = (stat.S_IFMT(info.st_mode), info.st_size, info.st_mtime_ns
                               if path.is_file() else 0,
                               path.read_text() if stat.S_ISREG(info.st_mode) else "")
        return seen


@pytest.fixture
def place(shared_files, base, request):
    with shared_files.used(request) as daemon:
        made = Place(daemon, base / f"{len(list(base.iterdir()))}")
        yield made
        assert made.tree() == made.before, "something outside was changed"


# ---- what is granted ----

def test_what_is_granted_is_there_under_its_own_name(place):
    did = place.do(["preopen", RW], ["preopen", RO], ["preopen", 5], ["preopen", 0])
    assert did[:2] == [[OK, str(place.rw)], [OK, str(place.ro)]]
    assert [d[0] for d in did[2:]] == [BADF, BADF]


def test_files_are_made_written_read_and_taken_away(place):
    did = place.do(
        ["mkdir", RW, "d"], ["create", RW, "d/new", CREATE | EXCL], ["write", 5, "hello"],
        ["close", 5], ["open", RW, "d/../d/./new"], ["read", 5], ["close", 5],
        ["rename", RW, "d/new", RW, "moved"], ["link", RW, "moved", RW, "hard"],
        ["symlink", "moved", RW, "soft"], ["open", RW, "soft"], ["read", 5], ["close", 5],
        ["readlink", RW, "soft"], ["stat", RW, "hard", 0], ["times", RW, "moved"],
        ["create", RW, "moved"], ["resize", 5, 2], ["close", 5], ["unlink", RW, "soft"],
        ["rmdir", RW, "d"], ["open", RO, "file"], ["read", 5])
    assert [d[0] for d in did] == [OK] * len(did)
    assert [d[1] for d in did if len(d) > 1 and isinstance(d[1], str)] == [
        "hello", "hello", "moved", "ro/file"]
    assert (place.rw / "hard").read_text() == "he"
    assert {p.name for p in place.rw.iterdir()} == {"file", "moved", "hard"}


def test_a_directory_lists_what_is_in_it(place):
    [opened, listed] = place.do(["open", RO, ".", DIRECTORY], ["list", 5])
    assert opened == [OK, 5] and set(listed[1].split()) == {".", "..", "file"}


def test_nothing_of_an_activation_is_left_open(place):
    container = place.container()
    for _ in range(3):
        did = container.run({"do": [["open", RW, "file"]] * 100}).result["did"]
        assert did[0] == [OK, 5] and did[-1][0] == 33, "as many as one activation may open"


# ---- ways out ----

OUT = ["..", "../", "../secret", "../other/secret", "./../secret", "file/../../secret",
       "sub/../../secret", "/", "/etc/passwd", "//etc/passwd", "/proc/self/root/etc/passwd",
       "{top}/secret", "{rw}/file", "up", "up/secret", "up/other/secret", "to_secret", "absolute",
       "root/etc/passwd", "chain", "proc", "proc_root/etc/passwd", "proc_cwd/secret",
       "sub/up2/secret"]


def set_traps(place):
    """What a careless host, or another action, may have left there."""
    (place.rw / "sub").mkdir()
    for name, target in {
            "up": "..", "to_secret": "../secret", "absolute": "/etc/passwd", "root": "/",
            "chain": "up/secret", "proc": "/proc/self/fd/0", "proc_root": "/proc/self/root",
            "proc_cwd": "/proc/self/cwd", "sub/up2": "../.."}.items():
        (place.rw / name).symlink_to(target)


@pytest.mark.parametrize("path", OUT)
def test_no_path_leads_out(place, path):
    set_traps(place)
    path = path.format(top=place.top, rw=place.rw)
    did = place.do(["open", RW, path], ["create", RW, path], ["create", RW, path, CREATE],
                   ["create", RW, path, CREATE | TRUNC], ["open", RW, path, DIRECTORY],
                   ["stat", RW, path, 1], ["times", RW, path], ["mkdir", RW, f"{path}/new"],
                   ["create", RW, f"{path}/new", CREATE], ["rmdir", RW, f"{path}/x"],
                   ["unlink", RW, f"{path}/secret"], ["readlink", RW, f"{path}/x"],
                   ["link", RW, f"{path}/secret", RW, "got"],
                   ["rename", RW, f"{path}/secret", RW, "got"],
                   ["rename", RW, "file", RW, f"{path}/file"],
                   ["symlink", "x", RW, f"{path}/new"])
    for d in did:
        assert d[0] != OK, (path, did)
    assert not (place.rw / "got").exists()


@pytest.mark.parametrize("target, path", [
    ("..", "l/secret"), ("../secret", "l"), ("../other", "l/secret"), (".", "l/../secret"),
    ("../rw/../secret", "l"), ("sub/../../secret", "l"), ("l2", "l"),
    ("../" * 40 + "etc/passwd", "l")])
def test_a_link_that_the_guest_makes_leads_nowhere_either(place, target, path):
    did = place.do(["mkdir", RW, "sub"], ["symlink", "..", RW, "l2"], ["symlink", target, RW, "l"],
                   ["open", RW, path], ["create", RW, path], ["create", RW, path, CREATE],
                   ["stat", RW, path, 1])
    assert [d[0] for d in did[:3]] == [OK] * 3
    assert all(d[0] != OK for d in did[3:]), did


def test_a_guest_makes_no_absolute_link(place):
    """It would mean another file to whoever reads it outside."""
    for target in ("/etc/passwd", "/", str(place.top / "secret")):
        assert place.one("symlink", target, RW, "l") == NOTCAPABLE
    assert not (place.rw / "l").is_symlink()


def test_a_directory_that_is_moved_away_is_no_way_out(place):
    """A guest holds rw/a/b open while another moves it to where it was granted nothing."""
    (place.rw / "a" / "b").mkdir(parents=True)
    for path in (place.rw / "a", place.rw / "a" / "b"):
        path.chmod(0o777)
    did = place.do(["open", RW, "a/b", DIRECTORY], ["rename", RW, "a/b", RW, "b"],
                   ["open", 5, "../file"], ["open", 5, ".."], ["open", 5, "../../secret"])
    assert [d[0] for d in did[:2]] == [OK, OK] and all(d[0] != OK for d in did[2:]), did


# ---- from one grant to another ----

def test_what_may_only_be_read_stays_as_it_is(place):
    calls = [["create", RO, "file"], ["create", RO, "file", TRUNC], ["create", RO, "new", CREATE],
             ["open", RO, "file", TRUNC], ["open", RO, "new", CREATE], ["mkdir", RO, "new"],
             ["unlink", RO, "file"], ["rmdir", RO, "."], ["times", RO, "file"],
             ["symlink", "x", RO, "new"], ["rename", RO, "file", RO, "new"],
             ["rename", RO, "file", RW, "got"], ["rename", RW, "file", RO, "file"],
             ["link", RO, "file", RW, "got"], ["link", RW, "file", RO, "new"],
             ["open", RO, "."], ["create", 5, "file"], ["mkdir", 5, "new"], ["open", 5, "file"],
             ["write", 6, "x"], ["resize", 6, 0]]
    did, log = place.do(*calls, logs=True)
    for call, d in zip(calls, did):
        readable = call[0] == "open" and len(call) == 3
        assert (d[0] == OK) == readable, (call, d)
    assert len(log) == 1 and f"refused: the directory '{place.ro}' is granted for reading" in log[0]
    assert not (place.rw / "got").exists()


def test_a_file_that_may_only_be_read_cannot_be_reached_to_write_by_another_name(place):
    """By a link of the guest's in the directory that it may write, by a descriptor, or a number."""
    did = place.do(["symlink", "../ro/file", RW, "l"], ["create", RW, "l"],
                   ["symlink", "../ro", RW, "d"], ["create", RW, "d/new", CREATE],
                   ["renumber", RO, RW], ["create", RW, "file", TRUNC], ["create", RW, "n", CREATE])
    assert (did[0][0], did[2][0]) == (OK, OK)
    assert all(d[0] != OK for d in (did[1], did[3], did[5], did[6])), did


def test_between_two_that_may_be_written_files_move(place, base):
    """They are the guest's to change, both of them; and only they. Unless each is handed over as a
    mount of its own: then they are two file systems to a guest."""
    container = place.container(f"{place.rw}:rw", f"{place.other}:rw")
    did = container.run({"do": [["rename", RW, "file", 4, "moved"], ["link", 4, "moved", RW, "h"],
                                ["rename", 4, "../secret", RW, "got"],
                                ["link", 4, "../secret", RW, "got"]]}).result["did"]
    assert all(d[0] != OK for d in did[2:])
    if "directories=mounts" in place.wowd.log():
        assert did[0][0] == XDEV and (place.rw / "file").exists()
    else:
        assert [d[0] for d in did[:2]] == [OK, OK]
        (place.other / "moved").unlink()


def test_a_directory_that_becomes_a_link_leads_out_of_nothing(place, base):
    """One action may write where another's directory lies: that one is not led out of the root."""
    outside = os.path.relpath(base.parent, place.rw)
    (place.rw / "inner").mkdir()
    (place.rw / "inner").chmod(0o777)
    inner = place.container(f"{place.rw}/inner:ro")
    assert inner.run({"do": [["open", RW, "."]]}).result["did"][0][0] == OK
    did = place.do(["rmdir", RW, "inner"], ["symlink", outside, RW, "inner"])
    assert [d[0] for d in did] == [OK, OK]
    reply = place.wowd.start().init(MODULE, annotations={"wow-dir": f"{place.rw}/inner"})
    assert reply.status == 403 and "not granted" in reply.error
    did = inner.run({"do": [["open", RW, base.name]]}).result["did"]
    assert did[0][0] != OK, "what it had is the old directory"


# ---- what is no file ----

@pytest.mark.parametrize("sort", ["fifo", "null", "zero", "disk", "socket"])
def test_what_is_no_file_is_not_opened(place, sort):
    path = place.rw / sort
    if sort == "fifo":
        os.mkfifo(path)
    elif sort == "socket":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
    elif os.geteuid() != 0:
        pytest.skip("only root makes devices")
    else:
        kind, major, minor = {"null": (stat.S_IFCHR, 1, 3), "zero": (stat.S_IFCHR, 1, 5),
                              "disk": (stat.S_IFBLK, 7, 0)}[sort]
        os.mknod(path, kind | 0o666, os.makedev(major, minor))
    path.chmod(0o666)
    (place.rw / "l").symlink_to(sort)
    did = place.do(["open", RW, sort], ["create", RW, sort], ["create", RW, sort, CREATE],
                   ["create", RW, sort, CREATE | TRUNC], ["open", RW, "l"], ["create", RW, "l"],
                   ["read", 5], ["stat", RW, sort, 0])
    assert all(d[0] != OK for d in did[:7]), did
    assert did[7][0] == OK, "that it is there is no secret"


@pytest.mark.parametrize("fd", [0, 1, 2, 5, 6, 50, 95, 96, 97, 1000, 2**31, 2**32 - 1])
def test_a_number_is_no_descriptor(place, fd):
    """Those of the worker's process are not the guest's."""
    did = place.do(["open", fd, "file"], ["create", fd, "x", CREATE], ["list", fd],
                   ["stat", fd, "file", 0], ["unlink", fd, "file"], ["renumber", fd, RW],
                   ["link", fd, "file", RW, "got"], ["rename", fd, "file", RW, "got"])
    assert all(d[0] != OK for i, d in enumerate(did) if i != 5 or fd > 4), did
