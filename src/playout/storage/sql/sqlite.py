"""The store in one SQLite file. Several processes may work on it; each commit waits for the disk."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, text

from playout.storage.sql.runner import Script
from playout.storage.sql.schema import REVISIONS, Migrate, revision_of
from playout.storage.sql.sqlite_file import back_up, create
from playout.storage.sql.sqlite_readers import Readers
from playout.storage.sql.sqlite_writer import Writer
from playout.storage.sql.store import SqlStore

T = TypeVar("T")


class SqliteRunner:
    """One writer, a few readers."""

    def __init__(self, path: Path, patience: float) -> None:
        self._writer = Writer(path, patience)
        self._readers = Readers(path, patience)

    async def read(self, script: Script[T]) -> T:
        return await self._readers.run(script)

    async def write(self, script: Script[T]) -> T:
        return await self._writer.run(script)

    async def close(self) -> None:
        await self._readers.close()
        await self._writer.close()


class SqliteStore(SqlStore):
    """Keeps the promises of `Store` in the file `path`.

    `migrate` is called only if the schema is not the last of `revisions`. Whoever finds the file locked by another
    process waits for `patience` seconds.
    """

    def __init__(
        self, path: Path, *, migrate: Migrate, revisions: Sequence[str] = REVISIONS, patience: float = 10.0
    ) -> None:
        self._path = path
        self._migrate = migrate
        self._revisions = revisions
        self._runner = SqliteRunner(path, patience)
        super().__init__(self._runner)

    async def prepare(self) -> None:
        """Raises SchemaAhead. Before a schema is changed, the file is copied to `<file>.before-<revision>`."""
        await asyncio.to_thread(create, self._path)
        if await self._runner.read(self._revision) != self._revisions[-1]:
            await self._runner.write(self._bring_up_to_date)

    async def ping(self) -> None:
        await self._runner.read(lambda c: c.execute(text("SELECT 1")))

    async def close(self) -> None:
        await self._runner.close()

    def _revision(self, connection: Connection) -> str | None:
        return revision_of(connection, self._revisions)

    def _bring_up_to_date(self, connection: Connection) -> None:
        """The writer's transaction is the lock: of two processes one migrates, the other finds it done."""
        found, wanted = self._revision(connection), self._revisions[-1]
        if found == wanted:
            return
        if found is not None:
            back_up(self._path, self._path.with_name(f"{self._path.name}.before-{wanted}"))
        self._migrate(connection)
