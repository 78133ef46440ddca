"""Alarms: the package /whisk.system/alarms, and the clock that fires its triggers."""
import json
import re
import sqlite3
import time

import pytest

from harness import until
from rest import API, User

ALARMS = "/api/v1/namespaces/whisk.system/actions/alarms"
EVERY_SECOND = "* * * * * *"
LATE = 2.5  # s: a tick that is later than this is late on a busy machine, too


def lifecycle(user, feed, event, trigger, **parameters):
    return user.post(f"{ALARMS}/{feed}?blocking=true", {
        "lifecycleEvent": event, "triggerName": f"/{user.name}/{trigger}", "authKey": user.key,
        **parameters})


def trigger(user, name="t", feed="alarm", rule=True, **parameters):
    """As wsk makes one with --feed, and a rule for an action that returns its arguments."""
    user.put(f"triggers/{name}", {"annotations": [
        {"key": "feed", "value": f"/whisk.system/alarms/{feed}"}]}).ok()
    if rule:
        user.action(f"{name}-action")
        user.put(f"rules/{name}-rule", {"trigger": f"/_/{name}", "action": f"/_/{name}-action"}).ok()
    answer = lifecycle(user, feed, "CREATE", name, **parameters)
    assert answer.ok()["response"]["result"] == {"status": "success"}


def refused(answer):
    assert answer.status == 502, answer.body
    assert answer.json["response"]["status"] == "application error"
    return answer.json["response"]["result"]["error"]["error"]


def fires(user, name="t"):
    return user.get(f"activations?name={name}&docs=true&limit=200").ok()


def after(seconds):
    return int((time.time() + seconds) * 1000)


def read(user, name="t", feed="alarm"):
    return lifecycle(user, feed, "READ", name).ok()["response"]["result"]


# ---- the package ----

def test_everybody_sees_the_package(rest):
    listed = rest.get("/api/v1/namespaces/whisk.system/packages").ok()
    assert [p["name"] for p in listed] == ["alarms"] and listed[0]["publish"] is True
    package = rest.get("/api/v1/namespaces/whisk.system/packages/alarms").ok()
    assert sorted(a["name"] for a in package["feeds"]) == ["alarm", "interval", "once"]
    assert package["actions"] == []
    for feed, needs in ("alarm", "cron"), ("interval", "minutes"), ("once", "date"):
        action = rest.get(f"{ALARMS}/{feed}").ok()
        assert action["exec"] == {"kind": "builtin", "binary": False}
        notes = {a["key"]: a["value"] for a in action["annotations"]}
        assert notes["feed"] is True
        assert {"name": needs, "required": True} in notes["parameters"]


def test_nobody_changes_the_package(rest):
    assert rest.delete(f"{ALARMS}/alarm").status == 403
    assert rest.put(f"{ALARMS}/alarm?overwrite=true", {}).status == 403
    assert rest.put(f"{API}/actions/mine", {"exec": {"kind": "builtin", "code": ""}}).status == 400
    listed = rest.daemon.wow("user", "list").stdout
    assert "whisk.system" not in listed


def test_whisk_system_gets_a_key_when_somebody_asks(start_rest):
    daemon = start_rest()
    assert daemon.user().get(f"{ALARMS}/alarm").status == 200
    system = daemon.user("whisk.system")
    assert [p["name"] for p in system.get("packages").ok()] == ["alarms"]
    assert "whisk.system" in daemon.wow("user", "list").stdout
    assert daemon.wow("user", "create", "whisk.system").returncode != 0


def test_through_a_binding(rest):
    rest.put("packages/mine", {"binding": {"namespace": "whisk.system", "name": "alarms"}}).ok()
    rest.put("triggers/t", {}).ok()
    made = rest.post("actions/mine/alarm?blocking=true", {
        "lifecycleEvent": "CREATE", "triggerName": "/_/t", "cron": "0 0 1 1 *"})
    assert made.ok()["response"]["success"] is True
    assert read(rest)["config"]["cron"] == "0 0 1 1 *"


# ---- what parameters mean ----

