"""What is in an export, file by file, read from the store page by page and from the files piece by piece.

Not here: how a record is shown (export_records.py), and how a zip is made (export_zip.py).
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar

from playout.application import export_records as records
from playout.application.export_notes import Export
from playout.application.export_records import Record
from playout.application.export_zip import Entry, Packed, zipped
from playout.application.ports import Files, Page, Store
from playout.domain.errors import FileGone, NotFound
from playout.domain.event import Subject
from playout.domain.person import Token, Workspace
from playout.domain.video import Video

T = TypeVar("T")
S = TypeVar("S", bound=Subject)
#: Told of the bytes of videos that have gone in; what it raises ends the making.
Seen = Callable[[int], Awaitable[None]]
#: Of the store: a list of one kind of records, page by page.
Lister = Callable[..., Awaitable[Page[T]]]

#: Of the format. Another number: what was made before cannot be read in the same way.
VERSION = 1
_PAGE = 100
_README = """\
Everything that Playout knows of one workspace, and its videos.

All texts are UTF-8, all times RFC 3339 in UTC. Lists are JSON, one record on each line, newest first.

workspace.json   the workspace's name and settings
channels.json    connected accounts, and the weekly slots of each
videos.json      files taken in, with what was found in them; `file` says where in this zip each is
posts.json       what was to be published: wording, time, and destinations with options, consent and approval
deliveries.json  each post to each channel: how far it is, its receipt, and why where it stopped
events.jsonl     what happened to each channel, video, post and delivery (`subject_id`); of each oldest first
webhooks.json    addresses that hear what happens
tokens.json      API tokens: what they are called and may do
videos/          the files themselves, byte by byte as they were taken in
manifest.json    size and SHA-256 of each file here, how many records there are, and what could not be put in

What changed while this was made may be here as it was before or as it was after. What was deleted meanwhile is left
out; videos of which that is so are named in manifest.json.

