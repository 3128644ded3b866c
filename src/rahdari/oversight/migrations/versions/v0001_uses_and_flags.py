"""Uses, flags, and the index of likely duplicates."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Make the three tables."""
    _make_use()
    _make_flag()
    op.create_table(
        "oversight_clue",
        sa.Column("clue", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("clue", "holder", name="pk_oversight_clue"),
        sqlite_with_rowid=False,
    )


def _make_use() -> None:
    op.create_table(
        "oversight_use",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=True),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(precision=53), nullable=True),
        sa.Column("longitude", sa.Float(precision=53), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oversight_use"),
    )
    op.create_index("ix_oversight_use_card_at", "oversight_use", ["card", "at"])
    op.create_index("ix_oversight_use_at", "oversight_use", ["at"])


def _make_flag() -> None:
    op.create_table(
        "oversight_flag",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_count", sa.Integer(), nullable=False),
        sa.Column("is_logged", sa.Boolean(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_oversight_flag"),
    )
    op.create_index("ix_oversight_flag_opened_at", "oversight_flag", ["opened_at"])
    op.create_index(
        "uq_oversight_flag_open",
        "oversight_flag",
        ["subject", "kind"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )


def downgrade() -> None:
    """Drop all three, with every use and every flag."""
    op.drop_table("oversight_clue")
    op.drop_table("oversight_flag")
    op.drop_table("oversight_use")
