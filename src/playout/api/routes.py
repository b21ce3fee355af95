"""What holds for every route of the API, so that no handler can forget it.

Nobody gets past without a token; a body has a limit and is JSON; a POST with an Idempotency-Key runs once.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import replace
from inspect import signature
from typing import Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from playout.api import bodies, etags
from playout.api.hall import BEARER, actor_of, services_of
from playout.api.problems import MEDIA_TYPE, refused
from playout.application.once import LONGEST_KEY, Answer, Turn
from playout.domain.errors import Forbidden, Invalid, NotFound, PlayoutError, Unauthenticated
from playout.domain.person import Actor

Handle = Callable[[Request], Awaitable[Response]]

#: Refused before anything was changed: the key is free for another try.
WITHOUT_EFFECT = (Invalid, NotFound, Forbidden, Unauthenticated, RequestValidationError, HTTPException)
#: Characters of a name that is told back.
LONGEST_SHOWN = 50
_BODILESS = frozenset({"GET", "HEAD", "DELETE"})
#: For the OpenAPI document. A header is read as Latin-1, and without the blanks around it.
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Of your making, for one request: sent again with it, it runs once and gets the first answer. 1 to "
    f"{LONGEST_KEY} printable characters, such as a UUID.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KEY,
        "pattern": "^[!-~¡-¬®-ÿ][ -~¡-¬®-ÿ]*$",
    },
}
REPLAYED: dict[str, Any] = {
    "description": "This is the first answer to this Idempotency-Key once more, its status and its body.",
    "schema": {"type": "string", "const": "true"},
}


class ApiRoute(APIRoute):
    """A route behind the token, with a small JSON body or none."""

    streams: ClassVar[bool] = False  # the handler reads the body itself, piece by piece
    own_keys: ClassVar[bool] = False  # the handler sees to Idempotency-Key itself

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, several = super().get_route_handler(), _lists(self.endpoint)

        async def guarded(request: Request) -> Response:
            actor = await actor_of(request)
            _each_once(request, several)
            body = b"" if self.streams else await _json(request)
            if not self.streams:
                request = bodies.again(request, body)
            key = request.headers.get("idempotency-key")
            if key is None or request.method != "POST" or self.own_keys:
                return etags.spared(request, await handle(request))
            return await _once(request, actor, key, body, handle)

        return guarded


class StreamRoute(ApiRoute):
    """A route behind the token whose body is too large to be held."""

    streams = True


def api_router(prefix: str, tag: str, route: type[ApiRoute] = ApiRoute) -> APIRouter:
    """A router for one noun."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route, dependencies=[Depends(BEARER)])


def keep_instead(request: Request, refusal: PlayoutError | None) -> None:
    """The answer holds a secret, so it is not kept for its Idempotency-Key.

    A repeat is refused with `refusal`; or runs again, where that is None.
    """
    request.state.kept_instead = refusal


def _lists(endpoint: Callable[..., object]) -> set[str]:
    """Parameters of the address that may be there several times."""
    return {name for name, one in signature(endpoint).parameters.items() if isinstance(one.default, list)}


def _each_once(request: Request, several: Collection[str]) -> None:
    """Which of two values counts is read differently by different readers. Raises Invalid."""
    times = Counter(name for name, _ in request.query_params.multi_items())
    if twice := next((name for name, number in times.items() if number > 1 and name not in several), None):
        raise Invalid(f"The parameter “{twice[:LONGEST_SHOWN]}” is there several times. Give it once.")


async def _json(request: Request) -> bytes:
    body = await bodies.whole(request, bodies.MOST_JSON)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and request.method not in _BODILESS and not (kind == "application/json" or kind.endswith("+json")):
        raise Invalid("Send JSON, with the header Content-Type: application/json.", code="wrong_content_type")
    return body


async def _once(request: Request, actor: Actor, key: str, body: bytes, handle: Handle) -> Response:
    once = services_of(request).once
    turn = await once.begin(actor, key, _fingerprint(request, body))
    if turn.answer:
        return _replayed(turn.answer)
    request.state.turn = turn
    request.state.actor = replace(actor, deed=turn.id("evt"))
    try:
        response = await handle(request)
        await _keep(request, turn, response)
    except WITHOUT_EFFECT:
        await once.give_up(turn)
        raise
    except Exception:
        await once.let_go(turn)
        raise
    return response


def _fingerprint(request: Request, body: bytes) -> bytes:
    """What makes two requests the same. Of a streamed body its announced size has to do."""
    scope = request.scope  # what was routed; `request.url` is made from the Host header
    head = [request.method, scope["path"], scope["query_string"].decode("latin-1"), bodies.announced_size(request)]
    return json.dumps(head).encode() + b"\n" + body


async def _keep(request: Request, turn: Turn, response: Response) -> None:
    once = services_of(request).once
    if not hasattr(request.state, "kept_instead"):
        await once.finish(turn, Answer(response.status_code, bytes(response.body).decode()))
    elif request.state.kept_instead is None:
        await once.give_up(turn)
    else:
        instead = await refused(request, request.state.kept_instead)
        await once.finish(turn, Answer(instead.status_code, bytes(instead.body).decode()))


def _replayed(answer: Answer) -> Response:
    media_type = "application/json" if answer.status < 400 else MEDIA_TYPE  # noqa: PLR2004 -- where refusals begin
    return Response(answer.body, answer.status, {"Idempotent-Replayed": "true"}, media_type)
