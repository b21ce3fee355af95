"""Two faces at one address: what the REST face serves, and what is left to the pages, behind the same gate."""

from starlette.types import ASGIApp, Receive, Scope, Send

#: Below these the REST face answers; whatever else there is belongs to the pages: a platform's sign-in comes back to
#: them, too, since they know the session that it was begun in.
OURS = ("/api/", "/hooks/", "/pull/", "/livez", "/readyz", "/metrics", "/openapi.json")


class Beside:
    """ASGI middleware, the innermost: hands on to `pages` what is not ours."""

    def __init__(self, app: ASGIApp, *, pages: ASGIApp) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """By the address alone."""
        is_ours = scope["type"] != "http" or scope["path"].startswith(OURS)
        await (self._app if is_ours else self._pages)(scope, receive, send)
