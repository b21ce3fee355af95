"""What a refusal looks like from outside: problem details (RFC 9457), by one table from kinds of error to statuses.

No sentence is made here but for what the protocol itself refuses (no such address, no such method, not JSON).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from playout.api.hall import services_of
from playout.application.once import IdempotencyConflict
from playout.domain.delivery import JsonValue
from playout.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Locked,
    Misconfigured,
    NotFound,
    PlayoutError,
    Problem,
    Stale,
    StillRunning,
    StorageFull,
    TooLarge,
    TooOften,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from playout.domain.retry import Kind, PlatformFailure

MEDIA_TYPE = "application/problem+json"
#: When to ask again, where nobody can say: the same request is running; the store does not answer.
SOON = timedelta(seconds=2)
LATER = timedelta(seconds=5)
NOT_THIS_METHOD = 405

Detail: TypeAlias = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Kin:
    """How one kind of error is answered."""

    status: int
    title: str
    again: timedelta | None = None  # Retry-After


#: The table. A kind that is not here is answered as the nearest above it in the error tree.
KINDS: Mapping[type[PlayoutError], Kin] = {
    Invalid: Kin(422, "The request is not valid"),
    TooLarge: Kin(413, "Too large"),
    NotFound: Kin(404, "Not found"),
    Unauthenticated: Kin(401, "Sign in first"),
    Forbidden: Kin(403, "Not allowed"),
    Conflict: Kin(409, "Not in this state"),
    Stale: Kin(409, "Changed in the meantime"),
    IdempotencyConflict: Kin(422, "The Idempotency-Key was used before"),
    StillRunning: Kin(409, "Still running", SOON),
    TooOften: Kin(429, "Too many requests"),
    Locked: Kin(503, "Busy", LATER),
    Unavailable: Kin(503, "Not available right now", LATER),
    StorageFull: Kin(507, "No room left"),
    Misconfigured: Kin(503, "Not set up"),
    Unreadable: Kin(503, "A key is missing"),
    PlayoutError: Kin(500, "Playout made a mistake"),
}

#: A platform that refuses: what it means for the one who asked us.
PLATFORM: Mapping[Kind, Kin] = {
    Kind.AGAIN: Kin(502, "The platform did not answer", LATER),
    Kind.LATER: Kin(503, "The platform takes no more right now", LATER),
    Kind.SIGN_IN: Kin(409, "The channel needs reconnecting"),
    Kind.CHOOSE: Kin(409, "The platform does not offer this any more"),
    Kind.NEVER: Kin(502, "The platform refused"),
    Kind.UNSURE: Kin(502, "The platform's answer was lost"),
}

#: Where HTTP has a status of its own for a code.
CODES: Mapping[str, Kin] = {
    "malformed_json": Kin(400, "Not JSON"),
    "truncated_upload": Kin(400, "The upload broke off"),
    "unknown_host": Kin(400, "Unknown host"),
    "wrong_content_type": Kin(415, "Wrong content type"),
    "range_not_satisfiable": Kin(416, "No such range"),
    "rate_limited": Kin(429, "Too many requests"),
    "own_rate": Kin(429, "Too many requests to the platform"),  # before it was asked; it is available
    "malformed_header": Kin(400, "Not readable"),
    "upload_gone": Kin(410, "The upload has ended"),
    "wrong_tus_version": Kin(412, "Another version of tus"),
    "too_many_uploads": Kin(429, "Too many uploads"),
    "being_written": Kin(423, "Being written", again=SOON),
    "checksum_mismatch": Kin(460, "Another checksum"),
}

#: What the protocol refuses before any of our code runs: (code, sentence).
PROTOCOL: Mapping[int, tuple[str, str]] = {
    400: ("malformed_request", "The request could not be read. Send JSON in UTF-8."),
    404: ("not_found", "There is nothing at this address. What there is: /api/v1/openapi.json."),
    NOT_THIS_METHOD: (
        "method_not_allowed",
        "This address does not take this method; the header Allow says what it takes.",
    ),
}

_SENTENCES = {
    "missing": ("required", "This is required."),
    "extra_forbidden": ("unknown_field", "There is no such field. What there is: /api/v1/openapi.json."),
    "string_unicode": ("bad_text", "The text contains characters that are none."),
}


def kin_of(error: PlayoutError) -> Kin:
    """How it is answered."""
    if error.code in CODES:
        return CODES[error.code]
    if isinstance(error, PlatformFailure):
        return PLATFORM[error.kind]
    return next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)


async def refused(request: Request, error: Exception) -> JSONResponse:
    """The answer to an error of ours."""
    if not isinstance(error, PlayoutError):
        raise error
    if isinstance(error, NotFound) and _is_fixed(request):
        return await unrouted(request, HTTPException(NOT_THIS_METHOD))
    kin = kin_of(error)
    if isinstance(error, Stale) and "if-match" in request.headers:
        kin = Kin(412, kin.title)
    more: Detail = {"whose_turn": error.turn} if isinstance(error, PlatformFailure) else {}
    headers = _headers(error, kin, services_of(request).clock.now())
    return problem(kin, error.code, error.sentence, errors=_errors(error), more=more, headers=headers)


async def invalid(_request: Request, error: Exception) -> JSONResponse:
    """The answer to a request that does not have the form that the schema says."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        sentence = "The body is not JSON."
        return problem(CODES["malformed_json"], "malformed_json", sentence)
    errors = [_from_schema(one) for one in found]
    first = errors[0]
    where = first.get("parameter") or first["pointer"]
    sentence = f"{where}: {first['detail']}" if where else str(first["detail"])
    return problem(KINDS[Invalid], "invalid", sentence, errors=errors)


