"""Uploads from pages: the part of tus 1.0.0 that our own script speaks (creation, offset, PATCH), with a session.

The REST face speaks all of it, to anybody with a token (its protocol stands in that face, which this one must not
know). What an upload is, and how it becomes a video, both have from one service.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from playout.application.uploads import Upload
from playout.domain.errors import Invalid, NotFound, Problem
from playout.domain.ids import is_id
from playout.web.ask import Ask
from playout.web.marks import N_
from playout.web.routes import Pages

pages = Pages()

ROOT = "/uploads"
VERSION = {"Tus-Resumable": "1.0.0"}
#: Seconds without a byte after which whoever sends is taken for gone: its own next try must not find the door shut.
SILENCE = 8.0
#: Bytes of a file that is sent by a plain form, without a script: it is held in memory for a moment.
MOST_BY_FORM = 32 * 1024 * 1024
_PIECE = 1024 * 1024
_FILENAME = re.compile(r"(?:^|,)\s*filename ([A-Za-z0-9+/]+={0,2})")
_BROKEN = N_("The connection broke off. What came is kept; the upload goes on from there.")
_NO_FILE = N_("Choose a video first.")
_MALFORMED = N_("This upload cannot be read. Load the page again.")


@pages.post(ROOT, streams=True)
async def create(ask: Ask) -> Response:
    """Begins one, without bytes."""
    metadata = ask.request.headers.get("upload-metadata", "")
    length = _number(ask, "upload-length")
    upload = await ask.hall.uploads.create(ask.actor, length, _filename(metadata), metadata=metadata[:4096])
    return Response(status_code=201, headers=_told(upload) | {"Location": f"{ROOT}/{upload.id}"})


@pages.way("HEAD", ROOT + "/{upload_id}")
async def look(ask: Ask) -> Response:
    """How far it is."""
    upload = await ask.hall.uploads.look(ask.actor, _id(ask))
    return Response(headers=_told(upload) | {"Upload-Length": str(upload.length)})


@pages.way("PATCH", ROOT + "/{upload_id}", streams=True)
async def append(ask: Ask) -> Response:
    """Goes on with it; the answer to the last byte names the video that it has become."""
    async with aclosing(_pieces(ask)) as pieces:
        upload = await ask.hall.uploads.append(ask.actor, _id(ask), _number(ask, "upload-offset"), pieces)
    return Response(status_code=204, headers=_told(upload))


@pages.way("DELETE", ROOT + "/{upload_id}", streams=True)
async def terminate(ask: Ask) -> Response:
    """Ends it."""
    await ask.hall.uploads.terminate(ask.actor, _id(ask))
    return Response(status_code=204, headers=VERSION)


@pages.post("/clips", most=MOST_BY_FORM)
async def by_form(ask: Ask) -> Response:
    """Without a script: one file, in a plain form."""
    file = ask.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid(_NO_FILE, code="empty_file", problems=[Problem("empty_file", "/file", _NO_FILE)])
    try:
        video = await ask.hall.videos.take_in(ask.actor, file.filename, _read(file), size=file.size)
    finally:
        await file.close()
    return ask.see_other(f"/posts/new?video={video.id}")


async def _read(file: UploadFile) -> AsyncGenerator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def _pieces(ask: Ask) -> AsyncGenerator[bytes]:
    """Raises Invalid (`truncated_upload`) when it breaks off; what came before counts."""
    try:
        async with aclosing(ask.request.stream()) as coming:
            while True:
                async with asyncio.timeout(SILENCE):
                    piece = await anext(coming)
                if piece:
                    yield piece
    except StopAsyncIteration:
        return
    except (ClientDisconnect, TimeoutError) as broken:
        raise Invalid(_BROKEN, code="truncated_upload") from broken


def _told(upload: Upload) -> dict[str, str]:
    video = {"Playout-Video-Id": upload.video_id} if upload.video_id else {}
    return VERSION | {"Upload-Offset": str(upload.offset), "Cache-Control": "no-store"} | video


def _id(ask: Ask) -> str:
    """Raises NotFound for what cannot be one."""
    upload_id: str = ask.request.path_params["upload_id"]
    if not is_id(upload_id, "upl"):
        raise NotFound(_MALFORMED)
    return upload_id


def _number(ask: Ask, name: str) -> int:
    text = ask.request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 -- digits of what a disk could hold
        raise Invalid(_MALFORMED, code="malformed_request")
    return int(text)


def _filename(metadata: str) -> str:
    found = _FILENAME.search(metadata)
    try:
        return base64.b64decode(found[1]).decode(errors="replace") if found else ""
    except binascii.Error:
        return ""
