"""
JavaScript actions, as OpenWhisk's users write them: kind js:wasm. The first half are the tests that
OpenWhisk has of its Node.js runtime (NodeJsActionContainerTests), as far as they are about actions.
"""
import base64
import hashlib
import hmac
import json
import time

import pytest

from harness import TIMED_OUT, UNEXPECTED_EXIT, Background, epoch_ms, in_threads, until
from kinds import CODE, daemon, fault, lines, zipped

js = daemon("js:wasm", "js.wasm")
MEMORY = "The action exhausted its memory and was aborted."
INIT = "Initialization has failed due to: "


def application_error(record):
    assert record["status"] == "application error", record
    return record["result"]["error"]


# ---- OpenWhisk's own ----

def test_not_returning_json(js):
    record = js.run('function main(args) { return "not a json object" }')
    assert fault(record) == "The action did not return a dictionary or array."


def test_echo_with_output(js):
    echo = js.container("""
        function main(args) {
            console.log('hello stdout')
            console.error('hello stderr')
            return args
        }""")
    for args in ({"string": "hello"}, {"string": "❄ ☃ ❄"}, {"numbers": [42, 1]},
                 {"object": {"a": "A"}}):
        record = echo.post("run", {"value": args, "logs": True}).record
        assert record["result"] == args
        assert lines(record, "stdout") == ["hello stdout"]
        assert lines(record, "stderr") == ["hello stderr"]


def test_unicode(js):
    record = js.run("""
        function main(args) {
            var str = args.delimiter + " ☃ " + args.delimiter;
            console.log(str);
            return { "winter": str };
        }""", {"delimiter": "❄"})
    assert record["result"] == {"winter": "❄ ☃ ❄"} and lines(record) == ["❄ ☃ ❄"]


def test_environment_of_a_run(js):
    container = js.container("""
        function main(args) {
            return { api_key: process.env['__OW_API_KEY'], namespace: process.env.__OW_NAMESPACE,
                     id: process.env['__OW_ACTIVATION_ID'], none: String(process.env.NOTHING) }
        }""")
    members = {"api_key": "abc", "namespace": "zzz", "activation_id": "iii"}
    reply = container.post("run", {"value": {}, **members})
    assert reply.record["result"] == {"api_key": "abc", "namespace": "zzz", "id": "iii",
                                      "none": "undefined"}


def test_environment_is_there_when_the_code_is_loaded(js):
    assert js.result("""
        const envargs = { SOME_VAR: process.env.SOME_VAR, ANOTHER_VAR: process.env.ANOTHER_VAR }
        function main(args) { return envargs }""",
                     env={"SOME_VAR": "xyz", "ANOTHER_VAR": ""}) == {"SOME_VAR": "xyz",
                                                                     "ANOTHER_VAR": ""}


def test_main_of_another_name(js):
    assert js.result("function niam(args) { return args; }", {"a": 1}, main="niam") == {"a": 1}


def test_a_second_init_is_refused(js):
    container = js.container("function main(args) { return args }")
    reply = container.post("init", {"value": {"code": "function main() {}", "kind": "js:wasm"}})
    assert (reply.status, reply.error) == (403, "Cannot initialize the action more than once.")


def test_a_large_input(js):
    args = {"arg": "a" * 1048561}
    assert js.result("function main(args) { return args }", args) == args


def test_bad_code(js):
    error = js.refused('\n 10 PRINT "Hello world!"\n 20 GOTO 10\n')
    assert error.startswith(INIT + "SyntaxError: ") and error.endswith("(index.js:2:5).")


@pytest.mark.parametrize("kind", ["js:wasm", "js:default", "nodejs:default"])
def test_no_code(js, kind):
    container, reply = js.init("", kind=kind)
    assert (reply.status, reply.error) == (403, "Missing main/no code to execute.")
    container.destroy()


def test_an_action_that_throws(js):
    record = js.run('function main(args) { throw "nooooo"; }')
    assert fault(record) == "An error has occurred: nooooo" and "nooooo" in lines(record, "stderr")


def test_an_application_error(js):
    record = js.run('function main(args) { return { "error" : "sorry" }; }')
    assert application_error(record) == "sorry" and record["logs"] == []


