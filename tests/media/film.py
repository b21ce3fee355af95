"""Videos whose pictures and sound are chosen one by one, for tests of renditions; and a look at what came out.

`Clip` makes what phones make; here is what a test wants to find again: a flash, a click, a corner, a level.
"""

import array
import contextlib
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

GREY = 126
BLOCK = 8  # pixels of one level
Level = Callable[[float], float]
Samples: TypeAlias = "array.array[float]"  # generic for the type checker only, before Python 3.12


def tone(seconds: float) -> float:
    """480 Hz at a quarter of the greatest level."""
    return math.sin(math.tau * 480 * seconds) / 4


@dataclass(frozen=True, slots=True)
class Film:
    """A short one; everything has a plain default."""

    seconds: float = 1.0
    width: int = 160
    height: int = 160
    fps: int = 30
    container: str = "mp4"
    codec: str = "libx264"
    pixels: str = "yuv420p"
    luma: Callable[[int, int, int], int] = lambda number, x, y: GREY  # of a picture, at a column and a row
    chroma: tuple[int, int] = (128, 128)
    rotation: int = 0  # degrees clockwise by which a player has to turn the picture
    options: Mapping[str, str] = field(default_factory=lambda: {"preset": "ultrafast", "crf": "12"})
    colours: tuple[int, int, int, int] | None = None  # range, matrix, primaries, transfer (ITU-T H.273)
    pictures_from: float = 0.0  # seconds
    sound: Level | None = None
    sound_codec: str = "aac"
    hz: int = 48_000
    layout: str = "stereo"
    sound_from: float = 0.0  # seconds
    sound_until: float | None = None  # seconds; None: as long as the pictures
    hole: tuple[float, float] = (0, 0)  # seconds between which the sound's time goes on without any sound
    metadata: Mapping[str, str] = field(default_factory=dict)
    muxing: Mapping[str, str] = field(default_factory=dict)


def filmed(film: Film) -> bytes:
    """The file."""
    made = io.BytesIO()
    with av.open(made, "w", film.container, container_options=dict(film.muxing)) as out:
        out.metadata.update(film.metadata)
        pictures = _pictures(out, film)
        sounds = _sounds(out, film) if film.sound else None
        for number in range(round(film.seconds * film.fps)):
            out.mux(pictures.encode(_picture(film, number)))
            for frame in _sound(film, number / film.fps, (number + 1) / film.fps) if sounds else ():
                out.mux(sounds.encode(frame) if sounds else [])
        out.mux(pictures.encode(None))
        out.mux(sounds.encode(None) if sounds else [])
    return made.getvalue()


def joined(*contents: bytes) -> bytes:
    """One WebM file of several of a second each, as a recorder writes it whose picture changes its size."""
    made = io.BytesIO()
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(av.open(made, "w", "webm"))
        parts = [stack.enter_context(av.open(io.BytesIO(content), "r")) for content in contents]
        copy = out.add_stream_from_template(parts[0].streams.video[0])
        for number, part in enumerate(parts):
            for packet in part.demux(video=0):
                if packet.pts is not None:
                    packet.pts = packet.dts = packet.pts + round(number / packet.time_base)
                    packet.stream = copy
                    out.mux(packet)
    return made.getvalue()


def _pictures(out: OutputContainer, film: Film) -> VideoStream:
    stream = out.add_stream(film.codec, rate=film.fps, options={"threads": "1", **film.options})
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = film.width, film.height, film.pixels
    codec = stream.codec_context
    codec.time_base = Fraction(1, 1000 * film.fps)
    if film.rotation:
        stream.set_display_rotation(-film.rotation)  # counts the other way round
    if film.colours:
        codec.color_range, codec.colorspace, codec.color_primaries, codec.color_trc = film.colours
    return stream


def _picture(film: Film, number: int) -> VideoFrame:
    frame = VideoFrame(film.width, film.height, "yuv420p")
    brightness, *colours = frame.planes
    rows = []
    for top in range(0, film.height, BLOCK):
        blocks = (bytes([film.luma(number, left, top)]) * BLOCK for left in range(0, brightness.line_size, BLOCK))
        rows += [b"".join(blocks)[: brightness.line_size]] * min(BLOCK, film.height - top)
    brightness.update(b"".join(rows))
    for plane, level in zip(colours, film.chroma, strict=True):
        plane.update(bytes([level]) * plane.buffer_size)
    frame = frame.reformat(format=film.pixels)
    frame.time_base = Fraction(1, 1000 * film.fps)
    frame.pts = 1000 * number + round(1000 * film.pictures_from * film.fps)
    if film.colours:
        frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc = film.colours
    return frame


def _sounds(out: OutputContainer, film: Film) -> AudioStream:
    stream = out.add_stream(film.sound_codec, rate=film.hz)
    assert isinstance(stream, AudioStream)
    stream.layout = film.layout
    stream.bit_rate = 320_000
    return stream


def _sound(film: Film, begin: float, end: float) -> list[AudioFrame]:
    """What is heard in this stretch of the pictures."""
    begin, end = max(begin, film.sound_from), min(end, film.sound_until or end)
    first, last = round(begin * film.hz), round(end * film.hz)
    if first >= last or film.sound is None or film.hole[0] <= begin < film.hole[1]:
        return []
    frame = AudioFrame("flt", film.layout, last - first)
    levels = array.array("f", (film.sound(at / film.hz) for at in range(first, last) for _ in frame.layout.channels))
    frame.planes[0].update(levels.tobytes() + bytes(frame.planes[0].buffer_size - 4 * len(levels)))
    frame.sample_rate, frame.time_base, frame.pts = film.hz, Fraction(1, film.hz), first
    return [frame]


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as it is shown."""

    time: float  # seconds
    width: int
    height: int
    luma: bytes
    chroma: tuple[int, int]  # in the middle

    def at(self, x: int, y: int) -> int:
        return self.luma[y * self.width + x]


def seen(content: bytes) -> list[Seen]:
    """All pictures of a file."""
    with av.open(io.BytesIO(content), "r") as container:
        return [_seen(frame) for frame in container.decode(video=0)]


def heard(content: bytes) -> list[Samples]:
    """All samples of a file from time 0 on, a list for each channel."""
    planar = AudioResampler(format="fltp")
    with av.open(io.BytesIO(content), "r") as container:
        frames = [ready for frame in container.decode(audio=0) for ready in planar.resample(frame)]
    late = round((frames[0].time or 0) * frames[0].sample_rate)
    channels = [array.array("f", bytes(4 * late)) for _ in frames[0].layout.channels]
    for frame in frames:
        for plane, samples in zip(frame.planes, channels, strict=True):
            samples.frombytes(bytes(plane)[: 4 * frame.samples])
    return channels


def loudness(samples: Samples) -> float:
    """Root of the mean square."""
    return math.sqrt(sum(level * level for level in samples) / len(samples))


def _seen(frame: VideoFrame) -> Seen:
    brightness, *colours = ((bytes(plane), plane.line_size) for plane in frame.planes)
    lines = (brightness[0][line * brightness[1] :][: frame.width] for line in range(frame.height))
    blue, red = (plane[size * (frame.height // 4) + frame.width // 4] for plane, size in colours)
    return Seen(float(frame.time), frame.width, frame.height, b"".join(lines), (blue, red))
