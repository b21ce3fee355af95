"""An S3 that refuses: a proxy in front of moto's, which hands out anything to anybody.

A signed address is served to the method it was signed for, while it lives, and only as it was written (sigv4.py). All
else goes through as it came. What came is noted in `calls`. The clock is the test's.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from tests.aws import CREDENTIALS
from tests.media.sigv4 import complaint

#: Said by each side of the proxy for itself.
HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came."""

    method: str
    target: str  # path and query
    headers: dict[str, str]  # names in small letters
    size: int  # bytes of its body


class Guarded:
    """`now`: None until a test sets it; signed addresses are refused till then."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self.calls: list[Call] = []
        self.now: datetime | None = None
        self.url = ""
        self._upstream = upstream
        self._session = session

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(Call(request.method, request.raw_path, headers, len(body)))
        if refusal := self._refusal(request):
            return refusal
        sent = io.BytesIO(body) if body else None
        target = URL(self._upstream + request.raw_path, encoded=True)
        async with self._session.request(request.method, target, headers=request.headers, data=sent) as answer:
            left = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
            content = await answer.read()
            return web.Response(status=answer.status, headers=CIMultiDict(left), body=content)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if "X-Amz-Signature" not in request.query:
            return None
        assert self.now is not None, "the test sets the clock"
        secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
        code = complaint(request.method, request.raw_path, request.headers["Host"], secret, self.now)
        if not code:
            return None
        return web.Response(status=403, content_type="application/xml", text=f"<Error><Code>{code}</Code></Error>")


@asynccontextmanager
async def guarded(upstream: str) -> AsyncIterator[Guarded]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        proxy = Guarded(upstream, session)
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{rest:.*}", proxy.serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            await runner.cleanup()
