"""DynamoDB and S3 as one process: moto's server. Started by tests/aws.py; ends when nobody uses it any longer.

`python -m tests.aws_server USERS` prints one line of JSON, `{"url": …, "pid": …}`, when it listens. It ends on SIGTERM,
and when the last process that holds a lock on the file USERS is gone, however that one went; its folder goes with it.

Three things of moto are adapted, in this process only:

- Requests to DynamoDB pass one lock. moto looks at a condition and writes in two steps, and serves each request in
  a thread; DynamoDB does both in one. S3 needs no lock.
- The bytes of an object are not copied for each range of them that is asked for.
- Tables are searched and written without copying or sorting all of them. moto copies the whole table for each
  `TransactWriteItems`, and sorts all of it for each query: with 10,000 items that takes seconds. Here a transaction
  looks at all conditions before it changes anything, and only then applies; a query hands moto the items that its
  key conditions can mean, and moto goes on as ever. Errors are moto's own.

Not here: what DynamoDB does and moto does not (lag of indexes, conflicts, lost answers); tests put that in between.
"""

import copy
import fcntl
import gc
import io
import json
import os
import shutil
import sys
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.dynamodb.comparisons import get_comparison_func, get_filter_expression
from moto.dynamodb.exceptions import (
    ConditionalCheckFailed,
    MockValidationException,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import FakeKey
from werkzeug.serving import make_server

from tests.aws_control import PATH, Control

Json = dict[str, Any]
Reason = tuple[str | None, str | None, Json | None]
FINE: Reason = (None, None, None)


def main(users: Path) -> None:
    dynamodb_backends.backend = QuickBackend
    os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = str(2**40)  # none of them goes to a file
    FakeKey.value = property(whole, FakeKey.value.fset)  # type: ignore[attr-defined, assignment]  # it is one there too
    for model in (Item, Table):
        setattr(model, "instances_tracked", Forgetful())  # noqa: B010 -- moto makes the attribute at run time
    application = OneAtATime(Control(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    threading.Thread(target=end_with_the_last_of, args=(users,), daemon=True).start()
    say({"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid()})
    gc.set_threshold(100_000, 20, 100)  # to look through all items for garbage takes longer than most requests
    server.serve_forever()


def whole(key: FakeKey) -> bytes:
    """The bytes of an object of S3. moto copies all of them for each range that is asked for."""
    held = key._value_buffer._file
    assert isinstance(held, io.BytesIO)
    return held.getvalue()


def say(line: Json) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who reads it may go before we do


def end_with_the_last_of(users: Path) -> None:
    with users.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # the users share it: nobody has it to himself while one lives
        shutil.rmtree(users.parent)
        os._exit(0)


class Forgetful(list[object]):
    """In place of moto's list of every item there ever was, for a page of its own that nobody opens here."""

    def append(self, instance: object, /) -> None:
        pass


class QuietHandler(MotoRequestHandler):
    """Without a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class OneAtATime:
    """One request to DynamoDB after the other, each read whole before its turn; all else as it comes."""

    def __init__(self, application: Callable[[Json, Any], Iterable[bytes]]) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: Json, start_response: Any) -> Iterable[bytes]:
        target, path = environ.get("HTTP_X_AMZ_TARGET", ""), environ["PATH_INFO"]
        if not (target.startswith("DynamoDB_") or path.startswith(PATH)):
            return self._application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        with self._turn:
            return self._application(environ, start_response)


class QuickBackend(DynamoDBBackend):
    """moto's tables, with transactions that cost what they touch."""

    __module__ = DynamoDBBackend.__module__  # by which moto finds what belongs to a service

    def create_table(self, *args: Any, **kwargs: Any) -> Table:
        table = super().create_table(*args, **kwargs)
        object.__setattr__(table, "__class__", QuickTable)
        self.get_table(table.name).arrange()
        return table

    def update_table(self, name: str, *args: Any, **kwargs: Any) -> Table:
        table = super().update_table(name, *args, **kwargs)
        self.get_table(name).arrange()
        return table

    def get_table(self, table_name: str) -> "QuickTable":
        table = super().get_table(table_name)
        assert isinstance(table, QuickTable)
        return table

    def update_item(self, table_name: str, key: Json, *args: Any, **kwargs: Any) -> Item:
        table = self.get_table(table_name)
        try:
            return super().update_item(table_name, key, *args, **kwargs)
        finally:
            table.changed(*self.get_keys_value(table, key))

    def transact_write_items(self, transact_items: list[Json]) -> None:
        if len(transact_items) > 100:
            raise TooManyTransactionsException
        if any(len(item) > 1 for item in transact_items):
            raise TransactWriteSingleOpException
        writes = [(kind, op, self._key(kind, op)) for item in transact_items for kind, op in item.items()]
        if len({(op["TableName"], str(sorted(key.items()))) for _, op, key in writes}) < len(writes):
            raise MultipleTransactionsException
        reasons = [self._check(op, key) for _, op, key in writes]
        if any(code for code, _, _ in reasons):
            raise TransactionCanceledException(reasons)
        self._apply_all(writes)

    def _key(self, kind: str, op: Json) -> Json:
        if kind != "Put":
            key: Json = op["Key"]
            return key
        return {name: op["Item"][name] for name in self.get_table(op["TableName"]).table_key_attrs}

    def _check(self, op: Json, key: Json) -> Reason:
        if op.get("ConditionExpression") is None:
            return FINE
        current = self.get_item(op["TableName"], key)
        names, values = op.get("ExpressionAttributeNames"), op.get("ExpressionAttributeValues")
        if get_filter_expression(op["ConditionExpression"], names, values).expr(current):
            return FINE
        shown = current is not None and op.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        old = current.to_json()["Attributes"] if current is not None and shown else None
        return "ConditionalCheckFailed", str(ConditionalCheckFailed().message), old

    def _apply_all(self, writes: list[tuple[str, Json, Json]]) -> None:
        before: list[tuple[QuickTable, DynamoType, DynamoType, Item | None]] = []
        try:
            for kind, op, key in writes:
                table = self.get_table(op["TableName"])
                place = [DynamoType(key[name]) for name in table.table_key_attrs]
                before.append((table, place[0], place[1], copy.deepcopy(self.get_item(op["TableName"], key))))
                self._apply(kind, op, key)
        except Exception as error:
            for table, first, second, item in before:
                table.items[first].pop(second, None)
                if item is not None:
                    table.items[first][second] = item
                table.changed(first, second)
            if isinstance(error, MockValidationException):
                raise
            none = [FINE] * (len(before) - 1)
            raise TransactionCanceledException([*none, (type(error).__name__, str(error), None)]) from error

    def _apply(self, kind: str, op: Json, key: Json) -> None:
        match kind:
            case "Put":
                self.put_item(op["TableName"], op["Item"])
            case "Delete":
                self.delete_item(op["TableName"], key)
            case "Update":
                names, values = op.get("ExpressionAttributeNames", {}), op.get("ExpressionAttributeValues", {})
                self.update_item(op["TableName"], key, op["UpdateExpression"], names, values)
            case _:  # a check, which held
                pass


class QuickTable(Table):
    """moto's table, which keeps its items in the order of each index, and shows a query only what its keys can mean."""

    __module__ = Table.__module__

    def arrange(self) -> None:
        """Once at the beginning, and again when it has other indexes."""
        self._meant: list[Item] | None = None
        self._orders: dict[str | None, Order] = {None: Order(self.table_key_attrs)}
        for index in self.all_indexes():
            self._orders[index.name] = Order([*index.schema_key_attrs, *self.table_key_attrs])
        for item in self.all_items():
            self.changed(item.hash_key, item.range_key)

    def changed(self, first: DynamoType, second: DynamoType | None) -> None:
        """The item of this key is another one now, or gone."""
        item = self.get_item(first, second)
        for order in self._orders.values():
            order.place((first.value, second and second.value), item)

    def put_item(self, item_attrs: Json, *args: Any, **kwargs: Any) -> Item:
        item = super().put_item(item_attrs, *args, **kwargs)
        self.changed(item.hash_key, item.range_key)
        return item

    def delete_item(self, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        item = super().delete_item(hash_key, range_key)
        self.changed(hash_key, range_key)
        return item

    def query(self, *args: Any, **kwargs: Any) -> tuple[list[Item], int, Json | None]:
        hash_key, _, _, limit, start, forward, _, index_name, *_ = args
        if kwargs.keys() == {"hash_key_conditions", "range_key_conditions"} and index_name in self._orders:
            order, ranges = self._orders[index_name], kwargs["range_key_conditions"]
            self._meant = order.page(hash_key.value, ranges, start, limit, forward=forward)
        try:
            return super().query(*args, **kwargs)
        finally:
            self._meant = None

    def all_items(self) -> list[Item]:
        if self._meant is not None:
            return self._meant
        every = [item for part in self.items.values() for item in part.values()]
        return sorted(every, key=lambda item: (item.hash_key.value, item.range_key and item.range_key.value))

    def sorted_items(
        self, hash_key_attrs: list[str], range_key_attrs: list[str | None], items: list[Item]
    ) -> list[Item]:
        names = self._generate_attr_to_sort_by(hash_key_attrs, range_key_attrs)
        return sorted(items, key=lambda item: [item.attrs[name].cast_value for name in names])


class Order:
    """The items that have all of some keys, in the order of these: an index, or the table itself.

    The first name is that of the hash key, the second (if it is not the last) that of the range.
    """

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._places: dict[object, list[Any]] = {}
        self._partitions: dict[Any, list[tuple[list[Any], Item]]] = {}

    def place(self, key: object, item: Item | None) -> None:
        old = self._places.pop(key, None)
        if old is not None:
            rows = self._partitions[old[0]]
            del rows[bisect_left(rows, old, key=place)]
        if item is not None and item.attrs.keys() >= set(self._names):
            new = self._places[key] = [item.attrs[name].cast_value for name in self._names]
            insort(self._partitions.setdefault(new[0], []), (new, item), key=place)

    def page(
        self, partition: object, ranges: list[Any], start: Json | None, limit: int | None, *, forward: bool
    ) -> list[Item]:
        """What may come after `start`, and one more than the limit, by which moto sees that there is more."""
        rows = self._partitions.get(partition, [])
        if start is not None:
            after = [DynamoType(start[name]).cast_value for name in self._names]
            at = bisect_right(rows, after, key=place) if forward else bisect_left(rows, after, key=place)
            rows = rows[at:] if forward else rows[:at]
        for name, comparison, against in ranges:
            holds, values, column = (
                get_comparison_func(comparison),
                [v.cast_value for v in against],
                self._names.index(name),
            )
            rows = [row for row in rows if holds(row[0][column], *values)]
        most = len(rows) if limit is None else limit + 1
        return [item for _, item in (rows[:most] if forward else rows[max(0, len(rows) - most) :])]


def place(row: tuple[list[Any], Item]) -> list[Any]:
    return row[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
