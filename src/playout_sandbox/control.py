"""The control API below `/_sandbox/`: what tests read, and how they script what happens."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from playout_sandbox.config import BadSettingError, merged
from playout_sandbox.faults import BadFaultError, Fault
from playout_sandbox.platform import Platform
from playout_sandbox.world import World


async def wishes(request: Request) -> Mapping[str, object]:
    """The JSON object in a control request; an empty body is an empty object. Answers 400 otherwise."""
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


class Control:
    """The routes."""

    def __init__(self, world: World, platforms: Sequence[Platform]) -> None:
        self._world = world
        self._platforms = platforms

    def routes(self) -> list[BaseRoute]:
        """All of them, those of the platforms below their names."""
        return [
            Route("/_sandbox/health", self._health),
            Route("/_sandbox/config", self._config, methods=["GET", "POST"]),
            Route("/_sandbox/ledger", self._ledger),
            Route("/_sandbox/requests", self._requests, methods=["GET", "DELETE"]),
            Route("/_sandbox/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/hooks", self._hooks),
            Route("/_sandbox/clock", self._clock, methods=["GET", "POST"]),
            Route("/_sandbox/reset", self._reset, methods=["POST"]),
            Route("/_sandbox/sink", self._sink, methods=["PUT"]),
            *(Mount(f"/_sandbox/{p.name}", routes=list(p.control())) for p in self._platforms),
        ]

    async def _sink(self, request: Request) -> Response:
        """Reads a body of any size and throws it away: what another program's upload is measured against."""
        size = 0
        async for piece in request.stream():
            size += len(piece)
        return JSONResponse({"size": size})

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"ok": True})

    async def _config(self, request: Request) -> Response:
        if request.method == "POST":
            changes = dict(await wishes(request))
            try:
                for platform in self._platforms:
                    own = changes.pop(platform.name, {})
                    if not isinstance(own, dict):
                        raise HTTPException(400, f"{platform.name} takes an object")
                    platform.configure(own)
                self._world.config = merged(self._world.config, changes)
            except BadSettingError as error:
                raise HTTPException(400, str(error)) from error
        own_settings = {platform.name: platform.settings() for platform in self._platforms}
        return JSONResponse({**asdict(self._world.config), **own_settings})

    async def _ledger(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise HTTPException(400, "after is the number of an entry")
        return JSONResponse(self._world.ledger.entries(request.query_params.get("effect"), after=int(after)))

    async def _requests(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._world.traffic.clear()
        return JSONResponse(self._world.traffic.view())

    async def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._world.faults.clear()
        elif request.method == "POST":
            try:
                self._world.faults.add(Fault.parse(await wishes(request)))
            except BadFaultError as error:
                raise HTTPException(400, str(error)) from error
        return JSONResponse(self._world.faults.view())

    async def _hooks(self, _: Request) -> Response:
        return JSONResponse(self._world.hooks.view())

    async def _clock(self, request: Request) -> Response:
        if request.method == "POST":
            seconds = (await wishes(request)).get("advance")
            if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
                raise HTTPException(400, "advance takes seconds, not negative")
            self._world.clock.advance(seconds)
        return JSONResponse({"now": self._world.clock.now(), "offset": self._world.clock.offset})

    async def _reset(self, _: Request) -> Response:
        self._world.reset()
        for platform in self._platforms:
            platform.reset()
        return JSONResponse({"ok": True})
