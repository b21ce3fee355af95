"""How far a delivery to YouTube is: the checkpoint, typed. What is at its default is not kept.

Holds the session's address, which is a secret; the law seals every checkpoint.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from playout.platforms.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Mark(Checkpoint):
    """Times are seconds since 1970; 0 is not yet."""

    round: int = 0  # sessions that came to nothing, for certain
    # an upload
    session: str = field(default="", repr=False)  # its address
    begun_at: float = 0  # when the session was asked for: a video of ours cannot be older
    heard_at: float = 0  # when YouTube last said how much it has
    offset: int = 0  # bytes that YouTube has
    detours: int = 0  # times that YouTube was heard since it last had more
    last_was_sent: bool = False  # the last byte was under way at least once: there may be a video
    # afterwards
    video_id: str = ""
    since: float = 0  # of the wait that is going on
    seen: bool = False  # YouTube has shown the video
    missing_since: float = 0
    # published
    privacy: str = ""  # that the video has, where it is not the one that was chosen
    remark: str = ""  # on the cover, to be told with it

    def has(self, offset: int, session: str, now: datetime) -> "Mark":
        """YouTube says how much it has, and perhaps that the session has another address now."""
        detours = 0 if offset > self.offset else self.detours + 1
        session = session or self.session
        return replace(self, offset=offset, session=session, heard_at=now.timestamp(), detours=detours)

    def ended(self, now: datetime, video_id: str = "") -> "Mark":
        """The upload is over: what only it needed goes, the session's address above all."""
        return Mark(round=self.round, begun_at=self.begun_at, video_id=video_id, since=now.timestamp())

    def waited(self, now: datetime) -> timedelta:
        """How long the wait has been going on."""
        return _ago(self.since, now)

    def unheard(self, now: datetime) -> timedelta:
        """For how long YouTube has not said how much it has."""
        return _ago(self.heard_at, now)

    def missing(self, now: datetime) -> timedelta:
        """For how long YouTube has not shown the video."""
        return _ago(self.missing_since or now.timestamp(), now)


def _ago(then: float, now: datetime) -> timedelta:
    return timedelta(seconds=max(now.timestamp() - then, 0))
