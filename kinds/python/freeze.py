"""
Makes of Python's library what the interpreter carries: a table of frozen modules, in C.

    freeze.py LIB BOOT.py >frozen.h

LIB is the folder Lib of the sources that the interpreter is built of; the Python that runs this
must be of the same version, as it makes the bytecode.
"""
import marshal
import os
import sys

MODULES = """
__future__ _compat_pickle _pydecimal _weakrefset ast base64 bisect calendar cmd code codeop
collections/__init__ collections/abc colorsys concurrent/__init__ concurrent/futures/__init__
concurrent/futures/_base configparser contextlib contextvars copy copyreg csv dataclasses datetime
decimal difflib dis encodings/__init__ encodings/aliases encodings/ascii encodings/idna
encodings/latin_1 encodings/utf_16 encodings/utf_16_le encodings/utf_8 encodings/utf_8_sig
encodings/punycode encodings/charmap encodings/cp437 encodings/cp1252 encodings/iso8859_1
encodings/hex_codec encodings/base64_codec encodings/unicode_escape encodings/raw_unicode_escape
stringprep enum filecmp fnmatch fractions functools getopt gettext glob graphlib gzip hashlib
heapq hmac html/__init__ html/entities html/parser _markupbase inspect ipaddress json/__init__
json/decoder json/encoder json/scanner keyword linecache locale logging/__init__ mimetypes numbers
opcode operator optparse argparse pathlib pickle pickletools pkgutil platform posixpath pprint
queue quopri random re/__init__ re/_casefix re/_compiler re/_constants re/_parser reprlib sched
secrets shlex shutil signal statistics string struct tempfile textwrap threading timeit token
tokenize traceback types typing urllib/__init__ urllib/error urllib/parse uuid warnings weakref
xml/__init__ zipfile zlib
_compression bz2 _bootsubprocess importlib/__init__ importlib/abc importlib/_abc
importlib/resources/__init__ importlib/resources/_common importlib/resources/abc
importlib/resources/_adapters importlib/resources/_itertools importlib/resources/_legacy
""".split()


def main(lib, boot):
    table, total = [], 0
    for path in [*MODULES, None]:
        file = os.path.join(lib, f"{path}.py") if path else boot
        if not os.path.exists(file):
            continue
        package = bool(path) and path.endswith("/__init__")
        name = (path.removesuffix("/__init__") if path else "wow_boot").replace("/", ".")
        with open(file, encoding="utf-8") as source:
            code = compile(source.read(), f"<{name}>", "exec", dont_inherit=True, optimize=2)
        data = marshal.dumps(code)
        total += len(data)
        print(f"static const unsigned char m{len(table)}[] = {{{','.join(map(str, data))}}};")
        table.append((name, len(data), package))
    print("static const struct _frozen frozen[] = {")
    for i, (name, size, package) in enumerate(table):
        print(f'    {{"{name}", m{i}, {size}, {int(package)}, NULL}},')
    print("    {0}};")
    print(f"freeze: {len(table)} modules, {total >> 10} KiB", file=sys.stderr)


main(*sys.argv[1:])
