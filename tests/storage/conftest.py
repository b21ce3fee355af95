"""Our store on DynamoDB as it behaves when it is not well: alice's house behind the proxy."""

import random
from collections.abc import AsyncIterator, Iterator

import pytest

from playout.storage.dynamodb import DynamoStore
from tests.aws import AwsServer
from tests.contract.cast import House, house
from tests.storage.dynamo_house import HASTE, StagedProxy, new_store


@pytest.fixture
def haste() -> Iterator[None]:
    """botocore draws its waits between two tries at random; here the first ones are short."""
    before = random.getstate()
    random.seed(HASTE)
    yield
    random.setstate(before)


@pytest.fixture
async def proxy(aws_server: AwsServer, haste: None) -> AsyncIterator[StagedProxy]:
    async with StagedProxy(aws_server.url) as proxy:
        yield proxy


@pytest.fixture
async def dynamo(proxy: StagedProxy) -> AsyncIterator[DynamoStore]:
    """On a table of its own; the proxy counts from here."""
    store = new_store(proxy.url)
    await store.prepare()
    proxy.calls.clear()
    yield store
    await store.close()


@pytest.fixture
async def alice(dynamo: DynamoStore) -> House:
    return await house(dynamo, "alice")
