"""A token dies while fifty posts wait: all are held, one notice is written, and one reconnect sends each of them once.

The platforms' limits stay in force (six posts a minute, thirty a day): the clocks jump over the waits.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from playout.domain.channel import ChannelState
from playout.domain.delivery import State
from playout.domain.retry import Kind
from tests.crash.stage import FLOWS, Flow
from tests.whole.stage import ALICE, Scene, scene

POSTS = 50
WORDS = [f"Number {number}" for number in range(POSTS)]
OF = {flow.name: flow for flow in FLOWS}


@dataclass(frozen=True, slots=True)
class Case:
    """A platform, and how its account is called there. `other_side`: its own settings."""

    flow: Flow
    account: str
    other_side: dict[str, object] = field(default_factory=dict)


CASES = [
    Case(OF["direct"], "alice.films", {"daily_cap": 1000}),  # the day's cap is nobody's but the platform's to know
    Case(OF["youtube"], "alice.films"),
    Case(OF["instagram"], "alice.films"),
    Case(OF["facebook reel"], "alice"),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.flow.platform)
async def test_one_reconnect_sends_everything_that_waited_once(case: Case, tmp_path: Path) -> None:
    platform = case.flow.platform
    async with scene(tmp_path, **{platform: case.other_side}) as one:
        channel_id = await one.connected(case.flow)
        await fifty_wait(one, case, channel_id, tmp_path)

        await one.control(f"{platform}/disconnect", {"creator": case.account})
        held = await one.at_rest()

        assert {(it.state, it.held_for) for it in held} == {(State.HELD, Kind.SIGN_IN)}
        assert await notices(one, channel_id) == 1
        assert await published(one, platform) == []

        await one.control("requests", method="DELETE")
        assert await one.connected(case.flow) == channel_id
        sent = await one.at_rest()

        assert {it.state for it in sent} == {State.PUBLISHED}, Counter((it.state, it.reason) for it in sent)
        assert sorted(await published(one, platform)) == sorted(WORDS)
        assert len({it.receipt.remote_id for it in sent if it.receipt}) == POSTS
        assert await refusals(one) == []
        assert await notices(one, channel_id) == 1
        channel = await one.house.services.channels.get(ALICE, channel_id)
        assert channel.state(one.clock.now()) is ChannelState.CONNECTED


async def fifty_wait(one: Scene, case: Case, channel_id: str, folder: Path) -> None:
    """Some for the same minute, all within the hour."""
    video_id = await one.video(folder)
    begin = one.clock.now() + timedelta(minutes=30)
    for number, words in enumerate(WORDS):
        await one.scheduled(case.flow, channel_id, video_id, words, begin + timedelta(minutes=number // 3))


async def notices(one: Scene, channel_id: str) -> int:
    history = (await one.house.store.events.list(ALICE.workspace_id, channel_id)).items
    return sum(event.kind == "channel.needs_reconnect" for event in history)


async def refusals(one: Scene) -> list[tuple[str, int]]:
    """What the platform did not take: with our own count of calls there is nothing."""
    return [(asked["kind"], asked["status"]) for asked in await one.control("requests") if asked["status"] >= 400]


async def published(one: Scene, platform: str) -> list[str]:
    """What became of each post, by the platform's own book."""
    book = await one.control("ledger?effect=published")
    return [entry["caption"] for entry in book if entry["platform"] == platform]
