"""What a guest leaves in its buffer, and what becomes of it."""
import pytest

NO_TYPE = "The action did not return a dictionary or array."
NO_JSON = "The action did not produce a valid JSON response ("


@pytest.fixture
def answer(wowd):
    """Have a guest leave these bytes; the answer."""
    container = wowd.container("answer.wat")

    def run(text):
        return container.run([(text if isinstance(text, bytes) else text.encode()).hex()])
    return run


@pytest.mark.parametrize("text, result", [
    ('{"Ok":{}}', {}), ('{"Ok":[]}', []), (' { "Ok" : [1, 2] } \n', [1, 2]),
    ('{"Ok":{"a":null}}', {"a": None}), ('{"Ok":1,"Ok":{"a":2}}', {"a": 2}),
    ('{"x":3,"\\u004fk":{"a":1}}', {"a": 1}),
    ('{"Ok":{"deep":{"error":1}}}', {"deep": {"error": 1}}), ('{"Ok":[{"error":1}]}', [{"error": 1}])])
def test_ok_is_a_success(answer, text, result):
    assert answer(text).result == result


@pytest.mark.parametrize("text, error", [
    ('{"Err":{"error":"sorry"}}', "sorry"), ('{"Err":{"error":{"code":3},"more":1}}', {"code": 3}),
    ('{"Ok":{"error":"sorry","more":1}}', "sorry"), ('{"Ok":{"error":null}}', None),
    ('{"Err":"text"}', "text"), ('{"Err":{"reason":7}}', {"reason": 7}), ('{"Err":null}', None),
    ('{"Err":[1]}', [1]), ('{"Ok":{"a":1,"err\\u006fr":false}}', False)])
def test_an_error_is_an_application_error(answer, text, error):
    assert answer(text).failure(1) == error


@pytest.mark.parametrize("value", ['"text"', "3", "true", "null"])
def test_a_result_is_an_object_or_an_array(answer, value):
    assert answer('{"Ok":%s}' % value).failure(2) == NO_TYPE


@pytest.mark.parametrize("text", [
    b"", b"hello", b'{"Ok":', b'{"Ok":{}} more', b'{"Ok":{}}\0', b'{"Ok":{"a":"\xff\xfe"}}',
    b'{"Ok":{"a":"\\ud800"}}', b'{"Ok":' + b"[" * 2000, b"\x80" * 70, b'{"Ok":{"a":\x01}}'])
def test_a_result_is_json(answer, text):
    assert answer(text).failure(2).startswith(NO_JSON)


def test_a_bad_result_is_shown_and_cut(answer):
    error = answer("hello " * 100).failure(2)
    assert "hello hello" in error and len(error) < 256


@pytest.mark.parametrize("text, what", [("{}", "an object"), ('{"ok":{}}', "an object"),
                                        ("[1]", "an array"), ('"Ok"', "a string")])
def test_a_result_says_how_it_ended(answer, text, what):
    assert answer(text).failure(2) == (f"The action's response is {what} without \"Ok\" or "
                                       "\"Err\", which say how it ended.")


def too_large(n):
    return ("The action produced a response that exceeded the allowed length: "
            f"{n} > 8388608 bytes.")


@pytest.mark.parametrize("n", [(8 << 20) + 1, 9 << 20, 100 << 20])
def test_a_result_has_a_limit(wowd, n):
    assert wowd.container("size.wat").run([n]).failure(2) == too_large(n)


def test_a_result_may_be_as_large_as_the_limit(wowd):
    assert len(wowd.container("size.wat").run([8 << 20]).result[0]) == (8 << 20) - 11


@pytest.mark.parametrize("kind, error", [
    (0, "The action's response, 9 bytes at offset 4294967288, lies outside its memory."),
    (1, too_large(0xffffffff)), (2, too_large(100 << 20)),
    (3, "The action's response, 9 bytes at offset 65528, lies outside its memory.")])
def test_a_guest_may_lie_about_its_result(wowd, kind, error):
    container = wowd.container("lies.wat")
    assert container.run([kind]).failure(2) == error
    assert wowd.container("ok.wat").run().result == {"answer": 42}


def test_a_guest_may_lie_about_its_room(wowd):
    assert wowd.container("no_room.wat").run({}).failure(2) == (
        "The action's buffer, 2 bytes at offset 65536, lies outside its memory.")


# ---- what it took ----

def test_stats_tell_who_ran_it_and_how_much_memory_it_had(wowd, engine):
    container = wowd.container("grow.wat")
    stats = container.run({}, stats=True).json["stats"]
    assert (stats["engine"], stats["tier"]) == (engine, "optimised")
    assert 0 < stats["run_us"] < 10e6
    assert stats["memory"] > 65536 and stats["memory"] % 65536 == 0
    small = wowd.container("ok.wat").run({}, stats=True).json["stats"]
    assert small["memory"] == 65536


def test_nobody_knows_what_a_killed_guest_took(wowd, engine):
    reply = wowd.container("loop.wat").run([1], stats=True, deadline=1)
    assert reply.json["stats"]["run_us"] is None and reply.json["stats"]["memory"] is None


@pytest.mark.parametrize("asked", [False, None, 1, "true"])
def test_stats_are_given_to_those_who_ask(wowd, asked):
    assert "stats" not in wowd.container("ok.wat").run({}, stats=asked).json