@pytest.mark.parametrize("payload, result", [
    (0, {}), (1, {"payload": "Hello, World!"}), (2, {"error": "payload must be 0 or 1"})])
def test_the_documentations_examples(js, payload, result):
    record = js.run("""
        // an action in which each path results in a synchronous activation
        function main(params) {
            if (params.payload == 0) {
                return;
            } else if (params.payload == 1) {
                return {payload: 'Hello, World!'}         // indicates normal completion
            } else if (params.payload == 2) {
                return {error: 'payload must be 0 or 1'}  // indicates abnormal completion
            }
        }""", {"payload": payload})
    assert record["result"] == result and record["logs"] == []


def test_a_promise_of_later(js):
    code = """
        function main(params) {
            if (!params.payload) return {done: true};
            return new Promise(function(resolve, reject) {
                setTimeout(function() { resolve({ done: true }); }, 100);
            })
        }"""
    for payload in (None, True):
        assert js.result(code, {"payload": payload}) == {"done": True}


def test_variables_without_declaration(js):
    assert js.result("function main(p) { greeting = 'hello, ' + p.payload; return {greeting} }",
                     {"payload": "test"}) == {"greeting": "hello, test"}


def test_a_webpacked_function(js):
    assert js.result("function foo() { return { bar: true } }\nglobal.main = foo") == {"bar": True}


def test_a_package_that_does_not_exist(js):
    record = js.run("function main(args) { require('.mildlyinvalidnameofanonexistentpackage'); }")
    assert "Cannot find module '.mildlyinvalid" in fault(record)
    assert any("Error" in line for line in lines(record, "stderr"))


@pytest.mark.parametrize("reject, error", [
    ("setTimeout(() => no({ done: true }), 20)", {"done": True}),
    ("no()", {}), ("no('why')", "why"), ("no(0)", 0)])
def test_a_rejected_promise_is_an_application_error(js, reject, error):
    record = js.run("function main() { return new Promise((yes, no) => { %s }) }" % reject)
    assert application_error(record) == error and record["logs"] == []


def test_an_error_in_an_async_function(js):
    record = js.run("""
        async function deep() { null.x }
        async function main() { await 1; await deep() }""")
    error = application_error(record)
    assert error["name"] == "TypeError" and "null" in error["message"]
    assert "at deep (index.js:2:" in error["stack"]
    assert any("at deep (index.js:2:" in line for line in lines(record, "stderr"))


def test_async_and_await(js):
    assert js.result("""
        const later = (ms, v) => new Promise((yes) => setTimeout(yes, ms, v));
        async function main() {
            const [a, b] = await Promise.all([later(20, 1), later(10, 2)]);
            return { a, b, c: await later(0, 3) };
        }""") == {"a": 1, "b": 2, "c": 3}


def test_a_large_action(js):
    line = '    x = "I took the one less traveled by, and that has made all the difference.";\n'
    code = 'function main(args) {\n var x = "hello";\n' + line * 7000 + ' x = "world"; return {x} }'
    assert len(code) > 500000
    assert js.result(code) == {"x": "world"}


PACKAGE = '{"name": "wskaction", "version": "1.0.0", "main": "index.js", "license": "Apache-2.0"}'
GREETING = 'exports.main = (args) => ({ greeting: "Hello " + (args.name || "stranger") })'


