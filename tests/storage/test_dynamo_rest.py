"""A step that is too long for one transaction, cut in its middle: a later claim finishes it, exactly once."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from playout.application.ports.store import announcement
from playout.domain.delivery import Delivery
from playout.domain.errors import Stale
from playout.domain.post import Post
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, event, taken
from tests.storage.dynamo_house import StagedProxy

HOUR = timedelta(hours=1)
MANY = 190  # deliveries: the step and one transaction more
VERY_MANY = 280  # and two more


async def planned(alice: House, count: int = MANY) -> tuple[Post, list[Delivery]]:
    """Still to be saved. The first is due, the others later."""
    post, channel = alice.new_post(await alice.video()), await alice.channel()
    first = alice.new_delivery(post, channel)
    return post, [first, *(alice.new_delivery(post, channel, NOW + HOUR) for _ in range(count - 1))]


async def there(alice: House, post: Post) -> list[Delivery]:
    """All deliveries of the post, in the order of their making."""
    listed = await alice.store.deliveries.list(alice.workspace_id, post_id=post.id, limit=1000)
    return list(listed.items[::-1])


async def killed(proxy: StagedProxy, working: Coroutine[Any, Any, object], nth: int, operation: str) -> None:
    """Whoever works is gone when it sends the nth of these requests, which does not arrive."""
    task = asyncio.ensure_future(working)

    async def kill() -> None:
        task.cancel()
        proxy.lose_requests(1, operation)

    proxy.before(nth, operation, kill)
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    while proxy.unmet:
        await asyncio.sleep(0.001)


# ── new deliveries ───────────────────────────────────────────────────────────────────────────


async def test_all_deliveries_of_a_long_step_are_there_when_it_returns(dynamo: DynamoStore, alice: House) -> None:
    post, made = await planned(alice, VERY_MANY)

    await dynamo.posts.save(post, made)

    assert await there(alice, post) == [replace(one, version=1) for one in made]


async def test_a_long_step_that_was_killed_is_finished_by_a_later_claim(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice)
    await killed(proxy, dynamo.posts.save(post, made), 1, "GetItem")
    assert 0 < len(await there(alice, post)) < MANY

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == [taken(replace(made[0], version=1))]

    assert [one.id for one in await there(alice, post)] == [one.id for one in made]


async def test_a_long_step_whose_rest_cannot_be_done_is_done_and_its_rest_follows(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice)
    proxy.lose_requests(4, "GetItem")

    assert await dynamo.posts.save(post, made) == replace(post, version=1)
    assert (proxy.unmet, len(await there(alice, post)) < MANY) == (0, True)

    await dynamo.deliveries.claim(NOW - HOUR, NOW, 10)
    assert await there(alice, post) == [replace(one, version=1) for one in made]


async def test_what_webhooks_hear_of_is_there_before_the_rest_of_its_step(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    await alice.webhook()
    post, made = await planned(alice)
    told = event(alice.workspace_id, post.id, "post.scheduled")
    proxy.lose_requests(4, "GetItem")
    await dynamo.posts.save(post, made, [told])
    assert (proxy.unmet, len(await there(alice, post)) < MANY) == (0, True)

    assert await dynamo.chores.get(alice.workspace_id, announcement(told).id) is not None
    assert await dynamo.events.get(alice.workspace_id, post.id, told.id) == told


async def test_a_long_step_that_was_killed_before_anything_was_saved_is_not_there(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice)
    await killed(proxy, dynamo.posts.save(post, made), 1, "TransactWriteItems")

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []
    assert await there(alice, post) == []


async def test_whoever_finishes_a_step_leaves_alone_what_was_put_and_has_changed_since(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice, VERY_MANY)
    await killed(proxy, dynamo.posts.save(post, made), 3, "TransactWriteItems")
    put = await there(alice, post)
    changed = await dynamo.deliveries.save(replace(put[-1], sent=5, total=10))

    await dynamo.deliveries.claim(NOW - HOUR, NOW, 10)

    everything = await there(alice, post)
    assert everything[len(put) - 1] == changed
    assert [one.id for one in everything] == [one.id for one in made]


async def test_of_many_who_finish_a_step_at_once_all_find_it_done_once(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice)
    await killed(proxy, dynamo.posts.save(post, made), 1, "GetItem")

    await asyncio.gather(*(dynamo.deliveries.claim(NOW - HOUR, NOW, 10) for _ in range(4)))

    assert await there(alice, post) == [replace(one, version=1) for one in made]


async def test_a_step_that_was_finished_is_not_met_again(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    await killed(proxy, dynamo.posts.save(*await planned(alice)), 1, "GetItem")
    await dynamo.deliveries.claim(NOW - HOUR, NOW, 10)
    proxy.calls.clear()

    assert await dynamo.deliveries.claim(NOW - HOUR, NOW, 10) == []
    assert sum(call.items for call in proxy.calls) == 0


async def test_an_index_that_still_shows_the_rest_of_a_finished_step_brings_nothing_back(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice, 97)  # as many as can be removed in one step
    await killed(proxy, dynamo.posts.save(post, made, [event(alice.workspace_id, post.id)]), 1, "GetItem")
    proxy.freeze_indexes()
    await dynamo.deliveries.claim(NOW - HOUR, NOW, 10)
    await dynamo.posts.remove(replace(post, version=1), await there(alice, post))

    assert await dynamo.deliveries.claim(NOW - HOUR, NOW, 10) == []
    assert (await dynamo.deliveries.list(alice.workspace_id)).items == ()


async def test_deliveries_that_another_put_and_somebody_removed_do_not_come_back(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice, 97)

    async def all_of_it_comes_and_goes() -> None:
        await dynamo.deliveries.claim(NOW - HOUR, NOW, 10)
        everything = await there(alice, post)
        assert len(everything) == 97
        await dynamo.posts.remove(replace(post, version=1), everything)

    proxy.before(2, "TransactWriteItems", all_of_it_comes_and_goes)
    await dynamo.posts.save(post, made, [event(alice.workspace_id, post.id)])

    assert (await dynamo.deliveries.list(alice.workspace_id)).items == ()
    assert (await dynamo.events.list(alice.workspace_id, post.id)).items == ()
    assert proxy.unmet == 0


async def test_a_post_is_not_removed_while_deliveries_of_it_are_still_to_come(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, made = await planned(alice, 97)
    await killed(proxy, dynamo.posts.save(post, made, [event(alice.workspace_id, post.id)]), 1, "GetItem")

    with pytest.raises(Stale):
        await dynamo.posts.remove(replace(post, version=1), await there(alice, post))


# ── history ──────────────────────────────────────────────────────────────────────────────────


async def test_history_of_a_removed_post_goes_with_a_later_claim_when_its_removal_was_killed(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    [delivery] = await alice.deliveries(await alice.channel(), NOW)
    saved = await dynamo.deliveries.save(delivery, [event(alice.workspace_id, delivery.id) for _ in range(60)])
    post = await dynamo.posts.get(alice.workspace_id, delivery.post_id)
    await killed(proxy, dynamo.posts.remove(post, [saved]), 1, "BatchWriteItem")
    assert await there(alice, post) == []

    await dynamo.deliveries.claim(NOW, SOON, 10)

    assert (await dynamo.events.list(alice.workspace_id, delivery.id)).items == ()


async def test_history_of_a_removed_video_goes_with_a_later_claim_when_it_could_not_go_at_once(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    new = alice.new_video()
    video = await dynamo.videos.save(new, events=[event(alice.workspace_id, new.id)])
    proxy.lose_requests(4, "BatchWriteItem")

    await dynamo.videos.remove(video)
    assert len((await dynamo.events.list(alice.workspace_id, video.id)).items) == 1
    await dynamo.deliveries.claim(NOW, SOON, 10)

    assert (await dynamo.events.list(alice.workspace_id, video.id)).items == ()
