"""tus 1.0.0 (tus.io/protocols/resumable-upload), as words: headers read and written, versions, methods.

Not here: what an upload is (application/uploads.py), and under which addresses it is spoken (uploads.py).
"""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playout.api import bodies
from playout.api.hall import actor_of
from playout.api.problems import invalid, refused
from playout.api.routes import StreamRoute
from playout.application.uploads import CHECKSUMS, Checksum, Upload, WrongOffset
from playout.domain.errors import Conflict, Invalid, PlayoutError, Problem
from playout.domain.person import Actor

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination"
#: The type of the bytes of an upload.
BYTES = "application/offset+octet-stream"
LONGEST_METADATA = 4096
LONGEST_KEY = 255
#: Codes of refusals: the table in problems.py has their statuses.
WRONG_VERSION, MALFORMED, WRONG_TYPE = "wrong_tus_version", "malformed_header", "wrong_content_type"
TRUNCATED = "truncated_upload"
#: Seconds without a byte after which whoever sends is taken for gone. It must not bar its own next try for long: the
#: last one that tus-js-client makes, unless told otherwise, comes 9 s after a break.
SILENCE = 8.0
_METADATA = re.compile(r"(?P<key>[!-+\--~]+)(?: (?P<value>[A-Za-z0-9+/]*={0,2}))?")
_OVERRIDDEN = frozenset({"DELETE", "HEAD", "OPTIONS", "PATCH", "POST"})


@dataclass(frozen=True, slots=True)
class Creation:
    """What is asked for."""

    length: int | None  # None: it is said later
    metadata: str
    filename: str


class TusRoute(StreamRoute):
    """A route that speaks tus, and sees to Idempotency-Key itself: its answers are in their headers."""

    own_keys = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def spoken(request: Request) -> Response:
            try:
                await actor_of(request)
                _check_version(request)
                answer = await handle(request)
            except PlayoutError as error:
                answer = await refused(request, error)
                answer.headers.update(_told_with(error))
            except RequestValidationError as error:
                answer = await invalid(request, error)
            return answer

        return spoken


class Envelope:
    """ASGI middleware around one address and all below it: every answer names the version, whoever gives it.

    For clients that can send GET and POST only, the method is what X-HTTP-Method-Override says, of those that tus has.
    """

    def __init__(self, app: ASGIApp, *, below: str) -> None:
        self._app = app
        self._below = below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Outside of what may refuse a request before a route of ours is found."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{self._below}/"):
            await self._app(scope, receive, send)
            return
        named = Headers(scope=scope).get("x-http-method-override", "").upper()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await self._app({**scope, "method": named} if named in _OVERRIDDEN else scope, receive, sending)


# ── what is asked ────────────────────────────────────────────────────────────────────────────────


def creation(request: Request) -> Creation:
    """Raises Invalid."""
    length, deferred = number(request, "Upload-Length"), request.headers.get("upload-defer-length")
    if deferred not in {None, "1"}:
        raise malformed("Upload-Defer-Length", "It is 1, or not there.")
    if (length is None) == (deferred is None):
        raise malformed("Upload-Length", "Give it, or Upload-Defer-Length: 1, and not both.")
    metadata = request.headers.get("upload-metadata", "")
    return Creation(length, metadata, _filename(metadata))


def offset(request: Request) -> int:
    """Where the bytes of this request go. Raises Invalid."""
    given = number(request, "Upload-Offset")
    if given is None:
        raise malformed("Upload-Offset", "It is missing.")
    return given


def number(request: Request, name: str) -> int | None:
    """A count of bytes. Raises Invalid."""
    text = request.headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= bodies.LONGEST_NUMBER):
        raise malformed(name, "It is a whole number of bytes.")
    return int(text)


def checksum(request: Request) -> Checksum | None:
    """Of the body. Raises Invalid."""
    text = request.headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    if algorithm not in CHECKSUMS:
        raise malformed("Upload-Checksum", f"Known are {', '.join(CHECKSUMS)}.")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise malformed("Upload-Checksum", f"It is the name of the algorithm, a blank, and the {algorithm} in base64.")
    return Checksum(algorithm, digest)