Not here: what opens the accounts (grants), passwords, and the secrets of tokens and webhooks: they are not handed
out. People who sign in are not listed. Copies of videos made to fit a platform, pictures of them, and the log of what
was sent to webhooks follow from what is here, or are kept for a short time only.
"""


class Contents:
    """Of one export. `seen` is told how many bytes of videos have gone in."""

    def __init__(self, store: Store, files: Files, workspace: Workspace, export: Export, now: datetime) -> None:
        self._store = store
        self._files = files
        self._workspace = workspace
        self._export = export
        self._now = now
        self._packed: list[Packed] = []
        self._listed: list[str] = []  # ids of the videos in videos.json
        self._left_out: list[Record] = []
        self._counts: dict[str, int] = {}
        self._done = 0

    async def total(self) -> int:
        """Bytes of all videos, as they are now."""
        return sum([one.size async for one in self._videos() if one.sha256])

    def pieces(self, seen: Seen) -> AsyncGenerator[bytes, None]:
        """The zip; to be closed. Raises FileGone where a file goes while it is read, and what `seen` raises."""
        return zipped(self._entries(seen), self._packed.append)

    async def _entries(self, seen: Seen) -> AsyncGenerator[Entry, None]:
        yield self._text("README.txt", _README)
        yield self._text("workspace.json", _line(records.workspace(self._workspace)) + "\n")
        for name, listed in self._lists():
            yield self._entry(f"{name}.json", self._array(name, listed))
        yield self._entry("events.jsonl", self._events())
        for video_id in self._listed:
            found = await self._bytes_of(video_id, seen)
            if isinstance(found, Entry):
                yield found
            else:
                self._left_out.append({"id": video_id, "why": found})
        yield self._entry("manifest.json", self._manifest())

    def _lists(self) -> list[tuple[str, AsyncGenerator[Record, None]]]:
        return [
            ("channels", _shown(self._paged(self._store.channels.list), lambda one: records.channel(one, self._now))),
            ("videos", _shown(self._videos(), self._noted)),
            ("posts", _shown(self._paged(self._store.posts.list), records.post)),
            ("deliveries", _shown(self._paged(self._store.deliveries.list), records.delivery)),
            ("webhooks", _shown(self._paged(self._store.webhooks.list), records.webhook)),
            ("tokens", _shown(self._tokens(), records.token)),
        ]

    # ── records ─────────────────────────────────────────────────────────────────────────────────

    async def _array(self, name: str, listed: AsyncGenerator[Record, None]) -> AsyncGenerator[bytes, None]:
        count = 0
        async with aclosing(listed) as all_of_them:
            async for one in all_of_them:
                yield _encoded(("[\n" if count == 0 else ",\n") + _line(one))
                count += 1
        yield b"\n]\n" if count else b"[]\n"
        self._counts[name] = count

    async def _events(self) -> AsyncGenerator[bytes, None]:
        count = 0
        async with aclosing(self._subjects()) as subjects:
            async for subject in subjects:
                async with aclosing(self._paged(self._store.events.list, subject)) as events:
                    async for event in events:
                        yield _encoded(_line(records.event(event)) + "\n")
                        count += 1
        self._counts["events"] = count

    async def _subjects(self) -> AsyncGenerator[str, None]:
        """Ids of all that things happen to."""
        store = self._store
        for kind in (
            self._ids(store.channels.list),
            self._ids(store.videos.list),
            self._ids(store.posts.list),
            self._ids(store.deliveries.list),
        ):
            async with aclosing(kind) as ids:
                async for one in ids:
                    yield one

    async def _ids(self, lister: Lister[S]) -> AsyncGenerator[str, None]:
        async with aclosing(self._paged(lister)) as found:
            async for one in found:
                yield one.id

    def _videos(self) -> AsyncGenerator[Video, None]:
        return self._paged(self._store.videos.list)

    async def _tokens(self) -> AsyncGenerator[Token, None]:
        for one in await self._store.tokens.list(self._workspace.id):
            yield one

    async def _paged(self, lister: Lister[T], *about: str) -> AsyncGenerator[T, None]:
        """Everything that is listed of this workspace, in order."""
        cursor: str | None = None
        while True:
            page = await lister(self._workspace.id, *about, cursor=cursor, limit=_PAGE)
            for one in page.items:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return

    # ── videos ──────────────────────────────────────────────────────────────────────────────────

    def _noted(self, video: Video) -> Record:
        self._listed.append(video.id)
        return records.video(video)

    async def _bytes_of(self, video_id: str, seen: Seen) -> Entry | str:
        """Or why there are none (any more)."""
        try:
            video = await self._store.videos.get(self._workspace.id, video_id)
        except NotFound:
            return "deleted while this was made"
        try:
            size = await self._files.size(video.key)
        except FileGone:
            return "its bytes are gone" if video.sha256 else "its bytes never came, or are still coming"
        return Entry(records.place(video), video.created_at, self._reading(video, size, seen), size)

    async def _reading(self, video: Video, size: int, seen: Seen) -> AsyncGenerator[bytes, None]:
        async with aclosing(self._files.read(video.key, 0, size)) as pieces:
            async for piece in pieces:
                yield piece
                self._done += len(piece)
                await seen(self._done)

    # ── texts ───────────────────────────────────────────────────────────────────────────────────

    async def _manifest(self) -> AsyncGenerator[bytes, None]:
        """What is in it, written last: by then that is known."""
        head: Record = {
            "format": "playout-export",
            "version": VERSION,
            "id": self._export.id,
            "workspace_id": self._workspace.id,
            "made_at": records.time(self._now),
            "counts": dict(self._counts),
            "left_out": [*self._left_out],
        }
        yield _encoded(f'{_line(head)[:-1]}, "files": ')
        async for piece in self._array("files", _each(list(self._packed))):
            yield piece
        yield b"}\n"

    def _text(self, name: str, text: str) -> Entry:
        async def once() -> AsyncGenerator[bytes, None]:
            yield _encoded(text)

        return self._entry(name, once())

    def _entry(self, name: str, chunks: AsyncGenerator[bytes, None]) -> Entry:
        return Entry(name, self._now, chunks)


async def _shown(listed: AsyncGenerator[T, None], show: Callable[[T], Record]) -> AsyncGenerator[Record, None]:
    async with aclosing(listed) as all_of_them:
        async for one in all_of_them:
            yield show(one)


async def _each(packed: list[Packed]) -> AsyncGenerator[Record, None]:
    for one in packed:
        yield asdict(one)


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False)


def _encoded(text: str) -> bytes:
    """What is no character (half of a pair) stays as JSON escapes it."""
    return text.encode("utf-8", "backslashreplace")
