"""What the tests of this room share: clips, each made once a run, and the real probe on bytes."""

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from playout.application.ports import Probe, Probed
from playout.media.clip import Clip, make_clip
from playout.media.memory import MemoryFiles
from playout.media.probe import WorkerProbe

KEY = "videos/w1/clip.mp4"

SMALL = Clip(seconds=2, width=180, height=320)
QUIET = {"x265-params": "log-level=none:open-gop=0"}
REALTIME = {"deadline": "realtime", "cpu-used": "8"}


def made(clip: Clip = SMALL) -> bytes:
    """The file of this clip."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip")
        make_clip(path, clip)
        return path.read_bytes()


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def stored(content: bytes) -> MemoryFiles:
    files = MemoryFiles()
    await files.put(KEY, stream(content), limit=len(content))
    return files


async def probed(content: bytes) -> Probed:
    probe: Probe = WorkerProbe(await stored(content))
    return await probe.probe(KEY)


def processes(name: str) -> list[int]:
    """Our own child processes, and orphans, that run this module."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().decode().split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # ended while we looked
            found += [int(folder.name)] if name in words and parent in {1, os.getpid()} else []
    return found
