"""A DynamoDB that behaves like one: a proxy between our client and moto's server that does what moto does not do.

Real is all that moto does with an item: conditions, updates, keys, indexes, transactions that are undone as a whole.
It answers each request here too, unless a test says otherwise. Injected is, on a test's word:

- **Lag of the global indexes** (moto: none). `freeze_indexes` … `catch_up`, and `lag`. How: `dynamo_behind`.
- **Conflicts between transactions** (moto: none, one request after the other). `conflict`.
- **Answers that are lost** after the work was done, and requests that never arrive. `lose_answers`, `lose_requests`.
- **Throttling and failures** (moto: none). `throttle`, `throttle_inside`, `fail`; half a batch: `leave_unprocessed`.

And always, as DynamoDB does it and moto does not:

- A `ClientRequestToken` is known again: the same transaction is not made twice, another with the same token is refused
  (`remember_tokens = False`: moto as it is). DynamoDB forgets after ten minutes, here `forget_tokens` does.
- `BatchGetItem` gives items in another order than they were asked for: here the last one first.

Items past their `ttl` need no injection: moto never deletes them, DynamoDB does so days later. A test that writes such
an item has it. Presigned addresses are S3's and not here.

Each request is noted in `calls`, so that a test can count what something costs.

Not as in DynamoDB: writes pass one after the other, and an index gets all items of one write at once (DynamoDB carries
each over by itself); local indexes are taken to be current, Scan of a table too, consistent or not, and GetItem without
ConsistentRead; PartiQL is refused; the copies (`NAME-behind`) show in ListTables while indexes lag; tables are told
apart by name, not by region. A token whose transaction was cancelled is free again; one whose transaction is under way
waits for it (DynamoDB: TransactionInProgressException).
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Self

import aiohttp
from aiohttp import web

from tests.storage.dynamo_behind import Indexes
from tests.storage.dynamo_wire import (
    BATCHES,
    CUT,
    READS,
    SINGLE_WRITES,
    TABLES,
    TRANSACTIONS,
    TYPE,
    WRITES,
    Body,
    Call,
    Reply,
    Request,
    Upstream,
    cancelled,
    halved,
    key_of,
    refusal,
)

TOO_FAST = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
TOO_FAST_INSIDE = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly. If exceptions persist, check if you have a hot key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html."
)
ONGOING = "Transaction is ongoing for the item"
OTHER_PARAMETERS = (
    "DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token "
    "that was already used."
)


@dataclass(slots=True)
class Fault:
    """What the next so many of these requests get instead of their answer."""

    times: int
    operations: frozenset[str]
    reply: Callable[[Request], Reply]
    done: bool  # whether the request is carried out first; one that is refused then keeps its refusal


class DynamoProxy:
    """The proxy before the server at this address: `async with DynamoProxy(server.url) as proxy`.

    It lives in the loop of the test, so that the test can tell it what to do between two awaits. Faults are taken in
    the order in which they were asked for, each by the first request it fits. Where `operation` may be given, nothing
    means: every operation that DynamoDB may answer so.
    """

    def __init__(self, upstream_url: str) -> None:
        self.url = ""  # where clients find it, from any process of this machine
        self.calls: list[Call] = []  # in the order of their answers
        self.remember_tokens = True
        self.page: int | None = None  # Query and Scan give at most so many at a time, as they may past 1 MB
        self._upstream_url = upstream_url
        self._faults: list[Fault] = []
        self._halves = 0
        self._tokens: dict[str, Body] = {}
        self._turn = asyncio.Lock()
        self._held = AsyncExitStack()

    async def __aenter__(self) -> Self:
        session = await self._held.enter_async_context(aiohttp.ClientSession())
        self._upstream = Upstream(self._upstream_url, session)
        self._indexes = Indexes(self._upstream)
        application = web.Application(client_max_size=2**25)
        application.router.add_post("/", self._handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._held.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with self._turn:
                await self._indexes.drop()
        finally:
            await self._held.aclose()

    # ── lag ──────────────────────────────────────────────────────────────────────────────────

    def freeze_indexes(self) -> None:
        """From now on Query and Scan of a global index answer as of now; the tables themselves stay current."""
        self._indexes.frozen = True

    async def catch_up(self, writes: int | None = None) -> None:
        """The frozen indexes see everything again. With a number: only the oldest so many, and they stay frozen."""
        async with self._turn:
            await self._indexes.catch_up(writes)

    @property
    def lag(self) -> int:
        """By how many writes to its table an index is behind, always. 0: current."""
        return self._indexes.lag

    @lag.setter
    def lag(self, writes: int) -> None:
        self._indexes.lag = writes

    # ── faults ───────────────────────────────────────────────────────────────────────────────

    def conflict(self, times: int = 1, operation: str | None = None) -> None:
        """Somebody else's transaction is under way: a transaction is cancelled, a single write is refused."""

        def reply(request: Request) -> Reply:
            if request.operation in TRANSACTIONS:
                return cancelled(request, "TransactionConflict", ONGOING)
            return refusal("TransactionConflictException", ONGOING)

        self._add(times, operation, TRANSACTIONS | SINGLE_WRITES, reply)

    def throttle(self, times: int = 1, operation: str | None = None) -> None:
        """ProvisionedThroughputExceededException, which the client repeats by itself unless told not to."""
        self._add(
            times, operation, READS | WRITES, lambda _: refusal("ProvisionedThroughputExceededException", TOO_FAST)
        )

    def throttle_inside(self, times: int = 1, operation: str | None = None) -> None:
        """A transaction is cancelled, its first item being throttled; this the client does not repeat by itself."""
        self._add(
            times, operation, TRANSACTIONS, lambda request: cancelled(request, "ThrottlingError", TOO_FAST_INSIDE)
        )

    def fail(self, times: int = 1, operation: str | None = None, *, status: int = 500, done: bool = False) -> None:
        """InternalServerError, or ServiceUnavailable for another status. `done`: the work was done all the same."""
        code = "InternalServerError" if status == 500 else "ServiceUnavailable"
        self._add(times, operation, READS | WRITES | TABLES, lambda _: refusal(code, "injected", status), done=done)

    def lose_requests(self, times: int = 1, operation: str | None = None) -> None:
        """The connection is cut, nothing was done."""
        self._add(times, operation, READS | WRITES | TABLES, lambda _: CUT)

    def lose_answers(self, times: int = 1, operation: str | None = None) -> None:
        """The connection is cut after success. What was refused is answered, and does not count."""
        self._add(times, operation, READS | WRITES | TABLES, lambda _: CUT, done=True)

    def leave_unprocessed(self, times: int = 1) -> None:
        """Half of a batch is left, the smaller one. A batch of one is answered whole, and does not count."""
        self._halves += times

    def heal(self) -> None:
        """Takes back all faults that nobody met yet. Lag stays."""
        self._faults.clear()
        self._halves = 0

    @property
    def unmet(self) -> int:
        """How often a fault is still to come."""
        return sum(fault.times for fault in self._faults) + self._halves

    def forget_tokens(self) -> None:
        """Ten minutes go by: a token that comes again is new."""
        self._tokens.clear()

    def _add(
        self,
        times: int,
        operation: str | None,
        possible: frozenset[str],
        reply: Callable[[Request], Reply],
        *,
        done: bool = False,
    ) -> None:
        assert operation is None or operation in possible, f"DynamoDB never answers {operation} so"
        self._faults.append(Fault(times, frozenset([operation]) if operation else possible, reply, done))

    def _met(self, request: Request, *, done: bool) -> Reply | None:
        for fault in self._faults:
            if request.operation in fault.operations and fault.done == done:
                fault.times -= 1
                self._faults = [fault for fault in self._faults if fault.times > 0]
                return fault.reply(request)
        return None

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    async def _handle(self, incoming: web.Request) -> web.Response:
        operation = incoming.headers["X-Amz-Target"].rpartition(".")[2]
        request = Request(operation, await incoming.json(), incoming.headers)
        reply = await self._answer(request)
        if reply is CUT and incoming.transport is not None:
            incoming.transport.close()
        # Without upstream's checksum: the body may be another one, and without it botocore does not check.
        return web.json_response(reply.body, status=reply.status or 500, content_type=TYPE)

    async def _answer(self, request: Request) -> Reply:
        carried_out = None
        reply = self._met(request, done=False)
        if reply is None:
            carried_out = reply = await self._serve(request)
            if reply.ok:
                reply = self._met(request, done=True) or reply
        await self._note(request, reply, carried_out)
        return reply

    async def _serve(self, request: Request) -> Reply:
        if request.operation in BATCHES:
            return await self._batch(request)
        if request.operation in WRITES:
            return await self._write(request)
        if request.operation in TABLES:
            return await self._manage(request)
        if request.operation in READS:
            return await self._read(request)
        return refusal("UnknownOperationException", f"the tests' proxy does not know {request.operation}")

    async def _read(self, request: Request) -> Reply:
        if self.page and request.operation in {"Query", "Scan"}:
            request = replace(request, body={**request.body, "Limit": min(request.body.get("Limit", 2**31), self.page)})
        if request.index is None:
            return await self._upstream.send(request)
        async with self._turn:
            return await self._upstream.send(await self._indexes.route(request))

    async def _write(self, request: Request) -> Reply:
        """One after the other, so that the indexes get what was written in the order in which it was."""
        async with self._turn:
            await self._indexes.before(request)
            reply = await self._once(request)
            if reply.ok:
                await self._indexes.after(request)
            return reply

    async def _once(self, request: Request) -> Reply:
        token = request.body.get("ClientRequestToken")
        if token is None or not self.remember_tokens:
            return await self._upstream.send(request)
        if token not in self._tokens:
            reply = await self._upstream.send(request)
            if reply.ok:
                self._tokens[token] = request.body
            return reply
        if self._tokens[token] == request.body:
            return Reply(200, {})
        return refusal("IdempotentParameterMismatchException", OTHER_PARAMETERS)

    async def _batch(self, request: Request) -> Reply:
        left: Body = {}
        if self._halves and len(request.items()) > 1:
            self._halves -= 1
            request, left = halved(request)
        if request.operation == "BatchWriteItem":
            reply = await self._write(request)
            return Reply(200, reply.body | {"UnprocessedItems": left}) if reply.ok else reply
        reply = await self._upstream.send(request)
        if not reply.ok:
            return reply
        assert not reply.body["UnprocessedKeys"] or not left, "moto left some too"
        found = {table: items[::-1] for table, items in reply.body["Responses"].items()}
        return Reply(200, reply.body | {"Responses": found} | ({"UnprocessedKeys": left} if left else {}))

    async def _manage(self, request: Request) -> Reply:
        async with self._turn:
            reply = await self._upstream.send(request)
            if reply.ok and request.operation in {"CreateTable", "UpdateTable", "DeleteTable"}:
                await self._indexes.changed(request)
            return reply

    async def _note(self, request: Request, reply: Reply, carried_out: Reply | None) -> None:
        body = carried_out.body if carried_out and carried_out.ok else {}
        named = request.items()
        found = [(request.body["TableName"], item) for item in body.get("Items", [])]
        keys = [key_of(item, await self._indexes.keys(request, table)) for table, item in named or found]
        self.calls.append(
            Call(
                operation=request.operation,
                table=next(iter(request.tables), ""),
                index=request.index,
                consistent=is_consistent(request),
                items=body.get("ScannedCount", len(named)),
                keys=tuple(tuple(value for part in key.values() for value in part.values()) for key in keys),
                status=reply.status,
            )
        )


def is_consistent(request: Request) -> bool:
    """Transactions always are; a batch is if it is for each of its tables."""
    match request.body:
        case {"RequestItems": tables} if request.operation == "BatchGetItem":
            return all(asked.get("ConsistentRead", False) for asked in tables.values())
        case body:
            return request.operation == "TransactGetItems" or bool(body.get("ConsistentRead", False))
