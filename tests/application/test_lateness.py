"""Posts whose time passed while nothing was running: a person is asked, and never do all go out at once."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from playout.application.lateness import PAUSE
from playout.application.posts import NewPost, as_new
from playout.domain.caps import Cap
from playout.domain.delivery import Delivery, State
from playout.domain.person import LatePosts
from playout.domain.post import Destination
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from tests.cast import CHOSEN, Cast

SIGN_IN = PlatformFailure(Kind.SIGN_IN, "token_dead", "Sign in again.", turn=Turn.YOU)


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


async def due(cast: Cast, *hours: float, account: str = "alice") -> list[Delivery]:
    """Deliveries to one channel that are due so many hours from now, of one video."""
    video, channel = await cast.video(cast.alice), await cast.channel(cast.alice, account)
    to = (Destination(channel.id, options=CHOSEN),)
    made = []
    for number, wait in enumerate(hours):
        at = cast.clock.now() + timedelta(hours=wait)
        shown = await cast.services.posts.create(cast.alice, NewPost(video.id, f"Post {number}", to, scheduled_at=at))
        made.append(shown.deliveries[0])
    return made


async def now(cast: Cast, one: Delivery) -> Delivery:
    return await cast.store.deliveries.get(one.workspace_id, one.id)


async def published(cast: Cast, *ones: Delivery) -> int:
    return [(await now(cast, one)).state for one in ones].count(State.PUBLISHED)


# ── asked ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("minutes", [0, 9, 60, 6 * 60])
async def test_what_is_not_later_than_six_hours_goes_out(cast: Cast, minutes: int) -> None:
    (one,) = await due(cast, 1)
    cast.clock.move(hours=1, minutes=minutes)

    await cast.work()

    assert (await now(cast, one)).state is State.PUBLISHED


async def test_what_is_later_waits_for_a_person(cast: Cast) -> None:
    (one,) = await due(cast, 1)
    cast.clock.move(hours=8, minutes=5)

    await cast.work()

    held = await now(cast, one)
    assert (held.state, held.held_for, held.due_at) == (State.HELD, Kind.CHOOSE, None)
    assert held.reason
    assert (held.reason.code, held.reason.whose_turn) == ("too_late_to_send", Turn.YOU)
    assert held.reason.message.startswith("This was due 7 h ago, while Playout was not running.")
    assert cast.platform.published == {}


async def test_a_workspace_may_want_to_be_asked_earlier(cast: Cast) -> None:
    await cast.services.workspaces.change(cast.alice, late_after_hours=0.5)
    (one,) = await due(cast, 1)
    cast.clock.move(hours=1, minutes=31)

    await cast.work()

    assert (await now(cast, one)).state is State.HELD


async def test_a_workspace_may_not_want_to_be_asked(cast: Cast) -> None:
    await cast.services.workspaces.change(cast.alice, late_posts=LatePosts.SEND)
    (one,) = await due(cast, 1)
    cast.clock.move(days=9)

    await cast.work()

    assert (await now(cast, one)).state is State.PUBLISHED


async def test_what_was_held_goes_out_when_a_person_says_now(cast: Cast) -> None:
    (one,) = await due(cast, 1)
    cast.clock.move(hours=9)
    await cast.work()

    await cast.services.posts.schedule(cast.alice, one.post_id, None)
    await cast.work()

    assert (await now(cast, one)).state is State.PUBLISHED


async def test_what_was_held_goes_out_at_the_new_time(cast: Cast) -> None:
    (one,) = await due(cast, 1)
    cast.clock.move(hours=9)
    await cast.work()

    await cast.services.posts.schedule(cast.alice, one.post_id, cast.clock.now() + timedelta(hours=1))
    await cast.work()
    assert (await now(cast, one)).state is State.WAITING
    cast.clock.move(hours=1)
    await cast.work()

    assert (await now(cast, one)).state is State.PUBLISHED


async def test_what_was_held_goes_out_once_it_was_edited(cast: Cast) -> None:
    (one,) = await due(cast, 1)
    cast.clock.move(hours=9)
    await cast.work()
    post = await cast.store.posts.get(one.workspace_id, one.post_id)

    await cast.services.posts.edit(cast.alice, post.id, replace(as_new(post), caption="Better late"), None)
    await cast.work()

    assert list(cast.platform.published.values()) == ["Better late"]


# ── one after the other ──────────────────────────────────────────────────────────────────────────


async def test_several_late_ones_never_go_out_at_once(cast: Cast) -> None:
    late = await due(cast, 1, 1, 2, 2, 3)
    cast.clock.move(hours=4)
    times: list[datetime] = []
    for _ in range(3 * len(late)):
        before = len(cast.platform.published)
        await cast.work()
        times += [cast.clock.now()] * (len(cast.platform.published) - before)
        cast.clock.move(minutes=5)

    assert len(times) == len(late)
    assert all(later - earlier >= PAUSE for earlier, later in itertools.pairwise(times))


async def test_whoever_waits_for_the_pause_says_why(cast: Cast) -> None:
    first, second = await due(cast, 1, 1.1)
    cast.clock.move(hours=2)
    await cast.work()
    began = cast.clock.now()
    await cast.work()

    waits = await now(cast, second)
    assert await published(cast, first, second) == 1
    assert (waits.state, waits.due_at, waits.tries) == (State.WAITING, began + PAUSE, 0)
    assert waits.reason
    assert (waits.reason.code, waits.reason.whose_turn) == ("spread", Turn.US)


async def test_late_posts_of_different_channels_do_not_wait_for_each_other(cast: Cast) -> None:
    (one,) = await due(cast, 1)
    (other,) = await due(cast, 1, account="alice.too")
    cast.clock.move(hours=2)

    await cast.work()

    assert await published(cast, one, other) == 2


async def test_what_waited_its_turn_is_not_asked_about_however_late_it_is_by_then(cast: Cast) -> None:
    late = await due(cast, *[1] * 12)
    cast.clock.move(hours=6, minutes=50)
    for _ in late:
        for _ in late:  # the planner looks every second: each of them is met within the minute
            await cast.work()
        cast.clock.move(minutes=15)

    assert await published(cast, *late) == len(late)


async def test_what_waited_its_turn_while_nothing_ran_again_is_asked_about(cast: Cast) -> None:
    _, second = await due(cast, 1, 1.1)
    cast.clock.move(hours=2)
    await cast.work()
    await cast.work()
    waits = await now(cast, second)
    assert waits.reason
    assert waits.reason.code == "spread"

    cast.clock.move(days=2)
    await cast.work()

    assert (await now(cast, second)).state is State.HELD


async def test_punctual_posts_need_no_pause(cast: Cast) -> None:
    one, other = await due(cast, 1, 1)
    cast.clock.move(hours=1)

    await cast.work()
    await cast.work()

    assert await published(cast, one, other) == 2


# ── what is no lateness ──────────────────────────────────────────────────────────────────────────


async def test_a_day_of_waiting_for_a_quota_is_no_lateness(cast: Cast) -> None:
    cast.platform.caps = (Cap("send", 1, timedelta(days=1)),)
    one, other = await due(cast, 1, 1)
    cast.clock.move(hours=1)
    await cast.work()
    await cast.work()
    assert await published(cast, one, other) == 1

    cast.clock.move(days=1, minutes=1)
    await cast.work()

    assert await published(cast, one, other) == 2


async def test_a_week_of_waiting_for_a_reconnect_is_no_lateness(cast: Cast) -> None:
    one, other = await due(cast, 1, 2)
    cast.clock.move(hours=1)
    cast.platform.failure = SIGN_IN
    await cast.work()
    assert (await now(cast, other)).state is State.HELD

    cast.clock.move(days=7)
    cast.platform.failure = None
    state = await cast.state(cast.alice)
    await cast.services.channels.finish("memory", state, code=Secret("alice"), error=None)
    await cast.work()
    await cast.work()

    assert await published(cast, one, other) == 2


async def test_what_is_on_its_way_already_is_not_asked_about(cast: Cast) -> None:
    (one,) = await due(cast, 1)
    cast.clock.move(hours=1)
    cast.platform.failure = PlatformFailure(Kind.AGAIN, "busy", "The platform is busy.")
    await cast.work()
    begun = await now(cast, one)
    assert begun.state is State.SENDING

    cast.platform.failure = None
    cast.clock.move(days=2)
    await cast.work()

    assert (await now(cast, one)).state is State.PUBLISHED


async def test_what_only_waited_for_its_turn_on_a_busy_channel_is_not_late(cast: Cast) -> None:
    ones = await due(cast, 1, 1, 1, 1, 1)
    cast.clock.move(hours=1)

    for _ in ones:
        await cast.work()
        cast.clock.move(minutes=5)

    assert await published(cast, *ones) == 5
