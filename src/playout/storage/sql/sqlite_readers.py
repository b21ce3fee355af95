"""Readers of a SQLite file: a few threads, each with a connection that cannot write.

In WAL mode they see the last commit and wait for nobody, the writer included.
"""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from playout.domain.errors import Unavailable
from playout.storage.sql.failures import named
from playout.storage.sql.runner import Script
from playout.storage.sql.sqlite_file import connect, raw_of

T = TypeVar("T")
THREADS = 4


class Readers:
    """Opens connections as they are needed, at most one a thread; `close` closes them."""

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sqlite-reader")
        self._mine = threading.local()
        self._connections: list[Connection] = []
        self._closed = False

    async def run(self, script: Script[T]) -> T:
        """What the script gives."""
        if self._closed:
            raise Unavailable("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, script)

    async def close(self) -> None:
        """Waits for those that read."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()

    # ── in a thread ─────────────────────────────────────────────────────────────────────────────

    def _read(self, script: Script[T]) -> T:
        with named():
            connection = self._connect()
            raw = raw_of(connection)
            raw.execute("BEGIN")
            try:
                return script(connection)
            finally:
                with suppress(sqlite3.Error):
                    raw.execute("ROLLBACK")

    def _connect(self) -> Connection:
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            self._mine.connection = connection = connect(self._path, self._patience, read_only=True)
            self._connections.append(connection)
        return connection
