"""Webhooks: addresses that want to hear what happens in a workspace, and what was sent to each of them.

What is sent, and when again, stands here; signing and sending are the use case's and the egress's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from playout.domain.channel import WrappedKey
from playout.domain.event import Event

#: Kinds of events that webhooks may ask for.
ANNOUNCED = frozenset(
    {
        "post.scheduled",
        "delivery.published",
        "delivery.handed_over",
        "delivery.failed",
        "delivery.unconfirmed",
        "delivery.held",
        "channel.needs_reconnect",
        "channel.disconnected",
        "video.ready",
        "video.rejected",
    }
)
#: What a test sends. Nobody has to ask for it.
TEST = "webhook.test"
#: For so long the old key signs beside the new one.
OVERLAP = timedelta(hours=24)
#: Waits after the first, the second … failure: the whole of them is three days.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=18),
    timedelta(hours=22, minutes=30),
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The record. Its keys are sealed under `data_key`."""

    id: str
    workspace_id: str
    url: str
    created_at: datetime
    data_key: WrappedKey
    secret: bytes  # sealed
    events: tuple[str, ...] = ()  # kinds that it asks for; empty: all there are
    enabled: bool = True
    former_secret: bytes | None = None  # sealed; signs beside the new one until `former_until`
    former_until: datetime | None = None
    version: int = 0

    def wants(self, kind: str) -> bool:
        """Whether an event of this kind is to be sent there."""
        return self.enabled and (kind == TEST or not self.events or kind in self.events)

    def rotated(self, secret: bytes, now: datetime) -> "Webhook":
        """With a new key; the old one signs too for a while."""
        return replace(self, secret=secret, former_secret=self.secret, former_until=now + OVERLAP)


class SendingState(StrEnum):
    """How far one message to one webhook is."""

    PENDING = "pending"  # not yet, or again later
    DELIVERED = "delivered"
    FAILED = "failed"  # given up


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to one webhook: the record that is sent until it arrives. `id` is its name there too."""

    id: str
    workspace_id: str
    webhook_id: str
    kind: str
    body: str  # JSON, the same at every try
    created_at: datetime
    state: SendingState = SendingState.PENDING
    tries: int = 0
    due_at: datetime | None = None  # of the next try
    last_at: datetime | None = None
    status: int | None = None  # of the last answer; None: there was none
    code: str = ""  # why the last try failed
    version: int = 0

    def arrived(self, status: int, now: datetime) -> "Sending":
        """It was taken."""
        return self._tried(now, status=status, state=SendingState.DELIVERED, due_at=None, code="")

    def missed(self, code: str, status: int | None, now: datetime, wait: timedelta | None) -> "Sending":
        """It was not taken: again after `wait`; None: never."""
        state = SendingState.PENDING if wait else SendingState.FAILED
        return self._tried(now, status=status, state=state, due_at=now + wait if wait else None, code=code)

    def again(self, now: datetime) -> "Sending":
        """A person wants it sent once more, with all its tries."""
        return replace(self, state=SendingState.PENDING, tries=0, due_at=now, status=None, code="")

    def _tried(
        self, now: datetime, *, status: int | None, state: SendingState, due_at: datetime | None, code: str
    ) -> "Sending":
        return replace(self, tries=self.tries + 1, last_at=now, status=status, state=state, due_at=due_at, code=code)


def wait_after(tries: int) -> timedelta | None:
    """Before the next try, when so many have failed; None: it is given up."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None


def announced(events: Iterable[Event]) -> list[Event]:
    """Those that webhooks may ask for."""
    return [one for one in events if one.kind in ANNOUNCED]
