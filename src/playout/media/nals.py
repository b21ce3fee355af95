"""Keyframes of H.264 and HEVC: does one begin a closed group of pictures? Some platforms ask for closed ones.

A closed group needs nothing of the one before it. Only the types of the units in a packet are read.
H.264: ITU-T H.264, table 7-1. HEVC: ITU-T H.265, table 7-1. Not here: everything else about streams.
"""

from collections.abc import Callable, Iterator

_H264_PICTURE, _H264_CLOSED = range(1, 6), {5}  # IDR
_HEVC_PICTURE, _HEVC_CLOSED = range(32), {19, 20}  # IDR with and without leading pictures of its own


def closed_here(codec: str, setup: bytes, keyframe: bytes) -> bool | None:
    """Whether a group that begins with this packet is closed; None where we cannot tell.

    `setup` is the decoder's configuration from the file (avcC, hvcC), which says how lengths are written.
    """
    if codec in {"vp8", "vp9"}:
        return True  # nothing is ever shown before its keyframe
    if codec == "h264" and len(setup) > 4:  # noqa: PLR2004 -- the place of lengthSizeMinusOne in avcC
        return _begins_with(keyframe, (setup[4] & 3) + 1, lambda head: head & 0x1F, _H264_PICTURE, _H264_CLOSED)
    if codec == "hevc" and len(setup) > 21:  # noqa: PLR2004 -- the same in hvcC
        return _begins_with(keyframe, (setup[21] & 3) + 1, lambda head: head >> 1 & 0x3F, _HEVC_PICTURE, _HEVC_CLOSED)
    return None


def _begins_with(
    packet: bytes, width: int, kind: Callable[[int], int], pictures: range, closed: set[int]
) -> bool | None:
    for head in _heads(packet, width):
        if kind(head) in pictures:
            return kind(head) in closed
    return None


def _heads(packet: bytes, width: int) -> Iterator[int]:
    """The first byte of each unit; a length of so many bytes stands before each."""
    at = 0
    while at + width < len(packet):
        yield packet[at + width]
        at += width + int.from_bytes(packet[at : at + width])
