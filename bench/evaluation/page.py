"""One HTML page of what was measured, beside its CSV files and plots; no script, nothing from outside."""
import html

from . import claims, headline
from .figures import chosen, table

STYLE = """
:root { color-scheme: light; --ink: #1d2430; --soft: #5c6675; --line: #dde1e7; --paper: #fff; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
       max-width: 1240px; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { margin: 3rem 0 .5rem; font-size: 1.3rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child { text-align: left; white-space: nowrap; } tr:first-child th { color: var(--soft); font-weight: 600; }
small { color: var(--soft); font-size: 11px; white-space: nowrap; } i { font-style: normal; color: #1b6ca8; white-space: nowrap; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
nav { columns: 3; margin: 1.5rem 0; } nav a { display: block; } a { color: #1b6ca8; }
.held { color: #1e7d3c; } .falsified { color: #c8102e; font-weight: 600; }
.fault { background: #fdecee; border-left: 4px solid #c8102e; padding: .5rem 1rem; margin: .6rem 0; }
.note { background: #f5f6f8; border-left: 4px solid var(--line); padding: .5rem 1rem; margin: .6rem 0; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } .plots img { width: 520px; max-width: 100%; }
.headline td, .headline th { font-size: 12px; } .headline td { white-space: nowrap; } .none { color: var(--soft); }
"""

READING = """Each cell: the <b>median</b> of all rounds, the <small>smallest–largest</small> of them, and,
in blue, how many times better than the row or column it is compared with; that ratio is the median
of the rounds' own ratios, since within a round all sides are measured one right after the other.
Machines differ: read ratios, not milliseconds. The client runs on the same processors as what it
measures. An answer that is not 2xx or lacks the right result fails the whole experiment."""


def _pairs(pairs):
    return "<dl>" + "".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(str(v))}</dd>"
                            for k, v in pairs) + "</dl>"


def _faults(experiment):
    lines = [f"<p class=fault><b>FAILED</b>: {html.escape(side)}: {html.escape(why)}</p>"
             for side, why in experiment.failures]
    lines += [f"<p class=note>Not measured: <b>{html.escape(side)}</b>: {html.escape(why)}</p>"
              for side, why in experiment.missing]
    return "\n".join(lines)


def _claims(one):
    lines = []
    for claim in one.spec.get("claim", []):
        found = [f"<span class={'held' if held else 'falsified'}>{html.escape(side)}: {text} "
                 f"{'holds' if held else 'FALSIFIED'}</span>"
                 for side, text, held in claims.verdicts(one.tables, claim)]
        lines.append(f"<li>{html.escape(claim['text'])}: {', '.join(found) or 'not measured'}</li>")
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _experiment(one):
    spec = one.spec
    lines = [f"<h2 id={one.name}>{html.escape(one.number)} {html.escape(spec['title'])}</h2>",
             _pairs([("question", spec["question"]), ("method", spec["method"]),
                     ("falsified if", spec["falsified"]), ("parameters", one.parameters_text()),
                     ("took", f"{one.seconds:.0f} s, {one.requests:,} requests; the client was busy "
                              f"for at most {one.busiest:.0%} of a processor")]),
             _claims(one), _faults(one)]
    for part in spec.get("table", []):
        rows = chosen(one.tables.get(part["of"], []), part)
        if rows:
            lines.append(f"<h3>{html.escape(part['title'])}</h3><div class=wide>"
                         f"{table(rows, part)}</div>")
    if one.plots:
        lines.append("<div class=plots>" + "".join(
            f'<img src="{path}" alt="{html.escape(title)}">' for path, title in one.plots) + "</div>")
    files = " ".join(f'<a href="{path}">{path}</a>' for path in one.files)
    lines.append(f"<p>Every figure of every round: {files or '–'}</p>")
    return "\n".join(lines)


def write(path, experiments, machine, mode, notes):
    failed = sum(bool(one.failures) for one in experiments)
    head = [f"<h1>wow: the evaluation</h1><p>Mode: {html.escape(mode)}. "
            + (f"<b>{failed} of {len(experiments)} experiments failed.</b>" if failed else
               f"{len(experiments)} experiments; every check of plausibility held.") + "</p>",
            _pairs(machine)]
    head += [f"<p class=note>{html.escape(note)}</p>" for note in notes]
    results = {one.name: one.tables for one in experiments}
    links = "".join(f"<a href=#{one.name}>{html.escape(one.number)} {html.escape(one.spec['title'])}</a>"
                    for one in experiments)
    body = "\n".join(_experiment(one) for one in experiments)
    path.write_text(
        "<!doctype html><html lang=en><meta charset=utf-8><title>wow: the evaluation</title>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<style>{STYLE}</style><body>{''.join(head)}<nav>{links}</nav>"
        f"<h2 id=headline>The thesis's figures, then and now</h2><p class=note>{READING}</p>"
        f"<div class='wide headline'>{headline.table(results)}</div>"
        f"<p><small>{html.escape(headline.THESIS)}</small></p>{body}</body></html>\n",
        encoding="utf-8")
