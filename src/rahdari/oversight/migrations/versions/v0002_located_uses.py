"""The index by which uses that tell where are found, institution by institution."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_IS_LOCATED = sa.text("latitude IS NOT NULL")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_oversight_use_located",
        "oversight_use",
        ["card", "institution", "at", "id"],
        sqlite_where=_IS_LOCATED,
        postgresql_where=_IS_LOCATED,
    )


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("ix_oversight_use_located", table_name="oversight_use")
