"""The room's tables."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Text

from rahdari.database import EpochMicroseconds, Json, room_metadata

METADATA = room_metadata()

PRINCIPAL = Table(
    "access_principal",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("roles", Json, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("enrolled_at", EpochMicroseconds, nullable=False),
    Column("disabled_at", EpochMicroseconds),
)

TOKEN = Table(
    "access_token",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("principal", Text, ForeignKey("access_principal.id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("issued_at", EpochMicroseconds, nullable=False),
    Column("expires_at", EpochMicroseconds, nullable=False),
    Column("revoked_at", EpochMicroseconds),
)
