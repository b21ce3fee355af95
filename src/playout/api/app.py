"""The REST face, put together. What it serves stands with each noun; what holds for all, in `routes` and `gate`."""

from collections.abc import Collection

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from playout import __version__
from playout.api import (
    calendar,
    channels,
    deletions,
    deliveries,
    export,
    health,
    limits,
    posts,
    public,
    tokens,
    tus,
    uploads,
    videos,
    webhooks,
    workspace,
)
from playout.api.beside import Beside
from playout.api.document import ROOT, Rest
from playout.api.gate import Gate
from playout.api.metrics import Metrics
from playout.api.problems import invalid, refused, unrouted
from playout.application.services import Services
from playout.domain.errors import PlayoutError

#: In this order: an exact path stands before a pattern that would match it too.
NOUNS = (
    tokens.me,
    channels.router,
    videos.uploads,
    videos.router,
    uploads.router,
    posts.router,
    deliveries.router,
    calendar.slots,
    calendar.calendar,
    calendar.results,
    calendar.metrics,
    webhooks.router,
    tokens.router,
    workspace.router,
    deletions.router,
    export.router,
    health.router,
)


def create_app(
    services: Services,
    *,
    hosts: Collection[str] = (),
    metrics: Metrics | None = None,
    rate_limit: int = 0,
    pages: ASGIApp | None = None,
) -> FastAPI:
    """The ASGI application. It answers to loopback names and to `hosts` (without ports); to others with 400.

    `rate_limit`: requests a minute for each token; 0: as many as one likes. `metrics`: where figures are kept. `pages`:
    what answers at all addresses that are not of this face; None: nothing does.
    """
    app = Rest(
        title="Playout",
        version=__version__,
        description=_ABOUT,
        openapi_url=f"{ROOT}/openapi.json",
        servers=[{"url": "/", "description": "Where this document was fetched from."}],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # nothing of a request goes anywhere else
        exception_handlers={PlayoutError: refused, RequestValidationError: invalid, HTTPException: unrouted},
    )
    app.state.services = services
    app.state.metrics = metrics = metrics or Metrics()
    for router in NOUNS:
        app.include_router(router, prefix=ROOT)
    app.include_router(health.router, include_in_schema=False)
    app.add_route("/openapi.json", _document, include_in_schema=False)
    app.include_router(public.router)
    if pages is not None:
        app.add_middleware(Beside, pages=pages)
    app.add_middleware(limits.Limits, per_token=rate_limit, meter=metrics)
    app.add_middleware(Gate, hosts=hosts, clock=services.clock, meter=metrics)
    app.add_middleware(tus.Envelope, below=f"{ROOT}{uploads.ROOT}")  # around the gate: it sees the method meant
    return app


async def _document(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


def _operation(route: APIRoute) -> str:
    return f"{route.tags[0]}_{route.name}"


_ABOUT = """
Schedules short videos and publishes each of them exactly once.

Every request carries `Authorization: Bearer po_…`. Times are RFC 3339 in UTC. Refusals are problem details (RFC 9457):
`code` is for programs, `detail` is a sentence for people, `errors` points into the body.

A POST with an `Idempotency-Key` runs once: the same request again gets the first answer, with
`Idempotent-Replayed: true`, for seven days. A request that was refused leaves its key free.

Lists: `?limit&cursor`; `next_cursor` and the header `Link` lead on.

What has an `ETag` is changed with `If-Match` only if it is still what you saw, else 412; and with `If-None-Match` it is
not sent again, but 304.

Each token has so many requests a minute; `RateLimit` says how many are left, and 429 comes with `Retry-After`.
`X-Request-Id` names a request: yours if you send one, and it is on the answer and in the log.
"""
