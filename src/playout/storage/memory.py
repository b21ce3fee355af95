"""The store in memory: for tests, for trying things out, and as the plainest statement of what a store promises.

Nothing here outlives the process. Every method runs to its end without giving way to another task, so each is one
atomic step by construction; it is not made for several threads.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import Field, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from playout.application.ports import Chore, Page, Ref, Work
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Conflict, NotFound, Stale
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.domain.post import Post
from playout.domain.video import Video

Key: TypeAlias = tuple[str, str]
T = TypeVar("T")
#: A time of use is noted at most this often.
COARSE = timedelta(minutes=1)


class Kept(Protocol):
    """A record that lies in a workspace."""

    @property
    def id(self) -> str: ...
    @property
    def workspace_id(self) -> str: ...


class Versioned(Protocol):
    """A record whose saves are conditional."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def version(self) -> int: ...


class Saved(Kept, Versioned, Protocol):
    """Both."""


K = TypeVar("K", bound=Kept)
V = TypeVar("V", bound=Versioned)
S = TypeVar("S", bound=Saved)


@dataclass(slots=True)
class Tables:
    """All records by workspace and id; events by workspace and subject."""

    workspaces: dict[str, Workspace] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[Key, Token] = field(default_factory=dict)
    channels: dict[Key, Channel] = field(default_factory=dict)
    videos: dict[Key, Video] = field(default_factory=dict)
    posts: dict[Key, Post] = field(default_factory=dict)
    deliveries: dict[Key, Delivery] = field(default_factory=dict)
    events: dict[Key, dict[str, Event]] = field(default_factory=dict)
    chores: dict[Key, Chore] = field(default_factory=dict)
    notes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    calls: dict[str, tuple[list[datetime], datetime]] = field(default_factory=dict)


