"""What tests do in the person's place, below `/_sandbox/youtube/`: connect, disconnect, take down, set numbers."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.control import wishes
from playout_sandbox.youtube.life import Life
from playout_sandbox.youtube.records import Channel, Video
from playout_sandbox.youtube.scopes import MEANING, PARTNER, full
from playout_sandbox.youtube.state import State


class Hand:
    """Each is a POST with a JSON object; 404 if it names something that does not exist."""

    def __init__(self, state: State, life: Life) -> None:
        self._state = state
        self._life = life

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        verbs = {
            "/grant": self._grant,
            "/disconnect": self._disconnect,
            "/take-down": self._take_down,
            "/numbers": self._numbers,
        }
        return [Route(path, verb, methods=["POST"]) for path, verb in verbs.items()]

    async def _grant(self, request: Request) -> Response:
        """{creator?, scopes?, client_id?}: tokens without the dance, always with a refresh token."""
        wish = await wishes(request)
        wanted = wish.get("scopes", [scope for scope in MEANING if scope != PARTNER])
        scopes = tuple(full(str(scope)) for scope in wanted) if isinstance(wanted, list) else ("?",)
        if not set(scopes) <= set(MEANING):
            raise HTTPException(400, "scopes takes a list of scopes")
        client_id = str(wish.get("client_id", self._state.config.client_id))
        grant, _ = self._state.consent(self._creator(wish).id, client_id, scopes)
        return JSONResponse(self._state.issue(grant, scopes, None, offline=True))

    async def _disconnect(self, request: Request) -> Response:
        """{creator}: the person removes every project at Google. Sessions stay, but no token reaches them."""
        creator = self._creator(await wishes(request))
        for grant in [grant for grant in self._state.grants.values() if grant.creator == creator.id]:
            self._state.end_grant(grant)
            self._state.record("disconnected", None, creator=creator.id, client_id=grant.client_id)
        return JSONResponse({"ok": True})

    async def _take_down(self, request: Request) -> Response:
        """{post_id, reason?}: gone; with a rejectionReason: rejected, and the owner still sees it."""
        wish = await wishes(request)
        video = self._video(wish)
        if wish.get("reason"):
            self._life.reject(video, str(wish["reason"]))
        else:
            self._life.remove(video)
        self._state.record_video("taken_down", video, reason=wish.get("reason"))
        return JSONResponse({"ok": True})

    async def _numbers(self, request: Request) -> Response:
        """{post_id, view_count?, like_count?, ...}: see `records.Video.numbers`."""
        wish = await wishes(request)
        video = self._video(wish)
        video.numbers |= {name: value for name in video.numbers if isinstance(value := wish.get(name), int)}
        return JSONResponse(video.numbers)

    def _creator(self, wish: Mapping[str, object]) -> Channel:
        name = wish.get("creator")
        found = self._state.config.creators[0] if name is None else self._state.config.creator(str(name))
        if found is None:
            raise HTTPException(404, "no such creator")
        return found

    def _video(self, wish: Mapping[str, object]) -> Video:
        video = self._state.videos.get(str(wish.get("post_id")))
        if video is None:
            raise HTTPException(404, "no such post")
        return video
