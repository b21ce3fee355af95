"""The first schema. Migrations say what they do in full, so that a later change of the code cannot change them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ids sort by bytes, as in Python and SQLite


def upgrade() -> None:
    _people()
    _channels()
    _posts()
    _deliveries()
    _background()


def _people() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("workspace_id", NAME, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("email", name="people_email_key"),
    )
    op.create_table(
        "tokens",
        sa.Column("workspace_id", NAME, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.UniqueConstraint("hash", name="tokens_hash_key"),
    )


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("workspace_id", NAME, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("remote_id", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("connected", sa.Boolean, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("key_id", NAME),
        sa.Column("data_key", sa.Text),
        sa.Column("grant", sa.LargeBinary),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("renew_at", sa.BigInteger),
        sa.Column("renewing_since", sa.BigInteger),
        sa.Column("trouble", sa.Text),
        sa.Column("connected_at", sa.BigInteger),
        sa.Column("last_published_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.UniqueConstraint(
            "workspace_id", "platform", "remote_id", name="channels_workspace_id_platform_remote_id_key"
        ),
    )
    op.create_index("channels_platform_remote_id", "channels", ["platform", "remote_id"])
    op.create_index("channels_key_id_id", "channels", ["key_id", "id"])


def _posts() -> None:
    op.create_table(
        "videos",
        sa.Column("workspace_id", NAME, sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("facts", sa.Text),
        sa.Column("problems", sa.Text, nullable=False),
        sa.Column("thumbnail_key", sa.Text),
        sa.Column("strip_key", sa.Text),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
    )
    op.create_table(
        "posts",
        sa.Column("workspace_id", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("video_id", NAME, nullable=False),
        sa.Column("caption", sa.Text, nullable=False),
        sa.Column("destinations", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("hashtags", sa.Text, nullable=False),
        sa.Column("scheduled_at", sa.BigInteger),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("draft", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.ForeignKeyConstraint(["workspace_id", "video_id"], ["videos.workspace_id", "videos.id"]),
    )
    op.create_index("posts_workspace_id_video_id", "posts", ["workspace_id", "video_id"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("workspace_id", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("post_id", NAME, nullable=False),
        sa.Column("channel_id", NAME, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("scheduled_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("repeatable", sa.Boolean, nullable=False),
        sa.Column("checkpoint", sa.LargeBinary),
        sa.Column("fence", sa.Text),
        sa.Column("handle", sa.Text),
        sa.Column("in_hand_until", sa.BigInteger),
        sa.Column("wake_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("held_from", sa.Text),
        sa.Column("held_for", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("receipt", sa.Text),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sa.ForeignKeyConstraint(["workspace_id", "post_id"], ["posts.workspace_id", "posts.id"]),
        sa.ForeignKeyConstraint(["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"]),
    )
    op.create_index("deliveries_workspace_id_post_id", "deliveries", ["workspace_id", "post_id"])
    op.create_index("deliveries_workspace_id_channel_id_id", "deliveries", ["workspace_id", "channel_id", "id"])
    op.create_index("deliveries_workspace_id_state_id", "deliveries", ["workspace_id", "state", "id"])
    _partial("deliveries_due", ["wake_at", "workspace_id", "channel_id", "due_at", "id"], "wake_at IS NOT NULL")
    _partial("deliveries_in_hand", ["workspace_id", "channel_id", "in_hand_until"], "in_hand_until IS NOT NULL")
    _partial("deliveries_handle", ["platform", "handle"], "handle IS NOT NULL")


def _partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "deliveries", columns, sqlite_where=condition, postgresql_where=condition)


def _background() -> None:
    op.create_table(
        "events",
        sa.Column("workspace_id", NAME, nullable=False),
        sa.Column("subject_id", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("milliseconds", sa.Integer),
        sa.PrimaryKeyConstraint("workspace_id", "subject_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chores",
        sa.Column("workspace_id", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", NAME, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("in_hand_until", sa.BigInteger),
        sa.Column("wake_at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
    )
    op.create_index("chores_wake_at", "chores", ["wake_at"])
    op.create_table(
        "ephemera",
        sa.Column("key", NAME, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ephemera_expires_at", "ephemera", ["expires_at"])
