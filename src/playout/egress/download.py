"""A file on its way from a host, held to its limits while it comes."""

import asyncio
from collections.abc import AsyncGenerator

import aiohttp

from playout.application.ports.files import PIECE
from playout.domain.errors import TooLarge, Unavailable

#: So much has to come within the patience: a host that drips cannot hold a worker.
LEAST = 64 * 1024


class Download:
    """The Protocol `Fetching` over an answer of aiohttp.

    `idle`: seconds for the next 64 KiB. `end`: when all of it must be here, by the clock of the loop.
    """

    filename: str | None = None

    def __init__(self, response: aiohttp.ClientResponse, limit: int, idle: float, end: float) -> None:
        self._response = response
        self._limit = limit
        self._idle = idle
        self._end = end

    @property
    def size(self) -> int | None:
        """By Content-Length."""
        return self._response.content_length

    def refuse_announced(self) -> None:
        """Raises TooLarge before a byte is read, where that can be told."""
        if (self.size or 0) > self._limit:
            raise self._too_large()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """As they come, gathered to 64 KiB at least."""
        taken = 0
        while piece := await self._next():
            taken += len(piece)
            if taken > self._limit:
                raise self._too_large()
            yield piece

    async def _next(self) -> bytes:
        loop = asyncio.get_running_loop()
        failure: Unavailable
        try:
            async with asyncio.timeout_at(min(loop.time() + self._idle, self._end)):
                return await self._gathered()
        except TimeoutError:
            failure = Unavailable("The file comes too slowly.", code="unreachable")
        except (aiohttp.ClientError, OSError):
            failure = Unavailable("The host broke off while the file came.", code="unreachable")
        raise failure

    async def _gathered(self) -> bytes:
        gathered = bytearray()
        while len(gathered) < LEAST and (more := await self._response.content.read(PIECE - len(gathered))):
            gathered += more
        return bytes(gathered)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The file has more than the {self._limit:,} bytes that are allowed. Use a smaller one.")
