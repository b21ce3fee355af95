"""What happened, oldest first: for people, webhooks and the timeline. Never a token, never a body."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from playout.domain.ids import new_id


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history. `subject_id` is a delivery, a post, a channel or a video."""

    id: str
    workspace_id: str
    subject_id: str
    kind: str  # delivery.published, channel.needs_reconnect, …
    at: datetime
    state: str = ""
    code: str = ""
    message: str = ""
    milliseconds: int | None = None


class Subject(Protocol):
    """A record that things happen to."""

    @property
    def id(self) -> str: ...
    @property
    def workspace_id(self) -> str: ...
    @property
    def version(self) -> int: ...


class Why(Protocol):
    """A reason or a problem."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...


def happened(
    subject: Subject,
    kind: str,
    now: datetime,
    *,
    state: str = "",
    why: Why | None = None,
    message: str = "",
    milliseconds: int | None = None,
    name: str | None = None,
) -> Event:
    """A new line. What happens to one subject within a millisecond is sorted by its version.

    `name`: its id, where that is known before: then it can happen only once.
    """
    name = name or new_id("evt", now, order=subject.version + 1)
    code, words = (why.code, why.message) if why else ("", message)
    return Event(name, subject.workspace_id, subject.id, kind, now, state, code, words, milliseconds)
