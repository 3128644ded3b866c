"""Sessions that the audit log does not tell of: they end, and their holders sign in again."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """End every session; from now on each one that stands here has its entry in the log."""
    op.execute("DELETE FROM access_session")


def downgrade() -> None:
    """Leave everything as it is: an older program reads the sessions of this one."""
