"""What a platform takes, as data.

Platform facts are not here: each adapter brings its own `Limits`. Lengths are in the unit the platform counts in. Not
here either: the check of a post against it (preflight.py), and how calls are counted (caps.py).
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from playout.domain.caps import Cap
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.video import Facts


def utf16_units(text: str) -> int:
    """Length as several platforms count it: an emoji outside the basic plane counts 2."""
    return len(text.encode("utf-16-le")) // 2


def utf8_bytes(text: str) -> int:
    """Length of what is sent."""
    return len(text.encode())


def in_time(seconds: float, *, up: bool = True) -> str:
    """As a sentence says it. Rounded up, or else down, to a tenth: what is past a limit must not read as if on it."""
    tenths = (math.ceil if up else math.floor)(round(seconds * 10, 3))
    minutes, rest = divmod(tenths, 600) if tenths > 1800 else (0, tenths)  # noqa: PLR2004 -- to 180 s they are usual
    hours, minutes = divmod(minutes, 60)
    told = ((hours, "h"), (minutes, "min"), (rest / 10, "s"))
    return " ".join(f"{count:g} {unit}" for count, unit in told if count) or "0 s"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a destination. `values` None: any of the type. Required ones are never defaulted."""

    kind: type[bool] | type[int] | type[str] | type[list[str]]  # a list holds texts
    required: bool = False
    values: tuple[str, ...] | None = None
    live: bool = False  # which values are offered differs per account and is asked for live


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Which files it takes. What lies outside is mended by a rendition, except for a length and a broken file."""

    containers: frozenset[str]
    video_codecs: frozenset[str] | None  # None: all that our probe can read
    most_bytes: int
    least_seconds: float
    most_seconds: float
    least_fps: float
    most_fps: float
    least_width: int  # pixels, as shown
    least_height: int
    most_width: int
    most_height: int
    audio_codecs: frozenset[str] | None = None  # None: all
    least_aspect: float = 0  # width / height
    most_aspect: float = 1000
    most_bitrate: int | None = None  # bit/s, of the whole file
    most_sample_rate: int | None = None  # Hz
    most_channels: int | None = None  # of sound
    chroma: frozenset[str] | None = None  # pixel formats; None: all
    # These are asked for in documentation and rarely insisted on: they are warned about.
    faststart: bool = False  # the index should stand in front
    edit_list: bool = True  # may be there
    constant_fps: bool = False  # pictures should come evenly
    closed_gop: bool = False  # groups of pictures should be


@dataclass(frozen=True, slots=True)
class WordLimits:
    """How long wording may be, in the unit that the platform counts in."""

    caption_length: int
    caption_unit: Callable[[str], int]
    unit: str = "characters"  # as a sentence calls it
    title_length: int | None = None  # None: it has no title
    title_required: bool = False
    forbidden: str = ""  # characters that neither may have
    most_hashtags: int | None = None
    most_mentions: int | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """A permission without which nothing can be published: any one of `scopes`."""

    scopes: frozenset[str]
    words: str  # what it allows: "upload videos"


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything about a platform that a check needs."""

    file: FileLimits
    words: WordLimits
    choices: Mapping[str, Choice]
    needs: tuple[Need, ...] = ()
    caps: tuple[Cap, ...] = ()
    consent: str | None = None  # version of the words a person must agree to before anything is sent
    #: What no table can say: rules across options, each giving a problem or None.
    rules: tuple[Callable[[Mapping[str, JsonValue]], Problem | None], ...] = ()
    #: The same, where the file is part of it; many only warn.
    remarks: tuple[Callable[[Mapping[str, JsonValue], Facts], Problem | None], ...] = ()

    def lacking(self, scopes: Collection[str]) -> tuple[Need, ...]:
        """What was not allowed. A platform that does not say what was allowed (no scopes at all) lacks nothing."""
        return tuple(one for one in self.needs if scopes and not one.scopes & set(scopes))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants for one channel, as a check sees it."""

    channel_id: str
    caption: str
    title: str | None
    options: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Live:
    """What the platform offers this account right now."""

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)  # option -> why it cannot be switched on
    most_seconds: float | None = None
    blocked: Problem | None = None  # nothing may be posted now, and why
    shown: Mapping[str, JsonValue] = field(default_factory=dict)  # for a face to show
