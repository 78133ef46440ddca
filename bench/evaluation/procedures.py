"""
How experiments are measured: one function each, named by `procedure` in an experiment's file. It is
given the parameters of that file and gives tables: {name: [row, …]}, a row being a dict with the
side, what was varied, the round, and figures.

All sides of an experiment are up together and take turns within each round, so that whatever else
the machine does hits all of them.
"""
import math

from .actions import action
from .common import BUILD, CORES, Failed, run
from .context import middle

MS = 1000  # of the load generator's µs


def called(spec, side=None, number=0):
    """The action of a `call` in an experiment's file; a file is one container's own."""
    args = {k: v for k, v in spec.items() if k not in ("action", "class", "weight")}
    if spec["action"] == "filesys":
        args.update(directory=side.files, file=f"note{number}.txt")
    return action(spec["action"], **args)


def cold(ctx, p):
    """So many cold starts at once of distinct actions with the same code."""
    rows, what = [], called(p["call"])
    with ctx.sides(p["sides"]) as sides:
        ready = []
        for side in sides:
            with ctx.guard(side):
                side.can(what.name)
                ctx.load(side.cold(what, 2), "--connections", 2, "--count", 2, "--warmup", 0,
                         "--in-turn")  # warm-up: code compiled, files in the page cache
                ready.append(side)
        for number in range(p["rounds"]):
            for n in p["concurrency"]:
                for side in ready:
                    times = p["slow_repeats"] if side.slow else p["repeats"]
                    for _ in range(max(1, math.ceil(times / n))):
                        with ctx.guard(side):
                            rows.append(_cold_once(ctx, side, what, n, number))
    return {"cold": rows, "unseen": _unseen(ctx, p, what)}


def _cold_once(ctx, side, what, n, number):
    report = ctx.load(side.cold(what, n), "--connections", n, "--count", n, "--warmup", 0,
                      "--in-turn", trace=True)
    if report["cold"] != n:
        raise Failed(f"{report['cold']} of {n} starts were cold")
    trace = report["trace"]
    figures = {f"{key}_ms": middle(r[f"{key}_us"] for r in trace) / MS
               for key in ("start", "init", "run", "total")}
    return {"side": side.name, "concurrency": n, "round": number, **figures,
            "total_max_ms": max(r["total_us"] for r in trace) / MS}


def _unseen(ctx, p, what):
    """The first answer of code that wowd has never seen, one by one."""
    rows = []
    with ctx.sides(["wow"], options=("--tiering", "on")) as sides:
        for side in sides:
            with ctx.guard(side):
                n = p["unseen"]
                ctx.load(side.cold(what, 1), "--connections", 1, "--count", 1, "--warmup", 0)
                trace = ctx.load(side.cold(what, n, own_code=True), "--connections", 1, "--count", n,
                                 "--warmup", 0, "--in-turn", trace=True)["trace"]
                rows += [{"side": side.name, "round": i, "init_ms": r["init_us"] / MS,
                          "total_ms": r["total_us"] / MS} for i, r in enumerate(trace)]
    return rows


# ---- throughput ----

def _workload(ctx, side, p, limit):
    targets = []
    for spec in p["calls"]:
        side.can(spec["action"])
        for number in range(p["containers"]):
            targets += side.warm(called(spec, side, number), 1, limit=limit, group=spec["class"],
                                 weight=spec.get("weight", 1), **{"class": spec["class"]})
    return targets


def ramp(ctx, p):
    """A ramp of clients, each with one request under way, on a few warm containers."""
    rows, curves = [], []
    for limit in p["limits"]:
        with ctx.sides(p["sides"], options=p.get("options")) as sides:
            targets = {}
            for side in sides:
                with ctx.guard(side):
                    targets[side] = _workload(ctx, side, p, limit)
            for number in range(p["rounds"]):
                for clients in p["clients"]:
                    for side in targets:
                        with ctx.guard(side):
                            report = ctx.load(targets[side], "--connections", clients,
                                              "--warmup", int(p["warmup"] * 1000),
                                              "--time", int(p["seconds"] * 1000))
                            keys = {"side": side.name, "limit": str(limit or "many"),
                                    "clients": clients, "round": number}
                            rows += _throughput(report, keys)
                            curves += _curve(report, keys) if p.get("curve") else []
    return {"throughput": rows, **({"curve": curves} if curves else {})}


def _throughput(report, keys):
    rows = []
    parts = {"all": report["all"]}
    if len(report["classes"]) > 1:
        parts.update(report["classes"])
    for name, part in parts.items():
        if part["n"] == 0:  # chance had none of it
            continue
        rows.append({**keys, "class": name, "n": part["n"], "per_second": part["per_second"],
                     **{f"{q}_ms": part[f"{q}_us"] / MS for q in ("p50", "p95", "p99", "max")},
                     "client_share": report["client_share"]})
    return rows


def _curve(report, keys):
    return [{**keys, "percent": percent, "ms": us / MS} for percent, us in report["all"]["curve_us"]]


