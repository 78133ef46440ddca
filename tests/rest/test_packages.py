"""Packages and bindings."""
import pytest

from rest import NOT_FOUND


def pairs(**values):
    return [{"key": k, "value": v} for k, v in values.items()]


def test_what_a_package_is(rest):
    made = rest.put("packages/p", {"publish": True, "parameters": pairs(k=1),
                                   "annotations": pairs(a="x"), "name": "q"}).ok()
    assert made.pop("updated") > 0
    assert made == {"namespace": rest.name, "name": "p", "version": "0.0.1", "publish": True,
                    "parameters": pairs(k=1), "annotations": pairs(a="x"), "binding": {}}
    got = rest.get("packages/p").ok()
    assert (got["actions"], got["feeds"]) == ([], [])
    item, = rest.get("packages").ok()
    assert set(item) == {"namespace", "name", "version", "publish", "annotations", "updated",
                         "binding"}
    assert item["binding"] is False


def test_an_update_replaces(rest):
    rest.put("packages/p", {"parameters": pairs(a=1, b=2), "annotations": pairs(x=1)}).ok()
    changed = rest.put("packages/p?overwrite=true", {"parameters": pairs(c=3)}).ok()
    assert (changed["parameters"], changed["annotations"]) == (pairs(c=3), pairs(x=1))
    assert changed["version"] == "0.0.2"
    rest.put("packages/p", {}).fails(409, "resource already exists")


def test_contents(rest):
    rest.put("packages/p")
    rest.action("p/act", annotations=pairs(note=1))
    rest.action("p/feed", annotations=pairs(feed=True))
    shown = rest.get("packages/p").ok()
    assert [a["name"] for a in shown["actions"]] == ["act"]
    assert [f["name"] for f in shown["feeds"]] == ["feed"]
    assert {"key": "note", "value": 1} in shown["actions"][0]["annotations"]
    assert set(shown["actions"][0]) == {"name", "version", "annotations"}
    act = rest.get("actions/p/act").ok()
    assert (act["namespace"], act["name"]) == (f"{rest.name}/p", "act")
    assert len(rest.get("actions/p/").ok()) == 2 and len(rest.get("actions").ok()) == 2
    rest.get("actions/p").fails(409, "Resource by this name exists but is not in this collection.")


def test_deleting_what_is_not_empty(rest):
    rest.put("packages/p")
    rest.action("p/a")
    text = "Package not empty (contains %s). Set force param or delete package contents."
    rest.delete("packages/p").fails(409, text % "1 entity")
    rest.action("p/b")
    rest.delete("packages/p").fails(409, text % "2 entities")
    assert rest.delete("packages/p?force=true").ok()["name"] == "p"
    rest.get("actions/p/a").fails(404, NOT_FOUND)
    assert rest.get("actions").ok() == []
    rest.get("packages/p").fails(
        404, f"The requested resource '{rest.name}/p' does not exist.")


def test_a_package_must_be_there(rest):
    rest.put("actions/none/a", {"exec": {"kind": "wasm:0.1", "code": "AAAA"}}).fails(404, NOT_FOUND)
    rest.get("actions/none/").fails(404, NOT_FOUND)
    rest.put("packages/default").fails(400, "Package name 'default' is reserved.")
    assert rest.post("packages/refresh").status == 501


# ---- bindings ----

@pytest.fixture
def shared(rest):
    """Someone who shares a package, and one that is not shared."""
    other = rest.daemon.user()
    other.put("packages/pub", {"publish": True, "parameters": pairs(a="pub", b="pub")})
    other.action("pub/echo", parameters=pairs(c="action"))
    other.action("pub/feed", annotations=pairs(feed=True))
    other.put("packages/priv")
    return other


def bind(user, name, namespace, target, **more):
    return user.put(f"packages/{name}", {"binding": {"namespace": namespace, "name": target},
                                         **more})


def test_a_binding(rest, shared):
    made = bind(rest, "bnd", shared.name, "pub", parameters=pairs(a="bnd", d="bnd")).ok()
    target = {"namespace": shared.name, "name": "pub"}
    assert made["binding"] == target and made["annotations"] == pairs(binding=target)
    assert rest.get("packages").ok()[0]["binding"] == target
    shown = rest.get("packages/bnd").ok()
    assert {p["key"]: p["value"] for p in shown["parameters"]} == {"a": "bnd", "b": "pub",
                                                                   "d": "bnd"}
    assert (shown["namespace"], shown["name"]) == (rest.name, "bnd")
    assert [a["name"] for a in shown["actions"]] == ["echo"]
    assert [f["name"] for f in shown["feeds"]] == ["feed"]
    listed = rest.get("actions/bnd/").ok()
    assert {a["namespace"] for a in listed} == {f"{shared.name}/pub"}
    got = rest.get("actions/bnd/echo?code=false").ok()
    assert (got["namespace"], got["binding"]) == (f"{shared.name}/pub", f"{rest.name}/bnd")
    assert rest.get("actions?count=true").ok() == {"actions": 0}


