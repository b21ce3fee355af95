"""The searcher finds what is planted, in every place and every disguise: else its silence would mean nothing."""

import base64
import gzip
import html
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from aiobotocore.session import AioSession

from tests.aws import AwsServer
from tests.storage.dynamo_stage import create, key, plain_client
from tests.trust.canaries import Canaries, Hit, Secret
from tests.trust.cloud import new_cloud
from tests.trust.databases import rows_of

#: With characters that each encoding writes differently.
TOKEN = "act.Qz7/xk+3\"<&'\\9~!b*2Lw%Tn 5=Rv8?Yd"
KEY = bytes((7 * number + 200) % 256 for number in range(32))
SECRETS: dict[str, Secret] = {"token": TOKEN, "key": KEY}
NOISE = bytes(range(256)) * 40


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("some/name.txt", data)
    return out.getvalue()


DISGUISES: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "its first half": lambda token: token[:18].encode(),
    "its second half": lambda token: token[18:].encode(),
    "base64": lambda token: base64.b64encode(token.encode()),
    "base64 after one byte": lambda token: base64.b64encode(b"x" + token.encode()),
    "base64 after two bytes": lambda token: base64.b64encode(b"xy" + token.encode() + b"z"),
    "base64 for addresses": lambda token: base64.urlsafe_b64encode(token.encode()),
    "hexadecimal": lambda token: token.encode().hex().encode(),
    "hexadecimal in capitals": lambda token: token.encode().hex().upper().encode(),
    "percent-encoded": lambda token: quote(token, safe="").encode(),
    "in JSON": lambda token: json.dumps({"detail": token}).encode(),
    "in JSON within JSON": lambda token: json.dumps(json.dumps(token.replace("\\", "").replace('"', ""))).encode(),
    "in HTML": lambda token: html.escape(token).encode(),
    "as Python shows it": lambda token: repr({"token": token}).encode(),
    "as Python shows bytes": lambda token: repr(token.encode()).encode(),
    "UTF-16": lambda token: token.encode("utf-16-le"),
    "UTF-16, the other way round": lambda token: token.encode("utf-16-be"),
    "gzip": lambda token: gzip.compress(b"before " * 99 + token.encode()),
    "gzip that was cut off": lambda token: gzip.compress(token.encode() + NOISE)[:-12],
    "zlib": lambda token: zlib.compress(b"before " * 99 + token.encode()),
    "zip": lambda token: zipped(token.encode()),
    "base64 within gzip within zip": lambda token: zipped(gzip.compress(base64.b64encode(token.encode()))),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_leak_is_found_in_every_disguise_wherever_it_lies(disguise: str) -> None:
    canaries, leak = Canaries(SECRETS), DISGUISES[disguise](TOKEN)
    for offset in range(8):
        found = canaries.hits(b"." * offset + NOISE + leak + NOISE, "somewhere")
        assert {hit.secret for hit in found} == {"token"}


@pytest.mark.parametrize("shown", [bytes, bytes.hex, repr, base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_of_raw_bytes_is_found_too(shown: Callable[[bytes], object]) -> None:
    told = shown(KEY)
    leaked = told if isinstance(told, bytes) else str(told).encode()
    assert {hit.secret for hit in Canaries(SECRETS).hits(b"..." + leaked, "somewhere")} == {"key"}


def test_where_nothing_leaked_nothing_is_found() -> None:
    innocent = NOISE + gzip.compress(NOISE) + zipped(NOISE) + b"act. token key" + TOKEN[:9].encode()
    assert Canaries(SECRETS).hits(innocent, "somewhere") == set()


def test_a_secret_too_short_to_be_told_from_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Canaries({"pin": "1234567"})


@pytest.mark.parametrize("name", ["stderr.txt", "data/errors.log", "data/files/videos/ws/vid", "core", ".hidden/x"])
def test_a_leak_in_any_file_is_found_and_its_place_told(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(NOISE + TOKEN.encode())
    assert {(hit.place, hit.secret) for hit in Canaries(SECRETS).search(tmp_path)} == {(name, "token")}


def test_a_leak_in_the_name_of_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "nonce-0123456789abcdef.mp4").touch()
    found = Canaries({"nonce": "0123456789abcdef"}).search(tmp_path)
    assert found == {Hit("the name nonce-0123456789abcdef.mp4", "nonce", "as it is")}


def test_a_leak_that_only_the_wal_holds_is_found(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "playout.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE notes (note)")
        database.execute("INSERT INTO notes VALUES (?)", [TOKEN])
        places = {hit.place for hit in Canaries(SECRETS).search(tmp_path)}
    assert places == {"playout.db-wal"}


def test_a_leak_in_the_database_file_is_found_although_its_row_is_gone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "playout.db", isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE notes (note)")
        database.execute("INSERT INTO notes VALUES (?)", [TOKEN])
        database.execute("DELETE FROM notes")
    assert {hit.place for hit in Canaries(SECRETS).search(tmp_path)} == {"playout.db"}


@pytest.mark.postgres
@pytest.mark.parametrize("column", ["text", "bytea", "jsonb"])
def test_a_leak_in_any_kind_of_column_of_postgresql_is_found(postgres_url: str, column: str) -> None:
    value = TOKEN.encode() if column == "bytea" else json.dumps(TOKEN)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE notes (note {column})".encode())
        connection.execute("INSERT INTO notes VALUES (%s)", [value])
    assert {hit.secret for hit in Canaries(SECRETS).hits(rows_of(postgres_url), "rows")} == {"token"}


LEAKED = TOKEN.encode()
ATTRIBUTES: dict[str, dict[str, object]] = {
    "S": {"S": f"it is {TOKEN}"},
    "B": {"B": b"\x00\xff" + LEAKED},
    "SS": {"SS": ["harmless", TOKEN]},
    "BS": {"BS": [b"\x00", LEAKED]},
    "L": {"L": [{"N": "1"}, {"S": TOKEN}]},
    "L of B": {"L": [{"L": [{"B": LEAKED}]}]},
    "M": {"M": {"deep": {"M": {"deeper": {"S": TOKEN}}}}},
    "the name of an attribute": {"M": {TOKEN: {"BOOL": True}}},
    "gzip in B": {"B": gzip.compress(b"before " * 99 + LEAKED)},
    "JSON in S": {"S": json.dumps({"detail": TOKEN})},
}


@pytest.mark.parametrize("kind", ATTRIBUTES)
async def test_a_leak_in_any_kind_of_attribute_of_dynamodb_is_found(aws_server: AwsServer, kind: str) -> None:
    cloud = new_cloud(aws_server)
    async with plain_client(AioSession(), aws_server.url) as client:
        await create(client, cloud.table)
        await client.put_item(TableName=cloud.table, Item={**key(1), "note": ATTRIBUTES[kind]})
    assert {hit.secret for hit in Canaries(SECRETS).hits(cloud.items(), "items")} == {"token"}


async def test_a_leak_in_the_key_of_an_item_is_found(aws_server: AwsServer) -> None:
    cloud = new_cloud(aws_server)
    async with plain_client(AioSession(), aws_server.url) as client:
        await create(client, cloud.table)
        await client.put_item(TableName=cloud.table, Item={"PK": {"S": TOKEN}, "SK": {"S": "x"}})
    assert {hit.secret for hit in Canaries(SECRETS).hits(cloud.items(), "items")} == {"token"}
