"""The code of an init: base64, of wasm or of a gzip or zip with wasm in it. All of it hostile."""
import base64
import gzip
import json
import struct
import time
import zipfile
import zlib

import pytest

from harness import BUFFER, GUESTS, NAMES, action, wasm, zip_of

MISSING = "Missing main/no code to execute."
START = '(func (export "_start"))'


def failed(text):
    return f"Initialization has failed due to: {text}."


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    return zip_of(*members, method=method)


def init(wowd, value):
    return wowd.start().post("init", {"value": value})


def refused(wowd, code):
    """The error of an init with these bytes, which cannot be used."""
    reply = wowd.start().init(code)
    assert reply.status == 502, (reply.status, reply.body[:300])
    return reply.error


def runs(wowd, code, **value):
    return wowd.container(code, **value).run().result


# ---- the request ----

@pytest.mark.parametrize("body", ["{}", '{"value":null}', '{"value":{}}', '{"value":{"code":null}}',
                                  '{"value":{"code":""}}', '{"value":{"main":"main"}}'])
def test_code_must_be_there(wowd, body):
    reply = wowd.start().post("init", body)
    assert (reply.status, reply.error) == (403, MISSING)


@pytest.mark.parametrize("value, error", [
    ([1], "'value' must be an object, not an array"),
    ("x", "'value' must be an object, not a string"),
    ({"code": 123}, "'code' must be a string, not a number"),
    ({"code": 42}, "'code' must be a string, not a number"),
    ({"code": []}, "'code' must be a string, not an array"),
    ({"code": {}}, "'code' must be a string, not an object"),
    ({"code": True}, "'code' must be a string, not a boolean"),
    ({"code": "AA", "main": 3}, "'main' must be a string, not a number"),
    ({"code": "AA", "main": "a\0b"}, "'main' contains a NUL"),
    ({"code": "AA", "name": []}, "'name' must be a string, not an array"),
    ({"code": "AA", "env": 3}, "'env' must be an object, not a number"),
    ({"code": "AA", "env": ["A=b"]}, "'env' must be an object, not an array"),
    ({"code": "AA", "env": {"A=b": ""}}, "environment variable 'A=b' contains NUL or '='"),
    ({"code": "AA", "env": {"A": "b\0"}}, "environment variable 'A' contains NUL or '='"),
    ({"code": "AA", "annotations": 3},
     "'annotations' must be an object or an array, not a number")])
def test_an_inits_members_have_their_shapes(wowd, value, error):
    reply = init(wowd, value)
    assert (reply.status, reply.error) == (400, error)


@pytest.mark.parametrize("value", [
    {"name": None, "main": None, "env": None, "annotations": None, "binary": None},
    {"name": "", "main": "", "env": {}, "annotations": {}, "binary": True},
    {"name": "n", "main": "answer", "env": {"A": 1}, "annotations": [], "binary": False, "more": [1]}])
def test_only_code_is_required(wowd, value):
    assert runs(wowd, "ok.wat", **value) == {"answer": 42}


@pytest.mark.parametrize("code", ["!", "AAA", "AA=A", "A", "AAAA====", "ä", "AA-_"])
def test_code_that_is_not_base64_is_refused(wowd, code):
    reply = wowd.start().post("init", '{"value":{"code":"%s"}}' % code)
    assert reply.status == 400
    assert reply.error.startswith("Initialization has failed due to: the code: not valid base64")


def test_base64_may_be_wrapped(wowd):
    lines = base64.encodebytes(wasm("ok.wat")).decode()
    assert init(wowd, {"code": lines.replace("\n", "\r\n")}).status == 200


def test_slashes_of_base64_may_be_escaped(wowd):
    data = wasm("ok.wat") + bytes.fromhex("00 08 04 6e616d65 ffffff")  # a custom section
    code = base64.b64encode(data).decode()
    assert "/" in code
    reply = wowd.start().post("init", '{"value":{"code":"%s"}}' % code.replace("/", "\\/"))
    assert reply.status == 200, reply.body


@pytest.mark.parametrize("annotations", [
    {"dir": "/etc"}, {"dir": ["/etc:ro"]}, [{"key": "dir", "value": "/"}], {"dir": "/no/such"}])
def test_a_directory_that_is_not_granted_is_refused(wowd, annotations):
    reply = init(wowd, {"code": action("ok.wat"), "annotations": annotations})
    assert reply.status == 403
    assert "which does not exist or is not granted by this daemon" in reply.error


@pytest.mark.parametrize("directory", ["etc", 3, [3], {"a": 1}, [None]])
def test_a_directory_is_an_absolute_path(wowd, directory):
    reply = init(wowd, {"code": action("ok.wat"), "annotations": {"dir": directory}})
    assert reply.status == 400
    assert "annotation 'dir'" in reply.error


# ---- gzip and zip ----

def test_a_gzip_is_unpacked(wowd):
    assert runs(wowd, gzip.compress(wasm("ok.wat"))) == {"answer": 42}


