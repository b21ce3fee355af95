"""Grants: opened for a step, renewed ahead of time, one renewal at a time per channel, saved before use."""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from playout.application.ports import Box, Clock, Platform, Store, Vault
from playout.domain.channel import Channel, Grant, WrappedKey
from playout.domain.errors import Stale, Unreadable
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret

log = logging.getLogger(__name__)
FIELD = "grant"


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel with its grant in the clear, and the box for its other secrets."""

    channel: Channel
    grant: Grant
    box: Box


class Grants:
    """Opens and renews. Raises PlatformFailure as a step would, so that the law handles it the same way."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    async def usable(self, channel: Channel, platform: Platform) -> Opened:
        """A grant whose access token lives long enough for a step.

        While the old one still lives, trouble with renewing it only means going on with it.
        """
        opened = await self.open(channel)
        if channel.renew_at is None or channel.renew_at > self._clock.now():
            return opened
        try:
            return await self.renewed(opened, platform)
        except PlatformFailure as failure:
            ends_at = opened.grant.expires_at
            if failure.kind is Kind.SIGN_IN or ends_at is None or ends_at <= self._clock.now():
                raise
            return opened

    async def open(self, channel: Channel) -> Opened:
        """The grant as it is. Raises SIGN_IN where there is none to use."""
        if channel.trouble:
            raise PlatformFailure(Kind.SIGN_IN, channel.trouble.code, channel.trouble.message, turn=Turn.YOU)
        if not channel.connected or channel.grant is None or channel.data_key is None:
            raise PlatformFailure(
                Kind.SIGN_IN, "disconnected", "The channel is disconnected. Reconnect it.", turn=Turn.YOU
            )
        try:
            box = await self._vault.unlock(channel.workspace_id, channel.id, channel.data_key)
            return Opened(channel, _read(box.open(FIELD, channel.grant)), box)
        except Unreadable as error:
            sentence = (
                "The channel's sign-in cannot be decrypted with the keys Playout has. Restore the key if there is a "
                "copy, and in any case reconnect the channel."
            )
            raise PlatformFailure(Kind.SIGN_IN, "key_missing", sentence, turn=Turn.YOU) from error

    async def sealed(self, channel: Channel, grant: Grant) -> Channel:
        """The channel with this grant, sealed under its own data key (made if it has none that opens)."""
        key, box = await self._box(channel)
        return replace(channel, data_key=key).granted(grant, box.seal(FIELD, _write(grant)), self._clock.now())

    async def _box(self, channel: Channel) -> tuple[WrappedKey, Box]:
        if channel.data_key:
            with suppress(Unreadable):  # its key is lost: whoever reconnects begins with a new one
                return channel.data_key, await self._vault.unlock(channel.workspace_id, channel.id, channel.data_key)
        key = await self._vault.new_key(channel.workspace_id, channel.id)
        return key, await self._vault.unlock(channel.workspace_id, channel.id, key)

    async def renewed(self, opened: Opened, platform: Platform) -> Opened:
        """Renews now: fenced, one at a time, saved before it is used."""
        fenced = await self._fence(opened.channel, self._clock.now())
        grant = await self._ask(fenced, opened.grant, platform)
        return Opened(await self._save(fenced, grant), grant, opened.box)

    async def _fence(self, channel: Channel, now: datetime) -> Channel:
        busy = PlatformFailure(Kind.AGAIN, "renewing", "The channel's sign-in is being renewed.", turn=Turn.US)
        if channel.renewal_running(now):
            raise busy
        try:
            return await self._store.channels.save(replace(channel, renewing_since=now))
        except Stale as faster:
            raise busy from faster

    async def _ask(self, fenced: Channel, old: Grant, platform: Platform) -> Grant:
        try:
            return await platform.renew(old, self._clock.now())
        except PlatformFailure as failure:
            if failure.kind is Kind.SIGN_IN:
                raise
            await self._unfence(fenced)
            if failure.kind is not Kind.UNSURE:
                raise
            # Nothing of a post is in doubt. If the platform has ended the old token it says so the next time.
            raise PlatformFailure(Kind.AGAIN, failure.code, failure.sentence, turn=failure.turn) from None

    async def _unfence(self, fenced: Channel) -> None:
        try:
            await self._store.channels.save(replace(fenced, renewing_since=None))
        except Stale:
            log.info("renewal.overtaken", extra={"channel_id": fenced.id})

    async def _save(self, fenced: Channel, grant: Grant) -> Channel:
        """Keeps the new grant whatever else happened to the record meanwhile, unless it has another grant by now."""
        current = fenced
        while True:
            try:
                return await self._store.channels.save(await self.sealed(current, grant))
            except Stale:
                current = await self._store.channels.get(fenced.workspace_id, fenced.id)
                if current.grant != fenced.grant or current.data_key is None:
                    sentence = "The channel was connected anew in the meantime."
                    raise PlatformFailure(Kind.AGAIN, "reconnected", sentence, turn=Turn.US) from None


def _write(grant: Grant) -> bytes:
    return json.dumps(
        {
            "access_token": grant.access_token.reveal(),
            "refresh_token": grant.refresh_token.reveal() if grant.refresh_token else None,
            "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
            "refresh_expires_at": grant.refresh_expires_at.isoformat() if grant.refresh_expires_at else None,
            "scopes": list(grant.scopes),
            "extra": dict(grant.extra),
            "renew_at": grant.renew_at.isoformat() if grant.renew_at else None,
        }
    ).encode()


def _read(clear: bytes) -> Grant:
    kept = json.loads(clear)
    return Grant(
        access_token=Secret(kept["access_token"]),
        refresh_token=Secret(kept["refresh_token"]) if kept["refresh_token"] else None,
        expires_at=datetime.fromisoformat(kept["expires_at"]) if kept["expires_at"] else None,
        refresh_expires_at=datetime.fromisoformat(kept["refresh_expires_at"]) if kept["refresh_expires_at"] else None,
        scopes=tuple(kept["scopes"]),
        extra=kept["extra"],
        renew_at=datetime.fromisoformat(kept["renew_at"]) if kept.get("renew_at") else None,
    )
