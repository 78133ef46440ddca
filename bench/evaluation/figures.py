"""Rows to what a reader sees: tables with ratios and spread, and plots."""
import html
import statistics

from .common import Failed

COLOURS = {"wow, wasmtime": "#1b6ca8", "wow, wamr": "#3aa36b", "wow, wasmer": "#8757b2",
           "runc, node": "#d1495b", "runc, native C": "#e08e29", "wasmtime serve": "#5f6b76",
           "native": "#222222"}
MARKS = "osD^vP*X"
INK = "#222222"


def chosen(rows, spec):
    """The rows that an experiment's table or plot is about."""
    where, without = spec.get("where", {}), spec.get("except", {})
    return [row for row in rows
            if all(str(row.get(k)) == str(v) for k, v in where.items())
            and not any(str(row.get(k)) == str(v) for k, v in without.items())]


def in_order(values):
    return list(dict.fromkeys(values))


def number(value):
    """Three digits that mean something, thousands apart."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


class Cells:
    """Values by row and column, of all rounds."""

    def __init__(self, rows, spec):
        self.values = {}
        self.aggregate = spec.get("aggregate", "median")
        self.column_key = spec.get("columns")
        for row in rows:
            if spec["value"] in row:
                key = row[spec["rows"]], row.get(self.column_key)
                self.values.setdefault(key, []).append((row.get("round", 0), row[spec["value"]]))
        self.rows = in_order(key[0] for key in self.values)
        self.columns = in_order(key[1] for key in self.values)
        if all(isinstance(column, (int, float)) for column in self.columns):
            self.columns.sort()

    def one(self, row, column):
        values = [value for _, value in self.values.get((row, column), [])]
        if not values:
            return None
        return min(values) if self.aggregate == "best" else statistics.median(values)

    def spread(self, row, column):
        values = [value for _, value in self.values.get((row, column), [])]
        return (min(values), max(values)) if len(values) > 1 else None

    def ratio(self, row, column, base_row, base_column, better):
        """How many times better than the base: of a round's own figures where there are rounds."""
        if self.aggregate == "best":
            mine, base = self.one(row, column), self.one(base_row, base_column)
            return _times(mine, base, better) if mine and base else None
        mine = _by_round(self.values.get((row, column), []))
        base = _by_round(self.values.get((base_row, base_column), []))
        ratios = [_times(mine[r], base[r], better) for r in mine if base.get(r) and mine[r]]
        return statistics.median(ratios) if ratios else None


def _by_round(pairs):
    rounds = {}
    for number_of_round, value in pairs:
        rounds.setdefault(number_of_round, []).append(value)
    return {r: statistics.median(values) for r, values in rounds.items()}


def _times(value, base, better):
    return base / value if better == "less" else value / base


def table(rows, spec):
    """An HTML table."""
    if "values" in spec:
        return _table_of_values(rows, spec)
    cells = Cells(rows, spec)
    if not cells.rows:
        return "<p class=none>nothing was measured</p>"
    head = "".join(f"<th>{html.escape(str(c if c is not None else spec['value']))}</th>"
                   for c in cells.columns)
    lines = [f"<tr><th>{html.escape(spec.get('columns', ''))}</th>{head}"
             + ("<th>geometric mean</th>" if spec.get("mean") else "") + "</tr>"]
    for row in cells.rows:
        line = "".join(f"<td>{_cell(cells, row, column, spec)}</td>" for column in cells.columns)
        if spec.get("mean"):
            ratios = [cells.ratio(row, c, spec["base"], c, spec["better"]) for c in cells.columns]
            line += f"<td>{statistics.geometric_mean(ratios):.0%}</td>" if all(ratios) else "<td></td>"
        lines.append(f"<tr><th>{html.escape(str(row))}</th>{line}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"


def _cell(cells, row, column, spec):
    value = cells.one(row, column)
    if value is None:
        return "–"
    text = f"<b>{number(value)}</b>"
    spread = cells.spread(row, column)
    if spread and cells.aggregate == "median":
        text += f" <small>{number(spread[0])}–{number(spread[1])}</small>"
    ratio = None
    if "base" in spec and row != spec["base"]:
        ratio = cells.ratio(row, column, spec["base"], column, spec["better"])
    elif "base_column" in spec and column != spec["base_column"]:
        ratio = cells.ratio(row, column, row, spec["base_column"], spec["better"])
    return text + (f" <i>{number(ratio)}×</i>" if ratio else "")


def _table_of_values(rows, spec):
    lines = ["<tr><th></th>" + "".join(f"<th>{html.escape(v)}</th>" for v in spec["values"]) + "</tr>"]
    for side in in_order(row[spec["rows"]] for row in rows):
        line = ""
        for value in spec["values"]:
            cells = Cells([r for r in rows if r[spec["rows"]] == side], {**spec, "value": value})
            line += f"<td>{_cell(cells, side, None, {'rows': spec['rows']})}</td>"
        lines.append(f"<tr><th>{html.escape(side)}</th>{line}</tr>")
    return "<table>" + "\n".join(lines) + "</table>"


# ---- plots ----

def _pyplot():
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.fonttype": "none", "svg.hashsalt": "wow", "font.family": "sans-serif", "font.size": 10,
        "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": INK,
        "axes.grid": True, "grid.color": "#e4e4e4", "legend.frameon": False, "figure.figsize": (7.6, 3.8)})
    from matplotlib import pyplot
    return pyplot


