"""How the clips of the corpus are made: ways to spoil a file, or to stretch it, that no encoder has a knob for.

A `Make` writes one file. Not here: which clips there are, and what is expected of them (clips.py).
"""

import io
import random
from collections.abc import Callable
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame

from playout.media.clip import Clip, make_clip

Make = Callable[[Path], None]
Change = Callable[[bytes], bytes]


def clip(made: Clip) -> Make:
    """As the knobs say."""
    return lambda path: make_clip(path, made)


def of(content: bytes) -> Make:
    """Exactly this."""
    return lambda path: _write(path, content)


def changed(made: Clip, change: Change) -> Make:
    """A sound clip, and then something happens to its bytes."""

    def make(path: Path) -> None:
        make_clip(path, made)
        path.write_bytes(change(path.read_bytes()))

    return make


def cut(share: float) -> Change:
    """As an upload that broke off leaves it."""
    return lambda content: content[: int(len(content) * share)]


def with_noise(content: bytes) -> bytes:
    """The index is whole, and what it points to is not."""
    at = content.index(b"mdat") + 4
    return content[:at] + random.Random(3).randbytes(len(content) - at)


def padded(made: Clip, size: int) -> Make:
    """An honest file of any size, most of it a box without meaning, which takes no room on the disk."""

    def make(path: Path) -> None:
        make_clip(path, made)
        with path.open("r+b") as file:
            end = file.seek(0, io.SEEK_END)
            file.write((1).to_bytes(4) + b"free" + (size - end).to_bytes(8))
            file.truncate(size)

    return make


def repeated(made: Clip, seconds: float) -> Make:
    """The same pictures over and over, coded once: long, and quick to make. It has no sound."""

    def make(path: Path) -> None:
        coded = path.with_suffix(".once")
        make_clip(coded, made)
        with av.open(coded, "r") as once:
            stream = once.streams.video[0]
            packets = [packet for packet in once.demux(stream) if packet.pts is not None]
            step = packets[0].duration or 0
            options = {"movflags": "+faststart", "use_editlist": "0", "fflags": "+bitexact"}
            with av.open(path, "w", "mp4", options) as out:
                copy = out.add_stream_from_template(stream)
                for number in range(round(seconds * float(made.fps))):
                    packet = packets[number % len(packets)]
                    packet.pts = packet.dts = number * step
                    packet.duration = step
                    packet.stream = copy
                    out.mux(packet)
        coded.unlink()

    return make


def sound_alone(path: Path) -> None:
    """A podcast."""
    with av.open(path, "w", "mp4") as out:
        stream = out.add_stream("aac", rate=48_000, layout="mono")
        assert isinstance(stream, AudioStream)
        for number in range(150):
            frame = AudioFrame("fltp", "mono", 1024)
            frame.planes[0].update(bytes(4096))
            frame.sample_rate, frame.pts = 48_000, number * 1024
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def photograph(path: Path) -> None:
    """A JPEG picture, whatever its name says."""
    codec = av.CodecContext.create("mjpeg", "w")
    frame = VideoFrame(540, 960, "yuvj420p")
    for plane in frame.planes:
        plane.update(bytes([90]) * plane.buffer_size)
    codec.width, codec.height, codec.pix_fmt = 540, 960, "yuvj420p"
    path.write_bytes(b"".join(bytes(packet) for image in (frame, None) for packet in codec.encode(image)))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
