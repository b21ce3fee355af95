"""What Facebook takes, as data: limits, options and the rules across them.

Not here: anything that is sent, and what Facebook answers. Sources: Reels Publishing API (2026-07), Page Videos.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from playout.domain.caps import Cap
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, FileLimits, Limits, Need, WordLimits, in_time, utf16_units
from playout.domain.video import Facts
from playout.platforms import cover

#: The longest reel, in seconds; what is longer becomes an ordinary video of the Page.
LONGEST_REEL = 90.0
REELS_A_DAY = 30
_TITLE = 254  # "less than 255 characters"
_PLACE = re.compile(r"[0-9]{1,20}")


def is_reel(facts: Facts) -> bool:
    """Whether it goes the way of reels. A short one must: sent as a video it could end as a draft."""
    return facts.duration <= LONGEST_REEL


def _not_a_reel(_: Mapping[str, JsonValue], facts: Facts) -> Problem | None:
    if is_reel(facts):
        return None
    have, most = in_time(facts.duration), in_time(LONGEST_REEL)
    sentence = f"The video lasts {have}: it becomes an ordinary video, because a reel has at most {most}."
    return Problem("not_a_reel", "/video_id", sentence, warning=True)


def _title_fits(options: Mapping[str, JsonValue]) -> Problem | None:
    title = options.get("title")
    if not isinstance(title, str) or len(title) <= _TITLE:
        return None
    sentence = f"The title has {len(title)} characters; {_TITLE} is the limit."
    return Problem("title_too_long", "/options/title", sentence)


def _place_is_a_page(options: Mapping[str, JsonValue]) -> Problem | None:
    place = options.get("place")
    if not isinstance(place, str) or _PLACE.fullmatch(place):
        return None
    return Problem("wrong_value", "/options/place", "“place” is the number of a Page that has a location.")


LIMITS = Limits(
    file=FileLimits(
        containers=frozenset({"mp4", "mov"}),
        video_codecs=frozenset({"h264", "hevc", "vp9", "av1"}),
        audio_codecs=frozenset({"aac"}),
        chroma=frozenset({"yuv420p", "yuvj420p", "yuv420p10le"}),
        most_bytes=10_000_000_000,
        least_seconds=3,
        most_seconds=4 * 3600,
        least_fps=24,
        most_fps=60,
        least_width=540,
        least_height=540,
        most_width=4096,  # not documented
        most_height=4096,
        # 9:16 and 16:9 with a little room: 1082×1920 is 9:16 to everybody but a machine
        least_aspect=9 / 16 - 0.005,
        most_aspect=16 / 9 + 0.01,
        most_sample_rate=48_000,
        most_channels=2,
        constant_fps=True,
        closed_gop=True,
    ),
    words=WordLimits(caption_length=63_206, caption_unit=utf16_units, title_length=_TITLE),
    choices={"title": Choice(str), "place": Choice(str), cover.OPTION: cover.CHOICE},
    needs=(
        Need(frozenset({"pages_manage_posts"}), "publish on the Page"),
        Need(frozenset({"pages_read_engagement"}), "see what became of a post"),
        Need(frozenset({"pages_show_list"}), "see which Pages there are"),
    ),
    caps=(Cap("finish", REELS_A_DAY, timedelta(days=1), what="reels by API"),),
    rules=(_title_fits, _place_is_a_page, cover.is_a_time),
    remarks=(_not_a_reel, cover.is_within),
)
