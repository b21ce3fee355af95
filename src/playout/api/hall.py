"""What every handler is handed: the services, and who asks."""

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from playout.application.once import Turn
from playout.application.services import Services
from playout.domain.errors import Unauthenticated
from playout.domain.person import Actor
from playout.domain.secret import Secret

#: For the OpenAPI page only: the check itself is `actor_of`, which no route of the API can do without.
BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="An API token: `playout token create`, or POST /tokens."
)


def services_of(request: Request) -> Services:
    """The services that the application was made with."""
    return cast("Services", request.app.state.services)


async def actor_of(request: Request) -> Actor:
    """Who asks, found out once a request. Raises Unauthenticated."""
    known: Actor | None = getattr(request.state, "actor", None)
    if known is None:
        known = await services_of(request).people.actor(_bearer(request))
        request.state.actor = known
    return known


async def _hall(request: Request) -> Services:
    return services_of(request)


Hall = Annotated[Services, Depends(_hall)]
Caller = Annotated[Actor, Depends(actor_of)]


class MadeId:
    """The id of what a request makes, if it follows from its Idempotency-Key."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    async def __call__(self, request: Request) -> str | None:
        turn: Turn | None = getattr(request.state, "turn", None)
        return turn.id(self._prefix) if turn else None


def _bearer(request: Request) -> Secret:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        msg = "Send a token: the header Authorization with “Bearer po_…”. Make one with `playout token create`."
        raise Unauthenticated(msg)
    return Secret(token.strip())
