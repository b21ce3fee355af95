"""`/{page-id}/videos`: long videos, in chunks with a session (3, way 2) or from an address in one call (way 1)."""

import secrets

from starlette.responses import JSONResponse, Response

from playout_sandbox.facebook.life import Life
from playout_sandbox.facebook.records import Video, Wanted
from playout_sandbox.facebook.state import State
from playout_sandbox.facebook.terms import describe
from playout_sandbox.meta.fetch import fetch
from playout_sandbox.meta.graph import Call, Refusal, gone, invalid
from playout_sandbox.meta.rupload import LARGEST, Fetched
from playout_sandbox.pull import PullError

_HOSTED = 1024**3  #: bytes of a video from an address
_UPLOAD = "There was a problem uploading your video file. Please try again."
_NO_FETCH = "(#389) Unable to fetch video file from URL."


class LongVideos:
    """The phases are told apart by `upload_phase`; without one it is the one call with `file_url`."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def post(self, call: Call) -> Response:
        """One handler for all phases."""
        page = self._state.publisher(call, "Publishing a video").id
        match call.params.get("upload_phase", "" if "file_url" in call.params else call.need("upload_phase")):
            case "start":
                return self._start(call, page)
            case "transfer":
                return await self._transfer(call, self._session(call, page))
            case "finish":
                return await self._finish(call, self._session(call, page))
            case "":
                return await self._hosted(call, page)
            case _:
                raise invalid("Param upload_phase must be one of {START, TRANSFER, FINISH}")

    def _start(self, call: Call, page: str) -> Response:
        size = call.need("file_size")
        if not size.isdigit() or not 0 < int(size) <= LARGEST:
            raise invalid("Param file_size must be an integer between 1 and 10737418240")
        video = self._state.new_video(page, call.n, reel=False)
        video.slot.size = int(size)
        video.session = str(secrets.randbelow(9 * 10**15) + 10**15)
        self._state.sessions[video.session] = video
        self._state.record_video("session_started", video)
        facts = {"upload_session_id": video.session, "video_id": video.id}
        return JSONResponse({**facts, **self._offsets(video)})

    async def _transfer(self, call: Call, video: Video) -> Response:
        """A chunk counts as a whole or not at all; a wrong offset is told with the right one (1363037)."""
        chunk = call.files.get("video_file_chunk", b"")
        start = call.need("start_offset")
        slot = video.slot
        async with slot.lock:
            end = slot.received + len(chunk)
            if start != str(slot.received) or not chunk or end > int(self._offsets(video)["end_offset"]):
                raise Refusal(6000, _UPLOAD, subcode=1363037, transient=False, data=self._offsets(video))
            await slot.keep(self._state.world, chunk)
        self._life.accepted(slot, end - len(chunk), end - 1, call.n)
        if slot.received == slot.size:
            slot.complete = True
            self._life.completed(slot, call.n)
        return JSONResponse(self._offsets(video))

    async def _finish(self, call: Call, video: Video) -> Response:
        """The point of no return, unless `published` is false."""
        if not video.slot.complete or self._state.expired(video):
            raise Refusal(6000, _UPLOAD, subcode=1363045, transient=False, user_message=_UPLOAD)
        if video.wanted in {Wanted.NOTHING, Wanted.DRAFT}:
            await self._publish(call, video)
        elif self._state.config.second_finish == "error":
            raise invalid("The video has already been published")
        return JSONResponse({"success": True})

    async def _hosted(self, call: Call, page: str) -> Response:
        """Fetches, then publishes. There is no handle before the answer."""
        world = self._state.world
        video = self._state.new_video(page, call.n, reel=False)
        fetched = Fetched(world)
        try:
            await fetch(world, call.params["file_url"], fetched.file, limit=_HOSTED, progress=fetched.add, robots=True)
        except PullError:
            del self._state.videos[video.id]
            raise Refusal(389, _NO_FETCH, transient=False) from None
        video.slot.take(fetched)
        self._life.completed(video.slot, call.n)
        await self._publish(call, video)
        return JSONResponse({"id": video.id})

    async def _publish(self, call: Call, video: Video) -> None:
        """Without `published=false` it goes public; with it, it waits for its time, or as a draft."""
        hidden = call.params.get("published", "true").lower() in {"false", "0"}
        dated = Wanted.SCHEDULED if "scheduled_publish_time" in call.params else Wanted.DRAFT
        wanted = dated if hidden else Wanted.PUBLISHED
        describe(video, call, wanted, self._state.now)
        await self._life.finish(video, wanted, lambda _: None)

    def _session(self, call: Call, page: str) -> Video:
        session = call.need("upload_session_id")
        video = self._state.sessions.get(session)
        if video is None or video.page != page:
            raise gone(session, call.method)
        return video

    def _offsets(self, video: Video) -> dict[str, str]:
        """What comes next; equal when all is here. The numbers are text."""
        received, size = video.slot.received, video.slot.size or 0
        end = min(size, received + self._state.config.chunk_bytes)
        return {"start_offset": str(received), "end_offset": str(end)}
