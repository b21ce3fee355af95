"""What a failure does to a delivery: the second half of the law, as one table of moves."""

from datetime import datetime, timedelta
from random import Random

from playout.domain import delivery as moves
from playout.domain.delivery import Delivery, State
from playout.domain.retry import MOST_TRIES, Kind, PlatformFailure, wait_before

#: A quota that does not say when it lifts is asked again after this time.
UNKNOWN_LIFT = timedelta(hours=1)
#: Completing a receipt is worth this many tries, no more.
MOST_TRIES_AFTER = 10


def after_failure(
    delivery: Delivery, failure: PlatformFailure, *, looked: bool, now: datetime, random: Random
) -> Delivery:
    """The record after a step (or, with `looked`, a look) raised `failure`.

    A step that raises anything but UNSURE is known not to have written, so its fence is lifted; after a look the
    fence stands until the look has found out.
    """
    if delivery.state in {State.PUBLISHED, State.HANDED_OVER}:
        return _after_publication(delivery, failure, now, random)
    if not looked and failure.kind is not Kind.UNSURE:
        delivery = moves.lift_fence(delivery)
    match failure.kind:
        case Kind.AGAIN:
            return _again(delivery, failure, now, random)
        case Kind.LATER:
            at = failure.retry_at or now + UNKNOWN_LIFT
            return moves.postpone(delivery, failure.reason, max(at, now + timedelta(seconds=1)), failed=False)
        case Kind.SIGN_IN | Kind.CHOOSE:
            return moves.hold(delivery, failure.kind, failure.reason)
        case Kind.NEVER:
            return moves.fail(delivery, failure.reason)
        case Kind.UNSURE:
            if looked or delivery.fence is None:
                return moves.unconfirm(delivery, failure.reason)
            return moves.postpone(delivery, failure.reason, now + wait_before(1, random))


def _again(delivery: Delivery, failure: PlatformFailure, now: datetime, random: Random) -> Delivery:
    if delivery.tries + 1 < MOST_TRIES:
        return moves.postpone(delivery, failure.reason, now + wait_before(delivery.tries + 1, random))
    if delivery.fence or delivery.state is State.PROCESSING:
        return moves.unconfirm(delivery, failure.reason)
    return moves.fail(delivery, failure.reason)


def _after_publication(delivery: Delivery, failure: PlatformFailure, now: datetime, random: Random) -> Delivery:
    """It is out of our hands: what fails now can only stop us from finding out more."""
    if failure.kind in {Kind.AGAIN, Kind.LATER, Kind.UNSURE} and delivery.tries < MOST_TRIES_AFTER:
        at = failure.retry_at or now + wait_before(delivery.tries + 1, random)
        kept = delivery.reason
        later = moves.postpone(delivery, failure.reason, at)
        return moves.with_reason(later, kept)
    if failure.kind is Kind.CHOOSE:  # something about it that a person should know, such as another visibility
        return moves.with_reason(moves.rest(delivery), failure.reason)
    return moves.rest(delivery)
