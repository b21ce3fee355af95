"""What a file looks like by its first bytes, whatever it is called. Two kinds get on: ISO media and Matroska.

The judge is the demuxer, which is told which of the two it is and never guesses: by guessing it would open
playlists, and the files and addresses that these name. Not here: whether the video is sound.
"""

from enum import StrEnum

#: Bytes of the start that the sieve wants to see.
HEAD = 4096


class Family(StrEnum):
    """The demuxers we let loose on a file, by FFmpeg's names."""

    MOV = "mov"
    MATROSKA = "matroska"


#: What else there is, and how to call it in a sentence.
KINDS = {
    "7z": "a 7z archive",
    "avi": "an AVI video",
    "bzip2": "a bzip2 archive",
    "exe": "a program",
    "flv": "a Flash video",
    "gif": "a GIF picture",
    "gzip": "a gzip archive",
    "heif": "a HEIF or AVIF picture",
    "html": "a web page",
    "jpeg": "a JPEG picture",
    "mp3": "an MP3 sound file",
    "mpeg-ts": "an MPEG transport stream",
    "mpeg": "an MPEG-1 or MPEG-2 video",
    "ogg": "an Ogg file",
    "pdf": "a PDF document",
    "playlist": "a playlist",
    "png": "a PNG picture",
    "rar": "a RAR archive",
    "riff": "a RIFF file",
    "script": "a script",
    "svg": "an SVG drawing",
    "tar": "a tar archive",
    "text": "a text file",
    "tiff": "a TIFF picture",
    "unknown": "a file of another kind",
    "wav": "a WAV sound file",
    "webp": "a WebP picture",
    "wmv": "a Windows Media video",
    "xml": "an XML document",
    "xz": "an xz archive",
    "zip": "a ZIP archive",
    "zstd": "a Zstandard archive",
}

_STARTS = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x89PNG", "png"),
    (b"GIF8", "gif"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"%PDF", "pdf"),
    (b"\x7fELF", "exe"),
    (b"MZ", "exe"),
    (b"\xcf\xfa\xed\xfe", "exe"),
    (b"#!", "script"),
    (b"OggS", "ogg"),
    (b"FLV\x01", "flv"),
    (b"ID3", "mp3"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wmv"),
)
_RIFF = {b"AVI ": "avi", b"WAVE": "wav", b"WEBP": "webp"}
#: Texts are told by a word near their start, in this order: an SVG drawing is XML as well.
_WORDS = (
    (b"#extm3u", "playlist"),
    (b"ffconcat", "playlist"),
    (b"[playlist]", "playlist"),
    (b"<asx", "playlist"),
    (b"<mpd", "playlist"),
    (b"<smil", "playlist"),
    (b"<svg", "svg"),
    (b"<!doctype html", "html"),
    (b"<html", "html"),
    (b"<script", "html"),
    (b"<?xml", "xml"),
    (b"<?php", "script"),
)

_FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free"}
_PICTURE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis", b"miaf"}
_EBML = b"\x1a\x45\xdf\xa3"
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def family(head: bytes) -> Family | None:
    """Which demuxer may open a file that begins so; None if none may."""
    if head.startswith(_EBML):
        return Family.MATROSKA if b"webm" in head[:64] or b"matroska" in head[:64] else None
    box = head[4:8] if len(head) >= 8 else b""  # noqa: PLR2004 -- a size and a name, four bytes each
    return Family.MOV if box in _FIRST_BOXES and not _is_picture(head) else None


def kind(head: bytes) -> str:
    """What it looks like instead: a name of KINDS."""
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "riff")
    if _is_picture(head):
        return "heif"
    if head[257:262] == b"ustar":
        return "tar"
    if head[:1] == b"G" == head[188:189]:
        return "mpeg-ts"
    return _text(head)


def _is_picture(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS


def _text(head: bytes) -> str:
    plain = head
    for mark in _BYTE_ORDER_MARKS:
        plain = plain.removeprefix(mark)
    plain = plain.replace(b"\0", b"").lower()  # UTF-16 too
    for word, name in _WORDS:
        if word in plain[:1024]:
            return name
    printable = all(byte >= ord(" ") or byte in b"\t\r\n\f" for byte in plain)
    return "text" if plain and printable and plain.isascii() else "unknown"
