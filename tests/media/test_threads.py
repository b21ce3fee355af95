"""Blocking work that is cancelled: the thread ends first."""

import asyncio
import threading

import pytest

from playout.media.threads import in_thread


async def test_a_cancelled_caller_leaves_only_when_the_thread_is_done() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()
        ended.set()

    caller = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    caller.cancel()
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()

    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()


async def test_what_the_work_raises_arrives() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0)


async def test_what_the_work_gives_arrives() -> None:
    assert await in_thread(max, 1, 2) == 2