@pytest.mark.parametrize("main, files, result", [
    ("main", {"package.json": PACKAGE, "index.js": GREETING}, {"greeting": "Hello stranger"}),
    ("main", {"index.js": GREETING}, {"greeting": "Hello stranger"}),
    ("main", {"package.json": '{"main": "lib/start"}', "lib/start.js": GREETING,
              "index.js": "throw 1"}, {"greeting": "Hello stranger"}),
    ("other.niam", {"other.js": "exports.niam = () => ({ other: 1 })"}, {"other": 1}),
    ("other.niam.xyz", {"other.js": "exports.niam = { xyz: () => ({ nested: 1 }) }"},
     {"nested": 1}),
    ("other.niam", {"package.json": PACKAGE, "index.js": GREETING,
                    "other.js": "exports.niam = () => ({ other: 1 })"}, {"other": 1}),
    ("niam", {"package.json": PACKAGE, "index.js": "exports.niam = () => ({ works: 1 })"},
     {"works": 1}),
    ("main", {"index.js": "module.exports = { main: () => require('./lib/x').y }",
              "lib/x.js": "exports.y = { ...require('../data'), z: require('./z.json') }",
              "lib/z.json": '{"deep": [1, 2]}', "data.json": '{"a": 1}'},
     {"a": 1, "z": {"deep": [1, 2]}}),
    ("main", {"index.js": "exports.main = () => ({ message: require('local')('library') })",
              "node_modules/local/package.json": '{"main": "m.js"}',
              "node_modules/local/m.js": "module.exports = (x) => 'hello local ' + x"},
     {"message": "hello local library"}),
    ("main", {"index.mjs": "import y, { z } from './y.mjs'; import d from './d.json';"
                           "import path from 'path';"
                           "export const main = () => ({ y, z, d, p: path.join('a', 'b') })",
              "y.mjs": "export default 1; export const z = 2", "d.json": '"three"'},
     {"y": 1, "z": 2, "d": "three", "p": "a/b"}),
    ("main", {"index.js": "const a = require('./a'); exports.main = () => ({ a: a.done, b: a.b })",
              "a.js": "exports.done = false; exports.b = require('./b').a; exports.done = true",
              "b.js": "exports.a = require('./a').done"}, {"a": True, "b": False}),
])
def test_zips(js, main, files, result):
    assert js.result(zipped(files), main=main, binary=True) == result


def test_the_working_directory_is_the_zips(js):
    code = zipped({"index.js": """
        const fs = require('fs');
        exports.main = () => ({ text: fs.readFileSync('./test.txt').toString(),
                                here: __dirname === process.cwd(),
                                all: fs.readdirSync('.'), no: fs.existsSync('nothing') })""",
                   "test.txt": "test text"})
    assert js.result(code, binary=True) == {"text": "test text", "here": True,
                                            "all": ["index.js", "test.txt"], "no": False}


def test_bytes_that_are_no_zip(js):
    error = js.refused("Q2VjaSBuJ2VzdCBwYXMgdW4gemlwLgo=", binary=True)
    assert error == INIT + "SyntaxError: error uncompressing the archive: it is no zip file."
    assert js.refused("!", binary=True) == INIT + "SyntaxError: not valid base64."


def test_a_zip_that_is_no_action(js):
    assert "Zipped actions must contain either package.json or index.js at the root" in \
        js.refused(zipped({"hello": "Hello world!"}), binary=True)


def test_a_thing_that_is_no_function(js):
    says = "Action entrypoint 'main' is not a function."
    assert js.refused("let x = 1") == js.refused("var main = 3") == INIT + "Error: " + says
    assert js.refused("function main() {}", main="a-b").startswith(
        INIT + "Error: Name of main function is not valid: 'a-b'")


def test_all_runs_at_once(js):
    container = js.container("""
        async function main(p) {
            await new Promise((yes) => setTimeout(yes, 20));
            return { n: p.n };
        }""")
    records = in_threads(32, lambda i: container.run({"n": i}).record)
    assert [r["result"] for r in records] == [{"n": i} for i in range(32)]


# ---- hostile and unlucky ----

def test_damaged_zips_are_refused(js):
    whole = base64.b64decode(zipped({"index.js": GREETING * 20, "lib/a.js": "exports.x = 1"}))
    seen = set()
    for at in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[at] ^= 0xff
        container, reply = js.init(base64.b64encode(bytes(broken)).decode(), binary=True)
        container.destroy()
        assert reply.status in (200, 502), reply.body
        seen.add(reply.status)
    for size in range(0, len(whole), 31):
        assert js.refused(base64.b64encode(whole[:size] or b"PK").decode(), binary=True)
    assert 502 in seen


def test_a_zip_that_unpacks_to_more_than_there_is(js):
    assert js.refused(zipped({"index.js": b" " * (300 << 20)}), binary=True)


def test_a_loop_ends_at_the_deadline(js):
    loop = js.container("function main() { for (;;); }")
    reply = loop.post("run", {"value": {}, "deadline": str(epoch_ms() + 200)})
    assert reply.record["result"]["error"].startswith("The action exceeded its time limits of ")
    assert js.result("function main() { return { alive: 1 } }") == {"alive": 1}


