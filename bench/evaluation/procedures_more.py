"""The procedures that need more than the load generator: memory, deadlines, a share of a processor."""
import contextlib
import json
import os
import tempfile
import threading
import time

from .cgroup import Account, Quota, charged
from .common import BUILD, CLEAN, LOAD, Failed, Unavailable, run
from .containers import Containers
from .context import middle, quantile
from .procedures import MS, called
from .sides import Wow, post, run_body


# ---- memory ----

def memory(ctx, p):
    """All processes' PSS with ever more warm containers, and what cgroups are charged."""
    rows = []
    for size, name in p["modules"].items():
        what = called({"action": name})
        for code in ("shared", "own"):
            for index in range(len(ctx.engines)):
                rows += _memory_of(ctx, ("wow", index), what, size, code, p.get(f"{code}_{size}", []))
    what = called({"action": "add"})
    for name in p["others"]:
        rows += _memory_of(ctx, (name, 0), what, "small", "own", p["containers"])
    return {"memory": rows, "slope": list(_slopes(rows))}


def _slopes(rows):
    """What one more container takes, and how many would fit into 1 GiB."""
    groups = {}
    for row in rows:
        if row["containers"] > 0:
            groups.setdefault((row["side"], row["module"], row["code"]), []).append(row)
    for (side, module, code), points in groups.items():
        few, many = points[0], points[-1]
        if many["containers"] > few["containers"]:
            what = "charged_mib" if many["charged_mib"] else "pss_mib"
            each = (many[what] - few[what]) / (many["containers"] - few["containers"])
            none = few[what] - each * few["containers"]
            yield {"side": side, "module": module, "code": code, "each_kib": each * 1024,
                   "fit_1gib": int((1024 - none) / each) if each > 0 else 0}


def _memory_of(ctx, which, what, size, code, counts):
    rows, up, account = [], 0, None
    name, index = which
    side = ctx.make([name])[index]
    if not counts or not ctx.may(side):
        return rows
    with ctx.guard(side):
        try:
            if not isinstance(side, Containers):  # they have cgroups of their own
                with contextlib.suppress(Unavailable):
                    account = Account(f"memory-{ctx.shop.token}")
            side = ctx.make([name], quota=account)[index]
            side.start()
            side.can(what.name)
            if isinstance(side, Wow):
                time.sleep(1.5)  # spare workers come up
                rows.append(_memory_row(side, account, size, code, 0))
            for n in counts:
                _add(ctx, side, what, n - up, code)
                up = n
                rows.append(_memory_row(side, account, size, code, n))
        finally:
            side.stop()
            if account:
                account.remove()
    return rows


def _add(ctx, side, what, more, code):
    if not isinstance(side, Wow):
        side.warm(what, more)
        return
    targets = side.cold(what, more, own_code=code == "own")
    ctx.load(targets, "--prepare", "--keep", "--connections", 4, "--time", 0,
             client_may_be_busy=True)
    if code == "own":
        for target in targets:
            target["init"].unlink()


def _memory_row(side, account, size, code, n):
    figures = side.memory()
    if account:
        figures["charged"] = charged(account.path)
    return {"side": side.name, "module": size, "code": code, "containers": n,
            "pss_mib": figures["pss"] / 2**20, "charged_mib": figures.get("charged", 0) / 2**20,
            "processes": figures["processes"]}


# ---- deadlines ----

def kill(ctx, p):
    """How late past its deadline each misbehaving guest is stopped, and what the next run costs."""
    rows = []
    with ctx.sides(["wow"]) as sides:
        for number in range(p["rounds"]):
            for guest, path in p["guests"].items():
                for side in sides:
                    with ctx.guard(side):
                        rows.append({"side": side.name, "guest": guest, "round": number,
                                     **_kill_wow(ctx, side, p, path)})
    with ctx.sides(p["others"]) as sides:
        for side in sides:
            with ctx.guard(side):
                late, after = zip(*[_kill_container(ctx, side, p) for _ in range(p["others_count"])])
                rows.append({"side": side.name, "guest": "loop", "round": 0,
                             **_lateness(late, after)})
    return {"kill": rows}


def _lateness(late, after):
    return {"n": len(late), "late_p50_ms": middle(late), "late_p99_ms": quantile(late, 0.99),
            "late_max_ms": max(late), "next_p50_ms": middle(after)}


