"""Actions: what is stored, what an update changes, what is refused."""
import base64

import pytest

from harness import BUILD, action, wasm
from rest import NOT_FOUND, zipped

MALFORMED = "The request content was malformed:\n"
KIND = "wasm:0.1"
ADVICE = "The code is a WebAssembly module that was sent as text"


def code(guest="echo.wat", **more):
    return {"kind": KIND, "code": action(guest), **more}


def annotations(entity):
    return {a["key"]: a["value"] for a in entity["annotations"]}


def parameters(entity):
    return {p["key"]: p["value"] for p in entity["parameters"]}


# ---- the record ----

def test_what_a_new_action_is(rest):
    made = rest.put("actions/a", {"exec": code()}).ok()
    assert made.pop("updated") > 1_500_000_000_000
    assert made == {
        "namespace": rest.name, "name": "a", "version": "0.0.1", "publish": False,
        "exec": {"kind": KIND, "code": action("echo.wat"), "binary": True}, "parameters": [],
        "limits": {"timeout": 60000, "memory": 256, "logs": 10, "concurrency": 1},
        "annotations": [{"key": "provide-api-key", "value": False}, {"key": "exec", "value": KIND}]}
    got = rest.get("actions/a").ok()
    assert got["exec"] == made["exec"]
    short = rest.get("actions/a?code=false").ok()
    assert short["exec"] == {"kind": KIND, "binary": True}
    item, = rest.get("actions").ok()
    assert item["exec"] == {"binary": True} and "parameters" not in item
    assert set(item) == {"namespace", "name", "version", "publish", "annotations", "updated",
                         "limits", "exec"}


def test_the_url_names_it_and_the_server_counts(rest):
    made = rest.put("actions/a", {"exec": code(binary=False), "name": "b", "namespace": "other",
                                  "updated": 1, "what": "ever"}).ok()
    assert (made["name"], made["namespace"], made["exec"]["binary"]) == ("a", rest.name, True)
    assert made["updated"] > 1


def test_values_are_kept_as_they_were_sent(rest):
    text = ('{"exec":{"kind":"wasm:0.1","code":"%s"},"parameters":[{"key":"n","value":'
            '123456789012345678901234567890.50},{"key":"\\u0078","value":[1e400,-0.0, {"a" :1}]}]}'
            % action("echo.wat"))
    rest.put("actions/a", text, headers={"Content-Type": "application/json"}).ok()
    got = rest.get("actions/a?code=false").body.decode()
    assert '{"key":"n","value":123456789012345678901234567890.50}' in got
    assert '{"key":"x","value":[1e400,-0.0, {"a" :1}]}' in got
    answer = rest.post("actions/a?blocking=true&result=true").body.decode()
    assert answer == '{"n":123456789012345678901234567890.50,"x":[1e400,-0.0, {"a" :1}]}'


def test_a_key_said_twice_counts_once(rest):
    made = rest.put("actions/a", {"exec": code(), "parameters": [
        {"key": "k", "value": 1}, {"key": "other", "value": 0}, {"key": "k", "value": 2}]}).ok()
    assert parameters(made) == {"k": 2, "other": 0} and len(made["parameters"]) == 2


# ---- updates ----

def test_an_update_needs_to_be_one(rest):
    rest.put("actions/a", {"exec": code()}).ok()
    rest.put("actions/a", {"exec": code()}).fails(409, "resource already exists")
    assert rest.put("actions/a?overwrite=true", {"exec": code()}).ok()["version"] == "0.0.2"
    assert rest.put("actions/new?overwrite=true", {"exec": code()}).ok()["version"] == "0.0.1"
    rest.put("actions/none?overwrite=true", {}).fails(400, "exec undefined")


