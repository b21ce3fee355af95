"""Webhooks as people see them: made, changed, given a new key, tried out, and the log of what was sent."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playout.application.messages import greeting
from playout.application.messenger import SECRET, SEND, Messenger
from playout.application.ports import Chore, Clock, Egress, Page, Store, Vault
from playout.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from playout.domain.ids import new_id
from playout.domain.person import Actor, Scope
from playout.domain.secret import Secret
from playout.domain.webhook import ANNOUNCED, TEST, Sending, SendingState, Webhook

#: Enough for every program that a workspace works with.
MOST = 20
LONGEST_URL = 2048
_PREFIX = "whsec_"  # as Standard Webhooks has it
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class WithSecret:
    """A webhook and its new key, which is shown this once."""

    webhook: Webhook
    secret: Secret


class Webhooks:
    """What faces can do with webhooks. All of it needs the scope admin: addresses may hold secrets."""

    def __init__(self, store: Store, vault: Vault, egress: Egress, messenger: Messenger, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._egress = egress
        self._messenger = messenger
        self._clock = clock

    async def get(self, actor: Actor, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        actor.need(Scope.ADMIN)
        return await self._store.webhooks.get(actor.workspace_id, webhook_id)

    async def list(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Webhook]:
        """Newest first."""
        actor.need(Scope.ADMIN)
        return await self._store.webhooks.list(actor.workspace_id, cursor=cursor, limit=limit)

    async def create(self, actor: Actor, url: str, events: Sequence[str] = ()) -> WithSecret:
        """From now on what happens is sent there; no `events`: all kinds. Raises Invalid, Conflict (`too_many`)."""
        actor.need(Scope.ADMIN)
        self._check(url, events)
        there = await self._store.webhooks.list(actor.workspace_id, limit=MOST)
        if len(there.items) >= MOST:
            msg = f"A workspace has at most {MOST} webhooks. Delete one first."
            raise Conflict(msg, code="too_many_webhooks")
        now = self._clock.now()
        webhook_id = new_id("whk", now)
        data_key = await self._vault.new_key(actor.workspace_id, webhook_id)
        box = await self._vault.unlock(actor.workspace_id, webhook_id, data_key)
        key = secrets.token_bytes(_KEY_BYTES)
        webhook = Webhook(
            id=webhook_id,
            workspace_id=actor.workspace_id,
            url=url,
            created_at=now,
            data_key=data_key,
            secret=box.seal(SECRET, key),
            events=tuple(dict.fromkeys(events)),
        )
        return WithSecret(await self._store.webhooks.save(webhook), _shown(key))

    async def change(
        self,
        actor: Actor,
        webhook_id: str,
        version: int | None,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Changes what is given. Raises Invalid, Stale."""
        before = await self.get(actor, webhook_id)
        if version is not None and version != before.version:
            raise Stale
        after = replace(
            before,
            url=before.url if url is None else url,
            events=before.events if events is None else tuple(dict.fromkeys(events)),
            enabled=before.enabled if enabled is None else enabled,
        )
        self._check(after.url, after.events)
        return await self._store.webhooks.save(after)

    async def remove(self, actor: Actor, webhook_id: str) -> None:
        """With its log; what is still to be sent is not."""
        await self._store.webhooks.remove(await self.get(actor, webhook_id))

    async def rotate(self, actor: Actor, webhook_id: str) -> WithSecret:
        """A new key. The old one signs beside it for a day, so that no message is refused meanwhile."""
        before = await self.get(actor, webhook_id)
        box = await self._vault.unlock(before.workspace_id, before.id, before.data_key)
        key = secrets.token_bytes(_KEY_BYTES)
        rotated = before.rotated(box.seal(SECRET, key), self._clock.now())
        return WithSecret(await self._store.webhooks.save(rotated), _shown(key))

    # ── what was sent ───────────────────────────────────────────────────────────────────────────

    async def log(self, actor: Actor, webhook_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Sending]:
        """Newest first, of the last thirty days."""
        await self.get(actor, webhook_id)
        return await self._store.sendings.list(actor.workspace_id, webhook_id, cursor=cursor, limit=limit)

    async def test(self, actor: Actor, webhook_id: str, *, sending_id: str | None = None) -> Sending:
        """Sends a message of the kind `webhook.test` now, once, and gives what became of it."""
        webhook = await self.get(actor, webhook_id)
        now = self._clock.now()
        name = sending_id or new_id("snd", now)
        sending = Sending(name, actor.workspace_id, webhook.id, TEST, json.dumps(greeting(webhook, now)), now)
        try:
            saved = await self._store.sendings.save(sending)
        except Stale:  # a repeat of the same request
            return await self._store.sendings.get(actor.workspace_id, name)
        return await self._messenger.deliver(saved, webhook, once=True)

    async def replay(self, actor: Actor, webhook_id: str, sending_id: str) -> Sending:
        """Has a message of the log sent again, with all its tries; its id stays."""
        webhook = await self.get(actor, webhook_id)
        sending = await self._store.sendings.get(actor.workspace_id, sending_id)
        if sending.webhook_id != webhook.id:
            raise NotFound("There is no such thing here.")  # as for what is nowhere
        if not webhook.enabled:
            msg = "This webhook is switched off. Switch it on first (`enabled`)."
            raise Conflict(msg, code="switched_off")
        if sending.state is SendingState.PENDING:
            return sending
        now = self._clock.now()
        chore = Chore(sending.workspace_id, SEND, sending.id, now)
        return await self._store.sendings.save(sending.again(now), [chore])

    def _check(self, url: str, events: Sequence[str]) -> None:
        """Raises Invalid."""
        if len(url) > LONGEST_URL:
            sentence = f"An address may have {LONGEST_URL} characters at most."
            raise Invalid(sentence, code="bad_address", problems=[Problem("bad_address", "/url", sentence)])
        unknown = [kind for kind in events if kind not in ANNOUNCED]
        if unknown:
            sentence = f"There is no event “{unknown[0][:50]}”. There are: {', '.join(sorted(ANNOUNCED))}."
            raise Invalid(sentence, code="unknown_event", problems=[Problem("unknown_event", "/events", sentence)])
        self._egress.check(url)


def _shown(key: bytes) -> Secret:
    return Secret(_PREFIX + base64.b64encode(key).decode())
