"""One real sandbox process for each test session, wiped before each test; a client that speaks as an app would."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.sandbox.app import App
from tests.sandbox.clips import make_clip


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
        client._retry_connection = False  # else aiohttp repeats a GET or PUT by itself when the connection breaks
        app = App(client, sandbox_url)
        await app.control("reset", {})
        yield app


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good 9:16 video of one second."""
    return make_clip(tmp_path_factory.mktemp("clips") / "good.mp4")
