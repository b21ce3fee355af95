"""What the tests of the TikTok adapter share: a connected creator at a real sandbox, and a video to send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from playout.domain.channel import Grant
from playout.domain.delivery import JsonValue
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.tiktok import TikTok
from tests.platforms.show import Show
from tests.sandbox.app import CLIENT

SMALL = 200_000  # one chunk
LARGE = 64_000_001  # six chunks
CHUNK = 10_485_760
PUBLIC = {"privacy_level": "PUBLIC_TO_EVERYONE"}
PRIVATE = {"privacy_level": "SELF_ONLY"}
INBOX = {"mode": "inbox"}
SCOPES = ("user.info.basic", "user.info.profile", "video.publish", "video.upload", "video.list")


def adapter(http: Http, url: str, transfer: Literal["file", "pull"] = "file", **changed: str) -> TikTok:
    secret = changed.get("client_secret", CLIENT["client_secret"])
    return TikTok(
        http,
        client_key=CLIENT["client_key"],
        client_secret=Secret(secret),
        www_url=f"{url}/tiktok-www",
        api_url=changed.get("api_url", f"{url}/tiktok-api"),
        transfer=transfer,
    )


def grant_of(tokens: Mapping[str, Any], now: datetime) -> Grant:
    return Grant(
        access_token=Secret(tokens["access_token"]),
        refresh_token=Secret(tokens["refresh_token"]),
        expires_at=now + timedelta(seconds=tokens["expires_in"]),
        refresh_expires_at=now + timedelta(seconds=tokens["refresh_expires_in"]),
        scopes=tuple(tokens["scope"].split(",")),
    )


@dataclass
class Post(Show[TikTok]):
    """One delivery to TikTok."""

    options: Mapping[str, JsonValue] = field(default_factory=lambda: PUBLIC)
