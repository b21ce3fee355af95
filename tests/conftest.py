"""What tests of several rooms share: the stores, each new and empty."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from playout.application.ports import Store
from playout.storage.memory import MemoryStore
from playout.storage.sql.migrate import migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.sqlite import SqliteStore
from tests.postgres import PostgresServer, shared_server

STORES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One for the whole run, however many workers share it."""
    base = tmp_path_factory.getbasetemp()
    with shared_server((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "postgres") as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """Address of an empty database."""
    return postgres_server.new()


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
            return PostgresStore(request.getfixturevalue("postgres_url"), migrate=migrate)
        case _:
            return MemoryStore()
