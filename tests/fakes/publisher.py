"""A publisher of one file on this machine: honest, broken, changing, lying, endless or slow."""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from typing_extensions import override


@dataclass
class Publisher:
    """Serves ``body``; each field turns one vice on."""

    body: bytes = b""
    url: str = ""
    etag: str = '"one"'
    kind: str = "application/zip"
    knows_ranges: bool = True
    breaks_after: int = 0
    breaks_left: int = 0
    length_told: int | None = None
    status: int = 200
    location: str = ""
    is_endless: bool = False
    drip_seconds: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    # Where set, it alone answers: path and headers in, status, headers and body out.
    answer: Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]] | None = None


class Handler(BaseHTTPRequestHandler):
    """Answers as the publisher does today."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        publisher = cast("Server", self.server).publisher
        headers = {name.lower(): value for name, value in self.headers.items()}
        publisher.asked.append(headers)
        publisher.paths.append(self.path)
        with suppress(ConnectionError):
            if publisher.answer:
                self._plain(*publisher.answer(self.path, headers))
            elif publisher.status != 200:
                more = {"location": publisher.location} if publisher.location else {}
                self._plain(publisher.status, more, b"")
                publisher.status = 200 if publisher.location == "/whole" else publisher.status
            elif publisher.is_endless:
                self._endless(publisher)
            else:
                self._file(publisher, headers)

    def _plain(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _endless(self, publisher: Publisher) -> None:
        self.send_response(200)
        self.send_header("content-type", publisher.kind)
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(publisher.body)
        for _ in range(10_000):
            self.wfile.write(b"\0" * 65_536)

    def _file(self, publisher: Publisher, headers: dict[str, str]) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        is_same = headers.get("if-range", publisher.etag) == publisher.etag
        start = int(wanted[1]) if wanted and publisher.knows_ranges and is_same else 0
        rest = publisher.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("content-type", publisher.kind)
        self.send_header("etag", publisher.etag)
        told = publisher.length_told
        self.send_header("content-length", str(len(rest) if told is None else told))
        if start:
            self.send_header(
                "content-range", f"bytes {start}-{len(publisher.body) - 1}/{len(publisher.body)}"
            )
        self.end_headers()
        if publisher.breaks_left:
            publisher.breaks_left -= 1
            rest = rest[: publisher.breaks_after]
            self.close_connection = True
        if told is not None:
            self.close_connection = True
        if publisher.drip_seconds:
            for at in range(len(rest)):
                self.wfile.write(rest[at : at + 1])
                time.sleep(publisher.drip_seconds)
        else:
            self.wfile.write(rest)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True

    def __init__(self, publisher: Publisher) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.publisher = publisher

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a caller who hung up: many tests are about that."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def publishing(body: bytes = b"") -> Iterator[Publisher]:
    """Run a publisher while the block runs."""
    publisher = Publisher(body)
    server = Server(publisher)
    publisher.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
