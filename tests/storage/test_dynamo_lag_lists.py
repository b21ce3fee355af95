"""Lists while indexes lag: what the table itself can say is right at once, what an index leads to may be missed.

Nothing is shown that is not so any more: behind an index, records are read from the table.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.application.ports import Ref
from playout.domain.channel import Profile, WrappedKey
from playout.domain.delivery import Delivery, State
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, House, ref
from tests.storage.dynamo_house import StagedProxy, person, person_with_ways, token

HOUR = timedelta(hours=1)

Ask = Callable[[House, Delivery], Awaitable[object]]


# ── right at once ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def frozen(proxy: StagedProxy, alice: House) -> House:
    """Alice's house; from now on no index sees what happens in it."""
    proxy.freeze_indexes()
    return alice


async def test_deliveries_of_a_post_are_listed_at_once(dynamo: DynamoStore, frozen: House) -> None:
    made = await frozen.deliveries(await frozen.channel(), NOW, NOW)

    listed = await dynamo.deliveries.list(frozen.workspace_id, post_id=made[0].post_id)

    assert list(listed.items) == made[::-1]


async def test_all_deliveries_are_listed_at_once(dynamo: DynamoStore, frozen: House) -> None:
    delivery = await frozen.delivery()

    assert (await dynamo.deliveries.list(frozen.workspace_id)).items == (delivery,)


async def test_posts_videos_and_channels_are_listed_at_once(dynamo: DynamoStore, frozen: House) -> None:
    channel, video = await frozen.channel(), await frozen.video()
    post = await frozen.post(video)

    assert (await dynamo.channels.list(frozen.workspace_id)).items == (channel,)
    assert (await dynamo.videos.list(frozen.workspace_id)).items == (video,)
    assert (await dynamo.posts.list(frozen.workspace_id)).items == (post,)


async def test_what_uses_a_video_is_known_at_once(dynamo: DynamoStore, frozen: House) -> None:
    video = await frozen.video()
    post = await frozen.post(video)

    assert await dynamo.posts.using(frozen.workspace_id, video.id) == [post.id]


async def test_the_channel_of_an_account_is_known_at_once(dynamo: DynamoStore, frozen: House) -> None:
    channel = await frozen.channel()

    assert await dynamo.channels.by_account("tiktok", channel.profile.remote_id) == [ref(channel)]


async def test_the_channels_of_an_owner_are_known_at_once_and_no_longer_when_it_changes(
    dynamo: DynamoStore, frozen: House
) -> None:
    profile = Profile("id-1", "alice", "Alice", owner_id="person-1")
    channel = await dynamo.channels.save(replace(frozen.new_channel(), profile=profile))
    assert await dynamo.channels.by_account("tiktok", "person-1") == [ref(channel)]

    await dynamo.channels.save(replace(channel, profile=replace(profile, owner_id="person-2")))

    assert await dynamo.channels.by_account("tiktok", "person-1") == []
    assert await dynamo.channels.by_account("tiktok", "person-2") == [ref(channel)]


async def test_what_is_sealed_under_a_key_is_known_at_once(dynamo: DynamoStore, frozen: House) -> None:
    old = replace(await frozen.channel(), data_key=WrappedKey("old", b"wrapped"))
    channel = await dynamo.channels.save(old)
    assert (await dynamo.channels.sealed_under("old")).items == (channel,)

    rewrapped = await dynamo.channels.save(replace(channel, data_key=WrappedKey("new", b"wrapped")))

    assert (await dynamo.channels.sealed_under("old")).items == ()
    assert (await dynamo.channels.sealed_under("new")).items == (rewrapped,)


async def test_a_person_is_found_by_a_new_address_at_once(dynamo: DynamoStore, frozen: House) -> None:
    saved = await dynamo.people.save(person(frozen))
    moved = await dynamo.people.save(replace(saved, email="alice@example.org"))

    assert await dynamo.people.by_email("alice@example.org") == moved
    assert await dynamo.people.by_email("alice@example.com") is None


async def test_a_person_is_found_by_a_new_way_and_a_new_key_at_once(dynamo: DynamoStore, frozen: House) -> None:
    saved = await dynamo.people.save(person_with_ways(frozen))
    key = WrappedKey("key-2", b"wrapped")
    moved = await dynamo.people.save(replace(saved, identities=("tiktok:another",), data_key=key))

    assert [await dynamo.people.by_way(way) for way in (*saved.ways, *moved.ways)] == [None, moved, moved, moved]
    assert (await dynamo.people.sealed_under("key-1")).items == ()
    assert (await dynamo.people.sealed_under("key-2")).items == (moved,)


async def test_tokens_are_listed_at_once_and_gone_at_once(dynamo: DynamoStore, frozen: House) -> None:
    kept, removed = token(frozen, "a" * 64), token(frozen, "b" * 64)
    await dynamo.tokens.add(kept)
    await dynamo.tokens.add(removed)
    await dynamo.tokens.remove(frozen.workspace_id, removed.id)

    assert await dynamo.tokens.list(frozen.workspace_id) == [kept]
    assert await dynamo.tokens.by_hash(removed.hash) is None


# ── nothing that is not so any more ──────────────────────────────────────────────────────────


