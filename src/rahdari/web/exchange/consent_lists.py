"""The status lists of consents that this member signs, for anybody (Token Status List draft, 8.1)."""

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.kernel import Problem
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Receive, Scope, Send, arrive
from rahdari.web.exchange.refusing import Dates

if TYPE_CHECKING:
    # The book brings the database along, 30 MB that most gateways do not need.
    from rahdari.app.exchange.consent_book import ConsentBook

PATH: Final = b"/ndel/consents"
_TEXT: Final = (b"content-type", b"text/plain")
# A member that begins to sign consents while its gateway runs is found within this time.
LOOK_SECONDS: Final = 5.0
# Where there is none of this name, the member signs no consents (app.exchange.consent_desk).
ISSUER_SECRET: Final = "consent-issuer"  # noqa: S105 - the name of a secret

_LOG = structlog.get_logger("rahdari.exchange.consent_lists")


class ConsentLists:
    """The application for ``GET /ndel/consents/{number}``, with ``?now`` for a list signed at that moment."""

    def __init__(self, gateway: OpenGateway) -> None:
        """Open the book when somebody asks first; most members sign no consents."""
        self._gateway, self._dates = gateway, Dates(gateway)
        self._book: ConsentBook | None = None
        self._looked_at = float("-inf")
        self._failure: Problem | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        arrived = arrive(scope, receive, send)
        path, _, query = arrived.head.target_raw.partition(b"?")
        number = path[len(PATH) :].decode("latin-1")
        try:
            book = await self._opened()
            if book is None or arrived.head.method not in {"GET", "HEAD"}:
                fields = self._dates.complete([_TEXT])
                words = b"this member signs no consents, or not by this method\n"
                await asgi.answer(arrived, 404, fields, words)
                return
            told = await asyncio.to_thread(book.answer, number, is_now=query == b"now")
        except Problem:
            # The database is busy or gone: whoever asks takes the consent for not known, and refuses.
            fields = self._dates.complete([_TEXT, (b"retry-after", b"1")])
            await asgi.answer(arrived, 503, fields, b"the lists cannot be read now; ask again soon\n")
            return
        await asgi.answer(arrived, told.status, self._dates.complete(told.fields), told.body)

    async def _opened(self) -> "ConsentBook | None":
        """Give the book, if there is one. Raises ``Problem`` where it is not known whether there is."""
        async with self._opening:
            now = self._gateway.tick()
            if self._book is None and now >= self._looked_at + LOOK_SECONDS:
                self._looked_at, self._failure = now, None
                try:
                    self._book = await asyncio.to_thread(self._open)
                except Problem as problem:
                    self._failure = problem
                    _LOG.error("consent_lists_not_opened", code=problem.code, why=problem.message)
            if self._failure is not None:
                # Until it is looked again: not to be known is another thing than not to be there.
                raise self._failure.with_traceback(None)
            return self._book

    def _open(self) -> "ConsentBook | None":
        gateway = self._gateway
        if gateway.keys.secret(ISSUER_SECRET) is None:
            return None
        from rahdari.app.exchange.consent_book import ConsentBook  # noqa: PLC0415 - see above
        from rahdari.app.exchange.consent_desk import find_issuer, open_index  # noqa: PLC0415

        issuer = find_issuer(gateway.home, gateway.keys)
        if issuer is None:
            return None
        return ConsentBook(open_index(gateway.home), issuer, clock=gateway.clock, chance=gateway.chance)
