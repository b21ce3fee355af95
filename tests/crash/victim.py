"""The process that is killed: the real house on a real database, with a finger on the trigger.

`run` is called in a forked child. It works until its delivery is at rest, and kills itself with SIGKILL at the
instant its plan names: before or after a call leaves, before or after a commit. The sandbox kills it at the two
instants in between. What it saw is appended to the trace, line by line, before it goes on.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playout.application.ports import Store
from playout.domain.delivery import Delivery, State
from playout.domain.person import ALL_SCOPES, Actor
from playout.door.answering import answering
from playout.door.listening import listen
from playout.settings import Settings
from playout.wiring import House, open_house

#: Time runs this much faster for the victim, so that waits of seconds take milliseconds.
SPEED = 20.0
#: Real seconds in which a delivery has to come to rest.
PATIENCE = 40.0
RESTING = frozenset({State.PUBLISHED, State.HANDED_OVER, State.HELD, State.UNCONFIRMED, State.FAILED, State.CANCELLED})
#: Methods of the store that write; each is one commit.
WRITES = frozenset({"save", "put_new", "replace", "take", "allow"})
WRITERS = ("deliveries", "posts", "channels", "ephemera")
ACTOR = Actor("ws_home", "crash", ALL_SCOPES, "cli")


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to die: at the n-th instant of this name ("send", "received", "commit", "committed"), or nowhere.

    `freeze`: it does not die there but stands still, until somebody sends it SIGCONT.
    """

    instant: str = ""
    number: int = 0
    freeze: bool = False
    offset: float = 0.0  # seconds by which this process's clock is ahead at its start


class FastClock:
    """Real time, sped up."""

    def __init__(self, offset: float) -> None:
        self._start = time.monotonic()
        self._base = datetime.now(UTC) + timedelta(seconds=offset)  # noqa: TID251 -- this is a clock

    def now(self) -> datetime:
        return self._base + timedelta(seconds=(time.monotonic() - self._start) * SPEED)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class Trigger:
    """Counts instants and pulls at the planned one."""

    def __init__(self, plan: Plan, trace: Path) -> None:
        self._plan = plan
        self._seen: dict[str, int] = {}
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def at(self, instant: str, what: str) -> None:
        number = self._seen[instant] = self._seen.get(instant, 0) + 1
        os.write(self._trace, f"{json.dumps([instant, number, what])}\n".encode())
        if (instant, number) == (self._plan.instant, self._plan.number):
            os.kill(os.getpid(), signal.SIGSTOP if self._plan.freeze else signal.SIGKILL)


class Watcher:
    """Observer of the HTTP client."""

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger

    async def before(self, method: str, address: str) -> None:
        self._trigger.at("send", f"{method} {address.partition('//')[2].partition('/')[2]}")

    async def after(self, status: int | None) -> None:
        self._trigger.at("received", str(status))


class Witness:
    """A port of the store, with the trigger around each write."""

    def __init__(self, port: Any, name: str, trigger: Trigger) -> None:
        self._port = port
        self._name = name
        self._trigger = trigger

    def __getattr__(self, method: str) -> Any:
        inner = getattr(self._port, method)
        return self._watched(method, inner) if method in WRITES else inner

    def _watched(self, method: str, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **named: Any) -> Any:
            self._trigger.at("commit", f"{self._name}.{method}")
            done = await inner(*args, **named)
            self._trigger.at("committed", f"{self._name}.{method}")
            return done

        return call


class WitnessStore:
    """The store with a witness before each port that writes."""

    def __init__(self, store: Store, trigger: Trigger) -> None:
        self._store = store
        for name in WRITERS:
            setattr(self, name, Witness(getattr(store, name), name, trigger))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@dataclass(frozen=True, slots=True)
class Found:
    """How a delivery stood when the process ended by itself."""

    state: str
    reason: str
    remote_id: str
    tries: int


async def live(settings: Settings, plan: Plan, trace: Path) -> Found:
    """Works until the delivery is at rest, or time is up."""
    trigger = Trigger(plan, trace)
    opening = open_house(
        settings,
        clock=FastClock(plan.offset),
        observer=Watcher(trigger),
        around_store=lambda store: cast("Store", WitnessStore(store, trigger)),
    )
    async with opening as house, house.working():
        until = time.monotonic() + PATIENCE
        delivery = await _delivery(house)
        while not _at_rest(delivery) and time.monotonic() < until:
            await asyncio.sleep(0.02)
            delivery = await _delivery(house)
    return Found(
        delivery.state,
        delivery.reason.code if delivery.reason else "",
        delivery.receipt.remote_id if delivery.receipt else "",
        delivery.tries,
    )


def _at_rest(delivery: Delivery) -> bool:
    return delivery.state in RESTING and delivery.in_hand_until is None


async def _delivery(house: House) -> Delivery:
    return (await house.services.deliveries.list(ACTOR, limit=1)).items[0]


async def _answer(settings: Settings, ready: int) -> None:
    address = urlsplit(settings.public_url)
    async with open_house(settings) as house, answering(house.services, listen("127.0.0.1", address.port or 0), ()):
        os.write(ready, b"!")
        await asyncio.Event().wait()


def answer(settings: Settings, ready: int) -> None:
    """Body of another forked child: the house without its worker, where a platform fetches files by itself.

    It outlives the worker, as a server beside workers does.
    """
    asyncio.run(_answer(settings, ready))


def run(settings: Settings, plan: Plan, trace: Path, result: Path) -> None:
    """Body of the forked child."""
    found = asyncio.run(live(settings, plan, trace))
    result.write_text(json.dumps(asdict(found)))
