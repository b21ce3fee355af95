"""YouTube as one platform of the sandbox: its table of routes, request kinds and error shapes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.world import World
from playout_sandbox.youtube.analytics import Analytics
from playout_sandbox.youtube.config import changed
from playout_sandbox.youtube.consent import Consent
from playout_sandbox.youtube.errors import OAuthRefusal, Refusal, scripted, scripted_oauth
from playout_sandbox.youtube.hand import Hand
from playout_sandbox.youtube.life import Life
from playout_sandbox.youtube.lists import Lists
from playout_sandbox.youtube.oauth import OAuth
from playout_sandbox.youtube.start import Start
from playout_sandbox.youtube.state import State
from playout_sandbox.youtube.thumbnails import Thumbnails
from playout_sandbox.youtube.upload import Upload
from playout_sandbox.youtube.videos import Videos

Handler = Callable[[Request], Awaitable[Response]]

_AUTHORIZE = "/youtube-accounts/o/oauth2/v2/auth"
_DATA = "/youtube-api/youtube/v3"
_UPLOAD = "/youtube-api/upload/youtube/v3"
_UNKNOWN = "youtube.unknown"


class YouTube:
    """A `playout_sandbox.platform.Platform`, and a `ManyKindsAtOnePath`."""

    name = "youtube"
    prefixes = ("/youtube-accounts/", "/youtube-oauth/", "/youtube-api/", "/youtube-analytics/")

    def __init__(self, world: World) -> None:
        self._state = State(world)
        self._life = Life(self._state)
        self._table = self._routes()
        self._kinds = {(method, path): f"youtube.{kind}" for kind, method, path, _ in self._table}

    def kind(self, path: str) -> str:
        """By path alone; a session URI and the start of a session cannot be told apart so."""
        return next((kind for (_, known), kind in self._kinds.items() if known == path), _UNKNOWN)

    def kind_of(self, request: HTTPConnection) -> str:
        """By method too, and the question `bytes */N` by its header."""
        kind = self._kinds.get((request.scope["method"], request.url.path), _UNKNOWN)
        asks = kind == "youtube.upload" and request.headers.get("content-range", "").startswith("bytes */")
        return "youtube.query" if asks else kind

    def streams(self, kind: str) -> bool:
        """Videos, and pictures of up to 50 MB."""
        return kind in {"youtube.upload", "youtube.thumbnail"}

    def error(self, kind: str, status: int, code: str | None) -> Response:
        """E, or flat for the OAuth host."""
        flat = kind in {"youtube.token", "youtube.revoke"}
        return scripted_oauth(status, code) if flat else scripted(status, code)

    def routes(self) -> Sequence[BaseRoute]:
        """The table, each handler with its refusals turned into answers."""
        return [Route(path, partial(_answer, handler), methods=[method]) for _, method, path, handler in self._table]

    def control(self) -> Sequence[BaseRoute]:
        """What tests do in the person's place."""
        return Hand(self._state, self._life).routes()

    def configure(self, changes: Mapping[str, object]) -> None:
        """Merge settings."""
        self._state.config = changed(self._state.config, changes)

    def settings(self) -> Mapping[str, object]:
        """Without secrets."""
        return self._state.config.view()

    def reset(self) -> None:
        """Forget everything."""
        self._state.reset()

    def _routes(self) -> list[tuple[str, str, str, Handler]]:
        state, life = self._state, self._life
        consent, oauth, start, lists = Consent(state), OAuth(state), Start(state), Lists(state)
        videos = Videos(state, life)
        return [
            ("authorize", "GET", _AUTHORIZE, consent.show),
            ("authorize", "POST", _AUTHORIZE, consent.decide),
            ("token", "POST", "/youtube-oauth/token", oauth.token),
            ("revoke", "POST", "/youtube-oauth/revoke", oauth.revoke),
            ("upload", "PUT", f"{_UPLOAD}/videos", Upload(state, life).put),
            ("start", "POST", f"{_UPLOAD}/videos", start.start),
            ("thumbnail", "POST", f"{_UPLOAD}/thumbnails/set", Thumbnails(state, life).set),
            ("videos", "GET", f"{_DATA}/videos", videos.show),
            ("videos", "PUT", f"{_DATA}/videos", videos.update),
            ("videos", "DELETE", f"{_DATA}/videos", videos.delete),
            ("videos", "POST", f"{_DATA}/videos", start.wrong_address),
            ("stats", "GET", f"{_DATA}/videos:batchGetStats", videos.stats),
            ("channels", "GET", f"{_DATA}/channels", lists.channels),
            ("playlist_items", "GET", f"{_DATA}/playlistItems", lists.playlist_items),
            ("categories", "GET", f"{_DATA}/videoCategories", lists.categories),
            ("analytics", "GET", "/youtube-analytics/v2/reports", Analytics(state).reports),
        ]


async def _answer(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except (Refusal, OAuthRefusal) as refusal:
        return refusal.response()
