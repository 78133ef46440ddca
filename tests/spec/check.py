#!/usr/bin/env python3
"""check.py BUILD ENGINE TIER [NAME…]: does the engine do what the spec tests say?

Hands the plans in BUILD/spec to BUILD/spec-compile-ENGINE and BUILD/spec-run-ENGINE and judges what
they answer; a file exceptions.txt beside this one lists what is known to fail. With names, only
these tests: "i32 simd_lane". Ends with 0 when all went as expected, 77 when the engine has no such
tier.
"""

import fnmatch
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from generate import FOLDERS, HERE, find_suite

NO_SUCH_TIER = 77
SHOWN_MAX = 40
NO_INSTANCE = "there is no instance"  # as run.c says it
COMPILE_S, RUN_S = 240, 30  # what a process gets; no test runs for long
RESTARTS_MAX = 50

# Texts that say the same as the spec's: engines do not tell a call through a table's end from any
# other access there, nor name the element.
SYNONYMS = {
    "undefined element": "out of bounds table access",
    "uninitialized element 2": "uninitialized element",
}


@dataclass
class Step:
    """A line of a plan; what came of it is in failure, None when it went as it should."""

    test: str
    verb: str
    what: str
    line: int
    expect: str
    module: "Step | None"  # the one that a call goes to
    failure: str | None = None


@dataclass
class Known:
    """A line of exceptions.txt."""

    number: int
    pattern: str
    lines: set  # empty: any
    reason: str
    used: list

    def covers(self, step):
        lines = {step.line, step.module.line if step.module else 0}
        return (fnmatch.fnmatch(step.test + ".wast", self.pattern)
                and (not self.lines or bool(lines & self.lines)))

    def unused(self):
        """What does not fail: its lines, or all of it."""
        seen = {s.line for s in self.used} | {s.module.line for s in self.used if s.module}
        return sorted(self.lines - seen) if self.lines else [] if self.used else ["all"]


def read_plan(path):
    steps, module = [], None
    for line in (path / "plan").read_text().splitlines():
        verb, what, number, expect = line.split(" ", 3)
        step = Step(path.name, verb, what, int(number), expect, module if verb == "call" else None)
        if verb == "module":
            module = step
        steps.append(step)
    return steps


