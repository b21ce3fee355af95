"""Channels in DynamoDB.

What leads to a channel from outside a workspace (its account at the platform, its owner there, the key it is sealed
under) is an item of the table, written with the channel: news and key rotation must not wait for an index.
"""

from collections.abc import Sequence
from dataclasses import replace

from playout.application.ports import Chore, Page, Ref
from playout.domain.channel import Channel
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.storage.dynamodb.actions import ABSENT, Action, Delete, Key, Put, stands
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.history import announcements
from playout.storage.dynamodb.items import CHANNEL, channel_key, lives, notes, orders, saved, under
from playout.storage.dynamodb.lists import behind, newest, page_of
from playout.storage.dynamodb.table import Table, below
from playout.storage.dynamodb.values import text

_ACCOUNT, _OWNER, _KEY = "ACC#", "OWN#", "KEY#"
_LED = "TO#"


class DynamoChannels:
    """Keeps the promises of `Channels`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, channel_id: str) -> Channel:
        found = await self._table.get(channel_key(workspace_id, channel_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return CHANNEL.record(found)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Channel]:
        return await newest(self._table, workspace_id, "CH#", CHANNEL.record, cursor, limit)

    async def save(self, channel: Channel, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Channel:
        made = replace(channel, version=channel.version + 1)
        key = channel_key(channel.workspace_id, channel.id)
        before = await self._table.get(key) if channel.version else None
        pointing = _moved(CHANNEL.record(before) if before else None, made)
        saving = [saved(CHANNEL, key, made, channel.version), *pointing, *orders(chores), *notes(events)]
        if channel.version == 0:
            saving.append(lives(channel.workspace_id))
        try:
            await self._table.write(*saving, *await announcements(self._table, events))
        except Refused:
            raise Stale from None
        return made

    async def by_account(self, platform: str, remote_id: str) -> Sequence[Ref]:
        found: set[tuple[str, str]] = set()
        for kind in (_ACCOUNT, _OWNER):
            async for item in self._table.query(below(f"{kind}{platform}#{remote_id}", _LED)):
                found.add((item["channel_id"]["S"], item["workspace_id"]["S"]))
        return [Ref(workspace_id, channel_id) for channel_id, workspace_id in sorted(found)]

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Channel]:
        items = self._table.query(below(f"{_KEY}{key_id}", _LED, cursor=cursor), limit + 2)
        keys = (channel_key(item["workspace_id"]["S"], item["channel_id"]["S"]) async for item in items)
        found = behind(self._table, keys, CHANNEL.record, min(limit + 1, 100))
        return await page_of((one async for one in found if one.id != cursor), limit)


def _moved(before: Channel | None, after: Channel) -> list[Action]:
    """What leads to the channel now, and no longer what led to it before. An account has one channel in a workspace."""
    old, new = set(leading(before)) if before else set(), set(leading(after))
    lead = {"workspace_id": text(after.workspace_id), "channel_id": text(after.id)}
    mine = ABSENT | stands("channel_id", after.id)
    return [
        *(Put(under(key, lead), mine) for key in sorted(new - old)),
        *(Delete(key) for key in sorted(old - new)),
    ]


def leading(channel: Channel) -> list[Key]:
    """Of the items that lead to it."""
    keys = [(f"{_ACCOUNT}{channel.platform}#{channel.profile.remote_id}", _LED + channel.workspace_id)]
    if channel.profile.owner_id:
        keys.append((f"{_OWNER}{channel.platform}#{channel.profile.owner_id}", _LED + channel.id))
    if channel.data_key:
        keys.append((f"{_KEY}{channel.data_key.key_id}", _LED + channel.id))
    return keys
