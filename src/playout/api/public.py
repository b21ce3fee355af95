"""What has no token: the return from a platform's sign-in, webhooks, and the addresses that platforms fetch files from.

Each of them is opened by a secret of its own: the state, the signature, the nonce. None of these is ever logged or
shown.
"""

import asyncio
import html
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from playout.api import bodies
from playout.api.hall import Hall
from playout.api.problems import kin_of, refused
from playout.api.ranges import NoSuchRange, wanted
from playout.api.refusals import Responses, refusals
from playout.api.words import Told
from playout.application.channels import Connected
from playout.application.ports import Withdrawal
from playout.application.pulls import Range
from playout.domain.errors import NotFound, PlayoutError
from playout.domain.secret import Secret
from playout.domain.video import Video

router = APIRouter(tags=["public"])

#: No platform's webhook is larger; Meta's have up to 1000 changes.
MOST_NEWS = 1024 * 1024
#: No signed request is larger.
MOST_FORM = 256 * 1024
#: No platform's code or state is longer.
LONGEST = 4096
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Playout</title></head><body><main><h1>{title}</h1><p>{sentence}</p>{code}</main></body></html>
"""
_HTML: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
_MP4: dict[str, Any] = {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}
_FILE: Responses = {200: {"description": "The whole file.", "content": _MP4}, 206: {"description": "A part."}}
_PAGES: Responses = {
    200: {"description": "Connected.", "content": _HTML},
    303: {"description": "Connected: on to `return_to`."},
    **{status: {"description": "Not connected, and why.", "content": _HTML} for status in (403, 409, 422, 502, 503)},
}
_DELETED: Responses = {
    status: {"description": text, "content": _HTML} for status, text in ((200, "Done."), (404, "Not known."))
}
_DIGITS: dict[str, Any] = {"text/plain": {"schema": {"type": "string", "pattern": "^[0-9]{1,32}$"}}}
_CHALLENGE: Responses = {200: {"description": "The challenge, as it came.", "content": _DIGITS}}


class Deletion(Told):
    """As Meta asks for it."""

    url: str
    confirmation_code: str


@router.get("/connect/{platform}/callback", response_class=Response, responses=refusals() | _PAGES)
async def callback(platform: str, request: Request, hall: Hall) -> Response:
    """Where a platform sends a person back to after its sign-in."""
    given = {name: _only(request, name) for name in ("state", "code", "error")}
    state, code = Secret(given["state"] or ""), Secret(given["code"]) if given["code"] else None
    try:
        connected = await hall.channels.finish(platform, state, code=code, error=given["error"])
    except PlayoutError as error:
        return _page(kin_of(error).status, "Not connected", error.sentence, error.code)
    if connected.return_to:
        return RedirectResponse(connected.return_to, 303)
    return _page(200, "Connected", f"Connected {_names(connected)}. {_lacking(connected)}You can close this tab.")


@router.get("/hooks/{platform}", response_class=Response, responses=refusals(403, 404) | _CHALLENGE)
async def subscribed(platform: str, request: Request, hall: Hall) -> Response:
    """A platform asks whether this address wants its webhooks, with the token that `playout doctor --all` shows."""
    return PlainTextResponse(hall.news.subscribed(platform, request.query_params.multi_items()))


@router.post("/hooks/{platform}", response_class=Response, responses=refusals(403, 404, 413, 422))
async def hooks(platform: str, request: Request, hall: Hall) -> Response:
    """A platform's webhook, signed over its raw bytes. Answered empty."""
    await hall.news.arrived(platform, request.headers, await bodies.whole(request, MOST_NEWS))
    return Response()


@router.post("/hooks/meta/deauthorize", response_class=Response, responses=refusals(403, 413, 422))
async def deauthorize(request: Request, hall: Hall) -> Response:
    """A person removed our app at Facebook or Instagram. Signed by the app's secret. Answered empty."""
    await hall.news.withdrawn(Withdrawal.DEAUTHORIZE, await _signed_request(request))
    return Response()


