"""What tests ask of moto's server beside AWS's own (tests/aws_server.py): copies of a table, and faults at one write.

`AwsServer.control` speaks to it. The writes to a table that is watched are numbered from 1, each by what the client
calls one invocation, so that a request which is sent again is no other write.

Not here: faults for the loop of a test (`tests/storage/dynamo_proxy.py`).
"""

import copy
import json
import os
import signal
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from moto.core.model_instances import model_data
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

Json = dict[str, Any]
Application = Callable[[Json, Any], Iterable[bytes]]

PATH = "/_playout/"
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
#: What may become of a write, before or after it is done: the client is killed; the connection breaks off once; or it
#: does so at every try, and the client has to give up.
MISHAPS = frozenset({"kill", "reset", "lost"})
MOMENTS = frozenset({"before", "after"})


@dataclass(slots=True)
class Watched:
    """One table: its writes in their order, and what is to befall one of them."""

    writes: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # by invocation
    fault: Json | None = None
    given_up: set[str] = field(default_factory=set)  # invocations of which every try is cut
    tokens: set[str] = field(default_factory=set)  # of transactions that were done and their answers lost


class Control:
    """Before moto; whoever calls it lets through one request after the other."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._watched: dict[str, Watched] = {}

    def __call__(self, environ: Json, start_response: Any) -> Iterable[bytes]:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
        if environ["PATH_INFO"].startswith(PATH):
            said = json.loads(environ["wsgi.input"].getvalue())
            done = self._told(environ["PATH_INFO"].removeprefix(PATH), **said)
            return answered(start_response, done)
        if self._watched and operation in WRITES:
            body = json.loads(environ["wsgi.input"].getvalue())
            if (watched := self._watched.get(table_of(body))) is not None:
                return self._write(watched, what(operation, body), body, environ, start_response)
        return self._application(environ, start_response)

    # ── what it is told ─────────────────────────────────────────────────────────────────────────

    def _told(self, verb: str, *, table: str, **said: Any) -> object:
        match verb:
            case "copy":
                copy_table(table, said["to"])
            case "watch":
                self._watched[table] = Watched()
            case "drop":
                self._watched.pop(table, None)
                backend_of(table).tables.pop(table)
                for kind in model_data["dynamodb"].values():
                    kind.instances_tracked.clear()  # type: ignore[attr-defined]  # moto keeps every item it ever made
            case "fail":
                mishap, _, moment = said["action"].partition("_")
                assert mishap in MISHAPS
                assert moment in MOMENTS
                self._watched[table].fault = said
            case "mend":
                self._watched[table].fault = None
            case "writes":
                return self._watched[table].writes
            case "faulty":
                return self._watched[table].fault is not None
            case _:
                raise ValueError(verb)
        return None

    # ── a write to a watched table ──────────────────────────────────────────────────────────────

    def _write(self, watched: Watched, name: str, body: Json, environ: Json, start_response: Any) -> Iterable[bytes]:
        invocation = environ["HTTP_AMZ_SDK_INVOCATION_ID"]
        if invocation in watched.given_up:
            cut(environ)
        if body.get("ClientRequestToken") in watched.tokens:  # DynamoDB knows it again; moto does not
            return answered(start_response, {})
        if invocation not in watched.numbers:
            watched.writes.append(name)
            watched.numbers[invocation] = len(watched.writes)
        fault = watched.fault
        if fault is None or fault["number"] != watched.numbers[invocation]:
            return self._application(environ, start_response)
        watched.fault = None
        self._befall(watched, fault, body, environ)
        return ()

    def _befall(self, watched: Watched, fault: Json, body: Json, environ: Json) -> None:
        mishap, _, moment = fault["action"].partition("_")
        if moment == "after" and self._done(environ) and "ClientRequestToken" in body:
            watched.tokens.add(body["ClientRequestToken"])
        match mishap:
            case "kill":
                os.kill(fault["pid"], signal.SIGKILL)
            case "lost":
                watched.given_up.add(environ["HTTP_AMZ_SDK_INVOCATION_ID"])
            case _:  # this one try only
                pass
        cut(environ)

    def _done(self, environ: Json) -> bool:
        """Whether moto did it. Nobody hears its answer."""
        heard: list[str] = []
        list(self._application(environ, lambda status, *_: heard.append(status)))
        return heard[0].startswith("200")


def answered(start_response: Any, body: object) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
    return [json.dumps(body).encode()]


def cut(environ: Json) -> None:
    """Ends the connection without a byte."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


def table_of(body: Json) -> str:
    """The first that it names."""
    match body:
        case {"TransactItems": [first, *_]}:
            return str(next(iter(first.values()))["TableName"])
        case {"RequestItems": tables}:
            return str(next(iter(tables)))
        case _:
            return str(body["TableName"])


def what(operation: str, body: Json) -> str:
    """What it does to which items, for people: of their sort keys the beginnings."""
    match body:
        case {"TransactItems": together}:
            parts = [part for one in together for part in one.items()]
        case {"RequestItems": tables}:
            parts = [part for entries in tables.values() for entry in entries for part in entry.items()]
        case _:
            parts = [(operation.removesuffix("Item"), body)]
    keys = [(verb, (part.get("Key") or part["Item"])["SK"]["S"]) for verb, part in parts]
    return ", ".join(f"{verb} {key.partition('#')[0]}" for verb, key in keys)


def copy_table(table: str, to: str) -> None:
    """The same items in another table, at once."""
    backend = backend_of(table)
    made = copy.deepcopy(backend.tables[table])
    made.name, made.table_arn = to, made.table_arn.replace(table, to)
    backend.tables[to] = made


def backend_of(table: str) -> DynamoDBBackend:
    backends = [backend for account in dynamodb_backends.values() for backend in account.values()]
    return next(backend for backend in backends if table in backend.tables)
