"""The network loses requests and answers, and the client asks again: our own write is known again, and done once.

`dynamo_rows` has every method that writes. With DynamoDB's memory of tokens each gives what it would have given. Ten
minutes later, or where a write is none that has a token, the mark on its items says the same; only a delete has none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import get_type_hints

import pytest

from playout.application.ports import Store
from playout.domain.delivery import Fence, State
from playout.domain.errors import PlayoutError, Stale, Unavailable
from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, SOON, House, ref
from tests.storage.dynamo_house import StagedProxy, sharing
from tests.storage.dynamo_rows import ROWS, SECOND
from tests.storage.dynamo_scene import Row
from tests.storage.dynamo_wire import WRITES

#: Methods that write nothing. One that is neither here nor in the rows fails the first test.
READING = {
    *("deliveries.get", "deliveries.list", "deliveries.planned", "deliveries.work", "deliveries.by_handle"),
    *("deliveries.of_posts", "posts.get", "posts.list", "posts.using", "posts.several", "posts.planned"),
    *("videos.get", "videos.list", "videos.same_bytes"),
    *("channels.get", "channels.list", "channels.by_account", "channels.sealed_under"),
    *("webhooks.get", "webhooks.list", "webhooks.sealed_under", "sendings.get", "sendings.list"),
    *("chores.get", "events.get", "events.list", "workspaces.get", "people.by_email", "people.get"),
    *("people.by_way", "people.sealed_under"),
    *("tokens.by_hash", "tokens.list", "ephemera.get"),
}


def methods() -> Iterator[str]:
    """Of all ports of the store."""
    for name, port in vars(Store).items():
        if isinstance(port, property):
            kept = get_type_hints(port.fget)["return"]
            yield from (f"{name}.{method}" for method in vars(kept) if not method.startswith("_"))


def losses(*, beyond_the_first: bool = True) -> list[object]:
    """Each write of each row."""
    return [
        pytest.param(row, nth, id=f"{row.scene.__name__}, write {nth}" if row.writes > 1 else row.scene.__name__)
        for row in ROWS
        for nth in range(1, 1 + (row.writes if beyond_the_first else 1))
    ]


def test_every_method_that_writes_has_a_row() -> None:
    assert set(methods()) == READING | {row.method for row in ROWS}


@pytest.mark.parametrize(("row", "nth"), losses())
async def test_a_write_whose_answer_was_lost_is_known_again(
    proxy: StagedProxy, alice: House, row: Row, nth: int
) -> None:
    scene = await row.scene(alice)
    proxy.calls.clear()
    proxy.lose_write(nth, done=True)

    assert await scene.act() == scene.gives
    assert (proxy.requests(WRITES), proxy.unmet) == (row.writes + 1, 0)
    assert await scene.stands()


@pytest.mark.parametrize(("row", "nth"), losses(beyond_the_first=False))
async def test_a_write_whose_request_was_lost_is_done_once(
    proxy: StagedProxy, alice: House, row: Row, nth: int
) -> None:
    scene = await row.scene(alice)
    proxy.calls.clear()
    proxy.lose_write(nth, done=False)

    assert await scene.act() == scene.gives
    assert (proxy.requests(WRITES), proxy.unmet) == (row.writes + 1, 0)
    assert await scene.stands()


@pytest.mark.parametrize(("row", "nth"), losses(beyond_the_first=False))
async def test_a_write_is_known_by_its_mark_where_its_token_is_forgotten(
    proxy: StagedProxy, alice: House, row: Row, nth: int
) -> None:
    scene = await row.scene(alice)
    proxy.remember_tokens = False
    proxy.lose_write(nth, done=True)

    assert await given(scene.act) == (scene.gives if row.forgotten is ... else row.forgotten)
    assert proxy.unmet == 0
    assert await scene.stands()


async def given(act: Callable[[], Awaitable[object]]) -> object:
    """What it gives, or the kind of its refusal."""
    try:
        return await act()
    except PlayoutError as refused:
        return type(refused)


async def test_a_read_whose_answer_was_lost_is_asked_again(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held = await alice.claimed()
    proxy.lose_answers(1, "GetItem")
    proxy.lose_answers(1, "TransactGetItems")

    assert (await dynamo.deliveries.work(ref(held))).delivery == held
    assert proxy.unmet == 0


async def test_a_save_that_is_never_answered_is_unavailable_and_its_fence_stands(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held = await alice.claimed()
    fenced = replace(held, state=State.SENDING, step="send", fence=Fence("send", NOW))
    proxy.lose_answers(4, "PutItem")
    proxy.lose_answers(4, "TransactWriteItems")

    with pytest.raises(Unavailable, match="cannot be reached"):
        await dynamo.deliveries.save(fenced)

    assert (await dynamo.deliveries.get(alice.workspace_id, held.id)).fence == fenced.fence


async def test_whoever_is_overtaken_before_its_answer_came_is_stale(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held = await alice.claimed()
    proxy.remember_tokens = False

    async def another_claims_it() -> None:
        assert len(await dynamo.deliveries.claim(NOW, SOON, 10)) == 1

    proxy.lose_write(done=True)
    proxy.before(2, WRITES, another_claims_it)
    with pytest.raises(Stale):
        await dynamo.deliveries.save(replace(held, in_hand_until=None))

    assert (await dynamo.deliveries.get(alice.workspace_id, held.id)).version == held.version + 2


async def test_a_hold_that_was_lengthened_again_is_not_shortened_by_a_request_that_comes_late(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    held, late = await alice.claimed(), asyncio.Event()
    proxy.before(1, "TransactWriteItems", lambda: passed(late))
    impatient = sharing(dynamo, proxy.url, patience=0.3)

    await impatient.deliveries.keep(ref(held), held.version, SOON + SECOND)
    await impatient.deliveries.keep(ref(held), held.version, SOON + 2 * SECOND)
    assert proxy.unmet == 0
    seen = len(proxy.calls)
    late.set()
    while len(proxy.calls) == seen:
        await asyncio.sleep(0.01)

    assert (await dynamo.deliveries.get(alice.workspace_id, held.id)).in_hand_until == SOON + 2 * SECOND
    await impatient.close()


async def passed(gate: asyncio.Event) -> None:
    await gate.wait()
