"""What the tests of the YouTube adapter share: a connected channel at a real sandbox, and a video to send.

The driver is the one of `tiktok_stage`; only what is sent differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from playout.application.ports import Task
from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.oauth import read_grant
from playout.platforms.youtube import YouTube
from playout.platforms.youtube.rules import READ_SCOPE, UPLOAD_SCOPE
from tests.platforms.show import Show
from tests.sandbox.app import App

GRAIN = 262_144
CHUNK = 64 * GRAIN
SMALL = 300_000  # two chunks
TINY = 200_000  # one chunk: less than YouTube takes in any but the last
LARGE = 2 * CHUNK + 1_000_001  # three chunks
TITLE = "A day at the sea"
PUBLIC: Mapping[str, JsonValue] = {"privacy": "public", "made_for_kids": False}
CLIENT = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
SCOPES = (UPLOAD_SCOPE, READ_SCOPE)


def adapter(http: Http, url: str, **changed: str) -> YouTube:
    return YouTube(
        http,
        client_id=CLIENT["client_id"],
        client_secret=Secret(changed.get("client_secret", CLIENT["client_secret"])),
        accounts_url=f"{url}/youtube-accounts",
        oauth_url=changed.get("oauth_url", f"{url}/youtube-oauth"),
        api_url=changed.get("api_url", f"{url}/youtube-api"),
    )


def grant_of(tokens: Mapping[str, Any], now: datetime) -> Grant:
    grant = read_grant(tokens, None, now)
    assert grant is not None
    return grant


@dataclass
class Upload(Show[YouTube]):
    """One delivery to YouTube."""

    options: Mapping[str, JsonValue] = field(default_factory=lambda: PUBLIC)
    size: int = SMALL
    title: str | None = TITLE

    async def task(self) -> Task:
        profile = Profile("UCsandbox", "alice.films", "Alice Films")
        return replace(await super().task(), profile=profile, title=self.title)

    async def configure(self, **youtube: Any) -> None:
        await self.app.control("config", {"youtube": youtube})

    async def reconnect(self, creator: str = "alice.films", scopes: tuple[str, ...] = SCOPES) -> None:
        tokens = await self.app.control("youtube/grant", {"creator": creator, "scopes": list(scopes)})
        self.grant = grant_of(tokens, await self.now())

    async def skip_to(self, step: str, patience: int = 100) -> None:
        """Goes on, with retries as the law has them, until this is the coming step."""
        for _ in range(patience):
            if self.coming_step == step:
                return
            await self.to_the_end(patience=1)
        raise AssertionError(self.coming_step)

    async def lose_the_last_answer(self, action: str = "reset_after") -> None:
        """The last byte is under way, and nobody knows whether it has arrived."""
        await self.skip_to("finish")
        await self.break_next(action, "youtube.upload")
        await self.to_the_end(patience=1)
        assert self.fenced


async def connected(app: App, http: Http) -> Upload:
    """Alice's channel, connected with both permissions, about to get one video."""
    nothing_yet = Grant(Secret(""), None, None, None, ())
    show = Upload(app, adapter(http, app.url), nothing_yet)
    await show.configure(access_seconds=timedelta(days=99).total_seconds())  # weeks pass here, and nothing is renewed
    await show.reconnect()
    return show
