"""What the tests of the Facebook adapter share: a connected Page at a real sandbox, a driver, a scripted Graph API.

The driver is TikTok's, which knows nothing of TikTok but the name of a field.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from aiohttp import web

from playout.application.ports import Task
from playout.domain.channel import Grant, Profile
from playout.domain.retry import PlatformFailure
from playout.domain.secret import Secret
from playout.platforms.facebook import Facebook
from playout.platforms.http import Http
from tests.platforms.show import FACTS, Show
from tests.sandbox.app import App

ID, SECRET = "sandbox-client-id", "sandbox-client-secret"
VERSION = "v25.0"
PAGE, OTHER_PAGE = "200000000000001", "200000000000002"  # Alice Films, Alice Travels
PERSON = "100000000000001"  # Alice
SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts")
LONG = 3_000_000  # three parts, as the sandbox cuts them
LONG_FACTS = replace(FACTS, duration=120.0)


def facebook(http: Http, url: str, **changed: str) -> Facebook:
    bases = {name: changed.get(name, f"{url}/{path}") for name, path in _BASES.items()}
    secret = Secret(changed.get("client_secret", SECRET))
    return Facebook(http, client_id=ID, client_secret=secret, version=changed.get("version", VERSION), **bases)


_BASES = {"www_url": "facebook-www", "graph_url": "facebook-graph", "rupload_url": "meta-rupload"}


async def grant_of(app: App, page: str = PAGE, **wish: Any) -> Grant:
    """A Page's grant without the dance."""
    given = await app.control("facebook/grant", {"creator": "alice", "scopes": list(SCOPES), **wish})
    [token] = [one["access_token"] for one in given["pages"] if one["id"] == page]
    extra = {"page_id": page, "owner_id": given["user_id"]}
    return Grant(Secret(token), Secret(given["access_token"]), None, None, SCOPES, extra)


@dataclass
class Scene(Show[Facebook]):
    """One delivery to a Page, driven by hand."""

    page: str = PAGE
    title: str | None = None
    data: bytes | None = None  # a file of nothing, if None

    async def task(self) -> Task:
        profile = Profile(self.page, "alicefilms", "Alice Films", owner_id=PERSON)
        task = await super().task()
        return replace(task, profile=profile, title=self.title, read=self._bytes if self.data else task.read)

    async def _bytes(self, start: int, length: int) -> AsyncIterator[bytes]:
        yield (self.data or b"")[start : start + length]

    async def configure(self, **settings: Any) -> None:
        await self.app.control("config", {"facebook": settings})

    async def status_of(self, video_id: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self.grant.access_token.reveal()}"}
        reply = await self.app.send(
            "GET", f"/facebook-graph/{VERSION}/{video_id}", params={"fields": "status,title"}, headers=headers
        )
        return cast("Mapping[str, Any]", reply.json)

    async def refused(self) -> PlatformFailure:
        """How it ends, where it does not end with a receipt."""
        failure = await self.to_the_end()
        assert isinstance(failure, PlatformFailure)
        return failure

    def be_long(self) -> None:
        self.facts, self.size = LONG_FACTS, LONG


async def connected(app: App, http: Http, **wish: Any) -> Scene:
    """Alice's Page, connected with every permission, about to get one reel."""
    return Scene(app, facebook(http, app.url), await grant_of(app, **wish), options={})


def elsewhere(film: Scene, http: Http, url: str) -> Scene:
    """The same delivery at a scripted server instead of the sandbox."""
    return replace(film, platform=facebook(http, film.app.url, graph_url=url, rupload_url=url))


@dataclass
class Asked:
    """One request as the scripted server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass
class Script:
    """Answers in turn, the last one again and again; keeps what it was asked."""

    url: str = ""
    answers: list[web.Response] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def says(self, body: Any, status: int = 200, **headers: str) -> None:
        """The next answer. A text is sent as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, str):
            self.answers.append(web.Response(text=body, status=status, headers=named))
        else:
            self.answers.append(web.json_response(body, status=status, headers=named))

    def refuses(
        self, code: int, subcode: int | None = None, message: str = "no", status: int = 400, **more: Any
    ) -> None:
        error = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}
        headers = more.pop("headers", {})
        self.says({"error": {**{k: v for k, v in error.items() if v is not None}, **more}}, status, **headers)

    async def serve(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(Asked(request.method, request.path, dict(request.query), dict(request.headers), form))
        kept = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(body=kept.body, status=kept.status, headers=kept.headers)


@asynccontextmanager
async def scripted() -> AsyncIterator[Script]:
    script = Script()
    app = web.Application(client_max_size=LONG * 2)
    app.router.add_route("*", "/{path:.*}", script.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    script.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield script
    await runner.cleanup()
