"""The app's own server in these tests: files to pull, and an address for webhooks."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(slots=True)
class OtherSide:
    """What the server offers and what it heard."""

    url: str = ""
    video: bytes = b""
    answers: list[int] = field(default_factory=list)  #: statuses for the next webhooks; 200 when used up
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    pulled: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def other_side(tls: ssl.SSLContext | None = None) -> AsyncIterator[OtherSide]:
    """Serve on a free port of loopback."""
    side = OtherSide()

    async def hook(request: web.Request) -> web.Response:
        side.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=side.answers.pop(0) if side.answers else 200)

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        side.pulled.append(name)
        side.asked.set()
        if name == "moved":
            return web.Response(status=302, headers={"Location": "/pull/video"})
        if name == "cut" and request.transport is not None:
            request.transport.abort()
        if name == "gone":
            return web.Response(status=410)
        if name == "slow":
            answer = web.StreamResponse()
            await answer.prepare(request)
            await answer.write(b"a little")
            await asyncio.sleep(600)
            return answer
        return web.Response(body=side.video, content_type="video/mp4")

    app = web.Application()
    app.router.add_post("/hooks", hook)
    app.router.add_get("/pull/{name}", file)
    runner = web.AppRunner(app, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    side.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    yield side
    await runner.cleanup()
