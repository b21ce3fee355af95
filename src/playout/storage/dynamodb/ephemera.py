"""Small things with an end, in DynamoDB.

Whether one is over is decided by its own time at each reading. What is over goes with the next sweep; DynamoDB's TTL,
which may take days, is only a broom behind that.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

from playout.storage.dynamodb.actions import ABSENT, Delete, Key, Put, When, stands
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.items import due, sharded, under
from playout.storage.dynamodb.lists import due_until
from playout.storage.dynamodb.table import Table
from playout.storage.dynamodb.values import Item, Value, heard, moment, number, said, text

_END = "END"


class DynamoEphemera:
    """Keeps the promises of `Ephemera`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def put_new(self, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
        try:
            await self._table.write(Put(_note(key, value, expires_at), ABSENT | _over(now)))
        except Refused as refused:
            return _value(refused.stood[0])
        return None

    async def get(self, key: str, now: datetime) -> str | None:
        found = await self._table.get(_note_key(key))
        return _value(found) if found and _end(found) > now else None

    async def replace(self, key: str, old: str, new: str, expires_at: datetime) -> bool:
        try:
            await self._table.write(Put(_note(key, new, expires_at), stands("value", old)))
        except Refused:
            return False
        return True

    async def take(self, key: str, now: datetime) -> str | None:
        found = await self._table.get(_note_key(key))
        if found is None or _end(found) <= now:
            return None
        try:
            await self._table.write(Delete(_note_key(key), stands("written", found["written"]["S"])))
        except Refused:
            return None
        return _value(found)

    async def allow(self, key: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
        while True:
            found = await self._table.get(_calls_key(key))
            calls = [at for at in _calls(found) if at + window > now]
            if len(calls) >= limit:
                return calls[-limit] + window
            calls = sorted([*calls, now])
            same = stands("written", found["written"]["S"]) if found else ABSENT
            try:
                await self._table.write(Put(_counted(key, calls, calls[-1] + window), same))
            except Refused:
                continue  # somebody else was counted meanwhile
            return None

    async def forget(self, workspace_id: str) -> int:
        mine = [key for key in await self._all() if key[0].startswith("E#") and _owner(key) == workspace_id]
        await self._table.erase(mine)
        return len(mine)

    async def _all(self) -> Sequence[Key]:
        """Keys of whatever has an end: somebody leaves rarely, and then nobody waits for it."""
        found = await due_until(self._table, _END, datetime.max.replace(tzinfo=UTC))
        return [(one["PK"]["S"], one["SK"]["S"]) for one in found]

    async def sweep(self, now: datetime) -> int:
        over = [(one["PK"]["S"], one["SK"]["S"]) for one in await due_until(self._table, _END, now)]
        return sum([await self._swept(key, now) for key in over])

    async def _swept(self, key: Key, now: datetime) -> bool:
        try:
            await self._table.write(Delete(key, _over(now)))
        except Refused:
            return False  # it was put again
        return True


def _value(item: Item) -> str:
    return str(item["value"]["S"])


def _note_key(key: str) -> Key:
    return f"E#{key}", "E"


def _owner(key: Key) -> str:
    """Whose workspace a note is of, by its name."""
    return "".join(key[0].split(":")[1:2])


def _calls_key(key: str) -> Key:
    return f"C#{key}", "C"


def _note(key: str, value: str, expires_at: datetime) -> Item:
    return under(_note_key(key), {"value": text(value)} | _ending(key, expires_at))


def _counted(key: str, calls: Sequence[datetime], expires_at: datetime) -> Item:
    counted: Value = {"L": [moment(at) for at in calls]}
    return under(_calls_key(key), {"calls": counted} | _ending(key, expires_at))


def _calls(item: Item | None) -> Sequence[datetime]:
    return [heard(one["S"]) for one in item["calls"]["L"]] if item else []


def _ending(key: str, expires_at: datetime) -> dict[str, Value]:
    return due(sharded(_END, key), said(expires_at)) | {"ttl": number(ceil(expires_at.timestamp()))}


def _end(item: Item) -> datetime:
    return heard(item["due_sk"]["S"])


def _over(now: datetime) -> When:
    return When("#due_sk <= :now", {":now": moment(now)})
