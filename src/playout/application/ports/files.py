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
