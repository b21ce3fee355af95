"""Records as objects for programs: the field names of the REST API, times in UTC."""

from datetime import UTC, datetime, timedelta

from playout.application.channels import Offer
from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, JsonValue
from playout.domain.event import Event
from playout.domain.person import Token, Workspace
from playout.domain.post import Destination, Post, state_of
from playout.domain.retry import Reason
from playout.domain.video import Rendition, Video

Record = dict[str, JsonValue]


def time(at: datetime | None) -> str | None:
    """RFC 3339, UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def channel(one: Channel, now: datetime) -> Record:
    """A connected account."""
    return {
        "id": one.id,
        "platform": one.platform,
        "remote_id": one.profile.remote_id,
        "username": one.profile.username,
        "display_name": one.profile.display_name,
        "avatar_url": one.profile.avatar_url,
        "state": one.state(now).value,
        "scopes": list(one.scopes),
        "expires_at": time(one.expires_at),
        "last_published_at": time(one.last_published_at),
        "connected_at": time(one.connected_at),
        "created_at": time(one.created_at),
        "reason": reason(one.trouble),
    }


def options(offer: Offer) -> Record:
    """What the platform offers this account right now, beside what it takes from anybody."""
    live, blocked = offer.live, offer.live.blocked
    return {
        "channel_id": offer.channel.id,
        "platform": offer.channel.platform,
        "choices": {name: list(values) for name, values in live.choices.items()},
        "refused": dict(live.refused),
        "most_seconds": live.most_seconds,
        "blocked": {"code": blocked.code, "message": blocked.message} if blocked else None,
        "shown": dict(live.shown),
        "options": choices(offer),
    }


def choices(offer: Offer) -> dict[str, Record]:
    """All options of a post there, with what is offered now."""
    live = offer.live
    offered = {name: live.choices.get(name, choice.values) for name, choice in offer.limits.choices.items()}
    return {
        name: {
            "kind": choice.kind.__name__,
            "required": choice.required,
            "values": list(values) if (values := offered[name]) is not None else None,
            "refused": live.refused.get(name),
        }
        for name, choice in offer.limits.choices.items()
    }


def video(one: Video) -> Record:
    """A file taken in, with what was found in it."""
    facts = one.facts
    return {
        "id": one.id,
        "state": one.state.value,
        "filename": one.filename,
        "size": one.size,
        "sha256": one.sha256,
        "duration": facts.duration if facts else None,
        "width": facts.width if facts else None,
        "height": facts.height if facts else None,
        "fps": facts.fps if facts else None,
        "video_codec": facts.video_codec if facts else None,
        "audio_codec": facts.audio_codec if facts else None,
        "problems": [{"code": problem.code, "message": problem.message} for problem in one.problems],
        "renditions": [rendition(copy) for copy in one.renditions],
        "created_at": time(one.created_at),
    }


def rendition(one: Rendition) -> Record:
    """A copy that was made to fit a platform."""
    return {"name": one.name, "state": one.state.value, "size": one.size, "reason": reason(one.reason)}


def workspace(one: Workspace) -> Record:
    """What holds for all of its posts."""
    hours = one.late_after / timedelta(hours=1)
    return {
        "id": one.id,
        "name": one.name,
        "late_posts": one.late_posts.value,
        "late_after_hours": hours,
        "approval": one.approval,
    }


def post(one: Post, deliveries: tuple[Delivery, ...]) -> Record:
    """A post with its deliveries."""
    return {
        "id": one.id,
        "state": state_of(one, deliveries).value,
        "caption": one.caption,
        "title": one.title,
        "hashtags": list(one.hashtags),
        "scheduled_at": time(one.scheduled_at),
        "timezone": one.timezone,
        "video_id": one.video_id,
        "destinations": [_destination(destination) for destination in one.destinations],
        "deliveries": [delivery(each) for each in deliveries],
        "created_at": time(one.created_at),
        "version": one.version,
    }


def delivery(one: Delivery) -> Record:
    """One post to one channel."""
    receipt = one.receipt
    return {
        "id": one.id,
        "post_id": one.post_id,
        "channel_id": one.channel_id,
        "platform": one.platform,
        "state": one.state.value,
        "status": one.state.status,
        "progress": {"sent": one.sent, "total": one.total},
        "due_at": time(one.due_at),
        "scheduled_at": time(one.scheduled_at),
        "remote_id": receipt.remote_id if receipt else None,
        "url": receipt.url if receipt else None,
        "published_at": time(receipt.published_at) if receipt else None,
        "reason": reason(one.reason),
        "attempts": one.attempts,
        "created_at": time(one.created_at),
        "version": one.version,
    }


def event(one: Event) -> Record:
    """One line of history."""
    return {
        "id": one.id,
        "kind": one.kind,
        "at": time(one.at),
        "state": one.state,
        "code": one.code,
        "message": one.message,
        "milliseconds": one.milliseconds,
    }


def token(one: Token) -> Record:
    """An API token, without its secret."""
    return {
        "id": one.id,
        "name": one.name,
        "hint": one.hint,
        "scopes": [*sorted(scope.value for scope in one.scopes)],
        "created_at": time(one.created_at),
        "expires_at": time(one.expires_at),
        "last_used_at": time(one.last_used_at),
    }


def reason(one: Reason | None) -> Record | None:
    """Why something is where it is."""
    return {"code": one.code, "message": one.message, "whose_turn": one.whose_turn.value} if one else None


def _destination(one: Destination) -> Record:
    return {
        "channel_id": one.channel_id,
        "caption": one.caption,
        "title": one.title,
        "options": dict(one.options),
        "fit": one.fit and one.fit.value,
    }
