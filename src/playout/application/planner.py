"""The planner: about once a second, claims what is due and not in hand, and wakes it in the engine.

The same sweep is the recovery: what a crash left behind falls out of hand and is claimed again. There is no second
place where timing lives.
"""

import logging
from random import Random

from playout.application.hand import LEASE
from playout.application.meter import CLAIMED, PLANNER_TICK
from playout.application.ports import Clock, Engine, Store
from playout.application.ports.house import Meter
from playout.domain.errors import Unavailable

log = logging.getLogger(__name__)

TICK = 1.0  # seconds between two looks at an idle store
BREATH = 0.03  # seconds in which a busy engine frees more than one hand, so that a claim is worth its price
DELIVERY = "delivery"
CHORE = "chore"


class Planner:
    """Claims no more than this process could run: what it leaves, another one takes."""

    def __init__(self, store: Store, engine: Engine, clock: Clock, random: Random, meter: Meter) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._random = random
        self._meter = meter

    async def run(self) -> None:
        """Until cancelled. A store that does not answer is asked again; nothing is forgotten meanwhile."""
        while True:
            try:
                found = await self.tick()
            except Unavailable as error:
                log.warning("planner.store_unavailable", extra={"code": error.code})
                found = 0
            if found:
                await self._engine.room()
                await self._clock.sleep(BREATH)
            else:
                await self._clock.sleep(TICK * self._random.uniform(0.9, 1.1))

    async def tick(self) -> int:
        """One look: says how much it woke."""
        now = self._clock.now()
        until = now + LEASE
        room = self._engine.free()
        if room <= 0:
            return 0
        deliveries = await self._store.deliveries.claim(now, until, room)
        for ref in deliveries:  # before anything else is asked: what is claimed and not woken waits for its hold to end
            self._meter.count(CLAIMED, kind=DELIVERY)
            await self._engine.wake(DELIVERY, f"{ref.workspace_id}/{ref.id}/{ref.version}")
        chores = await self._store.chores.claim(now, until, max(room - len(deliveries), 1))
        self._meter.level(PLANNER_TICK, now.timestamp())
        for ref in chores:
            self._meter.count(CLAIMED, kind=CHORE)
            await self._engine.wake(CHORE, f"{ref.workspace_id}/{ref.id}")
        return len(deliveries) + len(chores)
