"""What the OpenAPI document says about refusals: which a route gives, what each looks like, and its examples.

The examples are made from the table in problems.py. Where the document puts all this stands in app.py.
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

from playout.api.etags import HEADER
from playout.api.problems import CODES, KINDS, MEDIA_TYPE, PLATFORM, PROTOCOL, Kin
from playout.api.problems import problem as answered
from playout.api.schemas import Problem
from playout.domain.errors import PlayoutError, Stale
from playout.domain.retry import Turn

Responses: TypeAlias = dict[int | str, dict[str, Any]]  # FastAPI's own type
Doc: TypeAlias = dict[str, Any]  # a part of the document
#: Kinds of routes, by what all answers of one have in common: no token; a token; a POST that runs once; tus.
Side = Literal["Public", "Guarded", "Posted", "Upload"]

_WORDS = {
    400: "The request could not be read, or came for another host.",
    401: "No token, or one that is not valid.",
    403: "The token lacks the scope.",
    404: "No such thing in this workspace.",
    409: "Not in a state that allows this (`code` says which), or the same request is still running.",
    410: "It has ended: too long nothing came.",
    412: "The version in If-Match, or of the protocol, is not the current one.",
    413: "The body is too large.",
    415: "The body is not declared as JSON, or as what is taken here.",
    416: "No such range.",
    422: "The request is not valid: `errors` says where. Or the Idempotency-Key was used for another request.",
    423: "Somebody else is sending to it at this moment.",
    460: "The checksum is another: bytes changed on their way.",
    429: "Too many requests; Retry-After says when to go on.",
    500: "A mistake of ours; the log has it under the id in `instance`.",
    502: "The platform refused or did not answer.",
    503: "Not available right now; Retry-After says when to ask again.",
    507: "No room left for the file.",
}


def refusals(*statuses: int) -> Responses:
    """The statuses every route has, and these. 429: a wrong token came along, after too many others."""
    every = sorted({400, 429, 500, 503, *statuses})
    return {status: {"description": _WORDS[status], "model": Problem} for status in every}


#: Behind the token.
GUARDED = refusals(401, 403, 413, 422, 429)
#: With a JSON body, or an Idempotency-Key, or both.
POSTED = refusals(401, 403, 409, 413, 415, 422, 429)
#: The header of an answer that shows a version.
ETAG: dict[str, Any] = {"ETag": HEADER}

#: Only one kind of routes gives these; other codes come anywhere.
_ONLY: Mapping[str, Side] = {
    "checksum_mismatch": "Upload",
    "being_written": "Upload",
    "too_many_uploads": "Upload",
    "upload_gone": "Upload",
    "wrong_tus_version": "Upload",
    "idempotency_conflict": "Posted",
    "still_running": "Posted",
}
#: Statuses that can come with Retry-After.
AGAIN = frozenset(
    {429, *(kin.status for table in (KINDS, CODES, PLATFORM) for kin in table.values() if kin.again is not None)}
)
RETRY_AFTER: Doc = {
    "description": "Seconds to wait, where it is known when the same request can go through.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 2,
}
SIGN_IN: Doc = {
    "description": "Which token is asked for.",
    "schema": {"type": "string"},
    "example": 'Bearer realm="playout"',
}


def is_plain(status: int, answer: Doc) -> bool:
    """Whether it says what `refusals` says, and nothing else."""
    return answer["description"] == _WORDS.get(status) and [*answer.get("content", {})] == [MEDIA_TYPE]


def described(status: int, side: Side) -> Doc:
    """The answer of this status, but for its headers."""
    shown = {code: {"$ref": f"#/components/examples/{status}-{code}"} for code, _ in _at(status, side)}
    kind: Doc = {"schema": {"$ref": "#/components/schemas/Problem"}} | ({"examples": shown} if shown else {})
    return {"description": _WORDS[status], "content": {MEDIA_TYPE: kind}}


def examples(status: int, side: Side) -> dict[str, Doc]:
    """What `described` refers to, by name."""
    return {f"{status}-{code}": {"summary": body["title"], "value": body} for code, body in _at(status, side)}


def _at(status: int, side: Side) -> Iterator[tuple[str, Doc]]:
    known = {code: (kin, sentence, more) for code, kin, sentence, more in reversed([*_table()]) if kin.status == status}
    for code, (kin, sentence, more) in sorted(known.items()):
        if _ONLY.get(code, side) == side or (side == "Upload" and _ONLY[code] == "Posted"):
            yield code, json.loads(bytes(answered(kin, code, sentence, more=more).body))


def _table() -> Iterator[tuple[str, Kin, str, Doc]]:
    """Code, kin, sentence and what else there is. Of a code that comes twice with a status, the first counts."""
    for error, kin in KINDS.items():
        if error is not PlayoutError:
            yield error.code, kin, _first_sentence(error.__doc__), {}
    for code, kin in CODES.items():
        yield code, kin, _WORDS[kin.status], {}
    for kin in PLATFORM.values():
        if kin.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # the code is the platform's own, or its status
            yield f"http_{kin.status}", kin, f"{kin.title}.", {"whose_turn": Turn.PLATFORM.value}
    for status, (code, sentence) in PROTOCOL.items():
        yield code, Kin(status, HTTPStatus(status).phrase), sentence, {}
    yield Stale.code, Kin(412, KINDS[Stale].title), Stale().sentence, {}
    mistake = {"instance": "urn:playout:request:req_01kae7q2m3v5x8y9z0abcdefgh"}
    yield "internal_error", KINDS[PlayoutError], _WORDS[500], mistake


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").split()).partition(". ")[0].rstrip(".") + "."
