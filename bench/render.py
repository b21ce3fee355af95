"""A minute of 1080×1920 made anew: by the worker, from store to store, and by PyAV alone, from file to file.

Both run the same filters, encoders and settings, at the same low priority, in a session of their own. What differs is
the worker's: the start of a process, bytes through a pipe, progress, the way into the store with hash and fsync.
At low priority the clock tells how busy the machine is with other things; the verdict goes by the work of processors.
"""

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from bench.figures import Figure
from bench.measured import child
from playout.domain.rendition import Fit, Recipe
from playout.media.clip import Clip, make_clip
from playout.media.folder import FolderFiles
from playout.media.graphs import muxing, picture_graph, picture_stream, sound_graph, sound_stream
from playout.media.render import WorkerRender
from playout.media.render_worker import give_way

SECONDS = 60
PIECE = 4  # seconds that are drawn; the rest repeats them
ROUNDS = 2
KEY, TARGET = "videos/w1/clip.mp4", "videos/w1/rendition.mp4"
RECIPE = Recipe(width=1080, height=1920, fps=30, fit=Fit.PAD, video_bitrate=8_000_000, audio_bitrate=128_000)


def figures(folder: Path) -> Iterator[Figure]:
    """The better of two turns each, taken in turns."""
    source = folder / "source.mp4"
    child(lambda: long_clip(source))
    files = FolderFiles(folder / "files")
    child(lambda: asyncio.run(_take_in(files, source)))
    ours, alone = [], []
    for _ in range(ROUNDS):
        alone.append(child(lambda: _timed(lambda: direct(source, folder / "direct.mp4"))))
        ours.append(child(lambda: _timed(lambda: asyncio.run(_rendered(files, source.stat().st_size)))))
        check(folder / "direct.mp4", folder / "files" / TARGET)
    seconds, work = ([min(run.result[at] for run in runs) for runs in (ours, alone)] for at in (0, 1))
    more = work[0] / work[1] - 1
    yield Figure("a minute of 1080×1920 made anew: more work than PyAV alone", f"{more:+.1%}", "< 10 %", more < 0.1)
    yield Figure("  ours / PyAV alone, seconds of processors", " / ".join(f"{one:.1f}" for one in work))
    yield Figure("  ours / PyAV alone, seconds by the clock", " / ".join(f"{one:.1f}" for one in seconds))
    yield Figure("  the parent's peak memory", f"{max(run.peak for run in ours):.0f} MiB")


def long_clip(path: Path) -> None:
    """A few seconds, drawn and coded once, one after the other until the minute is full."""
    short = path.with_name("short.mp4")
    make_clip(short, Clip(seconds=PIECE, width=1080, height=1920))
    with av.open(short, "r") as piece, av.open(path, "w", container_options={"movflags": "+faststart"}) as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in piece.streams}
        for turn in range(SECONDS // PIECE):
            piece.seek(0)
            for packet in piece.demux():
                if packet.pts is None or packet.dts is None or packet.pts < 0:
                    continue
                packet.pts += round(turn * PIECE / packet.time_base)
                packet.dts += round(turn * PIECE / packet.time_base)
                packet.stream = copies[packet.stream.index]
                out.mux(packet)


async def _take_in(files: FolderFiles, source: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        with source.open("rb") as file:
            while piece := file.read(1024**2):
                yield piece

    await files.put(KEY, pieces(), limit=2**40)


async def _rendered(files: FolderFiles, size: int) -> None:
    async def quietly(share: float) -> None:
        """Nobody looks."""

    await WorkerRender(files).render(KEY, TARGET, RECIPE, limit=10 * size, progress=quietly)


def direct(source: Path, target: Path) -> None:
    """What one would write without a worker: decoders as PyAV sets them up, files by name."""
    os.setsid()
    give_way()
    with av.open(source, "r") as file, av.open(target, "w", container_options=muxing()) as out:
        video, audio = file.streams.video[0], file.streams.audio[0]
        pictures, sounds = picture_stream(out, RECIPE), sound_stream(out, RECIPE, audio)
        through: dict[type, Graph] = {}
        for packet in file.demux(video, audio):
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame | AudioFrame)
                graph = through.get(type(frame))
                if graph is None and isinstance(frame, VideoFrame):
                    graph = picture_graph(frame, (video.width, video.height), 0, RECIPE)
                elif graph is None and isinstance(frame, AudioFrame):
                    graph = sound_graph(frame)
                assert graph
                through[type(frame)] = graph
                graph.push(frame)
                _code(graph, out, pictures, sounds)
        for graph in through.values():
            graph.push(None)
            _code(graph, out, pictures, sounds)
        out.mux([*pictures.encode(None), *sounds.encode(None)])


def _code(graph: Graph, out: OutputContainer, pictures: VideoStream, sounds: AudioStream) -> None:
    while True:
        try:
            ready = graph.pull()
        except (BlockingIOError, EOFError):
            return
        if isinstance(ready, VideoFrame):
            ready.pict_type = PictureType.NONE
            out.mux(pictures.encode(ready))
        else:
            out.mux(sounds.encode(ready))


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of processors, children's included."""
    began = time.monotonic()
    work()
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.monotonic() - began, sum(one.ru_utime + one.ru_stime for one in used)


def check(*paths: Path) -> None:
    """Both made the same minute."""
    told = []
    for path in paths:
        with av.open(path, "r") as file:
            video = file.streams.video[0]
            told.append((video.width, video.height, video.frames, file.streams.audio[0].frames, path.stat().st_size))
    assert told[0] == told[1], told
    assert abs(told[0][2] - SECONDS * RECIPE.fps) <= 1, told
