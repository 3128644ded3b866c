"""SQL of the room's own tables, on SQLite and PostgreSQL alike."""

from sqlalchemy import Connection

from rahdari.credentials.store.audit import AuditTable
from rahdari.credentials.store.cards import CardTable
from rahdari.credentials.store.holders import HolderTable
from rahdari.credentials.store.keys import KeyTable
from rahdari.credentials.store.status import StatusTable
from rahdari.credentials.store.stream import StreamTable

__all__ = ["REGISTER_LOCK", "SqlStore"]

REGISTER_LOCK = "credentials"
"""Writers take this lock when their transaction opens: the log has one writer at a time."""


class SqlStore(HolderTable, CardTable, StatusTable, StreamTable, AuditTable, KeyTable):
    """The register within one transaction that its caller opened and will end.

    Every promise of ``ports.store.Store``; a writing transaction must hold ``REGISTER_LOCK``.
    """

    def __init__(self, connection: Connection) -> None:
        """Work on an open transaction."""
        super().__init__(connection)
