"""The table at the top: what the thesis measured, and what wow and the containers measure now."""
import html

from .figures import Cells, number

THESIS = ("Philipp Gackstatter, A WebAssembly Container Runtime for Serverless Edge Computing, TU Wien, "
          "2021 (a server of 8 threads, OpenWhisk 1.0 standalone, its docker skeleton with a native "
          "program)")

# what; then: of docker, of wasm, ratio; now: experiment, table, where, value, column, better, base
ROWS = [
    ("cold start, one at a time, ms", "869–2,873", "47–180", "17×",
     ("01-cold", "cold", {"concurrency": 1}, "total_ms", "less", "runc, node")),
    ("cold start, 10 at once, ms", "869–2,873", "47–180", "17×",
     ("01-cold", "cold", {"concurrency": 10}, "total_ms", "less", "runc, node")),
    ("init alone, ms", "–", "5.6–20", "–",
     ("01-cold", "cold", {"concurrency": 1}, "init_ms", "less", "runc, node")),
    ("memory of one more warm container, KiB", "22,000", "3,000–8,000", "2.7–7.4×",
     ("02-memory", "slope", {"module": "small", "code": "own"}, "each_kib", "less", "runc, node")),
    ("containers in 1 GiB", "46", "130–340", "2.7–7.4×",
     ("02-memory", "slope", {"module": "small", "code": "own"}, "fit_1gib", "more", "runc, node")),
    ("idle, everything, MiB", "–", "4.2–7.1", "–",
     ("02-memory", "memory", {"module": "small", "code": "shared", "containers": 0}, "pss_mib",
      "less", None)),
    ("CPU-bound, best throughput against native in a container", "1", "0.39–0.88", "0.39–0.88×",
     ("03-hash", "throughput", {}, "per_second", "more", "runc, native C")),
    ("blocking 300 ms, limit 3, best throughput a second", "13", "40", "3×",
     ("04-block", "throughput", {"limit": "3"}, "per_second", "more", "runc, native C")),
    ("mixed, best throughput", "1", "1.6–3.0", "1.6–3.0×",
     ("05-mixed", "throughput", {"class": "all"}, "per_second", "more", "runc, native C")),
    ("realistic, 4 places: p95, ms", "≈ 1,500", "≈ 500", "≈ 3×",
     ("06-realistic", "realistic", {"variant": "4 places", "class": "all"}, "p95_ms", "less",
      "runc, node")),
    ("prime numbers, throughput against node", "1", "> 3", "> 3×",
     ("07-prime", "throughput", {}, "per_second", "more", "runc, node")),
]
SIDES = ["wow, wasmtime", "wow, wamr", "wow, wasmer", "runc, node", "runc, native C"]


def _figure(rows, side, value, better):
    """The best of what was varied: of a ramp the plateau, else the only one."""
    spec = {"rows": "side", "columns": "clients", "value": value}
    cells = Cells([row for row in rows if row["side"] == side], spec)
    figures = [cells.one(side, column) for column in cells.columns]
    return (max if better == "more" else min)(figures) if figures else None


def table(results):
    head = "".join(f"<th>{html.escape(side)}</th>" for side in SIDES)
    lines = [f"<tr><th></th><th>thesis: docker</th><th>thesis: wasm</th><th>thesis: ratio</th>{head}"
             "<th>ratio now: wasmtime</th><th>against</th></tr>"]
    for what, docker, wasm, ratio, (experiment, name, where, value, better, base) in ROWS:
        rows = [row for row in results.get(experiment, {}).get(name, [])
                if all(row.get(k) == v for k, v in where.items())]
        now = {side: _figure(rows, side, value, better) for side in SIDES}
        cells = "".join(f"<td>{number(now[s]) if now[s] is not None else '–'}</td>" for s in SIDES)
        mine, other = now["wow, wasmtime"], now.get(base)
        times = against = ""
        if mine and other:
            times, against = number(other / mine if better == "less" else mine / other), base
        lines.append(f"<tr><th>{html.escape(what)}</th><td>{html.escape(docker)}</td>"
                     f"<td>{html.escape(wasm)}</td><td>{html.escape(ratio)}</td>{cells}"
                     f"<td><b>{times and times + '×' or '–'}</b></td><td>{html.escape(against)}</td></tr>")
    return "<table>" + "\n".join(lines) + "</table>"
