"""One open database: transactions that end well or not at all."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text

from rahdari.database.engine import Mode, is_memory, make_engine, options_of, place_of
from rahdari.database.errors import Locked
from rahdari.database.failures import named_failures
from rahdari.database.notices import Bell, Listener, listen

# Longer than any transaction of ours takes, shorter than a person's patience.
LOCK_WAIT_SECONDS = 5.0


def open_database(address: str, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS) -> "Database":
    """Open the database of an address. It is first touched by the first transaction.

    Args:
        address: ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``sqlite://`` (in memory, gone with
            the process) or ``postgresql://user@host/name``.
        lock_wait_seconds: how long a transaction waits for another one before it is ``Locked`` out.

    Raises:
        BadAddress: the address names no engine of ours.
    """
    return Database(make_engine(address, lock_wait_seconds), lock_wait_seconds)


class Database:
    """Gives out transactions. May be shared by threads; each transaction belongs to one thread.

    On both engines ``transaction`` is durable when it returns and keeps nothing when it raises, and
    ``reading`` sees one snapshot and cannot write. No exception of a driver leaves either.
    """

    def __init__(self, engine: Engine, lock_wait_seconds: float) -> None:
        """Take over an engine; ``open_database`` is the usual way."""
        self._engine = engine
        self._wait_seconds = lock_wait_seconds
        # A database in memory is one connection: its transactions take turns.
        self._turn = Lock() if is_memory(engine.url) else None
        self._by_mode = {mode: engine.execution_options(**options_of(mode, engine)) for mode in Mode}
        self._bell = Bell()
        self.place = place_of(engine.url)

    @property
    def is_postgresql(self) -> bool:
        """Tell whether the engine is PostgreSQL; else it is SQLite."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def transaction(self, *, lock: str | None = None) -> Iterator[Connection]:
        """Write: commit at the end of the block, roll back on any exception.

        Args:
            lock: on PostgreSQL, let in one transaction of this name at a time, from here to its end, across
                all processes. SQLite has one writer anyway.

        Raises:
            DatabaseFailed: one of its leaves; nothing was kept.
        """
        with self._opened(Mode.WRITE) as connection:
            if lock is not None:
                self.take(connection, lock)
            yield connection
        self._bell.ring()

    def listen(self, channel: str) -> Listener:
        """Listen for what ``announce`` tells on ``channel``, in this process or another.

        A database that cannot be reached is no error: the listener keeps trying, and says True once it is there.
        """
        return listen(self._engine, channel, self._bell, is_private=is_memory(self._engine.url))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one snapshot; never waits for a writer, and an attempt to write is refused.

        Raises:
            DatabaseFailed: one of its leaves.
        """
        with self._opened(Mode.READ) as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Change tables: the only writer, and foreign keys wait while tables are rebuilt (SQLite)."""
        with self._opened(Mode.MIGRATE) as connection:
            self.take(connection, "migrations")
            yield connection

    def close(self) -> None:
        """Give every connection back. The next transaction would open new ones."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _opened(self, mode: Mode) -> Iterator[Connection]:
        with self._taking_turns(), named_failures(self.place), self._by_mode[mode].begin() as connection:
            yield connection

    def _taking_turns(self) -> AbstractContextManager[None]:
        return nullcontext() if self._turn is None else self._one_turn(self._turn)

    @contextmanager
    def _one_turn(self, turn: Lock) -> Iterator[None]:
        if not turn.acquire(timeout=self._wait_seconds):
            raise Locked(f"{self.place} is in use by another transaction of this process; try again")
        try:
            yield
        finally:
            turn.release()

    def take(self, connection: Connection, name: str) -> None:
        """Take a further lock within a writing transaction, until its end, as ``transaction`` takes the first.

        Of two locks, every caller must take the same one first.
        """
        if self.is_postgresql:
            digest = hashlib.sha256(b"rahdari lock " + name.encode()).digest()
            key = int.from_bytes(digest[:8], "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
