"""Running wow with the verbs of the REST API, and servers of the tests' own to run it against."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading

from harness import BUILD

WOW = BUILD / "wow"
OTHERS = ("WOW_", "WSK_", "WHISK_", "__OW_")
KEY = "23bc46b1-71f6-4ed5-8c54-816aa4f8c502:" + "s" * 64
USAGE, NOT_DONE, NO_ANSWER, UNFINISHED = 64, 2, 3, 202


def exit_of(http_status):
    return (http_status - 256) % 256


class Done:
    """What a command did."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def ok(self, *lines):
        """It went well and printed such lines; <ID> is an activation's id."""
        assert (self.status, self.err) == (0, ""), self
        said = re.sub(r"\b[0-9a-f]{32}\b", "<ID>", self.out)
        if lines:
            assert said == "".join(line + "\n" for line in lines)
        return self

    def fails(self, status, text):
        """With this line on stderr; <CODE> is a request's id."""
        said = re.sub(r"\(code \w+\)", "(code <CODE>)", self.err)
        assert (self.status, self.out, said) == (status, "", f"error: {text}\n"), self
        return self

    @property
    def json(self):
        """Behind a line of text, or alone."""
        at = re.search(r"^[\[{\"\d]", self.out, re.M)
        return json.loads(self.out[at.start():])

    def __repr__(self):
        return f"{self.status}\n{self.out}\n{self.err}"


class Wsk:
    """wow as somebody has it set up: a folder with its .wskprops."""

    def __init__(self, place, apihost, key):
        self.place = pathlib.Path(place)
        self.props = self.place / ".wskprops"
        self.props.write_text(f"APIHOST={apihost}\n" + (f"AUTH={key}\n" if key else ""))

    def environment(self, more=None):
        own = {k: v for k, v in os.environ.items() if not k.startswith(OTHERS)}
        return {**own, "HOME": str(self.place), "TZ": "UTC", **(more or {})}

    def __call__(self, *args, env=None, stdin=None, **how):
        done = subprocess.run([WOW, *map(str, args)], capture_output=True, cwd=self.place,
                              env=self.environment(env), input=stdin, timeout=60, check=False,
                              **how)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *args):
        """One that goes on; its output is read line by line."""
        return subprocess.Popen([WOW, *map(str, args)], stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.PIPE, cwd=self.place, env=self.environment())

    def write(self, name, text):
        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        return path


class Recorder:
    """A server that takes all requests, and answers as it is told."""

    def __init__(self, answer=None):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                recorder.requests.append((self.command, self.path,
                                          json.loads(body) if body else None))
                recorder.headers = self.headers
                status, said = (answer or (lambda *_: (200, {})))(self.command, self.path)
                said = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_PUT = do_POST = do_DELETE = handle_one

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
