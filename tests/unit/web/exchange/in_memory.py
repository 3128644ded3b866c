"""Both applications of two gateways without sockets: the edge's peers are the other's peer application."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.offers import read_offer
from rahdari.app.exchange.upstream import Reply
from rahdari.exchange import Admitted, CallRefused, Outgoing, Service
from rahdari.web.exchange.asgi import EXTENSION, App, Event, Socket
from rahdari.web.exchange.bodies import Body
from rahdari.web.exchange.edge import Edge
from rahdari.web.exchange.figures import Figures
from rahdari.web.exchange.peer import Peer
from rahdari.web.exchange.peers import Peers
from rahdari.web.exchange.sending import ReceiptSender
from rahdari.web.exchange.systems import Systems
from rahdari.wire.xroad import FieldLine, MemberId
from tests.fakes.evidence_log import MemoryLog
from tests.fakes.gateway_homes import add_gateway, make_instance
from tests.fakes.peer_calls import open_made

REGISTRY = MemberId("PK", "GOV", "1001")
BANK = MemberId("PK", "COM", "2002")
CLIENT = b"PK/COM/2002/app"
PERSONS = "/r1/PK/GOV/1001/registry/persons"
OFFER = """
[[service]]
id = "PK/GOV/1001/registry/persons"
title = { en = "Persons" }
base_url = "http://127.0.0.1:1/"
[[service.operation]]
method = "*"
path = "/loose"
purposes = ["kyc"]
[[service.operation]]
method = "*"
path = "/strict"
purposes = ["kyc"]
durability = "strict"
[[service.operation]]
method = "GET"
path = "/answer"
purposes = ["kyc"]
subject = { in = "answer" }
[[service.operation]]
method = "GET"
path = "/private/{id}"
purposes = ["kyc"]
consent = "required"
subject = { in = "path", name = "id" }
[[grant]]
client = "PK/COM/2002/app"
service = "PK/GOV/1001/registry/persons"
operations = ["* /loose", "* /strict", "GET /answer", "GET /private/{id}"]
"""


@dataclass
class Told:
    """What an application sent, event by event."""

    events: list[Event] = field(default_factory=list)
    is_aborted: bool = False
    # After so many events the one who asked is no longer there.
    goes_after: int = 1_000_000

    def is_gone(self) -> bool:
        return len(self.events) >= self.goes_after

    @property
    def status(self) -> int:
        return cast("int", self.events[0]["status"])

    @property
    def fields(self) -> list[FieldLine]:
        return cast("list[FieldLine]", self.events[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(cast("bytes", one.get("body", b"")) for one in self.events[1:])

    @property
    def is_ended(self) -> bool:
        return len(self.events) > 1 and not self.events[-1].get("more_body", False)

    def one(self, name: bytes) -> bytes:
        (value,) = [value for one, value in self.fields if one == name]
        return value

    @property
    def error(self) -> str:
        return next((v.decode() for n, v in self.fields if n == b"x-road-error"), "")


async def ask(  # noqa: PLR0913 - a whole request
    app: App,
    target: str,
    *,
    method: str = "GET",
    fields: Iterable[FieldLine] = ((b"x-road-client", CLIENT),),
    body: Iterable[bytes] = (),
    certificate: bytes | None = None,
    address: str = "127.0.0.1",
    told: Told | None = None,
) -> Told:
    """Ask an application; ``told`` fills while it answers."""
    told = Told() if told is None else told
    parts = [*body] or [b""]

    def abort() -> None:
        told.is_aborted = True

    async def receive() -> Event:
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(event: Event) -> None:
        told.events.append(event)

    raw = target.encode("ascii")
    path, _, query = raw.partition(b"?")
    socket = Socket(address, certificate, abort, told.is_gone)
    scope: dict[str, object] = {
        "type": "http", "method": method, "raw_path": path, "query_string": query, "headers": list(fields),
        "client": (address, 1), "extensions": {EXTENSION: {"target": raw, "socket": socket}},
    }  # fmt: skip
    await app(scope, receive, send)
    return told


class MemoryReply:
    """An answer that comes in parts; a part that is an exception is raised."""

    def __init__(self, status: int, fields: list[FieldLine], parts: Iterable[bytes | Exception]) -> None:
        self.status, self.fields = status, fields
        self._parts = list(parts)
        self.is_released = False

    async def read(self) -> bytes:
        part = self._parts.pop(0) if self._parts else b""
        if isinstance(part, Exception):
            raise part
        return part

    def release(self) -> None:
        self.is_released = True


Answering = Callable[[Admitted, Body], MemoryReply]
Altering = Callable[[MemoryReply], MemoryReply]


class MemorySystems:
    """The registry's own system."""

    def __init__(self) -> None:
        self.asked: list[Admitted] = []
        self.under_way = 0
        self.ended: list[bool | None] = []
        self.answering: Answering = lambda _, body: MemoryReply(
            200, [(b"content-type", b"text/plain"), (b"server", b"x")], [body.held or b"answer"]
        )

    async def ask(self, admitted: Admitted, body: Body) -> MemoryReply:
        self.asked.append(admitted)
        self.under_way += 1
        return self.answering(admitted, body)

    def leave(self, service: Service, *, is_whole: bool | None = None) -> None:
        self.under_way -= 1
        self.ended.append(is_whole)

    def states(self) -> Mapping[str, str]:
        return {}


