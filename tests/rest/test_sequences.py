"""Sequences, and compositions, which are sequences that an action decides on."""
import pytest

from rest import NOT_FOUND

MALFORMED = "The request content was malformed:\n"
NAME_FORM = ("requirement failed: The fully qualified name of the entity must contain at least the "
             "namespace and the name of the entity.")


def notes(record):
    return {a["key"]: a["value"] for a in record["annotations"]}


@pytest.fixture
def parts(rest):
    rest.action("a", "errand.c", parameters=[{"key": "from_a", "value": 1}],
                limits={"memory": 128})
    rest.action("b", "errand.c", parameters=[{"key": "from_b", "value": 2}])
    return rest


# ---- making one ----

def test_what_a_sequence_is(parts):
    made = parts.sequence("s", "/_/a", f"/{parts.name}/b").ok()
    components = [f"/{parts.name}/a", f"/{parts.name}/b"]
    assert made["exec"] == {"kind": "sequence", "components": components}
    assert made["parameters"] == [{"key": "_actions", "value": components}]
    assert notes(made)["exec"] == "sequence"
    item = next(i for i in parts.get("actions").ok() if i["name"] == "s")
    assert item["exec"] == {"binary": False}


@pytest.mark.parametrize("components, text", [
    ([], "No component specified for the sequence."),
    (["/_/a"] * 51, "Too many actions in the sequence."),
    (["/_/s"], "Sequence may not refer to itself."),
    (["/_/nosuch"], "Sequence component does not exist."),
    (["/_/p/nosuch"], "Sequence component does not exist."),
    (None, MALFORMED + "'components' must be defined for sequence kind"),
    ("/_/a", MALFORMED + "'components' must be an array"),
    (["a"], MALFORMED + NAME_FORM), ([""], MALFORMED + NAME_FORM), ([5], MALFORMED + NAME_FORM),
    (["/_/a/b/c"], MALFORMED + NAME_FORM)])
def test_a_sequence_that_cannot_be(parts, components, text):
    parts.put("actions/s", {"exec": {"kind": "sequence", "components": components}}).fails(400, text)


def test_nested_sequences_are_counted(parts):
    parts.sequence("ten", *["/_/a"] * 10).ok()
    parts.sequence("fifty", *["/_/ten"] * 5).ok()
    parts.sequence("more", "/_/fifty", "/_/a").fails(400, "Too many actions in the sequence.")


def test_sequences_of_sequences_cost_little(parts):
    parts.sequence("s0", "/_/a").ok()
    for i in range(1, 6):
        parts.sequence(f"s{i}", *[f"/_/s{i - 1}"] * 2).ok()
    parts.sequence("s6", "/_/s5", "/_/s5").fails(400, "Too many actions in the sequence.")
    # A circle cannot be made at once, but of two.
    parts.put("actions/s0?overwrite=true",
              {"exec": {"kind": "sequence", "components": ["/_/s1"]}}).fails(
        400, "Sequence may not refer to itself.")


def test_a_sequence_of_others(parts):
    other = parts.daemon.user()
    other.action("own")
    parts.sequence("s", f"/{other.name}/own").fails(
        403, f"The supplied authentication is not authorized to access '{other.name}/own'.")
    other.put("packages/shared", {"publish": True})
    other.action("shared/echo")
    parts.sequence("s", "/_/a", f"/{other.name}/shared/echo").ok()
    assert parts.result("s", {"x": 1}) == {"x": 1, "from_a": 1}
    other.put("packages/shared?overwrite=true", {"publish": False}).ok()
    assert parts.invoke("s").ok(502)["response"]["result"] == {
        "error": "Sequence component does not exist."}


def test_from_a_sequence_and_back(parts):
    parts.sequence("s", "/_/a").ok()
    parts.put("actions/s?overwrite=true", {"parameters": [{"key": "x", "value": 1}]}).ok()
    assert parts.get("actions/s").ok()["parameters"][0]["key"] == "_actions"
    code = parts.get("actions/a").ok()["exec"]
    plain = parts.put("actions/s?overwrite=true", {"exec": code}).ok()
    assert plain["parameters"] == [] and notes(plain)["exec"] == "wasm:0.1"
    assert parts.result("s", {"x": 1}) == {"x": 1}


