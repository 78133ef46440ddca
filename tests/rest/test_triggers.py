"""Triggers, and the rules that tell what they do."""
import json

import pytest

from harness import until
from rest import NOT_FOUND


def pairs(**values):
    return [{"key": k, "value": v} for k, v in values.items()]


@pytest.fixture
def world(rest):
    rest.action("a", parameters=pairs(own="a"))
    rest.put("packages/p")
    rest.action("p/b")
    rest.put("triggers/t", {"parameters": pairs(k="trigger", own="trigger")})
    return rest


def rule(user, name, action="/_/a", trigger="/_/t", **more):
    return user.put(f"rules/{name}", {"trigger": trigger, "action": action, **more})


def fired(user, body=None, **how):
    """The trigger's activation, and those of its rules' actions."""
    answer = user.post("triggers/t", body, **how)
    ident = answer.ok(202)["activationId"]
    assert answer.headers["x-openwhisk-activation-id"] == ident
    record = user.record(ident)
    lines = [json.loads(line) for line in record["logs"]]
    return record, lines


# ---- triggers ----

def test_what_a_trigger_is(rest):
    made = rest.put("triggers/t", {"parameters": pairs(k=1), "annotations": pairs(a=2)}).ok()
    assert made.pop("updated") > 0
    assert made == {"namespace": rest.name, "name": "t", "version": "0.0.1", "publish": False,
                    "parameters": pairs(k=1), "annotations": pairs(a=2), "limits": {}}
    item, = rest.get("triggers").ok()
    assert set(item) == {"namespace", "name", "version", "publish", "annotations", "updated"}
    changed = rest.put("triggers/t?overwrite=true", {"parameters": pairs(z=3)}).ok()
    assert (changed["parameters"], changed["annotations"]) == (pairs(z=3), pairs(a=2))
    assert rest.delete("triggers/t").ok()["name"] == "t"
    rest.get("triggers/t").fails(404, NOT_FOUND)


def test_feeds_have_a_good_name(rest):
    for bad in "x", 5, "/a/b/c/d":
        rest.put("triggers/t", {"annotations": pairs(feed=bad)}).fails(400, "Feed name is not valid")
    assert rest.put("triggers/t", {"annotations": pairs(feed="/_/p/feed")}).status == 200


# ---- rules ----

def test_what_a_rule_is(world):
    made = rule(world, "r", "/_/p/b", status="", annotations=pairs(n=1)).ok()
    assert made.pop("updated") > 0
    ns = world.name
    assert made == {"namespace": ns, "name": "r", "version": "0.0.1", "publish": False,
                    "annotations": pairs(n=1), "status": "active",
                    "trigger": {"path": ns, "name": "t"}, "action": {"path": f"{ns}/p",
                                                                     "name": "b"}}
    item, = world.get("rules").ok()
    assert "status" not in item and item["trigger"] == made["trigger"]
    assert world.get("triggers/t").ok()["rules"] == {
        f"{ns}/r": {"action": {"path": f"{ns}/p", "name": "b"}, "status": "active"}}


@pytest.mark.parametrize("body, text", [
    ({}, "rule requires a valid trigger and a valid action"),
    ({"trigger": "/_/t"}, "rule requires a valid trigger and a valid action"),
    ({"trigger": "/_/nosuch", "action": "/_/a"}, "trigger /%s/nosuch does not exist"),
    ({"trigger": "/_/t", "action": "/_/nosuch"}, "action /%s/nosuch does not exist"),
    ({"trigger": "/_/t", "action": "/_/p/nosuch"}, "action /%s/p/nosuch does not exist"),
    ({"trigger": "/_/a", "action": "/_/a"}, "trigger /%s/a does not exist")])
def test_a_rule_that_cannot_be(world, body, text):
    world.put("rules/r", body).fails(400, text % world.name if "%" in text else text)


def test_paths_may_be_objects(world):
    made = rule(world, "r", {"path": "_/p", "name": "b"}, {"path": world.name, "name": "t"}).ok()
    assert made["action"] == {"path": f"{world.name}/p", "name": "b"}
    assert world.put("rules/q", {"trigger": "t", "action": "/_/a"}).status == 400


def test_another_users_action(world):
    other = world.daemon.user()
    other.action("own")
    other.put("packages/pub", {"publish": True})
    other.action("pub/echo")
    rule(world, "r", f"/{other.name}/own").fails(
        403, f"The supplied authentication is not authorized to access '{other.name}/own'.")
    rule(world, "r", f"/{other.name}/pub/echo").ok()
    _, lines = fired(world, {"x": 1})
    assert world.record(lines[0]["activationId"])["response"]["result"]["x"] == 1


def test_status(world):
    rule(world, "r").ok()
    answer = world.post("rules/r", {"status": "inactive", "trigger": None, "action": None})
    assert (answer.status, answer.body) == (200, b"OK")
    assert world.get("rules/r").ok()["status"] == "inactive"
    assert world.get("triggers/t").ok()["rules"][f"{world.name}/r"]["status"] == "inactive"
    assert world.put("rules/r?overwrite=true", {"annotations": []}).ok()["status"] == "inactive"
    for _ in range(2):
        assert world.post("rules/r", {"status": "active"}).status == 200
    assert world.get("rules/r").ok()["status"] == "active"
    world.post("rules/r", {"status": "xyz"}).fails(
        400, "The request content was malformed:\nrequirement failed: xyz is not a recognized rule "
             "state")
    for bad in {}, {"status": 5}, {"status": None}:
        assert world.post("rules/r", bad).status == 400
    assert world.delete("rules/r").ok()["status"] == "inactive"
    assert world.get("triggers/t").ok()["rules"] == {}


