"""How many times in a row a receiver said that it wants no more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count, 0 for every stream there is."""
    with op.batch_alter_table("signals_progress") as progress:
        progress.add_column(sa.Column("gone", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the count."""
    with op.batch_alter_table("signals_progress") as progress:
        progress.drop_column("gone")