async def test_what_left_a_state_is_not_listed_under_it(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    stays, leaves = await alice.delivery(), await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.deliveries.save(replace(leaves, state=State.SENDING))

    assert (await dynamo.deliveries.list(alice.workspace_id, states=[State.WAITING])).items == (stays,)


async def test_what_came_into_a_state_is_listed_when_the_index_has_caught_up(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    sending = await dynamo.deliveries.save(replace(delivery, state=State.SENDING))
    assert (await dynamo.deliveries.list(alice.workspace_id, states=[State.SENDING])).items == ()

    await proxy.catch_up()

    assert (await dynamo.deliveries.list(alice.workspace_id, states=[State.SENDING])).items == (sending,)


async def test_records_behind_an_index_are_shown_as_they_stand_now(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    changed = await dynamo.deliveries.save(replace(delivery, sent=5, total=10))

    by_state = await dynamo.deliveries.list(alice.workspace_id, states=[State.WAITING])
    by_channel = await dynamo.deliveries.list(alice.workspace_id, channel_id=delivery.channel_id)
    planned = await dynamo.deliveries.planned(alice.workspace_id, NOW, NOW + HOUR)

    assert [*by_state.items, *by_channel.items, *planned] == [changed] * 3


async def test_what_is_gone_is_in_no_list(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.posts.remove(await dynamo.posts.get(alice.workspace_id, delivery.post_id), [delivery])

    assert (await dynamo.deliveries.list(alice.workspace_id, states=[State.WAITING])).items == ()
    assert (await dynamo.deliveries.list(alice.workspace_id, channel_id=delivery.channel_id)).items == ()
    assert (await dynamo.deliveries.list(alice.workspace_id, post_id=delivery.post_id)).items == ()
    assert await dynamo.deliveries.planned(alice.workspace_id, NOW, NOW + HOUR) == []


async def test_a_page_is_full_though_most_that_the_index_shows_is_not_so_any_more(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    made = await alice.deliveries(await alice.channel(), *[NOW] * 9)
    proxy.freeze_indexes()
    for one in made[3:]:
        await dynamo.deliveries.save(replace(one, state=State.HELD, due_at=None))

    first = await dynamo.deliveries.list(alice.workspace_id, states=[State.WAITING], limit=2)
    second = await dynamo.deliveries.list(alice.workspace_id, states=[State.WAITING], limit=2, cursor=first.next_cursor)

    assert list(first.items) == [made[2], made[1]]
    assert list(second.items) == [made[0]]
    assert second.next_cursor is None


async def test_what_moves_between_two_states_while_both_are_listed_is_listed_once(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()

    async def it_moves() -> None:
        await dynamo.deliveries.save(replace(delivery, state=State.SENDING))

    proxy.before(2, "Query", it_moves)
    listed = await dynamo.deliveries.list(alice.workspace_id, states=[State.WAITING, State.SENDING])

    assert [one.id for one in listed.items] == [delivery.id]


async def test_what_was_put_off_a_moment_ago_stands_in_the_calendar_in_the_order_of_its_new_time(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    first, second = await alice.deliveries(await alice.channel(), NOW, NOW + HOUR)
    proxy.freeze_indexes()
    moved = await dynamo.deliveries.save(replace(first, scheduled_at=NOW + 2 * HOUR))

    assert await dynamo.deliveries.planned(alice.workspace_id, NOW, NOW + 3 * HOUR) == [second, moved]


async def test_what_was_put_off_beyond_a_day_is_not_in_the_calendar_of_that_day(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    proxy.freeze_indexes()
    await dynamo.deliveries.save(replace(delivery, scheduled_at=NOW + 5 * HOUR))

    assert await dynamo.deliveries.planned(alice.workspace_id, NOW, NOW + HOUR) == []


# ── missed, and right once the index has caught up ───────────────────────────────────────────


async def videos_with_the_same_bytes(house: House, delivery: Delivery) -> object:
    post = await house.store.posts.get(house.workspace_id, delivery.post_id)
    return await house.store.videos.same_bytes(house.workspace_id, "0" * 64) == [post.video_id]


async def the_calendar(house: House, delivery: Delivery) -> object:
    return await house.store.deliveries.planned(house.workspace_id, NOW, NOW + HOUR) == [delivery]


async def the_handle(house: House, delivery: Delivery) -> object:
    return await house.store.deliveries.by_handle("tiktok", "v_pub~1") == Ref(house.workspace_id, delivery.id)


async def the_list_of_its_channel(house: House, delivery: Delivery) -> object:
    listed = await house.store.deliveries.list(house.workspace_id, channel_id=delivery.channel_id)
    return listed.items == (delivery,)


@pytest.mark.parametrize("finds", [videos_with_the_same_bytes, the_calendar, the_handle, the_list_of_its_channel])
async def test_what_an_index_leads_to_is_found_when_it_has_caught_up(
    proxy: StagedProxy, dynamo: DynamoStore, frozen: House, finds: Ask
) -> None:
    delivery = await dynamo.deliveries.save(replace(await frozen.delivery(), handle="v_pub~1"))
    assert not await finds(frozen, delivery)

    await proxy.catch_up()

    assert await finds(frozen, delivery)
