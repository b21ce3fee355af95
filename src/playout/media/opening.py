"""Opens a video that nobody has looked at yet. Runs in a worker.

FFmpeg is given a demuxer, a list of decoders and a file object, and nothing else: it opens no file, no address.
Not here: what is then done with the pictures (inspection, coding).
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from playout.media.boxes import Layout, check_matroska, layout
from playout.media.ranges import RangeFile
from playout.media.refusals import Refusal, Refused
from playout.media.sieve import HEAD, Family, family, kind

#: The decoders that may run, by FFmpeg's names: what cameras, phones, editors and browsers write.
_PICTURES = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "mpeg4", "prores", "mjpeg", "mpeg2video", "h263", "dnxhd"}
)
_SOUNDS = frozenset(
    {"aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac", "ac3", "eac3", "alac", "amrnb", "amrwb"}
    | {f"pcm_{form}" for form in ("s16le", "s16be", "s24le", "s24be", "s32le", "f32le")}
)
SOUND = "sound"  # what is meant, if not the picture, by UNKNOWN_CODEC
_IO_BUFFER = 256 * 1024
_LARGEST_SIDE = 16_384  # pixels
_SECOND = 1_000_000  # FFmpeg counts a container's time in microseconds


@dataclass(frozen=True, slots=True)
class Opened:
    """A container with a picture that may be decoded."""

    container: InputContainer
    video: VideoStream
    order: Layout
    start: float  # seconds: cut recordings do not begin at zero
    duration: float  # seconds

    def shown(self, rotation: int) -> tuple[int, int]:
        """Width and height as a player shows them: with the shape of a pixel, turned upright."""
        width = max(1, round(self.video.width * (self.video.sample_aspect_ratio or 1)))
        return (self.video.height, width) if rotation % 180 else (width, self.video.height)

    def sound(self) -> AudioStream | None:
        """The first that may be decoded; None if there is no sound at all. Raises Refused where none may be."""
        sounds = self.container.streams.audio
        for stream in sounds:
            if getattr(stream.codec_context, "name", None) in _SOUNDS:
                stream.codec_context.thread_count = 1
                return stream
        if sounds:
            raise Refused(Refusal.UNKNOWN_CODEC, SOUND)
        return None


@contextlib.contextmanager
def opened(source: RangeFile) -> Iterator[Opened]:
    """Raises Refused; FFmpeg's own errors mean a damaged file."""
    head = source.at(0, HEAD)
    if not head:
        raise Refused(Refusal.EMPTY_FILE)
    demuxer = family(head)
    if demuxer is None:
        raise Refused(Refusal.NOT_A_VIDEO, kind(head))
    if demuxer is Family.MOV:
        order = layout(source)
    else:
        check_matroska(source)
        order = Layout(brand="webm" if b"webm" in head[:64] else "mkv", faststart=True, edit_list=False)
    options = {"codec_whitelist": ",".join(_PICTURES | _SOUNDS), "protocol_whitelist": "none"}
    with av.open(source, "r", demuxer.value, options, buffer_size=_IO_BUFFER, io_open=_open_nothing) as container:
        video = _video(container)
        start = (container.start_time or 0) / _SECOND
        yield Opened(container, video, order, start, _duration(container, start))


def clockwise(frame: VideoFrame) -> int:
    """Degrees by which a player turns the picture: 0, 90, 180, 270."""
    return round(-frame.rotation / 90) * 90 % 360


def _video(container: InputContainer) -> VideoStream:
    """The first real one (a cover is a stream too), once it is clear that it may be decoded."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            break
    else:
        raise Refused(Refusal.NO_PICTURE)
    if getattr(stream.codec_context, "name", None) not in _PICTURES:  # no decoder at all: no context
        raise Refused(Refusal.UNKNOWN_CODEC)
    if max(stream.width, stream.height) > _LARGEST_SIDE:
        raise Refused(Refusal.ABSURD_SIZE)
    if min(stream.width, stream.height) <= 0:
        raise Refused(Refusal.DAMAGED)
    stream.codec_context.thread_count = 1  # the worker may start none, and each would hold pictures of its own
    return stream


def _duration(container: InputContainer, start: float) -> float:
    duration = (container.duration or 0) / _SECOND
    if container.format.name.startswith("matroska") and start < duration:
        duration -= max(0, start)  # FFmpeg writes the time of the end where it should write the length
    if duration <= 0:
        raise Refused(Refusal.NO_DURATION)
    return duration


def _open_nothing(*_: object) -> NoReturn:
    """What FFmpeg gets when a file asks it to open another one."""
    raise PermissionError("a video opens nothing")