def test_a_loop_at_init_ends_too(js):
    error = js.refused("for (;;);", limits={"timeout": 200})
    assert error == INIT + (TIMED_OUT % 200)[:-1] + " during initialization."


def test_memory_has_its_limit(js):
    code = "function main() { const all = []; for (;;) all.push(new Array(1e4).fill(1)) }"
    assert fault(js.run(code, limits={"memory": 32})) == MEMORY
    assert fault(js.run("async " + code)) == MEMORY
    caught = """
        function main() {
            try { new ArrayBuffer(1e9) } catch (e) { return { caught: e.name } }
        }"""
    assert js.result(caught)["caught"] in ("InternalError", "RangeError")


def test_recursion_is_a_range_error(js):
    deep = """
        function main(p) {
            let n = 0;
            const down = () => { n++; down() };
            try { down() } catch (e) { return { e: String(e), deep: n > 1000 } }
        }"""
    assert js.result(deep) == {"e": "RangeError: Maximum call stack size exceeded", "deep": True}


@pytest.mark.parametrize("code", [
    "let f = 'x'.repeat(1e5); function main() { return { r: /^(a+)+$/.test('a'.repeat(28) + 'b') } }",
    "function main() { const s = '['.repeat(1e6); JSON.parse(s) }",
    "function main() { eval('('.repeat(1e6)) }",
    "function main() { const a = []; a[0] = a; return a }",
    "function main() { return { get x() { throw 1 } } }",
    "function main() { return new Proxy({}, { ownKeys() { throw new Error('no') } }) }",
    "function main() { return { toJSON() { return undefined } } }",
    "function main() { return { n: 1n } }",
    "function main() { return { then(yes) { setTimeout(() => { throw new Error('late') }, 1) } } }",
    "function main() { delete globalThis.Promise; globalThis.JSON = null; throw new Error('x') }",
    "function main() { Object.prototype.get = 1; Array.prototype[Symbol.iterator] = null; null.x }",
    "function main() { process.exit(3) }",
])
def test_what_goes_wrong_is_the_actions_own_fault(js, code):
    record = js.run(code, limits={"timeout": 1000})
    assert record["status"] == "action developer error", record
    assert record["result"]["error"] != UNEXPECTED_EXIT
    assert js.result("function main() { return { fine: 1 } }") == {"fine": 1}


def test_a_promise_that_is_never_settled(js):
    assert "can never be settled" in fault(js.run("function main() { return new Promise(() => {}) }"))


def test_a_timers_exception_is_a_fault(js):
    record = js.run("""
        function main() {
            setTimeout(() => { throw new Error('in a timer') }, 1);
            return new Promise(() => {});
        }""")
    assert fault(record) == "An error has occurred: Error: in a timer"


def test_what_nobody_catches_is_told(js):
    record = js.run("function main() { Promise.reject(new Error('lost')); return {} }")
    assert record["success"] and "lost" in lines(record, "stderr")[0]


def test_no_activation_sees_another(js):
    container = js.container("""
        let n = 0; globalThis.m ??= 0;
        function main() { return { n: ++n, m: ++m } }""")
    assert [container.run({}).result for _ in range(3)] == [{"n": 1, "m": 1}] * 3


def test_chance_is_not_the_same_twice(js):
    container = js.container("""
        function main() {
            return { a: Math.random(), u: crypto.randomUUID(),
                     b: Array.from(crypto.getRandomValues(new Uint8Array(8))) }
        }""")
    results = [container.run({}).result for _ in range(10)]
    for key in "aub":
        assert len({str(r[key]) for r in results}) == 10
    assert all(0 <= r["a"] < 1 for r in results)


def test_a_namespaces_containers_of_one_code_prepare_it_once(js):
    """What another namespace made of the same code is not taken: its environment had a say in it."""
    code = "const e = process.env.E; function main() { return { e, unique: '%d' } }" % epoch_ms()
    before = js.wowd.log().count(" prepare ")
    containers = [js.container(code, env={"__OW_NAMESPACE": ns, "E": ns})
                  for ns in ("one", "one", "other", "one", "other")]
    until(lambda: js.wowd.log().count(" prepare ") == before + 2, "the log tells of two")
    assert [c.run({}).result["e"] for c in containers] == ["one", "one", "other", "one", "other"]
    for c in containers:
        c.destroy()
    assert js.wowd.log().count(" prepare ") == before + 2


