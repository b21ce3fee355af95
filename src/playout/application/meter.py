"""What the engine's side measures, and the meter that measures nothing. How figures are shown is not known here."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from urllib.parse import urlsplit

from playout.application.ports.house import Count, Duration, Level, Meter

DELIVERIES = Count("deliveries", "Deliveries that came into a state.", ("platform", "state"))
STEP_SECONDS = Duration("step_seconds", "Steps of deliveries, and looks, saved or failed.", ("platform", "step"))
STEP_FAILURES = Count("step_failures", "Steps and looks that failed, by kind of failure.", ("platform", "kind"))
CHORES = Count("chores", "Background work that is no delivery, by how it ended.", ("kind", "outcome"))
CLAIMED = Count("claimed", "Records that the planner took in hand.", ("kind",))
PLANNER_TICK = Level(
    "planner_last_tick_timestamp_seconds", "When the planner last asked the store what is due, as Unix time."
)
IN_HAND = Level("in_hand", "Pieces of work that this process has in hand.")
SLOTS = Level("worker_slots", "Pieces of work that this process can have in hand.")
CALLS = Count("platform_calls", "Requests to platforms, by status; none: no answer came.", ("platform", "status"))
CALL_SECONDS = Duration("platform_call_seconds", "Requests to platforms, until the answer was whole.", ("platform",))

#: Says whom a call is for that no base address fits.
OTHER = "other"
#: The call that the running task is making: its platform, and when it left.
_CALL: ContextVar[tuple[str, float]] = ContextVar("platform_call")


class NoMeter:
    """A meter for those who are not watched."""

    def count(self, measure: Count, **labels: str) -> None:
        return

    def observe(self, measure: Duration, seconds: float, **labels: str) -> None:
        return

    def level(self, measure: Level, value: float) -> None:
        return


class Calls:
    """Listens to every call that leaves for a platform. Of its address only the platform's name is kept.

    `bases`: base address to platform. A call belongs to the longest base that it lies below; an upload address that a
    platform handed back, to the base whose domain it shares.
    """

    def __init__(self, meter: Meter, bases: Mapping[str, str]) -> None:
        self._meter = meter
        self._bases = sorted(((base.rstrip("/"), name) for base, name in bases.items()), key=lambda one: -len(one[0]))
        self._domains = {domain: name for base, name in self._bases if (domain := _domain(base))}

    async def before(self, method: str, address: str) -> None:
        """The request is about to leave."""
        _CALL.set((self._platform(address), time.monotonic()))

    async def after(self, status: int | None) -> None:
        """The answer is whole (`status`), or there is none."""
        platform, began = _CALL.get()
        self._meter.count(CALLS, platform=platform, status="none" if status is None else str(status))
        self._meter.observe(CALL_SECONDS, time.monotonic() - began, platform=platform)

    def _platform(self, address: str) -> str:
        below = (name for base, name in self._bases if f"{address}/".startswith(f"{base}/"))
        return next(below, None) or self._domains.get(_domain(address), OTHER)


def _domain(address: str) -> str:
    """The last two labels of a host's name; an address of a machine is no domain."""
    labels = (urlsplit(address).hostname or "").rsplit(".", 2)[-2:]
    return ".".join(labels) if len(labels) > 1 and not labels[-1].isdigit() else ""
