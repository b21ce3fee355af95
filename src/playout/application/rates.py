"""Our own count of calls, so that a platform's cap is respected before it is hit."""

from collections.abc import Mapping
from datetime import timedelta

from playout.application.ports import Clock, Platform, Store
from playout.domain.caps import Cap
from playout.domain.channel import Channel
from playout.domain.delivery import JsonValue
from playout.domain.retry import Kind, PlatformFailure, Turn

#: How a look and a question for live options are named where calls are counted.
LOOK = "look"
LIVE = "live"
#: The platform counts a call when it arrives, which is later than when we do: until then it is still within the time.
ON_ITS_WAY = timedelta(seconds=3)


class Rates:
    """Counts per account, whichever workspaces it is connected to; or for all accounts of our app."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def respect(
        self, channel: Channel, platform: Platform, step: str, options: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Counts one call of this kind. Raises LATER, with the time when one is free, where a cap is used up."""
        for number, cap in enumerate(platform.limits.caps):
            if cap.step == step and cap.certain and cap.applies(options or {}):
                await self._count(channel, cap, number)

    async def _count(self, channel: Channel, cap: Cap, number: int) -> None:
        now = self._clock.now()
        day = cap.day_of(now)
        who = "app" if cap.of_app else channel.profile.remote_id
        when = f":{day[0]:%Y-%m-%dT%H}" if day else ""
        key = f"rate:{channel.platform}:{who}:{cap.step}:{number}{when}"
        free_at = await self._store.ephemera.allow(key, cap.limit, cap.length + ON_ITS_WAY, now)
        if free_at:
            raise PlatformFailure(
                Kind.LATER, "own_rate", _words(channel, cap), turn=Turn.US, retry_at=day[1] if day else free_at
            )


def _words(channel: Channel, cap: Cap) -> str:
    return f"{channel.platform} takes {cap.limit} {cap.what} {cap.in_words}; this one waits its turn."
