"""The `rupload` host: bytes for an object that exists already, from the request or from an address, resumable.

What the bytes are for, and who may send them, is the business of the platform behind it (`Receiver`).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.meta.fetch import fetch
from playout_sandbox.pull import PullError
from playout_sandbox.streams import swallow
from playout_sandbox.world import World

LARGEST = 10 * 1024**3  #: bytes; the Page video limit by file upload
_PIECE = 1024 * 1024
_HEADER = "HeaderValuePredicate: Header {} not convertable to unsigned long"


@dataclass(slots=True)
class Slot:
    """The bytes of one object: a Facebook video, an Instagram container."""

    id: str
    received: int = 0
    size: int | None = None  #: as the first upload declared it; None before, and while a hosted file is fetched
    complete: bool = False
    failed: bool = False  #: a hosted file could not be fetched; a new upload may begin
    file: Path | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    hashed: bool = True  #: False once bytes went to the sink
    turn: int = 0  #: which upload may write; a new one takes over from one that hangs
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def begun(self) -> bool:
        """Whether an upload was accepted."""
        return self.turn > 0

    @property
    def sha256(self) -> str | None:
        """Of the bytes received so far."""
        return self.digest.hexdigest() if self.hashed else None

    async def keep(self, world: World, piece: bytes) -> None:
        """Add bytes at the end; the caller holds the lock. They count once they are on disk."""
        if world.config.sink:
            self.hashed = False
        else:
            self.file = self.file or world.new_file()
            await asyncio.to_thread(_store, self.file, piece, self.digest)
        self.received += len(piece)

    def take(self, fetched: "Fetched") -> None:
        """A hosted file is all of it."""
        self.received = self.size = fetched.length
        self.file, self.digest, self.hashed = fetched.file, fetched.digest, fetched.file is not None


class Fetched:
    """A hosted file, apart from the slot until all of it is here."""

    def __init__(self, world: World) -> None:
        self.file = None if world.config.sink else world.new_file()
        self.digest = hashlib.sha256()
        self.length = 0

    def add(self, piece: bytes) -> None:
        """Count and hash what came."""
        self.length += len(piece)
        if self.file is not None:
            self.digest.update(piece)


class Receiver(Protocol):
    """A platform that takes bytes by rupload."""

    def slot(self, object_id: str, token: str) -> Slot | None:
        """Where the bytes go; None if the token may not send them, or the object does not take any more."""

    def accepted(self, slot: Slot, start: int, end: int, n: int) -> None:
        """The bytes from `start` to `end` (inclusive) arrived with request `n`; some may still be missing."""

    def completed(self, slot: Slot, n: int) -> None:
        """The last byte is here. Called once for each slot."""

    def success(self) -> dict[str, object]:
        """The body of a good answer."""


class RuploadError(Exception):
    """An error of this host, which has a shape of its own."""

    def __init__(self, kind: str, message: str, *, status: int = 400, retriable: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retriable = retriable

    def answer(self) -> Response:
        """`{"debug_info": {...}}`."""
        facts = {"retriable": self.retriable, "type": self.kind, "message": self.message}
        return JSONResponse({"debug_info": facts}, self.status)


def scripted(status: int, kind: str | None) -> Response:
    """The error of a scripted fault, in this host's shape."""
    usual = "ProcessingFailedError"
    again = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return RuploadError(kind or usual, "Request processing failed", status=status, retriable=again).answer()


