"""What waits for a person, put together by cause; and how much, for the number beside "Needs you"."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from playout.application.services import Services
from playout.application.shown import Shown
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.person import Actor, Scope
from playout.domain.post import Post
from playout.domain.retry import Kind, Reason

#: Counted so far, then "99+". As many are shown of a kind.
MOST = 100
#: The newest posts, among which those that wait for approval are looked for.
NEWEST = 200
#: What failed longer ago is not shown any more.
FAILED_SINCE = timedelta(days=30)
#: The reason of a delivery that its workspace's rule for late posts holds.
LATE = "too_late_to_send"
_WAITING = (State.HELD, State.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery, with the post and the channel it is of, where they are still there."""

    delivery: Delivery
    post: Post | None
    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Group:
    """Deliveries with one cause."""

    platform: str
    channel: Channel | None
    reason: Reason | None
    entries: tuple[Entry, ...]

    @property
    def post_ids(self) -> Sequence[str]:
        """Each once."""
        return list(dict.fromkeys(one.delivery.post_id for one in self.entries))


@dataclass(frozen=True, slots=True)
class Needs:
    """All that waits, in the order in which it is shown."""

    reconnect: tuple[Group, ...]  # by channel
    unconfirmed: tuple[Group, ...]  # by platform
    late: tuple[Group, ...]  # all of them: held by the workspace's rule
    choose: tuple[Group, ...]  # by platform and reason
    approval: tuple[Shown, ...]
    failed: tuple[Group, ...]  # by platform and reason

    def __bool__(self) -> bool:
        return any((self.reconnect, self.unconfirmed, self.late, self.choose, self.approval, self.failed))


async def waiting(hall: Services, actor: Actor) -> int:
    """Deliveries that wait for a person's word, and posts for the approval of this one, at most `MOST` of each.

    0 for somebody who may not read.
    """
    if Scope.READ not in actor.scopes:
        return 0
    deliveries = len((await hall.deliveries.list(actor, states=_WAITING, limit=MOST)).items)
    approves = Scope.PUBLISH in actor.scopes and (await hall.workspaces.get(actor)).approval
    return deliveries + (len(await _awaiting(hall, actor)) if approves else 0)


async def gathered(hall: Services, actor: Actor) -> Needs:
    """Everything that waits."""
    waits, failed, approval = await asyncio.gather(
        hall.deliveries.list(actor, states=_WAITING, limit=MOST),
        hall.deliveries.list(actor, states=(State.FAILED,), limit=MOST),
        _awaiting(hall, actor),
    )
    since = hall.clock.now() - FAILED_SINCE
    recent = [one for one in failed.items if one.scheduled_at >= since]
    entries = await entries_of(hall, actor, [*waits.items, *recent])
    late = [one for one in entries if _is_late(one.delivery)]
    return Needs(
        reconnect=_grouped(entries, lambda one: one.held_for is Kind.SIGN_IN, lambda one: one.channel_id),
        unconfirmed=_grouped(entries, lambda one: one.state is State.UNCONFIRMED, lambda one: one.platform),
        late=(_group(late),) if late else (),
        choose=_grouped(entries, lambda one: one.held_for is Kind.CHOOSE and not _is_late(one), _cause),
        approval=tuple(approval),
        failed=_grouped(entries, lambda one: one.state is State.FAILED, _cause),
    )


async def entries_of(hall: Services, actor: Actor, deliveries: Sequence[Delivery]) -> list[Entry]:
    """With their posts and channels, which are read at once."""
    posts, channels = await asyncio.gather(
        hall.posts.several(actor, {one.post_id for one in deliveries}), hall.channels.list(actor, limit=200)
    )
    by_id: Mapping[str, Post] = {one.id: one for one in posts}
    known: Mapping[str, Channel] = {one.id: one for one in channels.items}
    return [Entry(one, by_id.get(one.post_id), known.get(one.channel_id)) for one in deliveries]


async def _awaiting(hall: Services, actor: Actor) -> list[Shown]:
    newest = await hall.posts.list(actor, limit=NEWEST)
    return [one for one in newest.items if one.post.awaits_approval]


def _grouped(
    entries: Iterable[Entry], belongs: Callable[[Delivery], bool], by: Callable[[Delivery], str]
) -> tuple[Group, ...]:
    found = sorted((one for one in entries if belongs(one.delivery)), key=lambda one: by(one.delivery))
    return tuple(_group(list(group)) for _, group in groupby(found, key=lambda one: by(one.delivery)))


def _group(entries: Sequence[Entry]) -> Group:
    first = entries[0]
    inside = tuple(sorted(entries, key=lambda one: one.delivery.scheduled_at))
    return Group(first.delivery.platform, first.channel, first.delivery.reason, inside)


def _cause(delivery: Delivery) -> str:
    return f"{delivery.platform} {delivery.reason.code if delivery.reason else ''}"


def _is_late(delivery: Delivery) -> bool:
    return delivery.held_for is Kind.CHOOSE and delivery.reason is not None and delivery.reason.code == LATE
