"""Channels in SQL. What is sealed in them stays sealed here."""

from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import Connection, select, union

from playout.application.ports import Chore, Page, Ref
from playout.domain.channel import Channel
from playout.domain.event import Event
from playout.storage.sql import rows
from playout.storage.sql.chores import put
from playout.storage.sql.history import note
from playout.storage.sql.rows import CHANNELS
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import channels


class SqlChannels:
    """Keeps the promises of `Channels`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, channel_id: str) -> Channel:
        return await self._runner.read(lambda c: rows.get(c, CHANNELS, workspace_id, channel_id))

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Channel]:
        mine = channels.c.workspace_id == workspace_id
        return await self._runner.read(lambda c: rows.newest(c, CHANNELS, mine, cursor, limit))

    async def save(self, channel: Channel, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Channel:
        return await self._runner.write(lambda c: _save(c, channel, chores, events))

    async def by_account(self, platform: str, remote_id: str) -> Sequence[Ref]:
        return await self._runner.read(lambda c: _by_account(c, platform, remote_id))

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Channel]:
        under = channels.c.key_id == key_id
        return await self._runner.read(lambda c: rows.oldest(c, CHANNELS, under, cursor, limit))


def _save(connection: Connection, channel: Channel, due: Sequence[Chore], happened: Sequence[Event]) -> Channel:
    saved = rows.save(connection, CHANNELS, channel)
    put(connection, due)
    note(connection, happened)
    return saved


def _by_account(connection: Connection, platform: str, remote_id: str) -> Sequence[Ref]:
    """Each name is looked up by its own index: an OR would look through all channels of the platform."""
    each = [
        select(channels.c.workspace_id, channels.c.id).where(channels.c.platform == platform, name == remote_id)
        for name in (channels.c.remote_id, channels.c.owner_id)
    ]
    found = connection.execute(union(*each)).all()
    return [Ref(workspace_id, channel_id) for workspace_id, channel_id in sorted(found, key=itemgetter(1))]
