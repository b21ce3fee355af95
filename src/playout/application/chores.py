"""Background work that is no delivery: each piece is a record with a due time, a handler and a versioned save."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from random import Random

from playout.application.ports import Chore, Clock, Store
from playout.domain.errors import NotFound, Stale
from playout.domain.retry import wait_before

log = logging.getLogger(__name__)

#: Does the work; gives the time when it is due again, or None when it is done for good. Safe to repeat.
ChoreHandler = Callable[[Chore], Awaitable[datetime | None]]


class Chores:
    """Handler of the engine for chores."""

    def __init__(self, store: Store, handlers: Mapping[str, ChoreHandler], clock: Clock, random: Random) -> None:
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._random = random

    async def __call__(self, name: str) -> None:
        """Handles one wake: `workspace/kind:subject`."""
        workspace_id, _, chore_id = name.partition("/")
        chore = await self._store.chores.get(workspace_id, chore_id)
        if chore is None or chore.in_hand_until is None or chore.in_hand_until <= self._clock.now():
            return
        due_at, tries = await self._do(chore)
        try:
            if due_at is None:
                await self._store.chores.done(chore)
            else:
                await self._store.chores.save(replace(chore, due_at=due_at, in_hand_until=None, tries=tries))
        except Stale:
            log.info("chore.overtaken", extra={"kind": chore.kind})

    async def _do(self, chore: Chore) -> tuple[datetime | None, int]:
        """When it is due again, and after how many failures in a row."""
        handler = self._handlers.get(chore.kind)
        if handler is None:
            log.error("chore.unknown", extra={"kind": chore.kind})
            return None, 0
        try:
            return await handler(chore), 0
        except NotFound:
            return None, 0  # what it was about is gone
        except Exception:
            log.exception("chore.failed", extra={"kind": chore.kind})
            tries = chore.tries + 1
            return self._clock.now() + wait_before(tries, self._random), tries
