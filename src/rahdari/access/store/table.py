"""What each part of the store works on."""

from sqlalchemy import Connection


class Part:
    """One part of the store, on a connection whose transaction the caller opened and ends."""

    def __init__(self, connection: Connection) -> None:
        """Work on this connection."""
        self._connection = connection
