"""History in SQL: written with what it tells of, and webhooks are told of it in the same transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from playout.application.ports import Page
from playout.application.ports.store import announcement
from playout.domain.event import Event
from playout.domain.webhook import announced
from playout.storage.sql import rows
from playout.storage.sql.chores import put
from playout.storage.sql.rows import EVENTS
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import events, webhooks


class SqlEvents:
    """Keeps the promises of `Events`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, subject_id: str, event_id: str) -> Event:
        return await self._runner.read(lambda c: rows.get(c, EVENTS, workspace_id, subject_id, event_id))

    async def list(
        self, workspace_id: str, subject_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        about = (events.c.workspace_id == workspace_id) & (events.c.subject_id == subject_id)
        return await self._runner.read(lambda c: rows.oldest(c, EVENTS, about, cursor, limit))


def note(connection: Connection, happened: Sequence[Event]) -> None:
    """Writes history, and has webhooks told of it where there are any."""
    if happened:
        connection.execute(EVENTS.insert, [EVENTS.values(one) for one in happened])
    if told := announced(happened):
        mine = webhooks.c.workspace_id.in_(sorted({one.workspace_id for one in told}))
        heard = set(connection.execute(select(webhooks.c.workspace_id).where(mine).distinct()).scalars())
        put(connection, [announcement(one) for one in told if one.workspace_id in heard])
