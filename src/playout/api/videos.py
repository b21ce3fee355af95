"""/videos: files taken in as they come, and what was found in them."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from playout.api import bodies, schemas
from playout.api.channels import reason
from playout.api.hall import Caller, Hall, MadeId
from playout.api.paging import Asked, paging
from playout.api.refusals import GUARDED, POSTED, refusals
from playout.api.routes import StreamRoute, api_router
from playout.api.schemas_import import Import
from playout.api.words import VideoId
from playout.domain.video import Rendition, Video

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
    who: Caller, hall: Hall, asked: Annotated[Asked, Depends(paging("vid"))]
) -> schemas.PageOf[schemas.Video]:
    """The workspace's videos, newest first. Scope: read."""
    return asked.answer(await hall.videos.list(who, cursor=asked.cursor, limit=asked.limit), shown)


@router.post("/import", status_code=202, responses=POSTED)
async def fetched(
    body: Import, who: Caller, hall: Hall, video_id: Annotated[str | None, Depends(MadeId("vid"))]
) -> schemas.Video:
    """Fetches a file from a public https address in the background, then looks into it. Scope: write.

    `size` is 0 and `sha256` empty until it is here. Networks that are not public are never reached.
    """
    return shown(await hall.imports.begin(who, body.url, body.filename, video_id=video_id))


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


@router.get("/{video_id}/renditions", responses=GUARDED | refusals(404))
async def renditions(video_id: VideoId, who: Caller, hall: Hall) -> schemas.PageOf[schemas.RenditionAtWork]:
    """The copies that were asked for, with how far they are. Scope: read."""
    video = await hall.videos.get(who, video_id)
    items = [await _at_work(video, one, hall) for one in video.renditions]
    return schemas.PageOf(items=items, next_cursor=None)


@router.post("/{video_id}/renditions", status_code=202, responses=POSTED | refusals(404))
async def render(video_id: VideoId, body: schemas.NewRendition, who: Caller, hall: Hall) -> schemas.RenditionAtWork:
    """Makes a copy that fits the platform; the file itself stays. Posts use it by their `fit`. Scope: write."""
    video = await hall.renditions.ask(who, video_id, body.platform, body.fit)
    made = video.rendition(body.platform, body.fit)
    assert made  # noqa: S101 -- just asked for
    return await _at_work(video, made, hall)


@router.delete("/{video_id}/renditions/{name}", status_code=204, responses=GUARDED | refusals(404, 412))
async def unrender(video_id: VideoId, name: str, who: Caller, hall: Hall) -> None:
    """Deletes a copy, or ends its making. Scope: write."""
    await hall.renditions.drop(who, video_id, name)


async def _at_work(video: Video, one: Rendition, hall: Hall) -> schemas.RenditionAtWork:
    progress = await hall.renditions.progress(video, one)
    return schemas.RenditionAtWork(**_rendition(one).model_dump(), progress=progress)


def _rendition(one: Rendition) -> schemas.Rendition:
    return schemas.Rendition(name=one.name, state=one.state, size=one.size, reason=reason(one.reason))


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
        renditions=list(map(_rendition, video.renditions)),
        created_at=video.created_at,
    )
