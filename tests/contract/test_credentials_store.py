"""Each register keeps the same promises: memory, SQLite, PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import inspect

from rahdari.credentials import (
    Act,
    Biometric,
    Card,
    CardNumber,
    Channel,
    Gender,
    Holder,
    HolderId,
    HolderKind,
    KeyRecord,
    KeyUse,
    Organisation,
    Person,
    Portrait,
    ProductRef,
    Reason,
    Stage,
    StandingChanged,
    StatusPlace,
    local_text,
)
from rahdari.credentials.errors import CardTaken, HolderTaken, WrongStage
from rahdari.credentials.migrations import MIGRATIONS
from rahdari.credentials.ports.store import Store
from rahdari.credentials.schema import metadata
from rahdari.credentials.store import REGISTER_LOCK, SqlStore
from rahdari.credentials.values.audit import AuditEntry, AuditEvent
from rahdari.credentials.values.cards import Pass, Standing
from rahdari.credentials.values.status import DeltaRecord, PlaceStanding, PublishedStatus
from rahdari.database import Conflict, Database, migrate, named_failures
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.contract.conftest import PATIENCE_SECONDS, opening
from tests.fakes.credentials import RegisterInMemory
from tests.unit.credentials.scene import person

AT = datetime(2026, 3, 1, 9, 0, 0, 1, tzinfo=UTC)
Opened = Callable[[], AbstractContextManager[Store]]


@pytest.fixture
def opened(engine: str | None) -> Iterator[Opened]:
    """Open the register for one transaction; what one kept, the next one finds."""
    store: AbstractContextManager[Opened] = opening(
        engine,
        RegisterInMemory().transaction,
        SqlStore,
        MIGRATIONS,
        lock=REGISTER_LOCK,
        patience=PATIENCE_SECONDS,
    )
    with store as opened:
        yield opened


def holder(number: int) -> Holder:
    return Holder(HolderId(f"holder-{number:04d}"), person(number), AT)


def card(number: int, *, stage: Stage = Stage.APPLIED, product: str = "nic", of: int | None = None) -> Card:
    return Card(
        number=CardNumber(f"CARD-{number:04d}"),
        holder=HolderId(f"holder-{number if of is None else of:04d}"),
        product=ProductRef(product, 1),
        stage=stage,
        applied_at=AT + timedelta(microseconds=number),
    )


def made(number: int, index: int, *, feature: str = "qr", uri: str = "https://s.example/1") -> Pass:
    place = StatusPlace(uri, index)
    return Pass(CardNumber(f"CARD-{number:04d}"), feature, place, b"\0kid\xff\0\0\0", b"payload \0\xff", AT)


def entry(sequence: int, subject: str = "CARD-0001") -> AuditEntry:
    event = AuditEvent(
        at=AT,
        actor="officer",
        act="suspend",
        subject=subject,
        reason=None,
        details=(("a", "b"), ("z", "اردو")),
    )
    return AuditEntry(sequence=sequence, event=event, previous=bytes(32), digest=b"\1" * 32)


def test_holders_come_back_as_they_were_added(opened: Opened) -> None:
    full = Holder(
        HolderId("holder-full"),
        Person(
            number="3520200000021",
            name=local_text(en="Sample “Holder”", ur="نمونہ حامل", zh="样本"),
            gender=Gender.OTHER,
            date_of_birth=date(1900, 2, 28),
            nationality="CHN",
            captured=frozenset({Biometric.IRIS}),
        ),
        AT,
    )
    firm = Holder(
        HolderId("holder-firm"),
        Organisation(number="3520200000021", name=local_text(en="Sample Firm"), nationality="CHN"),
        AT,
    )
    portrait = Portrait(b"card \0\xff", {"small": b"1", "standard": b"2"})
    with opened() as store:
        store.add_holders([(full, portrait), (firm, None), (holder(1), None)])
        store.add_holders([])
    with opened() as store:
        assert store.find_holder(full.id) == full
        assert store.find_holder(HolderId("nobody")) is None
        assert store.find_holder_by_number(HolderKind.PERSON, "3520200000021") == full
        assert store.find_holder_by_number(HolderKind.ORGANISATION, "3520200000021") == firm
        assert store.find_holder_by_number(HolderKind.PERSON, "0") is None
        assert store.find_portrait(full.id) == portrait
        assert store.find_portrait(firm.id) is None
        assert store.find_qr_photos([full.id, firm.id], "standard") == {full.id: b"2"}
        assert store.find_qr_photos([full.id], "none") == {}
        assert store.find_holders([firm.id, full.id, HolderId("nobody"), full.id]) == {
            firm.id: firm,
            full.id: full,
        }
        assert store.find_taken_numbers(HolderKind.PERSON, ["3520200000021", "1"]) == {"3520200000021"}
        assert [one.id for one in store.list_holders(after=None, limit=2)] == ["holder-0001", "holder-firm"]
        assert [one.id for one in store.list_holders(after=firm.id, limit=2)] == ["holder-full"]


def test_more_holders_than_one_statement_holds_are_found(opened: Opened) -> None:
    many = [holder(number) for number in range(1200)]
    with opened() as store:
        store.add_holders([(one, None) for one in many])
    with opened() as store:
        assert len(store.find_holders([one.id for one in many])) == 1200
        numbers = [one.party.number for one in many]
        assert len(store.find_taken_numbers(HolderKind.PERSON, numbers)) == 1200


def test_a_number_is_taken_once_for_each_kind_and_a_refusal_adds_none(opened: Opened) -> None:
    with opened() as store:
        store.add_holders([(holder(1), None)])
    twin = replace(holder(1), id=HolderId("holder-twin"))
    with pytest.raises(HolderTaken), opened() as store:
        store.add_holders([(holder(2), None), (twin, None)])
    with opened() as store:
        assert [one.id for one in store.list_holders(after=None, limit=9)] == ["holder-0001"]


def fill(store: Store, *numbers: int) -> None:
    store.add_holders([(holder(number), None) for number in numbers])


def test_cards_come_back_as_they_were_added_and_changed(opened: Opened) -> None:
    changed = replace(
        card(1),
        stage=Stage.ACTIVE,
        valid_from=AT,
        expires=AT + timedelta(days=3650),
        revocation_proposed_by="officer-1",
        revocation_reason=Reason.COURT_ORDER,
    )
    second = replace(card(3, of=1, product="poc"), replaces=CardNumber("CARD-0001"))
    with opened() as store:
        fill(store, 1, 2)
        store.add_cards([card(1), card(2), second])
        store.add_cards([])
        store.update_cards([changed], was=Stage.APPLIED)
        store.update_cards([], was=Stage.APPLIED)
    with opened() as store:
        assert store.find_card(changed.number) == changed
        assert store.find_card(CardNumber("nothing")) is None
        assert store.find_cards_of(HolderId("holder-0001")) == (changed, second)
        assert store.list_applied(None, limit=9) == (card(2), second)
        assert store.list_applied(None, limit=1) == (card(2),)
        assert store.list_applied("poc", limit=9) == (second,)
        assert set(store.iterate_cards()) == {changed, card(2), second}


def test_a_card_is_changed_only_from_the_stage_it_stands_at_all_or_none(opened: Opened) -> None:
    with opened() as store:
        fill(store, 1, 2)
        store.add_cards([card(1), card(2, stage=Stage.ACTIVE)])
    suspended = [replace(card(number), stage=Stage.SUSPENDED) for number in (1, 2)]
    with pytest.raises(WrongStage), opened() as store:
        store.update_cards(suspended, was=Stage.ACTIVE)
    with opened() as store:
        assert {one.stage for one in store.iterate_cards()} == {Stage.APPLIED, Stage.ACTIVE}


@pytest.mark.parametrize("stage", [Stage.APPLIED, Stage.ISSUED, Stage.ACTIVE, Stage.SUSPENDED])
def test_a_holder_has_one_live_card_of_a_product(opened: Opened, stage: Stage) -> None:
    with opened() as store:
        fill(store, 1)
        store.add_cards([card(1, stage=stage)])
    with pytest.raises(CardTaken), opened() as store:
        store.add_cards([card(2, of=1)])
    with opened() as store:
        store.add_cards([card(3, of=1, product="poc"), card(4, of=1, stage=Stage.REVOKED)])
        store.add_cards([card(5, of=1, stage=Stage.REPLACED)])
        assert len(store.find_cards_of(HolderId("holder-0001"))) == 4


def test_cards_that_are_due_are_listed_the_earliest_first(opened: Opened) -> None:
    with opened() as store:
        fill(store, *range(1, 8))
        stages = [Stage.ACTIVE, Stage.SUSPENDED, Stage.ISSUED, Stage.REVOKED, Stage.APPLIED, Stage.ACTIVE]
        for number, stage in enumerate(stages, 1):
            store.add_cards([card(number, stage=stage)])
            ends = replace(card(number, stage=stage), expires=AT + timedelta(seconds=10 - number))
            store.update_cards([ends], was=stage)
        store.add_cards([card(7, stage=Stage.ACTIVE)])
    with opened() as store:
        due = store.list_due(AT + timedelta(seconds=8), limit=9)
        assert [one.number for one in due] == ["CARD-0006", "CARD-0003", "CARD-0002"]
        assert [one.number for one in store.list_due(AT + timedelta(days=1), limit=1)] == ["CARD-0006"]
        assert store.list_due(AT, limit=9) == ()


def test_passes_are_found_by_their_card_and_by_their_place(opened: Opened) -> None:
    with opened() as store:
        fill(store, 1, 2)
        store.add_cards([card(1, stage=Stage.ACTIVE), card(2, stage=Stage.SUSPENDED)])
        first = store.open_shard(uri_prefix="https://s.example/", size=8)
        store.add_passes([made(1, 3), made(1, 7, feature="sd-jwt-vc"), made(2, 4)])
        store.add_passes([])
        store.raise_taken(first, 3)
        second = store.open_shard(uri_prefix="https://s.example/", size=8)
    with opened() as store:
        assert store.find_pass(CardNumber("CARD-0001"), "qr") == made(1, 3)
        assert store.find_pass(CardNumber("CARD-0002"), "sd-jwt-vc") is None
        assert store.find_card_at(first.uri, 4) == (card(2, stage=Stage.SUSPENDED), made(2, 4))
        assert store.find_card_at(first.uri, 5) is None
        assert store.find_card_at(second.uri, 4) is None
        assert store.find_taken(first, [3, 4, 5, 6, 7]) == {3, 4, 7}
        assert store.find_taken(second, [3, 4]) == frozenset()
        assert [one.taken for one in store.list_shards()] == [3, 0]
        assert store.find_open_shard() == second
        assert (second.number, second.uri, second.size) == (2, "https://s.example/2", 8)
        assert store.find_places([CardNumber("CARD-0001"), CardNumber("CARD-0009")]) == {
            "CARD-0001": ((1, 3), (1, 7))
        }


def test_what_the_lists_say_is_set_place_by_place_and_decoys_stay_decoys(opened: Opened) -> None:
    with opened() as store:
        first = store.open_shard(uri_prefix="https://s.example/", size=8)
        second = store.open_shard(uri_prefix="https://s.example/", size=8)
        store.set_standings([PlaceStanding(1, 3, Standing.SUSPENDED), PlaceStanding(2, 4, Standing.INVALID)])
        store.set_standings([PlaceStanding(1, 5, Standing.SUSPENDED)], are_decoys=True)
    with opened() as store:
        assert sorted(store.list_standings(1)) == [(3, Standing.SUSPENDED), (5, Standing.SUSPENDED)]
        assert store.find_taken(first, [3, 4, 5]) == {5}
        assert store.find_taken(second, [3, 4, 5]) == frozenset()
        assert store.find_decoys(1, Standing.SUSPENDED, limit=9) == (5,)
        assert store.find_decoys(1, Standing.VALID, limit=9) == ()
        assert store.find_decoys(1, Standing.SUSPENDED, limit=0) == ()
        store.set_standings([PlaceStanding(1, 3, Standing.VALID), PlaceStanding(1, 5, Standing.VALID)])
    with opened() as store:
        assert store.list_standings(1) == ()
        assert store.find_decoys(1, Standing.VALID, limit=9) == (5,)
        assert store.find_taken(first, [3, 5]) == {5}
        assert sorted(store.iterate_standings()) == [
            (PlaceStanding(1, 3, Standing.VALID), False),
            (PlaceStanding(1, 5, Standing.VALID), True),
            (PlaceStanding(2, 4, Standing.INVALID), False),
        ]


def test_the_place_of_a_pass_is_no_decoy_whatever_it_is_marked(opened: Opened) -> None:
    with opened() as store:
        fill(store, 1)
        store.add_cards([card(1, stage=Stage.SUSPENDED)])
        store.open_shard(uri_prefix="https://s.example/", size=8)
        store.add_passes([made(1, 3)])
        marked = [PlaceStanding(1, place, Standing.SUSPENDED) for place in (3, 5)]
        store.set_standings(marked, are_decoys=True)
    with opened() as store:
        assert store.find_decoys(1, Standing.SUSPENDED, limit=9) == (5,)


def test_many_standings_are_gone_through_page_by_page(opened: Opened) -> None:
    with opened() as store:
        store.open_shard(uri_prefix="https://s.example/", size=4096)
        every = [PlaceStanding(1, place, Standing.SUSPENDED) for place in range(2100)]
        store.set_standings(every)
    with opened() as store:
        assert [one for one, _ in store.iterate_standings()] == every


def a_delta(sequence: int) -> DeltaRecord:
    return DeltaRecord(sequence, AT + timedelta(seconds=sequence), bytes([sequence]) * 16, b"\xd2\0message")


def test_deltas_are_read_in_their_order_and_leave_their_mark_on_the_lists(opened: Opened) -> None:
    with opened() as store:
        for _ in range(3):
            store.open_shard(uri_prefix="https://s.example/", size=8)
        assert store.find_last_delta() is None
        store.add_delta(a_delta(1), [1, 3, 3])
        store.add_delta(a_delta(2), [3])
    with opened() as store:
        assert store.find_last_delta() == a_delta(2)
        assert store.list_deltas(after=0, limit=9) == (a_delta(1), a_delta(2))
        assert store.list_deltas(after=1, limit=9) == (a_delta(2),)
        assert store.list_deltas(after=0, limit=1) == (a_delta(1),)
        assert [one.touched for one in store.list_shards()] == [1, 0, 2]
    with pytest.raises(Conflict), opened() as store, named_failures():
        store.add_delta(a_delta(2), [1])


def an_event(position: int) -> StandingChanged:
    return StandingChanged(
        position=position, at=AT, card=CardNumber("CARD-0001"), act=Act.SUSPEND, reason=Reason.LOST,
        was=Standing.VALID, became=Standing.SUSPENDED, sequence=position + 7,
    )  # fmt: skip


def test_the_outbox_is_read_from_any_position_on(opened: Opened) -> None:
    unexplained = replace(an_event(2), reason=None, act=Act.EXPIRE, became=Standing.INVALID)
    with opened() as store:
        assert store.find_last_position() == 0
        store.add_to_outbox([])
        store.add_to_outbox([an_event(1), unexplained])
    with opened() as store:
        assert store.find_last_position() == 2
        assert store.read_outbox(after=0, limit=9) == (an_event(1), unexplained)
        assert store.read_outbox(after=0, limit=1) == (an_event(1),)
        assert store.read_outbox(after=2, limit=9) == ()


def test_locks_are_each_for_one_channel_of_one_card(opened: Opened) -> None:
    with opened() as store:
        fill(store, 1, 2)
        store.add_cards([card(1, stage=Stage.ACTIVE), card(2, stage=Stage.ACTIVE)])
        first, other = CardNumber("CARD-0001"), CardNumber("CARD-0002")
        store.set_lock(first, Channel.LOGIN, AT)
        store.set_lock(first, Channel.LOGIN, AT + timedelta(days=1))
        store.set_lock(first, Channel.PAYMENTS, AT)
        store.set_lock(other, Channel.ONLINE, AT)
    with opened() as store:
        assert store.list_locks(first) == {Channel.LOGIN, Channel.PAYMENTS}
        store.clear_lock(first, Channel.LOGIN)
        store.clear_lock(first, Channel.ONLINE)
        assert store.list_locks(first) == {Channel.PAYMENTS}
        assert sorted(store.iterate_locks()) == [(first, Channel.PAYMENTS), (other, Channel.ONLINE)]
        assert store.list_locks(other) == {Channel.ONLINE}


def test_a_status_place_and_a_feature_of_a_card_are_given_once(opened: Opened) -> None:
    with opened() as store:
        fill(store, 1, 2)
        store.add_cards([card(1), card(2)])
        store.open_shard(uri_prefix="https://s.example/", size=8)
        store.add_passes([made(1, 3)])
    for again in (made(2, 3), made(1, 4)):
        with pytest.raises(Conflict), opened() as store:
            store.add_passes([again])
    with opened() as store:
        assert store.find_pass(CardNumber("CARD-0002"), "qr") is None


def test_the_newest_signed_list_takes_the_place_of_the_one_before(opened: Opened) -> None:
    with opened() as store:
        assert store.find_open_shard() is None
        shard = store.open_shard(uri_prefix="https://s.example/", size=8)
        assert store.find_published(1) is None
        first = PublishedStatus(shard=1, uri=shard.uri, issued_at=AT, jwt="a.b.c", cwt=b"\xd2\0")
        second = replace(first, jwt="d.e.f", issued_at=AT + timedelta(seconds=1), sequence=12)
        assert store.list_published() == {}
        store.publish(first)
        store.publish(second)
    with opened() as store:
        assert store.find_published(1) == second
        assert store.list_published() == {1: (12, second.issued_at)}


def test_the_log_is_read_in_its_order_whole_and_by_subject(opened: Opened) -> None:
    with opened() as store:
        assert store.find_head() is None
        assert list(store.read_log()) == []
        sealed = replace(entry(2), seal=b"\2" * 64, kid=b"\3" * 8)
        store.append([entry(1), sealed])
        store.append([entry(3, "CARD-0002")])
        store.append([])
    with opened() as store:
        assert store.find_head() == entry(3, "CARD-0002")
        assert store.find_entry(2) == sealed
        assert store.find_entry(4) is None
        assert list(store.read_log()) == [entry(1), sealed, entry(3, "CARD-0002")]
        assert store.read_log_of("CARD-0001") == (entry(1), sealed)


def test_a_log_longer_than_a_page_is_read_to_its_end(opened: Opened) -> None:
    with opened() as store:
        store.append([entry(number) for number in range(1, 2502)])
    with opened() as store:
        assert [one.sequence for one in store.read_log()] == list(range(1, 2502))


def test_keys_and_trust_lists_come_back(opened: Opened) -> None:
    records = [
        KeyRecord(
            public=SoftwareSigner.generate(algorithm).public,
            use=use,
            not_before=AT,
            not_after=AT + timedelta(days=1),
        )
        for algorithm, use in ((Algorithm.ES256, KeyUse.PASS), (Algorithm.EDDSA, KeyUse.AUDIT))
    ]
    ended = replace(records[0], not_after=AT + timedelta(hours=1), withdrawn_at=AT)
    with opened() as store:
        assert store.find_trust_list() is None
        for one in records:
            store.add_key(one)
        store.update_key(ended)
        store.add_trust_list(1, "a.b.c", AT)
        store.add_trust_list(2, "d.e.f", AT)
    with opened() as store:
        assert store.list_keys() == (ended, records[1])
        assert store.find_trust_list() == (2, "d.e.f")
    with pytest.raises(Conflict), opened() as store:
        store.add_trust_list(2, "g.h.i", AT)


def test_what_an_exception_ends_was_never_there(opened: Opened) -> None:
    def write_and_fail() -> None:
        with opened() as store:
            fill(store, 1)
            store.add_cards([card(1)])
            store.append([entry(1)])
            raise RuntimeError("the power failed")

    with pytest.raises(RuntimeError, match="power"):
        write_and_fail()
    with opened() as store:
        assert store.list_holders(after=None, limit=9) == ()
        assert store.find_head() is None
        assert list(store.iterate_cards()) == []


def test_the_migrations_lead_to_the_tables_the_store_speaks_of(database: Database) -> None:
    migrate(database, [MIGRATIONS])
    with database.reading() as connection:
        found = inspect(connection)
        tables = {
            table.name: {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
            for table in metadata.sorted_tables
        }
        indexes = {index["name"] for index in found.get_indexes("credentials_card")}
    assert tables == {
        table.name: {column.name: column.nullable for column in table.columns}
        for table in metadata.sorted_tables
    }
    assert "uq_credentials_card_live" in indexes
