"""What every implementation of `Growing` holds to. Not here: where the bytes lie."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager

from playout.application.ports.files import BEING_WRITTEN, PIECE, WRONG_OFFSET
from playout.domain.errors import Conflict, TooLarge
from playout.media.rules import in_mib

_NAME = re.compile(r"[a-z0-9_-]{1,128}")


def checked_name(name: str) -> str:
    """The name itself. We make names, never a person, so one of another form is a defect of ours: ValueError."""
    if _NAME.fullmatch(name):
        return name
    message = f"not a name of a growing file: {name[:80]!r}"
    raise ValueError(message)


def check_offset(offset: int, end: int) -> None:
    """Raises Conflict unless the bytes to come follow on those that are there."""
    if offset != end:
        sentence = f"The next byte is number {end:,}, not {offset:,}: ask how far the upload is, and go on from there."
        raise Conflict(sentence, code=WRONG_OFFSET)


def check_limit(end: int, limit: int) -> None:
    """Raises TooLarge where the file would end past its limit."""
    if end > limit:
        raise TooLarge(f"More came than the {in_mib(limit)} that this upload may have.")


def being_written() -> Conflict:
    """The error for a second writer."""
    sentence = "Another request is writing to this upload right now. Try again in a moment."
    return Conflict(sentence, code=BEING_WRITTEN)


class Turns:
    """Who of this process writes to what."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """The only one at this file while the block runs. Raises Conflict."""
        if name in self._taken:
            raise being_written()
        self._taken.add(name)
        try:
            yield
        finally:
            self._taken.discard(name)

    def taken(self, name: str) -> bool:
        """Whether somebody is at it."""
        return name in self._taken


async def gathered(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Joins small pieces to about 1 MiB, and gives what it holds before the stream's own error comes out."""
    held: list[bytes] = []
    count = 0
    try:
        async for piece in pieces:
            held.append(piece)
            count += len(piece)
            if count >= PIECE:
                yield b"".join(held) if len(held) > 1 else piece
                held, count = [], 0
    except (Exception, asyncio.CancelledError):
        if count:
            yield b"".join(held)
        raise
    if count:
        yield b"".join(held)
