"""/videos: files taken in as they come, and what was found in them."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from playout.api import bodies, schemas
from playout.api.hall import Caller, Hall, MadeId
from playout.api.paging import Asked, Paging
from playout.api.refusals import GUARDED, refusals
from playout.api.routes import StreamRoute, api_router
from playout.api.words import VideoId
from playout.domain.video import Video

router = api_router("/videos", "videos")
uploads = api_router("/videos", "videos", StreamRoute)

_BYTES = {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
_JPEG = {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG."}


@uploads.post("", status_code=201, responses=GUARDED | refusals(409, 507), openapi_extra=_BYTES)
async def take_in(
    request: Request,
    who: Caller,
    hall: Hall,
    filename: Annotated[str, Query(description="As people see it. Never used as a path.")],
    video_id: Annotated[str | None, Depends(MadeId("vid"))],
) -> schemas.Video:
    """Takes the raw bytes of the body in, streamed; then looks into them in the background. Scope: write.

    With an Idempotency-Key two requests are the same if file name and Content-Length are: the bytes are not compared.
    """
    size = bodies.announced_size(request)
    return shown(await hall.videos.take_in(who, filename, bodies.pieces(request), video_id=video_id, size=size))


@router.get("", responses=GUARDED)
async def listed(
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(Paging("vid"))]
) -> schemas.PageOf[schemas.Video]:
    """The workspace's videos, newest first. Scope: read."""
    return asked.answer(await hall.videos.list(who, cursor=asked.cursor, limit=asked.limit), shown)


@router.get("/{video_id}", responses=GUARDED | refusals(404))
async def one(video_id: VideoId, who: Caller, hall: Hall) -> schemas.Video:
    """One video. Scope: read."""
    return shown(await hall.videos.get(who, video_id))


@router.delete("/{video_id}", status_code=204, responses=GUARDED | refusals(404, 409))
async def remove(video_id: VideoId, who: Caller, hall: Hall) -> None:
    """Deletes record and bytes. Refused while a post uses it. Scope: write."""
    await hall.videos.remove(who, video_id)


@router.get("/{video_id}/thumbnail", response_class=Response, responses=GUARDED | refusals(404) | {200: _JPEG})
async def thumbnail(video_id: VideoId, who: Caller, hall: Hall) -> Response:
    """A picture of it, once it is ready. Scope: read."""
    jpeg = await hall.videos.picture(await hall.videos.get(who, video_id))
    headers = {"Content-Disposition": 'inline; filename="thumbnail.jpg"', "Content-Security-Policy": "sandbox"}
    return Response(jpeg, headers=headers, media_type="image/jpeg")


def shown(video: Video) -> schemas.Video:
    """As it is sent."""
    facts = video.facts
    return schemas.Video(
        id=video.id,
        state=video.state,
        filename=video.filename,
        size=video.size,
        sha256=video.sha256,
        duration=facts.duration if facts else None,
        width=facts.width if facts else None,
        height=facts.height if facts else None,
        fps=facts.fps if facts else None,
        video_codec=facts.video_codec if facts else None,
        audio_codec=facts.audio_codec if facts else None,
        thumbnail_url=f"/api/v1/videos/{video.id}/thumbnail" if video.thumbnail_key else None,
        problems=[schemas.Remark(code=one.code, message=one.message) for one in video.problems],
        created_at=video.created_at,
    )
