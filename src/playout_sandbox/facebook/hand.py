"""What tests do in the person's place, below `/_sandbox/facebook/`: connect, remove, ask for deletion, take down."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.config import BadSettingError
from playout_sandbox.control import wishes
from playout_sandbox.facebook.dialog import SCOPES
from playout_sandbox.facebook.events import Events
from playout_sandbox.facebook.life import Life
from playout_sandbox.facebook.oauth import OAuth
from playout_sandbox.facebook.records import Video
from playout_sandbox.facebook.state import State
from playout_sandbox.meta import records
from playout_sandbox.meta.config import ALL, which
from playout_sandbox.meta.hub import CHALLENGE
from playout_sandbox.meta.records import Person
from playout_sandbox.meta.signed import ask_deletion, deauthorize_hook, signed_request, tampered

_BAD_GATEWAY = 502
_MOST_COMMENTS = 1000


class Hand:
    """Each is a POST with a JSON object; 404 if it names something that does not exist."""

    def __init__(self, state: State, life: Life, oauth: OAuth, events: Events) -> None:
        self._state = state
        self._life = life
        self._oauth = oauth
        self._events = events

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        return [
            Route("/grant", self._grant, methods=["POST"]),
            Route("/disconnect", self._disconnect, methods=["POST"]),
            Route("/delete-data", self._delete_data, methods=["POST"]),
            Route("/verify-webhook", self._verify_webhook, methods=["POST"]),
            Route("/comment", self._comment, methods=["POST"]),
            Route("/take-down", self._take_down, methods=["POST"]),
            Route("/numbers", self._numbers, methods=["POST"]),
        ]

    async def _grant(self, request: Request) -> Response:
        """{creator?, scopes?, tick?, life?}: a user token without the dance, and the Page tokens made from it."""
        wish = await wishes(request)
        scopes, person = wish.get("scopes", list(SCOPES)), self._person(wish)
        if not isinstance(scopes, list) or not set(scopes) <= set(SCOPES):
            raise HTTPException(400, "scopes takes a list of permissions")
        try:
            tick = which("tick", wish.get("tick", "all"))
            life = records.Life(str(wish.get("life", "long")))
        except (BadSettingError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
        meta = self._state.meta
        own = {page.id for page in meta.config.pages if person.id in page.persons}
        login = meta.let_in(person.id, set(), set(), {one for one in own if one in tick or ALL in tick})
        login.granted, login.declined = {*scopes, "public_profile"}, set()
        token = meta.user_token(login, life)
        self._oauth.note(token, None)
        pages = [
            {"id": page.id, "name": page.name, "access_token": meta.page_token(token, page).value}
            for page in meta.pages_of(token)
        ]
        return JSONResponse({**self._oauth.spoken(token), "user_id": person.id, "pages": pages})

    async def _disconnect(self, request: Request) -> Response:
        """{creator}: the person removes the app. The deauthorize callback goes out if there is an address for it."""
        person = self._person(await wishes(request))
        meta = self._state.meta
        login = meta.logins.get(person.id)
        if login is not None and meta.remove(person.id):
            self._state.record("disconnected", None, creator=person.id)
            self._events.withdrawn(person.id, login.granted, login.pages)
        if meta.config.deauthorize_url:
            hook = deauthorize_hook(
                "facebook", meta.config.deauthorize_url, meta.config.client_secret, person.id, self._state.now
            )
            self._state.world.hooks.send(hook)
        return JSONResponse({"ok": True})

    async def _delete_data(self, request: Request) -> Response:
        """{creator?, user_id?, tamper?}: asks for deletion (row 35); the app's JSON, or 502 with what was wrong."""
        wish = await wishes(request)
        meta = self._state.meta
        if not meta.config.deletion_url:
            raise HTTPException(400, "deletion_url is not set")
        user = str(wish.get("user_id") or self._person(wish).id)
        signed = signed_request(meta.config.client_secret, user, self._state.now)
        reply = await ask_deletion(meta.config.deletion_url, tampered(signed) if wish.get("tamper") else signed)
        if reply.proper:
            return JSONResponse(reply.body)
        return JSONResponse({"status": reply.status, "answer": reply.body}, _BAD_GATEWAY)

    async def _verify_webhook(self, _: Request) -> Response:
        """What Meta asks of a new webhook address (7.4)."""
        status, body = await self._events.verify(CHALLENGE)
        return JSONResponse({"verified": (status, body) == (HTTPStatus.OK, CHALLENGE), "status": status})

    async def _comment(self, request: Request) -> Response:
        """{post_id, times?}: strangers say something below it."""
        wish = await wishes(request)
        times = wish.get("times", 1)
        if not isinstance(times, int) or not 0 < times <= _MOST_COMMENTS:
            raise HTTPException(400, f"times is a number up to {_MOST_COMMENTS}")
        self._events.commented(self._video(wish), times)
        return JSONResponse({"ok": True})

    async def _take_down(self, request: Request) -> Response:
        """{post_id}: Facebook removes the reel."""
        self._life.remove(self._video(await wishes(request)), "facebook")
        return JSONResponse({"ok": True})

    async def _numbers(self, request: Request) -> Response:
        """{post_id, and any of the metrics, likes, comments, shares}."""
        wish = await wishes(request)
        video = self._video(wish)
        for name in video.numbers:
            value = wish.get(name)
            if isinstance(value, int):
                video.numbers[name] = value
        return JSONResponse(video.numbers)

    def _person(self, wish: Mapping[str, object]) -> Person:
        """By id or username, or by a Page they work on."""
        config = self._state.meta.config
        name = str(wish.get("creator", config.persons[0].id))
        page = next((one for one in config.pages if name in {one.id, one.username}), None)
        found = config.person(page.persons[0] if page and page.persons else name)
        if found is None:
            raise HTTPException(404, "no such person")
        return found

    def _video(self, wish: Mapping[str, object]) -> Video:
        video = self._state.videos.get(str(wish.get("post_id")))
        if video is None:
            raise HTTPException(404, "no such video")
        return video
