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
    412: "The version in If-Match is not the current one.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    416: "No such range.",
    422: "The request is not valid: `errors` says where. Or the Idempotency-Key was used for another request.",
    500: "A mistake of ours; the log has it under the id in `instance`.",
    502: "The platform refused or did not answer.",
    503: "Not available right now; Retry-After says when to ask again.",
    507: "No room left for the file.",
}


def refusals(*statuses: int) -> Responses:
    """The statuses every route has, and these."""
    return {status: {"description": _WORDS[status], "model": Problem} for status in sorted({400, 500, 503, *statuses})}


#: Behind the token.
GUARDED = refusals(401, 403, 413, 422)
#: With a JSON body, or an Idempotency-Key, or both.
POSTED = refusals(401, 403, 409, 413, 415, 422)
#: The header of an answer that shows a version.
ETAG: dict[str, Any] = {"ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}}}
