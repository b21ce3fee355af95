"""`/{video-id}`: the status in its phases, the fields, and deletion (2, step 4; 2.3)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from playout_sandbox.facebook.life import Life
from playout_sandbox.facebook.listing import listed
from playout_sandbox.facebook.records import Phase, Video, Wanted
from playout_sandbox.facebook.state import State
from playout_sandbox.meta.graph import Call, invalid

_WWW = "https://www.facebook.com"
_USUAL = ("updated_time", "description")


class Videos:
    """Reads what became of a video; deletes it."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def read(self, call: Call) -> Response:
        """`fields` decides what."""
        token, video = self._state.video_caller(call)
        self._state.meta.require(token, "pages_read_engagement", deed="Reading a video")
        return JSONResponse(self.node(call, video))

    async def delete(self, call: Call) -> Response:
        """For good; a scheduled one is not published then."""
        token, video = self._state.video_caller(call)
        self._state.meta.require(token, "pages_manage_posts", deed="Deleting a video")
        video.request = call.n
        self._life.remove(video, "app")
        return JSONResponse({"success": True})

    async def published_posts(self, call: Call) -> Response:
        """`/{page-id}/published_posts`, newest first. Drafts are not among them (row 30)."""
        _, page = self._state.page_caller(call)
        posts = [self._post(video) for video in self._state.published_on(page.id)]
        wanted = call.fields or ["id", "message", "created_time"]
        return listed(call, [{name: post[name] for name in {*wanted, "id"} if name in post} for post in posts])

    def node(self, call: Call, video: Video) -> dict[str, object]:
        """The video with the fields that a call asks for; fields without a value are left out, as Meta does."""
        made: dict[str, object] = {}
        for name in call.fields or _USUAL:
            maker = _FIELDS.get(name)
            if name == "status":
                made["status"] = status_of(self._state, video)
            elif maker is not None:
                value = maker(self._state, video)
                made.update({} if value is None else {name: value})
            elif name != "id":
                raise invalid(f"Tried accessing nonexisting field ({name}) on node type (Video)")
        return {**made, "id": video.id}

    def _post(self, video: Video) -> dict[str, object]:
        return {
            "id": f"{video.page}_{video.post_id}",
            "message": video.description,
            "created_time": _time(video.published_at),
            "permalink_url": _WWW + _path(video),
        }


def status_of(state: State, video: Video) -> dict[str, object]:
    """`status`: the word for the whole, and the phases."""
    return {
        "video_status": _word(state, video),
        "processing_progress": 100 if video.processing is Phase.COMPLETE else 0,
        "uploading_phase": _uploading(state, video),
        "processing_phase": _phase(state, video.processing, video if video.processing is Phase.ERROR else None),
        "publishing_phase": _publishing(state, video),
        "copyright_check_status": _copyright(state, video),
    }


def _word(state: State, video: Video) -> str:
    if Phase.ERROR in {video.processing, video.publishing}:
        return "error"
    if state.expired(video):
        return "expired"
    if not video.slot.complete:
        return "upload_failed" if video.slot.failed else "uploading"
    if video.processing is not Phase.COMPLETE:
        return "processing"
    return "upload_complete" if video.wanted is Wanted.NOTHING else "ready"


def _uploading(state: State, video: Video) -> dict[str, object]:
    slot = video.slot
    if slot.complete:
        phase = Phase.COMPLETE
    elif slot.failed:
        phase = Phase.ERROR
    else:
        phase = Phase.IN_PROGRESS if slot.received else Phase.NOT_STARTED
    return {**_phase(state, phase), state.config.bytes_field: slot.received}


def _publishing(state: State, video: Video) -> dict[str, object]:
    facts = _phase(state, video.publishing, video if video.publishing is Phase.ERROR else None)
    if video.publishing is Phase.ERROR:
        facts["publish_status"] = "error"
    elif video.public:
        facts |= {"publish_status": "published", "publish_time": int(video.published_at)}
    elif video.wanted is Wanted.DRAFT:
        facts["publish_status"] = "draft"
    elif video.scheduled:
        facts |= {"status": state.config.complete_word} if video.publishing is Phase.NOT_STARTED else {}
        facts |= {"publish_status": "scheduled", "publish_time": int(video.scheduled)}
    return facts


def _copyright(state: State, video: Video) -> dict[str, object]:
    if video.processing is Phase.COMPLETE:
        return {**_phase(state, Phase.COMPLETE), "matches_found": False}
    return _phase(state, Phase.IN_PROGRESS if video.slot.complete else Phase.NOT_STARTED)


def _phase(state: State, phase: Phase, failed: Video | None = None) -> dict[str, object]:
    word = state.config.complete_word if phase is Phase.COMPLETE else phase.value
    if failed is None or failed.problem is None:
        return {"status": word}
    error = {"code": failed.problem.code, "message": failed.problem.message}
    return {"status": word, **({"errors": [error]} if state.config.errors_shape == "list" else {"error": error})}


def _path(video: Video) -> str:
    return f"/reel/{video.id}/" if video.reel else f"/{video.page}/videos/{video.id}/"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}+0000"


def _permalink(state: State, video: Video) -> str | None:
    if not video.public:
        return None
    return _path(video) if state.config.relative_permalink else _WWW + _path(video)


def _summary(name: str) -> Callable[[State, Video], object]:
    return lambda _, video: {"data": [], "summary": {"total_count": video.numbers[name], "can_comment": True}}


def _from(state: State, video: Video) -> object:
    page = state.meta.config.page(video.page)
    return {"id": video.page, "name": page.name if page else ""}


_FIELDS: Mapping[str, Callable[[State, Video], object]] = {
    "description": lambda _, video: video.description or None,
    "title": lambda _, video: video.title or None,
    "published": lambda _, video: video.public,
    "post_id": lambda _, video: video.post_id if video.public else None,
    "permalink_url": _permalink,
    "created_time": lambda _, video: _time(video.at),
    "updated_time": lambda _, video: _time(video.published_at or video.at),
    "length": lambda _, video: round(video.found.seconds, 3) if video.found else None,
    "views": lambda _, video: video.numbers["fb_reels_total_plays"],
    "likes": _summary("likes"),
    "comments": _summary("comments"),
    "from": _from,
}
