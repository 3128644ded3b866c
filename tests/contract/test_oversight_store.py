"""Each store of uses, flags and clues keeps the same promises: memory, SQLite, PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import inspect

from rahdari.database import Conflict, Database, is_current, migrate, named_failures, open_database
from rahdari.oversight import (
    WATCH,
    Decision,
    Evidence,
    Flag,
    FlagDecided,
    FlagId,
    FlagKind,
    FlagState,
    Ground,
    Store,
    UseId,
    check_place,
    record_use,
)
from rahdari.oversight.migrations import MIGRATIONS
from rahdari.oversight.schema import METADATA
from rahdari.oversight.store import SqlStore
from rahdari.oversight.values import INSTITUTIONS_LOOKED_AT_MAX
from tests.contract.conftest import PATIENCE_SECONDS, opening
from tests.fakes.chance import SeededChance
from tests.fakes.oversight import OversightInMemory
from tests.unit.oversight.scene import CARD, KASHGAR, LAHORE, NOON, flag, use

Opened = Callable[[], AbstractContextManager[Store]]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def opened(engine: str | None) -> Iterator[Opened]:
    """Open the store for one transaction; what one kept, the next one finds."""
    memory = OversightInMemory()
    store: AbstractContextManager[Opened] = opening(
        engine, lambda: nullcontext(memory), SqlStore, MIGRATIONS, patience=PATIENCE_SECONDS
    )
    with store as opened:
        yield opened


def decided(one: Flag) -> Flag:
    verdict = Decision(FlagState.DISMISSED, Ground.WRONG_CLOCK, "officer-9", NOON, "asked the bank, گھڑی")
    return replace(one, state=FlagState.DISMISSED, decision=verdict)


def test_a_use_is_found_the_same_in_the_next_transaction(opened: Opened) -> None:
    known = [
        use(1, place=LAHORE),
        use(2, place=check_place("بازار، لاہور 市场")),
        use(3, card=None, verdict="tampered"),
        use(4, place=check_place("The date line", -90, 180)),
    ]
    with opened() as store:
        for one in known:
            store.add_use(one)
    with opened() as store:
        assert [store.find_use(one.id) for one in known] == known
        assert store.find_use(UseId("use-9999")) is None


def test_ages_are_kept_for_each_card_and_institution_with_the_last_time(opened: Opened) -> None:
    with opened() as store:
        for age, after in ((18, 0), (60, 1), (18, 2)):
            store.set_age(CARD, "bank-1", age, at=NOON + after * MINUTE)
        store.set_age(CARD, "bank-2", 21, at=NOON)
        store.set_age("another", "bank-1", 40, at=NOON)
    with opened() as store:
        assert store.find_ages(CARD, "bank-1") == {18: NOON + 2 * MINUTE, 60: NOON + MINUTE}
        assert store.find_ages("unknown", "bank-1") == {}
        assert store.forget_ages(NOON + MINUTE) == 2
    with opened() as store:
        assert store.find_ages(CARD, "bank-1") == {18: NOON + 2 * MINUTE, 60: NOON + MINUTE}
        assert store.find_ages(CARD, "bank-2") == {}


def test_uses_are_listed_from_the_newest_page_by_page(opened: Opened) -> None:
    known = [use(number, after=number // 2 * MINUTE) for number in range(7)]
    with opened() as store:
        for one in [*reversed(known), use(8, card="another"), use(9, card=None)]:
            store.add_use(one)
        first = store.list_uses(CARD, limit=4)
        rest = store.list_uses(CARD, limit=4, before=first[-1])
    assert [*first, *rest] == known[::-1]


def test_uses_around_an_instant_are_the_nearest_of_each_side_and_the_ends_belong_to_it(
    opened: Opened,
) -> None:
    with opened() as store:
        for number in range(-5, 6):
            store.add_use(use(number + 100, after=number * MINUTE))
        store.add_use(use(1, card="another"))
        near = store.find_uses_around(CARD, NOON, within=2 * MINUTE, limit=10)
        few = store.find_uses_around(CARD, NOON, within=5 * MINUTE, limit=2)
    assert [one.id[-4:] for one in near] == ["0098", "0099", "0100", "0101", "0102"]
    assert [one.id[-4:] for one in few] == ["0099", "0100", "0101", "0102"]


def test_located_uses_are_the_nearest_of_each_institution_whoever_floods_the_card(opened: Opened) -> None:
    with opened() as store:
        for number in range(40):
            store.add_use(use(number + 1, after=number * SECOND, institution="forger", place=KASHGAR))
            store.add_use(use(number + 101, after=number * SECOND, institution="forger"))
        for number, minutes in ((201, -9), (202, -5), (203, -3), (204, 5), (205, 9)):
            store.add_use(use(number, after=minutes * MINUTE, institution="bank-1", place=LAHORE))
        store.add_use(use(301, institution="bank-2", place=check_place("Named alone")))
        store.add_use(use(302, institution="bank-3", place=LAHORE, card="another"))
        found = store.find_located_around(CARD, NOON + 20 * SECOND, within=6 * MINUTE, limit=2)
        none = store.find_located_around("unseen", NOON, within=MINUTE, limit=2)
    numbers = [int(one.id[-4:]) for one in found]
    assert numbers == [202, 203, 20, 21, 22, 23, 204]
    assert none == ()


def test_of_more_institutions_than_are_looked_at_the_first_ones_are_found(opened: Opened) -> None:
    many = INSTITUTIONS_LOOKED_AT_MAX + 4
    with opened() as store:
        for number in range(many):
            store.add_use(use(number, institution=f"bank-{number:04d}", place=LAHORE))
        found = store.find_located_around(CARD, NOON, within=MINUTE, limit=3)
    assert [one.institution for one in found] == [
        f"bank-{at:04d}" for at in range(INSTITUTIONS_LOOKED_AT_MAX)
    ]


def test_what_is_older_is_forgotten_and_nothing_else(opened: Opened) -> None:
    with opened() as store:
        for number in range(4):
            store.add_use(use(number, after=number * MINUTE))
        assert store.forget_uses(NOON + 2 * MINUTE) == 2
        assert [one.at for one in store.list_uses(CARD, limit=9)] == [NOON + 3 * MINUTE, NOON + 2 * MINUTE]


def test_a_flag_is_found_the_same_open_and_decided(opened: Opened) -> None:
    with opened() as store:
        store.add_flag(flag(1))
    with opened() as store:
        assert store.find_flag(FlagId("flag-0001")) == flag(1)
        assert store.find_open_flag(FlagKind.ABNORMAL_RATE, CARD) == flag(1)
        assert store.find_open_flag(FlagKind.IMPOSSIBLE_TRAVEL, CARD) is None
        assert store.find_flag(FlagId("flag-0002")) is None
        store.set_decision(decided(flag(1)))
    with opened() as store:
        assert store.find_flag(FlagId("flag-0001")) == decided(flag(1))
        assert store.find_open_flag(FlagKind.ABNORMAL_RATE, CARD) is None


def test_evidence_and_decision_do_not_undo_each_other(opened: Opened) -> None:
    more = replace(flag(1), evidence=(*flag(1).evidence, Evidence(NOON, {"use": "use-2"})), evidence_count=7)
    with opened() as store:
        store.add_flag(flag(1))
        store.set_logged(FlagId("flag-0001"))
        store.set_evidence(more)
        # Whoever decides read the flag before the evidence came.
        store.set_decision(decided(flag(1)))
        kept = store.find_flag(FlagId("flag-0001"))
    assert kept == replace(decided(more), is_logged=True)


@pytest.mark.parametrize("change", ["set_evidence", "set_decision"])
def test_a_decided_flag_is_not_touched_again(opened: Opened, change: str) -> None:
    with opened() as store:
        store.add_flag(flag(1))
        store.set_decision(decided(flag(1)))
    with pytest.raises(FlagDecided), opened() as store:
        getattr(store, change)(flag(1))
    with opened() as store:
        assert store.find_flag(FlagId("flag-0001")) == decided(flag(1))


def test_flags_are_listed_from_the_newest_by_state_page_by_page(opened: Opened) -> None:
    with opened() as store:
        for number in (3, 1, 4, 2):
            store.add_flag(flag(number, subject=f"card {number}"))
        store.set_decision(decided(flag(4)))
        every = store.list_flags(state=None, limit=9)
        first = store.list_flags(state=FlagState.OPEN, limit=2)
        rest = store.list_flags(state=FlagState.OPEN, limit=2, before=first[-1])
    assert [one.id[-1] for one in every] == ["4", "3", "2", "1"]
    assert [one.id[-1] for one in (*first, *rest)] == ["3", "2", "1"]


def test_the_oldest_flag_that_the_log_does_not_tell_is_found_first(opened: Opened) -> None:
    with opened() as store:
        assert store.find_unlogged() is None
        for number in (2, 1):
            store.add_flag(flag(number, subject=f"card {number}"))
        assert store.find_unlogged() == flag(1, subject="card 1")
        store.set_logged(FlagId("flag-0001"))
        assert store.find_unlogged() == flag(2, subject="card 2")
        store.set_logged(FlagId("flag-0002"))
        assert store.find_unlogged() is None


def test_holders_are_found_by_their_clues_of_64_bits(opened: Opened) -> None:
    least, most = -(1 << 63), (1 << 63) - 1
    with opened() as store:
        store.add_clues([])
        store.add_clues([(least, "a"), (most, "a"), (most, "b"), (5, "b"), (5, "c"), (5, "d")])
        found = store.find_bearers([least, most, 5, 6], limit=9)
        assert {clue: sorted(holders) for clue, holders in found.items()} == {
            least: ["a"],
            most: ["a", "b"],
            5: ["b", "c", "d"],
        }
        assert len(store.find_bearers([5], limit=2)[5]) == 2
        many = [(number, f"holder {number}") for number in range(1000, 2700)]
        store.add_clues(many)
        assert len(store.find_bearers([clue for clue, _ in many], limit=1)) == len(many)
        store.clear_clues()
        assert store.find_bearers([5], limit=9) == {}


def test_one_subject_has_one_open_flag_of_a_kind_whatever_a_program_forgets(database: Database) -> None:
    migrate(database, [MIGRATIONS])
    with database.transaction() as connection:
        SqlStore(connection).add_flag(flag(1))
    with pytest.raises(Conflict), database.transaction() as connection, named_failures():
        SqlStore(connection).add_flag(flag(2))
    with database.transaction() as connection:
        store = SqlStore(connection)
        store.add_flag(flag(3, kind=FlagKind.IMPOSSIBLE_TRAVEL))
        store.set_decision(decided(flag(1)))
        store.add_flag(flag(4))


def test_two_that_record_at_once_for_one_card_see_each_other(database_address: str) -> None:
    """Without the card's lock both would look, find nobody else, and no journey would be flagged (PostgreSQL)."""
    with open_database(database_address) as first, open_database(database_address) as second:
        migrate(first, [MIGRATIONS])
        for attempt in range(10):
            card, barrier = f"card {attempt}", Barrier(2)

            def record(database: Database, number: int, card: str = card, barrier: Barrier = barrier) -> None:
                one = replace(use(number, card=card), place=LAHORE if number % 2 else KASHGAR)
                barrier.wait()
                with database.transaction(lock=f"oversight {card}") as connection:
                    record_use(SqlStore(connection), one, chance=SeededChance(number), policy=WATCH)

            pair = [
                Thread(target=record, args=(database, attempt * 2 + at))
                for at, database in enumerate((first, second))
            ]
            for one in pair:
                one.start()
            for one in pair:
                one.join()
            with first.reading() as connection:
                store = SqlStore(connection)
                assert len(store.list_uses(card, limit=9)) == 2
                (found,) = [one for one in store.list_flags(state=None, limit=99) if one.subject == card]
            assert found.kind is FlagKind.IMPOSSIBLE_TRAVEL
            assert found.evidence_count == 1


def test_the_migrations_lead_to_the_tables_the_store_speaks_of(database: Database) -> None:
    migrate(database, [MIGRATIONS])
    migrate(database, [MIGRATIONS])
    assert is_current(database, [MIGRATIONS])
    with database.reading() as connection:
        found = inspect(connection)
        tables = {
            table.name: {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
            for table in METADATA.sorted_tables
        }
        indexes = {
            str(index["name"]) for table in METADATA.sorted_tables for index in found.get_indexes(table.name)
        }
    assert tables == {
        table.name: {column.name: column.nullable for column in table.columns}
        for table in METADATA.sorted_tables
    }
    assert indexes == {str(index.name) for table in METADATA.sorted_tables for index in table.indexes}
