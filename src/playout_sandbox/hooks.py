"""Webhooks from the sandbox to the program under test: at least once, with backoff, in no promised order.

What a body says and how it is signed is the platform's business; this file only delivers.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, field

import aiohttp

from playout_sandbox.clock import Clock
from playout_sandbox.config import Config

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_HOLD = 1.0  #: seconds a reordered webhook waits for another to overtake it


@dataclass(slots=True)
class Hook:
    """One event on its way to one address."""

    platform: str
    event: str
    url: str
    body: bytes
    sign: Callable[[bytes, int], Mapping[str, str]]  #: body, unix time -> headers
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Delivery:
    """What became of one event."""

    platform: str
    event: str
    facts: Mapping[str, object]
    attempts: list[int | str] = field(default_factory=list)  #: status, or the error's name, of each attempt
    delivered: bool = False
    dropped: bool = False


class Hooks:
    """Delivers each hook until its receiver answers 200, or for as long as the settings say."""

    def __init__(
        self,
        clock: Clock,
        spawn: Callable[[Coroutine[None, None, None]], None],
        config: Callable[[], Config],
    ) -> None:
        self._clock = clock
        self._spawn = spawn
        self._config = config
        self._deliveries: list[Delivery] = []
        self._held: list[Hook] = []

    def send(self, hook: Hook) -> None:
        """Begin to deliver; returns at once."""
        if self._config().hook_reorder and not self._held:
            self._held.append(hook)
            self._spawn(self._release_later())
        else:
            self._begin(hook)
            self._release()

    def view(self) -> list[dict[str, object]]:
        """What `GET /_sandbox/hooks` answers."""
        return [asdict(delivery) for delivery in self._deliveries]

    def clear(self) -> None:
        """Forget all of it."""
        self._deliveries.clear()
        self._held.clear()

    async def _release_later(self) -> None:
        await self._clock.sleep(_HOLD)
        self._release()

    def _release(self) -> None:
        while self._held:
            self._begin(self._held.pop())

    def _begin(self, hook: Hook) -> None:
        for _ in range(2 if self._config().hook_duplicate else 1):
            delivery = Delivery(hook.platform, hook.event, hook.facts)
            self._deliveries.append(delivery)
            self._spawn(self._deliver(hook, delivery))

    async def _deliver(self, hook: Hook, delivery: Delivery) -> None:
        began = self._clock.now()
        pause = self._config().hook_backoff
        while True:
            result = await self._attempt(hook)
            delivery.attempts.append(result)
            delivery.delivered = result == 200  # noqa: PLR2004  # only 200 counts, not every 2xx
            delivery.dropped = not delivery.delivered and (
                self._clock.now() + pause - began > self._config().hook_give_up
            )
            if delivery.delivered or delivery.dropped:
                return
            await self._clock.sleep(pause)
            pause *= 2

    async def _attempt(self, hook: Hook) -> int | str:
        headers = {
            "Content-Type": "application/json",
            **hook.sign(hook.body, int(self._clock.now())),
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as client,
                client.post(hook.url, data=hook.body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return type(error).__name__
