"""Turns a driver's exception into one of ours, keeping names and dropping values."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from rahdari.database.errors import Conflict, Damaged, DatabaseFailed, Full, Locked, OutOfDate, Unreachable

_Kind: TypeAlias = type[DatabaseFailed]

# The primary result codes of SQLite (https://www.sqlite.org/rescode.html): the low byte of the extended code.
_OF_SQLITE: dict[int, _Kind] = {
    sqlite3.SQLITE_BUSY: Locked,
    sqlite3.SQLITE_LOCKED: Locked,
    sqlite3.SQLITE_FULL: Full,
    sqlite3.SQLITE_CORRUPT: Damaged,
    sqlite3.SQLITE_NOTADB: Damaged,
    sqlite3.SQLITE_FORMAT: Damaged,
    sqlite3.SQLITE_CANTOPEN: Unreachable,
    sqlite3.SQLITE_READONLY: Unreachable,
    sqlite3.SQLITE_PERM: Unreachable,
    sqlite3.SQLITE_AUTH: Unreachable,
    sqlite3.SQLITE_IOERR: Unreachable,
    sqlite3.SQLITE_NOMEM: Unreachable,
    sqlite3.SQLITE_PROTOCOL: Locked,
    sqlite3.SQLITE_SCHEMA: OutOfDate,
}

# SQLSTATE of PostgreSQL (its manual, appendix A); the longest prefix that fits decides.
_OF_POSTGRESQL: dict[str, _Kind] = {
    "08": Unreachable,  # connection exception
    "22P05": Unreachable,  # the server's encoding cannot hold our text
    "25006": Unreachable,  # read-only transaction, a standby server among others
    "28": Unreachable,  # invalid authorisation
    "3D000": Unreachable,  # no such database
    "3F000": OutOfDate,  # no such schema
    "42501": Unreachable,  # insufficient privilege
    "42703": OutOfDate,  # undefined column
    "42P01": OutOfDate,  # undefined table
    "53": Unreachable,  # insufficient resources
    "53100": Full,  # disk full
    "55P03": Locked,  # lock not available
    "57": Unreachable,  # operator intervention: shutdown, crash, cancelled
    "58": Unreachable,  # system error
    "XX001": Damaged,  # data corrupted
    "XX002": Damaged,  # index corrupted
}
# Losers of a race, who may try again: serialization failure, deadlock.
_RACES = frozenset({"40001", "40P01"})
_INTEGRITY = "23"

_SENTENCES: dict[_Kind, str] = {
    Locked: "{place} is locked by another process, and waiting did not help; nothing was changed. "
    "Let the other process finish or stop it, then try again",
    Full: "{place} has no room left on its disk; nothing was changed. Free some space, then try again",
    Unreachable: "{place} cannot be reached, opened or written to; nothing was changed. "
    "Check that it runs, that the address is right and that this account may write there",
    Damaged: "{place} is not a database of Rahdari or is damaged; nothing was changed. "
    "Check the path, or restore the last backup",
    OutOfDate: "{place} lacks a table or column this program needs; nothing was changed. "
    "Run the migrations of this version, then try again",
}


@contextmanager
def named_failures(place: str = "the database") -> Iterator[None]:
    """Run the block; a driver's exception leaves it as a ``DatabaseFailed``, without its values.

    Raises:
        DatabaseFailed: one of its leaves.
        AssertionError: for a statement no engine takes: our own defect.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, psycopg.Error) as failure:
        # "from None": the driver's message quotes rows, and a traceback would print it.
        raise name_failure(failure, place) from None


def name_failure(failure: Exception, place: str) -> DatabaseFailed | AssertionError:
    """Name what happened by the engine's numeric code; the engine's sentences are never parsed for it."""
    if isinstance(failure, PoolTimeoutError):
        return Locked(f"every connection to {place} is in use; nothing was changed. Try again in a moment")
    cause: object = failure.orig if isinstance(failure, DBAPIError) else failure
    named: DatabaseFailed | None = None
    if isinstance(cause, sqlite3.Error):
        named = _name_sqlite(cause, place)
    elif isinstance(cause, psycopg.Error):
        named = _name_postgresql(cause, place)
    return named or AssertionError(
        f"{place} refused a statement of this program ({type(cause).__name__}); "
        "this is a defect of the program, please report it"
    )


def _name_sqlite(failure: sqlite3.Error, place: str) -> DatabaseFailed | None:
    extended = getattr(failure, "sqlite_errorcode", None)
    if extended is None:
        return None
    if extended & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        return _conflict(place, _sqlite_constraint(failure, extended))
    if extended == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return _lost_race(place)
    if extended == sqlite3.SQLITE_ERROR and _is_missing(failure):
        return _of(OutOfDate, place)
    kind = _OF_SQLITE.get(extended & 0xFF)
    return _of(kind, place) if kind else None


def _is_missing(failure: sqlite3.Error) -> bool:
    # The one exception to "codes, not sentences": SQLite has no code for a missing table or column.
    return bool(re.match(r"no such (table|column)|table \S+ has no column named", str(failure)))


def _sqlite_constraint(failure: sqlite3.Error, extended: int) -> str | None:
    """Name the constraint as PostgreSQL would, from "UNIQUE constraint failed: table.column, ..."."""
    _, _, tail = str(failure).partition("constraint failed: ")
    columns = [part.split(".", 1) for part in tail.split(", ") if "." in part]
    if not columns:
        return tail or None  # CHECK: SQLite gives the name itself; FOREIGN KEY: it gives none
    table = columns[0][0]
    names = "_".join(column for _, column in columns)
    by_code: dict[int, Callable[[], str]] = {
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: lambda: f"pk_{table}",
        sqlite3.SQLITE_CONSTRAINT_ROWID: lambda: f"pk_{table}",
        sqlite3.SQLITE_CONSTRAINT_UNIQUE: lambda: f"uq_{table}_{names}",
    }
    return by_code.get(extended, lambda: f"{table}.{names}")()


def _name_postgresql(failure: psycopg.Error, place: str) -> DatabaseFailed | None:
    state = failure.sqlstate or ""
    if state.startswith(_INTEGRITY):
        return _conflict(place, failure.diag.constraint_name)
    if state in _RACES:
        return _lost_race(place)
    if not state:
        # libpq could not even ask: no server, no socket, connection cut.
        return _of(Unreachable, place) if isinstance(failure, psycopg.OperationalError) else None
    kind = _OF_POSTGRESQL.get(state) or _OF_POSTGRESQL.get(state[:2])
    return _of(kind, place) if kind else None


def _of(kind: _Kind, place: str) -> DatabaseFailed:
    sentence = _SENTENCES[kind].format(place=place)
    return kind(sentence[0].upper() + sentence[1:])


def _conflict(place: str, constraint: str | None) -> Conflict:
    name = constraint or "a foreign key"
    return Conflict(
        f"what was to be written to {place} contradicts what is there ({name}); nothing was changed. "
        "Look up what exists, correct the request, then try again",
        constraint or "unnamed",
    )


def _lost_race(place: str) -> Conflict:
    return Conflict(f"another transaction of {place} came first; nothing was changed. Try again")
