"""The table itself: made once, completed, and left alone where a newer Playout wrote it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiobotocore.session import AioSession

from playout.domain.errors import SchemaAhead, Unavailable
from playout.domain.person import Workspace
from playout.storage.dynamodb import DynamoStore
from playout.storage.dynamodb.schema import INDEXES, REVISION, SCHEMA_KEY
from tests.contract.cast import NOW, SOON, House, name
from tests.storage.dynamo_house import StagedProxy, new_store, scheduled, sharing
from tests.storage.dynamo_stage import plain_client
from tests.storage.dynamo_wire import TABLES, Reply

MARK = {"PK": {"S": SCHEMA_KEY[0]}, "SK": {"S": SCHEMA_KEY[1]}}


@pytest.fixture
async def client(proxy: StagedProxy) -> AsyncIterator[Any]:
    """Somebody else's, on the same DynamoDB."""
    async with plain_client(AioSession(), proxy.url) as client:
        yield client


@pytest.fixture
def table(dynamo: DynamoStore) -> str:
    return dynamo._table.name


async def indexes(client: Any, table: str) -> dict[str, Any]:
    """Each with its keys and what it carries."""
    described = (await client.describe_table(TableName=table))["Table"]["GlobalSecondaryIndexes"]
    return {one["IndexName"]: (one["KeySchema"], one["Projection"]) for one in described}


async def drop(client: Any, table: str, index: str) -> None:
    await client.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index}}])


def made(proxy: StagedProxy, operation: str) -> int:
    """How often this was done."""
    return sum(call.operation == operation and call.status == 200 for call in proxy.calls)


async def test_a_table_that_is_whole_is_looked_at_twice_and_not_changed(
    proxy: StagedProxy, dynamo: DynamoStore
) -> None:
    await dynamo.prepare()

    assert [call.operation for call in proxy.calls] == ["DescribeTable", "GetItem"]


@pytest.mark.parametrize("index", INDEXES)
async def test_an_index_that_is_missing_is_added_as_a_new_table_has_it(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str, index: str
) -> None:
    whole = await indexes(client, table)
    await drop(client, table, index)
    assert index not in await indexes(client, table)

    await dynamo.prepare()

    assert await indexes(client, table) == whole


async def test_what_was_there_before_its_index_is_found_by_it(
    dynamo: DynamoStore, alice: House, client: Any, table: str
) -> None:
    post, delivery = await scheduled(alice)
    await dynamo.posts.save(post, [delivery])
    assert delivery.due_at
    for index in INDEXES:
        await drop(client, table, index)

    await dynamo.prepare()

    claimed = await dynamo.deliveries.claim(delivery.due_at, SOON, 1)
    assert [one.id for one in claimed] == [delivery.id]


# ── a newer one ──────────────────────────────────────────────────────────────────────────────────


async def test_a_table_of_a_newer_playout_is_refused_with_both_revisions_and_not_touched(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str
) -> None:
    await client.put_item(TableName=table, Item={**MARK, "revision": {"N": "9000"}})
    await drop(client, table, "named")
    before = await indexes(client, table)

    with pytest.raises(SchemaAhead, match=rf"newer Playout.*9000.*{REVISION}"):
        await dynamo.prepare()

    assert await indexes(client, table) == before
    assert (await client.get_item(TableName=table, Key=MARK))["Item"]["revision"] == {"N": "9000"}


async def test_a_newer_playout_that_marks_it_at_the_same_time_is_noticed(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str
) -> None:
    await client.delete_item(TableName=table, Key=MARK)

    async def mark() -> None:
        await client.put_item(TableName=table, Item={**MARK, "revision": {"N": "9000"}})

    proxy.before(1, "UpdateTimeToLive", mark)

    with pytest.raises(SchemaAhead):
        await dynamo.prepare()


# ── several at once ──────────────────────────────────────────────────────────────────────────────


async def test_eight_who_prepare_at_once_make_one_table(proxy: StagedProxy) -> None:
    first = new_store(proxy.url)
    stores = [first, *(sharing(first, proxy.url) for _ in range(7))]

    await asyncio.gather(*(one.prepare() for one in stores))

    assert made(proxy, "CreateTable") == 1
    assert [await one.workspaces.save(Workspace(name("ws"), "", NOW)) for one in stores]
    for one in stores:
        await one.close()


async def test_eight_who_add_two_indexes_at_once_add_each_once(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str
) -> None:
    whole = await indexes(client, table)
    for index in ("due", "named"):
        await drop(client, table, index)
    stores = [sharing(dynamo, proxy.url) for _ in range(8)]

    await asyncio.gather(*(one.prepare() for one in stores))

    assert await indexes(client, table) == whole
    for one in stores:
        await one.close()


async def test_whoever_may_not_add_an_index_says_so(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str
) -> None:
    await drop(client, table, "state")
    proxy.refuse("AccessDeniedException", "You shall not pass.", "UpdateTable")

    with pytest.raises(Unavailable, match="rights on the table"):
        await dynamo.prepare()


@pytest.mark.parametrize(
    "there",
    [
        {"TableStatus": "CREATING"},
        {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [{"IndexName": "due", "IndexStatus": "CREATING"}]},
    ],
    ids=["table", "index"],
)
async def test_what_somebody_else_is_making_is_waited_for(
    proxy: StagedProxy, dynamo: DynamoStore, there: dict[str, Any]
) -> None:
    proxy._add(2, "DescribeTable", TABLES, lambda _: Reply(200, {"Table": there}))

    await dynamo.prepare()

    assert [call.operation for call in proxy.calls] == ["DescribeTable"] * 3 + ["GetItem"]


async def test_a_table_that_somebody_changes_serves_as_ever(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str
) -> None:
    described = (await client.describe_table(TableName=table))["Table"]
    changing = {"TableStatus": "UPDATING", "GlobalSecondaryIndexes": described["GlobalSecondaryIndexes"]}
    proxy.calls.clear()
    proxy._add(1, "DescribeTable", TABLES, lambda _: Reply(200, {"Table": changing}))

    await dynamo.prepare()

    assert [call.operation for call in proxy.calls] == ["DescribeTable", "GetItem"]


# ── the broom ────────────────────────────────────────────────────────────────────────────────────


async def test_a_making_that_was_killed_half_way_is_completed(
    proxy: StagedProxy, dynamo: DynamoStore, client: Any, table: str
) -> None:
    await client.delete_item(TableName=table, Key=MARK)
    off = {"Enabled": False, "AttributeName": "ttl"}
    await client.update_time_to_live(TableName=table, TimeToLiveSpecification=off)

    await dynamo.prepare()

    broom = (await client.describe_time_to_live(TableName=table))["TimeToLiveDescription"]
    assert broom == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    assert (await client.get_item(TableName=table, Key=MARK))["Item"]["revision"] == {"N": str(REVISION)}


async def test_whoever_may_not_set_the_broom_works_without_it(proxy: StagedProxy) -> None:
    store = new_store(proxy.url)
    proxy.refuse("AccessDeniedException", "You shall not pass.", "UpdateTimeToLive")

    await store.prepare()

    await store.ping()
    assert proxy.unmet == 0
    await store.close()