class MemoryStore:
    """Keeps the promises of `Store` for as long as the process lives."""

    def __init__(self) -> None:
        tables = Tables()
        self.deliveries = MemoryDeliveries(tables)
        self.posts = MemoryPosts(tables)
        self.videos = MemoryVideos(tables)
        self.channels = MemoryChannels(tables)
        self.chores = MemoryChores(tables)
        self.events = MemoryEvents(tables)
        self.workspaces = MemoryWorkspaces(tables)
        self.people = MemoryPeople(tables)
        self.tokens = MemoryTokens(tables)
        self.ephemera = MemoryEphemera(tables)

    async def prepare(self) -> None:
        """Nothing to prepare."""

    async def ping(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing is on its way."""


class MemoryDeliveries:
    """Keeps the promises of `Deliveries`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.deliveries

    async def get(self, workspace_id: str, delivery_id: str) -> Delivery:
        return _found(self._rows, workspace_id, delivery_id)

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
        return _newest(matching, cursor, limit)

    async def work(self, ref: Ref) -> Work:
        tables, workspace_id = self._tables, ref.workspace_id
        delivery = _found(self._rows, workspace_id, ref.id)
        post = _found(tables.posts, workspace_id, delivery.post_id)
        return Work(
            delivery=delivery,
            post=post,
            video=_found(tables.videos, workspace_id, post.video_id),
            channel=_found(tables.channels, workspace_id, delivery.channel_id),
        )

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        in_hand = [one for one in self._rows.values() if one.in_hand_until and one.in_hand_until > now]
        busy = {(one.workspace_id, one.channel_id) for one in in_hand}
        turns = Counter(one.workspace_id for one in in_hand)
        queue: MutableSequence[tuple[int, datetime, str, str]] = []
        for waiting_since, delivery_id, workspace_id, channel_id in sorted(
            (one.due_at, one.id, one.workspace_id, one.channel_id)
            for one in self._rows.values()
            if one.due_at and one.wake_at and one.wake_at <= now
        ):
            if (workspace_id, channel_id) not in busy:
                busy.add((workspace_id, channel_id))
                turns[workspace_id] += 1
                queue.append((turns[workspace_id], waiting_since, delivery_id, workspace_id))
        taken = []
        for _, _, delivery_id, workspace_id in sorted(queue)[:limit]:
            row = _next(replace(self._rows[workspace_id, delivery_id], in_hand_until=until))
            self._rows[workspace_id, delivery_id] = row
            taken.append(Ref(workspace_id, delivery_id, row.version))
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
        _check(self._rows, delivery)
        _belongs(self._tables.posts, delivery.workspace_id, delivery.post_id)
        _belongs(self._tables.channels, delivery.workspace_id, delivery.channel_id)
        _note(self._tables, events)
        return _put(self._rows, delivery)

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
        return _found(self._rows, workspace_id, post_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Post]:
        return _newest(_of(workspace_id, self._rows), cursor, limit)

    async def save(self, post: Post, deliveries: Sequence[Delivery] = (), events: Sequence[Event] = ()) -> Post:
        _check(self._rows, post)
        _belongs(self._tables.videos, post.workspace_id, post.video_id)
        for one in deliveries:
            if (one.workspace_id, one.post_id) != (post.workspace_id, post.id):
                raise Stale
            _check(self._tables.deliveries, one)
            _belongs(self._tables.channels, one.workspace_id, one.channel_id)
        for one in deliveries:
            _put(self._tables.deliveries, one)
        _note(self._tables, events)
        return _put(self._rows, post)

    async def remove(self, post: Post, deliveries: Sequence[Delivery] = ()) -> None:
        _check(self._rows, post)
        made = [one for one in _of(post.workspace_id, self._tables.deliveries) if one.post_id == post.id]
        if {(one.id, one.version) for one in made} != {(one.id, one.version) for one in deliveries}:
            raise Stale
        for subject_id in [post.id, *(one.id for one in made)]:
            self._tables.events.pop((post.workspace_id, subject_id), None)
        for one in made:
            del self._tables.deliveries[one.workspace_id, one.id]
        del self._rows[post.workspace_id, post.id]

    async def using(self, workspace_id: str, video_id: str) -> Sequence[str]:
        return sorted(one.id for one in _of(workspace_id, self._rows) if one.video_id == video_id)


class MemoryVideos:
    """Keeps the promises of `Videos`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.videos

    async def get(self, workspace_id: str, video_id: str) -> Video:
        return _found(self._rows, workspace_id, video_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Video]:
        return _newest(_of(workspace_id, self._rows), cursor, limit)

    async def save(self, video: Video, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Video:
        _check(self._rows, video)
        _in_a_workspace(self._tables, video.workspace_id)
        _due(self._tables, chores)
        _note(self._tables, events)
        return _put(self._rows, video)

    async def remove(self, video: Video) -> None:
        if any(one.video_id == video.id for one in _of(video.workspace_id, self._tables.posts)):
            raise Conflict("A post uses this video.", code="in_use")
        _check(self._rows, video)
        self._tables.events.pop((video.workspace_id, video.id), None)
        del self._rows[video.workspace_id, video.id]


class MemoryChannels:
    """Keeps the promises of `Channels`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.channels

    async def get(self, workspace_id: str, channel_id: str) -> Channel:
        return _found(self._rows, workspace_id, channel_id)

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Channel]:
        return _newest(_of(workspace_id, self._rows), cursor, limit)

    async def save(self, channel: Channel, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Channel:
        _check(self._rows, channel)
        _in_a_workspace(self._tables, channel.workspace_id)
        for one in _of(channel.workspace_id, self._rows):
            if _account(one) == _account(channel) and one.id != channel.id:
                raise Stale
        _due(self._tables, chores)
        _note(self._tables, events)
        return _put(self._rows, channel)

    async def by_account(self, platform: str, remote_id: str) -> Sequence[Ref]:
        same = [one for one in self._rows.values() if _account(one) == (platform, remote_id)]
        return [Ref(one.workspace_id, one.id) for one in sorted(same, key=lambda one: one.id)]

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Channel]:
        sealed = [one for one in self._rows.values() if one.data_key and one.data_key.key_id == key_id]
        return _oldest(sealed, cursor, limit)


