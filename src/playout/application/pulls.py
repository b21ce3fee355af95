"""Pull addresses: where a platform fetches a file by itself. One nonce per attempt; withdrawn, it is gone for good.

They lead to ourselves, where we see what is fetched; or, where a base is set, past us to the bucket: then each attempt
has a copy of its own there, signed for a while and deleted when it is withdrawn, and what was fetched nobody knows.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from playout.application.ports import Clock, Fetched, Files, Store
from playout.domain.errors import Conflict, NotFound
from playout.domain.video import Video

#: Longer than any platform takes to fetch and to report what became of it.
KEPT = timedelta(days=2)
#: For so long a signed address is good. TikTok gives up after an hour
#: (developers.tiktok.com/doc/content-posting-api-media-transfer-guide).
SIGNED = timedelta(hours=3)
#: Where the copies lie.
ROOT = "pull/"
_GONE = "There is nothing here."
_PREFIX = "pull:"


@dataclass(frozen=True, slots=True)
class Range:
    """Part of a file to be sent: `length` bytes from `start` of `size`."""

    start: int
    length: int
    size: int


class Pulls:
    """Keeps, under the hash of each nonce, which video it gives and how much of it left.

    `base`: what stands before the bucket (a CDN, a domain of one's own); "" for addresses that lead to us.
    """

    def __init__(self, store: Store, files: Files, clock: Clock, public_url: str, base: str = "") -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._base = base.rstrip("/")

    def of(self, video: Video) -> "VideoPulls":
        """The pull addresses of one video."""
        return VideoPulls(self, video)

    async def find(self, nonce: str) -> Video:
        """The video behind a nonce that is on offer. Raises NotFound."""
        note = await self._note(nonce)
        if note is None or note["withdrawn"]:
            raise NotFound(_GONE)
        video = await self._store.videos.get(str(note["workspace_id"]), str(note["video_id"]))
        return video.at(str(note["key"]))

    async def send(self, nonce: str, video: Video, part: Range) -> AsyncIterator[bytes]:
        """The bytes. What may leave is noted before it does; raises NotFound as soon as the address is withdrawn.

        So a file of which not everything was noted before the withdrawal never left whole: its end was kept back.
        """
        await self._mark(nonce, Fetched.SOMETHING)
        kept_back: bytes | None = None
        async with aclosing(self._files.read(video.key, part.start, part.length)) as pieces:
            async for piece in pieces:
                if kept_back is not None:
                    yield kept_back
                kept_back = piece
        if kept_back is not None:
            if part.start + part.length >= part.size:
                await self._mark(nonce, Fetched.EVERYTHING)
            yield kept_back

    async def offer(self, nonce: str, video: Video) -> str:
        """The address; from now on it answers. Raises Conflict where it was withdrawn, even before it was offered."""
        now = self._clock.now()
        there = await self._store.ephemera.put_new(_key(nonce), _new_note(video, withdrawn=False), now + KEPT, now)
        if there and json.loads(there)["withdrawn"]:
            raise _withdrawn()
        return await self._in_bucket(nonce, video) if self._base else f"{self._public_url}/pull/{nonce}.mp4"

    async def _in_bucket(self, nonce: str, video: Video) -> str:
        """That it may be fetched from now on is noted last, so that a crash before leaves nothing in doubt."""
        key = _copy(_name(nonce))
        await self._files.copy(video.key, key)
        try:
            await self._mark(nonce, Fetched.UNKNOWN)
        except NotFound:
            await self._files.delete(key)
            raise _withdrawn() from None
        signed = urlsplit(await self._files.signed_url(key, SIGNED) or "")
        return f"{self._base}{signed.path}?{signed.query}"

    async def withdraw(self, nonce: str, video: Video) -> Fetched:
        """From now on it does not, and never will: a worker that stood still may be just about to offer it."""
        now = self._clock.now()
        await self._store.ephemera.put_new(_key(nonce), _new_note(video, withdrawn=True), now + KEPT, now)
        note = await self._change(nonce, withdrawn=True)
        if self._base:
            await self._files.delete(_copy(_name(nonce)))
        return Fetched(str(note["fetched"])) if note else Fetched.NOTHING

    async def tidy(self) -> None:
        """Removes copies that nobody offers any more: killed processes left them, or their video is gone."""
        async for key in self._files.list(ROOT):
            if not await self._is_offered(key.removeprefix(ROOT).removesuffix(".mp4")):
                await self._files.delete(key)

    async def _is_offered(self, name: str) -> bool:
        note = await self._kept(_PREFIX + name)
        if note is None or note["withdrawn"]:
            return False
        try:
            await self._store.videos.get(str(note["workspace_id"]), str(note["video_id"]))
        except NotFound:
            return False
        return True

    async def _mark(self, nonce: str, fetched: Fetched) -> None:
        note = await self._change(nonce, fetched=fetched)
        if note is None or note["withdrawn"]:
            raise NotFound(_GONE)

    async def _change(self, nonce: str, **news: str | bool) -> dict[str, str | bool] | None:
        """The note with `news` in it; what was fetched once stays fetched, and what is withdrawn stays so."""
        while True:
            now = self._clock.now()
            old = await self._store.ephemera.get(_key(nonce), now)
            if old is None:
                return None
            note: dict[str, str | bool] = json.loads(old)
            changed = note | news
            if note["fetched"] in {Fetched.EVERYTHING, Fetched.UNKNOWN}:
                changed["fetched"] = note["fetched"]
            if note["withdrawn"] or changed == note:
                return note
            if await self._store.ephemera.replace(_key(nonce), old, json.dumps(changed), now + KEPT):
                return changed

    async def _note(self, nonce: str) -> dict[str, str | bool] | None:
        return await self._kept(_key(nonce))

    async def _kept(self, key: str) -> dict[str, str | bool] | None:
        kept = await self._store.ephemera.get(key, self._clock.now())
        return json.loads(kept) if kept else None


@dataclass(frozen=True, slots=True)
class VideoPulls:
    """The pull addresses of one video, as an adapter is handed them."""

    pulls: Pulls
    video: Video

    async def offer(self, nonce: str) -> str:
        """The address; it answers from now on."""
        return await self.pulls.offer(nonce, self.video)

    async def withdraw(self, nonce: str) -> Fetched:
        """It answers 404 from now on; says how much was fetched by then."""
        return await self.pulls.withdraw(nonce, self.video)


def _new_note(video: Video, *, withdrawn: bool) -> str:
    note = {
        "workspace_id": video.workspace_id,
        "video_id": video.id,
        "key": video.key,
        "fetched": Fetched.NOTHING,
        "withdrawn": withdrawn,
    }
    return json.dumps(note)


def _name(nonce: str) -> str:
    """What is known of a nonce by whoever reads our records: not enough to ask for its file."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def _key(nonce: str) -> str:
    return _PREFIX + _name(nonce)


def _copy(name: str) -> str:
    return f"{ROOT}{name}.mp4"


def _withdrawn() -> Conflict:
    return Conflict("This address was withdrawn: another worker went on with this.", code="withdrawn")
