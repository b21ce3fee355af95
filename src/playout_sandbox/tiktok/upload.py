"""`PUT <upload_url>`: chunks in sequence, streamed to disk (tiktok.md 5.6). The 201 is the point of no return."""

import asyncio
import hashlib
import re
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from playout_sandbox.streams import swallow
from playout_sandbox.tiktok.life import Life
from playout_sandbox.tiktok.records import Status, Task
from playout_sandbox.tiktok.state import State
from playout_sandbox.world import World

_TYPES = {"video/mp4", "video/quicktime", "video/webm"}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PIECE = 1024 * 1024


class _Answer(Exception):
    """The upload host's answer, decided before the body is worth keeping."""

    def __init__(self, status: int, task: Task | None = None) -> None:
        super().__init__(status)
        self.response = _answer(status, task)


class Upload:
    """The upload host. Bodies of its answers are not documented, so they are empty."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def put(self, request: Request) -> Response:
        """Take one chunk. It counts as a whole or not at all."""
        pieces = request.stream()
        try:
            task = self._find(request)
            start, end = self._check_headers(request, task)
            part = _Part(self._state.world, task)
            try:
                await part.receive(pieces)
                return await self._commit(task, part, start, end, request.state.n)
            finally:
                await part.drop()
        except _Answer as answer:
            await swallow(pieces)
            return answer.response
        except ClientDisconnect:
            return _answer(400, None)

    def _find(self, request: Request) -> Task:
        """Rows 31 and 32."""
        task = self._state.uploads.get(request.query_params.get("upload_id", ""))
        if task is None or task.status is Status.FAILED:
            raise _Answer(404)
        expired = self._state.now >= task.at + self._state.config.upload_seconds
        if expired or request.query_params.get("upload_token") != task.upload_token:
            raise _Answer(403)
        return task

    def _check_headers(self, request: Request, task: Task) -> tuple[int, int]:
        """Rows 33 and 34: 400 for a range that makes no sense, 416 for one that is not the next."""
        found = _RANGE.fullmatch(request.headers.get("content-range", ""))
        length = request.headers.get("content-length", "")
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if found is None or not length.isdigit() or media not in _TYPES:
            raise _Answer(400, task)
        start, end, total = (int(group) for group in found.groups())
        if total != task.size or end < start or end >= total or int(length) != end - start + 1:
            raise _Answer(400, task)
        if start != task.received:
            raise _Answer(416, task)
        if end != expected_end(task, start):
            raise _Answer(400, task)
        return start, end

    async def _commit(self, task: Task, part: "_Part", start: int, end: int, n: int) -> Response:
        """Row 35. Two requests may have sent the same chunk at once: the second finds the progress made."""
        if part.length != end - start + 1:
            raise _Answer(400, task)
        async with task.lock:
            if task.received != start:
                raise _Answer(416, task)
            if task.status is Status.FAILED:
                raise _Answer(404)
            await part.append()
            task.received = end + 1
            task.request = n
            self._state.record_task("chunk_accepted", task, range=[start, end])
            if task.received < task.size:
                return _answer(206, task)
            task.committed = True
            self._state.record_task("upload_complete", task, size=task.size, sha256=task.sha256)
            self._life.process(task)
            return _answer(201, task)


class _Part:
    """The bytes of one request, apart from the video until the chunk is accepted."""

    def __init__(self, world: World, task: Task) -> None:
        self._world = world
        self._task = task
        self._sink = world.config.sink
        self._file: Path | None = None if self._sink else world.new_file()
        self._digest = task.digest.copy()
        self.length = 0

    async def receive(self, pieces: AsyncIterator[bytes]) -> None:
        """Stream to disk, at most about a mebibyte in memory."""
        if self._file is None:
            async for piece in pieces:
                self.length += len(piece)
            return
        waiting = bytearray()
        file = await asyncio.to_thread(self._file.open, "wb")
        try:
            async for piece in pieces:
                self.length += len(piece)
                waiting += piece
                if len(waiting) >= _PIECE:
                    await asyncio.to_thread(_store, file.write, self._digest, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(_store, file.write, self._digest, bytes(waiting))
        finally:
            await asyncio.to_thread(file.close)

    async def append(self) -> None:
        """Add them to the video."""
        if self._file is None:
            self._task.hashed = False
        elif self._task.file is None:
            self._task.file, self._file = self._file, None
            self._task.digest = self._digest
        else:
            await asyncio.to_thread(_concatenate, self._task.file, self._file)
            self._task.digest = self._digest

    async def drop(self) -> None:
        """Forget what did not become part of the video."""
        if self._file is not None:
            await asyncio.to_thread(self._file.unlink, missing_ok=True)


def expected_end(task: Task, start: int) -> int:
    """The last byte of the chunk that begins at `start`; the last chunk takes the remainder."""
    last = start // task.chunk >= task.count - 1
    return task.size - 1 if last else start + task.chunk - 1


def _answer(status: int, task: Task | None) -> Response:
    headers = {"Content-Range": f"bytes 0-{task.received}/{task.size}"} if task else {}
    return Response(status_code=status, headers=headers)


def _store(write: Callable[[bytes], int], digest: "hashlib._Hash", piece: bytes) -> None:
    write(piece)
    digest.update(piece)


def _concatenate(video: Path, part: Path) -> None:
    with video.open("ab") as to, part.open("rb") as source:
        shutil.copyfileobj(source, to, _PIECE)
