"""/livez, /readyz and /metrics: for whoever watches the process. None of them says anything about anybody."""

import asyncio
from ipaddress import IPv6Address, ip_address
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from playout.api import schemas
from playout.api.gate import LOOPBACK, called_as
from playout.api.hall import Hall, actor_of
from playout.api.metrics import MEDIA_TYPE, Metrics
from playout.api.refusals import Responses, refusals
from playout.application.people import HOME
from playout.domain.errors import NotFound
from playout.domain.person import Actor, Scope

router = APIRouter(tags=["health"])

#: What a proxy adds to a request that it passes on. Whoever sends one himself only shuts himself out.
FORWARDED = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})
_FIGURES: Responses = {
    200: {
        "description": "The figures, in Prometheus's text format.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "playout_in_hand 3.0\n"}},
    }
}


@router.get("/livez", responses=refusals())
async def livez() -> schemas.Health:
    """The process answers."""
    return schemas.Health()


@router.get("/readyz", responses=refusals())
async def readyz(hall: Hall) -> schemas.Health:
    """The store answers too."""
    await hall.store.ping()
    return schemas.Health()


@router.get(
    "/metrics",
    response_class=Response,
    responses=refusals(401, 403, 404, 429) | _FIGURES,
    openapi_extra={"security": [{}, {"token": []}]},
)
async def metrics(request: Request) -> Response:
    """Figures of this process for Prometheus: to whoever asks from this machine itself, or with a token.

    The token is one of the installation's own workspace, with the scope read: a scraper should hold the smallest one
    there is. To tokens of other workspaces there is nothing here.
    """
    if not _from_here(request):
        _watcher(await actor_of(request))
    kept = cast("Metrics", request.app.state.metrics)
    return Response(await asyncio.to_thread(kept.page), media_type=MEDIA_TYPE)


def _from_here(request: Request) -> bool:
    """A program of this machine, by the machine's own name; and no proxy that asks for somebody else."""
    peer = request.client.host if request.client else ""
    return _is_loopback(peer) and called_as(request.scope) in LOOPBACK and not FORWARDED & set(request.headers)


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:  # a path, or nothing
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _watcher(actor: Actor) -> None:
    """The figures are of the whole installation, so they are the home workspace's. Raises NotFound, Forbidden."""
    if actor.workspace_id != HOME:
        raise NotFound("There is nothing at this address for this token.")
    actor.need(Scope.READ)