def test_a_trigger_with_a_feed(rest):
    trigger(rest, cron="0 12 * * mon-fri", timezone="Europe/Berlin", trigger_payload={"n": 1.50},
            strict="true")
    got = read(rest)
    assert got["config"] == {"name": "t", "namespace": rest.name, "payload": {"n": 1.5},
                             "strict": True, "cron": "0 12 * * mon-fri",
                             "timezone": "Europe/Berlin"}
    status = got["status"]
    assert status["active"] is True and abs(status["dateChanged"] / 1000 - time.time()) < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["dateChangedISO"])
    assert refused(lifecycle(rest, "alarm", "CREATE", "t", cron="* * * * *")) == \
        "the trigger t has an alarm already"

    assert lifecycle(rest, "alarm", "UPDATE", "t", cron="1 2 3 4 *",
                     trigger_payload="text").ok()["response"]["success"]
    config = read(rest)["config"]
    assert (config["cron"], config["timezone"]) == ("1 2 3 4 *", "Europe/Berlin")
    assert config["payload"] == {"payload": "text"}

    record = rest.record(lifecycle(rest, "alarm", "DELETE", "t").ok()["activationId"])
    assert record["name"] == "alarm" and record["response"]["result"] == {"status": "success"}
    assert {"key": "kind", "value": "builtin"} in record["annotations"]
    for event in "READ", "UPDATE", "DELETE":
        assert refused(lifecycle(rest, "alarm", event, "t", cron="* * * * *")) == \
            "could not find trigger t in the database"


@pytest.mark.parametrize("feed, parameters, text", [
    ("alarm", {}, "alarms trigger feed is missing the cron parameter"),
    ("alarm", {"cron": ""}, "alarms trigger feed is missing the cron parameter"),
    ("alarm", {"cron": 1234}, "cron pattern '1234' is not valid: it must be a string"),
    ("alarm", {"cron": "* * *"}, "cron pattern '* * *' is not valid: it needs five fields, or six"),
    ("alarm", {"cron": "61 * * * *"}, "cron pattern '61 * * * *' is not valid: '61' is no minute"),
    ("alarm", {"cron": "0 0 30 2 *"}, "cron pattern '0 0 30 2 *' is not valid: there is no such day"),
    ("alarm", {"cron": "* * * * *", "timezone": "Mars/Olympus"}, "Invalid timezone."),
    ("alarm", {"cron": "* * * * *", "timezone": "../../../etc/passwd"}, "Invalid timezone."),
    ("alarm", {"cron": "* * * * *", "timezone": "zone.tab"}, "Invalid timezone."),
    ("alarm", {"cron": "* * * * *", "startDate": "2019-01-31T23:59:00.000Z"},
     "startDate parameter '2019-01-31T23:59:00.000Z' must be in the future"),
    ("alarm", {"cron": "* * * * *", "startDate": "2999-01-02", "stopDate": "2999-01-01"},
     "stopDate parameter '2999-01-01' must be greater than the startDate parameter '2999-01-02'"),
    ("alarm", {"cron": "0 0 1 1 *", "stopDate": after(3600)},
     "the first scheduled trigger fire is not until after the stop date"),
    ("alarm", {"cron": "* * * * *", "stopDate": "2999-01-01", "maxTriggers": 3},
     "maxTriggers is not allowed when the stopDate parameter is specified"),
    ("alarm", {"cron": "* * * * *", "maxTriggers": "x"},
     "the maxTriggers parameter must be an integer greater than zero, or -1"),
    ("alarm", {"cron": "* * * * *", "trigger_payload": [1]},
     "trigger_payload must be an object or a string, not an array"),
    ("interval", {}, "interval trigger feed is missing the minutes parameter"),
    ("interval", {"minutes": 1.5}, "the minutes parameter must be an integer"),
    ("interval", {"minutes": "five"}, "the minutes parameter must be an integer"),
    ("interval", {"minutes": -1}, "the minutes parameter must be an integer greater than zero"),
    ("interval", {"minutes": 10**12}, "the minutes parameter must be at most 52560000"),
    ("interval", {"minutes": 1, "maxTriggers": 1},
     "maxTriggers is not supported for the interval trigger feed"),
    ("once", {}, "alarms once trigger feed is missing the date parameter"),
    ("once", {"date": "tomorrow"}, "date parameter 'tomorrow' is not a valid Date"),
    ("once", {"date": 12}, "date parameter '12' must be in the future"),
    ("once", {"date": {"a": 1}}, "date parameter '{\"a\": 1}' is not a valid Date"),
    ("once", {"date": "2999-01-01", "deleteAfterFire": "maybe"},
     "deleteAfterFire parameter must be one of [false, true, rules]."),
])
def test_what_is_refused(rest, feed, parameters, text):
    rest.put("triggers/t", {}).ok()
    said = refused(lifecycle(rest, feed, "CREATE", "t", **parameters))
    assert said == text
    assert refused(lifecycle(rest, feed, "READ", "t")).startswith("could not find")


