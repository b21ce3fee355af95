"""Small JPEG pictures from frames of a video, turned upright. Nothing of the video's metadata gets into them.

Works on planes of bytes: turning a small picture takes a slice for each line, and needs no further library.
Not here: which frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

_HALF_TURN = 180
_QUALITY = 4
FORMAT = "yuvj420p"  # JPEG: full range, colour at half the size


@dataclass(frozen=True, slots=True)
class Picture:
    """Brightness, then two colours at half the width and height. Width and height are even."""

    width: int
    height: int
    planes: tuple[bytes, bytes, bytes]


def fitting(width: int, height: int, wide: int, high: int) -> tuple[int, int]:
    """The largest even size of the same shape within `wide` and `high`, never larger than the picture."""
    share = min(Fraction(wide, width), Fraction(high, height), Fraction(1))
    return max(2, int(width * share) // 2 * 2), max(2, int(height * share) // 2 * 2)


def upright(frame: VideoFrame, rotation: int, width: int, height: int) -> Picture:
    """The frame at `width` by `height`, turned clockwise by `rotation` (0, 90, 180, 270)."""
    lying = rotation % _HALF_TURN != 0
    across, down = (height, width) if lying else (width, height)
    small = frame.reformat(across, down, FORMAT, threads=1)
    planes = [_tight(bytes(plane), plane.line_size, plane.width, plane.height) for plane in small.planes]
    brightness, blue, red = (
        _turned(plane, across // share, down // share, rotation) for plane, share in zip(planes, (1, 2, 2), strict=True)
    )
    return Picture(width, height, (brightness, blue, red))


def row(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one height beside each other, left to right."""
    height, width = pictures[0].height, sum(picture.width for picture in pictures)
    brightness, blue, red = (
        b"".join(_line(picture, index, line) for line in range(height // share) for picture in pictures)
        for index, share in enumerate((1, 2, 2))
    )
    return Picture(width, height, (brightness, blue, red))


def jpeg(picture: Picture, quality: int = _QUALITY) -> bytes:
    """The picture as a JPEG file, without any comment or maker's mark. `quality`: 2 (best) to 31."""
    encoder = CodecContext.create("mjpeg", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("mjpeg makes pictures")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, FORMAT
    encoder.time_base, encoder.thread_count = Fraction(1, 1), 1
    encoder.options = {"flags": "+bitexact", "qmin": str(quality), "qmax": str(quality)}
    frame = VideoFrame(picture.width, picture.height, FORMAT)
    for target, content, share in zip(frame.planes, picture.planes, (1, 2, 2), strict=True):
        target.update(_padded(content, picture.width // share, target.line_size))
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def _line(picture: Picture, index: int, line: int) -> bytes:
    width = picture.width // (2 if index else 1)
    return picture.planes[index][line * width : (line + 1) * width]


def _tight(plane: bytes, stride: int, width: int, height: int) -> bytes:
    return b"".join(plane[line * stride : line * stride + width] for line in range(height))


def _padded(plane: bytes, width: int, stride: int) -> bytes:
    blank = bytes(stride - width)
    return b"".join(plane[at : at + width] + blank for at in range(0, len(plane), width))


def _turned(plane: bytes, width: int, height: int, rotation: int) -> bytes:
    if rotation == 90:  # noqa: PLR2004 -- a quarter turn
        return b"".join(plane[(height - 1) * width + column :: -width] for column in range(width))
    if rotation == _HALF_TURN:
        return plane[::-1]
    if rotation == 270:  # noqa: PLR2004 -- a quarter turn back
        return b"".join(plane[column::width] for column in reversed(range(width)))
    return plane
