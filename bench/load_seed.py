"""A database as it is after two years of use: most posts went out long ago, some wait, some need a person.

The house itself is built, migrated and given its token and channels by its own code; the posts are put in by the
statements that the store uses, many at once.
"""

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from playout.application.grants import Grants
from playout.application.people import HOME
from playout.domain.channel import Channel, Grant, Profile
from playout.domain.delivery import Delivery, Fence, JsonValue, Receipt, State
from playout.domain.event import Event
from playout.domain.ids import new_id
from playout.domain.person import ALL_SCOPES
from playout.domain.post import Destination, Post
from playout.domain.retry import Kind, Reason, Turn
from playout.domain.secret import Secret
from playout.domain.video import Video, VideoState
from playout.media.memory import UPRIGHT
from playout.settings import Settings
from playout.storage.sql.rows import DELIVERIES, EVENTS, POSTS, VIDEOS, Rows
from playout.storage.sql.sqlite_file import connect
from playout.wiring import House, open_house

AGE = timedelta(days=730)
AHEAD = timedelta(days=60)
CHANNELS_EACH = 3
#: Videos that no post uses yet, for those that the load makes.
FRESH = 2_000
SAMPLED = 1_000  # ids of each kind that the load asks for
BATCH = 1_000  # posts
#: What becomes of a delivery whose time has passed, in hundreds.
ENDS = {State.PUBLISHED: 94, State.FAILED: 2, State.CANCELLED: 2, State.HELD: 1, State.UNCONFIRMED: 1}
REASON = Reason("example", "The platform wants the creator to look at this; open it there, then go on.", Turn.YOU)
#: Options with which a platform has nothing to be asked while a post is made: no network is measured.
UNASKED: dict[str, dict[str, JsonValue]] = {"facebook": {}, "tiktok": {"mode": "inbox"}}
PLATFORMS = ("facebook", "instagram", "tiktok", "youtube")


@dataclass(slots=True)
class Seeded:
    """What the load has to know of the database."""

    token: str
    posts: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    destinations: list[dict[str, JsonValue]] = field(default_factory=list)
    fresh_videos: list[str] = field(default_factory=list)


def seed(settings: Settings, posts: int) -> Seeded:
    """Fills the SQLite database of these settings."""
    seeded, channels, now = asyncio.run(_house(settings))
    assert settings.sqlite_path
    with connect(settings.sqlite_path, patience=1) as database:
        database.exec_driver_sql("BEGIN IMMEDIATE")
        maker = _Maker(channels, now, posts)
        made = maker.posts()
        while batch := list(itertools.islice(made, BATCH)):
            _put(database, batch)
            _sample(seeded, batch, posts)
        fresh = [maker.video(now) for _ in range(FRESH)]
        _insert(database, VIDEOS, fresh)
        database.exec_driver_sql("COMMIT")
    seeded.fresh_videos = [one.id for one in fresh]
    return seeded


async def _house(settings: Settings) -> tuple[Seeded, Sequence[Channel], datetime]:
    async with open_house(settings) as house:
        now = house.services.clock.now()
        minted = await house.services.people.mint(house.services.people.operator("bench"), "load", sorted(ALL_SCOPES))
        channels = [await _channel(house, name, number, now) for name in PLATFORMS for number in range(CHANNELS_EACH)]
    seeded = Seeded(minted.secret.reveal(), channels=[one.id for one in channels])
    seeded.destinations = [
        {"channel_id": one.id, "options": UNASKED[one.platform]} for one in channels if one.platform in UNASKED
    ]
    return seeded, channels, now


async def _channel(house: House, platform: str, number: int, now: datetime) -> Channel:
    needs = house.ports.platforms[platform].limits.needs
    scopes = tuple(sorted({scope for need in needs for scope in need.scopes}))
    name = f"{platform}-{number}"
    one = Channel(new_id("chn", now), HOME, platform, Profile(name, name, name.title()), now)
    grant = Grant(Secret("access"), None, None, None, scopes)
    sealed = await Grants(house.store, house.ports.vault, house.services.clock).sealed(one, grant)
    return await house.store.channels.save(sealed)


@dataclass(frozen=True, slots=True)
class _Made:
    """A post, and what lies around it."""

    video: Video
    post: Post
    deliveries: Sequence[Delivery]
    events: Sequence[Event]


