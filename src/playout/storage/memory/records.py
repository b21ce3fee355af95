"""Deliveries, posts, videos and channels in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from playout.application.ports import Chore, Page, Ref, Work
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Conflict, Stale
from playout.domain.event import Event
from playout.domain.post import Post
from playout.domain.video import Video
from playout.storage.memory.tables import (
    Tables,
    account,
    belongs,
    check,
    due,
    get,
    in_a_workspace,
    newest,
    note,
    oldest,
    owned,
    put,
    raised,
)
from playout.storage.turns import Waiting, deal


class MemoryDeliveries:
    """Keeps the promises of `Deliveries`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.deliveries

    async def get(self, workspace_id: str, delivery_id: str) -> Delivery:
        return get(self._rows, workspace_id, delivery_id)

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
        matching = (
            one
            for one in self._rows.values()
            if one.workspace_id == workspace_id
            and (not states or one.state in states)
            and channel_id in {None, one.channel_id}
            and post_id in {None, one.post_id}
        )
        return newest(matching, cursor, limit)

    async def of_posts(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Delivery]:
        mine = [one for one in owned(workspace_id, self._rows) if one.post_id in post_ids]
        return sorted(mine, key=lambda one: one.id)

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Delivery]:
        there = [one for one in owned(workspace_id, self._rows) if start <= one.scheduled_at < end]
        return sorted(there, key=lambda one: (one.scheduled_at, one.id))[:limit]

    async def work(self, ref: Ref) -> Work:
        tables, workspace_id = self._tables, ref.workspace_id
        delivery = get(self._rows, workspace_id, ref.id)
        post = get(tables.posts, workspace_id, delivery.post_id)
        return Work(
            delivery=delivery,
            post=post,
            video=get(tables.videos, workspace_id, post.video_id),
            channel=get(tables.channels, workspace_id, delivery.channel_id),
        )

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        rows = self._rows.values()
        held = [(one.workspace_id, one.channel_id) for one in rows if one.in_hand_until and one.in_hand_until > now]
        due = [
            Waiting(one.due_at, one.id, one.workspace_id, one.channel_id, one.version)
            for one in rows
            if one.due_at and one.wake_at and one.wake_at <= now
        ]
        taken = []
        for one in deal(due, held)[:limit]:
            row = raised(replace(self._rows[one.workspace_id, one.id], in_hand_until=until))
            self._rows[one.workspace_id, one.id] = row
            taken.append(Ref(one.workspace_id, one.id, row.version))
        return taken

    async def keep(self, ref: Ref, version: int, until: datetime, sent: int | None = None) -> None:
        mine = self._rows.get((ref.workspace_id, ref.id))
        if mine is None or mine.version != version or mine.in_hand_until is None:
            raise Stale
        for one in self._rows.values():
            same_channel = (one.workspace_id, one.channel_id) == (mine.workspace_id, mine.channel_id)
            if same_channel and one.in_hand_until and one.in_hand_until > mine.in_hand_until:
                raise Stale  # the hold had ended, and the channel's turn went to this one
        sent = mine.sent if sent is None else sent
        self._rows[ref.workspace_id, ref.id] = replace(mine, in_hand_until=until, sent=sent)

    async def save(self, delivery: Delivery, events: Sequence[Event] = ()) -> Delivery:
        check(self._rows, delivery)
        belongs(self._tables.posts, delivery.workspace_id, delivery.post_id)
        belongs(self._tables.channels, delivery.workspace_id, delivery.channel_id)
        note(self._tables, events)
        return put(self._rows, delivery)

    async def by_handle(self, platform: str, handle: str) -> Ref | None:
        named = [one for one in self._rows.values() if (one.platform, one.handle) == (platform, handle)]
        latest = max(named, key=lambda one: one.id, default=None)
        return Ref(latest.workspace_id, latest.id) if latest else None


