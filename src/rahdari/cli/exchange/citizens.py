"""``rahdari exchange citizen`` and ``withhold``: who asked about a person, and what she is not told yet."""

from datetime import UTC, datetime, timedelta

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.citizen_desk import opened_citizens_log
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.citizen_words import Language, log_words
from rahdari.cli.exchange.consents import read_identifier
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.exchange.showing import moment
from rahdari.cli.exchange.withholding_words import HEADINGS, order_documents, order_row
from rahdari.cli.instants import instant
from rahdari.cli.terminal import Document, count_of, table_of
from rahdari.exchange import Order, Told, WithholdingKind
from rahdari.wire.xroad import read_client

_DAY = timedelta(days=1)
_DAYS_MAX = 36_500


def log(
    *,
    days: int = 366,
    language: Language = "en",
    identifier_from_stdin: bool = False,
    session: Given,
) -> None:
    """Tell a person who asked for her data, when, through which service, for what purpose.

    Args:
        days: How far back.
        language: Language of words, names and titles: en, ur, zh.
        identifier_from_stdin: Must stand here; the person's number is read from stdin, never from the command.
        session: This run.
    """
    identifier = read_identifier(is_wanted=identifier_from_stdin)
    now = SystemClock().now()
    since = now - min(days, _DAYS_MAX) * _DAY
    with opened_citizens_log(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as desk:
        told = desk.log.answer(identifier, since=since, until=now + _DAY, language=language)
        withheld = desk.log.count_withheld()
    session.terminal.answer(
        {
            "lookups": [told_document(one) for one in told],
            "orders_now": dict(withheld.now),
            "orders_ever": dict(withheld.ever),
        },
        *log_words(told, now=withheld.now, ever=withheld.ever, language=language),
    )


def rebuild(*, session: Given) -> None:
    """Forget the index of the citizen's log and make it again from the evidence log.

    Args:
        session: This run.
    """
    with opened_citizens_log(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as desk:
        count = desk.log.rebuild()
    session.terminal.answer({"records": count}, f"{count_of(count, 'record')} read.")


def erase_keys(before: str, /, *, session: Given) -> None:
    """Erase the keys of the months before one: nobody can tell any more whom their entries are about.

    Args:
        before: The month, as 2026-11; its own key stays. The present month at the latest.
        session: This run.
    """
    try:
        is_month = f"{datetime.strptime(before, '%Y-%m').replace(tzinfo=UTC):%Y-%m}" == before
    except ValueError:
        is_month = False
    if not is_month:
        raise BadUsage(f"{before} is no month; write it as 2026-11")
    present = f"{SystemClock().now():%Y-%m}"
    if before > present:
        raise BadUsage(
            f"{before} is still to come: the keys of the present, and those of orders, would be erased; "
            f"{present} at the latest"
        )
    with opened_citizens_log(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as desk:
        erased = desk.keys.erase(before)
    named = f": {', '.join(erased)}" if erased else ""
    session.terminal.answer({"erased": list(erased)}, f"{count_of(len(erased), 'key')} erased{named}.")


def withhold(  # noqa: PLR0913 - what an order says
    *,
    kind: WithholdingKind,
    order: str,
    by: str,
    days: int,
    client: str | None = None,
    back_days: int = 0,
    identifier_from_stdin: bool = False,
    session: Given,
) -> None:
    """Order that a client's questions about a person are not told to her for a time; the order is logged.

    Args:
        kind: Why.
        order: Number of the order.
        by: Who ordered it.
        days: For how many days; each kind has its maximum.
        client: Whose questions; investigations and security must name it.
        back_days: Since how many days before now; whole months are withheld.
        identifier_from_stdin: Must stand here; the person's number is read from stdin.
        session: This run.
    """
    identifier = read_identifier(is_wanted=identifier_from_stdin)
    now = SystemClock().now()
    wanted = Order(
        kind=kind,
        order=order,
        ordered_by=by,
        subject=identifier,
        client=None if client is None else read_client(client),
        since=int((now - min(back_days, _DAYS_MAX) * _DAY).timestamp()),
        until=int((now + min(days, _DAYS_MAX) * _DAY).timestamp()),
    )
    with opened_citizens_log(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as desk:
        withholding = desk.order(wanted)
        is_known = wanted.client is None or desk.knows(wanted.client)
    remark = f"the configuration knows no client {wanted.client}: nothing is withheld until it does"
    session.terminal.answer(
        {
            "withholding": withholding,
            "kind": kind.value,
            "until": moment(wanted.until),
            "remarks": [] if is_known else [remark],
        },
        f"Order {withholding} until {moment(wanted.until)}; it acts once the running gateway has logged it.",
        *(() if is_known else (f"To be looked at: {remark}.",)),
    )


def lift(withholding: str, /, *, by: str, session: Given) -> None:
    """Lift an order before its time; what it withheld is told from then on.

    Args:
        withholding: Id of the order, as `exchange withholding list` tells it.
        by: Who lifts it.
        session: This run.
    """
    with opened_citizens_log(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as desk:
        desk.lift(withholding, by=by)
    session.terminal.answer(
        {"withholding": withholding, "lifted_by": by}, f"Order {withholding} is lifted once it is logged."
    )


def list_orders(*, session: Given) -> None:
    """List orders to withhold whose time is not over; whom they are about is not said.

    A lifted order stays until its time is over.

    Args:
        session: This run.
    """
    with opened_citizens_log(
        gateway_home(session), session.environment, clock=SystemClock(), chance=SystemChance()
    ) as desk:
        orders = desk.log.list_orders()
    documents = order_documents(orders)
    session.terminal.answer(
        {"orders": documents},
        table_of(HEADINGS, map(order_row, documents)),
        f"{count_of(len(documents), 'order')} whose time is not over.",
    )


def told_document(told: Told) -> Document:
    """Describe one question about a person."""
    return {
        "at": instant(_at(told.at)),
        "client": told.client,
        "client_name": told.client_name,
        "service": told.service,
        "service_name": told.service_name,
        "operation": told.operation,
        "purpose": told.purpose,
        "purpose_title": told.purpose_title,
        "basis": told.basis,
        "consent": told.consent_id,
        "outcome": told.outcome,
        "request_id": told.request_id,
        "leaf": told.leaf,
        "was_withheld": None
        if told.was_withheld is None
        else {"kind": told.was_withheld.kind, "until": moment(told.was_withheld.until)},
    }


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
