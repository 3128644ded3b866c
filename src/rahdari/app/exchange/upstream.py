"""HTTP/1.1 to others: pooled connections that carry field lines byte for byte, in their order.

The request hash covers every line as it goes out, so a client that writes lines anew (in another case, encoding or
order) cannot be used; and of a call's time in a gateway, a general client takes more than half. Redirects are not
followed, nothing is decoded, there are no cookies.
"""

import asyncio
import socket
import ssl
from collections import deque
from ipaddress import ip_address
from typing import Final

from rahdari.app.exchange.connection import (
    HEAD_BYTES_MAX,
    Connection,
    Late,
    Place,
    Sending,
    Unreached,
    UpstreamFailed,
)
from rahdari.wire.xroad import Fault

__all__ = [
    "HEAD_BYTES_MAX",
    "Late",
    "Place",
    "Pool",
    "Reply",
    "Sending",
    "Unreached",
    "UpstreamFailed",
]

CONNECT_SECONDS: Final = 10.0
IDLE_MAX: Final = 256
# Of a name that has many, the system's first ones (RFC 6724): each has its share of the time.
ADDRESSES_MAX: Final = 4
# A connection with certificates on both sides costs as much as two calls: a burst takes turns on those there are
# rather than open one each, which would make it longer. What still waits after a while opens more, a quarter at a
# time.
DIALS: Final = 2
FEW: Final = 4
PATIENCE_SECONDS: Final = 0.02
# RFC 9110, 9.2.2: what may be sent again when a kept connection turns out to be dead.
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


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
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self._open = self._dialling = 0
        self._is_closed = False

    async def send(self, sending: Sending) -> Reply:
        """Send a request and wait for the head of its answer.

        Raises:
            UpstreamFailed: not connected, or no answer. A request that may be repeated is, once, if a kept
                connection had died before it was sent.
        """
        kept, seconds = self._take(), sending.timeout_seconds
        if kept is None and self.place.is_patient and not self._may_dial(0.0):
            began = asyncio.get_running_loop().time()
            kept = await self._wait_turn(min(CONNECT_SECONDS, seconds))
            seconds -= asyncio.get_running_loop().time() - began
        if kept is not None:
            try:
                return await self._ask(kept, sending, seconds)
            except Late:
                raise
            except UpstreamFailed:
                if kept.has_begun or sending.parts is not None or sending.method not in _REPEATABLE:
                    raise
                seconds -= kept.waited
        try:
            began = asyncio.get_running_loop().time()
            made = await self._connect(min(CONNECT_SECONDS, seconds))
            return await self._ask(made, sending, seconds - (made._loop.time() - began))  # noqa: SLF001
        except Unreached as failure:
            # Whether it arrived over the kept connection, nobody knows.
            raise failure if kept is None else UpstreamFailed(failure.message, *failure.faults) from None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request, if it may be."""
        is_clean = connection.is_complete and not connection.parts and not connection.transport.is_closing()
        if self._is_closed or not connection.is_usable or not is_clean:
            self._drop(connection)
            return
        if self._waiting:
            self._waiting.popleft().set_result(connection)
            return
        if len(self._idle) < IDLE_MAX:
            connection.idle_since = connection._loop.time()  # noqa: SLF001 - the pool's own connection
            self._idle.append(connection)
        else:
            self._drop(connection)

    def close(self) -> None:
        """Close what is idle; what is under way ends by itself."""
        self._is_closed = True
        for one in self._idle:
            self._drop(one)
        self._idle.clear()

    async def _ask(self, connection: Connection, sending: Sending, seconds: float) -> Reply:
        try:
            connection.write_head(self.place, sending)
            if sending.parts is not None:
                await connection.write_parts(sending.parts, sending.timeout_seconds)
            await connection.wait_head(seconds)
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

    def _may_dial(self, waited: float) -> bool:
        """Tell whether one who has waited so long opens a connection rather than wait for one to come free."""
        is_due = self._open < FEW or waited >= PATIENCE_SECONDS
        return is_due and self._dialling < max(DIALS, self._open // 4)

    async def _wait_turn(self, seconds: float) -> Connection | None:
        """Wait for a connection that comes free; none once the caller may open one. Raises ``Unreached``."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Connection] = loop.create_future()
        self._waiting.append(turn)
        began, waited = loop.time(), 0.0
        try:
            while not self._may_dial(waited):
                if waited >= seconds:
                    raise Unreached("no connection came free", Fault.NETWORK_ERROR)
                await asyncio.wait((turn,), timeout=min(PATIENCE_SECONDS, seconds - waited))
                if turn.done():
                    return turn.result()
                waited = loop.time() - began
        except asyncio.CancelledError:
            if turn.done() and turn.exception() is None:
                self.give_back(turn.result())
            raise
        finally:
            if not turn.done():
                self._waiting.remove(turn)
        return None

    def _fail_waiting(self, failure: Unreached) -> None:
        """Let all who wait know that nobody is left who could give a connection back."""
        while self._waiting:
            self._waiting.popleft().set_exception(Unreached(failure.message, *failure.faults))

    async def _connect(self, seconds: float) -> Connection:
        place = self.place
        if self._open >= place.connections_max:
            raise Unreached("too many calls are under way there", Fault.NETWORK_ERROR)
        self._open += 1
        self._dialling += 1
        try:
            return await self._dial(seconds)
        except BaseException as failure:
            self._open -= 1
            if isinstance(failure, Unreached) and not self._open:
                self._fail_waiting(failure)
            raise
        finally:
            self._dialling -= 1

    async def _dial(self, seconds: float) -> Connection:
        try:
            async with asyncio.timeout(seconds):
                *others, last = await _addresses_of(self.place)
                for address in others:
                    # One that says nothing leaves time for the next: version 6 may lead nowhere, and say nothing.
                    try:
                        async with asyncio.timeout(seconds / (len(others) + 1)):
                            return await self._connect_to(address)
                    except ssl.SSLError:
                        raise
                    except (OSError, TimeoutError):
                        continue
                return await self._connect_to(last)
        except ssl.SSLError:
            why = "the other side's certificate is not the one that is expected of it"
            raise Unreached(why, Fault.SSL_AUTHENTICATION_FAILED) from None
        except (OSError, TimeoutError, UnicodeError):
            # The last of them: a name that is none, with an empty or a long label (RFC 1035, 2.3.4).
            raise Unreached("no connection", Fault.NETWORK_ERROR) from None

    async def _connect_to(self, address: str) -> Connection:
        place, loop = self.place, asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(loop),
            address,
            place.port,
            ssl=place.tls,
            server_hostname=place.host if place.tls else None,
        )
        return connection


async def _addresses_of(place: Place) -> list[str]:
    """Look a name up; an address is its own. Raises ``OSError``, ``UnicodeError``."""
    try:
        return [str(ip_address(place.host))]
    except ValueError:
        found = await asyncio.get_running_loop().getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )
    return list(dict.fromkeys(str(one[4][0]) for one in found))[:ADDRESSES_MAX]
