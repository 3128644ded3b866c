"""The steps that lead to this room's tables."""

from pathlib import Path

from rahdari.database import RoomMigrations
from rahdari.exchange.schema import METADATA

MIGRATIONS = RoomMigrations("exchange", METADATA, Path(__file__).parent)
