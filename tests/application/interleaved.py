"""A store in which everybody waits a moment before each step: those who do things at once get in each other's way."""

import asyncio
import inspect
from typing import Any
from typing import cast as typed

from playout.application.ports import Store
from playout.storage.memory import MemoryStore


class _Slow:
    """Before each call of `thing`, and of what it has, the others come first."""

    def __init__(self, thing: object) -> None:
        self._thing = thing

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._thing, name)
        if not inspect.iscoroutinefunction(found):
            return _Slow(found)

        async def later(*given: Any, **named: Any) -> Any:
            await asyncio.sleep(0)
            return await found(*given, **named)

        return later


def interleaved() -> Store:
    """A memory store, as slow as others are."""
    return typed("Store", _Slow(MemoryStore()))
