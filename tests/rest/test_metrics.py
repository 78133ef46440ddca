"""/metrics, and the description of the interface against the interface."""
import re
import time

from rest import API


def test_counters_count(start_rest):
    daemon = start_rest()
    guest = daemon.guest
    guest.action("errand", "errand.c", annotations=[{"key": "web-export", "value": True}])
    guest.sequence("s", "/_/errand", "/_/errand").ok()
    for args, status in ({}, 200), ({"error": 1}, 502), ({"trap": True}, 502):
        guest.invoke("errand", args).ok(status)
    guest.invoke("s").ok()
    daemon.nobody.get("/api/v1/web/guest/default/errand.json").ok()
    text = daemon.nobody.get("/metrics").body.decode()
    for kind, status, count in [("wasm:0.1", "success", 4), ("wasm:0.1", "application error", 1),
                                ("wasm:0.1", "action developer error", 1),
                                ("sequence", "success", 1)]:
        assert f'wow_activations_total{{kind="{kind}",status="{status}"}} {count}\n' in text
    assert daemon.metric("starts_total") == 6
    assert 'wow_starts_total{start="cold"} 1\n' in text
    assert daemon.metric("web_requests_total") == 1
    for name in "wait", "run":
        assert daemon.metric(f"{name}_seconds_count") == 6
    assert daemon.metric("init_seconds_count") == 1
    assert 'wow_latency_seconds_count{start="cold"} 1\n' in text
    assert 'wow_latency_seconds_count{start="warm"} 5\n' in text
    assert daemon.metric("workers") >= 2 and daemon.metric("containers") == 1
    assert daemon.metric("resident_memory_bytes") > 1_000_000
    assert daemon.metric("invocations_running") == 0
    assert 'wow_code_cache_lookups_total{result="miss"} 1\n' in text
    assert 'wow_requests_total{status="5xx"} 2\n' in text
    assert daemon.metric("ready") == 1 and daemon.metric("database_bytes") > 10000
    assert abs(daemon.metric("start_time_seconds") - time.time()) < 60


def test_a_warm_invocation_reads_nothing(start_rest):
    """Key, action and container are in memory; once a second the user's row is read again."""
    daemon = start_rest()
    guest = daemon.guest
    guest.put("packages/p", {"parameters": [{"key": "k", "value": 1}]})
    guest.action("p/echo", parameters=[{"key": "x", "value": 1}])
    guest.invoke("p/echo").ok()
    began, before = time.monotonic(), daemon.metric("store_reads_total")
    for i in range(100):
        guest.invoke("p/echo", {"i": i}).ok()
    reads = daemon.metric("store_reads_total") - before
    assert reads <= time.monotonic() - began + 4  # of these are two for /metrics itself


def test_the_format_is_prometheus(start_rest):
    answer = start_rest().nobody.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    declared = {}
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in declared and kind in ("counter", "gauge", "histogram")
            declared[name] = kind
        elif not line.startswith("# HELP "):
            name, value = re.fullmatch(r"(wow_\w+)(?:\{\w+=\"[^\"]*\"(?:,\w+=\"[^\"]*\")*\})? (\S+)",
                                       line).groups()
            float(value)
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in declared or declared[base] == "histogram"


def test_every_route_is_described_and_every_description_is_a_route(rest):
    document = rest.get("/api/v1/api-docs").ok()
    assert document["openapi"].startswith("3.0")
    operations = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operations += 1
            named = re.findall(r"\{(\w+)\}", path)
            listed = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert named == listed
            url = path.replace("{ns}", "_").replace("{name}", "x").replace("{package}", "p")
            answer = rest.request(method.upper(), url)
            text = answer.body.decode()
            assert answer.status != 405 and "could not be found" not in text, (method, path)
    assert operations == 45
    assert rest.get(f"{API}/nothing").status == 404
