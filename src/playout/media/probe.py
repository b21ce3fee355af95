"""The probe: lets a process of its own look into a file, and believes it only what it can check.

The file is hostile until shown otherwise. Its bytes are handed to a worker through a pipe, the same way for
every store; the worker has limits on memory, work and time, sees no setting and no file, and is killed
whatever happens.
Not here: the looking itself (probe_worker, inspection).
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping

from playout.application.ports import Files, Probed
from playout.application.ports.files import PIECE
from playout.domain.errors import Unplayable
from playout.domain.video import Facts
from playout.media.refusals import Refusal, refused
from playout.media.sieve import KINDS
from playout.media.threads import settled

_LINE = 64  # bytes: the longest thing a worker may say in one line
_HEADER = 16 * 1024
_PICTURE = 2 * PIECE
_LARGEST = 2**40  # no honest number in the facts is larger
_LAST_BREATH = 5  # seconds
_WORD = re.compile(r"[a-z0-9_.-]{1,32}")
_STOPPED = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM}


class _Nonsense(Exception):
    """The worker said what no worker of ours says: the file has taken it over."""


class _Died(Exception):
    """The worker ended without an answer."""


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
        size = await self._files.size(key)
        async with self._places:
            process = await self._start(size)
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._attend(process, key, size)
            except TimeoutError:
                raise refused(Refusal.TOO_SLOW) from None
            except _Nonsense:
                raise refused(Refusal.DAMAGED) from None
            except (_Died, asyncio.IncompleteReadError, ConnectionError):
                raise refused(await _cause_of_death(process)) from None
            finally:
                await settled(asyncio.ensure_future(_end(process)))

    async def _start(self, size: int) -> Process:
        # No secret of ours stands in its environment; it finds its code where we found ours.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            self._worker,
            str(size),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # a Ctrl-C is for us to handle, and the group can be killed as one
        )

    async def _attend(self, process: Process, key: str, size: int) -> Probed:
        asks, hears = process.stdout, process.stdin
        if asks is None or hears is None:
            raise _Died
        while True:
            word, numbers = await _line(asks)
            if word == b"R" and len(numbers) == 2:  # noqa: PLR2004 -- offset and length
                offset, length = numbers
                if not (0 < length <= PIECE and offset + length <= size):
                    raise _Nonsense
                async for piece in self._files.read(key, offset, length):
                    hears.write(piece)
                await hears.drain()
            elif word == b"D" and len(numbers) == 3:  # noqa: PLR2004 -- three lengths
                return await _answer(asks, *numbers)
            else:
                raise _Nonsense


async def _line(asks: asyncio.StreamReader) -> tuple[bytes, list[int]]:
    """A word and numbers. Raises _Died at the end of what the worker says."""
    try:
        line = await asks.readuntil()
    except asyncio.IncompleteReadError:
        raise _Died from None
    except asyncio.LimitOverrunError:
        raise _Nonsense from None
    words = line.split()
    if not words or len(line) > _LINE or not all(number.isdigit() for number in words[1:]):
        raise _Nonsense
    return words[0], [int(number) for number in words[1:]]


async def _answer(asks: asyncio.StreamReader, header: int, thumbnail: int, strip: int) -> Probed:
    if header > _HEADER or max(thumbnail, strip) > _PICTURE:
        raise _Nonsense
    try:
        told = json.loads(await asks.readexactly(header))
    except (ValueError, RecursionError):
        raise _Nonsense from None
    if not isinstance(told, dict):
        raise _Nonsense
    if "refused" in told:
        raise _refusal(told)
    facts = _facts(told)
    pictures = await asks.readexactly(thumbnail), await asks.readexactly(strip)
    if not all(picture.startswith(b"\xff\xd8\xff") and picture.endswith(b"\xff\xd9") for picture in pictures):
        raise _Nonsense
    return Probed(facts, *pictures)


def _refusal(told: Mapping[str, object]) -> Unplayable:
    try:
        return refused(Refusal(str(told["refused"])), KINDS.get(str(told.get("kind")), KINDS["unknown"]))
    except ValueError:
        raise _Nonsense from None


def _facts(told: Mapping[str, object]) -> Facts:
    """Facts in which every value is of its kind and within reason."""
    say = _Testimony(told)
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


class _Testimony:
    """What the worker said, taken only in the form that it must have. Raises _Nonsense."""

    def __init__(self, told: Mapping[str, object]) -> None:
        self._told = told

    def has(self, name: str) -> bool:
        return self._told.get(name) is not None

    def word(self, name: str) -> str:
        value = self._told.get(name)
        if isinstance(value, str) and _WORD.fullmatch(value):
            return value
        raise _Nonsense

    def count(self, name: str) -> int:
        value = self._told.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST:
            return value
        raise _Nonsense

    def number(self, name: str) -> float:
        value = self._told.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LARGEST:
            return float(value)
        raise _Nonsense

    def yes(self, name: str) -> bool:
        value = self._told.get(name)
        if isinstance(value, bool):
            return value
        raise _Nonsense


async def _cause_of_death(process: Process) -> Refusal:
    """The kernel stops a worker that asks for too much; any other death is the file's doing."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_BREATH):
            await process.wait()
    return Refusal.TOO_HEAVY if process.returncode in _STOPPED else Refusal.DAMAGED


async def _end(process: Process) -> None:
    """Kills the worker and all that it may have started, and takes away what it still said."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_BREATH):
            await process.communicate()