class _Maker:
    """Makes the same database every time, but for its ids and its times."""

    def __init__(self, channels: Sequence[Channel], now: datetime, total: int) -> None:
        self._channels = channels
        self._now = now
        self._total = total
        self._waiting = min(total // 5, 500)
        self._random = random.Random(5)  # noqa: S311 -- the same database every time

    def posts(self) -> Iterator[_Made]:
        """Oldest first: the last hundreds are to come."""
        for number in range(self._total):
            created = self._now - AGE * (1 - number / self._total)
            yield self._waits(created) if number >= self._total - self._waiting else self._went(created)

    def video(self, created: datetime) -> Video:
        """Each is a file of its own."""
        name, digest = new_id("vid", created), self._random.randbytes(32).hex()
        key = f"videos/{HOME}/{name}"
        return Video(name, HOME, VideoState.READY, "clip.mp4", 9**8, digest, key, created, version=2, facts=UPRIGHT)

    def _waits(self, created: datetime) -> _Made:
        return self._made(created, self._now + timedelta(days=1) + AHEAD * self._random.random(), State.WAITING)

    def _went(self, created: datetime) -> _Made:
        (end,) = self._random.choices(list(ENDS), list(ENDS.values()))
        return self._made(created, created + timedelta(hours=1), end)

    def _made(self, created: datetime, when: datetime, state: State) -> _Made:
        video = self.video(created)
        channels = self._random.sample(self._channels, self._random.choice((1, 1, 2)))
        post = Post(
            new_id("pst", created),
            HOME,
            video.id,
            "What happened behind the scenes today, in fifteen seconds. Part two comes tomorrow! " * 2,
            tuple(Destination(one.id, options=UNASKED.get(one.platform, {"privacy": "public"})) for one in channels),
            created,
            title="Behind the scenes",
            hashtags=("#behindthescenes", "#studio"),
            scheduled_at=when,
            version=1,
        )
        deliveries = [self._delivery(post, one, when, state) for one in channels]
        events = [_event(post.id, "post.scheduled", created, "")]
        for one in deliveries:
            if state is not State.WAITING:
                events += [_event(one.id, f"delivery.{step}", when, step) for step in ("sending", "processing", state)]
        return _Made(video, post, deliveries, events)

    def _delivery(self, post: Post, channel: Channel, when: datetime, state: State) -> Delivery:
        name = new_id("dlv", post.created_at)
        one = Delivery(name, HOME, post.id, channel.id, channel.platform, when, None, post.created_at, state, version=6)
        sent = replace(one, attempts=1, sent=9**8, total=9**8, step="status", checkpoint=self._random.randbytes(160))
        match state:
            case State.WAITING:
                return replace(one, due_at=when, version=1)
            case State.PUBLISHED:
                remote_id = str(self._random.getrandbits(62))
                receipt = Receipt(remote_id, f"https://example.com/{channel.platform}/{remote_id}", when)
                return replace(sent, receipt=receipt, handle=remote_id)
            case State.HELD:
                return replace(one, held_from=State.WAITING, held_for=Kind.CHOOSE, reason=REASON)
            case State.UNCONFIRMED:
                return replace(sent, fence=Fence("publish", when), reason=REASON)
            case State.FAILED:
                return replace(sent, reason=REASON)
            case _:
                return one


def _event(subject_id: str, kind: str, at: datetime, state: str) -> Event:
    return Event(new_id("evt", at), HOME, subject_id, kind, at, state, milliseconds=240)


def _put(database: Connection, batch: Sequence[_Made]) -> None:
    _insert(database, VIDEOS, [one.video for one in batch])
    _insert(database, POSTS, [one.post for one in batch])
    _insert(database, DELIVERIES, [each for one in batch for each in one.deliveries])
    _insert(database, EVENTS, [each for one in batch for each in one.events])


def _insert(database: Connection, rows: Rows[Any], records: Sequence[object]) -> None:
    database.execute(rows.insert, [rows.values(one) for one in records])


def _sample(seeded: Seeded, batch: Sequence[_Made], total: int) -> None:
    """Evenly over all of them."""
    every = max(total // SAMPLED, 1)
    seeded.posts += [one.post.id for one in batch[::every]]
    seeded.deliveries += [one.deliveries[0].id for one in batch[::every]]
