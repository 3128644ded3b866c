"""A gateway that holds real keys and does what it likes: sends requests of its own making, answers as it wants."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha512

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.home import open_keys
from rahdari.app.exchange.offers import read_offer
from rahdari.app.exchange.tls import ServerTls, client_context
from rahdari.exchange import BodyFacts, Offer, Outgoing, Proofs, RequestHead
from rahdari.kernel import Clock
from rahdari.wire.http_signatures import content_digest
from rahdari.wire.xroad import FieldLine
from tests.fakes.gateway_homes import ENVIRONMENT, MadeGateway

_NOTHING = Offer({}, {}, {})


@dataclass(slots=True)
class Got:
    """An answer as it came."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes = field(repr=False)

    def all(self, name: str) -> list[str]:
        return [value for one, value in self.fields if one.lower() == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value


def facts_of(body: bytes) -> BodyFacts:
    return BodyFacts(len(body), content_digest(body), sha512(body).digest() if body else None)


def open_made(made: MadeGateway, *, clock: Clock | None = None, offer: Offer = _NOTHING) -> OpenGateway:
    """Open a home without its log, so that its real gateway may be at work as well."""
    gateway = OpenGateway(
        made.home,
        open_keys(made.home, ENVIRONMENT, chance=SystemChance()),
        offer=lambda: offer,
        clock=clock or SystemClock(),
        chance=SystemChance(),
    )
    gateway.following.load()
    return gateway


def sign(gateway: OpenGateway, target: str, body: bytes = b"", *, method: str = "GET") -> Outgoing:
    """Sign a call as the consumer's gateway does."""
    fields: tuple[FieldLine, ...] = (
        (b"x-road-client", str(next(iter(gateway.home.clients))).encode()),
        (b"ndel-purpose", b"kyc"),
    )
    head = RequestHead(method, target.encode("ascii"), fields)
    at = gateway.clock.now()
    route = gateway.consumer.route(head, Proofs(is_near=True), at=at)
    return gateway.consumer.sign(route, facts_of(body), at=at)


def send(
    gateway: OpenGateway,
    outgoing: Outgoing,
    body: bytes = b"",
    *,
    change: Callable[[bytes], bytes] = lambda raw: raw,
) -> Got:
    """Send a signed request over TLS with the gateway's own certificate; ``change`` alters its bytes."""
    route = outgoing.route
    lines = [
        f"{route.head.method} {route.call.target_raw} HTTP/1.1".encode("ascii"),
        b"host: peer",
        *(name + b": " + value for name, value in outgoing.fields),
        b"content-length: %d" % len(body),
        b"connection: close",
    ]
    raw = change(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    return talk(gateway, outgoing, raw)


def talk(gateway: OpenGateway, outgoing: Outgoing, raw: bytes) -> Got:
    """Send bytes to the peer listener of the gateway that a request is for."""
    peer = outgoing.route.gateway
    context = client_context(gateway.keys, gateway.directory(), peer)
    port = int(peer.url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as tls,
    ):
        tls.sendall(raw)
        return read_answer(tls)


def read_answer(connection: socket.socket) -> Got:
    """Read until the other side closes."""
    raw = bytearray()
    while part := connection.recv(1 << 16):
        raw += part
    head, _, body = bytes(raw).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = [(name, value.strip()) for name, _, value in (one.partition(":") for one in lines)]
    return Got(int(first.split(" ")[1]), fields, body)


Alter = Callable[[list[FieldLine], bytes], tuple[list[FieldLine], bytes]]
"""Gives the field lines and the body that are sent, by those that are right."""


@contextmanager
def lying_gateway(  # noqa: PLR0915 - one server, from its socket to its lie
    made: MadeGateway, offer: str, alter: Alter, *, body: bytes
) -> Iterator[None]:
    """Serve a provider's gateway that signs what is right, and sends what ``alter`` makes of it."""
    read = read_offer(offer.encode(), made.home.member).offer
    gateway = open_made(made, offer=read)
    tls = ServerTls(gateway.keys, gateway.directory(), gateway.pinned())
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = await reader.readuntil(b"\r\n\r\n")
        first, *lines = raw[:-4].split(b"\r\n")
        method, target, _ = first.split(b" ")
        fields = tuple(
            (name.lower(), value.strip()) for name, _, value in (one.partition(b":") for one in lines)
        )
        head = RequestHead(method.decode(), target, fields)
        shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
        at = gateway.clock.now()
        asked = gateway.provider.read(head, shown.getpeercert(binary_form=True), at=at, tick=gateway.tick())
        admitted = gateway.provider.admit(asked, tick=gateway.tick())
        settled = gateway.provider.settle(admitted, None, None, at=at)
        made_answer = gateway.provider.answer(settled, 200, [], facts_of(body), at=at)
        sent, content = alter(list(made_answer.fields), body)
        writer.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % line for line in sent))
        writer.write(b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body) + content)

    ended = asyncio.Event()
    begun = threading.Event()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whoever asks may hang up; that is what is looked for.
        with suppress(OSError, asyncio.IncompleteReadError):
            await answer(reader, writer)
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def serve() -> None:
        async with await asyncio.start_server(
            connect, "127.0.0.1", made.home.peer.port, ssl=tls.context, ssl_shutdown_timeout=0.5
        ):
            begun.set()
            await ended.wait()
        await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert begun.wait(5)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(5)
        loop.close()
