"""Webhooks, and what was sent to them, in memory."""

from collections.abc import Sequence
from datetime import datetime

from playout.application.ports import Chore, Page
from playout.domain.webhook import Sending, Webhook
from playout.storage.memory.tables import (
    Tables,
    belongs,
    check,
    due,
    get,
    in_a_workspace,
    newest,
    oldest,
    owned,
    put,
)


class MemoryWebhooks:
    """Keeps the promises of `Webhooks`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.webhooks

    async def get(self, workspace_id: str, webhook_id: str) -> Webhook:
        return get(self._rows, workspace_id, webhook_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Webhook]:
        return newest(owned(workspace_id, self._rows), cursor, limit)

    async def save(self, webhook: Webhook) -> Webhook:
        check(self._rows, webhook)
        in_a_workspace(self._tables, webhook.workspace_id)
        return put(self._rows, webhook)

    async def remove(self, webhook: Webhook) -> None:
        check(self._rows, webhook)
        for one in owned(webhook.workspace_id, self._tables.sendings):
            if one.webhook_id == webhook.id:
                del self._tables.sendings[one.workspace_id, one.id]
        del self._rows[webhook.workspace_id, webhook.id]

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Webhook]:
        return oldest([one for one in self._rows.values() if one.data_key.key_id == key_id], cursor, limit)


class MemorySendings:
    """Keeps the promises of `Sendings`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.sendings

    async def get(self, workspace_id: str, sending_id: str) -> Sending:
        return get(self._rows, workspace_id, sending_id)

    async def list(
        self, workspace_id: str, webhook_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Sending]:
        mine = [one for one in owned(workspace_id, self._rows) if one.webhook_id == webhook_id]
        return newest(mine, cursor, limit)

    async def save(self, sending: Sending, chores: Sequence[Chore] = ()) -> Sending:
        check(self._rows, sending)
        belongs(self._tables.webhooks, sending.workspace_id, sending.webhook_id)
        due(self._tables, chores)
        return put(self._rows, sending)

    async def sweep(self, before: datetime) -> int:
        old = [key for key, one in self._rows.items() if one.created_at < before]
        for key in old:
            del self._rows[key]
        return len(old)
