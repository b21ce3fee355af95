"""The law of a step. Nobody else calls `Platform.step`.

1. Load the delivery. If a fence stands, look, never step.
2. If the coming write may not be repeated, save the fence first. A lost race ends here.
3. One step: at most one external write that matters.
4. Save the outcome and lift the fence in one conditional save, before anything else is sent.
5. Note an event: state, code, duration; never a token, never a body.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

from playout.application.grants import Grants, Opened
from playout.application.hand import Hand
from playout.application.holding import Holding
from playout.application.ports import Clock, Files, Platform, Ref, Store, Task, Work
from playout.application.pulls import Pulls
from playout.application.rates import LOOK, Rates
from playout.domain import delivery as moves
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, JsonValue, Next, Outcome, Receipt, State
from playout.domain.errors import FileGone, LostHand, NotFound, PlayoutError, Stale, Unavailable, Unreadable
from playout.domain.event import Event, happened
from playout.domain.post import Destination
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.verdict import after_failure
from playout.domain.video import Facts, VideoState

log = logging.getLogger(__name__)

STILL_PROBING = timedelta(seconds=2)
A_WHILE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a step needs, checked."""

    platform: Platform
    opened: Opened
    facts: Facts
    destination: Destination


class Deliver:
    """Handler of the engine: carries one delivery as far as it goes without waiting."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        files: Files,
        grants: Grants,
        holding: Holding,
        pulls: Pulls,
        clock: Clock,
        random: Random,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._files = files
        self._grants = grants
        self._holding = holding
        self._pulls = pulls
        self._rates = Rates(store, clock)
        self._clock = clock
        self._random = random

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
        opened: Opened | None = None
        try:
            ready = await self._ready(work)
            opened = ready.opened
            outcome = await (self._look if looked else self._step)(work, ready, hand)
            moved = self._after(hand.delivery, outcome, ready)
        except (LostHand, Unavailable):
            raise  # nothing can be saved now: the record falls out of hand and is met again
        except Exception as error:  # noqa: BLE001 -- an adapter's own mistakes are failures too
            failure = _named(error, hand.delivery, looked=looked)
            moved = await self._failed(work, hand.delivery, failure, looked=looked, opened=opened)
        milliseconds = round((time.monotonic() - began) * 1000)
        saved = await hand.save(moved, self._events(work.delivery, moved, milliseconds))
        if opened is None:
            return None
        await self._published(opened.channel, saved)
        if saved.in_hand_until is None:
            return None
        return replace(work, delivery=saved, channel=opened.channel)

    # ── before ──────────────────────────────────────────────────────────────────────────────────

    async def _ready(self, work: Work) -> Ready:
        platform = self._platforms.get(work.delivery.platform)
        if platform is None:
            sentence = f"Playout has no keys for {work.delivery.platform}. Set them and restart."
            raise PlatformFailure(Kind.CHOOSE, "not_configured", sentence, turn=Turn.YOU)
        destination = work.post.destination(work.channel.id)
        if destination is None or (platform.limits.consent and destination.consent is None):
            sentence = "Nobody has agreed yet to send this. Open the post and schedule it."
            raise PlatformFailure(Kind.CHOOSE, "consent_missing", sentence, turn=Turn.YOU)
        facts = _facts(work, self._clock.now())
        return Ready(platform, await self._grants.usable(work.channel, platform), facts, destination)

    # ── the step and the look ───────────────────────────────────────────────────────────────────

    async def _step(self, work: Work, ready: Ready, hand: Hand) -> Outcome:
        delivery = hand.delivery
        if delivery.state is State.WAITING:
            first = ready.platform.begin(self._task(work, delivery, ready, hand))
            delivery = moves.begin(delivery, first, _sealed(delivery, first, ready.opened))
        await self._rates.respect(work.channel, ready.platform, delivery.step)
        if delivery.repeatable:
            hand.delivery = delivery
        else:
            delivery = await hand.save(moves.put_fence(delivery, self._clock.now()))
        hand.still_ours()
        return await hand.during(ready.platform.step(self._task(work, delivery, ready, hand)))

    async def _look(self, work: Work, ready: Ready, hand: Hand) -> Outcome:
        await self._rates.respect(work.channel, ready.platform, LOOK)
        return await hand.during(ready.platform.look(self._task(work, hand.delivery, ready, hand)))

    def _task(self, work: Work, delivery: Delivery, ready: Ready, hand: Hand) -> Task:
        return Task(
            step=delivery.step,
            checkpoint=_unsealed(delivery, ready.opened),
            grant=ready.opened.grant,
            profile=work.channel.profile,
            size=work.video.size,
            filename=work.video.filename,
            facts=ready.facts,
            caption=work.post.caption_for(ready.destination),
            title=work.post.title_for(ready.destination),
            options=ready.destination.options,
            now=self._clock.now(),
            attempt=f"{delivery.id}.{delivery.attempts}",
            read=partial(hand.watched, partial(self._files.read, work.video.key)),
            pulls=self._pulls.of(work.video),
        )

    # ── after ───────────────────────────────────────────────────────────────────────────────────

    def _after(self, delivery: Delivery, outcome: Outcome, ready: Ready) -> Delivery:
        coming = outcome if isinstance(outcome, Next) else outcome.then
        return moves.advance(delivery, outcome, _sealed(delivery, coming, ready.opened), self._clock.now())

    async def _failed(
        self, work: Work, delivery: Delivery, failure: PlatformFailure, *, looked: bool, opened: Opened | None
    ) -> Delivery:
        if failure.kind is Kind.SIGN_IN:
            failure = await self._signed_out(work, failure, opened)
        return after_failure(delivery, failure, looked=looked, now=self._clock.now(), random=self._random)

    async def _signed_out(self, work: Work, failure: PlatformFailure, opened: Opened | None) -> PlatformFailure:
        """A refused token may be an old one: renewed, it is only a transient failure. Else the channel broke."""
        before = work.delivery.reason.code if work.delivery.reason else ""
        if opened and opened.grant.refresh_token and before != failure.code:
            try:
                await self._grants.renewed(opened, self._platforms[work.delivery.platform])
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
        return [
            happened(
                after,
                f"delivery.{after.state}",
                self._clock.now(),
                state=after.state,
                why=after.reason,
                message=_receipt_words(after.receipt),
                milliseconds=milliseconds,
            )
        ]


def _facts(work: Work, now: datetime) -> Facts:
    if work.video.state is VideoState.REJECTED:
        sentence = work.video.problems[0].message if work.video.problems else "The file cannot be used."
        raise PlatformFailure(Kind.NEVER, "video_rejected", sentence, turn=Turn.YOU)
    if work.video.facts is None:
        sentence = "The file is still being looked into."
        raise PlatformFailure(Kind.LATER, "probing", sentence, turn=Turn.US, retry_at=now + STILL_PROBING)
    return work.video.facts


def _sealed(delivery: Delivery, coming: Next | None, opened: Opened) -> bytes | None:
    if coming is None or not coming.checkpoint:
        return None
    return opened.box.seal(_field(delivery), json.dumps(coming.checkpoint).encode())


def _unsealed(delivery: Delivery, opened: Opened) -> Mapping[str, JsonValue]:
    if delivery.checkpoint is None:
        return {}
    try:
        kept: dict[str, JsonValue] = json.loads(opened.box.open(_field(delivery), delivery.checkpoint))
    except Unreadable as error:
        sentence = "How far this was cannot be decrypted any more: its key is gone."
        nothing_sent = delivery.state is State.SENDING and delivery.fence is None
        kind = Kind.NEVER if nothing_sent else Kind.UNSURE
        raise PlatformFailure(kind, "checkpoint_unreadable", sentence, turn=Turn.YOU) from error
    return kept


def _field(delivery: Delivery) -> str:
    return f"checkpoint:{delivery.id}"


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
