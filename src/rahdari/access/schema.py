"""The room's tables."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Table, Text

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

# Cards are the register's: their numbers stand here without a foreign key.
TICKET = Table(
    "access_ticket",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("card", Text, nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", EpochMicroseconds, nullable=False),
    Column("expires_at", EpochMicroseconds, nullable=False, index=True),
)

CHALLENGE = Table(
    "access_challenge",
    METADATA,
    Column("value", LargeBinary(32), primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("ticket", Text),
    Column("handle", LargeBinary(64), nullable=False),
    Column("expires_at", EpochMicroseconds, nullable=False, index=True),
)

PASSKEY = Table(
    "access_passkey",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("card", Text, nullable=False, index=True),
    Column("ticket", Text, nullable=False),
    # WebAuthn Level 3, 4, "Credential ID": at most 1,023 bytes.
    Column("credential", LargeBinary(1023), nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("handle", LargeBinary(64), nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("registered_at", EpochMicroseconds, nullable=False),
    Column("used_at", EpochMicroseconds),
    Column("removed_at", EpochMicroseconds),
)

SESSION = Table(
    "access_session",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("card", Text, nullable=False, index=True),
    Column("passkey", Text, ForeignKey("access_passkey.id"), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("began_at", EpochMicroseconds, nullable=False, index=True),
    Column("used_at", EpochMicroseconds, nullable=False),
)
