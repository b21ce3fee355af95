"""One sandbox process for the tests of all adapters, wiped before each test; a connected creator."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import aiohttp
import pytest

from playout.platforms.http import Http, Timeouts
from tests.platforms.tiktok_stage import SCOPES, Post, adapter, grant_of
from tests.sandbox.app import App


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "playout_sandbox", "--port", "0", "--data", str(data), "--profile", "fast"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.fixture
async def app(sandbox_url: str) -> AsyncIterator[App]:
    async with aiohttp.ClientSession() as client:
        app = App(client, sandbox_url)
        await app.control("reset", {})
        long_lived = {"access_seconds": 30 * 86_400}  # these tests let hours pass, and renew nothing
        await app.control("config", {"sink": True, "durable": False, "media_checks": False, "tiktok": long_lived})
        yield app


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(user_agent="Playout-tests", timeouts=Timeouts(read=5, total=5, stall=5)) as http:
        yield http


@pytest.fixture
async def alice(app: App, http: Http) -> Post:
    """Alice's account, public, connected with every permission, about to get one video by upload."""
    tokens = await app.control("tiktok/grant", {"creator": "alice.films", "scopes": list(SCOPES)})
    now = datetime.fromtimestamp((await app.control("clock"))["now"], UTC)
    return Post(app, adapter(http, app.url), grant_of(tokens, now))
