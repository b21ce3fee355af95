"""DynamoDB is busy or fails: what can be waited out is, what cannot is said, and nothing is half done."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from playout.domain.channel import Channel
from playout.domain.delivery import Delivery
from playout.domain.errors import Unavailable
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, event, ref, taken
from tests.storage.dynamo_house import StagedProxy, chore, nothing_of, scheduled, sharing
from tests.storage.dynamo_wire import WRITES

EVER = 1000  # as often as nobody asks
TRIES = 4  # of a request, by the client
CROSSINGS = 7  # tries of a write that crosses others, by us

Write = Callable[[House], Awaitable[None]]


# ── others write to the same record ──────────────────────────────────────────────────────────


async def a_transaction(alice: House) -> None:
    post, delivery = await scheduled(alice)
    await alice.store.posts.save(post, [delivery])


async def a_put(alice: House) -> None:
    workspace = await alice.store.workspaces.get(alice.workspace_id)
    await alice.store.workspaces.save(replace(workspace, name="Möwe"))


async def an_update(alice: House) -> None:
    await alice.store.chores.put(chore(alice))


WRITERS = pytest.mark.parametrize(
    ("operation", "write"), [("TransactWriteItems", a_transaction), ("PutItem", a_put), ("UpdateItem", an_update)]
)


@WRITERS
async def test_a_write_that_crosses_others_is_tried_again(
    proxy: StagedProxy, alice: House, operation: str, write: Write
) -> None:
    proxy.conflict(2, operation)

    await write(alice)

    assert proxy.unmet == 0


async def test_a_transaction_whose_first_request_is_still_under_way_is_asked_for_again(
    proxy: StagedProxy, alice: House
) -> None:
    proxy.refuse("TransactionInProgressException", "The transaction is in progress.", "TransactWriteItems", 2)

    await a_transaction(alice)

    assert proxy.unmet == 0


async def test_work_is_read_again_when_somebody_writes_to_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held = await alice.claimed()
    proxy.conflict(2, "TransactGetItems")

    assert (await dynamo.deliveries.work(ref(held))).delivery == held
    assert proxy.unmet == 0


async def test_a_write_that_always_crosses_others_is_unavailable(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, delivery = await scheduled(alice)
    proxy.calls.clear()
    proxy.conflict(EVER, "TransactWriteItems")

    with pytest.raises(Unavailable, match="Too many write to the same record"):
        await dynamo.posts.save(post, [delivery])

    assert proxy.requests(WRITES) == CROSSINGS
    proxy.heal()
    assert await nothing_of(alice, post)


async def test_a_claim_is_not_kept_up_by_whoever_crosses_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    due = [taken(await alice.delivery()) for _ in range(3)]
    proxy.calls.clear()
    proxy.conflict(1, "TransactWriteItems")

    claimed = await dynamo.deliveries.claim(NOW, SOON, 10)

    assert (len(claimed), set(claimed) < set(due)) == (2, True)
    assert proxy.requests(WRITES) == 3
    assert {*claimed, *await dynamo.deliveries.claim(NOW, SOON, 10)} == set(due)


async def test_a_claim_of_chores_is_not_kept_up_by_whoever_crosses_it(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    for subject in ("ch_1", "ch_2", "ch_3"):
        await dynamo.chores.put(chore(alice, subject))
    proxy.conflict(1, "UpdateItem")

    assert [one.id for one in await dynamo.chores.claim(NOW, SOON, 10)] == ["renew:ch_2", "renew:ch_3"]
    assert [one.id for one in await dynamo.chores.claim(NOW, SOON, 10)] == ["renew:ch_1"]


# ── too fast, and broken ─────────────────────────────────────────────────────────────────────


@WRITERS
async def test_a_few_throttled_requests_are_waited_out(
    proxy: StagedProxy, alice: House, operation: str, write: Write
) -> None:
    proxy.throttle(2, operation)

    await write(alice)

    assert proxy.unmet == 0


async def test_a_transaction_that_is_throttled_inside_is_tried_again(proxy: StagedProxy, alice: House) -> None:
    proxy.throttle_inside(2)

    await a_transaction(alice)

    assert proxy.unmet == 0


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_that_fails_a_few_times_is_asked_again(proxy: StagedProxy, alice: House, status: int) -> None:
    proxy.fail(2, "TransactWriteItems", status=status)

    await a_transaction(alice)

    assert proxy.unmet == 0


async def test_a_server_that_fails_after_the_work_was_done_has_done_it_once(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    proxy.fail(1, "PutItem", done=True)

    await a_put(alice)

    assert (await dynamo.workspaces.get(alice.workspace_id)).version == 2


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (StagedProxy.throttle, "asks us to slow down"),
        (StagedProxy.fail, "does not serve right now"),
        (StagedProxy.lose_requests, "cannot be reached"),
    ],
)
async def test_what_lasts_is_unavailable_and_nothing_is_half_done(
    proxy: StagedProxy,
    dynamo: DynamoStore,
    alice: House,
    fault: Callable[[StagedProxy, int, str], None],
    sentence: str,
) -> None:
    post, delivery = await scheduled(alice)
    proxy.calls.clear()
    fault(proxy, EVER, "TransactWriteItems")

    with pytest.raises(Unavailable, match=sentence):
        await dynamo.posts.save(post, [delivery], [event(alice.workspace_id, post.id)])

    assert proxy.requests(WRITES) == TRIES
    proxy.heal()
    assert await nothing_of(alice, post)


async def test_a_claim_gives_what_it_took_though_the_rest_is_throttled(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    due = {taken(await alice.delivery()) for _ in range(2)}

    async def from_now_on() -> None:
        proxy.throttle(EVER, "TransactWriteItems")

    proxy.before(2, "TransactWriteItems", from_now_on)
    first = await dynamo.deliveries.claim(NOW, SOON, 10)
    proxy.heal()

    assert len(first) == 1
    assert {*first, *await dynamo.deliveries.claim(NOW, SOON, 10)} == due


async def test_a_claim_of_chores_gives_what_it_took_though_the_rest_is_throttled(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    for subject in ("ch_1", "ch_2"):
        await dynamo.chores.put(chore(alice, subject))

    async def from_now_on() -> None:
        proxy.throttle(EVER, "UpdateItem")

    proxy.before(2, "UpdateItem", from_now_on)
    assert [one.id for one in await dynamo.chores.claim(NOW, SOON, 10)] == ["renew:ch_1"]
    proxy.heal()

    assert [one.id for one in await dynamo.chores.claim(NOW, SOON, 10)] == ["renew:ch_2"]


async def test_a_claim_that_could_take_nothing_for_throttling_is_unavailable(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    await alice.delivery()
    proxy.throttle(EVER, "TransactWriteItems")

    with pytest.raises(Unavailable):
        await dynamo.deliveries.claim(NOW, SOON, 10)


async def test_a_request_that_hangs_is_given_up_and_sent_again(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    gate = asyncio.Event()

    async def hang() -> None:
        await gate.wait()

    proxy.before(1, "GetItem", hang)
    impatient = sharing(dynamo, proxy.url, patience=0.3)
    found = await impatient.workspaces.get(alice.workspace_id)
    gate.set()
    await impatient.close()

    assert found == await dynamo.workspaces.get(alice.workspace_id)


# ── half a batch ─────────────────────────────────────────────────────────────────────────────


async def a_long_queue(alice: House, channel: Channel, count: int) -> list[Delivery]:
    """In two posts: one transaction holds a hundred records."""
    return [
        *await alice.deliveries(channel, *[NOW] * (count // 2)),
        *await alice.deliveries(channel, *[NOW] * (count - count // 2)),
    ]


async def test_lists_are_whole_though_dynamodb_leaves_a_part_of_each_batch(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    channel = await alice.channel()
    made = await a_long_queue(alice, channel, 130)
    proxy.leave_unprocessed(5)

    listed = await dynamo.deliveries.list(alice.workspace_id, channel_id=channel.id, limit=200)

    assert list(listed.items) == made[::-1]
    assert proxy.unmet == 0


async def test_a_list_is_whole_though_its_pages_are_short(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    channel = await alice.channel()
    made = await a_long_queue(alice, channel, 20)
    proxy.page = 3

    by_channel = await dynamo.deliveries.list(alice.workspace_id, channel_id=channel.id)
    everything = await dynamo.deliveries.list(alice.workspace_id)

    assert by_channel == everything
    assert list(everything.items) == made[::-1]


async def test_a_claim_sees_all_that_is_due_though_its_pages_are_short(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    due = {taken(await alice.delivery()) for _ in range(10)}
    proxy.page = 1

    assert set(await dynamo.deliveries.claim(NOW, SOON, 20)) == due


async def test_history_goes_whole_though_dynamodb_leaves_a_part_of_each_batch(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post = alice.new_post(await alice.video())
    saved = await dynamo.posts.save(post, [], [event(alice.workspace_id, post.id) for _ in range(60)])
    proxy.leave_unprocessed(4)

    await dynamo.posts.remove(saved)

    assert (await dynamo.events.list(alice.workspace_id, post.id)).items == ()
    assert proxy.unmet == 0
