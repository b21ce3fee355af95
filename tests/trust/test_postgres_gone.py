"""PostgreSQL is killed while Playout works, and comes back: Playout lives on and publishes everything once."""

from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.trust.machine import Machine
from tests.trust.other_side import other_side
from tests.trust.talk import API, Talk
from tests.trust.waiting import until

pytestmark = pytest.mark.postgres


def test_playout_lives_through_the_death_of_its_database(
    tmp_path: Path, clip: Path, lone_server: PostgresServer
) -> None:
    with other_side(tmp_path / "sandbox", processing_seconds=0.0, moderation_seconds=0.0) as there:
        machine = Machine(tmp_path / "machine", {"DATABASE_URL": lone_server.new()})
        machine.connected_to(there.url)
        with machine.serving() as serving:
            user = Talk(serving.url, machine.token())
            there.fault("upload", "stall", seconds=3)
            delivery = user.post(user.take_in(clip), user.connect())
            there.asked("upload")
            lone_server.kill()
            down = user.ask("GET", f"{API}/me")
            ready = user.ask("GET", "/readyz").status
            lone_server.start()
            assert (down.status, down.code, ready) == (503, "unavailable", 503), down.body
            assert "database" in down.json["detail"]
            until(lambda: user.ask("GET", "/readyz").status == 200, "the database")
            assert user.settled(delivery, patience=120)["state"] == "published"
            assert serving.process.poll() is None
        assert len(there.published()) == 1
