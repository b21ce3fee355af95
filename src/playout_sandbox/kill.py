"""Killing the process under test at an exact instant, and being sure that it is dead before going on."""

import asyncio
import os
import signal
from pathlib import Path

_GIVE_UP = 10.0  #: seconds; SIGKILL works at once unless the process hangs in the kernel


async def kill(pid: int) -> None:
    """SIGKILL, then wait until the process is gone or a zombie. A process that is gone already is fine.

    Raises TimeoutError if it survives for ten seconds.
    """
    if pid in (0, 1, -1, os.getpid()):
        raise ValueError(f"refusing to kill process {pid}")
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    async with asyncio.timeout(_GIVE_UP):
        while _lives(pid):  # noqa: ASYNC110  # no event tells of the death of a process that is not our child
            await asyncio.sleep(0.005)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return Path("/proc").is_dir() is False  # no /proc on this system: trust the signal
    return state not in "ZX"
