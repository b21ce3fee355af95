"""What a route's page in the OpenAPI document says about refusals."""

from typing import Any, TypeAlias

from playout.api.schemas import Problem

Responses: TypeAlias = dict[int | str, dict[str, Any]]  # FastAPI's own type

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
    """The statuses every route has, and these."""
    return {status: {"description": _WORDS[status], "model": Problem} for status in sorted({400, 500, 503, *statuses})}


#: Behind the token.
GUARDED = refusals(401, 403, 413, 422, 429)
#: With a JSON body, or an Idempotency-Key, or both.
POSTED = refusals(401, 403, 409, 413, 415, 422, 429)
#: The header of an answer that shows a version.
ETAG: dict[str, Any] = {"ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}}}
