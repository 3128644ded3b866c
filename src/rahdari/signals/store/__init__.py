"""Streams, subjects and notices in SQL."""

from sqlalchemy import Connection

from rahdari.signals.store.notices import NoticeTable
from rahdari.signals.store.streams import StreamTable

__all__ = ["FAN_OUT_LOCK", "SqlStore"]

# One fan-out at a time in all processes, so that the orders of a stream have no gaps.
FAN_OUT_LOCK = "signals fan-out"


class SqlStore(StreamTable, NoticeTable):
    """``ports.Store`` on a connection whose transaction the caller opened and ends."""

    def __init__(self, connection: Connection) -> None:
        """Work on this connection."""
        self._connection = connection
