"""Slots: the weekly times of a channel, which of them are free, and taking the next one.

Of two posts that want a slot at the same moment each gets one of its own: a slot that is given out is noted before the
post is saved.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playout.application.ports import Clock, Store
from playout.domain.channel import Channel
from playout.domain.delivery import State
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from playout.domain.person import Actor, Scope
from playout.domain.slots import MOST_SLOTS, Slots

#: No free slot is looked for further ahead.
AHEAD = timedelta(days=366)
#: So much of it is looked through at a time.
STRETCH = timedelta(days=28)
#: A slot given out to a post that has not been saved after this time is free again.
PATIENCE = timedelta(minutes=2)
#: What never went out leaves its slot free.
_FREE = frozenset({State.CANCELLED, State.FAILED})


@dataclass(frozen=True, slots=True)
class Queue:
    """A channel's week, and its next free times."""

    channel: Channel
    free: tuple[datetime, ...]


class ChannelSlots:
    """What faces can do with slots."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def get(self, actor: Actor, channel_id: str) -> Channel:
        """The channel with its week. Raises NotFound."""
        actor.need(Scope.READ)
        return await self._store.channels.get(actor.workspace_id, channel_id)

    async def put(self, actor: Actor, channel_id: str, slots: Slots, *, instead_of: Slots | None = None) -> Channel:
        """The channel's week from now on; what is scheduled stays where it is.

        `instead_of` given: only if that is what it still was, else Stale. Raises Invalid, NotFound.
        """
        actor.need(Scope.WRITE)
        _check(slots)
        week = replace(slots, slots=tuple(sorted(set(slots.slots))))
        while True:  # renewals save the channel too, and are no reason to refuse
            channel = await self._store.channels.get(actor.workspace_id, channel_id)
            if instead_of is not None and channel.slots != instead_of:
                raise Stale
            try:
                return await self._store.channels.save(replace(channel, slots=week))
            except Stale:
                continue

    async def next(self, actor: Actor, channel_id: str, count: int = 1) -> Queue:
        """The next free times, as far as there are any."""
        channel = await self.get(actor, channel_id)
        return Queue(channel, tuple(await self.free([channel], count)))

    async def free(self, channels: Sequence[Channel], count: int, *, but_for: str = "") -> list[datetime]:
        """Times that are a slot of one of these channels, and at which none of them has anything else.

        `but_for`: what this post itself holds counts as free.
        """
        now = self._clock.now()
        found: list[datetime] = []
        start = now
        while len(found) < count and start < now + AHEAD:
            times = _merged(channels, start, start + STRETCH)
            taken = await self._taken(channels, start, start + STRETCH, but_for) if times else set()
            found += islice((at for at in times if at not in taken), count - len(found))
            start += STRETCH
        return found

    async def take(self, actor: Actor, channel_ids: Collection[str], post_id: str) -> datetime:
        """Gives the next free slot of these channels to this post. Raises Conflict (`no_slots`, `no_free_slot`)."""
        channels = [await self._store.channels.get(actor.workspace_id, one) for one in dict.fromkeys(channel_ids)]
        if not any(one.slots.slots and not one.slots.paused for one in channels):
            msg = "None of these channels has a slot, or they are paused. Set slots first, or give a time."
            raise Conflict(msg, code="no_slots")
        for at in await self.free(channels, 50, but_for=post_id):
            if await self._give(channels, at, post_id):
                return at
        msg = "All slots of a whole year are taken. Add slots, or give a time."
        raise Conflict(msg, code="no_free_slot")

    async def _give(self, channels: Sequence[Channel], at: datetime, post_id: str) -> bool:
        """All of them or none."""
        given: list[str] = []
        for channel in channels:
            if not await self._note(channel, at, post_id):
                for key in given:
                    await self._store.ephemera.take(key, self._clock.now())
                return False
            given.append(_key(channel, at))
        return True

    async def _note(self, channel: Channel, at: datetime, post_id: str) -> bool:
        key, now = _key(channel, at), self._clock.now()
        mine = json.dumps({"post_id": post_id, "since": now.timestamp()})
        standing = await self._store.ephemera.put_new(key, mine, at + STRETCH, now)
        if standing is None or json.loads(standing)["post_id"] == post_id:
            return True
        left = await self._is_left(json.loads(standing), channel, at)
        return left and await self._store.ephemera.replace(key, standing, mine, at + STRETCH)

    async def _is_left(self, note: Mapping[str, Any], channel: Channel, at: datetime) -> bool:
        """Whether the post that it was given to has another time by now, or never came to be."""
        if self._clock.now().timestamp() - note["since"] < PATIENCE.total_seconds():
            return False
        try:
            post = await self._store.posts.get(channel.workspace_id, note["post_id"])
        except NotFound:
            return True
        return post.scheduled_at != at or (not post.awaits_approval and not await self._still_goes(post.id, channel))

    async def _still_goes(self, post_id: str, channel: Channel) -> bool:
        where = channel.workspace_id
        page = await self._store.deliveries.list(where, post_id=post_id, channel_id=channel.id, limit=20)
        return any(one.state not in _FREE for one in page.items)

    async def _taken(self, channels: Sequence[Channel], start: datetime, end: datetime, but_for: str) -> set[datetime]:
        """By deliveries, and by posts that wait for approval."""
        workspace_id, ids = channels[0].workspace_id, {one.id for one in channels}
        taken = set()
        deliveries = await self._store.deliveries.planned(workspace_id, start, end, _ALL)
        for one in deliveries:
            if one.channel_id in ids and one.state not in _FREE and one.post_id != but_for:
                taken.add(one.scheduled_at)
        for post in await self._store.posts.planned(workspace_id, start, end, _ALL):
            if post.awaits_approval and post.scheduled_at and post.id != but_for:
                taken |= {post.scheduled_at for to in post.destinations if to.channel_id in ids}
        return taken


#: More than anybody plans in four weeks.
_ALL = 100_000


def _merged(channels: Sequence[Channel], start: datetime, end: datetime) -> list[datetime]:
    weeks = [one.slots for one in channels if not one.slots.paused]
    return sorted({at for week in weeks for at in week.after(start, end)})


def _key(channel: Channel, at: datetime) -> str:
    return f"slot:{channel.workspace_id}:{channel.id}:{at.isoformat()}"


def _check(slots: Slots) -> None:
    try:
        ZoneInfo(slots.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = "Use a name such as Europe/Berlin."
        raise Invalid(
            sentence, code="unknown_timezone", problems=[Problem("unknown_timezone", "/timezone", sentence)]
        ) from None
    if len(slots.slots) > MOST_SLOTS:
        sentence = f"A channel has at most {MOST_SLOTS} slots a week."
        raise Invalid(sentence, code="too_many", problems=[Problem("too_many", "/slots", sentence)])
