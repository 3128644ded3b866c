"""The steps that lead to this room's tables."""

from pathlib import Path

from rahdari.access.schema import METADATA
from rahdari.database import RoomMigrations

MIGRATIONS = RoomMigrations("access", METADATA, Path(__file__).parent)
