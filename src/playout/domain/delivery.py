"""A delivery: one post to one channel. The record is the job.

The moves below are the only way a delivery changes. Each takes the record as loaded and gives the record to be
saved; the store saves it only if nobody was faster. A fence stands from just before a write that must not be
repeated until its outcome is known: while it stands, only a look is allowed, never a step.

    waiting ──► sending ──► processing ──► published
       │           │            │      └──► handed over ──► published
       │           ├──► held           ──► where it came from, once a person has acted
       │           ├──► unconfirmed    ──► whatever a look or a person finds
       │           └──► failed         ──► waiting, when a person repeats it
       └──► cancelled
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from playout.domain.errors import Conflict, UnsafeToRepeat
from playout.domain.retry import Kind, Reason, Turn

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | Mapping[str, JsonValue] | None"


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"  # for its time
    SENDING = "sending"  # before the point of no return
    PROCESSING = "processing"  # behind it: the platform has everything and works on it
    PUBLISHED = "published"
    HANDED_OVER = "handed_over"  # the creator finishes it on the phone
    HELD = "held"  # a person must act; then it goes on by itself
    UNCONFIRMED = "unconfirmed"  # the platform may have it; only a person can say
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def status(self) -> str:
        """The coarse word outside programs ask for: pending, uploaded, published or failed."""
        return _STATUS[self]


_STATUS = {
    State.WAITING: "pending",
    State.SENDING: "pending",
    State.HELD: "pending",
    State.PROCESSING: "uploaded",
    State.HANDED_OVER: "uploaded",
    State.UNCONFIRMED: "uploaded",
    State.PUBLISHED: "published",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
}

#: In these the planner must come back, so there is always a due time.
TRANSIENT = frozenset({State.WAITING, State.SENDING, State.PROCESSING})
#: Nothing is to be sent any more, whoever asks.
OVER = frozenset({State.PUBLISHED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Fence:
    """The mark saved before a write that must not be repeated."""

    step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of publication. `url` may come later than the rest: platforms moderate first."""

    remote_id: str
    url: str | None
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Next:
    """What a step leads to: another step. Times are durations from now; `after=None` rests (handed over only)."""

    step: str
    checkpoint: Mapping[str, JsonValue] = field(default_factory=dict)
    repeatable: bool = True  # whether the coming step may be sent twice without harm
    after: timedelta | None = timedelta(0)
    state: State = State.SENDING
    handle: str | None = None  # the platform's name for this work, by which its webhooks call it
    sent: int = 0  # bytes
    total: int = 0  # bytes


@dataclass(frozen=True, slots=True)
class Done:
    """It is published. `then` is what still completes the receipt; it can neither fail nor repeat the publication."""

    receipt: Receipt
    then: Next | None = None


Outcome: TypeAlias = Next | Done


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post to one channel. `checkpoint` is sealed; `version` counts saves, 0 is not saved yet."""

    id: str
    workspace_id: str
    post_id: str
    channel_id: str
    platform: str
    scheduled_at: datetime  # when the person wants it
    due_at: datetime | None  # when the planner must come back
    created_at: datetime
    state: State = State.WAITING
    version: int = 0
    step: str = ""  # the coming step; "" before the first
    repeatable: bool = True  # of the coming step
    checkpoint: bytes | None = None
    fence: Fence | None = None
    handle: str | None = None
    in_hand_until: datetime | None = None
    attempts: int = 0  # tries begun from the start
    tries: int = 0  # failures in a row
    sent: int = 0
    total: int = 0
    held_from: State | None = None
    held_for: Kind | None = None  # SIGN_IN: one reconnect releases it; CHOOSE: an edit does
    reason: Reason | None = None
    receipt: Receipt | None = None

    @property
    def wake_at(self) -> datetime | None:
        """When the planner has to look at it: its due time, or the end of somebody's hold on it if that is later."""
        if self.due_at is None or self.in_hand_until is None:
            return self.due_at
        return max(self.due_at, self.in_hand_until)


# ── inside the engine ────────────────────────────────────────────────────────────────────────────


