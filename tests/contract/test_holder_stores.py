"""Each store of tickets, challenges, passkeys and sessions keeps the same promises: memory, SQLite, PostgreSQL."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rahdari.access import (
    Challenge,
    Passkey,
    PasskeyId,
    PasskeyTaken,
    Purpose,
    Session,
    SessionId,
    Store,
    Ticket,
    TicketId,
)
from rahdari.access.migrations import MIGRATIONS
from rahdari.access.store import SqlStore
from rahdari.database import Database, migrate, open_database
from tests.contract.test_access_store import Opened, opened

__all__ = ["opened"]

AT = datetime(2026, 3, 1, 9, 0, 0, 1, tzinfo=UTC)
CARD, OTHER = "7K3F-9QX2-M4TD", "0000-1111-2222"
SECOND = timedelta(seconds=1)


def ticket(number: int, card: str = CARD, expires: datetime = AT + SECOND) -> Ticket:
    return Ticket(
        id=TicketId(f"ticket{number}"),
        card=card,
        digest=bytes([number]) * 32,
        opened_by="officer-1",
        opened_at=AT,
        expires_at=expires,
    )


def challenge(number: int, purpose: Purpose = Purpose.SIGN_IN, expires: datetime = AT + SECOND) -> Challenge:
    enrols = purpose is Purpose.ENROL
    return Challenge(
        value=bytes([number]) * 32,
        purpose=purpose,
        expires_at=expires,
        ticket=TicketId("ticket1") if enrols else None,
        handle=b"h" * 32 if enrols else b"",
    )


def passkey(number: int, card: str = CARD, at: datetime = AT) -> Passkey:
    return Passkey(
        id=PasskeyId(f"passkey{number}"),
        card=card,
        ticket=TicketId(f"ticket{number}"),
        credential=bytes([number]) * 1023,
        public_key=b"key" * 90,
        handle=b"h" * 64,
        sign_count=(1 << 32) - 1,
        registered_at=at,
    )


def session(number: int, card: str = CARD, at: datetime = AT, by: int = 1) -> Session:
    return Session(
        id=SessionId(f"session{number}"),
        card=card,
        passkey=PasskeyId(f"passkey{by}"),
        digest=bytes([number]) * 32,
        began_at=at,
        used_at=at,
    )


def test_a_ticket_is_found_by_its_digest_and_taken_once(opened: Opened) -> None:
    with opened() as store:
        store.add_ticket(ticket(1))
        store.add_ticket(ticket(2))
    with opened() as store:
        assert store.find_ticket(b"\x01" * 32) == ticket(1)
        assert store.find_ticket(b"\x09" * 32) is None
        assert store.take_ticket(b"\x01" * 32) == ticket(1)
        assert store.take_ticket(b"\x01" * 32) is None
    with opened() as store:
        assert store.find_tickets() == (ticket(2),)


def test_open_tickets_are_counted_by_card_and_instant(opened: Opened) -> None:
    with opened() as store:
        for number, card, expires in ((1, CARD, AT + SECOND), (2, CARD, AT), (3, OTHER, AT + SECOND)):
            store.add_ticket(ticket(number, card, expires))
        assert store.count_tickets(CARD, AT) == 1
        assert store.count_tickets(CARD, AT + SECOND) == 0


def test_a_cards_tickets_are_dropped_with_what_was_begun_by_them_and_no_others(opened: Opened) -> None:
    with opened() as store:
        for number, card in ((1, CARD), (2, CARD), (3, OTHER)):
            store.add_ticket(ticket(number, card))
            store.add_challenge(replace(challenge(number, Purpose.ENROL), ticket=ticket(number).id))
        store.add_challenge(challenge(4))
    with opened() as store:
        store.drop_tickets(CARD)
    with opened() as store:
        assert store.find_tickets() == (ticket(3, OTHER),)
        assert store.take_challenge(b"\x01" * 32, Purpose.ENROL) is None
        assert store.take_challenge(b"\x03" * 32, Purpose.ENROL) is not None
        assert store.take_challenge(b"\x04" * 32, Purpose.SIGN_IN) == challenge(4)


def test_a_challenge_is_taken_once_and_for_its_own_purpose(opened: Opened) -> None:
    with opened() as store:
        store.add_challenge(challenge(1))
        store.add_challenge(challenge(2, Purpose.ENROL))
    with opened() as store:
        assert store.take_challenge(b"\x01" * 32, Purpose.UNLOCK) is None
        assert store.take_challenge(b"\x01" * 32, Purpose.SIGN_IN) == challenge(1)
        assert store.take_challenge(b"\x01" * 32, Purpose.SIGN_IN) is None
        assert store.take_challenge(b"\x02" * 32, Purpose.ENROL) == challenge(2, Purpose.ENROL)
        assert store.count_challenges() == 0


def test_sweeping_takes_what_has_lapsed_and_nothing_else(opened: Opened) -> None:
    with opened() as store:
        store.add_ticket(ticket(1, expires=AT))
        store.add_ticket(ticket(2, expires=AT + SECOND))
        store.add_challenge(challenge(1, expires=AT))
        store.add_challenge(challenge(2, expires=AT + SECOND))
        assert store.count_challenges() == 2
        store.sweep_ceremonies(AT)
        assert [one.id for one in store.find_tickets()] == ["ticket2"]
        assert store.count_challenges() == 1


def test_a_passkey_is_found_by_id_by_credential_and_by_card(opened: Opened) -> None:
    with opened() as store:
        for number, at in ((2, AT + SECOND), (1, AT)):
            store.add_passkey(passkey(number, at=at))
        store.add_passkey(passkey(3, OTHER))
    with opened() as store:
        assert store.find_passkey(PasskeyId("passkey1")) == passkey(1)
        assert store.find_credential(b"\x03" * 1023) == passkey(3, OTHER)
        assert store.find_passkey(PasskeyId("nobody")) is None
        assert store.find_credential(b"nobody") is None
        assert [one.id for one in store.find_passkeys(CARD)] == ["passkey1", "passkey2"]
        assert [one.id for one in store.iterate_passkeys()] == ["passkey1", "passkey2", "passkey3"]


def test_a_credential_is_registered_once_whatever_the_card(opened: Opened) -> None:
    with opened() as store:
        store.add_passkey(passkey(1))
    with pytest.raises(PasskeyTaken), opened() as store:
        store.add_passkey(replace(passkey(2, OTHER), credential=passkey(1).credential))
    with opened() as store:
        assert store.find_passkeys(OTHER) == ()


def test_a_signature_counts_from_where_it_stands_and_not_from_elsewhere(opened: Opened) -> None:
    with opened() as store:
        store.add_passkey(passkey(1))
        stale = replace(passkey(1), sign_count=7)
        assert not store.count_signature(stale, 8, AT)
        assert store.count_signature(passkey(1), 1 << 32, AT)
        assert not store.count_signature(passkey(1), 1 << 32, AT)
    with opened() as store:
        found = store.find_passkey(PasskeyId("passkey1"))
        assert found == replace(passkey(1), sign_count=1 << 32, used_at=AT)


def test_a_removed_passkey_stays_and_signs_no_more(opened: Opened) -> None:
    with opened() as store:
        store.add_passkey(passkey(1))
        store.add_passkey(passkey(2))
        store.set_removed(PasskeyId("passkey1"), AT)
        assert not store.count_signature(passkey(1), 1 << 32, AT)
    with opened() as store:
        assert [one.removed_at for one in store.find_passkeys(CARD)] == [AT, None]


def test_every_session_is_gone_through_however_many_there_are(opened: Opened) -> None:
    with opened() as store:
        store.add_passkey(passkey(1))
        for number in range(1001):
            store.add_session(replace(session(1), id=SessionId(f"session{number:04d}")))
        found = [one.id for one in store.iterate_sessions()]
    assert found == [f"session{number:04d}" for number in range(1001)]


def test_sessions_are_listed_noted_ended_and_swept(opened: Opened) -> None:
    with opened() as store:
        store.add_passkey(passkey(1))
        for number, at in ((3, AT + SECOND), (1, AT), (2, AT)):
            store.add_session(session(number, at=at))
        store.add_session(session(4, OTHER))
    with opened() as store:
        assert [one.id for one in store.find_sessions(CARD)] == ["session1", "session2", "session3"]
        assert [one.id for one in store.iterate_sessions()] == [f"session{at}" for at in (1, 2, 3, 4)]
        store.note_use(SessionId("session1"), AT + SECOND)
        store.end_sessions([SessionId("session2"), SessionId("nobody")])
        store.end_sessions([])
        store.note_use(SessionId("session2"), AT + SECOND)
    with opened() as store:
        assert store.find_session(SessionId("session1")) == replace(session(1), used_at=AT + SECOND)
        assert store.find_session(SessionId("session2")) is None
        store.sweep_sessions(AT)
        assert [one.id for one in store.find_sessions(CARD)] == ["session3"]
        assert store.find_sessions(OTHER) == ()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with this room's tables, for several connections."""
    address = (
        f"sqlite:///{tmp_path / 'rahdari.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgresql_address"))
    )
    with open_database(address) as database:
        migrate(database, [MIGRATIONS])
    return address


