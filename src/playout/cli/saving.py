"""Writes a local file from pieces, in a thread. Loaded only by verbs that hand a file out."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

from playout.domain.errors import Unavailable


async def save(path: Path, pieces: AsyncIterator[bytes], seen: Callable[[int], None]) -> None:
    """The file appears whole or not at all, readable by its owner only; tells `seen` how many bytes so far.

    Raises Unavailable (`unwritable_file`).
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        with await asyncio.to_thread(_opened, partial) as file:
            count = 0
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
                count += len(piece)
                seen(count)
            await asyncio.to_thread(_settle, file)
        partial.replace(path)
    except OSError as error:
        sentence = f"{path} cannot be written: {error.strerror}."
        raise Unavailable(sentence, code="unwritable_file") from error
    finally:
        partial.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)  # of a process that was killed
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