class MemoryPeers:
    """Carries signed requests to the other gateway's application; ``altering`` lies about its answers."""

    def __init__(self, app: App, certificate: bytes) -> None:
        self._app, self._certificate = app, certificate
        self.altering: Altering = lambda reply: reply
        self.failure: Exception | None = None
        self.posted: list[bytes] = []
        self.post_status: int | Exception = 200

    async def send(self, outgoing: Outgoing, body: Body) -> MemoryReply:
        if self.failure is not None:
            raise self.failure
        parts: list[bytes] = []
        if body.held is not None:
            parts = [body.held]
        else:
            async for part in cast("Callable[[], object]", body.parts)():  # type: ignore[attr-defined]
                parts.append(part)
        fields = [(b"host", b"peer"), *outgoing.fields]
        told = await ask(
            self._app, outgoing.route.call.target_raw, method=outgoing.route.head.method, fields=fields,
            body=parts, certificate=self._certificate,
        )  # fmt: skip
        lines = [one for one in told.fields if one[0] != b"date"]
        return self.altering(MemoryReply(told.status, lines, [told.body]))

    async def post(self, gateway: object, target: bytes, body: bytes, content_type: bytes) -> int:
        self.posted.append(body)
        if isinstance(self.post_status, Exception):
            raise self.post_status
        return self.post_status


@dataclass
class Chain:
    """A bank's edge, a registry's peer, and everything behind them in reach of a test."""

    bank: OpenGateway
    registry: OpenGateway
    bank_log: MemoryLog
    registry_log: MemoryLog
    systems: MemorySystems
    peers: MemoryPeers
    edge: Edge
    peer: Peer
    receipts: ReceiptSender
    bank_figures: Figures

    def ask(self, path: str, **more: object) -> Told:
        return asyncio.run(self.asking(path, **more))

    async def asking(self, path: str, **more: object) -> Told:
        return await ask(self.edge, PERSONS + path, **more)  # type: ignore[arg-type]


async def nothing(scope: object, receive: object, send: Callable[[Event], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"own"})


def make_chain(folder: Path) -> Chain:
    instance = make_instance(folder)
    registry_made = add_gateway(instance, REGISTRY, "registry", ports=(9001, 9002))
    bank_made = add_gateway(instance, BANK, "app", ports=(9003, 9004))
    instance.publish()
    registry = open_made(registry_made, offer=read_offer(OFFER.encode(), REGISTRY).offer)
    bank = open_made(bank_made)
    logs = MemoryLog(), MemoryLog()
    bank.use_log(logs[0], find=logs[0].find)
    registry.use_log(logs[1], find=logs[1].find)
    systems = MemorySystems()
    peer = Peer(registry, cast("Systems", systems), figures=Figures())
    peers = MemoryPeers(peer, bank.keys.certificates[-1])
    receipts = ReceiptSender(bank, cast("Peers", peers))
    figures = Figures()
    edge = Edge(bank, cast("Peers", peers), figures=figures, receipts=receipts, own=nothing)
    return Chain(bank, registry, *logs, systems, peers, edge, peer, receipts, figures)


__all__ = ["BANK", "CallRefused", "Chain", "MemoryReply", "Reply", "Told", "ask", "make_chain"]
