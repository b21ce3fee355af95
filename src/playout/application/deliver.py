"""The law of a step. Nobody else calls `Platform.step`.

1. Load the delivery. If a fence stands, look, never step.
2. If the coming write may not be repeated, save the fence first. A lost race ends here.
3. One step: at most one external write that matters.
4. Save the outcome and lift the fence in one conditional save, before anything else is sent.
5. Note an event: state, code, duration; never a token, never a body.
"""

import logging
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

from playout.application.grants import Grants
from playout.application.hand import Hand
from playout.application.holding import Holding
from playout.application.meter import DELIVERIES, STEP_FAILURES, STEP_SECONDS
from playout.application.ports import Clock, Ref, Store, Task, Work
from playout.application.ports.house import Meter
from playout.application.rates import LOOK, Rates
from playout.application.ready import Preparation, Ready, sealed
from playout.domain import delivery as moves
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, Next, Outcome, Receipt, State
from playout.domain.errors import FileGone, LostHand, NotFound, PlayoutError, Stale, Unavailable
from playout.domain.event import Event, happened
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.verdict import after_failure

log = logging.getLogger(__name__)

A_WHILE = timedelta(minutes=1)


class Deliver:
    """Handler of the engine: carries one delivery as far as it goes without waiting."""

    def __init__(
        self,
        store: Store,
        preparation: Preparation,
        grants: Grants,
        holding: Holding,
        clock: Clock,
        random: Random,
        meter: Meter,
    ) -> None:
        self._store = store
        self._preparation = preparation
        self._grants = grants
        self._holding = holding
        self._rates = Rates(store, clock)
        self._clock = clock
        self._random = random
        self._meter = meter

    async def __call__(self, name: str) -> None:
        """Handles one wake: `workspace/delivery/version`, the version being the one that the claim left.

        A second copy of a wake finds a later version once the first has saved anything, and does nothing: it must
        not look at a write which the first is just sending.
        """
        workspace_id, delivery_id, version = name.split("/")
        try:
            work = await self._store.deliveries.work(Ref(workspace_id, delivery_id))
        except NotFound:
            return
        in_hand = work.delivery.in_hand_until
        if work.delivery.version != int(version) or in_hand is None or in_hand <= self._clock.now():
            return
        async with Hand(self._store, self._clock, work.delivery) as hand:
            try:
                going: Work | None = work
                while going:
                    going = await self._advance(going, hand)
            except LostHand:
                log.info("delivery.lost_hand", extra={"delivery_id": delivery_id})

    async def _advance(self, work: Work, hand: Hand) -> Work | None:
        """One step or look, saved. Gives what the next one starts from, if it follows at once."""
        began = time.monotonic()
        looked = work.delivery.fence is not None
        ready: Ready | None = None
        try:
            ready = await self._preparation.ready(work)
            outcome = await (self._look if looked else self._step)(work, ready, hand)
            moved = self._after(hand.delivery, outcome, ready)
        except (LostHand, Unavailable):
            raise  # nothing can be saved now: the record falls out of hand and is met again
        except Exception as error:  # noqa: BLE001 -- an adapter's own mistakes are failures too
            failure = _named(error, hand.delivery, looked=looked)
            self._meter.count(STEP_FAILURES, platform=work.delivery.platform, kind=failure.kind)
            moved = await self._failed(work, hand.delivery, failure, looked=looked, ready=ready)
        seconds, step = time.monotonic() - began, LOOK if looked else hand.delivery.step
        saved = await hand.save(moved, self._events(work.delivery, moved, round(seconds * 1000)))
        self._measure(work.delivery, saved, step, seconds)
        if ready is None:
            return None
        await self._published(ready.opened.channel, saved)
        if saved.in_hand_until is None:
            return None
        return replace(work, delivery=saved, channel=ready.opened.channel)

    def _measure(self, before: Delivery, after: Delivery, step: str, seconds: float) -> None:
        self._meter.observe(STEP_SECONDS, seconds, platform=after.platform, step=step)
        if before.state is not after.state:
            self._meter.count(DELIVERIES, platform=after.platform, state=after.state)

    # ── the step and the look ───────────────────────────────────────────────────────────────────

    async def _step(self, work: Work, ready: Ready, hand: Hand) -> Outcome:
        delivery = hand.delivery
        if delivery.state is State.WAITING:
            ready.check()
            first = ready.platform.begin(self._task(delivery, ready, hand))
            delivery = moves.begin(delivery, first, sealed(delivery, first, ready.opened))
        await self._rates.respect(work.channel, ready.platform, delivery.step, ready.destination.options)
        await self._not_closed(delivery.workspace_id)
        if delivery.repeatable:
            hand.delivery = delivery
        else:
            delivery = await hand.save(moves.put_fence(delivery, self._clock.now()))
        hand.still_ours()
        return await hand.during(ready.platform.step(self._task(delivery, ready, hand)))

    async def _not_closed(self, workspace_id: str) -> None:
        """Of a workspace that is being deleted nothing is sent any more: it is held until it goes too."""
        workspace = await self._store.workspaces.get(workspace_id)
        if workspace.closed_at:
            sentence = "The workspace is being deleted: nothing is sent any more."
            raise PlatformFailure(Kind.CHOOSE, "workspace_closed", sentence, turn=Turn.YOU)

    async def _look(self, work: Work, ready: Ready, hand: Hand) -> Outcome:
        await self._rates.respect(work.channel, ready.platform, LOOK)
        return await hand.during(ready.platform.look(self._task(hand.delivery, ready, hand)))

    def _task(self, delivery: Delivery, ready: Ready, hand: Hand) -> Task:
        return ready.task(delivery, self._clock.now(), partial(hand.watched, ready.read))

    # ── after ───────────────────────────────────────────────────────────────────────────────────

    def _after(self, delivery: Delivery, outcome: Outcome, ready: Ready) -> Delivery:
        coming = outcome if isinstance(outcome, Next) else outcome.then
        return moves.advance(delivery, outcome, sealed(delivery, coming, ready.opened), self._clock.now())

    async def _failed(
        self, work: Work, delivery: Delivery, failure: PlatformFailure, *, looked: bool, ready: Ready | None
    ) -> Delivery:
        if failure.kind is Kind.SIGN_IN:
            failure = await self._signed_out(work, failure, ready)
        return after_failure(delivery, failure, looked=looked, now=self._clock.now(), random=self._random)

    async def _signed_out(self, work: Work, failure: PlatformFailure, ready: Ready | None) -> PlatformFailure:
        """A refused token may be an old one: renewed, it is only a transient failure. Else the channel broke."""
        before = work.delivery.reason.code if work.delivery.reason else ""
        if ready and ready.opened.grant.refresh_token and before != failure.code:
            try:
                await self._grants.renewed(ready.opened, ready.platform)
            except PlatformFailure as still:
                failure = still
            else:
                return PlatformFailure(Kind.AGAIN, failure.code, failure.sentence, turn=Turn.US)
        if failure.kind is Kind.SIGN_IN:
            channel = await self._store.channels.get(work.channel.workspace_id, work.channel.id)
            await self._holding.broke(channel, failure.reason)
        return failure

    async def _published(self, channel: Channel, saved: Delivery) -> None:
        """Notes on the channel when it last published; to the minute, and not worth a second try."""
        last, at = channel.last_published_at, saved.receipt.published_at if saved.receipt else None
        if saved.state is not State.PUBLISHED or at is None or (last and at - last < A_WHILE):
            return
        try:
            await self._store.channels.save(replace(channel, last_published_at=at))
        except Stale:
            log.debug("channel.busy", extra={"channel_id": channel.id})

    def _events(self, before: Delivery, after: Delivery, milliseconds: int) -> list[Event]:
        """A line of history when something a person would want to know has changed; progress alone is none."""
        same_reason = (before.reason and before.reason.code) == (after.reason and after.reason.code)
        if before.state is after.state and same_reason:
            return []
        remarked = before.state is after.state is State.PUBLISHED  # it was told once that it is out
        return [
            happened(
                after,
                "delivery.remark" if remarked else f"delivery.{after.state}",
                self._clock.now(),
                state=after.state,
                why=after.reason,
                message=_receipt_words(after.receipt),
                milliseconds=milliseconds,
            )
        ]


def _named(error: Exception, delivery: Delivery, *, looked: bool) -> PlatformFailure:
    """The failure in whatever was raised. Behind a fence nothing is known; a look may always be tried again."""
    if isinstance(error, PlatformFailure):
        return error
    kind = Kind.UNSURE if delivery.fence and not looked else Kind.AGAIN
    if isinstance(error, FileGone) and kind is Kind.AGAIN and not looked:
        sentence = "The video's bytes are gone. Upload it again."
        return PlatformFailure(Kind.NEVER, error.code, sentence, turn=Turn.YOU)
    if isinstance(error, PlayoutError):
        return PlatformFailure(kind, error.code, error.sentence, turn=Turn.US)
    log.error("delivery.mistake", exc_info=error, extra={"delivery_id": delivery.id, "step": delivery.step})
    return PlatformFailure(kind, "internal_error", "Playout made a mistake here; it is in the log.", turn=Turn.US)


def _receipt_words(receipt: Receipt | None) -> str:
    return receipt.url or receipt.remote_id if receipt else ""
