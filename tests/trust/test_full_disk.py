"""No room left: a sentence that says so, a process that lives on, and everything that was there before intact."""

import hashlib
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.trust.machine import Machine, Serving
from tests.trust.talk import API, Talk

LIMIT = 1 << 20  # bytes


@contextmanager
def served(machine: Machine, limit: int | None) -> Iterator[tuple[Serving, Talk]]:
    token = machine.token()
    with machine.serving(limit=limit) as serving:
        yield serving, Talk(serving.url, token)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_upload_without_room_is_told_and_the_server_goes_on(machine: Machine, clip: Path) -> None:
    with served(machine, LIMIT) as (_, user):
        video = user.take_in(clip)
        (kept,) = (machine.data / "files").rglob(video)
        before = hashlib.sha256(kept.read_bytes()).hexdigest()
        refused = user.ask("POST", f"{API}/videos?filename=large.mp4", bytes(2 * LIMIT))
        assert (refused.status, refused.code) == (507, "storage_full")
        assert "room" in refused.json["detail"]
        assert [one["id"] for one in user.api("GET", "/videos")["items"]] == [video]
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == before == user.api("GET", f"/videos/{video}")["sha256"]
        assert list((machine.data / "files" / ".partial").iterdir()) == []
        user.take_in(clip)


def test_the_command_line_tells_it_too(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "large.mp4").write_bytes(bytes(2 * LIMIT))
    ran = machine.run("videos", "add", str(tmp_path / "large.mp4"), "--json", limit=LIMIT)
    assert ran.code == 1
    assert '"code": "storage_full"' in ran.err, ran.err
    assert [path for path in (machine.data / "files").rglob("*") if path.is_file()] == []


def test_a_database_without_room_refuses_and_loses_nothing_that_it_confirmed(machine: Machine) -> None:
    """Nothing else is written here but commits, each with a new token, until the WAL may not grow any more."""
    with served(machine, None) as (serving, user):
        limit = (machine.data / "playout.db-wal").stat().st_size + 200_000
        resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        confirmed, wanted = [], {"name": "one more", "scopes": ["read"]}
        while (answer := user.ask("POST", f"{API}/tokens", wanted)).status == 201:
            confirmed.append(answer.json["id"])
        assert answer.status in {503, 507}, answer.body
        assert "disk" in answer.json["detail"]
        assert user.ask("GET", f"{API}/me").status == 200
        assert confirmed
        resource.prlimit(serving.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        confirmed.append(user.api("POST", "/tokens", {"name": "with room again", "scopes": ["read"]})["id"])
        listed = {one["id"] for one in user.api("GET", "/tokens")["items"]}
    assert len(listed) == len(confirmed) + 1
    assert listed > set(confirmed)
    with closing(sqlite3.connect(machine.data / "playout.db")) as database:
        assert {one for (one,) in database.execute("SELECT id FROM tokens")} == listed
