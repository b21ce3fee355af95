"""TikTok as one platform of the sandbox: its table of routes, request kinds and error shapes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.tiktok.config import changed
from playout_sandbox.tiktok.consent import Consent
from playout_sandbox.tiktok.creator import creator_info
from playout_sandbox.tiktok.display import Display
from playout_sandbox.tiktok.envelope import OAuthRefusal, Refusal, error, oauth_error
from playout_sandbox.tiktok.events import Events
from playout_sandbox.tiktok.hand import Hand
from playout_sandbox.tiktok.life import Life
from playout_sandbox.tiktok.oauth import OAuth
from playout_sandbox.tiktok.publish import Publish
from playout_sandbox.tiktok.state import State
from playout_sandbox.tiktok.status import Following
from playout_sandbox.tiktok.upload import Upload
from playout_sandbox.world import World

Handler = Callable[[Request], Awaitable[Response]]

_API = "/tiktok-api/v2"
_UPLOAD = "/tiktok-upload/video/"
_CODES = {
    400: "invalid_params",
    401: "access_token_invalid",
    403: "spam_risk",
    404: "invalid_params",
    429: "rate_limit_exceeded",
}
_OAUTH_CODES = {400: "invalid_request", 401: "invalid_client", 429: "temporarily_unavailable"}


class TikTok:
    """A `playout_sandbox.platform.Platform`."""

    name = "tiktok"
    prefixes = ("/tiktok-www/", "/tiktok-api/", "/tiktok-upload/")

    def __init__(self, world: World) -> None:
        self._state = State(world)
        self._events = Events(self._state)
        self._life = Life(self._state, self._events)
        self._table = self._routes()
        self._kinds = {path: f"tiktok.{kind}" for kind, _, path, _ in self._table}

    def kind(self, path: str) -> str:
        """By path; "tiktok.unknown" for what is not served."""
        return self._kinds.get(path, "tiktok.unknown")

    def streams(self, kind: str) -> bool:
        """Only chunks are large."""
        return kind == "tiktok.upload"

    def error(self, kind: str, status: int, code: str | None) -> Response:
        """E, O, or for the upload host an empty body."""
        now = self._state.now
        if kind == "tiktok.upload":
            return Response(status_code=status)
        if kind in {"tiktok.token", "tiktok.revoke"}:
            chosen = code or _OAUTH_CODES.get(status, "server_error")
            return oauth_error(status, chosen, "Scripted by the sandbox.", now)
        return error(status, code or _CODES.get(status, "internal_error"), "Scripted by the sandbox.", now)

    def routes(self) -> Sequence[BaseRoute]:
        """The table, each handler with its refusals turned into answers."""
        return [
            Route(path, partial(self._answer, handler), methods=[method]) for _, method, path, handler in self._table
        ]

    def control(self) -> Sequence[BaseRoute]:
        """What tests do in the creator's place."""
        return Hand(self._state, self._life, self._events).routes()

    def configure(self, changes: Mapping[str, object]) -> None:
        """Merge settings."""
        self._state.config = changed(self._state.config, changes)

    def settings(self) -> Mapping[str, object]:
        """Without secrets."""
        return self._state.config.view()

    def reset(self) -> None:
        """Forget everything."""
        self._state.reset()

    async def _answer(self, handler: Handler, request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return error(refusal.status, refusal.code, refusal.message, self._state.now)
        except OAuthRefusal as refusal:
            status = self._state.config.oauth_error_status
            return oauth_error(status, refusal.error, refusal.description, self._state.now)

    def _routes(self) -> list[tuple[str, str, str, Handler]]:
        state = self._state
        consent = Consent(state)
        oauth = OAuth(state, self._events)
        publish = Publish(state, self._life)
        following = Following(state, self._life)
        display = Display(state)
        post = f"{_API}/post/publish"
        return [
            ("authorize", "GET", "/tiktok-www/v2/auth/authorize/", consent.show),
            ("authorize", "POST", "/tiktok-www/v2/auth/authorize/", consent.decide),
            ("token", "POST", f"{_API}/oauth/token/", oauth.token),
            ("revoke", "POST", f"{_API}/oauth/revoke/", oauth.revoke),
            ("user_info", "GET", f"{_API}/user/info/", display.user_info),
            ("video_list", "POST", f"{_API}/video/list/", display.video_list),
            ("video_query", "POST", f"{_API}/video/query/", display.video_query),
            ("creator_info", "POST", f"{post}/creator_info/query/", partial(creator_info, state)),
            ("init", "POST", f"{post}/video/init/", publish.direct),
            ("inbox_init", "POST", f"{post}/inbox/video/init/", publish.inbox),
            ("photo_init", "POST", f"{post}/content/init/", publish.photos),
            ("status", "POST", f"{post}/status/fetch/", following.fetch),
            ("cancel", "POST", f"{post}/cancel/", following.cancel),
            ("upload", "PUT", _UPLOAD, Upload(state, self._life).put),
        ]
