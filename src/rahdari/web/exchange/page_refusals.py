"""Refusals on the pages beside a gateway: in words for whoever reads pages, in X-Road's words for programs."""

from typing import Final

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived
from rahdari.web.exchange.frames import HTML, choose_language, render
from rahdari.web.exchange.refusing import Dates, has_body, refuse
from rahdari.web.languages import catalogue
from rahdari.wire.xroad import values_of

_NOT_FOUND: Final = 404
_MISSING: Final = ("catalogue.missing", "catalogue.missing_text")
_NOT_TAKEN: Final = ("catalogue.not_taken", "catalogue.not_taken_text")


def wants_page(arrived: Arrived) -> bool:
    """Tell whether a browser asks for a page: programs name the types that they take, or all of them."""
    return b"text/html" in b",".join(values_of(arrived.head.fields, b"accept"))


async def refuse_page(gateway: OpenGateway, arrived: Arrived, refusal: CallRefused, *, dates: Dates) -> None:
    """Send a refusal as a page where one is wanted, with the way back to what there is; else as ``refuse`` does."""
    if not wants_page(arrived):
        await refuse(gateway, arrived, refusal, dates=dates)
        return
    words = catalogue(choose_language(arrived))
    heading, text = _MISSING if refusal.status == _NOT_FOUND else _NOT_TAKEN
    page = render(
        "gateway_refusal.html",
        words,
        # What was asked for is not repeated: the other languages begin at the catalogue.
        "/catalogue",
        heading=words.say(heading),
        text=words.say(text),
    )
    fields = dates.complete([*HTML, (b"x-road-error", refusal.error.write().encode("ascii"))])
    if has_body(arrived):
        fields.append(asgi.CLOSE)
    await asgi.answer(arrived, refusal.status, fields, page)
