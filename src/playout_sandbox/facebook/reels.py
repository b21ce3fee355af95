"""`/{page-id}/video_reels`: start, finish, list (2). Finish with PUBLISHED is the point of no return."""

from starlette.responses import JSONResponse, Response

from playout_sandbox.facebook.life import Life
from playout_sandbox.facebook.listing import listed
from playout_sandbox.facebook.records import Problem, Video, Wanted
from playout_sandbox.facebook.state import State
from playout_sandbox.facebook.terms import describe, wanted_state
from playout_sandbox.facebook.videos import Videos
from playout_sandbox.meta.graph import Call, Refusal, gone, invalid

_UPLOAD = "There was a problem uploading your video file. Please try again with another file."


class Reels:
    """One handler for each method."""

    def __init__(self, state: State, life: Life, videos: Videos) -> None:
        self._state = state
        self._life = life
        self._videos = videos

    async def post(self, call: Call) -> Response:
        """Start or finish, by `upload_phase` (row 14)."""
        page = self._state.publisher(call, "Publishing a reel")
        phase = call.need("upload_phase")
        if phase == "start":
            return self._start(call, page.id)
        if phase == "finish":
            return await self._finish(call, page.id)
        raise invalid("Param upload_phase must be one of {START, FINISH}")

    async def list(self, call: Call) -> Response:
        """The reels that stand on the Page, newest first (2.3)."""
        _, page = self._state.page_caller(call)
        reels = [video for video in self._state.published_on(page.id) if video.reel]
        return listed(call, [self._videos.node(call, video) for video in _between(call, reels)])

    def _start(self, call: Call, page: str) -> Response:
        video = self._state.new_video(page, call.n, reel=True)
        self._state.record_video("session_started", video)
        base = str(call.request.base_url).rstrip("/")
        version = call.version or self._state.meta.config.versions[0]
        return JSONResponse(
            {"video_id": video.id, "upload_url": f"{base}/meta-rupload/video-upload/{version}/{video.id}"}
        )

    async def _finish(self, call: Call, page: str) -> Response:
        video = self._state.videos.get(call.need("video_id"))
        if video is None or video.page != page or not video.reel:
            raise gone(call.params["video_id"], call.method)
        wanted = wanted_state(call)
        if video.wanted not in {Wanted.NOTHING, Wanted.DRAFT}:
            return self._again(video)
        self._check_bytes(video)
        describe(video, call, wanted, self._state.now)
        await self._life.finish(video, wanted, self._check_problem)
        return self._accepted(video)

    def _again(self, video: Video) -> Response:
        """Section 6: nobody documented it. Never a second reel."""
        if self._state.config.second_finish == "error":
            raise invalid("The video has already been published")
        return self._accepted(video)

    def _accepted(self, video: Video) -> Response:
        tells = self._state.config.finish_tells_post_id and video.post_id
        return JSONResponse({"success": True, **({"post_id": video.post_id} if tells else {})})

    def _check_bytes(self, video: Video) -> None:
        """Row 23, and a session left alone for too long."""
        if self._state.expired(video):
            raise Refusal(6000, _UPLOAD, subcode=1363030, transient=False, user_message=_UPLOAD)
        if not video.slot.complete:
            raise Refusal(6000, _UPLOAD, subcode=1363045, transient=False, user_message=_UPLOAD)

    def _check_problem(self, problem: Problem) -> None:
        if self._state.config.media_errors_on_finish:
            raise Refusal(6000, problem.message, subcode=problem.code, transient=False, user_message=problem.message)


def _between(call: Call, videos: list[Video]) -> list[Video]:
    since, until = (call.params.get(name, "") for name in ("since", "until"))
    return [
        video
        for video in videos
        if (not since.isdigit() or video.published_at >= int(since))
        and (not until.isdigit() or video.published_at <= int(until))
    ]
