"""The one writer of a SQLite file: one commit for many, each failing alone, all failing together where they must."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from playout.domain.errors import Stale, StorageFull, Unavailable
from playout.domain.person import Workspace
from playout.storage.sql import rows
from playout.storage.sql.migrate import migrate
from playout.storage.sql.sqlite import SqliteStore
from playout.storage.sql.sqlite_file import raw_of
from tests.contract.cast import NOW, name


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "data" / "playout.db", migrate=migrate, patience=0.2)
    await made.prepare()
    yield made
    await made.close()


def workspace(title: str = "A") -> Workspace:
    return Workspace(name("ws"), title, NOW)


async def commits(store: SqliteStore) -> list[str]:
    """Grows with every commit from here on."""
    seen: list[str] = []

    def trace(statement: str) -> None:
        if statement == "COMMIT":
            seen.append(statement)

    await store._runner.write(lambda c: raw_of(c).set_trace_callback(trace))
    await store.ping()
    seen.clear()
    return seen


async def count(store: SqliteStore) -> int:
    return await store._runner.read(lambda c: c.execute(text("SELECT count(*) FROM workspaces")).scalar_one())


async def test_saves_at_the_same_time_share_commits(store: SqliteStore) -> None:
    seen = await commits(store)

    await asyncio.gather(*(store.workspaces.save(workspace()) for _ in range(200)))

    assert len(seen) <= 20
    assert await count(store) == 200


async def test_a_save_that_is_alone_is_committed_at_once(store: SqliteStore) -> None:
    seen = await commits(store)

    await store.workspaces.save(workspace())

    assert len(seen) == 1


async def test_one_that_fails_fails_alone(store: SqliteStore) -> None:
    good = [workspace() for _ in range(10)]
    stale = [replace(workspace(), version=5) for _ in range(10)]
    mixed = [one for pair in zip(good, stale, strict=True) for one in pair]

    outcomes = await asyncio.gather(*map(store.workspaces.save, mixed), return_exceptions=True)

    assert [type(one) for one in outcomes] == [Workspace, Stale] * 10
    assert await count(store) == 10


async def test_what_a_failing_script_wrote_is_undone(store: SqliteStore) -> None:
    def half(connection: Connection) -> None:
        rows.save(connection, rows.WORKSPACES, workspace())
        raise ZeroDivisionError

    whole = store.workspaces.save(workspace())
    outcomes = await asyncio.gather(store._runner.write(half), whole, return_exceptions=True)

    assert isinstance(outcomes[0], ZeroDivisionError)
    assert await count(store) == 1


async def test_a_full_disk_fails_all_that_were_together_and_keeps_nothing_of_them(store: SqliteStore) -> None:
    await store.workspaces.save(workspace())
    await store._runner.write(limit_pages)
    big = [workspace("x" * 100_000) for _ in range(10)]

    outcomes = await asyncio.gather(*map(store.workspaces.save, big), return_exceptions=True)

    assert any(isinstance(one, StorageFull) for one in outcomes)
    assert await count(store) == 1 + sum(isinstance(one, Workspace) for one in outcomes)


def limit_pages(connection: Connection) -> None:
    """Stands for a disk with room for a few pages more."""
    pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    connection.execute(text(f"PRAGMA max_page_count = {pages + 10}"))


async def test_after_a_full_disk_the_next_save_goes_through(store: SqliteStore) -> None:
    await store._runner.write(limit_pages)
    with pytest.raises(StorageFull):
        await store.workspaces.save(workspace("x" * 1_000_000))

    saved = await store.workspaces.save(workspace())

    assert await store.workspaces.get(saved.id) == saved


async def test_a_file_that_another_process_holds_too_long_is_unavailable(store: SqliteStore) -> None:
    other = sqlite3.connect(store._path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="Another process"):
        await store.workspaces.save(workspace())
    other.execute("COMMIT")
    other.close()

    await store.workspaces.save(workspace())


async def test_reading_waits_for_no_writer(store: SqliteStore) -> None:
    saved = await store.workspaces.save(workspace())
    other = sqlite3.connect(store._path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE workspaces SET name = 'B'")

    assert await store.workspaces.get(saved.id) == saved
    other.execute("ROLLBACK")
    other.close()


async def test_two_stores_on_one_file_see_and_respect_each_other(store: SqliteStore) -> None:
    other = SqliteStore(store._path, migrate=migrate)
    mine = await store.workspaces.save(workspace())
    await other.workspaces.save(replace(mine, name="B"))

    with pytest.raises(Stale):
        await store.workspaces.save(replace(mine, name="C"))

    assert (await store.workspaces.get(mine.id)).name == "B"
    await other.close()


async def test_closing_waits_for_what_is_being_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "playout.db", migrate=migrate)
    await store.prepare()
    saves = [asyncio.ensure_future(store.workspaces.save(workspace())) for _ in range(50)]
    await asyncio.sleep(0)

    await store.close()

    assert all(isinstance(one, Workspace) for one in await asyncio.gather(*saves))


async def test_a_closed_store_is_unavailable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "playout.db", migrate=migrate)
    await store.prepare()
    await store.close()

    with pytest.raises(Unavailable):
        await store.workspaces.save(workspace())
    with pytest.raises(Unavailable):
        await store.ping()


async def test_a_caller_who_gave_up_disturbs_nobody(store: SqliteStore) -> None:
    saves = [asyncio.ensure_future(store.workspaces.save(workspace())) for _ in range(10)]
    await asyncio.sleep(0)
    saves[3].cancel()

    outcomes = await asyncio.gather(*saves, return_exceptions=True)

    assert sum(isinstance(one, Workspace) for one in outcomes) == 9


async def test_only_the_owner_can_read_the_files(store: SqliteStore) -> None:
    await store.workspaces.save(workspace())

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store._path.parent.iterdir()}

    assert set(modes) == {"playout.db", "playout.db-wal", "playout.db-shm"}
    assert set(modes.values()) == {0o600}


async def test_every_connection_is_safe_by_its_settings(store: SqliteStore) -> None:
    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        return {one: connection.execute(text(f"PRAGMA {one}")).scalar() for one in names}

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 200}
    assert await store._runner.write(settings) == expected
    assert await store._runner.read(settings) == expected


async def test_a_mistake_of_ours_is_not_taken_for_a_fault_of_the_disk(store: SqliteStore) -> None:
    with pytest.raises(Exception, match="no such table") as caught:
        await store._runner.write(lambda c: c.execute(text("SELECT 1 FROM nowhere")))

    assert not isinstance(caught.value, Unavailable)


async def test_an_error_names_no_value(store: SqliteStore) -> None:
    with pytest.raises(Exception, match="no such column") as caught:
        await store._runner.write(lambda c: c.execute(text("SELECT x WHERE 1 = :it"), {"it": "planted-secret"}))

    assert "planted-secret" not in str(caught.value)
