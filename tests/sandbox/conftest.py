"""One real sandbox process for each test session, wiped before each test; a client that speaks as an app would."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.sandbox.app import App
from tests.sandbox.clips import make_clip
from tests.sandbox.process import sandbox


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture
async def app(sandbox_url: str) -> AsyncIterator[App]:
    async with aiohttp.ClientSession() as client:
        client._retry_connection = False  # else aiohttp repeats a GET or PUT by itself when the connection breaks
        app = App(client, sandbox_url)
        await app.control("reset", {})
        yield app


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A good 9:16 video of one second."""
    return make_clip(tmp_path_factory.mktemp("clips") / "good.mp4")
