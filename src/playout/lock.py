"""One worker per data folder: a lock that the system lets go of when its process dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playout.domain.errors import Locked


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Held for the length of the block. Raises Locked with the process that holds it."""
    path = folder / "worker.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
            msg = (
                f"Another Playout (process {holder or 'unknown'}) already works on {folder}. "
                "Stop that one, or give this one a folder of its own with PLAYOUT_DATA_DIR."
            )
            raise Locked(msg) from taken
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
