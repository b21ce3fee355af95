"""The one table: reads and conditional writes, each one request to DynamoDB. What items mean is not here.

A write is known again by a mark: its transaction's ClientRequestToken, which DynamoDB remembers for ten minutes, and an
attribute of each item that it writes. So a request that is sent again because its answer was lost is recognised as our
own, and not taken for somebody who was faster. A delete leaves no attribute, so it always goes as a transaction.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from random import SystemRandom
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.loaders import create_loader

from playout.domain.errors import Invalid, Unavailable
from playout.storage.dynamodb.actions import (
    WRITTEN,
    Action,
    Key,
    Put,
    Update,
    operation,
    placeholders,
    request,
    wire,
)
from playout.storage.dynamodb.address import Address
from playout.storage.dynamodb.failures import Crossed, Refused, meaning
from playout.storage.dynamodb.values import Item, text

#: What one request may hold (AWS, "Quotas in Amazon DynamoDB").
MOST_WRITES = 100
_MOST_READS = 100
_MOST_DELETES = 25
#: Waits between tries of what crossed another writer's way, in seconds; each is drawn between 0 and this.
_TRIES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_AFTER_LAST = "~"  # sorts behind every letter of an id

_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Span:
    """Items of one partition, in the order of their sort key: from `first` to `last`, both included.

    `index`: by which index; its hash key is `<index>_pk`. An index may lag behind the table.
    """

    partition: str
    first: str
    last: str
    index: str = ""
    newest: bool = False

    @property
    def _sort(self) -> str:
        return f"{self.index}_sk" if self.index in {"due", "planned"} else "SK"

    def request(self) -> dict[str, Any]:
        hashed = f"{self.index}_pk" if self.index else "PK"
        condition = f"#{hashed} = :partition AND #{self._sort} BETWEEN :first AND :last"
        values = {":partition": text(self.partition), ":first": text(self.first), ":last": text(self.last)}
        where = {"IndexName": self.index} if self.index else {"ConsistentRead": True}
        return (
            where
            | {"KeyConditionExpression": condition, "ScanIndexForward": not self.newest}
            | placeholders(condition, values)
        )


def below(partition: str, prefix: str, index: str = "", *, newest: bool = False, cursor: str | None = None) -> Span:
    """Everything whose sort key begins with `prefix`; beyond `cursor`, which stands behind that prefix."""
    first, last = prefix, prefix + _AFTER_LAST
    if cursor is not None and newest:
        last = min(last, prefix + cursor)
    elif cursor is not None:
        first = prefix + cursor
    return Span(partition, first, last, index, newest)


@cache
def _loader() -> Any:  # noqa: ANN401 -- botocore's own, untyped
    """Reads AWS's description of DynamoDB, which is large, once a process."""
    return create_loader()


