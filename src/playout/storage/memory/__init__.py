"""The store in memory: for tests, for trying things out, and as the plainest statement of what a store promises.

Nothing here outlives the process. Every method runs to its end without giving way to another task, so each is one
atomic step by construction; it is not made for several threads.
"""

from playout.storage.memory.background import (
    MemoryChores,
    MemoryEphemera,
    MemoryEvents,
    MemoryPeople,
    MemoryTokens,
    MemoryWorkspaces,
)
from playout.storage.memory.records import MemoryChannels, MemoryDeliveries, MemoryPosts, MemoryVideos
from playout.storage.memory.tables import Tables
from playout.storage.memory.webhooks import MemorySendings, MemoryWebhooks

__all__ = ["MemoryDeliveries", "MemoryStore"]


class MemoryStore:
    """Keeps the promises of `Store` for as long as the process lives."""

    def __init__(self) -> None:
        tables = Tables()
        self.deliveries = MemoryDeliveries(tables)
        self.posts = MemoryPosts(tables)
        self.videos = MemoryVideos(tables)
        self.channels = MemoryChannels(tables)
        self.chores = MemoryChores(tables)
        self.events = MemoryEvents(tables)
        self.workspaces = MemoryWorkspaces(tables)
        self.webhooks = MemoryWebhooks(tables)
        self.sendings = MemorySendings(tables)
        self.people = MemoryPeople(tables)
        self.tokens = MemoryTokens(tables)
        self.ephemera = MemoryEphemera(tables)

    async def prepare(self) -> None:
        """Nothing to prepare."""

    async def ping(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing is on its way."""
