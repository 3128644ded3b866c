"""The catalogue: asked from every member's gateway, shown to people beside this one, and tried out.

``CatalogueDoor`` answers other gateways; ``Shelf`` asks them; ``CataloguePages`` shows it, to this machine alone.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.upstream import UpstreamFailed
from rahdari.exchange import CallRefused, CataloguedService, Offer, read_catalogue, write_catalogue
from rahdari.kernel import Refused
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Receive, Scope, Send, arrive
from rahdari.web.exchange.peers import Peers
from rahdari.web.exchange.refusing import NOT_FOUND, Dates, refuse
from rahdari.wire.ndel.parties import Gateway, Member
from rahdari.wire.xroad import MemberId, ServiceId, read_service

PATH: Final = b"/ndel/catalogue"
# A catalogue changes when a service does: a minute old is fresh enough for people who look.
KEPT_SECONDS: Final = 60.0
# A gateway that was away may be back: it is looked for again soon, though not at every look.
AGAIN_SECONDS: Final = 2.0
# A country has hundreds of gateways; each connection costs a handshake.
ASKED_AT_ONCE: Final = 16
CATALOGUE_BYTES_MAX: Final = 32 << 20
DESCRIPTION_BYTES_MAX: Final = 4 << 20


class CatalogueDoor:
    """Tells other gateways what is offered here, and what their own clients may call of it."""

    def __init__(self, gateway: OpenGateway) -> None:
        """Tell of ``gateway``'s offer."""
        self._gateway, self._dates = gateway, Dates(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``GET /ndel/catalogue`` and ``GET /ndel/catalogue/{service}``, the service as one segment."""
        arrived = arrive(scope, receive, send)
        try:
            body, kind = self._find(arrived.path, arrived.socket.certificate, arrived.head.method)
        except CallRefused as refusal:
            await refuse(self._gateway, arrived, refusal, dates=self._dates)
            return
        fields = self._dates.complete([(b"content-type", kind), (b"cache-control", b"no-store")])
        await asgi.answer(arrived, 200, fields, body)

    def _find(self, path: bytes, certificate: bytes | None, method: str) -> tuple[bytes, bytes]:
        directory = self._gateway.directory()
        sender = directory.gateway_by_certificate(certificate) if certificate else None
        if sender is None or method != "GET":
            raise NOT_FOUND
        reader = owner_of(sender)
        if path == PATH:
            told = write_catalogue(
                self._gateway.offer(), reader=reader, is_seen=lambda one: directory.may_see(reader, one)
            )
            return told, b"application/json"
        identifier = unquote(path[len(PATH) + 1 :].decode("ascii", "replace"))
        described = describe(self._gateway.offer(), identifier)
        if described is None or not directory.may_see(reader, read_service(identifier)):
            raise NOT_FOUND
        return described, b"application/octet-stream"


def describe(offer: Offer, identifier: str) -> bytes | None:
    """Give a service's OpenAPI document; None where there is no such service or document."""
    return next((one.description for one in offer.services.values() if str(one.id) == identifier), None)


def owner_of(gateway: Gateway) -> MemberId:
    """Give the member that a gateway is of."""
    return MemberId(gateway.id.instance, gateway.id.member_class, gateway.id.member_code)


@dataclass(frozen=True, slots=True)
class Shelved:
    """A member with what it offers; ``fault`` where its gateway could not be asked."""

    member: Member
    services: tuple[CataloguedService, ...] = ()
    fault: str = ""


@dataclass(slots=True)
class Shelf:
    """The catalogue of all members, asked when it is looked at and older than ``KEPT_SECONDS``."""

    gateway: OpenGateway
    peers: Peers
    _kept: tuple[Shelved, ...] = field(default=(), init=False)
    _until: float = field(default=0.0, init=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def look(self) -> tuple[Shelved, ...]:
        """Give every member in good standing that has a gateway, in the order of the configuration."""
        async with self._asking:
            if self.gateway.tick() >= self._until:
                members = [one for one in self.gateway.directory().members() if one.gateways]
                turns = asyncio.Semaphore(ASKED_AT_ONCE)
                self._kept = tuple(await asyncio.gather(*(self._ask(one, turns) for one in members)))
                is_whole = not any(one.fault for one in self._kept)
                self._until = self.gateway.tick() + (KEPT_SECONDS if is_whole else AGAIN_SECONDS)
        return self._kept

    async def find(self, identifier: str) -> tuple[Shelved, CataloguedService] | None:
        """Find a service by its five parts."""
        for shelved in await self.look():
            for service in shelved.services:
                if str(service.id) == identifier:
                    return shelved, service
        return None

    async def describe(self, service: ServiceId) -> bytes | None:
        """Fetch a service's OpenAPI document from its owner's gateway; None where there is none to be had."""
        if service.provider.member == self.gateway.home.member:
            return describe(self.gateway.offer(), str(service))
        gateways = self.gateway.directory().gateways_of(service.provider.member)
        target = PATH + b"/" + quote(str(service), safe="").encode()
        if not gateways:
            return None
        try:
            status, body = await self.peers.fetch_of(gateways, target, bytes_max=DESCRIPTION_BYTES_MAX)
        except UpstreamFailed:
            return None
        return body if status == 200 else None

    async def _ask(self, member: Member, turns: asyncio.Semaphore) -> Shelved:
        if member.id == self.gateway.home.member:
            raw = write_catalogue(self.gateway.offer(), reader=member.id)
            return Shelved(member, read_catalogue(raw, provider=member.id))
        try:
            async with turns:
                status, raw = await self.peers.fetch_of(member.gateways, PATH, bytes_max=CATALOGUE_BYTES_MAX)
            if status != 200:
                return Shelved(member, fault=f"HTTP {status}")
            return Shelved(member, read_catalogue(raw, provider=member.id))
        except UpstreamFailed as failure:
            return Shelved(member, fault=failure.message)
        except Refused as refusal:
            return Shelved(member, fault=refusal.message)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a call that somebody tried out: the head as it came, and the body, cut where it is long."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: str
    is_cut: bool
    request_id: str


# A page for people shows the beginning; whoever wants all of it calls by a program.
SHOWN_BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Trial:
    """A call to try out, as a form describes it."""

    service: ServiceId
    client: str
    method: str
    path: str
    purpose: str
    consent: str = field(default="", repr=False)
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)


async def try_out(edge: asgi.App, trial: Trial) -> Tried:
    """Make a call through our own edge, as an information system on this machine would make it."""
    target, _, query = f"/r1/{trial.service}{trial.path}".partition("?")
    lines = {
        "x-road-client": trial.client,
        "ndel-purpose": trial.purpose,
        "ndel-consent": trial.consent,
        "content-type": trial.content_type if trial.body else "",
        "content-length": str(len(trial.body)),
        "accept": "application/json",
    }
    scope: Scope = {
        "type": "http",
        "method": trial.method,
        "raw_path": _as_target(target),
        "query_string": _as_target(query),
        "headers": [(name.encode(), _as_line(value)) for name, value in lines.items() if value],
        "client": ("127.0.0.1", 0),
    }
    taking = _Taking(trial.body)
    try:
        await edge(scope, taking.receive, taking.send)
    except ConnectionAbortedError:
        taking.is_broken = True
    return taking.tried()


class _Taking:
    """Both ends of a call within this program."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status, self._size = 0, 0
        self._fields: tuple[tuple[str, str], ...] = ()
        self._parts: list[bytes] = []
        self.is_broken = False

    async def receive(self) -> asgi.Event:
        if self._body is None:
            # Nobody hangs up: the page waits for its answer.
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, event: asgi.Event) -> None:
        if event["type"] == "http.response.start":
            status, lines = event["status"], event["headers"]
            self._status = status if isinstance(status, int) else 0
            self._fields = tuple(_read_lines(lines))
        elif isinstance(part := event.get("body", b""), bytes):
            if self._size < SHOWN_BYTES_MAX:
                self._parts.append(part[: SHOWN_BYTES_MAX - self._size])
            self._size += len(part)

    def tried(self) -> Tried:
        ids = [value for name, value in self._fields if name == "x-road-request-id"]
        shown = b"".join(self._parts).decode("utf-8", "replace")
        is_cut = self._size > SHOWN_BYTES_MAX or self.is_broken
        return Tried(self._status, self._fields, shown, is_cut, ids[0] if ids else "")


def _read_lines(lines: object) -> Iterable[tuple[str, str]]:
    for name, value in lines if isinstance(lines, list | tuple) else ():
        yield name.decode("latin-1"), value.decode("latin-1")


def _as_target(text: str) -> bytes:
    """Write what a person typed as a target: what stands in no URI is encoded, percent signs stay as they are."""
    return quote(text, safe="/%:@!$&'()*+,;=-._~?").encode("ascii")


def _as_line(text: str) -> bytes:
    return " ".join(text.split()).encode("utf-8")


def read_identifier(text: str) -> ServiceId | None:
    """Read the five parts of a service; None where they are not."""
    try:
        return read_service(text)
    except Refused:
        return None
