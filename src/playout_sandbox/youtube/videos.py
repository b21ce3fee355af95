"""`/youtube/v3/videos` after the upload (sections 4, 5): list, update, delete, and batchGetStats."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.youtube.access import bearer, enter, filter_of, json_body, parts_of, require
from playout_sandbox.youtube.errors import Refusal, field, parameter
from playout_sandbox.youtube.life import Life
from playout_sandbox.youtube.metadata import must_say_category, read_metadata
from playout_sandbox.youtube.records import Access, Video
from playout_sandbox.youtube.resource import OWNERS_ONLY, PARTS, duration, listing, moment, resource, tagged
from playout_sandbox.youtube.scopes import MAY_CHANGE, MAY_READ
from playout_sandbox.youtube.state import State

_MOST_IDS = 50
_CHANGE_COST = 50


class Videos:
    """The calls of a video's owner, and what others see of it."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def show(self, request: Request) -> Response:
        """By id; unknown and deleted ids are left out (row 46)."""
        access = enter(self._state, request, MAY_READ)
        parts = parts_of(request, PARTS)
        chosen, value = filter_of(request, ("id", "chart", "myRating"))
        if chosen != "id":
            raise parameter("invalidParameter", chosen, "Only the filter id is emulated.")
        found = self._named(value)
        if OWNERS_ONLY & set(parts) and any(video.creator != access.creator for video in found):
            raise Refusal(403, "forbidden")
        items = [
            resource(self._state, video, parts, owner=video.creator == access.creator)
            for video in found
            if _may_see(access, video)
        ]
        return JSONResponse(listing("video", items))

    async def stats(self, request: Request) -> Response:
        """batchGetStats: numbers only, with a bucket of its own (section 1.6)."""
        state = self._state
        access = bearer(state, request)
        require(state, access, MAY_READ)
        if state.world.config.limits:
            state.quota.units(access.client_id, state.now, state.config.stats_per_day, cost=1, bucket="stats")
        parts = parts_of(request, {"id", "snippet", "contentDetails", "statistics"})
        _, value = filter_of(request, ("id",))
        items = [_stats(video, parts) for video in self._named(value) if _may_see(access, video)]
        return JSONResponse(tagged({"kind": "youtube#batchGetStatsResponse", "items": items}))

    async def update(self, request: Request) -> Response:
        """Each part named replaces that part of the video as a whole (row 47)."""
        access = enter(self._state, request, MAY_CHANGE, cost=_CHANGE_COST)
        self._state.writing_channel(access.creator)
        parts = parts_of(request, PARTS)
        body = await json_body(request)
        video = self._own(access, body.get("id"))
        must_say_category(body, parts)
        said = read_metadata(body, parts, video.metadata)
        if said.publish_at is not None and video.public_since is not None:
            raise field("invalidPublishAt", "status.publishAt", "The video was published already.")
        video.metadata = replace(said, privacy=self._state.privacy_of(said.privacy))
        video.request = request.state.n
        self._life.change(video)
        return JSONResponse(resource(self._state, video, parts, owner=True))

    async def delete(self, request: Request) -> Response:
        """204; the id is unknown from then on."""
        access = enter(self._state, request, MAY_CHANGE, cost=_CHANGE_COST)
        video = self._own(access, request.query_params.get("id"))
        self._life.remove(video)
        self._state.record_video("taken_down", video, request.state.n)
        return Response(status_code=204)

    def _named(self, value: str) -> list[Video]:
        ids = list(dict.fromkeys(one.strip() for one in value.split(",")))
        if len(ids) > _MOST_IDS:
            raise parameter("invalidParameter", "id", "At most 50 ids.")
        return [self._state.videos[one] for one in ids if one in self._state.videos]

    def _own(self, access: Access, video_id: object) -> Video:
        video = self._state.videos.get(video_id) if isinstance(video_id, str) else None
        if video is None:
            raise Refusal(404, "videoNotFound", "The video cannot be found.")
        if video.creator != access.creator:
            raise Refusal(403, "forbidden")
        return video


def _may_see(access: Access, video: Video) -> bool:
    return video.creator == access.creator or video.shown_to_all


def _stats(video: Video, parts: tuple[str, ...]) -> dict[str, object]:
    numbers = video.numbers
    known: dict[str, object] = {
        "snippet": {"publishTime": moment(video.public_since or video.at)},
        "contentDetails": {"duration": duration(video.found.seconds if video.found else 0)},
        "statistics": {
            "viewCount": str(numbers["view_count"]),
            "likeCount": str(numbers["like_count"]),
            "commentCount": str(numbers["comment_count"]),
        },
    }
    return tagged(
        {"kind": "youtube#videoStats", "id": video.id, **{name: known[name] for name in parts if name in known}}
    )