def at_once(address: str, what: Callable[[Store], object], count: int = 4) -> list[object]:
    """Do the same on several connections of their own, begun at the same moment."""
    gate, got = threading.Barrier(count), list[object]()

    def one(database: Database) -> None:
        gate.wait()
        with database.transaction() as connection:
            got.append(what(SqlStore(connection)))

    opened_all = [open_database(address, lock_wait_seconds=10) for _ in range(count)]
    threads = [threading.Thread(target=one, args=(database,)) for database in opened_all]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in opened_all:
        database.close()
    assert len(got) == count
    return got


def test_of_several_who_take_a_ticket_at_once_one_gets_it(shared: str) -> None:
    with open_database(shared) as database, database.transaction() as connection:
        SqlStore(connection).add_ticket(ticket(1))
    got = at_once(shared, lambda store: store.take_ticket(b"\x01" * 32))
    assert got.count(None) == len(got) - 1


def test_of_several_who_answer_a_challenge_at_once_one_gets_it(shared: str) -> None:
    with open_database(shared) as database, database.transaction() as connection:
        SqlStore(connection).add_challenge(challenge(1))
    got = at_once(shared, lambda store: store.take_challenge(b"\x01" * 32, Purpose.SIGN_IN))
    assert got.count(None) == len(got) - 1


def test_of_several_who_sign_with_the_same_count_at_once_one_is_counted(shared: str) -> None:
    with open_database(shared) as database, database.transaction() as connection:
        SqlStore(connection).add_passkey(passkey(1))
    got = at_once(shared, lambda store: store.count_signature(passkey(1), 1 << 32, AT))
    assert got.count(True) == 1
