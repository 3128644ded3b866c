"""What a gateway tells of itself, to this machine alone: health, figures, and a page for people."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived, Receive, Scope, Send, arrive
from rahdari.web.exchange.browsers import FOREIGN, own_hosts
from rahdari.web.exchange.description.edge import PATH as DESCRIPTION
from rahdari.web.exchange.description.edge import describe_edge
from rahdari.web.exchange.figures import Figures
from rahdari.web.exchange.frames import HTML, choose_language
from rahdari.web.exchange.page_refusals import refuse_page, wants_page
from rahdari.web.exchange.refusing import NOT_FOUND, Dates
from rahdari.web.exchange.status_page import Standing, write_page
from rahdari.web.exchange.systems import Systems
from rahdari.wire import strict_json
from rahdari.wire.xroad import FieldLine

_JSON: Final = (b"content-type", b"application/json")
_LINES: Final = (b"content-type", b"application/jsonl")
_TEXT: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_FRESH: Final = (b"cache-control", b"no-store")


class Own:
    """The application for ``/health``, ``/metrics``, ``/metrics/operational``, ``/status`` and the description."""

    def __init__(self, gateway: OpenGateway, figures: Figures, systems: Systems) -> None:
        """Tell of ``gateway``."""
        self._gateway, self._figures, self._systems = gateway, figures, systems
        self._dates = Dates(gateway)
        self._hosts = own_hosts(gateway)
        self.also: dict[bytes, asgi.App] = {}
        """Other applications, by the beginning of their paths."""
        self._pages: Mapping[bytes, Callable[[Arrived], Awaitable[None]]] = {
            b"/health": self._health,
            b"/metrics": self._metrics,
            b"/metrics/operational": self._operational,
            b"/status": self._status,
            DESCRIPTION.encode("ascii"): self._description,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        arrived = arrive(scope, receive, send)
        if not self._hosts.is_asked(arrived.head.fields):
            await refuse_page(self._gateway, arrived, FOREIGN, dates=self._dates)
            return
        for beginning, app in self.also.items():
            if arrived.path.startswith(beginning):
                await app(scope, receive, send)
                return
        if arrived.path == b"/" and arrived.head.method in {"GET", "HEAD"} and wants_page(arrived):
            # Whoever types the gateway's address wants to see what there is (RFC 9110, 15.4.4).
            await self._answer(arrived, 303, [(b"location", b"/catalogue")], b"")
            return
        page = self._pages.get(arrived.path)
        if page is None or arrived.head.method not in {"GET", "HEAD"}:
            await refuse_page(self._gateway, arrived, NOT_FOUND, dates=self._dates)
        else:
            await page(arrived)

    def standing(self) -> Standing:
        """Tell how the gateway stands."""
        gateway, log = self._gateway, self._gateway.log.standing
        at = int(gateway.clock.now().timestamp())
        try:
            directory = gateway.directory()
            version, expires, expired = (
                directory.version, directory.home.expires, directory.is_expired(at)
            )  # fmt: skip
            gateway.identity()
            key = ""
        except CallRefused as refusal:
            version, expires, expired, key = 0, 0, True, refusal.message
        states = self._systems.states()
        return Standing(
            gateway=str(gateway.home.id),
            is_ready=log.is_writable and not expired and not key,
            configuration_version=version,
            configuration_expires=expires,
            is_configuration_expired=expired,
            key_fault=key,
            log_size=log.size,
            log_published=log.published,
            is_log_writable=log.is_writable,
            log_fault=log.fault or gateway.vouching_fault(),
            receipts_owed=len(gateway.owed),
            services={str(one): states.get(str(one), "closed") for one in gateway.offer().services},
            calls=sum(count for _, count in self._figures.counted()),
            faults=sum(count for key, count in self._figures.counted() if key[5]),
            is_configuration_old=gateway.following.is_old(),
            contradictions=gateway.following.contradictions,
        )

    async def _health(self, arrived: Arrived) -> None:
        standing = self.standing()
        await self._answer(
            arrived,
            200 if standing.is_ready else 503,
            [_JSON],
            strict_json.encode({"ready": standing.is_ready}),
        )

    async def _metrics(self, arrived: Arrived) -> None:
        # Thousands of lines take a second to write; calls go on meanwhile.
        written = await asyncio.get_running_loop().run_in_executor(None, self._figures.write)
        await self._answer(arrived, 200, [_TEXT], written)

    async def _operational(self, arrived: Arrived) -> None:
        lines = b"".join(strict_json.encode(one) + b"\n" for one in self._figures.recent())
        await self._answer(arrived, 200, [_LINES], lines)

    async def _status(self, arrived: Arrived) -> None:
        if wants_page(arrived):
            page = write_page(self.standing(), choose_language(arrived))
            await asgi.answer(arrived, 200, self._dates.complete(HTML), page)
        else:
            await self._answer(arrived, 200, [_JSON], strict_json.encode(self.standing().as_json()))

    async def _description(self, arrived: Arrived) -> None:
        await self._answer(arrived, 200, [_JSON], strict_json.encode(describe_edge()))

    async def _answer(self, arrived: Arrived, status: int, fields: list[FieldLine], body: bytes) -> None:
        await asgi.answer(arrived, status, self._dates.complete([*fields, _FRESH]), body)
