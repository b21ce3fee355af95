"""PostgreSQL goes away and comes back: what certainly did not happen is tried again, what may have happened never."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import Connection, text

from playout.domain.errors import Stale, Unavailable
from playout.domain.person import Workspace
from playout.storage.sql.migrate import migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.runner import Script
from tests.contract.cast import NOW, name
from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_url, pool=4, migrate=migrate)
    await made.prepare()
    yield made
    await made.close()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """One that may be stopped: the others use the shared one."""
    server = PostgresServer()
    yield server
    server.close()


def workspace() -> Workspace:
    return Workspace(name("ws"), "A", NOW)


def cut(url: str, connection: Connection) -> None:
    """From outside, the connection is cut."""
    process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


async def test_connections_cut_while_idle_are_made_anew(store: PostgresStore, postgres_url: str) -> None:
    await asyncio.gather(*(store.workspaces.save(workspace()) for _ in range(8)))
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    saved = await asyncio.gather(*(store.workspaces.save(workspace()) for _ in range(8)))

    assert len(saved) == 8


async def test_a_script_whose_connection_was_cut_runs_again(store: PostgresStore, postgres_url: str) -> None:
    runs: list[str] = []

    def script(connection: Connection) -> None:
        runs.append("run")
        connection.execute(text("INSERT INTO workspaces VALUES ('ws_1', 'A', 0, 1)"))
        if len(runs) == 1:
            cut(postgres_url, connection)
            connection.execute(text("SELECT 1"))

    await store._runner.write(script)

    assert len(runs) == 2
    assert (await store.workspaces.get("ws_1")).version == 1


async def test_a_commit_without_an_answer_is_not_repeated(store: PostgresStore, postgres_url: str) -> None:
    runs: list[str] = []

    def script(connection: Connection) -> None:
        runs.append("run")
        connection.execute(text("INSERT INTO workspaces VALUES ('ws_1', 'A', 0, 1)"))
        cut(postgres_url, connection)

    with pytest.raises(Unavailable) as caught:
        await store._runner.write(script)

    assert caught.value.code == "outcome_unknown"
    assert len(runs) == 1


async def test_two_who_lock_each_other_out_both_get_through(store: PostgresStore) -> None:
    first, second = [await store.workspaces.save(workspace()) for _ in range(2)]

    def naming(first: str, second: str) -> Script[None]:
        def script(connection: Connection) -> None:
            for one in (first, second):
                connection.execute(text("UPDATE workspaces SET name = 'B' WHERE id = :id"), {"id": one})
                connection.execute(text("SELECT pg_sleep(0.2)"))

        return script

    orders = [naming(first.id, second.id), naming(second.id, first.id)]
    await asyncio.gather(*map(store._runner.write, orders))

    assert (await store.workspaces.get(first.id)).name == "B"


async def test_the_store_comes_back_with_its_server(own_server: PostgresServer) -> None:
    store = PostgresStore(own_server.new(), migrate=migrate)
    await store.prepare()
    before = await store.workspaces.save(workspace())
    await asyncio.to_thread(own_server.stop)

    waiting = asyncio.ensure_future(store.workspaces.save(workspace()))
    with pytest.raises(Unavailable):
        await store.ping()
    await asyncio.to_thread(own_server.start)
    during = await waiting

    assert await store.workspaces.get(before.id) == before
    assert await store.workspaces.get(during.id) == during
    await store.close()


async def test_what_was_acknowledged_survives_the_death_of_the_server(own_server: PostgresServer) -> None:
    store = PostgresStore(own_server.new(), migrate=migrate)
    await store.prepare()
    saved = await asyncio.gather(*(store.workspaces.save(workspace()) for _ in range(20)))

    await asyncio.to_thread(own_server.kill)
    await asyncio.to_thread(own_server.start)

    assert [await store.workspaces.get(one.id) for one in saved] == saved
    await store.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    store = PostgresStore("postgresql://nobody:p%40%3A%2F%3F%5B%5D@127.0.0.1:1/none", migrate=migrate)

    with pytest.raises(Unavailable) as caught:
        await store.ping()

    assert "p@:/?[]" not in str(caught.value)
    await store.close()


async def test_a_statement_without_end_is_ended(store: PostgresStore) -> None:
    def script(connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = 50"))
        connection.execute(text("SELECT pg_sleep(20)"))

    with pytest.raises(Unavailable):
        await store._runner.write(script)


async def test_more_callers_than_connections_take_turns(store: PostgresStore) -> None:
    saved = await asyncio.gather(*(store.workspaces.save(workspace()) for _ in range(40)))

    assert len({one.id for one in saved}) == 40


async def test_closing_waits_for_what_is_being_written(postgres_url: str) -> None:
    store = PostgresStore(postgres_url, migrate=migrate)
    await store.prepare()
    saves = [asyncio.ensure_future(store.workspaces.save(workspace())) for _ in range(20)]
    await asyncio.sleep(0)

    await store.close()

    assert all(isinstance(one, Workspace) for one in await asyncio.gather(*saves))
    with pytest.raises(Unavailable):
        await store.workspaces.save(workspace())


async def test_an_error_names_no_value(store: PostgresStore) -> None:
    mine = await store.workspaces.save(workspace())

    with pytest.raises(Stale) as caught:
        await store.workspaces.save(replace(mine, version=0))

    assert mine.id not in str(caught.value)
    assert caught.value.__cause__ is None
