"""The steps that lead to this room's tables."""

from pathlib import Path

from rahdari.database import RoomMigrations
from rahdari.oversight.schema import METADATA

MIGRATIONS = RoomMigrations("oversight", METADATA, Path(__file__).parent)
