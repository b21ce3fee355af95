"""What YouTube takes, as data: limits, options and the rules across them, quota, cut of a file, words to agree to.

Not here: anything that is sent, and what YouTube answers (api.py, errors.py).
Sources: reference of videos.insert and of the video resource (API revision 2026-11-04), revision history, quota cost
page, required minimum functionality, help pages on Shorts and long videos; [F] marks what only field reports say.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from playout.domain.caps import Cap, Day
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, FileLimits, Limits, Need, WordLimits, in_time, utf8_bytes
from playout.domain.video import Facts
from playout.platforms import cover

#: Literal, as the terms (section 9.1) ask for it near the act of uploading.
CERTIFY = (
    "By clicking 'upload,' you certify that the content you are uploading complies with the YouTube Terms of Service "
    "(including the YouTube Community Guidelines) at https://www.youtube.com/t/terms. Please be sure not to violate "
    "others' copyright or privacy rights."
)
#: Changes whenever the sentence does.
CONSENT = "youtube-certify-2026-09"

_AUTH = "https://www.googleapis.com/auth/"
UPLOAD_SCOPE = f"{_AUTH}youtube.upload"
READ_SCOPE = f"{_AUTH}youtube.readonly"
_WIDE = frozenset({f"{_AUTH}youtube", f"{_AUTH}youtube.force-ssl"})  # each includes both of the above
MAY_UPLOAD = Need(_WIDE | {UPLOAD_SCOPE}, "upload videos")
MAY_READ = Need(_WIDE | {READ_SCOPE}, "see the channel, and what becomes of its videos")

#: Uploads have a bucket of their own, since June 2026: this many in a Pacific day, for all channels of our project.
UPLOADS = Cap("start", 100, Day("America/Los_Angeles"), of_app=True, what="uploads")

PRIVACIES = ("public", "unlisted", "private")
CATEGORY = "22"  # of Google's own sample; what YouTube assumes without one is not documented
TITLE_LENGTH = 100  # code points
DESCRIPTION_BYTES = 5000
TAGS_LENGTH = 500  # as `tags_length` counts

MOST_BYTES = 256 * 1024**3
_HALF_A_DAY = 43_200  # seconds
SHORT_SECONDS = 180
_SURELY_SHORT = 179  # 180.0 s is one by the words of the help page, 180.5 s may not be
UNVERIFIED_SECONDS = 900  # the longest video of a channel without a verified telephone number

GRAIN = 262_144  # bytes; every chunk but the last is a multiple of it
CHUNK = 64 * GRAIN  # 16 MiB: each costs a round trip


def quota_resets(now: datetime) -> datetime:
    """The coming midnight at YouTube, when what a day holds is free again."""
    day = UPLOADS.day_of(now)
    return day[1] if day else now


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def end_of_chunk(offset: int, size: int) -> int:
    """Where the chunk that begins at `offset` ends (not with that byte).

    A file of more than 256 KiB goes in two chunks at least, so that before the last one it is certain that the last
    byte was never sent.
    """
    most = min(CHUNK, max((size - 1) // GRAIN * GRAIN, GRAIN))
    return min(offset + most, size)


def is_short(facts: Facts) -> bool:
    """Whether YouTube shows it as a Short: square or upright, three minutes at most. The API does not say."""
    return facts.height >= facts.width and facts.duration <= SHORT_SECONDS


def is_long(facts: Facts) -> bool:
    """Whether only a verified channel may upload it."""
    return facts.duration > UNVERIFIED_SECONDS


def _shown_as_a_short(_: Mapping[str, JsonValue], facts: Facts) -> Problem | None:
    if facts.height < facts.width:
        why = f"{facts.width}×{facts.height} is wider than it is tall"
    elif facts.duration > SHORT_SECONDS:
        why = f"it lasts {in_time(facts.duration)}, and a Short at most three minutes"
    elif facts.duration > _SURELY_SHORT:
        sentence = f"With {in_time(facts.duration)} it may just miss being a Short. At most {_SURELY_SHORT} s is safe."
        return Problem("not_a_short", "/video_id", sentence, warning=True)
    else:
        return None
    sentence = f"It shows as an ordinary video and not as a Short, because {why}."
    return Problem("not_a_short", "/video_id", sentence, warning=True)


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def tags_length(tags: Sequence[str]) -> int:
    """As YouTube counts: a comma between neighbours, and quotes around a tag with a space."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(len(tags) - 1, 0)


