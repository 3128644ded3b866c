"""What only a holder's own browser may send: the session's cookie, and where a request came from."""

from typing import cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard, HTTPScope

from rahdari.app.house import House
from rahdari.app.settings import Settings
from rahdari.web.errors import CrossSite
from rahdari.web.visit import header_of

OWN_PAGE = "own_page"
"""The mark in a handler's ``opt``: it is called by the holder's own page and by nothing else."""


def cookie_name(settings: Settings) -> str:
    """Name the cookie. Over TLS its prefix keeps neighbours of the domain from setting it (RFC 6265bis, 4.1.3)."""
    return "__Host-rahdari-holder" if _is_secure(settings) else "rahdari-holder"


def session_cookie(settings: Settings, text: str) -> Cookie:
    """Write the cookie of a session; empty ``text`` takes it away. It goes when the browser is closed."""
    return Cookie(
        key=cookie_name(settings),
        value=text,
        path="/",
        max_age=None if text else 0,
        secure=_is_secure(settings),
        httponly=True,
        samesite="strict",
    )


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")


def make_own_page_guard(house: House) -> Guard:
    """Make the guard that lets in, of what is marked ``OWN_PAGE``, only what our own page sends.

    The cookie's SameSite=Strict keeps other sites from using a session; this keeps them from beginning one, too
    (signing a visitor in as somebody else).
    """

    def guard(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        if handler.opt.get(OWN_PAGE) and connection.scope["method"] == "POST":  # type: ignore[typeddict-item]
            _require_own_page(cast("HTTPScope", connection.scope), house)

    return guard


def _require_own_page(scope: HTTPScope, house: House) -> None:
    site, origin = header_of(scope, "sec-fetch-site"), header_of(scope, "origin")
    # Fetch, 3.1: a browser says the origin of every POST; what says nothing is no browser of a holder.
    if site in {"", "same-origin"} and origin and origin == house.holder_desk.party.origin:
        return
    where = urlsplit(house.holder_desk.party.origin)
    raise CrossSite(
        f"this is taken from the holder's own page alone, at {where.scheme}://{where.netloc}/holder; open it there"
    )
