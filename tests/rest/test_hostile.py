"""Recorded requests with some of their bytes changed: none is an error of ours, none ends wowd."""
import http.client
import os
import random
import re
import socket

from rest import zipped
from test_recorded import FILE

REQUESTS = int(os.environ.get("WOW_HOSTILE", "1500"))
TOKENS = ["null", "[]", "{}", '""', "-1", "1e999", r'"\u0000"', r'"\ud83d\ude00"', "true", "[[[[",
          '"_"', '"/_/x"', '{"key":"a","value":1}', '"active"', "99999999999999999999", "\\", '"',
          '"sequence"', "%00", "%2F", "../", "?", "&", "=", "limit=0", "\x7f", "\xff"]
WEB = '{"body":"x","statusCode":200,"headers":{"A":["b"]}}'
METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"]
TYPES = 8 * ["application/json"] + ["text/plain", "application/x-www-form-urlencoded", "x", ""]


def recorded():
    lines = [line[2:] for line in FILE.read_text().splitlines()
             if line[:2] in ("> ", "+ ") and "USER" not in line and "AS " not in line]
    for line in lines:
        method, rest = line.split(" ", 1)
        path, space, body = rest.partition(" {")
        yield method, path, "{" + body if space else ""
    for ext in "http", "json", "html", "text", "svg":
        yield "POST", f"/api/v1/web/guest/default/x.{ext}/a?b=c", WEB


def changed(text, chance):
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(text) + 1)
        values = list(re.finditer(r':("[^"]*"|\d+|true|false|null|\[|\{)', text))
        how = chance.randrange(4)
        if how == 0:
            text = text[:at] + chr(chance.randrange(1, 256)) + text[at + 1:]
        elif how == 1:
            text = text[:at] + text[at + chance.randrange(1, 20):]
        elif how == 2 or not values:
            text = text[:at] + chance.choice(TOKENS) + text[at:]
        else:
            value = chance.choice(values)
            text = text[:value.start() + 1] + chance.choice(TOKENS) + text[value.end():]
    return text


def test_bytes_of_chance(start_rest):
    daemon = start_rest()
    guest, chance = daemon.guest, random.Random(REQUESTS)
    guest.action("x", annotations=[{"key": "web-export", "value": True}])
    requests, archive, sock, seen = list(recorded()), zipped("echo.wat"), None, {}
    for _ in range(REQUESTS):
        method, path, body = chance.choice(requests)
        code = archive if chance.random() < 0.3 else "AAAA"
        path = path.replace("<AID>", "0" * 32).replace(" ", "%20")
        body = body.replace("<B64ZIP>", code).replace("<UUID:SECRET>", guest.key)
        path = changed(path, chance) if chance.random() < 0.5 else path
        body = changed(body, chance) if chance.random() < 0.7 else body
        method = chance.choice(METHODS) if chance.random() < 0.1 else method
        path = "/" + re.sub(r"[\x00-\x20\x7f-\U0010ffff]", "%41", path).lstrip("/")
        data = body.encode("latin-1" if chance.random() < 0.5 else "utf-8", "replace")
        head = (f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {guest.basic()}\r\n"
                f"Content-Type: {chance.choice(TYPES)}\r\nContent-Length: {len(data)}\r\n\r\n")
        sock = sock or socket.create_connection(daemon.rest, timeout=20)
        sock.sendall(head.encode("latin-1", "replace") + data)
        answer = http.client.HTTPResponse(sock, method=method)
        answer.begin()
        text = answer.read()
        seen[answer.status] = seen.get(answer.status, 0) + 1
        assert answer.status not in (500, 503), (method, path, body[:300], text[:300])
        if answer.getheader("Connection") == "close":
            sock.close()
            sock = None
    if sock:
        sock.close()
    assert {200, 400, 404, 409} <= set(seen), seen
    print(sorted(seen.items()))