def brings_bytes(request: Request) -> bool:
    """Whether there is a body. Raises Invalid for one of another type."""
    if not bodies.announced_size(request) and "transfer-encoding" not in request.headers:
        return False
    check_type(request)
    return True


def check_type(request: Request) -> None:
    """Raises Invalid."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != BYTES:
        raise Invalid(f"Send the bytes with the header Content-Type: {BYTES}.", code=WRONG_TYPE)


async def pieces(request: Request, silence: float = SILENCE) -> AsyncGenerator[bytes, None]:
    """The body as it comes. Raises Invalid (`truncated_upload`) when it breaks off, or nothing comes for so long."""
    try:
        async with aclosing(bodies.pieces(request)) as coming:
            while True:
                async with asyncio.timeout(silence):
                    piece = await anext(coming)
                yield piece
    except StopAsyncIteration:
        return
    except (Invalid, TimeoutError) as broken:
        sentence = "The connection broke off. What came is kept, unless it had a checksum: ask with HEAD how far it is."
        raise Invalid(sentence, code=TRUNCATED, problems=[Problem(TRUNCATED, "", sentence)]) from broken


def made_id(request: Request, who: Actor) -> str | None:
    """The id of the upload that a POST with an Idempotency-Key makes, always the same. Raises Invalid."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise malformed("Idempotency-Key", f"It has 1 to {LONGEST_KEY} printable characters.")
    named = f"{who.workspace_id}\n{who.name}\n{key}"
    return f"upl_{hashlib.sha256(named.encode()).hexdigest()[:26]}"


def malformed(header: str, sentence: str) -> Invalid:
    """The error for a header that cannot be read."""
    told = f"{header}: {sentence}"
    return Invalid(told, code=MALFORMED, problems=[Problem(MALFORMED, "", told)])


def _check_version(request: Request) -> None:
    if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
        raise Conflict(f"This speaks tus {VERSION}: send the header Tus-Resumable: {VERSION}.", code=WRONG_VERSION)


def _filename(metadata: str) -> str:
    """Raises Invalid unless it is a list of pairs, as tus writes them."""
    if not metadata:
        return ""
    pairs = [_METADATA.fullmatch(pair) for pair in metadata.split(",")] if len(metadata) <= LONGEST_METADATA else [None]
    named = {pair["key"]: pair["value"] or "" for pair in pairs if pair}
    try:
        decoded = {key: base64.b64decode(value, validate=True) for key, value in named.items()}
    except binascii.Error:
        decoded = {}
    if len(decoded) != len(pairs):
        sentence = f"It is a list of “key base64”, each key once, {LONGEST_METADATA:,} characters at most."
        raise malformed("Upload-Metadata", sentence)
    return decoded.get("filename", b"").decode(errors="replace")


# ── what is told ─────────────────────────────────────────────────────────────────────────────────


def capabilities(most_bytes: int) -> dict[str, str]:
    """Headers that say what is spoken here."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(most_bytes),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def progress(upload: Upload) -> dict[str, str]:
    """Headers that say how far it is."""
    told = {"Upload-Offset": str(upload.offset), "Cache-Control": "no-store"}
    if upload.expires_at:
        told["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    if upload.video_id:
        told["Playout-Video-Id"] = upload.video_id
    return told


def description(upload: Upload) -> dict[str, str]:
    """Headers that say all about it."""
    length = {"Upload-Defer-Length": "1"} if upload.length is None else {"Upload-Length": str(upload.length)}
    metadata = {"Upload-Metadata": upload.metadata} if upload.metadata else {}
    return progress(upload) | length | metadata


def _told_with(error: PlayoutError) -> dict[str, str]:
    if isinstance(error, WrongOffset):
        return progress(error.upload)
    return {"Tus-Version": VERSION} if error.code == WRONG_VERSION else {}
