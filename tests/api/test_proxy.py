"""The action proxy door: each container's own address, as an OpenWhisk invoker uses it."""
import json

import pytest

from harness import TIMED_OUT, action, epoch_ms, in_threads, request


def post(container, path, body, **how):
    return request(container.address, path, body, **how)


def init(container, guest, **value):
    return post(container, "/init", {"value": {"code": action(guest), **value}})


@pytest.fixture
def proxied(wowd):
    """A container that was given its code at its own address."""
    def make(guest, **value):
        container = wowd.start()
        reply = init(container, guest, **value)
        assert (reply.status, reply.body) == (200, b"")
        return container
    return make


def test_a_container_is_run_at_its_address(proxied):
    container = proxied("ok.wat")
    reply = post(container, "/run", {"value": {}})
    assert (reply.status, reply.body) == (200, b'{"answer":42}')


def test_both_doors_lead_to_the_same_container(wowd, proxied):
    container = proxied("ok.wat")
    assert container.run({}).result == {"answer": 42}
    assert init(container, "ok.wat").status == 403
    other = wowd.container("echo.wat")
    assert post(other, "/run", '{"value":[1, 2.0]}').body == b"[1, 2.0]"


def test_an_invokers_body_is_understood(proxied):
    container = proxied("echo.wat", name="hello", main="main", binary=True, env=None)
    body = {"value": {"name": "Ö"}, "namespace": "guest", "action_name": "/guest/pkg/hello",
            "action_version": None, "activation_id": "0" * 32, "transaction_id": "sid_x",
            "deadline": str(epoch_ms() + 60000), "api_key": "uuid:key"}
    assert post(container, "/run", body).json == {"name": "Ö"}


def test_an_application_error_is_an_answer(proxied):
    container = proxied("answer.wat")
    for text, result in ('{"Err":{"error":"sorry"}}', {"error": "sorry"}), ('{"Ok":[1]}', [1]):
        reply = post(container, "/run", {"value": [text.encode().hex()]})
        assert (reply.status, reply.json) == (200, result)


def test_a_developers_error_is_502(proxied):
    reply = post(proxied("trap.wat"), "/run", {"value": [0]})
    assert (reply.status, reply.json) == (502, {"error": "The action trapped: unreachable."})
    reply = post(proxied("loop.wat"), "/run", {"value": [0], "deadline": "1"})
    assert (reply.status, reply.json) == (502, {"error": TIMED_OUT % 0})


def test_code_that_cannot_be_used_is_502(wowd):
    reply = init(wowd.start(), b"nothing")
    assert reply.status == 502
    assert reply.error.startswith("Initialization has failed due to: the code is neither wasm")


@pytest.mark.parametrize("path, body, status, error", [
    ("/run", "{}", 403, "System not initialized."),
    ("/init", "{}", 403, "Missing main/no code to execute."),
    ("/init", '{"value":[]}', 400, "'value' must be an object, not an array"),
    ("/init", "[]", 400, "the request's body is an array, not an object"),
    ("/start", "{}", 404, "No such path: POST /init, /run."),
    ("/", "{}", 404, "No such path: POST /init, /run."),
    ("/x/run", "{}", 404, "No such path: POST /init, /run.")])
def test_what_led_to_no_activation_has_the_status_of_its_cause(wowd, path, body, status, error):
    reply = post(wowd.start(), path, body)
    assert (reply.status, reply.error) == (status, error)


def test_arguments_are_an_object_or_an_array(proxied):
    reply = post(proxied("echo.wat"), "/run", '{"value":"A"}')
    assert (reply.status, reply.error) == (
        404, "The action did not receive a dictionary or array as an argument.")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_only_post_is_understood(proxied, method):
    reply = post(proxied("ok.wat"), "/run", "{}", method=method)
    assert (reply.status, reply.error) == (405, "Only POST is understood here.")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.127.255.254", "127.1.2.3"])
@pytest.mark.parametrize("path, status", [("/init", 404), ("/run", 503)])
def test_at_another_address_there_is_no_container(wowd, address, path, status):
    """An invoker that is told 503 runs the activation in another container."""
    reply = request((address, wowd.proxy_port), path, "{}")
    assert (reply.status, reply.error) == (status, f"No container has the address {address}.")


def test_a_destroyed_container_has_no_address(proxied):
    container = proxied("ok.wat")
    container.destroy()
    reply = post(container, "/run", "{}")
    assert (reply.status, reply.error) == (
        503, f"No container has the address {container.address[0]}.")


def test_many_containers_at_their_addresses(wowd):
    def one(i):
        container = wowd.start()
        assert init(container, "echo.wat").status == 200
        return post(container, "/run", {"value": [i]}).json

    assert in_threads(30, one) == [[i] for i in range(30)]


def test_a_large_result_arrives_whole(proxied):
    reply = post(proxied("size.wat"), "/run", {"value": [7000000]})
    assert reply.status == 200 and len(json.loads(reply.body)[0]) == 7000000 - 11
