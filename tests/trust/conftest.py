"""A PostgreSQL of this room's own: its files are searched, and it is killed."""

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def lone_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()
