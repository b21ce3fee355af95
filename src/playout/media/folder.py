"""Files in a folder of this machine.

obstore's LocalStore writes beside the target and renames, but never calls fsync, and what a killed process
leaves (`name.mp4#1`) lies among the finished files. A delivery trusts that a video whose record exists is
whole after a power cut, so this store does those steps itself (decision 0012). Not here: buckets.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

from playout.application.ports import Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import StorageFull, Unavailable
from playout.media.rules import Intake, check_range, checked, checked_prefix, gone, in_mib
from playout.media.threads import in_thread

_PARTIAL = ".partial"  # no key can name it: segments never start with a dot
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
#: Linux has it; elsewhere everything is read in threads.
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)
_NOT_OPEN = -1
_READ = PIECE // 2  # the size of piece that the HTTP client sends on fastest (decision 0011)


class FolderFiles:
    """The Protocol `Files` over a folder, in which everything is readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """Where it is."""
        return self._root

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Writes to a hidden file on the same disk, fsyncs it, renames it to its key, fsyncs the folders.

        Holds in memory what the stream gives at once and 1 MiB more, whatever the size of the file.
        """
        target = self._root / checked(key)
        partial = _Partial(self._root / _PARTIAL, Intake(limit))
        try:
            await in_thread(partial.open)
            async for gathered in _gather(pieces):
                await in_thread(partial.write, gathered)
            return await in_thread(partial.publish, target, key)
        finally:
            await in_thread(partial.close)

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """A read that has begun goes on although the key is deleted."""
        reading = _Reading(self._root / checked(key))
        try:
            check_range(start, length, await in_thread(reading.open))
            for at, count in _cuts(start, length):
                if reading.in_memory(at, count):  # as a new upload is: a thread would cost more than the copy
                    yield reading.read(at, count)
                else:
                    yield await in_thread(reading.read, at, count)
        finally:
            reading.close()

    async def size(self, key: str) -> int:
        """Bytes under the key."""
        reading = _Reading(self._root / checked(key))
        try:
            return await in_thread(reading.open)
        finally:
            reading.close()

    async def copy(self, key: str, target: str) -> None:
        """A hard link, and the bytes once more where the disk has none or the two lie on different ones."""
        copying = _Copying(self._root / checked(key), self._root / checked(target))
        try:
            size = await in_thread(copying.open)
            linked = await in_thread(copying.link, self._root / _PARTIAL)
        finally:
            copying.close()
        if not linked:
            await self.put(target, self.read(key, 0, size), limit=size)

    async def delete(self, key: str) -> None:
        """Unlinks the file; its folders stay, since another upload may be about to use them."""
        await in_thread(_unlink, self._root / checked(key))

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Keys in order of the alphabet, as they were when the listing began."""
        for key in await in_thread(_keys, self._root, checked_prefix(prefix)):
            yield key

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        """None: a folder answers nobody; the server has to hand the bytes out."""
        return None

    async def sweep(self, older_than: timedelta) -> int:
        """Removes what killed processes left. A living upload holds a lock and is never touched."""
        return await in_thread(_sweep, self._root / _PARTIAL, older_than.total_seconds())


class _Partial:
    """A file that nobody can see yet. Its methods block; they run in threads, one at a time."""

    def __init__(self, folder: Path, intake: Intake) -> None:
        self._path = folder / secrets.token_hex(16)
        self._intake = intake
        self._handle = _NOT_OPEN

    def open(self) -> None:
        with self._room():
            make_folder(self._path.parent)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)  # the kernel lets go of it when this process dies

    def write(self, pieces: bytes) -> None:
        self._intake.take(pieces)
        left = memoryview(pieces)
        with self._room():
            while left:
                left = left[os.write(self._handle, left) :]

    def publish(self, target: Path, key: str) -> Stored:
        with self._room():
            os.fsync(self._handle)
            make_folder(target.parent)
            self._path.rename(target)
            fsync_folder(target.parent)
        return self._intake.stored(key)

    def close(self) -> None:
        """Unlinks what was not published, and only then lets go of the lock."""
        if self._handle != _NOT_OPEN:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)

    def _room(self) -> contextlib.AbstractContextManager[None]:
        return room(self._path.parent, self._intake.size)


