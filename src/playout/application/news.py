"""News from platforms: webhooks, and what people ask for at the platform: our access ended, their data deleted.

Safe to repeat, in any order: news only says where to look, or which grant to try. What it says of a state is not read
at all, so old news after new makes us look once too often, and no more. A copy of news that had an effect has none for
days (platforms repeat what they think was not heard); whoever keeps a signed body and sends it again later makes us
look once more. A delivery that waits for nothing is not touched.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from playout.application.deletions import Deletion, Deletions
from playout.application.grants import Grants
from playout.application.holding import Holding
from playout.application.ports import Clock, Newscaster, Platform, SignedRequests, Store, Webhook, Withdrawal
from playout.application.ports.platform import Subscriber
from playout.domain import delivery as moves
from playout.domain.channel import Channel, Profile
from playout.domain.errors import Forbidden, NotFound, Stale
from playout.domain.event import happened
from playout.domain.retry import PlatformFailure, Reason, Turn
from playout.domain.secret import Secret

#: For how long copies of news have no effect: platforms repeat theirs for up to 72 hours.
NEWS_KEPT = timedelta(days=4)
_REMOVED = Reason("removed_at_platform", "The account's owner removed Playout at the platform. Reconnect it.", Turn.YOU)
_DELETED = Reason("deleted_at_platform", "The account's owner had its data deleted. Connect an account anew.", Turn.YOU)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a person enters at a platform to get its webhooks."""

    platform: str
    url: str
    verify_token: Secret


class News:
    """What a platform tells us unasked."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        grants: Grants,
        holding: Holding,
        deletions: Deletions,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._public_url = public_url.rstrip("/")
        self._store = store
        self._platforms = platforms
        self._grants = grants
        self._holding = holding
        self._deletions = deletions
        self._clock = clock

    async def arrived(self, platform: str, headers: Mapping[str, str], body: bytes) -> None:
        """A webhook, and all that it tells. Raises NotFound, Forbidden, Invalid."""
        adapter = self._platforms.get(platform)
        caster: object = adapter
        if adapter is None or not isinstance(caster, Newscaster):
            msg = "This platform sends no webhooks."
            raise NotFound(msg)
        for one in caster.news(headers, body, self._clock.now()):
            await self._hear(adapter, one)

    def subscribed(self, platform: str, query: Sequence[tuple[str, str]]) -> str:
        """A platform asks whether this address wants its webhooks; the answer. Raises NotFound, Forbidden."""
        adapter: object = self._platforms.get(platform)
        if not isinstance(adapter, Subscriber):
            msg = "This platform asks nothing before it sends webhooks."
            raise NotFound(msg)
        return adapter.subscribed(query)

    def subscriptions(self) -> Sequence[Subscription]:
        """Of every platform that asks."""
        asking = [(name, one) for name, one in self._platforms.items() if isinstance(one, Subscriber)]
        return [Subscription(name, f"{self._public_url}/hooks/{name}", one.verify_token) for name, one in asking]

    async def withdrawn(self, withdrawal: Withdrawal, signed_request: str) -> str:
        """A person removed our app, or wants their data gone. Gives the code of a deletion, "" for anything else.

        The same answer whether we know the person or not. Raises Forbidden unless one of our platforms signed it.
        """
        known = [(one, person) for one in self._platforms.values() if (person := self._signed_by(one, signed_request))]
        if not known:
            msg = "This is not signed by a platform that Playout knows."
            raise Forbidden(msg, code="bad_signature")
        for adapter, person in known:
            async for channel in self._channels(adapter, person):
                if withdrawal is Withdrawal.DELETION:
                    await self._delete(channel)
                elif channel.connected and await self._is_removed(channel, adapter):
                    await self._holding.broke(channel, _REMOVED)
        return await self._confirmed() if withdrawal is Withdrawal.DELETION else ""

    def deletion_url(self, code: str) -> str:
        """Where a person can see that it was done."""
        return f"{self._public_url}/hooks/meta/deletion/{code}"

    async def deleted_at(self, code: str) -> datetime:
        """When the deletion behind a confirmation code was done. Raises NotFound."""
        at = (await self._deletions.get(code)).finished_at
        if at is None:
            msg = "This deletion is not done yet."
            raise NotFound(msg)
        return at

    # ── webhooks ─────────────────────────────────────────────────────────────────────────────────

    async def _hear(self, adapter: Platform, news: Webhook) -> None:
        """Noted as heard only afterwards: a crash in between leaves it to the next copy."""
        note = f"news:{adapter.name}:{hashlib.sha256(news.id.encode(errors='replace')).hexdigest()}"
        now = self._clock.now()
        if await self._store.ephemera.get(note, now) is None and await self._acted(adapter, news):
            await self._store.ephemera.put_new(note, "", now + NEWS_KEPT, now)

    async def _acted(self, adapter: Platform, news: Webhook) -> bool:
        """Looks, or has somebody look; False where nobody is there for whom it is news."""
        if news.removed:
            return await self._ask_after(adapter, news.account, news.removed.reason)
        return news.handle is not None and await self._nudge(adapter.name, news.handle)

    async def _ask_after(self, adapter: Platform, account: str, why: Reason) -> bool:
        """Whether an account of this name was connected; each is held if its grant is dead indeed."""
        asked = False
        async for channel in self._channels(adapter, account):
            if channel.connected:
                asked = True
                if await self._is_removed(channel, adapter):
                    await self._holding.broke(channel, why)
        return asked

    async def _nudge(self, platform: str, handle: str) -> bool:
        """Whether a delivery was waiting, which now comes at once."""
        about = await self._store.deliveries.by_handle(platform, handle)
        if about is None:
            return False
        delivery = await self._store.deliveries.get(about.workspace_id, about.id)
        nudged = moves.nudge(delivery, self._clock.now())
        if nudged is delivery:
            return False
        try:
            await self._store.deliveries.save(nudged)
        except Stale:
            return False  # somebody works on it: they will see
        return True

    # ── what people ask for ──────────────────────────────────────────────────────────────────────

    def _signed_by(self, adapter: object, signed_request: str) -> str | None:
        if not isinstance(adapter, SignedRequests):
            return None
        try:
            return adapter.withdrawn_by(signed_request, self._clock.now())
        except Forbidden:
            return None

    async def _channels(self, adapter: Platform, called: str) -> AsyncIterator[Channel]:
        for ref in await self._store.channels.by_account(adapter.name, called):
            yield await self._store.channels.get(ref.workspace_id, ref.id)

    async def _is_removed(self, channel: Channel, adapter: Platform) -> bool:
        """Whether the grant is dead, as the news says: news may be late, and of a grant before this one."""
        try:
            opened = await self._grants.open(channel)
            await adapter.profile(opened.grant)
        except PlatformFailure:
            return True  # refused, or not to be reached: then the news is believed
        return False

    async def _delete(self, channel: Channel) -> None:
        """Grant, key and everything the platform told us of the account; what is scheduled is held."""
        blank = Profile(f"deleted-{channel.id}", "", "Deleted account")
        event = happened(channel, "channel.deleted_at_platform", self._clock.now(), why=_DELETED)
        try:
            await self._store.channels.save(replace(channel.disconnected(), profile=blank), events=[event])
        except Stale:
            await self._delete(await self._store.channels.get(channel.workspace_id, channel.id))
        else:
            await self._holding.hold_all(channel, _DELETED)

    async def _confirmed(self) -> str:
        now = self._clock.now()
        return (await self._deletions.keep(Deletion(secrets.token_urlsafe(12), now, now))).id
