"""Two worker processes on one table of DynamoDB: each delivery is sent once, and what a killed one held goes on.

`PLAYOUT_TEST_DELIVERIES` says how many (300 unless it is set; the figure in the notes is of 2,000).
"""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from playout.application.grants import Grants
from playout.application.people import HOME
from playout.domain.channel import Channel, Grant, Profile
from playout.domain.delivery import Delivery, State
from playout.domain.ids import new_id
from playout.domain.post import Destination, Post
from playout.domain.secret import Secret
from playout.domain.video import Video, VideoState
from playout.media.memory import UPRIGHT
from playout.settings import Settings
from playout.wiring import House, open_house
from tests.whole.table_worker import Ledger, sent

ROOT = Path(__file__).parents[2]
DELIVERIES = int(os.environ.get("PLAYOUT_TEST_DELIVERIES", "300"))
CHANNELS = DELIVERIES // 10
PATIENCE = 60 + DELIVERIES  # seconds, on a machine that does much else


@pytest.mark.slow
async def test_of_two_workers_one_is_killed_and_everything_is_sent_once(dynamodb_url: str, tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": dynamodb_url})
    ledger = tmp_path / "ledger"
    async with open_house(settings, platforms={}) as house:
        start = house.services.clock.now()
        await fill(house, start)
        command = [sys.executable, "-m", "tests.whole.table_worker", dynamodb_url, str(tmp_path), str(ledger)]
        with child(*command, start.isoformat()) as doomed, child(*command, start.isoformat()):
            await until(lambda: len(sent(ledger)) > DELIVERIES // 3, doomed)
            doomed.kill()
            await until(lambda: len(sent(ledger)) >= DELIVERIES)
            states = await settled(house)

    assert states == {State.PUBLISHED: DELIVERIES}
    assert Counter(sent(ledger)).most_common(1)[0][1] == 1
    assert len(sent(ledger)) == DELIVERIES


@contextmanager
def child(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def fill(house: House, now: datetime) -> None:
    """Posts that are due in a minute, ten to a channel; each says its own number."""
    video = Video(
        new_id("vid", now), HOME, VideoState.READY, "one.mp4", 1, "00", "videos/none", now, version=0, facts=UPRIGHT
    )
    await house.store.videos.save(video)
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        async with gate:
            await channel(house, video.id, number, now)

    await asyncio.gather(*(one(number) for number in range(CHANNELS)))


async def channel(house: House, video_id: str, number: int, now: datetime) -> None:
    one = Channel(new_id("chn", now), HOME, Ledger.name, Profile(str(number), f"c{number}", f"C{number}"), now)
    grant = Grant(Secret("access"), None, None, None, ())
    await house.store.channels.save(
        await Grants(house.store, house.ports.vault, house.services.clock).sealed(one, grant)
    )
    due = now + timedelta(minutes=1)
    for place in range(DELIVERIES // CHANNELS):
        post = Post(
            new_id("pst", now), HOME, video_id, f"{number}-{place}", (Destination(one.id),), now, scheduled_at=due
        )
        delivery = Delivery(new_id("dlv", now), HOME, post.id, one.id, Ledger.name, due, due, now)
        await house.store.posts.save(post, [delivery])


async def until(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            assert process is None or process.poll() is None, "the worker ended by itself"
            await asyncio.sleep(0.1)


async def settled(house: House) -> dict[State, int]:
    """How many deliveries are in each state, once none is on its way."""
    async with asyncio.timeout(PATIENCE):
        while True:
            states = await counted(house)
            if not states.keys() & {State.WAITING, State.SENDING, State.PROCESSING}:
                return states
            await asyncio.sleep(0.5)


async def counted(house: House) -> dict[State, int]:
    states: Counter[State] = Counter()
    cursor = None
    while True:
        page = await house.store.deliveries.list(HOME, cursor=cursor, limit=500)
        states.update(one.state for one in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return dict(states)
