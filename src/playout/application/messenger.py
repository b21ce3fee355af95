"""Carries what happened to the webhooks that asked for it: at least once, signed, for up to three days.

An event puts the chore ANNOUNCE in the step that writes it (`ports/store.py`); that makes one Sending for each webhook,
and each has the chore SEND. The form is Standard Webhooks 1.0 (https://www.standardwebhooks.com): the same id at every
try, so that whoever gets a message twice can tell.
"""

import base64
import hashlib
import hmac
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from playout.application.messages import message_of
from playout.application.ports import Chore, Clock, Egress, Reply, Store, Vault
from playout.application.ports.egress import UNREACHABLE
from playout.domain.errors import Invalid, Stale, Unavailable
from playout.domain.ids import derived_id
from playout.domain.webhook import TEST, Sending, SendingState, Webhook, wait_after

log = logging.getLogger(__name__)

#: The chore that sends.
SEND = "send"
#: The field under which keys are sealed.
SECRET = "webhook.secret"  # noqa: S105 -- the name of a field
#: For so long the log keeps what was sent.
KEPT = timedelta(days=30)
#: A slow host must not hold all hands of a process, nor one workspace all that send.
AT_ONCE = 16
AT_ONCE_FOR_ONE = 4
SOON = timedelta(seconds=2)
#: A host may ask for a longer pause, but not for a day.
LONGEST_PAUSE = timedelta(hours=6)
_JITTER = 0.1
_GONE = 410


class Messenger:
    """Handlers of the chores ANNOUNCE and SEND."""

    def __init__(self, store: Store, vault: Vault, egress: Egress, clock: Clock, random: Random) -> None:
        self._store = store
        self._vault = vault
        self._egress = egress
        self._clock = clock
        self._random = random
        self._under_way: Counter[str] = Counter()  # by workspace

    async def announce(self, chore: Chore) -> None:
        """Makes a message for every webhook that wants this event. Safe to repeat: ids follow from the event's."""
        subject_id, _, event_id = chore.subject_id.partition(".")
        event = await self._store.events.get(chore.workspace_id, subject_id, event_id)
        wanting = [one async for one in self._webhooks(chore.workspace_id) if one.wants(event.kind)]
        if not wanting:
            return
        body = json.dumps(await message_of(event, self._store, self._clock.now()), ensure_ascii=False)
        for webhook in wanting:
            name = derived_id("snd", event.id, webhook.id)
            now = self._clock.now()
            sending = Sending(name, event.workspace_id, webhook.id, event.kind, body, now, due_at=now)
            try:
                await self._store.sendings.save(sending, [Chore(event.workspace_id, SEND, name, now)])
            except Stale:
                log.debug("webhook.announced_before")

    async def send(self, chore: Chore) -> datetime | None:
        """One try."""
        sending = await self._store.sendings.get(chore.workspace_id, chore.subject_id)
        if sending.state is not SendingState.PENDING:
            return None
        webhook = await self._store.webhooks.get(sending.workspace_id, sending.webhook_id)
        if self._under_way.total() >= AT_ONCE or self._under_way[webhook.workspace_id] >= AT_ONCE_FOR_ONE:
            return self._clock.now() + SOON
        self._under_way[webhook.workspace_id] += 1
        try:
            return (await self.deliver(sending, webhook)).due_at
        except Stale:  # replayed or removed meanwhile: it is looked at again
            return self._clock.now() + SOON
        finally:
            self._under_way[webhook.workspace_id] -= 1

    async def deliver(self, sending: Sending, webhook: Webhook, *, once: bool = False) -> Sending:
        """Sends it now and saves what became of it. `once`: there will be no other try. Raises Stale."""
        if not webhook.wants(sending.kind):
            return await self._store.sendings.save(sending.missed("switched_off", None, self._clock.now(), None))
        try:
            reply = await self._post(sending, webhook)
        except Unavailable as error:
            if error.code != UNREACHABLE:
                raise
            tried = self._missed(sending, error.code, None, once=once)
        except Invalid as error:  # where a name leads may change, so this is tried again too
            tried = self._missed(sending, error.code, None, once=once)
        else:
            tried = await self._answered(sending, webhook, reply, once=once)
        return await self._store.sendings.save(tried)

    async def sweep(self) -> int:
        """Forgets what was sent long ago."""
        return await self._store.sendings.sweep(self._clock.now() - KEPT)

    async def _post(self, sending: Sending, webhook: Webhook) -> Reply:
        now = self._clock.now()
        body = sending.body.encode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": sending.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": await self._signatures(sending, webhook, now),
        }
        return await self._egress.post(webhook.url, headers=headers, body=body)

    async def _signatures(self, sending: Sending, webhook: Webhook, now: datetime) -> str:
        """By the key, and by the one before it while that still counts."""
        box = await self._vault.unlock(webhook.workspace_id, webhook.id, webhook.data_key)
        sealed = [webhook.secret]
        if webhook.former_secret and webhook.former_until and webhook.former_until > now:
            sealed.append(webhook.former_secret)
        signed = f"{sending.id}.{int(now.timestamp())}.{sending.body}".encode()
        return " ".join(_signature(box.open(SECRET, one), signed) for one in sealed)

    async def _answered(self, sending: Sending, webhook: Webhook, reply: Reply, *, once: bool) -> Sending:
        if 200 <= reply.status < 300:  # noqa: PLR2004 -- what HTTP calls success
            return sending.arrived(reply.status, self._clock.now())
        if reply.status == _GONE and sending.kind != TEST:
            await self._switch_off(webhook)
            return sending.missed("gone", reply.status, self._clock.now(), None)
        return self._missed(sending, f"http_{reply.status}", reply.status, once=once, asked=reply.retry_after)

    def _missed(
        self, sending: Sending, code: str, status: int | None, *, once: bool, asked: timedelta | None = None
    ) -> Sending:
        planned = None if once else wait_after(sending.tries + 1)
        if planned is not None:
            planned *= self._random.uniform(1 - _JITTER, 1 + _JITTER)
            planned = max(planned, min(asked or planned, LONGEST_PAUSE))
        return sending.missed(code, status, self._clock.now(), planned)

    async def _switch_off(self, webhook: Webhook) -> None:
        """Its host says that it is gone for good, as Standard Webhooks has it."""
        try:
            await self._store.webhooks.save(replace(webhook, enabled=False))
        except Stale:
            log.info("webhook.changed_meanwhile")

    async def _webhooks(self, workspace_id: str) -> AsyncIterator[Webhook]:
        cursor = None
        while True:
            page = await self._store.webhooks.list(workspace_id, cursor=cursor, limit=100)
            for one in page.items:
                yield one
            cursor = page.next_cursor
            if cursor is None:
                return


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
