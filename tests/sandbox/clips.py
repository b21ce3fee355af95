"""Small real videos, made on the spot."""

from fractions import Fraction
from pathlib import Path

import av


def make_clip(
    path: Path, *, width: int = 360, height: int = 640, fps: int = 30, seconds: float = 1, codec: str = "libx264"
) -> bytes:
    """A grey ramp, frame by frame brighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for number in range(round(fps * seconds)):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([40 + number % 160]) * plane.buffer_size)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()
