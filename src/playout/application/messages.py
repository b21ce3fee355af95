"""What webhooks are told: `type`, `timestamp`, and the thing that it happened to, as far as others may know it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from playout.application.ports import Store
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, JsonValue
from playout.domain.event import Event
from playout.domain.post import Post
from playout.domain.retry import Reason
from playout.domain.video import Video
from playout.domain.webhook import TEST, Webhook

Told: TypeAlias = dict[str, JsonValue]


async def message_of(event: Event, store: Store, now: datetime) -> Told:
    """The body for an event. The thing is shown as it stands now. Raises NotFound where it is gone."""
    noun = event.kind.partition(".")[0]
    return {
        "type": event.kind,
        "timestamp": _time(event.at),
        "data": {
            "event_id": event.id,
            "workspace_id": event.workspace_id,
            noun: await _subject(noun, event, store, now),
        },
    }


def greeting(webhook: Webhook, now: datetime) -> Told:
    """The body of a test."""
    data: Told = {"webhook_id": webhook.id, "message": "It works: this is a test from Playout."}
    return {"type": TEST, "timestamp": _time(now), "data": data}


async def _subject(noun: str, event: Event, store: Store, now: datetime) -> Told:
    where = event.workspace_id, event.subject_id
    match noun:
        case "delivery":
            return _delivery(await store.deliveries.get(*where), event)
        case "post":
            return _post(await store.posts.get(*where))
        case "channel":
            return _channel(await store.channels.get(*where), now)
        case _:
            return _video(await store.videos.get(*where))


def _delivery(one: Delivery, event: Event) -> Told:
    receipt = one.receipt
    return {
        "id": one.id,
        "post_id": one.post_id,
        "channel_id": one.channel_id,
        "platform": one.platform,
        "state": event.state or one.state.value,
        "scheduled_at": _time(one.scheduled_at),
        "remote_id": receipt.remote_id if receipt else None,
        "url": receipt.url if receipt else None,
        "published_at": _time(receipt.published_at) if receipt else None,
        "reason": _reason(one.reason),
    }


def _post(one: Post) -> Told:
    return {
        "id": one.id,
        "video_id": one.video_id,
        "scheduled_at": _time(one.scheduled_at) if one.scheduled_at else None,
        "timezone": one.timezone,
        "channel_ids": [to.channel_id for to in one.destinations],
    }


def _channel(one: Channel, now: datetime) -> Told:
    return {
        "id": one.id,
        "platform": one.platform,
        "username": one.profile.username,
        "state": one.state(now).value,
        "reason": _reason(one.trouble),
    }


def _video(one: Video) -> Told:
    problems: list[JsonValue] = [{"code": found.code, "message": found.message} for found in one.problems]
    return {"id": one.id, "state": one.state.value, "filename": one.filename, "size": one.size, "problems": problems}


def _reason(one: Reason | None) -> Mapping[str, JsonValue] | None:
    return {"code": one.code, "message": one.message, "whose_turn": one.whose_turn.value} if one else None


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
