"""Serving the sandbox with uvicorn, and cutting a connection on purpose, which ASGI has no word for."""

import asyncio
import json
import socket
import struct
import sys

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "sandbox.transport"


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which also hands its transport to the application in `scope["state"]`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        """Keep the transport where `cut` finds it, and send small answers at once."""
        super().connection_made(transport)
        # asyncio does this only for sockets made with an explicit protocol number; without it, Nagle's algorithm and
        # delayed acknowledgements cost 40 ms an answer.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


class AnnouncingServer(uvicorn.Server):
    """Prints one JSON line, {"url", "port"}, on standard output as soon as requests are accepted."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()[:2]
        sys.stdout.write(json.dumps({"url": f"http://{host}:{port}", "port": port}) + "\n")
        sys.stdout.flush()


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Port 0 picks a free one. Raises OSError if the port is taken."""
    with socket.create_server((host, port), backlog=2048) as listener:
        config = uvicorn.Config(
            app,
            http=CuttableProtocol,
            loop="asyncio",  # uvloop's transports cannot be cut the way `cut` does
            ws="none",
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        AnnouncingServer(config).run(sockets=[listener])


async def cut(scope: Scope, receive: Receive) -> None:
    """Reset the connection (RST): the client gets "connection reset by peer"."""
    transport = _transport(scope)
    peer = transport.get_extra_info("socket")
    if peer is not None:
        # Linger on, for zero seconds: closing sends RST instead of FIN.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _gone(receive)


async def cut_gently(scope: Scope, receive: Receive) -> None:
    """Send what was written, then close (FIN), though the answer is not complete."""
    _transport(scope).close()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until uvicorn knows that the connection is lost, else it would try to answer 500."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport = scope["state"][_TRANSPORT]
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("the connection cannot be cut: not served by CuttableProtocol")
    return transport