class _Reading:
    """An open file. `open` and `read` block; `close` may be called at any time when neither is running."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = _NOT_OPEN

    def open(self) -> int:
        """Its size in bytes."""
        try:
            self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            raise gone() from None
        except OSError as error:
            raise broken(error) from error
        found = os.fstat(self._handle)
        if not stat.S_ISREG(found.st_mode):
            raise gone()
        return found.st_size

    def in_memory(self, at: int, count: int) -> bool:
        """Whether reading would not wait for the disk, by its two ends; False where the system cannot tell."""
        if _NOWAIT is None:
            return False
        end = bytearray(1)
        try:
            return all(os.preadv(self._handle, [end], place, _NOWAIT) == 1 for place in (at, at + count - 1))
        except OSError:
            return False

    def read(self, at: int, count: int) -> bytes:
        piece = os.pread(self._handle, count, at)
        check_range(0, count, len(piece))  # the file was cut while it was being read
        return piece

    def close(self) -> None:
        if self._handle != _NOT_OPEN:
            os.close(self._handle)


class _Copying(_Reading):
    """An open file that gets a second name."""

    def __init__(self, path: Path, target: Path) -> None:
        super().__init__(path)
        self._target = target

    def link(self, folder: Path) -> bool:
        """By way of a hidden name, since a link replaces nothing. False where the disk makes none."""
        hidden = folder / secrets.token_hex(16)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_SH)  # a sweep takes the hidden name for living, however old the file
            make_folder(folder)
            hidden.hardlink_to(self._path)
            make_folder(self._target.parent)
            hidden.rename(self._target)
            fsync_folder(self._target.parent)
        except FileNotFoundError:
            raise gone() from None
        except OSError as error:
            if error.errno in _NO_LINK:
                return False
            raise broken(error) from error
        finally:
            hidden.unlink(missing_ok=True)  # still there where both names were the same file before
        return True


async def _gather(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Joins small pieces to about 1 MiB: a thread for each network packet would cost more than the write."""
    held: list[bytes] = []
    count = 0
    async for piece in pieces:
        held.append(piece)
        count += len(piece)
        if count >= PIECE:
            yield b"".join(held) if len(held) > 1 else piece
            held, count = [], 0
    if count:
        yield b"".join(held)


def _cuts(start: int, length: int) -> Iterator[tuple[int, int]]:
    end = start + length
    return ((at, min(_READ, end - at)) for at in range(start, end, _READ))


def _unlink(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()
        fsync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Makes the folder, and fsyncs each folder that got a new entry, so that it outlives a power cut."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(folder.parent)


def fsync_folder(folder: Path) -> None:
    """So that the names in it outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keys(root: Path, prefix: str) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root / prefix):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name).relative_to(root).as_posix() for name in names]
    return sorted(found)


@contextlib.contextmanager
def room(folder: Path, need: int) -> Iterator[None]:
    """What the disk answers, in our words: StorageFull where it has no room for a file of `need` bytes, Unavailable."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(_no_room(folder, need, error.errno)) from error
        raise broken(error) from error


def _no_room(folder: Path, size: int, number: int | None) -> str:
    need = f"this file needs {in_mib(size)} or more"
    free = f"{in_mib(_free(folder))} are free on the disk"
    if number == errno.ENOSPC:
        return f"The disk is full: {need}, and {free}. Make room and try again."
    limit = "the disk quota" if number == errno.EDQUOT else "the limit on the size of a file (`ulimit -f`)"
    return f"There is no room: {need}, which {limit} forbids, though {free}."


def broken(error: OSError) -> Unavailable:
    """The disk does not do what it should."""
    sentence = f"The files folder cannot be used: {error.strerror}. Check the disk and the rights."
    return Unavailable(sentence, code="storage_broken")


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder if folder.is_dir() else folder.parent).free


def _sweep(folder: Path, age: float) -> int:
    if not folder.is_dir():
        return 0
    os.utime(folder)
    now = folder.stat().st_mtime  # by the disk's own clock, which stamped the files too
    return sum(remove_abandoned(path, now - age) for path in folder.iterdir())


def remove_abandoned(path: Path, before: float) -> bool:
    """Unlinks a file that nobody holds a lock on, and that was not written to since `before`; says whether."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False  # published, or given up by its own process, since the folder was read
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        abandoned = os.fstat(handle).st_mtime <= before
        if abandoned:
            path.unlink(missing_ok=True)
    except BlockingIOError:
        return False  # its process lives
    else:
        return abandoned
    finally:
        os.close(handle)
