"""Drives an installation from inside, through its services: for tests that need no process of their own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playout.application.posts import NewPost
from playout.domain.delivery import Delivery, State
from playout.domain.person import ALL_SCOPES, Actor
from playout.domain.post import Destination
from playout.domain.secret import Secret
from playout.wiring import House
from tests.trust.talk import Talk
from tests.trust.waiting import PATIENCE

ALICE = Actor("ws_home", "alice", ALL_SCOPES, "cli")
MOVING = frozenset({State.WAITING, State.SENDING, State.PROCESSING})


async def connected(house: House) -> str:
    """The channel's id, after the real dance with a sandbox that agrees to everything."""
    page = urlsplit((await house.services.channels.connect(ALICE, "tiktok")).authorize_url)
    there = Talk(f"http://{page.netloc}", "").ask("GET", f"{page.path}?{page.query}")
    query = parse_qs(urlsplit(there.headers["location"]).query)
    state, code = Secret(query["state"][0]), Secret(query["code"][0])
    return (await house.services.channels.finish("tiktok", state, code=code, error=None)).channels[0].id


async def taken_in(house: House, clip: Path) -> str:
    """The video's id; nobody has looked into it yet."""

    async def pieces() -> AsyncIterator[bytes]:
        yield await asyncio.to_thread(clip.read_bytes)

    return (await house.services.videos.take_in(ALICE, clip.name, pieces())).id


async def posted(house: House, video: str, channel: str, caption: str = "x", at: datetime | None = None) -> str:
    """The id of the post's one delivery."""
    options = (Destination(channel, options={"privacy_level": "SELF_ONLY"}),)
    shown = await house.services.posts.create(ALICE, NewPost(video, caption, options, scheduled_at=at))
    return shown.deliveries[0].id


async def rested(house: House, delivery: str) -> Delivery:
    """The delivery, once nothing moves by itself any more."""
    async with asyncio.timeout(PATIENCE):
        while (found := await house.services.deliveries.get(ALICE, delivery)).state in MOVING:
            await asyncio.sleep(0.05)
    return found
