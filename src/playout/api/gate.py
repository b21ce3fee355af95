"""Around everything: only our own host names, headers on every answer, a line of log, and no mistake shown as it is."""

import logging
import re
import time
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playout.api.problems import CODES, KINDS, problem
from playout.application.ports import Clock
from playout.domain.errors import PlayoutError
from playout.domain.ids import new_id

log = logging.getLogger(__name__)

#: Always served: the machine itself.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HOST = re.compile(r"([a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(?::\d{1,5})?")


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], clock: Clock) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is HTTP and for us."""
        if scope["type"] == "http":
            await _Passage(self._app, new_id("req", self._clock.now())).go(scope, receive, send, self._hosts)
        else:
            await self._app(scope, receive, send)


class _Passage:
    """One request on its way."""

    def __init__(self, app: ASGIApp, request_id: str) -> None:
        self._app = app
        self._id = request_id
        self._status: int | None = None  # None: no answer has begun

    async def go(self, scope: Scope, receive: Receive, send: Send, hosts: Collection[str]) -> None:
        began = time.monotonic()

        async def sending(message: Message) -> None:
            await send(self._dressed(message))

        try:
            if _host(scope) in hosts:
                await self._app(scope, receive, sending)
            else:
                sentence = "This server does not go by that name. Set PLAYOUT_PUBLIC_URL to the address you use."
                await problem(CODES["unknown_host"], "unknown_host", sentence)(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 -- whatever it is: it is logged, and not shown
            await self._failed(error, scope, receive, sending)
        self._note(scope, round((time.monotonic() - began) * 1000))

    def _dressed(self, message: Message) -> Message:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self._id
        return message

    async def _failed(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        """An answer that has begun cannot be mended: it stays short, which its reader sees by its length."""
        cause = error.__cause__ or error
        if self._status is not None and isinstance(cause, PlayoutError | ClientDisconnect | OSError):
            log.info("request.cut", extra={"request_id": self._id, "route": _route(scope)})
            return
        log.error("request.mistake", exc_info=error, extra={"request_id": self._id, "route": _route(scope)})
        if self._status is None:
            sentence = f"Playout made a mistake here. The log has it under {self._id}."
            more = {"instance": f"urn:playout:request:{self._id}"}
            await problem(KINDS[PlayoutError], "internal_error", sentence, more={**more})(scope, receive, send)

    def _note(self, scope: Scope, milliseconds: int) -> None:
        """Only the pattern of the address: paths and queries hold one-time secrets."""
        known = {"request_id": self._id, "method": scope["method"], "route": _route(scope)}
        log.info("request", extra=known | {"status": self._status, "milliseconds": milliseconds})


def _host(scope: Scope) -> str:
    """The name that the client called us by, without the port; "" for none, several or nonsense."""
    named = Headers(scope=scope).getlist("host")
    found = _HOST.fullmatch(named[0].lower()) if len(named) == 1 else None
    return found[1] if found else ""


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", ""))