class Table:
    """Opened by its first use; to be closed. Raises Unavailable wherever DynamoDB cannot serve."""

    def __init__(self, address: Address, *, patience: float = 10.0) -> None:
        self.name = address.table
        self._address = address
        self._config = AioConfig(
            connect_timeout=min(patience, 5.0),
            read_timeout=patience,
            max_pool_connections=128,
            retries={"mode": "standard", "total_max_attempts": 4},
            parameter_validation=False,  # it costs a third of a request's time, and DynamoDB checks them anyway
        )
        self._opened = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: Any = None

    async def close(self) -> None:
        await self._opened.aclose()
        self._client = None

    # ── reads: all of the table itself, and therefore of this moment ────────────────────────────

    async def get(self, key: Key) -> Item | None:
        """The item as it stands now."""
        answer = await self.ask("get_item", TableName=self.name, Key=wire(key), ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    async def batch(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """Those that are there, in no order."""
        left = [wire(key) for key in dict.fromkeys(keys)]
        found: dict[Key, Item] = {}
        while left:
            asked, left = left[:_MOST_READS], left[_MOST_READS:]
            wanted = {self.name: {"Keys": asked, "ConsistentRead": True}}
            answer = await self.ask("batch_get_item", RequestItems=wanted)
            found |= {(one["PK"]["S"], one["SK"]["S"]): one for one in answer["Responses"].get(self.name, ())}
            left += await self._put_off(answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", ()))
        return found

    async def snapshot(self, *keys: Key) -> Sequence[Item | None]:
        """All as of one moment, in this order."""
        asked = [{"Get": {"TableName": self.name, "Key": wire(key)}} for key in keys]
        answer = await self._crossing(lambda: self.ask("transact_get_items", TransactItems=asked))
        return [one.get("Item") for one in answer["Responses"]]

    async def query(self, span: Span, page: int = 1000) -> AsyncGenerator[Item, None]:
        """Item by item, `page` of them at a request."""
        if span.first > span.last:
            return
        start: Mapping[str, Any] = {}
        while True:
            answer = await self.ask("query", TableName=self.name, Limit=page, **span.request(), **start)
            for item in answer["Items"]:
                yield item
            if not answer.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    # ── writes ──────────────────────────────────────────────────────────────────────────────────

    async def write(self, *actions: Action, patient: bool = True) -> None:
        """All of it or nothing. Raises Refused where a condition does not hold.

        `patient` False: whoever crosses our way is not waited for. Raises Crossed then.
        """
        if len(actions) > MOST_WRITES:
            sentence = f"DynamoDB saves at most {MOST_WRITES} records in one step. Choose fewer channels at once."
            raise Invalid(sentence, code="too_much_at_once")
        mark = secrets.token_hex(16)
        try:
            await self._crossing(lambda: self._send(actions, mark), _TRIES if patient else ())
        except Refused as refused:
            if not any(one.get(WRITTEN) == text(mark) for one in refused.stood.values()):
                raise

    async def erase(self, keys: Iterable[Key]) -> None:
        """Whatever is there of them goes; not in one step."""
        left = [{"DeleteRequest": {"Key": wire(key)}} for key in keys]
        while left:
            asked, left = left[:_MOST_DELETES], left[_MOST_DELETES:]
            answer = await self.ask("batch_write_item", RequestItems={self.name: asked})
            left += await self._put_off(answer.get("UnprocessedItems", {}).get(self.name, ()))

    async def _send(self, actions: Sequence[Action], mark: str) -> None:
        match actions:
            case [Put() as only]:
                await self.ask("put_item", **request(only, self.name, mark))
            case [Update() as only]:
                await self.ask("update_item", **request(only, self.name, mark))
            case _:
                together = [{operation(one): request(one, self.name, mark)} for one in actions]
                await self.ask("transact_write_items", TransactItems=together, ClientRequestToken=mark)

    async def _crossing(self, send: Callable[[], Awaitable[Any]], tries: Sequence[float] = _TRIES) -> Any:  # noqa: ANN401 -- whatever was sent gives
        for wait in tries:
            try:
                return await send()
            except Crossed:
                await asyncio.sleep(_random.uniform(0, wait))
        try:
            return await send()
        except Crossed:
            if not tries:
                raise
            raise Unavailable("Too many write to the same record of DynamoDB at once. Try again.") from None

    async def _put_off(self, unprocessed: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        if unprocessed:
            await asyncio.sleep(_random.uniform(0, _TRIES[0]))
        return unprocessed

    # ── the client ──────────────────────────────────────────────────────────────────────────────

    async def ask(self, called: str, **said: object) -> Mapping[str, Any]:
        """One call of DynamoDB's API. The client sends it again where the network or DynamoDB failed."""
        try:
            client = await self._opened_client()
            answer: Mapping[str, Any] = await getattr(client, called)(**said)
        except Exception as error:
            if (failure := meaning(error)) is error:
                raise
            raise failure from None
        return answer

    async def _opened_client(self) -> Any:  # noqa: ANN401 -- botocore makes its clients' methods at run time
        async with self._opening:
            if self._client is None:
                session = get_session()
                session.register_component("data_loader", _loader())
                creating = session.create_client(
                    "dynamodb",
                    region_name=self._address.region,
                    endpoint_url=self._address.endpoint,
                    config=self._config,
                )
                self._client = await self._opened.enter_async_context(creating)
        return self._client