def read_known(engine, tier):
    found = []
    for number, line in enumerate((HERE / "exceptions.txt").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        for_engine, for_tier, where, reason = line.split(None, 3)
        if fnmatch.fnmatch(engine, for_engine) and fnmatch.fnmatch(tier, for_tier):
            pattern, _, at = where.partition(":")
            lines = {int(n) for n in at.split(",") if n}
            found.append(Known(number, pattern, lines, reason, []))
    return found


# What an engine keeps of a module is its own: processes that load many are replaced.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


class Engine:
    def __init__(self, build, engine, tier):
        self.compiler = build / f"spec-compile-{engine}"
        self.runner = build / f"spec-run-{engine}"
        self.tier = tier
        self.plans = build / "spec"

    def starts(self):
        """0 when both programs get through a plan without steps, else what the first says."""
        with tempfile.TemporaryDirectory() as empty:
            pathlib.Path(empty, "plan").touch()
            for program in (self.compiler, self.runner):
                argv = [program, self.tier, empty, empty, "0"]
                if code := subprocess.run(argv, check=False).returncode:
                    return code
        return 0

    def start(self, program, test, code, first):
        """Returns the answers of one process, and how it ended if that was not as it should."""
        argv = [program, self.tier, self.plans / test, code, str(first)]
        patience = COMPILE_S if program == self.compiler else RUN_S
        try:
            done = subprocess.run(argv, capture_output=True, check=False, timeout=patience,
                                  env=ENVIRONMENT)
            out, end = done.stdout, done.returncode and f"ended with {done.returncode}"
            if end and done.stderr:
                end += ": " + done.stderr.decode(errors="replace").strip().splitlines()[-1]
        except subprocess.TimeoutExpired as late:
            out, end = late.stdout or b"", f"gave no answer in {patience} s"
        answers = {}
        for line in out.decode(errors="replace").split("\n")[:-1]:
            number, word, text = line.split(" ", 2)
            answers[int(number)] = (word, text)
        return answers, end

    def answers(self, program, test, code, wanted):
        """Of all the steps wanted; behind one that ends the process, another is started."""
        answers, first = {}, 0
        for _ in range(RESTARTS_MAX):
            more, end = self.start(program, test, code, first)
            answers.update(more)
            missing = [n for n in wanted if n >= first and n not in answers]
            if not end and not missing:
                return answers
            if not missing:
                answers[wanted[-1]] = ("crash", f"after it, the process {end}")
                return answers
            answers[missing[0]] = ("crash", f"the process {end}")
            if len(missing) == 1:
                break
            first = missing[1]
        return answers

    def run(self, test):
        """The steps of a test, judged."""
        steps = read_plan(self.plans / test)
        made = [n for n, s in enumerate(steps) if s.verb in ("compile", "module")]
        run = [n for n, s in enumerate(steps) if s.verb in ("module", "call")]
        compiled, ran = {}, {}
        with tempfile.TemporaryDirectory(dir=self.plans.parent) as code:
            if made:
                compiled = self.answers(self.compiler, test, code, made)
            if run:
                ran = self.answers(self.runner, test, code, run)
        for n in made:
            steps[n].failure = judge(steps[n], compiled.get(n))
        for n in run:
            steps[n].failure = steps[n].failure or judge(steps[n], ran.get(n))
        return steps


def judge(step, answer):
    """What is wrong with an answer, or None."""
    word, text = answer or ("nothing", "the process had ended before")
    wanted, _, wanted_text = step.expect.partition(" ")
    if word == "made" and step.verb == "module":
        return None  # half of it
    if word == "return" and wanted == "return":
        return None if text == "0" else f"result {text} is wrong"
    if word == wanted == "trap":
        also = SYNONYMS.get(wanted_text, wanted_text)
        if text.startswith(wanted_text) or text.startswith(also):
            return None
    elif word == wanted or (wanted == "unlinkable" and word == "refused"):
        return None  # an engine may look at imports, too
    return f"expected: {step.expect}; got: {word} {text}"


def source_line(step):
    """The line of the .wast that a step is from, to be shown."""
    for folder in FOLDERS:
        path = find_suite() / folder / (step.test + ".wast")
        if path.exists():
            return path.read_text(errors="replace").split("\n")[step.line - 1].strip()[:160]
    return ""


def report_test(test, steps):
    count = Counter(s.expect if s.verb in ("skip", "left_out") else
                    "failed" if s.failure else "passed" for s in steps)
    passed, failed = count.pop("passed", 0), count.pop("failed", 0)
    rest = ", ".join(f"{n} {reason}" for reason, n in sorted(count.items()))
    print(f"{test:32} {passed:6} passed {failed:6} failed   {rest and 'not run: ' + rest}".rstrip())


def show(failed):
    """Each failure with its line of the .wast; those without an instance follow from another."""
    telling = [s for s in failed if NO_INSTANCE not in s.failure]
    for step in telling[:SHOWN_MAX]:
        print(f"{step.test}.wast:{step.line}: {step.failure}\n    {source_line(step)}")
    if len(telling) > SHOWN_MAX:
        print(f"and {len(telling) - SHOWN_MAX} more")


def check_known(known, partial):
    """Prints what is known to fail; returns whether all of it did."""
    good = True
    for e in known:
        if e.used:
            print(f"known to fail: {len(e.used):5} in {e.pattern}: {e.reason}")
        for line in [] if partial else e.unused():
            print(f"exceptions.txt:{e.number}: {e.pattern}:{line} does not fail: take it out")
            good = False
    return good


def report(name, steps, known, partial, seconds):
    """Prints what is not as expected, and the sums; returns whether all is."""
    sums, reasons, failed = Counter(), Counter(), []
    for step in steps:
        if step.verb == "skip":
            reasons[step.expect] += 1
        elif step.verb != "left_out" and not step.failure:
            sums["passed"] += 1
        elif step.failure and (e := next((e for e in known if e.covers(step)), None)):
            e.used.append(step)
            sums["known"] += 1
        elif step.failure:
            failed.append(step)
    show(failed)
    all_fail = check_known(known, partial)
    rest = ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items()))
    print(f"{name}: {sums['passed']} passed, {len(failed)} failed, {sums['known']} known to fail, "
          f"{reasons.total()} not run ({rest}); {seconds:.1f} s")
    return all_fail and not failed and sums["passed"] > 0


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    build, name, tier = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    engine = Engine(build, name, tier)
    if code := engine.starts():
        why = "there is none" if code == NO_SUCH_TIER else f"does not start: {code}"
        print(f"{name} {tier}: {why}")
        return code
    tests = sys.argv[4:] or sorted(p.parent.name for p in engine.plans.glob("*/plan"))
    began = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(engine.run, tests))
    for test, steps in zip(tests, results):
        report_test(test, steps)
    steps = [s for some in results for s in some]
    known = read_known(name, tier)
    good = report(f"{name} {tier}", steps, known, sys.argv[4:], time.monotonic() - began)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
