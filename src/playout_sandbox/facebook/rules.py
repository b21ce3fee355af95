"""What Facebook takes as a reel, and as a long video (2.1, 3)."""

from playout_sandbox.facebook.records import Problem
from playout_sandbox.media import Found

SHORTEST, LONGEST = 3.0, 90.0  #: seconds of a reel
LONGEST_VIDEO = 4 * 3600.0
_SHORT_SIDE, _LONG_SIDE = 540, 960
_SLOWEST, _FASTEST = 23.9, 60.1  #: 24 to 60, and the rounding of 24000/1001 and its kin
_WIDEST = 16 / 9
_CODECS = {"h264", "hevc", "vp9", "av1"}

UNREADABLE = Problem(6000, "There was a problem with your video file. Please try again with another file.")
_DURATION = Problem(1363128, "The video duration must be between 3 seconds and 90 seconds.")
_RATIO = Problem(1363040, "The video aspect ratio must be between 16x9 and 9x16.")
_RESOLUTION = Problem(1363127, "Resolution too low. Video must have a minimum resolution of 540p.")
_RATE = Problem(1363129, "The video frame rate must be between 24 and 60 frames per second.")


def verdict(found: Found, *, reel: bool) -> Problem | None:
    """The processing error that a received file earns, None if it is good (rows 27, 28)."""
    if found.codec not in _CODECS or not found.width or not found.height:
        return UNREADABLE
    if not reel:
        return UNREADABLE if found.seconds > LONGEST_VIDEO else None
    if not SHORTEST - 0.05 <= found.seconds <= LONGEST + 0.5:  # the last frame and the last audio packet
        return _DURATION
    short, long = sorted((found.width, found.height))
    if long / short > _WIDEST + 0.01:
        return _RATIO
    if short < _SHORT_SIDE or long < _LONG_SIDE:
        return _RESOLUTION
    return None if _SLOWEST <= found.fps <= _FASTEST else _RATE


def is_short(found: Found | None) -> bool:
    """Whether a video sent to `/videos` is one that Facebook would rather have as a reel."""
    return found is not None and found.height > found.width and found.seconds <= LONGEST
