"""What a received video file is, found by opening it with PyAV. Which values are taken is the platform's business."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import av
import av.error


class UnreadableError(Exception):
    """Not a video that can be decoded."""


@dataclass(frozen=True, slots=True)
class Found:
    """The facts platforms check."""

    container: str  #: FFmpeg's demuxer name, like "mov,mp4,m4a,3gp,3g2,mj2"
    codec: str
    width: int
    height: int
    fps: float
    seconds: float


async def look_into(file: Path) -> Found:
    """Open a file and decode its first frame, in a thread. Raises UnreadableError."""
    return await asyncio.to_thread(_look_into, file)


def _look_into(file: Path) -> Found:
    try:
        with av.open(str(file)) as container:
            if not container.streams.video:
                raise UnreadableError("no video stream")
            stream = container.streams.video[0]
            next(container.decode(stream))
            lasts = (
                float(stream.duration * stream.time_base)
                if stream.duration and stream.time_base
                else (container.duration or 0) / av.time_base
            )
            return Found(
                container=container.format.name,
                codec=stream.codec_context.name,
                width=stream.codec_context.width,
                height=stream.codec_context.height,
                fps=float(stream.average_rate or 0),
                seconds=lasts,
            )
    except (av.error.FFmpegError, StopIteration, ValueError) as error:
        message = type(error).__name__
        raise UnreadableError(message) from error
