"""A house of memory parts around the law: a scripted platform, a clock that stands still until moved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from playout.application.deliver import Deliver
from playout.application.grants import Grants
from playout.application.hand import LEASE
from playout.application.holding import Holding
from playout.application.lateness import Lateness
from playout.application.meter import NoMeter
from playout.application.ports import Connection, Platform, Ref, Task
from playout.application.pulls import Pulls
from playout.application.ready import Preparation
from playout.application.renditions import Renditions
from playout.domain.caps import Cap
from playout.domain.channel import Channel, Grant, Profile
from playout.domain.delivery import Delivery, JsonValue, Next, Outcome
from playout.domain.event import Event
from playout.domain.limits import Limits, Live
from playout.domain.person import Workspace
from playout.domain.post import Consent, Destination, Post
from playout.domain.secret import Secret
from playout.domain.video import Video, VideoState
from playout.media.memory import UPRIGHT, MemoryFiles, MemoryProbe, MemoryRender
from playout.storage.memory import MemoryStore
from playout.vault import EnvelopeVault, new_kek
from tests.cast import BRIEF, LENIENT

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ALICE = "ws_alice"

Act = Callable[[Task], Awaitable[Outcome]]


class StillClock:
    """Stands until it is moved; a sleep moves nothing and ends only by `wake`."""

    def __init__(self) -> None:
        self.time = NOON
        self._woken = asyncio.Event()

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await self._woken.wait()
        self._woken.clear()

    def wake(self) -> None:
        """Whoever sleeps goes on."""
        self._woken.set()

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Scripted:
    """A platform that does what the test wrote down, and notes what it was asked."""

    clock: StillClock
    first: Next = field(default_factory=lambda: Next("send"))
    steps: list[Act] = field(default_factory=list)
    looks: list[Act] = field(default_factory=list)
    renewals: list[Callable[[Grant], Grant]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    caps: tuple[Cap, ...] = ()
    name: str = "somewhere"
    logins: tuple[str, ...] = ("somewhere",)

    @property
    def limits(self) -> Limits:
        return Limits(file=LENIENT, words=BRIEF, choices={}, caps=self.caps, consent="words-1")

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        return f"https://somewhere.invalid/agree?state={state.reveal()}&back={return_to}"

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        self.asked.append("exchange")
        return [Connection(Profile(code.reveal(), "alice", "Alice"), grant_until(now + timedelta(hours=2)))]

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        self.asked.append("renew")
        return self.renewals.pop(0)(grant)

    async def revoke(self, grant: Grant) -> None:
        self.asked.append("revoke")

    async def profile(self, grant: Grant) -> Profile:
        return Profile("remote", "alice", "Alice")

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        self.asked.append("live")
        return Live()

    def begin(self, task: Task) -> Next:
        return self.first

    async def step(self, task: Task) -> Outcome:
        self.asked.append(f"step {task.step}")
        return await self.steps.pop(0)(task)

    async def look(self, task: Task) -> Outcome:
        self.asked.append(f"look {task.step}")
        return await self.looks.pop(0)(task)


def grant_until(expires_at: datetime) -> Grant:
    return Grant(
        Secret("access-canary"), Secret("refresh-canary"), expires_at, NOON + timedelta(days=180), ("publish",)
    )


def gives(outcome: Outcome) -> Act:
    async def act(task: Task) -> Outcome:
        return outcome

    return act


def raises(error: BaseException) -> Act:
    async def act(task: Task) -> Outcome:
        raise error

    return act


class Stage:
    """Alice's workspace with one channel, one video, and as many due deliveries as a test wants."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.store = MemoryStore()
        self.files = MemoryFiles()
        self.vault = EnvelopeVault([new_kek(NOON)])
        self.platform = Scripted(self.clock)
        self.grants = Grants(self.store, self.vault, self.clock)
        self.holding = Holding(self.store, self.clock)
        self.pulls = Pulls(self.store, self.files, self.clock, "https://playout.invalid")
        self.numbers = 0

    @property
    def deliver(self) -> Deliver:
        platforms: dict[str, Platform] = {self.platform.name: self.platform}
        probe, render = MemoryProbe(self.files), MemoryRender(self.files)
        renditions = Renditions(self.store, self.files, probe, render, platforms, self.clock)
        lateness = Lateness(self.store, self.clock)
        preparation = Preparation(
            platforms, self.files, probe, self.grants, self.pulls, renditions, lateness, self.clock
        )
        return Deliver(self.store, preparation, self.grants, self.holding, self.clock, Random(1), NoMeter())

    async def open(self, *, token_lives: timedelta = timedelta(hours=2)) -> None:
        await self.store.prepare()
        await self.store.workspaces.save(Workspace(ALICE, "Alice", NOON))
        channel = Channel(
            "chn_1", ALICE, self.platform.name, Profile("remote", "alice", "Alice"), NOON, connected_at=NOON
        )
        self.channel = await self.store.channels.save(
            await self.grants.sealed(channel, grant_until(NOON + token_lives))
        )
        await self.files.put("videos/one", _pieces(b"x" * 1000), limit=1000)
        video = Video(
            "vid_1", ALICE, VideoState.READY, "one.mp4", 1000, "00", "videos/one", NOON, version=0, facts=UPRIGHT
        )
        self.video = await self.store.videos.save(video)

    async def due(self, *, consent: bool = True) -> Delivery:
        """A post that is due at noon."""
        self.numbers += 1
        agreed = Consent(NOON, "alice", "web", "words-1") if consent else None
        post = Post(
            f"pst_{self.numbers}",
            ALICE,
            "vid_1",
            "Hello",
            (Destination("chn_1", consent=agreed),),
            NOON,
            scheduled_at=NOON,
        )
        delivery = Delivery(f"dlv_{self.numbers}", ALICE, post.id, "chn_1", self.platform.name, NOON, NOON, NOON)
        await self.store.posts.save(post, [delivery])
        return await self.store.deliveries.get(ALICE, delivery.id)

    async def turn(self) -> Delivery:
        """What planner and engine do: claims what is due, runs it, and gives the first delivery as it is then."""
        refs = await self.store.deliveries.claim(self.clock.now(), self.clock.now() + LEASE, 10)
        for ref in refs:
            await self.deliver(f"{ref.workspace_id}/{ref.id}/{ref.version}")
        return await self.store.deliveries.get(ALICE, "dlv_1")

    async def now(self, number: int = 1) -> Delivery:
        return await self.store.deliveries.get(ALICE, f"dlv_{number}")

    async def events(self) -> list[Event]:
        return list((await self.store.events.list(ALICE, "dlv_1")).items)

    def ref(self, number: int = 1) -> Ref:
        return Ref(ALICE, f"dlv_{number}")


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
