"""The claim reads what is due and what is in hand, by their indexes, and nothing of what merely waits."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, text

from playout.storage.sql.claim import CHOOSE, lock_claims
from playout.storage.sql.migrate import migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.sqlite import SqliteStore
from playout.storage.sql.sqlite_file import raw_of
from playout.storage.sql.types import Moment
from tests.contract.cast import NOW, SOON, House, house

FUTURE = 20_000
DUE = 50


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "playout.db", migrate=migrate)
    await made.prepare()
    yield made
    await made.close()


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_url, migrate=migrate)
    await made.prepare()
    yield made
    await made.close()


async def fill(store: SqliteStore | PostgresStore, future: int) -> House:
    """Some due over several channels, one of them in hand, and many that wait for tomorrow."""
    alice = await house(store, "alice")
    for _ in range(5):
        channel = await alice.channel()
        ages = [timedelta(seconds=age) for age in range(DUE // 5)]
        tomorrow = [timedelta(days=1, seconds=second) for second in range(future // 5)]
        await alice.deliveries(channel, *(NOW - age for age in ages), *(NOW + wait for wait in tomorrow))
    assert len(await store.deliveries.claim(NOW, SOON, 1)) == 1
    return alice


def explain(connection: Connection, how: str) -> list[Any]:
    query = text(f"{how} {CHOOSE[connection.dialect.name].text}").bindparams(bindparam("now", type_=Moment()))
    lock_claims(connection)
    return list(connection.execute(query, {"now": NOW, "most": 64}).all())


async def test_sqlite_plans_it_by_the_partial_indexes(sqlite: SqliteStore) -> None:
    await fill(sqlite, 100)

    plan = await sqlite._runner.write(lambda c: [row[3] for row in explain(c, "EXPLAIN QUERY PLAN")])

    assert [step for step in plan if "deliveries" in step] == [
        "SEARCH deliveries USING COVERING INDEX deliveries_due (wake_at<?)",
        "SCAN deliveries USING COVERING INDEX deliveries_in_hand",
        "SEARCH deliveries USING INDEX sqlite_autoindex_deliveries_1 (workspace_id=? AND id=?)",
    ]


async def test_sqlite_works_no_more_for_what_waits(sqlite: SqliteStore) -> None:
    alice = await fill(sqlite, 0)
    before = await sqlite._runner.write(steps_of_a_claim)
    channel = await alice.channel()
    await alice.deliveries(channel, *(NOW + timedelta(days=1, seconds=number) for number in range(FUTURE)))

    after = await sqlite._runner.write(steps_of_a_claim)

    assert after == before


def steps_of_a_claim(connection: Connection) -> int:
    """Instructions of SQLite's machine."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw_of(connection).set_progress_handler(step, 1)
    connection.execute(CHOOSE["sqlite"], {"now": NOW, "most": 64}).all()
    raw_of(connection).set_progress_handler(None, 0)
    return steps


@pytest.mark.postgres
async def test_postgresql_plans_it_by_the_partial_indexes(postgres: PostgresStore) -> None:
    await fill(postgres, FUTURE)
    await postgres._runner.write(lambda c: c.execute(text("ANALYZE")))

    nodes = await postgres._runner.write(plan_of)

    used = {node["Index Name"] for node in nodes if "Index Name" in node}
    assert used == {"deliveries_due", "deliveries_in_hand", "deliveries_pkey"}
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


@pytest.mark.postgres
async def test_postgresql_reads_no_row_of_what_waits(postgres: PostgresStore) -> None:
    await fill(postgres, FUTURE)

    nodes = await postgres._runner.write(plan_of)

    scans = [node for node in nodes if "Index Name" in node]
    read = [node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans]
    assert scans
    assert max(read) <= DUE


def plan_of(connection: Connection) -> list[dict[str, Any]]:
    [[found]] = explain(connection, "EXPLAIN (ANALYZE, FORMAT JSON)")
    plan = json.loads(found) if isinstance(found, str) else found
    return list(nodes_of(plan[0]["Plan"]))


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from nodes_of(below)