def test_what_an_update_leaves_alone(rest):
    rest.put("actions/a", {"exec": code(main="run"), "publish": True,
                           "parameters": [{"key": "p", "value": 1}],
                           "annotations": [{"key": "x", "value": 1}, {"key": "y", "value": 2}],
                           "limits": {"timeout": 2000, "logs": 1}}).ok()
    same = rest.put("actions/a?overwrite=true", {}).ok()
    assert same["exec"] == code(main="run", binary=True)
    assert same["publish"] is True and parameters(same) == {"p": 1}
    assert same["limits"] == {"timeout": 2000, "memory": 256, "logs": 1, "concurrency": 1}
    assert (annotations(same)["x"], annotations(same)["y"]) == (1, 2)

    changed = rest.put("actions/a?overwrite=true", {
        "limits": {"memory": 128}, "publish": False, "delAnnotations": ["x", "nosuch"],
        "annotations": [{"key": "y", "value": 3}, {"key": "exec", "value": "lies"}],
        "parameters": [{"key": "q", "value": None}]}).ok()
    assert changed["limits"] == {"timeout": 2000, "memory": 128, "logs": 1, "concurrency": 1}
    assert changed["publish"] is False and parameters(changed) == {"q": None}
    assert annotations(changed) == {"y": 3, "exec": KIND, "provide-api-key": False}


def test_versions(rest):
    rest.put("actions/a", {"exec": code(), "version": "1.2.3"}).ok()
    assert rest.put("actions/a?overwrite=true", {}).ok()["version"] == "1.2.4"
    assert rest.put("actions/a?overwrite=true", {"version": "0.9.0"}).ok()["version"] == "0.9.0"
    for bad in "1.2", "x", "1.2.3.4", "", "-1.0.0", 3, "99999999999.0.0":
        answer = rest.put("actions/a?overwrite=true", {"version": bad})
        assert answer.status == 400 and answer.error.startswith(MALFORMED), bad
    rest.delete("actions/a").ok()
    assert rest.put("actions/a", {"exec": code()}).ok()["version"] == "0.0.1"


def test_new_code_runs_at_once(rest):
    rest.action("a", "echo.wat")
    assert rest.result("a", {"x": 1}) == {"x": 1}
    rest.put("actions/a?overwrite=true", {"exec": code("ok.wat")}).ok()
    assert rest.result("a", {"x": 1}) == {"answer": 42}
    rest.put("actions/a?overwrite=true", {"exec": code("echo.wat")}).ok()
    rest.put("actions/a?overwrite=true", {"parameters": [{"key": "y", "value": 2}]}).ok()
    assert rest.result("a", {"x": 1}) == {"y": 2, "x": 1}
    rest.delete("actions/a").ok()
    rest.post("actions/a").fails(404, NOT_FOUND)
    rest.get("actions/a").fails(404, NOT_FOUND)
    rest.delete("actions/a").fails(404, NOT_FOUND)


def test_the_same_code_is_stored_once(rest):
    before = rest.daemon.sql("SELECT count(*) FROM code")
    guest = wasm("(module (memory (export \"memory\") 1) (func (export \"_start\")))")
    text = base64.b64encode(guest).decode()
    for name in "a", "b":
        rest.put(f"actions/{name}", {"exec": {"kind": KIND, "code": text}}).ok()
    assert rest.daemon.sql("SELECT count(*) FROM code") == before + 1
    rest.delete("actions/a").ok()
    assert rest.get("actions/b").ok()["exec"]["code"] == text
    rest.delete("actions/b").ok()
    assert rest.daemon.sql("SELECT count(*) FROM code") == before


# ---- code in all its forms ----

def test_zip_and_base64_in_lines(rest):
    for name, text in ("zip", zipped("echo.wat")), ("lines", base64.encodebytes(
            wasm("echo.wat")).decode()):
        rest.put(f"actions/{name}", {"exec": {"kind": KIND, "code": text}}).ok()
        assert rest.result(name, {"a": 1}) == {"a": 1}
        assert rest.get(f"actions/{name}").ok()["exec"]["code"] == text


@pytest.mark.parametrize("text, binary", [
    ("AAAA", True), (" AAAA\n", True), ("AAA=", True), ("AA==", True), ("A===", False),
    ("AAA", False), ("AA A", False), ("AAAA\nAAAA", False), ("A=AA", False), ("", False),
    ("AA-_", False)])
