"""What emulated Instagram remembers: codes, grants, tokens, containers and reels.

Accounts are shared with Facebook Login: `meta.records.Account`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from playout_sandbox.meta.rupload import Slot

METRICS = (
    "views",
    "reach",
    "likes",
    "comments",
    "saved",
    "shares",
    "total_interactions",
    "ig_reels_avg_watch_time",
    "ig_reels_video_view_total_time",
    "reels_skip_rate",
    "reposts",
    "crossposted_views",
    "facebook_views",
    "total_likes",
    "total_comments",
    "total_views",
)  #: those of a reel that are valid now (section 9)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorisation code on its way back."""

    account: str
    redirect_uri: str
    scopes: tuple[str, ...]
    expires: float


@dataclass(slots=True)
class Grant:
    """One connection of one account to the app, whichever tokens stand for it."""

    account: str
    scopes: tuple[str, ...]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """What an access token of Instagram Login stands for."""

    token: str
    grant: Grant
    issued: float
    expires: float
    long: bool


class Stage(StrEnum):
    """Where a container is by itself; `EXPIRED` and what `status_lag` hides are worked out when somebody asks."""

    WAITING = "WAITING"  #: for uploaded bytes; told as IN_PROGRESS
    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    ERROR = "ERROR"
    PUBLISHED = "PUBLISHED"
    EXPIRED = "EXPIRED"


@dataclass(slots=True)
class Container:
    """What `POST /media` made. It never tells which media it became."""

    id: str
    account: str
    at: float
    request: int  #: the platform request that last moved it
    caption: str
    video_url: str = ""  #: empty for an upload
    cover_url: str = ""
    thumb_offset: float = 0.0  #: milliseconds
    options: Mapping[str, object] = field(default_factory=dict)
    stage: Stage = Stage.IN_PROGRESS
    subcode: int = 0  #: of the error it ended with
    published_at: float = 0.0
    media: str = ""
    flaked: bool = False  #: a read was refused once already (38)
    slot: Slot = field(default_factory=lambda: Slot(""))  #: the bytes


@dataclass(slots=True)
class Media:
    """A reel that exists."""

    id: str
    container: str
    account: str
    at: float
    caption: str
    shortcode: str
    flaked: bool = False
    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METRICS, 0))
