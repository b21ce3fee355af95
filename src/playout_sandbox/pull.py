"""Downloading a file from the program under test, as platforms do for "pull from URL": streamed, without redirects."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp

_PIECE = 1024 * 1024


class PullError(Exception):
    """The file could not be downloaded. The message says why, without the address."""


async def pull(
    url: str, to: Path | None, *, limit: int, progress: Callable[[bytes], None], root: Path | None = None
) -> None:
    """Download into `to` (None: discard), calling `progress` with each piece.

    Raises PullError for anything but a 200 of at most `limit` bytes; a redirect is not followed.
    """
    trust = await asyncio.to_thread(ssl.create_default_context, cafile=str(root) if root else None)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, middlewares=(_once,)) as client,
            client.get(url, allow_redirects=False, ssl=trust) as answer,
        ):
            if answer.status != 200:  # noqa: PLR2004  # the one status that counts
                raise PullError(f"status {answer.status}")
            await _save(answer, to, limit, progress)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        message = type(error).__name__
        raise PullError(message) from error


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """One request only: aiohttp repeats a GET by itself when the connection breaks, unless an error is not its own."""
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise PullError(type(error).__name__) from error


async def _save(answer: aiohttp.ClientResponse, to: Path | None, limit: int, progress: Callable[[bytes], None]) -> None:
    got = 0
    file = await asyncio.to_thread(to.open, "wb") if to else None
    try:
        async for piece in answer.content.iter_chunked(_PIECE):
            got += len(piece)
            if got > limit:
                raise PullError("too large")
            if file:
                await asyncio.to_thread(file.write, piece)
            progress(piece)
    finally:
        if file:
            await asyncio.to_thread(file.close)