async def unrouted(request: Request, error: Exception) -> JSONResponse:
    """The answer to what Starlette refuses."""
    if not isinstance(error, HTTPException):
        raise error
    code, sentence = PROTOCOL.get(error.status_code, ("refused", str(error.detail)))
    headers = {"Allow": _allowed(request)} if error.status_code == NOT_THIS_METHOD else error.headers
    return problem(Kin(error.status_code, str(error.detail)), code, sentence, headers=headers)


def problem(
    kin: Kin,
    code: str,
    sentence: str,
    *,
    errors: Sequence[Detail] = (),
    more: Detail | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The body is an object: type, title, status, detail, code, errors, and whatever `more` says."""
    body = {
        "type": f"urn:playout:error:{code}",
        "title": kin.title,
        "status": kin.status,
        "detail": sentence,
        "code": code,
        "errors": list(errors),
        **(more or {}),
    }
    return JSONResponse(body, kin.status, headers, MEDIA_TYPE)


def _is_fixed(request: Request) -> bool:
    """Whether the address stands in the router word for word, for another method.

    A pattern of this method matches it too: to GET, the `connect` of POST /channels/connect is the id of nothing.
    """
    return any(
        one.path == request.scope["path"] and request.method not in (one.methods or ())
        for one in iter_route_contexts(request.app.routes)
    )


def _allowed(request: Request) -> str:
    """All methods of this address; the router knows only those of the first route that it met there."""
    here = [one for one in iter_route_contexts(request.app.routes) if one.path_regex.match(request.scope["path"])]
    here = [one for one in here if one.path == request.scope["path"]] or here
    return ", ".join(sorted({method for one in here for method in one.methods or ()}))


def _headers(error: PlayoutError, kin: Kin, now: datetime) -> dict[str, str]:
    again = kin.again
    if isinstance(error, PlatformFailure | TooOften) and error.retry_at:
        again = error.retry_at - now
    headers = {"Retry-After": str(max(1, round(again.total_seconds())))} if again else {}
    return headers | (
        {"WWW-Authenticate": 'Bearer realm="playout"'} if kin.status == KINDS[Unauthenticated].status else {}
    )


def _errors(error: PlayoutError) -> list[Detail]:
    return [_shown(one) for one in error.problems] if isinstance(error, Invalid) else []


def _shown(one: Problem) -> Detail:
    kept = asdict(one)
    shown = {"pointer": kept["field"], "code": kept["code"], "detail": kept["message"]}
    return shown | {name: kept[name] for name in ("channel_id", "fix") if kept[name] is not None}


def _from_schema(one: Mapping[str, object]) -> Detail:
    kind, message = str(one["type"]), str(one["msg"])
    code, sentence = _SENTENCES.get(kind, (kind, message.removeprefix("Value error, ")))
    place, *path = one["loc"] if isinstance(one["loc"], tuple) else ("body",)
    if place == "body":
        return {"pointer": "".join(f"/{_escaped(step)}" for step in path), "code": code, "detail": sentence}
    return {"pointer": "", "parameter": "/".join(map(str, path)), "code": code, "detail": sentence}


def _escaped(step: object) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")
