"""Our own count of calls, so that a platform's rate is respected before it is hit."""

from playout.application.ports import Clock, Platform, Store
from playout.domain.channel import Channel
from playout.domain.retry import Kind, PlatformFailure, Turn

#: How a look and a question for live options are named where rates are counted.
LOOK = "look"
LIVE = "live"


class Rates:
    """Counts per account, whichever workspaces it is connected to."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def respect(self, channel: Channel, platform: Platform, step: str) -> None:
        """Counts one call of this kind. Raises LATER, with the time when one is free, where the rate is used up."""
        rate = platform.limits.rates.get(step)
        if rate is None:
            return
        key = f"rate:{channel.platform}:{channel.profile.remote_id}:{step}"
        free_at = await self._store.ephemera.allow(key, rate.limit, rate.window, self._clock.now())
        if free_at:
            sentence = f"{channel.platform} takes {rate.limit} of these a {rate.window}; this one waits its turn."
            raise PlatformFailure(Kind.LATER, "own_rate", sentence, turn=Turn.US, retry_at=free_at)
