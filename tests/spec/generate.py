#!/usr/bin/env python3
"""generate.py OUT: from the official spec tests, plans and modules that wow can run.

Each NAME.wast becomes a directory OUT/NAME with a file `plan` and modules N.wasm; README.md says
how they come about and how a plan reads.
"""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import wasm
from wasm import Module, Reader, const, leb

HERE = pathlib.Path(__file__).parent

# The folders that make up WebAssembly 2.0.
FOLDERS = ("wasm-v2", "proposals/simd")

# What is left out, and why.
LEFT_OUT = {
    "comments": "text format only, and wast2json cannot read it",
    "simd_memory-multi": "several memories in a module, which is not WebAssembly 2.0",
}

# What looks at what an assertion before it, which passes an externref, would have left.
AFTER_EXTERNREF = {("ref_is_null", 41), ("table_get", 31), ("table_grow", 29)}

# Abbreviations of the text format that wast2json does not know, written out.
WRITTEN_OUT = (
    (re.compile(r"\btable\.(get|set|grow|size|fill)( *[()])"), r"table.\1 0\2"),
    (re.compile(r"\(if \(i32\.const 1\) \(i32\.eqz\) "), "(i32.const 1) (if (i32.eqz) "),
)

# What the module "spectest" of the official harness has, beside functions: those are the host's
# (spectest.c), and stay imports.
SPECTEST = {
    ("global", b"global_i32"): const("i32", 666) + wasm.END,
    ("global", b"global_i64"): const("i64", 666) + wasm.END,
    ("global", b"global_f32"): const("f32", 0x4426A666) + wasm.END,
    ("global", b"global_f64"): const("f64", 0x4084D4CCCCCCCCCD) + wasm.END,
    ("table", b"table"): b"\x70\x01\x0a\x14",  # funcref, 10 to 20
    ("memory", b"memory"): b"\x01\x01\x02",  # 1 to 2 pages
}
HOST = object()

WIDTHS = {"i8": 8, "i16": 16, "i32": 32, "f32": 32, "i64": 64, "f64": 64, "v128": 128}
QUIET = {32: 0x7FC00000, 64: 0x7FF8000000000000}

# How a value is compared: what makes bits of it, the type of those, their "and", their "equal".
COMPARED = {
    "i32": (b"", "i32", wasm.I32_AND, wasm.I32_EQ),
    "i64": (b"", "i64", wasm.I64_AND, wasm.I64_EQ),
    "f32": (wasm.I32_REINTERPRET, "i32", wasm.I32_AND, wasm.I32_EQ),
    "f64": (wasm.I64_REINTERPRET, "i64", wasm.I64_AND, wasm.I64_EQ),
    "v128": (b"", "v128", wasm.V128_AND, wasm.I8X16_EQ + wasm.I8X16_ALL_TRUE),
}


class NotRun(Exception):
    """Why wow cannot run something."""


class Instance:
    """One module of the script and what the script does with its instance."""

    def __init__(self, line, module, expect):
        self.line, self.module, self.expect = line, module, expect
        self.steps = []      # lines of the plan
        self.not_run = None  # the reason
        self.shared = False  # an instance that wow cannot make has been linked to it


def scalar(kind, text):
    """(mask, bits): what is compared of a value and what it must be."""
    width = WIDTHS[kind]
    if text == "nan:canonical":
        return (1 << (width - 1)) - 1, QUIET[width]
    if text == "nan:arithmetic":
        return QUIET[width], QUIET[width]
    return (1 << width) - 1, int(text)


def value(v):
    """(mask, bits) of a number or vector as wast2json writes it."""
    if v["type"] != "v128":
        return scalar(v["type"], v["value"])
    mask = bits = 0
    width = WIDTHS[v["lane_type"]]
    for lane in reversed(v["value"]):
        m, b = scalar(v["lane_type"], lane)
        mask, bits = mask << width | m, bits << width | b
    return mask, bits


def push(module, v):
    """The code that pushes an argument."""
    if v["type"] in ("externref", "funcref"):
        if v["value"] != "null":
            raise NotRun("externref")
        return wasm.REF_NULL + bytes([wasm.VALTYPES[v["type"]]])
    return module.add_operand(v["type"], value(v)[1])


