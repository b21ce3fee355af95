"""The gate in front of the platforms: numbers each request and carries out the scripted faults.

"Before" always means: the request was received to its last byte, and the platform did nothing. "After": the platform
did its work, and the answer is lost or spoilt. So one gate serves every platform and every call.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playout_sandbox.answers import Answer, captured, html, malformed, renamed
from playout_sandbox.faults import Fault
from playout_sandbox.kill import kill
from playout_sandbox.platform import KindsInTheBody, ManyKindsAtOnePath, Platform
from playout_sandbox.server import cut, cut_gently
from playout_sandbox.traffic import Seen
from playout_sandbox.world import World

_BODY_LIMIT = 8 * 1024 * 1024  #: bytes of a call that is not an upload
_DRIPS = 10


class Gate:
    """ASGI middleware. Requests that belong to no platform pass untouched."""

    def __init__(self, app: ASGIApp, world: World, platforms: Sequence[Platform]) -> None:
        self._app = app
        self._world = world
        self._platforms = platforms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event, as ASGI asks."""
        platform = self._owner(scope)
        if platform is None:
            await self._app(scope, receive, send)
        else:
            kind = _kind(platform, scope)
            seen = self._world.traffic.begin(kind, scope["method"])
            scope.setdefault("state", {})["n"] = seen.n
            if not platform.streams(kind):
                body = await whole_body(receive)
                receive = replay(body, receive)
                if isinstance(platform, KindsInTheBody):
                    kind = seen.kind = platform.kind_in(kind, body.get("body", b""))
            fault = self._world.faults.take(seen.n, kind)
            if fault is None:
                await self._app(scope, receive, noting(seen, send))
            else:
                seen.fault = fault.action
                await asyncio.sleep(fault.delay)
                call = Call(self._app, scope, receive, noting(seen, send), platform, seen.kind)
                await _ACTIONS[fault.action](call, fault)

    def _owner(self, scope: Scope) -> Platform | None:
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        return next((p for p in self._platforms if any(path.startswith(x) for x in p.prefixes)), None)


def _kind(platform: Platform, scope: Scope) -> str:
    if isinstance(platform, ManyKindsAtOnePath):
        return platform.kind_of(HTTPConnection(scope))
    return platform.kind(scope["path"])


class Call:
    """One request that a fault fires on."""

    def __init__(  # the ASGI triple, and what the gate knows
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, platform: Platform, kind: str
    ) -> None:
        self.app = app
        self.scope = scope
        self.receive = receive
        self.send = send
        self.platform = platform
        self.kind = kind

    async def drain(self) -> None:
        """Receive the request to its end without doing anything."""
        while (message := await self.receive())["type"] == "http.request" and message.get("more_body"):
            pass

    async def effect(self) -> Answer:
        """Let the platform do its work; keep the answer."""
        return await captured(self.app, self.scope, self.receive)

    async def reset(self) -> None:
        """Reset the connection (RST) without an answer."""
        await cut(self.scope, self.receive)

    def error(self, fault: Fault) -> Answer:
        """The error answer a fault asks for."""
        answer = Answer.of(self.platform.error(self.kind, fault.status, fault.code))
        return answer if fault.body is None else answer.with_body(fault.body.encode())


def noting(seen: Seen, send: Send) -> Send:
    """`send`, noting the status that went out."""

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
        await send(message)

    return note


async def whole_body(receive: Receive) -> Message:
    """The request body in one message; or the disconnect that came instead."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")[: _BODY_LIMIT - len(body)]
        if not message.get("more_body"):
            return {"type": "http.request", "body": bytes(body), "more_body": False}


def replay(first: Message, receive: Receive) -> Receive:
    """`receive`, with a message put back in front."""
    waiting = [first]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _reset_before(call: Call, _: Fault) -> None:
    await call.drain()
    await call.reset()


async def _reset_after(call: Call, _: Fault) -> None:
    await call.effect()
    await call.reset()


async def _kill_before(call: Call, fault: Fault) -> None:
    await call.drain()
    await kill(fault.pid or 0)
    await call.reset()


async def _kill_after(call: Call, fault: Fault) -> None:
    await call.effect()
    await kill(fault.pid or 0)
    await call.reset()


async def _status(call: Call, fault: Fault) -> None:
    await call.drain()
    await call.error(fault).send(call.send)


async def _status_after(call: Call, fault: Fault) -> None:
    await call.effect()
    await call.error(fault).send(call.send)


async def _stall(call: Call, fault: Fault) -> None:
    """Hold once the last byte is in: a client that gives up meanwhile does not undo the request."""

    async def held() -> Message:
        message = await call.receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            await asyncio.sleep(fault.seconds)
        return message

    if call.platform.streams(call.kind):
        await call.app(call.scope, held, call.send)
    else:
        await call.app(call.scope, replay(await held(), call.receive), call.send)


async def _stall_after(call: Call, fault: Fault) -> None:
    answer = await call.effect()
    await asyncio.sleep(fault.seconds)
    await answer.send(call.send)


async def _half_body(call: Call, _: Fault) -> None:
    answer = await call.effect()
    body = answer.body or b"." * 64
    await answer.start(call.send, len(body))
    await call.send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await cut_gently(call.scope, call.receive)


async def _html(call: Call, _: Fault) -> None:
    await call.drain()
    await html().send(call.send)


async def _html_after(call: Call, _: Fault) -> None:
    await call.effect()
    await html().send(call.send)


async def _malformed(call: Call, _: Fault) -> None:
    await malformed(await call.effect()).send(call.send)


async def _renamed(call: Call, _: Fault) -> None:
    await renamed(await call.effect()).send(call.send)


async def _slow(call: Call, fault: Fault) -> None:
    answer = await call.effect()
    await answer.start(call.send)
    step = max(1, -(-len(answer.body) // _DRIPS))
    for at in range(0, len(answer.body), step):
        await asyncio.sleep(fault.seconds / _DRIPS)
        await call.send({"type": "http.response.body", "body": answer.body[at : at + step], "more_body": True})
    await call.send({"type": "http.response.body", "body": b""})


async def _partial_upload(call: Call, fault: Fault) -> None:
    """A platform that takes a stream sees it break, and may keep what arrived; others see nothing."""
    if call.platform.streams(call.kind):
        with suppress(ClientDisconnect):
            await captured(call.app, call.scope, broken_off(call.receive, fault.bytes))
    await call.reset()


def broken_off(receive: Receive, after: int) -> Receive:
    """`receive`, ending in a disconnect after so many bytes; the last byte of all never comes through."""
    left = after
    held = b""  # the last byte seen so far

    async def some() -> Message:
        nonlocal left, held
        message: Message = await receive() if left > 0 else {"type": "http.disconnect"}
        if message["type"] != "http.request":
            return message
        seen = held + bytes(message.get("body", b""))
        given, held = seen[:-1][:left], seen[-1:]
        left = left - len(given) if message.get("more_body") else 0
        return {"type": "http.request", "body": given, "more_body": True}

    return some


_ACTIONS: Mapping[str, Callable[[Call, Fault], Awaitable[None]]] = {
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "kill_before": _kill_before,
    "kill_after": _kill_after,
    "status": _status,
    "status_after": _status_after,
    "stall": _stall,
    "stall_after": _stall_after,
    "half_body": _half_body,
    "html": _html,
    "html_after": _html_after,
    "malformed": _malformed,
    "renamed": _renamed,
    "slow": _slow,
    "partial_upload": _partial_upload,
}
