"""What was promised holds: over restarts, kill -9, SIGTERM, a full disk."""
import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from harness import Background, until
from rest import ENGINE, NOT_FOUND, Rest, User

ROUNDS = int(os.environ.get("WOW_CRASHES", "3"))


def again(daemon, start_rest, *options):
    """The same place, after its end; the users of before."""
    made = start_rest(*options, place=daemon.place, settle=False)
    made.guest.key = made.guest.key or daemon.guest.key
    return made


def integrity(daemon):
    database = sqlite3.connect(daemon.data / "wow.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        database.close()


def kill(daemon):
    """kill -9; nothing of it is left."""
    Rest.kill(daemon)


# ---- restarts ----

def test_a_restart_changes_nothing(start_rest):
    daemon = start_rest()
    guest = daemon.guest
    guest.put("packages/p", {"parameters": [{"key": "k", "value": 1e3}]})
    guest.action("p/a", "errand.c", annotations=[{"key": "web-export", "value": True}])
    guest.sequence("s", "/_/p/a").ok()
    guest.put("triggers/t")
    guest.put("rules/r", {"trigger": "/_/t", "action": "/_/p/a"}).ok()
    guest.invoke("p/a", {"print": ["line"]}).ok()
    ident = guest.invoke("s").ok()["activationId"]
    paths = ["packages", "actions", "triggers", "rules", "activations?docs=true", "packages/p",
             "actions/p/a", "actions/s", "triggers/t", "rules/r", f"activations/{ident}"]
    before = {p: guest.get(p).ok() for p in paths}
    daemon.stop()
    assert not list(daemon.data.glob("journal.*")), "the journal is in the database"
    later = again(daemon, start_rest).guest
    assert {p: later.get(p).ok() for p in paths} == before
    assert later.result("s", {"x": 1}) == {"k": 1000.0, "x": 1}
    newer = later.get("activations?limit=1").ok()[0]["activationId"]
    assert newer > max(a["activationId"] for a in before["activations?docs=true"])


def test_a_newer_database_is_left_alone(start_rest):
    daemon = start_rest()
    daemon.stop()
    database = sqlite3.connect(daemon.data / "wow.db")
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()
    with pytest.raises(AssertionError, match="made by a newer wow: its schema is 99"):
        Rest(daemon.place, ENGINE)


def test_old_records_are_deleted(start_rest):
    daemon = start_rest()
    daemon.guest.action("a")
    for _ in range(3):
        daemon.guest.invoke("a").ok()
    daemon.stop()
    database = sqlite3.connect(daemon.data / "wow.db")
    two_days = 2 * 86_400_000 << 16
    database.execute("UPDATE activation SET seq = seq - ? WHERE seq < (SELECT max(seq) FROM "
                     "activation)", (two_days,))
    database.commit()
    database.close()
    later = again(daemon, start_rest, "--keep-days", "1")
    until(lambda: later.guest.get("activations?count=true").json == {"activations": 1},
          "the two old ones are gone")
    assert later.guest.get("actions/a").status == 200


def test_the_database_has_a_size(start_rest):
    daemon = start_rest("--keep-size", "2")
    guest = daemon.guest
    guest.action("errand", "errand.c")
    for _ in range(8):
        guest.invoke("errand", {"fill": 900_000}).ok()
    daemon.stop()
    later = again(daemon, start_rest, "--keep-size", "2").guest
    until(lambda: later.get("activations?count=true").ok()["activations"] <= 2, "it has shrunk")
    assert later.get("actions/errand").status == 200


# ---- kill -9 ----

def test_what_was_accepted_is_run_after_a_kill(start_rest):
    daemon = start_rest()
    guest = daemon.guest
    guest.action("errand", "errand.c")
    guest.sequence("s", "/_/errand", "/_/errand").ok()
    guest.put("triggers/t")
    guest.put("rules/r", {"trigger": "/_/t", "action": "/_/errand"}).ok()
    slow = {"burn": 3000, "return": {"n": 1}}
    asked = [guest.post("actions/errand", slow).ok(202)["activationId"] for _ in range(4)]
    asked.append(guest.post("actions/s", {"burn": 100, "return": {"s": 1}}).ok(202)["activationId"])
    late = guest.post("actions/errand?blocking=true&timeout=50", slow).ok(202)["activationId"]
    fired = guest.post("triggers/t", {"burn": 2000}).ok(202)["activationId"]
    kill(daemon)

    later = again(daemon, start_rest)
    user = later.guest
    line = json.loads(user.record(fired)["logs"][0])
    for ident in [*asked, late, line["activationId"]]:
        record = until(lambda: (r := user.get(f"activations/{ident}")).status == 200 and r.json,
                       ident, 40)
        assert record["response"]["success"] is True
    assert later.metric("recovered_total") >= 5
    assert later.sql("SELECT count(*) FROM pending") == 0
    integrity(later)


def test_what_was_accepted_of_an_action_that_is_gone(start_rest):
    daemon = start_rest()
    guest = daemon.guest
    guest.action("errand", "errand.c")
    ident = guest.post("actions/errand", {"burn": 5000}).ok(202)["activationId"]
    guest.delete("actions/errand").ok()
    kill(daemon)
    user = again(daemon, start_rest).guest
    record = user.record(ident)
    assert record["response"] == {"status": "whisk internal error", "success": False,
                                  "result": {"error": NOT_FOUND}}
    assert record["name"] == "errand"


class Load:
    """Threads that invoke, create and delete, and remember what they were promised."""

    def __init__(self, daemon, guest):
        self.guest = guest
        self.ended, self.accepted, self.entities, self.deleted = [], [], {}, set()
        self.stopping = False
        jobs = [self.blocking, self.blocking, self.non_blocking, self.non_blocking, self.entity]
        self.threads = [threading.Thread(target=self.run, args=(job, i))
                        for i, job in enumerate(jobs)]
        for thread in self.threads:
            thread.start()

    def run(self, job, number):
        count = 0
        while not self.stopping:
            try:
                job(number, count)
            except (OSError, http.client.HTTPException):
                return  # it was killed
            count += 1

    def blocking(self, number, count):
        answer = self.guest.invoke("errand", {"return": {"n": number, "c": count}})
        if answer.status == 200:
            self.ended.append((answer.json["activationId"], {"n": number, "c": count}))

    def non_blocking(self, number, count):
        answer = self.guest.post("actions/errand", {"return": {"n": number, "c": count}})
        if answer.status == 202:
            self.accepted.append((answer.json["activationId"], {"n": number, "c": count}))

    def entity(self, number, count):
        name = f"e{number}.{random.randrange(20)}"
        value = [{"key": "c", "value": count}]
        self.entities.pop(name, None)  # unknown, until there is an answer
        self.deleted.discard(name)
        if random.random() < 0.3:
            if self.guest.delete(f"packages/{name}").status == 200:
                self.deleted.add(name)
        elif self.guest.put(f"packages/{name}?overwrite=true", {"parameters": value}).status == 200:
            self.entities[name] = value

    def join(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()


@pytest.mark.parametrize("crash", range(ROUNDS))
def test_a_kill_under_load_loses_nothing(start_rest, crash):
    daemon = start_rest()
    guest = daemon.guest
    guest.action("errand", "errand.c")
    load = Load(daemon, guest)
    pause = random.uniform(0.05, 0.9)
    threading.Event().wait(pause)
    kill(daemon)
    load.join()

    later = again(daemon, start_rest)
    user = later.guest
    until(lambda: later.sql("SELECT count(*) FROM pending") == 0, "nothing is pending", 40)
    assert load.ended and load.accepted
    for ident, result in load.ended + load.accepted:
        record = user.record(ident)
        assert record["response"]["result"] == result, f"killed after {pause} s"
    for name, value in load.entities.items():
        assert user.get(f"packages/{name}").ok()["parameters"] == value
    for name in load.deleted:
        assert user.get(f"packages/{name}").status == 404
    integrity(later)
    assert later.sql("SELECT count(*) - count(DISTINCT seq) FROM activation") == 0
    print(f"killed after {pause:.2f} s: {len(load.ended)} ended, {len(load.accepted)} accepted, "
          f"{len(load.entities)} packages, {len(load.deleted)} deleted")


# ---- SIGTERM ----

def test_sigterm_loses_no_answer(start_rest):
    daemon = start_rest()
    guest = daemon.guest
    guest.action("errand", "errand.c")
    waiting = [Background(lambda: guest.result("errand", {"burn": 600, "return": {"ok": 1}}))
               for _ in range(4)]
    accepted = guest.post("actions/errand", {"burn": 600}).ok(202)["activationId"]
    until(lambda: daemon.metric("invocations_running") == 5, "all run or wait")
    daemon.process.send_signal(signal.SIGTERM)
    assert [w.wait() for w in waiting] == [{"ok": 1}] * 4
    assert daemon.process.wait(timeout=20) == 0
    Rest.kill(daemon)
    user = again(daemon, start_rest).guest
    assert user.get(f"activations/{accepted}").ok()["response"]["success"] is True
    assert user.get("activations?count=true").ok() == {"activations": 5}


def test_a_second_sigterm_means_now(start_rest):
    daemon = start_rest()
    guest = daemon.guest
    guest.action("errand", "errand.c")
    waiting = Background(lambda: guest.invoke("errand", {"burn": 20000}))
    guest.post("actions/errand", {"burn": 20000, "return": {}}).ok(202)
    until(lambda: daemon.metric("invocations_running") == 2, "both run")
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: refuses(daemon), "it accepts no connection")
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(timeout=10) == 0 and time.monotonic() - began < 5
    assert waiting.wait().status == 500
    # What was accepted is still to be done.
    database = sqlite3.connect(daemon.data / "wow.db")
    assert database.execute("SELECT count(*) FROM pending").fetchone() == (1,)
    database.close()


def refuses(daemon):
    try:
        daemon.nobody.get("/ping")
    except OSError:
        return True
    return False


def test_with_sync_answers_wait_for_the_disk(start_rest):
    guest = start_rest("--sync", "on").guest
    guest.action("echo")
    for i in range(5):
        ident = guest.invoke("echo", {"i": i}).ok()["activationId"]
        assert guest.daemon.sql(f"SELECT count(*) FROM activation WHERE seq = "
                                f"{int(ident[:16], 16)}") == 1
    for i in range(5):
        ident = guest.post("actions/echo", {"i": i}).ok(202)["activationId"]
        assert guest.record(ident)["response"]["result"] == {"i": i}


# ---- a full disk ----

@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", place],
                          capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount a small disk: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_an_error_and_no_more(small_disk, start_rest, tmp_path):
    place = small_disk / "wow"
    daemon = start_rest(place=place, cache=tmp_path / "cache")
    guest = daemon.guest
    guest.action("errand", "errand.c")
    guest.invoke("errand", {"return": {"before": 1}}).ok()
    kept = []

    def go_on():
        answer = guest.invoke("errand", {"fill": 500_000})
        if answer.status == 200:
            kept.append(answer.json["activationId"])
        return answer if answer.status != 200 else None

    refused = until(go_on, "the disk is full", 30)
    assert refused.status in (500, 503) and "error" in refused.json and "code" in refused.json
    until(lambda: guest.invoke("errand").status == 503, "nothing is run that cannot be kept")
    assert daemon.nobody.get("/ready").status == 503
    answer = guest.put("packages/p", {"annotations": [{"key": "k", "value": "x" * 900_000}]})
    assert answer.status in (500, 503, 200)
    # What is there can still be read, and what was promised is there.
    assert guest.get("actions/errand").status == 200
    for ident in kept[:-30]:
        assert guest.get(f"activations/{ident}").status == 200
    # Once there is room, it goes on by itself.
    subprocess.run(["mount", "-o", "remount,size=96m", small_disk], check=True)
    until(lambda: guest.invoke("errand").status == 200, "it goes on", 15)
    assert daemon.nobody.get("/ready").status == 200
    for ident in kept:
        assert guest.get(f"activations/{ident}").status == 200
    daemon.stop()
    integrity(daemon)


def test_the_clock_on_a_full_disk(small_disk, start_rest, tmp_path):
    daemon = start_rest(place=small_disk / "wow", cache=tmp_path / "cache")
    guest = daemon.guest
    guest.action("errand", "errand.c")
    guest.put("triggers/t").ok()
    guest.put("rules/r", {"trigger": "/_/t", "action": "/_/errand"}).ok()
    guest.post("/api/v1/namespaces/whisk.system/actions/alarms/alarm?blocking=true",
               {"lifecycleEvent": "CREATE", "triggerName": "/_/t", "cron": "* * * * * *"}).ok()
    until(lambda: guest.invoke("errand", {"fill": 500_000}).status != 200, "the disk is full", 30)
    until(lambda: "alarm.fault" in daemon.log(), "a tick that cannot be kept")
    subprocess.run(["mount", "-o", "remount,size=96m", small_disk], check=True)
    fired = "SELECT count(*) FROM activation WHERE path = 't'"
    before = daemon.sql(fired)
    until(lambda: daemon.sql(fired) >= before + 2, "ticks, once there is room")
    seconds = [start // 1000 for start, in
               daemon.rows("SELECT start FROM activation WHERE path = 't'")]
    assert len(seconds) == len(set(seconds))
    daemon.stop()
    integrity(daemon)


def test_a_disk_that_is_full_from_the_start(small_disk, tmp_path):
    (small_disk / "fill").write_bytes(b"x" * (23 << 20))
    with pytest.raises(AssertionError, match="wowd: .*(full|No space left)"):
        Rest(small_disk / "wow", ENGINE, cache=tmp_path / "cache")


def test_many_users_data_is_apart(start_rest):
    daemon = start_rest()
    users = [daemon.user() for _ in range(5)]
    for i, user in enumerate(users):
        user.action("same", parameters=[{"key": "who", "value": i}])
    assert [u.result("same")["who"] for u in users] == list(range(5))
    daemon.stop()
    later = again(daemon, start_rest)
    assert [User(later, u.name, u.key).result("same")["who"] for u in users] == list(range(5))
