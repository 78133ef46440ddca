"""The actions under measurement: one C source each, as wasm and natively, and the same in JavaScript."""
import base64
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import struct

from .common import ROOT, Failed, Unavailable, run

JS = ROOT / "bench" / "containers" / "js"


@dataclasses.dataclass(frozen=True)
class Action:
    """name: a folder of examples/, or a guest in wat; args and expect: a call and what is in its answer."""
    name: str
    args: str
    expect: str
    annotations: tuple = ()


def _hash(text, iterations):
    digest = text.encode()
    for _ in range(iterations):
        digest = hashlib.blake2b(digest, digest_size=32).digest()
    return digest.hex()


def _prime(n):
    limit = max(16, int(n * 20))
    sieve = bytearray([1]) * limit
    sieve[:2] = b"\0\0"
    for i in range(2, int(limit**0.5) + 1):
        if sieve[i]:
            sieve[i * i::i] = bytes(len(range(i * i, limit, i)))
    at = -1
    for _ in range(n):
        at = sieve.index(1, at + 1)
    return at


@functools.cache
def action(name, **args):
    """With the answer as it must be, worked out here."""
    if name == "add" or name.startswith("module-"):
        return Action(name, '{"a":40,"b":2}', '"result":42')
    if name == "hash":
        n = args["iterations"]
        return Action(name, json.dumps({"text": "abc", "iterations": n}), _hash("abc", n))
    if name == "block":
        return Action(name, json.dumps({"ms": args["ms"]}), '"until":')
    if name == "prime":
        n = args["n"]
        return Action(name, json.dumps({"n": n}), f'"prime":{_prime(n)}')
    if name == "filesys":
        call = {"directory": args["directory"], "name": args["file"], "text": "Hello, Wasm."}
        return Action(name, json.dumps(call), '"read":"Hello, Wasm."',
                      (("dir", args["directory"]),))
    if name == "loop":
        return Action(name, "{}", "")
    raise Failed(f"no action {name}")


# ---- building ----

class Workshop:
    """Builds what is asked for into a directory of the run, once."""

    def __init__(self, work):
        self.work = work
        self.token = work.name.split(".")[-1]  # in names that all of the machine sees

    def _source(self, name):
        for path in (ROOT / "examples" / name / f"{name}.c", ROOT / "bench" / "guests" / f"{name}.c"):
            if path.exists():
                return path
        raise Unavailable(f"there is no examples/{name}")

    @functools.cache
    def wasm(self, name):
        out = self.work / f"{name}.wasm"
        if name.startswith("module-"):
            generate_module(int(name.split("-")[1]), self.work / f"{name}.c")
            run(ROOT / "sdk/c/wow-cc", "-O0", "-fno-lto", "-o", out, self.work / f"{name}.c")
        elif name.endswith(".wat"):
            out = self.work / (pathlib.Path(name).stem + ".wasm")
            run("wat2wasm", ROOT / name, "-o", out)
        else:
            run(ROOT / "sdk/c/wow-cc", "-o", out, self._source(name))
        return out.read_bytes()

    @functools.cache
    def native(self, name):
        out = self.work / name
        run(ROOT / "sdk/c/wow-cc", "--native", "-O3", "-o", out, self._source(name),
            env={**os.environ, "WOW_CC": "clang-19"})
        run("strip", out)
        return out.read_bytes()

    @staticmethod
    def js(name):
        return (JS / f"{name}.js").read_text()


def unseen(wasm, number):
    """Another module of the same meaning: a custom section with a number in it."""
    body = b"\5bench" + struct.pack("<Q", number)
    return wasm + bytes([0, len(body)]) + body


def encoded(code):
    return base64.b64encode(code).decode()


def generate_module(functions, path):
    """An action whose module is as large as somebody's who links much: so many functions, all reachable."""
    lines = ["#include <wow/action.h>", ""]
    for i in range(functions):
        lines.append(f"""static int64_t f{i}(int64_t x, int64_t y)
{{
    static volatile int64_t seen[8];
    for (int64_t k = x & 7; k < y % {i % 97 + 11}; k++) {{
        switch ((x + k) % 7) {{
        case 0: x += y * {i * 31 + 7}; break;
        case 1: y ^= x >> {i % 13 + 1}; seen[k & 7] = y; break;
        case 2: x -= seen[(k + {i}) & 7]; break;
        case 3: y += (int64_t)((double)x * {i}.5); break;
        case 4: x = (x << {i % 17 + 1}) | (y & {i * 3 + 1}); break;
        default: seen[x & 7] += y + {i};
        }}
    }}
    return x ^ y;
}}
""")
    table = ", ".join(f"f{i}" for i in range(functions))
    lines.append(f"""static int64_t (*const table[])(int64_t, int64_t) = {{{table}}};

static struct json *module(const struct json *args, struct wow_error *err)
{{
    int64_t a = wow_int(args, "a", err), b = wow_int(args, "b", err);
    struct json *result = json_object();
    int64_t (*volatile f)(int64_t, int64_t) = table[(uint64_t)a % {functions}];
    json_set(result, "seen", json_int(f(a, b) & 1));
    json_set(result, "result", json_int(a + b));
    return result;
}}

WOW_ACTION(module)
""")
    path.write_text("\n".join(lines))