def is_right(v):
    """The code that turns the value on the stack into 1 when it is the expected one, else 0."""
    kind = v["type"]
    if kind in ("externref", "funcref"):
        if v.get("value", "null") != "null":
            raise NotRun("externref")
        return wasm.REF_IS_NULL + (b"" if "value" in v else wasm.I32_EQZ)
    mask, bits = value(v)
    code, word, land, equal = COMPARED[kind]
    if mask + 1 < 1 << WIDTHS[kind]:
        code += const(word, mask) + land
    return code + const(word, bits) + equal


def tested(module, action):
    """The code that does an action, and the types of what it leaves on the stack."""
    name = action["field"].encode("utf-8", "surrogateescape")
    kind, index = module.exports[name]
    if action["type"] == "get":
        return wasm.GLOBAL_GET + leb(index), module.globals[index][:1]
    code = b"".join(push(module, v) for v in action["args"])
    return code + wasm.CALL + leb(index), module.types[module.funcs[index]][1]


def add_step(module, name, command):
    """Export what does one command: it returns 0, or the number of the result that is wrong."""
    code, results = tested(module, command["action"])
    if command["type"] != "assert_return":
        sinks = b"".join(module.add_sink(t) for t in reversed(results))
        module.add_function(name, b"", code + sinks + const("i32", 0))
        return
    assert len(results) == len(command["expected"])
    for i in reversed(range(len(results))):
        code += wasm.LOCAL_SET + leb(i)
    for i, v in enumerate(command["expected"]):
        code += wasm.LOCAL_GET + leb(i) + is_right(v) + wasm.I32_EQZ
        code += wasm.IF + const("i32", i + 1) + wasm.RETURN + wasm.END
    module.add_function(name, results, code + const("i32", 0))


def stands_alone(body):
    """Is this a body of parameters and constants only, which is the same in any module?"""
    r = Reader(body)
    if r.number() != 0:
        return False
    try:
        while r.at < len(body):
            if r.instruction() in (wasm.GLOBAL_GET, wasm.REF_FUNC):
                return False
    except wasm.Unknown:
        return False
    return True


class Script:
    """One .wast: its commands in order become instances with their steps, and lone compilations."""

    def __init__(self, converted, out):
        self.converted, self.out = converted, out
        self.plan = []
        self.instances = []
        self.current = None
        self.named, self.registered = {}, {}

    def run(self, commands):
        for command in commands:
            getattr(self, "do_" + command["type"])(command)
        for instance in self.instances:
            self.write_instance(instance)
        (self.out / "plan").write_text("".join(line + "\n" for line in self.plan))

    def say(self, verb, what, line, rest):
        self.plan.append(f"{verb} {what} {line} {rest}")

    # ---- modules ----

    def read(self, command):
        return (self.converted / command["filename"]).read_bytes()

    def keep(self, data):
        name = f"{len(self.plan)}.wasm"
        (self.out / name).write_bytes(data)
        return name

    def instantiate(self, command, expect):
        instance = Instance(command["line"], Module(self.read(command)), expect)
        self.instances.append(instance)
        try:
            self.link(instance.module)
        except NotRun as reason:
            instance.not_run = str(reason)
        return instance

    def do_module(self, command):
        self.current = self.instantiate(command, "up")
        if "name" in command:
            self.named[command["name"]] = self.current

    def do_assert_uninstantiable(self, command):
        self.instantiate(command, "trap " + command["text"])

    def link(self, module):
        """Define what a module imports, but for host functions."""
        found = [self.definition(item) for item in module.imports]
        funcs = [d for item, d in zip(module.imports, found) if item.kind == "func"]
        if None in found or sorted(funcs, key=lambda d: d is not HOST) != funcs:
            for item in module.imports:
                if item.module in self.registered:
                    self.registered[item.module].shared = True
            raise NotRun("linking")
        for item, definition in zip(module.imports, found):
            if definition is not HOST:
                module.define(item, definition)

    def definition(self, item):
        """What can stand for an import: HOST if it stays one, None if nothing can."""
        if item.module != b"spectest":
            return self.copied(item)
        if item.kind == "func":
            return HOST
        return SPECTEST[item.kind, item.name]

    def copied(self, item):
        """What another instance exports, if a copy of it is as good; else None."""
        source = self.registered.get(item.module)
        if not source or source.not_run:
            return None
        kind, index = source.module.exports[item.name]
        if kind == "func":
            body = source.module.body(index)
            return body if body and stands_alone(body) else None
        if kind == "global" and item.raw[1] == 0:
            initial = source.module.initial(index)
            return initial if initial and stands_alone(b"\0" + initial) else None
        return None

    def do_register(self, command):
        instance = self.named[command["name"]] if "name" in command else self.current
        self.registered[command["as"].encode()] = instance

    def write_instance(self, instance):
        if instance.not_run:
            self.say("skip", "-", instance.line, instance.not_run)
        else:
            name = self.keep(instance.module.written())
            self.say("module", name, instance.line, instance.expect)
        self.plan += instance.steps

    # ---- what must not come to life ----

    def lone(self, command, expect):
        if command["module_type"] == "text":
            self.say("skip", "-", command["line"], "text")
        else:
            self.say("compile", self.keep(self.read(command)), command["line"], expect)

    def do_assert_invalid(self, command):
        self.lone(command, "refused " + command["text"])

    def do_assert_malformed(self, command):
        self.lone(command, "refused " + command["text"])

    def do_assert_unlinkable(self, command):
        foreign = {i.module for i in Module(self.read(command)).imports} & set(self.registered)
        if foreign:
            self.say("skip", "-", command["line"], "linking")
        else:
            self.lone(command, "unlinkable " + command["text"])

    # ---- what is done with an instance ----

    def step(self, command, expect):
        name = command["action"].get("module")
        instance = self.named[name] if name else self.current
        line = command["line"]
        try:
            if instance.not_run or instance.shared:
                raise NotRun("linking")
            if (self.out.name, line) in AFTER_EXTERNREF:
                raise NotRun("externref")
            step = f"wow:{len(instance.steps)}"
            add_step(instance.module, step.encode(), command)
            instance.steps.append(f"call {step} {line} {expect}")
        except NotRun as reason:
            instance.steps.append(f"skip - {line} {reason}")

    def do_action(self, command):
        self.step(command, "return")

    def do_assert_return(self, command):
        self.step(command, "return")

    def do_assert_trap(self, command):
        self.step(command, "trap " + command["text"])

    def do_assert_exhaustion(self, command):
        self.step(command, "trap " + command["text"])


