"""Request bodies that are too large to hold in memory."""

from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect


async def swallow(pieces: AsyncIterator[bytes]) -> None:
    """Read the rest of a body and keep nothing, so that a client can hear the answer while it still sends."""
    try:
        async for _ in pieces:
            pass
    except (ClientDisconnect, RuntimeError):  # RuntimeError: it was read to the end before
        pass
