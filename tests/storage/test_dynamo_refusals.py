"""DynamoDB is gone, refuses our keys or cannot hold what it is given: each is said, with the mend."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from playout.domain.errors import Invalid, TooLarge, Unavailable
from playout.domain.person import Workspace
from playout.storage.dynamodb import DynamoStore
from tests.aws import AwsServer
from tests.contract.cast import NOW, SOON, House, house, name
from tests.storage.dynamo_house import StagedProxy, new_store, nothing_of, scheduled, sharing

EVER = 1000  # as often as nobody asks

# ── gone ─────────────────────────────────────────────────────────────────


@asynccontextmanager
async def gateway(server: AwsServer, port: int = 0) -> AsyncIterator[int]:
    """A way to the server that can be closed and opened again; gives its port."""
    address, ends = urlsplit(server.url), list[asyncio.StreamWriter]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(2**16):
            writer.write(piece)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward, back = await asyncio.open_connection(address.hostname, address.port)
        ends.extend((writer, back))
        await asyncio.gather(carry(reader, back), carry(onward, writer), return_exceptions=True)

    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    for end in ends:
        end.close()
    await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)


async def test_a_server_that_is_gone_is_unavailable_and_works_again_when_it_is_back(
    aws_server: AwsServer, haste: None
) -> None:
    async with gateway(aws_server) as port:
        store = new_store(f"http://127.0.0.1:{port}")
        await store.prepare()
        alice = await house(store, "alice")
    with pytest.raises(Unavailable, match="Check the network and PLAYOUT_DATABASE_URL"):
        await store.workspaces.get(alice.workspace_id)

    async with gateway(aws_server, port):
        await store.workspaces.get(alice.workspace_id)
        await store.close()


async def test_without_its_table_the_store_says_so(proxy: StagedProxy) -> None:
    store = new_store(proxy.url)
    asked = [
        store.ping(),
        store.deliveries.claim(NOW, SOON, 1),
        store.ephemera.put_new("key", "value", SOON, NOW),
        store.tokens.remove("ws", "tok"),
    ]

    said = await asyncio.gather(*asked, return_exceptions=True)
    await store.close()

    assert [(type(one), getattr(one, "code", "")) for one in said] == [(Unavailable, "no_table")] * 4


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException"],
)
async def test_keys_that_are_refused_are_named_at_once(proxy: StagedProxy, dynamo: DynamoStore, code: str) -> None:
    proxy.refuse(code, "You shall not pass.", "GetItem", EVER)

    with pytest.raises(Unavailable, match="Check the AWS keys") as refused:
        await dynamo.ping()

    assert refused.value.code == "storage_refused"
    assert proxy.requests() == 1


async def test_without_keys_the_store_says_where_they_belong(
    proxy: StagedProxy, dynamo: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = sharing(dynamo, proxy.url)

    with pytest.raises(Unavailable, match="Set AWS_ACCESS_KEY_ID"):
        await store.ping()
    await store.close()


async def test_what_one_record_cannot_hold_is_too_large(dynamo: DynamoStore, alice: House) -> None:
    workspace = await dynamo.workspaces.get(alice.workspace_id)

    with pytest.raises(TooLarge):
        await dynamo.workspaces.save(replace(workspace, name="x" * 500_000))

    assert await dynamo.workspaces.get(alice.workspace_id) == workspace


async def test_what_one_record_of_several_cannot_hold_is_too_large(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, delivery = await scheduled(alice)

    with pytest.raises(TooLarge):
        await dynamo.posts.save(replace(post, caption="x" * 500_000), [delivery])

    assert await nothing_of(alice, post)


async def test_a_transaction_that_dynamodb_cancels_for_its_size_is_too_large(
    proxy: StagedProxy, dynamo: DynamoStore, alice: House
) -> None:
    post, delivery = await scheduled(alice)
    proxy.refuse_inside("ValidationError", "Item size to update has exceeded the maximum allowed size")

    with pytest.raises(TooLarge):
        await dynamo.posts.save(post, [delivery])


async def test_more_conditions_than_one_step_holds_are_refused_and_nothing_is_saved(
    dynamo: DynamoStore, alice: House
) -> None:
    made = await alice.deliveries(await alice.channel(), *[NOW] * 101)
    post = await dynamo.posts.get(alice.workspace_id, made[0].post_id)

    with pytest.raises(Invalid, match="at most 100 records in one step") as refused:
        await dynamo.posts.save(post, [replace(one, due_at=NOW + timedelta(hours=1)) for one in made])

    assert refused.value.code == "too_much_at_once"
    assert await dynamo.posts.get(alice.workspace_id, post.id) == post
    assert (await dynamo.deliveries.list(alice.workspace_id, limit=200)).items == tuple(made[::-1])


# ── made by several at once ──────────────────────────────────────────────────────────────────


async def test_two_who_make_the_table_at_once_both_have_it(proxy: StagedProxy) -> None:
    first = new_store(proxy.url)
    second = sharing(first, proxy.url)
    proxy.before(1, "CreateTable", second.prepare)

    await first.prepare()

    assert [await one.workspaces.save(Workspace(name("ws"), "", NOW)) for one in (first, second)]
    await first.close()
    await second.close()


@pytest.mark.parametrize(
    "message",
    ["TimeToLive is already enabled", "Time to live has been modified multiple times within a fixed interval"],
)
async def test_a_broom_that_was_there_already_is_no_hindrance(proxy: StagedProxy, message: str) -> None:
    store = new_store(proxy.url)
    proxy.refuse("ValidationException", message, "UpdateTimeToLive")

    await store.prepare()

    await store.ping()
    await store.close()


async def test_a_table_whose_making_was_not_answered_is_there(proxy: StagedProxy) -> None:
    store = new_store(proxy.url)
    proxy.lose_answers(1, "CreateTable")
    proxy.lose_answers(1, "UpdateTimeToLive")

    await store.prepare()

    await store.ping()
    assert proxy.unmet == 0
    await store.close()
