"""A week of a small studio: what the tests of queue, calendar and slots look at."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from playout.application.posts import NewPost
from playout.application.shown import Shown
from playout.domain.channel import Channel
from playout.domain.person import Actor
from playout.domain.post import Destination
from playout.domain.slots import Day, Slot, Slots
from tests.cast import CHOSEN, Cast

#: Every day of the week at this time.
EVENINGS = tuple(Slot(day, time(18, 30)) for day in Day)


async def planned(cast: Cast, actor: Actor, at: datetime, caption: str = "First light") -> Shown:
    """A post at that time, to the actor's channel."""
    return await cast.services.posts.create(actor, await wanted(cast, actor, caption, at))


async def drafted(cast: Cast, actor: Actor, caption: str, at: datetime | None = None) -> Shown:
    new = await wanted(cast, actor, caption, at)
    return await cast.services.posts.create(actor, replace(new, draft=True))


async def wanted(cast: Cast, actor: Actor, caption: str, at: datetime | None) -> NewPost:
    video, channel = await cast.video(actor), await cast.channel(actor)
    return NewPost(video.id, caption, (Destination(channel.id, options=CHOSEN),), scheduled_at=at)


async def with_slots(cast: Cast, actor: Actor, *slots: Slot, zone: str = "UTC", account: str = "alice") -> Channel:
    channel = await cast.channel(actor, account)
    return await cast.services.slots.put(actor, channel.id, Slots(zone, slots or EVENINGS))


async def busy(cast: Cast) -> Shown:
    """Something published, some waiting, a draft, and slots. Gives the first that waits."""
    alice, now = cast.alice, cast.clock.now()
    await with_slots(cast, alice)
    await with_slots(cast, alice, account="studio north")
    await planned(cast, alice, now + timedelta(minutes=1), "Behind the scenes: how we film at five in the morning")
    cast.clock.move(minutes=2)
    await cast.work()
    first = await planned(cast, alice, now + timedelta(hours=3), "First light over the harbour\nsecond line")
    await planned(cast, alice, now + timedelta(hours=6, minutes=30), "Three mistakes everybody makes with microphones")
    await planned(cast, alice, now + timedelta(days=1, hours=2), "Unboxing")
    await planned(cast, alice, now + timedelta(days=4), "A walk through the old town")
    await drafted(cast, alice, "An idea for later")
    await drafted(cast, alice, "An idea for Tuesday", now + timedelta(days=4, hours=1))
    return first
