"""Invoking: outcomes, waiting, arguments, context, logs, limits."""
import http.client
import re
import time

import pytest

from harness import ENGINES, TIMED_OUT, Background, epoch_ms, in_threads, until
from rest import API, NOT_FOUND

MAYBE_LOST = "The action did not initialize or run as expected. Log data might be missing."
TOO_OFTEN = "Too many requests in the last minute (count: %d, allowed: %d)."
TOO_MANY = "Too many concurrent requests in flight (count: %d, allowed: %d)."


def notes(record):
    return {a["key"]: a["value"] for a in record["annotations"]}


@pytest.fixture
def errand(rest):
    rest.action("errand", "errand.c", limits={"timeout": 5000})
    return rest


# ---- outcomes ----

def test_the_record_of_a_blocking_invocation(errand):
    before = epoch_ms()
    answer = errand.invoke("errand", {"return": {"sum": 3}, "print": ["hello"]})
    record = answer.ok()
    assert answer.headers["x-openwhisk-activation-id"] == record["activationId"]
    assert re.fullmatch(r"[0-9a-f]{32}", record["activationId"])
    assert before - 1 <= record["start"] <= record["end"] <= epoch_ms()
    assert record["duration"] == record["end"] - record["start"]
    assert (record["namespace"], record["name"], record["version"], record["subject"],
            record["publish"]) == (errand.name, "errand", "0.0.1", errand.name, False)
    assert record["response"] == {"status": "success", "success": True, "result": {"sum": 3},
                                  "size": 9}
    assert record["logs"] == [] and "cause" not in record
    assert notes(record) == {
        "path": f"{errand.name}/errand", "kind": "wasm:0.1", "timeout": False,
        "waitTime": notes(record)["waitTime"], "initTime": notes(record)["initTime"],
        "limits": {"timeout": 5000, "memory": 256, "logs": 10, "concurrency": 1}}
    kept = errand.record(record["activationId"])
    assert len(kept.pop("logs")) == 1
    record.pop("logs")
    assert kept == record


def test_only_a_cold_start_has_an_init_time(errand):
    assert "initTime" in notes(errand.invoke("errand").ok())
    for _ in range(3):
        assert "initTime" not in notes(errand.invoke("errand").ok())
    errand.put("actions/errand?overwrite=true", {}).ok()
    assert "initTime" in notes(errand.invoke("errand").ok())


@pytest.mark.parametrize("error", ["no good", 5, True, None, {"statusCode": 404}, [1]])
def test_an_application_error(errand, error):
    failed = errand.invoke("errand", {"error": error, "more": 1})
    response = failed.ok(502)["response"]
    assert (response["status"], response["success"]) == ("application error", False)
    assert response["result"] == {"error": error} and "code" not in failed.json
    assert errand.post("actions/errand?blocking=true&result=true",
                       {"error": error}).ok(502) == {"error": error}


def test_a_developer_error(errand):
    failed = errand.invoke("errand", {"trap": True, "print": ["before"]}).ok(502)
    assert failed["response"]["status"] == "action developer error"
    assert list(failed["response"]["result"]) == ["error"]
    assert "code" not in failed and failed["logs"] == []
    logs = errand.record(failed["activationId"])["logs"]
    assert [line.split(" ", 1)[1] for line in logs] == ["stdout: before", f"stderr: {MAYBE_LOST}"]


def test_the_time_limit(rest):
    rest.action("slow", "errand.c", limits={"timeout": 300})
    failed = rest.invoke("slow", {"burn": 5000}).ok(502)
    assert failed["response"]["result"] == {"error": TIMED_OUT % 300}
    assert failed["response"]["status"] == "action developer error"
    assert notes(failed)["timeout"] is True and 250 <= failed["duration"] <= 1000


def test_memory_that_runs_out(rest):
    rest.action("hungry", "hungry.c", limits={"memory": 128})
    failed = rest.invoke("hungry", {"mb": 4000}).ok(502)
    assert failed["response"]["status"] in ("action developer error", "application error")


@pytest.mark.parametrize("value", [[1, 2, 3], []])
def test_an_array_comes_bare(errand, value):
    for query in "blocking=true", "blocking=true&result=true":
        answer = errand.post(f"actions/errand?{query}", {"return": value})
        assert answer.ok() == value
    record = errand.record(answer.headers["x-openwhisk-activation-id"])
    assert record["response"]["result"] == value and record["response"]["success"] is True


def test_a_result_that_is_too_long(errand):
    fits = errand.result("errand", {"fill": 2**20 - 20})
    assert len(fits["filled"]) == 2**20 - 20
    failed = errand.invoke("errand", {"fill": 2**20}).ok(502)["response"]
    size = 2**20 + len('{"filled":""}')
    assert failed["status"] == "application error"
    text = failed["result"]["error"]
    assert text.startswith("The action produced a response that exceeded the allowed length: "
                           f"{size} > 1048576 bytes. The truncated response was: {{\"filled\":\"x")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_means_the_same(rest, engine):
    rest.action("errand", "errand.c", annotations=[{"key": "wow-engine", "value": engine}])
    assert rest.result("errand", {"a": [1, "ä"]}) == {"a": [1, "ä"]}
    assert rest.invoke("errand", {"error": "x"}).status == 502
    assert rest.invoke("errand", {"trap": True}).ok(502)["response"]["status"] == \
        "action developer error"


