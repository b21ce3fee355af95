"""The end of a workspace in SQL: everything in it goes, a part at a time, and the workspace last."""

from sqlalchemy import Connection, Table, delete, select, tuple_

from playout.application.ports.store import ERASE
from playout.storage.sql.tables import (
    channels,
    chores,
    deliveries,
    events,
    people,
    posts,
    sendings,
    tokens,
    videos,
    webhooks,
    workspaces,
)

#: What points to something goes before it.
ORDER = (events, sendings, webhooks, deliveries, posts, videos, channels, tokens, people, chores)


def erase(connection: Connection, workspace_id: str, limit: int) -> int:
    """As `Workspaces.erase`. Stale where a foreign key keeps what was to go: something was saved in between."""
    gone = 0
    for table in ORDER:
        if gone < limit:
            gone += _some(connection, table, workspace_id, limit - gone)
    if not gone:
        connection.execute(delete(workspaces).where(workspaces.c.id == workspace_id))
    return gone


def _some(connection: Connection, table: Table, workspace_id: str, limit: int) -> int:
    key = tuple(table.primary_key.columns)
    mine = select(*key).where(table.c.workspace_id == workspace_id)
    if table is chores:
        mine = mine.where(chores.c.kind != ERASE)
    return connection.execute(delete(table).where(tuple_(*key).in_(mine.limit(limit)))).rowcount