def test_updates_that_are_refused(rest):
    trigger(rest, rule=False, cron="* * * * *", startDate="2999-01-01", stopDate="2999-02-01")
    assert refused(lifecycle(rest, "alarm", "UPDATE", "t")) == \
        "no updatable parameters were specified"
    assert refused(lifecycle(rest, "alarm", "UPDATE", "t", startDate="2999-03-01")) == \
        "startDate parameter '2999-03-01' must be less than the stopDate parameter '2999-02-01'"
    assert read(rest)["config"]["startDate"] == "2999-01-01"


def test_whose_trigger_it_is(rest):
    other = rest.daemon.user()
    assert "there is no trigger" in refused(lifecycle(rest, "alarm", "CREATE", "t", cron="@daily"))
    other.put("triggers/t", {}).ok()
    # The namespace that is named counts for nothing: it is the caller's.
    said = refused(rest.post(f"{ALARMS}/alarm?blocking=true", {
        "lifecycleEvent": "CREATE", "triggerName": f"/{other.name}/t", "cron": "@daily"}))
    assert said == f"Trigger authentication request failed: there is no trigger '/{rest.name}/t'."
    rest.put("triggers/t", {}).ok()
    said = refused(rest.post(f"{ALARMS}/alarm?blocking=true", {
        "lifecycleEvent": "CREATE", "triggerName": "/_/t", "authKey": other.key, "cron": "@daily"}))
    assert said == "Trigger authentication request failed: the authKey is not the caller's."
    for event in None, "", "FIRE", 3, {}:
        assert refused(lifecycle(rest, "alarm", event, "t")) == "unsupported lifecycleEvent"


def test_how_many(start_rest):
    rest = start_rest("--limit-alarms", 2).user()
    for name in "abc":
        rest.put(f"triggers/{name}", {}).ok()
    assert lifecycle(rest, "alarm", "CREATE", "a", cron="@daily").status == 200
    assert lifecycle(rest, "alarm", "CREATE", "b", cron="@daily").status == 200
    assert refused(lifecycle(rest, "alarm", "CREATE", "c", cron="@daily")) == \
        "the namespace has 2 alarms, and may have 2: delete one first"
    assert lifecycle(rest, "alarm", "UPDATE", "a", cron="@hourly").status == 200
    rest.delete("triggers/b").ok()
    assert lifecycle(rest, "alarm", "CREATE", "c", cron="@daily").status == 200
    assert rest.daemon.metric("alarms") == 2


# ---- firing ----

def test_a_trigger_is_fired_by_the_clock(rest):
    trigger(rest, cron=EVERY_SECOND, trigger_payload={"who": "Odin"}, maxTriggers=2)
    both = until(lambda: len(f := fires(rest)) == 2 and f, "two fires")
    assert both[0]["start"] // 1000 > both[1]["start"] // 1000
    for fire in both:
        assert fire["response"]["result"] == {"who": "Odin"}
        line = json.loads(fire["logs"][0])
        assert line["rule"] == f"{rest.name}/t-rule" and line["success"] is True
        record = rest.record(line["activationId"])
        assert record["response"]["result"] == {"who": "Odin", "__ow_headers": {}}
    status = until(lambda: not (s := read(rest)["status"])["active"] and s, "the end")
    assert status["reason"] == {"kind": "AUTO",
                                "message": "Automatically disabled after reaching max triggers"}
    assert "needs another maxTriggers" in refused(
        lifecycle(rest, "alarm", "UPDATE", "t", cron="@daily"))
    assert lifecycle(rest, "alarm", "UPDATE", "t", cron="@daily", maxTriggers=1).status == 200
    assert read(rest)["status"]["active"] is True


def test_until_when(rest):
    stop = after(1.5)
    trigger(rest, cron=EVERY_SECOND, stopDate=stop)
    status = until(lambda: not (s := read(rest)["status"])["active"] and s, "the end")
    assert "last scheduled cron trigger" in status["reason"]["message"]
    found = fires(rest)
    assert 1 <= len(found) <= 2
    assert all(f["start"] < stop + LATE * 1000 for f in found)


def test_an_interval_begins(rest):
    begin = after(0.8)
    trigger(rest, feed="interval", minutes=1, startDate=begin)
    fire, = until(lambda: fires(rest), "the first fire")
    assert 0 <= fire["start"] - begin < LATE * 1000
    due = rest.daemon.sql("SELECT next FROM alarm a JOIN namespace n ON n.id = a.ns "
                          f"WHERE n.name = '{rest.name}'")
    assert due == begin + 60000


@pytest.mark.parametrize("afterwards, left", [(None, "tr"), ("false", "tr"), (True, "r"),
                                              ("rules", "")])
