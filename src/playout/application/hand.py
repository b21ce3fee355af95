"""A record in hand: held against other workers while a step runs, and saved by the one who holds it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

from playout.application.ports import Clock, Ref, Store
from playout.application.ports.guard import STILL_OURS
from playout.domain.delivery import Delivery
from playout.domain.errors import LostHand, Stale, Unavailable
from playout.domain.event import Event

T = TypeVar("T")
Read = Callable[[int, int], AsyncGenerator[bytes, None]]  # (start, length)

#: A record is claimed for this long; whoever works longer renews it, whoever dies loses it.
LEASE = timedelta(seconds=60)
RENEW_EVERY = LEASE / 4
#: While bytes leave, how many have is noted as often as a person would look.
NOTE_EVERY = timedelta(seconds=1)


class Hand:
    """Keeps a delivery in hand. Work done through `during` stops when the record went into other hands."""

    def __init__(self, store: Store, clock: Clock, delivery: Delivery) -> None:
        self.delivery = delivery
        self._store = store
        self._clock = clock
        self._until = delivery.in_hand_until or clock.now()
        self._sent: int | None = None  # bytes that have left since the last note
        self._lock = asyncio.Lock()  # a renewal and a save must not cross: the save moves the version
        self._beat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._beat = asyncio.create_task(self._renewing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beat:
            self._beat.cancel()
            with suppress(asyncio.CancelledError, LostHand):
                await self._beat

    async def during(self, work: Awaitable[T]) -> T:
        """The result of `work`, cancelled and LostHand raised when the record is no longer ours."""
        guarded = STILL_OURS.set(self.still_ours)  # for the task of the work, which takes it along
        doing = asyncio.ensure_future(work)
        STILL_OURS.reset(guarded)
        beat = self._beat
        if beat is None:
            return await doing
        try:
            await asyncio.wait({doing, beat}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not doing.done():
                doing.cancel()
                with suppress(asyncio.CancelledError):
                    await doing
        if doing.cancelled():
            raise LostHand
        return doing.result()

    async def save(self, delivery: Delivery, events: Sequence[Event] = ()) -> Delivery:
        """Saves it as ours, for as long as the last renewal said. Raises LostHand where somebody was faster."""
        async with self._lock:
            if delivery.in_hand_until:
                delivery = replace(delivery, in_hand_until=self._until)
            try:
                self.delivery = await self._store.deliveries.save(delivery, events)
            except Stale as faster:
                raise LostHand from faster
            return self.delivery

    def still_ours(self) -> None:
        """Raises LostHand if the hold has run out, as after a stall: asked right before anything is sent."""
        if self._until <= self._clock.now():
            raise LostHand

    async def watched(self, read: Read, start: int, length: int) -> AsyncIterator[bytes]:
        """The same bytes, counted as they leave."""
        at = start
        async with aclosing(read(start, length)) as pieces:
            async for piece in pieces:
                yield piece
                at += len(piece)
                self._sent = at

    async def _renewing(self) -> None:
        while True:
            await self._clock.sleep(NOTE_EVERY.total_seconds())
            now = self._clock.now()
            if self._sent is not None or now >= self._until - LEASE + RENEW_EVERY:
                async with self._lock:
                    await self._renew(now + LEASE)

    async def _renew(self, until: datetime) -> None:
        ref = Ref(self.delivery.workspace_id, self.delivery.id)
        sent, self._sent = self._sent, None
        try:
            await self._store.deliveries.keep(ref, self.delivery.version, until, sent)
        except Stale as faster:
            raise LostHand from faster
        except Unavailable:
            return  # the hold still runs; `still_ours` decides if it does not come back
        self._until = until