# ---- running one ----

def test_each_result_is_the_next_ones_arguments(parts):
    parts.sequence("s", "/_/a", "/_/b").ok()
    answer = parts.invoke("s", {"x": 1})
    record = answer.ok()
    assert record["response"]["result"] == {"from_a": 1, "from_b": 2, "x": 1}
    ids = record["logs"]
    assert len(ids) == 2
    first, second = [parts.record(i) for i in ids]
    assert first["response"]["result"] == {"from_a": 1, "x": 1}
    for part in first, second:
        assert part["cause"] == record["activationId"]
        assert notes(part)["causedBy"] == "sequence"
        assert "topmost" not in notes(part)
    assert record["duration"] == first["duration"] + second["duration"]
    assert notes(record) == {
        "path": f"{parts.name}/s", "kind": "sequence", "topmost": True,
        "waitTime": notes(record)["waitTime"],
        "limits": {"timeout": 60000, "memory": 256, "logs": 10, "concurrency": 1}}
    assert "cause" not in record
    assert parts.record(record["activationId"]) == record


def test_parameters_of_sequence_and_package_are_not_passed_on(parts):
    parts.put("packages/p", {"parameters": [{"key": "k", "value": 1}]})
    parts.sequence("p/s", "/_/b").ok()
    assert parts.result("p/s", {}) == {"from_b": 2}


def test_an_error_is_the_end(parts):
    parts.action("bad", "errand.c", parameters=[{"key": "error", "value": "stop"}])
    parts.sequence("s", "/_/a", "/_/bad", "/_/b").ok()
    record = parts.invoke("s").ok(502)
    assert record["response"]["status"] == "application error"
    assert record["response"]["result"] == {"error": "stop"}
    assert len(record["logs"]) == 2
    parts.action("traps", "errand.c", parameters=[{"key": "trap", "value": True}])
    parts.sequence("t", "/_/traps", "/_/b").ok()
    assert parts.invoke("t").ok(502)["response"]["status"] == "action developer error"


def test_the_first_arguments_may_hold_an_error(parts):
    parts.action("ignores", "ok.wat")
    parts.sequence("s", "/_/ignores", "/_/b").ok()
    assert parts.result("s", {"error": "not mine"}) == {"answer": 42, "from_b": 2}


def test_arrays_pass(parts):
    parts.action("list", "errand.c", parameters=[{"key": "return", "value": [1, 2]}])
    parts.action("echo")
    parts.sequence("s", "/_/list", "/_/echo").ok()
    assert parts.result("s") == [1, 2]


def test_a_component_that_has_gone(parts):
    parts.sequence("s", "/_/a", "/_/b").ok()
    parts.delete("actions/b").ok()
    record = parts.invoke("s").ok(502)
    assert record["response"]["result"] == {"error": "Sequence component does not exist."}
    assert record["response"]["status"] == "application error" and len(record["logs"]) == 1


def test_a_sequence_in_a_sequence(parts):
    parts.sequence("inner", "/_/a", "/_/b").ok()
    parts.sequence("outer", "/_/inner", "/_/a").ok()
    outer = parts.invoke("outer", {"x": 1}).ok()
    assert outer["response"]["result"] == {"from_a": 1, "from_b": 2, "x": 1}
    inner = parts.record(outer["logs"][0])
    assert inner["cause"] == outer["activationId"] and len(inner["logs"]) == 2
    assert (notes(inner)["topmost"], notes(inner)["causedBy"]) == (False, "sequence")
    assert parts.record(inner["logs"][0])["cause"] == inner["activationId"]