def test_arguments_that_are_too_deep(js):
    echo = js.container("const main = (p) => p")
    for depth in (100, 100000):
        record = echo.post("run", '{"value":{"a":%s%s}}' % ("[" * depth, "]" * depth))
        assert record.status in (200, 400), record.body[:200]
        if record.status == 200 and not record.json["success"]:
            assert "RangeError" in fault(record.json) or "trapped" in fault(record.json)
    echo.destroy()


def test_a_container_may_go_while_it_is_prepared(js):
    container = js.wowd.start()
    value = {"code": "const t = Date.now(); while (Date.now() < t + 300); function main() {}",
             "kind": "js:wasm"}
    init = Background(lambda: container.post("init", {"value": value}))
    until(js.wowd.spinning, "the code is loaded")
    assert container.destroy().status == 200
    assert init.wait().status == 200


def test_a_kind_that_is_not_there(js):
    container, reply = js.init("x", kind="cobol:1")
    assert reply.status == 502 and "there is no kind 'cobol:1', only wasm:0.1" in reply.error
    container.destroy()


# ---- what is there ----

@pytest.mark.parametrize("expression, value", [
    ("new TextDecoder().decode(new TextEncoder().encode('héé☃'))", "héé☃"),
    ("atob(btoa('hello'))", "hello"),
    ("Buffer.from('aGk', 'base64').toString('hex')", "6869"),
    ("Buffer.concat([Buffer.from('a'), Buffer.from('b')]).toString('base64url')", "YWI"),
    ("new URL('../x?q=a b#h', 'HTTPS://u:p@Example.org:443/c/d/e').href",
     "https://u:p@example.org/c/x?q=a%20b#h"),
    ("new URL('http://a/?a=1&b=%C3%A9&a=2').searchParams.getAll('a').join()", "1,2"),
    ("String(new URLSearchParams({ 'a b': 'c&d', é: '~' }))", "a+b=c%26d&%C3%A9=%7E"),
    ("(() => { const u = new URL('http://a/'); u.searchParams.set('x', '1 2'); return u.href })()",
     "http://a/?x=1+2"),
    ("URL.canParse('no') + ' ' + URL.canParse('http://a b/')", "false false"),
    ("require('path').join('a', '..', 'b', './c') + require('node:path').extname('x.tar.gz')",
     "b/c.gz"),
    ("require('util').format('%s=%d %j', 'a', 42, {b: 1})", 'a=42 {"b":1}'),
    ("require('util').inspect({a: 'x', b: [1, new Map([[1, { c: { d: 2 } }]])]})",
     "{ a: 'x', b: [ 1, Map(1) { 1 => [Object] } ] }"),
    ("(() => { const e = new (require('events'))(); let n = 0; e.on('x', (k) => n += k);"
     " e.emit('x', 2); e.emit('x', 3); return String(n) })()", "5"),
    ("JSON.stringify(structuredClone({ a: [1, { b: 'x' }] }))", '{"a":[1,{"b":"x"}]}'),
    ("new Date(0).toISOString()", "1970-01-01T00:00:00.000Z"),
    ("[...'a1b22'.matchAll(/\\d+/g)].map((m) => m[0]).join()", "1,22"),
    ("`${typeof performance.now()} ${typeof process.hrtime.bigint()}`", "number bigint"),
    ("'ß'.toUpperCase() + 'İ'.normalize('NFD').length", "SS2"),
])
def test_what_javascript_offers(js, expression, value):
    assert js.result("function main() { return { v: %s } }" % expression) == {"v": value}


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 200])
def test_hashes(js, size):
    text = "x" * size
    result = js.result("""
        const c = require('crypto');
        function main(p) {
            return { sha1: c.createHash('sha1').update(p.t).digest('hex'),
                     sha256: c.createHash('sha256').update(p.t).digest('hex'),
                     hmac: c.createHmac('sha256', p.t).update('data').digest('base64') }
        }""", {"t": text})
    mac = hmac.new(text.encode(), b"data", "sha256").digest()
    assert result == {"sha1": hashlib.sha1(text.encode()).hexdigest(),
                      "sha256": hashlib.sha256(text.encode()).hexdigest(),
                      "hmac": base64.b64encode(mac).decode()}


