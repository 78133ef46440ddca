"""
What OpenWhisk's REST API costs above the executor door, and how its lists bear many rows. Part of
bench/run; alone it prints its table: bench/run --rest.
"""

import base64
import http.client
import json
import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time

ROUNDS = 5
MS = 1500
ACTIONS = 100_000
ACTIVATIONS = 10_000_000
ROW_BYTES = 700  # what a million rows need on the disk, and more
UNLIMITED = ["--limit-invocations", "1000000000", "--limit-concurrent", "1000000", "--keep-days",
             "0", "--keep-size", "1000000"]
NS = "/api/v1/namespaces/_"
ARGS = '{"a":5,"b":5}'
START = 1_795_000_000_000  # ms; the last of the activations that are made
STEP = 20


class Client:
    """One connection with a key."""

    def __init__(self, daemon, data):
        host, port = daemon.doors["rest"].split(":")
        self.connection = http.client.HTTPConnection(host, int(port))
        with open(os.path.join(data, "wskprops"), encoding="utf-8") as props:
            key = dict(line.strip().split("=", 1) for line in props)["AUTH"]
        self.basic = "Basic " + base64.b64encode(key.encode()).decode()

    def ask(self, method, path, body=None):
        self.connection.request(method, NS + path, body,
                                {"Authorization": self.basic, "Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        return json.loads(text)


def start(daemon_class, engine, work, data):
    return daemon_class(engine, work, "--tiering", "off", "--rest", "127.0.0.1:0", "--data", data,
                        "--wskprops", os.path.join(data, "wskprops"), *UNLIMITED)


# ---- invoking ----

def invoking(daemon_class, engine, work):
    """(row, cell) …: rounds of the executor door and the REST API side by side."""
    data = tempfile.mkdtemp(dir=work)
    daemon = start(daemon_class, engine, work, data)
    client = Client(daemon, data)
    with open(os.path.join(work, "add.wasm"), "rb") as file:
        code = base64.b64encode(file.read()).decode()
    client.ask("PUT", "/actions/add", json.dumps({"exec": {"kind": "wasm:0.1", "code": code}}))
    body = os.path.join(work, "rest.json")
    with open(body, "w", encoding="utf-8") as out:
        out.write(ARGS)

    def rest(path, connections, expect):
        daemon.at = daemon.doors["rest"]
        report = daemon.load("hammer", "--path", f"{NS}/actions/add{path}", "--body", body,
                             "--header", f"Authorization: {client.basic}", "--expect", expect,
                             "--connections", connections, "--time", MS)
        daemon.at = daemon.doors["executor"]
        return report

    def executor(connections):
        return daemon.load("rotate", "--code", os.path.join(work, "add.wasm"), "--body",
                           os.path.join(work, "body.json"), "--expect", '"status_code":0',
                           "--connections", connections, "--time", MS, "--namespace", "guest")

    for connections in 1, 16:
        pairs = [(executor(connections), rest("?blocking=true", connections, '"result":10'))
                 for _ in range(ROUNDS)]
        added = statistics.median(r["p50_us"] - e["p50_us"] for e, r in pairs)
        share = statistics.median(r["per_second"] / e["per_second"] for e, r in pairs)
        for name, reports in (("the executor door", [p[0] for p in pairs]),
                              ("`POST …/actions/add?blocking=true`", [p[1] for p in pairs])):
            rate, p50, p99 = (statistics.median(r[k] for r in reports)
                              for k in ("per_second", "p50_us", "p99_us"))
            cell = f"{rate:,.0f}/s, p50 {p50:,.0f} µs, p99 {p99:,.0f} µs"
            if name[0] == "`":
                cell += f"; **{added:+,.0f} µs at p50, {share:.0%} of the door's rate**"
            yield f"(j) {name}, {connections} connection{'s' if connections > 1 else ''}", cell
    accepted = [rest("", 16, '"activationId"') for _ in range(2)]
    rate = statistics.median(r["per_second"] for r in accepted)
    yield "(j) not blocking, 16 connections: accepted, on record and run", f"{rate:,.0f}/s"
    daemon.stop()


# ---- many rows ----

FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :n - 1)
INSERT INTO activation SELECT (:from + i * :step) << 16, i, :ns, 'action' || (i % 1000),
  :from + i * :step, 0, '"namespace":"guest","name":"action' || (i % 1000) ||
  '","version":"0.0.1","activationId":"' || printf('%016x%016x', (:from + i * :step) << 16, i) ||
  '","start":' || (:from + i * :step) || ',"end":' || (:from + i * :step + 1) ||
  ',"duration":1,"publish":false,"annotations":[{"key":"path","value":"guest/action' || (i % 1000)
  || '"},{"key":"kind","value":"wasm:0.1"},{"key":"limits","value":{"timeout":60000,"memory":256,'
  || '"logs":10,"concurrency":1}},{"key":"waitTime","value":0},{"key":"timeout","value":false}]',
  '{"status":"success","success":true,"result":{"result":42},"size":13}', '[]' FROM n
"""
ENTITIES = """
INSERT INTO entity (ns, package, name, type, revision, version, publish, updated, kind, binary,
                    code, timeout, memory, logs, concurrency, instances, active, linked,
                    annotations, parameters)
VALUES (?, '', ?, 1, 1, '0.0.1', 0, ?, 'wasm:0.1', 1, x'11', 60000, 256, 10, 1, -1, 0, 0,
        '[{"key":"provide-api-key","value":false},{"key":"exec","value":"wasm:0.1"}]', '[]')
"""


def fill(path, activations):
    """Rows as wowd would have made them, without the weeks that it would take."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous = off")
    (guest,) = database.execute("SELECT id FROM namespace WHERE name = 'guest'").fetchone()
    database.execute("INSERT INTO code VALUES (x'11', 'AAAA')")
    database.executemany(ENTITIES, ((guest, f"action{i}", START + i) for i in range(ACTIONS)))
    indexes = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND "
                               "tbl_name = 'activation'").fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    database.execute(FILL, {"n": activations, "from": START - activations * STEP, "step": STEP,
                            "ns": guest})
    for _, sql in indexes:
        database.execute(sql)
    database.commit()
    database.close()


