"""The room's tables."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from rahdari.database import EpochMicroseconds, Json, RowNumber, room_metadata

METADATA = room_metadata()

STREAM = Table(
    "signals_stream",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("institution", Text, nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("url", Text),
    Column("authorization", Text),
    Column("kinds", Json, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text),
    Column("secret", LargeBinary),
    Column("former_secret", LargeBinary),
    Column("former_until", EpochMicroseconds),
    Column("created_at", EpochMicroseconds, nullable=False),
)

# What changes with every delivery stands apart from what hardly ever changes.
PROGRESS = Table(
    "signals_progress",
    METADATA,
    Column("stream", Text, ForeignKey("signals_stream.id"), primary_key=True),
    Column("last_order", RowNumber, nullable=False),
    Column("watched", RowNumber, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("gone", Integer, nullable=False, server_default="0"),
    Column("due_at", EpochMicroseconds),
    Column("failing_since", EpochMicroseconds),
    Column("failure", Text),
    Column("verified_at", EpochMicroseconds),
    Column("owner", Text),
    Column("claimed_until", EpochMicroseconds),
)

SUBJECT = Table(
    "signals_subject",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("institution", Text, nullable=False),
    # The number, not a foreign key: cards are another room's.
    Column("card", Text, nullable=False, index=True),
    UniqueConstraint("institution", "card"),
)

WATCH = Table(
    "signals_watch",
    METADATA,
    Column("stream", Text, ForeignKey("signals_stream.id"), primary_key=True),
    Column("subject", Text, ForeignKey("signals_subject.id"), primary_key=True, index=True),
)

NOTICE = Table(
    "signals_notice",
    METADATA,
    Column("stream", Text, ForeignKey("signals_stream.id"), primary_key=True),
    Column("number", RowNumber, primary_key=True, autoincrement=False),
    Column("cause", RowNumber, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", EpochMicroseconds, nullable=False),
    Column("noted_at", EpochMicroseconds, nullable=False, index=True),
    Column("subject", Text),
    Column("became", Text),
    Column("initiator", Text),
    Column("text", Text),
    Column("settled_at", EpochMicroseconds),
    # Only what waits: a month of settled notices must not slow down the question what is to be sent.
    Index(
        "ix_signals_notice_pending",
        "stream",
        "number",
        sqlite_where=text("settled_at IS NULL"),
        postgresql_where=text("settled_at IS NULL"),
    ),
)

# One row: up to which position of the outbox notices were written.
POSITION = Table(
    "signals_position",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("position", RowNumber, nullable=False),
)
