"""A process whose clock is wrong by as many seconds as its first argument says, and runs faster than real time.

Works on what is due until every delivery rests, or until its second argument's real seconds are over.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta

from playout.domain.delivery import State
from playout.domain.person import ALL_SCOPES, Actor
from playout.settings import Settings, current
from playout.wiring import House, open_house

ACTOR = Actor("ws_home", "clockwork", ALL_SCOPES, "cli")
SPEED = 60.0  # its seconds in one real one
OPEN = frozenset({State.WAITING, State.SENDING, State.PROCESSING})


class WrongClock:
    """Real time, moved and sped up."""

    def __init__(self, wrong_by: float) -> None:
        self._began = time.monotonic()
        self._start = datetime.now(UTC) + timedelta(seconds=wrong_by)  # noqa: TID251 -- this is a clock

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * SPEED)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


async def work(settings: Settings, wrong_by: float, patience: float) -> list[State]:
    """How the deliveries stand at the end."""
    until = time.monotonic() + patience
    async with open_house(settings, clock=WrongClock(wrong_by)) as house, house.working():
        while await moving(house) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        found = await house.services.deliveries.list(ACTOR, limit=200)
        return [one.state for one in found.items]


async def moving(house: House) -> bool:
    found = await house.services.deliveries.list(ACTOR, limit=200)
    return any(one.state in OPEN for one in found.items)


if __name__ == "__main__":
    sys.stdin.readline()  # whoever started it may want to know its number first
    asyncio.run(work(current({}).settings, float(sys.argv[1]), float(sys.argv[2])))