def test_a_damaged_gzip_is_refused(wowd):
    whole = gzip.compress(wasm("ok.wat"))
    flipped = bytearray(whole)
    flipped[-6] ^= 1  # in the checksum
    for bad in [whole[:n] for n in (2, 9, 10, 30, len(whole) - 1)] + [bytes(flipped)]:
        assert refused(wowd, bad) == failed("the gzip is cut or damaged")


def test_a_zip_is_searched_for_wasm(wowd):
    for method in zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED:
        code = zipped(("README", "text"), ("a/ok.wasm", wasm("ok.wat")),
                      ("b/echo.wasm", wasm("echo.wat")), method=method)
        assert runs(wowd, code) == {"answer": 42}


def test_a_manifest_picks_a_member(wowd):
    code = zipped(("a.wasm", wasm("echo.wat")), ("wow.json", '{"module": "deep/down/the.bin"}'),
                  ("deep/down/the.bin", wasm("ok.wat")))
    assert runs(wowd, code) == {"answer": 42}


@pytest.mark.parametrize("manifest", ["{}", '{"module": null}', '{"other": "x"}'])
def test_a_manifest_need_not_name_a_member(wowd, manifest):
    code = zipped(("wow.json", manifest), ("ok.wasm", wasm("ok.wat")))
    assert runs(wowd, code) == {"answer": 42}


@pytest.mark.parametrize("manifest, error", [
    ('{"module": "no.wasm"}', "the zip has no member 'no.wasm', which its wow.json names"),
    ("[1]", "the zip's wow.json is not a JSON object"),
    ("{", "the zip's wow.json is not a JSON object"),
    ("", "the zip's wow.json is not a JSON object")])
def test_a_bad_manifest_is_refused(wowd, manifest, error):
    code = zipped(("wow.json", manifest), ("ok.wasm", wasm("ok.wat")))
    assert refused(wowd, code) == failed(error)


@pytest.mark.parametrize("members, count", [([], 0), ([("a.txt", "x"), ("b.wat", "x")], 2)])
def test_a_zip_without_wasm_is_refused(wowd, members, count):
    assert refused(wowd, zipped(*members)) == failed(
        f"the zip has no *.wasm among its {count} members")


def test_a_cut_zip_is_refused(wowd):
    whole = zipped(("ok.wasm", wasm("ok.wat")))
    for n in 4, 30, len(whole) // 2, len(whole) - 1:
        assert refused(wowd, whole[:n]).startswith(failed("the zip cannot be read: ")[:-1])


def test_a_damaged_member_is_refused(wowd):
    code = bytearray(zipped(("ok.wasm", wasm("ok.wat")), method=zipfile.ZIP_STORED))
    code[60] ^= 1  # of its content: the checksum tells
    assert refused(wowd, bytes(code)) == failed("the zip's member 'ok.wasm' is damaged")


def test_an_encrypted_zip_is_refused(wowd):
    code = bytearray(zipped(("ok.wasm", wasm("ok.wat"))))
    for magic, flags in (b"PK\3\4", 6), (b"PK\1\2", 8):
        at = code.index(magic) + flags
        code[at:at + 2] = struct.pack("<H", struct.unpack("<H", code[at:at + 2])[0] | 1)
    assert refused(wowd, bytes(code)) == failed("the zip's member 'ok.wasm' is encrypted")


def zeros(wrap):
    """1 GiB of zeros, packed by a compressor of zlib's."""
    packer, piece = zlib.compressobj(1, zlib.DEFLATED, wrap), bytes(1 << 22)
    crc = 0
    out = []
    for _ in range(256):
        crc = zlib.crc32(piece, crc)
        out.append(packer.compress(piece))
    return b"".join(out) + packer.flush(), crc


def zip_bomb():
    data, crc = zeros(-15)
    name, size = b"bomb.wasm", 1 << 30
    common = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0x21, crc, len(data), size)
    local = b"PK\3\4" + common + struct.pack("<HH", len(name), 0) + name + data
    central = (b"PK\1\2" + struct.pack("<H", 20) + common
               + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name)
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central),
                                                     len(local), 0)


@pytest.mark.parametrize("bomb, what", [
    (zip_bomb, "the zip's member 'bomb.wasm' unpacks to too much: "),
    (lambda: zeros(31)[0], "the gzip unpacks to too much: ")], ids=["zip", "gzip"])
def test_a_bomb_is_refused_before_it_is_unpacked(wowd, bomb, what):
    code = bomb()
    before, begin = wowd.memory_kb("VmHWM"), time.monotonic()
    assert refused(wowd, code).startswith(failed(what)[:-1])
    assert time.monotonic() - begin < 5
    assert wowd.memory_kb("VmHWM") - before < 200 << 10


# ---- wasm ----

@pytest.mark.parametrize("code", [b"x", b"#!/bin/sh\n", b"\0as", b"\x7fELF", b"{}", b"PK\1\2"])
def test_code_of_no_known_kind_is_refused(wowd, code):
    assert refused(wowd, code) == failed(
        "the code is neither wasm nor a zip or gzip of it, as its first bytes say")


@pytest.mark.parametrize("code", [b"\0asm", b"\0asm\1\0\0", b"\0asm\2\0\0\0", b"\0asm\x0d\0\1\0"])
def test_wasm_of_another_version_is_refused(wowd, code):
    assert "module" in refused(wowd, code)


