"""Webhooks in SQL, and what was sent to them. The keys in them stay sealed here."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_

from playout.application.ports import Chore, Page
from playout.domain.errors import Stale
from playout.domain.webhook import Sending, Webhook
from playout.storage.sql import rows
from playout.storage.sql.chores import put
from playout.storage.sql.rows import SENDINGS, WEBHOOKS
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import sendings, webhooks

#: Removed at once by one sweep statement, so that no other save waits long for it.
AT_ONCE = 1000


class SqlWebhooks:
    """Keeps the promises of `Webhooks`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, webhook_id: str) -> Webhook:
        return await self._runner.read(lambda c: rows.get(c, WEBHOOKS, workspace_id, webhook_id))

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Webhook]:
        mine = webhooks.c.workspace_id == workspace_id
        return await self._runner.read(lambda c: rows.newest(c, WEBHOOKS, mine, cursor, limit))

    async def save(self, webhook: Webhook) -> Webhook:
        return await self._runner.write(lambda c: rows.save(c, WEBHOOKS, webhook))

    async def remove(self, webhook: Webhook) -> None:
        await self._runner.write(lambda c: _remove(c, webhook))

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Webhook]:
        under = webhooks.c.key_id == key_id
        return await self._runner.read(lambda c: rows.oldest(c, WEBHOOKS, under, cursor, limit))


class SqlSendings:
    """Keeps the promises of `Sendings`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, sending_id: str) -> Sending:
        return await self._runner.read(lambda c: rows.get(c, SENDINGS, workspace_id, sending_id))

    async def list(
        self, workspace_id: str, webhook_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Sending]:
        mine = (sendings.c.workspace_id == workspace_id) & (sendings.c.webhook_id == webhook_id)
        return await self._runner.read(lambda c: rows.newest(c, SENDINGS, mine, cursor, limit))

    async def save(self, sending: Sending, chores: Sequence[Chore] = ()) -> Sending:
        return await self._runner.write(lambda c: _save(c, sending, chores))

    async def sweep(self, before: datetime) -> int:
        swept = 0
        while removed := await self._runner.write(lambda c: _sweep(c, before)):
            swept += removed
        return swept


def _remove(connection: Connection, webhook: Webhook) -> None:
    """The webhook is locked first: no sending comes to it between the two removals."""
    loaded = WEBHOOKS.find.where(webhooks.c.version == webhook.version).with_for_update()
    if connection.execute(loaded, WEBHOOKS.named(webhook.workspace_id, webhook.id)).first() is None:
        raise Stale
    mine = (sendings.c.workspace_id == webhook.workspace_id, sendings.c.webhook_id == webhook.id)
    connection.execute(delete(sendings).where(*mine))
    rows.remove(connection, WEBHOOKS, webhook)


def _save(connection: Connection, sending: Sending, due: Sequence[Chore]) -> Sending:
    saved = rows.save(connection, SENDINGS, sending)
    put(connection, due)
    return saved


def _sweep(connection: Connection, before: datetime) -> int:
    key = (sendings.c.workspace_id, sendings.c.id)
    old = select(*key).where(sendings.c.created_at < before).limit(AT_ONCE)
    return connection.execute(delete(sendings).where(tuple_(*key).in_(old))).rowcount
