"""Tickets, challenges, passkeys and sessions of holders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "access_ticket",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_ticket"),
        sa.UniqueConstraint("digest", name="uq_access_ticket_digest"),
    )
    op.create_index("ix_access_ticket_card", "access_ticket", ["card"])
    op.create_index("ix_access_ticket_expires_at", "access_ticket", ["expires_at"])
    op.create_table(
        "access_challenge",
        sa.Column("value", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("handle", sa.LargeBinary(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("value", name="pk_access_challenge"),
    )
    op.create_index("ix_access_challenge_expires_at", "access_challenge", ["expires_at"])
    op.create_table(
        "access_passkey",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("credential", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("handle", sa.LargeBinary(length=64), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_access_passkey"),
        sa.UniqueConstraint("credential", name="uq_access_passkey_credential"),
    )
    op.create_index("ix_access_passkey_card", "access_passkey", ["card"])
    op.create_table(
        "access_session",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("passkey", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["passkey"], ["access_passkey.id"], name="fk_access_session_passkey"),
        sa.PrimaryKeyConstraint("id", name="pk_access_session"),
    )
    op.create_index("ix_access_session_card", "access_session", ["card"])
    op.create_index("ix_access_session_began_at", "access_session", ["began_at"])


def downgrade() -> None:
    """Drop the four tables, with every passkey and session."""
    for table in ("access_session", "access_passkey", "access_challenge", "access_ticket"):
        op.drop_table(table)
