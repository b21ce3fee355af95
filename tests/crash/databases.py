"""Real databases for the crash table: PostgreSQL, and DynamoDB with S3 (moto's server). Each case has its own copy."""

import itertools
import os
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from tests.aws import CREDENTIALS, AwsServer
from tests.postgres import PostgresServer

SQLITE, POSTGRESQL, DYNAMODB = KINDS = ("sqlite", "postgresql", "dynamodb")
#: What a single write to DynamoDB may meet, see tests/aws_control.py. Before one the process is killed anyway (each
#: commit), and a request that is lost once is only sent again.
STORE_FAULTS = ("kill_after", "reset_after", "lost_before", "lost_after")
#: How a hold is prolonged, again and again while bytes leave.
KEEP = "Update DLV, Update HAND"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a house keeps its records and its files; "" is in its own folder."""

    database: str = ""
    files: str = ""
    bucket_host: str = ""  # of the bucket that the files are in


class Faulty(Protocol):
    """A side that can be told to fail once: a platform's sandbox, or the table in DynamoDB."""

    def fail(self, number: int, action: str, pid: int) -> None:
        """At the request of this number. `pid`: whom to kill, if it is to kill."""

    def faults_left(self) -> bool:
        """Whether that request is still to come."""

    def mend(self) -> None:
        """Whatever is still to come: not any more."""


class Databases:
    """Each server is started when the first case asks for it."""

    def __init__(self) -> None:
        self._postgres: PostgresServer | None = None
        self._aws: AwsServer | None = None
        self._bucket = ""
        self._numbers = itertools.count(1)

    def new(self, kind: str) -> Addresses:
        """Empty ones."""
        match kind:
            case "postgresql":
                return Addresses(self._postgresql.new())
            case "dynamodb":
                number = next(self._numbers)
                host = self._dynamodb.url
                files = f"s3://{self._bucket}/template-{number}?region=eu-central-1&endpoint={host}"
                return Addresses(self._table(f"template-{number}"), files, host)
            case _:
                return Addresses()

    def copy(self, there: Addresses) -> Addresses:
        """The same records for one case. Nobody may be connected to the original.

        The files of a bucket are shared: a case reads its video, and nothing removes what has a record.
        """
        match _kind(there.database):
            case "postgresql":
                return Addresses(self._postgresql.new(_name(there.database)))
            case "dynamodb":
                name = f"case-{next(self._numbers)}"
                self._dynamodb.control("copy", _name(there.database), to=name)
                return replace(there, database=self._table(name))
            case _:
                return there

    def drop(self, address: str) -> None:
        """Nothing for SQLite, whose file goes with its folder."""
        match _kind(address):
            case "postgresql":
                self._postgresql.drop(address)
            case "dynamodb":
                self._dynamodb.control("drop", _name(address))
            case _:
                pass

    def table(self, address: str) -> "FaultyTable":
        """The table of DynamoDB that is meant."""
        return FaultyTable(self._dynamodb, _name(address))

    def close(self) -> None:
        if self._postgres:
            self._postgres.close()
        if self._aws:
            self._aws.close()

    @property
    def _postgresql(self) -> PostgresServer:
        if self._postgres is None:
            self._postgres = PostgresServer()
        return self._postgres

    @property
    def _dynamodb(self) -> AwsServer:
        if self._aws is None:
            os.environ |= CREDENTIALS
            self._aws = AwsServer()
            self._bucket = self._aws.bucket()
        return self._aws

    def _table(self, name: str) -> str:
        return f"dynamodb://{name}?region=eu-central-1&endpoint={self._dynamodb.url}"


@dataclass(frozen=True, slots=True)
class FaultyTable:
    """A table whose writes are numbered, and one of which may fail."""

    server: AwsServer
    name: str

    def watch(self) -> None:
        """From now on its writes are numbered, from 1."""
        self.server.control("watch", self.name)

    def writes(self) -> list[str]:
        """What was written so far, for people."""
        found: list[str] = self.server.control("writes", self.name)
        return found

    def fail(self, number: int, action: str, pid: int) -> None:
        self.server.control("fail", self.name, number=number, action=action, pid=pid)

    def faults_left(self) -> bool:
        return bool(self.server.control("faulty", self.name))

    def mend(self) -> None:
        self.server.control("mend", self.name)


def _kind(address: str) -> str:
    return urlsplit(address).scheme or SQLITE


def _name(address: str) -> str:
    parts = urlsplit(address)
    return parts.netloc if parts.scheme == DYNAMODB else parts.path.lstrip("/")
