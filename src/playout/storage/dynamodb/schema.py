"""The table itself: made if it is not there, completed if an index is missing, and marked with its revision.

Where somebody else makes it (Terraform, a role without the right to), it is only looked at.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from playout.domain.errors import SchemaAhead, Unavailable
from playout.storage.dynamodb.actions import ABSENT, Put
from playout.storage.dynamodb.failures import Refused
from playout.storage.dynamodb.items import under
from playout.storage.dynamodb.table import Table
from playout.storage.dynamodb.values import number

REVISION = 1
SCHEMA_KEY = ("SCHEMA", "SCHEMA")
#: Name of each index, its sort key, and what it carries beside keys.
INDEXES: Mapping[str, tuple[str, Sequence[str]]] = {
    "due": ("due_sk", ("channel_id", "due_at", "version")),
    "channel": ("SK", ()),
    "state": ("SK", ()),
    "planned": ("planned_sk", ()),
    "named": ("SK", ()),
}
_POLL = 0.5  # seconds between two looks at a table that is being made
_POLLS = 1200  # an index of a large table takes minutes


async def prepare(table: Table) -> None:
    """Raises SchemaAhead where a newer Playout wrote it."""
    found = await _described(table)
    if found is None:
        await _create(table)
        found = await _ready(table)
    for name in INDEXES.keys() - {one["IndexName"] for one in found.get("GlobalSecondaryIndexes", ())}:
        await table.ask("update_table", **_adding(table.name, name))
        await _ready(table)
    await _mark(table)


async def _create(table: Table) -> None:
    try:
        await table.ask(
            "create_table",
            TableName=table.name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_keys("PK", "SK"),
            AttributeDefinitions=_definitions(INDEXES),
            GlobalSecondaryIndexes=[_index(name) for name in INDEXES],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":  # another process was faster
            raise
    await _ready(table)
    try:
        await table.ask(
            "update_time_to_live",
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":  # it is enabled already: as above, or by us
            raise


async def _described(table: Table) -> Mapping[str, Any] | None:
    try:
        answer = await table.ask("describe_table", TableName=table.name)
    except Unavailable as error:
        if error.code != "no_table":
            raise
        return None
    described: Mapping[str, Any] = answer["Table"]
    return described


async def _ready(table: Table) -> Mapping[str, Any]:
    for _ in range(_POLLS):
        found = await _described(table)
        if found and found["TableStatus"] == "ACTIVE" and all(map(_serves, found.get("GlobalSecondaryIndexes", ()))):
            return found
        await asyncio.sleep(_POLL)
    raise Unavailable("DynamoDB is still making the table or one of its indexes. Try again in a while.")


def _serves(index: Mapping[str, Any]) -> bool:
    return bool(index.get("IndexStatus", "ACTIVE") == "ACTIVE")


async def _mark(table: Table) -> None:
    key = SCHEMA_KEY
    found = await table.get(key)
    if found is None:
        try:
            await table.write(Put(under(key, {"revision": number(REVISION)}), ABSENT))
        except Refused:
            found = await table.get(key)
    revision = int(found["revision"]["N"]) if found else REVISION
    if revision > REVISION:
        raise SchemaAhead(
            f"The table was written by a newer Playout (schema {revision}; this one knows schemas up to {REVISION}). "
            "Start the newer Playout again, or restore a backup made before it was installed."
        )


def _keys(hashed: str, sorted_by: str) -> Sequence[Mapping[str, str]]:
    return [{"AttributeName": hashed, "KeyType": "HASH"}, {"AttributeName": sorted_by, "KeyType": "RANGE"}]


def _index(name: str) -> Mapping[str, Any]:
    sort, carried = INDEXES[name]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(carried)} if carried else None
    return {
        "IndexName": name,
        "KeySchema": _keys(f"{name}_pk", sort),
        "Projection": projection or {"ProjectionType": "KEYS_ONLY"},
    }


def _definitions(names: Mapping[str, tuple[str, Sequence[str]]]) -> Sequence[Mapping[str, str]]:
    used = {"PK", "SK"} | {f"{name}_pk" for name in names} | {sort for sort, _ in names.values()}
    return [{"AttributeName": name, "AttributeType": "S"} for name in sorted(used)]


def _adding(table: str, name: str) -> Mapping[str, Any]:
    return {
        "TableName": table,
        "AttributeDefinitions": _definitions({name: INDEXES[name]}),
        "GlobalSecondaryIndexUpdates": [{"Create": _index(name)}],
    }