def scaled(daemon_class, engine, work):
    free = shutil.disk_usage(work).free // 2
    activations = min(ACTIVATIONS, free // ROW_BYTES)
    data = tempfile.mkdtemp(dir=work)
    start(daemon_class, engine, work, data).stop()
    fill(os.path.join(data, "wow.db"), activations)
    began = time.monotonic()
    daemon = start(daemon_class, engine, work, data)
    ready = time.monotonic() - began
    client = Client(daemon, data)

    def at(i):
        return START - activations * STEP + i * STEP

    def one():
        i = random.randrange(activations)
        return f"/activations/{at(i) << 16:016x}{i:016x}"

    asked = {
        "list 30 actions": lambda: "/actions",
        "list 200 actions, the first 50,000 skipped": lambda: "/actions?limit=200&skip=50000",
        "get an action": lambda: f"/actions/action{random.randrange(ACTIONS)}?code=false",
        "list 30 activations": lambda: "/activations",
        "list 30 of one action": lambda: f"/activations?name=action{random.randrange(1000)}",
        "list 30 since some time": lambda: f"/activations?upto={at(random.randrange(activations))}",
        "list 200 whole records": lambda: "/activations?limit=200&docs=true",
        "get an activation": one,
    }
    yield (f"(k) with {ACTIONS:,} actions and {activations:,} activations: from the start to the "
           "ready line", f"{ready * 1000:,.0f} ms")
    for name, path in asked.items():
        ms = []
        for _ in range(300):
            url = path()
            began = time.perf_counter()
            client.ask("GET", url)
            ms.append((time.perf_counter() - began) * 1000)
        ms.sort()
        yield f"(k) {name}", f"p50 {ms[150]:.2f} ms, p99 {ms[297]:.2f} ms"
    daemon.stop()


def table(daemon_class, engine, work):
    lines = ["| | |", "|---|---|"]
    for part in invoking, scaled:
        lines += [f"| {row} | {cell} |" for row, cell in part(daemon_class, engine, work)]
    return "\n".join(lines)
