"""The REST face over the cast's house, with a client for each of the cast."""

import pytest

from tests.api.stage import Stage


@pytest.fixture
async def stage() -> Stage:
    return await Stage.open()
