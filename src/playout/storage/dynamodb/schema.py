"""The table itself: made if it is not there, completed if an index is missing, and marked with its revision.

Where somebody else makes it (Terraform, a role without the right to), it is only looked at.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from playout.domain.errors import SchemaAhead, Unavailable
from playout.storage.dynamodb.actions import ABSENT, Put
from playout.storage.dynamodb.failures import Refused, meaning, something_else
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
_REACH = 8.0  # seconds
_POLL = 0.5  # seconds between two looks at a table that is being made
_POLLS = 1200  # an index of a large table takes minutes


async def prepare(table: Table) -> None:
    """Raises SchemaAhead where a newer Playout wrote it, which is left as it is then; Unavailable."""
    found = await _reached(table) or await _create(table)
    if _in_the_making(found):
        found = await _ready(table)
    marked = await _revision(table)
    while missing := sorted(INDEXES.keys() - _indexes(found)):
        found = await _add(table, missing[0])
    if not marked:
        await _broom(table)
        await _mark(table)


async def _reached(table: Table) -> Mapping[str, Any] | None:
    """The first question. It is not repeated for long: somebody waits for the start."""
    try:
        async with asyncio.timeout(_REACH):
            return await _described(table)
    except TimeoutError as error:
        raise meaning(error) from None


async def _create(table: Table) -> Mapping[str, Any]:
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
    except Unavailable as error:
        if error.code != "storage_refused":
            raise
        sentence = (
            f"There is no table “{table.name}” in DynamoDB, and these AWS keys may not make one. "
            "Let somebody make it who may, or correct PLAYOUT_DATABASE_URL."
        )
        raise Unavailable(sentence, code="no_table") from None
    return await _ready(table)


async def _add(table: Table, name: str) -> Mapping[str, Any]:
    """An index. Every process adds them in the same order, so whoever comes second finds it."""
    try:
        await table.ask("update_table", **_adding(table.name, name))
    except (ClientError, Unavailable):
        found = await _ready(table)
        if name not in _indexes(found):
            raise
        return found
    return await _ready(table)


async def _broom(table: Table) -> None:
    """Where it is there already, by us or by somebody else, or we may not: it stands behind our own sweep."""
    try:
        await table.ask(
            "update_time_to_live",
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
    except Unavailable as error:
        if error.code != "storage_refused":
            raise


async def _described(table: Table) -> Mapping[str, Any] | None:
    try:
        answer = await table.ask("describe_table", TableName=table.name)
    except Unavailable as error:
        if error.code != "no_table":
            raise
        return None
    described: Mapping[str, Any] | None = answer.get("Table")
    if described is None:  # success, and not in DynamoDB's words
        raise something_else()
    return described


async def _ready(table: Table) -> Mapping[str, Any]:
    for _ in range(_POLLS):
        found = await _described(table)
        if found and found["TableStatus"] == "ACTIVE" and all(map(_serves, found.get("GlobalSecondaryIndexes", ()))):
            return found
        await asyncio.sleep(_POLL)
    raise Unavailable("DynamoDB is still making the table or one of its indexes. Try again in a while.")


def _in_the_making(found: Mapping[str, Any]) -> bool:
    """By another process, at this moment. A table that only changes serves as ever."""
    indexes = [one for one in found.get("GlobalSecondaryIndexes", ()) if one["IndexName"] in INDEXES]
    return found["TableStatus"] == "CREATING" or not all(map(_serves, indexes))


def _serves(index: Mapping[str, Any]) -> bool:
    return bool(index.get("IndexStatus", "ACTIVE") == "ACTIVE")


def _indexes(found: Mapping[str, Any]) -> set[str]:
    return {one["IndexName"] for one in found.get("GlobalSecondaryIndexes", ())}


async def _mark(table: Table) -> None:
    """Last: whoever finds it finds all of the table."""
    try:
        await table.write(Put(under(SCHEMA_KEY, {"revision": number(REVISION)}), ABSENT))
    except Refused:
        await _revision(table)


async def _revision(table: Table) -> int | None:
    found = await table.get(SCHEMA_KEY)
    revision = int(found["revision"]["N"]) if found else None
    if revision is not None and revision > REVISION:
        raise SchemaAhead(
            f"The table was written by a newer Playout (schema {revision}; this one knows schemas up to {REVISION}). "
            "Start the newer Playout again, or restore a backup made before it was installed."
        )
    return revision


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
