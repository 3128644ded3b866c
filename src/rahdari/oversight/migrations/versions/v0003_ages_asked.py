"""For which ages an institution has asked of a card."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "oversight_age",
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("age", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("card", "institution", "age", name="pk_oversight_age"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_oversight_age_at", "oversight_age", ["at"])


def downgrade() -> None:
    """Take the table away."""
    op.drop_index("ix_oversight_age_at", table_name="oversight_age")
    op.drop_table("oversight_age")
