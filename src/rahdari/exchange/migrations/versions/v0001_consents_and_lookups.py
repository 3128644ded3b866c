"""The book of consents, and the index of the citizen's log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    _make_consents()
    _make_lookups()
    _make_withholdings()
    op.create_table(
        "exchange_position",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_leaf", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_exchange_position"),
    )


def _make_consents() -> None:
    op.create_table(
        "exchange_consent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_consent"),
        sa.UniqueConstraint("list_number", "place", name="uq_exchange_consent_place"),
    )
    op.create_index("ix_exchange_consent_mark", "exchange_consent", ["mark", "issued_at"])


def _make_lookups() -> None:
    op.create_table(
        "exchange_lookup",
        sa.Column("leaf", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("leaf", name="pk_exchange_lookup"),
    )
    op.create_index("ix_exchange_lookup_digest", "exchange_lookup", ["digest", "ended"])


def _make_withholdings() -> None:
    op.create_table(
        "exchange_withholding",
        sa.Column("leaf", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf", name="pk_exchange_withholding"),
    )
    op.create_index("ix_exchange_withholding_until", "exchange_withholding", ["until"])


def downgrade() -> None:
    """Drop all tables, with every consent that was given."""
    for table in ("position", "withholding", "lookup", "consent"):
        op.drop_table(f"exchange_{table}")
