"""What the operator's policy lets an action ask for and use, and who cannot change it."""
import json
import re
import signal
import time
import zipfile

import pytest

from harness import (BUILD, ROOT, TIMED_OUT, Background, epoch_ms, run_wowd, until, wasm,
                     zip_of)

GUEST = {"__OW_NAMESPACE": "guest"}


def built(name):
    return (BUILD / "guests" / f"{name}.wasm").read_bytes()


def zipped(guest, manifest):
    return zip_of(("action.wasm", wasm(guest)), ("wow.json", json.dumps(manifest)),
                  method=zipfile.ZIP_DEFLATED)


@pytest.fixture
def policed(own_wowd, tmp_path):
    """Start a wowd with this policy; its file is wowd.policy."""
    def start(policy, *options, **how):
        file = tmp_path / "policy.json"
        file.write_text(json.dumps(policy))
        wowd = own_wowd("--policy", file, *options, **how)
        wowd.policy = file
        return wowd

    tmp_path.chmod(0o755)
    return start


def reload(wowd, policy, event="policy.loaded"):
    """Have it read another policy; the line of its log that tells what came of it."""
    wowd.policy.write_text(policy if isinstance(policy, str) else json.dumps(policy))
    seen = wowd.log().count(event)
    wowd.process.send_signal(signal.SIGHUP)
    until(lambda: wowd.log().count(event) > seen, f"the log says {event}")
    return [line for line in wowd.log().splitlines() if event in line][-1]


def refused(wowd, guest="ok.wat", status=403, **value):
    reply = wowd.start().init(guest, **value)
    assert reply.status == status, (reply.status, reply.body)
    return reply.error


# ---- limits ----

@pytest.mark.parametrize("limits, says", [
    ({"memory": 65}, "limits: memory of 65 MB is more than the 64 MB allowed"),
    ({"timeout": 5001}, "limits: timeout of 5001 ms is more than the 5000 ms allowed"),
    ({"logs": 2}, "limits: logs of 2 MB is more than the 1 MB allowed"),
    ({"concurrency": 4}, "limits: concurrency of 4 is more than the 3 allowed")])
def test_what_an_action_asks_for_beyond_its_namespaces_caps_is_named(policed, limits, says):
    wowd = policed({"namespaces": {"guest": {"memory_mb": 64, "timeout_ms": 5000, "logs_mb": 1,
                                             "concurrency": 3}}})
    assert says in refused(wowd, status=400, limits=limits, env=GUEST)
    less = {name: value - 1 for name, value in limits.items()}
    assert wowd.container("ok.wat", limits=less, env=GUEST).run({}).result == {"answer": 42}
    assert wowd.container("ok.wat", limits=limits).run({}).result == {"answer": 42}


def test_a_cap_holds_for_who_asks_for_nothing(policed):
    wowd = policed({"default": {"memory_mb": 2, "logs_mb": 1, "timeout_ms": 300, "result_kb": 1}})
    pages, _ = wowd.container("grow.wat").run({}).result
    assert pages == 32
    log = wowd.container("flood.wat").run([], logs=True).json["logs"]
    assert 900_000 < sum(map(len, log)) < 2_000_000 and "1048576 bytes" in log[-1]
    for deadline in ({}, {"deadline": epoch_ms() + 60000}):
        assert wowd.container("sleep.wat").run([20000], **deadline).failure(2) == TIMED_OUT % 300
    size = wowd.container("size.wat")
    envelope = len('{"Ok":}')
    assert len(size.run([1024 + envelope]).body) > 1024
    assert "exceeded the allowed length: 1025 > 1024 bytes" in size.run(
        [1025 + envelope]).failure(2)


def test_a_namespace_says_only_what_is_otherwise(policed):
    wowd = policed({"default": {"memory_mb": 2, "result_kb": 1},
                    "namespaces": {"guest": {"memory_mb": 4}}})
    container = wowd.container("grow.wat", env=GUEST)
    assert container.run({}).result[0] == 64
    assert wowd.container("grow.wat").run({}).result[0] == 32
    size = wowd.container("size.wat", env=GUEST)
    assert "> 1024 bytes" in size.run([1100]).failure(2)


