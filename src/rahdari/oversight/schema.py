"""The room's tables."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, text

from rahdari.database import EpochMicroseconds, Json, room_metadata

METADATA = room_metadata()

_IS_LOCATED = text("latitude IS NOT NULL")

USE = Table(
    "oversight_use",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("card", Text),
    Column("institution", Text, nullable=False),
    Column("at", EpochMicroseconds, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("place", Text),
    Column("latitude", Float(53)),
    Column("longitude", Float(53)),
    Column("channel", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Index("ix_oversight_use_card_at", "card", "at"),
    Index("ix_oversight_use_at", "at"),
    # Only uses that tell where, by institution: a flood of one institution is stepped over, not read.
    Index(
        "ix_oversight_use_located",
        "card",
        "institution",
        "at",
        "id",
        sqlite_where=_IS_LOCATED,
        postgresql_where=_IS_LOCATED,
    ),
)

# For which ages an institution has asked of a card: how many it may ask for is counted, the answers are not kept.
AGE = Table(
    "oversight_age",
    METADATA,
    Column("card", Text, primary_key=True),
    Column("institution", Text, primary_key=True),
    Column("age", Integer, primary_key=True, autoincrement=False),
    Column("at", EpochMicroseconds, nullable=False),
    Index("ix_oversight_age_at", "at"),
    sqlite_with_rowid=False,
)

_IS_OPEN = text("state = 'open'")

FLAG = Table(
    "oversight_flag",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", EpochMicroseconds, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("evidence_count", Integer, nullable=False),
    Column("is_logged", Boolean, nullable=False),
    Column("ground", Text),
    Column("note", Text),
    Column("decided_by", Text),
    Column("decided_at", EpochMicroseconds),
    Index("ix_oversight_flag_opened_at", "opened_at"),
    # One open flag of a kind on a subject, kept by the engine whatever two processes do at once.
    Index(
        "uq_oversight_flag_open",
        "subject",
        "kind",
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    ),
)

# A clue is 64 bits of a keyed hash: without the key it tells nothing of the holder, and a collision costs no
# more than one comparison in vain.
CLUE = Table(
    "oversight_clue",
    METADATA,
    Column("clue", BigInteger, primary_key=True, autoincrement=False),
    Column("holder", Text, primary_key=True),
    sqlite_with_rowid=False,
)
