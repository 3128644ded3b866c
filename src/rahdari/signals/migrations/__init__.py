"""The steps that lead to this room's tables."""

from pathlib import Path

from rahdari.database import RoomMigrations
from rahdari.signals.schema import METADATA

MIGRATIONS = RoomMigrations("signals", METADATA, Path(__file__).parent)
