"""/export: everything of the workspace as one zip, made in the background."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator
from starlette.responses import StreamingResponse

from playout.api import schemas_export
from playout.api.channels import reason
from playout.api.hall import Caller, Hall, MadeId
from playout.api.problems import refused
from playout.api.ranges import NoSuchRange, wanted
from playout.api.refusals import ETAG, GUARDED, POSTED, Responses, refusals
from playout.api.routes import api_router
from playout.api.words import known_form
from playout.application.export_notes import Export, ExportState
from playout.application.pulls import Range

router = api_router("/export", "export")

ExportId = Annotated[str, AfterValidator(known_form("exp")), Path(description="Id of an export: exp_…")]

_ADDRESS = {"description": "Its address.", "schema": {"type": "string"}}
_BEGUN: Responses = {202: {"headers": {"Location": _ADDRESS}}}
_ZIP: dict[str, Any] = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
_RANGES = {"Accept-Ranges": {"description": "Ranges of bytes are given.", "schema": {"type": "string"}}}
_PART = {"Content-Range": {"description": "Which part, of how many bytes.", "schema": {"type": "string"}}}
_FILE: Responses = {
    200: {"description": "The whole zip.", "content": _ZIP, "headers": ETAG | _RANGES},
    206: {"description": "A part.", "content": _ZIP, "headers": ETAG | _RANGES | _PART},
}


@router.post("", status_code=202, responses=POSTED | _BEGUN)
async def begin(
    response: Response, who: Caller, hall: Hall, export_id: Annotated[str | None, Depends(MadeId("exp"))]
) -> schemas_export.Export:
    """Has everything of the workspace put into one zip: JSON and the videos. Scope: admin.

    One at a time: while one is being made, another POST gives that one. It is kept for seven days.
    """
    export = await hall.exports.begin(who, export_id=export_id)
    response.headers["Location"] = _address(export)
    return shown(export)


@router.get("/{export_id}", responses=GUARDED | refusals(404))
async def one(export_id: ExportId, who: Caller, hall: Hall) -> schemas_export.Export:
    """How far it is. Scope: admin."""
    return shown(await hall.exports.get(who, export_id))


@router.get("/{export_id}/file", response_class=Response, responses=GUARDED | refusals(404, 409, 416) | _FILE)
async def file(export_id: ExportId, request: Request, who: Caller, hall: Hall) -> Response:
    """The zip, whole or one range of it. Scope: admin."""
    export = await hall.exports.finished(who, export_id)
    try:
        part = wanted(_range(request, export), export.size)
    except NoSuchRange as nothing:
        answer = await refused(request, nothing)
        answer.headers["Content-Range"] = f"bytes */{nothing.size}"
        return answer
    of_all = part or Range(0, export.size, export.size)
    coming = hall.exports.read(export, of_all.start, of_all.length)
    first = await anext(coming)  # before the answer begins: one that is just being removed is a plain 404
    return StreamingResponse(_joined(first, coming), 206 if part else 200, _headers(export, part))


def shown(export: Export) -> schemas_export.Export:
    """As it is sent."""
    return schemas_export.Export(
        id=export.id,
        state=export.state,
        progress=schemas_export.ExportProgress(done=export.done, total=export.total),
        size=export.size,
        sha256=export.sha256,
        created_at=export.created_at,
        expires_at=export.expires_at,
        download_url=f"{_address(export)}/file" if export.state is ExportState.READY else None,
        reason=reason(export.reason),
    )


def _address(export: Export) -> str:
    return f"/api/v1/export/{export.id}"


def _range(request: Request, export: Export) -> str | None:
    """The Range that counts: with If-Range only if it is still the same zip."""
    same = request.headers.get("if-range", _etag(export)) == _etag(export)
    return request.headers.get("range") if same else None


async def _joined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    async with aclosing(rest) as pieces:
        async for piece in pieces:
            await asyncio.sleep(0)  # a reader who hung up is noticed even where reading never waits
            yield piece


def _headers(export: Export, part: Range | None) -> dict[str, str]:
    headers = {
        "Content-Type": "application/zip",
        "Content-Length": str(part.length if part else export.size),
        "Content-Disposition": f'attachment; filename="{export.filename}"',
        "Accept-Ranges": "bytes",
        "ETag": _etag(export),
        "Content-Security-Policy": "sandbox",
    }
    if part:
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{part.size}"
    return headers


def _etag(export: Export) -> str:
    return f'"{export.sha256}"'