def test_circles(parts):
    """They cannot be made, not even by a binding's name; one that came to be all the same ends."""
    itself = "Sequence may not refer to itself."
    parts.sequence("one", "/_/a").ok()
    parts.sequence("two", "/_/one").ok()
    parts.put("actions/one?overwrite=true",
              {"exec": {"kind": "sequence", "components": ["/_/a", "/_/two"]}}).fails(400, itself)
    parts.delete("actions/one").ok()
    parts.sequence("one", "/_/a", "/_/two").fails(400, itself)
    parts.put("packages/p")
    parts.put("packages/bnd", {"binding": {"namespace": "_", "name": "p"}})
    parts.sequence("p/s", "/_/a").ok()
    parts.put("actions/p/s?overwrite=true",
              {"exec": {"kind": "sequence", "components": ["/_/bnd/s"]}}).fails(400, itself)
    # Two packages change places behind a binding.
    parts.put("packages/q")
    parts.sequence("q/s", "/_/bnd/s").ok()
    parts.delete("packages/bnd").ok()
    parts.put("packages/bnd", {"binding": {"namespace": "_", "name": "q"}})
    failed = parts.invoke("q/s").ok(502)
    assert failed["response"]["result"] == {"error": "Too many actions in the sequence."}


def test_a_sequence_that_nobody_waits_for(parts):
    parts.sequence("s", "/_/a", "/_/b").ok()
    ident = parts.post("actions/s", {"x": 1}).ok(202)["activationId"]
    assert parts.record(ident)["response"]["result"] == {"from_a": 1, "from_b": 2, "x": 1}


# ---- compositions ----

@pytest.fixture
def conductor(parts):
    parts.action("echo")
    # Answers what it is told to, in "return".
    parts.action("con", "errand.c", annotations=[{"key": "conductor", "value": True}])
    return parts


def test_a_composition_goes_on_while_an_action_is_named(conductor):
    """The conductor returns {action, params, state}; the state comes back with the result."""
    last = {"return": {"params": {"done": True}}}
    answer = conductor.invoke("con", {"return": {"action": "echo", "params": {"n": 1},
                                                 "state": last}})
    record = answer.ok()
    assert record["response"]["result"] == {"done": True}
    assert notes(record)["conductor"] is True and notes(record)["kind"] == "sequence"
    assert notes(record)["topmost"] is True and len(record["logs"]) == 3
    first, echo, second = [conductor.record(i) for i in record["logs"]]
    assert echo["name"] == "echo" and echo["response"]["result"] == {"n": 1}
    assert first["name"] == second["name"] == "con"
    assert all(p["cause"] == record["activationId"] for p in (first, echo, second))


def test_a_composition_without_an_action_is_its_result(conductor):
    assert conductor.result("con", {"x": 1}) == {"x": 1}
    assert conductor.result("con", {"return": {"params": {"y": 2}, "z": 3}}) == {"y": 2}


@pytest.mark.parametrize("action, text", [
    ("nosuch", "Failed to resolve action with name 'nosuch' during composition."),
    ("/nobody/x", "Failed to resolve action with name '/nobody/x' during composition."),
    (5, "Failed to parse action name from json value 5 during composition.")])
def test_a_composition_that_names_no_action(conductor, action, text):
    failed = conductor.invoke("con", {"return": {"action": action}}).ok(502)
    assert failed["response"]["result"] == {"error": text}


def test_an_endless_composition_ends(conductor):
    conductor.action("con2", "errand.c", annotations=[{"key": "conductor", "value": True}],
                     parameters=[{"key": "return", "value": {"action": "echo"}}])
    failed = conductor.invoke("con2").ok(502)
    assert failed["response"]["result"] == {"error": "Too many actions in the composition."}
    assert len(failed["logs"]) == 101


def test_a_conductors_error_is_the_end(conductor):
    failed = conductor.invoke("con", {"error": "oh"}).ok(502)
    assert failed["response"]["result"] == {"error": "oh"} and len(failed["logs"]) == 1


def test_a_composition_in_packages_and_sequences(conductor):
    conductor.put("packages/p")
    conductor.action("p/echo")
    conductor.sequence("s", "/_/con").ok()
    for name in "p/echo", "/_/p/echo", f"/{conductor.name}/p/echo":
        asked = {"return": {"action": name, "params": {"k": name},
                            "state": {"return": {"params": {"n": 1}}}}}
        assert conductor.result("s", asked) == {"n": 1}
    conductor.get("actions/nosuch").fails(404, NOT_FOUND)