def test_the_namespace_is_the_activations(policed):
    wowd = policed({"namespaces": {"guest": {"memory_mb": 2}}}, "--memory", "8")
    container = wowd.container("grow.wat")
    assert container.run({}).result[0] == 128
    assert container.run({}, namespace="guest").result[0] == 32


def test_a_namespace_runs_so_many_at_once(policed):
    wowd = policed({"namespaces": {"guest": {"activations": 2}}}, "--queue-wait", "300")
    one, two = (wowd.container("sleep.wat", env=GUEST) for _ in range(2))
    runs = [Background(lambda c=c: c.run([2000])) for c in (one, two)]
    until(lambda: len([1 for run in runs if not run.is_done()]) == 2 and len(wowd.workers()) >= 2,
          "both run")
    reply = one.run([0], namespace="guest")
    assert reply.status == 503 and "its namespace may run 2 at once" in reply.error
    assert one.run([0], namespace="other").result == {}
    assert [run.wait().result for run in runs] == [{}, {}]
    assert one.run([0]).result == {}


def test_clocks_are_real_and_can_be_made_coarse(policed):
    wowd = policed({"namespaces": {"guest": {"clock_us": 100000}}})
    fine, coarse = wowd.container(built("clock")), wowd.container(built("clock"), env=GUEST)
    real = fine.run({}).result
    assert real["resolution"] < 1000
    assert abs(real["realtime"] - time.time_ns()) < 10e9
    assert real["monotonic"] == sorted(real["monotonic"])
    assert any(t % 1000 for t in real["monotonic"]), "not the clock's own resolution"
    assert real["random"] != fine.run({}).result["random"]
    seen = coarse.run({}).result
    assert seen["resolution"] == 100_000_000
    assert {t % 100_000_000 for t in [seen["realtime"], *seen["monotonic"]]} == {0}
    assert abs(seen["realtime"] - time.time_ns()) < 10e9


# ---- profiles ----

def test_a_profile_raises_and_lowers(policed):
    wowd = policed({"default": {"memory_mb": 4}, "profiles": {
        "big": {"memory_mb": 16}, "small": {"memory_mb": 1}}}, "--memory", "32")
    for profile, pages in (("big", 256), ("small", 16), (None, 64)):
        container = wowd.start(profile)
        assert container.init("grow.wat", env=GUEST).status == 200
        assert container.run({}).result[0] == pages
    container = wowd.start("big")
    assert container.init("ok.wat", limits={"memory": 16}).status == 200
    assert "more than the 1 MB" in wowd.start("small").init("ok.wat", limits={"memory": 2}).error


def test_a_profile_must_be_there(policed, wowd):
    for daemon in (wowd, policed({"profiles": {"net": {}}})):
        reply = daemon.post("/start", {"profile": "wasm-net"})
        assert (reply.status, reply.error) == (404, "the policy has no profile 'wasm-net'")
    for body in ({"profile": 1}, {"profile": "x" * 1000}, "[]", "{"):
        assert wowd.post("/start", body).status == 400


def test_a_namespace_may_be_kept_from_a_profile(policed):
    wowd = policed({"namespaces": {"guest": {"profiles": ["small"]}, "none": {"profiles": []}},
                    "profiles": {"big": {}, "small": {}}})
    says = "the namespace may not use the profile '%s'"
    for ns, profile, status in (("guest", "small", 200), ("guest", "big", 403),
                                ("none", "small", 403), ("other", "big", 200), ("none", None, 200)):
        reply = wowd.start(profile).init("ok.wat", env={"__OW_NAMESPACE": ns})
        assert reply.status == status
        assert status == 200 or says % profile in reply.error


def test_a_profile_that_is_gone_runs_nothing(policed):
    wowd = policed({"profiles": {"small": {"memory_mb": 1}}})
    container = wowd.start("small")
    assert container.init("grow.wat").status == 200
    reload(wowd, {})
    assert container.run({}).failure(3) == "The policy no longer has the profile 'small'."
    reload(wowd, {"profiles": {"small": {"memory_mb": 2}}})
    assert container.run({}).result[0] == 32


# ---- SIGHUP, broken files ----

