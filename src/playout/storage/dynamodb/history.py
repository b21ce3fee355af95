"""History in DynamoDB, and that webhooks are told of it in the same step."""

from collections.abc import Sequence
from contextlib import aclosing

from playout.application.ports import Page
from playout.application.ports.store import announcement
from playout.domain.errors import NotFound
from playout.domain.event import Event
from playout.domain.webhook import announced
from playout.storage.dynamodb.actions import Update
from playout.storage.dynamodb.items import EVENT, event_key, orders
from playout.storage.dynamodb.lists import keys_of, oldest
from playout.storage.dynamodb.table import Table, below


class DynamoEvents:
    """Keeps the promises of `Events`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def get(self, workspace_id: str, subject_id: str, event_id: str) -> Event:
        found = await self._table.get(event_key(workspace_id, subject_id, event_id))
        if found is None:
            raise NotFound("There is no such thing here.")
        return EVENT.record(found)

    async def list(
        self, workspace_id: str, subject_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        return await oldest(self._table, about(workspace_id, subject_id), "EVT#", EVENT.record, cursor, limit)


async def announcements(table: Table, events: Sequence[Event]) -> list[Update]:
    """What is to be saved beside these events, so that webhooks hear of them: nothing where there is none."""
    told = announced(events)
    heard = {one: await _listens(table, one) for one in {event.workspace_id for event in told}}
    return orders(announcement(one) for one in told if heard[one.workspace_id])


async def forget(table: Table, workspace_id: str, subject_id: str) -> None:
    """All history of one subject goes."""
    await table.erase([key async for key in keys_of(table, below(about(workspace_id, subject_id), "EVT#"))])


def about(workspace_id: str, subject_id: str) -> str:
    """The partition of one subject."""
    return event_key(workspace_id, subject_id, "")[0]


async def _listens(table: Table, workspace_id: str) -> bool:
    async with aclosing(table.query(below(workspace_id, "WHK#"), 1)) as found:
        return await anext(found, None) is not None
