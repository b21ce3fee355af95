"""Channels: connected through the platform's own sign-in, kept connected, disconnected for good."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from playout.application.grants import Grants
from playout.application.holding import Holding
from playout.application.ports import Channels as ChannelRecords
from playout.application.ports import Chore, Clock, Connection, Page, Platform, Store
from playout.application.rates import LIVE, Rates
from playout.domain.channel import Channel
from playout.domain.delivery import JsonValue
from playout.domain.errors import Forbidden, Invalid, NotFound, Problem, Stale
from playout.domain.event import happened
from playout.domain.ids import new_id
from playout.domain.limits import Limits, Live
from playout.domain.person import Actor, Scope
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn
from playout.domain.secret import Secret

#: The chore that renews a grant ahead of time.
RENEW = "renew"
#: The chore that looks once more for what a reconnect has to let go.
RELEASE = "release"
#: So long after the reconnect: by then every worker that was cut short has come back, and every index has caught up.
LOOK_AGAIN = timedelta(minutes=2)
STATE_LIFETIME = timedelta(minutes=10)
#: A path of our own: visible ASCII, and no second slash or backslash that would make a host of what follows.
_PATH = re.compile(r"/([!-.0-\[\]-~][!-~]*)?")
DISCONNECTED = Reason("disconnected", "The channel was disconnected. Reconnect it, and this goes on.", Turn.YOU)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a person agrees, and until when."""

    authorize_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """What a channel's platform takes from anybody, and what it offers this account right now."""

    channel: Channel
    limits: Limits
    live: Live


@dataclass(frozen=True, slots=True)
class Connected:
    """What a sign-in at a platform led to."""

    channels: tuple[Channel, ...]
    return_to: str | None
    lacking: tuple[str, ...]  # what was not allowed, in words; without it nothing can be published


