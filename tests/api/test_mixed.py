"""
Every misbehaviour that the other tests try one by one, all at once and for long, beside tenants who
behave: nobody's answer is lost or another's, wowd stays as large as it was, and the others notice
little. WOW_SOAK=N makes it N activations (make soak), and then the figures are the point.
"""
import base64
import json
import os
import pathlib
import random
import signal
import subprocess
import threading

from harness import BUILD, UNEXPECTED_EXIT, Container, epoch_ms, until

ACTIVATIONS = int(os.environ.get("WOW_SOAK", 20000))
LONG = "WOW_SOAK" in os.environ
ROUND = ACTIVATIONS // 20
DEADLINE_MS, PATIENCE_MS = 150, 60000
SANITIZED = b"__asan_init" in (BUILD / "wowd").read_bytes()
ADD = '{"value":{"a":40,"b":2}}'


def says(*texts):
    """A developer error whose text has one of these."""
    def check(reply):
        error = reply.failure(2)
        assert any(text in error for text in texts), error
    return check


def gives(result):
    def check(reply):
        assert reply.result == result, reply.body[:200]
    return check


def flooded(reply):
    assert reply.result == {}
    assert "Logs were truncated" in reply.json["logs"][-1]


LATE = says("exceeded its time limits")
BAD = [  # guest, arguments, what the answer must be
    ("loop.wat", [1], LATE), ("loop_start.wat", [1], LATE), ("fill.wat", [1], LATE),
    ("sleep.wat", [3600000], LATE), ("print.wat", [1], LATE), ("loop.wat", {}, gives({})),
    ("hungry.c", {"mb": 200}, says("exhausted its memory")),
    ("hungry.c", {"mb": 100}, gives({"got": True})),
    ("trap.wat", [0], says("The action trapped")), ("exit.wat", [3], says("exited with status 3")),
    ("lies.wat", [0], says("lies outside its memory", "exceeded the allowed length")),
    ("flood.wat", [1], flooded), ("flood.wat", [0], flooded),
    ("size.wat", [7000000], lambda reply: reply.result),
    ("size.wat", [9000000], says("exceeded the allowed length")),
    ("answer.wat", [b"nothing".hex()], says("did not produce a valid JSON response")),
    ("secret.wat", {}, gives({})), ("search.wat", {}, gives({"clean": True})),
    ("echo.wat", ["x" * 1000000], gives(["x" * 1000000])),
]
DAMAGED = [b"\0asm\1\0\0\0\1\x7f", b"PK\3\4" + bytes(60), b"\x1f\x8b\x08" + bytes(30), b"nothing"]


class Crowd:
    """Those who misbehave, a thread each, until they are told to stop."""

    def __init__(self, wowd):
        self.wowd, self.stopped = wowd, threading.Event()
        self.faults, self.answers, self.lock = [], {}, threading.Lock()
        self.guests = {name: wowd.container(name, env={"__OW_NAMESPACE": f"bad{i % 4}"},
                                            limits={"memory": 128 if name == "hungry.c" else 512})
                       for i, name in enumerate(sorted({guest for guest, _, _ in BAD}))}
        self.threads = [threading.Thread(target=self._work, args=(work, i)) for i, work in enumerate(
            [self._run, self._run, self._run, self._code, self._leave, self._pause, self._come])]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "an answer is missing"

    def _work(self, work, seed):
        # What they do to wowd is the question, not what their client does to this machine.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        chance = random.Random(seed)
        try:
            while not self.stopped.is_set():
                kind = work(chance)
                with self.lock:
                    self.answers[kind] = self.answers.get(kind, 0) + 1
                self.stopped.wait(0.002)
        except BaseException as fault:  # shown by the test
            self.faults.append(fault)

    def _run(self, chance):
        guest, value, check = chance.choice(BAD)
        ends = epoch_ms() + (DEADLINE_MS if check is LATE else PATIENCE_MS)
        check(self.guests[guest].run(value, logs=guest == "flood.wat", deadline=ends))
        return f"{guest} {str(value)[:12]}"

    def _code(self, chance):
        reply = self.wowd.start().init(chance.choice(DAMAGED))
        assert reply.status == 502, reply.body
        return "damaged code"

    def _leave(self, chance):
        """A client that goes before it has an answer, or before it has asked."""
        path = self.guests["sleep.wat"].id
        body = '{"value":[100000],"deadline":%d}' % (epoch_ms() + DEADLINE_MS)
        text = f"POST /{path}/run HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        with self.wowd.connect() as connection:
            connection.sendall(text.encode()[:chance.randrange(len(text) + 1)])
        return "client leaves"

    def _pause(self, chance):
        container = self.wowd.container("echo.wat", env={"__OW_NAMESPACE": "bad0"})
        assert container.post("pause").status == 200
        waiting = threading.Thread(target=lambda: gives([1])(container.run([1])))
        waiting.start()
        assert container.post("resume").status == 200
        waiting.join(30)
        assert not waiting.is_alive()
        container.destroy()
        return "pause and resume"

    def _come(self, chance):
        container = Container(self.wowd, f"c{chance.random()}")
        assert container.init("ok.wat").status == 200
        gives({"answer": 42})(container.run({}, namespace=f"n{chance.randrange(50)}"))
        assert container.destroy().status == 200
        return "come and go"


