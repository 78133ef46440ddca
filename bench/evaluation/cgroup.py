"""A share of the processors for a group of processes: cgroup v1's cpu controller, or v2's."""
import contextlib
import os
import pathlib
import time

from .common import Unavailable

V1 = pathlib.Path("/sys/fs/cgroup/cpu")
V2 = pathlib.Path("/sys/fs/cgroup")
PERIOD_US = 100_000


class Quota:
    """path: as runc's cgroupsPath has it; tasks: the file that takes a process in."""

    def __init__(self, name, share):
        self.path = f"/{name}-{os.getpid()}"
        quota = int(share * PERIOD_US)
        if (V1 / "cpu.cfs_quota_us").exists() or (V1 / "cpu.shares").exists():
            self.place = V1 / self.path.lstrip("/")
            settings = {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota}
        elif "cpu" in self._controllers():
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

    @staticmethod
    def _controllers():
        with contextlib.suppress(OSError):
            return (V2 / "cgroup.subtree_control").read_text().split()
        return []

    def remove(self):
        end = time.monotonic() + 5
        while self.place.is_dir() and time.monotonic() < end:
            with contextlib.suppress(OSError):
                for inner in sorted(self.place.glob("**/"), key=lambda p: -len(p.parts)):
                    inner.rmdir()
                return
            time.sleep(0.05)
