"""Posts in SQL, with the deliveries made from them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from playout.application.ports import Page
from playout.domain.delivery import Delivery
from playout.domain.errors import Stale
from playout.domain.event import Event
from playout.domain.post import Post
from playout.storage.sql import rows
from playout.storage.sql.history import note
from playout.storage.sql.rows import DELIVERIES, POSTS
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import events, posts


class SqlPosts:
    """Keeps the promises of `Posts`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, post_id: str) -> Post:
        return await self._runner.read(lambda c: rows.get(c, POSTS, workspace_id, post_id))

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Post]:
        mine = posts.c.workspace_id == workspace_id
        return await self._runner.read(lambda c: rows.newest(c, POSTS, mine, cursor, limit))

    async def several(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Post]:
        return await self._runner.read(lambda c: _several(c, workspace_id, post_ids))

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Post]:
        return await self._runner.read(lambda c: _planned(c, workspace_id, start, end, limit))

    async def save(self, post: Post, deliveries: Sequence[Delivery] = (), events: Sequence[Event] = ()) -> Post:
        return await self._runner.write(lambda c: _save(c, post, deliveries, events))

    async def remove(self, post: Post, deliveries: Sequence[Delivery] = ()) -> None:
        await self._runner.write(lambda c: _remove(c, post, deliveries))

    async def using(self, workspace_id: str, video_id: str) -> Sequence[str]:
        return await self._runner.read(lambda c: _using(c, workspace_id, video_id))


def _several(connection: Connection, workspace_id: str, post_ids: Collection[str]) -> Sequence[Post]:
    wanted = (posts.c.workspace_id == workspace_id, posts.c.id.in_(sorted(post_ids)))
    return [POSTS.record(row) for row in connection.execute(select(*POSTS.columns).where(*wanted))]


def _planned(connection: Connection, workspace_id: str, start: datetime, end: datetime, limit: int) -> Sequence[Post]:
    at = posts.c.scheduled_at
    there = (posts.c.workspace_id == workspace_id, at >= start, at < end)
    found = connection.execute(select(*POSTS.columns).where(*there).order_by(at, posts.c.id).limit(limit))
    return [POSTS.record(row) for row in found]


def _save(connection: Connection, post: Post, made: Sequence[Delivery], happened: Sequence[Event]) -> Post:
    if any((one.workspace_id, one.post_id) != (post.workspace_id, post.id) for one in made):
        raise Stale
    saved = rows.save(connection, POSTS, post)
    rows.save_all(connection, DELIVERIES, made)
    note(connection, happened)
    return saved


def _remove(connection: Connection, post: Post, made: Sequence[Delivery]) -> None:
    """What is not named keeps the post by its foreign key."""
    subjects = [post.id, *(one.id for one in made)]
    history = delete(events).where(events.c.workspace_id == post.workspace_id, events.c.subject_id.in_(subjects))
    for one in sorted(made, key=lambda one: one.id):
        if one.post_id != post.id:
            raise Stale
        rows.remove(connection, DELIVERIES, one)
    rows.remove(connection, POSTS, post)
    connection.execute(history)


def _using(connection: Connection, workspace_id: str, video_id: str) -> Sequence[str]:
    """Sorted here: asked for an order, SQLite would go through the whole workspace in it."""
    query = select(posts.c.id).where(posts.c.workspace_id == workspace_id, posts.c.video_id == video_id)
    return sorted(connection.execute(query).scalars())
