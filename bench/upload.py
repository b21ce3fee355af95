"""A large video, delivered by the whole house: every chunk a step with its save, against one `curl -T` of the file.

The file is a clip whose rest is a hole, so that no disk is measured on either side. The sandbox throws the bytes away.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure
from bench.measured import child, command
from playout.domain.delivery import State
from playout.domain.video import VideoState
from playout.media.clip import Clip, make_clip
from playout.settings import Settings
from playout.wiring import House, open_house
from tests.crash.databases import Addresses
from tests.crash.stage import FLOWS, Sandbox, connect, schedule, settings_for
from tests.crash.victim import ACTOR

GIB = 1024**3
CHUNK = 10 * 1024**2
ROUNDS = 5


def figures(folder: Path) -> Iterator[Figure]:
    """Ratio of speeds, and the peak of memory for one and four GiB."""
    sandbox = Sandbox(folder / "sandbox")
    sandbox.configure(sink=True, tiktok={"processing_seconds": 0, "moderation_seconds": 0})
    try:
        ours, theirs, alike, peaks = [], [], [], []
        curl(folder, sandbox, GIB)  # warms the other side up
        for number in range(ROUNDS):
            seconds, peak = deliver(folder / f"one-{number}", sandbox, GIB)
            ours.append(seconds)
            peaks.append(peak)
            theirs.append(curl(folder, sandbox, GIB))
            alike.append(curl(folder, sandbox, CHUNK, times=GIB // CHUNK))
        whole, chunks = (statistics.median(one) / statistics.median(ours) for one in (theirs, alike))
        yield Figure(
            "1 GiB in 102 chunks, each saved: speed against one curl -T", f"{whole:.2f}", ">= 0.8", whole >= 0.8
        )
        yield Figure("  against curl -T of as many chunks, one after the other", f"{chunks:.2f}")
        yield Figure("  ours / curl, seconds", f"{statistics.median(ours):.2f} / {statistics.median(theirs):.2f}")
        _, four = deliver(folder / "four", sandbox, 4 * GIB)
        one = max(peaks)
        yield Figure("peak memory for 1 GiB", f"{one:.0f} MiB", "< 200 MiB", one < 200)
        yield Figure("peak memory for 4 GiB", f"{four:.0f} MiB", "within 20 MiB", four < 200 and abs(four - one) <= 20)
    finally:
        sandbox.close()


def deliver(folder: Path, sandbox: Sandbox, size: int) -> tuple[float, float]:
    """Seconds of the upload with its hundred saves, and the worker's peak memory in MiB."""
    folder.mkdir()
    settings = settings_for(folder, sandbox, FLOWS[0], Addresses())
    child(lambda: asyncio.run(_prepare(settings, size)))
    run = child(lambda: asyncio.run(_deliver(settings)))
    return float(run.result), run.peak


async def _prepare(settings: Settings, size: int) -> None:
    async with open_house(settings) as house:
        channel_id = await connect(house, FLOWS[0])
        video_id = await _large_video(house, settings.data_dir, size)
        await schedule(house, video_id, channel_id, FLOWS[0])


async def _large_video(house: House, folder: Path, size: int) -> str:
    """A real clip is taken in and probed; then its file grows by a hole to the size wanted."""
    clip = folder / "clip.mp4"
    make_clip(clip, Clip(seconds=1))

    async def pieces() -> AsyncIterator[bytes]:
        yield clip.read_bytes()

    video = await house.services.videos.take_in(ACTOR, clip.name, pieces())
    chore = await house.store.chores.get(video.workspace_id, f"probe:{video.id}")
    assert chore
    await house.services.videos.probe(chore)
    await house.store.chores.done(chore)
    (stored,) = [one for one in (folder / "files").rglob(video.id) if one.is_file()]
    hollow(stored, size)
    ready = await house.services.videos.get(ACTOR, video.id)
    assert ready.state is VideoState.READY
    await house.store.videos.save(replace(ready, size=size))
    return video.id


class Stopwatch:
    """From the first byte of the first chunk to the answer to the last one."""

    def __init__(self) -> None:
        self._began = 0.0
        self._uploading = False
        self.seconds = 0.0

    async def before(self, method: str, address: str) -> None:
        self._uploading = method == "PUT"
        self._began = self._began or (time.monotonic() if self._uploading else 0.0)

    async def after(self, status: int | None) -> None:
        if self._uploading:
            self.seconds = time.monotonic() - self._began


async def _deliver(settings: Settings) -> float:
    watch = Stopwatch()
    async with open_house(settings, observer=watch) as house, house.working():
        while True:
            (delivery,) = (await house.services.deliveries.list(ACTOR, limit=1)).items
            if delivery.state is State.PUBLISHED:
                return watch.seconds
            assert delivery.state in {State.WAITING, State.SENDING, State.PROCESSING}, delivery
            await asyncio.sleep(0.1)


def hollow(path: Path, size: int) -> None:
    """Makes the file this large, by a hole, and reads it once: both sides find it in memory, as a new upload is."""
    os.truncate(path, size)
    with path.open("rb", buffering=0) as file:
        while file.read(16 * 1024**2):
            pass


def curl(folder: Path, sandbox: Sandbox, size: int, *, times: int = 1) -> float:
    """Seconds of `curl -T` of a file of this size to the same process, so many times over one connection."""
    file = folder / f"for-curl-{size}.mp4"
    if not file.exists():
        file.touch()
        hollow(file, size)
    uploads = ["-T", str(file), f"{sandbox.url}/_sandbox/sink"] * times
    run = command("curl", "--silent", "--fail", "--noproxy", "*", *uploads)
    assert run.result == 0, "curl failed"
    return run.seconds
