"""/webhooks: who is told what happens, and what was sent to them."""

import json
from typing import Annotated

from fastapi import Depends, Request, Response

from playout.api import etags, schemas
from playout.api.hall import Caller, Hall, MadeId
from playout.api.paging import Asked, paging
from playout.api.refusals import ETAG, GUARDED, POSTED, refusals
from playout.api.routes import api_router, keep_instead
from playout.api.schemas_webhooks import NewWebhook, WebhookChange, WebhookDelivery, WebhookWithSecret
from playout.api.schemas_webhooks import Webhook as ShownWebhook
from playout.api.words import SendingId, WebhookId
from playout.application.webhooks import WithSecret
from playout.domain.errors import Conflict
from playout.domain.webhook import Sending, Webhook

router = api_router("/webhooks", "webhooks")

_TAGGED = {"headers": ETAG}
ALREADY = "This request gave a secret already; it is shown once and not kept. Ask for a new one: POST …/rotate."


@router.get("", responses=GUARDED)
async def listed(
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("whk"))]
) -> schemas.PageOf[ShownWebhook]:
    """The workspace's webhooks, newest first. Scope: admin."""
    return asked.answer(await hall.webhooks.list(who, cursor=asked.cursor, limit=asked.limit), shown)


@router.post("", status_code=201, responses=POSTED)
async def create(body: NewWebhook, request: Request, who: Caller, hall: Hall) -> WebhookWithSecret:
    """From now on what happens is sent there, signed by Standard Webhooks. `secret` is shown this once. Scope: admin.

    Sent at least once, in no order, for up to three days until it is answered by 2xx; 410 switches the webhook off.
    No secret is kept for an Idempotency-Key: a repeat gets 409 `secret_already_shown`.
    """
    made = await hall.webhooks.create(who, body.url, body.events)
    keep_instead(request, Conflict(ALREADY, code="secret_already_shown"))
    return _with_secret(made)


@router.get("/{webhook_id}", responses=GUARDED | refusals(404) | {200: _TAGGED})
async def one(webhook_id: WebhookId, who: Caller, hall: Hall, response: Response) -> ShownWebhook:
    """One webhook. Scope: admin."""
    return _tagged(await hall.webhooks.get(who, webhook_id), response)


@router.patch("/{webhook_id}", responses=POSTED | refusals(404, 412) | {200: _TAGGED})
async def change(
    webhook_id: WebhookId, body: WebhookChange, who: Caller, hall: Hall, response: Response, if_match: etags.IfMatch
) -> ShownWebhook:
    """Changes the fields that are given. Scope: admin."""
    before = await hall.webhooks.get(who, webhook_id)
    etags.match(if_match, etags.make(before.version))
    changed = await hall.webhooks.change(
        who, webhook_id, before.version, url=body.url, events=body.events, enabled=body.enabled
    )
    return _tagged(changed, response)


@router.delete("/{webhook_id}", status_code=204, responses=GUARDED | refusals(404, 409))
async def remove(webhook_id: WebhookId, who: Caller, hall: Hall) -> None:
    """With its log. What was still to be sent is not. Scope: admin."""
    await hall.webhooks.remove(who, webhook_id)


@router.post("/{webhook_id}/rotate", responses=POSTED | refusals(404))
async def rotate(webhook_id: WebhookId, request: Request, who: Caller, hall: Hall) -> WebhookWithSecret:
    """A new secret, shown this once. For a day the former one signs beside it. Scope: admin."""
    made = await hall.webhooks.rotate(who, webhook_id)
    keep_instead(request, Conflict(ALREADY, code="secret_already_shown"))
    return _with_secret(made)


@router.post("/{webhook_id}/test", responses=POSTED | refusals(404))
async def test(
    webhook_id: WebhookId, who: Caller, hall: Hall, sending_id: Annotated[str | None, Depends(MadeId("snd"))]
) -> WebhookDelivery:
    """Sends a message of the kind `webhook.test` now, once; the answer says what became of it. Scope: admin."""
    return _sent(await hall.webhooks.test(who, webhook_id, sending_id=sending_id))


@router.get("/{webhook_id}/deliveries", responses=GUARDED | refusals(404))
async def log(
    webhook_id: WebhookId, who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("snd"))]
) -> schemas.PageOf[WebhookDelivery]:
    """What was sent there in the last thirty days, newest first. Scope: admin."""
    return asked.answer(await hall.webhooks.log(who, webhook_id, cursor=asked.cursor, limit=asked.limit), _sent)


@router.post("/{webhook_id}/deliveries/{sending_id}/replay", status_code=202, responses=POSTED | refusals(404))
async def replay(webhook_id: WebhookId, sending_id: SendingId, who: Caller, hall: Hall) -> WebhookDelivery:
    """Has a message sent again, under its own id, with all its tries. Scope: admin."""
    return _sent(await hall.webhooks.replay(who, webhook_id, sending_id))


def shown(one: Webhook) -> ShownWebhook:
    """As it is sent: never with a secret."""
    return ShownWebhook(
        id=one.id,
        url=one.url,
        events=list(one.events),
        enabled=one.enabled,
        created_at=one.created_at,
        former_secret_until=one.former_until,
        version=one.version,
    )


def _tagged(one: Webhook, response: Response) -> ShownWebhook:
    response.headers["ETag"] = etags.make(one.version)
    return shown(one)


def _with_secret(made: WithSecret) -> WebhookWithSecret:
    return WebhookWithSecret(**dict(shown(made.webhook)), secret=made.secret.reveal())


def _sent(one: Sending) -> WebhookDelivery:
    return WebhookDelivery(
        id=one.id,
        webhook_id=one.webhook_id,
        event=one.kind,
        state=one.state,
        tries=one.tries,
        status=one.status,
        code=one.code or None,
        created_at=one.created_at,
        last_at=one.last_at,
        next_at=one.due_at,
        body=json.loads(one.body),
    )
