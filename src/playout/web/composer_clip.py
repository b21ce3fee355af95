"""The clip of a post, for whoever looks at the composer: its bytes, and what was found in it."""

import re
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from playout.domain.errors import NotFound
from playout.domain.ids import is_id
from playout.domain.video import Video
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.routes import Pages

pages = Pages()
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)
_NOT_FOUND = N_("There is no such video.")


@pages.get("/clips/{video_id}")
async def clip(ask: Ask) -> Response:
    """The file, or the part that a player asks for (`bytes=a-` or `bytes=a-b`; all else is the whole)."""
    video = await _video(ask)
    start, end = 0, video.size
    asked = _RANGE.fullmatch(ask.request.headers.get("range", "").strip())
    if asked:
        start, end = int(asked[1]), min(int(asked[2] or video.size - 1) + 1, video.size)
        if start >= end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{video.size}"})
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
    }
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{video.size}"
    return StreamingResponse(
        _bytes(ask, video, start, end - start), 206 if asked else 200, headers, media_type="video/mp4"
    )


@pages.get("/clips/{video_id}/facts")
async def facts(ask: Ask) -> Response:
    """What was found in it, to be swapped into the page."""
    return ask.fragment("parts/clip_facts.html", video=await _video(ask))


async def _video(ask: Ask) -> Video:
    """Raises NotFound."""
    video_id = ask.request.path_params["video_id"]
    if not is_id(video_id, "vid"):
        raise NotFound(_NOT_FOUND)
    return await ask.hall.videos.get(ask.actor, video_id)


async def _bytes(ask: Ask, video: Video, start: int, length: int) -> AsyncIterator[bytes]:
    async for piece in ask.hall.videos.read(video, start, length):
        yield piece
