"""A channel: a connected account at a platform, and the grant it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from playout.domain.retry import Reason
from playout.domain.secret import Secret
from playout.domain.slots import Slots

#: A refresh token that ends within this time is shown as expiring.
EXPIRY_NOTICE = timedelta(days=7)
#: An access token is renewed this long before it ends, so that no step meets a dead one; a short-lived one when a
#: quarter of its life is left.
RENEW_AHEAD = timedelta(minutes=15)
#: A renewal that has not been saved after this time is taken for lost (its process died).
RENEWAL_PATIENCE = timedelta(seconds=90)


class ChannelState(StrEnum):
    """Whether the channel can publish."""

    CONNECTED = "connected"
    EXPIRING = "expiring"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Grant:
    """What the platform gave us. Only the vault and the platform's adapter see it in the clear."""

    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None  # of the access token; None: it does not end
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...]
    extra: Mapping[str, str] = field(default_factory=dict)  # platform's own; never secret
    renew_at: datetime | None = None  # where the platform has a window for it; None: shortly before the end


@dataclass(frozen=True, slots=True)
class Profile:
    """How the platform calls the account."""

    remote_id: str
    username: str
    display_name: str
    avatar_url: str | None = None
    owner_id: str | None = None  # the person behind it, where the platform's news call them instead of the account


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A channel's data key, wrapped by the key-encryption key called `key_id`."""

    key_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Channel:
    """The record. `grant` is sealed under `data_key`; deleting both makes every copy unreadable."""

    id: str
    workspace_id: str
    platform: str
    profile: Profile
    created_at: datetime
    version: int = 0
    connected: bool = True
    scopes: tuple[str, ...] = ()
    data_key: WrappedKey | None = None
    grant: bytes | None = None
    expires_at: datetime | None = None  # when the connection itself ends unless renewed (refresh token)
    renew_at: datetime | None = None  # when the access token should be renewed
    renewing_since: datetime | None = None  # the fence of a renewal
    trouble: Reason | None = None  # why it needs reconnecting
    connected_at: datetime | None = None  # when a person last agreed
    last_published_at: datetime | None = None
    slots: Slots = field(default_factory=Slots)

    def state(self, now: datetime) -> ChannelState:
        """What people see."""
        if not self.connected:
            return ChannelState.DISCONNECTED
        if self.trouble or (self.expires_at and self.expires_at <= now):
            return ChannelState.NEEDS_RECONNECT
        if self.expires_at and self.expires_at - EXPIRY_NOTICE <= now:
            return ChannelState.EXPIRING
        return ChannelState.CONNECTED

    def granted(self, grant: Grant, sealed: bytes, now: datetime) -> "Channel":
        """A new grant is in the vault: by connecting or by renewal."""
        renew_at = grant.renew_at
        if renew_at is None and grant.expires_at and grant.refresh_token:
            renew_at = grant.expires_at - min(RENEW_AHEAD, (grant.expires_at - now) / 4)
        return replace(
            self,
            connected=True,
            scopes=grant.scopes,
            grant=sealed,
            expires_at=grant.refresh_expires_at if grant.refresh_token else grant.expires_at,
            renew_at=renew_at,
            renewing_since=None,
            trouble=None,
        )

    def renewal_running(self, now: datetime) -> bool:
        """Whether somebody is renewing right now (and has not died over it)."""
        return self.renewing_since is not None and self.renewing_since + RENEWAL_PATIENCE > now

    def broken(self, reason: Reason) -> "Channel":
        """The grant is dead: only a person can reconnect."""
        return replace(self, trouble=reason, renew_at=None, renewing_since=None)

    def disconnected(self) -> "Channel":
        """Grant and data key are gone, and with them every sealed copy."""
        return replace(
            self,
            connected=False,
            grant=None,
            data_key=None,
            scopes=(),
            expires_at=None,
            renew_at=None,
            renewing_since=None,
            trouble=None,
        )
