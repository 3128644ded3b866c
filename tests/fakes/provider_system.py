"""A member's own information system, as a gateway calls it: behaves well or badly, by its path."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from typing_extensions import override


class ProviderSystem(ThreadingHTTPServer):
    """Answers on a port of its own, and remembers what it was asked."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Gateways that hang up are what some tests are about."""


@contextmanager
def serving_system() -> Iterator[ProviderSystem]:
    system = ProviderSystem()
    thread = threading.Thread(target=system.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield system
    finally:
        system.release.set()
        system.shutdown()
        thread.join(5)
        system.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer come in two writes; nothing waits for more.
    disable_nagle_algorithm: ClassVar[bool] = True
    server: ProviderSystem

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def answer(self) -> None:
        self.server.asked.append((self.command, self.path))
        body = self._read()
        name = self.path.partition("?")[0].strip("/").split("/")[0]
        getattr(self, f"_{name}", self._seen)(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer  # noqa: N815

    def _read(self) -> bytes:
        left, parts = int(self.headers.get("content-length", "0")), 0
        if left <= 1 << 20:
            return self.rfile.read(left)
        while left:
            part = self.rfile.read(min(left, 1 << 18))
            left -= len(part)
            parts += len(part)
        return b"%d" % parts

    def _give(self, status: int, body: bytes, *fields: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def _seen(self, body: bytes) -> None:
        """Tell what was received, line by line."""
        told = {
            "method": self.command,
            "target": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "body": body.decode("latin-1"),
        }
        self._give(200, json.dumps(told).encode(), ("content-type", "application/json"), ("x-own", "one"))

    def _echo(self, body: bytes) -> None:
        self._give(200, body, ("content-type", "application/octet-stream"))

    def _sealed(self, body: bytes) -> None:
        """Give a sealed body back, or one that is only called so."""
        told = b"open" if self.path.endswith("?open") else body
        self._give(200, told, ("content-type", "application/vnd.rahdari.sealed"))

    def _big(self, _: bytes) -> None:
        count = int(self.path.split("/")[2])
        self.send_response(200)
        self.send_header("content-length", str(count))
        self.end_headers()
        for at in range(0, count, 1 << 18):
            self.wfile.write(b"b" * min(1 << 18, count - at))

    def _chunked(self, _: bytes) -> None:
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")

    def _close(self, _: bytes) -> None:
        """An answer whose end is the end of the connection."""
        self.send_response(200)
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(b"until the end")
        self.close_connection = True

    def _status(self, _: bytes) -> None:
        self._give(int(self.path.split("/")[2]), b"told", ("location", "http://elsewhere.example/"))

    def _hang(self, _: bytes) -> None:
        self.server.release.wait(20)
        self.close_connection = True

    def _drip(self, _: bytes) -> None:
        """Begin an answer, and never end it."""
        self.send_response(200)
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"begun")
        self.server.release.wait(20)
        self.close_connection = True

    def _short(self, _: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"less")
        self.close_connection = True

    def _nonsense(self, _: bytes) -> None:
        self.wfile.write(b"this is not HTTP\r\n\r\n")
        self.close_connection = True

    def _smuggled(self, _: bytes) -> None:
        """Two answers where one was asked for."""
        one = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"
        self.wfile.write(one + b"one" + one + b"two")

    def _subject(self, _: bytes) -> None:
        self._give(200, b"{}", ("ndel-subject", "35202-1234567-1"), ("x-road-error", "server.fake"))

    def _slow(self, _: bytes) -> None:
        time.sleep(0.2)
        self._give(200, b"slow")
