"""DynamoDB and S3 as one installation uses them, and a look into both from outside, with clients of our own."""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.session import get_session

from tests.aws import CREDENTIALS, AwsServer

REGION = "eu-central-1"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A table that is not there yet, and an empty bucket."""

    url: str
    table: str
    bucket: str

    def database_url(self, url: str) -> str:
        """Its table, through this address."""
        return f"dynamodb://{self.table}?region={REGION}&endpoint={url}"

    def files_url(self, url: str) -> str:
        """A part of its bucket, through this address."""
        return f"s3://{self.bucket}/videos?region={REGION}&endpoint={url}"

    def items(self) -> bytes:
        """All of the table."""
        with _client("dynamodb", self.url) as client:
            return items_of(client, self.table)

    def objects(self) -> dict[str, bytes]:
        """All of the bucket, and the names of uploads that are not finished."""
        with _client("s3", self.url) as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
            keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
            whole = {key: _whole(client.get_object(Bucket=self.bucket, Key=key)) for key in keys}
        return whole | dict.fromkeys(self.unfinished(), b"")

    def unfinished(self) -> list[str]:
        """Uploads that are not."""
        with _client("s3", self.url) as client:
            listed = client.list_multipart_uploads(Bucket=self.bucket)
            return [one["Key"] for one in listed.get("Uploads", ())]

    def damage(self) -> None:
        """The scopes of each channel become nonsense."""
        with _client("dynamodb", self.url) as client:
            for item in _scanned(client, self.table):
                if item["SK"]["S"].startswith("CH#") and "scopes" in item:
                    client.put_item(TableName=self.table, Item=item | {"scopes": {"S": "nonsense"}})


def new_cloud(server: AwsServer) -> Cloud:
    return Cloud(server.url, f"playout-{uuid.uuid4()}", server.bucket())


def new_keys() -> dict[str, str]:
    """Those of a role, which are good for a while: with a token. As AWS writes them."""
    return {
        **CREDENTIALS,
        "AWS_ACCESS_KEY_ID": "ASIA0123456789PLAYOUT",
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(18) + "+/" + secrets.token_urlsafe(12),
        "AWS_SESSION_TOKEN": secrets.token_urlsafe(240) + "/+==",
    }


def items_of(client: Any, table: str) -> bytes:
    """Names and values of all attributes of all items: texts as they are, and bytes too."""
    return b"\n".join(part for item in _scanned(client, table) for part in _parts(item))


def _whole(answer: Any) -> bytes:
    """Of an object: what is said about it, and its bytes."""
    about = repr({name: value for name, value in answer.items() if name != "Body"})
    body: bytes = answer["Body"].read()
    return about.encode() + body


def _scanned(client: Any, table: str) -> Iterator[Any]:
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _parts(value: Any) -> Iterator[bytes]:
    match value:
        case bytes():
            yield value
        case dict():
            for name, one in value.items():
                yield name.encode()
                yield from _parts(one)
        case list():
            for one in value:
                yield from _parts(one)
        case _:
            yield str(value).encode()


@contextmanager
def _client(service: str, url: str) -> Iterator[Any]:
    client = get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        yield client
    finally:
        client.close()