def _kill_wow(ctx, side, p, path):
    work = ctx.shop.work
    code, after, body = work / "guest.wasm", work / "next.wasm", work / "next.json"
    code.write_bytes(ctx.shop.wasm(path))
    after.write_bytes(ctx.shop.wasm("add"))
    body.write_text('{"value":{"a":40,"b":2}}')
    words = run(LOAD, "deadline", "--to", f"{side.at[0]}:{side.at[1]}", "--code", code, "--next", after,
                "--body", body, "--expect", '"result":42', "--deadline", p["deadline_ms"],
                "--count", p["count"], "--time", 60000, "--namespace", "evaluation")
    report = json.loads(words)
    if report["late_n"] != p["count"]:
        raise Failed(f"{report['late_n']} of {p['count']} deadlines were measured")
    return {"n": report["late_n"],
            **{f"late_{q}_ms": report[f"late_{q}_us"] / MS for q in ("p50", "p99", "max")},
            "next_p50_ms": report["next_p50_us"] / MS}


def _kill_container(ctx, side, p):
    """What an invoker does: at the time limit it removes the container; the next run is a cold start."""
    endless = side.warm(called({"action": "loop"}), 1, answers=False)[0]
    host, port = endless["at"].rsplit(":", 1)
    caller = threading.Thread(target=_post_and_forget, args=((host, int(port)),))
    caller.start()
    time.sleep(p["deadline_ms"] / 1000)
    deadline = time.monotonic()
    side.remove(endless)
    late = time.monotonic() - deadline
    caller.join()
    began = time.monotonic()
    side.remove(side.warm(called({"action": "add"}), 1)[0])
    return late * 1000, (time.monotonic() - began) * 1000


def _post_and_forget(at):
    with contextlib.suppress(Failed):
        post(at, "/run", b'{"value":{}}', timeout=30)


# ---- a tenth of a processor ----

def edge(ctx, p):
    """Cold and warm with all processes of a side held to a share of one processor."""
    rows, what = [], called(p["call"])
    for share in p["shares"]:
        for name in p["sides"]:
            for index in range(len(ctx.make([name]))):
                rows += _edge_of(ctx, p, what, share, name, index)
    return {"edge": rows}


def _edge_of(ctx, p, what, share, name, index):
    rows = []
    quota = None
    side = ctx.make([name])[index]
    if not ctx.may(side):
        return rows
    with ctx.guard(side):
        try:
            quota = Quota(f"edge-{ctx.shop.token}", share) if share else None
            side = ctx.make([name], quota=quota)[index]
            side.start()
            side.can(what.name)
            repeats = p["slow_repeats"] if side.slow else p["repeats"]
            ctx.load(side.cold(what, 1), "--connections", 1, "--count", 1, "--warmup", 0)
            for number in range(repeats):
                report = ctx.load(side.cold(what, 1), "--connections", 1, "--count", 1, "--warmup", 0)
                rows.append({"side": side.name, "share": share or "all", "what": "cold",
                             "round": number, "ms": report["all"]["p50_us"] / MS})
            warm = side.warm(what, 1)
            for number in range(p["rounds"]):
                report = ctx.load(warm, "--connections", 1, "--warmup", 500,
                                  "--time", int(p["seconds"] * 1000))
                rows.append({"side": side.name, "share": share or "all", "what": "warm",
                             "round": number, "ms": report["all"]["p50_us"] / MS,
                             "p99_ms": report["all"]["p99_us"] / MS,
                             "per_second": report["all"]["per_second"]})
        finally:
            side.stop()
            if quota:
                quota.remove()
    return rows


# ---- OpenWhisk's path ----

def openwhisk(ctx, p):
    """docker run, address, init and run, as an invoker does it; with stem cells the first is done."""
    if not (BUILD / "bench-invoker").exists():
        raise Unavailable("bench-invoker, the invoker's side, is not built")
    rows, what = [], called(p["call"])
    for engine in ctx.engines:
        # In memory, where there is such a place: an invoker's disk is not what is asked about.
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as logs:
            side = Wow(engine, ctx.shop, options=("--tiering", "off", "--container-logs", logs))
            with ctx.guard(side):
                try:
                    side.start()
                    rows += _invoke(side, p, what, logs)
                finally:
                    side.stop()
    return {"openwhisk": rows}


def _invoke(side, p, what, logs):
    rows = []
    init, body = side.init_body(what), run_body(what, side.shop.work)
    for number in range(p["rounds"]):
        for n in p["concurrency"]:
            for stem in (False, True):
                report = json.loads(run(
                    BUILD / "bench-invoker", "--docker", BUILD / "wow-docker", "--port", side.proxy_port,
                    "--init", init, "--run", body, "--containers", logs, "--concurrent", n,
                    "--rounds", max(1, p["starts"] // n), *(["--stem"] if stem else []),
                    env={**CLEAN, "WOW_CONTROL": os.path.join(side.dir, "data", "control.sock")}))
                rows.append({"side": side.name, "concurrency": n, "round": number,
                             "container": "stem cell" if stem else "new",
                             **{f"{q}_ms": report[f"{q}_us"] / MS for q in ("p50", "p99", "max")}})
    return rows


PROCEDURES = {"memory": memory, "kill": kill, "edge": edge, "openwhisk": openwhisk}