def test_what_counts_as_binary(rest, text, binary):
    made = rest.put("actions/a", {"exec": {"kind": KIND, "code": text}}).ok()
    assert made["exec"] == {"kind": KIND, "code": text, "binary": binary}


def test_a_module_that_was_sent_as_text_is_recognised(rest):
    destroyed = wasm("echo.wat").decode("utf-8", errors="replace")
    answer = rest.put("actions/a", {"exec": {"kind": KIND, "code": destroyed}})
    assert answer.status == 400 and answer.error.startswith(ADVICE)
    assert "wsk action create NAME FILE.zip --kind wasm:0.1" in answer.error
    rest.get("actions/a").fails(404, NOT_FOUND)


def test_code_that_cannot_run_is_taken_with_a_warning(rest):
    """As in OpenWhisk: the first invocation says what is wrong. But it is known before."""
    answer = rest.put("actions/a", {"exec": {"kind": KIND, "code": "AAAA"}})
    assert answer.status == 200
    assert answer.headers["Warning"].startswith("199 wowd \"")
    failed = rest.invoke("a")
    assert failed.status == 502
    response = failed.json["response"]
    assert response["status"] == "action developer error"
    assert response["result"]["error"].startswith("Initialization has failed due to: ")
    assert rest.put("actions/b", {"exec": code()}).headers["Warning"] is None


def test_an_empty_file(rest):
    rest.put("actions/a", {"exec": {"kind": KIND, "code": ""}}).ok()
    assert rest.get("actions/a").ok()["exec"]["code"] == ""
    failed = rest.invoke("a").ok(502)
    assert failed["response"]["result"] == {"error": "Missing main/no code to execute."}


def test_code_is_compiled_when_it_is_created(rest):
    """A log line of the compiler, before anything was invoked."""
    before = rest.daemon.log().count("compile.done")
    fresh = '(module (memory (export "memory") 1) (func (export "_start") (nop) (nop)))'
    rest.action("a", fresh)
    assert rest.daemon.log().count("compile.done") == before + 1


def test_a_reactor_is_called_by_its_name(rest):
    rest.put("actions/a", {"exec": code("reactor.wat", main="greet")}).ok()
    assert rest.get("actions/a").ok()["exec"]["main"] == "greet"


# ---- kinds ----

KINDS = ["wasm:0.1"] + [kind for kind in ("js:wasm", "python:wasm")
                       if (BUILD / "kinds" / (kind.split(":")[0] + ".wasm")).exists()]
THERE = ", ".join(f"'{kind}'" for kind in KINDS)
needs_js = pytest.mark.skipif("js:wasm" not in KINDS, reason="no interpreter: make kinds")
needs_python = pytest.mark.skipif("python:wasm" not in KINDS, reason="no interpreter: make kinds")


def unsupported(kind):
    return (f"{MALFORMED}The specified runtime '{kind}' is not supported by this platform. Valid "
            f"values are: {THERE}, 'sequence', 'blackbox'.")


@pytest.mark.parametrize("sent, stored", [
    ("wasm:0.1", KIND), (" WASM:0.1 ", KIND), ("wasm:default", KIND), ("Wasm:Default", KIND)])
def test_kinds_are_resolved(rest, sent, stored):
    made = rest.put("actions/a", {"exec": {"kind": sent, "code": "AAAA"}}).ok()
    assert made["exec"]["kind"] == annotations(made)["exec"] == stored


def test_the_kinds_there_are_are_told(rest):
    told = rest.daemon.nobody.get("/").ok()["runtimes"]
    assert [r["kind"] for family in told.values() for r in family] == KINDS
    assert rest.get("limits").ok()["allowedKinds"] == KINDS


JAVASCRIPT = "function main(args) { console.log('hi'); return {sum: args.a + args.b} }"


@needs_js
@pytest.mark.parametrize("kind", ["js:wasm", "js:default", "nodejs:default"])
def test_javascript(rest, kind):
    made = rest.put("actions/a", {"exec": {"kind": kind, "code": JAVASCRIPT},
                                  "parameters": [{"key": "b", "value": 2}]}).ok()
    assert made["exec"] == {"kind": "js:wasm", "code": JAVASCRIPT, "binary": False}
    record = rest.invoke("a", {"a": 40}).ok()
    assert record["response"]["result"] == {"sum": 42}
    assert {"key": "kind", "value": "js:wasm"} in record["annotations"]
    assert rest.record(record["activationId"])["logs"][0].endswith(" stdout: hi")