def begin(delivery: Delivery, first: Next, sealed: bytes | None) -> Delivery:
    """The first step is known, `sealed` its checkpoint. Nothing has been sent."""
    _only(delivery, State.WAITING)
    return replace(
        _stepping(delivery, first),
        state=State.SENDING,
        checkpoint=sealed,
        due_at=delivery.due_at,
        attempts=delivery.attempts + 1,
    )


def put_fence(delivery: Delivery, now: datetime) -> Delivery:
    """The coming step must not be sent twice. This record is saved before it is sent."""
    _only(delivery, State.SENDING, State.PROCESSING)
    if delivery.fence:
        msg = "A fence stands already; look before anything else is sent."
        raise UnsafeToRepeat(msg)
    return replace(delivery, fence=Fence(delivery.step, now))


def advance(delivery: Delivery, outcome: Outcome, sealed: bytes | None, now: datetime) -> Delivery:
    """A step or a look gave an outcome. `sealed` is the outcome's checkpoint; the fence is lifted."""
    _only(delivery, State.SENDING, State.PROCESSING, State.HANDED_OVER, State.PUBLISHED)
    if isinstance(outcome, Done):
        moved = _published(delivery, outcome, sealed, now)
    elif delivery.state is State.PUBLISHED:
        moved = replace(_stepping(delivery, outcome), checkpoint=sealed, due_at=_due(outcome, now))
    else:
        moved = replace(
            _stepping(delivery, outcome),
            state=outcome.state,
            checkpoint=sealed,
            due_at=_due(outcome, now),
            reason=None,
        )
    goes_on = isinstance(outcome, Next) and outcome.after == timedelta(0)
    return replace(moved, fence=None, tries=0, in_hand_until=delivery.in_hand_until if goes_on else None)


def lift_fence(delivery: Delivery) -> Delivery:
    """It is known that the fenced write did not happen."""
    return replace(delivery, fence=None)


def postpone(delivery: Delivery, reason: Reason, at: datetime, *, failed: bool = True) -> Delivery:
    """Nothing is decided yet: come back at `at`. `failed` False: it was only too early, which counts as no try."""
    _only(delivery, State.WAITING, State.SENDING, State.PROCESSING, State.HANDED_OVER, State.PUBLISHED)
    return replace(delivery, due_at=at, reason=reason, tries=delivery.tries + failed, in_hand_until=None)


def hold(delivery: Delivery, kind: Kind, reason: Reason) -> Delivery:
    """A person must act. Fence and checkpoint stay: what was sent stays sent."""
    _only(delivery, State.WAITING, State.SENDING, State.PROCESSING, State.HANDED_OVER)
    return replace(
        delivery,
        state=State.HELD,
        held_from=delivery.state,
        held_for=kind,
        due_at=None,
        reason=reason,
        in_hand_until=None,
    )


def unconfirm(delivery: Delivery, reason: Reason) -> Delivery:
    """A look could not settle it. The fence stays, so that nothing repeats it."""
    _only(delivery, State.SENDING, State.PROCESSING)
    return replace(delivery, state=State.UNCONFIRMED, due_at=None, reason=reason, in_hand_until=None)


def fail(delivery: Delivery, reason: Reason) -> Delivery:
    """It is known that the platform has not published it and will not."""
    _only(delivery, State.WAITING, State.SENDING, State.PROCESSING, State.HANDED_OVER)
    return replace(_ended(delivery), state=State.FAILED, reason=reason)


def with_reason(delivery: Delivery, reason: Reason | None) -> Delivery:
    """The same, with this reason shown."""
    return replace(delivery, reason=reason)


def rest(delivery: Delivery) -> Delivery:
    """Nothing more to complete on a published delivery."""
    _only(delivery, State.PUBLISHED, State.HANDED_OVER)
    return replace(delivery, due_at=None, in_hand_until=None)


# ── from outside ─────────────────────────────────────────────────────────────────────────────────


def cancel(delivery: Delivery) -> Delivery:
    """A person takes it back. Possible as long as no write that could publish it was begun."""
    came_from = delivery.held_from if delivery.state is State.HELD else delivery.state
    if came_from not in {State.WAITING, State.SENDING} or delivery.fence:
        msg = f"It is {_words(delivery.state)}: too late to cancel."
        raise Conflict(msg, code="too_late")
    return replace(_ended(delivery), state=State.CANCELLED, reason=None)


