"""The media rules of a reel (instagram.md section 8): what a received file is, and which rule it breaks.

The generic `media.py` knows what all platforms look at; this one also opens the MP4 boxes and the audio.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av
import av.error

from playout_sandbox.media import UnreadableError

_HEAD = 8
_LONG_HEAD = 16


@dataclass(frozen=True, slots=True)
class Sound:
    """The first audio stream."""

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Film:
    """The facts that the rules are about."""

    container: str  #: FFmpeg's demuxer name
    codec: str
    pixels: str  #: FFmpeg's pixel format
    interlaced: bool
    width: int
    height: int
    fps: float
    seconds: float
    bit_rate: int  #: of the video, in bits a second
    size: int
    sound: Sound | None
    moov_first: bool
    edit_list: bool


async def look_at(file: Path) -> Film:
    """Open a file and decode its first frame, in a thread. Raises UnreadableError."""
    return await asyncio.to_thread(_look_at, file)


def broken_rule(film: Film, largest: int) -> Iterator[str]:
    """The names of the rules that a file breaks, in the order of the documentation's table."""
    # Half a frame each way, because the average is rough in a short clip; half a second for the last audio packet.
    checks: Mapping[str, bool] = {
        "container": bool(set(film.container.split(",")) & {"mp4", "mov"}),
        "moov_last": film.moov_first,
        "edit_list": not film.edit_list,
        "video_codec": film.codec in {"h264", "hevc"},
        "interlaced": not film.interlaced,
        "chroma": film.pixels.startswith(("yuv420p", "yuvj420p")),
        "frame_rate": 22.5 <= film.fps <= 60.5,  # noqa: PLR2004  # 23-60 frames a second
        "width": film.width <= 1920,  # noqa: PLR2004  # pixels
        "aspect": 0.01 <= film.width / max(film.height, 1) <= 10,  # noqa: PLR2004  # width by height
        "bit_rate": film.bit_rate <= 25_000_000,  # noqa: PLR2004  # bits a second
        "audio_codec": film.sound is None or film.sound.codec == "aac",
        "audio_rate": film.sound is None or film.sound.rate <= 48_000,  # noqa: PLR2004  # hertz
        "audio_channels": film.sound is None or film.sound.channels in {1, 2},
        "duration": 3 <= film.seconds <= 900.5,  # noqa: PLR2004  # 3 seconds to 15 minutes
        "size": film.size <= largest,
    }
    return (name for name, kept in checks.items() if not kept)


def _look_at(file: Path) -> Film:
    try:
        with av.open(str(file)) as container:
            if not container.streams.video:
                raise UnreadableError("no video stream")
            video = container.streams.video[0]
            first = next(container.decode(video))
            size = file.stat().st_size
            seconds = (container.duration or 0) / av.time_base
            sound = container.streams.audio[0] if container.streams.audio else None
            boxes = _boxes(file)
            return Film(
                container=container.format.name,
                codec=video.codec_context.name,
                pixels=video.codec_context.pix_fmt or "",
                interlaced=first.interlaced_frame,
                width=video.codec_context.width,
                height=video.codec_context.height,
                fps=float(video.average_rate or 0),
                seconds=seconds,
                bit_rate=video.bit_rate or round(size * 8 / max(seconds, 0.001)),
                size=size,
                sound=Sound(sound.codec_context.name, sound.rate, sound.channels) if sound else None,
                moov_first=boxes.moov_first,
                edit_list=boxes.edit_list,
            )
    except (av.error.FFmpegError, StopIteration, ValueError) as error:
        raise UnreadableError(type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class _Boxes:
    moov_first: bool
    edit_list: bool


def _boxes(path: Path) -> _Boxes:
    """Where moov stands, and whether a track has an edit list. A file that is no MP4 has neither trouble."""
    with path.open("rb") as file:
        order = {kind: (start, end) for kind, start, end in _walk(file, 0, path.stat().st_size)}
        moov, mdat = order.get(b"moov"), order.get(b"mdat")
        if moov is None or mdat is None:
            return _Boxes(moov_first=True, edit_list=False)
        tracks = [box for box in _walk(file, *moov) if box[0] == b"trak"]
        edits = [box for _, start, end in tracks for box in _walk(file, start, end) if box[0] == b"edts"]
        return _Boxes(moov_first=moov < mdat, edit_list=bool(edits))


def _walk(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between two offsets: type, and where the content begins and ends."""
    while start + _HEAD <= end:
        file.seek(start)
        head = file.read(_LONG_HEAD)
        length, kind, skip = int.from_bytes(head[:4]), head[4:8], _HEAD
        if length == 1:
            length, skip = int.from_bytes(head[8:16]), _LONG_HEAD
        elif length == 0:
            length = end - start
        if length < skip:
            return
        yield kind, start + skip, min(start + length, end)
        start += length
