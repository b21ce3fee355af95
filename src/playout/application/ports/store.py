"""The store: records, each method one atomic step, none open across a network call.

Every implementation keeps the same promises, and one contract suite holds them to it. `version` is the lock: a save
of a record with version n succeeds only while the stored one has n, and leaves n + 1; version 0 inserts. Otherwise
`Stale`. Every method takes the workspace, or an id that nobody can guess. Times are aware UTC.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.domain.post import Post
from playout.domain.video import Video
from playout.domain.webhook import Sending, Webhook

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `next_cursor` None: the last. Newest first, unless the method says otherwise.

    A cursor is the id of the last item shown: ids sort by time of making, so a page stays right while rows come and go.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """Which record, in which workspace. A claim also says which version it left: only its taker knows that."""

    workspace_id: str
    id: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """All that a step needs to know, read at once."""

    delivery: Delivery
    post: Post
    video: Video
    channel: Channel


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do in the background at a time: `kind` names the handler, `subject_id` what it is about.

    There is at most one chore per kind and subject: putting it again moves its time.
    """

    workspace_id: str
    kind: str
    subject_id: str
    due_at: datetime
    in_hand_until: datetime | None = None
    tries: int = 0
    version: int = 0

    @property
    def id(self) -> str:
        """Its name for the engine."""
        return f"{self.kind}:{self.subject_id}"

    @property
    def wake_at(self) -> datetime:
        """When it is to be looked at: its time, or the end of somebody's hold on it if that is later."""
        return max(self.due_at, self.in_hand_until or self.due_at)


#: The chore that tells webhooks of an event.
ANNOUNCE = "announce"
#: The chore that removes a workspace: the one thing of it that stays until all else is gone.
ERASE = "erase"


def announcement(event: Event) -> Chore:
    """What every save of an event that webhooks may ask for puts beside it, where the workspace has a webhook."""
    return Chore(event.workspace_id, ANNOUNCE, f"{event.subject_id}.{event.id}", event.at)


class Deliveries(Protocol):
    """Deliveries and the claim on them. They are inserted with their post (`Posts.save`)."""

    async def get(self, workspace_id: str, delivery_id: str) -> Delivery:
        """Raises NotFound."""
        ...

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
        """The workspace's deliveries, newest first; empty filters match all."""
        ...

    async def of_posts(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Delivery]:
        """All deliveries of these posts, oldest first; at most 1000 posts."""
        ...

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Delivery]:
        """Those scheduled from `start` to before `end`, in the order of their times; at most `limit`."""
        ...

    async def work(self, ref: Ref) -> Work:
        """The delivery with its post, video and channel. Raises NotFound."""
        ...

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        """Takes into hand, until `until`, what is due (`wake_at <= now`), and gives it.

        Fair: workspaces take turns, whoever waits longest first. At most one delivery of a channel is in hand at a
        time, the earliest due. The claim bumps `version`, and gives it with each; of two claimants exactly one gets a
        record.
        """
        ...

    async def keep(self, ref: Ref, version: int, until: datetime, sent: int | None = None) -> None:
        """Stays in hand until `until`; leaves `version` alone. Raises Stale if it is in other hands now.

        `sent` notes the bytes that have left by now, for people who watch: nothing else is to rest on it.
        """
        ...

    async def save(self, delivery: Delivery, events: Sequence[Event] = ()) -> Delivery:
        """Saves the record and its events. Gives it with its new version; raises Stale."""
        ...

    async def by_handle(self, platform: str, handle: str) -> Ref | None:
        """The delivery that the platform calls so."""
        ...


