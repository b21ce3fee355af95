"""Small things with an end, in SQL. Calls counted in a window lie beside them, under keys of their own."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection, delete, select, update

from playout.storage.sql.dialects import upsert
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import ephemera

#: Removed at once by one sweep statement, so that no other save waits long for it.
AT_ONCE = 1000
Calls: TypeAlias = list[datetime]


class SqlEphemera:
    """Keeps the promises of `Ephemera`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put_new(self, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
        return await self._runner.write(lambda c: _put_new(c, _note(key), value, expires_at, now))

    async def get(self, key: str, now: datetime) -> str | None:
        return await self._runner.read(lambda c: _get(c, _note(key), now))

    async def replace(self, key: str, old: str, new: str, expires_at: datetime) -> bool:
        return await self._runner.write(lambda c: _replace(c, _note(key), old, new, expires_at))

    async def take(self, key: str, now: datetime) -> str | None:
        return await self._runner.write(lambda c: _take(c, _note(key), now))

    async def allow(self, key: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
        return await self._runner.write(lambda c: _allow(c, f"calls:{key}", limit, window, now))

    async def forget(self, workspace_id: str) -> int:
        mine = await self._runner.read(lambda c: _of(c, workspace_id))
        for start in range(0, len(mine), AT_ONCE):
            some = mine[start : start + AT_ONCE]
            await self._runner.write(partial(_remove, keys=some))
        return len(mine)

    async def sweep(self, now: datetime) -> int:
        swept = 0
        while removed := await self._runner.write(lambda c: _sweep(c, now)):
            swept += removed
        return swept


def _put_new(connection: Connection, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
    """What expired is overwritten. Turns again only if what stood was taken between the two statements."""
    insert = upsert(connection, ephemera).values(key=key, value=value, expires_at=expires_at)
    put = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={"value": insert.excluded.value, "expires_at": insert.excluded.expires_at},
        where=ephemera.c.expires_at <= now,
    ).returning(ephemera.c.key)
    while connection.execute(put).first() is None:
        standing = _get(connection, key, now)
        if standing is not None:
            return standing
    return None


def _get(connection: Connection, key: str, now: datetime) -> str | None:
    query = select(ephemera.c.value).where(ephemera.c.key == key, ephemera.c.expires_at > now)
    return connection.execute(query).scalar()


def _replace(connection: Connection, key: str, old: str, new: str, expires_at: datetime) -> bool:
    standing = update(ephemera).where(ephemera.c.key == key, ephemera.c.value == old)
    return connection.execute(standing.values(value=new, expires_at=expires_at)).rowcount == 1


def _take(connection: Connection, key: str, now: datetime) -> str | None:
    gone = delete(ephemera).where(ephemera.c.key == key)
    row = connection.execute(gone.returning(ephemera.c.value, ephemera.c.expires_at)).first()
    return row.value if row and row.expires_at > now else None


def _allow(connection: Connection, key: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
    """Every counted call is remembered until it leaves the window: never more than `limit` in any window at all."""
    empty = upsert(connection, ephemera).values(key=key, value="[]", expires_at=now + window)
    connection.execute(empty.on_conflict_do_nothing())  # so that there is a row to lock
    row = select(ephemera.c.value).where(ephemera.c.key == key).with_for_update()
    calls = [at for at in _read(connection.execute(row).scalar_one()) if at + window > now]
    if len(calls) >= limit:
        return calls[-limit] + window
    counted = sorted([*calls, now])
    mine = update(ephemera).where(ephemera.c.key == key)
    connection.execute(mine.values(value=_write(counted), expires_at=counted[-1] + window))
    return None


def _of(connection: Connection, workspace_id: str) -> list[str]:
    """Reads through all keys there are: somebody leaves rarely, and then nobody waits for it."""
    keys = connection.execute(select(ephemera.c.key).where(ephemera.c.key.contains(workspace_id, autoescape=True)))
    return [key for key in keys.scalars() if key.startswith("note:") and key.split(":")[2:3] == [workspace_id]]


def _remove(connection: Connection, keys: list[str]) -> None:
    connection.execute(delete(ephemera).where(ephemera.c.key.in_(keys)))


def _sweep(connection: Connection, now: datetime) -> int:
    expired = select(ephemera.c.key).where(ephemera.c.expires_at <= now).limit(AT_ONCE)
    return connection.execute(delete(ephemera).where(ephemera.c.key.in_(expired))).rowcount


def _note(key: str) -> str:
    return f"note:{key}"


def _read(value: str) -> Calls:
    return [datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at) for at in json.loads(value)]


def _write(calls: Calls) -> str:
    start = datetime.fromtimestamp(0, UTC)
    return json.dumps([(at - start) // timedelta(microseconds=1) for at in calls], separators=(",", ":"))
