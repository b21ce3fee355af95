"""Around everything: only our own host names, headers on every answer, a line of log, and no mistake shown as it is.

Every request has an id: the caller's X-Request-Id where it is a plain word, else one of ours. It stands on the answer
and in every line of the log that is written for the request.
"""

import logging
import re
import time
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from playout.api.problems import CODES, KINDS, problem
from playout.application.meter import NoMeter
from playout.application.ports import Clock
from playout.application.ports.house import Count, Duration, Level, Meter
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
REQUEST_ID = "X-Request-Id"
#: For the OpenAPI document: on every answer, and with a request if one likes.
REQUEST_ID_TOLD: dict[str, Any] = {
    "description": "Names the request: yours if you sent one, and it is in the log.",
    "schema": {"type": "string"},
    "example": "req_01kae7q2m3v5x8y9z0abcdefgh",
}
REQUEST_ID_GIVEN: dict[str, Any] = {
    "name": REQUEST_ID,
    "in": "header",
    "description": "A name for this request: 1 to 64 letters, digits, `.`, `_` and `-`. Others are replaced by ours.",
    "schema": {"type": "string"},
}
REQUESTS = Count("http_requests", "Requests, by the class of their answer's status.", ("route", "method", "status"))
REQUEST_SECONDS = Duration("http_request_seconds", "Requests, until their answer had left.", ("route", "method"))
IN_FLIGHT = Level("http_requests_in_flight", "Requests that are being answered.")
#: Of others, which anybody could make up, no figures are kept.
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HOST = re.compile(r"([a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(?::\d{1,5})?")


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], clock: Clock, meter: Meter | None = None) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._clock = clock
        self._meter = meter or NoMeter()
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what is HTTP and for us."""
        if scope["type"] == "http":
            request_id = _id_given(scope) or new_id("req", self._clock.now())
            self._moved(1)
            try:
                with bound_contextvars(request_id=request_id):
                    await _Passage(self._app, request_id, self._meter).go(scope, receive, send, self._hosts)
            finally:
                self._moved(-1)
        else:
            await self._app(scope, receive, send)

    def _moved(self, by: int) -> None:
        self._inside += by
        self._meter.level(IN_FLIGHT, self._inside)


class _Passage:
    """One request on its way."""

    def __init__(self, app: ASGIApp, request_id: str, meter: Meter) -> None:
        self._app = app
        self._id = request_id
        self._meter = meter
        self._status: int | None = None  # None: no answer has begun

    async def go(self, scope: Scope, receive: Receive, send: Send, hosts: Collection[str]) -> None:
        began = time.monotonic()

        async def sending(message: Message) -> None:
            await send(self._dressed(message))

        try:
            if called_as(scope) in hosts:
                await self._app(scope, receive, sending)
            else:
                sentence = "This server does not go by that name. Set PLAYOUT_PUBLIC_URL to the address you use."
                await problem(CODES["unknown_host"], "unknown_host", sentence)(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 -- whatever it is: it is logged, and not shown
            await self._failed(error, scope, receive, sending)
        self._note(scope, time.monotonic() - began)

    def _dressed(self, message: Message) -> Message:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers[REQUEST_ID] = self._id
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

    def _note(self, scope: Scope, seconds: float) -> None:
        """Only the pattern of the address: paths and queries hold one-time secrets."""
        route, method = _route(scope), scope["method"]
        known = {"request_id": self._id, "method": method, "route": route}
        log.info("request", extra=known | {"status": self._status, "milliseconds": round(seconds * 1000)})
        method = method if method in METHODS else "other"
        status = f"{self._status // 100}xx" if self._status else "none"
        self._meter.count(REQUESTS, route=route, method=method, status=status)
        self._meter.observe(REQUEST_SECONDS, seconds, route=route, method=method)


def called_as(scope: Scope) -> str:
    """The name that the client called us by, without the port; "" for none, several or nonsense."""
    named = Headers(scope=scope).getlist("host")
    found = _HOST.fullmatch(named[0].lower()) if len(named) == 1 else None
    return found[1] if found else ""


def _id_given(scope: Scope) -> str | None:
    given = Headers(scope=scope).getlist("x-request-id")
    return given[0] if len(given) == 1 and _ID.fullmatch(given[0]) else None


def _route(scope: Scope) -> str:
    """The whole pattern, `/api/v1/posts/{post_id}`; "" where nothing was found. FastAPI notes it beside its route."""
    found = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(getattr(found, "path", ""))
