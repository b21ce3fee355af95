"""A whole life of an installation, searched: no secret lies, is printed or is answered but where it belongs."""

from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.trust.canaries import Canaries, Hit
from tests.trust.databases import files_of, rows_of
from tests.trust.whole_run import Life, live

#: The one file that may hold the key-encryption key.
KEY_FILE = "data/secret.key"


def test_no_secret_leaks_on_sqlite(tmp_path: Path, clip: Path) -> None:
    life = live(tmp_path, clip)
    found = Canaries(life.secrets).search(life.machine.root)
    assert leaks(life, found) == set()


@pytest.mark.postgres
def test_no_secret_leaks_on_postgresql(tmp_path: Path, clip: Path, lone_server: PostgresServer) -> None:
    database = lone_server.new()
    life = live(tmp_path, clip, database)
    canaries = Canaries(life.secrets)
    found = canaries.search(life.machine.root) | canaries.hits(rows_of(database), "rows of the database")
    for file in files_of(database):
        found |= canaries.hits(file.read_bytes(), f"{file.parent.name}/{file.name}")
    assert leaks(life, found) == set()


def leaks(life: Life, found: set[Hit]) -> set[str]:
    """What was found beyond the places where it was handed out; those must have been searched too."""
    allowed = life.allowed | {(KEY_FILE, "key-encryption key")}
    assert {(hit.place, hit.secret) for hit in found} >= life.allowed
    assert len(life.secrets) >= 30
    return {f"{hit.secret} in {hit.place}, {hit.form}" for hit in found if (hit.place, hit.secret) not in allowed}
