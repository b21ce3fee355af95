"""The hands of one process: how many handlers run at once, and how they end. Where wakes come from is not known."""

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable

from playout.application.ports import Handler
from playout.domain.errors import Misconfigured

log = logging.getLogger(__name__)


class Crew:
    """Runs handlers, `slots` at most; a hand is taken by a key, and free again when its handler has ended."""

    def __init__(self, slots: int) -> None:
        if slots < 1:
            raise Misconfigured(f"There must be at least one worker slot, not {slots}")
        self.held: set[Hashable] = set()
        self.dismissed = False
        self._slots = slots
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    @property
    def idle(self) -> int:
        """Hands that can take work now; none after `dismiss`."""
        return 0 if self.dismissed else self._slots - len(self.held)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns when it holds. It is looked at whenever a hand is taken or freed, and on `stir`."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def stir(self) -> None:
        """Has those who wait in `until` look again."""
        self._changed.set()

    def hold(self, keys: Collection[Hashable]) -> None:
        """Takes a hand for each of these before their handlers start."""
        self.held.update(keys)
        self.stir()

    def release(self, keys: Collection[Hashable]) -> None:
        """Frees the hands of these."""
        self.held.difference_update(keys)
        self.stir()

    def start(self, key: Hashable, handler: Handler, name: str) -> asyncio.Task[None]:
        """Runs the handler. What it raises is logged and goes no further; the task only ever ends cancelled or well."""
        self.hold([key])
        task = asyncio.create_task(_guarded(handler, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self.release([key]))
        return task

    async def dismiss(self, grace: float) -> None:
        """Takes nothing more on; gives what runs `grace` seconds to finish, then cancels it and waits for that."""
        self.dismissed = True
        self.stir()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _guarded(handler: Handler, name: str) -> None:
    try:
        await handler(name)
    except Exception:
        log.exception("engine.handler_failed", extra={"wake": name})
