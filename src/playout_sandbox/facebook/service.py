"""Facebook as one platform of the sandbox: who answers which call of the Graph API, request kinds, error shapes.

It also keeps the door of graph.facebook.com for Instagram: a guest of `Meta` is asked first.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.facebook.chunked import LongVideos
from playout_sandbox.facebook.config import changed
from playout_sandbox.facebook.dialog import Dialog
from playout_sandbox.facebook.events import Events
from playout_sandbox.facebook.hand import Hand
from playout_sandbox.facebook.life import Life
from playout_sandbox.facebook.oauth import OAuth
from playout_sandbox.facebook.reels import Reels
from playout_sandbox.facebook.results import Results
from playout_sandbox.facebook.state import State
from playout_sandbox.facebook.videos import Videos
from playout_sandbox.facebook.who import Who
from playout_sandbox.meta import config as login
from playout_sandbox.meta import graph, rupload
from playout_sandbox.meta.graph import Call, Refusal, gone
from playout_sandbox.meta.people import Meta
from playout_sandbox.world import World

Handler = Callable[[Call], Awaitable[Response]]

_WWW, _GRAPH, _UPLOAD = "/facebook-www/", "/facebook-graph/", "/meta-rupload/video-upload/"
_PHASE = re.compile(rb'upload_phase(?:=|"\s*:\s*"|"\r\n(?:[^\r\n]+\r\n)*\r\n)(start|transfer|finish)')
_PHASED = ("facebook.reels", "facebook.videos")


class Facebook:
    """A `playout_sandbox.platform.Platform`, with many kinds at one path, and some that only the body tells."""

    name = "facebook"
    prefixes = (_WWW, _GRAPH, _UPLOAD)

    def __init__(self, world: World, meta: Meta) -> None:
        self._meta = meta
        self._state = State(world, meta)
        self._events = Events(self._state)
        self._life = Life(self._state, self._events)
        self._oauth = OAuth(self._state)
        self._table = self._calls()

    def kind(self, path: str) -> str:
        """By path alone, as a GET."""
        return self._kind("GET", path, "")

    def kind_of(self, request: HTTPConnection) -> str:
        """By method, path and query."""
        return self._kind(str(request.scope.get("method", "GET")), request.url.path, request.url.query)

    def kind_in(self, kind: str, body: bytes) -> str:
        """The phase of an upload is a parameter of the body: "facebook.reels_finish"."""
        phase = _PHASE.search(body[:65_536]) if kind in _PHASED else None
        return f"{kind}_{phase[1].decode()}" if phase else kind

    def streams(self, kind: str) -> bool:
        """Bytes of a reel are large; a cover may be larger than a call."""
        return kind in {"facebook.upload", "facebook.thumbnails"}

    def error(self, kind: str, status: int, code: str | None) -> Response:
        """The Graph envelope (`code` like "190/463"), or on rupload debug_info (`code` like "OffsetInvalidError")."""
        scripted = rupload.scripted if kind == "facebook.upload" else graph.scripted
        return scripted(status, code)

    def routes(self) -> Sequence[BaseRoute]:
        """One door for each host."""
        dialog = Dialog(self._state)
        upload = rupload.Rupload(self._state.world, self._life)
        return [
            Route(f"{_WWW}dialog/oauth", dialog.show, methods=["GET"]),
            Route(f"{_WWW}dialog/oauth", dialog.decide, methods=["POST"]),
            Route(f"{_WWW}{{version}}/dialog/oauth", dialog.show, methods=["GET"]),
            Route(f"{_WWW}{{version}}/dialog/oauth", dialog.decide, methods=["POST"]),
            Route(f"{_UPLOAD}{{video}}", upload.post, methods=["POST"]),
            Route(f"{_UPLOAD}{{version}}/{{video}}", upload.post, methods=["POST"]),
            Route(f"{_GRAPH}{{rest:path}}", self._answer, methods=["GET", "POST", "DELETE"]),
        ]

    def control(self) -> Sequence[BaseRoute]:
        """What tests do in the person's place."""
        return Hand(self._state, self._life, self._oauth, self._events).routes()

    def configure(self, changes: Mapping[str, object]) -> None:
        """Merge settings, those of Facebook Login too. Raises BadSettingError and then changes nothing."""
        shared = {name: value for name, value in changes.items() if name in login.login_fields()}
        config = changed(self._state.config, {name: value for name, value in changes.items() if name not in shared})
        self._meta.configure(shared)
        self._state.config = config

    def settings(self) -> Mapping[str, object]:
        """Without secrets."""
        return {**self._meta.config.view(), **self._state.config.view()}

    def reset(self) -> None:
        """Forget everything, Facebook Login included."""
        self._meta.reset()
        self._state.reset()

    async def _answer(self, request: Request) -> Response:
        """One call of the Graph API."""
        try:
            call = await graph.read_call(request, request.path_params["rest"])
            self._meta.enter(call)
            guest = self._meta.guest(call.node, call.edge, request.method)
            if guest is not None:
                answer = await guest[0].answer(call)
            else:
                answer = await self._handler(call)(call)
        except Refusal as refusal:
            answer = refusal.answer()
        answer.headers.update({name: value for name, value in self._meta.usage().items() if name not in answer.headers})
        return answer

    def _handler(self, call: Call) -> Handler:
        found = self._table.get((call.method, self._subject(call.node, call.edge)))
        if found is None:
            raise gone(call.node, call.method)
        return found[1]

    def _kind(self, method: str, path: str, query: str) -> str:
        if path.startswith(_UPLOAD):
            return "facebook.upload"
        if path.startswith(_WWW):
            return "facebook.authorize" if path.endswith("/dialog/oauth") else "facebook.unknown"
        _, node, edge = graph.split(path.removeprefix(_GRAPH))
        guest = self._meta.guest(node, edge, method)
        if guest is not None:
            return guest[1]
        found = self._table.get((method, self._subject(node, edge)))
        return self.kind_in(f"facebook.{found[0]}", query.encode()) if found else "facebook.unknown"

    def _subject(self, node: str, edge: str) -> str:
        """What a call is about, as the table names it: the edge, or what kind of node an id belongs to."""
        if edge:
            return "oauth/access_token" if node == "oauth" else edge.partition("/")[0]
        if node in {"me", "debug_token"}:
            return node
        return "page" if self._meta.config.page(node) else "video"

    def _calls(self) -> dict[tuple[str, str], tuple[str, Handler]]:
        who, results = Who(self._state, self._events), Results(self._state)
        videos = Videos(self._state, self._life)
        reels = Reels(self._state, self._life, videos)
        return {
            ("GET", "oauth/access_token"): ("token", self._oauth.token),
            ("POST", "oauth/access_token"): ("token", self._oauth.token),
            ("GET", "debug_token"): ("debug_token", self._oauth.debug),
            ("GET", "me"): ("me", who.me),
            ("GET", "accounts"): ("accounts", who.accounts),
            ("GET", "businesses"): ("businesses", who.businesses),
            ("GET", "owned_pages"): ("businesses", who.business_pages),
            ("GET", "client_pages"): ("businesses", who.business_pages),
            ("GET", "permissions"): ("permissions", who.permissions),
            ("DELETE", "permissions"): ("permissions", who.forget),
            ("GET", "page"): ("page", who.page),
            ("POST", "video_reels"): ("reels", reels.post),
            ("GET", "video_reels"): ("reels", reels.list),
            ("POST", "videos"): ("videos", LongVideos(self._state, self._life).post),
            ("GET", "published_posts"): ("posts", videos.published_posts),
            ("GET", "video"): ("video", videos.read),
            ("DELETE", "video"): ("delete", videos.delete),
            ("POST", "thumbnails"): ("thumbnails", results.set_thumbnail),
            ("GET", "thumbnails"): ("thumbnails", results.thumbnails),
            ("GET", "video_insights"): ("insights", results.insights),
        }
