"""A zip that comes out while it goes in: of what is in it nothing is held, however large it becomes.

What is known beforehand to be large and packed already is stored as it is; all else is deflated. Sizes stand behind
the bytes, and are of 64 bits where they may have to be. Knows no record.
"""

import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to be put in. `size` (bytes): given for one that is not to be deflated."""

    name: str
    at: datetime
    chunks: AsyncGenerator[bytes, None]
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that is in."""

    name: str
    size: int  # bytes
    sha256: str  # hex


async def zipped(entries: AsyncGenerator[Entry, None], packed: Callable[[Packed], None]) -> AsyncGenerator[bytes, None]:
    """The bytes of the zip, in pieces no larger than the chunks; `packed` is told of each file that is in.

    The list of all files, which a zip has at its end, grows in memory: about 1 KiB for each.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        async with aclosing(entries):
            async for entry in entries:
                async with aclosing(_added(archive, sink, entry, packed)) as pieces:
                    async for piece in pieces:
                        yield piece
    for piece in sink.drained():
        yield piece


async def _added(
    archive: ZipFile, sink: "_Sink", entry: Entry, packed: Callable[[Packed], None]
) -> AsyncGenerator[bytes, None]:
    digest, size = hashlib.sha256(), 0
    with archive.open(_head(entry), "w", force_zip64=entry.size is None) as file:
        async with aclosing(entry.chunks) as chunks:
            async for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
                for piece in sink.drained():
                    yield piece
    packed(Packed(entry.name, size, digest.hexdigest()))


def _head(entry: Entry) -> ZipInfo:
    head = ZipInfo(entry.name, entry.at.astimezone(UTC).timetuple()[:6])
    head.compress_type = ZIP_DEFLATED if entry.size is None else ZIP_STORED
    head.file_size = entry.size or 0  # by which it is decided how wide its sizes are
    head.external_attr = 0o600 << 16
    return head


class _Sink:
    """What `ZipFile` writes to. It cannot be gone back in, so that all of it can be taken away at any time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        """Keeps it until it is taken away."""
        self._pieces.append(piece)
        return len(piece)

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def drained(self) -> list[bytes]:
        """What has come since the last time."""
        pieces, self._pieces = self._pieces, []
        return [piece for piece in pieces if piece]
