"""The machine's clock jumps between two runs on one folder: nothing is published twice, and nothing is lost.

At the jump one post waits for its time, one was being announced to the platform when the process was killed, and of one
the last byte arrived and the answer did not. Then the clock goes right again, and everything has to be published once.
"""

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from playout.domain.delivery import State
from playout.wiring import open_house
from tests.trust.clockwork import work
from tests.trust.inside import connected, posted, taken_in
from tests.trust.machine import Machine
from tests.trust.other_side import OtherSide, other_side

CLOCKWORK = str(Path(__file__).with_name("clockwork.py"))
HOUR, DAY = 3600, 86_400
CREATORS = ("alice.films", "bob.at.home", "charlie.cooks")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherSide]:
    with other_side(tmp_path_factory.mktemp("sandbox"), processing_seconds=0.0, moderation_seconds=0.0) as there:
        yield there


@pytest.mark.parametrize("jump", [HOUR, -HOUR, -DAY], ids=["an hour ahead", "an hour back", "a day back"])
async def test_a_jump_of_the_clock_neither_repeats_nor_loses_a_post(
    tmp_path: Path, clip: Path, there: OtherSide, jump: int
) -> None:
    machine = Machine(tmp_path / "machine")
    machine.connected_to(there.url)
    before = len(there.published())
    captions = await planned(machine, there, clip)
    killed(machine, there)
    await work(machine.loaded, jump, 2)
    so_far = [one["caption"] for one in there.published()[before:]]
    assert len(so_far) == len(set(so_far))
    assert await work(machine.loaded, 2 * HOUR, 20) == [State.PUBLISHED] * len(captions)
    assert sorted(one["caption"] for one in there.published()[before:]) == captions


async def planned(machine: Machine, there: OtherSide, clip: Path) -> list[str]:
    """Three posts on three channels, two of them due now; nobody works on them yet."""
    async with open_house(machine.loaded) as house:
        video = await taken_in(house, clip)
        later = house.services.clock.now() + timedelta(minutes=10)
        times = {"waits": later, "goes first": None, "goes next": None}
        for creator, (caption, at) in zip(CREATORS, times.items(), strict=True):
            there.control("config", {"tiktok": {"consent_creator": creator}})
            await posted(house, video, await connected(house), caption, at)
    return sorted(times)


def killed(machine: Machine, there: OtherSide) -> None:
    """One is held up while it is announced; of the other the upload is taken, and its answer dies with the process."""
    with machine.started(CLOCKWORK, "0", "60") as process:
        there.fault("init", "stall", seconds=60)
        there.fault("upload", "kill_after", pid=process.pid)
        process.communicate(b"go\n", 60)
    assert process.returncode == -signal.SIGKILL
    there.control("faults", method="DELETE")
