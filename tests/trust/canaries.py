"""The searcher: finds planted secrets in bytes, in every disguise that a leak puts on.

Secrets are cut into pieces of 16 characters, so that half a token is a leak too. Each piece is looked for as it is, in
base64 (at its three offsets, both alphabets), hexadecimal, percent-encoded, escaped for JSON, HTML and Python, and in
UTF-16; and all of that again inside whatever is compressed (gzip, zlib, zip), wherever it begins.
"""

import base64
import html
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PIECE = 16  # characters of a secret that make a leak
KEY = 8  # bytes: the end of each pattern, by which data is sieved
DEEPEST = 3  # compressed within compressed
MOST_UNPACKED = 64 << 20  # bytes of one stream
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|PK\x03\x04|\x78[\x01\x5e\x9c\xda]")
_ZIP_HEADER = 30  # bytes before the name in a zip's local header

Secret = str | bytes


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A secret where it should not be."""

    place: str
    secret: str
    form: str


class Canaries:
    """Named secrets, ready to be searched for."""

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._patterns: dict[int, dict[bytes, tuple[str, str]]] = {}
        for name, secret in secrets.items():
            for form, pattern in forms(secret):
                self._patterns.setdefault(_number(pattern[-KEY:]), {}).setdefault(pattern, (name, form))
        self._keys = frozenset(self._patterns)

    def hits(self, data: bytes, place: str, depth: int = DEEPEST) -> set[Hit]:
        """What is found in these bytes, and in what is compressed within them."""
        found = {
            Hit(place, *named)
            for key in self._sieved(data)
            for pattern, named in self._patterns[key].items()
            if pattern in data
        }
        if depth:
            for start, unpacked in streams(data):
                found |= self.hits(unpacked, f"{place} » compressed at {start}", depth - 1)
        return found

    def search(self, root: Path) -> set[Hit]:
        """What is found in the files below `root`, and in their names."""
        found: set[Hit] = set()
        for path in sorted(root.rglob("*")):
            place = path.relative_to(root).as_posix()
            found |= self.hits(place.encode(errors="surrogateescape"), f"the name {place}")
            if path.is_file() and not path.is_symlink():
                found |= self.hits(path.read_bytes(), place)
        return found

    def _sieved(self, data: bytes) -> set[int]:
        """The ends of patterns that occur. Eight bytes are one number, so any number of patterns costs the same."""
        view, found = memoryview(data), set[int]()
        for start in range(min(KEY, len(data))):
            whole = (len(data) - start) // KEY * KEY
            found |= self._keys.intersection(view[start : start + whole].cast("Q"))
        return found


def forms(secret: Secret) -> Iterator[tuple[str, bytes]]:
    """What this secret looks like, piece by piece, in each encoding."""
    if len(secret) < KEY:
        msg = f"too short to be told from chance: {len(secret)} characters"
        raise ValueError(msg)
    for start in sorted({*range(0, len(secret) - PIECE + 1, PIECE), max(len(secret) - PIECE, 0)}):
        piece = secret[start : start + PIECE]
        yield from _byte_forms(piece.encode() if isinstance(piece, str) else piece)
        if isinstance(piece, str):
            yield from _text_forms(piece)


def _byte_forms(piece: bytes) -> Iterator[tuple[str, bytes]]:
    yield "as it is", piece
    yield "hexadecimal", piece.hex().encode()
    yield "hexadecimal", piece.hex().upper().encode()
    yield "Python's repr", repr(piece)[2:-1].encode()
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + piece)
        told = whole[-(-offset * 8 // 6) : (offset + len(piece)) * 8 // 6]  # only what this piece decides alone
        yield f"base64, offset {offset}", told
        yield f"base64 for addresses, offset {offset}", told.translate(bytes.maketrans(b"+/", b"-_"))


def _text_forms(piece: str) -> Iterator[tuple[str, bytes]]:
    quoted = quote(piece, safe="")
    numbered = "".join(letter if letter.isalnum() else f"\\u{ord(letter):04x}" for letter in piece)
    for form, text in (
        ("percent-encoded", quoted),
        ("percent-encoded", re.sub("%..", lambda found: found[0].lower(), quoted)),
        ("escaped for JSON", json.dumps(piece)[1:-1]),
        ("escaped for JSON", json.dumps(piece)[1:-1].replace("/", "\\/")),
        ("escaped for JSON", numbered),
        ("escaped for HTML", html.escape(piece)),
        ("Python's repr", repr(piece)[1:-1]),
    ):
        yield form, text.encode()
    yield "UTF-16", piece.encode("utf-16-le")
    yield "UTF-16", piece.encode("utf-16-be")


def streams(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Whatever unpacks, from wherever it begins; a stream that breaks off gives what it has."""
    view = memoryview(data)
    for found in _COMPRESSED.finditer(data):
        start, magic = found.start(), found[0]
        if magic == b"PK\x03\x04":
            lengths = int.from_bytes(data[start + 26 : start + 28], "little") + int.from_bytes(
                data[start + 28 : start + 30], "little"
            )
            unpacked = _unpacked(view[start + _ZIP_HEADER + lengths :], -zlib.MAX_WBITS)
        else:
            gzip = magic[0] == 0x1F
            unpacked = _unpacked(view[start:], zlib.MAX_WBITS + 16 if gzip else zlib.MAX_WBITS)
        if len(unpacked) >= KEY:
            yield start, unpacked


def _unpacked(data: memoryview, bits: int) -> bytes:
    unpacking = zlib.decompressobj(bits)
    out = bytearray()
    for start in range(0, len(data), 4096):
        before, piece = unpacking.copy(), data[start : start + 4096]
        try:
            out += unpacking.decompress(piece)
        except zlib.error:
            return bytes(out) + _as_far_as_it_goes(before, piece)
        if unpacking.eof or len(out) > MOST_UNPACKED:
            break
    return bytes(out)


def _as_far_as_it_goes(unpacking: "zlib._Decompress", piece: memoryview) -> bytes:
    out = bytearray()
    with suppress(zlib.error):
        for start in range(len(piece)):
            out += unpacking.decompress(piece[start : start + 1])
    return bytes(out)


def _number(eight: bytes) -> int:
    return memoryview(eight).cast("Q")[0]
