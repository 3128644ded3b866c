"""What a person is not told yet: typed orders, with an end, that nobody stretches."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rahdari.exchange.errors import WithholdingRefused
from rahdari.exchange.rules.withholding import (
    DAY_SECONDS,
    ended_order,
    is_withheld,
    lift_record,
    lookup_of,
    order_records,
    orders_in_force,
)
from rahdari.exchange.values.lookups import (
    DAYS_MAX,
    Ended,
    KeptWithholding,
    Lookup,
    Order,
    WithholdingKind,
)
from rahdari.wire.ndel.record_bytes import encode_entry, read_entry
from rahdari.wire.ndel.records import (
    LogEntry,
    ReceiptRecord,
    Role,
    SubjectIndex,
    WithholdingAct,
    WithholdingRecord,
)
from rahdari.wire.xroad import SubsystemId
from tests.unit.wire.test_ndel_record_bytes import FULL, MARK

AT = int(datetime(2027, 3, 20, tzinfo=UTC).timestamp())
POLICE = SubsystemId("PK", "GOV", "3003", "police")
ORDER = Order(
    WithholdingKind.CRIMINAL_INVESTIGATION,
    "7/2027",
    "District court",
    "352021",
    POLICE,
    AT,
    AT + 90 * DAY_SECONDS,
)


def index_of(month: str) -> SubjectIndex:
    return SubjectIndex(month, month.encode().ljust(32, b"\0"))


def records(**changes: object) -> tuple[WithholdingRecord, ...]:
    order = replace(ORDER, **changes)  # type: ignore[arg-type]
    return order_records(order, "w-1", at=AT, index_of=index_of)


def kept(entries: tuple[LogEntry, ...]) -> list[KeptWithholding]:
    found = [lookup_of(leaf, entry) for leaf, entry in enumerate(entries)]
    return [one for one in found if isinstance(one, KeptWithholding)]


def asked(month: str = "2027-03", **changes: object) -> Lookup:
    found = lookup_of(1, replace(FULL, client=POLICE, subject=index_of(month)))
    assert isinstance(found, Lookup)
    return replace(found, **changes)  # type: ignore[arg-type]


def test_an_order_has_a_record_for_each_month_that_it_touches() -> None:
    made = records()
    assert [one.subject and one.subject.period for one in made] == [
        "2027-03",
        "2027-04",
        "2027-05",
        "2027-06",
    ]
    assert {one.id for one in made} == {"w-1"}
    assert [read_entry(encode_entry(one)) for one in made] == list(made)
    assert len(records(since=AT - 200 * DAY_SECONDS)) == 10


def test_months_go_on_over_the_end_of_a_year() -> None:
    late = int(datetime(2027, 12, 31, tzinfo=UTC).timestamp())
    order = replace(ORDER, since=late, until=late + 2 * DAY_SECONDS)
    made = order_records(order, "w-1", at=late, index_of=index_of)
    assert [one.subject and one.subject.period for one in made] == ["2027-12", "2028-01"]


@pytest.mark.parametrize("kind", list(WithholdingKind))
def test_no_order_lasts_longer_than_its_kind_may(kind: WithholdingKind) -> None:
    longest = DAYS_MAX[kind] * DAY_SECONDS
    assert records(kind=kind, until=AT + longest)
    for until in (AT + longest + 1, AT, AT - 1):
        with pytest.raises(WithholdingRefused):
            records(kind=kind, until=until)


def test_every_kind_has_a_maximum_and_the_police_half_a_year() -> None:
    assert set(DAYS_MAX) == set(WithholdingKind)
    assert DAYS_MAX[WithholdingKind.CRIMINAL_INVESTIGATION] == 180


@pytest.mark.parametrize(
    "changes",
    [
        {"client": None},
        {"kind": WithholdingKind.NATIONAL_SECURITY, "client": None},
        {"order": ""},
        {"ordered_by": "a\nb"},
        {"order": "x" * 129},
        {"since": AT - 400 * DAY_SECONDS},
        {"since": AT + 91 * DAY_SECONDS},
    ],
)
def test_an_order_that_says_too_little_or_too_much_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(WithholdingRefused):
        records(**changes)


def test_a_court_may_withhold_everybodys_questions() -> None:
    assert records(kind=WithholdingKind.COURT_ORDER, client=None)


def test_what_an_order_covers_is_withheld_and_nothing_else() -> None:
    orders = orders_in_force(kept(records()), at=AT)
    assert is_withheld(asked(), orders)
    assert is_withheld(asked("2027-05"), orders)
    assert not is_withheld(asked("2027-02"), orders), "another month"
    assert not is_withheld(asked(client=FULL.client), orders), "another client's question"
    assert not is_withheld(asked(subject=SubjectIndex("2027-03", bytes(32))), orders), "another person"
    everybody = orders_in_force(kept(records(kind=WithholdingKind.COURT_ORDER, client=None)), at=AT)
    assert is_withheld(asked(client=FULL.client), everybody)


def test_an_order_ends_by_itself() -> None:
    made = kept(records())
    assert orders_in_force(made, at=ORDER.until - 1)
    assert orders_in_force(made, at=ORDER.until) == ()
    assert orders_in_force(made, at=AT - 1) == (), "nor does it act before it was made"


def test_an_order_is_lifted_before_its_time_and_only_once() -> None:
    made = records()
    lift = lift_record(kept(made), "w-1", by="District court", at=AT + 9)
    both = kept((*made, lift))
    assert lift.act is WithholdingAct.LIFT
    assert lift.subject is None, "whom it is about, the order says"
    assert orders_in_force(both, at=AT + 10) == ()
    for known, at in ((both, AT + 10), (kept(made), ORDER.until), ([], AT)):
        with pytest.raises(WithholdingRefused):
            lift_record(known, "w-1", by="x", at=at)


def test_a_record_that_lasts_longer_than_its_kind_may_ends_at_its_kinds_maximum() -> None:
    """Whoever writes past our rules into the log gains nothing."""
    (first, *_) = kept(records())
    endless = replace(first, until=AT + 3650 * DAY_SECONDS)
    assert orders_in_force([endless], at=AT + 179 * DAY_SECONDS)
    assert orders_in_force([endless], at=AT + 180 * DAY_SECONDS) == ()
    assert orders_in_force([replace(first, kind="convenience")], at=AT) == ()


def test_once_an_order_has_ended_its_kind_and_end_are_told_with_what_it_withheld() -> None:
    made, hers = kept(records()), asked(ended=AT * 1000 + 5)
    told = Ended("criminal_investigation", ORDER.until)
    assert ended_order(hers, made, at=ORDER.until) == told
    assert ended_order(hers, made, at=ORDER.until - 1) is None, "it withholds still"
    before = asked(ended=(AT - 5 * DAY_SECONDS) * 1000)
    assert ended_order(before, made, at=ORDER.until) == told, "an order reaches back over its month"


def test_what_an_order_never_withheld_is_told_without_it() -> None:
    made = kept(records())
    late = asked("2027-06", ended=ORDER.until * 1000)
    assert ended_order(late, made, at=ORDER.until + 9) is None, "asked after its end"
    assert ended_order(asked("2027-02", ended=0), made, at=ORDER.until) is None, "another month"
    assert ended_order(asked(client=FULL.client, ended=0), made, at=ORDER.until) is None, "another client"
    assert ended_order(asked(ended=0), [replace(made[0], kind="convenience")], at=ORDER.until) is None


def test_an_order_that_was_lifted_ended_then_and_of_two_the_longer_is_told() -> None:
    lift = lift_record(kept(records()), "w-1", by="District court", at=AT + 9)
    both = kept((*records(), lift))
    hers = asked(ended=AT * 1000)
    assert ended_order(hers, both, at=AT + 9) == Ended("criminal_investigation", AT + 9)
    assert ended_order(asked(ended=(AT + 9) * 1000), both, at=AT + 99) is None
    other = replace(both[0], id="w-2", kind="court_order", until=AT + 60)
    assert ended_order(hers, [*both, other], at=AT + 60) == Ended("court_order", AT + 60)
    endless = replace(other, until=AT + 3650 * DAY_SECONDS)
    year = AT + 365 * DAY_SECONDS
    assert ended_order(hers, [endless], at=year) == Ended("court_order", year), "as long as its kind may"


@pytest.mark.parametrize(
    "entry",
    [replace(FULL, role=Role.CONSUMER), replace(FULL, subject=None), ReceiptRecord("r-1", AT, MARK)],
)
def test_what_is_about_nobody_here_is_not_in_the_citizens_log(entry: LogEntry) -> None:
    assert lookup_of(1, entry) is None
