"""What every file store holds to: which keys are allowed, how bytes are counted on their way in.

One set of rules for all of them, so that a file can move from a folder to a bucket under the same key.
Not here: where the bytes lie.
"""

import hashlib
import re
from pathlib import PurePosixPath

from playout.application.ports import Stored
from playout.application.ports.files import PIECE
from playout.domain.errors import FileGone, TooLarge

#: Lower case only (some file systems fold case), no blanks, `&` or `+` (S3 clients encode them differently).
_SEGMENT = re.compile(r"[a-z0-9_-][a-z0-9_.-]*")
_LONGEST_KEY = 512  # S3 takes 1024 bytes for its prefix and the key together

_TYPES = {
    "": "video/mp4",  # a video has no suffix; our own address says the same of it
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".jpg": "image/jpeg",
}


def checked(key: str) -> str:
    """The key itself if it is a clean relative path.

    Keys are made by us, never by a person, so anything else is a defect of ours: ValueError. No segment
    starts with a dot: `..` and hidden folders cannot be named.
    """
    if len(key) <= _LONGEST_KEY and all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        return key
    message = f"not a file key: {key[:80]!r}"
    raise ValueError(message)


def checked_prefix(prefix: str) -> str:
    """What all keys below `prefix` start with: "" for every key, else a clean path and a slash."""
    return checked(prefix.removesuffix("/")) + "/" if prefix else ""


def check_range(start: int, length: int, size: int) -> None:
    """Raises FileGone if the file does not hold these bytes; ValueError for a range that no file can have."""
    if start < 0 or length < 0:
        message = f"no such range: {start}+{length}"
        raise ValueError(message)
    if start + length > size:
        sentence = f"The stored file has {size} bytes, fewer than it once had. Upload the video again."
        raise FileGone(sentence, code="file_changed")


def gone() -> FileGone:
    """The error for a key that holds nothing. The key itself stays in the house."""
    return FileGone("The stored file is gone: deleted, or the storage was changed. Upload the video again.")


def content_type(key: str) -> str:
    """What a store that keeps types says of it. Never text or markup: no file is ever shown as a page."""
    return _TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")


class Intake:
    """Counts and hashes what comes in, and stops it at the limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._digest = hashlib.sha256()
        self.size = 0  # bytes so far

    def take(self, piece: bytes | bytearray | memoryview) -> None:
        """Counts the next piece, before it is kept anywhere. Raises TooLarge when it passes the limit."""
        self.size += len(piece)
        if self.size > self._limit:
            raise TooLarge(f"The file is larger than the {in_mib(self._limit)} that are allowed.")
        self._digest.update(piece)

    def stored(self, key: str) -> Stored:
        """What was taken in, once the store has it safe."""
        return Stored(key=key, size=self.size, sha256=self._digest.hexdigest())


def in_mib(count: int) -> str:
    """Bytes, for people."""
    return f"{count / PIECE:,.1f} MiB" if count >= PIECE // 10 else f"{count:,} bytes"
