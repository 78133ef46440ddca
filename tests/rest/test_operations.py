"""docs/operations.md: its tables against what wowd does, its commands as they stand there."""
import re
import subprocess
import threading

from harness import ROOT, run_wowd
from rest import Rest, ENGINE, User

PAGE = (ROOT / "docs" / "operations.md").read_text()


def rows(heading):
    """The rows of the first table behind a heading, as lists of cells."""
    table = re.search(rf"^#+ {heading}\n.*?^\|[- |]+\|\n((?:\|[^\n]*\n)+)", PAGE,
                      re.M | re.S).group(1)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def names(cell):
    return set(re.findall(r"`(\w+)`", cell))


# ---- metrics ----

def test_the_metrics(start_rest):
    told = {re.search(r"\w+", name).group(): (kind, names(labels))
            for name, kind, labels, _ in rows("Metrics")}
    text = start_rest().nobody.get("/metrics").body.decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    found = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        base = name if name in kinds else re.sub(r"_(bucket|sum|count)$", "", name)
        found.setdefault(base, set()).update(set(re.findall(r'(\w+)="', labels)) - {"le"})
    assert told == {name: (kinds[name], labels) for name, labels in found.items()}


def test_labels_are_bounded(start_rest):
    """Whatever users call their things, it is in no label."""
    daemon = start_rest()
    before = len(daemon.nobody.get("/metrics").body.splitlines())
    for i in range(5):
        user = daemon.user()
        user.action(f"name{i}")
        user.invoke(f"name{i}").ok()
        user.get(f"nosuch{i}")
    text = daemon.nobody.get("/metrics").body.decode()
    assert len(text.splitlines()) == before and "name1" not in text and "user1" not in text


def test_alerts_are_about_metrics():
    metrics = {re.search(r"\w+", row[0]).group(): row for row in rows("Metrics")}
    alerts = rows("What to watch")
    assert len(alerts) > 10
    for alert in alerts:
        for name in re.findall(r"\bwow_\w+", alert[1]):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in metrics or metrics[base][1] == "histogram", name
        for label in re.findall(r"(\w+)(?:=|!=)\"", alert[1]):
            assert label == "job" or any(label in names(m[2]) for m in metrics.values()), label


# ---- the log ----

def logged():
    """Of each event that the sources log, the keys."""
    events = {}
    for path in sorted((ROOT / "src").rglob("*.c")):
        for call in re.findall(r"\blog_event\((.*?)\);\n", path.read_text(), re.S):
            if '"' not in call:
                continue  # its definition
            event, _, rest = call.partition(",")
            keys = set(re.findall(r"(?:^| )(\w+)=", "".join(re.findall(r'"((?:\\.|[^"\\])*)"', rest))))
            for name in re.findall(r'"([a-z.]+)"', event):
                events.setdefault(name, set()).update(keys)
    return events


def test_the_events():
    told = {re.search(r"[a-z.]+", event).group(): names(keys) for event, keys, _ in rows("The log")}
    assert told == logged()


# ---- options and files ----

def test_options_that_are_named_are_there():
    told = run_wowd("--help").stdout
    for option in set(re.findall(r"`(--[a-z-]+)[ `]", PAGE)) | set(re.findall(r"`--\w+ \S+`", PAGE)):
        name, *value = option.strip("`").split(" ")
        if name in ("--now", "--limit-"):
            continue
        assert re.search(rf"^  {re.escape(name)} ", told, re.M), name
        assert not value or value[0] in told, option
    for path in re.findall(r"\]\(([^)#:]+)", PAGE):
        assert (ROOT / "docs" / path).exists(), path
    assert "[operations.md](operations.md)" in (ROOT / "docs" / "rest.md").read_text()
    assert "docs/operations.md" in (ROOT / "README.md").read_text()


def test_the_unit_waits_longer_than_wowd():
    unit = (ROOT / "deploy" / "wowd.service").read_text()
    drain = re.search(r"WOW_DRAIN; default (\d+)", run_wowd("--help").stdout).group(1)
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit).group(1)) > int(drain)


# ---- backup ----

def command(pattern, **places):
    """A line of the page, its paths replaced."""
    line = re.search(rf"^    ({pattern}.*)$", PAGE, re.M).group(1)
    for old, new in places.items():
        line = line.replace(f"/var/{old.replace('_', '/')}", str(new))
    subprocess.run(["sh", "-euc", line], check=True, timeout=30)


def test_backup_while_it_works_and_restore(start_rest, tmp_path):
    daemon = start_rest()
    user = daemon.user("somebody")
    user.action("echo")
    first = user.invoke("echo", {"n": 0}).ok()["activationId"]
    user.record(first)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            user.invoke("echo", {"x": "y" * 1000})

    busy = threading.Thread(target=work)
    busy.start()
    try:
        command("umask", lib_wow=daemon.data, backups=tmp_path)
    finally:
        stop.set()
        busy.join()
    last = user.invoke("echo", {"n": 1}).ok()["activationId"]
    daemon.stop()

    command("rm -f", lib_wow=daemon.data)
    assert not list(daemon.data.glob("wow.db*")) and not list(daemon.data.glob("journal.*"))
    command("install", lib_wow=daemon.data, backups=tmp_path)
    later = Rest(daemon.place, ENGINE, settle=False)
    try:
        assert later.rows("PRAGMA integrity_check") == [("ok",)]
        somebody = User(later, "somebody", user.key)
        assert somebody.result("echo", {"a": 1}) == {"a": 1}
        assert somebody.get(f"activations/{first}").status == 200
        assert somebody.get(f"activations/{last}").status == 404
        later.stop()
    finally:
        later.kill()
