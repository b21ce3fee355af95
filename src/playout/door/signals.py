"""Ctrl-C and SIGTERM: the first asks to end in good order, the second ends the process at once."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

from playout.cli.exits import Interrupted

_BOTH = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[object, object, int], told: Callable[[], None]) -> int:
    """Runs `work`; a signal cancels it and raises Interrupted when it has cleaned up. `told` is called at once then."""
    return asyncio.run(_interruptible(work, told))


async def _interruptible(work: Coroutine[object, object, int], told: Callable[[], None]) -> int:
    task = asyncio.create_task(work)

    def stop() -> None:
        told()
        task.cancel()

    with caught(stop) as numbers:
        try:
            return await task
        except asyncio.CancelledError:
            if not numbers:
                raise
            raise Interrupted(numbers[0]) from None


@contextmanager
def caught(first: Callable[[], None]) -> Iterator[list[int]]:
    """Calls `first` at the first signal within the block; gives the signals that came. The second kills."""
    loop = asyncio.get_running_loop()
    numbers: list[int] = []

    def come(number: int) -> None:
        if numbers:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        numbers.append(number)
        first()

    for number in _BOTH:
        loop.add_signal_handler(number, come, number)
    try:
        yield numbers
    finally:
        for number in _BOTH:
            loop.remove_signal_handler(number)
