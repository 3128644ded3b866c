"""The catalogue's pages, for people at this machine: what there is, on which conditions, and a form to try it.

A form that makes real calls in a member's name is only taken from a page of ours: the Host must be this machine's,
so that no other name can be led here (DNS rebinding), and a form must come from the same origin (RFC 6454; Fetch
Metadata, 2.1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, quote

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused, CataloguedOperation, CataloguedService, ConsentRule
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived, ClientGone, Receive, Scope, Send, arrive
from rahdari.web.exchange.bodies import BodyTooLarge, SpoolFailed, take_request
from rahdari.web.exchange.browsers import FOREIGN
from rahdari.web.exchange.catalogue import Shelf, Shelved, Trial, Tried, read_identifier, try_out
from rahdari.web.exchange.frames import (
    FONT_FIELDS,
    FONTS_PATH,
    HTML,
    STYLE_FIELDS,
    STYLE_PATH,
    choose_language,
    font,
    pick,
    render,
    style,
)
from rahdari.web.exchange.page_refusals import refuse_page
from rahdari.web.exchange.refusing import NOT_FOUND, Dates
from rahdari.web.languages import Catalogue, catalogue
from rahdari.wire.xroad import METHODS, ErrorType, Fault, FieldLine, Origin, values_of

PREFIX: Final = b"/catalogue"
# The form's longest fields: a body of 100,000 characters, of which each may take twelve as it is sent.
FORM_BYTES_MAX: Final = 1_300_000
FIELDS_MAX: Final = 20
NOTHING: Final = "\N{EN DASH}"
_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Form:
    """What the form to try a service holds."""

    client: str = ""
    method: str = ""
    path: str = "/"
    purpose: str = ""
    consent: str = ""
    kind: str = "application/json"
    body: str = ""


class CataloguePages:
    """The application for ``/catalogue`` and what is below it."""

    def __init__(self, gateway: OpenGateway, shelf: Shelf, edge: asgi.App) -> None:
        """Show ``shelf``; a call that is tried out goes through ``edge``."""
        self._gateway, self._shelf, self._edge = gateway, shelf, edge
        self._dates = Dates(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        arrived = arrive(scope, receive, send)
        try:
            _require_own(arrived)
            await self._answer(arrived)
        except CallRefused as refusal:
            await refuse_page(self._gateway, arrived, refusal, dates=self._dates)
        except ClientGone:
            return

    async def _answer(self, arrived: Arrived) -> None:
        method, query = arrived.head.method, _query_of(arrived)
        if arrived.path == STYLE_PATH and method in {"GET", "HEAD"}:
            await self._send(arrived, list(STYLE_FIELDS), style())
        elif arrived.path.startswith(FONTS_PATH) and method in {"GET", "HEAD"}:
            found = font(arrived.path)
            if found is None:
                raise NOT_FOUND
            await self._send(arrived, list(FONT_FIELDS), found)
        elif arrived.path == PREFIX and method in {"GET", "HEAD"}:
            await self._list(arrived, query.get("q", "")[:100])
        elif arrived.path == PREFIX + b"/description" and method == "GET":
            await self._describe(arrived, query.get("id", ""))
        elif arrived.path == PREFIX + b"/service" and method in {"GET", "HEAD"}:
            await self._show(arrived, query.get("id", ""), None, None)
        elif arrived.path == PREFIX + b"/service" and method == "POST":
            await self._try(arrived, query.get("id", ""))
        else:
            raise NOT_FOUND

    async def _list(self, arrived: Arrived, query: str) -> None:
        shelf = [_matching(one, query) for one in await self._shelf.look()]
        shown = [one for one in shelf if one.services or not query]
        await self._render(
            arrived,
            "gateway_catalogue.html",
            f"/catalogue?q={quote(query)}",
            shelf=shown,
            query=query,
            count=sum(len(one.services) for one in shown),
        )

    async def _describe(self, arrived: Arrived, identifier: str) -> None:
        service = read_identifier(identifier)
        document = None if service is None else await self._shelf.describe(service)
        if service is None or document is None:
            raise NOT_FOUND
        ending = "json" if document.lstrip()[:1] == b"{" else "yaml"
        fields = [
            (b"content-type", b"application/octet-stream"),
            (
                b"content-disposition",
                f"attachment; filename*=UTF-8''{quote(service.service_code)}.{ending}".encode(),
            ),
            (b"x-content-type-options", b"nosniff"),
        ]
        await self._send(arrived, fields, document)

    async def _try(self, arrived: Arrived, identifier: str) -> None:
        _require_same_origin(arrived, b"http" if self._gateway.edge_tls is None else b"https")
        service = read_identifier(identifier)
        form = await self._read_form(arrived)
        if service is None or form.method not in METHODS or not form.path.startswith("/"):
            raise CallRefused(
                ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,)), "the form names no operation", status=400
            )
        if not form.path.isascii() or "{" in form.path:
            raise CallRefused(
                ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,)),
                "the path is still the template of one; put values in the place of {…}, percent-encoded",
                status=400,
            )
        tried = await try_out(
            self._edge,
            Trial(
                service,
                form.client,
                form.method,
                form.path,
                form.purpose,
                form.consent,
                form.kind,
                form.body.encode(),
            ),
        )
        await self._show(arrived, identifier, form, tried)

    async def _read_form(self, arrived: Arrived) -> Form:
        try:
            body = await take_request(
                arrived.receive,
                bytes_max=FORM_BYTES_MAX,
                folder=self._gateway.home.folder,
                wants_sha512=False,
            )
        except (BodyTooLarge, SpoolFailed):
            raise CallRefused(
                ErrorType(Origin.CLIENT, (Fault.INVALID_BODY,)), "the form is too large", status=413
            ) from None
        parts = body.parts()
        try:
            raw = body.held or b"" if parts is None else b"".join([part async for part in parts])
        finally:
            body.close()
        read = _read_pairs(raw)
        return Form(
            **{
                name: read.get(name, "")
                for name in ("client", "method", "path", "purpose", "consent", "kind", "body")
            }
        )

    async def _show(self, arrived: Arrived, identifier: str, form: Form | None, tried: Tried | None) -> None:
        found = await self._shelf.find(identifier)
        if found is None:
            raise NOT_FOUND
        shelved, service = found
        words = catalogue(choose_language(arrived))
        purposes = sorted({code for one in service.operations for code in one.purposes})
        first = _first_of(service)
        offered = Form() if first is None else Form(
            path=first.path, method=first.method, purpose=min(first.purposes, default="")
        )  # fmt: skip
        await self._render(
            arrived,
            "gateway_service.html",
            f"/catalogue/service?id={quote(identifier, safe='')}",
            member=shelved.member,
            service=service,
            clients=self._clients(service),
            methods=sorted({one.method for one in service.operations} - {"*"}) or ["GET"],
            purposes=[(code, self._title(code, words.language)) for code in purposes],
            form=form or offered,
            tried=tried,
            granted_to=lambda one: sorted(
                name for name, names in service.granted.items() if one.name in names
            ),
            home=str(self._gateway.home.folder),
        )

    def _clients(self, service: CataloguedService) -> list[str]:
        """Give the clients behind this gateway, those with a right first."""
        own = [str(one) for one in self._gateway.consumer_settings.clients]
        return sorted(own, key=lambda one: (one not in service.granted, one))

    def _title(self, code: str, language: str) -> str:
        try:
            purpose = self._gateway.directory().purposes.get(code)
        except CallRefused:
            purpose = None
        return code if purpose is None else f"{pick(purpose.title, language)} ({code})"

    async def _render(self, arrived: Arrived, template: str, address: str, **context: object) -> None:
        words = catalogue(choose_language(arrived))
        page = render(
            template,
            words,
            address,
            instance=self._gateway.home.member.instance,
            conditions=lambda one: _conditions([one], words),
            conditions_of=lambda one: _conditions(one.operations, words),
            titles_of=lambda codes: self._titles(codes, words.language),
            purposes_of=lambda one: self._titles(
                {code for each in one.operations for code in each.purposes}, words.language
            ),
            **context,
        )
        await self._send(arrived, list(HTML), page)

    def _titles(self, codes: Iterable[str], language: str) -> str:
        return ", ".join(self._title(code, language) for code in sorted(codes)) or NOTHING

    async def _send(self, arrived: Arrived, fields: list[FieldLine], body: bytes) -> None:
        await asgi.answer(arrived, 200, self._dates.complete(fields), body)


def _require_own(arrived: Arrived) -> None:
    hosts = values_of(arrived.head.fields, b"host")
    name = hosts[0].decode("latin-1").lower() if len(hosts) == 1 else ""
    if (name if name.endswith("]") else name.rpartition(":")[0] or name) not in _HOSTS:
        raise FOREIGN


def _require_same_origin(arrived: Arrived, scheme: bytes) -> None:
    host = values_of(arrived.head.fields, b"host")[0]
    sites = values_of(arrived.head.fields, b"sec-fetch-site")
    origins = values_of(arrived.head.fields, b"origin")
    # Every browser that is maintained sends Origin with a form; who sends neither is none.
    if origins != [scheme + b"://" + host] or sites not in ([], [b"same-origin"]):
        raise FOREIGN


def _query_of(arrived: Arrived) -> Mapping[str, str]:
    return _read_pairs(arrived.head.target_raw.partition(b"?")[2])


def _read_pairs(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qs(
            raw.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise CallRefused(
            ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,)), "the form or query cannot be read", status=400
        ) from None
    return {name: values[-1] for name, values in pairs.items()}


def _conditions(operations: Iterable[CataloguedOperation], words: Catalogue) -> str:
    listed = list(operations)
    keys = [
        key
        for key, holds in (
            ("catalogue.needs_consent", any(one.consent is ConsentRule.REQUIRED for one in listed)),
            ("catalogue.consent_now", any(one.consent is ConsentRule.REQUIRED_NOW for one in listed)),
            ("catalogue.sealed", any(one.is_sealed for one in listed)),
            ("catalogue.strict", any(one.durability.value == "strict" for one in listed)),
        )
        if holds
    ]
    return "; ".join(words.say(key) for key in keys) or NOTHING


def _first_of(service: CataloguedService) -> CataloguedOperation | None:
    """Give the operation that a form begins with: one to which a client here has a right, where there is any."""
    granted = {name for names in service.granted.values() for name in names}
    return next(
        (one for one in service.operations if one.name in granted), next(iter(service.operations), None)
    )


def _matching(shelved: Shelved, query: str) -> Shelved:
    asked = query.casefold()
    kept = tuple(
        one
        for one in shelved.services
        if asked in str(one.id).casefold() or any(asked in text.casefold() for text in one.title.values())
    )
    return Shelved(shelved.member, kept, shelved.fault)
