"""Chores in DynamoDB."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from playout.application.ports import Chore, Ref
from playout.domain.errors import Stale, Unavailable
from playout.storage.dynamodb.actions import Delete, Put, unchanged
from playout.storage.dynamodb.claim import take_one
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.items import CHORE, chore_item, chore_key, orders
from playout.storage.dynamodb.lists import due_until
from playout.storage.dynamodb.table import Table


class DynamoChores:
    """Keeps the promises of `Chores`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def put(self, chore: Chore) -> None:
        await self._table.write(*orders([chore]))

    async def get(self, workspace_id: str, chore_id: str) -> Chore | None:
        found = await self._table.get(chore_key(workspace_id, chore_id))
        return CHORE.record(found) if found else None

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        taken: list[Ref] = []
        due = await due_until(self._table, "CHORES", now)
        for item in sorted(due, key=lambda one: (one["due_sk"]["S"], one["PK"]["S"], one["SK"]["S"])):
            if len(taken) == limit:
                break
            key = item["PK"]["S"], item["SK"]["S"]
            try:
                if await take_one(self._table, key, item, now, until):
                    taken.append(Ref(key[0], key[1].removeprefix("CHORE#"), int(item["version"]["N"]) + 1))
            except Unavailable:
                if not taken:
                    raise
                break  # what is in hand must be worked on; the rest is due still
        return taken

    async def save(self, chore: Chore) -> Chore:
        made = replace(chore, version=chore.version + 1)
        try:
            await self._table.write(Put(chore_item(made), unchanged(chore.version)))
        except Refused:
            raise Stale from None
        return made

    async def done(self, chore: Chore) -> None:
        try:
            await self._table.write(Delete(chore_key(chore.workspace_id, chore.id), unchanged(chore.version)))
        except Refused:
            return
