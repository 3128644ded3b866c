"""The sockets beneath the requests: how many there may be, and which are hung up on."""

import asyncio
import resource
import socket
from typing import Final

from typing_extensions import override

from rahdari.web.plain_http import PlainHttpProtocol

# A browser opens connections ahead and asks within seconds; a request's head takes one round trip.
ASK_SECONDS: Final = 20.0
# What was sent and is not taken for so long will not be: the other side vanished, or does not read.
UNTAKEN_SECONDS: Final = 30
# Files, database connections, and requests beside the streams.
_OTHER_FILES: Final = 1024


class PatientProtocol(PlainHttpProtocol):
    """HTTP/1.1 that hangs up on whoever connects and asks nothing, or begins to ask and never ends."""

    _asked = 0
    _asked_before = 0
    _looking: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._looking = self.loop.call_later(ASK_SECONDS, self._look)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    @override
    def on_headers_complete(self) -> None:
        self._asked += 1
        super().on_headers_complete()

    def _look(self) -> None:
        """Hang up if nothing is being answered, and nothing was asked since the last look."""
        # None before the first request, whatever the annotation says.
        cycle: object = self.cycle
        is_idle = cycle is None or self.cycle.response_complete
        if is_idle and self._asked == self._asked_before:
            self.transport.close()
            return
        self._asked_before = self._asked
        self._looking = self.loop.call_later(ASK_SECONDS, self._look)


def drop_untaken(listening: socket.socket) -> None:
    """Let the kernel end connections whose other side takes nothing (RFC 5482; tcp(7), TCP_USER_TIMEOUT).

    Accepted sockets inherit it. Closing alone would wait for ever for what is in the buffers to be taken.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux
    if option is not None:
        listening.setsockopt(socket.IPPROTO_TCP, option, UNTAKEN_SECONDS * 1000)


def allow_sockets(count: int) -> None:
    """Raise this process's limit of open files, as far as it may itself, to hold ``count`` connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES if hard == resource.RLIM_INFINITY else min(count + _OTHER_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
