"""The probe: lets a process of its own look into a file, and believes it only what it can check.

Not here: how such a process is attended (attendant.py), and the looking itself (probe_worker, inspection).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from playout.application.ports import Files, Probed
from playout.application.ports.files import PIECE
from playout.domain.video import Facts
from playout.media.attendant import Attendance, Nonsense, Testimony, attended, start
from playout.media.refusals import Refused, refused
from playout.media.sieve import KINDS

_PICTURE = 2 * PIECE

T = TypeVar("T")


class WorkerProbe:
    """The Protocol `Probe`, with a process for each file."""

    def __init__(
        self, files: Files, *, seconds: float = 30, at_once: int = 2, worker: str = "playout.media.probe_worker"
    ) -> None:
        self._files = files
        self._seconds = seconds
        self._places = asyncio.Semaphore(at_once)  # each may take a processor and a gibibyte
        self._worker = worker

    async def probe(self, key: str) -> Probed:
        """Raises Unplayable with a code of `Refusal`; FileGone. No process outlives the call, even cancelled."""
        return await self._asked(_probed, key)

    async def frame(self, key: str, at_ms: int) -> bytes:
        """Raises Unplayable with a code of `Refusal`; FileGone. No process outlives the call, even cancelled."""
        return await self._asked(_frame, key, str(max(0, at_ms)))

    async def _asked(self, read: Callable[[Attendance], Awaitable[T]], key: str, *words: str) -> T:
        size = await self._files.size(key)
        async with self._places:
            process = await start(self._worker, str(size), *words)
            try:
                async with attended(process, self._files, key, size, seconds=self._seconds) as worker:
                    return await read(worker)
            except Refused as why:
                raise refused(why.code, KINDS.get(why.kind, KINDS["unknown"])) from None


async def _probed(worker: Attendance) -> Probed:
    told, (thumbnail, strip) = await _answer(worker, 2)
    return Probed(_facts(told), thumbnail, strip)


async def _frame(worker: Attendance) -> bytes:
    _, (picture,) = await _answer(worker, 1)
    return picture


async def _answer(worker: Attendance, pictures: int) -> tuple[Testimony, list[bytes]]:
    """What it says, and so many JPEG pictures."""
    word, numbers = await worker.hear()
    if word != b"D" or len(numbers) != 1 + pictures:
        raise Nonsense
    header, *lengths = numbers
    if max(lengths) > _PICTURE:
        raise Nonsense
    told = await worker.told(header)
    refusal = told.refusal()
    if refusal:
        raise refusal
    found = [await worker.exactly(length) for length in lengths]
    if not all(picture.startswith(b"\xff\xd8\xff") and picture.endswith(b"\xff\xd9") for picture in found):
        raise Nonsense
    return told, found


def _facts(say: Testimony) -> Facts:
    """Facts in which every value is of its kind and within reason."""
    return Facts(
        container=say.word("container"),
        duration=say.number("duration"),
        width=say.count("width"),
        height=say.count("height"),
        rotation=say.count("rotation"),
        fps=say.number("fps"),
        variable_fps=say.yes("variable_fps"),
        video_codec=say.word("video_codec"),
        audio_codec=say.word("audio_codec") if say.has("audio_codec") else None,
        pixel_format=say.word("pixel_format"),
        sample_rate=say.count("sample_rate") if say.has("sample_rate") else None,
        channels=say.count("channels") if say.has("channels") else None,
        bitrate=say.count("bitrate"),
        faststart=say.yes("faststart"),
        edit_list=say.yes("edit_list"),
        closed_gop=say.yes("closed_gop") if say.has("closed_gop") else None,
    )
