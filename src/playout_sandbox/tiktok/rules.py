"""TikTok's rules on what may be asked for: captions, chunk plans, addresses to pull from, received media."""

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import SplitResult, urlsplit

from playout_sandbox.media import Found
from playout_sandbox.tiktok.access import bad, number, text
from playout_sandbox.tiktok.envelope import Refusal
from playout_sandbox.tiktok.records import Creator

TITLE = 2200  #: UTF-16 code units (tiktok.md 5.2)
LARGEST = 4 * 1024**3  #: bytes of a video; the documentation's 4 GB, read generously
SMALLEST_CHUNK = 5 * 1024**2  #: 5 and 64 MB in the reading that is stricter at each end (tiktok.md 5.6)
LARGEST_CHUNK = 64_000_000
MOST_CHUNKS = 1000
_FLAGS = (
    "disable_duet",
    "disable_stitch",
    "disable_comment",
    "brand_content_toggle",
    "brand_organic_toggle",
    "is_aigc",
    "auto_add_music",
)


def utf16(value: str) -> int:
    """Length in UTF-16 code units, as TikTok counts: an emoji is two."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def check_post_info(info: Mapping[str, object], limits: Mapping[str, int]) -> None:
    """Types and lengths; what the creator may choose is checked elsewhere. Refuses 400 invalid_params (row 22)."""
    for name, most in limits.items():
        if utf16(text(info, name)) > most:
            raise bad(f"The {name} is too long")
    for name in _FLAGS:
        if name in info and not isinstance(info[name], bool):
            raise bad(f"{name} is not a boolean")
    if "video_cover_timestamp_ms" in info:
        number(info, "video_cover_timestamp_ms")


def check_chunks(source: Mapping[str, object]) -> tuple[int, int, int]:
    """Size, chunk size and count of a FILE_UPLOAD. Refuses 400 invalid_params (rows 23-26)."""
    size, chunk, count = (number(source, name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if not 0 < size <= LARGEST:
        raise bad("The video size is invalid")
    whole = chunk == size
    if chunk > LARGEST_CHUNK or chunk > size or (chunk < SMALLEST_CHUNK and not whole):
        raise bad("The chunk size is invalid")
    if size // chunk == 1 and not whole:
        raise bad("The chunk size is invalid")
    if count != size // chunk or count > MOST_CHUNKS:
        raise bad("The total chunk count is invalid")
    return size, chunk, count


def check_address(url: str, verified: Collection[str], *, insecure: bool) -> None:
    """Refuses 403 url_ownership_unverified (rows 27, 28). `insecure` allows http and IP addresses, loopback only."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    loopback_ok = insecure and host in {"localhost", "127.0.0.1", "::1"}
    clean = parts.username is None and not parts.fragment and "/../" not in f"{parts.path}/"
    allowed = (parts.scheme == "https" and not _is_address(host)) or (parts.scheme == "http" and loopback_ok)
    if not (clean and allowed and any(_covers(entry, url, parts, host) for entry in verified)):
        raise Refusal(403, "url_ownership_unverified", "The ownership of the URL is not verified.")


def _covers(entry: str, url: str, parts: SplitResult, host: str) -> bool:
    """A verified prefix covers what it literally starts; a verified domain itself and all below, on the usual port."""
    if "://" in entry:
        return entry.endswith("/") and url.startswith(entry)
    return parts.port in {None, 443} and (host == entry or host.endswith(f".{entry}"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.replace(".", "").isdigit() or not host
    return True


def media_verdict(found: Found, creator: Creator) -> str:
    """The fail_reason a received video earns, or "" (row 41, tiktok.md 5.8)."""
    containers = set(found.container.split(","))
    if not containers & {"mp4", "mov", "webm"} or found.codec not in {"h264", "hevc", "vp8", "vp9"}:
        return "file_format_check_failed"
    if not 360 <= found.width <= 4096 or not 360 <= found.height <= 4096:  # noqa: PLR2004  # pixels, documented
        return "picture_size_check_failed"
    if not 22.9 <= found.fps <= 60.1:  # noqa: PLR2004  # 23-60, and the rounding of 24000/1001 and its kin
        return "frame_rate_check_failed"
    if found.seconds > creator.max_video_post_duration_sec + 0.5:  # half a second for the last audio packet
        return "duration_check_failed"
    return ""
