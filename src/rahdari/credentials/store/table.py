"""What the parts of the store have alike."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

# SQLite binds at most 32,766 values a statement and PostgreSQL 65,535; small lists also keep plans in cache.
VALUES_MAX = 500


class Part:
    """A part of the store, on one connection."""

    def __init__(self, connection: Connection) -> None:
        """Work on an open transaction."""
        self._connection = connection


def in_slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut ``values`` so that each slice fits into one statement."""
    for at in range(0, len(values), VALUES_MAX):
        yield values[at : at + VALUES_MAX]
