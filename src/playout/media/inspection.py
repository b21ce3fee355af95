"""What is in a video: its facts, a thumbnail, a strip. Runs in the worker, on a file nobody has looked at yet.

FFmpeg is given a demuxer, a list of decoders and a file object, and nothing else: it opens no file, no address.
Not here: limits on memory and time (probe_worker), words for people (refusals).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import median
from typing import NoReturn, TypeVar

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from playout.domain.video import Facts
from playout.media.boxes import Layout, check_matroska, layout
from playout.media.nals import closed_here
from playout.media.pictures import Picture, fitting, jpeg, row, upright
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
#: Brands of `ftyp` that are not plain MP4, and the kinds of Matroska.
_CONTAINERS = {"": "mov", "qt  ": "mov", "webm": "webm", "mkv": "mkv"}
_IO_BUFFER = 256 * 1024
_LARGEST_SIDE = 16_384  # pixels
_SECOND = 1_000_000  # FFmpeg counts a container's time in microseconds

_SAMPLE = 120  # packets that tell a steady frame rate from a wandering one
_TAIL = 2  # seconds before the end from which on all must be readable
_SEARCH = 600  # packets in which a keyframe has to turn up

_THUMBNAIL = (540, 960)  # at most, in pixels
_THUMBNAIL_AT = 0.1  # of the duration: past a black start
_STRIP = 10  # frames
_STRIP_FRAME = (320, 160)

S = TypeVar("S", bound=Stream)


@dataclass(frozen=True, slots=True)
class Findings:
    """What goes back to the parent."""

    facts: Facts
    thumbnail: bytes
    strip: bytes


def inspect(source: RangeFile) -> Findings:
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
        return _Inspection(source, container, order).findings()


class _Inspection:
    """One container, opened."""

    def __init__(self, source: RangeFile, container: InputContainer, order: Layout) -> None:
        self._source, self._container, self._order = source, container, order
        self._video = _video(container)
        self._codec = self._video.codec_context.codec.canonical_name
        self._start = (container.start_time or 0) / _SECOND  # cut recordings do not begin at zero
        self._duration = (container.duration or 0) / _SECOND
        if container.format.name.startswith("matroska") and self._start < self._duration:
            self._duration -= max(0, self._start)  # FFmpeg writes the time of the end where it should write the length
        if self._duration <= 0:
            raise Refused(Refusal.NO_DURATION)

    def findings(self) -> Findings:
        sample = list(islice(_timed(self._container.demux(self._video)), _SAMPLE))
        self._check_tail()
        self._video.codec_context.skip_frame = "NONKEY"
        _, frame = self._keyframe(_THUMBNAIL_AT)
        rotation = round(-frame.rotation / 90) * 90 % 360
        width, height = self._shown(rotation)
        thumbnail = upright(frame, rotation, *fitting(width, height, *_THUMBNAIL))
        strip, closed = self._strip(rotation, *fitting(width, height, *_STRIP_FRAME))
        facts = replace(self._facts(rotation, sample), closed_gop=None if None in closed else all(closed))
        return Findings(facts, jpeg(thumbnail), jpeg(row(strip)))

    def _facts(self, rotation: int, sample: "Sequence[Packet[VideoStream]]") -> Facts:
        audio = next(iter(self._container.streams.audio), None)
        width, height = self._shown(rotation)
        wanders = _wanders(sample)
        rate = self._video.average_rate if wanders else self._video.guessed_rate  # of fragments, the average is off
        return Facts(
            container=_CONTAINERS.get(self._order.brand, "mp4"),
            duration=self._duration,
            width=width,
            height=height,
            rotation=rotation,
            fps=round(float(rate or 0), 3),
            variable_fps=wanders,
            video_codec=self._codec,
            audio_codec=audio.codec_context.codec.canonical_name if audio else None,
            pixel_format=self._video.codec_context.pix_fmt or "unknown",
            sample_rate=audio.rate if audio else None,
            channels=audio.channels if audio else None,
            bitrate=self._container.bit_rate or round(self._source.size * 8 / self._duration),
            faststart=self._order.faststart,
            edit_list=self._order.edit_list,
        )

    def _shown(self, rotation: int) -> tuple[int, int]:
        """Width and height as a player shows them: with the shape of a pixel, turned upright."""
        width = max(1, round(self._video.width * (self._video.sample_aspect_ratio or 1)))
        return (self._video.height, width) if rotation % 180 else (width, self._video.height)

    def _check_tail(self) -> None:
        """The last seconds can be read: an index that promises more than the file holds shows here."""
        self._seek(max(0, self._duration - _TAIL), any_frame=True)
        reached = 0.0
        for packet in _timed(self._container.demux()):
            if packet.is_corrupt:
                raise Refused(Refusal.TRUNCATED)
            reached = max(reached, _time(packet) - self._start)
        if reached < self._duration * 0.95 - _TAIL:
            raise Refused(Refusal.TRUNCATED)

    def _strip(self, rotation: int, width: int, height: int) -> tuple[list[Picture], list[bool | None]]:
        """Evenly spaced keyframes, each once, and of each whether the pictures after it need none before."""
        found: dict[int | None, tuple[Picture, bool | None]] = {}
        for number in range(_STRIP):
            packet, frame = self._keyframe((number + 0.5) / _STRIP)
            if packet.pts not in found:
                closed = closed_here(self._codec, self._video.codec_context.extradata or b"", bytes(packet))
                found[packet.pts] = upright(frame, rotation, width, height), closed
        return [each for each, _ in found.values()], [closed for _, closed in found.values()]

    def _keyframe(self, place: float) -> "tuple[Packet[VideoStream], VideoFrame]":
        """The last keyframe before this share of the duration, decoded by itself."""
        self._seek(place * self._duration)
        for packet in islice(_timed(self._container.demux(self._video)), _SEARCH):
            if packet.is_keyframe:
                for frame in [*self._video.decode(packet), *self._video.decode(None)]:
                    return packet, frame
                break
        raise Refused(Refusal.DAMAGED)

    def _seek(self, seconds: float, *, any_frame: bool = False) -> None:
        self._container.seek(round((self._start + seconds) * _SECOND), any_frame=any_frame)


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


def _timed(packets: "Iterable[Packet[S]]") -> "Iterator[Packet[S]]":
    """Without those that carry no time, such as the empty one that ends a stream."""
    return (packet for packet in packets if packet.pts is not None)


def _time(packet: "Packet[S]") -> float:
    return float((packet.pts or 0) * packet.time_base)


def _wanders(packets: "Sequence[Packet[VideoStream]]") -> bool:
    """More than one picture in twenty stands clearly longer or shorter than most.

    Rounding to the file's clock, one tick, does not count, nor does a hiccup where a recording or a fragment begins.
    """
    times = sorted(packet.pts or 0 for packet in packets)
    steps = [after - before for before, after in pairwise(times)]
    usual = median(steps) if steps else 0
    return sum(abs(step - usual) > max(1.5, usual / 50) for step in steps) * 20 > len(steps)


def _open_nothing(*_: object) -> NoReturn:
    """What FFmpeg gets when a file asks it to open another one."""
    raise PermissionError("a video opens nothing")
