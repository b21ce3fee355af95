"""Members of workspaces, and more ways in than a password."""

import datetime as dt
import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # ids sort by bytes, as in Python and SQLite


def upgrade() -> None:
    with op.batch_alter_table("workspaces") as workspaces:
        workspaces.add_column(sa.Column("members", sa.Text, nullable=False, server_default="[]"))
    with op.batch_alter_table("people") as people:
        for name, empty in (("name", ""), ("workspaces", "[]"), ("identities", "[]"), ("passkeys", "[]")):
            people.add_column(sa.Column(name, sa.Text, nullable=False, server_default=empty))
        people.add_column(sa.Column("data_key", sa.Text))
        people.add_column(sa.Column("totp", sa.LargeBinary))
        people.add_column(sa.Column("totp_used", sa.BigInteger, nullable=False, server_default="0"))
        people.add_column(sa.Column("recovery", sa.Text, nullable=False, server_default="[]"))
        people.add_column(sa.Column("locale", sa.Text, nullable=False, server_default=""))
        people.add_column(sa.Column("key_id", NAME))
    op.create_index("people_key_id_id", "people", ["key_id", "id"])
    _ways()
    _members()


def _ways() -> None:
    op.create_table(
        "ways",
        sa.Column("way", NAME, primary_key=True),
        sa.Column("person_id", NAME, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ways_person_id", "ways", ["person_id"])


def _members() -> None:
    """Who was in a workspace is a member of it."""
    connection = op.get_bind()
    there = connection.execute(sa.text("SELECT id, workspace_id, role, created_at FROM people ORDER BY id")).all()
    by_workspace: dict[str, list[dict[str, str]]] = {}
    for person_id, workspace_id, role, created_at in there:
        since = (dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=created_at)).isoformat()
        by_workspace.setdefault(workspace_id, []).append({"person_id": person_id, "role": role, "since": since})
        belongs = sa.text("UPDATE people SET workspaces = :workspaces WHERE id = :id")
        connection.execute(belongs, {"workspaces": json.dumps([workspace_id]), "id": person_id})
    for workspace_id, members in by_workspace.items():
        holds = sa.text("UPDATE workspaces SET members = :members WHERE id = :id")
        connection.execute(holds, {"members": json.dumps(members), "id": workspace_id})
    with op.batch_alter_table("people") as people:
        people.drop_column("role")