def test_wasm_cut_anywhere_is_refused(wowd):
    whole = wasm("echo.wat")
    for n in range(4, len(whole), 7):
        assert refused(wowd, whole[:n]).startswith("Initialization has failed due to: ")
    assert runs(wowd, whole) == {}


def test_wasm_with_any_byte_changed_harms_nobody(wowd):
    whole = wasm("echo.wat")
    for at in range(8, len(whole), 11):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        reply = wowd.start().init(bytes(changed))
        assert reply.status in (200, 502), reply.body
    assert runs(wowd, whole) == {}


def test_an_invalid_body_is_refused(wowd):
    done = bytearray(wasm(f"(module {BUFFER} (func (export \"_start\") (drop (i32.const 77))))"))
    done[done.index(b"\x41\xcd\0")] = 0x42  # i64.const, of which 77 takes the same bytes
    done[done.rindex(b"\x1a")] = 0x45       # i32.eqz, instead of drop
    assert refused(wowd, bytes(done)).startswith("Initialization has failed due to: ")


@pytest.mark.parametrize("text, what", [
    ('(import "env" "foo" (func))', "the function 'env.foo', which wow does not provide"),
    ('(import "env" "memory" (memory 1))', "the memory 'env.memory', which wow does not provide"),
    ('(import "env" "t" (table 1 funcref))', "the table 'env.t', which wow does not provide"),
    ('(import "env" "g" (global i32))', "the global 'env.g', which wow does not provide"),
    ('(import "wasi_snapshot_preview1" "fly" (func))',
     "the function 'wasi_snapshot_preview1.fly', which wow does not provide"),
    ('(import "wasi_snapshot_preview1" "proc_exit" (func (param i64)))',
     "the function 'wasi_snapshot_preview1.proc_exit', but with another type than it has"),
    ('(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32)))',
     "the function 'wasi_snapshot_preview1.fd_write', but with another type than it has")])
def test_an_import_that_does_not_exist_is_named(wowd, text, what):
    assert refused(wowd, wasm(f"(module {text})")) == failed(f"the module imports {what}")


FENCED = '(func (export "_start") (atomic.fence))'


@pytest.mark.parametrize("name", NAMES)
def test_what_only_some_engines_have_is_refused_by_all(start_wowd, name):
    wowd = start_wowd(name)
    for text, what in [
            (BUFFER + '(func $f) (func (export "_start") (return_call $f))',
             "tail calls (return_call at byte "),
            (BUFFER + FENCED, "threads (an atomic instruction at byte "),
            (BUFFER.replace(" 1)", " 1 2 shared)") + START, "threads (a shared memory at byte ")]:
        error = refused(wowd, wasm(f"(module {text})"))
        assert error.startswith(failed(f"the module uses {what}")[:-1]), error
        assert error.endswith("), which wow does not turn on."), error


SOME = BUFFER.replace('(export "get_wasm_memory_buffer_len")', "")


@pytest.mark.parametrize("text, error", [
    ("", "the module exports neither '_start' nor the buffer functions "
         "('wasm_memory_buffer_allocate_space' …)"),
    (BUFFER, "the module exports neither '_start' nor the entry point 'main'"),
    (SOME + START, "the module exports some of the buffer functions, but not "
                   "'get_wasm_memory_buffer_len'"),
    (BUFFER.replace('(export "memory")', "") + START,
     "the module exports no memory named 'memory'"),
    (START, "the module exports no memory named 'memory'"),
    (BUFFER + '(global (export "_start") i32 (i32.const 0))',
     "the module exports neither '_start' nor the entry point 'main'")])
def test_missing_exports_are_named(wowd, text, error):
    assert refused(wowd, wasm(f"(module {text})")) == failed(error)


def test_a_module_of_many_functions_compiles(wowd):
    functions = "".join(f"(func (result i32) (i32.add (i32.const {i}) (i32.const 1)))"
                        for i in range(5000))
    text = (GUESTS / "ok.wat").read_text().rstrip()
    assert runs(wowd, text[text.index("(module"):-1] + functions + ")") == {"answer": 42}


def test_a_module_may_claim_sizes_it_has_not(wowd):
    """Counts of 2^32-1 functions, exports, locals: refused at once, not allocated."""
    huge = b"\xff\xff\xff\xff\x0f"
    before = wowd.memory_kb("VmHWM")
    for section in range(1, 12):
        body = huge + b"\0\0\0\0"
        code = b"\0asm\1\0\0\0" + bytes([section, len(body)]) + body
        assert refused(wowd, code).startswith("Initialization has failed due to: ")
    assert wowd.memory_kb("VmHWM") - before < 50 << 10


def test_inits_error_may_be_read_as_json_whatever_the_module_says(wowd):
    text = r'(module (import "a\"\\\n" "\00\ff❄" (func)))'.replace(r"\ff", "")
    reply = wowd.start().init(wasm(text))
    assert reply.status == 502
    assert json.loads(reply.body)["error"].startswith(
        "Initialization has failed due to: the module imports the function 'a\"\\\n.")
