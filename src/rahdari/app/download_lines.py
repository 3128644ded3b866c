"""The lines of a client, and the knife: time-outs count from byte to byte, so a drip needs another end."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, Protocol, runtime_checkable

# A client that follows redirects one after the other has a handful of lines; the oldest are closed long since.
LINES_MAX: Final = 8


@runtime_checkable
class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...


class Lines:
    """Knows the sockets that a client opens, by its trace (httpcore's extension ``trace``)."""

    def __init__(self) -> None:
        """Know none yet."""
        self._sockets: list[socket.socket] = []

    def note(self, event: str, told: Mapping[str, object]) -> None:
        """Hear of an event: remember a line that stands."""
        stream = told.get("return_value")
        if event != "connection.connect_tcp.complete" or not isinstance(stream, _Stream):
            return
        found = stream.get_extra_info("socket")
        if isinstance(found, socket.socket):
            # A second handle: TLS takes the first one away, and shakes hands before anybody gets the next.
            self._sockets.append(found.dup())
        while len(self._sockets) > LINES_MAX:
            self._sockets.pop(0).close()

    def forget(self) -> None:
        """Let go of every line."""
        while self._sockets:
            self._sockets.pop().close()

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[threading.Event]:
        """Cut every line if the block lasts longer; the event that is given then is set."""
        was_cut = threading.Event()
        timer = threading.Timer(seconds, self._cut, [was_cut])
        timer.daemon = True
        timer.start()
        try:
            yield was_cut
        finally:
            timer.cancel()

    def _cut(self, was_cut: threading.Event) -> None:
        was_cut.set()
        for one in tuple(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
