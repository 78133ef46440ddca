"""Actions that an interpreter runs: daemons that have compiled it already, and their containers."""
import base64
import re
import zipfile

import pytest

from harness import BUILD, Wowd, until, zip_of

# Compiling an interpreter takes LLVM a quarter of a minute: it is done once per build.
CODE = BUILD / "kinds" / "cache"


class Kind:
    """A daemon, and how its containers get actions of one kind."""

    def __init__(self, wowd, kind):
        self.wowd, self.kind = wowd, kind

    def init(self, code, **value):
        container = self.wowd.start()
        return container, container.post("init", {"value": {"code": code, "kind": self.kind, **value}})

    def container(self, code, **value):
        container, reply = self.init(code, **value)
        assert (reply.status, reply.body) == (200, b""), reply.body
        return container

    def run(self, code, args=None, **value):
        """The record of one activation of this code, with its log."""
        container = self.container(code, **value)
        reply = container.post("run", {"value": {} if args is None else args, "logs": True})
        container.destroy()
        return reply.record

    def result(self, code, args=None, **value):
        record = self.run(code, args, **value)
        assert record["success"], record
        return record["result"]

    def refused(self, code, **value):
        """The error of an init with code that cannot be used."""
        container, reply = self.init(code, **value)
        container.destroy()
        assert reply.status == 502, reply.body
        return reply.error


def zipped(files):
    """A zip in base64."""
    return base64.b64encode(zip_of(*files.items(), method=zipfile.ZIP_DEFLATED)).decode()


def fault(record):
    assert record["status"] == "action developer error", record
    return record["result"]["error"]


def lines(record, stream=None):
    """What an activation printed, without times; of one stream."""
    found = [line.split(" ", 1)[1].split(": ", 1) for line in record["logs"]]
    return [text for name, text in found if stream in (None, name)]


def warm(wowd, kind, wait=True):
    """
    Have the interpreter compiled, and optimised: for whoever waits a compiler has two minutes,
    which LLVM may need more than on a busy machine; in the background it takes its time.
    """
    def tier():
        reply = wowd.post("/warm/init", {"value": {"kind": kind, "code": "wrong in any language ("}},
                          timeout=200)
        assert reply.status == 502 and "SyntaxError" in reply.error, reply.error
        wowd.post("/warm/destroy")
        return re.findall(r" prepare .* tier=(\w+) ", wowd.log())[-1]

    until(lambda: tier() == "optimised" or not wait, "the interpreter is optimised", 400)


def start(engine, tmp_path_factory, kind, *options, wait=True, **how):
    tiering = "on" if engine == "wamr" else "off"
    wowd = Wowd(how.pop("place", None) or tmp_path_factory.mktemp(engine), engine, *options,
                cache=CODE, tiering=tiering, **how)
    warm(wowd, kind, wait)
    return Kind(wowd, kind)


def daemon(kind, program):
    """A fixture: the engine's daemon, for actions of this kind."""
    @pytest.fixture(scope="module")
    def fixture(engine, tmp_path_factory):
        if not (BUILD / "kinds" / program).exists():
            pytest.fail(f"there is no {program} in {BUILD / 'kinds'}: make kinds")
        started = start(engine, tmp_path_factory, kind)
        yield started
        started.wowd.stop()
    return fixture
