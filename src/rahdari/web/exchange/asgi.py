"""Requests as the server hands them over, and answers as it takes them: ASGI without a framework."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from rahdari.exchange import RequestHead
from rahdari.wire.xroad import FieldLine

Scope = MutableMapping[str, object]
Event = Mapping[str, object]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

EXTENSION: Final = "rahdari"
"""Under this name of the scope's extensions the protocol says what ASGI has no word for."""

CLOSE: Final = (b"connection", b"close")
# Written at once; a reader that is slow has this much more on its way than it took.
PART_BYTES: Final = 64 * 1024


class ClientGone(Exception):
    """Whoever asked is no longer there. Nobody is told; the work for them ends."""


@dataclass(frozen=True, slots=True)
class Socket:
    """What the protocol knows of a connection: the other side's address and certificate (DER), how to break it.

    ``is_closing`` tells whether it is broken already.
    """

    address: str
    certificate: bytes | None = field(default=None, repr=False)
    abort: Callable[[], None] | None = field(default=None, repr=False)
    is_closing: Callable[[], bool] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request whose body was not read yet."""

    head: RequestHead
    socket: Socket
    receive: Receive = field(repr=False)
    send: Send = field(repr=False)

    @property
    def path(self) -> bytes:
        """The path as it came, without the query."""
        return self.head.target_raw.partition(b"?")[0]


def arrive(scope: Scope, receive: Receive, send: Send) -> Arrived:
    """Read a request's scope. The target is byte for byte what stood in the request line."""
    lines = cast("Sequence[FieldLine]", scope["headers"])
    extensions = cast("Mapping[str, object]", scope.get("extensions") or {})
    known = cast("Mapping[str, object]", extensions.get(EXTENSION) or {})
    target = cast("bytes | None", known.get("target")) or _target_of(scope)
    head = RequestHead(cast("str", scope["method"]), target, tuple(lines))
    socket = cast("Socket | None", known.get("socket")) or Socket(_address_of(scope))
    return Arrived(head, socket, receive, send)


def _target_of(scope: Scope) -> bytes:
    query = cast("bytes", scope.get("query_string") or b"")
    path = cast("bytes", scope["raw_path"])
    return path + b"?" + query if query else path


def _address_of(scope: Scope) -> str:
    client = cast("Sequence[object] | None", scope.get("client"))
    return str(client[0]) if client else ""


async def start(arrived: Arrived, status: int, fields: Iterable[FieldLine]) -> None:
    """Send the head of an answer."""
    await arrived.send({"type": "http.response.start", "status": status, "headers": list(fields)})


async def go_on(arrived: Arrived, part: bytes, *, is_last: bool) -> None:
    """Send a part of the body, once the one before is nearly taken. Raises ``ClientGone``."""
    # The server takes what it is given for a client that has gone, and says nothing (ASGI 3.0, "send").
    if arrived.socket.is_closing is not None and arrived.socket.is_closing():
        raise ClientGone
    await arrived.send({"type": "http.response.body", "body": part, "more_body": not is_last})


async def answer(arrived: Arrived, status: int, fields: Iterable[FieldLine], body: bytes) -> None:
    """Send a whole answer; its length is said where there may be a body (RFC 9110, 8.6). Raises ``ClientGone``."""
    lines = list(fields)
    if not is_bodiless(arrived, status):
        lines.append((b"content-length", b"%d" % len(body)))
    else:
        body = b""
    await arrived.send({"type": "http.response.start", "status": status, "headers": lines})
    at = 0
    while len(body) - at > PART_BYTES:
        await go_on(arrived, body[at : at + PART_BYTES], is_last=False)
        at += PART_BYTES
    await arrived.send({"type": "http.response.body", "body": body[at:]})


def is_bodiless(arrived: Arrived, status: int) -> bool:
    """Tell whether an answer has no body whatever its fields say (RFC 9110, 9.3.2, 15.3.5 and 15.4.5)."""
    return status in {204, 304} or arrived.head.method == "HEAD"


def break_off(arrived: Arrived) -> None:
    """Break the connection in the middle of an answer, so that nobody takes what came for the whole of it.

    Raises:
        ConnectionAbortedError: where the server does not offer it; the server then does the same.
    """
    if arrived.socket.abort is None:
        raise ConnectionAbortedError("the answer broke off")
    arrived.socket.abort()
