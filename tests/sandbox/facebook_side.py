"""The app's own server as Facebook meets it: a file with a robots.txt, a webhook to verify, callbacks to answer."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.sandbox.facebook_app import APP

_SECRET = APP["client_secret"].encode()
_TOKEN = "sandbox-verify-token"


@dataclass(slots=True)
class AppSide:
    """What the server offers and what it heard."""

    url: str = ""
    video: bytes = b""
    robots: str = ""
    answer: dict[str, str] = field(default_factory=dict)  #: of the deletion callback
    asked: list[dict[str, Any]] = field(default_factory=list)  #: payloads whose signature was right
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def callback(self, request: web.Request) -> web.Response:
        payload = opened(str((await request.post()).get("signed_request", "")))
        if payload is None:
            return web.Response(status=400)
        self.asked.append(payload)
        return web.json_response(self.answer)

    async def hook(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        return web.Response()

    async def verify(self, request: web.Request) -> web.Response:
        known = request.query["hub.verify_token"] == _TOKEN
        return web.Response(text=request.query["hub.challenge"]) if known else web.Response(status=403)


def opened(signed: str) -> dict[str, Any] | None:
    """The payload of a signed_request, None if the signature is wrong."""
    signature, _, payload = signed.partition(".")
    right = hmac.new(_SECRET, payload.encode(), hashlib.sha256).digest()
    return json.loads(_raw(payload)) if hmac.compare_digest(right, _raw(signature)) else None


@asynccontextmanager
async def app_side() -> AsyncIterator[AppSide]:
    """Serve on a free port of loopback."""
    side = AppSide()

    async def robots(_: web.Request) -> web.Response:
        return web.Response(text=side.robots)

    async def video(_: web.Request) -> web.Response:
        return web.Response(body=side.video, content_type="video/mp4")

    app = web.Application()
    app.router.add_get("/robots.txt", robots)
    app.router.add_get("/pull/video", video)
    app.router.add_post("/callback", side.callback)
    app.router.add_post("/hooks", side.hook)
    app.router.add_get("/hooks", side.verify)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    side.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield side
    await runner.cleanup()


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
