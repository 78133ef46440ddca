"""Python actions, as OpenWhisk's users write them: kind python:wasm, which is CPython 3.11."""
import base64

import pytest

from harness import BUILD, epoch_ms, in_threads
from kinds import fault, lines, start, zipped

MEMORY = "The action exhausted its memory and was aborted."
INIT = "Initialization has failed due to: "

pytestmark = pytest.mark.skipif(
    not (BUILD / "kinds" / "python.wasm").exists(),
    reason="Python: there is no python.wasm; tools/build-kind said why when it could not be built")


@pytest.fixture(scope="module")
def python(engine, tmp_path_factory):
    """LLVM takes longer for CPython than a compiler may: WAMR runs its interpreter."""
    started = start(engine, tmp_path_factory, "python:wasm", wait=engine != "wamr")
    yield started
    started.wowd.stop()


def test_echo_with_output(python):
    echo = python.container("""
import sys
def main(args):
    print('hello stdout')
    print('hello stderr', file=sys.stderr)
    return args""")
    for args in ({"string": "hello"}, {"string": "❄ ☃ ❄"}, {"numbers": [42, 1]},
                 {"object": {"a": "A"}}):
        record = echo.post("run", {"value": args, "logs": True}).record
        assert record["result"] == args
        assert lines(record, "stdout") == ["hello stdout"]
        assert lines(record, "stderr") == ["hello stderr"]


def test_unicode(python):
    record = python.run("""
def main(args):
    sep = args['delimiter']
    text = sep + " ☃ " + sep
    print(text)
    return {"winter": text}""", {"delimiter": "❄"})
    assert record["result"] == {"winter": "❄ ☃ ❄"} and lines(record) == ["❄ ☃ ❄"]


def test_environment(python):
    container = python.container("""
import os
early = os.environ['SOME_VAR'], os.environ['ANOTHER_VAR']
def main(args):
    return {"early": early, "id": os.environ.get('__OW_ACTIVATION_ID')}""",
                                 env={"SOME_VAR": "xyz", "ANOTHER_VAR": ""})
    for name in ("iii", "jjj"):
        reply = container.post("run", {"value": {}, "activation_id": name})
        assert reply.record["result"] == {"early": ["xyz", ""], "id": name}


@pytest.mark.parametrize("code, args, result", [
    ("def niam(args): return args", {"a": 1}, {"a": 1}),
    ("def niam(args): pass", {}, {}),
    ("niam = lambda args: args[::-1]", [1, 2], [2, 1]),
    ("class A:\n  def __call__(self, args): return {'n': 2 ** 100}\nniam = A()", {},
     {"n": 2 ** 100})])
def test_ways_to_say_main(python, code, args, result):
    assert python.result(code, args, main="niam") == result


@pytest.mark.parametrize("code, error", [
    ("def main(args)\n  pass", "SyntaxError: expected ':' (line 1)."),
    ("x = ", "SyntaxError: invalid syntax (line 1)."),
    ("1/0", "ZeroDivisionError: division by zero."),
    ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'."),
    ("main = 3", "TypeError: Action entrypoint 'main' is not a function."),
    ("import sys; sys.exit(3)", "SystemExit: 3.")])
def test_code_that_cannot_be_used(python, code, error):
    assert python.refused(code) == INIT + error


def test_an_exception_is_told(python):
    record = python.run("def deep(n):\n    return 1 / n\ndef main(args):\n    return deep(0)")
    assert fault(record) == "An error has occurred: ZeroDivisionError: division by zero"
    assert '  File "__main__.py", line 2, in deep' in lines(record, "stderr")


@pytest.mark.parametrize("code, says", [
    ("def main(a): return 'text'", "The action did not return a dictionary or array."),
    ("def main(a): return {'s': {1}}", "TypeError: Object of type set is not JSON serializable"),
    ("def main(a): a['a'] = a; return a", "ValueError: Circular reference detected"),
    ("def main(a): raise SystemExit(2)", "SystemExit: 2"),
    ("def main(a): return main(a)", "RecursionError: maximum recursion depth exceeded"),
    ("import os\ndef main(a): os.open('/etc/passwd', 0)", "PermissionError"),
    ("import os\ndef main(a): os.fork()", "AttributeError")])
def test_what_goes_wrong_is_the_actions_own_fault(python, code, says):
    assert says in fault(python.run(code))
    assert python.result("def main(args): return {'fine': 1}") == {"fine": 1}


@pytest.mark.parametrize("call", ["sum(map(main, [a]))", "sorted([a, a], key=main)"])
def test_recursion_through_c_ends(python, call):
    """Each level takes of the engine's stack, which may end before Python's own limit."""
    says = fault(python.run(f"def main(a): return {call}"))
    assert "RecursionError" in says or "trapped" in says


def test_application_errors(python):
    record = python.run("def main(args): return {'error': 'sorry', 'more': 1}")
    assert (record["status"], record["result"]) == ("application error", {"error": "sorry"})


