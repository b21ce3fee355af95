"""Chores in SQL: background work with a due time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, literal, select, tuple_, update

from playout.application.ports import Chore, Ref
from playout.storage.sql import rows
from playout.storage.sql.claim import later
from playout.storage.sql.dialects import upsert
from playout.storage.sql.rows import CHORES
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import chores
from playout.storage.sql.types import Moment


class SqlChores:
    """Keeps the promises of `Chores`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put(self, chore: Chore) -> None:
        await self._runner.write(lambda c: put(c, [chore]))

    async def get(self, workspace_id: str, chore_id: str) -> Chore | None:
        return await self._runner.read(lambda c: rows.find(c, CHORES, workspace_id, chore_id))

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        return await self._runner.write(lambda c: _claim(c, now, until, limit))

    async def save(self, chore: Chore) -> Chore:
        return await self._runner.write(lambda c: rows.save(c, CHORES, chore))

    async def done(self, chore: Chore) -> None:
        await self._runner.write(lambda c: _done(c, chore))


def put(connection: Connection, due: Sequence[Chore]) -> None:
    """What somebody has in hand is due again as well: the version moves on, so that he cannot finish it."""
    statement = upsert(connection, chores)
    names = ("due_at", "in_hand_until", "wake_at", "tries")
    moved = {name: statement.excluded[name] for name in names} | {"version": chores.c.version + 1}
    statement = statement.on_conflict_do_update(index_elements=["workspace_id", "id"], set_=moved)
    for chore in sorted(due, key=lambda one: one.id):
        connection.execute(statement, CHORES.values(replace(chore, in_hand_until=None, version=1)))


def _claim(connection: Connection, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
    """On PostgreSQL what another claim is just taking is passed over."""
    due = (
        select(chores.c.workspace_id, chores.c.id, chores.c.version)
        .where(chores.c.wake_at <= now)
        .order_by(chores.c.wake_at, chores.c.workspace_id, chores.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(due).all()
    if found:
        names = [(workspace_id, chore_id) for workspace_id, chore_id, _ in found]
        taken = update(chores).where(tuple_(chores.c.workspace_id, chores.c.id).in_(names))
        held = later(chores.c.due_at, literal(until, Moment()))
        connection.execute(taken.values(in_hand_until=until, wake_at=held, version=chores.c.version + 1))
    return [Ref(workspace_id, chore_id, version + 1) for workspace_id, chore_id, version in found]


def _done(connection: Connection, chore: Chore) -> None:
    connection.execute(CHORES.erase, CHORES.loaded(chore))
