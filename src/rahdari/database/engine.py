"""How each engine is opened: what durability, isolation and waiting mean on it."""

import os
import sqlite3
import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from rahdari.database.errors import BadAddress

MODE = "rahdari_mode"
_WAL_PAUSE_SECONDS: Final = 0.01

# A process that does not answer in this time is gone; the caller is a person or a request that waits.
CONNECT_SECONDS = 10

# A server that vanished without a word is noticed after 10 + 3 x 5 seconds, also by who only listens to it
# (https://www.postgresql.org/docs/current/libpq-connect.html; without effect on a Unix socket).
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


class Mode(StrEnum):
    """What a transaction is for."""

    WRITE = "write"
    READ = "read"
    MIGRATE = "migrate"


# IMMEDIATE takes the write lock at once: a deferred transaction that turns into a writer can deadlock with
# another one, and SQLite then fails it without waiting (https://www.sqlite.org/lang_transaction.html, 2.2).
# A table is rebuilt with foreign keys off, or dropping the old one would delete what refers to it
# (https://www.sqlite.org/lang_altertable.html, 7); this pragma does nothing inside a transaction.
_SQLITE_BEGIN: dict[Mode, tuple[str, ...]] = {
    Mode.WRITE: ("PRAGMA query_only=OFF", "PRAGMA foreign_keys=ON", "BEGIN IMMEDIATE"),
    Mode.READ: ("PRAGMA query_only=ON", "BEGIN DEFERRED"),
    Mode.MIGRATE: ("PRAGMA query_only=OFF", "PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE"),
}


def make_engine(address: str, lock_wait_seconds: float) -> Engine:
    """Make the engine for an address; nothing is opened yet.

    Raises:
        BadAddress: neither SQLite nor PostgreSQL, or not an address at all.
    """
    url = _parsed(address)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, lock_wait_seconds)
    return _postgresql_engine(url, lock_wait_seconds)


def options_of(mode: Mode, engine: Engine) -> dict[str, object]:
    """Tell what a transaction of this mode asks of the engine."""
    if engine.dialect.name == "sqlite":
        return {MODE: mode}
    if mode is Mode.READ:
        # One snapshot for all statements of the block, as SQLite gives it.
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {"isolation_level": "READ COMMITTED"}


def is_memory(url: URL) -> bool:
    """Tell whether the database lives in this process alone."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def place_of(url: URL) -> str:
    """Describe the database for a message: never a password."""
    if is_memory(url):
        return "the database in memory"
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    host = url.host or url.query.get("host") or "the default socket"
    return f"the PostgreSQL database {url.database} at {host}"


def _parsed(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        url = None
    # "postgres" is how many hosting services spell it.
    driver = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg",
              "postgresql+psycopg": "postgresql+psycopg"}.get(url.drivername if url else "")  # fmt: skip
    if url is None or driver is None:
        raise BadAddress(
            "the database address starts with neither sqlite:/// nor postgresql://; "
            "write sqlite:///rahdari.db or postgresql://user@host/name"
        )
    return url.set(drivername=driver)


def _sqlite_engine(url: URL, lock_wait_seconds: float) -> Engine:
    # check_same_thread: connections wander between the threads of the server, one at a time.
    arguments = {"timeout": lock_wait_seconds, "check_same_thread": False}
    if is_memory(url):
        engine = create_engine(url, connect_args=arguments, poolclass=StaticPool, hide_parameters=True)
    else:
        engine = create_engine(
            url, connect_args=arguments, pool_timeout=max(lock_wait_seconds, 1), hide_parameters=True
        )
        event.listen(engine, "do_connect", lambda *_: _make_private(Path(str(url.database))))
    event.listen(engine, "connect", partial(_prepare_sqlite, lock_wait_seconds))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Make the file readable by its owner only; SQLite gives its journal files the same mode."""
    if path.parent.is_dir() and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(lock_wait_seconds: float, driver: DBAPIConnection, _record: object) -> None:
    # Take the transactions over from the driver (SQLAlchemy 2.1, SQLite dialect, "Using SQLAlchemy to
    # emit BEGIN in lieu of SQLite's transaction control").
    driver.isolation_level = None
    cursor = driver.cursor()
    _go_over_to_wal(cursor, lock_wait_seconds)
    # FULL: a commit is on the disk when it returns, also when the power fails in the next moment.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _go_over_to_wal(cursor: DBAPICursor, lock_wait_seconds: float) -> None:
    """Write ahead from now on. A new file is changed once, and whoever comes in that moment comes again.

    SQLite does not wait for its own timeout where two want to go over together (C API, sqlite3_busy_handler: where
    waiting could end in a deadlock, nobody is asked to).
    """
    until = time.monotonic() + lock_wait_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as failure:
            if failure.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_WAL_PAUSE_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # The driver's own cursor: three statements that way cost a tenth of one statement through SQLAlchemy.
    mode = connection.get_execution_options().get(MODE, Mode.WRITE)
    cursor = connection.connection.cursor()
    for statement in _SQLITE_BEGIN[mode]:
        cursor.execute(statement)
    cursor.close()


def _postgresql_engine(url: URL, lock_wait_seconds: float) -> Engine:
    wanted = {"connect_timeout": CONNECT_SECONDS, **_ALIVE}
    arguments = {name: value for name, value in wanted.items() if name not in url.query}
    engine = create_engine(
        url,
        connect_args=arguments,
        pool_pre_ping=True,  # a server that was restarted costs a new connection, not a failed request
        pool_timeout=max(lock_wait_seconds, 1),
        hide_parameters=True,
    )
    wait_milliseconds = int(lock_wait_seconds * 1000)

    def prepare(driver: DBAPIConnection, _record: object) -> None:
        cursor = driver.cursor()
        cursor.execute(f"SET lock_timeout = {wait_milliseconds}")
        cursor.close()
        driver.commit()

    event.listen(engine, "connect", prepare)
    return engine
