"""The calendar shows what has a time, in order; results show what is published."""

from datetime import datetime, timedelta

import pytest

from playout.application.calendar import LONGEST, MOST
from playout.domain.errors import Forbidden, Invalid
from playout.domain.person import Actor
from playout.domain.post import Post
from tests.cast import NOON, Cast

WEEK = NOON + timedelta(days=7)


@pytest.fixture
async def cast() -> Cast:
    return await Cast.open()


async def test_posts_stand_at_their_times_in_order(cast: Cast) -> None:
    later, sooner = await cast.post(cast.alice, in_hours=30), await cast.post(cast.alice, in_hours=2)

    stretch = await cast.services.calendar.between(cast.alice, NOON, WEEK)

    assert [one.post.id for one in stretch.entries] == [sooner.post.id, later.post.id]
    assert [one.deliveries for one in stretch.entries] == [sooner.deliveries, later.deliveries]
    assert stretch.more_from is None


async def test_the_end_of_a_stretch_is_the_beginning_of_the_next(cast: Cast) -> None:
    shown = await cast.post(cast.alice, in_hours=24)
    at = NOON + timedelta(hours=24)

    before = await cast.services.calendar.between(cast.alice, NOON, at)
    after = await cast.services.calendar.between(cast.alice, at, WEEK)

    assert before.entries == ()
    assert [one.post.id for one in after.entries] == [shown.post.id]


async def test_a_draft_without_a_time_is_not_in_it(cast: Cast) -> None:
    await cast.post(cast.alice, draft=True)

    assert (await cast.services.calendar.between(cast.alice, NOON, WEEK)).entries == ()


async def test_pages_meet_without_a_gap_or_a_twin(cast: Cast) -> None:
    ids = await many(cast, cast.alice, MOST + 20)

    found: list[str] = []
    start: datetime | None = NOON
    while start:
        stretch = await cast.services.calendar.between(cast.alice, start, WEEK)
        found += [one.post.id for one in stretch.entries]
        start = stretch.more_from

    assert sorted(found) == sorted(ids)


async def test_results_are_what_is_published(cast: Cast) -> None:
    out = await cast.post(cast.alice, in_hours=1)
    await cast.post(cast.alice, in_hours=50)
    cast.clock.move(hours=2)
    await cast.work()

    results = await cast.services.calendar.results(cast.alice, NOON, WEEK)

    assert [one.post_id for one in results.deliveries] == [out.post.id]


@pytest.mark.parametrize(("start", "end"), [(WEEK, NOON), (NOON, NOON), (NOON, NOON + LONGEST + timedelta(seconds=1))])
async def test_a_stretch_that_is_none_is_refused(cast: Cast, start: datetime, end: datetime) -> None:
    with pytest.raises(Invalid):
        await cast.services.calendar.between(cast.alice, start, end)
    with pytest.raises(Invalid):
        await cast.services.calendar.results(cast.alice, start, end)


async def test_another_workspace_sees_its_own(cast: Cast) -> None:
    await cast.post(cast.alice)

    assert (await cast.services.calendar.between(cast.charlie, NOON, WEEK)).entries == ()


async def test_it_needs_a_scope(cast: Cast) -> None:
    nobody = Actor(cast.alice.workspace_id, "nobody", frozenset(), "test")

    with pytest.raises(Forbidden):
        await cast.services.calendar.between(nobody, NOON, WEEK)


async def many(cast: Cast, actor: Actor, count: int) -> list[str]:
    """Drafts, ten to a time."""
    video = await cast.video(actor)
    ids = []
    for number in range(count):
        at = NOON + timedelta(minutes=number // 10)
        post = Post(f"pst_{number:026d}", actor.workspace_id, video.id, "", (), NOON, scheduled_at=at, draft=True)
        ids.append((await cast.store.posts.save(post)).id)
    return ids


async def test_as_many_as_are_wanted_come_at_once_and_the_rest_after_them(cast: Cast) -> None:
    first, second = await cast.post(cast.alice, in_hours=1), await cast.post(cast.alice, in_hours=2)

    stretch = await cast.services.calendar.between(cast.alice, NOON, WEEK, most=1)

    assert [one.post.id for one in stretch.entries] == [first.post.id]
    assert stretch.more_from == second.post.scheduled_at
