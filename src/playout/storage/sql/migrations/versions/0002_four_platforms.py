"""Renditions, people behind accounts, and what becomes of late posts; the calendar and duplicates get their indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SIX_HOURS = str(6 * 3600 * 1_000_000)  # microseconds


def upgrade() -> None:
    with op.batch_alter_table("workspaces") as workspaces:
        workspaces.add_column(sa.Column("late_posts", sa.Text, nullable=False, server_default="hold"))
        workspaces.add_column(sa.Column("late_after", sa.BigInteger, nullable=False, server_default=SIX_HOURS))
    with op.batch_alter_table("channels") as channels:
        channels.add_column(sa.Column("owner_id", sa.Text))
    with op.batch_alter_table("videos") as videos:
        videos.add_column(sa.Column("renditions", sa.Text, nullable=False, server_default="[]"))
    op.create_index("channels_platform_owner_id", "channels", ["platform", "owner_id"])
    op.create_index("videos_workspace_id_sha256_id", "videos", ["workspace_id", "sha256", "id"])
    op.create_index("deliveries_workspace_id_scheduled_at", "deliveries", ["workspace_id", "scheduled_at"])
