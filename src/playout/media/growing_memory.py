"""Growing files without disk, for tests and for trying things out."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta

from playout.application.ports import Stored
from playout.media.growing_rules import Turns, check_limit, check_offset, checked_name
from playout.media.memory import MemoryFiles
from playout.media.rules import gone


class MemoryGrowing:
    """The Protocol `Growing` over a dictionary."""

    def __init__(self, files: MemoryFiles) -> None:
        self._files = files
        self._grown: dict[str, bytearray] = {}
        self._touched: dict[str, float] = {}  # monotonic seconds
        self._turns = Turns()

    async def append(
        self, name: str, offset: int, pieces: AsyncIterator[bytes], *, limit: int, whole: bool = False
    ) -> int:
        """Piece by piece; with `whole`, beside the others until the stream has ended."""
        with self._turns.at(checked_name(name)):
            check_offset(offset, len(self._grown.get(name, b"")))
            kept = self._grown.setdefault(name, bytearray())
            taken = bytearray() if whole else kept
            self._touched[name] = time.monotonic()
            async for piece in pieces:
                check_limit(len(taken) + len(piece) + (offset if whole else 0), limit)
                taken += piece
            if whole:
                kept += taken
            return len(kept)

    async def length(self, name: str) -> int:
        """As much as there is."""
        return len(self._grown.get(checked_name(name), b""))

    async def finish(self, name: str, key: str) -> Stored:
        """A copy."""
        with self._turns.at(checked_name(name)):
            whole = bytes(self._grown.get(name, b""))
            if not whole:
                raise gone()

            async def once() -> AsyncIterator[bytes]:
                yield whole

            return await self._files.put(key, once(), limit=len(whole))

    async def drop(self, name: str) -> None:
        """Forgets it."""
        with self._turns.at(checked_name(name)):
            self._grown.pop(name, None)
            self._touched.pop(name, None)

    async def sweep(self, older_than: timedelta) -> int:
        """By the time of the last append in this process."""
        before = time.monotonic() - older_than.total_seconds()
        old = [name for name, at in self._touched.items() if at <= before and not self._turns.taken(name)]
        for name in old:
            await self.drop(name)
        return len(old)
