"""A clip, and a PostgreSQL of this room's own: its files are searched, and it is killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from playout.media.clip import Clip, make_clip
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def lone_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real video."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(path, Clip(seconds=1))
    return path
