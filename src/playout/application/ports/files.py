"""Bytes: where videos lie, and what looks into them."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from playout.domain.rendition import Recipe
from playout.domain.video import Facts

#: No piece of a file in memory is larger than this.
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` took in."""

    key: str
    size: int  # bytes
    sha256: str  # hex


@dataclass(frozen=True, slots=True)
class Probed:
    """What is in a file, and two pictures of it (JPEG)."""

    facts: Facts
    thumbnail: bytes  # at most 540 pixels wide
    strip: bytes  # one row of up to ten frames, 160 pixels high


class Files(Protocol):
    """A store of bytes under keys of the form `[a-z0-9/_.-]+`."""

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Takes the stream in while hashing. Nothing stands under `key` until all of it is safe on disk.

        Raises TooLarge past `limit` bytes, StorageFull; whatever happens, no partial file becomes visible.
        """
        ...

    def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """Exactly `length` bytes from `start`, in pieces of at most 1 MiB; to be closed. Raises FileGone."""
        ...

    async def size(self, key: str) -> int:
        """In bytes. Raises FileGone."""
        ...

    async def copy(self, key: str, target: str) -> None:
        """A second name for the same bytes, made by the store itself: no bytes travel through us.

        Replaces what `target` held; deleting one leaves the other. Raises FileGone.
        """
        ...

    async def delete(self, key: str) -> None:
        """Gone already is fine."""
        ...

    def list(self, prefix: str) -> AsyncIterator[str]:
        """Keys below `prefix`, in no order."""
        ...

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        """An address that gives the bytes to anybody for `lifetime`; None where the store has no such thing."""
        ...

    async def sweep(self, older_than: timedelta) -> int:
        """Removes what killed writers left behind; says how many."""
        ...


#: Codes of the Conflict that `Growing` raises.
WRONG_OFFSET = "wrong_offset"
BEING_WRITTEN = "being_written"


class Growing(Protocol):
    """Files that grow by many requests, through any process, until they are whole. Beside a store of files.

    `name`: of the form `[a-z0-9_-]+`, impossible to guess, and never used for a second file.
    """

    async def append(
        self, name: str, offset: int, pieces: AsyncIterator[bytes], *, limit: int, whole: bool = False
    ) -> int:
        """Takes the stream in from `offset`, the present end; gives the new end once every byte of it is safe on disk.

        What the stream raises comes out here, and what came before it stays. With `whole` none of it stays then, nor
        after a crash, and nobody sees it before the stream has ended. `limit`: most bytes of the file in all. Raises
        TooLarge past it, Conflict (`wrong_offset`; `being_written` while somebody else appends), StorageFull.
        """
        ...

    async def length(self, name: str) -> int:
        """Bytes that are there and stay, come what may; 0 for a name that nobody knows."""
        ...

    async def finish(self, name: str, key: str) -> Stored:
        """All of it appears under `key` in the store of files, at once. Until `drop`, again gives the same.

        Afterwards only `finish` and `drop` may be called. Raises FileGone where there is no byte of it; StorageFull;
        Conflict (`being_written`).
        """
        ...

    async def drop(self, name: str) -> None:
        """Forgets it. Gone already is fine. Raises Conflict (`being_written`), as far as a store can tell."""
        ...

    async def sweep(self, older_than: timedelta) -> int:
        """Drops what nobody has appended to for so long; says how many files that were."""
        ...


class Probe(Protocol):
    """Looks into a file without trusting it."""

    async def probe(self, key: str) -> Probed:
        """Raises Unplayable with a code and a plain sentence; FileGone."""
        ...

    async def frame(self, key: str, at_ms: int) -> bytes:
        """A JPEG of the picture that is shown then, upright, in its own size, at most 2 MiB.

        `at_ms`: milliseconds from the start; beyond the end it is the last picture. Made smaller only where it has more
        than 4096 pixels a side, or more bytes. Raises Unplayable with a code and a plain sentence; FileGone.
        """
        ...


class Render(Protocol):
    """Makes renditions."""

    async def render(
        self, source: str, target: str, recipe: Recipe, *, limit: int, progress: Callable[[float], Awaitable[None]]
    ) -> Stored:
        """Reads the file under `source`, puts what the recipe says under `target`; the source stays as it is.

        `progress` is called about once a second with the share that is done (0 to 1); what it raises ends the work
        and comes out here. Cancelling ends it too; no process and no partial file outlives the call. `limit`: most
        bytes of the result. Raises Unplayable with a code and a plain sentence; FileGone, TooLarge, StorageFull.
        """
        ...
