"""What the scripts need of a database: somebody who runs them, each in one transaction."""

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
#: Everything of one step, without waiting for anything else. It may be run again if it certainly was not committed.
Script: TypeAlias = Callable[[Connection], T]


class Runner(Protocol):
    """Runs scripts. Raises Stale where a constraint says no, Unavailable where the database cannot serve.

    Whatever a script raises reaches its caller, and nothing of it is kept.
    """

    async def read(self, script: Script[T]) -> T:
        """One view of the data, from the start of the script to its end."""
        ...

    async def write(self, script: Script[T]) -> T:
        """Returns when it is on disk."""
        ...