class Posts(Protocol):
    """Posts, with the deliveries that were made from them."""

    async def get(self, workspace_id: str, post_id: str) -> Post:
        """Raises NotFound."""
        ...

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Post]:
        """Newest first."""
        ...

    async def several(self, workspace_id: str, post_ids: Collection[str]) -> Sequence[Post]:
        """Those of these ids that are there, in no order; at most 1000 ids."""
        ...

    async def planned(self, workspace_id: str, start: datetime, end: datetime, limit: int = 1000) -> Sequence[Post]:
        """Those with a time from `start` to before `end`, drafts too, in the order of their times; at most `limit`."""
        ...

    async def save(self, post: Post, deliveries: Sequence[Delivery] = (), events: Sequence[Event] = ()) -> Post:
        """Saves post, deliveries (each by its own version) and events, or nothing at all. Raises Stale."""
        ...

    async def remove(self, post: Post, deliveries: Sequence[Delivery] = ()) -> None:
        """Deletes it with its deliveries and all their events.

        `deliveries` are the ones it had when that was decided, all of them. Raises Stale if the post or one of them
        changed since, or if there are others: what a worker has just begun is not deleted under its hands.
        """
        ...

    async def using(self, workspace_id: str, video_id: str) -> Sequence[str]:
        """Ids of the posts that use this video."""
        ...


class Videos(Protocol):
    """Records of files taken in."""

    async def get(self, workspace_id: str, video_id: str) -> Video:
        """Raises NotFound."""
        ...

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Video]:
        """Newest first."""
        ...

    async def save(self, video: Video, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Video:
        """Saves the record and puts its chores. Raises Stale."""
        ...

    async def same_bytes(self, workspace_id: str, sha256: str) -> Sequence[str]:
        """Ids of the videos with these bytes, oldest first."""
        ...

    async def remove(self, video: Video) -> None:
        """Raises Stale if it changed since it was loaded; Conflict while a post uses it."""
        ...


class Channels(Protocol):
    """Connected accounts."""

    async def get(self, workspace_id: str, channel_id: str) -> Channel:
        """Raises NotFound."""
        ...

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Channel]:
        """Newest first."""
        ...

    async def save(self, channel: Channel, chores: Sequence[Chore] = (), events: Sequence[Event] = ()) -> Channel:
        """Saves the record and puts its chores. One per workspace and account: a second insert raises Stale."""
        ...

    async def by_account(self, platform: str, remote_id: str) -> Sequence[Ref]:
        """Every channel with this remote id or this owner, in whatever workspace: for news from the platform."""
        ...

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Channel]:
        """Channels whose data key is wrapped by this key-encryption key, in order of id."""
        ...


class Chores(Protocol):
    """Background work with a due time."""

    async def put(self, chore: Chore) -> None:
        """Sets it, or moves it to this time."""
        ...

    async def get(self, workspace_id: str, chore_id: str) -> Chore | None:
        """None when it was done in the meantime."""
        ...

    async def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Ref]:
        """Takes into hand what is due, earliest first; bumps `version`."""
        ...

    async def save(self, chore: Chore) -> Chore:
        """Moves it to another time. Raises Stale."""
        ...

    async def done(self, chore: Chore) -> None:
        """Removes it, unless it was put again since (then nothing happens: it is due again)."""
        ...


