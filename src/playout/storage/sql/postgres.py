"""The store on PostgreSQL, for any number of processes on any number of machines.

READ COMMITTED throughout: a conditional save is one UPDATE whose row count is the answer, and claims follow one
another by a lock. A transaction that certainly was not committed is run again when the connection was cut or the
server went away for a moment. A COMMIT whose answer was lost is never repeated: its caller is told, and looks.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection, func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from playout.domain.errors import Unavailable
from playout.storage.sql.failures import named
from playout.storage.sql.runner import Script
from playout.storage.sql.schema import REVISIONS, Migrate, revision_of
from playout.storage.sql.store import SqlStore

T = TypeVar("T")

#: Seconds to wait before each further try: a restart of the server fits in.
WAITS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
#: Seconds after the first try in which another one may begin: a silent server is not waited for seven times.
PATIENCE = 6.0
#: Any number, as long as nothing else in this database locks by it.
MIGRATION = 0x506C_6179_6F75_7400
#: Serialisation failure, deadlock, the server ends or starts, too many connections, lost connections (08…).
PASSING = ("40001", "40P01", "57P01", "57P02", "57P03", "53300", "08")
CONNECTION = {
    "application_name": "playout",
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 15,  # seconds until a silent other side is asked whether it is there
    "tcp_user_timeout": 15_000,  # milliseconds until unanswered bytes mean that it is not
    "options": "-c statement_timeout=15s -c idle_in_transaction_session_timeout=30s",
}


class PostgresRunner:
    """A pool of connections; each script gets one for the length of its transaction."""

    def __init__(self, url: str, pool: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,  # seconds
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            connect_args=CONNECTION,
        )
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._running = 0
        self._idle = asyncio.Event()
        self._closed = False

    async def read(self, script: Script[T]) -> T:
        """A read script is one statement, which sees one moment."""
        async with self._counted():
            return await _transact(self._reading, script)

    async def write(self, script: Script[T]) -> T:
        async with self._counted():
            return await _transact(self._engine, script)

    async def ping(self) -> None:
        """Asks once: whoever wants to know whether it serves does not want to wait until it does."""
        async with self._counted():
            await _once(self._reading, lambda c: c.execute(text("SELECT 1")))

    async def close(self) -> None:
        self._closed = True
        while self._running:
            self._idle.clear()
            await self._idle.wait()
        await self._engine.dispose()

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        if self._closed:
            raise Unavailable("The store is closed.")
        self._running += 1
        try:
            with named():
                yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()


async def _transact(engine: AsyncEngine, script: Script[T]) -> T:
    began = time.monotonic()
    for wait in WAITS:
        try:
            return await _once(engine, script)
        except DBAPIError as error:
            if not _passes(error) or time.monotonic() - began + wait > PATIENCE:
                raise
        await asyncio.sleep(wait)
    return await _once(engine, script)


async def _once(engine: AsyncEngine, script: Script[T]) -> T:
    """A DBAPIError that leaves here is of a transaction that was not committed."""
    async with engine.connect() as connection:
        result = await connection.run_sync(script)
        try:
            await connection.commit()
        except IntegrityError:
            raise
        except DBAPIError:
            sentence = "The database was lost while it was saving. Look whether it was saved before trying again."
            raise Unavailable(sentence, code="outcome_unknown") from None
        return result


def _passes(error: DBAPIError) -> bool:
    """Whether the same may go well in a moment. Where there is no code, no server answered."""
    code = getattr(error.orig, "sqlstate", None)
    lost = isinstance(error, OperationalError) and code is None
    return error.connection_invalidated or lost or (code is not None and code.startswith(PASSING))


class PostgresStore(SqlStore):
    """Keeps the promises of `Store` in the database at `url` (`postgresql://…`), over at most `pool` connections.

    `migrate` is called only if the schema is not the last of `revisions`.
    """

    def __init__(self, url: str, *, pool: int = 8, migrate: Migrate, revisions: Sequence[str] = REVISIONS) -> None:
        self._migrate = migrate
        self._revisions = revisions
        self._runner = PostgresRunner(url, pool)
        super().__init__(self._runner)

    async def prepare(self) -> None:
        """Raises SchemaAhead. Of several processes one migrates, the others wait and find it done."""
        if await self._runner.write(self._revision) != self._revisions[-1]:
            await self._runner.write(self._bring_up_to_date)

    async def ping(self) -> None:
        await self._runner.ping()

    async def close(self) -> None:
        await self._runner.close()

    def _revision(self, connection: Connection) -> str | None:
        return revision_of(connection, self._revisions)

    def _bring_up_to_date(self, connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION)))
        if self._revision(connection) != self._revisions[-1]:
            self._migrate(connection)
