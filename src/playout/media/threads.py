"""Blocking calls at the edge, in threads, for work that holds a file open. Nothing else."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As asyncio.to_thread, except that a cancelled caller leaves only when the thread has finished.

    Otherwise the caller would close its file under a thread that still writes, and the next file opened
    would get the same number.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await settled(running)
        raise


async def settled(running: asyncio.Future[T]) -> None:
    """Waits until it is over, however often we are cancelled meanwhile, and drops its outcome."""
    while not running.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    if not running.cancelled():
        running.exception()  # looked at, so that asyncio does not report it as forgotten
