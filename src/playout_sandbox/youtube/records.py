"""What emulated YouTube remembers: channels, codes, grants, upload sessions and videos."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playout_sandbox.media import Found
from playout_sandbox.youtube.metadata import Metadata

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and the Google account behind it. A setting, so that tests can change it while the sandbox runs."""

    id: str
    handle: str
    title: str
    verified: bool = True  #: by phone: videos over 15 minutes, custom thumbnails
    exists: bool = True  #: False: a Google account without a channel (13)
    suspended: bool = False

    @property
    def uploads(self) -> str:
        """The playlist of its own uploads."""
        return f"UU{self.id[2:]}"


@dataclass(slots=True)
class Grant:
    """That a person let one project in. Revoking any of its tokens ends all of them."""

    creator: str
    client_id: str
    scopes: tuple[str, ...] = ()  #: everything ever allowed, for include_granted_scopes
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """An authorisation code on its way back."""

    grant: Grant
    redirect_uri: str
    scopes: tuple[str, ...]
    offline: bool  #: whether a refresh token comes with it (row 4)
    challenge: str
    method: str
    expires: float


@dataclass(slots=True)
class RefreshToken:
    """Stays the same when used (row 5), until something ends it (2.3)."""

    token: str
    grant: Grant
    scopes: tuple[str, ...]
    used: float
    expires: float | None  #: None: no end of its own


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token stands for."""

    grant: Grant
    scopes: tuple[str, ...]
    expires: float

    @property
    def creator(self) -> str:
        """The channel's id."""
        return self.grant.creator

    @property
    def client_id(self) -> str:
        """The project."""
        return self.grant.client_id


@dataclass(slots=True)
class Session:
    """A resumable upload: nothing exists on the channel until its last byte is in (row 28)."""

    upload_id: str  #: holds the authority to write
    number: int  #: what the ledger calls it
    creator: str
    client_id: str
    metadata: Metadata
    parts: tuple[str, ...]
    size: int | None  #: None: not declared at the start
    file_name: str
    notify: bool
    at: float
    received: int = 0  #: a multiple of 256 KiB until it is complete
    file: Path | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    hashed: bool = True  #: False once bytes went to the sink
    writer: object = None  #: the request whose bytes count; a later one takes over
    answer: Mapping[str, object] | None = None  #: the final one, once complete
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def sha256(self) -> str | None:
        """Of the bytes received so far."""
        return self.digest.hexdigest() if self.hashed else None


@dataclass(slots=True)
class Video:
    """What a complete session became."""

    id: str
    creator: str
    session: int
    metadata: Metadata
    at: float
    request: int  #: the platform request that last moved it
    size: int
    sha256: str | None
    file: Path | None
    file_name: str
    upload_status: str = "uploaded"
    processing_status: str = "processing"
    failure_reason: str = ""
    rejection_reason: str = ""
    public_since: float | None = None  #: when it first went public
    found: Found | None = None
    numbers: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            (
                "view_count",
                "like_count",
                "dislike_count",
                "comment_count",
                "share_count",
                "minutes_watched",
                "subscribers_gained",
                "subscribers_lost",
            ),
            0,
        )
    )

    @property
    def processed(self) -> bool:
        """Whether it can be watched."""
        return self.upload_status == "processed"

    @property
    def shown_to_all(self) -> bool:
        """Whether somebody who is not the owner gets it from videos.list."""
        return self.processed and self.metadata.privacy != "private"
