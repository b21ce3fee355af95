"""How far a delivery to Instagram is: the checkpoint, typed. What is at its default is not kept.

May hold an upload address; the law seals every checkpoint.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playout.platforms.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Mark(Checkpoint):
    """Times are seconds since 1970; 0 is not yet."""

    round: int = 0  # containers that came to nothing at Instagram
    made: int = 0  # containers that were given up, for whatever reason
    nonce: str = ""  # of the address from which this container is fetched
    container: str = ""
    words: str = ""  # what the container was made of: login, and digest of the wording
    created_at: float = 0
    since: float = 0  # of the wait that is going on
    unseen: int = 0  # readings in a row that did not find the container
    # an upload
    uri: str = ""
    offset: int = 0
    detours: int = 0  # in a row: times that it had to be found out how far things are
    # the publication
    publish_at: float = 0  # of the first call that was not answered, or of the coming one
    asked_at: float = 0  # of the coming call
    publishes: int = 0  # calls of which nobody knows what became of them
    used: int = -1  # of the quota, before the last call; -1: not known
    others: int = 0  # posts that were seen to appear since then
    quiet_since: float = 0  # from when on the container has read as not published, without a break
    media: str = ""

    def waited(self, now: datetime) -> timedelta:
        """How long the wait has been going on."""
        return _between(self.since, now)

    def age(self, now: datetime) -> timedelta:
        """Of the container."""
        return _between(self.created_at, now)

    def quiet(self, now: datetime) -> timedelta:
        """How long the container has read as not published."""
        return _between(self.quiet_since, now) if self.quiet_since else timedelta(0)

    @property
    def first_try(self) -> datetime:
        """When it can have been published at the earliest."""
        return datetime.fromtimestamp(self.publish_at or self.created_at, UTC)

    @property
    def last_try(self) -> datetime:
        """When it was asked for last."""
        return datetime.fromtimestamp(self.asked_at or self.since, UTC)

    def is_late(self, now: datetime, most: timedelta) -> bool:
        """Whether the coming call was put off for longer than `most`."""
        return _between(self.asked_at, now) > most


def _between(begun: float, now: datetime) -> timedelta:
    return timedelta(seconds=max(now.timestamp() - begun, 0))
