"""What emulated TikTok remembers: creators, codes, grants, tasks and posts."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

PUBLIC = "PUBLIC_TO_EVERYONE"
FRIENDS = "MUTUAL_FOLLOW_FRIENDS"
FOLLOWERS = "FOLLOWER_OF_CREATOR"
SELF = "SELF_ONLY"


@dataclass(frozen=True, slots=True)
class Creator:
    """A TikTok account. A setting, so that tests can change it while the sandbox runs."""

    open_id: str
    username: str
    nickname: str
    private: bool = False
    comment_disabled: bool = False
    duet_disabled: bool = False
    stitch_disabled: bool = False
    max_video_post_duration_sec: int = 600
    banned: bool = False

    @property
    def privacy_level_options(self) -> tuple[str, ...]:
        """The levels this creator may choose from now (tiktok.md 5.1)."""
        return (FOLLOWERS, FRIENDS, SELF) if self.private else (PUBLIC, FRIENDS, SELF)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorisation code on its way back."""

    open_id: str
    client_key: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    expires: float


@dataclass(slots=True)
class Grant:
    """One connection of one creator to one client. Rotation replaces the refresh token in place."""

    open_id: str
    client_key: str
    scopes: tuple[str, ...]
    refresh_token: str
    refresh_expires: float
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token stands for."""

    token: str
    grant: Grant
    expires: float

    @property
    def open_id(self) -> str:
        """Whose token it is."""
        return self.grant.open_id

    @property
    def client_key(self) -> str:
        """Which app holds it."""
        return self.grant.client_key


class Status(StrEnum):
    """TikTok's words for where a task is."""

    UPLOAD = "PROCESSING_UPLOAD"
    DOWNLOAD = "PROCESSING_DOWNLOAD"
    INBOX = "SEND_TO_USER_INBOX"
    COMPLETE = "PUBLISH_COMPLETE"
    FAILED = "FAILED"


@dataclass(slots=True)
class Task:
    """What an init call made, known outside by its publish_id."""

    publish_id: str
    open_id: str
    client_key: str
    at: float
    request: int  #: the platform request that last moved it
    status: Status
    draft: bool
    photo: bool = False
    caption: str = ""
    privacy: str = ""
    size: int = 0  #: 0 for a pull
    chunk: int = 0
    count: int = 0
    upload_id: str = ""
    upload_token: str = ""
    received: int = 0
    committed: bool = False  #: every byte is here: the point of no return
    fail_reason: str = ""
    public_ids: list[int] = field(default_factory=list)
    file: Path | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    hashed: bool = True  #: False once bytes went to the sink
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_over(self) -> bool:
        """Whether nothing can change any more by itself."""
        return self.status in {Status.INBOX, Status.COMPLETE, Status.FAILED}

    @property
    def pulls(self) -> bool:
        """Whether TikTok fetches the bytes."""
        return self.size == 0

    @property
    def sha256(self) -> str | None:
        """Of the bytes received so far."""
        return self.digest.hexdigest() if self.hashed else None


@dataclass(slots=True)
class Post:
    """What became of a task that was published."""

    post_id: int
    publish_id: str
    open_id: str
    at: float
    caption: str
    privacy: str
    seconds: int = 0
    width: int = 0
    height: int = 0
    visible: bool = False  #: public, and through moderation
    numbers: dict[str, int] = field(
        default_factory=lambda: {"view_count": 0, "like_count": 0, "comment_count": 0, "share_count": 0}
    )
