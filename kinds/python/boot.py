"""The action: its code once at its init, its function for each activation. Called by python.c."""
import base64
import collections
import dataclasses
import datetime
import decimal
import hashlib
import hmac
import importlib.abc
import importlib.machinery
import io
import json
import marshal
import os
import random
import re
import sys
import traceback
import typing
import urllib.parse
import uuid
import zipfile

FILE = "__main__.py"


class Files(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports what the action's zip has."""

    def __init__(self, modules):
        self.modules = modules  # by name: (is it a package, code)

    def find_spec(self, name, path=None, target=None):
        found = self.modules.get(name)
        return found and importlib.machinery.ModuleSpec(name, self, origin=name, is_package=found[0])

    def exec_module(self, module):
        exec(self.modules[module.__name__][1], module.__dict__)


def _compile(text, name):
    return compile(text, name, "exec", dont_inherit=True)


def _unzip(data):
    modules = {}
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as archive:
        for name in archive.namelist():
            if not name.endswith(".py"):
                continue
            path = name.removesuffix(".py").split("/")
            package = path[-1] == "__init__"
            code = _compile(archive.read(name), name)
            modules[".".join(path[:-1] if package else path)] = (package, code)
    if "__main__" not in modules:
        raise ImportError("the zip has no __main__.py at its root")
    return modules


def _begin(environment):
    os.environ._data.clear()
    for pair in environment:
        name, _, value = pair.partition(b"=")
        os.environ._data[name] = value
    random.seed()
    sys.stdout.reconfigure(line_buffering=True)
    sys.stderr.reconfigure(line_buffering=True)


def _load(modules, main):
    """Run the action's code; its function."""
    sys.meta_path.append(Files(modules))
    module = sys.modules["__main__"] = type(sys)("__main__")
    exec(modules["__main__"][1], module.__dict__)
    function = getattr(module, main, None)
    if not callable(function):
        raise TypeError(f"Action entrypoint '{main}' is not a function")
    return function


def _says(error):
    text = "".join(traceback.format_exception_only(error)).strip()
    return text.splitlines()[-1] if isinstance(error, SyntaxError) else text


def prepare(data, args, main, environment):
    """(0, what run gets), or (1, what is wrong)."""
    _begin(environment)
    try:
        binary = json.loads(args)["binary"]
        modules = _unzip(data) if binary else {"__main__": (False, _compile(data, FILE))}
        kept = marshal.dumps((modules, main))
        _load(modules, main)
        return 0, kept
    except BaseException as error:
        where = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        return 1, (_says(error).rstrip(".") + where).encode()


def run(data, args, environment):
    """The answer's JSON."""
    _begin(environment)
    try:
        result = _load(*marshal.loads(data))(json.loads(args))
        answer = {"Ok": {} if result is None else result}
        return json.dumps(answer).encode()
    except MemoryError:
        return b'{"Fault":"The action exhausted its memory and was aborted."}'
    except BaseException as error:
        traceback.print_exception(error)
        return json.dumps({"Fault": f"An error has occurred: {_says(error)}"}).encode()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
