"""Passkeys: the ticket from a counter, and the ceremonies of the holder's page."""

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath, RawBody

from rahdari.access import Purpose
from rahdari.web.api.bodies import (
    EnrolmentAnswer,
    EnrolmentBegun,
    PasskeyView,
    SessionView,
    SignInAnswer,
    SignInBegun,
    TicketView,
)
from rahdari.web.api.reading import read_json, read_number
from rahdari.web.doors import TheActor, TheHouse
from rahdari.web.limits import ANSWER_BYTES_MAX
from rahdari.web.operation import JSON, describes
from rahdari.web.own_page import OWN_PAGE, cookie_name, session_cookie

_OPTIONS = {
    JSON: {"type": "object", "description": "what navigator.credentials takes (WebAuthn Level 3, 5.1)"}
}
_STANDING = ("access.card_suspended", "access.card_gone")
_PROVING = ("web.cross_site", "access.ceremony_refused", *_STANDING)


@post(
    "/api/v1/cards/{number:str}/passkey-tickets",
    operation_id="openPasskeyTicket",
    status_code=201,
    sync_to_thread=True,
    opt=describes(
        "Cards",
        gives={JSON: TicketView},
        status=201,
        refusals=(
            "credentials.unknown_card",
            *_STANDING,
            "access.too_many_tickets",
            "credentials.key_locked",
        ),
    ),
)
def open_passkey_ticket(house: TheHouse, actor: TheActor, number: FromPath[str]) -> TicketView:
    """Open a link by which the holder registers one passkey for the card.

    Only for a holder who stands before the officer with the card. The link is told this once, opens once, and
    lapses after ten minutes; show it as a code to the holder's own telephone.
    """
    link = house.holder_desk.open_ticket(read_number(number), actor=actor)
    return TicketView(link.card, link.url, link.expires_at)


@post(
    "/api/v1/holder/enrolments/options",
    operation_id="beginEnrolment",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=describes(
        "Passkeys",
        takes={JSON: EnrolmentBegun},
        gives=_OPTIONS,
        refusals=(
            "web.cross_site",
            "access.ticket_refused",
            "access.too_many_passkeys",
            "access.too_many_ceremonies",
            *_STANDING,
        ),
    )
    | {OWN_PAGE: True},
)
def begin_enrolment(house: TheHouse, body: RawBody) -> Response[bytes]:
    """Begin to register a passkey; the link from the counter stays good."""
    options = house.holder_desk.begin_enrolment(read_json(body, EnrolmentBegun).ticket)
    return Response(options.encode(), media_type=JSON)


@post(
    "/api/v1/holder/enrolments",
    operation_id="finishEnrolment",
    status_code=201,
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=describes(
        "Passkeys",
        takes={JSON: EnrolmentAnswer},
        gives={JSON: PasskeyView},
        status=201,
        refusals=(
            *_PROVING,
            "access.ticket_refused",
            "access.too_many_passkeys",
            "access.passkey_taken",
            "credentials.key_locked",
        ),
    )
    | {OWN_PAGE: True},
)
def finish_enrolment(house: TheHouse, body: RawBody) -> PasskeyView:
    """Register the passkey for the card of the link, and spend the link."""
    asked = read_json(body, EnrolmentAnswer)
    passkey = house.holder_desk.finish_enrolment(asked.ticket, _text(asked.answer))
    return PasskeyView(passkey.id, passkey.registered_at)


@post(
    "/api/v1/holder/sign-ins/options",
    operation_id="beginSignIn",
    status_code=200,
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=describes(
        "Passkeys",
        takes={JSON: SignInBegun},
        gives=_OPTIONS,
        refusals=("web.cross_site", "access.too_many_ceremonies"),
    )
    | {OWN_PAGE: True},
)
def begin_sign_in(house: TheHouse, body: RawBody) -> Response[bytes]:
    """Begin to sign in; nobody is named."""
    purpose = Purpose.UNLOCK if read_json(body, SignInBegun).unlock else Purpose.SIGN_IN
    return Response(house.holder_desk.begin_sign_in(purpose).encode(), media_type=JSON)


@post(
    "/api/v1/holder/sign-ins",
    operation_id="finishSignIn",
    status_code=201,
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=describes(
        "Passkeys",
        takes={JSON: SignInAnswer},
        gives={JSON: SessionView},
        status=201,
        refusals=(
            *_PROVING,
            "access.card_locked",
            "access.unknown_passkey",
            "access.passkey_cloned",
            "credentials.key_locked",
        ),
    )
    | {OWN_PAGE: True},
)
def finish_sign_in(
    request: Request[None, None, State], house: TheHouse, body: RawBody
) -> Response[SessionView]:
    """Begin a session, whose token is the cookie; with ``unlock``, undo the holder's own lock on signing in."""
    asked, desk = read_json(body, SignInAnswer), house.holder_desk
    enter = desk.unlock_and_sign_in if asked.unlock else desk.sign_in
    fresh = enter(_text(asked.answer), previous=request.cookies.get(cookie_name(house.settings), ""))
    view = SessionView(fresh.session.began_at)
    return Response(view, status_code=201, cookies=[session_cookie(house.settings, fresh.text)])


def _text(answer: msgspec.Raw) -> str:
    return bytes(answer).decode()
