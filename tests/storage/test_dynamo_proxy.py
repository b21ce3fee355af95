"""What the tests' DynamoDB proxy promises, shown with a plain client that repeats nothing by itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.aws import AwsServer
from tests.storage.dynamo_proxy import DynamoProxy
from tests.storage.dynamo_stage import (
    add_index,
    code,
    count_of,
    counted,
    create,
    indexed,
    item,
    key,
    new_name,
    plain_client,
    put,
    reasons,
    shelf,
)
from tests.storage.dynamo_wire import Call


@pytest.fixture
async def proxy(aws_server: AwsServer) -> AsyncIterator[DynamoProxy]:
    async with DynamoProxy(aws_server.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def session() -> AioSession:
    """One for all tests, as it reads the models of the service only once."""
    return AioSession()


@pytest.fixture
async def client(proxy: DynamoProxy, session: AioSession) -> AsyncIterator[Any]:
    async with plain_client(session, proxy.url) as client:
        yield client


@pytest.fixture
async def table(proxy: DynamoProxy, client: Any) -> AsyncIterator[str]:
    """New, and gone with the test."""
    name = new_name()
    await create(client, name)
    proxy.calls.clear()
    yield name
    proxy.heal()
    await client.delete_table(TableName=name)


# ── lag ──────────────────────────────────────────────────────────────────────────────────────


async def test_without_a_word_an_index_is_current(client: Any, table: str) -> None:
    await client.put_item(TableName=table, Item=item(1))
    assert await indexed(client, table) == [1]


async def test_a_frozen_index_shows_what_was_while_the_table_shows_what_is(
    proxy: DynamoProxy, client: Any, table: str
) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.freeze_indexes()
    await client.put_item(TableName=table, Item=item(2))
    assert await indexed(client, table) == [1]
    assert await shelf(client, table) == [1, 2]


async def test_a_frozen_index_still_shows_what_has_left_it(proxy: DynamoProxy, client: Any, table: str) -> None:
    for number in (1, 2, 3):
        await client.put_item(TableName=table, Item=item(number))
    proxy.freeze_indexes()
    await client.delete_item(TableName=table, Key=key(1))
    await client.update_item(
        TableName=table,
        Key=key(2),
        UpdateExpression="SET #n = :name",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":name": {"S": "bob"}},
    )
    assert await indexed(client, table) == [1, 2, 3]
    assert await indexed(client, table, "bob") == []
    await proxy.catch_up()
    assert await indexed(client, table) == [3]
    assert await indexed(client, table, "bob") == [2]


async def test_a_frozen_index_catches_up_write_by_write(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.freeze_indexes()
    await client.transact_write_items(TransactItems=[put(table, 1), put(table, 2)])
    await client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item(3)}}]})
    await client.delete_item(TableName=table, Key=key(1))
    seen = [await indexed(client, table)]
    for _ in range(3):
        await proxy.catch_up(1)
        seen.append(await indexed(client, table))
    assert seen == [[], [1, 2], [1, 2, 3], [2, 3]]


async def test_what_was_refused_is_no_write_that_an_index_waits_for(
    proxy: DynamoProxy, client: Any, table: str
) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.freeze_indexes()
    with pytest.raises(ClientError):
        await client.transact_write_items(TransactItems=[put(table, 2), put(table, 1)])
    await client.put_item(TableName=table, Item=item(3))
    await proxy.catch_up(1)
    assert await indexed(client, table) == [1, 3]


async def test_an_index_can_always_be_some_writes_behind(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.lag = 3
    seen = []
    for number in range(1, 6):
        await client.put_item(TableName=table, Item=item(number))
        seen.append(await indexed(client, table))
    assert seen == [[], [], [], [1], [1, 2]]
    proxy.lag = 0
    assert await indexed(client, table) == [1, 2, 3, 4, 5]


async def test_many_writers_at_once_reach_the_index_all(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.freeze_indexes()
    await asyncio.gather(*(client.put_item(TableName=table, Item=item(number)) for number in range(40)))
    assert await indexed(client, table) == []
    await proxy.catch_up(40)
    assert await indexed(client, table) == list(range(40))


async def test_an_index_that_is_made_meanwhile_is_there(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.freeze_indexes()
    await client.put_item(TableName=table, Item=item(1))
    await add_index(client, table, "renamed")
    answer = await client.scan(TableName=table, IndexName="renamed")
    assert answer["Items"] == []
    await proxy.catch_up()
    answer = await client.scan(TableName=table, IndexName="renamed")
    assert [found["SK"] for found in answer["Items"]] == [key(1)["SK"]]


async def test_nothing_of_it_stays_behind(aws_server: AwsServer, session: AioSession) -> None:
    name = new_name()
    async with DynamoProxy(aws_server.url) as proxy, plain_client(session, proxy.url) as client:
        await create(client, name)
        proxy.freeze_indexes()
        await client.put_item(TableName=name, Item=item(1))
    async with plain_client(session, aws_server.url) as client:
        await client.describe_table(TableName=name)
        with pytest.raises(ClientError, match="ResourceNotFound"):
            await client.describe_table(TableName=f"{name}-behind")
        await client.delete_table(TableName=name)


# ── conflicts ────────────────────────────────────────────────────────────────────────────────


async def test_a_transaction_in_conflict_is_cancelled_and_nothing_is_written(
    proxy: DynamoProxy, client: Any, table: str
) -> None:
    proxy.conflict(2)
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            await client.transact_write_items(TransactItems=[put(table, 1), put(table, 2)])
        assert code(refused) == "TransactionCanceledException"
        assert reasons(refused) == ["TransactionConflict", "None"]
    assert await shelf(client, table) == []
    await client.transact_write_items(TransactItems=[put(table, 1), put(table, 2)])
    assert await shelf(client, table) == [1, 2]


async def test_a_single_write_in_conflict_is_refused(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.conflict()
    with pytest.raises(ClientError) as refused:
        await client.update_item(**counted(table, 1))
    assert code(refused) == "TransactionConflictException"
    assert await shelf(client, table) == []


async def test_a_reading_transaction_in_conflict_is_cancelled(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.conflict(operation="TransactGetItems")
    await client.put_item(TableName=table, Item=item(1))
    with pytest.raises(ClientError) as refused:
        await client.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key(1)}}])
    assert reasons(refused) == ["TransactionConflict"]


async def test_what_dynamodb_never_answers_cannot_be_asked_for(proxy: DynamoProxy) -> None:
    with pytest.raises(AssertionError, match="never answers Query so"):
        proxy.conflict(operation="Query")


# ── lost on the way ──────────────────────────────────────────────────────────────────────────


async def test_a_lost_answer_is_a_write_that_happened(proxy: DynamoProxy, client: Any, table: str) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.lose_answers(1, "UpdateItem")
    with pytest.raises(ConnectionClosedError):
        await client.update_item(**counted(table, 1))
    assert await count_of(client, table, 1) == 2


async def test_a_lost_request_is_a_write_that_did_not(proxy: DynamoProxy, client: Any, table: str) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.lose_requests(1, "UpdateItem")
    with pytest.raises(ConnectionClosedError):
        await client.update_item(**counted(table, 1))
    assert await count_of(client, table, 1) == 1


async def test_a_refusal_is_not_lost_the_next_success_is(proxy: DynamoProxy, client: Any, table: str) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.lose_answers()
    with pytest.raises(ClientError) as refused:
        await client.transact_write_items(TransactItems=[put(table, 1)])
    assert reasons(refused) == ["ConditionalCheckFailed"]
    with pytest.raises(ConnectionClosedError):
        await client.transact_write_items(TransactItems=[put(table, 2)])
    assert await shelf(client, table) == [1, 2]


async def test_a_client_that_repeats_does_an_update_twice(
    proxy: DynamoProxy, client: Any, table: str, session: AioSession
) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.lose_answers(1, "UpdateItem")
    async with plain_client(session, proxy.url, attempts=2) as stubborn:
        await stubborn.update_item(**counted(table, 1))
    assert await count_of(client, table, 1) == 3


# ── tokens ───────────────────────────────────────────────────────────────────────────────────


async def test_a_transaction_that_is_repeated_with_its_token_happens_once(
    proxy: DynamoProxy, client: Any, table: str
) -> None:
    await client.put_item(TableName=table, Item=item(1))
    proxy.lose_answers(1, "TransactWriteItems")
    writes = [{"Update": counted(table, 1)}]
    with pytest.raises(ConnectionClosedError):
        await client.transact_write_items(TransactItems=writes, ClientRequestToken="once")
    await client.transact_write_items(TransactItems=writes, ClientRequestToken="once")
    assert await count_of(client, table, 1) == 2


async def test_another_transaction_with_the_same_token_is_refused(client: Any, table: str) -> None:
    await client.transact_write_items(TransactItems=[put(table, 1)], ClientRequestToken="once")
    with pytest.raises(ClientError) as refused:
        await client.transact_write_items(TransactItems=[put(table, 2)], ClientRequestToken="once")
    assert code(refused) == "IdempotentParameterMismatchException"


async def test_a_token_whose_transaction_failed_is_free_again(client: Any, table: str) -> None:
    await client.put_item(TableName=table, Item=item(1))
    with pytest.raises(ClientError):
        await client.transact_write_items(TransactItems=[put(table, 1)], ClientRequestToken="once")
    await client.delete_item(TableName=table, Key=key(1))
    await client.transact_write_items(TransactItems=[put(table, 1)], ClientRequestToken="once")
    assert await shelf(client, table) == [1]


@pytest.mark.parametrize("bare", [True, False], ids=["moto as it is", "ten minutes later"])
async def test_a_token_that_is_not_remembered_protects_nothing(
    proxy: DynamoProxy, client: Any, table: str, bare: bool
) -> None:
    proxy.remember_tokens = not bare
    await client.put_item(TableName=table, Item=item(1))
    for _ in range(2):
        await client.transact_write_items(TransactItems=[{"Update": counted(table, 1)}], ClientRequestToken="once")
        proxy.forget_tokens()
    assert await count_of(client, table, 1) == 3


# ── throttling and failures ──────────────────────────────────────────────────────────────────


async def test_throttled_requests_are_refused_as_often_as_was_asked(
    proxy: DynamoProxy, client: Any, table: str
) -> None:
    proxy.throttle(2, "Query")
    await client.put_item(TableName=table, Item=item(1))
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            await indexed(client, table)
        assert code(refused) == "ProvisionedThroughputExceededException"
    assert await indexed(client, table) == [1]


async def test_a_transaction_is_throttled_from_inside(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.throttle_inside()
    with pytest.raises(ClientError) as refused:
        await client.transact_write_items(TransactItems=[put(table, 1), put(table, 2)])
    assert code(refused) == "TransactionCanceledException"
    assert reasons(refused) == ["ThrottlingError", "None"]
    assert await shelf(client, table) == []


@pytest.mark.parametrize(("status", "said"), [(500, "InternalServerError"), (503, "ServiceUnavailable")])
async def test_a_server_that_fails_says_so(proxy: DynamoProxy, client: Any, table: str, status: int, said: str) -> None:
    proxy.fail(status=status)
    with pytest.raises(ClientError) as refused:
        await client.put_item(TableName=table, Item=item(1))
    assert code(refused) == said
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert await shelf(client, table) == []


async def test_a_server_that_fails_may_have_written_all_the_same(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.fail(operation="PutItem", done=True)
    with pytest.raises(ClientError):
        await client.put_item(TableName=table, Item=item(1))
    assert await shelf(client, table) == [1]


async def test_half_of_the_writes_of_a_batch_are_left(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.leave_unprocessed()
    batch = {table: [{"PutRequest": {"Item": item(number)}} for number in (1, 2, 3)]}
    answer = await client.batch_write_item(RequestItems=batch)
    assert await shelf(client, table) == [1, 2]
    answer = await client.batch_write_item(RequestItems=answer["UnprocessedItems"])
    assert answer["UnprocessedItems"] == {}
    assert await shelf(client, table) == [1, 2, 3]


async def test_half_of_the_keys_of_a_batch_are_left_as_they_were_asked_for(
    proxy: DynamoProxy, client: Any, table: str
) -> None:
    for number in (1, 2, 3):
        await client.put_item(TableName=table, Item=item(number))
    proxy.leave_unprocessed()
    asked = {"Keys": [key(number) for number in (1, 2, 3)], "ConsistentRead": True}
    answer = await client.batch_get_item(RequestItems={table: asked})
    assert answer["Responses"] == {table: [item(2), item(1)]}
    assert answer["UnprocessedKeys"] == {table: {"Keys": [key(3)], "ConsistentRead": True}}
    answer = await client.batch_get_item(RequestItems=answer["UnprocessedKeys"])
    assert answer["Responses"] == {table: [item(3)]}


async def test_a_page_may_be_shorter_than_its_limit(proxy: DynamoProxy, client: Any, table: str) -> None:
    for number in (1, 2, 3):
        await client.put_item(TableName=table, Item=item(number))
    proxy.page = 2
    assert await shelf(client, table, Limit=3) == [1, 2]
    assert await shelf(client, table, Limit=3, ExclusiveStartKey=key(2)) == [3]


async def test_faults_can_be_taken_back(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.throttle(2)
    proxy.leave_unprocessed()
    assert proxy.unmet == 3
    proxy.heal()
    assert proxy.unmet == 0
    await client.put_item(TableName=table, Item=item(1))


# ── counting ─────────────────────────────────────────────────────────────────────────────────


async def test_every_request_is_noted_with_what_it_touched(proxy: DynamoProxy, client: Any, table: str) -> None:
    await client.transact_write_items(TransactItems=[put(table, 1), put(table, 2)])
    await client.get_item(TableName=table, Key=key(1), ConsistentRead=True)
    await indexed(client, table)
    one, two = ("shelf", "001"), ("shelf", "002")
    assert proxy.calls == [
        Call("TransactWriteItems", table, None, consistent=False, items=2, keys=(one, two), status=200),
        Call("GetItem", table, None, consistent=True, items=1, keys=(one,), status=200),
        Call("Query", table, "named", consistent=False, items=2, keys=(one, two), status=200),
    ]
    assert [call.writes for call in proxy.calls] == [True, False, False]


async def test_a_query_counts_what_it_looked_at(proxy: DynamoProxy, client: Any, table: str) -> None:
    for number in (1, 2, 3):
        await client.put_item(TableName=table, Item=item(number))
    proxy.calls.clear()
    assert await shelf(client, table, Select="ALL_ATTRIBUTES", Limit=2) == [1, 2]
    assert [(call.operation, call.items) for call in proxy.calls] == [("Query", 2)]


async def test_what_failed_is_noted_too(proxy: DynamoProxy, client: Any, table: str) -> None:
    proxy.throttle()
    with pytest.raises(ClientError):
        await client.put_item(TableName=table, Item=item(1))
    proxy.lose_answers()
    with pytest.raises(ConnectionClosedError):
        await client.put_item(TableName=table, Item=item(1))
    assert [call.status for call in proxy.calls] == [400, 0]
