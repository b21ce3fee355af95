"""The one writer of a SQLite file: what is asked for at the same time is committed together.

A thread takes everything that waits, runs each script in a savepoint of one transaction, commits once (one fsync) and
then answers all. A script that fails is rolled back to its savepoint and fails alone. If the commit fails, nobody's
script happened, and everybody is told so.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection

from playout.domain.errors import Unavailable
from playout.storage.sql.failures import meaning
from playout.storage.sql.runner import Script
from playout.storage.sql.sqlite_file import connect, raw_of

T = TypeVar("T")
#: So that the first of a crowd does not wait for all of it.
MOST_TOGETHER = 256


@dataclass(slots=True)
class Order:
    """A script, who waits for it, and what became of it."""

    script: Script[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: object = None
    failure: Exception | None = None

    def settle(self) -> None:
        """In the loop of whoever waits."""
        if self.future.done():
            return
        if self.failure is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.failure)


class Writer:
    """Starts its thread with the first script; `close` ends it."""

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._closed = False

    async def run(self, script: Script[T]) -> T:
        """What the script gives, once it is on disk."""
        if self._closed:
            raise Unavailable("The store is closed.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._orders.put(Order(script, loop, future))
        return await future

    async def close(self) -> None:
        """Everything asked for until now is written first."""
        self._closed = True
        if self._thread is not None:
            self._orders.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    # ── in the thread ───────────────────────────────────────────────────────────────────────────

    def _serve(self) -> None:
        while (order := self._orders.get()) is not None:
            together, last = self._waiting(order)
            self._commit(together)
            for loop in {one.loop for one in together}:
                _call(loop, _settle, [one for one in together if one.loop is loop])
            if last:
                break
        self._disconnect()

    def _waiting(self, order: Order) -> tuple[list[Order], bool]:
        """All that waits by now, and whether it is the end."""
        together = [order]
        while len(together) < MOST_TOGETHER:
            try:
                more = self._orders.get_nowait()
            except Empty:
                return together, False
            if more is None:
                return together, True
            together.append(more)
        return together, False

    def _commit(self, together: list[Order]) -> None:
        try:
            connection = self._connect()
            raw = raw_of(connection)
            raw.execute("BEGIN IMMEDIATE")
            for order in together:
                _attempt(order, connection, raw)
            raw.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 -- whatever it is, the callers must hear of it
            for order in together:
                order.failure = meaning(error)
            self._disconnect()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._path, self._patience)
        return self._connection

    def _disconnect(self) -> None:
        """Rolls back what is open. After an error of the disk SQLite is not to be trusted with the old connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _attempt(order: Order, connection: Connection, raw: sqlite3.Connection) -> None:
    """Raises only if the whole transaction is lost."""
    raw.execute("SAVEPOINT script")
    try:
        order.result = order.script(connection)
    except Exception as error:
        if not raw.in_transaction:
            raise  # SQLite has given up the transaction: full disk, error of the disk
        raw.execute("ROLLBACK TO script")
        order.failure = meaning(error)
    raw.execute("RELEASE script")


def _settle(orders: Iterable[Order]) -> None:
    for order in orders:
        order.settle()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[list[Order]], None], orders: list[Order]) -> None:
    try:
        loop.call_soon_threadsafe(function, orders)
    except RuntimeError:  # the loop is closed: nobody waits any more
        return
