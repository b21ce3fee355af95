"""Webhooks and what was sent to them, the weekly times of channels, approval, and workspaces that are closing."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ids sort by bytes, as in Python and SQLite
FALSE = "0"  # to both dialects; an expression would make SQLite copy the table
EMPTY_WEEK = '{"timezone": "UTC", "slots": [], "paused": false}'


def upgrade() -> None:
    _columns()
    _webhooks()
    _sendings()
    op.create_index("people_workspace_id", "people", ["workspace_id"])
    op.create_index("posts_workspace_id_scheduled_at", "posts", ["workspace_id", "scheduled_at"])


def _columns() -> None:
    with op.batch_alter_table("workspaces") as workspaces:
        workspaces.add_column(sa.Column("approval", sa.Boolean, nullable=False, server_default=FALSE))
        workspaces.add_column(sa.Column("closed_at", sa.BigInteger))
    with op.batch_alter_table("channels") as channels:
        channels.add_column(sa.Column("slots", sa.Text, nullable=False, server_default=EMPTY_WEEK))
    with op.batch_alter_table("posts") as posts:
        posts.add_column(sa.Column("approval", sa.Text))


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("workspace_id", NAME, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("key_id", NAME, nullable=False),
        sa.Column("data_key", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("former_secret", sa.LargeBinary),
        sa.Column("former_until", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
    )
    op.create_index("webhooks_key_id_id", "webhooks", ["key_id", "id"])


def _sendings() -> None:
    op.create_table(
        "sendings",
        sa.Column("workspace_id", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("webhook_id", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("status", sa.Integer),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.ForeignKeyConstraint(["workspace_id", "webhook_id"], ["webhooks.workspace_id", "webhooks.id"]),
    )
    op.create_index("sendings_workspace_id_webhook_id_id", "sendings", ["workspace_id", "webhook_id", "id"])
    op.create_index("sendings_created_at", "sendings", ["created_at"])
