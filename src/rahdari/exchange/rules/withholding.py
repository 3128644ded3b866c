"""What a person is not told yet: orders of a known kind, for a time that has an end, each itself in the log.

Nobody keeps an exchange from a person but by an order of a typed kind that stands in the tamper-evident log; none
lasts longer than its kind's maximum; and when it ends, what was withheld is told. How many orders there are is
public, whom they are about is not.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from rahdari.exchange.errors import WithholdingRefused
from rahdari.exchange.rules.subjects import period_of
from rahdari.exchange.values.lookups import (
    DAYS_MAX,
    NEEDS_CLIENT,
    Ended,
    KeptWithholding,
    Lookup,
    Order,
    WithholdingKind,
)
from rahdari.wire.ndel.records import (
    ExchangeRecord,
    LogEntry,
    Role,
    SubjectIndex,
    WithholdingAct,
    WithholdingRecord,
)

DAY_SECONDS: Final = 86_400
# File numbers of courts and ministries.
ORDER_CHARS_MAX: Final = 128
# An order may reach back: 12 months before it, and its own time on.
MONTHS_BACK_MAX: Final = 12


def order_records(
    order: Order, withholding_id: str, *, at: int, index_of: Callable[[str], SubjectIndex]
) -> tuple[WithholdingRecord, ...]:
    """Give the log entries of an order made ``at``: one for each month that it touches.

    ``index_of`` makes the person's pseudonym in a month (``2026-11``).

    Raises:
        WithholdingRefused: the order says too little, is too long, or reaches too far back.
    """
    _require_words(order)
    # (1) The kind's maximum counts from now on: an order cannot be stretched by dating it ahead.
    longest = DAYS_MAX[order.kind]
    if not at < order.until <= at + longest * DAY_SECONDS:
        raise WithholdingRefused(
            f"an order of kind {order.kind} ends within {longest} days; a later one can follow"
        )
    # (2) What is withheld has not been told for long.
    if not at - MONTHS_BACK_MAX * 31 * DAY_SECONDS <= order.since <= order.until:
        raise WithholdingRefused(
            f"an order reaches back {MONTHS_BACK_MAX} months at most, and not ahead of its end"
        )
    # (3) Police and security hide their own questions, never those of everybody.
    if order.kind in NEEDS_CLIENT and order.client is None:
        raise WithholdingRefused(
            f"an order of kind {order.kind} names the client whose questions it withholds"
        )
    return tuple(
        WithholdingRecord(
            id=withholding_id,
            at=at,
            act=WithholdingAct.WITHHOLD,
            kind=order.kind.value,
            order=order.order,
            ordered_by=order.ordered_by,
            client=order.client,
            subject=index_of(month),
            until=order.until,
        )
        for month in _months(order.since, order.until)
    )


def lift_record(
    kept: Iterable[KeptWithholding], withholding_id: str, *, by: str, at: int
) -> WithholdingRecord:
    """Give the log entry that lifts an order before its time.

    Raises:
        WithholdingRefused: no such order is in force.
    """
    mine = [one for one in kept if one.id == withholding_id]
    if not mine or any(one.act is WithholdingAct.LIFT for one in mine) or mine[0].until <= at:
        raise WithholdingRefused(f"no order {withholding_id} is in force; list the orders")
    first = mine[0]
    return WithholdingRecord(
        id=withholding_id,
        at=at,
        act=WithholdingAct.LIFT,
        kind=first.kind,
        order=first.order,
        ordered_by=by,
        client=first.client,
        subject=None,
        until=first.until,
    )


def orders_in_force(kept: Iterable[KeptWithholding], *, at: int) -> tuple[KeptWithholding, ...]:
    """Give the records that withhold something ``at`` (seconds since 1970): not ended, not lifted.

    One whose kind is unknown here, or that lasts longer than its kind may, withholds nothing.
    """
    known = list(kept)
    lifted = {one.id for one in known if one.act is WithholdingAct.LIFT}
    return tuple(
        one
        for one in known
        if one.act is WithholdingAct.WITHHOLD and one.id not in lifted and one.at <= at < _end_of(one)
    )


def is_withheld(lookup: Lookup, orders: Iterable[KeptWithholding]) -> bool:
    """Tell whether an order in force covers this exchange: its person, in its month, and the client who asked."""
    return any(one.subject == lookup.subject and one.client in (None, lookup.client) for one in orders)


def ended_order(lookup: Lookup, kept: Iterable[KeptWithholding], *, at: int) -> Ended | None:
    """Give the order that withheld this exchange and has ended by ``at``, the one that lasted longest; else None.

    To be asked of what is told now: whoever reads a line learns then why she could not read it before. Orders that
    withhold anything still have no part in it.
    """
    known = list(kept)
    lifted = {one.id: one.at for one in reversed(known) if one.act is WithholdingAct.LIFT}
    ends = [
        (min(_end_of(one), lifted.get(one.id, one.until)), one.kind)
        for one in known
        if one.act is WithholdingAct.WITHHOLD and is_withheld(lookup, [one]) and one.at < _end_of(one)
    ]
    # What was asked after an order's end was never withheld by it.
    over = [(end, kind) for end, kind in ends if lookup.ended < end * 1000 <= at * 1000]
    return None if not over else Ended(max(over)[1], max(over)[0])


def lookup_of(leaf: int, entry: LogEntry) -> Lookup | KeptWithholding | None:
    """Give what the citizen's log keeps of record ``leaf``; None where it is about nobody, or is a consumer's."""
    if isinstance(entry, WithholdingRecord):
        return KeptWithholding(
            leaf=leaf,
            id=entry.id,
            at=entry.at,
            act=entry.act,
            kind=entry.kind,
            order=entry.order,
            ordered_by=entry.ordered_by,
            client=entry.client,
            subject=entry.subject,
            until=entry.until,
        )
    if not isinstance(entry, ExchangeRecord) or entry.role is not Role.PROVIDER or entry.subject is None:
        return None
    return Lookup(
        leaf=leaf,
        subject=entry.subject,
        ended=entry.ended,
        request_id=entry.request_id,
        client=entry.client,
        service=entry.service,
        operation=entry.operation,
        purpose=entry.purpose,
        consent_id=entry.consent_id,
        status=entry.status,
        fault=entry.fault,
    )


def _end_of(one: KeptWithholding) -> int:
    """Give when a record ends, whatever it says: no later than its kind allows."""
    try:
        days = DAYS_MAX[WithholdingKind(one.kind)]
    except ValueError:
        return one.at
    return min(one.until, one.at + days * DAY_SECONDS)


def _months(since: int, until: int) -> Iterator[str]:
    at = datetime.fromtimestamp(since, UTC).replace(day=1, hour=0, minute=0, second=0)
    while int(at.timestamp()) < until:
        yield period_of(int(at.timestamp()) * 1000)
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)


def _require_words(order: Order) -> None:
    for word in (order.order, order.ordered_by):
        if not 1 <= len(word) <= ORDER_CHARS_MAX or not word.isprintable():
            raise WithholdingRefused(
                f"an order has a number and says who ordered it, in 1 to {ORDER_CHARS_MAX} characters each"
            )
