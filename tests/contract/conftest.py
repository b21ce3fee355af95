"""alice owns her house; charlie has his own and must not see into hers."""

import pytest

from playout.application.ports import Store
from tests.contract.cast import House, house


@pytest.fixture
async def alice(store: Store) -> House:
    return await house(store, "alice")


@pytest.fixture
async def charlie(store: Store) -> House:
    return await house(store, "charlie")
