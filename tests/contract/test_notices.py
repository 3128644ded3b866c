"""Whoever listens is told of every commit that was announced, on each engine, from whatever process."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Table, Text, insert, text

from rahdari.database import Database, Listener, announce, open_database, room_metadata

METADATA = room_metadata()
SHELF = Table("sample_shelf", METADATA, Column("name", Text, primary_key=True))
CHANNEL = "sample_channel"
# Long enough that a busy machine is not taken for a lost word.
SECONDS = 20.0
ELSEWHERE = """
import sys
from sqlalchemy import text
from rahdari.database import announce, open_database
with open_database(sys.argv[1]) as database, database.transaction() as connection:
    connection.execute(text("INSERT INTO sample_shelf VALUES ('elsewhere')"))
    announce(connection, "sample_channel")
"""


def put(database: Database, name: str) -> None:
    with database.transaction() as connection:
        connection.execute(insert(SHELF).values(name=name))
        announce(connection, CHANNEL)


def count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM sample_shelf")).scalar_one())


@pytest.fixture
def shelf(database: Database) -> Database:
    with database.transaction() as connection:
        METADATA.create_all(connection)
    return database


@pytest.fixture
def listener(shelf: Database) -> Iterator[Listener]:
    made = shelf.listen(CHANNEL)
    yield made
    made.close()
    assert not made.wait(0)


def hears(listener: Listener) -> bool:
    """Wait for a word; those said without a reason are used up first by ``drained``."""
    return listener.wait(SECONDS)


def drained(listener: Listener) -> Listener:
    while listener.wait(0.1):
        pass
    return listener


def test_a_commit_of_the_same_process_is_heard(shelf: Database, listener: Listener) -> None:
    drained(listener)
    put(shelf, "upper")
    assert hears(listener)


def test_a_commit_through_another_pool_is_heard(
    shelf: Database, listener: Listener, database_address: str
) -> None:
    drained(listener)
    with open_database(database_address) as other:
        put(other, "upper")
        assert hears(listener)


def test_a_commit_of_another_process_is_heard(
    shelf: Database, listener: Listener, database_address: str
) -> None:
    drained(listener)
    subprocess.run([sys.executable, "-c", ELSEWHERE, database_address], check=True, timeout=60)  # noqa: S603
    assert hears(listener)
    assert count(shelf) == 1


def test_a_wait_that_is_under_way_ends_when_the_word_comes(shelf: Database, listener: Listener) -> None:
    drained(listener)
    late = threading.Timer(0.3, put, (shelf, "upper"))
    began = time.monotonic()
    late.start()
    try:
        assert hears(listener)
        assert time.monotonic() - began < SECONDS / 2
    finally:
        late.join()


def test_a_word_said_between_two_waits_is_not_lost(shelf: Database, listener: Listener) -> None:
    for number in range(20):
        put(shelf, f"shelf {number}")
        assert hears(listener)


def test_what_is_heard_can_be_read(shelf: Database, listener: Listener) -> None:
    """A word comes after the commit, never before it: else the reader would look in vain, and wait on."""
    drained(listener)

    def put_many() -> None:
        for number in range(50):
            put(shelf, f"shelf {number}")

    thread = threading.Thread(target=put_many)
    thread.start()
    try:
        ends = time.monotonic() + SECONDS
        while count(shelf) < 50 and time.monotonic() < ends:
            assert hears(listener)
        assert count(shelf) == 50
    finally:
        thread.join()


def test_nobody_is_told_of_what_was_rolled_back(shelf: Database, listener: Listener) -> None:
    drained(listener)

    def put_and_fail() -> None:
        with shelf.transaction() as connection:
            connection.execute(insert(SHELF).values(name="upper"))
            announce(connection, CHANNEL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put_and_fail()
    assert not listener.wait(0.2)


def test_without_a_word_waiting_takes_its_time_and_no_longer(shelf: Database, listener: Listener) -> None:
    drained(listener)
    began = time.monotonic()
    assert not listener.wait(0.4)
    assert 0.35 <= time.monotonic() - began < SECONDS / 2


def test_closing_ends_a_wait_of_another_thread(shelf: Database) -> None:
    listener = drained(shelf.listen(CHANNEL))
    said: list[bool] = []
    waiting = threading.Thread(target=lambda: said.append(listener.wait(SECONDS * 3)))
    waiting.start()
    listener.close()
    waiting.join(SECONDS)
    assert said == [False]


def test_two_listeners_are_both_told(shelf: Database, listener: Listener) -> None:
    other = shelf.listen(CHANNEL)
    try:
        drained(listener)
        drained(other)
        put(shelf, "upper")
        assert hears(listener)
        assert hears(other)
    finally:
        other.close()


def test_a_database_in_memory_tells_its_own_process() -> None:
    with open_database("sqlite://") as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
        listener = drained(database.listen(CHANNEL))
        put(database, "upper")
        assert listener.wait(0)
        listener.close()


@pytest.mark.postgres
def test_a_word_of_another_channel_is_not_heard_on_postgresql(postgresql_address: str) -> None:
    with open_database(postgresql_address) as database:
        listener = drained(database.listen(CHANNEL))
        with database.transaction() as connection:
            announce(connection, "another_channel")
        assert not listener.wait(0.2)
        listener.close()


@pytest.mark.postgres
def test_a_connection_that_was_cut_is_made_anew_and_nothing_is_missed(postgresql_address: str) -> None:
    """What was said while the line was cut is told of by a word of the new line."""
    with open_database(postgresql_address) as database:
        with database.transaction() as connection:
            METADATA.create_all(connection)
        listener = drained(database.listen(CHANNEL))
        with database.transaction() as connection:
            cut = text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
            assert connection.execute(cut).all() == [(True,)]
        put(database, "while the line was cut")
        assert hears(listener)
        drained(listener)
        put(database, "after it")
        assert hears(listener)
        listener.close()
