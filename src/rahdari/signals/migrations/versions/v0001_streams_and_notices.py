"""Streams, what they watch, and their notices."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    _make_streams()
    _make_subjects()
    _make_notices()


def _make_streams() -> None:
    op.create_table(
        "signals_stream",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("authorization", sa.Text(), nullable=True),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signals_stream"),
    )
    op.create_index("ix_signals_stream_institution", "signals_stream", ["institution"])
    op.create_table(
        "signals_progress",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("last_order", sa.BigInteger(), nullable=False),
        sa.Column("watched", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["stream"], ["signals_stream.id"], name="fk_signals_progress_stream"),
        sa.PrimaryKeyConstraint("stream", name="pk_signals_progress"),
    )
    op.create_table(
        "signals_position",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_signals_position"),
    )


def _make_subjects() -> None:
    op.create_table(
        "signals_subject",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signals_subject"),
        sa.UniqueConstraint("institution", "card", name="uq_signals_subject_institution_card"),
    )
    op.create_index("ix_signals_subject_card", "signals_subject", ["card"])
    op.create_table(
        "signals_watch",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["stream"], ["signals_stream.id"], name="fk_signals_watch_stream"),
        sa.ForeignKeyConstraint(["subject"], ["signals_subject.id"], name="fk_signals_watch_subject"),
        sa.PrimaryKeyConstraint("stream", "subject", name="pk_signals_watch"),
    )
    op.create_index("ix_signals_watch_subject", "signals_watch", ["subject"])


def _make_notices() -> None:
    op.create_table(
        "signals_notice",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("became", sa.Text(), nullable=True),
        sa.Column("initiator", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["stream"], ["signals_stream.id"], name="fk_signals_notice_stream"),
        sa.PrimaryKeyConstraint("stream", "number", name="pk_signals_notice"),
    )
    op.create_index("ix_signals_notice_noted_at", "signals_notice", ["noted_at"])
    waits = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_signals_notice_pending",
        "signals_notice",
        ["stream", "number"],
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    """Drop all tables, with every subscription."""
    for table in ("notice", "watch", "subject", "position", "progress", "stream"):
        op.drop_table(f"signals_{table}")
