"""The pages as the door serves them: behind the gate, beside the REST face; the cast is signed in.

For tests without a browser: `Stage` (fixture `stage`), with an httpx client for each of the cast. For those with one,
see `site.py`. Both are explained in README.md.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from starlette.types import ASGIApp

from playout.api.app import create_app
from playout.domain.person import Actor, Role
from playout.domain.secret import Secret
from playout.web.app import create_web
from playout.web.drawing import Looks, looks
from playout.web.visitors import MemoryVisitors
from tests.cast import PUBLIC_URL, Cast

SECURE_URL = "https://playout.example"
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass
class Stage:
    """The cast at the pages."""

    cast: Cast
    visitors: MemoryVisitors
    sessions: dict[str, Secret]
    app: ASGIApp
    url: str
    alice: httpx.AsyncClient
    bob: httpx.AsyncClient
    charlie: httpx.AsyncClient
    guest: httpx.AsyncClient

    @classmethod
    async def open(cls, cast: Cast | None = None, *, url: str = PUBLIC_URL, **web: Any) -> "Stage":
        """`web`: as `create_web` takes it."""
        cast = cast or await Cast.open()
        house = House.of(cast, url, **web)
        clients = {name: client(house.app, url, session) for name, session in house.sessions.items()}
        return cls(cast, house.visitors, house.sessions, house.app, url, **clients, guest=client(house.app, url))

    async def post(self, who: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
        """As the browser sends a form of ours: with its token, and the headers that say where it stood."""
        return await who.post(path, data=fields | {"form_token": await self.token(who)}, headers=same_origin(self.url))

    async def token(self, who: httpx.AsyncClient) -> str:
        """Of any form; they all stand for the visitor."""
        found = _TOKEN.search((await who.get("/sign-in", follow_redirects=True)).text)
        assert found
        return found[1]


@dataclass
class House:
    """The application and who is signed in."""

    app: ASGIApp
    visitors: MemoryVisitors
    sessions: dict[str, Secret] = field(default_factory=dict)

    @classmethod
    def of(cls, cast: Cast, url: str, **web: Any) -> "House":
        """`web`: as `create_web` takes it."""
        visitors = MemoryVisitors()
        house = cls(together(cast, url, visitors, **web), visitors)
        for actor, role in ((cast.alice, Role.OWNER), (cast.bob, Role.VIEWER), (cast.charlie, Role.OWNER)):
            house.sessions[actor.name] = visitors.let_in(
                as_visitor(actor), actor.name.title(), f"{actor.name}@example.org", role
            )
        return house


def together(cast: Cast, url: str, visitors: MemoryVisitors, **web: Any) -> ASGIApp:
    """Both faces under one roof, as the door puts them."""
    pages = create_web(cast.services, visitors, **{"public_url": url, "looks": shipped(), **web})
    return create_app(cast.services, hosts=["playout.example"], pages=pages)


@cache
def shipped() -> Looks:
    """Read once for all tests: nothing in it changes."""
    return looks()


def as_visitor(actor: Actor) -> Actor:
    return Actor(actor.workspace_id, actor.name, actor.scopes, "web")


def client(app: ASGIApp, url: str, session: Secret | None = None) -> httpx.AsyncClient:
    made = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url, trust_env=False)
    if session:
        made.cookies.set(session_cookie(url), session.reveal())
    return made


def session_cookie(url: str) -> str:
    return "__Host-playout-session" if url.startswith("https:") else "playout-session"


def same_origin(url: str) -> dict[str, str]:
    return {"Origin": url, "Sec-Fetch-Site": "same-origin"}
