"""What the demo needs: a sandbox, a Playout beside it, and a clip. Nothing of the user's is read."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from playout.domain.person import ALL_SCOPES
from playout.door import child
from playout.door.answering import answering
from playout.door.demo_client import Client, Record
from playout.door.listening import address, listen
from playout.door.opening import hosts
from playout.door.sandbox import settings as sandbox_settings
from playout.media.clip import Clip, make_clip
from playout.settings import PREFIX, Settings, load
from playout.wiring import House, open_house

NAME = "first-clip.mp4"
#: What every platform takes; of constant bitrate, so that the bars have something to show.
_CLIP = Clip(
    seconds=5.0,
    video_options={"x264-params": "nal-hrd=cbr:force-cfr=1", "b": "20M", "maxrate": "20M", "bufsize": "20M"},
    muxer_options={"use_editlist": "0"},
)
#: So that one sees the platforms work, and does not wait for them.
_WORKS = {"processing_seconds": 0.5}
_PACE = {
    "auto_consent": True,
    "pull_insecure": True,
    "tiktok": {**_WORKS, "moderation_seconds": 0.0},
    "youtube": _WORKS,
    "instagram": _WORKS,
    "facebook": _WORKS,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything is up."""

    url: str
    clip: Path
    client: Client
    sandbox: child.Running
    session: aiohttp.ClientSession

    async def ledger(self, effect: str) -> Sequence[Record]:
        """What the sandbox noted of this kind."""
        async with self.session.get(f"{self.sandbox.url}/_sandbox/ledger", params={"effect": effect}) as answer:
            noted: list[Record] = json.loads(await answer.read())
            return noted


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Stands while the block runs; of it nothing remains but the folder."""
    clip = folder / NAME
    making = asyncio.create_task(asyncio.to_thread(make_clip, clip, _CLIP))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.wait, [making])
        sandbox = await stack.enter_async_context(
            child.sandbox(folder / "sandbox", profile="fast", environment=_bare_environment())
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        async with session.post(f"{sandbox.url}/_sandbox/config", json=_PACE) as answer:
            answer.raise_for_status()
        listener = stack.enter_context(listen("127.0.0.1", 0))
        house = await stack.enter_async_context(open_house(_settings(folder, sandbox, listener)))
        await stack.enter_async_context(house.working())
        await stack.enter_async_context(answering(house.services, listener, hosts(house.settings)))
        await making
        yield Stage(house.settings.public_url, clip, await _client(session, house), sandbox, session)


def _settings(folder: Path, sandbox: child.Running, listener: socket.socket) -> Settings:
    url, port = address(listener)
    given = {name.removeprefix(PREFIX).lower(): value for name, value in sandbox_settings(sandbox.url).items()}
    return load({}, folder, {**given, "data_dir": folder / "data", "port": port, "public_url": url}).settings


def _bare_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}


async def _client(session: aiohttp.ClientSession, house: House) -> Client:
    people = house.services.people
    minted = await people.mint(people.operator("cli"), "demo", sorted(ALL_SCOPES))
    return Client(session, house.settings.public_url, minted.secret)
