"""What tests of several rooms share: the stores, each new and empty."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import create_engine, make_url

from playout.application.ports import Store
from playout.storage.dynamodb import DynamoStore
from playout.storage.memory import MemoryStore
from playout.storage.sql.migrate import migrate
from playout.storage.sql.postgres import PostgresStore
from playout.storage.sql.sqlite import SqliteStore
from playout.storage.sql.tables import metadata
from tests.aws import CREDENTIALS, AwsServer, shared_aws
from tests.postgres import PostgresServer, shared_server

STORES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "dynamodb"]


def this_run() -> str:
    """Its name, the same for all its workers."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", f"of-{os.getpid()}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One for the whole run, however many workers share it."""
    with shared_server(this_run()) as server:
        yield server


@pytest.fixture(scope="session")
def aws_server() -> Iterator[AwsServer]:
    """One for the whole run: DynamoDB and S3 behind one address, whose keys are in the environment."""
    os.environ |= CREDENTIALS
    with shared_aws(this_run()) as server:
        yield server


@pytest.fixture
def dynamodb_url(aws_server: AwsServer) -> str:
    """Address of a table that is not there yet."""
    return f"dynamodb://playout-{uuid.uuid4()}?region=eu-central-1&endpoint={aws_server.url}"


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
        case "dynamodb":
            return DynamoStore(request.getfixturevalue("dynamodb_url"))
        case _:
            return MemoryStore()


def empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table.name)))
