"""The table that the crash table breaks: a copy is a copy, and a write fails as it was told to and no other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from playout.domain.errors import Unavailable
from playout.storage.dynamodb import DynamoStore
from tests.aws import AwsServer
from tests.crash.databases import FaultyTable

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
NOBODY = 0  # to be killed


@pytest.fixture
async def store(dynamodb_url: str) -> AsyncIterator[DynamoStore]:
    made = DynamoStore(dynamodb_url)
    await made.prepare()
    yield made
    await made.close()


@pytest.fixture
def table(aws_server: AwsServer, dynamodb_url: str, store: DynamoStore) -> FaultyTable:
    watched = FaultyTable(aws_server, urlsplit(dynamodb_url).netloc)
    watched.watch()
    return watched


async def put(store: DynamoStore, key: str) -> str | None:
    return await store.ephemera.put_new(key, "value", LATER, NOW)


async def test_a_copy_has_what_was_there_and_nothing_that_came_later(store: DynamoStore, table: FaultyTable) -> None:
    await put(store, "before")
    table.server.control("copy", table.name, to=f"{table.name}-copy")
    await put(store, "after")

    copied = DynamoStore(f"dynamodb://{table.name}-copy?region=eu-central-1&endpoint={table.server.url}")
    found = [await copied.ephemera.get(key, NOW) for key in ("before", "after")]
    await copied.close()
    table.server.control("drop", f"{table.name}-copy")

    assert found == ["value", None]


async def test_writes_are_numbered_from_the_moment_of_watching(store: DynamoStore, table: FaultyTable) -> None:
    await put(store, "one")
    await store.ephemera.take("one", NOW)

    assert table.writes() == ["Put E", "Delete E"]


async def test_a_lost_answer_of_a_transaction_is_given_when_it_is_asked_for_again(
    store: DynamoStore, table: FaultyTable
) -> None:
    await put(store, "one")
    table.fail(2, "reset_after", NOBODY)

    assert await store.ephemera.take("one", NOW) == "value"
    assert not table.faults_left()
    assert table.writes() == ["Put E", "Delete E"]


@pytest.mark.parametrize(("action", "found"), [("lost_before", None), ("lost_after", "value")])
async def test_a_write_that_is_given_up_was_done_or_not(
    store: DynamoStore, table: FaultyTable, action: str, found: str | None
) -> None:
    table.fail(2, action, NOBODY)
    await put(store, "one")

    with pytest.raises(Unavailable):
        await put(store, "two")

    assert await store.ephemera.get("one", NOW) == "value"
    assert await store.ephemera.get("two", NOW) == found


async def test_what_was_mended_does_not_fail(store: DynamoStore, table: FaultyTable) -> None:
    table.fail(1, "lost_before", NOBODY)
    table.mend()

    assert await put(store, "one") is None
