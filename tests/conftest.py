"""What tests of several rooms share: the stores, each new and empty."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import create_engine, make_url

from playout.application.ports import Store
from playout.storage.memory import MemoryStore
from playout.storage.sql.migrate import migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.sqlite import SqliteStore
from playout.storage.sql.tables import metadata
from tests.postgres import PostgresServer, shared_server

STORES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for the whole run, however many workers share it."""
    with shared_server(os.environ.get("PYTEST_XDIST_TESTRUNUID", f"of-{os.getpid()}")) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of an empty database, which goes with the test."""
    address = postgres_server.new()
    yield address
    postgres_server.drop(address)


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of a database that has our tables, one for each worker of the run: new tables take long to make."""
    url = postgres_server.new()
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        migrate(connection)
    yield url
    engine.dispose()


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Every kind of store there is, each empty."""
    made = new_store(request, tmp_path)
    await made.prepare()
    yield made
    await made.close()


def new_store(request: pytest.FixtureRequest, folder: Path) -> Store:
    match request.param:
        case "sqlite":
            return SqliteStore(folder / "playout.db", migrate=migrate)
        case "postgres":
            url = request.getfixturevalue("postgres_tables")
            empty(url)
            return PostgresStore(url, migrate=migrate)
        case _:
            return MemoryStore()


def empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))
