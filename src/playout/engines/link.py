"""PgQueuer's way to PostgreSQL: a driver that outlives its connections.

PgQueuer's own drivers end with their one connection, and theirs for psycopg also listens on the one that it asks on,
so that statements wait up to a second for the listener. This one asks on one connection, listens on another, and
makes either anew when it is cut. A statement whose answer was lost is sent again: all that PgQueuer sends may be.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from secrets import SystemRandom
from typing import Self

import psycopg
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain.models import TableChangedEvent, utc_now
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import NotifyCallback
from psycopg import sql
from psycopg.rows import DictRow, dict_row

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds between two attempts to connect
_QUIET = 0.02  # seconds; of news that comes more often, the first and the last are told
_CUT = (psycopg.OperationalError, psycopg.InterfaceError)


async def connect(url: str) -> psycopg.AsyncConnection:
    """A connection of the engine's own. Raises psycopg.OperationalError."""
    return await psycopg.AsyncConnection.connect(
        url,
        autocommit=True,
        connect_timeout=10,
        application_name="playout engine",
        # Another side that goes away without a word is noticed after about 15 s.
        keepalives_idle=5,
        keepalives_interval=5,
        keepalives_count=2,
        tcp_user_timeout=15_000,
    )


class Link:
    """A Driver of PgQueuer (`pgqueuer.ports.driver`)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asking: psycopg.AsyncConnection | None = None
        self._opening = asyncio.Lock()
        self._hung_up = asyncio.Event()
        self._listeners: dict[str, list[NotifyCallback]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._news: dict[str, str | None] = {}  # channel: what came while it was quiet
        self._shutdown = asyncio.Event()
        self._tasks = TaskManager()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tasks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops listening. Statements go on: PgQueuer sends its last ones after this."""
        self._listeners.clear()
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None

    async def close(self) -> None:
        """Hangs up for good. What still waits for a connection raises psycopg.OperationalError."""
        self._hung_up.set()
        await self.__aexit__()
        if self._asking:
            await self._asking.close()

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        cursor = await self._ask(query, args)
        return list(await cursor.fetchall())

    async def execute(self, query: str, *args: object) -> str:
        cursor = await self._ask(query, args)
        return cursor.statusmessage or ""

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def _ask(self, query: str, args: tuple[object, ...]) -> psycopg.AsyncRawCursor[DictRow]:
        """Sends it until it is answered. Raises what the server has against it, or OperationalError once hung up."""
        for pause in pauses():
            connection = None
            try:
                connection = await self._connection()
                cursor = psycopg.AsyncRawCursor(connection, row_factory=dict_row)
                await cursor.execute(query, args or None)
            except _CUT as error:
                if self._hung_up.is_set() or (connection and not connection.closed):
                    raise
                log.warning("engine.disconnected", extra={"reason": str(error).strip()})
            else:
                return cursor
            await self._wait(pause)
        raise AssertionError  # the pauses do not end

    async def _connection(self) -> psycopg.AsyncConnection:
        async with self._opening:
            if self._hung_up.is_set():
                raise psycopg.OperationalError("the engine has hung up")
            if self._asking is None or self._asking.closed:
                self._asking = await connect(self._url)
            return self._asking

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hung_up.wait(), seconds)

    # ── listening ────────────────────────────────────────────────────────────────────────────

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Hears what comes from now on; told to look once it listens, and each time it had to connect again."""
        self._listeners.setdefault(channel, []).append(callback)
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(channel), name="engine listens")

    async def _listen(self, channel: str) -> None:
        waits = pauses()
        while not self._hung_up.is_set():
            try:
                async with await connect(self._url) as connection:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    waits = pauses()
                    self._tell(channel, _look(channel))
                    async for note in connection.notifies():
                        self._hear(note.channel, note.payload)
            except _CUT as error:
                log.warning("engine.not_listening", extra={"reason": str(error).strip()})
            await self._wait(next(waits))

    def _hear(self, channel: str, payload: str) -> None:
        """Tells of a changed table at most every so often: PgQueuer asks three questions for each."""
        if '"table_changed_event"' not in payload:
            self._tell(channel, payload)
        elif channel in self._news:
            self._news[channel] = payload
        else:
            self._tell(channel, payload)
            self._news[channel] = None
            asyncio.get_running_loop().call_later(_QUIET, self._again, channel)

    def _again(self, channel: str) -> None:
        if payload := self._news.pop(channel, None):
            self._hear(channel, payload)

    def _tell(self, channel: str, payload: str) -> None:
        for callback in self._listeners.get(channel, ()):
            callback(payload)


def pauses() -> Iterator[float]:
    """Longer and longer, and never two machines in step."""
    random = SystemRandom()
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1.0)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _look(channel: str) -> str:
    """The news that PgQueuer's trigger would send."""
    event = TableChangedEvent(
        channel=Channel(channel), sent_at=utc_now(), type="table_changed_event", operation="insert", table=""
    )
    return event.model_dump_json()
