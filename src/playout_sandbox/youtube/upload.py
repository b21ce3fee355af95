"""`PUT <session URI>`: bytes of a video, or the question how many are stored (3.2, 3.3).

The last byte is the point of no return (row 34). Until then what is stored is a multiple of 256 KiB, whatever a request
sent and however it ended.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.streams import swallow
from playout_sandbox.youtube.access import bearer
from playout_sandbox.youtube.errors import Refusal
from playout_sandbox.youtube.life import Life
from playout_sandbox.youtube.records import Session
from playout_sandbox.youtube.resource import resource
from playout_sandbox.youtube.state import State

GRAIN = 262_144  #: bytes; every chunk but the last is a multiple of it
_PIECE = 4 * GRAIN
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class _Span:
    """What a request says it brings: [start, end), of a file of `total` bytes."""

    start: int
    end: int
    total: int | None

    @property
    def length(self) -> int:
        return self.end - self.start


class _OvertakenError(Exception):
    """A later request writes to the session now."""


class Upload:
    """The session URI."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def put(self, request: Request) -> Response:
        """Take what comes; tell what is stored, or the final answer (again, rows 35 and 36)."""
        pieces = request.stream()
        try:
            session = self._find(request)
            span = _span(request, session)
            if span is not None:
                with suppress(_OvertakenError):
                    await self._take(session, span, pieces, request.state.n)
            return self._progress(session)
        finally:
            await swallow(pieces)

    def _find(self, request: Request) -> Session:
        """Rows 38 and 39. The address alone is not enough: the token must belong to the same channel."""
        state = self._state
        access = bearer(state, request)
        session = state.sessions.get(request.query_params.get("upload_id", ""))
        if session is None:
            raise Refusal(404, "notFound", "The upload session does not exist.")
        complete = session.answer is not None
        life = state.config.completed_session_seconds if complete else state.config.session_seconds
        if state.now >= session.at + life:
            raise Refusal(state.config.session_gone_status, "notFound", "The upload session has ended.")
        if access.creator != session.creator:
            raise Refusal(403, "forbidden")
        return session

    async def _take(self, session: Session, span: _Span, pieces: AsyncIterator[bytes], n: int) -> None:
        """Store what may be stored; a connection that breaks leaves what arrived (row 29)."""
        self._check_chunk(span)
        writing = _Writing(session, None if self._state.world.config.sink else self._state.world.new_file)
        async with session.lock:
            _check_next(session, span)
            session.size = span.total if session.size is None else session.size
            await writing.begin()
        with suppress(ClientDisconnect):  # nobody will hear the answer, but the last byte may be in
            await writing.receive(pieces, self._kept(span))
        async with session.lock:
            await writing.end(span.total)
            self._note(session, span, n)

    def _check_chunk(self, span: _Span) -> None:
        last = span.end == span.total
        if self._state.config.strict_chunks and not last and span.length % GRAIN:
            raise Refusal(400, "badRequest", f"The chunk size must be a multiple of {GRAIN} bytes.")

    def _kept(self, span: _Span) -> int:
        """How many of the bytes to look at (row 32); all, where half would be nothing."""
        half = span.length // 2 // GRAIN * GRAIN
        return half if self._state.config.keep_half and half else span.length

    def _note(self, session: Session, span: _Span, n: int) -> None:
        """The effects of one request, at the instant they are true."""
        if session.received > span.start:
            self._state.record_session("chunk_accepted", session, n, range=[span.start, session.received - 1])
        if session.received == span.total:
            self._state.record_session("upload_complete", session, n, size=session.received, sha256=session.sha256)
            video = self._life.create(session, n)
            session.answer = resource(self._state, video, session.parts, owner=True)

    def _progress(self, session: Session) -> Response:
        if session.answer is not None:
            return JSONResponse(session.answer, self._state.config.completion_status)
        stored = {"Range": f"bytes=0-{session.received - 1}"} if session.received else {}
        return Response(status_code=308, headers={**stored, "X-GUploader-UploadID": session.upload_id})


class _Writing:
    """One request's turn at a session: it ends when a later request begins its own."""

    def __init__(self, session: Session, new_file: Callable[[], Path] | None) -> None:
        self._session = session
        self._new_file = new_file
        self._waiting = bytearray()

    async def begin(self) -> None:
        """Take over."""
        self._session.writer = self
        if self._new_file is None:
            self._session.hashed = False
        elif self._session.file is None:
            self._session.file = self._new_file()
            await asyncio.to_thread(self._session.file.touch)

    async def receive(self, pieces: AsyncIterator[bytes], most: int) -> None:
        """Stream to disk, about a mebibyte in memory at most; what is beyond `most` is thrown away."""
        async for piece in pieces:
            self._waiting += piece[:most]
            most -= min(most, len(piece))
            if len(self._waiting) >= _PIECE:
                async with self._session.lock:
                    await self._store(len(self._waiting) // GRAIN * GRAIN)

    async def end(self, total: int | None) -> None:
        """What is left: all of it if that completes the file, else whole grains only."""
        complete = self._session.received + len(self._waiting) == total
        await self._store(len(self._waiting) if complete else len(self._waiting) // GRAIN * GRAIN)

    async def _store(self, length: int) -> None:
        if self._session.writer is not self:
            raise _OvertakenError
        if self._new_file is not None and length:
            await asyncio.to_thread(_append, self._session, bytes(self._waiting[:length]))
        self._session.received += length
        del self._waiting[:length]


def _span(request: Request, session: Session) -> _Span | None:
    """What Content-Range says; None for the question `bytes */N`. Refuses nonsense and row 40."""
    said = request.headers.get("content-range")
    length = request.headers.get("content-length")
    found = _RANGE.fullmatch(said) if said else None
    if said is None:
        if length is None:
            raise Refusal(411, "badRequest", "Content-Length is missing.")
        span = _Span(0, int(length), int(length))
    elif found is None:
        raise Refusal(400, "badRequest", "Content-Range cannot be read.")
    else:
        total = session.size if found[3] == "*" else int(found[3])
        span = _Span(int(found[1] or 0), int(found[2] or -1) + 1, total)
    if span.total is not None and session.size not in {None, span.total}:
        raise Refusal(400, "badRequest", "The total is not the size that was declared.")
    if found is not None and found[1] is None:
        return None
    sensible = span.length > 0 or span.total == 0
    if not sensible or (span.total is not None and span.end > span.total) or (length and int(length) != span.length):
        raise Refusal(400, "badRequest", "Content-Range does not fit the request.")
    return span


def _check_next(session: Session, span: _Span) -> None:
    """Rows 33 and 36: bytes that are not the next are not stored."""
    if session.answer is not None or span.start < session.received:
        raise _OvertakenError
    if span.start > session.received:
        raise Refusal(400, "badRequest", f"The next byte expected is {session.received}.")


def _append(session: Session, piece: bytes) -> None:
    if session.file is not None:
        with session.file.open("ab") as file:
            file.write(piece)
    session.digest.update(piece)
