"""Puts the sandbox together: one world, its platforms, the control API, the feed, and the gate in front."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from playout_sandbox.control import Control
from playout_sandbox.facebook import Facebook
from playout_sandbox.gate import Gate
from playout_sandbox.instagram import Instagram
from playout_sandbox.meta import Meta
from playout_sandbox.platform import Platform
from playout_sandbox.tiktok import TikTok
from playout_sandbox.world import World
from playout_sandbox.youtube import YouTube


def build(data: Path, *, fast: bool = False, pull_root: Path | None = None) -> ASGIApp:
    """The ASGI application, keeping its files in `data` (made if missing)."""
    data.mkdir(parents=True, exist_ok=True)
    world = World(data, fast=fast, pull_root=pull_root)
    meta = Meta(world)
    platforms: list[Platform] = [TikTok(world), YouTube(world), Instagram(world, meta), Facebook(world, meta)]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        world.close()

    app = Starlette(
        routes=[
            Route("/", _home),
            *(route for platform in platforms for route in platform.routes()),
            *world.feed.routes(),
            *Control(world, platforms).routes(),
        ],
        exception_handlers={HTTPException: _plain_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the platforms answer 404, and so must we
    return Gate(app, world, platforms)


async def _home(_: Request) -> Response:
    return RedirectResponse("/feed", 302)


async def _plain_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, error.status_code)
