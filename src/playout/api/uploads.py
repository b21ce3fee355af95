"""/uploads: videos in several requests, by tus 1.0.0. With the last byte an upload becomes a video.

The protocol is in tus.py; another one for the same uploads would stand beside it.
"""

from contextlib import aclosing, suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AfterValidator
from starlette.responses import Response

from playout.api import bodies, tus
from playout.api.hall import BEARER, Caller, Hall
from playout.api.refusals import GUARDED, Responses, refusals
from playout.api.routes import IDEMPOTENCY_KEY
from playout.api.words import known_form
from playout.application.uploads import Upload
from playout.domain.errors import PlayoutError
from playout.domain.person import Actor

ROOT = "/uploads"
router = APIRouter(prefix=ROOT, tags=["uploads"], route_class=tus.TusRoute, dependencies=[Depends(BEARER)])

UploadId = Annotated[str, AfterValidator(known_form("upl")), Path(description="Id of an upload: upl_…")]

_NUMBER = {"pattern": f"^[0-9]{{1,{bodies.LONGEST_NUMBER}}}$"}
_PAIR = r"[!-+\--~]+( ([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)?"
#: What each header looks like.
_FORMS: dict[str, dict[str, Any]] = {
    "Tus-Resumable": {"enum": [tus.VERSION]},
    "Upload-Length": _NUMBER,
    "Upload-Offset": _NUMBER,
    "Upload-Defer-Length": {"enum": ["1"]},
    "Upload-Metadata": {"pattern": f"^{_PAIR}(,{_PAIR})*$", "maxLength": tus.LONGEST_METADATA},
    "Upload-Checksum": {
        "pattern": "^(sha1 [A-Za-z0-9+/]{27}=|sha256 [A-Za-z0-9+/]{43}=|md5 [A-Za-z0-9+/]{22}==)$",
    },
    "Idempotency-Key": IDEMPOTENCY_KEY["schema"],
}


def _takes(**headers: str) -> dict[str, Any]:
    """For the OpenAPI page: headers, and what each is for; the last word of some is that they are required."""
    every = {"Tus-Resumable": "The version of tus: 1.0.0. Required."} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    parameters = [
        {
            "in": "header",
            "name": name,
            "required": text.endswith("Required."),
            "schema": {"type": "string", **_FORMS[name]},
            "description": text,
        }
        for name, text in every.items()
    ]
    return {"parameters": parameters}


