"""Instagram as one platform of the sandbox: its hosts, request kinds and error shapes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.instagram.config import changed
from playout_sandbox.instagram.graph import Edges, InstagramHost
from playout_sandbox.instagram.hand import Hand
from playout_sandbox.instagram.life import Life
from playout_sandbox.instagram.login import FlatError, InstagramLogin
from playout_sandbox.instagram.state import State
from playout_sandbox.instagram.upload import Upload
from playout_sandbox.meta import Meta, rupload
from playout_sandbox.meta.graph import Refusal, read_call, scripted, split
from playout_sandbox.world import World

_AUTHORIZE = "/instagram-www/oauth/authorize"
_TOKEN = "/instagram-api/oauth/access_token"  # noqa: S105  # a path
_GRAPH = "/instagram-graph/"
_UPLOAD = "/meta-rupload/ig-api-upload/"


class Instagram:
    """A `playout_sandbox.platform.Platform`. With Facebook Login it is Facebook's guest on graph.facebook.com."""

    name = "instagram"
    prefixes = ("/instagram-www/", "/instagram-api/", _GRAPH, _UPLOAD)

    def __init__(self, world: World, meta: Meta) -> None:
        self._state = State(world, meta)
        life = Life(self._state)
        edges = Edges(self._state, life)
        meta.welcome(edges)
        self._login = InstagramLogin(self._state)
        self._host = InstagramHost(self._state, edges, self._login)
        self._upload = rupload.Rupload(world, Upload(self._state, life))

    def kind(self, path: str) -> str:
        """Of a GET; see `kind_of`."""
        return self._kind(path, "GET")

    def kind_of(self, request: HTTPConnection) -> str:
        """By path and method: `/<ig-id>/media` makes containers and lists reels."""
        return self._kind(request.scope["path"], request.scope["method"])

    def streams(self, kind: str) -> bool:
        """Only uploads are large."""
        return kind == "instagram.upload"

    def error(self, kind: str, status: int, code: str | None) -> Response:
        """The Graph shape, but for the two hosts that have their own."""
        if kind == "instagram.upload":
            return rupload.scripted(status, code)
        if kind == "instagram.token":
            return FlatError("Scripted by the sandbox.", status=status, kind=code or "OAuthException").answer()
        return scripted(status, code)

    def routes(self) -> Sequence[BaseRoute]:
        """Four hosts."""
        return [
            Route(_AUTHORIZE, self._login.show, methods=["GET"]),
            Route(_AUTHORIZE, self._login.decide, methods=["POST"]),
            Route(_TOKEN, partial(_answer, self._login.short_token), methods=["POST"]),
            Route(f"{_GRAPH}{{path:path}}", partial(_answer, self._graph), methods=["GET", "POST", "DELETE"]),
            Route(f"{_UPLOAD}{{version}}/{{container}}", self._upload.post, methods=["POST"]),
        ]

    def control(self) -> Sequence[BaseRoute]:
        """What tests do in the person's place."""
        return Hand(self._state).routes()

    def configure(self, changes: Mapping[str, object]) -> None:
        """Merge settings. `accounts` are Facebook Login's too: both logins lead to the same ones."""
        own = {name: value for name, value in changes.items() if name != "accounts"}
        config = changed(self._state.config, own)
        if "accounts" in changes:
            self._state.meta.configure({"accounts": changes["accounts"]})
        self._state.config = config

    def settings(self) -> Mapping[str, object]:
        """Without secrets."""
        accounts = [asdict(account) for account in self._state.meta.config.accounts]
        return {**self._state.config.view(), "accounts": accounts}

    def reset(self) -> None:
        """Forget everything but what Facebook Login remembers, which resets itself."""
        self._state.reset()

    def _kind(self, path: str, method: str) -> str:
        named = {_AUTHORIZE: "instagram.authorize", _TOKEN: "instagram.token"}
        if path in named:
            return named[path]
        if path.startswith(_UPLOAD):
            return "instagram.upload"
        if not path.startswith(_GRAPH):
            return "instagram.unknown"
        _, node, edge = split(path.removeprefix(_GRAPH))
        return self._host.kind(node, edge, method)

    async def _graph(self, request: Request) -> Response:
        return await self._host.answer(await read_call(request, request.path_params["path"]))


async def _answer(handler: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    """A handler's refusal as the answer that its host gives."""
    try:
        return await handler(request)
    except (Refusal, FlatError) as refusal:
        return refusal.answer()
