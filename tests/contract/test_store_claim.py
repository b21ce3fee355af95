"""The claim: what is due is taken into hand once, one delivery a channel, workspaces in turns."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from playout.application.ports import Ref, Store
from playout.domain.channel import Channel
from playout.domain.delivery import State
from tests.contract.cast import NOW, SOON, House, ref, taken

SECOND = timedelta(seconds=1)
LATER = SOON + timedelta(seconds=60)


async def test_what_is_due_is_taken_into_hand(store: Store, alice: House) -> None:
    delivery = await alice.delivery()

    assert await store.deliveries.claim(NOW, SOON, 10) == [taken(delivery)]
    assert await store.deliveries.get(alice.workspace_id, delivery.id) == replace(
        delivery, in_hand_until=SOON, version=delivery.version + 1
    )


async def test_what_is_due_in_a_microsecond_is_not_taken(store: Store, alice: House) -> None:
    await alice.delivery(due_at=NOW + timedelta(microseconds=1))

    assert await store.deliveries.claim(NOW, SOON, 10) == []


async def test_what_has_no_due_time_is_not_taken(store: Store, alice: House) -> None:
    held = await alice.delivery()
    await store.deliveries.save(replace(held, state=State.HELD, due_at=None))

    assert await store.deliveries.claim(NOW, SOON, 10) == []


async def test_what_is_in_hand_is_not_taken_again(store: Store, alice: House) -> None:
    await alice.claimed()

    assert await store.deliveries.claim(SOON - SECOND, LATER, 10) == []


async def test_what_a_crash_left_in_hand_is_taken_again_when_the_hold_ends(store: Store, alice: House) -> None:
    held = await alice.claimed(until=SOON)

    assert await store.deliveries.claim(SOON, LATER, 10) == [taken(held)]


async def test_a_delivery_that_goes_on_later_is_taken_at_its_time(store: Store, alice: House) -> None:
    held = await alice.claimed()
    resting = await store.deliveries.save(replace(held, due_at=NOW + 5 * SECOND, in_hand_until=None))

    assert await store.deliveries.claim(NOW + 4 * SECOND, SOON, 10) == []
    assert await store.deliveries.claim(NOW + 5 * SECOND, SOON, 10) == [taken(resting)]


async def test_what_is_held_beyond_its_due_time_wakes_when_the_hold_ends(store: Store, alice: House) -> None:
    held = await alice.claimed()
    await store.deliveries.save(replace(held, due_at=NOW + 5 * SECOND))

    assert await store.deliveries.claim(NOW + 6 * SECOND, LATER, 10) == []
    assert len(await store.deliveries.claim(SOON, LATER, 10)) == 1


async def test_a_channel_has_one_delivery_in_hand_the_earliest_due(store: Store, alice: House) -> None:
    made = await alice.deliveries(await alice.channel(), NOW, NOW - 2 * SECOND, NOW - SECOND)

    assert await store.deliveries.claim(NOW, SOON, 10) == [taken(made[1])]


async def test_a_channel_whose_delivery_is_in_hand_waits(store: Store, alice: House) -> None:
    channel = await alice.channel()
    [later] = await alice.deliveries(channel, NOW)
    await store.deliveries.claim(NOW, SOON, 10)
    await alice.deliveries(channel, NOW - timedelta(hours=1))

    assert await store.deliveries.claim(NOW + SECOND, SOON, 10) == []
    assert (await store.deliveries.get(alice.workspace_id, later.id)).in_hand_until == SOON


async def test_the_next_of_a_channel_goes_when_the_hand_is_free(store: Store, alice: House) -> None:
    first, second = await alice.deliveries(await alice.channel(), NOW - SECOND, NOW)
    await store.deliveries.claim(NOW, SOON, 10)
    done = await store.deliveries.get(alice.workspace_id, first.id)
    await store.deliveries.save(replace(done, state=State.PUBLISHED, due_at=None, in_hand_until=None))

    assert await store.deliveries.claim(NOW, SOON, 10) == [taken(second)]


async def test_never_more_than_the_limit(store: Store, alice: House) -> None:
    for _ in range(3):
        await alice.delivery()

    assert [len(await store.deliveries.claim(NOW, SOON, 2)) for _ in range(3)] == [2, 1, 0]


async def test_whoever_waits_longest_goes_first(store: Store, alice: House, charlie: House) -> None:
    late = await alice.delivery(due_at=NOW - SECOND)
    early = await charlie.delivery(due_at=NOW - 3 * SECOND)
    middle = await alice.delivery(due_at=NOW - 2 * SECOND)

    assert await store.deliveries.claim(NOW, SOON, 10) == [taken(early), taken(middle), taken(late)]


async def test_houses_take_turns(store: Store, alice: House, charlie: House) -> None:
    for age in range(10, 60):
        await alice.delivery(due_at=NOW - age * SECOND)
    only = await charlie.delivery(due_at=NOW)

    claimed = await store.deliveries.claim(NOW, SOON, 2)

    assert taken(only) in claimed
    assert len(claimed) == 2


async def test_a_free_slot_goes_to_the_house_that_has_less_in_hand(store: Store, alice: House, charlie: House) -> None:
    for age in range(10, 20):
        await alice.delivery(due_at=NOW - age * SECOND)
    assert len(await store.deliveries.claim(NOW, SOON, 3)) == 3
    only = await charlie.delivery(due_at=NOW)

    assert await store.deliveries.claim(NOW, SOON, 1) == [taken(only)]


async def test_one_busy_channel_with_a_long_queue_holds_up_nobody(store: Store, alice: House, charlie: House) -> None:
    await alice.deliveries(await alice.channel(), *(NOW - age * SECOND for age in range(10, 200)))
    await store.deliveries.claim(NOW, SOON, 10)
    only = await charlie.delivery(due_at=NOW)

    assert await store.deliveries.claim(NOW, SOON, 10) == [taken(only)]


async def test_of_many_claimants_each_delivery_has_one_and_no_channel_two(store: Store, alice: House) -> None:
    channels = [await alice.channel() for _ in range(12)]
    for channel in channels:
        await alice.deliveries(channel, NOW, NOW - SECOND, NOW - 2 * SECOND)

    rounds = [await one_round(store, alice, channels) for _ in range(3)]

    everything = [delivery for claimed in rounds for delivery in claimed]
    assert max(Counter(everything).values()) == 1
    assert len(everything) == 36


async def one_round(store: Store, house: House, channels: list[Channel]) -> list[str]:
    """Eight claimants take what they get; no channel comes twice; then all of it is published."""
    claims = await asyncio.gather(*(store.deliveries.claim(NOW, SOON, 2) for _ in range(8)))
    refs = [one for claim in claims for one in claim]
    held = [await store.deliveries.get(one.workspace_id, one.id) for one in refs]
    assert sorted(one.channel_id for one in held) == sorted(channel.id for channel in channels)
    for one in held:
        await store.deliveries.save(replace(one, state=State.PUBLISHED, due_at=None, in_hand_until=None))
    return [one.id for one in held]


async def test_a_save_after_losing_the_record_to_another_claim_is_stale(store: Store, alice: House) -> None:
    held = await alice.claimed()
    [again] = await store.deliveries.claim(SOON, LATER, 10)

    outcome = await asyncio.gather(store.deliveries.save(held), return_exceptions=True)

    assert [type(one).__name__ for one in outcome] == ["Stale"]
    assert again == Ref(*(ref(held).workspace_id, ref(held).id), held.version + 1)
