"""/calendar, /results, and the slots of channels: when things go out, and what became of them."""

from datetime import time
from typing import Annotated

from fastapi import Query, Response

from playout.api import deliveries, etags
from playout.api import schemas_calendar as schemas
from playout.api.hall import Caller, Hall
from playout.api.refusals import ETAG, GUARDED, refusals
from playout.api.routes import api_router
from playout.api.words import ChannelId, DeliveryId, GivenTime
from playout.application.shown import Shown
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery
from playout.domain.post import state_of
from playout.domain.slots import Day, Slot, Slots

calendar = api_router("/calendar", "calendar")
results = api_router("/results", "results")
slots = api_router("/channels/{channel_id}/slots", "slots")
metrics = api_router("/deliveries/{delivery_id}/metrics", "results")

_TAGGED = {"headers": ETAG}
From = Annotated[GivenTime, Query(alias="from", description="RFC 3339, with offset.")]
To = Annotated[GivenTime, Query(alias="to", description="RFC 3339, with offset; at most 100 days after `from`.")]


@calendar.get("", responses=GUARDED)
async def between(who: Caller, hall: Hall, start: From, end: To) -> schemas.Calendar:
    """Posts with a time from `from` to before `to`, drafts and what waits for approval too. Scope: read."""
    stretch = await hall.calendar.between(who, start, end)
    return schemas.Calendar(items=list(map(_entry, stretch.entries)), more_from=stretch.more_from)


@results.get("", responses=GUARDED)
async def published(who: Caller, hall: Hall, start: From, end: To) -> schemas.Results:
    """What was scheduled from `from` to before `to` and is published, with its numbers. Scope: read."""
    found = await hall.calendar.results(who, start, end)
    items = [schemas.Result(delivery=deliveries.shown(one), metrics=None) for one in found.deliveries]
    return schemas.Results(items=items, more_from=found.more_from)


@metrics.get("", responses=GUARDED | refusals(404))
async def numbers(delivery_id: DeliveryId, who: Caller, hall: Hall) -> schemas.Metrics:
    """The numbers of one publication, as collected. Scope: read."""
    delivery = await hall.deliveries.get(who, delivery_id)
    return schemas.Metrics(delivery_id=delivery.id, latest=None)


# ── slots ────────────────────────────────────────────────────────────────────────────────────────


@slots.get("", responses=GUARDED | refusals(404) | {200: _TAGGED})
async def week(channel_id: ChannelId, who: Caller, hall: Hall, response: Response) -> schemas.ShownWeek:
    """The channel's weekly slots. Scope: read."""
    return _tagged(await hall.slots.get(who, channel_id), response)


@slots.put("", responses=GUARDED | refusals(404, 409, 412, 415) | {200: _TAGGED})
async def put(
    channel_id: ChannelId, body: schemas.Week, who: Caller, hall: Hall, response: Response, if_match: etags.IfMatch
) -> schemas.ShownWeek:
    """Another week instead. What is scheduled stays where it is. Scopes: read, write."""
    before = await hall.slots.get(who, channel_id)
    etags.match(if_match, _etag(_week(before)))
    instead_of = before.slots if if_match else None
    return _tagged(await hall.slots.put(who, channel_id, _wanted(body), instead_of=instead_of), response)


@slots.get("/next", responses=GUARDED | refusals(404))
async def upcoming(
    channel_id: ChannelId,
    who: Caller,
    hall: Hall,
    limit: Annotated[int, Query(ge=1, le=50, description="At most so many.")] = 5,
) -> schemas.NextSlots:
    """The next free times: slots at which this channel has nothing else. Scope: read."""
    queue = await hall.slots.next(who, channel_id, limit)
    return schemas.NextSlots(
        channel_id=queue.channel.id,
        timezone=queue.channel.slots.timezone,
        at=next(iter(queue.free), None),
        upcoming=list(queue.free),
    )


def _tagged(channel: Channel, response: Response) -> schemas.ShownWeek:
    told = _week(channel)
    response.headers["ETag"] = _etag(told)
    return told


def _etag(week: schemas.ShownWeek) -> str:
    """Of the week alone: the channel itself is saved at every renewal."""
    return etags.of(week)


def _wanted(body: schemas.Week) -> Slots:
    times = [Slot(Day[one.day.upper()], time.fromisoformat(one.time)) for one in body.slots]
    return Slots(body.timezone, tuple(times), body.paused)


def _week(channel: Channel) -> schemas.ShownWeek:
    return schemas.ShownWeek(
        channel_id=channel.id,
        timezone=channel.slots.timezone,
        slots=[schemas.ShownSlot(day=_day(one.day), time=f"{one.at:%H:%M}") for one in channel.slots.slots],
        paused=channel.slots.paused,
    )


_DAYS: tuple[schemas.DayName, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _day(day: Day) -> schemas.DayName:
    return _DAYS[day]


def _entry(one: Shown) -> schemas.CalendarEntry:
    return schemas.CalendarEntry(
        at=one.post.scheduled_at,
        post_id=one.post.id,
        state=state_of(one.post, one.deliveries),
        caption=one.post.caption,
        title=one.post.title,
        timezone=one.post.timezone,
        video_id=one.post.video_id,
        channel_ids=[to.channel_id for to in one.post.destinations],
        deliveries=list(map(_made, one.deliveries)),
    )


def _made(one: Delivery) -> schemas.CalendarDelivery:
    return schemas.CalendarDelivery(
        id=one.id,
        channel_id=one.channel_id,
        platform=one.platform,
        state=one.state,
        status=one.state.status,
        url=one.receipt.url if one.receipt else None,
    )
