"""Videos: taken in from a stream, probed in the background, shown, removed."""

from collections.abc import AsyncIterator
from datetime import datetime

from playout.application.ports import Chore, Clock, Files, Page, Probe, Store, Stored
from playout.application.renditions import Renditions
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, Stale, TooLarge, Unplayable
from playout.domain.event import happened
from playout.domain.ids import new_id
from playout.domain.person import Actor, Scope
from playout.domain.video import Video, VideoState

#: The chore that looks into a new file.
PROBE = "probe"
LONGEST_NAME = 200
ROOT = "videos/"


class Videos:
    """What faces can do with videos."""

    def __init__(
        self, store: Store, files: Files, probe: Probe, renditions: Renditions, clock: Clock, *, most_bytes: int
    ) -> None:
        self._store = store
        self._files = files
        self._probe = probe
        self._renditions = renditions
        self._clock = clock
        self._most_bytes = most_bytes

    async def take_in(
        self,
        actor: Actor,
        filename: str,
        pieces: AsyncIterator[bytes],
        *,
        video_id: str | None = None,
        size: int | None = None,
    ) -> Video:
        """Keeps the stream. The record appears only when every byte is safe; then the file is looked into.

        `video_id` given: a repeat of the same request finds what the first one made. `size` (bytes) given: a file that
        is too large is refused before its first byte is read.
        """
        actor.need(Scope.WRITE)
        if size is not None and size > self._most_bytes:
            raise TooLarge(f"The file has {size:,} bytes; {self._most_bytes:,} are allowed.")
        now = self._clock.now()
        video_id = video_id or new_id("vid", now)
        stored = await self._files.put(key_of(actor.workspace_id, video_id), pieces, limit=self._most_bytes)
        if stored.size == 0:
            await self._files.delete(stored.key)
            sentence = "The file is empty."
            raise Invalid(sentence, code="empty_file", problems=[Problem("empty_file", "", sentence)])
        return await self.keep(actor.workspace_id, video_id, filename, stored, now)

    async def keep(self, workspace_id: str, video_id: str, filename: str, stored: Stored, came: datetime) -> Video:
        """The record of bytes that are safe under `key_of`, for whoever has asked its actor; then they are looked into.

        `came`: when they began to. A repeat finds what the first one made.
        """
        probing, name = VideoState.PROBING, _clean(filename)
        video = Video(video_id, workspace_id, probing, name, stored.size, stored.sha256, stored.key, came)
        try:
            return await self._store.videos.save(video, [Chore(workspace_id, PROBE, video_id, self._clock.now())])
        except Stale:
            return await self._store.videos.get(workspace_id, video_id)

    async def get(self, actor: Actor, video_id: str) -> Video:
        """Raises NotFound."""
        actor.need(Scope.READ)
        return await self._store.videos.get(actor.workspace_id, video_id)

    async def list(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Video]:
        """Newest first."""
        actor.need(Scope.READ)
        return await self._store.videos.list(actor.workspace_id, cursor=cursor, limit=limit)

    def read(self, video: Video, start: int, length: int) -> AsyncIterator[bytes]:
        """The bytes of a video that `get` gave."""
        return self._files.read(video.key, start, length)

    async def picture(self, video: Video) -> bytes:
        """The thumbnail (JPEG). Raises NotFound while there is none."""
        if video.thumbnail_key is None:
            msg = "There is no picture of this video yet."
            raise NotFound(msg)
        size = await self._files.size(video.thumbnail_key)
        return b"".join([piece async for piece in self._files.read(video.thumbnail_key, 0, size)])

    async def remove(self, actor: Actor, video_id: str) -> None:
        """Deletes record and bytes. Refused while a post uses it."""
        actor.need(Scope.WRITE)
        video = await self._store.videos.get(actor.workspace_id, video_id)
        posts = await self._store.posts.using(actor.workspace_id, video_id)
        if posts:
            msg = f"{len(posts)} post(s) use this video. Delete them first."
            raise Conflict(msg, code="in_use")
        await self._store.videos.remove(video)
        for key in video.keys:
            await self._files.delete(key)

    # ── chores ──────────────────────────────────────────────────────────────────────────────────

    async def probe(self, chore: Chore) -> datetime | None:
        """Looks into a new file and notes what was found. Safe to repeat."""
        video = await self._store.videos.get(chore.workspace_id, chore.subject_id)
        if video.state is not VideoState.PROBING:
            return None
        try:
            probed = await self._probe.probe(video.key)
        except Unplayable as error:
            seen = video.rejected(Problem(error.code, "", error.sentence))
        else:
            thumbnail = await self._picture(video, "thumbnail", probed.thumbnail)
            strip = await self._picture(video, "strip", probed.strip)
            seen = video.ready(probed.facts, thumbnail, strip)
        problem = seen.problems[0] if seen.problems else None
        event = happened(seen, f"video.{seen.state}", self._clock.now(), state=seen.state, why=problem)
        await self._store.videos.save(seen, events=[event])
        for post_id in await self._store.posts.using(video.workspace_id, video.id):
            await self._renditions.for_post(await self._store.posts.get(video.workspace_id, post_id))
        return None

    async def _picture(self, video: Video, kind: str, jpeg: bytes) -> str:
        async def once() -> AsyncIterator[bytes]:
            yield jpeg

        key = f"{video.key}.{kind}.jpg"
        return (await self._files.put(key, once(), limit=len(jpeg))).key


def key_of(workspace_id: str, video_id: str) -> str:
    """Where the bytes of a video lie."""
    return f"{ROOT}{workspace_id}/{video_id}"


def _clean(filename: str) -> str:
    """The name as shown: no path, no control characters."""
    base = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in base if letter.isprintable())[:LONGEST_NAME].strip() or "video"
