"""
Many clients that do everything at once, on connections they keep. Afterwards all sums are right, in
the answers and in the database.
"""
import http.client
import json
import os
import random
import signal
import threading
import time

from harness import action, until
from rest import API

CLIENTS = int(os.environ.get("WOW_CLIENTS", "200"))
SECONDS = float(os.environ.get("WOW_MIXED_SECONDS", "4"))
USERS = 4


class Client:
    """One of a user's clients: a connection, what it was answered, and how long that took."""

    def __init__(self, user, number):
        self.user, self.number, self.random = user, number, random.Random(number)
        self.connection = http.client.HTTPConnection(*user.daemon.rest, timeout=60)
        self.headers = {"Authorization": user.basic(), "Content-Type": "application/json"}
        self.ms, self.ended, self.accepted, self.fired, self.busy = [], set(), set(), 0, 0
        self.parts = 0
        self.fault = None

    def ask(self, method, path, body=None, expect=(200,)):
        began = time.monotonic()
        self.connection.request(method, path if path.startswith("/") else f"{API}/{path}",
                                None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        self.ms.append((time.monotonic() - began) * 1000)
        assert answer.status in expect, (method, path, answer.status, text[:300])
        return answer.status, json.loads(text) if text else None

    def blocking(self, n):
        _, record = self.ask("POST", "actions/errand?blocking=true", {"return": {"n": n}})
        assert record["response"]["result"] == {"n": n}
        self.ended.add(record["activationId"])

    def failing(self, n):
        ask = self.random.choice([{"error": n}, {"trap": True}])
        _, record = self.ask("POST", "actions/errand?blocking=true", ask, (502,))
        self.ended.add(record["activationId"])

    def sequence(self, n):
        _, record = self.ask("POST", "actions/seq?blocking=true", {"n": n})
        assert record["response"]["result"] == {"n": n} and len(record["logs"]) == 2
        self.ended.add(record["activationId"])
        self.ended.update(record["logs"])

    def non_blocking(self, n):
        _, answer = self.ask("POST", "actions/errand", {"n": n, "print": ["x"]}, (202,))
        self.accepted.add(answer["activationId"])

    def web(self, n):
        path = f"/api/v1/web/{self.user.name}/default/errand.json?n={n}"
        _, answer = self.ask("GET", path)
        assert answer["n"] == str(n)
        self.parts += 1

    def fire(self, n):
        _, answer = self.ask("POST", "triggers/t", {"n": n}, (202,))
        self.accepted.add(answer["activationId"])
        self.fired += 1

    def entities(self, n):
        name = f"e{self.number}"
        self.ask("PUT", f"packages/{name}?overwrite=true", {"parameters": []})
        self.ask("GET", f"packages/{name}")
        if n % 3 == 0:
            self.ask("DELETE", f"packages/{name}")
        if n % 5 == 0:
            self.ask("PUT", f"actions/a{self.number}?overwrite=true",
                     {"exec": {"kind": "wasm:0.1", "code": action("echo.wat")}})

    def lists(self, _):
        self.ask("GET", "activations?limit=20&docs=true")
        self.ask("GET", "actions?limit=5")
        if self.ended:
            ident = self.random.choice(sorted(self.ended))
            self.ask("GET", f"activations/{ident}")

    def run(self, until_time):
        weights = [(self.blocking, 10), (self.failing, 1), (self.sequence, 2),
                   (self.non_blocking, 4), (self.web, 2), (self.fire, 1), (self.entities, 2),
                   (self.lists, 2)]
        jobs, shares = zip(*weights)
        n = 0
        try:
            while time.monotonic() < until_time:
                self.random.choices(jobs, shares)[0](n)
                n += 1
        except BaseException as fault:  # shown by the test
            self.fault = fault
        finally:
            self.connection.close()


def test_everything_at_once(start_rest):
    signal.alarm(int(SECONDS) + 120)
    daemon = start_rest()
    users = [daemon.user() for _ in range(USERS)]
    for user in users:
        user.action("errand", "errand.c", annotations=[{"key": "web-export", "value": True}])
        user.action("echo")
        user.sequence("seq", "/_/echo", "/_/echo").ok()
        user.put("triggers/t")
        user.put("rules/r", {"trigger": "/_/t", "action": "/_/echo"}).ok()
    end = time.monotonic() + SECONDS
    clients = [Client(users[i % USERS], i) for i in range(CLIENTS)]
    threads = [threading.Thread(target=c.run, args=(end,)) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 90)
        assert not thread.is_alive(), "a request hangs"
    faults = [c.fault for c in clients if c.fault]
    assert not faults, f"{len(faults)} of {len(clients)} clients: {faults[0]!r}"

    until(lambda: daemon.metric("invocations_running") == 0, "all has ended", 60)
    until(lambda: daemon.metric("store_backlog_bytes") == 0, "all is saved", 60)
    for user in users:
        mine = [c for c in clients if c.user is user]
        known = set().union(*(c.ended | c.accepted for c in mine))
        # Beside what is known by id: web requests, and one action for each trigger fired.
        total = len(known) + sum(c.parts + c.fired for c in mine)
        assert user.get("activations?count=true").ok() == {"activations": total}
        ns = daemon.sql(f"SELECT id FROM namespace WHERE name = '{user.name}'")
        assert daemon.sql(f"SELECT count(*) FROM activation WHERE ns = {ns}") == total
        seqs = {int(i[:16], 16) for i in known}
        assert len(seqs) == len(known)
        stored = daemon.rows(f"SELECT seq FROM activation WHERE ns = {ns}")
        assert seqs <= {row[0] for row in stored}, "a record is lost"
    assert daemon.sql("SELECT count(*) FROM pending") == 0
    assert daemon.rows("PRAGMA integrity_check") == [("ok",)]
    ms = sorted(m for c in clients for m in c.ms)
    print(f"{len(clients)} clients, {len(ms)} requests in {SECONDS:g} s: p50 {ms[len(ms) // 2]:.1f} "
          f"ms, p99 {ms[len(ms) * 99 // 100]:.1f} ms, "
          f"{daemon.sql('SELECT count(*) FROM activation')} activations")
