"""Slots of channels: which are free, and who gets the next one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from playout.application.slots import PATIENCE
from playout.domain.delivery import State
from playout.domain.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from playout.domain.person import Scope
from playout.domain.post import PostState, state_of
from playout.domain.slots import MOST_SLOTS, Day, Slot, Slots
from tests.cast import Cast

EVENINGS = Slots("UTC", tuple(Slot(day, time(18)) for day in Day))
#: The cast's clock stands at noon of a Friday.
TONIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
async def cast() -> Cast:
    cast = await Cast.open()
    channel = await cast.channel(cast.alice)
    await cast.services.slots.put(cast.alice, channel.id, EVENINGS)
    return cast


async def test_a_post_takes_the_next_slot(cast: Cast) -> None:
    shown = await cast.post(cast.alice, slot=True)

    assert shown.post.scheduled_at == TONIGHT
    assert [one.due_at for one in shown.deliveries] == [TONIGHT]


async def test_posts_fill_the_queue_one_after_the_other(cast: Cast) -> None:
    times = [(await cast.post(cast.alice, slot=True)).post.scheduled_at for _ in range(4)]

    assert times == [TONIGHT + n * A_DAY for n in range(4)]


async def test_two_posts_at_the_same_moment_get_slots_of_their_own(cast: Cast) -> None:
    shown = await asyncio.gather(*(cast.post(cast.alice, slot=True) for _ in range(5)))

    assert sorted(one.post.scheduled_at for one in shown if one.post.scheduled_at) == [
        TONIGHT + n * A_DAY for n in range(5)
    ]


async def test_what_was_scheduled_by_hand_takes_its_slot(cast: Cast) -> None:
    await cast.post(cast.alice, in_hours=6)

    channel = await cast.channel(cast.alice)
    assert (await cast.services.slots.next(cast.alice, channel.id, 2)).free == (TONIGHT + A_DAY, TONIGHT + 2 * A_DAY)


async def test_a_cancelled_post_gives_its_slot_back(cast: Cast) -> None:
    shown = await cast.post(cast.alice, slot=True)
    await cast.services.posts.cancel(cast.alice, shown.post.id)
    cast.clock.move(seconds=PATIENCE.total_seconds())

    assert (await cast.post(cast.alice, slot=True)).post.scheduled_at == TONIGHT


async def test_a_deleted_post_gives_its_slot_back(cast: Cast) -> None:
    shown = await cast.post(cast.alice, slot=True)
    await cast.services.posts.cancel(cast.alice, shown.post.id)
    await cast.services.posts.remove(cast.alice, shown.post.id)
    cast.clock.move(seconds=PATIENCE.total_seconds())

    assert (await cast.post(cast.alice, slot=True)).post.scheduled_at == TONIGHT


async def test_a_moved_post_gives_its_slot_back(cast: Cast) -> None:
    shown = await cast.post(cast.alice, slot=True)
    await cast.services.posts.schedule(cast.alice, shown.post.id, TONIGHT + timedelta(hours=1))
    cast.clock.move(seconds=PATIENCE.total_seconds())

    assert (await cast.post(cast.alice, slot=True)).post.scheduled_at == TONIGHT


async def test_what_waits_for_approval_keeps_its_slot(cast: Cast) -> None:
    await cast.services.workspaces.change(cast.alice, approval=True)
    helper = replace(cast.alice, scopes=frozenset({Scope.READ, Scope.WRITE}))

    asked = await cast.post(cast.alice, slot=True, by=helper)
    cast.clock.move(seconds=PATIENCE.total_seconds())

    assert state_of(asked.post, asked.deliveries) is PostState.AWAITING_APPROVAL
    assert asked.post.scheduled_at == TONIGHT
    assert (await cast.post(cast.alice, slot=True)).post.scheduled_at == TONIGHT + A_DAY


async def test_a_rejected_post_gives_its_slot_back(cast: Cast) -> None:
    await cast.services.workspaces.change(cast.alice, approval=True)
    helper = replace(cast.alice, scopes=frozenset({Scope.READ, Scope.WRITE}))
    asked = await cast.post(cast.alice, slot=True, by=helper)

    await cast.services.posts.reject(cast.alice, asked.post.id, "")
    cast.clock.move(seconds=PATIENCE.total_seconds())

    assert (await cast.post(cast.alice, slot=True)).post.scheduled_at == TONIGHT


async def test_a_channel_without_slots_has_no_next_one(cast: Cast) -> None:
    bare = await cast.channel(cast.charlie, "charlie")

    assert (await cast.services.slots.next(cast.charlie, bare.id)).free == ()
    with pytest.raises(Conflict) as refused:
        await cast.post(cast.charlie, slot=True)
    assert refused.value.code == "no_slots"


async def test_a_paused_week_gives_nothing_out_and_keeps_what_is_scheduled(cast: Cast) -> None:
    before = await cast.post(cast.alice, slot=True)
    channel = await cast.channel(cast.alice)
    await cast.services.slots.put(cast.alice, channel.id, replace(EVENINGS, paused=True))

    with pytest.raises(Conflict) as refused:
        await cast.post(cast.alice, slot=True)

    assert refused.value.code == "no_slots"
    assert (await cast.services.posts.get(cast.alice, before.post.id)).deliveries[0].state is State.WAITING


async def test_a_week_is_kept_sorted_and_without_twins(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)
    twice = Slots("Europe/Berlin", (Slot(Day.FRIDAY, time(9)), Slot(Day.MONDAY, time(9)), Slot(Day.FRIDAY, time(9))))

    kept = await cast.services.slots.put(cast.alice, channel.id, twice)

    assert kept.slots.slots == (Slot(Day.MONDAY, time(9)), Slot(Day.FRIDAY, time(9)))


async def test_a_week_that_somebody_changed_meanwhile_is_not_overwritten(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)

    with pytest.raises(Stale):
        await cast.services.slots.put(cast.alice, channel.id, Slots(), instead_of=Slots())


@pytest.mark.parametrize(
    ("slots", "code"),
    [
        (Slots("Nowhere/Atlantis"), "unknown_timezone"),
        (Slots("../../etc/passwd"), "unknown_timezone"),
        (Slots("UTC", tuple(Slot(Day(n % 7), time(n // 60, n % 60)) for n in range(MOST_SLOTS + 1))), "too_many"),
    ],
)
async def test_a_week_that_is_none_is_refused(cast: Cast, slots: Slots, code: str) -> None:
    channel = await cast.channel(cast.alice)

    with pytest.raises(Invalid) as refused:
        await cast.services.slots.put(cast.alice, channel.id, slots)

    assert refused.value.code == code


async def test_somebody_who_may_only_look_cannot_set_slots(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)

    with pytest.raises(Forbidden):
        await cast.services.slots.put(cast.bob, channel.id, Slots())


async def test_slots_of_another_workspace_are_not_there(cast: Cast) -> None:
    channel = await cast.channel(cast.alice)

    with pytest.raises(NotFound):
        await cast.services.slots.next(cast.charlie, channel.id)


async def test_a_draft_takes_a_slot_when_it_is_scheduled(cast: Cast) -> None:
    draft = await cast.post(cast.alice, draft=True)

    shown = await cast.services.posts.schedule(cast.alice, draft.post.id, None, slot=True)

    assert [one.due_at for one in shown.deliveries] == [TONIGHT]


async def test_a_scheduled_post_moves_into_the_next_slot(cast: Cast) -> None:
    await cast.post(cast.alice, slot=True)
    other = await cast.post(cast.alice, in_hours=1)

    shown = await cast.services.posts.schedule(cast.alice, other.post.id, None, slot=True)

    assert [one.due_at for one in shown.deliveries] == [TONIGHT + A_DAY]
