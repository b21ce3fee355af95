"""An egress without a network, for tests and for trying things out: hosts are what they are said to be."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from playout.application.ports.egress import MOST_ANSWER, Fetching, Reply
from playout.application.ports.files import PIECE
from playout.domain.errors import PlayoutError, TooLarge, Unavailable
from playout.egress.filenames import named
from playout.egress.rules import Rules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Posted:
    """What arrived at a host."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class MemoryEgress:
    """The Protocol `Egress` over dictionaries by address; a host that is in neither cannot be reached."""

    files: dict[str, bytes | PlayoutError] = field(default_factory=dict)
    replies: dict[str, Reply | PlayoutError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)

    def check(self, url: str) -> None:
        """As the real one does."""
        Rules().target(url)

    @asynccontextmanager
    async def fetch(self, url: str, *, limit: int) -> AsyncIterator[Fetching]:
        """The bytes kept under the address, or the error."""
        target = Rules().target(url)
        self.fetched.append(url)
        coming = _Coming(_known(self.files.get(url)), named(None, target.rest), limit)
        if coming.size > limit:
            raise coming.too_large()
        yield coming

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes, most_answer: int = MOST_ANSWER) -> Reply:
        """Keeps what was sent; gives the reply kept under the address, or the error."""
        self.check(url)
        reply = _known(self.replies.get(url))
        self.posted.append(Posted(url, dict(headers), body))
        return reply


@dataclass(frozen=True, slots=True)
class _Coming:
    content: bytes
    filename: str | None
    limit: int

    @property
    def size(self) -> int:
        return len(self.content)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self.content), PIECE):
            yield self.content[start : start + PIECE]

    def too_large(self) -> TooLarge:
        return TooLarge(f"The file has more than the {self.limit:,} bytes that are allowed. Use a smaller one.")


def _known(kept: T | PlayoutError | None) -> T:
    if isinstance(kept, PlayoutError):
        raise kept
    if kept is None:
        raise Unavailable("The host of this address cannot be connected to.", code="unreachable")
    return kept
