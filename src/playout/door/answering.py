"""The API on a socket, with uvicorn, inside a loop and under signals that are ours."""

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from playout.api.app import create_app
from playout.api.metrics import Metrics
from playout.application.services import Services
from playout.web.app import create_web
from playout.web.visitors import SessionVisitors

#: Seconds that a stop waits for requests in flight; the work in hand has its own time after that.
GRACE = 5
MOST_AT_ONCE = 1000
KEEP_ALIVE = 15  # seconds that an idle connection is kept


class Protocol(H11Protocol):
    """Whoever stops sending in the middle of a body, and still listens, is told so."""

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio's own signature
        """The body is as long as what came: `bodies.pieces` finds that too short. True keeps the way back open."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # none before the first request
        if cycle is None or cycle.response_complete or not cycle.more_body:
            return None
        cycle.more_body = False
        cycle.scope.setdefault("state", {})["cut"] = True  # of a body in chunks nobody knows how long it should be
        cycle.keep_alive = False
        cycle.message_event.set()
        return True


class Server(uvicorn.Server):
    """Tells when it is ready; leaves signals to us."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then says so."""
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


@asynccontextmanager
async def answering(
    services: Services,
    listener: socket.socket,
    hosts: Collection[str],
    *,
    metrics: Metrics | None = None,
    rate_limit: int = 0,
    public_url: str = "",
) -> AsyncIterator[None]:
    """Answers while the block runs; then takes no more, and finishes what it was asked.

    `public_url`: where people reach the pages; "": there are none.
    """
    pages = create_web(services, SessionVisitors(services.sessions), public_url=public_url) if public_url else None
    config = uvicorn.Config(
        create_app(services, hosts=hosts, metrics=metrics, rate_limit=rate_limit, pages=pages),
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config)
    with listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        ready = asyncio.create_task(server.ready.wait())
        try:
            await asyncio.wait({serving, ready}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
            yield
        finally:
            ready.cancel()
            server.should_exit = True
            await serving
