"""The whole house and the sandbox: news from the platform shortens the wait, and takes a grant away."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from playout.application.posts import NewPost
from playout.application.videos import PROBE
from playout.domain.channel import ChannelState
from playout.domain.delivery import Delivery, State
from playout.domain.person import ALL_SCOPES, Actor
from playout.domain.post import Destination
from playout.door.answering import answering
from playout.door.listening import listen
from playout.media.clip import Clip, make_clip
from playout.settings import Settings
from playout.wiring import House, open_house
from tests.crash.stage import FLOWS, connect
from tests.sandbox.process import sandbox

ALICE = Actor("ws_home", "alice", ALL_SCOPES, "web")
PATIENCE = 30.0  # seconds; far less than the wait that the news shortens


@dataclass(frozen=True, slots=True)
class Scene:
    """A working house that answers on its address, and the platform beside it."""

    house: House
    sandbox: str
    channel_id: str

    async def control(self, path: str, body: object) -> None:
        request = urllib.request.Request(  # noqa: S310 -- loopback, our own child
            f"{self.sandbox}/_sandbox/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        await asyncio.to_thread(urllib.request.urlopen, request)

    async def delivery(self, there: Callable[[Delivery], bool]) -> Delivery:
        """The one delivery, as soon as it is so."""
        async with asyncio.timeout(PATIENCE):
            while True:
                (one,) = (await self.house.services.deliveries.list(ALICE)).items
                if there(one):
                    return one
                await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with sandbox(folder / "sandbox") as url:
        settings = Settings.model_validate(
            {
                "data_dir": folder / "data",
                "public_url": f"http://127.0.0.1:{port}",
                "tiktok_client_key": "sandbox-client-key",
                "tiktok_client_secret": "sandbox-client-secret",
                "tiktok_www_url": f"{url}/tiktok-www",
                "tiktok_api_url": f"{url}/tiktok-api",
            }
        )
        async with open_house(settings) as house, answering(house.services, listen("127.0.0.1", port), ()):
            one = Scene(house, url, "")
            hook = {"webhook_url": f"{settings.public_url}/hooks/tiktok"}
            await one.control("config", {"auto_consent": True, "tiktok": hook})
            channel_id = await connect(house, FLOWS[0])
            async with house.working():
                yield Scene(house, url, channel_id)


async def post_to_inbox(one: Scene, folder: Path) -> None:
    clip = folder / "clip.mp4"
    await asyncio.to_thread(make_clip, clip, Clip(seconds=4))

    async def pieces() -> AsyncIterator[bytes]:
        yield clip.read_bytes()

    video = await one.house.services.videos.take_in(ALICE, clip.name, pieces())
    while await one.house.store.chores.get(video.workspace_id, f"{PROBE}:{video.id}"):
        await asyncio.sleep(0.05)
    destination = Destination(one.channel_id, options={"mode": "inbox"})
    await one.house.services.posts.create(ALICE, NewPost(video.id, "For the inbox", (destination,)))


async def test_a_draft_that_the_creator_posts_is_known_to_be_published_by_its_webhook(tmp_path: Path) -> None:
    async with scene(tmp_path) as one:
        await post_to_inbox(one, tmp_path)
        draft = await one.delivery(lambda it: it.state is State.HANDED_OVER and it.in_hand_until is None)
        tomorrow = one.house.services.clock.now() + timedelta(days=1)
        await one.house.store.deliveries.save(replace(draft, due_at=tomorrow))

        await one.control("tiktok/finish-draft", {"publish_id": draft.handle})

        published = await one.delivery(lambda it: it.state is State.PUBLISHED)
        assert published.receipt


async def test_an_app_that_the_creator_removes_needs_to_be_connected_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as one:
        await one.control("tiktok/disconnect", {"creator": "alice.films"})

        async with asyncio.timeout(PATIENCE):
            while True:
                channel = await one.house.services.channels.get(ALICE, one.channel_id)
                if channel.state(one.house.services.clock.now()) is ChannelState.NEEDS_RECONNECT:
                    break
                await asyncio.sleep(0.05)
        assert channel.trouble
