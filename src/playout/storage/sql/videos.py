"""Videos in SQL: the records; the bytes are elsewhere."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from playout.application.ports import Chore, Page
from playout.domain.errors import Conflict
from playout.domain.event import Event
from playout.domain.video import Video
from playout.storage.sql import rows
from playout.storage.sql.chores import put
from playout.storage.sql.history import note
from playout.storage.sql.rows import VIDEOS
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import events, posts, videos


class SqlVideos:
    """Keeps the promises of `Videos`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, video_id: str) -> Video:
        return await self._runner.read(lambda c: rows.get(c, VIDEOS, workspace_id, video_id))

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Video]:
        mine = videos.c.workspace_id == workspace_id
        return await self._runner.read(lambda c: rows.newest(c, VIDEOS, mine, cursor, limit))

    async def save(self, video: Video, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Video:
        return await self._runner.write(lambda c: _save(c, video, chores, events))

    async def same_bytes(self, workspace_id: str, sha256: str) -> Sequence[str]:
        return await self._runner.read(lambda c: _same_bytes(c, workspace_id, sha256))

    async def remove(self, video: Video) -> None:
        await self._runner.write(lambda c: _remove(c, video))


def _save(connection: Connection, video: Video, due: Sequence[Chore], happened: Sequence[Event]) -> Video:
    saved = rows.save(connection, VIDEOS, video)
    put(connection, due)
    note(connection, happened)
    return saved


def _same_bytes(connection: Connection, workspace_id: str, sha256: str) -> Sequence[str]:
    same = (videos.c.workspace_id == workspace_id, videos.c.sha256 == sha256)
    return connection.execute(select(videos.c.id).where(*same).order_by(videos.c.id)).scalars().all()


def _remove(connection: Connection, video: Video) -> None:
    """A post that comes in between is kept by its foreign key: then the removal is Stale."""
    used = select(posts.c.id).where(posts.c.workspace_id == video.workspace_id, posts.c.video_id == video.id)
    if connection.execute(used.limit(1)).first():
        raise Conflict("A post uses this video.", code="in_use")
    rows.remove(connection, VIDEOS, video)
    connection.execute(
        delete(events).where(events.c.workspace_id == video.workspace_id, events.c.subject_id == video.id)
    )
