"""What a gateway tells of itself, to this machine alone: health, figures, and a page for people."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived, Receive, Scope, Send, arrive
from rahdari.web.exchange.figures import Figures
from rahdari.web.exchange.refusing import NOT_FOUND, Dates, refuse
from rahdari.web.exchange.status_page import STYLE, Standing, choose_language, write_page
from rahdari.web.exchange.systems import Systems
from rahdari.wire import strict_json
from rahdari.wire.xroad import FieldLine, values_of

_JSON: Final = (b"content-type", b"application/json")
_LINES: Final = (b"content-type", b"application/jsonl")
_TEXT: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_HTML: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
_FRESH: Final = (b"cache-control", b"no-store")


class Own:
    """The application for ``/health``, ``/metrics``, ``/metrics/operational`` and ``/status``."""

    def __init__(self, gateway: OpenGateway, figures: Figures, systems: Systems) -> None:
        """Tell of ``gateway``."""
        self._gateway, self._figures, self._systems = gateway, figures, systems
        self._dates = Dates(gateway)
        self.also: dict[bytes, asgi.App] = {}
        """Other applications, by the beginning of their paths."""
        self._pages: Mapping[bytes, Callable[[Arrived], Awaitable[None]]] = {
            b"/health": self._health,
            b"/metrics": self._metrics,
            b"/metrics/operational": self._operational,
            b"/status": self._status,
            b"/status.css": self._style,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        arrived = arrive(scope, receive, send)
        for beginning, app in self.also.items():
            if arrived.path.startswith(beginning):
                await app(scope, receive, send)
                return
        page = self._pages.get(arrived.path)
        if page is None or arrived.head.method not in {"GET", "HEAD"}:
            await refuse(self._gateway, arrived, NOT_FOUND, dates=self._dates)
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
            log_fault=log.fault,
            receipts_owed=len(gateway.owed),
            services={str(one): states.get(str(one), "closed") for one in gateway.offer().services},
            calls=sum(count for _, count in self._figures.counted()),
            faults=sum(count for key, count in self._figures.counted() if key[5]),
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
        await self._answer(arrived, 200, [_TEXT], self._figures.write())

    async def _operational(self, arrived: Arrived) -> None:
        lines = b"".join(strict_json.encode(one) + b"\n" for one in self._figures.recent())
        await self._answer(arrived, 200, [_LINES], lines)

    async def _status(self, arrived: Arrived) -> None:
        accept = b",".join(values_of(arrived.head.fields, b"accept"))
        if b"text/html" in accept:
            page = write_page(self.standing(), choose_language(arrived))
            await self._answer(arrived, 200, list(_HTML), page)
        else:
            await self._answer(arrived, 200, [_JSON], strict_json.encode(self.standing().as_json()))

    async def _style(self, arrived: Arrived) -> None:

        await self._answer(arrived, 200, [(b"content-type", b"text/css; charset=utf-8")], STYLE)

    async def _answer(self, arrived: Arrived, status: int, fields: list[FieldLine], body: bytes) -> None:
        await asgi.answer(arrived, status, self._dates.complete([*fields, _FRESH]), body)