@needs_js
def test_a_mistake_in_javascript(rest):
    answer = rest.put("actions/a", {"exec": {"kind": "js:default", "code": "function main( {"}})
    assert answer.status == 200 and "SyntaxError" in answer.headers["Warning"]
    failed = rest.invoke("a").ok(502)["response"]
    assert failed["status"] == "action developer error" and "SyntaxError" in failed["result"]["error"]


@needs_python
def test_python(rest):
    code = "def main(args):\n    return {'sum': args['a'] + args['b']}\n"
    rest.put("actions/a", {"exec": {"kind": "python:default", "code": code}}).ok()
    assert rest.result("a", {"a": 40, "b": 2}) == {"sum": 42}


@pytest.mark.parametrize("exec_, text", [
    ({"kind": "java:default", "code": "x"}, unsupported("java:default")),
    ({"kind": "wasm:9", "code": "x"}, unsupported("wasm:9")),
    ({"kind": "blackbox", "image": "a/b"},
     MALFORMED + "The specified runtime 'blackbox' is not supported by this platform. Valid values "
     f"are: {THERE}, 'sequence'."),
    ({"code": "x"}, MALFORMED + "'kind' must be a string defined in 'exec'"),
    ({"kind": 1, "code": "x"}, MALFORMED + "'kind' must be a string defined in 'exec'"),
    ([], MALFORMED + "'kind' must be a string defined in 'exec'"),
    ({"kind": KIND}, MALFORMED + "'code' must be a string or attachment object defined in 'exec' "
     "for 'wasm:0.1' actions"),
    ({"kind": KIND, "code": 5}, MALFORMED + "'code' must be a string or attachment object defined "
     "in 'exec' for 'wasm:0.1' actions"),
    (None, "exec undefined")])
def test_an_exec_that_will_not_do(rest, exec_, text):
    rest.put("actions/a", {"exec": exec_} if exec_ is not None else {}).fails(400, text)


# ---- limits and sizes ----

@pytest.mark.parametrize("limits, text", [
    ({"timeout": 400000}, "duration 400000 milliseconds exceeds allowed threshold of 300000 "
     "milliseconds"),
    ({"timeout": 99}, "duration 99 milliseconds below allowed threshold of 100 milliseconds"),
    ({"memory": 1024}, "memory size 1024 MB exceeds allowed threshold of 512 MB"),
    ({"memory": 127}, "memory size 127 MB below allowed threshold of 128 MB"),
    ({"logs": 11}, "log size 11 MB exceeds allowed threshold of 10 MB"),
    ({"logs": -1}, "log size -1 MB below allowed threshold of 0 MB"),
    ({"concurrency": 4}, "concurrency 4 exceeds allowed threshold of 1"),
    ({"concurrency": 0}, "concurrency 0 below allowed threshold of 1")])
def test_limits_have_limits(rest, limits, text):
    rest.put("actions/a", {"exec": code(), "limits": limits}).fails(400, text)
    rest.put("actions/a", {"exec": code()}).ok()
    rest.put("actions/a?overwrite=true", {"limits": limits}).fails(400, text)
    assert rest.get("actions/a").ok()["version"] == "0.0.1"


def test_limits_at_their_edges(rest):
    for i, limits in enumerate([{"timeout": 100, "memory": 128, "logs": 0, "concurrency": 1},
                                {"timeout": 300000, "memory": 512, "logs": 10, "concurrency": 1}]):
        assert rest.put(f"actions/a{i}", {"exec": code(), "limits": limits}).ok()["limits"] == limits
        assert rest.result(f"a{i}", {"x": 1}) == {"x": 1}
    with_instances = rest.put("actions/b", {"exec": code(), "limits": {"instances": 2}}).ok()
    assert with_instances["limits"]["instances"] == 2


