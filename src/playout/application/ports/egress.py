"""The way out to addresses that people give: imports, webhooks, avatars. Platforms have a client of their own."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

#: The most that is read of what answers a `post`, in bytes.
MOST_ANSWER = 64 * 1024
#: The code of Unavailable where a host could not be reached or broke off: the same may succeed later.
UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host said to a `post`, as far as anybody may know it."""

    status: int
    retry_after: timedelta | None = None


class Fetching(Protocol):
    """A file that has begun to come."""

    @property
    def filename(self) -> str | None:
        """What the host calls it, made fit to be shown; None where that could be anything but a file's name."""
        ...

    @property
    def size(self) -> int | None:
        """In bytes, where the host announced it."""
        ...

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes, once, in pieces of at most 1 MiB; to be closed.

        Raises TooLarge past the limit; Unavailable (`unreachable`) when it breaks off or comes too slowly.
        """
        ...


class Egress(Protocol):
    """Reaches public https addresses, and nothing of the networks that we are in.

    No error, and nothing else that comes out of here, quotes the address or what a host answered.
    """

    def check(self, url: str) -> None:
        """What can be said without asking anybody. Raises Invalid: `bad_address` (its form), `address_refused`."""
        ...

    def fetch(self, url: str, *, limit: int) -> AbstractAsyncContextManager[Fetching]:
        """Asks for a file of at most `limit` bytes; at most three redirects are followed, each checked as the first.

        Raises Invalid where a repeat changes nothing: `bad_address`, `address_refused`, `could_not_fetch` (the host
        does not give it, or not in a form that can be taken), TooLarge. Raises Unavailable (`unreachable`).
        """
        ...

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, most_answer: int = MOST_ANSWER) -> Reply:
        """Sends once, follows no redirect: whatever the status, it is the reply.

        Raises Invalid (`bad_address`, `address_refused`); Unavailable (`unreachable`), and it may have arrived.
        """
        ...
