"""Exports in tests: made over the cast's house, opened, and the files of processes that fare badly."""

import asyncio
import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playout.application.export_notes import Export
from playout.application.exports import EXPORT, NOTED, ROOT, Exports
from playout.application.ports import Chore, Stored
from playout.application.ports.files import PIECE
from playout.domain.channel import WrappedKey
from playout.domain.delivery import Delivery
from playout.domain.errors import FileGone, StorageFull
from playout.domain.event import happened
from playout.domain.ids import new_id
from playout.domain.person import Actor
from playout.domain.video import Video
from playout.domain.webhook import Webhook
from playout.media.memory import MemoryFiles
from tests.cast import NOON, Cast, StillClock

LISTS = ("channels", "videos", "posts", "deliveries", "webhooks", "tokens")


class Killed(BaseException):
    """The process ends here."""


class Wrapped(MemoryFiles):
    """Files of another process over the same bytes."""

    def __init__(self, files: MemoryFiles) -> None:
        super().__init__()
        self._kept = files._kept


class Watched(Wrapped):
    """Time passes while a video is read, and it is looked how far the export is."""

    def __init__(self, files: MemoryFiles, clock: StillClock, look: Callable[[], Awaitable[Export]]) -> None:
        super().__init__(files)
        self.clock, self.look = clock, look
        self.seen: list[Export] = []

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        self.seen.append(await self.look())
        self.clock.move(seconds=NOTED.total_seconds())
        async for piece in super().read(key, start, length):
            yield piece


class DyingFiles(Wrapped):
    """The process ends at the n-th piece."""

    left = 0

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        async def until() -> AsyncIterator[bytes]:
            async for piece in pieces:
                if self.left == 0:
                    raise Killed
                self.left -= 1
                yield piece

        return await super().put(key, until(), limit=limit)


class Deaf(Wrapped):
    """Has it all, and nobody lives to hear of it."""

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        await super().put(key, pieces, limit=limit)
        raise Killed


class FullFiles(Wrapped):
    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        await anext(pieces)
        raise StorageFull("The disk is full: make room and try again.")


class SlowFiles(Wrapped):
    """Stops once before a piece, until the gate opens."""

    def __init__(self, files: MemoryFiles, *, before: int) -> None:
        super().__init__(files)
        self.before = before
        self.here, self.gate = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        async def slowly() -> AsyncIterator[bytes]:
            count = 0
            async for piece in pieces:
                if count == self.before:
                    self.here.set()
                    await self.gate.wait()
                count += 1
                yield piece

        return await super().put(key, slowly(), limit=limit)


class TornFiles(Wrapped):
    """A file goes while it is read, once."""

    torn = False

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        async for piece in super().read(key, start, length):
            yield piece[: len(piece) // 2]
            if not self.torn and key.startswith("videos/"):
                self.torn = True
                raise FileGone("The stored file is gone.")
            yield piece[len(piece) // 2 :]


class HugeFiles(Wrapped):
    """Every video is as large as it wants to be, and nothing is kept but how it came."""

    def __init__(self, files: MemoryFiles, size: int) -> None:
        super().__init__(files)
        self.huge = size
        self.pieces: list[int] = []
        self.most = 0

    async def size(self, key: str) -> int:
        return self.huge

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        for at in range(0, length, PIECE):
            yield bytes(min(PIECE, length - at))

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        async for piece in pieces:
            self.pieces.append(len(piece))
            self.most = max(self.most, tracemalloc.get_traced_memory()[0])
        return Stored(key, sum(self.pieces), "00")


@dataclass
class Stage:
    """The cast, and zips of theirs."""

    cast: Cast

    @property
    def exports(self) -> Exports:
        return self.cast.services.exports

    def over(self, files: MemoryFiles) -> Exports:
        """Exports of another process."""
        return Exports(self.cast.store, files, self.cast.clock)

    async def now(self, export: Export) -> Export:
        found = await self.exports._notes.find(export.workspace_id, export.id)
        assert found
        return found

    async def made(self, actor: Actor | None = None) -> zipfile.ZipFile:
        """Asked for, made, and opened."""
        export = await self.exports.begin(actor or self.cast.alice)
        await self.exports.make(chore(export))
        return await self.opened(export, actor)

    async def opened(self, export: Export, actor: Actor | None = None) -> zipfile.ZipFile:
        there = await self.exports.finished(actor or self.cast.alice, export.id)
        whole = b"".join([piece async for piece in self.exports.read(there, 0, there.size)])
        assert hashlib.sha256(whole).hexdigest() == there.sha256
        opened = zipfile.ZipFile(io.BytesIO(whole))
        assert opened.testzip() is None
        return opened

    async def zips(self) -> list[str]:
        return [key async for key in self.cast.files.list(ROOT)]

    async def noted(self, subject: Video | Delivery, message: str) -> None:
        """Something happened to it."""
        event = happened(subject, "test", self.cast.clock.now(), message=message)
        if isinstance(subject, Video):
            await self.cast.store.videos.save(subject, events=[event])
        else:
            await self.cast.store.deliveries.save(subject, [event])


def chore(export: Export, tries: int = 0) -> Chore:
    return Chore(export.workspace_id, EXPORT, export.id, export.created_at, tries=tries)


def listed(opened: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(opened.read(f"{name}.json"))
    return found


def manifest(opened: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(opened.read("manifest.json"))
    return found


def everything(opened: zipfile.ZipFile) -> bytes:
    return b"\n".join(opened.read(name) + name.encode() for name in opened.namelist())


def webhook(workspace_id: str, url: str = "https://hooks.example/playout") -> Webhook:
    return Webhook(new_id("whk", NOON), workspace_id, url, NOON, WrappedKey("canary", b"canary"), b"secret-canary")