def test_instances_within_the_namespaces_concurrency(start_rest):
    guest = start_rest(limits=["--limit-concurrent", 5]).guest
    guest.put("actions/a", {"exec": code(), "limits": {"instances": 6}}).fails(
        400, "Max action instance concurrency must not exceed your namespace concurrency of 5.")


@pytest.mark.parametrize("body", [
    {"limits": []}, {"limits": {"timeout": "1000"}}, {"limits": {"timeout": 1.5}},
    {"parameters": {}}, {"parameters": [1]}, {"parameters": [{"key": "x"}]},
    {"parameters": [{"value": 1}]}, {"parameters": [{"key": 1, "value": 1}]},
    {"annotations": "x"}, {"publish": "yes"}, {"delAnnotations": "x"}, {"delAnnotations": [1]}])
def test_fields_of_the_wrong_form(rest, body):
    answer = rest.put("actions/a", {"exec": code(), **body})
    assert answer.status == 400 and answer.error.startswith(MALFORMED)
    rest.get("actions/a").fails(404, NOT_FOUND)


def test_large_parameters_and_annotations(rest):
    for field in "parameters", "annotations":
        fits = [{"key": "k", "value": "x" * (2**20 - 5)}]
        rest.put(f"actions/{field}", {"exec": code(), field: fits}).ok()
        large = [{"key": "k", "value": "x" * (2**20 - 4)}]
        answer = rest.put("actions/large", {"exec": code(), field: large})
        answer.fails(413, f"{field} larger than allowed: {2**20 + 1} > 1048576 bytes.")


def test_annotations_do_not_grow_without_end(rest):
    rest.put("actions/a", {"exec": code(), "annotations": [{"key": "a", "value": "x" * 900_000}]})
    answer = rest.put("actions/a?overwrite=true",
                      {"annotations": [{"key": "b", "value": "x" * 900_000}]})
    assert answer.status == 413 and answer.error.startswith("annotations larger than allowed: 1800")


def test_large_code(rest):
    size = 48 * 2**20 + 1
    answer = rest.put("actions/a", {"exec": {"kind": KIND, "code": "A" * size}})
    answer.fails(413, f"exec larger than allowed: {size} > 50331648 bytes.")


def test_many_parameters_cost_little(rest):
    """Keys are compared by hash: a million bytes of the shortest are no trouble."""
    many = [{"key": f"{i}", "value": 0} for i in range(60_000)]
    rest.put("actions/a", {"exec": code(), "parameters": many}).ok()
    assert len(rest.result("a", {"x": 1})) == 60_001
    assert rest.result("a", {str(i): 1 for i in range(60_000)})["59999"] == 1


# ---- final ----

def test_final_parameters_are_fixed(rest):
    rest.put("actions/a", {"exec": code(), "annotations": [{"key": "final", "value": True}],
                           "parameters": [{"key": "k", "value": 1}, {"key": "n", "value": None}]})
    text = "Request defines parameters that are not allowed (e.g., reserved properties)."
    rest.invoke("a", {"k": 2}).fails(400, text)
    rest.post("actions/a", {"k": 2}).fails(400, text)
    rest.post("actions/a", '{"\\u006b":2}', headers={"Content-Type": "application/json"}).fails(
        400, text)
    assert rest.result("a", {"n": 2, "m": 3}) == {"k": 1, "n": 2, "m": 3}


# ---- two at once ----

def test_the_later_of_two_updates_is_told(rest):
    """Both read the same revision; one finds that it is no longer the latest."""
    from harness import in_threads
    rest.action("a")
    statuses = in_threads(12, lambda i: rest.put("actions/a?overwrite=true", {
        "parameters": [{"key": "i", "value": i}]}).status)
    assert set(statuses) <= {200, 409} and 200 in statuses
    assert rest.get("actions/a").ok()["version"] == f"0.0.{1 + statuses.count(200)}"
    statuses = in_threads(12, lambda i: rest.put("actions/b", {"exec": code()}).status)
    assert sorted(statuses) == [200] + [409] * 11
