"""Small real reels, made on the spot: one that keeps every rule, and ways to break each."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av

GOOD = {"movflags": "+faststart", "use_editlist": "0"}


def make_reel(  # one argument for each rule that can be broken
    *,
    name: str = "reel.mp4",
    width: int = 90,
    height: int = 160,
    fps: int = 30,
    seconds: float = 3.2,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    audio: str = "aac",
    rate: int = 48_000,
    layout: str = "stereo",
    muxer: dict[str, str] | None = None,
    encoder: dict[str, str] | None = None,
) -> bytes:
    """A grey picture and silence."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        with av.open(str(path), "w", options=GOOD if muxer is None else muxer) as container:
            video = container.add_stream(codec, rate=fps, options=encoder or {"bf": "0"})
            assert isinstance(video, av.VideoStream)
            video.width, video.height, video.pix_fmt, video.time_base = width, height, pixels, Fraction(1, fps)
            sound = container.add_stream(audio, rate=rate, layout=layout) if audio else None
            frame = av.VideoFrame(width, height, pixels)
            for plane in frame.planes:
                plane.update(bytes([90]) * plane.buffer_size)
            for number in range(round(fps * seconds)):
                frame.pts = number
                container.mux(video.encode(frame))
            container.mux(video.encode())
            if isinstance(sound, av.AudioStream):
                _mux_silence(container, sound, rate, layout, seconds)
        return path.read_bytes()


@cache
def good_reel() -> bytes:
    """Three seconds, H.264 and AAC, moov first, no edit list."""
    return make_reel()


def _mux_silence(
    container: av.container.OutputContainer, stream: av.AudioStream, rate: int, layout: str, seconds: float
) -> None:
    step = 1024
    for start in range(0, round(rate * seconds), step):
        frame = av.AudioFrame(format=stream.format.name, layout=layout, samples=step)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
