"""Fixtures for the tests of pages; README.md tells how they are used."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.web.site import Site, at_work, playing
from tests.web.stage import Stage


@pytest.fixture
async def stage() -> Stage:
    """Without a browser."""
    return await Stage.open()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for the whole run."""
    async with playing() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def site(browser: Browser) -> AsyncIterator[Site]:
    """With a browser: for tests marked `asyncio(loop_scope="session")`."""
    async with at_work(browser) as served:
        yield served
