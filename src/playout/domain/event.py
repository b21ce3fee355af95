"""What happened, oldest first: for people, webhooks and the timeline. Never a token, never a body."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history. `subject_id` is a delivery, a post, a channel or a video."""

    id: str
    workspace_id: str
    subject_id: str
    kind: str  # delivery.published, channel.needs_reconnect, …
    at: datetime
    state: str = ""
    code: str = ""
    message: str = ""
    milliseconds: int | None = None