def test_zips(python):
    code = zipped({"__main__.py": "from greet import hello\nimport pkg.deep.er as e\n"
                                  "def main(args): return {'g': hello(args['n']), 'e': e.x}",
                   "greet.py": "def hello(n): return f'hello {n}'",
                   "pkg/__init__.py": "", "pkg/deep/__init__.py": "y = 1",
                   "pkg/deep/er.py": "from . import y\nx = y + 1", "data.txt": "-"})
    assert python.result(code, {"n": "zip"}, binary=True) == {"g": "hello zip", "e": 2}


def test_zips_that_are_no_action(python):
    assert python.refused(zipped({"a.py": ""}), binary=True) == (
        INIT + "ImportError: the zip has no __main__.py at its root.")
    assert "BadZipFile" in python.refused("Q2VjaSBuJ2VzdCBwYXMgdW4gemlwLgo=", binary=True)
    whole = base64.b64decode(zipped({"__main__.py": "def main(args): return {}\n" * 30}))
    for size in range(1, len(whole) - 1, 37):
        assert python.refused(base64.b64encode(whole[:size]).decode(), binary=True)


def test_a_loop_ends_at_the_deadline(python):
    loop = python.container("def main(args):\n    print('begun')\n    while True: pass")
    reply = loop.post("run", {"value": {}, "logs": True, "deadline": str(epoch_ms() + 400)})
    assert "exceeded its time limits" in fault(reply.record)
    assert lines(reply.record) == ["begun"]
    assert "during initialization" in python.refused("while True: pass", limits={"timeout": 300})


def test_memory_has_its_limit(python):
    record = python.run("def main(args):\n    a = []\n    while True: a.append(bytearray(10**6))",
                        limits={"memory": 64})
    assert fault(record) == MEMORY


def test_no_activation_sees_another(python):
    container = python.container("""
import json, random, uuid
json.n = 0; seen = []
def main(args):
    json.n += 1; seen.append(1)
    return {"n": [json.n, len(seen)], "r": [random.random(), str(uuid.uuid4())]}""")
    results = [container.run({}).result for _ in range(4)]
    assert [r["n"] for r in results] == [[1, 1]] * 4
    assert len({r["r"][0] for r in results}) == len({r["r"][1] for r in results}) == 4


def test_sleepers_hold_no_processor(python):
    sleepy = python.container("import time\ndef main(a): time.sleep(0.3); return {'ok': 1}")
    assert in_threads(6, lambda _: sleepy.run({}).result) == [{"ok": 1}] * 6


LIBRARY = """
import argparse, ast, base64, bisect, calendar, collections, configparser, contextlib, copy, csv
import dataclasses, datetime, decimal, difflib, enum, fractions, functools, gzip, hashlib, heapq
import hmac, html, html.parser, io, ipaddress, itertools, json, logging, math, operator, pathlib
import pickle, pprint, queue, random, re, secrets, shlex, statistics, string, struct, tempfile
import textwrap, threading, time, traceback, typing, unicodedata, urllib.parse, uuid
import zipfile, zlib, concurrent.futures, mimetypes
"""


def test_the_library(python):
    result = python.result(LIBRARY + """
@dataclasses.dataclass
class P:
    x: int
    y: decimal.Decimal = decimal.Decimal('0.1')

def main(args):
    z = zlib.compress(b'a' * 1000)
    return {
        'sha': hashlib.sha256(b'x').hexdigest()[:8], 'blake': hashlib.blake2b(b'x').hexdigest()[:8],
        'mac': hmac.new(b'k', b'd', 'sha256').hexdigest()[:8],
        'date': datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc).isoformat(),
        're': re.sub('([a-z]+) ([a-z]+)', lambda m: m[2] + ' ' + m[1], 'hello world'),
        'p': str(P(1)), 'z': [len(z) < 50, zlib.decompress(z) == b'a' * 1000],
        'csv': list(csv.reader(['a,"b,c"'])), 'fr': str(fractions.Fraction(1, 3) + 1),
        'url': urllib.parse.urlencode({'a b': 'é'}), 'name': unicodedata.name('é'),
        'b64': base64.b64encode(b'hi').decode(), 'year': datetime.datetime.now().year > 2020,
        'log': logging.getLogger('x').name, 'match': [x for x in [1, 2] if x > 1],
    }""")
    assert result == {
        "sha": "2d711642", "blake": result["blake"], "mac": result["mac"],
        "date": "2026-01-02T00:00:00+00:00", "re": "world hello",
        "p": "P(x=1, y=Decimal('0.1'))", "z": [True, True], "csv": [["a", "b,c"]], "fr": "4/3",
        "url": "a+b=%C3%A9", "name": "LATIN SMALL LETTER E WITH ACUTE", "b64": "aGk=",
        "year": True, "log": "x", "match": [2]}
