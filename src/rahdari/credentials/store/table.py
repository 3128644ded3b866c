"""What the parts of the store have alike."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Table

T = TypeVar("T")

# SQLite binds at most 32,766 values a statement and PostgreSQL 65,535; small lists also keep plans in cache.
VALUES_MAX = 500


class Part:
    """A part of the store, on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work on an open transaction."""
        self._connection = connection


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime | None) -> int | None:
    """Write an instant as ``EpochMicroseconds`` does, for ``insert_rows`` and ``run_many``."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows of values as they are stored, each in the order of the table's columns.

    The driver's own statement: a bulk issue writes four rows a card, and three quarters of the time of an
    insert through SQLAlchemy went into preparing its parameters.
    """
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    marks = ", ".join("?" for _ in table.columns)
    run_many(connection, f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", rows)  # noqa: S608


def run_many(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> int:
    """Run a statement of our own (its values marked ``?``) for each row; tell how many rows it touched."""
    if not rows:
        return 0
    marked = statement if connection.dialect.paramstyle == "qmark" else statement.replace("?", "%s")
    return int(connection.exec_driver_sql(marked, list(rows)).rowcount)


def in_slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut ``values`` so that each slice fits into one statement."""
    for at in range(0, len(values), VALUES_MAX):
        yield values[at : at + VALUES_MAX]
