"""The key file is lost and another one made: what needs it is held, and goes on once somebody has signed in again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from playout.media.clip import Clip, make_clip
from tests.trust.machine import Machine
from tests.trust.other_side import OtherSide, other_side
from tests.trust.talk import API, Talk
from tests.trust.waiting import until


class Lost:
    """An installation with a post that is due, and without its key."""

    def __init__(self, machine: Machine, there: OtherSide, clip: Path) -> None:
        self.machine, self.there = machine, there
        self.token = machine.token()
        with self.served("--no-worker") as user:
            self.channel = user.connect()
            self.delivery = user.post(user.take_in(clip, until_known=False), self.channel)
        self.key = (machine.data / "secret.key").read_bytes()
        (machine.data / "secret.key").unlink()

    @contextmanager
    def served(self, *words: str) -> Iterator[Talk]:
        with self.machine.serving(*words) as serving:
            yield Talk(serving.url, self.token)

    def held(self, user: Talk) -> None:
        delivery = user.settled(self.delivery)
        assert (delivery["state"], delivery["reason"]["code"]) == ("held", "key_missing")
        channel = user.api("GET", f"/channels/{self.channel}")
        assert (channel["state"], channel["reason"]["whose_turn"]) == ("needs_reconnect", "you")
        assert "econnect" in channel["reason"]["message"]

    def published(self, user: Talk) -> None:
        until(lambda: user.delivery(self.delivery)["state"] == "published", "its publication")
        assert len(self.there.published()) == 1


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Lost]:
    make_clip(tmp_path / "clip.mp4", Clip(seconds=1))
    with other_side(tmp_path / "sandbox", processing_seconds=0.0, moderation_seconds=0.0) as there:
        machine = Machine(tmp_path / "machine")
        machine.connected_to(there.url)
        yield Lost(machine, there, tmp_path / "clip.mp4")


def test_with_another_key_the_channel_is_held_until_it_is_reconnected(lost: Lost) -> None:
    with lost.served() as user:
        lost.held(user)
        assert user.connect() == lost.channel
        lost.published(user)


def test_with_the_key_restored_a_reconnect_lets_it_go_on(lost: Lost) -> None:
    with lost.served() as user:
        lost.held(user)
    (lost.machine.data / "secret.key").write_bytes(lost.key)
    with lost.served() as user:
        assert user.connect() == lost.channel
        lost.published(user)


def test_with_the_key_restored_before_anything_was_due_nothing_happened(lost: Lost) -> None:
    with lost.served("--no-worker") as user:
        assert user.ask("GET", f"{API}/channels/{lost.channel}/options").code == "key_missing"
    (lost.machine.data / "secret.key").write_bytes(lost.key)
    with lost.served() as user:
        lost.published(user)


def test_a_channel_whose_key_is_lost_can_be_disconnected(lost: Lost) -> None:
    with lost.served("--no-worker") as user:
        assert user.ask("DELETE", f"{API}/channels/{lost.channel}").status == 204
        assert user.api("GET", f"/channels/{lost.channel}")["state"] == "disconnected"
