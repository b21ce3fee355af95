"""The one error tree. Each face maps these kinds in one table (status, page, exit code, reply).

PlayoutError            code, sentence, and what the reader can do about it
├── Invalid             the input is wrong; carries problems, each with its field
│   ├── TooLarge        more bytes than are allowed
│   └── Unplayable      the file is not a video we can take in
├── NotFound            no such thing, or not yours: the same answer on purpose
│   └── FileGone        the record is there, its bytes are not
├── Unauthenticated     who are you?
├── Forbidden           you may not
├── Conflict            the thing is not in a state that allows this
│   ├── Stale           somebody was faster; load again. Inside the engine this is not an error
│   ├── UnsafeToRepeat  a repeat could publish twice
│   └── StillRunning    the same request is being answered right now
├── TooOften            this was tried too often; carries the time when it may be tried again
├── Locked              another worker has this data folder
├── Unavailable         the store or the disk cannot serve right now
│   └── StorageFull     no room left
├── Misconfigured       a setting is wrong; the start is refused
│   └── SchemaAhead     the database was written by a newer Playout
├── Unreadable          sealed bytes that the vault cannot open
└── PlatformFailure     a platform said no, in one of six kinds (see `retry`)

LostHand is no PlayoutError: a worker noticed that the record is no longer its own, and stops.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in words for the person who can mend it."""

    code: str  # stable, snake_case
    field: str  # JSON pointer into the input, "" for the whole
    message: str  # a plain sentence that names the mend
    channel_id: str | None = None
    fix: str | None = None  # the name of an automatic mend, where there is one
    warning: bool = False  # it can be sent all the same


class PlayoutError(Exception):
    """Something that a person, or the program calling us, has to know."""

    code = "error"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or type(self).code


class Invalid(PlayoutError):
    """The input is wrong; `problems` says where, and nothing was changed."""

    code = "invalid"

    def __init__(self, sentence: str, *, code: str | None = None, problems: Sequence[Problem] = ()) -> None:
        super().__init__(sentence, code=code)
        self.problems = tuple(problems)


class TooLarge(Invalid):
    """More bytes than are allowed."""

    code = "too_large"


class Unplayable(Invalid):
    """The file is not a video that can be taken in."""

    code = "not_a_video"


class NotFound(PlayoutError):
    """No such thing in this workspace. Things of other workspaces give exactly this answer."""

    code = "not_found"


class FileGone(NotFound):
    """The record is there, but its bytes are not in the file store."""

    code = "file_gone"


class Unauthenticated(PlayoutError):
    """The caller has not shown who they are."""

    code = "unauthenticated"


class Forbidden(PlayoutError):
    """The caller is known and may not do this."""

    code = "forbidden"


class Conflict(PlayoutError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class Stale(Conflict):
    """A conditional save found another version: somebody was faster."""

    code = "stale"

    def __init__(self, sentence: str = "Somebody changed this in the meantime. Load it again.") -> None:
        super().__init__(sentence)


class UnsafeToRepeat(Conflict):
    """The platform may already have this post, so sending it again could publish it twice."""

    code = "unsafe_to_repeat"


class StillRunning(Conflict):
    """The same request (same Idempotency-Key) is being answered right now."""

    code = "still_running"


class TooOften(PlayoutError):
    """This was tried too often. From `retry_at` on it may be tried again."""

    code = "rate_limited"

    def __init__(self, sentence: str, retry_at: datetime) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at


class Locked(PlayoutError):
    """Another Playout works on this data folder."""

    code = "locked"


class Unavailable(PlayoutError):
    """The store or the disk cannot serve right now; the same request may go through later."""

    code = "unavailable"


class StorageFull(Unavailable):
    """There is no room for these bytes."""

    code = "storage_full"


class Misconfigured(PlayoutError):
    """A setting is wrong; nothing was started."""

    code = "misconfigured"


class SchemaAhead(Misconfigured):
    """The database was written by a newer version of Playout."""

    code = "schema_ahead"


class Unreadable(PlayoutError):
    """Sealed bytes cannot be opened: wrong key, wrong place, or changed bytes."""

    code = "unreadable"


class LostHand(Exception):
    """The record is in other hands now; whoever sees this stops before the next external write."""
