"""The steps that lead to the room's tables."""

from pathlib import Path

from rahdari.credentials.schema import metadata
from rahdari.database import RoomMigrations

MIGRATIONS = RoomMigrations(room="credentials", metadata=metadata, folder=Path(__file__).parent)
