"""Lists that lie in one small note of the store, changed by compare-and-swap: of sessions, of open invitations."""

import json
from collections.abc import Callable
from datetime import timedelta

from playout.application.ports import Clock
from playout.application.ports.store import Ephemera

#: By id, whatever is needed to find the thing itself.
Jots = dict[str, str]


class JotLists:
    """Lists of one kind. Each is kept for `kept` after its last change."""

    def __init__(self, ephemera: Ephemera, clock: Clock, kind: str, kept: timedelta) -> None:
        self._ephemera = ephemera
        self._clock = clock
        self._kind = kind
        self._kept = kept

    async def all(self, whose: str) -> Jots:
        """What stands in it, oldest first."""
        jots: Jots = json.loads(await self._ephemera.get(self._key(whose), self._clock.now()) or "{}")
        return jots

    async def add(self, whose: str, name: str, jot: str) -> None:
        """Puts it at the end."""
        await self._change(whose, lambda jots: {**jots, name: jot})

    async def drop(self, whose: str, *names: str) -> None:
        """Takes these out; what is not in it is fine."""
        await self._change(whose, lambda jots: {name: jot for name, jot in jots.items() if name not in names})

    async def stay(self, whose: str) -> None:
        """As it is, for longer."""
        await self._change(whose, lambda jots: jots)

    async def _change(self, whose: str, change: Callable[[Jots], Jots]) -> None:
        key = self._key(whose)
        while True:
            now = self._clock.now()
            old = await self._ephemera.get(key, now)
            new = json.dumps(change(json.loads(old or "{}")))
            if old is None:
                done = await self._ephemera.put_new(key, new, now + self._kept, now) is None
            else:
                done = await self._ephemera.replace(key, old, new, now + self._kept)
            if done:
                return

    def _key(self, whose: str) -> str:
        return f"{self._kind}:{whose}"
