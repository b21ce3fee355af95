"""Background work that is no delivery: each piece is a record with a due time, a handler and a versioned save."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Self

from playout.application.hand import LEASE, RENEW_EVERY
from playout.application.meter import CHORES
from playout.application.ports import Chore, Clock, Store
from playout.application.ports.house import Meter
from playout.domain.errors import NotFound, Stale, Unavailable
from playout.domain.retry import wait_before

log = logging.getLogger(__name__)

#: Does the work; gives the time when it is due again, or None when it is done for good. Safe to repeat.
ChoreHandler = Callable[[Chore], Awaitable[datetime | None]]


class Chores:
    """Handler of the engine for chores."""

    def __init__(
        self, store: Store, handlers: Mapping[str, ChoreHandler], clock: Clock, random: Random, meter: Meter
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._random = random
        self._meter = meter

    async def __call__(self, name: str) -> None:
        """Handles one wake: `workspace/kind:subject`."""
        workspace_id, _, chore_id = name.partition("/")
        chore = await self._store.chores.get(workspace_id, chore_id)
        if chore is None or chore.in_hand_until is None or chore.in_hand_until <= self._clock.now():
            return
        async with _Held(self._store, self._clock, chore) as held:
            due_at, tries, outcome = await self._do(chore)
        chore = held.chore
        try:
            if due_at is None:
                await self._store.chores.done(chore)
            else:
                await self._store.chores.save(replace(chore, due_at=due_at, in_hand_until=None, tries=tries))
        except Stale:
            log.info("chore.overtaken", extra={"kind": chore.kind})
            outcome = "overtaken"
        self._meter.count(CHORES, kind=chore.kind if chore.kind in self._handlers else "unknown", outcome=outcome)

    async def _do(self, chore: Chore) -> tuple[datetime | None, int, str]:
        """When it is due again, after how many failures in a row, and how it ended."""
        handler = self._handlers.get(chore.kind)
        if handler is None:
            log.error("chore.unknown", extra={"kind": chore.kind})
            return None, 0, "unknown"
        try:
            due_at = await handler(chore)
        except NotFound:
            return None, 0, "gone"  # what it was about is gone
        except Exception:
            log.exception("chore.failed", extra={"kind": chore.kind})
            tries = chore.tries + 1
            return self._clock.now() + wait_before(tries, self._random), tries, "failed"
        return due_at, 0, "again" if due_at else "done"


class _Held:
    """A chore in hand, kept there while it is being done: some take minutes."""

    def __init__(self, store: Store, clock: Clock, chore: Chore) -> None:
        self.chore = chore
        self._store = store
        self._clock = clock
        self._saving = asyncio.Lock()  # a renewal that was begun is ended, so that its version is known
        self._beat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._beat = asyncio.create_task(self._renewing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._saving:
            if self._beat:
                self._beat.cancel()

    async def _renewing(self) -> None:
        while True:
            await self._clock.sleep(RENEW_EVERY.total_seconds())
            async with self._saving:
                try:
                    self.chore = await self._store.chores.save(
                        replace(self.chore, in_hand_until=self._clock.now() + LEASE)
                    )
                except Stale:
                    return  # put again, or in other hands: whoever saves last will see
                except Unavailable:
                    continue
