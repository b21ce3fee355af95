"""10,000 deliveries due in the same second over 1,000 channels, against the bare database doing as many commits.

The platform answers at once, in the process: what is measured is the planner, the engine, the law and the store.
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bench.figures import Figure
from bench.measured import child
from playout.application.grants import Grants
from playout.application.people import HOME
from playout.application.ports import Connection, Store, Task
from playout.domain.channel import Channel, Grant, Profile
from playout.domain.delivery import Delivery, Done, JsonValue, Next, Outcome, Receipt, State
from playout.domain.ids import new_id
from playout.domain.limits import Limits, Live
from playout.domain.post import Destination, Post
from playout.domain.secret import Secret
from playout.domain.video import Video, VideoState
from playout.media.memory import UPRIGHT
from playout.settings import Settings
from playout.wiring import House, open_house
from tests.cast import BRIEF, LENIENT
from tests.postgres import PostgresServer

CHANNELS = 1_000
EACH = 10
SQLITE_ROUND = 500  # commits of the bare database that are timed; each takes as long as the next


class AtOnce:
    """A platform that has published before it was asked, and notes when."""

    name = "at-once"
    logins = ("at-once",)
    limits = Limits(file=LENIENT, words=BRIEF, choices={})

    def __init__(self) -> None:
        self.times: list[float] = []

    def authorize_url(self, login: str, *, state: Secret, return_to: str, verifier: Secret) -> str:
        return return_to

    async def exchange(
        self, login: str, *, code: Secret, return_to: str, verifier: Secret, now: datetime
    ) -> Sequence[Connection]:
        return []

    async def renew(self, grant: Grant, now: datetime) -> Grant:
        return grant

    async def revoke(self, grant: Grant) -> None:
        return None

    async def profile(self, grant: Grant) -> Profile:
        return Profile("", "", "")

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        return Live()

    def begin(self, task: Task) -> Next:
        return Next("publish", repeatable=False)

    async def step(self, task: Task) -> Outcome:
        self.times.append(time.time())  # noqa: TID251 -- compared with the due time, which is the machine's
        return Done(Receipt(task.attempt, None, task.now))

    async def look(self, task: Task) -> Outcome:
        return Done(Receipt(task.attempt, None, task.now))


def figures(folder: Path) -> Iterator[Figure]:
    """For SQLite and PostgreSQL: deliveries a second, lateness, and the ratio to the bare database."""
    server = PostgresServer()
    try:
        for name, address in (("SQLite", ""), ("PostgreSQL", server.new())):
            place = folder / name
            place.mkdir()
            settings = Settings.model_validate({"data_dir": place, "database_url": address})
            child(lambda settings=settings: asyncio.run(_prepare(settings)))  # type: ignore[misc]  # bound in the loop
            run = child(lambda settings=settings: asyncio.run(_deliver(settings)))  # type: ignore[misc]  # as above
            yield from _told(name, run.result, run.peak, _bare(name, place, address))
    finally:
        server.close()


def _told(name: str, result: Mapping[str, float], peak: float, bare: float) -> Iterator[Figure]:
    total = CHANNELS * EACH
    rate = total / result["seconds"]
    commits = 2 * total  # the fence and the outcome; claims and the channels' last publication come on top
    yield Figure(f"{name}: {total} deliveries due at once, a second", f"{rate:.0f}/s")
    yield Figure(
        f"{name}: lateness p50 / p99 / last", f"{result['p50']:.1f} / {result['p99']:.1f} / {result['last']:.1f} s"
    )
    yield Figure(
        f"{name}: published exactly once each", f"{result['published']:.0f}", f"= {total}", result["published"] == total
    )
    yield Figure(f"{name}: bare database, commits a second, one at a time", f"{bare:.0f}/s")
    yield Figure(f"{name}: our saves a second against it", f"{commits / result['seconds'] / bare:.2f}")
    yield Figure(f"{name}: peak memory of the worker", f"{peak:.0f} MiB")


async def _prepare(settings: Settings) -> None:
    async with open_house(settings, platforms={}) as house:
        await _fill(house, house.services.clock.now())


async def _fill(house: House, now: datetime) -> None:
    store = house.store
    video = Video(
        new_id("vid", now), HOME, VideoState.READY, "one.mp4", 1, "00", "videos/none", now, version=0, facts=UPRIGHT
    )
    await store.videos.save(video)
    due = now + timedelta(days=1)
    gate = asyncio.Semaphore(200)

    async def channel(number: int) -> None:
        async with gate:
            await _channel(house, store, video.id, number, now, due)

    await asyncio.gather(*(channel(number) for number in range(CHANNELS)))


async def _channel(house: House, store: Store, video_id: str, number: int, now: datetime, due: datetime) -> None:
    one = Channel(new_id("chn", now), HOME, AtOnce.name, Profile(str(number), f"c{number}", f"C{number}"), now)
    grant = Grant(Secret("access"), None, None, None, ())
    await store.channels.save(await Grants(store, house.ports.vault, house.services.clock).sealed(one, grant))
    for _ in range(EACH):
        post = Post(new_id("pst", now), HOME, video_id, "Hello", (Destination(one.id),), now, scheduled_at=due)
        delivery = Delivery(new_id("dlv", now), HOME, post.id, one.id, AtOnce.name, due, due, now)
        await store.posts.save(post, [delivery])


class TomorrowClock:
    """The machine's clock, so far ahead that everything is due this very moment."""

    def __init__(self, due: datetime) -> None:
        self._ahead = due - datetime.now(UTC)  # noqa: TID251 -- this is a clock

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead  # noqa: TID251 -- as above

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _deliver(settings: Settings) -> dict[str, float]:
    platform = AtOnce()
    async with open_house(settings, platforms={}) as house:
        (delivery,) = (await house.store.deliveries.list(HOME, limit=1)).items
    async with open_house(
        settings, platforms={platform.name: platform}, clock=TomorrowClock(delivery.scheduled_at)
    ) as house:
        began = time.time()  # noqa: TID251 -- the moment at which all of them are due
        async with house.working():
            while len(platform.times) < CHANNELS * EACH and time.time() - began < 600:  # noqa: TID251 -- as above
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)  # a second publication would come now
        published = await _count(house.store)
    late = sorted(at - began for at in platform.times)
    cuts = statistics.quantiles(late, n=100)
    return {
        "seconds": late[-1],
        "p50": cuts[49],
        "p99": cuts[98],
        "last": late[-1],
        "published": float(published if len(late) == published else -len(late)),
    }


async def _count(store: Store) -> int:
    count, cursor = 0, None
    while True:
        page = await store.deliveries.list(HOME, states={State.PUBLISHED}, cursor=cursor, limit=200)
        count += len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return count


def _bare(name: str, folder: Path, address: str) -> float:
    """Commits a second of one client that updates one row at a time, as durable as ours."""
    if name == "SQLite":
        with sqlite3.connect(folder / "bare.db", isolation_level=None) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            return _rate(lambda sql: database.execute(sql))
    with psycopg.connect(address, autocommit=True) as server:
        return _rate(lambda sql: server.execute(sql.encode()))


def _rate(run: Callable[[str], object]) -> float:
    run("CREATE TABLE bare (id INTEGER PRIMARY KEY, state TEXT, version INTEGER)")
    for number in range(10):
        run(f"INSERT INTO bare VALUES ({number}, 'waiting', 0)")  # noqa: S608 -- a number of our own
    began = time.monotonic()
    for number in range(SQLITE_ROUND):
        run(f"UPDATE bare SET state = 'x', version = version + 1 WHERE id = {number % 10}")  # noqa: S608 -- as above
    return SQLITE_ROUND / (time.monotonic() - began)