BROKEN = [
    ("{", ":1: "), ("[]", "not a JSON object"), ("", ":1: "),
    ('{"defaults": {}}', '"defaults" is neither "default" nor "namespaces" nor "profiles"'),
    ('{"default": 1}', '"default": it must be an object'),
    ('{"namespaces": []}', '"namespaces": it must be an object'),
    ('{"namespaces": {"a": 1}}', '"namespaces": "a": it must be an object'),
    ('{"default": {"ram": 1}}', '"default": "ram" is nothing that a policy can say'),
    ('{"default": {"memory_mb": "1"}}', '"memory_mb" must be a number from 1 to 4096'),
    ('{"default": {"memory_mb": 0}}', '"memory_mb" must be a number from 1 to 4096'),
    ('{"default": {"memory_mb": 1.5}}', '"memory_mb" must be a number from 1 to 4096'),
    ('{"default": {"memory_mb": 513}}', "513 is more than this daemon's --memory-max, 512"),
    ('{"default": {"logs_mb": 11}}', '"logs_mb" must be a number from 0 to 10'),
    ('{"default": {"result_kb": 8193}}', '"result_kb" must be a number from 1 to 8192'),
    ('{"default": {"hosts": "a.com"}}', '"default": "hosts": it must be an array of texts'),
    ('{"default": {"hosts": [1]}}', '"hosts": it must be an array of texts'),
    ('{"default": {"hosts": ["ftp://a.com"]}}', '"default": "hosts": \'ftp://a.com\' is not'),
    ('{"default": {"addresses": ["10.0.0.0/33"]}}', "'10.0.0.0/33' is no address"),
    ('{"default": {"directories": ["data"]}}', "'data' is not an absolute path"),
    ('{"default": {"profiles": ["x"]}}', '"default": there is no profile "x"'),
    ('{"profiles": {"x": {"profiles": []}}}', '"x": a profile has no "profiles"'),
    ('{"default": {}, "default": {}}', "duplicate")]


@pytest.mark.parametrize("text, says", BROKEN)
def test_a_broken_policy_is_an_error_at_start(tmp_path, text, says):
    file = tmp_path / "policy.json"
    file.write_text(text)
    done = run_wowd("--policy", file, "--executor", "127.0.0.1:0", "--proxy-port", "0", "--rest", "off",
                    "--data", tmp_path / "d", "--cache", tmp_path / "c")
    assert done.returncode == 64 and done.stdout == ""
    assert done.stderr.startswith("wowd: ") and done.stderr.count("\n") == 1
    assert says in done.stderr and str(file) in done.stderr


def test_a_policy_that_is_not_there_is_an_error_at_start(tmp_path):
    done = run_wowd("--policy", "/no/such.json", "--executor", "127.0.0.1:0", "--proxy-port", "0",
                    "--rest", "off",
                    "--data", tmp_path / "d", "--cache", tmp_path / "c")
    assert done.returncode != 0 and "/no/such.json" in done.stderr


def test_a_broken_policy_at_sighup_changes_nothing(policed):
    wowd = policed({"default": {"memory_mb": 2}})
    container = wowd.container("grow.wat")
    for text, says in BROKEN:
        line = reload(wowd, text, "policy.broken")
        assert says in line and "the one before stays" in line
    wowd.policy.unlink()
    wowd.process.send_signal(signal.SIGHUP)
    until(lambda: "No such file" in wowd.log(), "the log says that it is gone")
    assert container.run({}).result[0] == 32
    assert wowd.container("grow.wat").run({}).result[0] == 32


def test_another_policy_holds_from_the_next_activation_on(policed, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "in.txt").write_text("hello")
    data.chmod(0o755)
    wowd = policed({"default": {"memory_mb": 2, "directories": [f"{data}:ro"]}})
    grow = wowd.container("grow.wat")
    file = wowd.container("file.wat", annotations={"wow-dir": str(data)})
    assert grow.run({}).result[0] == 32
    assert file.run(["in.txt"]).result[0] == "hello"
    line = reload(wowd, {"default": {"memory_mb": 3}, "namespaces": {"a": {}, "b": {}}})
    assert f"file={wowd.policy} namespaces=2 profiles=0" in line
    assert grow.run({}).result[0] == 48
    assert "granted no more" in file.run(["in.txt"]).failure(3)
    reload(wowd, {"default": {"directories": [str(data)]}})
    assert file.run(["in.txt"]).result[0] == "hello"


