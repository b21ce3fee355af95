"""Records as they stand in an export: by a list of fields that may leave, so that no secret leaves with them.

No grant, key, hash or checkpoint is named here, nor what only our own machinery needs (versions, keys of files).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from playout.domain.channel import Channel
from playout.domain.delivery import Delivery, JsonValue, Receipt
from playout.domain.event import Event
from playout.domain.person import Token, Workspace
from playout.domain.post import Approval, Consent, Destination, Post
from playout.domain.retry import Reason
from playout.domain.slots import Slots
from playout.domain.video import Rendition, Video
from playout.domain.webhook import Webhook

Record: TypeAlias = Mapping[str, JsonValue]

#: Longer in bytes no file system takes a name, with room for what people put before it.
_LONGEST_NAME = 150
#: What a name may have beside letters and digits, on every system that unpacks a zip.
_MARKS = frozenset(" ._-()+,&@#!'")
#: Windows opens a device instead (learn.microsoft.com/windows/win32/fileio/naming-a-file).
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789")}
)


def workspace(one: Workspace) -> Record:
    """What holds for all of its posts."""
    return {
        "id": one.id,
        "name": one.name,
        "created_at": time(one.created_at),
        "late_posts": one.late_posts.value,
        "late_after_hours": one.late_after / timedelta(hours=1),
        "approval": one.approval,
    }


def channel(one: Channel, now: datetime) -> Record:
    """A connected account, without what it was granted."""
    return {
        "id": one.id,
        "platform": one.platform,
        "remote_id": one.profile.remote_id,
        "owner_id": one.profile.owner_id,
        "username": one.profile.username,
        "display_name": one.profile.display_name,
        "avatar_url": one.profile.avatar_url,
        "state": one.state(now).value,
        "scopes": list(one.scopes),
        "created_at": time(one.created_at),
        "connected_at": time(one.connected_at),
        "expires_at": time(one.expires_at),
        "last_published_at": time(one.last_published_at),
        "reason": _reason(one.trouble),
        "slots": _slots(one.slots),
    }


def video(one: Video) -> Record:
    """A file taken in. `file`: where in the zip it is."""
    return {
        "id": one.id,
        "state": one.state.value,
        "file": place(one) if one.sha256 else None,
        "filename": one.filename,
        "size": one.size,
        "sha256": one.sha256,
        "created_at": time(one.created_at),
        "facts": asdict(one.facts) if one.facts else None,
        "problems": [{"code": problem.code, "message": problem.message} for problem in one.problems],
        "renditions": [_rendition(copy) for copy in one.renditions],
    }


def post(one: Post) -> Record:
    """What was wanted. What became of it stands with its deliveries."""
    return {
        "id": one.id,
        "video_id": one.video_id,
        "caption": one.caption,
        "title": one.title,
        "hashtags": list(one.hashtags),
        "scheduled_at": time(one.scheduled_at),
        "timezone": one.timezone,
        "draft": one.draft,
        "created_at": time(one.created_at),
        "approval": _approval(one.approval) if one.approval else None,
        "destinations": [_destination(destination) for destination in one.destinations],
    }


def delivery(one: Delivery) -> Record:
    """One post to one channel."""
    return {
        "id": one.id,
        "post_id": one.post_id,
        "channel_id": one.channel_id,
        "platform": one.platform,
        "state": one.state.value,
        "status": one.state.status,
        "scheduled_at": time(one.scheduled_at),
        "due_at": time(one.due_at),
        "created_at": time(one.created_at),
        "attempts": one.attempts,
        "progress": {"sent": one.sent, "total": one.total},
        "reason": _reason(one.reason),
        "receipt": _receipt(one.receipt) if one.receipt else None,
    }


def event(one: Event) -> Record:
    """One line of history."""
    return {
        "id": one.id,
        "subject_id": one.subject_id,
        "kind": one.kind,
        "at": time(one.at),
        "state": one.state,
        "code": one.code,
        "message": one.message,
        "milliseconds": one.milliseconds,
    }


def webhook(one: Webhook) -> Record:
    """An address that wants to hear what happens, without its keys."""
    return {
        "id": one.id,
        "url": one.url,
        "events": list(one.events),
        "enabled": one.enabled,
        "created_at": time(one.created_at),
    }


def token(one: Token) -> Record:
    """That there is one, and what it may do."""
    return {
        "id": one.id,
        "name": one.name,
        "hint": one.hint,
        "scopes": [*sorted(scope.value for scope in one.scopes)],
        "created_at": time(one.created_at),
        "expires_at": time(one.expires_at),
        "last_used_at": time(one.last_used_at),
    }


def time(at: datetime | None) -> str | None:
    """RFC 3339, UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def place(one: Video) -> str:
    """Where in the zip its bytes are."""
    return f"videos/{one.id}/{safe_name(one.filename)}"


def safe_name(filename: str) -> str:
    """Much the same name, but one that every system can unpack, and that means nothing to any."""
    kept = "".join(letter if letter.isalnum() or letter in _MARKS else "_" for letter in filename).strip(" .")
    stem, dot, suffix = kept.rpartition(".") if "." in kept else (kept, "", "")
    ending = f"{dot}{suffix}".encode()[: _LONGEST_NAME // 2].decode(errors="ignore")
    body = stem.encode()[: _LONGEST_NAME - len(ending.encode())].decode(errors="ignore").rstrip(" .")
    whole = f"{body}{ending}".rstrip(" .") or "video"
    return f"_{whole}" if whole.partition(".")[0].rstrip().lower() in _DEVICES else whole


def _rendition(one: Rendition) -> Record:
    return {"name": one.name, "state": one.state.value, "size": one.size, "reason": _reason(one.reason)}


def _destination(one: Destination) -> Record:
    return {
        "channel_id": one.channel_id,
        "caption": one.caption,
        "title": one.title,
        "options": dict(one.options),
        "fit": one.fit.value if one.fit else None,
        "consent": _consent(one.consent) if one.consent else None,
    }


def _consent(one: Consent) -> Record:
    return {"at": time(one.at), "by": one.by, "via": one.via, "text": one.text}


def _approval(one: Approval) -> Record:
    return {
        "asked_at": time(one.asked_at),
        "asked_by": one.asked_by,
        "rejected_at": time(one.rejected_at),
        "rejected_by": one.rejected_by,
        "note": one.note,
    }


def _receipt(one: Receipt) -> Record:
    return {"remote_id": one.remote_id, "url": one.url, "published_at": time(one.published_at)}


def _reason(one: Reason | None) -> Record | None:
    return {"code": one.code, "message": one.message, "whose_turn": one.whose_turn.value} if one else None


def _slots(week: Slots) -> Record:
    slots = [{"day": one.day.name.lower(), "at": one.at.isoformat(timespec="minutes")} for one in week.slots]
    return {"timezone": week.timezone, "paused": week.paused, "slots": [*slots]}
