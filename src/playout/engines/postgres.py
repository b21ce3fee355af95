"""The engine of many machines: PgQueuer on PostgreSQL hands each wake to one of the processes that serve.

Its tables are unlogged: they cost no WAL and are empty after a crash of the server, which an engine may be (the
planner wakes again what falls out of hand). Wakes are sent in batches. What PgQueuer does: hand out, heartbeats,
taking over from the dead. What we add: a bound that is exact, a stop with a bound, a link that reconnects, a broom.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from enum import Enum

import psycopg
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from playout.application.ports import Handler
from playout.domain.errors import Misconfigured, Unavailable
from playout.engines.crew import Crew
from playout.engines.link import Link, connect, pauses

log = logging.getLogger(__name__)

_BATCH = 50  # jobs taken, and ends of jobs noted, in one statement
_HEARTBEAT = timedelta(seconds=10)  # a job without one for this long is taken over
_FAREWELL = 3.0  # seconds for the last statements of a stop, if the server is away
_SWEEP = 20.0  # seconds
_MOST_UNSENT = 10_000  # wakes kept while the server is away; the planner finds what is lost beyond them

#: Named by us, so that nothing of PGQUEUER_* (or CHANNEL, TRIGGER, ...) in the environment changes them.
_NAMES = DBSettings.model_construct(
    prefix="playout_",
    db_schema=None,
    channel=Channel("playout_engine"),
    function="playout_engine_changed",
    statistics_table="playout_engine_statistics",
    queue_status_type="playout_engine_status",
    queue_table="playout_engine",
    queue_table_log="playout_engine_log",
    trigger="playout_engine_changed",
    schedules_table="playout_engine_schedules",
    durability=Durability.volatile,
    widen_id=True,
)
# A queue's rows live for moments: vacuumed often and without pause, with room to update them in place.
_TUNE = """ALTER TABLE playout_engine SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0)"""
# Since PostgreSQL 15 the ids of an unlogged table begin anew after a crash; here one may be in hand still, and what
# PgQueuer gives out again under its id would never be begun, and be struck off in its place.
_KEEP_COUNTING = """DO $$ BEGIN IF current_setting('server_version_num')::int >= 150000 THEN
    EXECUTE 'ALTER SEQUENCE ' || pg_get_serial_sequence('playout_engine', 'id') || ' SET LOGGED'; END IF; END $$"""
# PgQueuer refuses a second job of a key while the first is queued or running; a wake while it runs must be kept.
_FORGET_KEYS = "UPDATE playout_engine SET dedupe_key = NULL WHERE id = ANY($1::bigint[])"
# PgQueuer keeps three lines for each job for ever. In pieces, so that no statement waits long behind this one.
_SWEEP_LOG = """DELETE FROM playout_engine_log WHERE id IN (
    SELECT id FROM playout_engine_log WHERE created < now() - interval '1 minute' LIMIT 5000 FOR UPDATE SKIP LOCKED)"""
_FULL_SWEEP = "DELETE 5000"
_SWEEP_QUEUE = "DELETE FROM playout_engine WHERE status <> 'picked' AND created < now() - interval '1 hour'"


class _Stage(Enum):
    """How far a wake of this process has come."""

    UNSENT = 1
    SENDING = 2
    SENT = 3  # it may stand in the queue, or be taken by anybody


@dataclasses.dataclass
class _Desk(Queries):
    """PgQueuer's statements, which here take no more jobs than there are hands."""

    crew: Crew = dataclasses.field(kw_only=True)
    awaited: dict[str, _Stage] = dataclasses.field(default_factory=dict, kw_only=True)  # by kind/name
    running: Collection[Hashable] = dataclasses.field(default=(), kw_only=True)  # ids that PgQueuer runs

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        """As PgQueuer's, but waits for a hand, takes hands for what it gives, and gives nothing that runs here."""
        # Held and yet not running: the line was cut before PgQueuer started it.
        self.crew.release(self.crew.held.difference(self.running))
        await self.crew.until(lambda: self.crew.idle > 0 or self.crew.dismissed)
        limit = min(batch_size, self.crew.idle)
        if limit < 1:
            return []
        before = [key for key, stage in self.awaited.items() if stage is _Stage.SENT]
        jobs = await super().dequeue(limit, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout)
        fresh = [job for job in jobs if job.id not in self.crew.held]
        if len(fresh) < len(jobs):  # heartbeats came too late, as after a stall: what runs here runs on
            log.warning("engine.stalled", extra={"jobs": len(jobs) - len(fresh)})
        self.crew.hold([job.id for job in fresh])
        if fresh:
            await self.driver.execute(_FORGET_KEYS, [job.id for job in fresh])
        # Fewer than there are hands: the queue is empty, and what was sent before is in somebody's hands.
        self._taken(before if len(jobs) < limit else [_key(job.entrypoint, _name(job)) for job in jobs])
        return fresh

    def _taken(self, keys: Iterable[str]) -> None:
        for key in keys:
            if self.awaited.get(key) is _Stage.SENT:
                del self.awaited[key]
        self.crew.stir()


