"""The machinery of the evaluation: every experiment in seconds, and faults that must be loud."""
import csv
import html
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import tomllib
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from evaluation.claims import verdicts  # noqa: E402 (it needs the path)
from evaluation.common import BUILD, ENGINES, Failed  # noqa: E402
from evaluation.load import Load  # noqa: E402

EXPERIMENTS = {path.stem: tomllib.loads(path.read_text())
               for path in sorted((ROOT / "bench/experiments").glob("*.toml"))}
ENGINE = next(name for name in ENGINES if (BUILD / f"wow-worker-{name}").exists())
COLUMNS = {
    "01-cold-cold": ["side", "concurrency", "round", "start_ms", "init_ms", "run_ms", "total_ms"],
    "01-cold-unseen": ["side", "round", "init_ms", "total_ms"],
    "02-memory-memory": ["side", "module", "code", "containers", "pss_mib"],
    "02-memory-slope": ["side", "module", "code", "each_kib", "fit_1gib"],
    "03-hash-throughput": ["side", "limit", "clients", "round", "per_second", "p50_ms", "p99_ms"],
    "03-hash-alone": ["side", "kernel", "round", "ms"],
    "04-block-throughput": ["side", "limit", "clients", "round", "per_second"],
    "05-mixed-throughput": ["side", "class", "clients", "per_second"],
    "06-realistic-realistic": ["side", "variant", "class", "p50_ms", "p95_ms", "p99_ms", "max_ms"],
    "06-realistic-curve": ["side", "variant", "percent", "ms"],
    "07-files-throughput": ["side", "per_second", "p50_ms"],
    "07-prime-throughput": ["side", "per_second", "p50_ms"],
    "07-prime-curve": ["side", "percent", "ms"],
    "08-rotate-rotate": ["side", "code", "actions", "per_second"],
    "09-kill-kill": ["side", "guest", "n", "late_p50_ms", "late_p99_ms", "next_p50_ms"],
    "10-edge-edge": ["side", "share", "what", "round", "ms"],
}
if (BUILD / "bench-invoker").exists():
    COLUMNS["11-openwhisk-openwhisk"] = ["side", "concurrency", "container", "p50_ms", "p99_ms"]


def evaluate(out, *options):
    return subprocess.run([ROOT / "bench/evaluate", "--mode", "tiny", "--engines", ENGINE,
                           "--no-containers", "--out", out, *options], capture_output=True,
                          text=True, check=False, env={**os.environ, "WOW_BUILD": str(BUILD)})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation")
    done = evaluate(out)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


@pytest.fixture(scope="module")
def page(run):
    return (run / "index.html").read_text()


