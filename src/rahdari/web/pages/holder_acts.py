"""What the forms of the holder's pages do. Each ends with a redirect: reloading does nothing twice."""

from urllib.parse import parse_qs

from litestar import Response, post
from litestar.params import RawBody
from litestar.response import Redirect

from rahdari.access import AccessRefused, PasskeyId
from rahdari.app.citizen_codes import MINUTES
from rahdari.credentials import Channel, Reason
from rahdari.exchange import AdmissionRefused
from rahdari.web.doors import TheHouse
from rahdari.web.errors import BadBody
from rahdari.web.limits import ANSWER_BYTES_MAX
from rahdari.web.own_page import OWN_PAGE, session_cookie
from rahdari.web.pages.holder import REASONS, Asked, show_page, token_of

# Each form has one field.
_FIELDS_MAX = 4
_OWN = {OWN_PAGE: True}


@post(
    "/holder/locks",
    operation_id="lockChannel",
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=_OWN,
)
def lock_channel(request: Asked, house: TheHouse, body: RawBody) -> Redirect:
    """Lock a use of the own card, or unlock it."""
    presented, desk = token_of(request, house), house.holder_desk
    act, channel = _field(body, "act", ("lock", "unlock")), Channel(_field(body, "channel", tuple(Channel)))
    try:
        if act == "lock":
            desk.lock(presented, channel)
        else:
            desk.unlock(presented, channel)
    except AccessRefused:
        return _back()
    return _back("login_locked" if (act, channel) == ("lock", Channel.LOGIN) else f"{act}ed")


@post(
    "/holder/report",
    operation_id="reportCard",
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=_OWN,
)
def report_card(request: Asked, house: TheHouse, body: RawBody) -> Redirect:
    """Suspend the own card at once."""
    reason = Reason(_field(body, "reason", REASONS))
    try:
        house.holder_desk.report(token_of(request, house), reason)
    except AccessRefused:
        return _back()
    answer = _back("reported")
    answer.set_cookie(session_cookie(house.settings, ""))
    return answer


@post(
    "/holder/log",
    operation_id="openOwnLog",
    sync_to_thread=True,
    status_code=200,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=_OWN,
)
def open_own_log(request: Asked, house: TheHouse) -> Redirect | Response[bytes]:
    """Give a code for the page where the holder reads who asked about her through the exchange."""
    try:
        number = house.holder_desk.show(token_of(request, house)).holder_number
    except AccessRefused:
        return _back()
    try:
        made = house.citizens.admit(number)
    except AdmissionRefused:
        return _back("log_wait")
    # In the answer itself, never in an address.
    return show_page("holder_log.html", request, house, made=made, minutes=MINUTES)


@post(
    "/holder/passkeys",
    operation_id="removePasskey",
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=_OWN,
)
def remove_passkey(request: Asked, house: TheHouse, body: RawBody) -> Redirect:
    """Remove a passkey of the own card."""
    try:
        house.holder_desk.remove_passkey(token_of(request, house), PasskeyId(_field(body, "passkey")))
    except AccessRefused:
        return _back()
    return _back("removed")


@post(
    "/holder/sign-out",
    operation_id="signOut",
    sync_to_thread=True,
    request_max_body_size=ANSWER_BYTES_MAX,
    opt=_OWN,
)
def sign_out(request: Asked, house: TheHouse, body: RawBody) -> Redirect:
    """End this session, or every session of the card."""
    presented = token_of(request, house)
    if _field(body, "where", ("here", "everywhere")) == "everywhere":
        try:
            house.holder_desk.sign_out_everywhere(presented)
        except AccessRefused:
            return _back()
    else:
        house.holder_desk.sign_out(presented)
    answer = _back("signed_out")
    answer.set_cookie(session_cookie(house.settings, ""))
    return answer


def _back(done: str = "") -> Redirect:
    """Lead back to the page; that one says what stands in the way, if anything does."""
    return Redirect(f"/holder?done={done}" if done else "/holder", status_code=303)


def _field(body: bytes, name: str, allowed: tuple[str, ...] = ()) -> str:
    """Read one field of a form. Raises ``BadBody``."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise BadBody("this is not the form that the page shows; open the page again") from None
    value = fields.get(name, [""])[0]
    if not value or (allowed and value not in allowed):
        raise BadBody(f"the form lacks its field {name}, or it says something else; open the page again")
    return value
