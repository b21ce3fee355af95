"""What has ended may stay for days before DynamoDB removes it: nobody sees it meanwhile, and the sweep takes it away.

moto removes nothing, so that whatever has ended here is there still; it is told to go where a test wants it gone.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from playout.storage.dynamodb import DynamoStore
from tests.contract.cast import NOW, House
from tests.storage.dynamo_house import StagedProxy, chore, person, token

SECOND = timedelta(seconds=1)
END = NOW + 10 * SECOND
DAYS_LATER = NOW + timedelta(days=2)


async def kept(store: DynamoStore) -> list[Mapping[str, Any]]:
    """Every item of the table, as only a test may look at it."""
    answer = await store._table.ask("scan", TableName=store._table.name, ConsistentRead=True)
    return list(answer["Items"])


async def ended(store: DynamoStore) -> None:
    """A value and a counted call that are over, and still there."""
    await store.ephemera.put_new("key", "old", END, NOW)
    await store.ephemera.allow("rate", 1, 10 * SECOND, NOW)
    assert sum("ttl" in item for item in await kept(store)) == 2


async def test_what_ended_is_not_there(dynamo: DynamoStore) -> None:
    await ended(dynamo)

    assert await dynamo.ephemera.get("key", END) is None
    assert await dynamo.ephemera.get("key", DAYS_LATER) is None


async def test_what_ended_cannot_be_taken(dynamo: DynamoStore) -> None:
    await ended(dynamo)

    assert await dynamo.ephemera.take("key", END) is None


async def test_what_ended_gives_way_to_what_is_put(dynamo: DynamoStore) -> None:
    await ended(dynamo)

    assert await dynamo.ephemera.put_new("key", "new", DAYS_LATER + SECOND, DAYS_LATER) is None
    assert await dynamo.ephemera.get("key", DAYS_LATER) == "new"


async def test_what_ended_is_not_replaced_by_whoever_does_not_know_it(dynamo: DynamoStore) -> None:
    await ended(dynamo)

    assert not await dynamo.ephemera.replace("key", "other", "new", DAYS_LATER)
    assert await dynamo.ephemera.get("key", END) is None


async def test_calls_that_ended_are_not_counted(dynamo: DynamoStore) -> None:
    await ended(dynamo)

    assert await dynamo.ephemera.allow("rate", 1, 10 * SECOND, END) is None
    assert await dynamo.ephemera.allow("rate", 1, 10 * SECOND, END) == END + 10 * SECOND


async def test_what_dynamodb_removed_by_itself_is_as_if_it_had_ended(dynamo: DynamoStore) -> None:
    await ended(dynamo)
    await dynamo._table.erase((item["PK"]["S"], item["SK"]["S"]) for item in await kept(dynamo) if "ttl" in item)

    assert await dynamo.ephemera.get("key", END) is None
    assert await dynamo.ephemera.take("key", END) is None
    assert await dynamo.ephemera.allow("rate", 1, 10 * SECOND, END) is None
    assert await dynamo.ephemera.put_new("key", "new", DAYS_LATER, END) is None


async def test_the_sweep_takes_what_ended_from_the_table_and_nothing_else(dynamo: DynamoStore) -> None:
    await ended(dynamo)
    await dynamo.ephemera.put_new("other", "value", END + SECOND, NOW)

    assert await dynamo.ephemera.sweep(END) == 2

    assert [item["PK"] for item in await kept(dynamo) if "ttl" in item] == [{"S": "E#other"}]


async def test_what_was_put_again_is_not_swept_by_an_index_that_saw_only_the_old(
    proxy: StagedProxy, dynamo: DynamoStore
) -> None:
    await dynamo.ephemera.put_new("key", "old", END, NOW)
    proxy.freeze_indexes()
    await dynamo.ephemera.put_new("key", "new", DAYS_LATER, END)

    assert await dynamo.ephemera.sweep(END) == 0
    assert await dynamo.ephemera.get("key", END) == "new"


async def test_dynamodbs_own_broom_never_comes_before_the_end(dynamo: DynamoStore) -> None:
    end = END + timedelta(microseconds=1)
    await dynamo.ephemera.put_new("key", "value", end, NOW)

    [item] = [item for item in await kept(dynamo) if "ttl" in item]

    assert int(item["ttl"]["N"]) == ceil(end.timestamp()) >= end.timestamp()


async def test_dynamodbs_own_broom_never_takes_a_record(dynamo: DynamoStore, alice: House) -> None:
    await alice.claimed()
    await dynamo.chores.put(chore(alice))
    await dynamo.people.save(person(alice))
    await dynamo.tokens.add(token(alice))
    await ended(dynamo)

    assert {item["PK"]["S"] for item in await kept(dynamo) if "ttl" in item} == {"E#key", "C#rate"}
