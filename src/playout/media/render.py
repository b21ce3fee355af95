"""Renditions: lets a process of its own code a video anew, and stores what it has written.

The source is as hostile here as it is to the probe, and so is what came out of it: whoever needs to know that the
rendition fits has it probed. Not here: how such a process is attended (attendant.py), and the coding (render_worker).
"""

import asyncio
import errno
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

from playout.application.ports import Files, Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import PlayoutError, StorageFull, TooLarge, Unavailable, Unplayable
from playout.domain.rendition import Recipe
from playout.media.attendant import Attendance, Nonsense, Testimony, attended, start
from playout.media.order import Allowance, Order
from playout.media.refusals import Refusal, Refused, refused
from playout.media.rules import in_mib
from playout.media.sieve import HEAD, KINDS, Family, family
from playout.media.threads import in_thread

Progress = Callable[[float], Awaitable[None]]

_ALL = 1000  # thousandths
_MP4 = "Export it as MP4 (H.264) and upload it again."
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class WorkerRender:
    """The Protocol `Render`, with a process for each rendition."""

    def __init__(
        self,
        files: Files,
        *,
        folder: Path | None = None,  # where a rendition grows, unseen; None: where the system keeps such things
        allowance: Allowance | None = None,
        at_once: int = 1,  # each takes two processors and up to two gibibytes
        worker: str = "playout.media.render_worker",
    ) -> None:
        self._files = files
        self._folder = folder
        self._allowance = allowance or Allowance()
        self._places = asyncio.Semaphore(at_once)
        self._worker = worker

    async def render(self, source: str, target: str, recipe: Recipe, *, limit: int, progress: Progress) -> Stored:
        """As the Protocol says. Unplayable comes with a code of `Refusal`."""
        size = await self._files.size(source)
        order = Order(recipe, limit, self._allowance)
        async with self._places:
            spool = _Spool(self._folder)
            try:
                await in_thread(spool.open)
                await self._code(source, size, spool.handle, order, progress)
                await in_thread(spool.check, limit)
                await progress(1.0)
                return await self._files.put(target, spool.pieces(), limit=limit)
            finally:
                spool.close()

    async def _code(self, source: str, size: int, handle: int, order: Order, progress: Progress) -> None:
        process = await start(self._worker, str(size), str(handle), order.written(), handles=[handle])
        talk = _Talk(order, progress)
        try:
            async with attended(process, self._files, source, size, seconds=order.allowance.seconds) as worker:
                await talk.follow(worker)
        except Refused as why:
            raise talk.in_words(why) from None


class _Talk:
    """What a worker says of one rendition."""

    def __init__(self, order: Order, progress: Progress) -> None:
        self._order, self._progress = order, progress
        self._length = 0.0  # seconds
        self._reached = 0.0
        self._done = 0  # thousandths

    async def follow(self, worker: Attendance) -> None:
        """To the end. Raises Refused, Nonsense, TooLarge, StorageFull, and whatever `progress` raises."""
        while True:
            match await worker.hear():
                case b"L", [length] if not self._length:
                    self._length = length / 1000
                    worker.allow(self._order.allowance.seconds_for(self._length))
                case b"P", [done] if self._done < done <= _ALL:
                    self._done = done
                    await self._progress(done / _ALL)
                case b"D", [length]:
                    return self._judge(await worker.told(length))
                case _:
                    raise Nonsense

    def _judge(self, told: Testimony) -> None:
        self._reached = told.number("reached") if told.has("reached") else 0.0
        refusal = told.refusal()
        if refusal:
            raise refusal
        if told.has("failed"):
            raise _no_room(told.word("failed"), self._order.limit)

    def in_words(self, why: Refused) -> Unplayable:
        """The probe's words, where there are no better ones for somebody who asked for a rendition."""
        match why.code:
            case Refusal.TOO_SLOW:
                sentence = f"The copy took too long to make and was given up. Try again later. {_MP4}"
            case Refusal.TOO_HEAVY:
                sentence = f"No copy could be made: that takes more memory or work than it should. {_MP4}"
            case Refusal.UNKNOWN_CODEC if why.kind:
                sentence = f"The sound is packed in a way that cannot be read, so no copy could be made. {_MP4}"
            case Refusal.DAMAGED | Refusal.TRUNCATED if self._reached:
                sentence = (
                    f"No copy could be made: of the video's {self._length:,.1f} seconds only the first "
                    f"{min(self._reached, self._length):,.1f} can be read. {_MP4}"
                )
            case _:
                return refused(why.code, KINDS.get(why.kind, KINDS["unknown"]))
        return Unplayable(sentence, code=why.code.value)


class _Spool:
    """Where a rendition grows: a file without a name, which goes with its last handle. `open` and `check` block."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None

    def open(self) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 -- kept open until the close below
        except OSError as error:
            raise _broken(error) from error

    def check(self, limit: int) -> None:
        """Nobody writes any more. Raises TooLarge, and Unplayable if no MP4 came out."""
        if os.fstat(self.handle).st_size > limit:
            raise _no_room("too_large", limit)
        if family(os.pread(self.handle, HEAD, 0)) is not Family.MOV:
            raise refused(Refusal.DAMAGED)

    async def pieces(self) -> AsyncIterator[bytes]:
        at = 0
        while piece := await in_thread(os.pread, self.handle, PIECE, at):
            at += len(piece)
            yield piece

    @property
    def handle(self) -> int:
        if self._file is None:
            raise ValueError("not open")
        return self._file.fileno()

    def close(self) -> None:
        if self._file:
            self._file.close()


def _no_room(why: str, limit: int) -> PlayoutError:
    if why == "too_large":
        sentence = f"The copy would be larger than the {in_mib(limit)} that are allowed. Shorten the video."
        return TooLarge(sentence)
    if why == "storage_full":
        return StorageFull("The disk is full: there is no room for the copy. Make room and try again.")
    raise Nonsense


def _broken(error: OSError) -> PlayoutError:
    if error.errno in _NO_ROOM:
        return _no_room("storage_full", 0)
    sentence = f"The folder in which copies are made cannot be used: {error.strerror}. Check the disk and the rights."
    return Unavailable(sentence, code="storage_broken")
