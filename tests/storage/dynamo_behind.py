"""Indexes that lag: what Query with IndexName answers while the tests' proxy holds a table's indexes back.

DynamoDB carries each write into the global indexes some time later, whatever wrote it. So here: beside a table whose
indexes are to lag stands a copy, made before the first write that they must not see. After each write the items it
touched are read back, and these images wait in their order until the copy may have them. Images need no condition
to hold again, and bring the copy to the very state the table had. What does not lag costs nothing: no copy is made.
"""

from collections import deque
from typing import Any, TypeAlias

from tests.storage.dynamo_wire import Body, Request, Upstream, key_of

Image: TypeAlias = dict[str, Any]  # {"PutRequest": …} or {"DeleteRequest": …}

MOST = 25  # of one BatchWriteItem
PROJECTED = ("IndexName", "KeySchema", "Projection")


class Indexes:
    """Those of every table behind the proxy. Whoever calls a coroutine of it holds the proxy's lock."""

    def __init__(self, upstream: Upstream) -> None:
        self.frozen = False
        self.lag = 0  # in writes to the table
        self._upstream = upstream
        self._copies: dict[str, Copy] = {}
        self._keys: dict[str, tuple[str, ...]] = {}

    async def keys(self, request: Request, table: str) -> tuple[str, ...]:
        """Names of its key attributes; none if there is no such table."""
        if table not in self._keys:
            reply = await self._upstream.send(request.asking("DescribeTable", {"TableName": table}))
            if not reply.ok:
                return ()
            self._keys[table] = tuple(part["AttributeName"] for part in reply.body["Table"]["KeySchema"])
        return self._keys[table]

    async def before(self, request: Request) -> None:
        """Makes the copies that this write would come too early for."""
        if self.frozen or self.lag:
            for table in request.tables:
                if table not in self._copies and await self.keys(request, table):
                    self._copies[table] = await copied(self._upstream, request, table)

    async def after(self, request: Request) -> None:
        """Notes what the write made of its items; to be called before another write may change them."""
        for table in self._copies.keys() & set(request.tables):
            names = self._keys[table]
            touched = [key_of(item, names) for of, item in request.items() if of == table]
            self._copies[table].waiting.append(await self._images(request, table, touched))
        await self._settle()

    async def _images(self, request: Request, table: str, keys: list[Body]) -> list[Image]:
        asked = {"RequestItems": {table: {"Keys": keys, "ConsistentRead": True}}}
        answer = await self._upstream.must(request.asking("BatchGetItem", asked))
        assert not answer["UnprocessedKeys"], "too much for one answer"
        found = answer["Responses"].get(table, [])
        there = [key_of(item, self._keys[table]) for item in found]
        gone = [key for key in keys if key not in there]
        return [{"PutRequest": {"Item": item}} for item in found] + [{"DeleteRequest": {"Key": key}} for key in gone]

    async def route(self, request: Request) -> Request:
        """Where a question to an index goes."""
        await self._settle()
        copy = self._copies.get(request.body["TableName"])
        return request.on(copy.name) if copy and request.index in copy.indexes else request

    async def _settle(self) -> None:
        if not self.frozen and not self.lag:
            await self.drop()
        elif not self.frozen:
            for copy in self._copies.values():
                await copy.take(max(0, len(copy.waiting) - self.lag))

    async def catch_up(self, writes: int | None) -> None:
        """By this many writes to each table; without a number by all."""
        if writes is None:
            self.frozen = False
            await self.drop()
        else:
            for copy in self._copies.values():
                await copy.take(min(writes, len(copy.waiting)))

    async def drop(self) -> None:
        """The copies go: what the tables are now is what their indexes see."""
        for table in list(self._copies):
            await self._copies.pop(table).drop()

    async def changed(self, request: Request) -> None:
        """A table was created, updated or deleted."""
        table = request.body["TableName"]
        if request.operation == "UpdateTable" and table in self._copies:
            await self._copies[table].change(request)
        elif request.operation == "DeleteTable":
            self._keys.pop(table, None)
            if table in self._copies:
                await self._copies.pop(table).drop()


class Copy:
    """A table as its indexes still see it, and what they do not see yet."""

    def __init__(self, upstream: Upstream, client: Request, name: str, indexes: set[str]) -> None:
        self.name = name
        self.indexes = indexes  # the global ones; a local index never lags
        self.waiting: deque[list[Image]] = deque()
        self._upstream = upstream
        self._client = client  # whose region the table is in

    async def take(self, writes: int) -> None:
        """Lets the oldest of the waiting writes in."""
        for _ in range(writes):
            await self.put(self.waiting.popleft())

    async def put(self, images: list[Image]) -> None:
        for start in range(0, len(images), MOST):
            part = {"RequestItems": {self.name: images[start : start + MOST]}}
            await self._upstream.must(self._client.asking("BatchWriteItem", part))

    async def change(self, request: Request) -> None:
        """As the table was changed just now."""
        await self._upstream.must(request.on(self.name))
        described = await self._upstream.must(request.asking("DescribeTable", {"TableName": self.name}))
        self.indexes = global_indexes(described["Table"])

    async def drop(self) -> None:
        await self._upstream.must(self._client.asking("DeleteTable", {"TableName": self.name}))


async def copied(upstream: Upstream, client: Request, table: str) -> Copy:
    described = (await upstream.must(client.asking("DescribeTable", {"TableName": table})))["Table"]
    copy = Copy(upstream, client, f"{table}-behind", global_indexes(described))
    made = {
        "TableName": copy.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": described["KeySchema"],
        "AttributeDefinitions": described["AttributeDefinitions"],
    }
    indexes = [{part: index[part] for part in PROJECTED} for index in described.get("GlobalSecondaryIndexes") or []]
    await upstream.must(client.asking("CreateTable", made | ({"GlobalSecondaryIndexes": indexes} if indexes else {})))
    asked: Body = {"TableName": table, "ConsistentRead": True}
    while True:
        page = await upstream.must(client.asking("Scan", asked))
        await copy.put([{"PutRequest": {"Item": item}} for item in page["Items"]])
        if "LastEvaluatedKey" not in page:
            return copy
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def global_indexes(described: Body) -> set[str]:
    return {index["IndexName"] for index in described.get("GlobalSecondaryIndexes") or []}
