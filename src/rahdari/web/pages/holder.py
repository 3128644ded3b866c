"""The holder's pages: signing in, the own card, and the way to a passkey."""

from collections.abc import Mapping
from types import MappingProxyType

from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.response import Redirect

from rahdari.access import AccessRefused, CardLocked, NotSignedIn
from rahdari.app.house import House
from rahdari.credentials import Channel, print_number
from rahdari.web.doors import TheHouse
from rahdari.web.own_page import cookie_name, session_cookie
from rahdari.web.pages.frame import render
from rahdari.web.problems import status_of
from rahdari.web.visit import visit_of

Asked = Request[None, None, State]
# What a page may say at its head after something was done; the word is in the address, so it is one of these.
DONE = frozenset(
    {"enrolled", "locked", "unlocked", "login_locked", "reported", "removed", "signed_out", "log_wait"}
)
CHANNELS = (Channel.ONLINE, Channel.PAYMENTS, Channel.LOGIN)
# A holder's reasons to stop a card, as the life-cycle table admits them; a test compares.
REASONS = ("lost", "stolen", "holder_request")
# Fetch, "append a request Origin header": under no-referrer a form says its origin is null, and would be refused.
_WITH_FORMS = frozenset({"holder.html", "holder_report.html"})
# Whom a browser reaches by a loopback address, it must reach by this name: no passkey is bound to an address.
_NAME_OF: Mapping[str, str] = MappingProxyType({"127.0.0.1": "localhost", "::1": "localhost"})


@get("/holder", operation_id="showHolder", sync_to_thread=True)
def show_holder(request: Asked, house: TheHouse) -> Response[bytes] | Redirect:
    """Show the own card to whoever is signed in, and the way in to everybody else."""
    if elsewhere := _own_address(request, house):
        return Redirect(elsewhere)
    presented = token_of(request, house)
    if not presented:
        return _sign_in_page(request, house)
    try:
        page = house.holder_desk.show(presented)
    except AccessRefused as refusal:
        return _sign_in_page(request, house, refusal)
    return show_page(
        "holder.html",
        request,
        house,
        page=page,
        holder_number=print_number(page.product, page.holder_number),
        channels=CHANNELS,
        has_log=house.citizens.is_offered,
        done=_done(request),
    )


@get("/holder/enrol", operation_id="showEnrolment", sync_to_thread=True)
def show_enrolment(request: Asked, house: TheHouse) -> Response[bytes] | Redirect:
    """Show how a passkey is made, if the link from the counter still opens."""
    if elsewhere := _own_address(request, house):
        return Redirect(elsewhere)
    ticket, refusal = request.query_params.get("ticket", ""), None
    try:
        house.holder_desk.check_ticket(ticket)
    except AccessRefused as refused:
        refusal = refused
    path = "/holder/enrol" if refusal else f"/holder/enrol?ticket={ticket}"
    answer = show_page("holder_enrol.html", request, house, path=path, refusal=_name(refusal))
    answer.status_code = status_of(refusal) if refusal else 200
    return answer


@get("/holder/report", operation_id="showReport", sync_to_thread=True)
def show_report(request: Asked, house: TheHouse) -> Response[bytes] | Redirect:
    """Ask once more before the own card is suspended."""
    try:
        session = house.holder_desk.visit(token_of(request, house))
    except AccessRefused:
        return Redirect("/holder", status_code=303)
    return show_page(
        "holder_report.html", request, house, path="/holder/report", number=session.card, reasons=REASONS
    )


def token_of(request: Asked, house: House) -> str:
    """Read the session's token from the cookie; empty where there is none."""
    return request.cookies.get(cookie_name(house.settings), "")


def _sign_in_page(request: Asked, house: House, refusal: AccessRefused | None = None) -> Response[bytes]:
    """Show the way in, and why a session that there was is one no more."""
    said = None if isinstance(refusal, CardLocked | NotSignedIn) and _done(request) else refusal
    answer = show_page(
        "holder_sign_in.html",
        request,
        house,
        refusal=_name(said),
        done=_done(request),
    )
    if said:
        answer.status_code = status_of(said)
    if refusal:
        # A card that is reinstated brings no old session back to this browser.
        answer.set_cookie(session_cookie(house.settings, ""))
    return answer


def show_page(
    template: str, request: Asked, house: House, *, path: str = "/holder", **context: object
) -> Response[bytes]:
    """Show one of the holder's pages."""
    body = render(template, visit_of(request.scope), path=path, issuer=house.settings.name, **context)
    headers = {"referrer-policy": "same-origin"} if template in _WITH_FORMS else {}
    return Response(body, media_type=MediaType.HTML, headers=headers)


def _name(refusal: AccessRefused | None) -> str:
    """Name a refusal as the catalogue and the script do: its code without the room."""
    return refusal.code.partition(".")[2] if refusal else ""


def _done(request: Asked) -> str:
    done = request.query_params.get("done", "")
    return done if done in DONE else ""


def _own_address(request: Asked, house: House) -> str:
    """Give the address by which a passkey works, where the browser came by a loopback address."""
    name = _NAME_OF.get(request.url.hostname or "")
    if name is None or house.holder_desk.party.id != name:
        return ""
    return str(request.url.with_replacements(netloc=house.holder_desk.party.origin.partition("://")[2]))