# ---- waiting ----

def test_a_non_blocking_invocation(errand):
    answer = errand.post("actions/errand", {"return": {"x": 1}})
    assert answer.ok(202) == {"activationId": answer.headers["x-openwhisk-activation-id"]}
    record = errand.record(answer.json["activationId"])
    assert record["response"]["result"] == {"x": 1}
    for query in "blocking=false&result=true", "result=true":
        assert errand.post(f"actions/errand?{query}").status == 202


def test_nothing_is_a_body_too(errand):
    connection = http.client.HTTPConnection(*errand.daemon.rest, timeout=20)
    connection.request("POST", f"{API}/actions/errand?blocking=true&result=true", b"",
                       {"Authorization": errand.basic(), "Content-Length": "0"})
    assert connection.getresponse().read() == b"{}"
    connection.close()


def test_who_has_waited_long_enough_is_told_the_id(errand):
    began = time.monotonic()
    answer = errand.post("actions/errand?blocking=true&timeout=100",
                         {"burn": 600, "return": {"late": True}})
    assert time.monotonic() - began < 0.55
    ident = answer.ok(202)["activationId"]
    assert answer.headers["x-openwhisk-activation-id"] == ident
    assert errand.get(f"activations/{ident}").status == 404
    assert errand.record(ident)["response"]["result"] == {"late": True}


@pytest.mark.parametrize("timeout", ["0", "60001", "x", "-1", ""])
def test_a_bad_wait(errand, timeout):
    errand.post(f"actions/errand?blocking=true&timeout={timeout}").fails(
        400, "The query parameter 'timeout' was malformed:\nTimeout must be number of "
             "milliseconds up to 60000.")


def test_a_client_that_goes_away_changes_nothing(errand):
    connection = http.client.HTTPConnection(*errand.daemon.rest, timeout=20)
    connection.request("POST", f"{API}/actions/errand?blocking=true", '{"burn":200}',
                       {"Authorization": errand.basic(), "Content-Type": "application/json"})
    connection.close()
    until(lambda: errand.get("activations?count=true").json == {"activations": 1},
          "the activation has ended")


# ---- arguments and context ----

def test_arguments_over_the_actions_parameters(rest):
    rest.put("packages/p", {"parameters": [{"key": k, "value": "package"} for k in "abcd"]})
    rest.action("p/e", parameters=[{"key": k, "value": "action"} for k in "bc"])
    rest.put("packages/bnd", {"binding": {"namespace": "_", "name": "p"},
                              "parameters": [{"key": k, "value": "binding"} for k in "ab"]})
    assert rest.result("p/e", {"c": "request"}) == {"a": "package", "b": "action", "c": "request",
                                                    "d": "package"}
    assert rest.result("bnd/e", {"c": "request"}) == {"a": "binding", "b": "action",
                                                      "c": "request", "d": "package"}


def test_context_is_in_the_environment(rest):
    rest.put("packages/p")
    rest.action("p/errand", "errand.c", parameters=[
        {"key": "ENV_TEXT", "value": "x y", "init": True},
        {"key": "ENV_LIST", "value": [1, 2], "init": True},
        {"key": "ENV_NULL", "value": None, "init": True}, {"key": "plain", "value": 1}])
    names = ["NAMESPACE", "ACTION_NAME", "ACTION_VERSION", "ACTIVATION_ID", "TRANSACTION_ID",
             "DEADLINE", "API_HOST", "API_KEY"]
    ask = ["__OW_" + name for name in names] + ["ENV_TEXT", "ENV_LIST", "ENV_NULL"]
    answer = rest.post("actions/p/errand?blocking=true", {"env": ask},
                       headers={"X-Request-ID": "tid-1"}).ok()
    seen = answer["response"]["result"]
    assert seen["__OW_NAMESPACE"] == rest.name
    assert seen["__OW_ACTION_NAME"] == f"/{rest.name}/p/errand"
    assert seen["__OW_ACTION_VERSION"] == "0.0.1"
    assert seen["__OW_ACTIVATION_ID"] == answer["activationId"]
    assert seen["__OW_TRANSACTION_ID"] == "tid-1"
    assert seen["__OW_API_HOST"] == rest.daemon.apihost
    assert 55_000 < int(seen["__OW_DEADLINE"]) - epoch_ms() <= 60_000
    assert seen["__OW_API_KEY"] is None
    assert (seen["ENV_TEXT"], seen["ENV_LIST"], seen["ENV_NULL"]) == ("x y", "[1, 2]", "")
    assert rest.result("p/errand") == {"plain": 1}


