"""What Instagram takes, as data: limits, options and the rules across them, and the words of a reel as they are sent.

Not here: anything that is sent, and what Instagram answers (api.py, errors.py). Sources: IG User Media (reel
specifications), Content Publishing and its rate limits; Meta's pages disagree where marked.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta

from playout.domain.caps import Cap
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, FileLimits, Limits, Need, WordLimits, utf16_units
from playout.domain.video import Facts
from playout.platforms import cover

_DAY = timedelta(days=1)
_MOST_SECONDS = 15 * 60
_MOST_COLLABORATORS = 3
_USERNAME = re.compile(r"@?[A-Za-z0-9._]{1,30}")
_UPRIGHT = 9 / 16


def reel(caption: str, options: Mapping[str, JsonValue]) -> dict[str, str]:
    """The parameters of a container that a person chose. `share_to_feed` is always said: its default is nowhere."""
    words = {
        "media_type": "REELS",
        "caption": caption,
        "share_to_feed": "true" if options.get("share_to_feed", True) else "false",
    }
    if "cover_at_ms" in options:
        words["thumb_offset"] = str(options["cover_at_ms"])
    if collaborators := _names(options):
        words["collaborators"] = json.dumps(collaborators)
    if options.get("ai_generated") is True:
        words["is_ai_generated"] = "true"
    return words


def digest_of(caption: str, options: Mapping[str, JsonValue]) -> str:
    """Tells whether a container was made of other words than these."""
    said = json.dumps(reel(caption, options), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _names(options: Mapping[str, JsonValue]) -> list[str]:
    names = options.get("collaborators")
    return [str(name).removeprefix("@") for name in names] if isinstance(names, list) else []


def _collaborators_are_few(options: Mapping[str, JsonValue]) -> Problem | None:
    field, names = "/options/collaborators", options.get("collaborators")
    if not isinstance(names, list):
        return None
    if len(names) > _MOST_COLLABORATORS:
        sentence = f"{len(names)} collaborators; {_MOST_COLLABORATORS} is the limit."
        return Problem("too_many_collaborators", field, sentence)
    wrong = next((name for name in names if not isinstance(name, str) or not _USERNAME.fullmatch(name)), None)
    if wrong is None:
        return None
    return Problem("wrong_value", field, f"“{wrong}” is no username of Instagram.")


def _has_another_shape(_: Mapping[str, JsonValue], facts: Facts) -> Problem | None:
    if abs(facts.width / facts.height - _UPRIGHT) <= 0.01:  # noqa: PLR2004 -- 1088×1920 and its kin look the same
        return None
    sentence = f"Reels are 9:16; of a picture of {facts.width}×{facts.height} parts are cut off or left blank."
    return Problem("not_9_16", "/video_id", sentence, warning=True)


LIMITS = Limits(
    file=FileLimits(
        containers=frozenset({"mp4", "mov"}),
        video_codecs=frozenset({"h264", "hevc"}),
        audio_codecs=frozenset({"aac"}),
        most_bytes=300_000_000,  # older pages: 1 GB
        least_seconds=3,
        most_seconds=_MOST_SECONDS,
        least_fps=23,
        most_fps=60,
        least_width=1,
        least_height=1,
        most_width=1920,
        most_height=16_384,  # none is documented; no coder makes larger ones
        least_aspect=0.01,
        most_aspect=10,
        most_bitrate=25_000_000,
        most_sample_rate=48_000,
        most_channels=2,
        chroma=frozenset({"yuv420p", "yuvj420p", "yuv420p10le"}),
        faststart=True,
        edit_list=False,
        closed_gop=True,
    ),
    # Whether 2200 is counted in UTF-16 units or in code points is documented nowhere: this is the stricter way.
    words=WordLimits(caption_length=2200, caption_unit=utf16_units, most_hashtags=30, most_mentions=20),
    choices={
        "share_to_feed": Choice(bool),
        cover.OPTION: cover.CHOICE,
        "collaborators": Choice(list),
        "ai_generated": Choice(bool),
    },
    needs=(
        Need(frozenset({"instagram_business_basic", "instagram_basic"}), "see the account and its reels"),
        Need(frozenset({"instagram_business_content_publish", "instagram_content_publish"}), "publish reels"),
    ),
    caps=(
        Cap("container", 400, _DAY, what="beginnings of posts"),
        # Only to warn: Meta's pages say 25, 50 and 100. What holds is asked before each publication (publishing.py).
        Cap("publish", 50, _DAY, certain=False, what="posts"),
    ),
    rules=(cover.is_a_time, _collaborators_are_few),
    remarks=(_has_another_shape, cover.is_within),
)
