"""Each store of consents and of the citizen's log keeps the same promises: memory, SQLite, PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from rahdari.database import Conflict, Database, is_current, migrate
from rahdari.exchange.migrations import MIGRATIONS
from rahdari.exchange.ports import ConsentStore, LookupStore
from rahdari.exchange.schema import METADATA
from rahdari.exchange.store.consents import SqlConsents
from rahdari.exchange.store.lookups import SqlLookups
from rahdari.exchange.values.consents import ConsentState, KeptConsent
from rahdari.exchange.values.lookups import KeptWithholding, Lookup
from rahdari.wire.ndel.consents import StatusPlace
from rahdari.wire.ndel.records import SubjectIndex, WithholdingAct
from rahdari.wire.xroad import MemberId, ServiceId, SubsystemId
from tests.contract.conftest import opening
from tests.fakes.exchange_store import ConsentsInMemory, LookupsInMemory

Consents = Callable[[], AbstractContextManager[ConsentStore]]
Lookups = Callable[[], AbstractContextManager[LookupStore]]
MARK = bytes(range(32))
SUBJECT = SubjectIndex("2027-03", bytes(range(32)))


@pytest.fixture
def consents(engine: str | None) -> Iterator[Consents]:
    memory = ConsentsInMemory()
    store: AbstractContextManager[Consents] = opening(
        engine, lambda: nullcontext(memory), SqlConsents, MIGRATIONS
    )
    with store as opened:
        yield opened


@pytest.fixture
def lookups(engine: str | None) -> Iterator[Lookups]:
    memory = LookupsInMemory()
    store: AbstractContextManager[Lookups] = opening(
        engine, lambda: nullcontext(memory), SqlLookups, MIGRATIONS
    )
    with store as opened:
        yield opened


def kept(number: int, **changes: object) -> KeptConsent:
    made = KeptConsent(
        id=f"c-{number}",
        list_number=0,
        place=StatusPlace("https://id.example/consents/0", number),
        mark=MARK,
        consumer=SubsystemId("PK", "COM", "2002", "قرض"),
        text="a.b.c",
        issued_at=1_800_000_000 + number,
        expires=253_402_300_799,
        state=ConsentState.GIVEN,
        changed_at=1_800_000_000,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def lookup(leaf: int, **changes: object) -> Lookup:
    made = Lookup(
        leaf=leaf,
        subject=SUBJECT,
        ended=1_800_000_000_000 + leaf,
        request_id=f"r-{leaf}",
        client=MemberId("PK", "COM", "2002"),
        service=ServiceId("PK", "GOV", "1001", "registry", "person"),
        operation="GET /v1/persons/{id}",
        purpose="lending",
        consent_id=None,
        status=200,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def withholding(leaf: int, **changes: object) -> KeptWithholding:
    made = KeptWithholding(
        leaf=leaf,
        id="w-1",
        at=1_800_000_000,
        act=WithholdingAct.WITHHOLD,
        kind="court_order",
        order="7/2027",
        ordered_by="a court",
        client=MemberId("PK", "GOV", "3"),
        subject=SUBJECT,
        until=1_800_086_400,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_consent_is_found_the_same_in_the_next_transaction(consents: Consents) -> None:
    known = [kept(1), kept(2, state=ConsentState.PAUSED, consumer=MemberId("PK", "COM", "9"))]
    with consents() as store:
        assert store.find_list() == (0, 0)
        for one in known:
            store.add_consent(one)
    with consents() as store:
        assert [store.find_consent(one.id) for one in known] == known
        assert store.find_consent("c-3") is None
        assert store.find_list() == (0, 2)


def test_a_persons_consents_are_listed_newest_first_and_nobody_elses(consents: Consents) -> None:
    with consents() as store:
        for number in (2, 1, 3):
            store.add_consent(kept(number))
        store.add_consent(kept(4, mark=bytes(32)))
        assert [one.id for one in store.list_consents(MARK, limit=9)] == ["c-3", "c-2", "c-1"]
        assert [one.id for one in store.list_consents(MARK, limit=1)] == ["c-3"]
        assert store.list_consents(b"", limit=9) == ()


@pytest.mark.parametrize("other", [kept(1, id="c-2"), kept(1, place=StatusPlace("https://id.example/x", 2))])
def test_no_two_consents_share_an_id_or_a_place(consents: Consents, other: KeptConsent) -> None:
    with consents() as store:
        store.add_consent(kept(1))
    with pytest.raises(Conflict), consents() as store:
        store.add_consent(other)
    with consents() as store:
        assert store.find_list() == (0, 1)
        store.add_consent(kept(1, id="c-9", list_number=1))
        assert store.find_list() == (1, 1)


def test_a_change_of_state_is_seen_in_the_list_of_places(consents: Consents) -> None:
    with consents() as store:
        for number in (3, 1):
            store.add_consent(kept(number))
        store.set_state("c-3", ConsentState.REVOKED, at=1_800_000_099)
    with consents() as store:
        assert store.list_places(0) == ((1, ConsentState.GIVEN), (3, ConsentState.REVOKED))
        assert store.list_places(1) == ()
        changed = store.find_consent("c-3")
        assert changed == kept(3, state=ConsentState.REVOKED, changed_at=1_800_000_099)
    with pytest.raises(AssertionError), consents() as store:
        store.set_state("c-4", ConsentState.REVOKED, at=0)


def test_lookups_are_found_by_pseudonym_and_time_newest_first(lookups: Lookups) -> None:
    other = SubjectIndex("2027-04", bytes(32))
    known = [lookup(1, consent_id="c-1", fault="x", status=403), lookup(5), lookup(3, subject=other)]
    with lookups() as store:
        assert store.find_next_leaf() == 0
        store.add(known, [], next_leaf=9)
    with lookups() as store:
        assert store.find_next_leaf() == 9

        def found(*subjects: SubjectIndex, since: int = 0, until: int = 1 << 52, limit: int = 9) -> list[int]:
            return [one.leaf for one in store.list_lookups(subjects, since=since, until=until, limit=limit)]

        assert found(SUBJECT) == [5, 1]
        assert found(SUBJECT, other) == [5, 3, 1]
        assert found(SUBJECT, since=1_800_000_000_001, until=1_800_000_000_005) == [1]
        assert found(SUBJECT, limit=1) == [5]
        assert found(replace(SUBJECT, period="2027-04")) == [], "another month's pseudonym is another person"
        assert found() == []
        assert store.list_lookups([SUBJECT], since=0, until=1 << 52, limit=9) == (known[1], known[0])


def test_what_is_indexed_already_changes_nothing(lookups: Lookups) -> None:
    with lookups() as store:
        store.add([lookup(1)], [withholding(2)], next_leaf=3)
    with lookups() as store:
        store.add([lookup(1, purpose="other"), lookup(4)], [withholding(2, id="w-9")], next_leaf=5)
        store.add([], [], next_leaf=2)
    with lookups() as store:
        assert store.find_next_leaf() == 5
        assert [one.purpose for one in store.list_lookups([SUBJECT], since=0, until=1 << 52, limit=9)] == [
            "lending",
            "lending",
        ]
        assert store.list_withholdings(at=0) == (withholding(2),)


def test_orders_are_listed_until_their_end_and_counted_for_ever(lookups: Lookups) -> None:
    lift = withholding(4, act=WithholdingAct.LIFT, client=None, subject=None)
    month = withholding(3, subject=SubjectIndex("2027-04", bytes(32)))
    second = withholding(5, id="w-2", kind="child_protection", until=1_800_000_500)
    with lookups() as store:
        store.add([], [withholding(2), month, lift, second], next_leaf=6)
    with lookups() as store:
        assert store.list_withholdings(at=1_800_000_000) == (withholding(2), month, lift, second)
        assert store.list_withholdings(at=1_800_000_500) == (withholding(2), month, lift)
        assert store.list_withholdings(at=1_800_086_400) == ()
        assert store.count_orders() == (("child_protection", 1), ("court_order", 1))


def test_the_orders_about_a_person_are_found_ended_ones_and_their_liftings_too(lookups: Lookups) -> None:
    mine, lift = withholding(2), withholding(4, act=WithholdingAct.LIFT, client=None, subject=None)
    other = SubjectIndex(SUBJECT.period, b"\1" * 32)
    theirs = withholding(5, id="w-2", subject=other)
    theirs_lifted = replace(lift, leaf=6, id="w-2")
    with lookups() as store:
        store.add([], [mine, lift, theirs, theirs_lifted], next_leaf=7)
    with lookups() as store:
        assert store.list_withholdings_about([SUBJECT]) == (mine, lift)
        assert store.list_withholdings_about([other]) == (theirs, theirs_lifted)
        assert store.list_withholdings_about([replace(SUBJECT, period="2027-04")]) == ()
        assert store.list_withholdings_about([]) == ()


def test_an_index_that_is_cleared_begins_anew(lookups: Lookups) -> None:
    with lookups() as store:
        store.add([lookup(1)], [withholding(2)], next_leaf=3)
        store.clear()
    with lookups() as store:
        assert store.find_next_leaf() == 0
        assert store.list_withholdings(at=0) == ()
        store.add([lookup(1)], [], next_leaf=2)
        assert len(store.list_lookups([SUBJECT], since=0, until=1 << 52, limit=9)) == 1


def test_the_steps_lead_to_the_tables_of_the_schema(database: Database) -> None:
    migrate(database, [MIGRATIONS])
    assert is_current(database, [MIGRATIONS])
    assert {table.name for table in METADATA.sorted_tables} == {
        "exchange_consent",
        "exchange_lookup",
        "exchange_withholding",
        "exchange_position",
    }
