"""What the tests of the DynamoDB proxy share: a plain client, a table with an index, and questions to both."""

import itertools
import os
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import ClientError

from tests.aws import CREDENTIALS

NUMBERS = itertools.count(1)
REGION = "eu-central-1"
ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "name")]


def plain_client(session: AioSession, url: str, attempts: int = 1) -> Any:
    """That makes so many attempts of each request; then whatever the last one met is raised."""
    return session.create_client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=AioConfig(retries={"total_max_attempts": attempts}),
    )


def new_name() -> str:
    """Of a table, on a server that all workers of a run share."""
    return f"proxied-{os.getpid()}-{next(NUMBERS)}"


async def create(client: Any, name: str) -> None:
    """With an index `named` of the items that have a name."""
    await client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=ATTRIBUTES,
        KeySchema=schema("PK", "SK"),
        GlobalSecondaryIndexes=[index("named")],
    )


async def add_index(client: Any, table: str, name: str) -> None:
    updates = [{"Create": index(name)}]
    await client.update_table(TableName=table, AttributeDefinitions=ATTRIBUTES, GlobalSecondaryIndexUpdates=updates)


def index(name: str) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": schema("name", "SK"), "Projection": {"ProjectionType": "KEYS_ONLY"}}


def schema(first: str, second: str) -> list[dict[str, str]]:
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]


def key(number: int) -> dict[str, Any]:
    return {"PK": {"S": "shelf"}, "SK": {"S": f"{number:03}"}}


def item(number: int, name: str = "alice") -> dict[str, Any]:
    return {**key(number), "name": {"S": name}, "count": {"N": "1"}}


def put(table: str, number: int) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": item(number), "ConditionExpression": "attribute_not_exists(PK)"}}


def counted(table: str, number: int) -> dict[str, Any]:
    return {
        "TableName": table,
        "Key": key(number),
        "UpdateExpression": "ADD #c :one",
        "ExpressionAttributeNames": {"#c": "count"},
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }


async def indexed(client: Any, table: str, name: str = "alice") -> list[int]:
    """What the index says of this name."""
    answer = await client.query(
        TableName=table,
        IndexName="named",
        KeyConditionExpression="#n = :name",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":name": {"S": name}},
    )
    return [int(found["SK"]["S"]) for found in answer["Items"]]


async def shelf(client: Any, table: str, **more: Any) -> list[int]:
    """What the table itself says."""
    answer = await client.query(
        TableName=table,
        KeyConditionExpression="PK = :shelf",
        ExpressionAttributeValues={":shelf": {"S": "shelf"}},
        **more,
    )
    return [int(found["SK"]["S"]) for found in answer["Items"]]


async def count_of(client: Any, table: str, number: int) -> int:
    answer = await client.get_item(TableName=table, Key=key(number), ConsistentRead=True)
    return int(answer["Item"]["count"]["N"])


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    error: str = refused.value.response["Error"]["Code"]
    return error


def reasons(refused: pytest.ExceptionInfo[ClientError]) -> list[str]:
    return [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
