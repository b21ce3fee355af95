"""One picture of a video, as it is shown at a moment: in its own size and its right colours. Runs in a worker.

Not here: thumbnails and strips, which take what a keyframe gives (inspection), and the filters (graphs).
"""

from fractions import Fraction

from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from playout.domain.rendition import Fit, Recipe
from playout.media.graphs import picture_graph
from playout.media.opening import Opened, clockwise, opened
from playout.media.pictures import FORMAT, Picture, fitting, jpeg, upright
from playout.media.ranges import RangeFile
from playout.media.refusals import Refusal, Refused

_MOST = 2 * 1024 * 1024  # bytes
_SIDES = (4096, 2048, 1024)  # pixels at most: the next one only where the bytes are too many
_QUALITIES = (2, 4, 8, 16, 31)  # of JPEG, the best first
_SECOND = 1_000_000  # FFmpeg counts a container's time in microseconds
_EARLIER = 10.0  # seconds: where an index leads behind what was asked for
_ROUNDED = 0.0005  # seconds: the time of a picture is told in whole milliseconds


def still(source: RangeFile, at_ms: int) -> bytes:
    """A JPEG of at most 2 MiB. Raises Refused; FFmpeg's own errors mean a damaged file."""
    with opened(source) as file:
        return _small_enough(file, _shown(file, min(at_ms / 1000, file.duration) + _ROUNDED))


def _shown(file: Opened, seconds: float) -> VideoFrame:
    """The last picture up to then; before the first one, that."""
    later = None
    for early in (0.0, _EARLIER):
        found = None
        file.container.seek(round((file.start + max(0.0, seconds - early)) * _SECOND))
        for frame in file.container.decode(file.video):
            if frame.pts is None:
                continue
            if frame.time - file.start > seconds:
                later = frame
                break
            found = frame
        if found:
            return found
    if later is None:
        raise Refused(Refusal.DAMAGED)
    return later


def _small_enough(file: Opened, frame: VideoFrame) -> bytes:
    rotation = clockwise(frame)
    shown = file.shown(rotation)
    for side in _SIDES:
        picture = _drawn(frame, shown, rotation, *fitting(*shown, side, side))
        for quality in _QUALITIES:
            content = jpeg(picture, quality)
            if len(content) <= _MOST:
                return content
    raise Refused(Refusal.TOO_HEAVY)


def _drawn(frame: VideoFrame, shown: tuple[int, int], rotation: int, width: int, height: int) -> Picture:
    """As a rendition would show it, in the colours of a JPEG."""
    graph = picture_graph(frame, shown, rotation, Recipe(width, height, 1, Fit.CROP, 0, 0))
    for second in (0, 1):  # a picture lasts until the next one comes
        frame.pts = round(second / (frame.time_base or Fraction(1)))
        graph.push(frame, at=0)
    plain = graph.pull()
    if not isinstance(plain, VideoFrame):
        raise TypeError("pictures stay pictures")
    coloured = plain.reformat(
        format=FORMAT,
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU601,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )
    return upright(coloured, 0, width, height)
