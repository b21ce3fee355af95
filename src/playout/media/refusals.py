"""Why a file is no video we can take in: the codes, and a sentence for each.

The worker that looks into a file names only a code; the words are chosen here, on the safe side, so that a
file that takes the worker over cannot put words into our mouth.
"""

from enum import StrEnum

from playout.domain.errors import Unplayable


class Refusal(StrEnum):
    """The code that programs see."""

    EMPTY_FILE = "empty_file"
    NOT_A_VIDEO = "not_a_video"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    NO_PICTURE = "no_video_track"
    NO_DURATION = "no_duration"
    ABSURD_SIZE = "absurd_size"
    UNKNOWN_CODEC = "unknown_codec"
    TOO_HEAVY = "too_heavy"
    TOO_SLOW = "too_slow"


_MP4 = "Export it as MP4 (H.264) and upload it again."

_SENTENCES = {
    Refusal.EMPTY_FILE: "The file is empty. Choose the video once more and upload it again.",
    Refusal.NOT_A_VIDEO: "Whatever its name says, this is no video that can be published: it looks "
    "like {}. Upload an MP4, MOV, WebM or Matroska file.",
    Refusal.TRUNCATED: "The video is cut off: its end is missing. Upload it again; if that does not help, "
    "export it again.",
    Refusal.DAMAGED: f"The video is damaged and cannot be read. {_MP4}",
    Refusal.NO_PICTURE: "The file has no picture, only sound or data. Upload a video.",
    Refusal.NO_DURATION: f"The file does not say how long it is, as some recorders leave it. {_MP4}",
    Refusal.ABSURD_SIZE: "The picture is larger than 16,384 pixels on a side, which no platform takes. "
    f"Make it smaller. {_MP4}",
    Refusal.UNKNOWN_CODEC: f"The picture is packed in a way that no platform takes. {_MP4}",
    Refusal.TOO_HEAVY: f"The video could not be checked: it takes more memory or work than it should. {_MP4}",
    Refusal.TOO_SLOW: f"The video could not be checked in time. Try again later. {_MP4}",
}


def refused(code: Refusal, looks_like: str = "something else") -> Unplayable:
    """The error to raise for it. `looks_like` is one of the sieve's own words, never text of a file."""
    return Unplayable(_SENTENCES[code].format(looks_like), code=code.value)


class Refused(Exception):
    """Raised in the worker: this file is refused. Travels to the parent as two short words."""

    def __init__(self, code: Refusal, kind: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind  # of the sieve, for NOT_A_VIDEO
