"""HTTP/1.1 connections that cannot be held for nothing: no endless heads, no dripping bodies, not too many."""

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field
from ssl import SSLObject, cert_time_to_seconds
from typing import Final, cast

from typing_extensions import override

from rahdari.app.clock import SystemClock
from rahdari.kernel import Clock
from rahdari.web.exchange.asgi import EXTENSION, Socket
from rahdari.web.plain_http import PlainHttpProtocol
from rahdari.wire import strict_json

# One round trip brings a head; whoever takes longer than this holds a place, or is very far away.
HEAD_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 2.5
# A telephone line of old had as much. Whoever sends less holds a body open for a day.
BODY_BYTES_A_SECOND_MIN: Final = 2048
# As many bytes of head as X-Road's field lines have in all (wire.xroad.headers), and a target before them.
HEAD_BYTES_MAX: Final = 64 * 1024
# A member has one gateway, or a few behind one address; a proxy of information systems opens some hundred.
CONNECTIONS_PER_ADDRESS_MAX: Final = 1024
# Heads that are not whole yet, of all connections together: thousands of honest ones, and no attack's memory.
HEADS_BYTES_MAX: Final = 8 * 1024 * 1024
_SHARED_BYTES: Final = 16 * 1024
# What is written ahead of a reader; beyond, an answer waits where it is counted (bodies.Budget).
AHEAD_BYTES_MAX: Final = 64 * 1024
# A part of an answer (asgi.PART_BYTES), and what was written ahead of it, at the least pace of bodies.
UNTAKEN_SECONDS: Final = 2 * AHEAD_BYTES_MAX / BODY_BYTES_A_SECOND_MIN
_CROWDED: Final = b"HTTP/1.1 503 Service Unavailable\r\n"
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
_BROKEN: Final = b"HTTP/1.1 400 Bad Request\r\n"


@dataclass(slots=True)
class Door:
    """One listener's limits, and how many connections each address holds now."""

    connections_max: int = CONNECTIONS_PER_ADDRESS_MAX
    head_seconds: float = HEAD_SECONDS
    look_seconds: float = LOOK_SECONDS
    pace_min: int = BODY_BYTES_A_SECOND_MIN
    untaken_seconds: float = UNTAKEN_SECONDS
    heads_bytes_max: int = HEADS_BYTES_MAX
    # The machine's own: OpenSSL looks at it in the handshake.
    clock: Clock = field(default_factory=SystemClock)
    held: Counter[str] = field(default_factory=Counter)
    held_in_all: int = 0
    heads_bytes: int = 0


class GatewayProtocol(PlainHttpProtocol):
    """A connection: tells the application the other side's certificate and the target byte for byte."""

    door = Door()

    _socket: Socket
    _is_counted = False
    _head_bytes = 0
    _head_since = 0.0
    _body_bytes = 0
    _body_bytes_before = -1
    _looking: asyncio.TimerHandle | None = None
    _ends = math.inf
    _untaken_since = 0.0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=AHEAD_BYTES_MAX)
        address = self.client[0] if self.client else ""
        tls = cast("SSLObject | None", transport.get_extra_info("ssl_object"))
        certificate = tls.getpeercert(binary_form=True) if tls else None
        self._socket = Socket(address, certificate, transport.abort, transport.is_closing)
        shown = tls.getpeercert() if tls else None
        if shown:
            # It was in force in the handshake; a connection does not outlive it.
            left = cert_time_to_seconds(str(shown["notAfter"])) - self.door.clock.now().timestamp()
            self._ends = self.loop.time() + left
        self.door.held[address] += 1
        self.door.held_in_all += 1
        self._is_counted = True
        if self.door.held[address] > self.door.connections_max:
            transport.abort()
            return
        self._head_since = self.loop.time()
        self._looking = self.loop.call_later(self.door.look_seconds, self._look)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._looking is not None:
            self._looking.cancel()
        if self._is_counted:
            self._is_counted = False
            address = self._socket.address
            self.door.held[address] -= 1
            self.door.held_in_all -= 1
            self._forget_head()
            if not self.door.held[address]:
                del self.door.held[address]
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        was_over, before = self._is_head_over, self.cycle
        super().data_received(data)
        if self._is_head_over:
            self._body_bytes += len(data)
            return
        # Where the piece began with another request, how much of it is this head nobody says.
        is_shared = was_over or self.cycle is not before
        size = min(len(data), _SHARED_BYTES) if is_shared else len(data)
        self._head_bytes += size
        self.door.heads_bytes += size
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(_TOO_LARGE, f"the head has more than {HEAD_BYTES_MAX} bytes")
        elif self.door.heads_bytes > self.door.heads_bytes_max:
            self._refuse(_CROWDED, "too many requests are half begun; try again later")

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_bytes:
            self._forget_head()
        self._head_since = self.loop.time()

    @override
    def on_headers_complete(self) -> None:
        if self._head_bytes:
            self._forget_head()
        self._body_bytes_before = -1
        self.scope["extensions"] = {EXTENSION: {"target": self.url, "socket": self._socket}}
        super().on_headers_complete()

    @override
    def pause_writing(self) -> None:
        self._untaken_since = self.loop.time()
        super().pause_writing()

    def _forget_head(self) -> None:
        self.door.heads_bytes -= self._head_bytes
        self._head_bytes = 0

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(_BROKEN, msg)

    def _refuse(self, status_line: bytes, why: str) -> None:
        """Answer what never became a request, and hang up; the type is X-Road's."""
        if self.transport.is_closing():
            return
        body = strict_json.encode({"type": "client.bad_request", "message": why, "detail": ""})
        self.transport.write(
            status_line
            + b"content-type: application/json\r\nx-road-error: client.bad_request\r\n"
            + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()

    def _look(self) -> None:
        """Hang up on whoever does not go on asking, or whose certificate ran out; else look again later."""
        if self._is_stuck() or self._is_untaken() or self.loop.time() > self._ends:
            self.transport.abort()
            return
        self._looking = self.loop.call_later(self.door.look_seconds, self._look)

    def _is_untaken(self) -> bool:
        """Tell whether the other side reads so slowly that it only holds what waits for it."""
        late = self.loop.time() - self._untaken_since > self.door.untaken_seconds
        return late and self.flow.write_paused

    def _is_stuck(self) -> bool:
        cycle: object = self.cycle  # None before the first request, whatever the annotation says
        is_asking = cycle is not None and not self.cycle.response_complete
        if not self._is_head_over:
            # Between two requests uvicorn's own timer runs; the head of one has begun, or none ever came.
            begun = cycle is None or self._head_bytes > 0
            late = self.loop.time() - self._head_since > self.door.head_seconds
            return begun and late and not is_asking
        if not is_asking or not self.cycle.more_body or self.flow.read_paused:
            self._body_bytes_before = -1
            return False
        before, self._body_bytes_before = self._body_bytes_before, self._body_bytes
        return before >= 0 and self._body_bytes - before < self.door.pace_min * self.door.look_seconds


def protocol_for(door: Door) -> type[GatewayProtocol]:
    """Make the protocol of one listener."""
    return type("GatewayProtocol", (GatewayProtocol,), {"door": door})
