"""The machine's clock jumps between two runs on one folder: nothing is published twice, and nothing is lost.

At the jump one post waits for its time, one was being announced to the platform when the process was killed, and of one
the last byte arrived and the answer did not. Then the clock goes right again, and everything has to be published once.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playout.media.clip import Clip, make_clip
from tests.trust.machine import Machine
from tests.trust.other_side import OtherSide, other_side
from tests.trust.talk import Talk

CLOCKWORK = str(Path(__file__).with_name("clockwork.py"))
HOUR, DAY = 3600, 86_400
CREATORS = ("alice.films", "bob.at.home", "charlie.cooks")


@pytest.mark.parametrize("jump", [HOUR, -HOUR, -DAY], ids=["an hour ahead", "an hour back", "a day back"])
def test_a_jump_of_the_clock_neither_repeats_nor_loses_a_post(tmp_path: Path, jump: int) -> None:
    make_clip(tmp_path / "clip.mp4", Clip(seconds=1))
    with other_side(tmp_path / "sandbox", processing_seconds=0.0, moderation_seconds=0.0) as there:
        machine = Machine(tmp_path / "machine")
        machine.connected_to(there.url)
        captions = planned(machine, there, tmp_path / "clip.mp4")
        killed(machine, there)
        jumped = machine.python(CLOCKWORK, str(jump), "2")
        assert jumped.code == 0, jumped.err
        so_far = [one["caption"] for one in there.published()]
        assert len(so_far) == len(set(so_far))
        righted = machine.python(CLOCKWORK, str(2 * HOUR), "20")
        assert righted.code == 0, righted.err
        assert sorted(one["caption"] for one in there.published()) == captions
        assert righted.out.split() == ["published"] * len(captions)


def planned(machine: Machine, there: OtherSide, clip: Path) -> list[str]:
    """Three posts on three channels, two of them due now; nobody works on them yet."""
    in_ten_minutes = datetime.now(UTC) + timedelta(minutes=10)  # noqa: TID251 -- real time is what jumps here
    times = {"waits": in_ten_minutes.isoformat(), "goes first": None, "goes next": None}
    with machine.serving("--no-worker") as serving:
        user = Talk(serving.url, machine.token())
        video = user.take_in(clip, until_known=False)
        for creator, (caption, at) in zip(CREATORS, times.items(), strict=True):
            there.control("config", {"tiktok": {"consent_creator": creator}})
            user.post(video, user.connect(), caption=caption, scheduled_at=at)
    return sorted(times)


def killed(machine: Machine, there: OtherSide) -> None:
    """One is held up while it is announced; of the other the upload is taken, and its answer dies with the process."""
    with machine.started(CLOCKWORK, "0", "60") as process:
        there.fault("init", "stall", seconds=60)
        there.fault("upload", "kill_after", pid=process.pid)
        process.communicate(b"go\n", 60)
    there.control("faults", method="DELETE")
    assert len(there.published()) <= 1
