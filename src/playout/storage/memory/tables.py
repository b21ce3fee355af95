"""What all parts of the memory store share: the tables, and the few moves over them."""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import Field, dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from playout.application.ports import Chore, Page
from playout.application.ports.store import announcement
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery
from playout.domain.errors import NotFound, Stale
from playout.domain.event import Event
from playout.domain.person import Person, Token, Workspace
from playout.domain.post import Post
from playout.domain.video import Video
from playout.domain.webhook import Sending, Webhook, announced

Key: TypeAlias = tuple[str, str]
T = TypeVar("T")


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
    webhooks: dict[Key, Webhook] = field(default_factory=dict)
    sendings: dict[Key, Sending] = field(default_factory=dict)
    chores: dict[Key, Chore] = field(default_factory=dict)
    notes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    calls: dict[str, tuple[list[datetime], datetime]] = field(default_factory=dict)


def get(rows: Mapping[Key, T], workspace_id: str, name: str) -> T:
    """The record. Raises NotFound."""
    if (workspace_id, name) in rows:
        return rows[workspace_id, name]
    raise NotFound("There is no such thing here.")


def owned(workspace_id: str, rows: Mapping[Key, T]) -> Iterable[T]:
    """What lies in this workspace."""
    return [one for (workspace, _), one in rows.items() if workspace == workspace_id]


def newest(matching: Iterable[K], cursor: str | None, limit: int) -> Page[K]:
    """One page, newest first."""
    ordered = sorted((one for one in matching if cursor is None or one.id < cursor), key=_id, reverse=True)
    return _page(ordered, limit)


def oldest(matching: Iterable[K], cursor: str | None, limit: int) -> Page[K]:
    """One page, oldest first."""
    return _page(sorted((one for one in matching if cursor is None or one.id > cursor), key=_id), limit)


def _page(ordered: Sequence[K], limit: int) -> Page[K]:
    shown = tuple(ordered[:limit])
    return Page(shown, shown[-1].id if len(ordered) > limit else None)


def _id(one: Kept) -> str:
    return one.id


def account(channel: Channel) -> Key:
    """What there is one of in a workspace."""
    return channel.platform, channel.profile.remote_id


def belongs(rows: Mapping[Key, T], workspace_id: str, name: str) -> None:
    """What a record points to is there, in the same workspace; else it went away in the meantime."""
    if (workspace_id, name) not in rows:
        raise Stale("What this belongs to is gone. Load it again.")


def in_a_workspace(tables: Tables, workspace_id: str) -> None:
    """Raises Stale where there is no such workspace."""
    if workspace_id not in tables.workspaces:
        raise Stale("What this belongs to is gone. Load it again.")


def check(rows: Mapping[Key, S], record: S) -> None:
    """The stored version is the one the record was loaded with; 0 where there is none."""
    stored = rows.get((record.workspace_id, record.id))
    if record.version != (stored.version if stored else 0):
        raise Stale


def put(rows: MutableMapping[Key, S], record: S) -> S:
    """Keeps it with its next version."""
    rows[record.workspace_id, record.id] = saved = raised(record)
    return saved


def raised(record: V) -> V:
    """With its next version."""
    return replace(record, version=record.version + 1)


def due(tables: Tables, chores: Iterable[Chore]) -> None:
    """Sets chores, or moves them."""
    for chore in chores:
        stored = tables.chores.get((chore.workspace_id, chore.id))
        version = stored.version if stored else 0
        put(tables.chores, replace(chore, version=version, in_hand_until=None))


def note(tables: Tables, events: Iterable[Event]) -> None:
    """Writes history, and has webhooks told of it."""
    happened = list(events)
    for event in happened:
        tables.events.setdefault((event.workspace_id, event.subject_id), {})[event.id] = event
    heard = {workspace_id for workspace_id, _ in tables.webhooks}
    due(tables, [announcement(one) for one in announced(happened) if one.workspace_id in heard])