def plot(rows, spec, path):
    """An SVG file."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots()
    {"lines": _lines, "bars": _bars, "ecdf": _ecdf}[spec["kind"]](axes, rows, spec)
    for axis, scale in (("x", axes.set_xscale), ("y", axes.set_yscale)):
        if axis in spec.get("log", ""):
            scale("log")
            getattr(axes, f"{axis}axis").set_major_formatter("{x:,g}")
    if "y" not in spec.get("log", ""):
        axes.set_ylim(bottom=0)
    if spec["kind"] == "lines" and "x" in spec.get("log", ""):
        axes.set_xticks(sorted({row[spec["x"]] for row in rows if row[spec["x"]]}), minor=False)
        axes.set_xticks([], minor=True)
    axes.set_title(spec["title"], loc="left", fontsize=11)
    axes.set_xlabel(spec.get("xlabel", ""))
    axes.set_ylabel(spec.get("ylabel", ""))
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _series(rows, by):
    series = {}
    for row in rows:
        series.setdefault(tuple(str(row[k]) for k in by), []).append(row)
    return series


def _style(label, seen):
    side = label[0]
    again = sum(1 for other in seen if other[0] == side and other != label)
    seen.append(label)
    return {"color": COLOURS.get(side, INK), "linestyle": ["-", "--", ":"][again % 3],
            "label": ", ".join(label)}


def _lines(axes, rows, spec):
    seen = []
    for i, (label, points) in enumerate(_series(rows, spec.get("by", ["side"])).items()):
        xs = sorted({p[spec["x"]] for p in points if p[spec["x"]] or "x" not in spec.get("log", "")})
        values = {x: [p[spec["y"]] for p in points if p[spec["x"]] == x] for x in xs}
        middle = [statistics.median(values[x]) for x in xs]
        low = [m - min(values[x]) for m, x in zip(middle, xs)]
        high = [max(values[x]) - m for m, x in zip(middle, xs)]
        axes.errorbar(xs, middle, yerr=[low, high], marker=MARKS[i % len(MARKS)], markersize=4,
                      capsize=2, linewidth=1.4, **_style(label, seen))


def _bars(axes, rows, spec):
    series = _series(rows, ["side"])
    groups = in_order(row[spec["x"]] for row in rows)
    width = 0.8 / max(1, len(series))
    for i, (label, points) in enumerate(series.items()):
        for j, group in enumerate(groups):
            values = [p[spec["y"]] for p in points if p[spec["x"]] == group]
            if values:
                axes.bar(j + (i - len(series) / 2 + 0.5) * width, statistics.median(values), width,
                         color=COLOURS.get(label[0], INK), label=label[0] if j == 0 else None)
    axes.set_xticks(range(len(groups)), [str(g) for g in groups])


def _ecdf(axes, rows, spec):
    for label, points in _series(rows, ["side"]).items():
        by_percent = {}
        for point in points:
            by_percent.setdefault(point["percent"], []).append(point["ms"])
        percents = sorted(by_percent)
        axes.plot([statistics.median(by_percent[p]) for p in percents], percents, linewidth=1.6,
                  color=COLOURS.get(label[0], INK), label=label[0])


def find(tables, name):
    if name not in tables:
        raise Failed(f"the experiment has no rows '{name}'")
    return tables[name]
