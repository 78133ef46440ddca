"""What would falsify an experiment, as numbers: each claim of its file, and whether it held here."""
import statistics

from .figures import in_order, number


def _figure(rows, side, where, claim):
    """The median of a side's rounds; of a ramp (`best_of`) the best of its points; of `mean_of` all of them."""
    points = {}
    for row in rows:
        if row["side"] == side and all(str(row.get(k)) == str(v) for k, v in where.items()):
            key = row.get(claim.get("best_of") or claim.get("mean_of"))
            points.setdefault(key, []).append(row[claim["value"]])
    middles = {key: statistics.median(values) for key, values in points.items()}
    if not middles:
        return None
    if "mean_of" in claim:
        return statistics.geometric_mean(middles.values())
    return (max if claim.get("better") == "more" else min)(middles.values())


def verdicts(tables, claim):
    """For each of wow's sides: (side, what came out, did it hold?)"""
    rows = tables.get(claim["of"], [])
    where = claim.get("where", {})
    for side in in_order(row["side"] for row in rows if row["side"].startswith("wow")):
        mine = _figure(rows, side, where, claim)
        if mine is None:
            continue
        if "base" not in claim and "base_where" not in claim:
            held = mine <= claim["at_most"] if "at_most" in claim else mine >= claim["at_least"]
            yield side, f"{number(mine)} {claim.get('unit', '')}", held
            continue
        base = _figure(rows, claim.get("base", side), claim.get("base_where", where), claim)
        if not base:
            continue
        times = base / mine if claim["better"] == "less" else mine / base
        yield side, f"{number(times)}×", times >= claim["at_least"]
