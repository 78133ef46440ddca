"""The life of a container: /start, /:id/init, /:id/run, /:id/destroy."""
import re

import pytest

from harness import Background, Container, action, epoch_ms, in_threads, until

AGAIN = "Cannot initialize the action more than once."
NOT_YET = "System not initialized."


def test_a_container_is_started_given_code_run_and_destroyed(wowd):
    container = wowd.start()
    reply = container.init("ok.wat")
    assert (reply.status, reply.body) == (200, b"")
    reply = container.run({})
    assert reply.status == 200
    assert reply.json == {"status": "success", "status_code": 0, "success": True,
                          "result": {"answer": 42}}
    reply = container.destroy()
    assert (reply.status, reply.body) == (200, b"")


def test_start_says_where_the_container_is(wowd):
    first, second = wowd.post("/start"), wowd.post("/start", "{}")
    for reply in first, second:
        assert reply.status == 200
        assert set(reply.json) == {"containerId", "port", "address"}
        assert re.fullmatch("[0-9a-f]{64}", reply.json["containerId"])
        assert reply.json["port"] == wowd.proxy_port
        assert re.fullmatch(r"127(\.\d{1,3}){3}", reply.json["address"])
    assert first.json["containerId"] != second.json["containerId"]
    assert first.json["address"] != second.json["address"]


@pytest.mark.parametrize("name", ["c", "A-b_c.d:9", "x" * 128])
def test_a_client_may_make_an_id_up(wowd, name):
    container = Container(wowd, name)
    assert container.init("ok.wat").status == 200
    assert container.run().result == {"answer": 42}
    assert container.destroy().status == 200


@pytest.mark.parametrize("name", ["x" * 129, "a b", "a%20b", "a*b", "ä"])
def test_an_id_has_only_some_characters(wowd, name):
    path = f"/{name}/init".replace(" ", "%20").replace("ä", "%C3%A4")
    reply = wowd.post(path, {"value": {"code": action("ok.wat")}})
    assert reply.status == 400
    assert "id has 1 to 128 letters, digits" in reply.error


def test_a_destroyed_container_is_gone(wowd):
    container = wowd.container("ok.wat")
    container.destroy()
    for verb in "run", "destroy":
        reply = container.post(verb, "{}")
        assert reply.status == 404
        assert reply.error == f"There is no container '{container.id}'."


def test_the_id_of_a_destroyed_container_may_be_used_again(wowd):
    container = Container(wowd, "again")
    for guest, result in ("ok.wat", {"answer": 42}), ("echo.wat", {}):
        assert container.init(guest).status == 200
        assert container.run().result == result
        assert container.destroy().status == 200


def test_a_container_is_initialized_once(wowd):
    container = wowd.container("ok.wat")
    reply = container.init("echo.wat")
    assert (reply.status, reply.error) == (403, AGAIN)
    assert container.run({"a": 1}).result == {"answer": 42}


def test_of_many_inits_at_once_one_succeeds(wowd):
    container = wowd.start()
    replies = in_threads(8, lambda i: container.init("counter.wat"))
    assert sorted(r.status for r in replies) == [200] + 7 * [403]
    assert {r.error for r in replies if r.status == 403} == {AGAIN}
    assert container.run().result == [1, 1]


def test_a_failed_init_may_be_followed_by_a_better_one(wowd):
    container = wowd.start()
    assert container.init(b"no wasm").status == 502
    assert container.run().error == NOT_YET
    assert container.init("ok.wat").status == 200
    assert container.run().result == {"answer": 42}


def test_code_comes_before_a_run(wowd):
    reply = wowd.start().run({})
    assert (reply.status, reply.error) == (403, NOT_YET)


@pytest.mark.parametrize("verb", ["run", "destroy"])
def test_an_unknown_id_is_not_found(wowd, verb):
    reply = wowd.post(f"/nobody/{verb}", "{}")
    assert (reply.status, reply.error) == (404, "There is no container 'nobody'.")


def test_a_container_destroyed_during_its_activation_answers_it(wowd):
    container = wowd.container("loop.wat")
    run = Background(lambda: container.run([1], deadline=epoch_ms() + 700))
    until(wowd.spinning, "the guest runs")
    assert container.destroy().status == 200
    assert "exceeded its time limits" in run.wait().failure(2)


def test_sixty_four_containers_at_once(wowd):
    def one(i):
        container = wowd.container("echo.wat", name=f"n{i}")
        results = [container.run({"i": i, "k": k}).result for k in range(3)]
        assert container.destroy().status == 200
        return results

    for i, results in enumerate(in_threads(64, one)):
        assert results == [{"i": i, "k": k} for k in range(3)]


def test_a_hundred_runs_of_one_container_at_once(wowd):
    container = wowd.container("echo.wat")
    replies = in_threads(100, lambda i: container.run({"i": i}))
    assert [r.result for r in replies] == [{"i": i} for i in range(100)]


def test_echo_answers_what_a_run_would(wowd):
    body = '{"value":{"a":[1, 2.50]},"logs":false}'
    assert wowd.post("/echo", body).record["result"] == {"a": [1, 2.5]}
    assert wowd.post("/echo", body).body == wowd.container("echo.wat").post("run", body).body
    assert wowd.post("/echo", "{}").result == {}
    assert wowd.post("/echo", "[]").status == 400
