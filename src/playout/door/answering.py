"""The API on a socket, with uvicorn, inside a loop and under signals that are ours."""

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from playout.api.app import create_app
from playout.application.services import Services

#: Seconds that a stop waits for requests in flight; the work in hand has its own time after that.
GRACE = 5
MOST_AT_ONCE = 1000
KEEP_ALIVE = 15  # seconds that an idle connection is kept


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
async def answering(services: Services, listener: socket.socket, hosts: Collection[str]) -> AsyncIterator[None]:
    """Answers while the block runs; then takes no more, and finishes what it was asked."""
    config = uvicorn.Config(
        create_app(services, hosts=hosts),
        http="h11",
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