def test_once(rest, afterwards, left):
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1.5))
    trigger(rest, feed="once", date=date, trigger_payload={"a": 1},
            **({} if afterwards is None else {"deleteAfterFire": afterwards}))
    fire, = until(lambda: fires(rest), "the fire")
    assert fire["response"]["result"] == {"a": 1}
    assert rest.get("triggers/t").status == (200 if "t" in left else 404)
    assert rest.get("rules/t-rule").status == (200 if "r" in left else 404)
    if "t" in left:
        assert read(rest)["status"]["reason"]["message"] == "Automatically disabled after firing once"
    assert until(lambda: rest.get("activations?name=t-action&docs=true").ok(), "the action's record")


def test_without_a_rule_nothing_happens(rest):
    before = rest.daemon.metric("alarm_ticks_total")
    trigger(rest, rule=False, cron=EVERY_SECOND)
    until(lambda: rest.daemon.metric("alarm_ticks_total") > before + 1, "ticks")
    assert fires(rest) == []
    lifecycle(rest, "alarm", "DELETE", "t").ok()


def test_a_trigger_takes_its_alarm_along(rest):
    trigger(rest, cron=EVERY_SECOND)
    until(lambda: fires(rest), "a fire")
    rest.delete("triggers/t").ok()
    count = ("SELECT count(*) FROM alarm a JOIN namespace n ON n.id = a.ns "
             f"WHERE n.name = '{rest.name}'")
    assert rest.daemon.sql(count) == 0
    rest.put("triggers/t", {}).ok()
    assert refused(lifecycle(rest, "alarm", "READ", "t")).startswith("could not find")


def test_a_user_takes_them_along(start_rest):
    daemon = start_rest()
    gone, stays = daemon.user(), daemon.user()
    trigger(gone, cron=EVERY_SECOND)
    trigger(stays, cron=EVERY_SECOND)
    until(lambda: fires(gone) and fires(stays), "fires of both")
    assert daemon.wow("user", "delete", gone.name).returncode == 0
    assert daemon.sql("SELECT count(*) FROM alarm") == 1
    n = len(fires(stays))
    until(lambda: len(fires(stays)) > n + 1, "more fires")
    assert daemon.sql("SELECT count(DISTINCT ns) FROM activation") == 1


def test_limits_hold_for_the_clock_too(start_rest):
    daemon = start_rest(limits=[])
    user = daemon.user(None, "--fires", 0)
    trigger(user, cron=EVERY_SECOND)
    until(lambda: daemon.metric("alarm_ticks_total") >= 2, "ticks")
    assert fires(user) == []
    assert "alarm.drop" in daemon.log() and "Too many requests" in daemon.log()


# ---- whatever happens ----

def ticks(daemon):
    """Of each alarm's fires, the second they belong to."""
    return [start // 1000 for start, in daemon.rows(
        "SELECT start FROM activation WHERE path = 't' ORDER BY start")]


def change(daemon, statement):
    """The database of a daemon that has ended."""
    with sqlite3.connect(daemon.data / "wow.db") as database:
        database.executescript(statement)
    database.close()


def test_kill_and_restart_never_doubles_a_tick(start_rest, tmp_path):
    daemon = start_rest(place=tmp_path / "a")
    user = daemon.guest
    trigger(user, cron=EVERY_SECOND)
    for _ in range(4):
        n = len(ticks(daemon))
        until(lambda: len(ticks(daemon)) > n, "a tick")
        daemon.kill()
        daemon = start_rest(place=tmp_path / "a")
        user = daemon.guest
    n = len(ticks(daemon))
    until(lambda: len(ticks(daemon)) > n, "a tick after the last start")
    lifecycle(user, "alarm", "DELETE", "t").ok()
    found = ticks(daemon)
    assert len(found) == len(set(found)), found
    # And each that was fired has run its action once.
    until(lambda: daemon.sql("SELECT count(*) FROM activation WHERE path = 't-action'") ==
          len(found), "the actions' records")
    assert daemon.sql("SELECT count(*) FROM pending") == 0


def test_what_nobody_was_there_for(start_rest, tmp_path):
    daemon = start_rest(place=tmp_path / "a")
    user = daemon.guest
    trigger(user, cron="0 0 1 1 *")
    trigger(user, "o", feed="once", date="2999-01-01")
    daemon.stop()
    change(daemon, "UPDATE alarm SET next = 1000")
    daemon = start_rest(place=tmp_path / "a")
    user = daemon.guest
    until(lambda: daemon.metric("alarm_ticks_total") == 2, "both passed over")
    assert fires(user) == []
    assert read(user)["status"]["active"] is True
    next_year, = daemon.rows("SELECT next FROM alarm WHERE kind = 1")[0]
    assert next_year > time.time() * 1000
    assert daemon.rows("SELECT next > 0 FROM alarm WHERE kind = 3") == [(1,)]


