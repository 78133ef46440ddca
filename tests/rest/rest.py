"""A wowd with its REST door, and users of it."""
import base64
import http.client
import itertools
import json
import re
import sqlite3
import subprocess

from harness import BUILD, ENGINES, Reply, Wowd, action, encoded, until, wasm, zip_of

ENGINE = "wasmtime" if "wasmtime" in ENGINES else ENGINES[-1]
UNLIMITED = ["--limit-invocations", 10**9, "--limit-fires", 10**9, "--limit-concurrent", 10**6]
API = "/api/v1/namespaces/_"
NOT_FOUND = "The requested resource does not exist."


def zipped(guest):
    """A zip with the module, in base64: what wsk sends of a file.zip."""
    return base64.b64encode(zip_of(("action.wasm", wasm(guest)))).decode()


class Answer(Reply):
    """An answer of the REST door: what every one must have was looked at."""

    @property
    def error(self):
        body = self.json
        assert set(body) == {"error", "code"}, body
        assert body["code"] == self.headers["X-Request-ID"]
        return body["error"]

    def ok(self, status=200):
        assert self.status == status, (self.status, self.body[:500])
        return json.loads(self.body) if self.body else None

    def fails(self, status, text):
        assert (self.status, self.error) == (status, text)


class User:
    """Someone with a key, or without: requests in their name, on one connection each."""

    def __init__(self, daemon, name, key):
        self.daemon, self.name, self.key = daemon, name, key

    def basic(self):
        return "Basic " + base64.b64encode(self.key.encode()).decode() if self.key else None

    def request(self, method, path, body=None, headers=None, timeout=30):
        path = path if path.startswith("/") else f"{API}/{path}"
        sent = {"Authorization": self.basic(), **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(*self.daemon.rest, timeout=timeout)
        try:
            connection.request(method, path, encoded(body) if body is not None else None,
                               {k: v for k, v in sent.items() if v is not None})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        assert answer.headers["X-Request-ID"]
        return answer

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def put(self, path, body=None, **how):
        return self.request("PUT", path, {} if body is None else body, **how)

    def post(self, path, body=None, **how):
        return self.request("POST", path, body, **how)

    def delete(self, path, **how):
        return self.request("DELETE", path, **how)

    # actions

    def action(self, name, guest="echo.wat", **fields):
        """Create one, whose module it is."""
        body = {"exec": {"kind": "wasm:0.1", "code": action(guest)}, **fields}
        return self.put(f"actions/{name}", body).ok()

    def sequence(self, name, *components):
        return self.put(f"actions/{name}",
                        {"exec": {"kind": "sequence", "components": list(components)}})

    def invoke(self, name, args=None, **how):
        """Blocking: the answer."""
        return self.post(f"actions/{name}?blocking=true", {} if args is None else args, **how)

    def result(self, name, args=None):
        return self.post(f"actions/{name}?blocking=true&result=true",
                         {} if args is None else args).ok()

    def record(self, name):
        """An activation's record, as soon as it is there."""
        return until(lambda: (a := self.get(f"activations/{name}")).status == 200 and a.json,
                     f"the record of {name}")


class Rest(Wowd):
    """The program with --rest."""

    def __init__(self, place, engine, *options, limits=UNLIMITED, **how):
        place.mkdir(exist_ok=True)
        self.props = place / "wskprops"
        self.names = itertools.count()
        super().__init__(place, engine, "--wskprops", self.props, *map(str, limits), *options,
                         rest="127.0.0.1:0", **how)
        settings = dict(line.split("=", 1) for line in self.props.read_text().splitlines()
                        if "=" in line)
        self.apihost = settings["APIHOST"]
        self.guest = User(self, "guest", settings.get("AUTH"))
        self.nobody = User(self, None, None)

    def wow(self, *args):
        return subprocess.run(list(map(str, [BUILD / "wow", *args, "--data", self.data])),
                              capture_output=True, text=True, timeout=20, check=False)

    def user(self, name=None, *options):
        """A new one."""
        name = name or f"user{next(self.names)}"
        done = self.wow("user", "create", name, *options)
        assert (done.returncode, done.stderr) == (0, "")
        return User(self, name, done.stdout.strip())

    def rows(self, query):
        """As another process reads them from the database."""
        database = sqlite3.connect(self.data / "wow.db", timeout=20)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def sql(self, query):
        """One value."""
        return self.rows(query)[0][0]

    def metric(self, name):
        """The sum of a metric's values."""
        text = self.nobody.get("/metrics").body.decode()
        return sum(float(value) for value in
                   re.findall(rf"^wow_{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))
