"""Webhooks in DynamoDB, and what was sent to them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from playout.application.ports import Chore, Page
from playout.domain.errors import NotFound, Stale
from playout.domain.webhook import Sending, Webhook
from playout.storage.dynamodb.actions import Action, Check, Delete, Key, Put, key_of, unchanged
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.items import (
    SENDING,
    SENT,
    WEBHOOK,
    lives,
    orders,
    saved,
    sending_item,
    sending_key,
    sent_to,
    under,
    webhook_key,
)
from playout.storage.dynamodb.lists import behind, due_until, keys_of, newest, page_of
from playout.storage.dynamodb.rest import finish_soon, unsending
from playout.storage.dynamodb.table import Table, below
from playout.storage.dynamodb.values import said, text

#: Under a key lie the channels (TO#) and, apart from them, the webhooks that are sealed by it.
_KEY, _LED = "KEY#", "HOOK#"


class DynamoWebhooks:
    """Keeps the promises of `Webhooks`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, webhook_id: str) -> Webhook:
        found = await self._table.get(webhook_key(workspace_id, webhook_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return WEBHOOK.record(found)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Webhook]:
        return await newest(self._table, workspace_id, "WHK#", WEBHOOK.record, cursor, limit)

    async def save(self, webhook: Webhook) -> Webhook:
        made = replace(webhook, version=webhook.version + 1)
        key, lead = webhook_key(webhook.workspace_id, webhook.id), _lead(webhook)
        saving: list[Action] = [saved(WEBHOOK, key, made, webhook.version)]
        if webhook.version == 0:
            saving += [_leading(webhook), lives(webhook.workspace_id)]
        elif (before := await self._table.get(key)) and _lead(WEBHOOK.record(before)) != lead:
            saving += [_leading(webhook), Delete(_lead(WEBHOOK.record(before)))]
        try:
            await self._table.write(*saving)
        except Refused:
            raise Stale from None
        return made

    async def remove(self, webhook: Webhook) -> None:
        await remove(self._table, webhook)

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Webhook]:
        items = self._table.query(below(f"{_KEY}{key_id}", _LED, cursor=cursor), limit + 2)
        keys = (webhook_key(item["workspace_id"]["S"], item["webhook_id"]["S"]) async for item in items)
        found = behind(self._table, keys, WEBHOOK.record, min(limit + 1, 100))
        return await page_of((one async for one in found if one.id != cursor), limit)


class DynamoSendings:
    """Keeps the promises of `Sendings`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, sending_id: str) -> Sending:
        found = await self._table.get(sending_key(workspace_id, sending_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return SENDING.record(found)

    async def list(
        self, workspace_id: str, webhook_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Sending]:
        span = below(sent_to(workspace_id, webhook_id), "SND#", "channel", newest=True, cursor=cursor)
        found = behind(self._table, keys_of(self._table, span, limit + 2), SENDING.record, min(limit + 1, 100))
        return await page_of((one async for one in found if one.id != cursor), limit)

    async def save(self, sending: Sending, chores: Sequence[Chore] = ()) -> Sending:
        """A new one holds on to its webhook in the same step; what is there already goes with it in any case."""
        made = replace(sending, version=sending.version + 1)
        webhook = webhook_key(sending.workspace_id, sending.webhook_id)
        saving: list[Action] = [Put(sending_item(made), unchanged(sending.version)), *orders(chores)]
        if sending.version == 0:
            saving.append(Check(webhook))
        elif await self._table.get(webhook) is None:
            raise Stale("What this belongs to is gone. Load it again.")
        try:
            await self._table.write(*saving)
        except Refused:
            raise Stale from None
        return made

    async def sweep(self, before: datetime) -> int:
        """The time at which one was made never changes, so what the index shows may go as it is."""
        made = await due_until(self._table, SENT, before)
        old = [key_of(one) for one in made if one["due_sk"]["S"] < said(before)]
        await self._table.erase(old)
        return len(old)


async def remove(table: Table, webhook: Webhook) -> None:
    """As `Webhooks.remove`: it goes in one step, and what was sent to it follows."""
    rest = unsending(webhook.workspace_id, webhook.id)
    going = Delete(webhook_key(webhook.workspace_id, webhook.id), unchanged(webhook.version))
    try:
        await table.write(going, Delete(_lead(webhook)), rest)
    except Refused:
        raise Stale from None
    await finish_soon(table, rest.key)


def _lead(webhook: Webhook) -> Key:
    return f"{_KEY}{webhook.data_key.key_id}", _LED + webhook.id


def _leading(webhook: Webhook) -> Put:
    lead = {"workspace_id": text(webhook.workspace_id), "webhook_id": text(webhook.id)}
    return Put(under(_lead(webhook), lead))
