"""How far a delivery to TikTok is: the checkpoint, typed. What is at its default is not kept.

Holds the upload address, which is a secret; the law seals every checkpoint.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playout.platforms.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Mark(Checkpoint):
    """Times are seconds since 1970; 0 is not yet."""

    round: int = 0  # beginnings at TikTok that came to nothing, for certain
    username: str = ""  # as creator_info had it
    publish_id: str = ""
    # an upload
    upload_url: str = ""
    issued_at: float = 0
    chunk: int = 0
    count: int = 0
    offset: int = 0
    detours: int = 0  # times that it was resumed since bytes were last accepted
    last_was_sent: bool = False  # the last byte was under way at least once: TikTok may have all of them
    dead: bool = False  # the upload address is refused
    # a pull
    nonce: str = ""
    pulls: int = 0  # addresses that were switched off before TikTok had the file
    # afterwards
    since: float = 0  # of the wait that is going on
    in_inbox: bool = False

    def end_of_chunk(self, size: int) -> int:
        """Where the chunk that holds `offset` ends (not with that byte). The last one takes the remainder."""
        place = self.offset // self.chunk
        return size if place >= self.count - 1 else (place + 1) * self.chunk

    def followed_since(self, now: datetime) -> "Mark":
        """TikTok has everything: what only the transfer needed goes, the upload address above all."""
        return Mark(
            round=self.round,
            username=self.username,
            publish_id=self.publish_id,
            issued_at=self.issued_at,
            nonce=self.nonce,
            since=now.timestamp(),
        )

    @property
    def issued(self) -> datetime:
        """When the upload address was asked for."""
        return datetime.fromtimestamp(self.issued_at, UTC)

    def waited(self, now: datetime) -> timedelta:
        """How long the wait has been going on."""
        return timedelta(seconds=max(now.timestamp() - self.since, 0))
