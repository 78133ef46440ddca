"""bench-load drive: a plan out of targets, a run, and whether it can be believed."""
import csv
import json
import subprocess

from .common import LOAD, Failed

CLIENT_MOST = 0.9  # of one processor: a client that is busier measures itself
FIELDS = ("kind", "at", "name", "command", "path", "init", "body", "expect", "group", "weight",
          "class", "limit")
TRACE = ("class", "group", "cold", "at_us", "wait_us", "start_us", "init_us", "run_us", "total_us")


class Load:
    """Knows the run's directory, and collects what is to be said about plausibility."""

    def __init__(self, work):
        self.work = work
        self.busiest = 0.0
        self.requests = 0

    def __call__(self, targets, *options, trace=False, timeout=900, client_may_be_busy=False):
        """The report; "trace" in it has a row for each request."""
        plan = self.work / "plan"
        with plan.open("w", encoding="utf-8") as out:
            for target in targets:
                out.write("\t".join(f"{k}={target[k]}" for k in FIELDS if k in target) + "\n")
        command = [LOAD, "drive", "--plan", plan, *map(str, options)]
        if trace:
            command += ["--trace", self.work / "trace.csv"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"bench-load was not done after {timeout} s") from None
        if done.returncode:
            raise Failed(done.stderr.strip()[-400:] or f"bench-load ended with {done.returncode}")
        report = json.loads(done.stdout)
        self._check(report, done.stderr, client_may_be_busy)
        if trace:
            with (self.work / "trace.csv").open(encoding="utf-8") as rows:
                report["trace"] = [
                    {k: v if k in ("class", "group") else float(v) for k, v in row.items()}
                    for row in csv.DictReader(rows, TRACE)]
            if len(report["trace"]) != report["all"]["n"]:
                raise Failed(f"{report['all']['n']} requests, but {len(report['trace'])} were told of")
        return report

    def _check(self, report, words, client_may_be_busy):
        amiss = ", ".join(f"{report[k]} {k}" for k in ("bad", "wrong", "lost") if report[k])
        if amiss:
            raise Failed(f"{amiss} of {report['sent']} requests: {words.strip()[-300:]}")
        parts = sum(part["n"] for part in report["classes"].values())
        if parts != report["all"]["n"] or parts > report["sent"]:
            raise Failed(f"{parts} answers in classes, {report['all']['n']} in all, {report['sent']} sent")
        if report["sent"] and not report["all"]["n"]:
            raise Failed("not one answer came in the measured time: it is too short")
        if report["client_share"] > CLIENT_MOST and not client_may_be_busy:
            raise Failed(f"the client was busy for {report['client_share']:.0%} of the time: "
                         "it would have measured itself")
        self.busiest = max(self.busiest, report["client_share"])
        self.requests += report["sent"]
