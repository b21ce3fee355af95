"""DynamoDB's JSON protocol, as far as the tests' proxy speaks it: requests, answers, refusals, what items are meant.

Nothing here is sent or decided; that is `dynamo_proxy`. Shapes, codes and messages: API model of botocore,
dynamodb/2012-08-10.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import aiohttp

Body: TypeAlias = dict[str, Any]

TYPE = "application/x-amz-json-1.0"
PREFIX = "com.amazonaws.dynamodb.v20120810#"
KEPT = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")  # the region stands in the first

SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
TRANSACTIONS = frozenset({"TransactWriteItems", "TransactGetItems"})
BATCHES = frozenset({"BatchWriteItem", "BatchGetItem"})
WRITES = SINGLE_WRITES | {"TransactWriteItems", "BatchWriteItem"}
READS = frozenset({"GetItem", "Query", "Scan", "TransactGetItems", "BatchGetItem"})
TABLES = frozenset(
    {
        *("CreateTable", "UpdateTable", "DeleteTable", "DescribeTable", "ListTables"),
        *("UpdateTimeToLive", "DescribeTimeToLive", "UpdateContinuousBackups", "DescribeContinuousBackups"),
        *("TagResource", "UntagResource", "ListTagsOfResource", "DescribeLimits", "DescribeEndpoints"),
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for."""

    operation: str
    body: Body
    headers: Mapping[str, str]

    @property
    def index(self) -> str | None:
        name: str | None = self.body.get("IndexName")
        return name

    @property
    def tables(self) -> list[str]:
        """The tables it names, each once, in its order."""
        alone = [self.body["TableName"]] if "TableName" in self.body else []
        return list(dict.fromkeys(alone + [table for table, _ in self.items()]))

    def items(self) -> list[tuple[str, Body]]:
        """Table and key of each item it names; of one that is put, the item whole. None for Query and Scan."""
        body = self.body
        if "TransactItems" in body:
            parts = [part for action in body["TransactItems"] for part in action.values()]
        elif "RequestItems" in body:
            parts = [_part(table, entry) for table, entry in _entries(body["RequestItems"])]
        else:
            parts = [body] if "Key" in body or "Item" in body else []
        return [(part["TableName"], part.get("Key") or part.get("Item") or {}) for part in parts]

    def asking(self, operation: str, body: Body) -> "Request":
        """Another question of the same client."""
        return Request(operation, body, self.headers)

    def on(self, table: str) -> "Request":
        """The same of another table. Only for what names one table."""
        return replace(self, body={**self.body, "TableName": table})


@dataclass(frozen=True, slots=True)
class Reply:
    """What it is told. Status 0: nothing; the connection is cut without a byte."""

    status: int
    body: Body

    @property
    def ok(self) -> bool:
        return self.status == 200


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the proxy, whatever became of it."""

    operation: str
    table: str  # the first, where it names several; "" where it names none
    index: str | None
    consistent: bool
    items: int  # asked for or written; of Query and Scan those looked at (ScannedCount), as they are what costs
    keys: tuple[tuple[str, ...], ...]  # of these items, values in the order of the key; of a Query those it found
    status: int  # of the answer; 0: it was cut

    @property
    def writes(self) -> bool:
        return self.operation in WRITES

    @property
    def reads(self) -> bool:
        return self.operation in READS


CUT = Reply(0, {})


class Upstream:
    """moto's server."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def send(self, request: Request) -> Reply:
        """What it answers. An answer that is not DynamoDB's (it broke down, or is gone) becomes one, with its words."""
        headers = {"Content-Type": TYPE, "X-Amz-Target": f"DynamoDB_20120810.{request.operation}"}
        headers |= {name: request.headers[name] for name in KEPT if name in request.headers}
        try:
            async with self._session.post(self._url, data=json.dumps(request.body), headers=headers) as answer:
                text = await answer.text()
                return Reply(answer.status, json.loads(text or "{}"))
        except (aiohttp.ClientError, TimeoutError) as error:
            return refusal("ServiceUnavailable", f"upstream: {error!r}", 503)
        except json.JSONDecodeError as error:
            return refusal("InternalServerError", f"upstream: {error.doc}", 500)

    async def must(self, request: Request) -> Body:
        """What it answers to a question of the proxy's own. AssertionError if that is not success."""
        reply = await self.send(request)
        assert reply.ok, f"{request.operation}: {reply.body}"
        return reply.body


def refusal(code: str, message: str, status: int = 400) -> Reply:
    return Reply(status, {"__type": PREFIX + code, "message": message})


def cancelled(request: Request, code: str, message: str) -> Reply:
    """A transaction that failed because of its first item."""
    others = len(request.body["TransactItems"]) - 1
    codes = ", ".join([code] + ["None"] * others)
    return Reply(
        400,
        {
            "__type": PREFIX + "TransactionCanceledException",
            "Message": f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            "CancellationReasons": [{"Code": code, "Message": message}] + [{"Code": "None"}] * others,
        },
    )


def key_of(item: Body, names: tuple[str, ...]) -> Body:
    return {name: item[name] for name in names if name in item}


def halved(request: Request) -> tuple[Request, Body]:
    """The first half of a batch, and what is left of it, as UnprocessedItems and UnprocessedKeys say it."""
    entries = list(_entries(request.body["RequestItems"]))
    middle = (len(entries) + 1) // 2
    now, left = (_regrouped(request.body["RequestItems"], part) for part in (entries[:middle], entries[middle:]))
    return replace(request, body={**request.body, "RequestItems": now}), left


def _entries(batch: Body) -> Iterator[tuple[str, Body]]:
    for table, asked in batch.items():
        for entry in asked.get("Keys", []) if isinstance(asked, dict) else asked:
            yield table, entry


def _part(table: str, entry: Body) -> Body:
    """An entry of BatchWriteItem is an action, one of BatchGetItem is a key."""
    match entry:
        case {"PutRequest": action} | {"DeleteRequest": action}:
            return {"TableName": table, **action}
        case _:
            return {"TableName": table, "Key": entry}


def _regrouped(batch: Body, entries: list[tuple[str, Body]]) -> Body:
    grouped: Body = {}
    for table, entry in entries:
        asked = batch[table]
        if "Keys" in asked:
            grouped.setdefault(table, {**asked, "Keys": []})["Keys"].append(entry)
        else:
            grouped.setdefault(table, []).append(entry)
    return grouped
