"""The sandbox's clock: real time plus an offset that tests may push forward.

Every lifetime, limit and delay of the emulated platforms reads this clock, so that a token that lives for two hours,
or a retry after 72 hours, can be tested at once. Faults that hold an answer back do not: they use real seconds.
"""

import asyncio
import time


class Clock:
    """Seconds since the epoch, movable. Never goes backwards, except on `reset`."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._moved = asyncio.Event()

    @property
    def offset(self) -> float:
        """Seconds this clock is ahead of the real one."""
        return self._offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset  # noqa: TID251  # this is the clock that the rest is passed

    def advance(self, seconds: float) -> None:
        """Move forward and wake every sleeper whose time has come. Raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._offset += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    def reset(self) -> None:
        """Back to real time."""
        self._offset = 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait by this clock: an `advance` past the end ends the wait at once."""
        until = self.now() + seconds
        while (left := until - self.now()) > 0:
            moved = self._moved
            try:
                async with asyncio.timeout(left):
                    await moved.wait()
            except TimeoutError:
                pass
