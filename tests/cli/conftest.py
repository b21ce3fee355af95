"""A data folder for each test; one sandbox and one clip for the session."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import pytest

from playout.domain.secret import Secret
from playout.media.clip import Clip, make_clip
from playout.settings import load
from playout.wiring import open_house
from tests.cli.bench import Bench, environment, fetch


@pytest.fixture
def playout(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A command line on a folder of its own; no platform is set up."""
    bench = Bench(tmp_path, capsys, {"PLAYOUT_DATA_DIR": str(tmp_path / "data")})
    _enter(bench, monkeypatch)
    return bench


@pytest.fixture
def wired(playout: Bench, sandbox: str, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The same, with the sandbox's TikTok set up."""
    playout.settings |= {
        "PLAYOUT_TIKTOK_CLIENT_KEY": "sandbox-client-key",
        "PLAYOUT_TIKTOK_CLIENT_SECRET": "sandbox-client-secret",
        "PLAYOUT_TIKTOK_WWW_URL": f"{sandbox}/tiktok-www",
        "PLAYOUT_TIKTOK_API_URL": f"{sandbox}/tiktok-api",
    }
    _enter(playout, monkeypatch)
    return playout


@pytest.fixture
def connected(wired: Bench) -> Bench:
    """The same, with alice's channel connected."""
    asyncio.run(connect(wired))
    return wired


def _enter(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment({}).keys() ^ os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in bench.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(bench.folder)


class _Stay(HTTPRedirectHandler):
    """A redirect is where the code comes back; here nobody listens there."""

    def redirect_request(self, *_: object) -> None:
        return None


async def connect(bench: Bench) -> str:
    """Connects the channel that the sandbox consents for; gives its id."""
    loaded = load(bench.settings, bench.folder, {})
    async with open_house(loaded.settings) as house:
        channels = house.services.channels
        invitation = await channels.connect(house.services.people.operator("cli"), "tiktok")
        back = parse_qs(urlsplit(await asyncio.to_thread(_redirect, invitation.authorize_url)).query)
        done = await channels.finish("tiktok", Secret(back["state"][0]), code=Secret(back["code"][0]), error=None)
        return done.channels[0].id


def _redirect(url: str) -> str:
    try:
        build_opener(_Stay).open(url, timeout=20).close()
    except HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    raise AssertionError("the sandbox did not send us back")


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "playout_sandbox", "--port", "0", "--data", str(data), "--profile", "fast"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.fixture
def sandbox(sandbox_process: str) -> str:
    """Its address; wiped, and it consents by itself."""
    fetch(f"{sandbox_process}/_sandbox/reset", {})
    fetch(f"{sandbox_process}/_sandbox/config", {"auto_consent": True})
    return sandbox_process


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good 9:16 video."""
    path = tmp_path_factory.mktemp("clips") / "first light.mp4"
    make_clip(path, Clip(seconds=3.2, width=360, height=640, fps=25))
    return path
