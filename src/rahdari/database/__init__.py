"""Connections, transactions and migrations, alike on SQLite and PostgreSQL. This room owns no table.

Example:
    >>> from sqlalchemy import Column, Table, Text, insert, select
    >>> from rahdari.database import open_database, room_metadata
    >>> metadata = room_metadata()
    >>> shelf = Table("example_shelf", metadata, Column("name", Text, primary_key=True))
    >>> with open_database("sqlite://") as database:
    ...     with database.transaction() as connection:
    ...         metadata.create_all(connection)
    ...         _ = connection.execute(insert(shelf).values(name="upper"))
    ...     with database.reading() as connection:
    ...         connection.execute(select(shelf.c.name)).scalar_one()
    'upper'
"""

from rahdari.database.columns import EpochMicroseconds, Json, RowNumber, room_metadata
from rahdari.database.connections import Database, open_database
from rahdari.database.errors import (
    BadAddress,
    Conflict,
    Damaged,
    DatabaseFailed,
    Full,
    Locked,
    OutOfDate,
    Unreachable,
)
from rahdari.database.failures import named_failures
from rahdari.database.migrations import (
    RoomMigrations,
    is_current,
    migrate,
    require_current,
    write_revision,
)
from rahdari.database.notices import Listener, announce

__all__ = [
    "BadAddress",
    "Conflict",
    "Damaged",
    "Database",
    "DatabaseFailed",
    "EpochMicroseconds",
    "Full",
    "Json",
    "Listener",
    "Locked",
    "OutOfDate",
    "RoomMigrations",
    "RowNumber",
    "Unreachable",
    "announce",
    "is_current",
    "migrate",
    "named_failures",
    "open_database",
    "require_current",
    "room_metadata",
    "write_revision",
]
