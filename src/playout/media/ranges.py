"""A file that is read by asking somebody else for ranges of it. Nothing about what is in it."""

import os
from collections import OrderedDict
from collections.abc import Callable

_BLOCK = 256 * 1024
_KEPT = 16  # blocks: 4 MiB, enough to go to and fro between index and data


class RangeFile:
    """Read-only and seekable, for PyAV and the box reader; remembers the blocks it saw last."""

    def __init__(self, ask: Callable[[int, int], bytes], size: int) -> None:
        self._ask = ask
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.size = size

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes, fewer at the end of a block; b"" only at the end of the file."""
        block, skip = divmod(self._at, _BLOCK)
        end = _BLOCK if count < 0 else skip + count
        piece = self._block(block)[skip:end]
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As files do. ValueError for a place before the start."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("before the start of the file")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The place of the next read."""
        return self._at

    def at(self, offset: int, count: int) -> bytes:
        """The bytes at a place, fewer only where the file ends. Leaves the place of the next read alone."""
        found = b""
        while len(found) < count:
            block, skip = divmod(offset + len(found), _BLOCK)
            piece = self._block(block)[skip : skip + count - len(found)]
            if not piece:
                break
            found += piece
        return found

    def _block(self, number: int) -> bytes:
        start = number * _BLOCK
        if start >= self.size:
            return b""
        if number not in self._blocks:
            self._blocks[number] = self._ask(start, min(_BLOCK, self.size - start))
            if len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]
