"""What Facebook's codes of publishing mean, laid over what the Graph API shares (meta/errors.py).

Sources: Reels Publishing API (1363040 and its kin), Page Videos; the others are field reports, where the pages are
silent. No code is documented for the 31st reel of a day: every candidate is worth a later try.
"""

from playout.domain.retry import Kind, Turn
from playout.platforms.meta import Codes, Meaning
from playout.platforms.meta.errors import HOUR

_FILE = "Facebook cannot use this file: save the video as MP4 with H.264 and AAC, then send it again."

ASPECT = Meaning(
    Kind.NEVER,
    Turn.YOU,
    "Facebook takes pictures from 9:16 (upright) to 16:9 (wide). Change the shape of the video and send it again.",
)
RESOLUTION = Meaning(
    Kind.NEVER,
    Turn.YOU,
    "The picture is too small for a reel: 540×960 pixels at least. Save the video at, say, 1080×1920; then send it "
    "again.",
)
DURATION = Meaning(
    Kind.NEVER, Turn.YOU, "A reel lasts from 3 to 90 seconds. Cut the video, or use a longer one, and send it again."
)
FRAME_RATE = Meaning(
    Kind.NEVER,
    Turn.YOU,
    "Facebook takes reels of 24 to 60 pictures a second. Save the video at, say, 30 and send it again.",
)
FLAGGED = Meaning(
    Kind.NEVER,
    Turn.YOU,
    "Facebook takes this for something that its rules forbid; nothing was published. Look at the Page's notices there.",
)
_BUSY = Meaning(Kind.AGAIN, Turn.PLATFORM, "Facebook could not publish it just now.", certain=False)
_TOO_MANY = Meaning(
    Kind.LATER,
    Turn.PLATFORM,
    "Facebook takes no more reels for this Page today (30 in 24 hours by apps), or finds that they come too fast. It "
    "is tried again by itself.",
    3 * HOUR,
)

#: (code) of a phase, and (subcode) of an answer: Facebook uses the same number in both places.
_NUMBERS = {
    1363040: ASPECT,
    1363127: RESOLUTION,
    1363128: DURATION,
    1363129: FRAME_RATE,
    1363047: _BUSY,
    1609010: _BUSY,
    2069019: Meaning(Kind.NEVER, Turn.YOU, _FILE),
    1346003: FLAGGED,
    1404102: FLAGGED,
    1404078: Meaning(
        Kind.NEVER,
        Turn.YOU,
        "Facebook wants to know first who publishes on this Page (Page Publishing Authorization). Do that there, then "
        "send the post again.",
    ),
    1404112: Meaning(
        Kind.NEVER,
        Turn.YOU,
        "Facebook has limited this account for some days. Look at its notices there, and send the post again later.",
    ),
    4854002: Meaning(
        Kind.NEVER, Turn.YOU, "Facebook wants this account to confirm who it is. Do that there, then send it again."
    ),
    1609005: Meaning(
        Kind.NEVER, Turn.YOU, "Facebook does not take the link in the caption. Change the caption, then send it again."
    ),
}

#: The failures of a finish before Facebook has the whole file, and of one that it kept waiting too long.
NOT_WHOLE = frozenset({"graph_6000_1363030", "graph_6000_1363045"})

_NO_RIGHT = Meaning(
    Kind.SIGN_IN,
    Turn.YOU,
    "The person who connected this Page may not publish there (any more). Somebody who may must connect it.",
)

CODES: Codes = {
    **{(number, None): meaning for number, meaning in _NUMBERS.items()},
    **{(None, number): meaning for number, meaning in _NUMBERS.items()},
    (6000, None): Meaning(Kind.NEVER, Turn.YOU, _FILE),
    (6000, 1363030): Meaning(Kind.AGAIN, Turn.PLATFORM, "Facebook does not have the whole file."),
    (6000, 1363045): Meaning(Kind.AGAIN, Turn.PLATFORM, "Facebook does not have the whole file."),
    (9, None): _TOO_MANY,
    (368, 1390008): _TOO_MANY,
    (197, None): Meaning(Kind.NEVER, Turn.US, "Facebook takes no empty post. This is our mistake; please report it."),
    (100, "No permission to publish"): _NO_RIGHT,
    (200, "CREATE_CONTENT"): _NO_RIGHT,
}

#: Words in a phase's message, where it names no number.
PHRASES = {
    "Resolution too low": 1363127,
    "aspect ratio": 1363040,
    "duration": 1363128,
    "frame rate": 1363129,
}
