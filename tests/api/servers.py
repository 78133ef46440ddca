"""What guests' requests are sent to: servers of the test's own, good and bad ones."""
import http.server
import json
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; what it does follows from its path. server.world knows what went on."""
    protocol_version = "HTTP/1.0"  # a connection for each request, unless a test wants them kept

    def log_message(self, *_):
        pass

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, body=b"", status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def echo(self, _):
        body = self._body()
        self.reply(json.dumps({
            "method": self.command, "path": self.path, "headers": self.headers.items(),
            "body": body.decode("latin-1") if len(body) < 1000 else len(body)}).encode(),
            headers=[("Content-Type", "application/json")])

    def status(self, query):
        self.reply(b"so be it", int(query["is"]))

    def redirect(self, query):
        self._body()
        self.reply(b"over there", int(query.get("is", 302)), [("Location", query["to"])])

    def circle(self, _):
        self.reply(b"round", 302, [("Location", "/circle")])

    def size(self, query):
        """So many bytes, in one piece or in chunks, as fast as they are taken."""
        self.send_response(200)
        left, piece = int(query["is"]), b"x" * 65536
        if "chunked" in query:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(left))
        self.end_headers()
        while left > 0:
            part = piece[:left]
            left -= len(part)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if "chunked" in query else part)
        if "chunked" in query:
            self.wfile.write(b"0\r\n\r\n")

    def drip(self, _):
        """A byte now and then, without end."""
        self.send_response(200)
        self.end_headers()
        while not self.server.world.over.wait(0.02):
            self.wfile.write(b".")

    def head(self, query):
        """A head of so many lines, each of so many bytes."""
        self.send_response(200)
        for i in range(int(query["lines"])):
            self.send_header(f"X-{i}", "h" * int(query["each"]))
        self.end_headers()

    def never(self, _):
        """No answer, but a note when the client has gone."""
        self.server.world.waiting.release()
        self.connection.settimeout(40)
        try:
            if self.connection.recv(1) == b"":
                self.server.world.left.release()
        except OSError:
            self.server.world.left.release()
        self.close_connection = True

    def together(self, query):
        """An answer once so many are here."""
        with self.server.world.here:
            self.server.world.count += 1
            self.server.world.here.notify_all()
            self.server.world.here.wait_for(
                lambda: self.server.world.count >= int(query["n"]), 30)
        self.reply(b"all here")

    def raw(self, query):
        """These bytes, then the end."""
        self.wfile.write(query.get("bytes", "").encode("latin-1"))
        self.close_connection = True

    def handle_any(self):
        with self.server.world.lock:
            self.server.world.requests.append((self.command, self.path))
        at = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(at.query))
        getattr(self, at.path.strip("/"))(query)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any
    do_PROPFIND = handle_any


class World:
    """A server and what it has seen."""

    def __init__(self, context=None, address="127.0.0.1", keep=False):
        self.requests, self.connections = [], 0
        self.lock, self.here, self.count = threading.Lock(), threading.Condition(), 0
        self.waiting, self.left = threading.Semaphore(0), threading.Semaphore(0)
        self.over = threading.Event()
        world = self

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

            def get_request(self):
                connection, client = super().get_request()
                with world.lock:
                    world.connections += 1
                if context:
                    connection.settimeout(10)
                    connection = context.wrap_socket(connection, server_side=True)
                return connection, client

            def handle_error(self, request, client_address):
                pass  # a client that is gone, or does not trust us

        class Kept(Handler):
            protocol_version = "HTTP/1.1"

        self.server = Server((address, 0), Kept if keep else Handler)
        self.server.world = self
        self.port = self.server.server_address[1]
        self.scheme = "https" if context else "http"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()

    def url(self, path="/echo", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


def certificate(place, names, authority=None, days="2", key_of=None):
    """A key and a certificate for these subject alternative names; signed by itself or another."""
    place.mkdir(exist_ok=True)
    key, made, request, more = (place / name for name in ("key", "crt", "csr", "ext"))
    more.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:TRUE\n")

    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
            "-out", request, "-subj", f"/CN=wow {place.name}")
    signer = ["-CA", authority / "crt", "-CAkey", authority / "key"] if authority else [
        "-signkey", key]
    openssl("x509", "-req", "-in", request, *signer, "-set_serial", time.time_ns() % 10**9, "-days",
            days, "-extfile", more, "-out", made)
    return place


def tls(made):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / "crt", made / "key")
    return context


class Names:
    """A DNS server for one name, which has another address each time; without any it is mute."""

    def __init__(self, address, *answers):
        self.asked, self.answers, self.over = [], answers, threading.Event()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.socket.settimeout(0.05)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.over.is_set():
            try:
                query, client = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            if self.answers:
                self.socket.sendto(self._answer(query), client)

    def _answer(self, query):
        end = query.index(b"\0", 12) + 5
        kind = struct.unpack("!H", query[end - 4:end - 2])[0]
        answer = b""
        if kind == 1:  # A, and not AAAA
            address = self.answers[min(len(self.asked), len(self.answers) - 1)]
            self.asked.append(address)
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
        return (query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(answer) > 0, 0, 0)
                + query[12:end] + answer)

    def close(self):
        self.over.set()
        self.thread.join(5)
        self.socket.close()
