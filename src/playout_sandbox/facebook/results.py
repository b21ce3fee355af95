"""`/{video-id}/thumbnails` and `/{video-id}/video_insights` (2.2, 4)."""

import hashlib
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from playout_sandbox.facebook.listing import listed
from playout_sandbox.facebook.records import METRICS, Thumbnail, Video
from playout_sandbox.facebook.state import State
from playout_sandbox.meta.graph import Call, Refusal, invalid, missing

_LARGEST = 10 * 1024 * 1024  #: bytes of a cover
_MARKS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM")
_OBJECTS = ("post_video_likes_by_reaction_type", "post_video_social_actions", "post_video_retention_graph")
_OF_VIDEOS = ("total_video_views", "total_video_impressions", "total_video_avg_time_watched")  #: empty for a reel


class Results:
    """Covers and numbers."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def set_thumbnail(self, call: Call) -> Response:
        """Multipart `source`, an image of at most 10 MB; `is_preferred` makes it the cover."""
        token, video = self._state.video_caller(call)
        if not token.page:
            raise Refusal(200, "(#200) This endpoint must be called with a page access token")
        self._state.meta.require(token, "pages_manage_posts", deed="Setting a thumbnail")
        image = call.files.get("source")
        if image is None:
            raise missing("source")
        if len(image) > _LARGEST or not image.startswith(_MARKS):
            raise invalid("Invalid image: at most 10 MB, in a common format.")
        preferred = call.params.get("is_preferred", "false").lower() in {"true", "1"}
        video.thumbnails.append(Thumbnail(self._state.meta.new_id(), preferred, len(image)))
        video.request = call.n
        digest = hashlib.sha256(image).hexdigest()
        self._state.record_video("thumbnail_set", video, sha256=digest, preferred=preferred)
        return JSONResponse({"success": True})

    async def thumbnails(self, call: Call) -> Response:
        """All that were sent; the newest preferred one is the cover."""
        token, video = self._state.video_caller(call)
        self._state.meta.require(token, "pages_read_engagement", "pages_show_list", deed="Reading thumbnails")
        cover = next((one for one in reversed(video.thumbnails) if one.preferred), None)
        base = f"{str(call.request.base_url).rstrip('/')}/feed/avatar/thumbnail.svg"
        size = {"height": 1920, "width": 1080, "scale": 1}
        rows = [{"id": one.id, "uri": base, **size, "is_preferred": one is cover} for one in video.thumbnails]
        return listed(call, rows)

    async def insights(self, call: Call) -> Response:
        """The metrics asked for; one bad name fails the whole call (rows 37, 38)."""
        token, video = self._state.video_caller(call)
        self._state.meta.require(token, "read_insights", "pages_read_engagement", deed="Reading insights")
        wanted = [name for name in call.params.get("metric", "").split(",") if name] or [*METRICS, *_OBJECTS]
        if not set(wanted) <= {*METRICS, *_OBJECTS, *_OF_VIDEOS}:
            raise invalid("The value must be a valid insights metric")
        shown = [name for name in wanted if name not in _OF_VIDEOS or not video.reel]
        return JSONResponse({"data": [_metric(video, name) for name in shown if video.public]})


def _metric(video: Video, name: str) -> Mapping[str, object]:
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": _value(video, name)}],
        "title": name.replace("_", " ").capitalize(),
        "description": f"Lifetime: {name.replace('_', ' ')}.",
        "id": f"{video.id}/video_insights/{name}/lifetime",
    }


def _value(video: Video, name: str) -> object:
    numbers = video.numbers
    match name:
        case "post_video_likes_by_reaction_type":
            return {"REACTION_LIKE": numbers["likes"]}
        case "post_video_social_actions":
            return {"COMMENT": numbers["comments"], "SHARE": numbers["shares"]}
        case "post_video_retention_graph":
            return {}
        case "total_video_views":
            return numbers["fb_reels_total_plays"]
        case _:
            return numbers.get(name, 0)
