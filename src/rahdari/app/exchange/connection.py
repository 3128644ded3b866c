"""One connection to another side: a request goes out byte for byte, its answer is read, and nothing else is.

What another side sends is bounded in size, time and pace; whatever it sends beyond its answer ends the connection.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Final, cast

import httptools
from typing_extensions import override

from rahdari.wire.xroad import Fault, FieldLine

# As a server reads them (protocol.HEAD_BYTES_MAX).
HEAD_BYTES_MAX: Final = 64 * 1024
# What a reader that is slower than its server makes wait in the kernel rather than here.
HELD_BYTES_MAX: Final = 256 * 1024
# As our own listeners demand of bodies (protocol.BODY_BYTES_A_SECOND_MIN): time runs only while we wait for it.
BODY_BYTES_A_SECOND_MIN: Final = 2048
# Connections to one place; beyond, callers are refused rather than queued without end.
CONNECTIONS_MAX: Final = 1024


class UpstreamFailed(Exception):
    """The other side was not reached, or did not answer as HTTP: ``faults`` is X-Road's word for it."""

    def __init__(self, message: str, *faults: Fault) -> None:
        """Keep what to tell the caller."""
        super().__init__(message)
        self.message, self.faults = message, faults


class Unreached(UpstreamFailed):
    """No connection: not a byte of the request was sent, and another place may be asked instead."""


class Late(UpstreamFailed):
    """No answer in the time there was, or its body comes more slowly than any line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to, and what stands before every target and in Host."""

    host: str
    port: int
    authority: bytes
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    # Shorter than the other side keeps them: half of the 5 s that small servers have, most of our own 30 s.
    idle_seconds: float = 2.5
    connections_max: int = CONNECTIONS_MAX
    # Whether a burst takes turns on the connections there are (upstream.Pool), where opening one is dear.
    is_patient: bool = False


@dataclass(frozen=True, slots=True)
class Sending:
    """A request as it goes out. A body of unknown length is not sent: gateways have it whole, or none."""

    method: str
    target: bytes = field(repr=False)
    fields: Iterable[FieldLine] = field(repr=False)
    size: int
    body: bytes | None = field(default=b"", repr=False)
    parts: AsyncIterator[bytes] | None = field(default=None, repr=False)
    # From the end of the request to the end of the answer's head, whatever comes between (interim answers do).
    timeout_seconds: float = 30.0


class Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin without a transport."""
        self._loop = loop
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._parser = httptools.HttpResponseParser(self)
        self._drained: asyncio.Future[None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.idle_since = 0.0
        self.is_usable = True
        self.is_paused = self._is_spent = self._is_lost = False
        self._begin(is_head=False)

    def _begin(self, *, is_head: bool) -> None:
        self.status = 0
        self.fields: list[FieldLine] = []
        self.parts: deque[bytes] = deque()
        self._held = 0
        self.is_headed = self.is_complete = self.has_begun = False
        self._is_head, self._is_interim, self._is_until_close = is_head, False, False
        self._head_bytes = self._body_bytes = 0
        self.waited = 0.0
        self.broken: UpstreamFailed | None = None

    # asyncio.Protocol

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        if self._is_lost:
            return
        self.has_begun = True
        if self.is_complete:
            # Nobody asked for this: what follows could be taken for the next answer.
            self._give_up(UpstreamFailed("the other side sent more than it was asked for", Fault.HTTP_ERROR))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._give_up(UpstreamFailed("the answer is not well-formed HTTP/1.1", Fault.HTTP_ERROR))
            return
        if not self.is_headed:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._give_up(
                    UpstreamFailed(
                        f"the answer's head has more than {HEAD_BYTES_MAX} bytes", Fault.HTTP_ERROR
                    )
                )
        if self._is_spent:
            # The parser waits for a body that an answer to HEAD announces and does not have (RFC 9110, 9.3.2).
            self._parser, self._is_spent = httptools.HttpResponseParser(self), False
        self._wake()

    @override
    def eof_received(self) -> bool:
        if self.is_headed and self._is_until_close:
            self.is_complete, self.is_usable = True, False
            self._wake()
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_usable = False
        if not self.is_complete:
            if self.is_headed and self._is_until_close and exc is None:
                self.is_complete = True
            else:
                self.broken = self.broken or UpstreamFailed(
                    "the connection ended before the answer did", Fault.NETWORK_ERROR
                )
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        # It knows this connection: the two would wait together for the collector, which seldom looks at old ones.
        self._is_lost, self._parser = True, cast("httptools.HttpResponseParser", None)
        self._wake()

    @override
    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    @override
    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # httptools

    def on_message_begin(self) -> None:
        """Begin an answer. What follows a whole one is nobody's, were it the first letter of a second one."""
        if self.is_complete:
            self.is_usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line; names are kept in small letters. Trailers are no headers (RFC 9110, 6.5.1), and left out."""
        if not self.is_headed:
            self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the head; interim answers are passed over (RFC 9110, 15.2)."""
        if self.is_complete:
            return
        self.status = self._parser.get_status_code()
        if 100 <= self.status < 200:
            self._is_interim = True
            return
        names = {name for name, _ in self.fields}
        if b"transfer-encoding" in names and not self._is_chunked_alone():
            self._give_up(UpstreamFailed("the answer has a coding that was not asked for", Fault.HTTP_ERROR))
            return
        self.is_headed = True
        self._is_until_close = b"content-length" not in names and b"transfer-encoding" not in names
        self.is_usable = self.is_usable and self._parser.should_keep_alive()
        if self._is_head:
            self.is_complete = self._is_spent = True

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        if self.is_complete:
            self.is_usable = False
            return
        self.parts.append(part)
        self._held += len(part)
        self._body_bytes += len(part)
        if self._held > HELD_BYTES_MAX and not self.is_paused:
            self.is_paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is whole, or an interim one is over."""
        if self._is_interim:
            self._is_interim, self.fields = False, []
            return
        self.is_complete = True

    def _is_chunked_alone(self) -> bool:
        # RFC 9112, 6.1: nobody sends others unasked (TE), and what is coded goes on as if it were not.
        codings = [value.strip().lower() for name, value in self.fields if name == b"transfer-encoding"]
        return codings == [b"chunked"]

    # one request

    def write_head(self, place: Place, sending: Sending) -> None:
        """Write the request line and all field lines; with a small body in the same piece."""
        self._begin(is_head=sending.method == "HEAD")
        lines = [
            b"%b %b HTTP/1.1\r\nhost: %b\r\n"
            % (sending.method.encode("ascii"), sending.target, place.authority)
        ]
        lines += [b"%b: %b\r\n" % line for line in sending.fields]
        if sending.size or sending.method in {"POST", "PUT", "PATCH"}:
            lines.append(b"content-length: %d\r\n" % sending.size)
        lines.append(b"\r\n")
        if sending.body:
            lines.append(sending.body)
        self.transport.write(b"".join(lines))

    async def write_parts(self, parts: AsyncIterator[bytes], seconds: float) -> None:
        """Write a body as fast as it is taken; stop where the answer comes before its end. Raises ``Late``."""
        waited, left = 0.0, seconds
        async for part in parts:
            if self.is_headed or self.broken is not None or self.transport.is_closing():
                self.is_usable = False
                return
            self.transport.write(part)
            left += len(part) / BODY_BYTES_A_SECOND_MIN
            if self._drained is not None:
                began = self._loop.time()
                try:
                    await asyncio.wait_for(asyncio.shield(self._drained), min(seconds, left - waited))
                except TimeoutError:
                    raise Late("the other side takes nothing more of the body", Fault.NETWORK_ERROR) from None
                waited += self._loop.time() - began

    async def wait_head(self, seconds: float) -> None:
        """Wait for the head of the answer, no longer than ``seconds`` in all. Raises ``UpstreamFailed``."""
        while not self.is_headed:
            if self.broken is not None:
                raise self.broken
            await self._wait(seconds - self.waited)
        self.waited = 0.0

    async def read(self, seconds: float) -> bytes:
        """Give what came of the body, at least one byte; none at its end. Raises ``UpstreamFailed``."""
        while not self.parts:
            if self.is_complete:
                return b""
            if self.broken is not None:
                raise self.broken
            # Drops do not keep a call: what comes must come at some pace. Our own slowness does not count.
            allowed = seconds + self._body_bytes / BODY_BYTES_A_SECOND_MIN
            await self._wait(min(seconds, allowed - self.waited))
        whole = self.parts.popleft() if len(self.parts) == 1 else b"".join(self.parts)
        self.parts.clear()
        self._held = 0
        if self.is_paused:
            self.is_paused = False
            self.transport.resume_reading()
        return whole

    def close(self) -> None:
        """Give the connection up."""
        self.is_usable = False
        if self.transport is not None:
            self.transport.abort()

    async def _wait(self, seconds: float) -> None:
        waiter = self._waiter = self._loop.create_future()
        began = self._loop.time()
        timer = self._loop.call_later(max(0.0, seconds), self._expire)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None
            self.waited += self._loop.time() - began

    def _expire(self) -> None:
        self._give_up(Late("no answer in time", Fault.NETWORK_ERROR))
        self._wake()

    def _give_up(self, failure: UpstreamFailed) -> None:
        self.is_usable = False
        if not self.is_complete:
            self.broken = self.broken or failure
        self.transport.abort()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
