"""The engine of many machines under fault: lines cut, servers gone, workers killed. The planner is not here to help."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from playout.domain.errors import Misconfigured, Unavailable
from playout.engines.postgres import PostgresEngine
from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
OURS: LiteralString = "FROM pg_stat_activity WHERE application_name = 'playout engine' AND datname = current_database()"


class Ledger:
    """What was done, in order; a name that begins with `long` is held until it is told to end."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self._go = asyncio.Event()

    async def __call__(self, name: str) -> None:
        self.began.append(name)
        if name.startswith("long"):
            await self._go.wait()
        self.ended.append(name)

    def let_go(self) -> None:
        self._go.set()


@asynccontextmanager
async def serving(url: str, ledger: Ledger, slots: int = 4) -> AsyncIterator[PostgresEngine]:
    engine = PostgresEngine(url, slots, heartbeat=timedelta(seconds=1))
    run = asyncio.create_task(engine.run({"delivery": ledger}))
    try:
        yield engine
    finally:
        await engine.stop(0)
        await run


@asynccontextmanager
async def worker(url: str, grace: float) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.engines.worker",
        url,
        str(grace),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await heard(process, "ready")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def heard(process: asyncio.subprocess.Process, words: str) -> None:
    assert process.stdout
    async with asyncio.timeout(30):
        async for line in process.stdout:
            if line.decode().strip() == words:
                return
    raise AssertionError(f"the worker ended before it said {words!r}")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def ask(url: str, statement: LiteralString) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement)
        return await cursor.fetchall() if cursor.description else []


@pytest.fixture
async def url(postgres_url: str) -> str:
    await PostgresEngine(postgres_url, 1).prepare()
    return postgres_url


# ── its tables ───────────────────────────────────────────────────────────────────────────────


async def test_tables_are_made_once_however_many_start_at_once(postgres_url: str) -> None:
    await asyncio.gather(*(PostgresEngine(postgres_url, 1).prepare() for _ in range(4)))
    await PostgresEngine(postgres_url, 1).prepare()

    assert await ask(postgres_url, "SELECT count(*) FROM playout_engine") == [(0,)]


