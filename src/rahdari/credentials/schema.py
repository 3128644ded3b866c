"""The room's tables. Other rooms never read them; ids, not foreign keys, cross rooms."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from rahdari.database import EpochMicroseconds, Json, RowNumber, room_metadata

metadata = room_metadata()

holder = Table(
    "credentials_holder",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("party", Json, nullable=False),
    Column("registered_at", EpochMicroseconds, nullable=False),
    UniqueConstraint("kind", "number"),
)

# profile "card" is the picture that is printed; the others are sizes for the QR code.
portrait = Table(
    "credentials_portrait",
    metadata,
    Column("holder", Text, ForeignKey("credentials_holder.id"), primary_key=True),
    Column("profile", Text, primary_key=True),
    Column("picture", LargeBinary, nullable=False),
)

card = Table(
    "credentials_card",
    metadata,
    Column("number", Text, primary_key=True),
    Column("holder", Text, ForeignKey("credentials_holder.id"), nullable=False, index=True),
    Column("product", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("applied_at", EpochMicroseconds, nullable=False),
    Column("valid_from", EpochMicroseconds),
    Column("expires", EpochMicroseconds),
    Column("replaces", Text),
    Column("revocation_proposed_by", Text),
    Column("revocation_reason", Text),
)

_IS_LIVE = text("stage IN ('applied', 'issued', 'active', 'suspended')")
# A holder has at most one live card of a product, whatever two officers do at the same instant.
Index(
    "uq_credentials_card_live",
    card.c.holder,
    card.c.product,
    unique=True,
    sqlite_where=_IS_LIVE,
    postgresql_where=_IS_LIVE,
)
_IS_WAITING = text("stage = 'applied'")
Index(
    "ix_credentials_card_applied",
    card.c.applied_at,
    card.c.number,
    sqlite_where=_IS_WAITING,
    postgresql_where=_IS_WAITING,
)
Index("ix_credentials_card_expires", card.c.expires)

shard = Table(
    "credentials_status_list",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("uri", Text, nullable=False, unique=True),
    Column("size", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    # The last delta that touched this list.
    Column("touched", RowNumber, nullable=False, server_default="0"),
)

# The places that are not VALID, or once were not and belong to no pass (decoys); all others are VALID.
standing = Table(
    "credentials_standing",
    metadata,
    Column("shard", Integer, ForeignKey("credentials_status_list.number"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("status", Integer, nullable=False),
    Column("is_decoy", Integer, nullable=False),
)

delta = Table(
    "credentials_delta",
    metadata,
    Column("sequence", RowNumber, primary_key=True, autoincrement=False),
    Column("at", EpochMicroseconds, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("message", LargeBinary, nullable=False),
)

# What other rooms and subscribers are told, written in the transaction of the change itself.
outbox = Table(
    "credentials_outbox",
    metadata,
    Column("position", RowNumber, primary_key=True, autoincrement=False),
    Column("at", EpochMicroseconds, nullable=False),
    Column("card", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("reason", Text),
    Column("was", Text, nullable=False),
    Column("became", Text, nullable=False),
    Column("sequence", RowNumber, nullable=False),
)

lock = Table(
    "credentials_lock",
    metadata,
    Column("card", Text, ForeignKey("credentials_card.number"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("locked_at", EpochMicroseconds, nullable=False),
)

issued_pass = Table(
    "credentials_pass",
    metadata,
    Column("card", Text, ForeignKey("credentials_card.number"), primary_key=True),
    Column("feature", Text, primary_key=True),
    Column("shard", Integer, ForeignKey("credentials_status_list.number"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("kid", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("issued_at", EpochMicroseconds, nullable=False),
    UniqueConstraint("shard", "place"),
)

published = Table(
    "credentials_published_status",
    metadata,
    Column("shard", Integer, ForeignKey("credentials_status_list.number"), primary_key=True),
    Column("issued_at", EpochMicroseconds, nullable=False),
    Column("jwt", Text, nullable=False),
    Column("cwt", LargeBinary, nullable=False),
    Column("sequence", RowNumber, nullable=False, server_default="0"),
)

audit = Table(
    "credentials_audit",
    metadata,
    Column("sequence", RowNumber, primary_key=True, autoincrement=False),
    Column("at", EpochMicroseconds, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("reason", Text),
    Column("details", Json, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("seal", LargeBinary),
    Column("kid", LargeBinary),
)

key = Table(
    "credentials_key",
    metadata,
    Column("row", RowNumber, primary_key=True),
    Column("use", Text, nullable=False),
    Column("jwk", Json, nullable=False),
    Column("thumbprint", LargeBinary, nullable=False, unique=True),
    Column("not_before", EpochMicroseconds, nullable=False),
    Column("not_after", EpochMicroseconds),
    Column("withdrawn_at", EpochMicroseconds),
)

trust_list = Table(
    "credentials_trust_list",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("signed_at", EpochMicroseconds, nullable=False),
)
