"""Growing files in a folder, beside the finished ones: a file that is appended to, and renamed when it is whole.

Its lock is the kernel's (flock), which lets go of it when a process dies, so that an upload can go on at once after a
kill. Hashes of what this process appends are kept on the way; where they are not known, after a restart or when several
processes took turns, the file is read once at the end.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from playout.application.ports import Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import Conflict
from playout.media.folder import FolderFiles, fsync_folder, make_folder, room
from playout.media.growing_rules import being_written, check_limit, check_offset, checked_name, gathered
from playout.media.rules import checked, gone
from playout.media.threads import in_thread

_FOLDER = ".growing"  # no key can name it: segments never start with a dot
_MARK = ".whole"  # no name ends so
#: What the system may hold back from the disk, in bytes. A long upload then does not wait long for its end.
_UNSYNCED = 64 * PIECE
_NOT_OPEN = -1
_MOST_HASHES = 1024  # of uploads that pause between two requests


class _Hash(Protocol):
    """Of hashlib, as far as it is used here."""

    def update(self, data: memoryview, /) -> None: ...
    def copy(self) -> "_Hash": ...
    def hexdigest(self) -> str: ...


class FolderGrowing:
    """The Protocol `Growing` over the folder of a FolderFiles."""

    def __init__(self, files: FolderFiles) -> None:
        self._root = files.root
        self._folder = files.root / _FOLDER
        self._hashes = _Hashes()

    async def append(
        self, name: str, offset: int, pieces: AsyncIterator[bytes], *, limit: int, whole: bool = False
    ) -> int:
        """Holds in memory what the stream gives at once and 1 MiB more."""
        grown = _Grown(self._folder, name, self._hashes)
        try:
            await in_thread(grown.open, offset, whole=whole)
            try:
                async with aclosing(gathered(pieces)) as coming:
                    async for block in coming:
                        check_limit(grown.end + len(block), limit)
                        await in_thread(grown.write, block)
            except (Exception, asyncio.CancelledError):
                await in_thread(grown.broken_off)
                raise
            await in_thread(grown.keep)
            return grown.end
        finally:
            await in_thread(grown.close)

    async def length(self, name: str) -> int:
        """By the size of the file, which is written out first."""
        return await in_thread(self._length, name)

    async def finish(self, name: str, key: str) -> Stored:
        """Renames the file. Reads it only where nobody has hashed all of it on the way."""
        return await in_thread(self._finish, name, key)

    async def drop(self, name: str) -> None:
        """Unlinks it."""
        await in_thread(self._drop, name)

    async def sweep(self, older_than: timedelta) -> int:
        """By the disk's own clock. What is being appended to is never touched."""
        return await in_thread(self._sweep, older_than.total_seconds())

    def _length(self, name: str) -> int:
        with closing(_Grown(self._folder, name, self._hashes)) as grown:
            return grown.length()

    def _finish(self, name: str, key: str) -> Stored:
        target = self._root / checked(key)
        with closing(_Grown(self._folder, name, self._hashes)) as grown:
            return grown.publish(target, key) or _published(target, key)

    def _drop(self, name: str) -> None:
        with closing(_Grown(self._folder, name, self._hashes)) as grown:
            grown.unlink()

    def _sweep(self, age: float) -> int:
        if not self._folder.is_dir():
            return 0
        os.utime(self._folder)
        before = self._folder.stat().st_mtime - age  # by the disk's own clock, which stamped the files too
        names = {path.name.removesuffix(_MARK) for path in self._folder.iterdir()}
        return sum(self._drop_abandoned(name, before) for name in names)

    def _drop_abandoned(self, name: str, before: float) -> bool:
        with closing(_Grown(self._folder, name, self._hashes)) as grown, contextlib.suppress(Conflict):
            return grown.unlink(before)
        return False


