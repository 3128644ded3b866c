"""Which of the drivers' codes becomes which of our failures."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from rahdari.database import Conflict, Damaged, DatabaseFailed, Full, Locked, OutOfDate, Unreachable
from rahdari.database.failures import name_failure

SECRET = "a-value-nobody-may-read"


def of_postgresql(state: str) -> psycopg.Error:
    failure = psycopg.errors.lookup(state)(f"something about {SECRET}")
    assert failure.sqlstate == state
    return failure


def of_sqlite(code: int, sentence: str = f"something about {SECRET}") -> sqlite3.Error:
    failure = sqlite3.OperationalError(sentence)
    failure.sqlite_errorcode = code
    return failure


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ("08006", Unreachable),
        ("28P01", Unreachable),
        ("3D000", Unreachable),
        ("53300", Unreachable),
        ("57P01", Unreachable),
        ("53100", Full),
        ("55P03", Locked),
        ("40001", Conflict),
        ("40P01", Conflict),
        ("23505", Conflict),
        ("42P01", OutOfDate),
        ("42703", OutOfDate),
        ("XX001", Damaged),
        ("22001", AssertionError),
        ("42601", AssertionError),
    ],
)
def test_a_state_of_postgresql_has_its_name(state: str, named: type[Exception]) -> None:
    failure = name_failure(of_postgresql(state), "the database")
    assert type(failure) is named
    assert SECRET not in str(failure)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (sqlite3.SQLITE_BUSY, Locked),
        (sqlite3.SQLITE_BUSY_RECOVERY, Locked),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Conflict),
        (sqlite3.SQLITE_LOCKED, Locked),
        (sqlite3.SQLITE_FULL, Full),
        (sqlite3.SQLITE_CORRUPT_VTAB, Damaged),
        (sqlite3.SQLITE_NOTADB, Damaged),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, Unreachable),
        (sqlite3.SQLITE_IOERR_READ, Unreachable),
        (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, Conflict),
        (sqlite3.SQLITE_MISUSE, AssertionError),
        (sqlite3.SQLITE_ERROR, AssertionError),
    ],
)
def test_a_code_of_sqlite_has_its_name(code: int, named: type[Exception]) -> None:
    failure = name_failure(of_sqlite(code, "FOREIGN KEY constraint failed"), "the database")
    assert type(failure) is named


def test_a_race_that_was_lost_names_no_constraint_so_that_it_can_be_run_again() -> None:
    for lost in (of_postgresql("40001"), of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT)):
        failure = name_failure(lost, "the database")
        assert isinstance(failure, Conflict)
        assert failure.constraint is None


def test_a_key_of_two_columns_is_named_as_postgresql_names_it() -> None:
    sentence = "UNIQUE constraint failed: access_token.principal, access_token.name"
    failure = name_failure(of_sqlite(sqlite3.SQLITE_CONSTRAINT_UNIQUE, sentence), "the database")
    assert isinstance(failure, Conflict)
    assert failure.constraint == "uq_access_token_principal_name"


def test_a_column_that_may_not_be_empty_is_named() -> None:
    sentence = "NOT NULL constraint failed: access_token.name"
    failure = name_failure(of_sqlite(sqlite3.SQLITE_CONSTRAINT_NOTNULL, sentence), "the database")
    assert isinstance(failure, Conflict)
    assert failure.constraint == "access_token.name"


def test_a_connection_that_was_cut_without_a_word_is_unreachable() -> None:
    assert isinstance(name_failure(psycopg.OperationalError("cut"), "the database"), Unreachable)


def test_no_free_connection_is_told_as_a_busy_database() -> None:
    assert isinstance(name_failure(PoolTimeoutError("limit"), "the database"), Locked)


def test_what_nobody_foresaw_is_our_own_defect() -> None:
    for unforeseen in (ArgumentError(SECRET), sqlite3.ProgrammingError(SECRET), psycopg.DataError(SECRET)):
        failure = name_failure(unforeseen, "the database")
        assert type(failure) is AssertionError
        assert SECRET not in str(failure)


def test_every_failure_has_a_code_of_this_room() -> None:
    leaves = DatabaseFailed.__subclasses__()
    assert len({leaf.code for leaf in leaves}) == len(leaves) == 6
    assert all(leaf.code.startswith("database.") for leaf in leaves)