class Good:
    """A tenant's `add`, by the load generator."""

    def __init__(self, wowd, name, tmp_path):
        self.wowd, self.body = wowd, tmp_path / "body"
        self.body.write_text(ADD)
        code = base64.b64encode((BUILD / "examples/add.wasm").read_bytes()).decode()
        reply = wowd.post(f"/{name}/init",
                          {"value": {"code": code, "env": {"__OW_NAMESPACE": name}}})
        assert reply.status == 200, reply.body
        self.path = f"/{name}/run"

    def start(self, connections, **how):
        host, port = self.wowd.executor
        more = [text for k, v in how.items() for text in (f"--{k}", str(v))]
        return subprocess.Popen(
            [str(BUILD / "bench-load"), "hammer", "--to", f"{host}:{port}", "--path", self.path,
             "--body", str(self.body), "--expect", '"result":42', "--connections", str(connections),
             *more], stdout=subprocess.PIPE, text=True)

    def figures(self, process):
        out, _ = process.communicate(timeout=600)
        figures = json.loads(out)
        assert (figures["bad"], figures["wrong"], figures["lost"]) == (0, 0, 0), figures
        return figures


def sizes(wowd):
    maps = len(pathlib.Path(f"/proc/{wowd.pid}/maps").read_text().splitlines())
    return {"RSS, KiB": wowd.memory_kb(), "descriptors": wowd.descriptors(),
            "threads": wowd.threads(), "mappings": maps, "workers": len(wowd.workers())}


def a_round(bulk, victim):
    """How many activations, and how the one who behaves fared beside another who does."""
    process = bulk.start(1, count=ROUND, time=600000, warmup=0)
    figures = victim.figures(victim.start(1, time=600 if not LONG else 3000, warmup=0))
    return bulk.figures(process)["sent"] + figures["sent"], figures


def middle(figures, what):
    return sorted(f[what] for f in figures)[len(figures) // 2]


def test_all_at_once(own_wowd, engine, tmp_path):
    signal.alarm(3600 if LONG else 120)
    wowd = own_wowd("--log-limit", "1024", "--idle-timeout", "2", tiering="on")
    bulk, victim = Good(wowd, "bulk", tmp_path), Good(wowd, "victim", tmp_path)
    before = [a_round(bulk, victim)[1] for _ in range(3)]
    done, seen, fared = 0, [], []
    with Crowd(wowd) as crowd:
        while done < ACTIVATIONS and not crowd.faults:
            n, figures = a_round(bulk, victim)
            done += n
            fared.append(figures)
            seen.append(sizes(wowd))
    assert not crowd.faults, crowd.faults
    assert wowd.post("/echo", "{}").status == 200
    half = len(seen) // 2
    early, late = ({what: max(s[what] for s in part) for what in seen[0]}
                   for part in (seen[:half], seen[half:]))
    print(f"\n{engine}: {done} activations and {sum(crowd.answers.values())} misbehaviours of "
          f"{len(crowd.answers)} kinds")
    for what in "p50_us", "p99_us":
        one, other = middle(before, what), middle(fared, what)
        print(f"{engine}: who behaves, {what} {one} before, {other} among them (x {other / one:.1f})")
    print(f"{engine}: at most, in the first half {early}, in the second {late}")
    assert len(crowd.answers) > 10
    assert late["threads"] == early["threads"]
    assert SANITIZED or late["RSS, KiB"] < early["RSS, KiB"] + 32768
    assert late["mappings"] < early["mappings"] + 100
    assert late["descriptors"] < early["descriptors"] + 100
    assert UNEXPECTED_EXIT not in wowd.log()
    until(lambda: wowd.descriptors() <= wowd.settled, "the optimisers are done, too", 60)
