"""The schema: made once, changed with a copy at hand, refused when it comes from the future."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from playout.domain.errors import SchemaAhead
from playout.domain.person import Workspace
from playout.storage.sql.migrate import MIGRATIONS, migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.schema import REVISIONS
from playout.storage.sql.sqlite import SqliteStore
from playout.storage.sql.tables import metadata
from tests.contract.cast import NOW

Store = SqliteStore | PostgresStore
NEXT = (*REVISIONS, "9000")


def migrate_further(connection: Connection) -> None:
    """What the migrations of the next Playout could be."""
    migrate(connection)
    connection.execute(text("ALTER TABLE workspaces ADD COLUMN colour TEXT"))
    connection.execute(text("UPDATE alembic_version SET version_num = '9000'"))


def fail(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE workspaces ADD COLUMN colour TEXT"))
    raise ZeroDivisionError


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def new(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[..., Store]]:
    """Makes stores on one and the same empty database."""
    made: list[Store] = []
    address = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def make(**options: object) -> Store:
        given = {"migrate": migrate} | options
        if request.param == "postgres":
            made.append(PostgresStore(address, **given))  # type: ignore[arg-type] # each test names its own
        else:
            made.append(SqliteStore(tmp_path / "playout.db", **given))  # type: ignore[arg-type] # as above
        return made[-1]

    yield make
    for store in made:
        await store.close()


async def columns(store: Store) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(connection.execute(text("SELECT * FROM workspaces")).keys())

    return await store._runner.read(names)


async def test_the_migrations_make_the_tables_that_the_code_reads(new: Callable[..., Store]) -> None:
    store = new()
    await store.prepare()

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))

    assert await store._runner.write(differences) == []


async def test_preparing_twice_changes_nothing(new: Callable[..., Store]) -> None:
    store = new()
    await store.prepare()

    await new(migrate=fail).prepare()

    assert "colour" not in await columns(store)


async def test_a_newer_schema_is_refused_with_both_names(new: Callable[..., Store]) -> None:
    await new(migrate=migrate_further, revisions=NEXT).prepare()

    with pytest.raises(SchemaAhead, match=rf"9000.*{REVISIONS[-1]}"):
        await new().prepare()


async def test_a_migration_that_fails_leaves_the_old_schema(new: Callable[..., Store]) -> None:
    store = new()
    await store.prepare()

    with pytest.raises(ZeroDivisionError):
        await new(migrate=fail, revisions=NEXT).prepare()

    assert "colour" not in await columns(store)
    await new().prepare()


async def test_many_who_prepare_at_once_migrate_once(new: Callable[..., Store]) -> None:
    ran: list[str] = []

    def counted(connection: Connection) -> None:
        ran.append("once")
        migrate(connection)

    await asyncio.gather(*(new(migrate=counted).prepare() for _ in range(6)))

    assert ran == ["once"]


async def test_the_file_is_copied_before_its_schema_changes(tmp_path: Path) -> None:
    path = tmp_path / "playout.db"
    old = SqliteStore(path, migrate=migrate)
    await old.prepare()
    await old.workspaces.save(Workspace("ws_1", "A", NOW))
    await old.close()

    new = SqliteStore(path, migrate=migrate_further, revisions=NEXT)
    await new.prepare()
    await new.close()

    copy = tmp_path / "playout.db.before-9000"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id, name FROM workspaces").fetchall() == [("ws_1", "A")]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (REVISIONS[-1],)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


async def test_a_new_file_is_not_copied(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "playout.db", migrate=migrate)
    await store.prepare()
    await store.close()

    assert not (tmp_path / f"playout.db.before-{REVISIONS[-1]}").exists()


def test_the_code_knows_every_migration_in_its_order() -> None:
    written = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]

    assert tuple(written[::-1]) == REVISIONS
