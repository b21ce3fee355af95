"""What emulated Facebook remembers of a video, from its start to its numbers."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from playout_sandbox.media import Found
from playout_sandbox.meta.rupload import Slot

METRICS = (
    "blue_reels_play_count",
    "fb_reels_total_plays",
    "fb_reels_replay_count",
    "post_impressions_unique",
    "post_video_avg_time_watched",
    "post_video_view_time",
    "post_video_followers",
)


class Phase(StrEnum):
    """Where a phase is. How COMPLETE is spelt is a setting."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ERROR = "error"


class Wanted(StrEnum):
    """What finish asked for."""

    NOTHING = ""
    PUBLISHED = "PUBLISHED"
    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why processing or publishing failed."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A cover picture."""

    id: str
    preferred: bool
    size: int


@dataclass(slots=True)
class Video:
    """A reel or a long video. It exists, unpublished, from its start on."""

    id: str
    page: str
    at: float
    request: int  #: the platform request that last moved it
    slot: Slot
    reel: bool = True
    session: str = ""  #: upload_session_id of a long video
    wanted: Wanted = Wanted.NOTHING
    description: str = ""
    title: str = ""
    scheduled: float = 0.0  #: when to publish, for SCHEDULED
    processing: Phase = Phase.NOT_STARTED
    publishing: Phase = Phase.NOT_STARTED
    problem: Problem | None = None
    found: Found | None = None
    judged: asyncio.Event = field(default_factory=asyncio.Event)  #: whether it is a good video is known
    processed: asyncio.Event = field(default_factory=asyncio.Event)  #: and told
    published_at: float = 0.0  #: 0: not public
    post_id: str = ""  #: the last part of the id of its post on the Page
    thumbnails: list[Thumbnail] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*METRICS, "likes", "comments", "shares"), 0))

    @property
    def public(self) -> bool:
        """Whether it stands on the Page now."""
        return self.publishing is Phase.COMPLETE and self.wanted is Wanted.PUBLISHED
