"""Our own count of calls: by account or by app, in a span or a day; what is only roughly known is not enforced."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from playout.application.rates import LIVE, LOOK, ON_ITS_WAY, Rates
from playout.domain.caps import Cap, Day
from playout.domain.channel import Channel, Profile
from playout.domain.delivery import JsonValue
from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.application.stage import NOON, Stage

HOUR = timedelta(hours=1)
TWO = Cap("send", 2, HOUR, what="posts")
PACIFIC = Cap("send", 2, Day("America/Los_Angeles"), what="uploads")
NO_OPTIONS: Mapping[str, JsonValue] = {}


class Counter:
    """A stage whose platform has these caps."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rates = Rates(stage.store, stage.clock)

    async def call(
        self, step: str = "send", *, channel: Channel | None = None, options: Mapping[str, JsonValue] = NO_OPTIONS
    ) -> PlatformFailure | None:
        """The refusal, if the cap is used up."""
        try:
            await self.rates.respect(channel or self.stage.channel, self.stage.platform, step, options)
        except PlatformFailure as refused:
            return refused
        return None

    async def taken(self, calls: int) -> int:
        """How many of so many were taken."""
        return [await self.call() for _ in range(calls)].count(None)

    def of(self, remote_id: str, workspace_id: str = "ws_elsewhere") -> Channel:
        """A channel of another account, or of the same one elsewhere."""
        profile = Profile(remote_id, "other", "Other")
        return replace(self.stage.channel, id="chn_2", workspace_id=workspace_id, profile=profile)


@pytest.fixture
async def counter() -> Counter:
    stage = Stage()
    await stage.open()
    return Counter(stage)


async def test_a_call_too_many_waits_until_the_first_is_old_enough(counter: Counter) -> None:
    counter.stage.platform.caps = (TWO,)
    assert await counter.taken(1) == 1
    counter.stage.clock.move(minutes=10)
    assert await counter.taken(1) == 1

    refused = await counter.call()

    assert refused
    assert (refused.kind, refused.code, refused.turn) == (Kind.LATER, "own_rate", Turn.US)
    assert refused.sentence == "somewhere takes 2 posts in 1 h; this one waits its turn."
    assert refused.retry_at == NOON + HOUR + ON_ITS_WAY
    counter.stage.clock.time = refused.retry_at
    assert await counter.taken(3) == 1


async def test_a_refused_call_uses_up_nothing(counter: Counter) -> None:
    counter.stage.platform.caps = (TWO,)
    assert await counter.taken(50) == 2

    counter.stage.clock.move(hours=1, seconds=4)

    assert await counter.taken(50) == 2


async def test_another_step_has_its_own_count(counter: Counter) -> None:
    counter.stage.platform.caps = (TWO, Cap(LOOK, 1, HOUR), Cap(LIVE, 1, HOUR))
    await counter.taken(2)

    assert [await counter.call(LOOK), await counter.call(LIVE), await counter.call("upload")] == [None] * 3
    assert await counter.call(LOOK)


async def test_two_caps_of_one_step_both_hold(counter: Counter) -> None:
    counter.stage.platform.caps = (Cap("send", 2, timedelta(minutes=1)), Cap("send", 3, HOUR))
    assert await counter.taken(5) == 2

    counter.stage.clock.move(minutes=2)

    assert await counter.taken(5) == 1


async def test_each_account_has_its_own_count_whichever_workspace_it_is_in(counter: Counter) -> None:
    counter.stage.platform.caps = (TWO,)
    await counter.taken(2)

    assert await counter.call(channel=counter.of("another")) is None
    assert await counter.call(channel=counter.of("remote"))


async def test_what_the_app_shares_is_counted_over_all_accounts(counter: Counter) -> None:
    counter.stage.platform.caps = (replace(TWO, of_app=True),)
    await counter.taken(2)

    assert await counter.call(channel=counter.of("another"))


async def test_what_is_only_roughly_known_is_left_to_the_platform(counter: Counter) -> None:
    counter.stage.platform.caps = (replace(TWO, certain=False),)

    assert await counter.taken(50) == 50


async def test_a_cap_of_some_options_counts_only_those(counter: Counter) -> None:
    counter.stage.platform.caps = (replace(TWO, limit=1, applies=lambda options: options.get("mode") == "inbox"),)

    assert await counter.taken(5) == 5
    assert await counter.call(options={"mode": "inbox"}) is None
    assert await counter.call(options={"mode": "inbox"})


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_days_calls_are_free_again_at_its_midnight(counter: Counter) -> None:
    counter.stage.platform.caps = (PACIFIC,)
    assert await counter.taken(3) == 2

    refused = await counter.call()

    midnight = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert refused
    assert refused.retry_at == midnight
    assert refused.sentence == "somewhere takes 2 uploads a day (America/Los_Angeles); this one waits its turn."
    counter.stage.clock.time = midnight - timedelta(seconds=1)
    assert await counter.taken(3) == 0
    counter.stage.clock.time = midnight
    assert await counter.taken(3) == 2


async def test_a_day_of_25_hours_is_one_day(counter: Counter) -> None:
    counter.stage.platform.caps = (PACIFIC,)
    begin, end = datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)
    counter.stage.clock.time = begin
    assert await counter.taken(3) == 2

    counter.stage.clock.time = end - timedelta(seconds=1)
    assert await counter.taken(3) == 0
    counter.stage.clock.time = end
    assert await counter.taken(3) == 2
