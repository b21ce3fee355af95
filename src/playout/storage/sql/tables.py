"""The tables, as the code reads and writes them. Alembic's migrations make them; a test holds the two together.

Columns are called as the fields of the records. What a workspace owns has (workspace_id, id) for its key, and points
to its own kind by both: no row can point into another workspace. Columns that no record has are derived, for an index.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from playout.domain.delivery import State
from playout.domain.person import LatePosts
from playout.domain.retry import Kind
from playout.domain.video import VideoState
from playout.domain.webhook import SendingState
from playout.storage import codecs
from playout.storage.sql.types import Lapse, Moment, Nested, Word

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(referred_table_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)
#: Ids sort by the time of making; on PostgreSQL only the collation "C" sorts as Python and SQLite do.
NAME = Text().with_variant(Text(collation="C"), "postgresql")

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", NAME, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("late_posts", Word(LatePosts), nullable=False),
    Column("late_after", Lapse, nullable=False),
    Column("approval", Boolean, nullable=False),
    Column("closed_at", Moment),
    Column("members", Nested(codecs.MEMBERS), nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", NAME, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("created_at", Moment, nullable=False),
    Column("workspace_id", NAME, ForeignKey("workspaces.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("workspaces", Nested(codecs.WORDS), nullable=False),
    Column("identities", Nested(codecs.WORDS), nullable=False),
    Column("passkeys", Nested(codecs.PASSKEYS), nullable=False),
    Column("data_key", Nested(codecs.KEY)),
    Column("totp", LargeBinary),
    Column("totp_used", BigInteger, nullable=False),
    Column("recovery", Nested(codecs.WORDS), nullable=False),
    Column("locale", Text, nullable=False),
    Column("key_id", NAME),  # derived: data_key.key_id
    Index(None, "workspace_id"),
    Index(None, "key_id", "id"),
)

# By what else than the e-mail address people are found.
ways = Table(
    "ways",
    metadata,
    Column("way", NAME, primary_key=True),
    Column("person_id", NAME, ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("workspace_id", NAME, ForeignKey("workspaces.id"), nullable=False),
    Column("id", NAME, nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("scopes", Nested(codecs.SCOPES), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    PrimaryKeyConstraint("workspace_id", "id"),
)

channels = Table(
    "channels",
    metadata,
    Column("workspace_id", NAME, ForeignKey("workspaces.id"), nullable=False),
    Column("id", NAME, nullable=False),
    Column("platform", Text, nullable=False),
    Column("remote_id", Text, nullable=False),  # derived: profile.remote_id
    Column("owner_id", Text),  # derived: profile.owner_id
    Column("profile", Nested(codecs.PROFILE), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("connected", Boolean, nullable=False),
    Column("scopes", Nested(codecs.WORDS), nullable=False),
    Column("key_id", NAME),  # derived: data_key.key_id
    Column("data_key", Nested(codecs.KEY)),
    Column("grant", LargeBinary),
    Column("expires_at", Moment),
    Column("renew_at", Moment),
    Column("renewing_since", Moment),
    Column("trouble", Nested(codecs.REASON)),
    Column("connected_at", Moment),
    Column("last_published_at", Moment),
    Column("slots", Nested(codecs.SLOTS), nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    UniqueConstraint("workspace_id", "platform", "remote_id"),
    Index(None, "platform", "remote_id"),
    Index(None, "platform", "owner_id"),
    Index(None, "key_id", "id"),
)

videos = Table(
    "videos",
    metadata,
    Column("workspace_id", NAME, ForeignKey("workspaces.id"), nullable=False),
    Column("id", NAME, nullable=False),
    Column("state", Word(VideoState), nullable=False),
    Column("filename", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("facts", Nested(codecs.FACTS)),
    Column("problems", Nested(codecs.PROBLEMS), nullable=False),
    Column("thumbnail_key", Text),
    Column("strip_key", Text),
    Column("renditions", Nested(codecs.RENDITIONS), nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    Index(None, "workspace_id", "sha256", "id"),
)

posts = Table(
    "posts",
    metadata,
    Column("workspace_id", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("video_id", NAME, nullable=False),
    Column("caption", Text, nullable=False),
    Column("destinations", Nested(codecs.DESTINATIONS), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("title", Text),
    Column("hashtags", Nested(codecs.WORDS), nullable=False),
    Column("scheduled_at", Moment),
    Column("timezone", Text, nullable=False),
    Column("draft", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("approval", Nested(codecs.APPROVAL)),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id", "video_id"], ["videos.workspace_id", "videos.id"]),
    Index(None, "workspace_id", "video_id"),
    Index(None, "workspace_id", "scheduled_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("workspace_id", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("post_id", NAME, nullable=False),
    Column("channel_id", NAME, nullable=False),
    Column("platform", Text, nullable=False),
    Column("scheduled_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("repeatable", Boolean, nullable=False),
    Column("checkpoint", LargeBinary),
    Column("fence", Nested(codecs.FENCE)),
    Column("handle", Text),
    Column("in_hand_until", Moment),
    Column("wake_at", Moment),  # derived: Delivery.wake_at
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("held_from", Word(State)),
    Column("held_for", Word(Kind)),
    Column("reason", Nested(codecs.REASON)),
    Column("receipt", Nested(codecs.RECEIPT)),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id", "post_id"], ["posts.workspace_id", "posts.id"]),
    ForeignKeyConstraint(["workspace_id", "channel_id"], ["channels.workspace_id", "channels.id"]),
    Index(None, "workspace_id", "post_id"),
    Index(None, "workspace_id", "channel_id", "id"),
    Index(None, "workspace_id", "state", "id"),
    Index(None, "workspace_id", "scheduled_at"),
)
# The claim reads these three and nothing of the table: what is due, what is in hand, what a webhook names.
Index(
    "deliveries_due",
    *(deliveries.c[name] for name in ("wake_at", "workspace_id", "channel_id", "due_at", "id")),
    sqlite_where=deliveries.c.wake_at.is_not(None),
    postgresql_where=deliveries.c.wake_at.is_not(None),
)
Index(
    "deliveries_in_hand",
    *(deliveries.c[name] for name in ("workspace_id", "channel_id", "in_hand_until")),
    sqlite_where=deliveries.c.in_hand_until.is_not(None),
    postgresql_where=deliveries.c.in_hand_until.is_not(None),
)
Index(
    "deliveries_handle",
    *(deliveries.c[name] for name in ("platform", "handle")),
    sqlite_where=deliveries.c.handle.is_not(None),
    postgresql_where=deliveries.c.handle.is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("workspace_id", NAME, nullable=False),
    Column("subject_id", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("milliseconds", Integer),
    PrimaryKeyConstraint("workspace_id", "subject_id", "id"),
    sqlite_with_rowid=False,
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("workspace_id", NAME, ForeignKey("workspaces.id"), nullable=False),
    Column("id", NAME, nullable=False),
    Column("url", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("key_id", NAME, nullable=False),  # derived: data_key.key_id
    Column("data_key", Nested(codecs.KEY), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("events", Nested(codecs.WORDS), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("former_secret", LargeBinary),
    Column("former_until", Moment),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    Index(None, "key_id", "id"),
)

sendings = Table(
    "sendings",
    metadata,
    Column("workspace_id", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("webhook_id", NAME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("state", Word(SendingState), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Moment),
    Column("last_at", Moment),
    Column("status", Integer),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(["workspace_id", "webhook_id"], ["webhooks.workspace_id", "webhooks.id"]),
    Index(None, "workspace_id", "webhook_id", "id"),
)

chores = Table(
    "chores",
    metadata,
    Column("workspace_id", NAME, nullable=False),
    Column("id", NAME, nullable=False),  # derived: kind:subject_id
    Column("kind", Text, nullable=False),
    Column("subject_id", NAME, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("in_hand_until", Moment),
    Column("wake_at", Moment, nullable=False, index=True),  # derived: Chore.wake_at
    Column("tries", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
)

ephemera = Table(
    "ephemera",
    metadata,
    Column("key", NAME, primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)
