"""Activations: reading what is kept."""
import pytest

from harness import until
from rest import NOT_FOUND


@pytest.fixture
def ran(rest):
    """Three activations, oldest first."""
    rest.action("a", "errand.c")
    rest.put("packages/p")
    rest.action("p/a", "errand.c")
    asked = [("a", {"n": 1, "print": ["x"]}, 200), ("p/a", {"error": "no"}, 502),
             ("a", {"trap": True}, 502)]
    rest.ids = []
    for name, args, status in asked:
        rest.ids.append(rest.invoke(name, args).ok(status)["activationId"])
        time_passes(rest)
    return rest


def time_passes(rest):
    """Until the last one is older than this millisecond: lists are sorted by start."""
    from harness import epoch_ms
    start = rest.get("activations?limit=1").ok()[0]["start"]
    until(lambda: epoch_ms() > start, "a millisecond passes")


def test_one(ran):
    ident = ran.ids[0]
    record = ran.get(f"activations/{ident}").ok()
    assert record["activationId"] == ident and record["response"]["result"]["n"] == 1
    assert ran.get(f"activations/{ident}/").ok() == record
    assert ran.get(f"activations/{ident}/result").ok() == record["response"]
    assert ran.get(f"activations/{ident}/logs").ok() == {"logs": record["logs"]}
    assert record["logs"][0].endswith(" stdout: x")


def test_items(ran):
    items = ran.get("activations").ok()
    assert [i["activationId"] for i in items] == ran.ids[::-1]
    assert [i["statusCode"] for i in items] == [2, 1, 0]
    assert set(items[0]) == {"namespace", "name", "version", "publish", "annotations",
                             "activationId", "start", "end", "duration", "statusCode"}
    docs = ran.get("activations?docs=true").ok()
    assert docs == [ran.get(f"activations/{i}").ok() for i in ran.ids[::-1]]
    assert "statusCode" not in docs[0] and docs[0]["subject"] == ran.name


def test_by_name(ran):
    def names(query):
        return [i["activationId"] for i in ran.get(f"activations?{query}").ok()]

    assert names("name=a") == [ran.ids[2], ran.ids[0]]
    assert names("name=p/a") == names("name=p%2Fa") == [ran.ids[1]]
    assert names("name=nosuch") == []
    assert names("name=a&limit=1&skip=1") == [ran.ids[0]]
    for bad in "/a", "a/b/c", "":
        answer = ran.get(f"activations?name={bad}")
        answer.fails(400, "The query parameter 'name' was malformed:\nParameter may be a 'simple' "
                          f"name or 'package-name/simple' name: {bad}")


def test_by_time(ran):
    starts = [ran.get(f"activations/{i}").ok()["start"] for i in ran.ids]

    def ids(query):
        return [i["activationId"] for i in ran.get(f"activations?{query}").ok()]

    assert ids(f"since={starts[1]}") == [ran.ids[2], ran.ids[1]]
    assert ids(f"upto={starts[1]}") == [ran.ids[1], ran.ids[0]]
    assert ids(f"since={starts[1]}&upto={starts[1]}") == [ran.ids[1]]
    assert ids(f"name=a&since={starts[1]}") == [ran.ids[2]]
    assert ids("since=9999999999999") == []
    for name in "since", "upto":
        ran.get(f"activations?{name}=x").fails(
            400, f"The query parameter '{name}' was malformed:\nParameter is not a valid value for "
                 "epoch seconds: x")


def test_counts(ran):
    assert ran.get("activations?count=true").ok() == {"activations": 3}
    assert ran.get("activations?count=true&skip=1").ok() == {"activations": 2}
    assert ran.get("activations?count=true&skip=9").ok() == {"activations": 0}
    assert ran.get("activations?count=true&name=a").ok() == {"activations": 2}
    ran.get("activations?count=true&docs=true").fails(
        400, "The parameter 'docs' is not permitted with 'count'.")


@pytest.mark.parametrize("ident, text", [
    ("0" * 31, "Activation id length is 31 but must be 32."),
    ("0" * 33, "Activation id length is 33 but must be 32."),
    ("g" * 32, "The activation id is not valid.")])
def test_a_bad_id(rest, ident, text):
    for more in "", "/result", "/logs":
        rest.get(f"activations/{ident}{more}").fails(400, text)


def test_no_such_activation(ran):
    for more in "", "/result", "/logs":
        ran.get("activations/" + "0" * 32 + more).fails(404, NOT_FOUND)
    # Half of an id is not enough, and another's is nobody else's.
    other = ran.daemon.user()
    other.get(f"activations/{ran.ids[0]}").fails(404, NOT_FOUND)
    wrong = ran.ids[0][:16] + "0" * 16
    ran.get(f"activations/{wrong}").fails(404, NOT_FOUND)


def test_what_was_answered_can_be_read_at_once(rest):
    rest.action("echo")
    for i in range(50):
        ident = rest.invoke("echo", {"i": i}).ok()["activationId"]
        assert rest.get(f"activations/{ident}").ok()["response"]["result"] == {"i": i}
    assert rest.get("activations?count=true").ok() == {"activations": 50}
