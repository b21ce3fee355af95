"""How a file is laid out: what FFmpeg forgives (a missing end) or does not tell (order, edit lists).

Only headers are read, and a bounded number of them. ISO media: ISO/IEC 14496-12, section 4.2. Matroska:
RFC 9559, and RFC 8794 for the sizes of its elements. Not here: what the streams hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from playout.media.ranges import RangeFile
from playout.media.refusals import Refusal, Refused

_HEADER = 8  # bytes: a size and a name
_LARGE = 16  # with a size of 64 bits behind the name
_MOST = 512  # boxes looked at: a film in fragments has thousands, and the first ones tell enough
_SEGMENT = b"\x18\x53\x80\x67"


@dataclass(frozen=True, slots=True)
class Box:
    """A named stretch of the file."""

    name: bytes
    body: int  # where its content begins
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the order of the boxes says."""

    brand: str  # of `ftyp`, "" where there is none, as in old QuickTime files
    faststart: bool
    edit_list: bool


def layout(source: RangeFile) -> Layout:
    """Of an ISO media file.

    Refused as TRUNCATED where its end or its index is missing, as DAMAGED where its boxes are nonsense.
    """
    found = list(_boxes(source, 0, source.size))
    names = [box.name for box in found]
    if any(box.end > source.size for box in found):
        raise Refused(Refusal.TRUNCATED)
    if b"moov" not in names:
        raise Refused(Refusal.TRUNCATED if found and found[-1].end == source.size else Refusal.DAMAGED)
    moov = found[names.index(b"moov")]
    first = found[0]
    return Layout(
        brand=source.at(first.body, 4).decode("latin-1") if first.name == b"ftyp" else "",
        faststart=b"mdat" not in names or names.index(b"moov") < names.index(b"mdat"),
        edit_list=any(_edit_lists(source, moov)),
    )


def check_matroska(source: RangeFile) -> None:
    """Refused as TRUNCATED where the file ends before its segment does, DAMAGED where there is none."""
    start = 4 + _Vint(source, 4).length + _Vint(source, 4).value
    if source.at(start, 4) != _SEGMENT:
        raise Refused(Refusal.DAMAGED)
    size = _Vint(source, start + 4)
    if not size.unknown and start + 4 + size.length + size.value > source.size:
        raise Refused(Refusal.TRUNCATED)


def _edit_lists(source: RangeFile, moov: Box) -> Iterator[Box]:
    for track in _boxes(source, moov.body, moov.end):
        if track.name == b"trak":
            for edits in _boxes(source, track.body, track.end):
                if edits.name == b"edts":
                    yield from _boxes(source, edits.body, edits.end)


def _boxes(source: RangeFile, start: int, end: int) -> Iterator[Box]:
    """The boxes from `start`. Ends at the first thing that is no box; the last one may reach past `end`."""
    for _ in range(_MOST):
        head = source.at(start, _LARGE)
        size, name = int.from_bytes(head[:4]), head[4:8]
        if start + _HEADER > end or not name.strip(b"\xa9").isalnum():
            return
        header = _LARGE if size == 1 else _HEADER
        if size == 1:
            size = int.from_bytes(head[8:16])
        elif size == 0:
            size = end - start  # the last box, whose writer did not know its size
        if size < header:
            return
        yield Box(name, start + header, start + size)
        start += size


class _Vint:
    """A number of one to eight bytes whose first set bit tells how many."""

    def __init__(self, source: RangeFile, at: int) -> None:
        first = source.at(at, 1)
        if not first or not first[0]:
            raise Refused(Refusal.DAMAGED)
        self.length = 9 - first[0].bit_length()
        ones = (1 << 7 * self.length) - 1
        self.value = int.from_bytes(source.at(at, self.length)) & ones
        self.unknown = self.value == ones
