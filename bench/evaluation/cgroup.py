"""
Groups of processes: a share of the processors, and what they are charged of memory. cgroup v1's
controllers where they are there, else v2's.
"""
import contextlib
import pathlib
import time

from .common import Unavailable

V1 = pathlib.Path("/sys/fs/cgroup/cpu")
V2 = pathlib.Path("/sys/fs/cgroup")
V1_MEMORY = (V2 / "memory").is_dir()
PERIOD_US = 100_000


def _controllers():
    with contextlib.suppress(OSError):
        return (V2 / "cgroup.subtree_control").read_text().split()
    return []


def charged(path):
    """What a memory cgroup is charged less the page cache it could give back, as docker tells it."""
    group = V2 / ("memory" if V1_MEMORY else "") / path.lstrip("/")
    stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    used = int((group / ("memory.usage_in_bytes" if V1_MEMORY else "memory.current")).read_text())
    return used - int(stat["total_inactive_file" if V1_MEMORY else "inactive_file"])


def processes(path):
    group = V2 / ("memory" if V1_MEMORY else "") / path.lstrip("/")
    return [int(pid) for pid in (group / "cgroup.procs").read_text().split()]


class Account:
    """A group whose memory is counted, and nothing else."""

    def __init__(self, name):
        self.path = f"/wow-{name}"
        if not V1_MEMORY and "memory" not in _controllers():
            raise Unavailable("no memory controller, neither of cgroup v1 nor of v2")
        self.place = V2 / ("memory" if V1_MEMORY else "") / self.path.lstrip("/")
        try:
            self.place.mkdir()
        except OSError as why:
            raise Unavailable(f"a cgroup for memory: {why}") from None
        self.tasks = self.place / "cgroup.procs"

    def remove(self):
        _remove_at_last(self.place)


class Quota:
    """path: as runc's cgroupsPath has it; tasks: the file that takes a process in."""

    def __init__(self, name, share):
        self.path = f"/wow-{name}"
        quota = int(share * PERIOD_US)
        if (V1 / "cpu.cfs_quota_us").exists() or (V1 / "cpu.shares").exists():
            self.place = V1 / self.path.lstrip("/")
            settings = {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota}
        elif "cpu" in _controllers():
            self.place = V2 / self.path.lstrip("/")
            settings = {"cpu.max": f"{quota} {PERIOD_US}"}
        else:
            raise Unavailable("no cpu controller, neither of cgroup v1 nor of v2")
        try:
            self.place.mkdir()
            for name, value in settings.items():
                (self.place / name).write_text(str(value))
        except OSError as why:
            raise Unavailable(f"a cgroup with {share} of a processor: {why}") from None
        self.tasks = self.place / "cgroup.procs"

    def remove(self):
        _remove_at_last(self.place)


def _remove_at_last(place):
    """Its processes may be on their way out."""
    end = time.monotonic() + 5
    while place.is_dir() and time.monotonic() < end:
        _remove(place)
        time.sleep(0.05)


def _remove(place):
    for inner in sorted(place.glob("**/"), key=lambda p: -len(p.parts)):
        with contextlib.suppress(OSError):
            inner.rmdir()


def remove_cgroups(token):
    """What runc leaves of the groups whose names have this run's token in them, in all hierarchies."""
    for pattern in (f"wow-*{token}*", f"*/wow-*{token}*"):
        for place in V2.glob(pattern):
            _remove(place)
