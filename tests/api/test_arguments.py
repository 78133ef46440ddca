"""Arguments reach a guest, and results a client, byte for byte."""
import json

import pytest

TOO_MUCH = "The action's arguments are larger than it can be given."


def run_text(container, value):
    """Run with this text as the arguments; the text of the result."""
    reply = container.post("run", b'{"value":' + value + b"}")
    assert reply.record["status_code"] == 0, reply.record
    head, tail = b'"result":', b"}"
    return reply.body[reply.body.index(head) + len(head):-len(tail)]


@pytest.mark.parametrize("value", [
    "{}", "[]", '{"a":"❄ ☃ ❄"}', '{"a":"\\u2744 \\ud83d\\ude00 \\/ \\" \\\\ \\n \\u0000"}',
    '{"n":123456789012345678901234567890}', '{"n":1e400}', '{"n":0.1}', '{"n":[-0, 1E+2, 1.50]}',
    '{ "spaces" :\t[ 1 ,\n2 ] }', '{"a":1,"a":2}', '{"":{"":[[[]]]}}', '["a","b"]',
    '[null,true,false,{"é":"😀"}]', '{"Ok":1,"Err":2,"value":3}', "[" * 50 + "]" * 50])
def test_text_passes_unchanged(wowd, value):
    assert run_text(wowd.container("echo.wat"), value.encode()) == value.encode()


def test_the_last_of_several_values_counts(wowd):
    reply = wowd.container("echo.wat").post("run", '{"value":{"a":1},"value":{"a":2}}')
    assert reply.result == {"a": 2}


def test_names_of_members_may_be_written_with_escapes(wowd):
    reply = wowd.container("echo.wat").post("run", '{"\\u0076alue":{"a":1}}')
    assert reply.result == {"a": 1}


@pytest.mark.parametrize("body", ["{}", '{"value":null}', '{"action_name":"x"}'])
def test_without_arguments_there_is_an_empty_object(wowd, body):
    assert wowd.container("echo.wat").post("run", body).result == {}


@pytest.mark.parametrize("value", ["3", '"A"', "true"])
def test_arguments_are_an_object_or_an_array(wowd, value):
    reply = wowd.container("echo.wat").post("run", '{"value":%s}' % value)
    assert reply.status == 404
    assert reply.error == "The action did not receive a dictionary or array as an argument."


@pytest.mark.parametrize("members, error", [
    ({"deadline": "soon"}, "'deadline' must be milliseconds since the epoch"),
    ({"deadline": -1}, "'deadline' must be milliseconds since the epoch"),
    ({"deadline": [1]}, "'deadline' must be milliseconds since the epoch"),
    ({"deadline": "9" * 30}, "'deadline' must be milliseconds since the epoch"),
    ({"namespace": 3}, "'namespace' must be a string, not a number"),
    ({"namespace": "a\0b"}, "'namespace' contains a NUL"),
    ({"x=y": "1"}, "environment variable 'x=y' contains NUL or '='"),
    ({"x": "a\0b"}, "environment variable 'x' contains NUL or '='")])
def test_other_members_have_their_shapes(wowd, members, error):
    reply = wowd.container("echo.wat").run({}, **members)
    assert (reply.status, reply.error) == (400, error)


def test_a_mebibyte_passes(wowd):
    arg = {"arg": "a" * 1048561}
    assert wowd.container("echo.wat").run(arg).result == arg


def test_seven_mebibytes_pass_and_nine_do_not(wowd):
    container = wowd.container("echo.wat")
    value = json.dumps({"a": "ö" * (7 << 19)}, ensure_ascii=False).encode()
    assert run_text(container, value) == value
    assert container.run({"a": "x" * (9 << 20)}).failure(2) == TOO_MUCH
    assert container.run({"a": 1}).result == {"a": 1}


def test_arguments_just_too_large_for_a_guest_are_refused_clearly(wowd):
    """The strings that go with them take a little of the 8 MiB, and {"Ok":} of the result's."""
    container = wowd.container("echo.wat")
    outcomes = []
    for n in range((8 << 20) - 40, (8 << 20) + 8, 4):
        record = container.post("run", b'{"value":[4' + b" " * (n - 3) + b"]}").record
        outcomes.append("ran" if record["success"] else record["result"]["error"])
    assert outcomes[0] == "ran" and outcomes[-1] == TOO_MUCH
    assert outcomes == sorted(outcomes, key=["ran", TOO_MUCH].index)


def test_many_large_activations_leave_no_memory_behind(wowd):
    container = wowd.container("echo.wat")
    arg = {"a": "x" * (6 << 20)}
    assert container.run(arg).result == arg
    before = wowd.memory_kb()
    for _ in range(12):
        assert container.run(arg).record["status_code"] == 0
    assert wowd.memory_kb() - before < 30000
