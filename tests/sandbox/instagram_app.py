"""A small client of emulated Instagram: speaks as an app would, with either login."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.app import App, Reply, eventually
from tests.sandbox.other_side import OtherSide, other_side

APP = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
REDIRECT = "http://127.0.0.1:8765/connect/instagram/callback"
ALICE, BOB = "17841400000000001", "17841400000000002"
ALICE_SCOPED = "25000000000000001"
BASIC, PUBLISH, INSIGHTS = (
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_insights",
)
HOUR, DAY = 3600, 86_400


def refusal(reply: Reply) -> tuple[int, int, int | None]:
    """Status, code and subcode of an error in the Graph shape."""
    error = reply.json["error"]
    assert error["fbtrace_id"]
    return reply.status, error["code"], error.get("error_subcode")


def code_of(reply: Reply) -> str:
    """The code in the address of a redirect."""
    return parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]


class Insta:
    """All calls of the tests. `host` is instagram-graph or facebook-graph."""

    def __init__(self, app: App, host: str = "instagram-graph") -> None:
        self.app = app
        self.host = host

    async def configure(self, **settings: Any) -> None:
        await self.app.control("config", {"instagram": settings})

    async def authorize(self, **fields: str) -> Reply:
        asked = {
            "client_id": APP["client_id"],
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": f"{BASIC},{PUBLISH}",
            "state": "s1",
        }
        return await self.app.send("GET", "/instagram-www/oauth/authorize", params={**asked, **fields})

    async def decide(self, *, allow: tuple[str, ...] = (BASIC, PUBLISH, INSIGHTS), **fields: str) -> Reply:
        """Send the consent form as a browser would."""
        asked = {
            "client_id": APP["client_id"],
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": f"{BASIC} {PUBLISH} {INSIGHTS}",
            "state": "s1",
            "account": ALICE,
            "decision": "allow",
            **fields,
        }
        form = [*asked.items(), *(("allow", scope) for scope in allow)]
        return await self.app.send("POST", "/instagram-www/oauth/authorize", data=form)

    async def short(self, code: str, **fields: str) -> Reply:
        form = {**APP, "grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code, **fields}
        return await self.app.send("POST", "/instagram-api/oauth/access_token", data=form)

    async def long(self, short: str, **fields: str) -> Reply:
        asked = {
            "grant_type": "ig_exchange_token",
            "client_secret": APP["client_secret"],
            "access_token": short,
            **fields,
        }
        return await self.app.send("GET", "/instagram-graph/access_token", params=asked)

    async def refresh(self, token: str, **fields: str) -> Reply:
        asked = {"grant_type": "ig_refresh_token", "access_token": token, **fields}
        return await self.app.send("GET", "/instagram-graph/refresh_access_token", params=asked)

    async def grant(self, creator: str = ALICE, **more: Any) -> str:
        """A long-lived token of the login that belongs to the host."""
        login = "facebook" if self.host == "facebook-graph" else "instagram"
        granted = await self.app.control("instagram/grant", {"creator": creator, "login": login, **more})
        return str(granted["access_token"])

    async def call(self, method: str, path: str, token: str, *, version: str = "v25.0", **params: Any) -> Reply:
        """One call of the Graph API; a POST sends a form."""
        where = "data" if method == "POST" else "params"
        headers = {"Authorization": f"Bearer {token}"}
        return await self.app.send(method, f"/{self.host}/{version}/{path}", headers=headers, **{where: params})

    async def me(self, token: str, fields: str = "user_id,username,account_type") -> Reply:
        return await self.call("GET", "me", token, fields=fields)

    async def create(self, token: str, url: str = "", account: str = ALICE, **params: Any) -> Reply:
        address = {"video_url": url} if url else {}
        return await self.call("POST", f"{account}/media", token, **{"media_type": "REELS", **address, **params})

    async def status(self, token: str, container: str, fields: str = "status_code,status") -> Reply:
        return await self.call("GET", container, token, fields=fields)

    async def settled(self, token: str, container: str) -> Any:
        """What a container says once it is no longer being processed."""

        async def ask(_: object) -> Any:
            found = (await self.status(token, container)).json
            return None if found["status_code"] == "IN_PROGRESS" else found

        return await eventually(ask, None)

    async def ready(self, token: str, url: str, **params: Any) -> str:
        """A container that is FINISHED."""
        container = str((await self.create(token, url, **params)).json["id"])
        assert (await self.settled(token, container))["status_code"] == "FINISHED"
        return container

    async def publish(self, token: str, container: str, account: str = ALICE) -> Reply:
        return await self.call("POST", f"{account}/media_publish", token, creation_id=container)

    async def reel(self, token: str, url: str, **params: Any) -> str:
        """A reel that is live; its media id."""
        return str((await self.publish(token, await self.ready(token, url, **params))).json["id"])

    async def quota(self, token: str, account: str = ALICE) -> Any:
        reply = await self.call("GET", f"{account}/content_publishing_limit", token, fields="quota_usage,config")
        return reply.json["data"][0]

    async def published(self) -> Any:
        return await self.app.ledger("published")


@asynccontextmanager
async def own_server(app: App, video: bytes = b"any bytes", *, checks: bool = False) -> AsyncIterator[OtherSide]:
    """The app's server, which pulls may reach; received files are looked into only if asked."""
    async with other_side() as side:
        side.video = video
        await app.control("config", {"pull_insecure": True, "media_checks": checks})
        yield side
