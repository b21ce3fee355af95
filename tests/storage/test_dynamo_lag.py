"""Indexes lag: what they propose is looked at in the table, which decides."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, State
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, ref, taken
from tests.storage.dynamo_house import StagedProxy, chore

SECOND = timedelta(seconds=1)
LATER = SOON + timedelta(seconds=60)
EIGHT = range(8)


def published(delivery: Delivery) -> Delivery:
    return replace(delivery, state=State.PUBLISHED, due_at=None, in_hand_until=None)


# ── the claim ────────────────────────────────────────────────────────────────────────────────


async def test_what_is_in_hand_is_not_taken_again_while_an_index_shows_it_as_due(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    assert await dynamo.deliveries.claim(NOW, SOON, 10) == [taken(delivery)]

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []


async def test_a_hold_that_was_lengthened_stands_against_an_index_that_saw_the_shorter_one(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held = await alice.claimed(until=SOON)
    proxy.freeze_indexes()
    await dynamo.deliveries.keep(ref(held), held.version, LATER)

    assert await dynamo.deliveries.claim(SOON, LATER, 10) == []
    assert (await dynamo.deliveries.get(alice.workspace_id, held.id)).in_hand_until == LATER


async def test_what_was_finished_is_not_taken_when_its_hold_would_have_ended(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held = await alice.claimed(until=SOON)
    proxy.freeze_indexes()
    done = await dynamo.deliveries.save(published(held))

    assert await dynamo.deliveries.claim(SOON, LATER, 10) == []
    assert await dynamo.deliveries.get(alice.workspace_id, held.id) == done


async def test_what_fell_out_of_hand_is_taken_when_the_index_has_seen_the_claim(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.deliveries.claim(NOW, SOON, 10)
    assert await dynamo.deliveries.claim(SOON, LATER, 10) == []  # it proposes a version that is no more

    await proxy.catch_up()

    assert await dynamo.deliveries.claim(SOON, LATER, 10) == [taken(replace(delivery, version=2))]


async def test_a_channel_in_hand_stays_so_for_an_index_that_shows_only_its_earlier_delivery(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    channel = await alice.channel()
    [late] = await alice.deliveries(channel, NOW)
    proxy.freeze_indexes()
    [early] = await alice.deliveries(channel, NOW - SECOND)
    assert await dynamo.deliveries.claim(NOW, SOON, 10) == [taken(late)]
    await proxy.catch_up(2)  # video and post with the early one, and not the claim: nobody seems to be in hand

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []
    assert (await dynamo.deliveries.get(alice.workspace_id, early.id)).in_hand_until is None


async def test_what_was_cancelled_a_moment_ago_is_not_taken(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.deliveries.save(replace(delivery, state=State.CANCELLED, due_at=None))

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []


async def test_what_was_put_off_is_not_taken_at_its_old_time(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.deliveries.save(replace(delivery, due_at=LATER))

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []


async def test_what_is_gone_is_not_taken(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.posts.remove(await dynamo.posts.get(alice.workspace_id, delivery.post_id), [delivery])

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []
    assert (await dynamo.deliveries.list(alice.workspace_id)).items == ()


async def test_a_new_delivery_is_taken_once_the_index_has_caught_up(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    proxy.freeze_indexes()
    delivery = await alice.delivery()
    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []

    await proxy.catch_up()

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == [taken(delivery)]


async def test_whoever_is_proposed_in_vain_takes_no_place_of_others(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    early = [await alice.delivery(due_at=NOW - age * SECOND) for age in (3, 2, 1)]
    late = await alice.delivery()
    proxy.freeze_indexes()
    for one in early:
        await dynamo.deliveries.save(published(one))

    assert await dynamo.deliveries.claim(NOW, SOON, 1) == [taken(late)]


async def test_eight_claimants_behind_a_lagging_index_share_all_deliveries(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    channels = [await alice.channel() for _ in range(4)]
    for channel in channels:
        await alice.deliveries(channel, NOW, NOW - SECOND, NOW - 2 * SECOND)
    proxy.lag = 3
    got: list[str] = []
    rounds = 0
    while len(got) < 12 and rounds < 12:
        got += await one_round(dynamo, alice)
        await others_write(dynamo)
        rounds += 1

    assert (len(got), max(Counter(got).values())) == (12, 1)


async def one_round(store: DynamoStore, house: House) -> list[str]:
    """Eight claimants take what they get; no channel comes twice; then all of it is published."""
    claims = await asyncio.gather(*(store.deliveries.claim(NOW, SOON, 2) for _ in EIGHT))
    held = [await store.deliveries.get(one.workspace_id, one.id) for claim in claims for one in claim]
    assert max(Counter(one.channel_id for one in held).values(), default=1) == 1
    for one in held:
        await store.deliveries.save(published(one))
    return [one.id for one in held]


async def others_write(store: DynamoStore) -> None:
    """The index is behind by so many writes: without others it would never see the last of ours."""
    for number in range(3):
        await store.ephemera.put_new(f"other-{number}", "", NOW, NOW)


async def test_a_chore_that_was_put_again_is_not_taken_at_its_old_time(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    await dynamo.chores.put(chore(alice))
    proxy.freeze_indexes()
    await dynamo.chores.put(replace(chore(alice), due_at=LATER))

    assert await dynamo.chores.claim(NOW, SOON, 10) == []
    assert await dynamo.chores.claim(LATER, LATER + SECOND, 10) == []  # it proposes a version that is no more
    await proxy.catch_up()
    assert len(await dynamo.chores.claim(LATER, LATER + SECOND, 10)) == 1


async def test_a_chore_in_hand_is_not_taken_again_while_an_index_shows_it_as_due(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    await dynamo.chores.put(chore(alice))
    proxy.freeze_indexes()
    assert len(await dynamo.chores.claim(NOW, SOON, 10)) == 1

    assert await dynamo.chores.claim(NOW, SOON, 10) == []


async def test_a_chore_that_was_done_does_not_come_back(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    await dynamo.chores.put(chore(alice))
    put = await dynamo.chores.get(alice.workspace_id, chore(alice).id)
    assert put is not None
    proxy.freeze_indexes()
    await dynamo.chores.done(put)

    assert await dynamo.chores.claim(NOW, SOON, 10) == []
    assert await dynamo.chores.get(alice.workspace_id, put.id) is None


async def test_of_two_with_different_indexes_only_one_gets_a_hand_on_the_channel(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    channel: Channel = await alice.channel()
    [late] = await alice.deliveries(channel, NOW)
    proxy.freeze_indexes()
    [early] = await alice.deliveries(channel, NOW - SECOND)

    async def the_other_sees_more() -> None:
        await proxy.catch_up()
        assert await dynamo.deliveries.claim(NOW, SOON, 10) == [taken(early)]

    proxy.before(1, "TransactWriteItems", the_other_sees_more)

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []
    assert (await dynamo.deliveries.get(alice.workspace_id, late.id)).in_hand_until is None
