"""Entity tags: which version an edit is meant for (If-Match), and whether an answer is known already (If-None-Match).

Both as RFC 9110 has them, sections 8.8.3 and 13.1. That an edit and its check are one step is the store's promise, by
`version`; here only headers are read and written.
"""

import hashlib
import re
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from playout.domain.errors import Invalid, Problem, Stale

KNOWN_ALREADY = 304
_QUOTE = '"'
_TAG = r'(?:W/)?"[!#-~\x80-\xff]*"'
_LIST = rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*"
_EACH = re.compile(_TAG)
_FORM = re.compile(rf"[ \t]*\*[ \t]*|{_LIST}")
_SCHEMA: dict[str, Any] = {"type": "string", "pattern": rf"^(?:\*|{_TAG}(?:, ?{_TAG})*)$"}

#: For the OpenAPI document.
HEADER: dict[str, Any] = {
    "description": "Of what is shown, for If-Match and If-None-Match. Of what has a `version`, it begins with that.",
    "schema": {"type": "string"},
    "example": '"v3"',
}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": 'Only if it still has this ETag, or one of these; else 412 `stale`. `*`: whatever it is. `"v3"`: '
    "in version 3, whatever became of its deliveries. A weak tag (`W/…`) never matches.",
    "schema": _SCHEMA,
    "example": '"v3"',
}
IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Not if it still has this ETag, or one of these: then 304, without a body.",
    "schema": _SCHEMA,
    "example": '"v3"',
}


async def _if_match(
    request: Request,
    if_match: Annotated[str | None, Header()] = None,  # noqa: ARG001 -- for the document: `get` would see one line only
) -> str | None:
    return _given(request, "If-Match")


#: The header of an edit, to be handed to `match`; None where it was not sent.
IfMatch = Annotated[str | None, Depends(_if_match)]


def make(version: int, *beside: BaseModel) -> str:
    """The strong tag of what has this version. `beside`: what else is shown of it and has versions of its own."""
    return f'"v{version}-{_digest(*beside)}"' if beside else f'"v{version}"'


def of(shown: BaseModel) -> str:
    """The strong tag of what has no version of its own."""
    return f'"{_digest(shown)}"'


def match(given: str | None, tag: str) -> None:
    """Goes on only with what `given` asks for, by strong comparison. Raises Stale, or Invalid (`malformed_header`)."""
    if given is None:
        return
    asked = _read("If-Match", given)
    version = tag.partition("-")[0].rstrip(_QUOTE) + _QUOTE
    if "*" not in asked and not {tag, version} & asked:
        raise Stale


def spared(request: Request, response: Response) -> Response:
    """The answer, or 304 in its place if the caller has it already. Raises Invalid (`malformed_header`)."""
    tag, given = response.headers.get("etag"), _given(request, "If-None-Match")
    if request.method != "GET" or tag is None or given is None:
        return response
    asked = {one.removeprefix("W/") for one in _read("If-None-Match", given)}
    return Response(status_code=KNOWN_ALREADY, headers={"ETag": tag}) if asked & {tag, "*"} else response


def _digest(*shown: BaseModel) -> str:
    told = "\n".join(one.model_dump_json() for one in shown)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _given(request: Request, name: str) -> str | None:
    """Several lines of a list are one list."""
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None


def _read(name: str, given: str) -> set[str]:
    if not _FORM.fullmatch(given):
        sentence = f'{name}: It is *, or ETags with their quotes, such as "v3".'
        raise Invalid(sentence, code="malformed_header", problems=[Problem("malformed_header", "", sentence)])
    return {"*"} if given.strip() == "*" else set(_EACH.findall(given))
