"""Videos in DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace

from playout.application.ports import Chore, Page
from playout.domain.errors import Conflict, NotFound, Stale
from playout.domain.event import Event
from playout.domain.video import Video
from playout.storage.dynamodb.actions import Action, Delete, Put, When, unchanged
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.history import announcements
from playout.storage.dynamodb.items import (
    VIDEO,
    bytes_partition,
    lives,
    notes,
    orders,
    uses_key,
    video_item,
    video_key,
)
from playout.storage.dynamodb.lists import behind, keys_of, newest
from playout.storage.dynamodb.rest import finish_soon, forgetting
from playout.storage.dynamodb.table import Table, below


class DynamoVideos:
    """Keeps the promises of `Videos`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, video_id: str) -> Video:
        found = await self._table.get(video_key(workspace_id, video_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return VIDEO.record(found)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Video]:
        return await newest(self._table, workspace_id, "VID#", VIDEO.record, cursor, limit)

    async def save(self, video: Video, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Video:
        saved = replace(video, version=video.version + 1)
        saving: list[Action] = [Put(video_item(saved), unchanged(video.version)), *orders(chores), *notes(events)]
        if video.version == 0:
            saving.append(lives(video.workspace_id))
        try:
            await self._table.write(*saving, *await announcements(self._table, events))
        except Refused:
            raise Stale from None
        return saved

    async def same_bytes(self, workspace_id: str, sha256: str) -> Sequence[str]:
        keys = keys_of(self._table, below(bytes_partition(workspace_id, sha256), "VID#", "named"))
        return [one.id async for one in behind(self._table, keys, VIDEO.record) if one.sha256 == sha256]

    async def remove(self, video: Video) -> None:
        unused = When("attribute_not_exists(#posts)")
        history = forgetting(video.workspace_id, [video.id])
        try:
            await self._table.write(
                Delete(uses_key(video.workspace_id, video.id), unused),
                Delete(video_key(video.workspace_id, video.id), unchanged(video.version)),
                history,
            )
        except Refused as refused:
            if 0 in refused.stood:
                raise Conflict("A post uses this video.", code="in_use") from None
            raise Stale from None
        await finish_soon(self._table, history.key)
