"""Carries one message to one receiver over HTTP, and trusts neither the address nor the answer.

The name is resolved here, every address is checked, and the connection goes to the very address that was
checked: a name that is resolved a second time might lead somewhere else. Nothing is followed, unpacked or
read at length.
"""

import asyncio
import re
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Self

import httpcore
from typing_extensions import override

from rahdari.app.resolving import RESOLVE_SECONDS, LookUp, Names
from rahdari.signals import Network, is_reachable

CONNECT_SECONDS = 5.0
# From the first byte of the name's resolution to the last of the answer that is read.
TOTAL_SECONDS = 10.0
# The answer is its status; a body of this size is read, so that the connection can serve again, and no more.
ANSWER_BYTES_MAX = 16 * 1024
# Connections that stay open for the next message, over all receivers.
CONNECTIONS_MAX = 256
_IDLE_SECONDS = 30.0
# Gives the addresses of a name, in the order in which they are tried.
Resolve = Callable[[str, int], Awaitable[list[str]]]
_RETRY_AFTER = re.compile(rb"[0-9]{1,9}")


class Unsent(Exception):
    """The message did not reach a receiver that answered; the sentence is fit to be shown to its institution."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered: the status, and how long it asks to be left alone (RFC 9110, 10.2.3)."""

    status: int
    wait: timedelta | None = None


class Courier:
    """Sends messages, and keeps a connection to each correspondent. Used by one event loop, as a context."""

    def __init__(
        self,
        networks: Iterable[Network] = (),
        *,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
        look_up: LookUp | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        """Send to the world and to ``networks``; ``trust`` and the rest else as the system does it.

        ``look_up`` finds addresses and may block; ``resolve`` finds them in its own way, without a deadline.
        """
        self._total_seconds = total_seconds
        self._timeouts = {
            "connect": connect_seconds,
            "read": total_seconds,
            "write": total_seconds,
            "pool": total_seconds,
        }
        self._trust = trust or ssl.create_default_context()
        self._networks = tuple(networks)
        self._resolve = resolve
        self._names = Names(look_up, seconds=min(RESOLVE_SECONDS, total_seconds))
        # One line for each correspondent, the one used longest ago first. A pool shared by all would look
        # at every connection for each message: a hundred receivers, ten thousand looks.
        self._lines: OrderedDict[str, httpcore.AsyncConnectionPool] = OrderedDict()
        self._busy: set[str] = set()

    async def __aenter__(self) -> Self:
        """Begin; nothing is connected yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        for line in self._lines.values():
            await line.aclose()

    async def post(
        self, to: str, url: str, headers: Mapping[str, str], body: bytes, *, owner: str = ""
    ) -> Answer:
        """Post ``body``; return what was answered, whatever it was.

        Args:
            to: the correspondent, whose connection is kept for the next message; one message to each at a time.
            url: where to.
            headers: with ``host`` and ``content-length``; nothing is added.
            body: the bytes.
            owner: the institution whose correspondent it is, if not ``to`` itself: names are looked up for a few
                of its correspondents at once.

        Raises:
            Unsent: no connection, no answer in time, or one that is no HTTP.
        """
        try:
            async with asyncio.timeout(self._total_seconds), self._line(to, owner or to) as line:
                return await self._post(line, url, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            raise Unsent(f"no answer within {self._total_seconds:g} seconds") from None
        except httpcore.ConnectError as error:
            raise Unsent(_why(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            raise Unsent(f"the connection broke off ({type(error).__name__})") from None

    @asynccontextmanager
    async def _line(self, to: str, owner: str) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        line = self._lines.pop(to, None) or self._open_line(owner)
        self._lines[to] = line
        self._busy.add(to)
        try:
            while len(self._lines) > CONNECTIONS_MAX:
                idle = next((one for one in self._lines if one not in self._busy), None)
                if idle is None:
                    break
                await self._lines.pop(idle).aclose()
            yield line
        finally:
            self._busy.discard(to)

    def _open_line(self, owner: str) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._trust,
            max_connections=1,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_CheckedNetwork(
                self._networks, self._resolve or partial(self._names.find, owner)
            ),
        )

    async def _post(
        self, line: httpcore.AsyncConnectionPool, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with line.stream(
            "POST", url, headers=sent, content=body, extensions={"timeout": self._timeouts}
        ) as response:
            size = 0
            async for piece in response.aiter_stream():
                size += len(piece)
                if size > ANSWER_BYTES_MAX:
                    break  # leaving the block closes the connection, however much is still to come
            return Answer(response.status, _wait(response.headers))


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects only where the house may."""

    def __init__(self, networks: tuple[Network, ...], resolve: Resolve) -> None:
        self._networks = networks
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        for address in await self._find_addresses(host, port):
            return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
        raise httpcore.ConnectError("every address of the endpoint's name is inside a private network")

    async def _find_addresses(self, host: str, port: int) -> list[str]:
        try:
            found = await self._resolve(host.strip("[]"), port)
        except TimeoutError:
            raise httpcore.ConnectError("the endpoint's name was not resolved in time") from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the endpoint's name cannot be resolved") from None
        return [one for one in found if is_reachable(one, self._networks)]


def _why(error: httpcore.ConnectError) -> str:
    inner = error.__context__ if error.__cause__ is None else error.__cause__
    if isinstance(inner, ssl.SSLError) or "certificate" in str(error).lower():
        return "the certificate of the endpoint is not trusted, or TLS failed"
    # Our own sentences; what the system says of an address is not the institution's to read.
    return (
        str(error) if str(error).startswith(("every ", "the endpoint")) else "no connection to the endpoint"
    )


def _wait(headers: Iterable[tuple[bytes, bytes]]) -> timedelta | None:
    # Seconds only: a date would be read against the receiver's clock.
    found = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return timedelta(seconds=int(found)) if _RETRY_AFTER.fullmatch(found) else None
