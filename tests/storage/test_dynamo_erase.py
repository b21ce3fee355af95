"""The end of a workspace on DynamoDB while others still write: nothing is left of it that nobody would ever find."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from playout.domain.errors import Stale
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, event, house
from tests.storage.dynamo_house import StagedProxy, person_with_ways, scheduled

HOUR = timedelta(hours=1)


async def erased(store: DynamoStore, house: House) -> None:
    while await store.workspaces.erase(house.workspace_id):
        pass


async def everything(store: DynamoStore) -> list[tuple[str, str]]:
    """All items there are, but for the mark of the schema."""
    answer: Any = await store._table.ask("scan", TableName=store._table.name, ConsistentRead=True)
    keys = [(item["PK"]["S"], item["SK"]["S"]) for item in answer["Items"]]
    return [key for key in keys if key != ("SCHEMA", "SCHEMA")]


async def furnished(alice: House) -> None:
    """A delivery in hand with some history, what was sent of it, and somebody with several ways in."""
    webhook = await alice.webhook()
    post, delivery = await scheduled(alice)
    await alice.store.posts.save(post, [delivery], [event(alice.workspace_id, post.id, "post.scheduled")])
    await alice.store.deliveries.claim(NOW, SOON, 10)
    await alice.sending(webhook)
    await alice.store.people.save(person_with_ways(alice))


async def test_not_one_item_is_left(dynamo: DynamoStore, alice: House) -> None:
    await furnished(alice)

    await erased(dynamo, alice)

    assert await everything(dynamo) == []


async def test_a_line_that_is_written_right_before_its_delivery_goes_is_not_left(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    delivery = await alice.delivery()
    told = [event(alice.workspace_id, delivery.id) for _ in range(2)]
    delivery = await dynamo.deliveries.save(delivery, told[:1])

    async def it_moves() -> None:
        await dynamo.deliveries.save(delivery, told[1:])

    proxy.before(1, "TransactWriteItems", it_moves)
    await erased(dynamo, alice)

    assert await everything(dynamo) == []
    assert proxy.unmet == 0


async def test_a_delivery_that_comes_when_there_seemed_to_be_none_goes_before_its_post(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, channel = await alice.post(), await alice.channel()

    async def it_comes() -> None:
        await dynamo.deliveries.save(alice.new_delivery(post, channel))

    proxy.before(1, "TransactWriteItems", it_comes)
    await erased(dynamo, alice)

    assert await everything(dynamo) == []
    assert proxy.unmet == 0


async def test_a_post_does_not_go_before_a_delivery_that_has_just_come_to_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, channel = await alice.post(), await alice.channel()

    async def it_comes() -> None:
        await dynamo.deliveries.save(alice.new_delivery(post, channel))

    proxy.before(5, "Query", it_comes)  # what was left, sendings, webhooks, deliveries; then posts
    assert await dynamo.workspaces.erase(alice.workspace_id, 1) == 1
    assert proxy.unmet == 0

    kinds = {key[1].partition("#")[0] for key in await everything(dynamo)}
    assert ("DLV" in kinds, "POST" in kinds) == (False, True)


async def test_what_comes_right_before_the_end_goes_too(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    async def it_comes() -> None:
        await alice.post()

    proxy.before(1, "UpdateItem", it_comes)
    await erased(dynamo, alice)

    assert await everything(dynamo) == []
    assert proxy.unmet == 0


async def test_whoever_takes_another_way_right_before_they_go_goes_with_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    someone = await dynamo.people.save(person_with_ways(alice))

    async def they_do() -> None:
        await dynamo.people.save(replace(someone, identities=("tiktok:another",)))

    proxy.before(1, "TransactWriteItems", they_do)
    await erased(dynamo, alice)

    assert await everything(dynamo) == []
    assert proxy.unmet == 0


async def test_whoever_moves_right_before_they_go_stays_with_all_that_leads_to_them(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    someone = await dynamo.people.save(person_with_ways(alice))
    charlie = await house(dynamo, "charlie")

    async def they_do() -> None:
        await dynamo.people.save(replace(someone, workspace_id=charlie.workspace_id))

    proxy.before(1, "TransactWriteItems", they_do)
    await erased(dynamo, alice)
    assert [one.id for one in (await dynamo.people.sealed_under("key-1")).items] == [someone.id]
    await erased(dynamo, charlie)

    assert await everything(dynamo) == []
    assert proxy.unmet == 0


async def test_what_comes_at_the_very_end_is_refused(proxy: StagedProxy, dynamo: DynamoStore, alice: House) -> None:
    refused: list[str] = []

    async def it_comes() -> None:
        for name, coming in (("video", alice.video()), ("channel", alice.channel()), ("webhook", alice.webhook())):
            with pytest.raises(Stale):
                await coming
            refused.append(name)

    proxy.before(1, "TransactWriteItems", it_comes)
    await erased(dynamo, alice)

    assert refused == ["video", "channel", "webhook"]
    assert await everything(dynamo) == []


async def test_a_workspace_that_is_saved_at_the_very_end_goes_with_what_came_after_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    workspace = await dynamo.workspaces.get(alice.workspace_id)

    async def it_is_saved() -> None:
        await dynamo.workspaces.save(replace(workspace, name="Möwe"))
        await alice.video()

    proxy.before(1, "TransactWriteItems", it_is_saved)
    await erased(dynamo, alice)

    assert await everything(dynamo) == []
    assert proxy.unmet == 0


async def test_what_a_long_step_left_to_be_done_does_not_bring_anything_back(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, channel = alice.new_post(await alice.video()), await alice.channel()
    made = [alice.new_delivery(post, channel, NOW + HOUR) for _ in range(120)]
    proxy.lose_requests(4, "GetItem")
    await dynamo.posts.save(post, made)
    assert proxy.unmet == 0

    await erased(dynamo, alice)

    assert await dynamo.deliveries.claim(NOW, SOON, 10) == []
    assert await everything(dynamo) == []


async def test_two_who_erase_at_once_are_both_told_when_it_is_done(dynamo: DynamoStore, alice: House) -> None:
    await furnished(alice)

    await asyncio.gather(erased(dynamo, alice), erased(dynamo, alice))

    assert await everything(dynamo) == []


async def test_whoever_is_killed_in_the_middle_is_followed_by_another(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    await furnished(alice)
    task = asyncio.ensure_future(erased(dynamo, alice))

    async def kill() -> None:
        task.cancel()
        proxy.lose_requests(1, "TransactWriteItems")

    proxy.before(3, "TransactWriteItems", kill)
    with suppress(asyncio.CancelledError):
        await task
    while proxy.unmet:
        await asyncio.sleep(0.001)

    await erased(dynamo, alice)

    assert await everything(dynamo) == []


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────


async def test_what_was_sent_goes_with_its_webhook_though_no_index_shows_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    webhook = await alice.webhook()
    proxy.freeze_indexes()
    for _ in range(3):
        await alice.sending(webhook)

    await dynamo.webhooks.remove(webhook)

    assert [key for key in await everything(dynamo) if key[1] != "WS"] == []


async def test_what_was_sent_goes_with_a_later_claim_when_it_could_not_go_with_its_webhook(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    sending = await alice.sending(webhook := await alice.webhook())
    proxy.lose_requests(4, "BatchWriteItem")
    await dynamo.webhooks.remove(webhook)
    assert await dynamo.sendings.get(alice.workspace_id, sending.id) == sending

    with pytest.raises(Stale):
        await dynamo.sendings.save(sending.arrived(204, NOW))
    await dynamo.deliveries.claim(NOW, SOON, 10)

    assert [key for key in await everything(dynamo) if key[1] != "WS"] == []
