"""Makes a small real video: for `playout demo`, and for tests, which turn its knobs into a corpus.

The same Clip gives the same bytes on the same machine. Not here: anything that reads videos.
"""

import array
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

_WAVE = 100  # samples: a tone of 480 Hz, at 48 kHz
_DRAWN = "yuv420p"  # turned into what the clip wants
_TICKS = 1000  # per frame, so that a frame can be shown a little late

#: The digits 0 to 9, three blocks wide and five high, a row for each octal figure.
_DIGITS = ("75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717")
#: Light and dark within what video allows, once up and once down.
_SLOPE = bytes([*range(32, 208), *range(208, 32, -1)])


@dataclass(frozen=True, slots=True)
class Clip:
    """What kind of video to make. The default is what every platform takes."""

    seconds: float = 5.0
    width: int = 540
    height: int = 960
    fps: int | Fraction = 30
    container: str = "mp4"  # mp4, mov, webm, matroska: the name of a muxer
    video_codec: str = "libx264"
    pixel_format: str = "yuv420p"
    audio_codec: str | None = "aac"
    sample_rate: int = 48_000  # Hz
    layout: str = "stereo"  # mono, 5.1, …: FFmpeg's names
    rotation: int = 0  # degrees clockwise by which a player has to turn the picture
    faststart: bool = True
    variable_fps: bool = False
    keyframe_every: int = 30  # frames
    video_options: Mapping[str, str] = field(default_factory=dict)
    muxer_options: Mapping[str, str] = field(default_factory=dict)


def make_clip(path: Path, clip: Clip) -> None:
    """Writes moving colours, the number of each frame and a soft tone. Blocks for about a second."""
    with av.open(path, "w", format=clip.container, container_options=_muxing(clip)) as out:
        video = _video(out, clip)
        sound = _Sound(out, clip.audio_codec, clip.sample_rate, clip.layout) if clip.audio_codec else None
        for number in range(round(clip.seconds * clip.fps)):
            out.mux(video.encode(_picture(clip, number)))
            if sound:
                sound.play_until(float((number + 1) / clip.fps))
        out.mux(video.encode(None))
        if sound:
            sound.end()


class _Sound:
    """A tone, written as far as the pictures are, so that both lie together in the file."""

    def __init__(self, out: OutputContainer, codec: str, rate: int, layout: str) -> None:
        stream = out.add_stream(codec, rate=rate, layout=layout, options={"flags": "+bitexact"})
        if not isinstance(stream, AudioStream):
            raise TypeError(f"{codec} makes no sound")
        self._out, self._stream = out, stream
        self._rate, self._layout = rate, layout
        self._played = 0  # samples
        self._wave = array.array("f", (math.sin(math.tau * at / _WAVE) / 16 for at in range(_WAVE)))

    def play_until(self, seconds: float) -> None:
        while self._played < seconds * self._rate:
            frame = AudioFrame(format="flt", layout=self._layout, samples=_WAVE * 10)
            alike = array.array("f", (level for level in self._wave for _ in frame.layout.channels))
            frame.planes[0].update(alike.tobytes() * 10)
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._played, Fraction(1, self._rate)
            self._played += frame.samples
            self._out.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._out.mux(self._stream.encode(None))


def _muxing(clip: Clip) -> dict[str, str]:
    options = {"fflags": "+bitexact"} | dict(clip.muxer_options)
    if clip.faststart and clip.container in {"mp4", "mov"}:
        options.setdefault("movflags", "+faststart")
    return options


def _video(out: OutputContainer, clip: Clip) -> VideoStream:
    quick = {"preset": "ultrafast", "tune": "zerolatency"} if clip.video_codec.startswith("libx26") else {}
    options = {"flags": "+bitexact", "threads": "1"} | quick | dict(clip.video_options)
    stream = out.add_stream(clip.video_codec, rate=clip.fps, options=options)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{clip.video_codec} makes no pictures")
    stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, clip.pixel_format
    stream.codec_context.time_base = 1 / Fraction(clip.fps * _TICKS)
    stream.codec_context.gop_size = clip.keyframe_every
    if clip.rotation:
        stream.set_display_rotation(-clip.rotation)  # counts the other way round
    return stream


def _picture(clip: Clip, number: int) -> VideoFrame:
    frame = VideoFrame(clip.width, clip.height, _DRAWN)
    for index, (plane, slope) in enumerate(zip(frame.planes, (3, 2, 1), strict=True)):
        width = plane.line_size
        drawn = bytearray().join(_row(width, slope * number + line + 90 * index) for line in range(plane.height))
        if index == 0:
            _write(drawn, width, min(clip.width // 24, clip.height // 8), f"{number:05d}")
        plane.update(bytes(drawn))
    if clip.pixel_format != _DRAWN:
        frame = frame.reformat(format=clip.pixel_format)
    late = _TICKS // 3 if clip.variable_fps and number % 3 == 1 else 0
    frame.pts, frame.time_base = number * _TICKS + late, 1 / Fraction(clip.fps * _TICKS)
    return frame


def _row(width: int, start: int) -> bytes:
    """One line of a slope that rises and falls; the next start moves it along."""
    begin = start % len(_SLOPE)
    turns = (begin + width) // len(_SLOPE) + 1
    return (_SLOPE * turns)[begin : begin + width]


def _write(plane: bytearray, width: int, block: int, digits: str) -> None:
    """Draws digits in white blocks, two blocks from the corner."""
    for place, digit in enumerate(digits):
        for row, octal in enumerate(_DIGITS[int(digit)]):
            for column in (column for column in range(3) if int(octal) & 4 >> column):
                left = block * (2 + 4 * place + column)
                for line in range(block * (2 + row), block * (3 + row)):
                    plane[line * width + left : line * width + left + block] = b"\xeb" * block