def convert(wast, out):
    """wast2json: the commands, and a module each. Returns None for what wast2json cannot read."""
    text = wast.read_bytes().decode("utf-8", "surrogateescape")
    for pattern, replacement in WRITTEN_OUT:
        text = pattern.sub(replacement, text)
    source, result = out / wast.name, out / "commands.json"
    source.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = subprocess.run(["wast2json", source, "-o", result], capture_output=True, check=False)
    if done.returncode != 0:
        return done.stderr.decode(errors="replace").strip().splitlines()[0]
    return json.loads(result.read_bytes().decode("utf-8", "surrogateescape"))["commands"]


def generate(wast, out):
    """One .wast; returns what went wrong, or None."""
    with tempfile.TemporaryDirectory() as directory:
        commands = convert(wast, pathlib.Path(directory))
        if (wast.stem in LEFT_OUT) != isinstance(commands, str):
            return f"{wast.name}: {commands if isinstance(commands, str) else 'can be read now'}"
        out.mkdir()
        if wast.stem in LEFT_OUT:
            (out / "plan").write_text(f"left_out - 0 {LEFT_OUT[wast.stem]}\n")
            return None
        script = Script(pathlib.Path(directory), out)
        script.run(commands)
    return None


def find_suite():
    """The directory of the official tests; fetches them if need be."""
    done = subprocess.run([HERE / "fetch"], stdout=subprocess.PIPE, check=True, text=True)
    return pathlib.Path(done.stdout.strip())


def stamp(suite):
    """What the plans are made of: they are made anew when it is another."""
    parts = [(HERE / name).read_bytes() for name in ("generate.py", "wasm.py", "suite/Cargo.lock")]
    return hashlib.sha256(b"".join(parts) + str(suite).encode()).hexdigest()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out, suite = pathlib.Path(sys.argv[1]), find_suite()
    made, wanted = out / "made-of", stamp(suite)
    if made.exists() and made.read_text() == wanted:
        return 0
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    files = [f for folder in FOLDERS for f in sorted((suite / folder).glob("*.wast"))]
    with ProcessPoolExecutor() as pool:
        wrong = [w for w in pool.map(generate, files, [out / f.stem for f in files]) if w]
    for text in wrong:
        print("spec:", text)
    if not wrong:
        made.write_text(wanted)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
