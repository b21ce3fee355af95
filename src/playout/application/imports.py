"""Imports: videos fetched from an address that a person gives, in the background.

The address may carry a signature. It is kept apart for a day at most, and is in no record, event, log or error.
"""

import json
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from playout.application.ports import Chore, Clock, Egress, Files, Store, Stored
from playout.application.ports.egress import UNREACHABLE
from playout.application.videos import LONGEST_NAME, PROBE, ROOT
from playout.domain.errors import Invalid, NotFound, Problem, Stale, Unavailable
from playout.domain.event import happened
from playout.domain.ids import new_id
from playout.domain.person import Actor, Scope
from playout.domain.video import Video, VideoState

log = logging.getLogger(__name__)

#: The chore that fetches.
FETCH = "fetch"
#: For so long an address is kept, if nothing comes of it.
KEPT = timedelta(days=1)
#: After a failure that may pass by itself: five tries within a quarter of an hour.
WAITS = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=9))
#: A slow host must not hold all hands of a process, nor one workspace all imports.
AT_ONCE = 4
AT_ONCE_FOR_ONE = 2
SOON = timedelta(seconds=5)
#: While it comes, it is looked whether anybody still wants it.
LOOK_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Note:
    """What is kept beside the record."""

    url: str
    named: bool  # by the person
    tries: int = 0