class MemoryChores:
    """Keeps the promises of `Chores`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.chores

    async def put(self, chore: Chore) -> None:
        _due(self._tables, [chore])

    async def get(self, workspace_id: str, chore_id: str) -> Chore | None:
        return self._rows.get((workspace_id, chore_id))

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        due = sorted((one.wake_at, key) for key, one in self._rows.items() if one.wake_at <= now)
        taken = [key for _, key in due[:limit]]
        for key in taken:
            self._rows[key] = _next(replace(self._rows[key], in_hand_until=until))
        return [Ref(*key, self._rows[key].version) for key in taken]

    async def save(self, chore: Chore) -> Chore:
        _check(self._rows, chore)
        return _put(self._rows, chore)

    async def done(self, chore: Chore) -> None:
        stored = self._rows.get((chore.workspace_id, chore.id))
        if stored and stored.version == chore.version:
            del self._rows[chore.workspace_id, chore.id]


class MemoryEvents:
    """Keeps the promises of `Events`."""

    def __init__(self, tables: Tables) -> None:
        self._events = tables.events

    async def list(
        self, workspace_id: str, subject_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        return _oldest(self._events.get((workspace_id, subject_id), {}).values(), cursor, limit)


class MemoryWorkspaces:
    """Keeps the promises of `Workspaces`."""

    def __init__(self, tables: Tables) -> None:
        self._rows = tables.workspaces

    async def get(self, workspace_id: str) -> Workspace:
        if workspace_id in self._rows:
            return self._rows[workspace_id]
        raise NotFound("There is no such workspace.")

    async def save(self, workspace: Workspace) -> Workspace:
        stored = self._rows.get(workspace.id)
        if workspace.version != (stored.version if stored else 0):
            raise Stale
        self._rows[workspace.id] = saved = _next(workspace)
        return saved


class MemoryPeople:
    """Keeps the promises of `People`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.people

    async def by_email(self, email: str) -> Person | None:
        return next((one for one in self._rows.values() if one.email == email), None)

    async def get(self, person_id: str) -> Person:
        if person_id in self._rows:
            return self._rows[person_id]
        raise NotFound("There is no such person.")

    async def save(self, person: Person) -> Person:
        stored = self._rows.get(person.id)
        namesake = await self.by_email(person.email)
        if person.version != (stored.version if stored else 0) or (namesake and namesake.id != person.id):
            raise Stale
        _in_a_workspace(self._tables, person.workspace_id)
        self._rows[person.id] = saved = _next(person)
        return saved


