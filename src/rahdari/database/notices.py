"""Telling other processes that something was committed, and waiting to be told: no broker, only the database."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

# SQLite tells nobody of a commit in another process; looking at one number costs some 3 microseconds.
POLL_SECONDS: Final = 0.025
# Between attempts to reach a server that went away, and how long one listening goes on before it is looked
# whether it should end.
_RETRY_SECONDS: Final = 0.5
_SLICE_SECONDS: Final = 0.25


def announce(connection: Connection, channel: str) -> None:
    """Tell the listeners of ``channel`` in every process, at the instant this transaction is committed.

    Nobody is told of a transaction that is rolled back. On SQLite a listener sees every commit by itself.
    """
    if connection.dialect.name == "postgresql":
        # https://www.postgresql.org/docs/current/sql-notify.html: delivered at commit, equal ones once.
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


class Listener(Protocol):
    """Waits for commits. Belongs to one thread; ``close`` may come from any.

    Nothing is missed: what was committed after ``listen`` returned makes a ``wait`` that is under way, or
    the next one, give True. True may be said without a reason; whoever waits looks at the tables.
    """

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds``; True as soon as something may have been announced."""
        ...

    def close(self) -> None:
        """Stop listening; a ``wait`` that is under way ends first, and soon."""
        ...


class Bell:
    """Rings the listeners of this process after each commit of it."""

    def __init__(self) -> None:
        """Begin with nobody to ring for."""
        self._rung: set[threading.Event] = set()

    def ring(self) -> None:
        """Wake all that listen."""
        for one in tuple(self._rung):
            one.set()

    def join(self, event: threading.Event) -> None:
        """Set ``event`` by every ring from now on."""
        self._rung = {*self._rung, event}

    def leave(self, event: threading.Event) -> None:
        """Set it no longer."""
        self._rung = self._rung - {event}


def listen(engine: Engine, channel: str, bell: Bell, *, is_private: bool) -> Listener:
    """Begin to listen; ``is_private`` says that no other process can write to this database."""
    if engine.dialect.name == "postgresql":
        return _PostgresqlListener(lambda: _own_postgresql(engine, channel))
    if is_private:
        return _SqliteListener(bell, None)
    return _SqliteListener(bell, lambda: _own_sqlite(engine))


class _SqliteListener:
    """Hears the bell of this process at once, and looks for commits of others a few dozen times a second."""

    def __init__(self, bell: Bell, connect: Callable[[], sqlite3.Connection] | None) -> None:
        self._bell = bell
        self._rung = threading.Event()
        self._is_closed = False
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._version = self._look()
        self._waiting = threading.Lock()
        bell.join(self._rung)

    def wait(self, seconds: float) -> bool:
        with self._waiting:
            return self._wait(seconds)

    def _wait(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while not self._is_closed:
            left = ends - time.monotonic()
            if self._rung.wait(max(0.0, min(left, POLL_SECONDS if self._connect else _SLICE_SECONDS))):
                self._rung.clear()
                self._version = self._look()
                return not self._is_closed
            if (version := self._look()) != self._version:
                self._version = version
                return True
            if left <= 0:
                break
        return False

    def close(self) -> None:
        self._is_closed = True
        self._bell.leave(self._rung)
        self._rung.set()
        with self._waiting:
            self._disconnect()

    def _look(self) -> int:
        """Read a number that every commit of another connection changes; -1 while the file cannot be read."""
        if self._connect is None:
            return 0
        try:
            self._connection = self._connection or self._connect()
            # https://www.sqlite.org/pragma.html#pragma_data_version
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except (sqlite3.Error, SQLAlchemyError):
            self._disconnect()
            return -1

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _PostgresqlListener:
    """Holds one connection that LISTENs; where it breaks, another one is made, and a True tells of the gap."""

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        self._connect = connect
        self._connection: psycopg.Connection | None = None
        self._closed = threading.Event()
        self._waiting = threading.Lock()
        self._reconnect()

    def wait(self, seconds: float) -> bool:
        with self._waiting:
            return self._wait(seconds)

    def _wait(self, seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while not self._closed.is_set():
            left = ends - time.monotonic()
            if self._connection is None:
                if self._reconnect():
                    return True
                self._closed.wait(max(0.0, min(_RETRY_SECONDS, left)))
            elif self._hear(max(0.0, min(_SLICE_SECONDS, left))):
                return True
            if left <= 0:
                break
        return False

    def close(self) -> None:
        self._closed.set()
        with self._waiting:
            self._disconnect()

    def _hear(self, seconds: float) -> bool:
        if self._connection is None:
            raise AssertionError("nothing is heard without a connection")
        try:
            return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            self._disconnect()
            return False

    def _reconnect(self) -> bool:
        try:
            self._connection = self._connect()
        except (psycopg.Error, SQLAlchemyError):
            return False
        return True

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _own_sqlite(engine: Engine) -> sqlite3.Connection:
    driver = _own(engine)
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("SQLite is spoken to by its own driver")
    return driver


def _own_postgresql(engine: Engine, channel: str) -> psycopg.Connection:
    driver = _own(engine)
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("PostgreSQL is spoken to by psycopg")
    driver.autocommit = True
    driver.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
    return driver


def _own(engine: Engine) -> object:
    """Open a connection that never goes back into the pool."""
    pooled = engine.raw_connection()
    driver = pooled.driver_connection
    pooled.detach()
    return driver
