"""Status stream, outbox, locks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What the lists said by the stage of a card when these tables began (rules.life_cycle.STANDINGS).
_FILL = """
    INSERT INTO credentials_standing (shard, place, status, is_decoy)
    SELECT p.shard, p.place, CASE c.stage WHEN 'issued' THEN 2 WHEN 'suspended' THEN 2 ELSE 1 END, 0
    FROM credentials_pass p JOIN credentials_card c ON c.number = p.card
    WHERE c.stage <> 'active'
"""


def upgrade() -> None:
    """Go one version up. Lists that were signed are signed anew by the next publishing: they name no delta."""
    op.create_table(
        "credentials_delta",
        sa.Column("sequence", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_credentials_delta")),
    )
    op.create_table(
        "credentials_outbox",
        sa.Column("position", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_credentials_outbox")),
    )
    op.create_table(
        "credentials_lock",
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("locked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["card"], ["credentials_card.number"], name=op.f("fk_credentials_lock_card")),
        sa.PrimaryKeyConstraint("card", "channel", name=op.f("pk_credentials_lock")),
    )
    op.create_table(
        "credentials_standing",
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("is_decoy", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shard"], ["credentials_status_list.number"], name=op.f("fk_credentials_standing_shard")
        ),
        sa.PrimaryKeyConstraint("shard", "place", name=op.f("pk_credentials_standing")),
    )
    with op.batch_alter_table("credentials_status_list") as batch_op:
        batch_op.add_column(sa.Column("touched", _NUMBER, server_default="0", nullable=False))
    with op.batch_alter_table("credentials_published_status") as batch_op:
        batch_op.add_column(sa.Column("sequence", _NUMBER, server_default="0", nullable=False))
    op.execute(_FILL)
    op.execute("DELETE FROM credentials_published_status")


def downgrade() -> None:
    """Go one version back."""
    with op.batch_alter_table("credentials_published_status") as batch_op:
        batch_op.drop_column("sequence")
    with op.batch_alter_table("credentials_status_list") as batch_op:
        batch_op.drop_column("touched")
    op.drop_table("credentials_standing")
    op.drop_table("credentials_lock")
    op.drop_table("credentials_outbox")
    op.drop_table("credentials_delta")
