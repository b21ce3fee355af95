"""Kinds of failure, whose turn it is, and how long to wait before the next try.

A platform's adapter names the kind, where the failure is understood; nobody else reads a platform's answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

from playout.domain.errors import PlayoutError

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=30)
#: With waits growing to half an hour, this many tries span about half a day; then a person is asked.
MOST_TRIES = 30


class Kind(StrEnum):
    """What a failure means for the delivery."""

    AGAIN = "again"  # transient: try again after a wait with jitter
    LATER = "later"  # a rate or quota: try again at the time it lifts
    SIGN_IN = "sign_in"  # the channel's grant is dead: hold all its deliveries until it is reconnected
    CHOOSE = "choose"  # a choice is no longer offered: hold this delivery until a person chooses
    NEVER = "never"  # final
    UNSURE = "unsure"  # the write may have happened: look; if that cannot settle it, unconfirmed


class Turn(StrEnum):
    """Who can do something about it."""

    YOU = "you"
    PLATFORM = "platform"
    US = "us"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a delivery is where it is, in words a person can act on."""

    code: str
    message: str
    whose_turn: Turn


class PlatformFailure(PlayoutError):
    """A platform said no, or said nothing. `code` is ours or the platform's; no raw body ever travels in it."""

    code = "platform_failure"

    def __init__(
        self,
        kind: Kind,
        code: str,
        sentence: str,
        *,
        turn: Turn = Turn.PLATFORM,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(sentence, code=code)
        self.kind = kind
        self.turn = turn
        self.retry_at = retry_at

    @property
    def reason(self) -> Reason:
        """The failure as it is kept on the delivery."""
        return Reason(self.code, self.sentence, self.turn)


def wait_before(tries: int, random: Random) -> timedelta:
    """How long to wait after `tries` failures in a row: doubling from 5 s to 30 min, ± 20 % so that a crowd spreads."""
    grown: timedelta = FIRST_WAIT * 2 ** min(max(tries - 1, 0), 16)
    return min(grown, LONGEST_WAIT) * random.uniform(0.8, 1.2)