class MemoryPosts:
    """Keeps the promises of `Posts`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.posts

    async def get(self, workspace_id: str, post_id: str) -> Post:
        return get(self._rows, workspace_id, post_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Post]:
        return newest(owned(workspace_id, self._rows), cursor, limit)

    async def several(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Post]:
        return [one for one in owned(workspace_id, self._rows) if one.id in post_ids]

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Post]:
        there = [(one.scheduled_at, one.id, one) for one in owned(workspace_id, self._rows) if one.scheduled_at]
        return [one for at, _, one in sorted(there, key=itemgetter(0, 1)) if start <= at < end][:limit]

    async def save(self, post: Post, deliveries: Sequence[Delivery] = (), events: Sequence[Event] = ()) -> Post:
        check(self._rows, post)
        belongs(self._tables.videos, post.workspace_id, post.video_id)
        for one in deliveries:
            if (one.workspace_id, one.post_id) != (post.workspace_id, post.id):
                raise Stale
            check(self._tables.deliveries, one)
            belongs(self._tables.channels, one.workspace_id, one.channel_id)
        for one in deliveries:
            put(self._tables.deliveries, one)
        note(self._tables, events)
        return put(self._rows, post)

    async def remove(self, post: Post, deliveries: Sequence[Delivery] = ()) -> None:
        check(self._rows, post)
        made = [one for one in owned(post.workspace_id, self._tables.deliveries) if one.post_id == post.id]
        if {(one.id, one.version) for one in made} != {(one.id, one.version) for one in deliveries}:
            raise Stale
        for subject_id in [post.id, *(one.id for one in made)]:
            self._tables.events.pop((post.workspace_id, subject_id), None)
        for one in made:
            del self._tables.deliveries[one.workspace_id, one.id]
        del self._rows[post.workspace_id, post.id]

    async def using(self, workspace_id: str, video_id: str) -> Sequence[str]:
        return sorted(one.id for one in owned(workspace_id, self._rows) if one.video_id == video_id)


class MemoryVideos:
    """Keeps the promises of `Videos`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.videos

    async def get(self, workspace_id: str, video_id: str) -> Video:
        return get(self._rows, workspace_id, video_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Video]:
        return newest(owned(workspace_id, self._rows), cursor, limit)

    async def save(self, video: Video, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Video:
        check(self._rows, video)
        in_a_workspace(self._tables, video.workspace_id)
        due(self._tables, chores)
        note(self._tables, events)
        return put(self._rows, video)

    async def same_bytes(self, workspace_id: str, sha256: str) -> Sequence[str]:
        return sorted(one.id for one in owned(workspace_id, self._rows) if one.sha256 == sha256)

    async def remove(self, video: Video) -> None:
        if any(one.video_id == video.id for one in owned(video.workspace_id, self._tables.posts)):
            raise Conflict("A post uses this video.", code="in_use")
        check(self._rows, video)
        self._tables.events.pop((video.workspace_id, video.id), None)
        del self._rows[video.workspace_id, video.id]


class MemoryChannels:
    """Keeps the promises of `Channels`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.channels

    async def get(self, workspace_id: str, channel_id: str) -> Channel:
        return get(self._rows, workspace_id, channel_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Channel]:
        return newest(owned(workspace_id, self._rows), cursor, limit)

    async def save(self, channel: Channel, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Channel:
        check(self._rows, channel)
        in_a_workspace(self._tables, channel.workspace_id)
        for one in owned(channel.workspace_id, self._rows):
            if account(one) == account(channel) and one.id != channel.id:
                raise Stale
        due(self._tables, chores)
        note(self._tables, events)
        return put(self._rows, channel)

    async def by_account(self, platform: str, remote_id: str) -> Sequence[Ref]:
        of_platform = [one for one in self._rows.values() if one.platform == platform]
        same = [one for one in of_platform if remote_id in {one.profile.remote_id, one.profile.owner_id}]
        return [Ref(one.workspace_id, one.id) for one in sorted(same, key=lambda one: one.id)]

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Channel]:
        sealed = [one for one in self._rows.values() if one.data_key and one.data_key.key_id == key_id]
        return oldest(sealed, cursor, limit)
