"""`POST upload/youtube/v3/videos`: a resumable session begins (3.1). Nothing exists on the channel yet (row 28)."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from playout_sandbox.youtube.access import bearer, json_body, parts_of, require
from playout_sandbox.youtube.config import DAY
from playout_sandbox.youtube.errors import Refusal, parameter
from playout_sandbox.youtube.metadata import Metadata, read_metadata
from playout_sandbox.youtube.records import Channel, Session
from playout_sandbox.youtube.resource import PARTS
from playout_sandbox.youtube.scopes import MAY_UPLOAD
from playout_sandbox.youtube.state import State

LARGEST = 274_877_906_944  #: bytes of a video: 256 GiB


class Start:
    """videos.insert, resumable only: the simple and the multipart way are not emulated."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def start(self, request: Request) -> Response:
        """Everything that can be wrong with the wording is said here, before any byte."""
        state = self._state
        access = bearer(state, request)
        require(state, access, MAY_UPLOAD)
        channel = state.writing_channel(access.creator)
        if state.world.config.limits:
            state.quota.upload(access.client_id, state.now, state.config.uploads_per_day)
        if request.query_params.get("uploadType") != "resumable":
            raise parameter("invalidParameter", "uploadType", "Only resumable uploads are emulated.")
        parts = parts_of(request, PARTS)
        size = _declared(request)
        metadata = read_metadata(await json_body(request), parts, Metadata())
        self._check_channel_limit(channel)
        session = Session(
            upload_id=f"AAN{secrets.token_urlsafe(48)}",
            number=len(state.sessions) + 1,
            creator=channel.id,
            client_id=access.client_id,
            metadata=metadata,
            parts=parts,
            size=size,
            file_name=_file_name(request),
            notify=request.query_params.get("notifySubscribers") != "false",
            at=state.now,
        )
        state.sessions[session.upload_id] = session
        state.record_session("session_started", session, request.state.n, size=size, notify=session.notify)
        query = urlencode({"uploadType": "resumable", "part": ",".join(parts), "upload_id": session.upload_id})
        address = f"{str(request.base_url).rstrip('/')}{request.url.path}?{query}"
        return Response(headers={"Location": address, "X-GUploader-UploadID": session.upload_id})

    async def wrong_address(self, request: Request) -> Response:
        """videos.insert at the address for metadata: a video there is lost, and without one there is nothing."""
        require(self._state, bearer(self._state, request), MAY_UPLOAD)
        if request.headers.get("content-type", "").startswith("video/"):
            raise Refusal(400, "wrongUrlForUpload", "Uploads must be sent to the upload URL.")
        raise Refusal(400, "mediaBodyRequired", "The request does not include the video content.")

    def _check_channel_limit(self, channel: Channel) -> None:
        """Row 25: YouTube's own number for the channel, whichever project uploads."""
        most = self._state.config.channel_daily_limit
        recent = sum(video.at > self._state.now - DAY for video in self._state.uploads_of(channel.id))
        if most and recent >= most and self._state.world.config.limits:
            raise Refusal(400, "uploadLimitExceeded")


def _declared(request: Request) -> int | None:
    """The size announced, None if it was not. Refuses rows 26 and 27."""
    media = request.headers.get("x-upload-content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if not media.startswith("video/") and media != "application/octet-stream":
        valid = "Valid media types: [application/octet-stream, video/*]"
        raise Refusal(400, "badContent", f"Media type '{media}' is not supported. {valid}")
    size = request.headers.get("x-upload-content-length")
    if size is None:
        return None
    if not size.isdecimal():
        raise Refusal(400, "badRequest", "X-Upload-Content-Length is not a number.")
    if int(size) > LARGEST:
        raise Refusal(413, "uploadTooLarge", "The uploaded video is too large.")
    return int(size)


def _file_name(request: Request) -> str:
    """The Slug header; "unknown" without one. Refuses invalidFilename."""
    name = request.headers.get("slug", "unknown")
    if not name.strip() or "/" in name or "\\" in name or not name.isprintable():
        raise Refusal(400, "invalidFilename", "The video filename specified in the Slug header is invalid.")
    return name