def test_a_database_of_before_there_were_alarms(start_rest, tmp_path):
    daemon = start_rest(place=tmp_path / "a")
    system = daemon.user("whisk.system")
    system.put("packages/utils", {"publish": True}).ok()
    daemon.stop()
    change(daemon, "DROP TABLE alarm; DELETE FROM entity WHERE 'alarms' IN (name, package);"
                   "PRAGMA user_version = 1;")
    daemon = start_rest(place=tmp_path / "a", settle=False)
    listed = daemon.guest.get("/api/v1/namespaces/whisk.system/packages").ok()
    assert sorted(p["name"] for p in listed) == ["alarms", "utils"]
    assert User(daemon, "whisk.system", system.key).get("packages/utils").status == 200
    trigger(daemon.guest, cron="@daily")


def test_a_clock_that_was_ahead(start_rest, tmp_path):
    daemon = start_rest(place=tmp_path / "a")
    user = daemon.guest
    trigger(user, cron="0 0 * * *")
    daemon.stop()
    change(daemon, "UPDATE alarm SET since = since + 400 * 86400000, next = next + 400 * 86400000")
    daemon = start_rest(place=tmp_path / "a")
    until(lambda: daemon.sql("SELECT next FROM alarm") < after(86401), "the next day")


def test_many_at_once(start_rest):
    daemon = start_rest("--limit-alarms", 500)
    user = daemon.user()
    user.action("act")
    date = after(4)
    for i in range(100):
        user.put(f"triggers/t{i}", {}).ok()
        user.put(f"rules/r{i}", {"trigger": f"/_/t{i}", "action": "/_/act"}).ok()
        assert lifecycle(user, "once", "CREATE", f"t{i}", date=max(date, after(0.2))).status == 200
    until(lambda: daemon.sql("SELECT count(*) FROM activation WHERE path = 'act'") == 100,
          "all of them")
    assert daemon.sql("SELECT count(*) FROM activation WHERE path LIKE 't%'") == 100


def test_hostile_parameters(rest):
    rest.put("triggers/t", {}).ok()
    for cron in ("*/0 * * * *", "1-0 * * * *", "-1 * * * *", "*/-1 * * * *", "1,,2 * * * *",
                 "99999999999999999999 * * * *", "* * * * * * *", "0 0 0 0 0", "\u0000", "é * * * *",
                 "*" * 300, ", " * 100, "mon * * * *", "* * * * monday", "1/ * * * *",
                 "*/999 * * * *", "' ; DROP TABLE alarm; -- * * *"):
        said = refused(lifecycle(rest, "alarm", "CREATE", "t", cron=cron))
        assert said.startswith("cron pattern '"), cron
    for date in ("", "x" * 10000, "2999-13-01", "2999-01-01T25:00:00Z", -5, 1e300, 10**18, True,
                 [], "99999-01-01"):
        assert lifecycle(rest, "once", "CREATE", "t", date=date).status == 502, date
    for name in None, "", "/", "//", "/_/", "/_/nosuch", 5, ["t"], "a" * 5000, "/_/t/x":
        answer = rest.post(f"{ALARMS}/alarm?blocking=true", {
            "lifecycleEvent": "CREATE", "triggerName": name, "cron": "@daily"})
        assert answer.status == 502, name
    assert lifecycle(rest, "alarm", "CREATE", "t", cron="@daily",
                     trigger_payload={"x": "y" * 900_000}).status == 200
    assert len(read(rest)["config"]["payload"]["x"]) == 900_000


def test_feeds_are_actions_like_others(rest):
    """Not blocking, in a sequence, and by a rule."""
    rest.put("triggers/t", {}).ok()
    arguments = {"lifecycleEvent": "CREATE", "triggerName": "/_/t", "cron": "@daily"}
    made = rest.post(f"{ALARMS}/alarm", arguments).ok(202)
    assert rest.record(made["activationId"])["response"]["success"] is True
    rest.action("echo")
    rest.sequence("s", "/_/echo", "/whisk.system/alarms/alarm").ok()
    got = rest.result("s", {"lifecycleEvent": "READ", "triggerName": "/_/t"})
    assert got["config"]["cron"] == "@daily"
