"""What is in a video: its facts, a thumbnail, a strip. Runs in the worker, on a file nobody has looked at yet.

Not here: how it is opened (opening), limits on memory and time (probe_worker), words for people (refusals).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from statistics import median
from typing import TypeVar

from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from playout.domain.video import Facts
from playout.media.nals import closed_here
from playout.media.opening import Opened, clockwise, opened
from playout.media.pictures import Picture, fitting, jpeg, row, upright
from playout.media.ranges import RangeFile
from playout.media.refusals import Refusal, Refused

#: Brands of `ftyp` that are not plain MP4, and the kinds of Matroska.
_CONTAINERS = {"": "mov", "qt  ": "mov", "webm": "webm", "mkv": "mkv"}
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
    with opened(source) as file:
        return _Inspection(source, file).findings()


class _Inspection:
    """One container, opened."""

    def __init__(self, source: RangeFile, file: Opened) -> None:
        self._source, self._file = source, file
        self._container, self._video = file.container, file.video
        self._codec = self._video.codec_context.codec.canonical_name

    def findings(self) -> Findings:
        sample = list(islice(_timed(self._container.demux(self._video)), _SAMPLE))
        self._check_tail()
        self._video.codec_context.skip_frame = "NONKEY"
        _, frame = self._keyframe(_THUMBNAIL_AT)
        rotation = clockwise(frame)
        width, height = self._file.shown(rotation)
        thumbnail = upright(frame, rotation, *fitting(width, height, *_THUMBNAIL))
        strip, closed = self._strip(rotation, *fitting(width, height, *_STRIP_FRAME))
        facts = replace(self._facts(rotation, sample), closed_gop=None if None in closed else all(closed))
        return Findings(facts, jpeg(thumbnail), jpeg(row(strip)))

    def _facts(self, rotation: int, sample: "Sequence[Packet[VideoStream]]") -> Facts:
        audio = next(iter(self._container.streams.audio), None)
        width, height = self._file.shown(rotation)
        wanders = _wanders(sample)
        rate = self._video.average_rate if wanders else self._video.guessed_rate  # of fragments, the average is off
        return Facts(
            container=_CONTAINERS.get(self._file.order.brand, "mp4"),
            duration=self._file.duration,
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
            bitrate=self._container.bit_rate or round(self._source.size * 8 / self._file.duration),
            faststart=self._file.order.faststart,
            edit_list=self._file.order.edit_list,
        )

    def _check_tail(self) -> None:
        """The last seconds can be read: an index that promises more than the file holds shows here."""
        self._seek(max(0, self._file.duration - _TAIL), any_frame=True)
        reached = 0.0
        for packet in _timed(self._container.demux()):
            if packet.is_corrupt:
                raise Refused(Refusal.TRUNCATED)
            lasts = float((packet.duration or 0) * packet.time_base)  # a single picture may be shown for all of it
            reached = max(reached, _time(packet) + lasts - self._file.start)
        if reached < self._file.duration * 0.95 - _TAIL:
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
        self._seek(place * self._file.duration)
        for packet in islice(_timed(self._container.demux(self._video)), _SEARCH):
            if packet.is_keyframe:
                for frame in [*self._video.decode(packet), *self._video.decode(None)]:
                    return packet, frame
                break
        raise Refused(Refusal.DAMAGED)

    def _seek(self, seconds: float, *, any_frame: bool = False) -> None:
        self._container.seek(round((self._file.start + seconds) * _SECOND), any_frame=any_frame)


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
