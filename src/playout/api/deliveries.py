"""/deliveries: one post to one channel, as far as it is."""

from typing import Annotated

from fastapi import Depends, Query

from playout.api import schemas
from playout.api.channels import reason
from playout.api.hall import Caller, Hall
from playout.api.paging import Asked, paging
from playout.api.refusals import GUARDED, POSTED, refusals
from playout.api.routes import api_router
from playout.api.words import DeliveryId, id_pattern
from playout.domain.delivery import Delivery, State
from playout.domain.event import Event

router = api_router("/deliveries", "deliveries")

States = Annotated[list[State], Query(description="Only these; may be given several times.")]
OfChannel = Annotated[str | None, Query(pattern=id_pattern("chn"), description="Only of this channel.")]
OfPost = Annotated[str | None, Query(pattern=id_pattern("pst"), description="Only of this post.")]


@router.get("", responses=GUARDED)
async def listed(
    who: Caller,
    hall: Hall,
    asked: Annotated[Asked, Depends(paging("dlv"))],
    state: States = [],  # noqa: B006 -- FastAPI reads the default from here and never hands this list out
    channel_id: OfChannel = None,
    post_id: OfPost = None,
) -> schemas.PageOf[schemas.Delivery]:
    """The workspace's deliveries, newest first. Scope: read."""
    page = await hall.deliveries.list(
        who, states=state, channel_id=channel_id, post_id=post_id, cursor=asked.cursor, limit=asked.limit
    )
    return asked.answer(page, shown)


@router.get("/{delivery_id}", responses=GUARDED | refusals(404))
async def one(delivery_id: DeliveryId, who: Caller, hall: Hall) -> schemas.Delivery:
    """One delivery. Scope: read."""
    return shown(await hall.deliveries.get(who, delivery_id))


@router.get("/{delivery_id}/events", responses=GUARDED | refusals(404))
async def events(
    delivery_id: DeliveryId, who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("evt"))]
) -> schemas.PageOf[schemas.Event]:
    """What happened, oldest first. Scope: read."""
    page = await hall.deliveries.events(who, delivery_id, cursor=asked.cursor, limit=asked.limit)
    return asked.answer(page, _event)


@router.post("/{delivery_id}/retry", responses=POSTED | refusals(404))
async def retry(delivery_id: DeliveryId, who: Caller, hall: Hall) -> schemas.Delivery:
    """From the start again, where it is known that nothing was published; else 409 `unsafe_to_repeat`.

    Scope: publish.
    """
    return shown(await hall.deliveries.retry(who, delivery_id))


@router.post("/{delivery_id}/check", responses=POSTED | refusals(404))
async def check(delivery_id: DeliveryId, who: Caller, hall: Hall) -> schemas.Delivery:
    """Asks the platform once more what became of an unconfirmed one. Never sends anything. Scope: publish."""
    return shown(await hall.deliveries.check(who, delivery_id))


@router.post("/{delivery_id}/resolve", responses=POSTED | refusals(404))
async def resolve(delivery_id: DeliveryId, body: schemas.Resolution, who: Caller, hall: Hall) -> schemas.Delivery:
    """A person's answer to an unconfirmed one: it is there, or it is not. Scope: publish."""
    return shown(await hall.deliveries.resolve(who, delivery_id, published=body.published, url=body.url))


def shown(delivery: Delivery) -> schemas.Delivery:
    """As it is sent."""
    receipt = delivery.receipt
    return schemas.Delivery(
        id=delivery.id,
        post_id=delivery.post_id,
        channel_id=delivery.channel_id,
        platform=delivery.platform,
        state=delivery.state,
        status=delivery.state.status,
        progress=schemas.Progress(sent=delivery.sent, total=delivery.total),
        due_at=delivery.due_at,
        scheduled_at=delivery.scheduled_at,
        remote_id=receipt.remote_id if receipt else None,
        url=receipt.url if receipt else None,
        published_at=receipt.published_at if receipt else None,
        reason=reason(delivery.reason),
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        version=delivery.version,
    )


def _event(event: Event) -> schemas.Event:
    return schemas.Event(
        id=event.id,
        kind=event.kind,
        at=event.at,
        state=event.state,
        code=event.code,
        message=event.message,
        milliseconds=event.milliseconds,
    )
