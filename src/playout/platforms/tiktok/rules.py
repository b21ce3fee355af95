"""What TikTok takes, as data: limits, options and the rules across them, chunk plan, words to agree to.

Not here: anything that is sent, and what TikTok answers (api.py, errors.py).
Sources: Media Transfer Guide, Direct Post reference, Content Sharing Guidelines; field reports where marked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from playout.domain.caps import Cap
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, FileLimits, Limits, WordLimits, utf16_units
from playout.platforms import cover

#: Both literal, as an audit asks for them; a face links the names to the addresses below.
MUSIC_USAGE = "By posting, you agree to TikTok's Music Usage Confirmation"
BRANDED_USAGE = "By posting, you agree to TikTok's Branded Content Policy and Music Usage Confirmation"
MUSIC_USAGE_URL = "https://www.tiktok.com/legal/page/global/music-usage-confirmation/en"
BRANDED_POLICY_URL = "https://www.tiktok.com/legal/page/global/bc-policy/en"
#: Changes whenever one of the two sentences changes.
CONSENT = "tiktok-music-usage-2026-09"

PUBLIC = "PUBLIC_TO_EVERYONE"
PRIVATE = "SELF_ONLY"
VISIBILITIES = (PUBLIC, "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", PRIVATE)
BRANDED_PRIVATE = "Branded content visibility cannot be set to private."  # literal

MOST_BYTES = 4 * 1024**3
_MOST_SINGLE = 64_000_000  # one chunk is the whole file; under both readings of "64 MB"
_CHUNK = 10 * 1024**2  # in between: 5 MiB is the least, and 4 GiB makes 409 of 1000 chunks
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """How a file is cut: `count` chunks of `chunk` bytes, the last of which takes the remainder (`last` bytes)."""

    chunk: int
    count: int
    last: int


def chunk_plan(size: int, chunk: int | None = None) -> ChunkPlan:
    """The cut of a file of `size` bytes, into chunks of `chunk` bytes or of the length that TikTok surely takes.

    The count is floor(size / chunk), so the last chunk is the longest.
    """
    if chunk is None:
        chunk = size if size <= _MOST_SINGLE else _CHUNK
    count = size // chunk
    return ChunkPlan(chunk, count, size - (count - 1) * chunk)


def is_inbox(options: Mapping[str, JsonValue]) -> bool:
    """Whether it goes to the creator's inbox, to be finished in the TikTok app."""
    return options.get("mode") == "inbox"


def post_info(caption: str, options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The part of a direct post that a person chose. What was not allowed is disabled; nothing else is filled in."""
    info: dict[str, JsonValue] = {
        "title": caption,
        "privacy_level": options["privacy_level"],
        "disable_comment": not options.get("allow_comment", False),
        "disable_duet": not options.get("allow_duet", False),
        "disable_stitch": not options.get("allow_stitch", False),
        "brand_content_toggle": bool(options.get("branded_content", False)),
        "brand_organic_toggle": bool(options.get("your_brand", False)),
        "is_aigc": bool(options.get("ai_generated", False)),
    }
    if "cover_at_ms" in options:
        info["video_cover_timestamp_ms"] = options["cover_at_ms"]
    return info


def _privacy_is_chosen(options: Mapping[str, JsonValue]) -> Problem | None:
    if is_inbox(options) or "privacy_level" in options:
        return None
    return Problem(
        "option_required", "/options/privacy_level", "“privacy_level” must be chosen by a person: who can watch?"
    )


def _branded_is_seen(options: Mapping[str, JsonValue]) -> Problem | None:
    private = options.get("privacy_level") == PRIVATE and not is_inbox(options)
    if private and options.get("branded_content") is True:
        return Problem("branded_private", "/options/privacy_level", BRANDED_PRIVATE)
    return None


def _is_direct(options: Mapping[str, JsonValue]) -> bool:
    return not is_inbox(options)


def _posting(step: str) -> tuple[Cap, ...]:
    """Of the call that makes a post known. What a day holds varies with the creator, and all apps count together."""
    return (
        Cap(step, 6, _MINUTE),
        Cap(step, 15, _DAY, certain=False, what="posts", applies=_is_direct),
        Cap(step, 5, _DAY, certain=False, what="drafts that wait in the inbox", applies=is_inbox),
    )


LIMITS = Limits(
    file=FileLimits(
        containers=frozenset({"mp4", "mov", "webm"}),
        video_codecs=frozenset({"h264", "hevc", "vp8", "vp9"}),
        most_bytes=MOST_BYTES,
        least_seconds=0,
        most_seconds=3600,  # the most that was ever seen in an answer; each creator's own limit is asked for live
        least_fps=23,
        most_fps=60,
        least_width=360,
        least_height=360,
        most_width=4096,
        most_height=4096,
    ),
    words=WordLimits(caption_length=2200, caption_unit=utf16_units),
    choices={
        "mode": Choice(str, values=("direct", "inbox")),
        "privacy_level": Choice(str, values=VISIBILITIES, live=True),  # required: see _privacy_is_chosen
        "allow_comment": Choice(bool),
        "allow_duet": Choice(bool),
        "allow_stitch": Choice(bool),
        "your_brand": Choice(bool),
        "branded_content": Choice(bool),
        "ai_generated": Choice(bool),
        cover.OPTION: cover.CHOICE,
    },
    caps=(
        # These two share the 20 a minute that TikTok allows for creator_info.
        Cap("check", 12, _MINUTE),
        Cap("live", 8, _MINUTE),
        *_posting("init"),
        *_posting("pull"),
        # These share the 30 a minute that TikTok allows for the status.
        Cap("follow", 16, _MINUTE),
        Cap("look", 6, _MINUTE),
        Cap("resync", 4, _MINUTE),
        Cap("receipt", 4, _MINUTE),
    ),
    consent=CONSENT,
    remarks=(cover.is_within,),
    rules=(_privacy_is_chosen, _branded_is_seen, cover.is_a_time),
)
