"""The store in memory: for tests, for trying things out, and as the plainest statement of what a store promises.

Nothing here outlives the process. Every method runs to its end without giving way to another task, so each is one
atomic step by construction; it is not made for several threads.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, TypeAlias, TypeVar

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

    __dataclass_fields__: ClassVar[dict[str, object]]

    @property
    def version(self) -> int: ...


K = TypeVar("K", bound=Kept)
V = TypeVar("V", bound=Versioned)


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


