"""`upload/youtube/v3/thumbnails/set` (section 5): the picture in front of a video, raw as the body."""

import hashlib
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from playout_sandbox.streams import swallow
from playout_sandbox.youtube.access import enter
from playout_sandbox.youtube.errors import Refusal, parameter
from playout_sandbox.youtube.life import Life
from playout_sandbox.youtube.records import Access, Video
from playout_sandbox.youtube.resource import Resource, tagged, thumbnails
from playout_sandbox.youtube.scopes import MAY_UPLOAD
from playout_sandbox.youtube.state import State

LARGEST = 52_428_800  #: bytes
_COST = 50
_TYPES = {"image/jpeg", "image/png", "application/octet-stream"}
_MARKS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


class Thumbnails:
    """Setting one again is harmless. The bytes are looked at, not kept."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    async def set(self, request: Request) -> Response:
        """Rows 48 and 49."""
        pieces = request.stream()
        try:
            access = enter(self._state, request, MAY_UPLOAD, cost=_COST)
            video = await self._video(request, access)
            size, digest = await _receive(pieces)
        except Refusal:
            await swallow(pieces)
            raise
        except ClientDisconnect:
            return Response(status_code=400)
        self._state.record_video("thumbnail_set", video, request.state.n, size=size, sha256=digest)
        answer: Resource = {"kind": "youtube#thumbnailSetResponse", "items": [thumbnails(video)]}
        return JSONResponse(tagged(answer))

    async def _video(self, request: Request, access: Access) -> Video:
        channel = self._state.writing_channel(access.creator)
        video_id = request.query_params.get("videoId")
        if not video_id:
            raise parameter("missingRequiredParameter", "videoId", "Required parameter: videoId")
        video = self._state.videos.get(video_id)
        if video is None:
            raise Refusal(404, "videoNotFound", "The video cannot be found.")
        if video.creator != channel.id or not channel.verified:
            raise Refusal(
                403, "forbidden", "The authenticated user doesn't have permissions to upload custom thumbnails."
            )
        if not video.processed and await self._life.is_short(video):
            raise Refusal(403, "forbidden", "The thumbnail of a Short can be set once it is processed.")
        media = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
        if media not in _TYPES:
            raise Refusal(400, "badContent", f"Media type '{media}' is not supported.")
        return video


async def _receive(pieces: AsyncIterator[bytes]) -> tuple[int, str]:
    """Size and hash of a picture that is one. Streamed: it may have 50 MB."""
    size, start, digest = 0, b"", hashlib.sha256()
    async for piece in pieces:
        size += len(piece)
        start = (start + piece)[:16] if len(start) < 16 else start  # noqa: PLR2004  # more than any mark has
        digest.update(piece)
        if size > LARGEST:
            raise Refusal(413, "uploadTooLarge", "The uploaded image is too large.")
    if not size:
        raise Refusal(400, "mediaBodyRequired", "The request does not include the image content.")
    if not start.startswith(_MARKS):
        raise Refusal(400, "invalidImage", "The provided image content is invalid.")
    return size, digest.hexdigest()