async def test_the_environment_does_not_rename_its_tables(
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PGQUEUER_PREFIX", "PGQUEUER_QUEUE_TABLE", "QUEUE_TABLE", "CHANNEL", "TRIGGER", "FUNCTION"):
        monkeypatch.setenv(name, "somebody_elses")
    ledger = Ledger()
    await PostgresEngine(postgres_url, 1).prepare()
    async with serving(postgres_url, ledger) as engine:
        await engine.wake("delivery", "it")
        await until(lambda: ledger.ended == ["it"])

    tables = await ask(postgres_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {str(name).split("_")[0] for (name,) in tables} == {"playout"}


async def test_tables_cost_no_wal(url: str) -> None:
    kept = await ask(
        url, "SELECT relname FROM pg_class WHERE relname ~ '^playout' AND relpersistence <> 'u' AND relkind = 'r'"
    )
    assert kept == []


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await PostgresEngine(f"postgresql://postgres@/postgres?host={tmp_path}", 1).prepare()


async def test_a_user_who_may_make_no_tables_is_told(postgres_url: str) -> None:
    await ask(postgres_url, "CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM public")
    try:
        with pytest.raises(Misconfigured, match="may not make its tables"):
            await PostgresEngine(postgres_url.replace("postgres@", "guest@"), 1).prepare()
    finally:
        await ask(postgres_url, "DROP ROLE guest")


async def test_what_pgqueuer_keeps_for_ever_is_swept(url: str) -> None:
    ledger = Ledger()
    async with serving(url, ledger) as engine:
        for n in range(10):
            await engine.wake("delivery", str(n))
        await until(lambda: len(ledger.ended) == 10)
        await ask(url, "UPDATE playout_engine_log SET created = created - interval '2 minutes'")
        await ask(
            url,
            "INSERT INTO playout_engine_log (job_id, status, priority, entrypoint, created)"
            " SELECT n, 'queued', 0, 'x', now() - interval '1 day' FROM generate_series(1, 12000) n",
        )
        await ask(
            url,
            "INSERT INTO playout_engine (priority, status, entrypoint, created)"
            " VALUES (0, 'queued', 'of an older version', now() - interval '2 hours')",
        )
        await engine.sweep()

    assert await ask(url, "SELECT count(*) FROM playout_engine") == [(0,)]
    assert (await ask(url, "SELECT count(*) FROM playout_engine_log"))[0][0] in range(30)
    assert await ask(url, "SELECT count(*) FROM playout_engine_statistics") == [(0,)]


# ── many machines ────────────────────────────────────────────────────────────────────────────


async def test_two_engines_share_the_work_and_do_nothing_twice(url: str) -> None:
    ledgers = Ledger(), Ledger()
    async with serving(url, ledgers[0]) as one, serving(url, ledgers[1]) as other:
        for n in range(500):
            await (one, other)[n % 2].wake("delivery", str(n))
        await until(lambda: sum(len(ledger.ended) for ledger in ledgers) == 500)
        await until(lambda: one.free() == other.free() == 4)

    assert {*ledgers[0].began, *ledgers[1].began} == {str(n) for n in range(500)}
    assert all(ledger.began for ledger in ledgers)


async def test_what_one_wakes_and_another_takes_gives_room_again(url: str) -> None:
    ledger = Ledger()
    async with serving(url, ledger) as full, serving(url, ledger, slots=8) as empty:
        for n in range(4):
            await full.wake("delivery", f"long {n}")
        await until(lambda: len(ledger.began) == 4)
        await until(lambda: full.free() + empty.free() == 8)
        ledger.let_go()
        await until(lambda: full.free() == 4)


# ── faults ───────────────────────────────────────────────────────────────────────────────────


async def test_a_cut_line_is_mended_and_nothing_in_hand_runs_twice(url: str) -> None:
    ledger = Ledger()
    async with serving(url, ledger) as engine:
        await engine.wake("delivery", "long")
        await until(lambda: ledger.began == ["long"])
        assert len(await ask(url, "SELECT pg_terminate_backend(pid) " + OURS)) == 2
        await engine.wake("delivery", "after")
        await until(lambda: ledger.ended == ["after"])
        await until(lambda: engine.free() == 3)
        ledger.let_go()
        await until(lambda: engine.free() == 4)

    assert sorted(ledger.began) == ["after", "long"]
    assert await ask(url, "SELECT count(*) FROM playout_engine") == [(0,)]


async def test_it_listens_again_after_a_cut(url: str) -> None:
    """Else every wake would wait for the next look. Here the looks are far apart."""
    ledger = Ledger()
    engine = PostgresEngine(url, 4, heartbeat=timedelta(hours=1))
    run = asyncio.create_task(engine.run({"delivery": ledger}))
    other = PostgresEngine(url, 4)
    for n in range(3):
        await other.wake("delivery", str(n))
        await until(lambda: str(n) in ledger.ended)  # noqa: B023 -- asked before n moves on
        await ask(url, "SELECT pg_terminate_backend(pid) " + OURS)
    await engine.stop(0)
    await other.stop(0)
    await run


async def test_lines_cut_all_the_time_lose_no_wake(url: str) -> None:
    ledger = Ledger()
    async with serving(url, ledger, slots=16) as engine:
        for n in range(400):
            await engine.wake("delivery", str(n))
            if n % 20 == 0:
                await ask(url, "SELECT pg_terminate_backend(pid) " + OURS)
        await until(lambda: len(set(ledger.ended)) == 400)
        await until(lambda: engine.free() == 16)


async def test_a_job_given_out_again_while_it_runs_here_is_not_begun_again(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a stall of the loop, when heartbeats came too late."""
    ledger = Ledger()
    async with serving(url, ledger) as engine:
        await engine.wake("delivery", "long")
        await until(lambda: ledger.began == ["long"])
        await ask(url, "UPDATE playout_engine SET heartbeat = now() - interval '1 hour'")
        await engine.wake("delivery", "after")
        await until(lambda: any(record.message == "engine.stalled" for record in caplog.records))
        ledger.let_go()
        await until(lambda: engine.free() == 4)

    assert sorted(ledger.began) == ["after", "long"]


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """One that may be killed."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.mark.slow
async def test_it_outlives_a_crash_of_the_server(own_server: PostgresServer) -> None:
    """The tables are unlogged: the crash empties them, and wakes of before may be lost. Those of after are not."""
    ledger, url = Ledger(), own_server.new()
    await PostgresEngine(url, 1).prepare()
    async with serving(url, ledger) as engine:
        await engine.wake("delivery", "long")
        await until(lambda: ledger.began == ["long"])
        await asyncio.to_thread(own_server.kill)
        await engine.wake("delivery", "meanwhile")
        await asyncio.to_thread(own_server.start)
        await until(lambda: "meanwhile" in ledger.ended)
        await engine.wake("delivery", "after")
        await until(lambda: "after" in ledger.ended)
        ledger.let_go()
        await until(lambda: engine.free() == 4)

    assert ledger.began.count("long") == 1


@pytest.mark.slow
async def test_it_stops_in_time_without_a_server(own_server: PostgresServer) -> None:
    ledger, url = Ledger(), own_server.new()
    await PostgresEngine(url, 1).prepare()
    async with serving(url, ledger) as engine:
        await engine.wake("delivery", "long")
        await until(lambda: ledger.began == ["long"])
        await asyncio.to_thread(own_server.stop)
        await engine.wake("delivery", "never sent")
        async with asyncio.timeout(30):
            await engine.stop(0)


# ── workers that go ──────────────────────────────────────────────────────────────────────────


async def test_the_work_of_a_killed_worker_is_taken_over(url: str) -> None:
    ledger = Ledger()
    async with worker(url, grace=0) as process:
        await PostgresEngineOnce(url).wake("long job")
        await heard(process, "began long job")
        process.kill()
        await process.wait()
        async with serving(url, ledger) as engine:
            await until(lambda: ledger.began == ["long job"])
            ledger.let_go()
            await until(lambda: engine.free() == 4)

    assert await ask(url, "SELECT count(*) FROM playout_engine") == [(0,)]


async def test_sigterm_lets_the_work_in_hand_finish(url: str) -> None:
    async with worker(url, grace=30) as process:
        await PostgresEngineOnce(url).wake("short job")
        await heard(process, "began short job")
        process.send_signal(signal.SIGTERM)
        await heard(process, "ended short job")

        assert await process.wait() == 0
    assert await ask(url, "SELECT count(*) FROM playout_engine") == [(0,)]


async def test_sigterm_gives_back_what_does_not_finish(url: str) -> None:
    ledger = Ledger()
    async with worker(url, grace=0.1) as process:
        await PostgresEngineOnce(url).wake("long job")
        await heard(process, "began long job")
        process.send_signal(signal.SIGTERM)

        assert await process.wait() == 0
    assert await ask(url, "SELECT status::text FROM playout_engine") == [("queued",)]
    async with serving(url, ledger):
        await until(lambda: ledger.began == ["long job"])


class PostgresEngineOnce:
    """A process that wakes and does not serve, as a command line."""

    def __init__(self, url: str) -> None:
        self._engine = PostgresEngine(url, 1)

    async def wake(self, name: str) -> None:
        await self._engine.wake("delivery", name)
        await self._engine.stop(0)
