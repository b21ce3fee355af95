"""The whole house beside a sandbox, on clocks that jump over what they would only wait for."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playout.application.posts import NewPost
from playout.domain.delivery import Delivery
from playout.domain.person import ALL_SCOPES, Actor
from playout.domain.post import Destination
from playout.door.answering import answering
from playout.door.listening import listen
from playout.door.sandbox import settings as sandbox_settings
from playout.media.clip import Clip, make_clip
from playout.settings import PREFIX, Settings
from playout.wiring import House, open_house
from tests.crash.stage import Flow, connect
from tests.crash.victim import ACTOR
from tests.sandbox.process import sandbox

ALICE = Actor("ws_home", "alice", ALL_SCOPES, "web")
PATIENCE = 100.0  # real seconds, on a machine that does much else


class JumpingClock:
    """Real time, which a test moves forward; whoever sleeps wakes when their time has come."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead  # noqa: TID251 -- this is a clock

    async def sleep(self, seconds: float) -> None:
        until = self.now() + timedelta(seconds=seconds)
        while (left := (until - self.now()).total_seconds()) > 0:
            moved = self._moved
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await moved.wait()

    def jump(self, by: timedelta) -> None:
        self._ahead += by
        self._moved.set()
        self._moved = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Scene:
    """A working house that answers on its address, and all platforms beside it."""

    house: House
    sandbox: str
    clock: JumpingClock

    async def control(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """The sandbox's control address."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 -- loopback, our own child
            f"{self.sandbox}/_sandbox/{path}", data, {"content-type": "application/json"}, method=method
        )
        return json.loads(await asyncio.to_thread(_read, request))

    async def connected(self, flow: Flow) -> str:
        """The channel's id, after the real sign-in."""
        return await connect(self.house, flow)

    async def video(self, folder: Path) -> str:
        """Taken in and looked into."""
        clip = folder / "clip.mp4"
        await asyncio.to_thread(make_clip, clip, Clip(seconds=3.2, muxer_options={"use_editlist": "0"}))

        async def pieces() -> AsyncIterator[bytes]:
            yield clip.read_bytes()

        video = await self.house.services.videos.take_in(ACTOR, clip.name, pieces())
        async with asyncio.timeout(PATIENCE):
            while (await self.house.services.videos.get(ACTOR, video.id)).facts is None:
                await asyncio.sleep(0.05)
        return video.id

    async def scheduled(self, flow: Flow, channel_id: str, video_id: str, words: str, at: datetime) -> None:
        """One post of it."""
        destination = Destination(channel_id, options=flow.options)
        await self.house.services.posts.create(
            ACTOR, NewPost(video_id, words, (destination,), title=words, scheduled_at=at)
        )

    async def deliveries(self) -> Sequence[Delivery]:
        return (await self.house.services.deliveries.list(ACTOR, limit=200)).items

    async def jump(self, by: timedelta) -> None:
        """Both sides; the platform first, so that ours never overtakes it."""
        await self.control("clock", {"advance": by.total_seconds()})
        self.clock.jump(by)

    async def at_rest(self) -> Sequence[Delivery]:
        """All deliveries, once nothing of them is due any more. Waits are jumped over, one after the other."""
        async with asyncio.timeout(PATIENCE):
            while True:
                there, now = await self.deliveries(), self.clock.now()
                moving = [one.wake_at for one in there if one.wake_at]
                if not moving and not any(one.in_hand_until for one in there):
                    return there
                in_hand = any(one.in_hand_until and one.in_hand_until > now for one in there)
                if not in_hand:
                    await self.jump(max(min(moving, default=now) - now, timedelta(0)))
                    await self.house.planner.tick()
                await asyncio.sleep(0.02)


@asynccontextmanager
async def scene(folder: Path, **platforms: dict[str, object]) -> AsyncIterator[Scene]:
    """Everything set up; `platforms`: settings of the sandbox's, by their names."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    clock = JumpingClock()
    with sandbox(folder / "sandbox") as url:
        known = {name.removeprefix(PREFIX).lower(): value for name, value in sandbox_settings(url).items()}
        address = {"data_dir": folder / "data", "public_url": f"http://127.0.0.1:{port}"}
        settings = Settings.model_validate({**address, **known})
        async with (
            open_house(settings, clock=clock) as house,
            answering(house.services, listen("127.0.0.1", port), ()),
            house.working(),
        ):
            one = Scene(house, url, clock)
            await one.control("config", {"auto_consent": True, "pull_insecure": True, "durable": False, **platforms})
            yield one


def _read(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- as above
        body: bytes = answer.read()
        return body
