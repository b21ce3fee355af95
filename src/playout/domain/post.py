"""A post: one video, its wording (shared, and per channel where it differs), and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from playout.domain.delivery import Delivery, JsonValue, State
from playout.domain.rendition import Fit

#: One save writes the post and all its deliveries at once; DynamoDB allows 100 items in such a save.
MOST_DESTINATIONS = 20


class PostState(StrEnum):
    """What people see: the draft's own life first, then what its deliveries add up to."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    PARTIALLY_PUBLISHED = "partially_published"
    NEEDS_YOU = "needs_you"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed that this goes to the platform, when, through what, and to which words."""

    at: datetime
    by: str  # person or token id
    via: str  # web, api, cli, …
    text: str  # version of the wording agreed to


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody who may not publish asked for it: still open, or rejected with a word why."""

    asked_at: datetime
    asked_by: str  # person or token id
    rejected_at: datetime | None = None
    rejected_by: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a post goes, and what differs there."""

    channel_id: str
    caption: str | None = None  # None: the post's own
    title: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    consent: Consent | None = None
    fit: Fit | None = None  # not None: a person chose that a copy made to fit is sent, not the file itself


@dataclass(frozen=True, slots=True)
class Post:
    """The record. Its deliveries are records of their own, made when it is scheduled."""

    id: str
    workspace_id: str
    video_id: str
    caption: str
    destinations: tuple[Destination, ...]
    created_at: datetime
    title: str | None = None
    hashtags: tuple[str, ...] = ()
    scheduled_at: datetime | None = None  # None: a draft without a time
    timezone: str = "UTC"  # IANA name, for showing the time
    draft: bool = False
    version: int = 0
    approval: Approval | None = None  # of a draft

    @property
    def awaits_approval(self) -> bool:
        """Whether it is somebody else's turn to say that it may go out."""
        return self.draft and self.approval is not None and self.approval.rejected_at is None

    def destination(self, channel_id: str) -> Destination | None:
        """What was wanted for this channel."""
        return next((one for one in self.destinations if one.channel_id == channel_id), None)

    def caption_for(self, destination: Destination) -> str:
        """The caption as it will be sent: the channel's own or the shared one, then the hashtags it lacks."""
        caption = self.caption if destination.caption is None else destination.caption
        words = set(caption.lower().split())
        missing = [tag for tag in map(_hashtag, self.hashtags) if tag.lower() not in words]
        return " ".join([caption, *missing]).strip()

    def title_for(self, destination: Destination) -> str | None:
        """The title as it will be sent."""
        return self.title if destination.title is None else destination.title


def state_of(post: Post, deliveries: Iterable[Delivery]) -> PostState:
    """What a post's deliveries add up to. What waits for a person wins, then what still moves."""
    states = {one.state for one in deliveries}
    if not states:
        if post.awaits_approval:
            return PostState.AWAITING_APPROVAL
        return PostState.DRAFT if post.draft else PostState.CANCELLED
    if states & {State.HELD, State.UNCONFIRMED}:
        return PostState.NEEDS_YOU
    if states & {State.SENDING, State.PROCESSING}:
        return PostState.PUBLISHING
    if State.WAITING in states:
        return PostState.SCHEDULED if states == {State.WAITING} else PostState.PUBLISHING
    live = states & {State.PUBLISHED, State.HANDED_OVER}
    if live and State.FAILED in states:
        return PostState.PARTIALLY_PUBLISHED
    if live:
        return PostState.PUBLISHED if State.PUBLISHED in states else PostState.PUBLISHING
    return PostState.FAILED if State.FAILED in states else PostState.CANCELLED


def _hashtag(tag: str) -> str:
    return tag if tag.startswith("#") else f"#{tag}"
