"""Reads a local file in pieces, in a thread. Loaded only by verbs that take a file in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from playout.application.ports.files import PIECE


async def pieces(path: Path, seen: Callable[[int], None]) -> AsyncIterator[bytes]:
    """The file's bytes; tells `seen` how many so far. Raises OSError."""
    count = 0
    with await asyncio.to_thread(path.open, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            count += len(piece)
            seen(count)
            yield piece
