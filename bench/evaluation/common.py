"""What all of the evaluation uses: places, failing, running programs, and what is said of the machine."""
import contextlib
import ctypes
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WOW_BUILD", ROOT / "build")).resolve()
LOAD = BUILD / "bench-load"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "wow"
CORES = len(os.sched_getaffinity(0))
ENGINES = ["wasmtime", "wamr", "wasmer"]
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("WOW_")}
_PDEATHSIG = 1


class Failed(Exception):
    """A measurement that could not be taken, or in which an answer was wrong or missing."""


class Unavailable(Exception):
    """A side that this machine has not got; the row says why, and the run goes on."""


def say(text):
    print(f"evaluate: {text}", file=sys.stderr, flush=True)


def run(*command, fault=Failed, timeout=600, **how):
    """A program's output; its last words, if it fails, as that kind of fault."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False,
                              **how)
    except OSError as why:
        raise fault(f"{words[0]}: {why.strerror}") from None
    except subprocess.TimeoutExpired:
        raise fault(f"{words[0]}: not done after {timeout} s") from None
    if done.returncode:
        raise fault(f"{' '.join(words)[:200]}: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def attempt(*command):
    with contextlib.suppress(Failed):
        return run(*command).strip()
    return ""


def die_with_parent():
    """For a child of ours: nothing is left when the evaluation is killed."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, 9)


# ---- processes and their memory ----

def family(pid):
    """A process and all that descends from it."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = pathlib.Path(f"/proc/{name}/stat").read_text(errors="replace")
            parents[int(name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def pss(pids):
    """Proportional set size of processes, in bytes; one that has just ended counts nothing."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024
    return total


# ---- what the page says of the machine ----

def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    return platform.machine()


def load_average():
    return os.getloadavg()[0]


def commit():
    name = attempt("git", "-C", ROOT, "rev-parse", "--short=12", "HEAD") or "unknown"
    return name + (", with changes" if attempt("git", "-C", ROOT, "status", "--porcelain") else "")


def machine():
    """Pairs of what and value, for the head of the page."""
    with open("/proc/meminfo", encoding="utf-8") as info:
        ram = int(info.readline().split()[1]) / 2**20
    engines = [f"{name} {attempt(BUILD / f'wow-compile-{name}', '--about').split(' ')[0]}"
               for name in ENGINES if (BUILD / f"wow-compile-{name}").exists()]
    return [
        ("when", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", commit()),
        ("machine", f"{cpu_model()}, {CORES} cores, {ram:.0f} GiB, {platform.node()}"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("load before", f"{load_average():.2f}"),
        ("wowd", attempt(BUILD / "wowd", "--version")),
        ("engines", ", ".join(engines)),
        ("node", attempt("node", "--version")),
        ("runc", (attempt("runc", "--version").splitlines() or ["–"])[0]),
        ("native compiler", (attempt("clang-19", "--version").splitlines() or ["–"])[0]),
    ]