class MemoryTokens:
    """Keeps the promises of `Tokens`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows = tables.tokens

    async def by_hash(self, token_hash: str) -> Token | None:
        return next((one for one in self._rows.values() if one.hash == token_hash), None)

    async def list(self, workspace_id: str) -> Sequence[Token]:
        return sorted(_of(workspace_id, self._rows), key=lambda one: one.id, reverse=True)

    async def add(self, token: Token) -> None:
        key = token.workspace_id, token.id
        if key in self._rows or await self.by_hash(token.hash):
            raise Stale
        _in_a_workspace(self._tables, token.workspace_id)
        self._rows[key] = token

    async def remove(self, workspace_id: str, token_id: str) -> None:
        _found(self._rows, workspace_id, token_id)
        del self._rows[workspace_id, token_id]

    async def used(self, token: Token, now: datetime) -> None:
        stored = self._rows.get((token.workspace_id, token.id))
        if stored and (stored.last_used_at is None or stored.last_used_at + COARSE <= now):
            self._rows[token.workspace_id, token.id] = replace(stored, last_used_at=now)


class MemoryEphemera:
    """Keeps the promises of `Ephemera`."""

    def __init__(self, tables: Tables) -> None:
        self._notes = tables.notes
        self._calls = tables.calls

    async def put_new(self, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
        standing = await self.get(key, now)
        if standing is None:
            self._notes[key] = value, expires_at
        return standing

    async def get(self, key: str, now: datetime) -> str | None:
        value, expires_at = self._notes.get(key, ("", now))
        return value if expires_at > now else None

    async def replace(self, key: str, old: str, new: str, expires_at: datetime) -> bool:
        stands = key in self._notes and self._notes[key][0] == old
        if stands:
            self._notes[key] = new, expires_at
        return stands

    async def take(self, key: str, now: datetime) -> str | None:
        value, expires_at = self._notes.pop(key, ("", now))
        return value if expires_at > now else None

    async def allow(self, key: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
        counted, _ = self._calls.get(key, ([], now))
        calls = [at for at in counted if at + window > now]
        if len(calls) >= limit:
            return calls[-limit] + window
        self._calls[key] = sorted([*calls, now]), max([*calls, now]) + window
        return None

    async def sweep(self, now: datetime) -> int:
        notes = [key for key, (_, expires_at) in self._notes.items() if expires_at <= now]
        calls = [key for key, (_, expires_at) in self._calls.items() if expires_at <= now]
        for key in notes:
            del self._notes[key]
        for key in calls:
            del self._calls[key]
        return len(notes) + len(calls)


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _found(rows: Mapping[Key, T], workspace_id: str, name: str) -> T:
    if (workspace_id, name) in rows:
        return rows[workspace_id, name]
    raise NotFound("There is no such thing here.")


def _of(workspace_id: str, rows: Mapping[Key, T]) -> Iterable[T]:
    return [one for (workspace, _), one in rows.items() if workspace == workspace_id]


def _newest(matching: Iterable[K], cursor: str | None, limit: int) -> Page[K]:
    ordered = sorted((one for one in matching if cursor is None or one.id < cursor), key=_id, reverse=True)
    return _page(ordered, limit)


def _oldest(matching: Iterable[K], cursor: str | None, limit: int) -> Page[K]:
    return _page(sorted((one for one in matching if cursor is None or one.id > cursor), key=_id), limit)


def _page(ordered: Sequence[K], limit: int) -> Page[K]:
    shown = tuple(ordered[:limit])
    return Page(shown, shown[-1].id if len(ordered) > limit else None)


def _id(one: Kept) -> str:
    return one.id


def _account(channel: Channel) -> Key:
    return channel.platform, channel.profile.remote_id


def _belongs(rows: Mapping[Key, T], workspace_id: str, name: str) -> None:
    """What a record points to is there, in the same workspace; else it went away in the meantime."""
    if (workspace_id, name) not in rows:
        raise Stale("What this belongs to is gone. Load it again.")


def _in_a_workspace(tables: Tables, workspace_id: str) -> None:
    if workspace_id not in tables.workspaces:
        raise Stale("What this belongs to is gone. Load it again.")


def _check(rows: Mapping[Key, S], record: S) -> None:
    """The stored version is the one the record was loaded with; 0 where there is none."""
    stored = rows.get((record.workspace_id, record.id))
    if record.version != (stored.version if stored else 0):
        raise Stale


def _put(rows: MutableMapping[Key, S], record: S) -> S:
    rows[record.workspace_id, record.id] = saved = _next(record)
    return saved


def _next(record: V) -> V:
    return replace(record, version=record.version + 1)


def _due(tables: Tables, chores: Iterable[Chore]) -> None:
    for chore in chores:
        stored = tables.chores.get((chore.workspace_id, chore.id))
        version = stored.version if stored else 0
        _put(tables.chores, replace(chore, version=version, in_hand_until=None))


def _note(tables: Tables, events: Iterable[Event]) -> None:
    for event in events:
        tables.events.setdefault((event.workspace_id, event.subject_id), {})[event.id] = event