def rows(run, name):
    with (run / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_page_has_every_experiment(page, name):
    spec = EXPERIMENTS[name]
    assert f"<h2 id={name}>" in page
    for key in ("title", "question", "method", "falsified"):
        assert html.escape(spec[key]) in page, key
    assert spec["claim"]
    for claim in spec["claim"]:
        assert f"<li>{html.escape(claim['text'])}: " in page


def test_what_was_not_measured_says_why(page):
    for line in re.findall(r"Not measured: .*", page):
        print(re.sub("<[^>]*>", "", line))
        assert re.search(r"</b>: \w", line), line


@pytest.mark.parametrize("name", COLUMNS)
def test_csv_files_have_their_columns(run, name):
    found = rows(run, name)
    assert found
    for row in found:
        for column in COLUMNS[name]:
            assert row[column] != "", (column, row)
        assert row["side"] in (f"wow, {ENGINE}", "native")


def test_figures_are_plausible(run):
    assert all(0 < float(row["run_ms"]) <= float(row["total_ms"]) for row in rows(run, "01-cold-cold"))
    assert all(float(row["per_second"]) > 0 for row in rows(run, "05-mixed-throughput"))
    assert {row["share"] for row in rows(run, "10-edge-edge")} <= {"0.1", "all"}
    limited, free = (max(float(row["per_second"]) for row in rows(run, "04-block-throughput")
                         if row["limit"] == limit) for limit in ("1", "many"))
    assert limited < free  # 4 containers with one request each, against 8 clients that never wait


def test_claims_are_judged():
    rows = {"t": [{"side": side, "x": x, "round": r, "ms": ms}
                  for side, x, ms in (("wow, a", 1, 2.0), ("wow, a", 2, 1.0), ("runc, node", 1, 8.0))
                  for r in range(3)]}
    base = {"of": "t", "value": "ms", "where": {"x": 1}, "text": "", "better": "less"}
    for more, text, held in (({"at_most": 2, "unit": "ms"}, "2.00 ms", True),
                             ({"at_most": 1.9, "unit": "ms"}, "2.00 ms", False),
                             ({"base": "runc, node", "at_least": 4}, "4.00×", True),
                             ({"base": "runc, node", "at_least": 4.1}, "4.00×", False),
                             ({"base_where": {"x": 2}, "at_least": 0.5}, "0.500×", True)):
        assert list(verdicts(rows, {**base, **more})) == [("wow, a", text, held)], more
    assert list(verdicts(rows, {**base, "where": {"x": 3}, "at_most": 1})) == []


def test_every_plot_is_there(run, page):
    plots = re.findall(r'<img src="([^"]+)"', page)
    assert plots
    for name in plots:
        assert xml.etree.ElementTree.parse(run / name).getroot().tag.endswith("svg")
    assert not re.search(r'(src|href)="?https?:', page)


def test_files_are_small_enough_to_be_kept(run):
    for path in run.iterdir():
        assert path.stat().st_size <= 500_000, path.name


def test_machine_versions_and_commit_are_told(page):
    for what in ("when", "commit", "machine", "kernel", "wowd", "engines", "native compiler"):
        value = re.search(f"<dt>{what}</dt><dd>([^<]*)</dd>", page)
        assert value and len(value[1]) > 3, what


def test_a_planted_error_fails_loudly(tmp_path):
    done = evaluate(tmp_path / "out", "--experiments", pathlib.Path(__file__).parent / "planted")
    assert done.returncode == 1
    assert "FAILED: 01-error: wow" in done.stderr
    page = (tmp_path / "out" / "index.html").read_text()
    assert "1 of 1 experiments failed" in page and "class=fault" in page


# ---- the load generator ----

class Stub:
    """A server whose answers a test decides; they come one after the other."""

    def __init__(self, answer):
        turn = threading.Lock()
        self.count = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece

            def do_POST(handler):  # noqa: N802, N805 (its name is the library's)
                handler.rfile.read(int(handler.headers["Content-Length"]))
                with turn:
                    self.count += 1
                    status, body = answer(self.count)
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def target(self, work, **more):
        body = work / "body"
        body.write_text("{}")
        return {"kind": "ready", "at": "127.0.0.1:%d" % self.server.server_address[1], "path": "/run",
                "name": "stub", "body": body, "expect": '"ok"', **more}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stub():
    made = []

    def make(answer):
        made.append(Stub(answer))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.mark.parametrize("status, body, amiss", [(502, b'{"error":"planted"}', "bad"),
                                                 (200, b'{"other":1}', "wrong")])
def test_an_answer_that_is_no_success_is_never_counted_as_one(stub, tmp_path, status, body, amiss):
    one = stub(lambda n: (status, body) if n == 5 else (200, b'{"ok":1}'))
    with pytest.raises(Failed, match=f"1 {amiss} of 20 requests"):
        Load(tmp_path)([one.target(tmp_path)], "--connections", 2, "--count", 20, "--warmup", 0)


def test_an_open_loop_counts_from_when_a_request_was_due(stub, tmp_path):
    """While the server stalls, those that are due wait: all of them are late, not only the one."""
    stall = threading.Event()
    one = stub(lambda n: stall.wait(0.5 if n == 20 else 0) or (200, b'{"ok":1}'))
    report = Load(tmp_path)([one.target(tmp_path)], "--rate", 100, "--warmup", 0, "--time", 1500,
                            trace=True)
    late = [row for row in report["trace"] if row["total_us"] > 100_000]
    assert len(late) > 15  # 100 a second for 0.4 s, less what chance does
    assert report["all"]["n"] == report["sent"]


def test_a_closed_loop_keeps_its_requests_under_way(stub, tmp_path):
    one = stub(lambda n: (200, b'{"ok":1}'))
    targets = [one.target(tmp_path, group="a", weight=9, **{"class": "often"}),
               one.target(tmp_path, group="b", weight=1, **{"class": "seldom"})]
    report = Load(tmp_path)(targets, "--connections", 3, "--count", 1000, "--warmup", 0)
    assert report["all"]["n"] == 1000
    assert 820 < report["classes"]["often"]["n"] < 980
    assert sum(part["n"] for part in report["classes"].values()) == 1000


def test_a_limit_is_kept_and_its_wait_is_counted(stub, tmp_path):
    pause = threading.Event()
    one = stub(lambda n: pause.wait(0.02) or (200, b'{"ok":1}'))
    report = Load(tmp_path)([one.target(tmp_path, limit=1)], "--connections", 4, "--count", 8,
                            "--warmup", 0, trace=True)
    waited = sorted(row["wait_us"] for row in report["trace"])
    assert waited[0] < 20_000 and waited[-1] >= 20_000
    assert all(abs(row["total_us"] - row["wait_us"] - row["run_us"]) < 5_000
               for row in report["trace"])


def test_a_plan_that_makes_no_sense_is_refused(tmp_path):
    plan = tmp_path / "plan"
    for line, text in (("kind=nothing\tat=127.0.0.1:1", "ready, executor or command"),
                       ("kind=ready\tat=nowhere", "is not ADDR:PORT"), ("", "has no target")):
        plan.write_text(line + "\n")
        done = subprocess.run([BUILD / "bench-load", "drive", "--plan", plan], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 1 and text in done.stderr, done.stderr


def test_quantiles_are_exact(stub, tmp_path):
    one = stub(lambda n: (200, b'{"ok":1}'))
    report = Load(tmp_path)([one.target(tmp_path)], "--connections", 1, "--count", 101, "--warmup", 0,
                            trace=True)
    times = sorted(row["total_us"] for row in report["trace"])
    assert abs(report["all"]["p50_us"] - times[50]) <= 1
    assert abs(report["all"]["max_us"] - times[100]) <= 1
    assert json.dumps(report["all"]["curve_us"][-1]) == json.dumps([100.0, report["all"]["max_us"]])
