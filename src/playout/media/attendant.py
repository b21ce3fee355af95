"""Lets a process of its own work on a file, and believes it only what can be checked.

The file is hostile until shown otherwise. Its bytes are handed to a worker through a pipe, the same way for every
store; the worker sees no setting and no file, and is killed whatever happens.
Not here: how a worker confines itself (confined.py), what it does, and the words for people.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence

from playout.application.ports import Files
from playout.application.ports.files import PIECE
from playout.media.refusals import Refusal, Refused
from playout.media.threads import settled

_LINE = 64  # bytes: the longest thing a worker may say in one line
_HEADER = 16 * 1024
_LARGEST = 2**40  # no honest number is larger
_LAST_BREATH = 5  # seconds
_WORD = re.compile(r"[a-z0-9_.-]{1,32}")
_STOPPED = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM}


class Nonsense(Exception):
    """The worker said what no worker of ours says: the file has taken it over."""


class Died(Exception):
    """The worker ended without an answer."""


@contextlib.asynccontextmanager
async def attended(
    process: Process, files: Files, key: str, size: int, *, seconds: float
) -> AsyncIterator["Attendance"]:
    """Talks with a worker for as long as the block runs, at most so many seconds.

    Raises Refused where the worker is too slow, dies, or says nonsense; what else the block raises comes out as it
    is. No process outlives the block, even cancelled.
    """
    timer = asyncio.timeout(seconds)
    try:
        async with timer:
            yield Attendance(process, files, key, size, timer)
    except TimeoutError:
        if timer.expired():
            raise Refused(Refusal.TOO_SLOW) from None
        raise
    except Nonsense:
        raise Refused(Refusal.DAMAGED) from None
    except Died:
        raise Refused(await _cause_of_death(process)) from None
    finally:
        await settled(asyncio.ensure_future(_end(process)))


async def start(module: str, *words: str, handles: Sequence[int] = ()) -> Process:
    """A worker with these words on its command line; it is born with these open handles."""
    # No secret of ours stands in its environment; it finds its code where we found ours.
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        module,
        *words,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # a Ctrl-C is for us to handle, and the group can be killed as one
        pass_fds=handles,
    )


class Attendance:
    """The talk with one worker. Its methods raise Nonsense and Died."""

    def __init__(self, process: Process, files: Files, key: str, size: int, timer: asyncio.Timeout) -> None:
        self._process = process
        self._files, self._key, self._size = files, key, size
        self._timer = timer

    def allow(self, seconds: float) -> None:
        """So many from now on, instead of what was left."""
        self._timer.reschedule(asyncio.get_running_loop().time() + seconds)

    async def hear(self) -> tuple[bytes, list[int]]:
        """The next word with its numbers, once the worker has the bytes it asked for meanwhile."""
        while True:
            word, numbers = await _line(self._says)
            if word == b"R" and len(numbers) == 2:  # noqa: PLR2004 -- offset and length
                await self._hand_over(*numbers)
            else:
                return word, numbers

    async def told(self, length: int) -> "Testimony":
        """The JSON object that comes next, of so many bytes."""
        if length > _HEADER:
            raise Nonsense
        try:
            told = json.loads(await self.exactly(length))
        except (ValueError, RecursionError):
            raise Nonsense from None
        if not isinstance(told, dict):
            raise Nonsense
        return Testimony(told)

    async def exactly(self, length: int) -> bytes:
        """So many bytes that come next."""
        try:
            return await self._says.readexactly(length)
        except asyncio.IncompleteReadError:
            raise Died from None

    @property
    def _says(self) -> asyncio.StreamReader:
        if self._process.stdout is None:
            raise Died
        return self._process.stdout

    async def _hand_over(self, offset: int, length: int) -> None:
        if self._process.stdin is None:
            raise Died
        if not (0 < length <= PIECE and offset + length <= self._size):
            raise Nonsense
        async for piece in self._files.read(self._key, offset, length):
            self._process.stdin.write(piece)
        with contextlib.suppress(ConnectionError):  # it listens no longer: what it said last is still to be read
            await self._process.stdin.drain()


class Testimony:
    """What the worker said, taken only in the form that it must have. Raises Nonsense."""

    def __init__(self, told: Mapping[str, object]) -> None:
        self._told = told

    def has(self, name: str) -> bool:
        return self._told.get(name) is not None

    def word(self, name: str) -> str:
        value = self._told.get(name)
        if isinstance(value, str) and _WORD.fullmatch(value):
            return value
        raise Nonsense

    def count(self, name: str) -> int:
        value = self._told.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST:
            return value
        raise Nonsense

    def number(self, name: str) -> float:
        value = self._told.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LARGEST:
            return float(value)
        raise Nonsense

    def yes(self, name: str) -> bool:
        value = self._told.get(name)
        if isinstance(value, bool):
            return value
        raise Nonsense

    def refusal(self) -> Refused | None:
        """What it refuses the file for, if it does."""
        if not self.has("refused"):
            return None
        try:
            return Refused(Refusal(self.word("refused")), str(self._told.get("kind", "")))
        except ValueError:
            raise Nonsense from None


async def _line(says: asyncio.StreamReader) -> tuple[bytes, list[int]]:
    """A word and numbers. Raises Died at the end of what the worker says."""
    try:
        line = await says.readuntil()
    except asyncio.IncompleteReadError:
        raise Died from None
    except asyncio.LimitOverrunError:
        raise Nonsense from None
    words = line.split()
    if not words or len(line) > _LINE or not all(number.isdigit() for number in words[1:]):
        raise Nonsense
    return words[0], [int(number) for number in words[1:]]


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
