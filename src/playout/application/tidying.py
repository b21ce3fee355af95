"""What killed processes leave behind, removed a few times a day. Nothing depends on when."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from playout.application.ports import Chore, Clock, Files, Store
from playout.application.pulls import Pulls
from playout.application.videos import ROOT
from playout.domain.errors import NotFound
from playout.domain.ids import is_id, new_id

TIDY = "tidy"
TIDY_EVERY = timedelta(hours=6)
#: Bytes younger than this may belong to a record that is just being written.
ORPHAN_AGE = timedelta(hours=24)

Sweep = Callable[[], Awaitable[int]]


class Tidying:
    """Handler of the chore. `sweeps`: what others leave behind."""

    def __init__(self, store: Store, files: Files, pulls: Pulls, clock: Clock, *sweeps: Sweep) -> None:
        self._store = store
        self._files = files
        self._pulls = pulls
        self._sweeps = sweeps
        self._clock = clock

    async def __call__(self, chore: Chore) -> datetime:
        """Half files, bytes without a record, copies that nobody fetches any more, expired small things."""
        now = self._clock.now()
        await self._store.ephemera.sweep(now)
        await self._pulls.tidy()
        oldest = new_id("vid", now - ORPHAN_AGE)
        async for key in self._files.list(ROOT):
            workspace_id, _, rest = key.removeprefix(ROOT).partition("/")
            video_id = rest.partition(".")[0]
            if is_id(video_id, "vid") and video_id < oldest and not await self._has_record(workspace_id, video_id):
                await self._files.delete(key)
        for sweep in self._sweeps:
            await sweep()
        await self._files.sweep(ORPHAN_AGE)  # last: a bucket may refuse it, and that must not stop the rest
        return now + TIDY_EVERY

    async def _has_record(self, workspace_id: str, video_id: str) -> bool:
        try:
            await self._store.videos.get(workspace_id, video_id)
        except NotFound:
            return False
        return True
