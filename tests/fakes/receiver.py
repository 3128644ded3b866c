"""A receiver of webhooks and events on this machine, good-natured or not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from typing_extensions import override


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """Keeps what it gets. ``answer`` decides on each: a status, or what else it does to the connection."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[["Handler"], int | None] = lambda _: 202
    released: threading.Event = field(default_factory=threading.Event)

    def wait_for(self, count: int, seconds: float = 15) -> list[Got]:
        """Wait until so many requests came."""
        ends = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < ends, f"{len(self.got)} of {count} came"
            time.sleep(0.005)
        return self.got


class Handler(BaseHTTPRequestHandler):
    """Notes the request, then does what the receiver says."""

    protocol_version = "HTTP/1.1"
    # Headers and body in two packets would wait for each other (Nagle, delayed acknowledgement).
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        receiver = cast("Server", self.server).receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.got.append(Got(self.path, headers, body, time.monotonic()))
        status = receiver.answer(self)
        if status is not None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        return

    @override
    def handle(self) -> None:
        with suppress(OSError):
            super().handle()


class Server(ThreadingHTTPServer):
    """A server that knows its receiver, and waits for none of its threads."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    receiver: Receiver

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever goes away in the middle is no fault of the test."""


@contextmanager
def receiving(
    answer: Callable[[Handler], int | None] = lambda _: 202,
    *,
    wrap: Callable[[Server], None] = lambda _: None,
) -> Iterator[Receiver]:
    """Listen on a free port of 127.0.0.1; ``wrap`` may put TLS around it."""
    server = Server(("127.0.0.1", 0), Handler)
    wrap(server)
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/events", answer=answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.receiver
    finally:
        server.receiver.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def hang(handler: Handler) -> None:
    """Take the request and never answer, until the test is over."""
    receiver = cast("Server", handler.server).receiver
    receiver.released.wait(60)
    handler.close_connection = True


def flood(handler: Handler) -> None:
    """Answer 200 with a gigabyte."""
    handler.send_response(200)
    handler.send_header("content-length", str(1 << 30))
    handler.end_headers()
    piece = bytes(1 << 16)
    with suppress(OSError):
        for _ in range(1 << 14):
            handler.wfile.write(piece)
    handler.close_connection = True


def redirect_to(where: str) -> Callable[[Handler], None]:
    """Answer that the thing is elsewhere."""

    def redirect(handler: Handler) -> None:
        handler.send_response(307)
        handler.send_header("location", where)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return redirect
