"""Each store of streams and notices keeps the same promises: memory, SQLite, PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect

from rahdari.database import Database, is_current, migrate
from rahdari.signals import (
    Ahead,
    Became,
    Delivery,
    Happening,
    Initiator,
    Kind,
    Method,
    Notice,
    Progress,
    State,
    Store,
    Stream,
    StreamId,
    SubjectId,
    Watcher,
    fan_out,
)
from rahdari.signals.migrations import MIGRATIONS
from rahdari.signals.schema import METADATA
from rahdari.signals.store import FAN_OUT_LOCK, SqlStore
from tests.contract.conftest import opening
from tests.fakes.clock import WoundClock
from tests.fakes.signals import SignalsInMemory

AT = datetime(2026, 3, 1, 9, 0, 0, 1, tzinfo=UTC)
SOON = AT + timedelta(seconds=15)
LATER = AT + timedelta(seconds=60)
ONE, TWO = StreamId("st_1"), StreamId("st_2")
Opened = Callable[[], AbstractContextManager[Store]]


@pytest.fixture
def opened(engine: str | None) -> Iterator[Opened]:
    """Open the store for one transaction; what one kept, the next one finds."""
    memory = SignalsInMemory()
    store: AbstractContextManager[Opened] = opening(engine, lambda: nullcontext(memory), SqlStore, MIGRATIONS)
    with store as opened:
        yield opened


def stream(name: StreamId = ONE, method: Method = Method.PUSH, *, at: datetime = AT) -> Stream:
    return Stream(
        id=name,
        institution=f"institution-{name}",
        delivery=Delivery(method, "https://bank.example/events", "Bearer sample"),
        kinds=frozenset({Kind.SESSION_REVOKED, Kind.CREDENTIAL_CHANGE}),
        created_at=at,
        description="نمونہ 样本",
        secret=b"s" * 32,
        former_secret=b"f" * 32,
        former_until=LATER,
    )


def notice(order: int, name: StreamId = ONE, kind: Kind = Kind.SESSION_REVOKED) -> Notice:
    return Notice(
        stream=name,
        order=order,
        cause=1,
        kind=kind,
        at=AT,
        noted_at=AT + timedelta(microseconds=order),
        subject=SubjectId("s_1"),
        became=Became.SUSPENDED,
        initiator=Initiator.ADMIN,
        text=None,
    )


def filled(store: Store, *orders: int, name: StreamId = ONE, method: Method = Method.PUSH) -> None:
    store.add_stream(stream(name, method))
    store.take_orders({name: max(orders, default=1)})
    store.add_notices(notice(order, name) for order in orders)


def test_a_name_is_led_back_to_its_card_and_a_strange_one_to_none(opened: Opened) -> None:
    names = [SubjectId("s_1"), SubjectId("s_2"), SubjectId("s_3")]
    with opened() as store:
        store.add_subject(names[0], "institution-1", "CARD-1")
        store.add_subject(names[1], "institution-2", "CARD-1")
    with opened() as store:
        assert store.find_cards(names) == {names[0]: "CARD-1", names[1]: "CARD-1"}
        assert store.find_cards([]) == {}


def test_what_was_added_is_found_the_same_in_the_next_transaction(opened: Opened) -> None:
    with opened() as store:
        filled(store, 1)
        store.add_notices([notice(2, kind=Kind.VERIFICATION)])
    with opened() as store:
        assert store.find_stream(ONE) == stream()
        assert store.get_progress(ONE) == Progress(last_order=1)
        assert store.list_notices(ONE, after=0, limit=9) == (notice(1), notice(2, kind=Kind.VERIFICATION))
        assert store.get_position() == 0
        store.set_position(7)
        store.set_position(9)
    with opened() as store:
        assert store.get_position() == 9


def test_streams_are_listed_by_institution_in_the_order_of_their_making(opened: Opened) -> None:
    with opened() as store:
        store.add_stream(stream(ONE, at=LATER))
        store.add_stream(stream(TWO))
        assert [one.id for one in store.list_streams()] == [TWO, ONE]
        assert [one.id for one in store.list_streams("institution-st_1")] == [ONE]
        assert store.list_streams("institution-3") == ()
        assert store.find_stream(StreamId("st_3")) is None


def test_a_change_of_state_leaves_everything_else(opened: Opened) -> None:
    with opened() as store:
        store.add_stream(stream())
        store.set_state(ONE, State.PAUSED, "maintenance")
        found = store.find_stream(ONE)
    assert found
    assert (found.state, found.why, found.delivery) == (State.PAUSED, "maintenance", stream().delivery)


def test_a_card_has_one_name_for_an_institution_and_a_watch_is_counted_once(opened: Opened) -> None:
    subject = SubjectId("s_1")
    with opened() as store:
        store.add_stream(stream())
        store.add_subject(subject, "institution-st_1", "CARD")
        store.add_subject(SubjectId("s_2"), "institution-st_1", "CARD")
        assert store.find_subject("institution-st_1", "CARD") == subject
        assert store.find_subject("institution-2", "CARD") is None
        assert [store.watch(ONE, subject), store.watch(ONE, subject)] == [True, False]
        assert store.count_watched(ONE) == 1
        assert [store.unwatch(ONE, subject), store.unwatch(ONE, subject)] == [True, False]
        assert store.count_watched(ONE) == 0


def test_watchers_are_those_that_run_pause_or_are_disabled(opened: Opened) -> None:
    with opened() as store:
        for name in (ONE, TWO, StreamId("st_3")):
            store.add_stream(stream(name))
            store.add_subject(SubjectId(f"s_{name}"), f"institution-{name}", "CARD")
            store.watch(name, SubjectId(f"s_{name}"))
        store.set_state(TWO, State.PAUSED, None)
        store.set_state(StreamId("st_3"), State.DISABLED, None)
        found = store.find_watchers(["CARD", "OTHER"])
        assert store.find_watchers(["OTHER"]) == ()
    assert set(found) == {
        Watcher("CARD", name, SubjectId(f"s_{name}"), Method.PUSH, stream().kinds)
        for name in (ONE, TWO, StreamId("st_3"))
    }


def test_who_watches_a_card_is_listed_once_and_not_after_it_ended(opened: Opened) -> None:
    with opened() as store:
        store.add_subject(SubjectId("s_b"), "institution-b", "CARD")
        store.add_subject(SubjectId("s_a"), "institution-a", "CARD")
        store.add_subject(SubjectId("s_c"), "institution-a", "OTHER")
        assert store.list_watching("CARD") == ()
        for name in (ONE, TWO):
            store.add_stream(stream(name))
            store.watch(name, SubjectId("s_a"))
        store.watch(ONE, SubjectId("s_b"))
        store.set_state(TWO, State.DISABLED, None)
        assert store.list_watching("CARD") == ("institution-a", "institution-b")
        store.unwatch(ONE, SubjectId("s_a"))
        store.unwatch(ONE, SubjectId("s_b"))
        assert store.list_watching("CARD") == ("institution-a",)
        assert store.list_watching("OTHER") == ()


def test_answers_410_are_counted(opened: Opened) -> None:
    with opened() as store:
        filled(store, 1)
        store.put_progress(ONE, Progress(attempts=3, gone=2))
        assert store.get_progress(ONE).gone == 2
        store.claim([ONE], "first", at=AT, until=SOON)
        store.finish("first", {ONE: Progress(attempts=4, gone=3)})
        assert store.get_progress(ONE).gone == 3


def test_orders_are_taken_once_each(opened: Opened) -> None:
    with opened() as store:
        for name in (ONE, TWO):
            store.add_stream(stream(name))
        assert store.take_orders({}) == {}
        assert store.take_orders({ONE: 2, TWO: 1}) == {ONE: 1, TWO: 1}
        assert store.take_orders({ONE: 1}) == {ONE: 3}
        assert store.get_progress(ONE).last_order == 3


def test_what_is_settled_waits_no_more_until_it_is_reopened(opened: Opened) -> None:
    with opened() as store:
        filled(store, 1, 2, 3)
        filled(store, 1, name=TWO)
        assert store.settle(ONE, [1, 3, 9], LATER) == 2
        assert store.settle(ONE, [1], LATER) == 0
        assert store.settle(ONE, [], LATER) == 0
        assert [one.order for one in store.list_pending(ONE, limit=9)] == [2]
        assert store.count_pending(ONE) == 1
        assert store.count_pending(TWO) == 1
        assert store.reopen(ONE, after=2) == 1
        assert [one.order for one in store.list_pending(ONE, limit=9)] == [2, 3]
        assert [one.order for one in store.list_pending(ONE, limit=1)] == [2]
        assert store.list_pending(ONE, limit=9, kind="stream_updated") == ()


def test_purging_forgets_the_old_and_no_more_than_asked(opened: Opened) -> None:
    with opened() as store:
        filled(store, 1, 2, 3)
        assert store.purge(AT + timedelta(microseconds=3), 1) == 1
        assert store.purge(AT + timedelta(microseconds=3), 9) == 1
        assert store.purge(AT + timedelta(microseconds=3), 9) == 0
        assert [one.order for one in store.list_notices(ONE, after=0, limit=9)] == [3]


def test_progress_is_kept_but_for_what_others_write(opened: Opened) -> None:
    failing = Progress(attempts=2, due_at=LATER, failing_since=AT, failure="the receiver answered 500")
    with opened() as store:
        filled(store, 1)
        store.set_verified(ONE, SOON)
        store.put_progress(ONE, failing)
        assert store.get_progress(ONE) == Progress(
            last_order=1,
            attempts=2,
            due_at=LATER,
            failing_since=AT,
            failure="the receiver answered 500",
            verified_at=SOON,
        )


def test_due_is_what_has_something_to_send_whose_time_has_come(opened: Opened) -> None:
    names = [StreamId(f"st_{letter}") for letter in "abcdefg"]
    fresh, waiting, late, polled, paused, empty, held = names
    with opened() as store:
        for name in names:
            filled(store, 1, name=name, method=Method.POLL if name == polled else Method.WEBHOOK)
        store.put_progress(waiting, Progress(attempts=1, due_at=LATER))
        store.put_progress(late, Progress(attempts=1, due_at=AT))
        store.set_state(paused, State.PAUSED, None)
        store.settle(empty, [1], AT)
        store.claim([held], "other", at=AT, until=SOON)
        assert store.find_due(AT, failing=False, limit=9) == (fresh,)
        assert store.find_due(AT, failing=True, limit=9) == (late,)
        assert store.find_due(LATER, failing=False, limit=9) == (fresh, held)
        assert store.find_due(LATER, failing=True, limit=9) == (late, waiting)
        assert store.find_due(LATER, failing=True, limit=1) == (late,)
        store.add_notices([notice(2, paused, Kind.STREAM_UPDATED)])
        assert paused in store.find_due(AT, failing=False, limit=9)


def test_a_claim_holds_until_it_is_released_or_its_time_is_over(opened: Opened) -> None:
    with opened() as store:
        filled(store, 1, 2, 3)
        store.claim([ONE, TWO], "first", at=AT, until=SOON)
        (claimed,) = store.list_claimed("first", SOON, batch=2)
        assert claimed.stream == stream()
        assert claimed.progress.last_order == 3
        assert [one.order for one in claimed.notices] == [1, 2]
        store.claim([ONE], "second", at=AT, until=LATER)
        assert store.list_claimed("second", LATER, batch=9) == ()
        store.release([ONE], "second")
        assert len(store.list_claimed("first", SOON, batch=9)) == 1
        store.claim([ONE], "second", at=SOON, until=LATER)
        assert len(store.list_claimed("second", LATER, batch=9)) == 1
        store.release([ONE], "second")
        assert store.list_claimed("second", LATER, batch=9) == ()


def test_only_its_owner_finishes_a_stream(opened: Opened) -> None:
    failed = Progress(attempts=1, due_at=LATER, failing_since=AT, failure="sample")
    with opened() as store:
        for name in (ONE, TWO):
            filled(store, 1, 2, name=name)
        store.claim([ONE], "first", at=AT, until=SOON)
        store.finish("second", {ONE: failed, TWO: failed})
        assert store.get_progress(ONE).attempts == 0
        store.finish("first", {ONE: failed, TWO: failed})
        store.finish("first", {})
        assert store.get_progress(ONE) == replace(failed, last_order=2)
        assert store.get_progress(TWO).attempts == 0
        assert store.list_claimed("first", SOON, batch=9) == ()
        store.settle_many({ONE: (1, 9), TWO: (1, 2)}, LATER)
        store.settle_many({}, LATER)
        assert [one.order for one in store.list_pending(ONE, limit=9)] == [2]
        assert store.count_pending(TWO) == 0


def test_a_stream_that_does_not_run_gives_only_its_own_news(opened: Opened) -> None:
    with opened() as store:
        filled(store, 1)
        store.add_notices([notice(2, kind=Kind.STREAM_UPDATED)])
        store.set_state(ONE, State.DISABLED, None)
        store.claim([ONE], "first", at=AT, until=SOON)
        (claimed,) = store.list_claimed("first", SOON, batch=9)
    assert [one.order for one in claimed.notices] == [2]


def test_a_removed_stream_leaves_nothing_and_the_name_of_a_card_stays(opened: Opened) -> None:
    subject = SubjectId("s_1")
    with opened() as store:
        filled(store, 1)
        filled(store, 1, name=TWO)
        store.add_subject(subject, "institution-st_1", "CARD")
        store.watch(ONE, subject)
        store.remove_stream(ONE)
        assert store.find_stream(ONE) is None
        assert store.find_watchers(["CARD"]) == ()
        assert store.list_notices(ONE, after=0, limit=9) == ()
        assert store.find_subject("institution-st_1", "CARD") == subject
        assert store.count_pending(TWO) == 1


def test_two_fan_outs_at_once_number_everything_once(database: Database) -> None:
    """Two servers read the same happenings; whoever comes second passes over what the first one did."""
    migrate(database, [MIGRATIONS])
    happenings = [Happening(position, AT, "CARD", Became.SUSPENDED) for position in range(1, 21)]
    with database.transaction() as connection:
        store = SqlStore(connection)
        store.add_stream(stream(method=Method.WEBHOOK))
        store.add_subject(SubjectId("s_1"), "institution-st_1", "CARD")
        store.watch(ONE, SubjectId("s_1"))
    begin = threading.Barrier(2)
    made: list[int] = []

    def work() -> None:
        begin.wait()
        for at in range(0, 20, 5):
            with database.transaction(lock=FAN_OUT_LOCK) as inner:
                store = SqlStore(inner)
                ahead = Ahead(tuple(happenings[at : at + 5]), store.find_watchers(["CARD"]))
                made.append(fan_out(store, ahead, clock=WoundClock()))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 20
    with database.reading() as connection:
        orders = [one.order for one in SqlStore(connection).list_notices(ONE, after=0, limit=99)]
    assert orders == list(range(1, 21))


def test_of_two_claims_at_once_one_gets_the_stream(database: Database) -> None:
    migrate(database, [MIGRATIONS])
    with database.transaction() as connection:
        filled(SqlStore(connection), 1)
    begin = threading.Barrier(4)
    got: list[int] = []

    def work(owner: str) -> None:
        begin.wait()
        with database.transaction() as inner:
            store = SqlStore(inner)
            store.claim([ONE], owner, at=AT, until=SOON)
            got.append(len(store.list_claimed(owner, SOON, batch=9)))

    threads = [threading.Thread(target=work, args=(f"owner-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [0, 0, 0, 1]


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
            index["name"] for table in METADATA.sorted_tables for index in found.get_indexes(table.name)
        }
    assert tables == {
        table.name: {column.name: column.nullable for column in table.columns}
        for table in METADATA.sorted_tables
    }
    assert {index.name for table in METADATA.sorted_tables for index in table.indexes} <= indexes