class Imports:
    """Begins imports, and carries them out. `most_bytes`: the largest file taken in."""

    def __init__(self, store: Store, files: Files, egress: Egress, clock: Clock, *, most_bytes: int) -> None:
        self._store = store
        self._files = files
        self._egress = egress
        self._clock = clock
        self._most_bytes = most_bytes
        self._coming: Counter[str] = Counter()  # by workspace

    async def begin(self, actor: Actor, url: str, filename: str | None = None, *, video_id: str | None = None) -> Video:
        """The record of a video that will be fetched; its size is 0 until then. Raises Invalid for the address.

        `filename` None: as the host calls it. `video_id` given: a repeat of the same request finds what the first made.
        """
        actor.need(Scope.WRITE)
        self._egress.check(url)
        if video_id and (made := await self._made_before(actor, video_id)):
            return made
        now = self._clock.now()
        video_id = video_id or new_id("vid", now)
        key, kept = f"{ROOT}{actor.workspace_id}/{video_id}", _key(actor.workspace_id, video_id)
        name = _shown(filename or "")
        note = json.dumps(asdict(_Note(url, bool(filename))))
        await self._store.ephemera.put_new(kept, note, now + KEPT, now)  # first: the chore needs it
        video = Video(video_id, actor.workspace_id, VideoState.PROBING, name, 0, "", key, now)
        try:
            return await self._store.videos.save(video, [Chore(actor.workspace_id, FETCH, video_id, now)])
        except Stale:
            return await self._store.videos.get(actor.workspace_id, video_id)

    async def _made_before(self, actor: Actor, video_id: str) -> Video | None:
        try:
            return await self._store.videos.get(actor.workspace_id, video_id)
        except NotFound:
            return None

    # ── the chore ───────────────────────────────────────────────────────────────────────────────

    async def fetch(self, chore: Chore) -> datetime | None:
        """Takes the file in and has it looked into. Safe to repeat: what came before is overwritten."""
        try:
            again = await self._advance(chore)
        except NotFound:  # deleted meanwhile
            await self._forget(chore)
            raise
        if again is None:
            await self._forget(chore)
        return again

    async def _advance(self, chore: Chore) -> datetime | None:
        video = await self._store.videos.get(chore.workspace_id, chore.subject_id)
        kept = await self._store.ephemera.get(_key(video.workspace_id, video.id), self._clock.now())
        if not _is_awaited(video):
            return None
        if kept is None:
            sentence = "The file could not be fetched within a day. Import it again."
            await self._reject(video, Problem("could_not_fetch", "", sentence))
            return None
        if self._coming.total() >= AT_ONCE or self._coming[video.workspace_id] >= AT_ONCE_FOR_ONE:
            return self._clock.now() + SOON
        self._coming[video.workspace_id] += 1
        try:
            return await self._try(video, kept, _Note(**json.loads(kept)))
        finally:
            self._coming[video.workspace_id] -= 1

    async def _try(self, video: Video, kept: str, note: _Note) -> datetime | None:
        try:
            stored, name = await self._taken(video, note)
        except Invalid as error:
            await self._reject(video, Problem(error.code, "", error.sentence))
        except Unavailable as error:
            if error.code != UNREACHABLE:
                raise  # our own store: that is tried for as long as it takes
            return await self._later(video, kept, note, error)
        except _NotWanted:
            log.info("import.not_wanted")
        else:
            await self._keep(replace(video, filename=video.filename if note.named else _shown(name or "")), stored)
        return None

    async def _taken(self, video: Video, note: _Note) -> tuple[Stored, str | None]:
        async with (
            self._egress.fetch(note.url, limit=self._most_bytes) as coming,
            aclosing(coming.pieces()) as pieces,
            aclosing(self._while_wanted(video, pieces)) as wanted,
        ):
            return await self._files.put(video.key, wanted, limit=self._most_bytes), coming.filename

    async def _while_wanted(self, video: Video, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """Ends when it was deleted, or when other hands had it done: then the bytes under the key are theirs."""
        looked = self._clock.now()
        async for piece in pieces:
            if self._clock.now() - looked >= LOOK_EVERY:
                await self._look(video)
                looked = self._clock.now()
            yield piece
        await self._look(video)

    async def _look(self, video: Video) -> None:
        if not _is_awaited(await self._store.videos.get(video.workspace_id, video.id)):
            raise _NotWanted

    async def _keep(self, video: Video, stored: Stored) -> None:
        if stored.size == 0:
            await self._files.delete(video.key)
            await self._reject(video, Problem("empty_file", "", "The file at this address is empty. Import another."))
            return
        whole = replace(video, size=stored.size, sha256=stored.sha256)
        try:
            await self._store.videos.save(whole, [Chore(video.workspace_id, PROBE, video.id, self._clock.now())])
        except Stale:
            if await self._is_gone(video):
                await self._files.delete(video.key)
            raise

    async def _is_gone(self, video: Video) -> bool:
        try:
            await self._store.videos.get(video.workspace_id, video.id)
        except NotFound:
            return True
        return False

    async def _later(self, video: Video, kept: str, note: _Note, error: Unavailable) -> datetime | None:
        if note.tries >= len(WAITS):
            sentence = f"{error.sentence} Check the address, and import it again."
            await self._reject(video, Problem("could_not_fetch", "", sentence))
            return None
        now = self._clock.now()
        counted = json.dumps(asdict(replace(note, tries=note.tries + 1)))
        key = _key(video.workspace_id, video.id)
        await self._store.ephemera.replace(key, kept, counted, video.created_at + KEPT)
        return now + WAITS[note.tries]

    async def _reject(self, video: Video, problem: Problem) -> None:
        seen = video.rejected(problem)
        event = happened(seen, "video.rejected", self._clock.now(), state=seen.state, why=problem)
        await self._store.videos.save(seen, events=[event])

    async def _forget(self, chore: Chore) -> None:
        await self._store.ephemera.take(_key(chore.workspace_id, chore.subject_id), self._clock.now())


class _NotWanted(Exception):
    """It has come already, or was rejected."""


def _is_awaited(video: Video) -> bool:
    return video.state is VideoState.PROBING and not video.sha256


def _key(workspace_id: str, video_id: str) -> str:
    return f"import:{workspace_id}:{video_id}"


def _shown(filename: str) -> str:
    """As `Videos` shows names: no path, no control characters."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in base if letter.isprintable())[:LONGEST_NAME].strip() or "video"
