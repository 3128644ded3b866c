"""SQL of the room's own tables, on SQLite and PostgreSQL alike."""

from sqlalchemy import Connection

from rahdari.access.store.ceremonies import CeremonyTable
from rahdari.access.store.passkeys import PasskeyTable
from rahdari.access.store.principals import PrincipalTable
from rahdari.access.store.sessions import SessionTable

__all__ = ["SqlStore"]


class SqlStore(PrincipalTable, CeremonyTable, PasskeyTable, SessionTable):
    """``ports.Store`` on a connection whose transaction the caller opened and ends."""

    def __init__(self, connection: Connection) -> None:
        """Work on this connection."""
        super().__init__(connection)