def _tells(status: int, sentence: str, **headers: str) -> Responses:
    every = {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-"): text for name, text in headers.items()}
    told = {name: {"description": text, "schema": {"type": "string"}} for name, text in every.items()}
    return {status: {"description": sentence, "headers": told}}


_BYTES: dict[str, Any] = {"content": {tus.BYTES: {"schema": {"type": "string", "format": "binary"}}}}
_OFFSET, _EXPIRES = "Bytes that are safe.", "When the upload ends, if nothing more comes."
_VIDEO = "The video that it has become, once all bytes are here."
_CHECKSUM = "Name of the algorithm (sha1, sha256, md5), a blank, and the digest of this body in base64."
_LENGTH = "Bytes in all."
_TUS = GUARDED | refusals(409, 410, 412, 423)


@router.options(
    "",
    status_code=204,
    responses=GUARDED
    | _tells(
        204,
        "What is spoken here.",
        Tus_Version="1.0.0",
        Tus_Extension="The extensions of tus that are there.",
        Tus_Max_Size="Bytes of the largest file that is taken in.",
        Tus_Checksum_Algorithm="For Upload-Checksum.",
    ),
)
async def spoken(hall: Hall) -> Response:
    """What of tus is spoken here."""
    return Response(status_code=204, headers=tus.capabilities(hall.uploads.most_bytes))


@router.post(
    "",
    status_code=201,
    response_class=Response,
    responses=_TUS
    | refusals(415, 429, 460, 507)
    | _tells(
        201, "Begun.", Location="Its address.", Upload_Offset=_OFFSET, Upload_Expires=_EXPIRES, Playout_Video_Id=_VIDEO
    ),
    openapi_extra={"requestBody": _BYTES}
    | _takes(
        Upload_Length=_LENGTH,
        Upload_Defer_Length="1, if Upload-Length is not known yet.",
        Upload_Metadata="“filename” and the name in base64; other keys are kept, and told again by HEAD.",
        Upload_Checksum=_CHECKSUM,
        Idempotency_Key="A repeat with the same key finds the same upload, for as long as it is kept.",
    ),
)
async def create(request: Request, who: Caller, hall: Hall) -> Response:
    """Begins an upload, with its first bytes in the body or none. Scope: write."""
    asked, upload_id = tus.creation(request), tus.made_id(request, who)
    tus.checksum(request)  # refused before anything is begun, and without bytes too
    brings_bytes = tus.brings_bytes(request)
    upload = await hall.uploads.create(who, asked.length, asked.filename, metadata=asked.metadata, upload_id=upload_id)
    if brings_bytes and upload.offset == 0:  # a repeat goes on with PATCH
        upload = await _first_bytes(request, who, hall, upload, keep=upload_id is not None)
    location = f"{hall.uploads.public_url}{request.scope['path']}/{upload.id}"
    return Response(status_code=201, headers=tus.progress(upload) | {"Location": location})


@router.head(
    "/{upload_id}",
    response_class=Response,
    responses=_TUS
    | refusals(404)
    | _tells(
        200,
        "How far it is.",
        Upload_Offset=_OFFSET,
        Upload_Length=_LENGTH,
        Upload_Defer_Length="1, while Upload-Length is not known.",
        Upload_Metadata="As it was given.",
        Upload_Expires=_EXPIRES,
        Playout_Video_Id=_VIDEO,
    ),
    openapi_extra=_takes(),
)
async def look(upload_id: UploadId, who: Caller, hall: Hall) -> Response:
    """How far it is. Scope: write."""
    return Response(headers=tus.description(await hall.uploads.look(who, upload_id)))


@router.patch(
    "/{upload_id}",
    status_code=204,
    responses=_TUS
    | refusals(404, 415, 460, 507)
    | _tells(204, "Taken in.", Upload_Offset=_OFFSET, Upload_Expires=_EXPIRES, Playout_Video_Id=_VIDEO),
    openapi_extra={"requestBody": _BYTES | {"required": True}}
    | _takes(
        Upload_Offset="Where these bytes begin: what HEAD said. Required.",
        Upload_Length="Bytes in all, where that was not known before.",
        Upload_Checksum=_CHECKSUM,
    ),
)
async def append(upload_id: UploadId, request: Request, who: Caller, hall: Hall) -> Response:
    """Goes on with it. What came stays, even if the connection breaks; with a checksum all of it or none. Scope: write.

    The answer to the last byte says in Playout-Video-Id which video it has become.
    """
    tus.check_type(request)
    return Response(status_code=204, headers=tus.progress(await _append(request, who, hall, upload_id)))


@router.delete(
    "/{upload_id}",
    status_code=204,
    responses=_TUS | refusals(404) | _tells(204, "Deleted."),
    openapi_extra=_takes(),
)
async def terminate(upload_id: UploadId, who: Caller, hall: Hall) -> Response:
    """Ends it, and forgets its bytes. A video that it has become stays. Scope: write."""
    await hall.uploads.terminate(who, upload_id)
    return Response(status_code=204)


async def _append(request: Request, who: Actor, hall: Hall, upload_id: str, offset: int | None = None) -> Upload:
    offset = tus.offset(request) if offset is None else offset
    async with aclosing(tus.pieces(request)) as pieces:
        return await hall.uploads.append(
            who,
            upload_id,
            offset,
            pieces,
            size=bodies.announced_size(request),
            length=tus.number(request, "Upload-Length"),
            checksum=tus.checksum(request),
        )


async def _first_bytes(request: Request, who: Actor, hall: Hall, upload: Upload, *, keep: bool) -> Upload:
    """Without a key nobody could find again what broke off here: it is ended."""
    try:
        return await _append(request, who, hall, upload.id, 0)
    except PlayoutError:
        if not keep:
            with suppress(PlayoutError):
                await hall.uploads.terminate(who, upload.id)
        raise