def reschedule(delivery: Delivery, at: datetime) -> Delivery:
    """A person wants another time. Possible as long as nothing was begun."""
    _only(delivery, State.WAITING)
    if delivery.step:
        msg = "It is being sent already."
        raise Conflict(msg, code="too_late")
    return replace(delivery, scheduled_at=at, due_at=at, in_hand_until=None, tries=0)


def release(delivery: Delivery, now: datetime) -> Delivery:
    """The person has acted: it goes on where it was held."""
    _only(delivery, State.HELD)
    back = delivery.held_from or State.WAITING
    due = max(now, delivery.scheduled_at) if back is State.WAITING else now
    return replace(delivery, state=back, held_from=None, held_for=None, due_at=due, reason=None, tries=0)


def retry(delivery: Delivery, now: datetime) -> Delivery:
    """From the start again. Only where it is known that nothing was published."""
    if delivery.state is not State.FAILED or delivery.fence:
        msg = f"It is {_words(delivery.state)}: a repeat could publish it twice."
        raise UnsafeToRepeat(msg)
    return replace(delivery, state=State.WAITING, due_at=now, reason=None, handle=None)


def look_again(delivery: Delivery, now: datetime) -> Delivery:
    """Ask the platform once more; the fence still stands, so this can only be a look."""
    _only(delivery, State.UNCONFIRMED)
    return replace(delivery, state=State.PROCESSING, due_at=now, tries=0)


def resolve(delivery: Delivery, receipt: Receipt | None) -> Delivery:
    """A person looked: it is there (the receipt), or it is not (then it has failed, and may be repeated)."""
    _only(delivery, State.UNCONFIRMED)
    if receipt:
        return replace(_ended(delivery), state=State.PUBLISHED, receipt=receipt, reason=None)
    reason = Reason("not_there", "You looked, and it was not there. You can send it again.", Turn.YOU)
    return replace(_ended(delivery), state=State.FAILED, reason=reason)


def nudge(delivery: Delivery, now: datetime) -> Delivery:
    """News from the platform: come back now instead of later. Says nothing about what the news is."""
    if delivery.state is State.UNCONFIRMED:
        return look_again(delivery, now)
    held_by_a_worker = delivery.in_hand_until is not None and delivery.in_hand_until > now
    rests = delivery.due_at is None and delivery.state is not State.HANDED_OVER
    if rests or held_by_a_worker or (delivery.due_at and delivery.due_at <= now):
        return delivery
    return replace(delivery, due_at=now)


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _stepping(delivery: Delivery, coming: Next) -> Delivery:
    return replace(
        delivery,
        step=coming.step,
        repeatable=coming.repeatable,
        handle=coming.handle or delivery.handle,
        sent=max(coming.sent, 0),
        total=coming.total or delivery.total,
    )


def _published(delivery: Delivery, done: Done, sealed: bytes | None, now: datetime) -> Delivery:
    receipt = done.receipt
    if delivery.receipt:  # the first one stands; what came later completes it
        receipt = replace(delivery.receipt, remote_id=receipt.remote_id, url=receipt.url or delivery.receipt.url)
    over = replace(_ended(delivery), state=State.PUBLISHED, receipt=receipt, reason=None, sent=delivery.total)
    if done.then is None:
        return over
    return replace(_stepping(over, done.then), checkpoint=sealed, due_at=_due(done.then, now), sent=delivery.total)


def _ended(delivery: Delivery) -> Delivery:
    return replace(
        delivery,
        due_at=None,
        in_hand_until=None,
        checkpoint=None,
        fence=None,
        step="",
        repeatable=True,
        held_from=None,
        held_for=None,
        tries=0,
    )


def _due(coming: Next, now: datetime) -> datetime | None:
    if coming.after is None and coming.state in TRANSIENT:
        msg = f"the step {coming.step!r} would rest in a state that needs a due time"
        raise AssertionError(msg)
    return None if coming.after is None else now + coming.after


def _only(delivery: Delivery, *allowed: State) -> None:
    if delivery.state not in allowed:
        msg = f"It is {_words(delivery.state)}."
        raise Conflict(msg, code="wrong_state")


def _words(state: State) -> str:
    return state.value.replace("_", " ")