class _Grown:
    """One growing file. Its methods block; they run in threads, one at a time."""

    def __init__(self, folder: Path, name: str, hashes: "_Hashes") -> None:
        self._path = folder / checked_name(name)
        self._mark = folder / f"{name}{_MARK}"
        self._hashes = hashes
        self._hash: _Hash | None = None
        self._handle = _NOT_OPEN
        self._start = self._written_out = 0
        self.end = 0

    def length(self) -> int:
        with room(self._path.parent, 0):
            if not self._open(os.O_RDONLY):
                return 0
            size = os.fstat(self._handle).st_size  # before the mark is looked at, which goes when all is well
            os.fdatasync(self._handle)
            marked = self._marked()
            return size if marked is None else min(size, marked)

    def open(self, offset: int, *, whole: bool) -> None:
        with room(self._path.parent, offset):
            make_folder(self._path.parent)
            there = self._hold(os.O_CREAT if offset == 0 else 0)
            self._start = self.end = self._written_out = self._settled() if there else 0
            check_offset(offset, self.end)
            self._hash = self._hashes.of(self._path.name, self.end)
            if whole:
                _write_out(self._mark, str(self.end))

    def write(self, block: bytes) -> None:
        left = memoryview(block)
        with room(self._path.parent, self.end + len(block)):
            while left:
                count = os.pwrite(self._handle, left, self.end)
                if self._hash:
                    self._hash.update(left[:count])
                self.end += count
                left = left[count:]
            if self.end - self._written_out >= _UNSYNCED:
                os.fdatasync(self._handle)
                self._written_out = self.end

    def keep(self) -> None:
        """What was written stays."""
        with room(self._path.parent, self.end):
            os.fdatasync(self._handle)
            if self._start == 0:
                fsync_folder(self._path.parent)
            if self._hash:
                self._hashes.keep(self._path.name, self.end, self._hash)
            self._unmark()

    def broken_off(self) -> None:
        """What was written stays, unless it was to be all or nothing."""
        if self._mark.exists():
            with room(self._path.parent, self.end):
                self._settled()
        else:
            self.keep()

    def publish(self, target: Path, key: str) -> Stored | None:
        """None if there is none, or no byte in it."""
        with room(self._path.parent, 0):
            size = self._settled() if self._hold() else 0
            if size == 0:
                return None
            os.fsync(self._handle)
            known = self._hashes.of(self._path.name, size)
            stored = Stored(key, size, known.hexdigest() if known else _sha256(self._handle))
            make_folder(target.parent)
            self._path.rename(target)
            fsync_folder(target.parent)
            fsync_folder(self._path.parent)
        self._hashes.forget(self._path.name)
        return stored

    def unlink(self, before: float | None = None) -> bool:
        """With `before`: only if nobody wrote to it since. Says whether."""
        with room(self._path.parent, 0):
            if not self._hold():
                self._mark.unlink(missing_ok=True)
                return False
            if before is not None and os.fstat(self._handle).st_mtime > before:
                return False
            self._path.unlink()
            self._unmark()
            fsync_folder(self._path.parent)
        self._hashes.forget(self._path.name)
        return True

    def close(self) -> None:
        """Lets go of the lock."""
        if self._handle != _NOT_OPEN:
            os.close(self._handle)
            self._handle = _NOT_OPEN

    def _hold(self, more: int = 0) -> bool:
        """Opens it for us alone; False if there is none. Raises Conflict."""
        while self._open(os.O_RDWR | more):
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise being_written() from None
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._handle), self._path.stat()):
                    return True
            self.close()  # finished or dropped while we came: what is under its name now?
        return False

    def _open(self, how: int) -> bool:
        with contextlib.suppress(FileNotFoundError):
            self._handle = os.open(self._path, how | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        return self._handle != _NOT_OPEN

    def _settled(self) -> int:
        """Cuts off what was to be all or nothing, and was not seen to its end. The bytes that there are."""
        size, marked = os.fstat(self._handle).st_size, self._marked()
        if marked is not None and marked < size:
            os.ftruncate(self._handle, marked)
            os.fsync(self._handle)
            size = marked
        self._unmark()
        return size

    def _marked(self) -> int | None:
        """Where the stream began of which all or nothing counts."""
        try:
            return int(self._mark.read_text())
        except (FileNotFoundError, ValueError):  # empty: killed before the first byte of that stream
            return None

    def _unmark(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._mark.unlink()
            fsync_folder(self._mark.parent)


class _Hashes:
    """Of the bytes that this process has seen from the first one on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, _Hash]] = OrderedDict()

    def of(self, name: str, end: int) -> _Hash | None:
        """A copy, to go on with. None if somebody else has appended since, or it is not known."""
        known_end, known = self._kept.get(name, (0, None))
        if end == 0:
            return hashlib.sha256()
        return known.copy() if known and known_end == end else None

    def keep(self, name: str, end: int, known: _Hash) -> None:
        """Instead of an earlier one; the one that was not asked for longest makes room."""
        self.forget(name)
        self._kept[name] = (end, known)
        if len(self._kept) > _MOST_HASHES:
            self._kept.popitem(last=False)

    def forget(self, name: str) -> None:
        """Nobody will ask again."""
        self._kept.pop(name, None)


def _published(target: Path, key: str) -> Stored:
    """What an earlier call has finished. Raises FileGone."""
    with room(target.parent, 0), contextlib.suppress(FileNotFoundError, NotADirectoryError):
        handle = os.open(target, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return Stored(key, os.fstat(handle).st_size, _sha256(handle))
        finally:
            os.close(handle)
    raise gone()


def _sha256(handle: int) -> str:
    digest, at = hashlib.sha256(), 0
    while block := os.pread(handle, PIECE, at):
        digest.update(block)
        at += len(block)
    return digest.hexdigest()


def _write_out(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fsync_folder(path.parent)
