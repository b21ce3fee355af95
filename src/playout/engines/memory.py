"""The engine of one process: wakes stand in memory, and are gone with it. The planner finds their records again.

Why PgQueuer's own in-memory form does not serve here: docs/decisions/0016-engine-in-memory.md.
"""

import logging
from collections.abc import Mapping

from playout.application.ports import Handler
from playout.engines.crew import Crew

log = logging.getLogger(__name__)

_Wake = tuple[str, str]  # kind, name


class MemoryEngine:
    """The Engine for the embedded set-up. A name runs once at a time; woken meanwhile, it runs once more after."""

    def __init__(self, slots: int) -> None:
        self._crew = Crew(slots)
        self._waiting: dict[_Wake, None] = {}  # in order; the same wake stands here once

    async def prepare(self) -> None:
        """Needs nothing."""

    async def wake(self, kind: str, name: str) -> None:
        self._waiting[kind, name] = None
        self._crew.stir()

    async def run(self, handlers: Mapping[str, Handler]) -> None:
        """Until `stop`; cancelled, it cancels what runs."""
        try:
            await self._serve(handlers)
            await self._crew.until(lambda: not self._crew.held)
        finally:
            await self._crew.dismiss(0)

    async def _serve(self, handlers: Mapping[str, Handler]) -> None:
        while not self._crew.dismissed:
            wake = self._next()
            if wake is None:
                await self._crew.until(lambda: self._crew.dismissed or self._next() is not None)
            else:
                del self._waiting[wake]
                kind, name = wake
                if kind in handlers:
                    _ = self._crew.start(wake, handlers[kind], name)
                else:
                    log.error("engine.unknown_kind", extra={"kind": kind})

    def free(self) -> int:
        return max(self._crew.idle - len(self._waiting), 0)

    async def room(self) -> None:
        await self._crew.until(lambda: self.free() > 0)

    async def stop(self, grace: float) -> None:
        await self._crew.dismiss(grace)

    def _next(self) -> _Wake | None:
        """The first that waits and does not run already, if there is a hand for it."""
        if self._crew.idle < 1:
            return None
        return next((wake for wake in self._waiting if wake not in self._crew.held), None)
