"""A house of the cast with one account at TikTok: the platform's own limits, and answers as a test wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from playout.domain.channel import Channel, Grant
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Limits, Live
from playout.domain.secret import Secret
from playout.domain.video import Video
from playout.platforms.tiktok.rules import LIMITS, VISIBILITIES
from tests.cast import Cast, MemoryPlatform
from tests.web.stage import Stage

CREATOR = Live(
    choices={"privacy_level": VISIBILITIES},
    most_seconds=600,
    shown={"nickname": "Alice Makes", "username": "alice.makes", "most_seconds": 600},
)


@dataclass
class ScriptedTikTok(MemoryPlatform):
    """Takes what TikTok takes, and offers what `creator` says; counts how often it was asked."""

    name: str = "tiktok"
    creator: Live = CREATOR
    asked_for: list[Mapping[str, JsonValue]] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        return LIMITS

    async def live(self, grant: Grant, options: Mapping[str, JsonValue]) -> Live:
        self.asked_for.append(options)
        return self.creator


@dataclass
class House:
    """Alice's browser at the composer."""

    stage: Stage
    tiktok: ScriptedTikTok
    channel: Channel
    video: Video

    @classmethod
    async def open(cls, stage: Stage) -> "House":
        tiktok, channel = await opened(stage.cast)
        return cls(stage, tiktok, channel, await stage.cast.video(stage.cast.alice))

    async def page(self) -> str:
        """The blank form with the clip, the channel chosen: there is only one."""
        answer = await self.stage.alice.get(f"/posts/new?video={self.video.id}")
        assert answer.status_code == 200
        return answer.text

    async def send(self, do: str = "now", /, caption: str = "First light", **options: str) -> httpx.Response:
        """Presses a button of the form; `options` by their names."""
        fields = {"video_id": self.video.id, "channel": self.channel.id, "caption": caption, "do": do}
        own = {f"{self.channel.id}-{name}": value for name, value in options.items()}
        asked = {f"{self.channel.id}-disclosed-asked": "yes"}
        return await self.stage.post(self.stage.alice, "/posts/new", **fields, **asked, **own)

    def offers(self, **changed: object) -> None:
        """The creator's settings from now on."""
        self.tiktok.creator = replace(CREATOR, **changed)  # type: ignore[arg-type]  # any of its fields

    def bars(self, code: str, sentence: str) -> None:
        self.tiktok.creator = Live(blocked=Problem(code, "", sentence))


async def opened(cast: Cast) -> tuple[ScriptedTikTok, Channel]:
    """TikTok among the cast's platforms, and Alice's account there."""
    tiktok = ScriptedTikTok()
    platforms = cast.services.channels._platforms
    assert isinstance(platforms, dict)
    platforms[tiktok.name] = tiktok
    invitation = await cast.services.channels.connect(cast.alice, "tiktok")
    state = invitation.authorize_url.partition("state=")[2].partition("&")[0]
    connected = await cast.services.channels.finish("tiktok", Secret(state), code=Secret("alice"), error=None)
    return tiktok, connected.channels[0]