class Rupload:
    """`POST /.../{version}/{id}`, streamed to disk; a connection that is cut leaves what arrived."""

    def __init__(self, world: World, receiver: Receiver) -> None:
        self._world = world
        self._receiver = receiver

    async def post(self, request: Request) -> Response:
        """Take bytes, or fetch them. The path has the object's id as its last part."""
        pieces = request.stream()
        try:
            slot = self._find(request)
            if "file_url" in request.headers:
                await self._fetch(slot, request.headers["file_url"], request.state.n)
            else:
                await self._receive(slot, request, pieces)
            return JSONResponse(self._receiver.success())
        except RuploadError as error:
            await swallow(pieces)
            return error.answer()
        except ClientDisconnect:
            return Response(status_code=400)

    def _find(self, request: Request) -> Slot:
        """Rows 16 and 17: the scheme is OAuth here, and nothing else."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        object_id = request.url.path.rstrip("/").rpartition("/")[2]
        slot = self._receiver.slot(object_id, token.strip()) if scheme == "OAuth" else None
        if slot is None:
            raise RuploadError("NotAuthorizedError", "User not authorized to perform this request")
        return slot

    async def _receive(self, slot: Slot, request: Request, pieces: AsyncIterator[bytes]) -> None:
        offset, size = _number(request, "Offset"), _number(request, "File_Size")
        turn = await self._begin(slot, offset, size)
        length = request.headers.get("content-length", "")
        if length.isdigit() and offset + int(length) > size:
            raise _partial()
        got = 0
        try:
            async for piece in _gathered(pieces):
                await self._write(slot, piece, turn, size)
                got += len(piece)
        finally:
            if got and slot.turn == turn:
                self._receiver.accepted(slot, offset, offset + got - 1, request.state.n)
        if slot.received != size:
            raise _partial()
        self._finish(slot, turn, request.state.n)

    async def _begin(self, slot: Slot, offset: int, size: int) -> int:
        """Row 19. From here on the earlier upload of this slot, if one hangs, may write no more."""
        async with slot.lock:
            same = slot.size in {None, size}
            if slot.complete or offset != slot.received or not same or not 0 < size <= LARGEST:
                raise RuploadError("OffsetInvalidError", "Request starting offset is invalid")
            slot.size = size
            slot.failed = False
            slot.turn += 1
            return slot.turn

    async def _write(self, slot: Slot, piece: bytes, turn: int, size: int) -> None:
        async with slot.lock:
            if slot.turn != turn:
                raise RuploadError("OffsetInvalidError", "Request starting offset is invalid")
            if slot.received + len(piece) > size:
                raise _partial()
            await slot.keep(self._world, piece)

    def _finish(self, slot: Slot, turn: int, n: int) -> None:
        if slot.turn == turn and not slot.complete:
            slot.complete = True
            self._receiver.completed(slot, n)

    async def _fetch(self, slot: Slot, url: str, n: int) -> None:
        """Row 22. The answer waits until the file is here."""
        async with slot.lock:
            if slot.complete or slot.received:
                raise RuploadError("OffsetInvalidError", "Request starting offset is invalid")
            slot.turn += 1
            turn = slot.turn
        fetched = Fetched(self._world)
        try:
            await fetch(self._world, url, fetched.file, limit=LARGEST, progress=fetched.add, robots=True)
        except PullError:
            slot.failed = True
            raise RuploadError("ProcessingFailedError", "Request processing failed") from None
        if slot.turn != turn or not fetched.length:
            raise RuploadError("ProcessingFailedError", "Request processing failed")
        slot.take(fetched)
        self._receiver.accepted(slot, 0, fetched.length - 1, n)
        self._finish(slot, turn, n)


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of about a mebibyte; when the client is gone, what had arrived comes first."""
    waiting = bytearray()
    try:
        async for piece in pieces:
            waiting += piece
            if len(waiting) >= _PIECE:
                yield bytes(waiting)
                waiting.clear()
    except ClientDisconnect:
        if waiting:
            yield bytes(waiting)
        raise
    if waiting:
        yield bytes(waiting)


def _number(request: Request, name: str) -> int:
    """Row 18: a header that must be an unsigned number."""
    value = request.headers.get(name.lower(), "").strip()
    if not (value.isascii() and value.isdigit()):
        raise RuploadError("ParameterValidationError", _HEADER.format(name))
    return int(value)


def _partial() -> RuploadError:
    """Row 20: the bytes that came are kept."""
    return RuploadError("PartialRequestError", "Partial request (did not match length of file)")


def _store(file: Path, piece: bytes, digest: "hashlib._Hash") -> None:
    with file.open("ab") as to:
        to.write(piece)
    digest.update(piece)