def alone(ctx, p):
    """The kernels of bench/kernels.c in one instance, against the same source natively."""
    programs = {"native": [BUILD / "bench-compute-native", "1"]}
    for engine in ctx.engines:
        code = ctx.shop.work / f"kernels-{engine}.wow"
        run(BUILD / "wow", "compile", BUILD / "kernels.wasm", "--engine", engine, "-o", code)
        programs[f"wow, {engine}"] = [BUILD / f"bench-compute-{engine}", "1", code, "optimised"]
    rows, sums = [], {}
    for number in range(p["rounds"]):
        for side, command in programs.items():
            for line in run(*command).splitlines():
                kernel, total, ns = line.split()
                if sums.setdefault(kernel, total) != total:
                    raise Failed(f"{side}: {kernel} is wrong")
                rows.append({"side": side, "kernel": kernel, "round": number, "ms": int(ns) / 1e6})
    return {"alone": rows}


# ---- realistic ----

def _crowd(ctx, side, p, make):
    """Two hot actions and many rare ones, half of each kind computing, half waiting."""
    targets = []
    for i in range(p["hot"] + p["rare"]):
        kind = p["calls"][i % len(p["calls"])]
        hot = i < p["hot"]
        weight = 90 / p["hot"] if hot else 10 / p["rare"]
        count = p["hot_containers"] if hot else 1
        side.can(kind["action"])
        targets += make(called(kind), count, limit=1, group=f"action{i}", weight=weight,
                        **{"class": f"{'hot' if hot else 'rare'} {kind['class']}"})
    return targets


def realistic(ctx, p):
    """90 % of requests to 2 actions, 10 % over many: few places for containers, then all warm."""
    rows, curves = [], []
    time = ["--warmup", int(p["warmup"] * 1000), "--time", int(p["seconds"] * 1000)]
    for number in range(p["rounds"]):
        with ctx.sides(p["sides"], options=p.get("options")) as sides:
            for side in sides:
                with ctx.guard(side):
                    for call in p["calls"]:  # warm-up: code compiled, files in the page cache
                        ctx.load(side.cold(called(call), 1), "--connections", 1, "--count", 1,
                                 "--warmup", 0)
                    kind = f"{p['slots']} places"
                    report = ctx.load(_crowd(ctx, side, p, side.cold), "--slots", p["slots"],
                                      "--connections", p["clients"], *time)
                    keys = {"side": side.name, "variant": kind, "round": number}
                    rows += [{**row, "cold_share": report["cold"] / max(1, report["all"]["n"])}
                             for row in _throughput(report, keys)]
                    curves += _curve(report, keys)
            warm = {}
            for side in sides:
                with ctx.guard(side):
                    warm[side] = _crowd(ctx, side, p, side.warm)
            for rate in p["rates"]:
                for side, targets in warm.items():
                    with ctx.guard(side):
                        report = ctx.load(targets, "--rate", rate, *time)
                        keys = {"side": side.name, "variant": f"all warm, {rate}/s", "round": number}
                        rows += [{**row, "lag_max_ms": report["lag_max_us"] / MS}
                                 for row in _throughput(report, keys)]
                        curves += _curve(report, keys)
    return {"realistic": rows, "curve": curves}


# ---- many actions in turn ----

def rotate(ctx, p):
    """So many distinct actions, one after the other, always again: throughput against one."""
    rows, what = [], called(p["call"])
    for code in ("shared", "own"):
        with ctx.sides(["wow"]) as sides:
            for side in sides:
                with ctx.guard(side):
                    rows += _rotate_side(ctx, side, p, what, code)
    with ctx.sides(p["others"]) as sides:
        for side in sides:
            with ctx.guard(side):
                rows += _rotate_containers(ctx, side, p, what)
    return {"rotate": rows}


def _rotate_side(ctx, side, p, what, code):
    targets, plans = [], {}
    most = p["most"][side.engine] if code == "own" else max(p["actions"])
    for n in (n for n in p["actions"] if n <= most):
        targets += side.warm(what, n - len(targets), own_code=code == "own")
        plans[n] = list(targets)
    rows = []
    for number in range(p["rounds"]):
        for n, plan in plans.items():
            report = ctx.load(plan, "--connections", p["clients"], "--in-turn",
                              "--warmup", int(p["warmup"] * 1000), "--time", int(p["seconds"] * 1000))
            rows.append({"side": side.name, "code": code, "actions": n, "round": number,
                         "per_second": report["all"]["per_second"],
                         "p50_ms": report["all"]["p50_us"] / MS, "p99_ms": report["all"]["p99_us"] / MS})
    return rows


def _rotate_containers(ctx, side, p, what):
    """As many stay warm as there are places; beyond that each request starts one."""
    rows = []
    seconds, slots = p["others_seconds"], p["others_slots"]
    for n in p["others_actions"]:
        targets = side.cold(what, n)
        options = ["--prepare"] if n <= slots else []
        for number in range(p["others_rounds"]):
            report = ctx.load(targets, *options, "--connections", 2 * CORES, "--slots", slots,
                              "--in-turn", "--warmup", int(seconds * 200),
                              "--time", int(seconds * 1000))
            rows.append({"side": side.name, "code": "own", "actions": n, "round": number,
                         "per_second": report["all"]["per_second"],
                         "p50_ms": report["all"]["p50_us"] / MS, "p99_ms": report["all"]["p99_us"] / MS,
                         "cold_share": report["cold"] / max(1, report["all"]["n"])})
    return rows


PROCEDURES = {"cold": cold, "ramp": ramp, "alone": alone, "realistic": realistic, "rotate": rotate}
