"""Deliveries in SQL, without the claim (`claim`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from sqlalchemy import Connection, Select, and_, bindparam, exists, literal, select, union_all, update

from playout.application.ports import Page, Ref, Work
from playout.domain.delivery import Delivery, State
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.storage.sql import rows
from playout.storage.sql.claim import claim, later, lock_claims
from playout.storage.sql.history import note
from playout.storage.sql.rows import CHANNELS, DELIVERIES, POSTS, VIDEOS
from playout.storage.sql.runner import Runner
from playout.storage.sql.tables import channels, deliveries, posts, videos
from playout.storage.sql.types import Moment


class SqlDeliveries:
    """Keeps the promises of `Deliveries`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, workspace_id: str, delivery_id: str) -> Delivery:
        return await self._runner.read(lambda c: rows.get(c, DELIVERIES, workspace_id, delivery_id))

    async def list(
        self,
        workspace_id: str,
        *,
        states: Collection[State] = (),
        channel_id: str | None = None,
        post_id: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Delivery]:
        if post_id is not None:
            fits = Fits(states, channel_id, cursor)
            return await self._runner.read(lambda c: _page_of_post(c, workspace_id, post_id, fits, limit))
        wanted = select(*DELIVERIES.columns).where(deliveries.c.workspace_id == workspace_id)
        if channel_id is not None:
            wanted = wanted.where(deliveries.c.channel_id == channel_id)
        if cursor is not None:
            wanted = wanted.where(deliveries.c.id < cursor)
        return await self._runner.read(lambda c: _page_of(c, wanted, states, limit))

    async def of_posts(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Delivery]:
        return await self._runner.read(lambda c: _of_posts(c, workspace_id, post_ids))

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Delivery]:
        return await self._runner.read(lambda c: _planned(c, workspace_id, start, end, limit))

    async def work(self, ref: Ref) -> Work:
        return await self._runner.read(lambda c: _work(c, ref))

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        return await self._runner.write(lambda c: claim(c, now, until, limit))

    async def keep(self, ref: Ref, version: int, until: datetime, sent: int | None = None) -> None:
        await self._runner.write(lambda c: _keep(c, ref, version, until, sent))

    async def save(self, delivery: Delivery, events: Sequence[Event] = ()) -> Delivery:
        return await self._runner.write(lambda c: _save(c, delivery, events))

    async def by_handle(self, platform: str, handle: str) -> Ref | None:
        return await self._runner.read(lambda c: _by_handle(c, platform, handle))


def _planned(
    connection: Connection, workspace_id: str, start: datetime, end: datetime, limit: int
) -> Sequence[Delivery]:
    at = deliveries.c.scheduled_at
    there = (deliveries.c.workspace_id == workspace_id, at >= start, at < end)
    found = connection.execute(select(*DELIVERIES.columns).where(*there).order_by(at, deliveries.c.id).limit(limit))
    return [DELIVERIES.record(row) for row in found]


#: Made once: putting a statement together costs more than running this one.
OF_POSTS = select(*DELIVERIES.columns).where(
    deliveries.c.workspace_id == bindparam("of_workspace_id"),
    deliveries.c.post_id.in_(bindparam("post_ids", expanding=True)),
)


def _of_posts(connection: Connection, workspace_id: str, post_ids: Collection[str]) -> Sequence[Delivery]:
    """Sorted here: asked for an order, SQLite would go through the whole workspace in it."""
    found = connection.execute(OF_POSTS, {"of_workspace_id": workspace_id, "post_ids": list(post_ids)})
    return sorted(map(DELIVERIES.record, found), key=lambda one: one.id)


@dataclass(frozen=True, slots=True)
class Fits:
    """Which of a post's few deliveries are wanted."""

    states: Collection[State]
    channel_id: str | None
    cursor: str | None

    def __call__(self, one: Delivery) -> bool:
        in_state, behind = not self.states or one.state in self.states, self.cursor is None or one.id < self.cursor
        return in_state and behind and self.channel_id in {None, one.channel_id}


