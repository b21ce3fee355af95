"""The video resource as YouTube answers it (sections 3, 5): one function for each part."""

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from playout_sandbox.youtube.records import Video
from playout_sandbox.youtube.state import State

Resource = dict[str, object]

OWNERS_ONLY = frozenset({"processingDetails", "fileDetails", "suggestions"})  #: 403 for anybody else (row 45)
PARTS = OWNERS_ONLY | {
    "contentDetails",
    "id",
    "liveStreamingDetails",
    "localizations",
    "paidProductPlacementDetails",
    "player",
    "recordingDetails",
    "snippet",
    "statistics",
    "status",
    "topicDetails",
}
_PARTS_TOTAL = 100
_SIZES = {"default": (120, 90), "medium": (320, 180), "high": (480, 360)}


def resource(state: State, video: Video, parts: Collection[str], *, owner: bool) -> Resource:
    """One video, with the parts asked for. What is for the owner only must have been refused before."""
    result: Resource = {"kind": "youtube#video", "id": video.id}
    for part in sorted(parts):
        if part in _BUILDERS:
            content = _BUILDERS[part](_View(state, video, owner))
            if content is not None:
                result[part] = content
    return tagged(result)


def tagged(content: Resource) -> Resource:
    """With its etag."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return {**content, "etag": base64.urlsafe_b64encode(digest[:20]).decode().rstrip("=")}


def listing(kind: str, items: Sequence[Resource], total: int | None = None, **more: object) -> Resource:
    """A list answer (section 5)."""
    info = {"totalResults": len(items) if total is None else total, "resultsPerPage": len(items)}
    return tagged({"kind": f"youtube#{kind}ListResponse", **more, "items": list(items), "pageInfo": info})


def moment(at: float) -> str:
    """ISO 8601 in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def pictures(address: str) -> Mapping[str, object]:
    """The `thumbnails` object: sizes are the documentation's."""
    return {
        name: {"url": f"{address}/{name}.jpg", "width": width, "height": height}
        for name, (width, height) in _SIZES.items()
    }


def thumbnails(video: Video) -> Mapping[str, object]:
    """Those of a video."""
    return pictures(f"https://i.ytimg.com/vi/{video.id}")


def duration(seconds: float) -> str:
    """ISO 8601: PT1M5S; a video that was not looked into yet has P0D."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    said = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
    return f"PT{said}" if said else "P0D"


@dataclass(frozen=True, slots=True)
class _View:
    """A video, and who looks at it."""

    state: State
    video: Video
    owner: bool


def _snippet(view: _View) -> Resource:
    said, channel = view.video.metadata, view.state.config.creator(view.video.creator)
    languages = {"defaultLanguage": said.default_language, "defaultAudioLanguage": said.default_audio_language}
    return {
        "publishedAt": moment(view.video.public_since or view.video.at),
        "channelId": view.video.creator,
        "title": said.title,
        "description": said.description,
        "thumbnails": thumbnails(view.video),
        "channelTitle": channel.title if channel else "",
        **({"tags": list(said.tags)} if said.tags else {}),
        "categoryId": said.category_id,
        "liveBroadcastContent": "none",
        "localized": {"title": said.title, "description": said.description},
        **{name: language for name, language in languages.items() if language},
    }


def _status(view: _View) -> Resource:
    said = view.video.metadata
    status: Resource = {
        "uploadStatus": view.video.upload_status,
        "privacyStatus": said.privacy,
        "license": said.license,
        "embeddable": said.embeddable,
        "publicStatsViewable": said.public_stats_viewable,
        "madeForKids": said.made_for_kids is True,
    }
    for name, value in (("failureReason", view.video.failure_reason), ("rejectionReason", view.video.rejection_reason)):
        if value:
            status[name] = value
    if said.publish_at is not None:
        status["publishAt"] = moment(said.publish_at)
    if view.owner and said.made_for_kids is not None:
        status["selfDeclaredMadeForKids"] = said.made_for_kids
    if view.owner and said.synthetic is not None:
        status["containsSyntheticMedia"] = said.synthetic
    return status


def _statistics(view: _View) -> Resource:
    numbers = view.video.numbers
    return {
        "viewCount": str(numbers["view_count"]),
        "likeCount": str(numbers["like_count"]),
        **({"dislikeCount": str(numbers["dislike_count"])} if view.owner else {}),
        "favoriteCount": "0",
        "commentCount": str(numbers["comment_count"]),
    }


def _content_details(view: _View) -> Resource:
    found = view.video.found
    return {
        "duration": duration(found.seconds if found else 0),
        "dimension": "2d",
        "definition": "hd" if found and min(found.width, found.height) >= 720 else "sd",  # noqa: PLR2004  # lines of HD
        "caption": "false",
        "licensedContent": False,
        "contentRating": {},
        "projection": "rectangular",
    }


def _processing(view: _View) -> Resource:
    """Row 41: uint64 comes as a string."""
    busy = view.video.processing_status == "processing"
    there = "inProgress" if busy else "available" if view.video.processed else "unavailable"
    details: Resource = {
        "processingStatus": view.video.processing_status,
        "fileDetailsAvailability": "inProgress" if busy else "available",
        "processingIssuesAvailability": there,
        "tagSuggestionsAvailability": there,
        "editorSuggestionsAvailability": there,
        "thumbnailsAvailability": there,
    }
    if busy:
        details["processingProgress"] = {
            "partsTotal": str(_PARTS_TOTAL),
            "partsProcessed": "0",
            "timeLeftMs": "1000",
        }
    elif view.video.processing_status == "failed":
        details["processingFailureReason"] = "transcodeFailed"
    return details


def _file_details(view: _View) -> Resource | None:
    """Only when fileDetailsAvailability says available (section 10)."""
    if view.video.processing_status == "processing":
        return None
    details: Resource = {"fileName": view.video.file_name, "fileSize": str(view.video.size), "fileType": "other"}
    found = view.video.found
    if found:
        stream = {
            "widthPixels": found.width,
            "heightPixels": found.height,
            "frameRateFps": found.fps,
            "aspectRatio": round(found.width / found.height, 4),
            "codec": found.codec,
            "rotation": "none",
        }
        length = {"durationMs": str(round(found.seconds * 1000)), "container": found.container.partition(",")[0]}
        details |= {"fileType": "video", **length, "videoStreams": [stream]}
    return details


def _suggestions(view: _View) -> Resource:
    return {"processingErrors": ["notAVideoFile"]} if view.video.failure_reason == "invalidFile" else {}


def _player(view: _View) -> Resource:
    return {"embedHtml": f'<iframe src="//www.youtube.com/embed/{view.video.id}"></iframe>'}


def _paid(view: _View) -> Resource:
    return {"hasPaidProductPlacement": view.video.metadata.paid_promotion}


def _recording(view: _View) -> Resource:
    return {"recordingDate": view.video.metadata.recording_date} if view.video.metadata.recording_date else {}


def _localizations(view: _View) -> Resource | None:
    said = view.video.metadata.localizations
    return {language: {"title": title, "description": text} for language, title, text in said} or None


_BUILDERS: Mapping[str, Callable[[_View], Resource | None]] = {
    "contentDetails": _content_details,
    "fileDetails": _file_details,
    "localizations": _localizations,
    "paidProductPlacementDetails": _paid,
    "player": _player,
    "processingDetails": _processing,
    "recordingDetails": _recording,
    "snippet": _snippet,
    "statistics": _statistics,
    "status": _status,
    "suggestions": _suggestions,
}