def video_resource(title: str, caption: str, options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What a person chose, as YouTube wants to be told. Who may see it is never left out: that would be everybody."""
    snippet: dict[str, JsonValue] = {
        "title": title,
        "description": options.get("description", caption),
        "categoryId": options.get("category_id", CATEGORY),
    }
    status: dict[str, JsonValue] = {
        "privacyStatus": options["privacy"],
        "selfDeclaredMadeForKids": options["made_for_kids"],
    }
    if options.get("tags"):
        snippet["tags"] = options["tags"]
    if "contains_synthetic_media" in options:
        status["containsSyntheticMedia"] = options["contains_synthetic_media"]
    return {"snippet": snippet, "status": status}


def _description_fits(options: Mapping[str, JsonValue]) -> Problem | None:
    description = options.get("description")
    if not isinstance(description, str):
        return None
    length = utf8_bytes(description)
    if length > DESCRIPTION_BYTES:
        sentence = f"The description has {length} bytes; {DESCRIPTION_BYTES} is the limit."
        return Problem("description_too_long", "/options/description", sentence)
    if "<" in description or ">" in description:
        sentence = "The description must not contain < or >."
        return Problem("description_forbidden_character", "/options/description", sentence)
    return None


def _tags_fit(options: Mapping[str, JsonValue]) -> Problem | None:
    given = options.get("tags")
    tags = [tag for tag in given if isinstance(tag, str)] if isinstance(given, list) else []
    length = tags_length(tags)
    if length > TAGS_LENGTH:
        sentence = f"The tags have {length} characters, separators included; {TAGS_LENGTH} is the limit."
        return Problem("tags_too_long", "/options/tags", sentence)
    if any(not tag.strip() or "<" in tag or ">" in tag for tag in tags):
        return Problem("wrong_value", "/options/tags", "A tag must not be empty, nor contain < or >.")
    return None


def _category_is_a_number(options: Mapping[str, JsonValue]) -> Problem | None:
    category = options.get("category_id", CATEGORY)
    if isinstance(category, str) and not (category.isascii() and category.isdecimal()):
        sentence = "“category_id” is the number of one of YouTube's categories, written as a text: “22”."
        return Problem("wrong_value", "/options/category_id", sentence)
    return None


def _no_playlist(options: Mapping[str, JsonValue]) -> Problem | None:
    if "playlist_id" not in options:
        return None
    sentence = (
        "Playout does not ask YouTube for the permission to change playlists. Leave “playlist_id” out, and add the "
        "video to the playlist at YouTube."
    )
    return Problem("playlist_not_offered", "/options/playlist_id", sentence)


LIMITS = Limits(
    file=FileLimits(
        containers=frozenset({"mp4", "mov", "webm", "mkv"}),
        video_codecs=None,
        most_bytes=MOST_BYTES,
        least_seconds=0,
        most_seconds=_HALF_A_DAY,  # of a verified channel; what this one may is asked live
        least_fps=0,  # no bound of rates and sizes is documented: YouTube makes its own copies
        most_fps=1000,
        least_width=1,
        least_height=1,
        most_width=16_384,
        most_height=16_384,
    ),
    words=WordLimits(
        caption_length=DESCRIPTION_BYTES,
        caption_unit=utf8_bytes,
        unit="bytes",
        title_length=TITLE_LENGTH,
        title_required=True,
        forbidden="<>",
    ),
    choices={
        "privacy": Choice(str, required=True, values=PRIVACIES),
        "made_for_kids": Choice(bool, required=True),
        "category_id": Choice(str),
        "tags": Choice(list),
        "description": Choice(str),
        "contains_synthetic_media": Choice(bool),
        "notify_subscribers": Choice(bool),
        cover.OPTION: cover.CHOICE,
        "playlist_id": Choice(str),  # known, and refused in words: see _no_playlist
    },
    needs=(MAY_UPLOAD, MAY_READ),
    caps=(UPLOADS,),
    consent=CONSENT,
    rules=(_description_fits, _tags_fit, _category_is_a_number, _no_playlist, cover.is_a_time),
    remarks=(_shown_as_a_short, cover.is_within),
)
