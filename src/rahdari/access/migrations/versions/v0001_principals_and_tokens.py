"""Principals and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "access_principal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_principal"),
        sa.UniqueConstraint("name", name="uq_access_principal_name"),
    )
    op.create_table(
        "access_token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["principal"], ["access_principal.id"], name="fk_access_token_principal"),
        sa.PrimaryKeyConstraint("id", name="pk_access_token"),
    )
    op.create_index("ix_access_token_principal", "access_token", ["principal"])


def downgrade() -> None:
    """Drop both tables, with every principal and token."""
    op.drop_index("ix_access_token_principal", "access_token")
    op.drop_table("access_token")
    op.drop_table("access_principal")