class PostgresEngine:
    """The Engine for many machines. One name may run on two of them at once: the law of a step bears that."""

    def __init__(self, url: str, slots: int, *, heartbeat: timedelta = _HEARTBEAT) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._heartbeat = heartbeat
        self._crew = Crew(slots)
        self._link = Link(self._url)
        self._desk = _Desk(self._link, *_builders(), crew=self._crew)
        self._awaited = self._desk.awaited
        self._manager: QueueManager | None = None
        self._serving: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Makes or updates the engine's tables; any number of processes may do so at once.

        Raises Unavailable where the server does not answer, Misconfigured where it does not permit it.
        """
        try:
            async with await connect(self._url) as connection:
                queries = Queries(PsycopgDriver(connection), *_builders())
                async with queries.schema_lock():
                    if await queries.schema_is_installed():
                        await queries.apply_upgrade()
                    else:
                        install = queries.qbe.build_install_query(create_schema=False)
                        await queries.driver.execute(f"{install};{_TUNE};{_KEEP_COUNTING}")  # all or nothing
        except psycopg.OperationalError as error:
            raise Unavailable(f"The engine's database does not answer: {error}") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise Misconfigured(f"The engine's database user may not make its tables: {error}") from error

    async def wake(self, kind: str, name: str) -> None:
        """Returns at once; sent with those that come meanwhile. While the server is away it may be lost."""
        if len(self._awaited) >= _MOST_UNSENT:
            log.warning("engine.wake_lost", extra={"kind": kind})
            return
        self._awaited[_key(kind, name)] = _Stage.UNSENT
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="engine sends")

    async def run(self, handlers: Mapping[str, Handler]) -> None:
        """Until `stop`, whatever happens to the server; cancelled, it cancels what runs."""
        self._serving = asyncio.create_task(self._serve(handlers), name="engine serves")
        sweeping = asyncio.create_task(self._sweep(), name="engine sweeps")
        try:
            await asyncio.wait({self._serving})
        finally:
            sweeping.cancel()
            await self.stop(0)
            await asyncio.wait({sweeping})
        self._serving.result()

    def free(self) -> int:
        return max(self._crew.idle - len(self._awaited), 0)

    async def room(self) -> None:
        await self._crew.until(lambda: self.free() > 0)

    async def stop(self, grace: float) -> None:
        """Also gives back what it cancels and what it took but had not begun. Nothing is served after it."""
        if self._manager:
            self._manager.shutdown.set()
        await self._crew.dismiss(grace)
        rest = {task for task in (self._serving, self._sending) if task}
        if rest:
            await asyncio.wait(rest, timeout=_FAREWELL)
        await self._link.close()
        if rest:
            await asyncio.wait(rest)

    async def _serve(self, handlers: Mapping[str, Handler]) -> None:
        for pause in pauses():
            self._manager = QueueManager(self._desk, Channel(_NAMES.channel))
            self._desk.running = self._manager.job_context.keys()
            for kind, handler in handlers.items():
                self._manager.entrypoint(kind, accepts_context=False)(self._entry(handler))
            if self._crew.dismissed:
                return
            try:
                await self._manager.run(
                    dequeue_timeout=self._heartbeat / 2,  # nobody tells of the jobs of the dead
                    batch_size=_BATCH,
                    heartbeat_timeout=self._heartbeat,
                    log_aggregation_interval=timedelta(0),  # statistics that nobody reads
                )
            except Exception as error:
                if self._manager.shutdown.is_set():  # others take over what is left
                    log.warning("engine.left_jobs_behind", extra={"reason": str(error).strip()})
                    return
                log.exception("engine.starts_again")
                await asyncio.sleep(pause)

    def _entry(self, handler: Handler) -> Callable[[Job], Awaitable[None]]:
        async def serve(job: Job) -> None:
            if not self._crew.dismissed:
                task = self._crew.start(job.id, handler, _name(job))
                await asyncio.wait({task})
                if not (task.cancelled() and self._crew.dismissed):
                    return
            raise RetryRequested(reason="the worker stops")  # PgQueuer puts it back

        return serve

    async def _send(self) -> None:
        while batch := sorted(key for key, stage in self._awaited.items() if stage is _Stage.UNSENT):
            self._awaited.update(dict.fromkeys(batch, _Stage.SENDING))
            wakes = [key.partition("/") for key in batch]
            try:
                await self._desk.enqueue(
                    [kind for kind, _, _ in wakes],
                    [name.encode() for _, _, name in wakes],
                    [0] * len(batch),
                    dedupe_key=list(batch),
                    on_conflict="skip",
                )
            except psycopg.Error as error:
                log.warning("engine.wakes_lost", extra={"count": len(batch), "reason": str(error).strip()})
                self._settle(batch, serving=False)
            else:
                self._settle(batch, serving=self._serving is not None)

    def _settle(self, batch: Iterable[str], *, serving: bool) -> None:
        """Those that were not woken again meanwhile are sent; where nobody serves, nobody asks what became of them."""
        for key in batch:
            if self._awaited[key] is _Stage.SENDING:
                if serving:
                    self._awaited[key] = _Stage.SENT
                else:
                    del self._awaited[key]
        self._crew.stir()

    async def sweep(self) -> None:
        """Removes what PgQueuer keeps for ever; `run` does it now and then."""
        await self._link.execute(_SWEEP_QUEUE)
        while await self._link.execute(_SWEEP_LOG) == _FULL_SWEEP:
            pass

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            with suppress(psycopg.Error):
                await self.sweep()


def _builders() -> tuple[QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder]:
    return QueryBuilderEnvironment(_NAMES), QueryQueueBuilder(_NAMES), QuerySchedulerBuilder(_NAMES)


def _key(kind: str, name: str) -> str:
    return f"{kind}/{name}"


def _name(job: Job) -> str:
    return (job.payload or b"").decode()
