"""HTTP/1.1 to others: pooled connections that carry field lines byte for byte, in their order.

The request hash covers every line as it goes out, so a client that writes lines anew (in another case, encoding or
order) cannot be used; and of a call's time in a gateway, a general client takes more than half. Redirects are not
followed, nothing is decoded, there are no cookies.
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

CONNECT_SECONDS: Final = 10.0
# As a server reads them (protocol.HEAD_BYTES_MAX).
HEAD_BYTES_MAX: Final = 64 * 1024
# What a reader that is slower than its server makes wait in the kernel rather than here.
HELD_BYTES_MAX: Final = 256 * 1024
# Connections to one place; beyond, callers are refused rather than queued without end.
CONNECTIONS_MAX: Final = 1024
IDLE_MAX: Final = 256
# RFC 9110, 9.2.2: what may be sent again when a kept connection turns out to be dead.
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class UpstreamFailed(Exception):
    """The other side was not reached, or did not answer as HTTP: ``faults`` is X-Road's word for it."""

    def __init__(self, message: str, *faults: Fault) -> None:
        """Keep what to tell the caller."""
        super().__init__(message)
        self.message, self.faults = message, faults


class Late(UpstreamFailed):
    """No answer, or no more of it, in the time there was."""


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


@dataclass(frozen=True, slots=True)
class Sending:
    """A request as it goes out. A body of unknown length is not sent: gateways have it whole, or none."""

    method: str
    target: bytes = field(repr=False)
    fields: Iterable[FieldLine] = field(repr=False)
    size: int
    body: bytes | None = field(default=b"", repr=False)
    parts: AsyncIterator[bytes] | None = field(default=None, repr=False)
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
        self.is_paused = self._is_spent = False
        self._begin(is_head=False)

    def _begin(self, *, is_head: bool) -> None:
        self.status = 0
        self.fields: list[FieldLine] = []
        self.parts: deque[bytes] = deque()
        self._held = 0
        self.is_headed = self.is_complete = self.has_begun = False
        self._is_head, self._is_interim, self._is_until_close = is_head, False, False
        self._head_bytes = 0
        self.broken: UpstreamFailed | None = None

    # asyncio.Protocol

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
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

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a line; names are kept in small letters. What follows a whole answer is nobody's."""
        if self.is_complete:
            self.is_usable = False
            return
        self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the head; interim answers are passed over (RFC 9110, 15.2)."""
        if self.is_complete:
            self.is_usable = False
            return
        self.status = self._parser.get_status_code()
        if 100 <= self.status < 200:
            self._is_interim = True
            return
        self.is_headed = True
        names = {name for name, _ in self.fields}
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
        if self._held > HELD_BYTES_MAX and not self.is_paused:
            self.is_paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is whole, or an interim one is over."""
        if self._is_interim:
            self._is_interim, self.fields = False, []
            return
        self.is_complete = True

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
        async for part in parts:
            if self.is_headed or self.broken is not None or self.transport.is_closing():
                self.is_usable = False
                return
            self.transport.write(part)
            if self._drained is not None:
                try:
                    await asyncio.wait_for(asyncio.shield(self._drained), seconds)
                except TimeoutError:
                    raise Late("the other side takes nothing more of the body", Fault.NETWORK_ERROR) from None

    async def wait_head(self, seconds: float) -> None:
        """Wait for the head of the answer. Raises ``UpstreamFailed``."""
        while not self.is_headed:
            if self.broken is not None:
                raise self.broken
            await self._wait(seconds)

    async def read(self, seconds: float) -> bytes:
        """Give what came of the body, at least one byte; none at its end. Raises ``UpstreamFailed``."""
        while not self.parts:
            if self.is_complete:
                return b""
            if self.broken is not None:
                raise self.broken
            await self._wait(seconds)
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
        timer = self._loop.call_later(seconds, self._expire)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

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


class Reply:
    """The head of an answer, and its body as it comes. Whoever holds one ends it by ``release``."""

    __slots__ = ("_connection", "_pool", "_seconds", "fields", "status")

    def __init__(self, connection: Connection, pool: "Pool", seconds: float) -> None:
        """Take over the connection."""
        self._connection, self._pool, self._seconds = connection, pool, seconds
        self.status, self.fields = connection.status, connection.fields

    async def read(self) -> bytes:
        """Give the next part; none at the end. Raises ``UpstreamFailed``."""
        return await self._connection.read(self._seconds)

    def release(self) -> None:
        """Give the connection back; it is closed where the answer was not read to its end."""
        self._pool.give_back(self._connection)


class Pool:
    """The connections to one place."""

    def __init__(self, place: Place) -> None:
        """Connect when first asked."""
        self.place = place
        self._idle: list[Connection] = []
        self._open = 0

    async def send(self, sending: Sending) -> Reply:
        """Send a request and wait for the head of its answer.

        Raises:
            UpstreamFailed: not connected, or no answer. A request that may be repeated is, once, if a kept
                connection had died before it was sent.
        """
        kept = self._take()
        if kept is not None:
            try:
                return await self._ask(kept, sending)
            except Late:
                raise
            except UpstreamFailed:
                if kept.has_begun or sending.parts is not None or sending.method not in _REPEATABLE:
                    raise
        return await self._ask(await self._connect(), sending)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request, if it may be."""
        is_clean = connection.is_complete and not connection.parts and not connection.transport.is_closing()
        if connection.is_usable and is_clean and len(self._idle) < IDLE_MAX:
            connection.idle_since = connection._loop.time()  # noqa: SLF001 - the pool's own connection
            self._idle.append(connection)
        else:
            self._drop(connection)

    def close(self) -> None:
        """Close what is idle; what is under way ends by itself."""
        for one in self._idle:
            self._drop(one)
        self._idle.clear()

    async def _ask(self, connection: Connection, sending: Sending) -> Reply:
        try:
            connection.write_head(self.place, sending)
            if sending.parts is not None:
                await connection.write_parts(sending.parts, sending.timeout_seconds)
            await connection.wait_head(sending.timeout_seconds)
        except BaseException:
            self._drop(connection)
            raise
        return Reply(connection, self, sending.timeout_seconds)

    def _take(self) -> Connection | None:
        while self._idle:
            one = self._idle.pop()
            is_fresh = one._loop.time() - one.idle_since < self.place.idle_seconds  # noqa: SLF001
            if one.is_usable and is_fresh and not one.transport.is_closing():
                return one
            self._drop(one)
        return None

    def _drop(self, connection: Connection) -> None:
        self._open -= 1
        connection.close()

    async def _connect(self) -> Connection:
        place, loop = self.place, asyncio.get_running_loop()
        if self._open >= place.connections_max:
            raise UpstreamFailed("too many calls are under way there", Fault.NETWORK_ERROR)
        self._open += 1
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop),
                    place.host,
                    place.port,
                    ssl=place.tls,
                    server_hostname=place.host if place.tls else None,
                )
        except ssl.SSLError:
            self._open -= 1
            raise UpstreamFailed(
                "the other side's certificate is not the one that is expected of it",
                Fault.SSL_AUTHENTICATION_FAILED,
            ) from None
        except (OSError, TimeoutError):
            self._open -= 1
            raise UpstreamFailed("no connection", Fault.NETWORK_ERROR) from None
        except BaseException:
            self._open -= 1
            raise
        return connection