def test_the_consoles_streams_and_forms(js):
    record = js.run("""
        function main() {
            console.info('a %s', 'b', { c: [1, 'x'] }); console.warn(null, undefined, true);
            console.debug([1, 2, 3]); console.group('g'); console.log('in\\nside');
            console.groupEnd(); console.log(new Error('e').message, Symbol('s'), () => 1);
            return {}
        }""")
    assert lines(record, "stderr") == ["null undefined true"]
    assert lines(record, "stdout") == ["a b { c: [ 1, 'x' ] }", "[ 1, 2, 3 ]", "g", "  in",
                                       "  side", "e Symbol(s) [Function (anonymous)]"]


def test_timers(js):
    assert js.result("""
        function main() {
            const seen = [];
            setTimeout(() => seen.push('late'), 30);
            setTimeout((...a) => seen.push(...a), 5, 'x', 'y');
            clearTimeout(setTimeout(() => seen.push('never'), 1));
            setImmediate(() => seen.push('now'));
            queueMicrotask(() => seen.push('micro')); process.nextTick(() => seen.push('tick'));
            let n = 0;
            return new Promise((yes) => {
                const i = setInterval(() => { if (++n == 3) { clearInterval(i); yes({ seen }) } }, 15);
            });
        }""") == {"seen": ["micro", "tick", "now", "x", "y", "late"]}


def test_a_sleeper_holds_no_processor(js):
    sleepy = js.container("const later = (ms) => new Promise((yes) => setTimeout(yes, ms));"
                          "async function main() { await later(300); return { slept: true } }")
    in_threads(2, lambda _: sleepy.run({}))  # their workers are there
    start = time.monotonic()
    records = in_threads(12, lambda _: sleepy.run({}).result)
    assert records == [{"slept": True}] * 12
    assert time.monotonic() - start < 12 * 0.3 / 2  # two at a time would take as long


@pytest.mark.parametrize("code", [
    "export function main(p) { return { v: p.v } }",
    "export default (p) => ({ v: p.v })",
    "const f = await Promise.resolve((p) => ({ v: p.v })); export { f as main }",
    "import util from 'util'; export const main = async (p) => ({ v: +util.format('%d', p.v) })",
    "module.exports = { main: (p) => ({ v: p.v }) }",
    "exports.main = (p) => ({ v: p.v })",
    "const main = (p) => ({ v: p.v })",
    "class A { static main(p) { return { v: p.v } } } var main = A.main",
    "#!/usr/bin/env node\nfunction main({ v }) { return { v } }",
])
def test_ways_to_say_main(js, code):
    assert js.result(code, {"v": 7}) == {"v": 7}


def test_arrays_in_and_out(js):
    assert js.result("const main = (a) => a.reverse()", [1, 2]) == [2, 1]


# ---- baselines, files of logs, all kinds of daemons ----

def test_the_baseline_says_the_same(own_wowd):
    wowd = own_wowd(tiering="on")
    container = wowd.start()
    value = {"kind": "js:wasm", "code": "function main(p) { return { r: [3, 1, 2].sort(), p } }"}
    assert container.post("init", {"value": value}).status == 200
    assert container.run({"x": 1}).result == {"r": [1, 2, 3], "p": {"x": 1}}
    assert "tier=baseline" in until(
        lambda: [line for line in wowd.log().splitlines() if " activation " in line], "it ran")[-1]
    wowd.stop()  # LLVM is at work for longer than this test


def test_the_log_of_a_failed_init_names_the_error(own_wowd, tmp_path):
    logs = tmp_path / "containers"
    wowd = own_wowd("--container-logs", logs, cache=CODE)
    container = wowd.start()
    value = {"kind": "js:wasm", "code": " 10 PRINT"}
    assert container.post("init", {"value": value}).status == 502
    [file] = logs.glob("**/*.log")
    records = [json.loads(line) for line in file.read_text().splitlines()]
    text = "".join(r["log"] for r in records).lower()
    assert "error" in text and "syntax" in text and text.count("xxx_the_end_of_a_whisk") == 2