def test_a_trigger_that_goes(world):
    rule(world, "r").ok()
    world.delete("triggers/t").ok()
    assert world.get("rules/r").ok()["status"] == "inactive"
    world.post("rules/r", {"status": "active"}).fails(
        404, "Only rules with existing triggers can be activated")
    assert world.post("rules/r", {"status": "inactive"}).status == 200
    assert "rules" not in world.put("triggers/t").ok()
    assert world.post("triggers/t").status == 204
    assert world.post("rules/r", {"status": "active"}).status == 200
    assert len(world.get("triggers/t").ok()["rules"]) == 1


def test_a_rule_moves_to_another_trigger(world):
    rule(world, "r").ok()
    world.put("triggers/u")
    rule(world, "r?overwrite=true", trigger="/_/u").ok()
    assert world.get("triggers/t").ok()["rules"] == {}
    assert list(world.get("triggers/u").ok()["rules"]) == [f"{world.name}/r"]
    assert world.post("triggers/t").status == 204
    assert world.post("triggers/u").status == 202


# ---- firing ----

def test_nothing_happens_without_an_active_rule(world):
    for _ in range(2):
        answer = world.post("triggers/t", {"x": 1})
        assert (answer.status, answer.body) == (204, b"")
        assert "x-openwhisk-activation-id" not in answer.headers
        rule(world, "r")
        world.post("rules/r", {"status": "inactive"})
    assert world.get("activations").ok() == []
    world.post("triggers/nosuch").fails(404, NOT_FOUND)


def test_the_triggers_record(world):
    for name, action in ("r1", "/_/a"), ("r2", "/_/p/b"), ("r3", "/_/a"):
        rule(world, name, action).ok()
    world.post("rules/r2", {"status": "inactive"})
    world.delete("actions/a").ok()
    world.action("a")
    record, lines = fired(world, {"x": 1})
    ns = world.name
    assert record.pop("start") > 0 and record.pop("logs") and record.pop("activationId")
    assert record == {"namespace": ns, "name": "t", "version": "0.0.1", "subject": ns,
                      "publish": False, "annotations": [],
                      "response": {"status": "success", "success": True, "result": {"x": 1}}}
    ids = [lines[0].pop("activationId"), lines[2].pop("activationId")]
    assert lines == [
        {"rule": f"{ns}/r1", "action": f"{ns}/a", "statusCode": 0, "success": True},
        {"rule": f"{ns}/r2", "action": f"{ns}/p/b", "statusCode": 1, "success": False,
         "error": f"Rule '{ns}/r2' is inactive, action '{ns}/p/b' was not activated."},
        {"rule": f"{ns}/r3", "action": f"{ns}/a", "statusCode": 0, "success": True}]
    for ident in ids:
        ran = world.record(ident)
        assert ran["name"] == "a" and "cause" not in ran


def test_arguments_of_a_rules_action(world):
    rule(world, "r").ok()
    _, lines = fired(world, {"k": "body"}, headers={"X-Extra": "Yes"})
    seen = world.record(lines[0]["activationId"])["response"]["result"]
    headers = seen.pop("__ow_headers")
    assert headers["x-extra"] == "Yes" and headers["content-type"] == "application/json"
    assert seen == {"k": "body", "own": "trigger"}
    _, lines = fired(world)
    assert world.record(lines[0]["activationId"])["response"]["result"]["k"] == "trigger"


def test_an_action_that_has_gone(world):
    rule(world, "r").ok()
    world.delete("actions/a").ok()
    _, lines = fired(world)
    assert lines == [{"rule": f"{world.name}/r", "action": f"{world.name}/a", "statusCode": 1,
                      "success": False, "error": NOT_FOUND}]


def test_a_trigger_with_many_rules(world):
    for i in range(60):
        rule(world, f"r{i}", "/_/a" if i % 2 else "/_/p/b").ok()
    record, lines = fired(world, {"x": 1})
    assert len(lines) == len(world.get("triggers/t").ok()["rules"]) == 60
    for line in lines:
        assert world.record(line["activationId"])["response"]["success"] is True
    assert record["name"] == "t"


def test_rules_count_as_invocations(start_rest):
    daemon = start_rest(limits=["--limit-invocations", 1])
    guest = daemon.guest
    guest.action("a")
    guest.put("triggers/t")
    rule(guest, "r1").ok()
    rule(guest, "r2").ok()
    _, lines = fired(guest)
    later = guest.post("actions/a")
    if later.status != 429:
        pytest.skip("a new minute has begun meanwhile")
    assert [line["success"] for line in lines] == [True, False]
    assert lines[1]["error"].startswith("Too many requests in the last minute")


def test_the_list_of_activations_has_triggers(world):
    rule(world, "r").ok()
    fired(world)
    until(lambda: len(world.get("activations").ok()) == 2, "both are there")
    item = next(i for i in world.get("activations?name=t").ok())
    assert "end" not in item and "duration" not in item and item["statusCode"] == 0