def test_running_through_a_binding(rest, shared):
    bind(rest, "bnd", shared.name, "pub", parameters=pairs(a="bnd"))
    answer = rest.invoke("bnd/echo", {"x": 1}).ok()
    assert answer["response"]["result"] == {"a": "bnd", "b": "pub", "c": "action", "x": 1}
    assert answer["namespace"] == rest.name
    notes = {n["key"]: n["value"] for n in answer["annotations"]}
    assert notes["path"] == f"{shared.name}/pub/echo"
    assert notes["binding"] == f"{rest.name}/bnd"
    assert shared.get("activations?count=true").ok() == {"activations": 0}
    # What changes in the package is seen through the binding at once.
    shared.put("packages/pub?overwrite=true", {"parameters": pairs(b="new")}).ok()
    assert rest.result("bnd/echo") == {"a": "bnd", "b": "new", "c": "action"}
    shared.put("actions/pub/echo?overwrite=true", {"parameters": pairs(c="newer")}).ok()
    assert rest.result("bnd/echo")["c"] == "newer"
    rest.put("packages/bnd?overwrite=true", {"parameters": pairs(a="other")}).ok()
    assert rest.result("bnd/echo")["a"] == "other"


def test_no_longer_shared(rest, shared):
    bind(rest, "bnd", shared.name, "pub").ok()
    assert rest.invoke("bnd/echo").status == 200
    shared.put("packages/pub?overwrite=true", {"publish": False}).ok()
    text = f"The supplied authentication is not authorized to access '{shared.name}/pub'."
    rest.invoke("bnd/echo").fails(403, text)
    rest.get("packages/bnd").fails(403, text)
    rest.get("actions/bnd/").fails(403, text)
    rest.post(f"/api/v1/namespaces/{shared.name}/actions/pub/echo").fails(403, text)
    assert rest.delete("packages/bnd").status == 200


def test_bindings_that_cannot_be(rest, shared):
    bind(rest, "b", "_", "nosuch").fails(400, "Binding references a package that does not exist.")
    bind(rest, "b", shared.name, "priv").fails(
        403, f"The supplied authentication is not authorized to access '{shared.name}/priv'.")
    bind(rest, "b", shared.name, "nosuch").fails(
        403, f"The supplied authentication is not authorized to access '{shared.name}/nosuch'.")
    rest.action("act")
    bind(rest, "b", "_", "act").fails(409, "Cannot bind to a resource that is not a package.")
    rest.put("packages/p")
    bind(rest, "one", "_", "p").ok()
    bind(rest, "two", "_", "one").fails(400, "Cannot bind to another package binding.")
    bind(rest, "self", "_", "self").fails(
        422, f"Package binding '{rest.name}/self' contains a circular reference.")
    rest.put("packages/p?overwrite=true",
             {"binding": {"namespace": shared.name, "name": "pub"}}).fails(
        409, "Resource is a package and cannot be converted into a binding.")
    assert rest.put("packages/q", {"binding": {}}).ok()["binding"] == {}


def test_nothing_is_put_into_a_binding(rest, shared):
    bind(rest, "bnd", shared.name, "pub").ok()
    text = "Operation not permitted on package binding."
    rest.put("actions/bnd/x", {"exec": {"kind": "wasm:0.1", "code": "AAAA"}}).fails(400, text)
    rest.delete("actions/bnd/echo").fails(400, text)
    rest.delete("packages/bnd").ok()
    assert shared.get("actions/pub/echo").status == 200


# ---- other people's packages ----

def test_what_others_see(rest, shared):
    theirs = f"/api/v1/namespaces/{shared.name}"
    bind(shared, "bnd", "_", "pub", publish=True).ok()
    listed = rest.get(f"{theirs}/packages").ok()
    assert [p["name"] for p in listed] == ["pub"]
    assert rest.get(f"{theirs}/packages?count=true").ok() == {"packages": 1}
    assert len(shared.get("packages").ok()) == 3
    assert rest.get(f"{theirs}/packages/pub").ok()["actions"][0]["name"] == "echo"
    assert rest.get(f"{theirs}/actions/pub/echo").ok()["exec"]["kind"] == "wasm:0.1"
    assert len(rest.get(f"{theirs}/actions/pub/").ok()) == 2
    ran = rest.post(f"{theirs}/actions/pub/echo?blocking=true", {"x": 1}).ok()
    assert ran["namespace"] == rest.name
    assert ran["response"]["result"] == {"a": "pub", "b": "pub", "c": "action", "x": 1}
    rest.get(f"{theirs}/actions/pub/nosuch").fails(404, NOT_FOUND)
    for method, path in [("PUT", "actions/pub/echo"), ("DELETE", "actions/pub/echo"),
                         ("PUT", "packages/pub"), ("DELETE", "packages/pub"),
                         ("GET", "packages/bnd"), ("POST", "actions/bnd/echo")]:
        assert rest.request(method, f"{theirs}/{path}", {}).status == 403, path