def test_a_key_for_actions_that_ask_for_one(rest):
    rest.action("errand", "errand.c", annotations=[{"key": "provide-api-key", "value": True}])
    key = rest.result("errand", {"env": ["__OW_API_KEY"]})["__OW_API_KEY"]
    assert key != rest.key and key.split(":")[0] == rest.key.split(":")[0]
    rest.key = key
    assert rest.get("actions?count=true").ok() == {"actions": 1}


# ---- logs ----

def test_logs_are_kept(errand):
    record = errand.invoke("errand", {"print": ["one", "zwei ä"], "complain": ["oh"]}).ok()
    ident = record["activationId"]
    logs = errand.get(f"activations/{ident}/logs").ok()["logs"]
    for line in logs:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z std(out|err): .*", line)
    assert [line[31:] for line in logs] == ["stdout: one", "stdout: zwei ä", "stderr: oh"]


def test_logs_have_a_limit(rest):
    rest.action("flood", "flood.wat", limits={"logs": 1})
    ident = rest.invoke("flood").ok()["activationId"]
    logs = rest.record(ident)["logs"]
    assert logs[-1].endswith("Logs were truncated because the total bytes size exceeds the limit "
                             "of 1048576 bytes.")
    assert sum(map(len, logs)) < 1_200_000


def test_logs_of_many_lines(rest):
    """Of 20 MiB of line ends as many are kept as an invoker would, which is far more text."""
    rest.action("flood", "flood.wat", limits={"logs": 10, "timeout": 30000})
    rest.action("list", "errand.c", parameters=[{"key": "return", "value": [0]}])
    rest.sequence("s", "/_/list", "/_/flood").ok()
    answer = rest.post("actions/s?blocking=true", {}, timeout=40)
    logs = rest.record(answer.ok()["logs"][1])["logs"]
    assert len(logs) > 200_000
    assert logs[-1].endswith("Logs were truncated because the total bytes size exceeds the limit "
                             "of 10485760 bytes.")


def test_a_limit_of_0_keeps_none(rest):
    rest.action("errand", "errand.c", limits={"logs": 0})
    for args, status in ({"print": ["x"]}, 200), ({"print": ["x"], "trap": True}, 502):
        ident = rest.invoke("errand", args).ok(status)["activationId"]
        assert rest.record(ident)["logs"] == []


# ---- limits of a namespace ----

def test_invocations_per_minute(start_rest):
    daemon = start_rest(limits=["--limit-invocations", 5, "--limit-fires", 2])
    guest = daemon.guest
    guest.action("a")
    guest.put("triggers/t")
    first = time.time() // 60
    answers = [guest.post("actions/a") for _ in range(7)]
    missing = guest.post("actions/nosuch")
    fires = [guest.post("triggers/t") for _ in range(3)]
    if time.time() // 60 != first:
        pytest.skip("a new minute has begun meanwhile")
    assert [a.status for a in answers] == [202] * 5 + [429] * 2
    answers[5].fails(429, TOO_OFTEN % (6, 5))
    answers[6].fails(429, TOO_OFTEN % (7, 5))
    missing.fails(429, TOO_OFTEN % (8, 5))
    assert [f.status for f in fires] == [204, 204, 429]
    fires[2].fails(429, TOO_OFTEN % (3, 2))
    other = daemon.user()
    other.action("a")
    assert other.post("actions/a").status == 202
    assert daemon.metric("throttled_total") == 4


def test_invocations_at_once(start_rest):
    daemon = start_rest(limits=["--limit-invocations", 1000, "--limit-concurrent", 2])
    guest = daemon.guest
    guest.action("slow", "sleep.wat", limits={"timeout": 5000})
    guest.action("errand", "errand.c")
    slow = [guest.post("actions/errand", {"burn": 1500}) for _ in range(2)]
    assert [s.status for s in slow] == [202, 202]
    for query in "", "?blocking=true":
        guest.post(f"actions/errand{query}").fails(429, TOO_MANY % (2, 2))
    for answer in slow:
        guest.record(answer.json["activationId"])
    assert guest.invoke("errand").status == 200


def test_many_at_once_are_all_answered(errand):
    results = in_threads(40, lambda i: errand.result("errand", {"return": {"i": i}, "burn": 5}))
    assert sorted(r["i"] for r in results) == list(range(40))
    assert errand.get("activations?count=true").ok() == {"activations": 40}


def test_one_namespaces_work_does_not_stop_anothers(errand):
    other = errand.daemon.user()
    other.action("errand", "errand.c")
    busy = [Background(lambda: errand.invoke("errand", {"burn": 700})) for _ in range(6)]
    began = time.monotonic()
    assert other.result("errand", {"x": 1}) == {"x": 1}
    assert time.monotonic() - began < 3
    assert all(b.wait().status == 200 for b in busy)


def test_a_missing_action(rest):
    rest.post("actions/nosuch").fails(404, NOT_FOUND)
    rest.post("actions/nosuch/a").fails(404, NOT_FOUND)
