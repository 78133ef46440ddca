"""A module's binary form, read as far as the tests need it and written with additions.

Indices never change: what replaces an import stands at the front of its index space, where the
import stood, and everything new is appended. What is not touched stays as it was, byte by byte.
Format: WebAssembly core specification 2.0, chapter 5, "Binary Format".
"""

TYPE, IMPORT, FUNC, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEM, CODE, DATA, DATACOUNT = range(1, 13)
ORDER = [TYPE, IMPORT, FUNC, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEM, DATACOUNT, CODE, DATA]
KINDS = ("func", "table", "memory", "global")
VALTYPES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B,
            "funcref": 0x70, "externref": 0x6F}

# Instructions.
END, IF, RETURN, CALL, DROP = b"\x0b", b"\x04\x40", b"\x0f", b"\x10", b"\x1a"
LOCAL_GET, LOCAL_SET, GLOBAL_GET, GLOBAL_SET = b"\x20", b"\x21", b"\x23", b"\x24"
I32_EQZ, I32_EQ, I64_EQ, I32_AND, I64_AND = b"\x45", b"\x46", b"\x51", b"\x71", b"\x83"
I32_REINTERPRET, I64_REINTERPRET = b"\xbc", b"\xbd"
REF_NULL, REF_IS_NULL, REF_FUNC = b"\xd0", b"\xd1", b"\xd2"
V128_CONST, V128_AND, I8X16_EQ, I8X16_ALL_TRUE = b"\xfd\x0c", b"\xfd\x4e", b"\xfd\x23", b"\xfd\x63"
CONSTS = {"i32": b"\x41", "i64": b"\x42", "f32": b"\x43", "f64": b"\x44", "v128": V128_CONST}


def leb(n):
    """n as an unsigned LEB128."""
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def signed(n):
    """n as a signed LEB128."""
    out = bytearray()
    while not -0x40 <= n < 0x40:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n & 0x7F)
    return bytes(out)


def vector(items):
    return leb(len(items)) + b"".join(items)


def sized(data):
    return leb(len(data)) + data


def const(kind, bits):
    """The instruction that pushes a value, given as its bits."""
    if kind in ("i32", "i64"):
        width = int(kind[1:])
        return CONSTS[kind] + signed(bits - (1 << width) if bits >> (width - 1) else bits)
    return CONSTS[kind] + bits.to_bytes({"f32": 4, "f64": 8, "v128": 16}[kind], "little")


class Unknown(Exception):
    """An instruction that is not read here."""


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value

    def raw(self, read):
        """The bytes that read passes over."""
        start = self.at
        read()
        return self.data[start:self.at]

    def name(self):
        return self.take(self.number())

    def many(self, read):
        return [read() for _ in range(self.number())]

    def limits(self):
        flags = self.byte()
        return flags, self.number(), self.number() if flags & 1 else None

    def functype(self):
        assert self.byte() == 0x60
        return bytes(self.many(self.byte)), bytes(self.many(self.byte))

    def expression(self, replaced):
        """A constant expression; global.get of what is in replaced becomes that."""
        out = b""
        while True:
            start, op = self.at, self.instruction()
            if op == END:
                return out + END
            index = Reader(self.data, start + 1).number() if op == GLOBAL_GET else None
            out += replaced.get(index, self.data[start:self.at])

    def instruction(self):
        """Passes over one that constant expressions, and the plainest bodies, have; its opcode."""
        op = self.take(1)
        if op in (CONSTS["i32"], CONSTS["i64"], LOCAL_GET, GLOBAL_GET, REF_FUNC):
            self.number()
        elif op in (CONSTS["f32"], CONSTS["f64"]):
            self.take(4 if op == CONSTS["f32"] else 8)
        elif op == REF_NULL:
            self.byte()
        elif op == V128_CONST[:1]:
            op += self.take(1)
            if op != V128_CONST:
                raise Unknown(op)
            self.take(16)
        elif op != END:
            raise Unknown(op)
        return op


class Import:
    def __init__(self, r):
        self.module, self.name = r.name(), r.name()
        self.kind = KINDS[r.byte()]
        self.type = None
        if self.kind == "func":
            self.type = r.number()
            self.raw = leb(self.type)
        elif self.kind == "table":
            self.raw = r.raw(lambda: (r.byte(), r.limits()))
        elif self.kind == "memory":
            self.raw = r.raw(r.limits)
        else:
            self.raw = r.take(2)

    def written(self):
        return (sized(self.module) + sized(self.name) + bytes([KINDS.index(self.kind)]) + self.raw)