class Channels:
    """What faces can do with channels."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        grants: Grants,
        holding: Holding,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._grants = grants
        self._holding = holding
        self._clock = clock
        self._rates = Rates(store, clock)
        self._public_url = public_url.rstrip("/")

    @property
    def _records(self) -> ChannelRecords:
        return self._store.channels

    async def list(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Channel]:
        """Newest first."""
        actor.need(Scope.READ)
        return await self._records.list(actor.workspace_id, cursor=cursor, limit=limit)

    async def get(self, actor: Actor, channel_id: str) -> Channel:
        """Raises NotFound."""
        actor.need(Scope.READ)
        return await self._records.get(actor.workspace_id, channel_id)

    # ── connect ─────────────────────────────────────────────────────────────────────────────────

    async def connect(
        self,
        actor: Actor,
        platform: str,
        *,
        login: str | None = None,
        return_to: str | None = None,
        session: str | None = None,
    ) -> Invitation:
        """Begins a sign-in: the state is good once, for ten minutes, for this workspace, platform and session.

        `login` chooses between the platform's ways to sign in; None is the usual one.
        """
        actor.need(Scope.PUBLISH)
        adapter = self._platform(platform)
        login = login or adapter.logins[0]
        if login not in adapter.logins:
            known = ", ".join(adapter.logins)
            sentence = f"{platform} has no sign-in called “{_printable(login)}” here; it has {known}."
            raise Invalid(sentence, code="unknown_login", problems=[Problem("unknown_login", "/login", sentence)])
        state = Secret(secrets.token_urlsafe(32))
        now = self._clock.now()
        note = {
            "workspace_id": actor.workspace_id,
            "begun_at": now.isoformat(),
            "platform": platform,
            "login": login,
            "session": _hash(session) if session else None,
            "return_to": None if return_to is None else _inside(return_to),
        }
        expires_at = now + STATE_LIFETIME
        await self._store.ephemera.put_new(_state_key(state), json.dumps(note), expires_at, now)
        url = adapter.authorize_url(login, state=state, return_to=self.callback(platform), verifier=_verifier(state))
        return Invitation(url, expires_at)

    async def finish(
        self,
        platform: str,
        state: Secret,
        *,
        code: Secret | None,
        error: str | None,
        session: str | None = None,
    ) -> Connected:
        """The platform sent the person back. Raises Forbidden for a state that is not ours, used or too old."""
        note = json.loads(await self._store.ephemera.take(_state_key(state), self._clock.now()) or "{}")
        session_matches = note.get("session") in {None, _hash(session) if session else None}
        if note.get("platform") != platform or not session_matches or not await self._is_open(note):
            msg = "This sign-in link is not valid any more. Start again from Playout."
            raise Forbidden(msg, code="bad_state")
        if code is None:
            sentence = f"{platform} did not connect: {_printable(error or 'no reason given')}."
            raise Invalid(sentence, code="not_agreed", problems=[Problem("not_agreed", "", sentence)])
        connections = await self._platform(platform).exchange(
            note["login"],
            code=code,
            return_to=self.callback(platform),
            verifier=_verifier(state),
            now=self._clock.now(),
        )
        channels = [await self._keep(note["workspace_id"], platform, one) for one in connections]
        return Connected(tuple(channels), note["return_to"], _lacking(self._platform(platform).limits, channels))

    async def _is_open(self, note: Mapping[str, str]) -> bool:
        """Whether the workspace is still the one in which the sign-in began, and takes channels."""
        try:
            workspace = await self._store.workspaces.get(note["workspace_id"])
        except NotFound:
            return False
        return workspace.closed_at is None and workspace.created_at <= datetime.fromisoformat(note["begun_at"])

    async def _keep(self, workspace_id: str, platform: str, connection: Connection) -> Channel:
        while True:
            now = self._clock.now()
            channel = await self._known(workspace_id, platform, connection.profile.remote_id) or Channel(
                new_id("chn", now), workspace_id, platform, connection.profile, now
            )
            granted = await self._grants.sealed(
                replace(channel, profile=connection.profile, connected_at=now), connection.grant
            )
            event = happened(channel, "channel.connected", now)
            try:
                saved = await self._records.save(granted, [*_renewals(granted), *_release(channel, now)], [event])
            except Stale:
                await self._store.workspaces.get(workspace_id)  # raises NotFound where it was deleted meanwhile
                continue
            await self._holding.back(saved)
            return saved

    async def _known(self, workspace_id: str, platform: str, remote_id: str) -> Channel | None:
        for ref in await self._records.by_account(platform, remote_id):
            if ref.workspace_id == workspace_id:
                return await self._records.get(workspace_id, ref.id)
        return None

    # ── keep connected ──────────────────────────────────────────────────────────────────────────

    async def renew(self, chore: Chore) -> datetime | None:
        """Chore: renews the grant ahead of time. Raises where it has to be tried again."""
        channel = await self._records.get(chore.workspace_id, chore.subject_id)
        if channel.renew_at is None or channel.trouble or not channel.connected:
            return None
        if channel.renew_at > self._clock.now():
            return channel.renew_at
        opened = await self._grants.open(channel)
        try:
            return (await self._grants.renewed(opened, self._platform(channel.platform))).channel.renew_at
        except PlatformFailure as failure:
            if failure.kind is not Kind.SIGN_IN:
                raise
            await self._holding.broke(await self._records.get(channel.workspace_id, channel.id), failure.reason)
            return None

    async def release(self, chore: Chore) -> None:
        """Chore: lets go what is still held although the channel is back."""
        channel = await self._records.get(chore.workspace_id, chore.subject_id)
        if channel.connected and channel.trouble is None:
            await self._holding.back(channel)

    async def live(self, actor: Actor, channel_id: str, options: Mapping[str, JsonValue] | None = None) -> Live:
        """What the platform offers this account right now. Raises PlatformFailure."""
        actor.need(Scope.READ)
        channel = await self._records.get(actor.workspace_id, channel_id)
        platform = self._platform(channel.platform)
        await self._rates.respect(channel, platform, LIVE)
        opened = await self._grants.usable(channel, platform)
        return await platform.live(opened.grant, options or {})

    async def offer(self, actor: Actor, channel_id: str) -> Offer:
        """`live`, beside the rules that hold for everybody. Raises PlatformFailure."""
        channel = await self.get(actor, channel_id)
        return Offer(channel, self._platform(channel.platform).limits, await self.live(actor, channel_id))

    async def disconnect(self, actor: Actor, channel_id: str) -> None:
        """Revokes at the platform, then deletes the grant and its key. What is scheduled is held.

        Where the same consent serves other channels too (Pages of one person, the account in another workspace), it is
        left standing for them: revoking ends it for all.
        """
        actor.need(Scope.PUBLISH)
        channel = await self._records.get(actor.workspace_id, channel_id)
        if channel.grant and not channel.trouble and not await self._is_shared(channel):
            try:
                opened = await self._grants.open(channel)
                await self._platform(channel.platform).revoke(opened.grant)
            except PlatformFailure as failure:
                # Ended already is fine, and what no key opens cannot be ended by us; else it must be tried again.
                if failure.kind is not Kind.SIGN_IN:
                    raise
        await self._forget(channel)

    async def _is_shared(self, channel: Channel) -> bool:
        for called in filter(None, (channel.profile.owner_id, channel.profile.remote_id)):
            for ref in await self._records.by_account(channel.platform, called):
                other = await self._records.get(ref.workspace_id, ref.id)
                if other.id != channel.id and other.connected and not other.trouble:
                    return True
        return False

    async def _forget(self, channel: Channel) -> None:
        now = self._clock.now()
        event = happened(channel, "channel.disconnected", now)
        try:
            await self._records.save(channel.disconnected(), events=[event])
        except Stale:
            await self._forget(await self._records.get(channel.workspace_id, channel.id))
        await self._holding.hold_all(channel, DISCONNECTED)

    # ── pieces ──────────────────────────────────────────────────────────────────────────────────

    def callback(self, platform: str) -> str:
        """Where the platform sends the person back to."""
        return f"{self._public_url}/connect/{platform}/callback"

    def configured(self) -> Sequence[str]:
        """Names of the platforms that Playout has keys for."""
        return sorted(self._platforms)

    def limits(self, platform: str) -> Limits:
        """What the platform takes from anybody. Raises Invalid for one that there are no keys for."""
        return self._platform(platform).limits

    def logins(self) -> Mapping[str, Sequence[str]]:
        """Of each configured platform its ways to sign in, the usual one first."""
        return {name: self._platforms[name].logins for name in self.configured()}

    def _platform(self, name: str) -> Platform:
        found = self._platforms.get(name)
        if found is None:
            known = ", ".join(self.configured()) or "none"
            sentence = f"Playout has no keys for “{_printable(name)}”. Configured: {known}."
            raise Invalid(
                sentence,
                code="unknown_platform",
                problems=[Problem("unknown_platform", "/platform", sentence)],
            )
        return found


def _lacking(limits: Limits, channels: Sequence[Channel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(need.words for one in channels for need in limits.lacking(one.scopes)))


def _renewals(channel: Channel) -> list[Chore]:
    if channel.renew_at is None:
        return []
    return [Chore(channel.workspace_id, RENEW, channel.id, channel.renew_at)]


def _release(before: Channel, now: datetime) -> list[Chore]:
    """Of a channel that was there already. Put with the record, so that no kill can forget it."""
    return [Chore(before.workspace_id, RELEASE, before.id, now + LOOK_AGAIN)] if before.version else []


def _state_key(state: Secret) -> str:
    return "oauth:" + _hash(state.reveal())


def _verifier(state: Secret) -> Secret:
    """The PKCE verifier follows from the state, so that nothing of it has to be kept."""
    digest = hmac.digest(state.reveal().encode(), b"pkce verifier", "sha256")
    return Secret(base64.urlsafe_b64encode(digest).decode().rstrip("=") + "A" * 10)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _inside(path: str) -> str:
    """Only a path of our own pages: an open redirector would lend our name to anybody."""
    if not _PATH.fullmatch(path):
        sentence = "return_to must be a path on this server, such as /channels."
        raise Invalid(sentence, code="bad_return_to", problems=[Problem("bad_return_to", "/return_to", sentence)])
    return path


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:100]
