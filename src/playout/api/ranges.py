"""The header Range (RFC 9110, section 14), as far as one part of one file needs it."""

import re

from playout.application.pulls import Range
from playout.domain.errors import Invalid

_FORM = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class NoSuchRange(Invalid):
    """The file has no such bytes."""

    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes.")
        self.size = size


def wanted(header: str | None, size: int) -> Range | None:
    """The part that is asked for; None for all of it: what cannot be read, or asks for several parts, is no Range.

    Raises NoSuchRange.
    """
    form = _FORM.fullmatch(header.strip().lower()) if header else None
    if form is None or form.group(0) == "bytes=-":
        return None
    first, last = form.groups()
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < int(first):
            return None
    else:
        start, end = max(size - int(last), 0), size - 1
    if start > end:
        raise NoSuchRange(size)
    return Range(start, end - start + 1, size)