def test_an_activation_ends_as_it_began(policed):
    wowd = policed({"default": {"timeout_ms": 1500}})
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([]))
    until(wowd.spinning, "it runs")
    reload(wowd, {"default": {"timeout_ms": 100}})
    assert run.wait().failure(2) == TIMED_OUT % 1500
    assert container.run([]).failure(2) == TIMED_OUT % 100


def test_sighup_without_a_policy_is_only_noted(own_wowd):
    wowd = own_wowd()
    wowd.process.send_signal(signal.SIGHUP)
    until(lambda: "policy.none" in wowd.log(), "the log says so")
    assert wowd.container("ok.wat").run({}).result == {"answer": 42}


# ---- who may ask, and where ----

@pytest.fixture
def granting(policed, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    (data / "in.txt").write_text("hello")
    wowd = policed({"namespaces": {"guest": {"directories": [str(data)], "hosts": ["*"]},
                                   "reader": {"directories": [f"{data}:ro"]}}})
    return wowd, data


def test_a_directory_is_a_namespaces_own(granting):
    wowd, data = granting
    asks = {"annotations": {"dir": str(data)}}
    assert wowd.container("file.wat", env=GUEST, **asks).run(["in.txt"]).result == ["hello", [0, 0]]
    says = f"the directory '{data}', which does not exist or is not granted"
    assert says in refused(wowd, "file.wat", **asks)
    assert says in refused(wowd, "file.wat", env={"__OW_NAMESPACE": "other"}, **asks)


def test_a_wow_dir_is_only_read_unless_it_says_otherwise(granting):
    wowd, data = granting
    for mode, creates in (("", False), (":ro", False), (":rw", True)):
        container = wowd.container("file.wat", env=GUEST, annotations={"wow-dir": f"{data}{mode}"})
        text, (read, create) = container.run(["in.txt"]).result
        assert (text, read, create == 0) == ("hello", 0, creates)


def test_what_may_only_be_read_cannot_be_asked_for_to_write(granting):
    wowd, data = granting
    env = {"__OW_NAMESPACE": "reader"}
    for asks in ({"dir": str(data)}, {"wow-dir": f"{data}:rw"}):
        assert (f"to write in the directory '{data}', which is granted for reading only"
                in refused(wowd, "file.wat", env=env, annotations=asks))
    container = wowd.container("file.wat", env=env, annotations={"dir": f"{data}:ro"})
    reply = container.run(["in.txt"], logs=True)
    text, (read, create) = reply.result
    assert (text, read) == ("hello", 0) and create != 0 and not (data / "out.txt").exists()
    assert [line.split(" ", 1)[1] for line in reply.json["logs"]] == [
        f"stderr: wow: refused: the directory '{data}' is granted for reading only"]


@pytest.mark.parametrize("asks, says", [
    (True, "access to the network, of which this daemon's policy grants it nothing"),
    ("a.com", "requests to 'a.com', which this daemon's policy does not grant it"),
    (["https://a.com:8443"], "requests to 'https://a.com:8443', which")])
def test_the_network_is_asked_for_or_not_there(granting, asks, says):
    wowd, _ = granting
    for how in ("net_access", "wow-net"):
        assert says in refused(wowd, annotations={how: asks})
        assert says in refused(wowd, annotations=[{"key": how, "value": asks}])
    assert says in refused(wowd, zipped("ok.wat", {"net": asks}))
    for nothing in (False, None, []):
        assert wowd.container("ok.wat", annotations={"net_access": nothing}).run({}).result


def test_asking_for_everything_is_not_asking_for_more_than_there_is(granting):
    wowd, _ = granting
    for asks in (True, "*", "a.com", ["https://b.org", "*.c.net"]):
        wowd.container("ok.wat", env=GUEST, annotations={"net_access": asks})
    assert "'*:*'" in refused(wowd, env=GUEST, annotations={"net_access": "*:*"})


def test_the_zip_asks_as_well_each_time_it_comes(granting):
    wowd, data = granting
    code = zipped("file.wat", {"dir": f"{data}:rw"})
    for _ in range(3):  # the first is unpacked, the others are known
        assert wowd.container(code, env=GUEST).run(["in.txt"]).result == ["hello", [0, 0]]
        assert "not granted" in refused(wowd, code)
    reading = wowd.container(zipped("file.wat", {"dir": str(data)}), env=GUEST)
    assert reading.run(["in.txt"]).result[1][1] != 0, "the same module, another manifest"
    bare = wowd.container("file.wat", env=GUEST).run(["in.txt"])
    assert bare.result[0] == "" and bare.result[1][0] != 0, "the same module, no manifest"


def test_zips_of_one_module_that_come_at_once_ask_each_for_itself(granting):
    wowd, data = granting
    module = built("files")
    ways = [{"dir": f"{data}:rw"}, {"dir": str(data)}, {}, {"net": "a.com"}] * 3
    inits = [Background(lambda m=m: wowd.container(zipped(module, m), env=GUEST)) for m in ways]
    for manifest, init in zip(ways, inits):
        did = init.wait().run({"do": [["create", 3, "new", 1]]}).result["did"]
        assert (did[0][0] == 0) == (manifest.get("dir", "").endswith(":rw"))


def test_what_the_zip_asked_is_known_to_the_next_daemon(granting, own_wowd, tmp_path):
    wowd, data = granting
    code = zipped("file.wat", {"dir": str(data), "net": ["https://a.com/", "b\u2744"[:1]]})
    assert wowd.container(code, env=GUEST).run(["in.txt"]).result[0] == "hello"
    wowd.stop()
    again = own_wowd("--policy", wowd.policy, cache=wowd.cache)
    assert again.container(code, env=GUEST).run(["in.txt"]).result[0] == "hello"
    assert "compile.done" not in again.log()
    assert "not grant" in refused(again, code)


def test_an_annotation_counts_more_than_the_zip(granting):
    wowd, data = granting
    code = zipped("file.wat", {"dir": f"{data}:rw"})
    container = wowd.container(code, env=GUEST, annotations={"dir": f"{data}:ro"})
    assert container.run(["in.txt"]).result[1][1] != 0


@pytest.mark.parametrize("manifest, says", [
    ({"dir": 1}, '"dir" in the zip\'s wow.json: it must be a path or an array of paths'),
    ({"net": {"a": 1}}, '"net" in the zip\'s wow.json: it must be true, false, a host'),
    ({"dir": ["/" + "x" * 2000]}, "asks for more than 1999 bytes say")])
def test_a_manifest_that_asks_for_nonsense_is_told(granting, manifest, says):
    wowd, _ = granting
    reply = wowd.start().init(zipped("ok.wat", manifest), env=GUEST)
    assert reply.status in (400, 502) and says in reply.error


def test_neither_environment_nor_arguments_ask(granting):
    wowd, data = granting
    asks = {"dir": str(data), "wow-dir": str(data), "net_access": "true", "WOW_DIR": str(data)}
    container = wowd.container("file.wat", env={**GUEST, **asks, "annotations": json.dumps(asks)},
                               dir=str(data), parameters=asks)
    reply = container.run(["in.txt"], **asks, annotations=asks)
    assert reply.result[0] == "" and reply.result[1][0] != 0


def test_an_action_cannot_take_another_namespace(granting):
    """What init's env says of the namespace is OpenWhisk's; what a guest's caller says is not."""
    wowd, data = granting
    container = wowd.container("file.wat", env={"__OW_NAMESPACE": "reader"},
                               annotations={"dir": f"{data}:ro"})
    assert container.run(["in.txt"], __OW_NAMESPACE="guest").result[1][1] != 0


# ---- the page ----

def test_the_example_of_the_page_is_a_policy(policed):
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```json\n(.*?)```", page, re.S)
    wowd = policed(json.loads(example))
    assert "policy.loaded" in wowd.log()
    source = (ROOT / "src" / "grant" / "policy.c").read_text(encoding="utf-8")
    keys = re.findall(r"NUMBER\((\w+), \d", source) + re.findall(r'\{"(\w+)", add_', source)
    assert len(keys) > 12
    for key in keys:
        assert f"| `{key}` |" in page, f"the page says nothing of {key}"