@router.post("/hooks/meta/deletion", responses=refusals(403, 413, 422))
async def deletion(request: Request, hall: Hall) -> Deletion:
    """A person wants what we know of them deleted. It is, before the answer; the address says so to whoever asks."""
    code = await hall.news.withdrawn(Withdrawal.DELETION, await _signed_request(request))
    return Deletion(url=hall.news.deletion_url(code), confirmation_code=code)


@router.get("/hooks/meta/deletion/{code}", response_class=Response, responses=refusals() | _DELETED)
async def deleted(code: str, hall: Hall) -> Response:
    """What became of a deletion, for people."""
    try:
        at = await hall.news.deleted_at(code)
    except NotFound as unknown:
        return _page(404, "Nothing found", unknown.sentence)
    return _page(200, "Deleted", f"What Playout knew of the account was deleted on {at:%Y-%m-%d at %H:%M} UTC.")


@router.get("/pull/{nonce}.mp4", response_class=Response, responses=refusals(404, 416) | _FILE)
async def pull(nonce: str, request: Request, hall: Hall) -> Response:
    """A video, for the platform that was handed this address, whole or one range of it."""
    video = await hall.pulls.find(nonce)
    try:
        part = wanted(_range(request, video), video.size)
    except NoSuchRange as nothing:
        return await _unsatisfiable(request, nothing)
    coming = hall.pulls.send(nonce, video, part or Range(0, video.size, video.size))
    first = await anext(coming)  # before the answer begins: an address just switched off is a plain 404
    return StreamingResponse(_joined(first, coming), 206 if part else 200, _file_headers(video, part))


@router.head("/pull/{nonce}.mp4", response_class=Response, responses=refusals(404) | _FILE)
async def pull_head(nonce: str, hall: Hall) -> Response:
    """What GET would say. Counts as no fetch."""
    return Response(headers=_file_headers(await hall.pulls.find(nonce), None))


async def _signed_request(request: Request) -> str:
    """The one field of the form, as it came."""
    form = parse_qs((await bodies.whole(request, MOST_FORM)).decode("latin-1"))
    return (form.get("signed_request") or [""])[0]


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def _page(status: int, title: str, sentence: str, code: str = "") -> HTMLResponse:
    """Plain text in plain HTML; the headers of the gate forbid everything else."""
    line = f"<p><small>{html.escape(code)}</small></p>" if code else ""
    return HTMLResponse(_PAGE.format(title=title, sentence=html.escape(sentence), code=line), status)


def _names(connected: Connected) -> str:
    profiles = [channel.profile for channel in connected.channels]
    return ", ".join(f"@{one.username}" if one.username else one.display_name for one in profiles)


def _lacking(connected: Connected) -> str:
    if not connected.lacking:
        return ""
    return f"But it was not allowed to {', nor to '.join(connected.lacking)}: connect again and allow that too. "


def _only(request: Request, name: str) -> str | None:
    """A parameter that is there once. Twice, or endless, is nobody's honest return."""
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST else None


# ── files ────────────────────────────────────────────────────────────────────────────────────────


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        await asyncio.sleep(0)  # a reader who hung up is noticed even where reading never waits
        yield piece


def _range(request: Request, video: Video) -> str | None:
    """The Range that counts: with If-Range only if it is still the same file."""
    same = request.headers.get("if-range", _etag(video)) == _etag(video)
    return request.headers.get("range") if same else None


async def _unsatisfiable(request: Request, nothing: NoSuchRange) -> Response:
    answer = await refused(request, nothing)
    answer.headers["Content-Range"] = f"bytes */{nothing.size}"
    return answer


def _file_headers(video: Video, part: Range | None) -> dict[str, str]:
    headers = {
        "Content-Type": "video/mp4",
        "Content-Length": str(part.length if part else video.size),
        "Content-Disposition": 'attachment; filename="video.mp4"',
        "Accept-Ranges": "bytes",
        "ETag": _etag(video),
        "Content-Security-Policy": "sandbox",
    }
    if part:
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{part.size}"
    return headers


def _etag(video: Video) -> str:
    return f'"{video.sha256}"'
