"""How far a delivery to Facebook is: the checkpoint, typed. What is at its default is not kept.

Holds the upload address; the law seals every checkpoint.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from playout.platforms.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Mark(Checkpoint):
    """Times are seconds since 1970; 0 is not yet."""

    round: int = 0  # beginnings at Facebook that came to nothing, for certain
    video_id: str = ""  # of the object that is published in the end
    # an upload
    upload_url: str = ""  # of a reel
    session: str = ""  # of a long video
    offset: int = 0
    end: int = 0  # of the next part of a long video
    detours: int = 0  # times that it was resumed since bytes were last accepted
    misses: int = 0  # times in a row that Facebook did not know the video
    # publishing
    asks: int = 0  # requests to publish whose outcome was not told
    ready_at: float = 0  # since when it has looked as if none of them had arrived
    refusal: Mapping[str, str] = field(default_factory=dict)  # of the only request, until the status bears it out
    since: float = 0  # of the wait that is going on

    def waited(self, now: datetime) -> timedelta:
        """How long the wait has been going on."""
        return timedelta(seconds=max(now.timestamp() - self.since, 0))

    def ready_for(self, now: datetime) -> timedelta:
        """How long it has looked as if nothing had been asked."""
        return timedelta(seconds=max(now.timestamp() - self.ready_at, 0)) if self.ready_at else timedelta(0)