class Module:
    """What a module consists of, and what is to be added to it."""

    def __init__(self, data):
        self.data = data
        self.sections = []  # (id, payload), in the module's order
        r = Reader(data, 8)
        while r.at < len(data):
            self.sections.append((r.byte(), r.name()))
        self.types = self._read(TYPE, Reader.functype)
        self.imports = self._read(IMPORT, Import)
        own = self._read(FUNC, Reader.number)
        self.funcs = [i.type for i in self.imports if i.kind == "func"] + own
        own = self._read(GLOBAL, lambda g: (g.take(2), g.expression({}))[0])
        self.globals = [i.raw for i in self.imports if i.kind == "global"] + own
        exports = self._read(EXPORT, lambda e: (e.name(), KINDS[e.byte()], e.number()))
        self.exports = {name: (kind, index) for name, kind, index in exports}
        self.replaced = {}  # index of an imported global -> the instruction that stands for it
        self.added = {s: [] for s in (TYPE, FUNC, TABLE, MEMORY, GLOBAL, EXPORT, CODE)}
        self.fronts = {s: [] for s in (FUNC, TABLE, MEMORY, GLOBAL, CODE)}
        self.dropped = set()  # ids of imports that a definition stands for
        self._known = {}

    def section(self, wanted):
        return next((payload for s, payload in self.sections if s == wanted), b"\x00")

    def _read(self, wanted, read):
        r = Reader(self.section(wanted))
        return r.many(lambda: read(r))

    def body(self, func):
        """The code of a function that is the module's own, else None."""
        own = func - sum(i.kind == "func" for i in self.imports)
        r = Reader(self.section(CODE))
        return r.many(r.name)[own] if own >= 0 else None

    def initial(self, index):
        """The constant expression of a global that is the module's own, else None."""
        own = index - sum(i.kind == "global" for i in self.imports)
        found = self._read(GLOBAL, lambda g: (g.take(2), g.expression({}))[1])
        return found[own] if own >= 0 else None

    # ---- additions ----

    def add_type(self, params, results):
        key = ("type", params, results)
        if key not in self._known:
            self._known[key] = len(self.types)
            self.types.append((params, results))
            self.added[TYPE].append(b"\x60" + sized(params) + sized(results))
        return self._known[key]

    def add_operand(self, kind, bits):
        """The code that pushes a value which no compiler can know: that of a mutable global."""
        return GLOBAL_GET + leb(self._add_global("operand", kind, bits))

    def add_sink(self, valtype):
        """The code that takes a value from the stack, and which no compiler can leave out."""
        kind = next(k for k, t in VALTYPES.items() if t == valtype)
        return GLOBAL_SET + leb(self._add_global("sink", kind, 0)) if kind in CONSTS else DROP

    def _add_global(self, use, kind, bits):
        key = (use, kind, bits)
        if key not in self._known:
            self._known[key] = len(self.globals)
            head = bytes([VALTYPES[kind], 1])
            self.globals.append(head)
            self.added[GLOBAL].append(head + const(kind, bits) + END)
        return self._known[key]

    def add_function(self, name, local_types, code):
        """Export a function of type () -> i32."""
        assert name not in self.exports
        func = len(self.funcs)
        self.funcs.append(self.add_type(b"", b"\x7f"))
        self.added[FUNC].append(leb(self.funcs[func]))
        local_types = vector([b"\x01" + bytes([t]) for t in local_types])
        self.added[CODE].append(sized(local_types + code + END))
        self.exports[name] = ("func", func)
        self.added[EXPORT].append(sized(name) + b"\x00" + leb(func))

    def define(self, item, definition):
        """Have a definition in the place of an import: a body, a constant expression or a type."""
        self.dropped.add(id(item))
        if item.kind == "func":
            self.fronts[FUNC].append(leb(item.type))
            self.fronts[CODE].append(sized(definition))
        elif item.kind == "global":
            index = [i for i in self.imports if i.kind == "global"].index(item)
            self.replaced[index] = definition[:-len(END)]
            self.fronts[GLOBAL].append(item.raw + definition)
        else:
            self.fronts[TABLE if item.kind == "table" else MEMORY].append(definition)

    # ---- writing ----

    def written(self):
        if not self.dropped and not any(self.added.values()):
            return self.data
        wanted = {s for part in (self.added, self.fronts) for s, items in part.items() if items}
        missing = [s for s in ORDER if s in wanted and s not in dict(self.sections)]
        sections = list(self.sections)
        for s in missing:
            rank = ORDER.index(s)
            at = next((i for i, (other, _) in enumerate(sections)
                       if other and ORDER.index(other) > rank), len(sections))
            sections.insert(at, (s, b"\x00"))
        out = self.data[:8]
        for s, payload in sections:
            payload = self._written(s, payload)
            out += bytes([s]) + sized(payload)
        return out

    def _written(self, s, payload):
        if s == IMPORT:
            return vector([i.written() for i in self.imports if id(i) not in self.dropped])
        if self.replaced and s in (GLOBAL, ELEM, DATA):
            r = Reader(payload)
            read = {GLOBAL: self._global, ELEM: self._elem, DATA: self._data}[s]
            payload = vector(r.many(lambda: read(r)))
        if s not in self.added:
            return payload
        r = Reader(payload)
        front, back = self.fronts.get(s, []), self.added[s]
        n = r.number()
        return leb(len(front) + n + len(back)) + b"".join(front) + payload[r.at:] + b"".join(back)

    def _global(self, r):
        return r.take(2) + r.expression(self.replaced)

    def _data(self, r):
        flags = r.number()
        out = leb(flags)
        if flags == 2:
            out += leb(r.number())
        if flags != 1:
            out += r.expression(self.replaced)
        return out + sized(r.name())

    def _elem(self, r):
        flags = r.number()
        out = leb(flags)
        if flags & 1 == 0:
            if flags & 2:
                out += leb(r.number())
            out += r.expression(self.replaced)
        if flags & 3:
            out += r.take(1)  # an element kind or a type
        if flags & 4:
            return out + vector(r.many(lambda: r.expression(self.replaced)))
        return out + vector(r.many(lambda: leb(r.number())))