def _page_of_post(connection: Connection, workspace_id: str, post_id: str, fits: Fits, limit: int) -> Page[Delivery]:
    wanted = [one for one in reversed(_of_posts(connection, workspace_id, [post_id])) if fits(one)]
    return Page(tuple(wanted[:limit]), wanted[limit - 1].id if len(wanted) > limit else None)


def _page_of(
    connection: Connection, wanted: Select[tuple[object, ...]], states: Collection[State], limit: int
) -> Page[Delivery]:
    """Each state is read from its own end of the index and the ends are merged, so that rare ones are found at once."""
    newest = deliveries.c.id.desc()
    if len(states) <= 1:  # putting together what merges ends costs more than reading one
        one = wanted.where(*(deliveries.c.state == state for state in states))
        return rows.page(DELIVERIES, connection.execute(one.order_by(newest).limit(limit + 1)).all(), limit)
    each = [
        select(wanted.where(deliveries.c.state == state).order_by(newest).limit(limit + 1).subquery())
        for state in sorted(states)
    ]
    ends = connection.execute(union_all(*each)).all()
    by_id = itemgetter(DELIVERIES.fields.index("id"))
    return rows.page(DELIVERIES, sorted(ends, key=by_id, reverse=True), limit)


def _whole_work() -> Select[tuple[object, ...]]:
    """Four records in one round trip. Made once: putting it together costs more than sending it."""
    in_workspace = deliveries.c.workspace_id
    post = and_(posts.c.workspace_id == in_workspace, posts.c.id == deliveries.c.post_id)
    video = and_(videos.c.workspace_id == in_workspace, videos.c.id == posts.c.video_id)
    channel = and_(channels.c.workspace_id == in_workspace, channels.c.id == deliveries.c.channel_id)
    return (
        select(*(column for part in PARTS for column in part.columns))
        .select_from(deliveries.join(posts, post).join(videos, video).join(channels, channel))
        .where(in_workspace == bindparam("of_workspace_id"), deliveries.c.id == bindparam("of_id"))
    )


PARTS = (DELIVERIES, POSTS, VIDEOS, CHANNELS)
WORK = _whole_work()


def _work(connection: Connection, ref: Ref) -> Work:
    row = connection.execute(WORK, DELIVERIES.named(ref.workspace_id, ref.id)).first()
    if row is None:
        raise NotFound("There is no such thing here.")
    values = iter(row)
    delivery_, post_, video_, channel_ = ([next(values) for _ in part.columns] for part in PARTS)
    return Work(
        delivery=DELIVERIES.record(delivery_),
        post=POSTS.record(post_),
        video=VIDEOS.record(video_),
        channel=CHANNELS.record(channel_),
    )


def _keep(connection: Connection, ref: Ref, version: int, until: datetime, sent: int | None) -> None:
    """A hold that had ended cannot be taken up again once the channel's turn went to another delivery."""
    lock_claims(connection, shared=True)
    other = deliveries.alias()
    overtaken = exists().where(
        other.c.workspace_id == deliveries.c.workspace_id,
        other.c.channel_id == deliveries.c.channel_id,
        other.c.in_hand_until > deliveries.c.in_hand_until,
    )
    mine = (
        update(deliveries)
        .where(
            deliveries.c.workspace_id == ref.workspace_id,
            deliveries.c.id == ref.id,
            deliveries.c.version == version,
            deliveries.c.in_hand_until.is_not(None),
            ~overtaken,
        )
        .values(
            in_hand_until=until,
            wake_at=later(deliveries.c.due_at, literal(until, Moment())),
            sent=deliveries.c.sent if sent is None else sent,
        )
    )
    if connection.execute(mine).rowcount == 0:
        raise Stale


def _save(connection: Connection, delivery: Delivery, events: Sequence[Event]) -> Delivery:
    saved = rows.save(connection, DELIVERIES, delivery)
    note(connection, events)
    return saved


def _by_handle(connection: Connection, platform: str, handle: str) -> Ref | None:
    named = (deliveries.c.platform == platform, deliveries.c.handle == handle)
    latest = select(deliveries.c.workspace_id, deliveries.c.id).where(*named).order_by(deliveries.c.id.desc())
    row = connection.execute(latest.limit(1)).first()
    return Ref(row.workspace_id, row.id) if row else None
