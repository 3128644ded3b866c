"""The room's tables: the book of a consent issuer, and the index of the citizen's log."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from rahdari.database import room_metadata

METADATA = room_metadata()

CONSENT = Table(
    "exchange_consent",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("list_number", Integer, nullable=False),
    Column("uri", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # Two consents in one place would be revoked together; the engine keeps them apart whatever two processes do.
    UniqueConstraint("list_number", "place", name="uq_exchange_consent_place"),
    Index("ix_exchange_consent_mark", "mark", "issued_at"),
)

# The key is the record's index in the log: indexing a record twice is one row.
LOOKUP = Table(
    "exchange_lookup",
    METADATA,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("period", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("consent", Text),
    Column("status", Integer, nullable=False),
    Column("fault", Text, nullable=False),
    Index("ix_exchange_lookup_digest", "digest", "ended"),
)

WITHHOLDING = Table(
    "exchange_withholding",
    METADATA,
    Column("leaf", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("act", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("client", Text),
    Column("period", Text),
    Column("digest", LargeBinary),
    Column("until", BigInteger, nullable=False),
    Index("ix_exchange_withholding_until", "until"),
)

POSITION = Table(
    "exchange_position",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("next_leaf", BigInteger, nullable=False),
)
