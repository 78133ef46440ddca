"""
The requests that real clients were recorded to send, in their order, each section against a fresh
wowd; and the answers that OpenWhisk's source and its tests ask for. recorded.txt holds both.
"""
import os
import pathlib
import re

import pytest

from harness import BUILD, epoch_ms, until
from rest import zipped

FILE = pathlib.Path(__file__).with_name("recorded.txt")
WRITE = os.environ.get("WOW_WRITE_RECORDED")  # put what wowd answers into the file, to be read


def sections():
    for text in ("\n" + FILE.read_text()).split("\n# ")[1:]:
        title, *lines = text.splitlines()
        yield pytest.param(title, lines, id=title.split(" ", 1)[0])


class Play:
    """One section: placeholders in requests are filled, and in answers made of what is new."""

    def __init__(self, daemon):
        self.users = {"guest": daemon.guest}
        self.daemon, self.zip, self.last = daemon, zipped("echo.wat"), "0" * 32

    def fill(self, text):
        key = self.users["guest"].key
        since = str(epoch_ms() - 10_000)
        return (text.replace("<B64ZIP>", self.zip).replace("<SINCE>", since).replace("<AID>", self.last)
                .replace("<UUID:SECRET>", key).replace("<UUID>", key.split(":")[0]))

    def send(self, line):
        """"[AS user] METHOD path [body]" """
        name = "guest"
        if line.startswith("AS "):
            _, name, line = line.split(" ", 2)
        method, rest = line.split(" ", 1)
        path, space, body = rest.partition(" {")
        headers = {"Content-Type": "application/json"} if space else {}
        if path == "/" or path == "/api/v1":
            headers["Authorization"] = None
        answer = self.users[name].request(method, self.fill(path).replace(" ", "%20"),
                                          self.fill("{" + body) if space else None,
                                          headers=headers)
        self.last = answer.headers.get("x-openwhisk-activation-id", self.last)
        if method == "PUT":  # lists are in the order of milliseconds
            now = epoch_ms()
            until(lambda: epoch_ms() > now, "a millisecond passes")
        return answer

    def shown(self, answer):
        """The answer with what differs from run to run replaced."""
        text = answer.body.decode().replace(self.zip, "<B64ZIP>")
        text = text.replace(self.users["guest"].key, "<UUID:SECRET>").replace("\n", "\\n")
        text = re.sub(r'"(build|buildno)":"[^"]*"', r'"\1":"<VERSION>"', text)
        text = re.sub(r'"code":"\w{32}"', '"code":"<TID>"', text)
        text = re.sub(r'[0-9a-f]{32}', "<AID>", text)
        text = re.sub(r'"(updated|start|end)":\d+', r'"\1":0', text)
        text = re.sub(r'"(duration)":\d+', r'"\1":0', text)
        text = re.sub(r'"key":"(waitTime|initTime)","value":\d+', r'"key":"\1","value":0', text)
        return f"{answer.status} {text}".rstrip()


@pytest.mark.skipif(not (BUILD / "kinds" / "js.wasm").exists(), reason="make kinds")
@pytest.mark.parametrize("title, lines", list(sections()))
def test_every_recorded_request(start_rest, title, lines):
    daemon = start_rest()
    play, played, wrong, answer = Play(daemon), [], [], None
    for line in lines:
        if line.startswith("< ") and WRITE:
            continue
        played.append(line)
        if line.startswith("+ USER "):
            play.users[line[7:]] = daemon.user(line[7:])
        elif line.startswith("+ "):
            prepared = play.send(line[2:])
            assert prepared.status < 300, (line[:100], prepared.body)
        elif line.startswith("> "):
            answer = play.shown(play.send(line[2:]))
            if WRITE:
                played.append("< " + answer)
        elif line.startswith("< ") and line[2:] != answer:
            wrong.append(f"{played[-2][:200]}\n  expected {line[2:]}\n  got      {answer}")
    assert not wrong, "\n".join(wrong)
    if WRITE:
        text = FILE.read_text()
        old = "\n".join([title, *lines])
        FILE.write_text(text.replace(old, "\n".join([title, *played])))