class Events(Protocol):
    """History. Events are written with what they tell of, and those that webhooks may ask for with `announcement`."""

    async def get(self, workspace_id: str, subject_id: str, event_id: str) -> Event:
        """Raises NotFound."""
        ...

    async def list(
        self, workspace_id: str, subject_id: str, *, cursor: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """Oldest first."""
        ...


class Workspaces(Protocol):
    """Tenants."""

    async def get(self, workspace_id: str) -> Workspace:
        """Raises NotFound."""
        ...

    async def save(self, workspace: Workspace) -> Workspace:
        """Raises Stale."""
        ...

    async def erase(self, workspace_id: str, limit: int = 500) -> int:
        """Removes about `limit` records of the workspace, of whatever kind, but for chores of the kind ERASE.

        Says how many went; 0: nothing is left, and the workspace itself is gone too. Between two calls no record points
        to one that is gone. What is saved into it meanwhile goes with the next call; afterwards it is Stale.
        """
        ...


class Webhooks(Protocol):
    """Addresses that want to hear what happens."""

    async def get(self, workspace_id: str, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        ...

    async def list(self, workspace_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Webhook]:
        """Newest first."""
        ...

    async def save(self, webhook: Webhook) -> Webhook:
        """Raises Stale."""
        ...

    async def remove(self, webhook: Webhook) -> None:
        """With everything that was sent to it. Raises Stale if it changed since it was loaded."""
        ...

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Webhook]:
        """Webhooks whose data key is wrapped by this key-encryption key, in order of id."""
        ...


class Sendings(Protocol):
    """What was sent to webhooks, and what is to be sent."""

    async def get(self, workspace_id: str, sending_id: str) -> Sending:
        """Raises NotFound."""
        ...

    async def list(
        self, workspace_id: str, webhook_id: str, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Sending]:
        """Newest first."""
        ...

    async def save(self, sending: Sending, chores: Sequence[Chore] = ()) -> Sending:
        """Saves the record and puts its chores. Raises Stale; also where its webhook is gone."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Removes those made before; says how many. They may go later than that, never earlier."""
        ...


class People(Protocol):
    """Those who sign in."""

    async def by_email(self, email: str) -> Person | None:
        """`email` in lower case."""
        ...

    async def get(self, person_id: str) -> Person:
        """Raises NotFound."""
        ...

    async def by_way(self, way: str) -> Person | None:
        """Who has this identity or passkey (`Person.ways`)."""
        ...

    async def save(self, person: Person) -> Person:
        """Raises Stale; also where somebody else has this e-mail address, or one of the other ways in."""
        ...

    async def remove(self, person: Person) -> None:
        """Raises Stale if it changed since it was loaded."""
        ...

    async def sealed_under(self, key_id: str, *, cursor: str | None = None, limit: int = 100) -> Page[Person]:
        """People whose data key is wrapped by this key-encryption key, in order of id."""
        ...


class Tokens(Protocol):
    """API tokens, found by their hash."""

    async def by_hash(self, token_hash: str) -> Token | None:
        """The token, expired or not."""
        ...

    async def list(self, workspace_id: str) -> Sequence[Token]:
        """Newest first."""
        ...

    async def add(self, token: Token) -> None:
        """A new one."""
        ...

    async def remove(self, workspace_id: str, token_id: str) -> None:
        """Raises NotFound."""
        ...

    async def used(self, token: Token, now: datetime) -> None:
        """Notes the time of use; may be coarse (to the minute) and may be lost."""
        ...


class Ephemera(Protocol):
    """Small things with an end: one-time states, idempotency keys, rate windows. An expired one is not there."""

    async def put_new(self, key: str, value: str, expires_at: datetime, now: datetime) -> str | None:
        """Puts it unless it is there; gives the value that was there instead, or None if it was put."""
        ...

    async def get(self, key: str, now: datetime) -> str | None:
        """The value."""
        ...

    async def replace(self, key: str, old: str, new: str, expires_at: datetime) -> bool:
        """Puts `new` if `old` stands; says whether."""
        ...

    async def take(self, key: str, now: datetime) -> str | None:
        """Removes and gives it: of two callers exactly one gets it."""
        ...

    async def allow(self, key: str, limit: int, window: timedelta, now: datetime) -> datetime | None:
        """Counts one call if fewer than `limit` were counted within `window`; else gives the time when one is free."""
        ...

    async def forget(self, workspace_id: str) -> int:
        """Removes whatever lies under `kind:workspace` or `kind:workspace:…`; says how many.

        What is put meanwhile may stay, and so may calls that were counted: they end by themselves.
        """
        ...

    async def sweep(self, now: datetime) -> int:
        """Removes the expired; says how many. Nothing depends on when."""
        ...


class Store(Protocol):
    """All of it. `prepare` makes or updates what the store needs (schema); `ping` raises Unavailable."""

    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def posts(self) -> Posts: ...
    @property
    def videos(self) -> Videos: ...
    @property
    def channels(self) -> Channels: ...
    @property
    def chores(self) -> Chores: ...
    @property
    def events(self) -> Events: ...
    @property
    def workspaces(self) -> Workspaces: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def sendings(self) -> Sendings: ...
    @property
    def people(self) -> People: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def ephemera(self) -> Ephemera: ...

    async def prepare(self) -> None:
        """Brings the schema up to date. Raises SchemaAhead."""
        ...

    async def ping(self) -> None:
        """Raises Unavailable."""
        ...

    async def close(self) -> None:
        """Waits for what is being written."""
        ...
