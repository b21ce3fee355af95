"""A small client of emulated Facebook: speaks to the dialog, the Graph API and rupload as an app would."""

import hashlib
import hmac
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sandbox.app import App, Reply, eventually

APP = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
BACK = "http://127.0.0.1:8765/connect/facebook/callback"
ALICE, BOB, CHARLIE = "100000000000001", "100000000000002", "100000000000003"
FILMS, TRAVELS, AT_HOME = "200000000000001", "200000000000002", "200000000000003"
OWNED, CLIENT, COMPANY = "200000000000004", "200000000000005", "300000000000001"
NEEDED = "pages_show_list,pages_read_engagement,pages_manage_posts"
ALL_FIELDS = "status,permalink_url,published,post_id"
DAY = 86_400


def refused(reply: Reply) -> tuple[int, int, int | None]:
    """Status, code and subcode of a Graph error."""
    error = reply.json["error"]
    assert error["message"]
    assert error["fbtrace_id"]
    return reply.status, error["code"], error.get("error_subcode")


def debug_info(reply: Reply) -> tuple[int, str, str]:
    """Status, type and message of an error of rupload."""
    facts = reply.json["debug_info"]
    return reply.status, facts["type"], facts["message"]


def proof(token: str, at: int | None = None) -> dict[str, str]:
    """The parameters that prove the app's secret; with a time in the newer form."""
    message = token if at is None else f"{token}|{at}"
    signature = hmac.new(APP["client_secret"].encode(), message.encode(), hashlib.sha256).hexdigest()
    return {"appsecret_proof": signature, **({} if at is None else {"appsecret_time": str(at)})}


class Facebook:
    """All calls of the tests."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def configure(self, **settings: Any) -> None:
        await self.app.control("config", {"facebook": settings})

    async def grant(self, creator: str = ALICE, **wish: Any) -> Any:
        """A long-lived user token and its Page tokens, without the dance."""
        return await self.app.control("facebook/grant", {"creator": creator, **wish})

    async def page_token(self, page: str = FILMS, **wish: Any) -> str:
        granted = await self.grant(wish.pop("creator", page), **wish)
        return str(next(one["access_token"] for one in granted["pages"] if one["id"] == page))

    # -- signing in

    async def authorize(self, **fields: str) -> Reply:
        asked = {"client_id": APP["client_id"], "redirect_uri": BACK, "state": "s1", "scope": NEEDED, **fields}
        return await self.app.send("GET", "/facebook-www/v25.0/dialog/oauth", params=asked)

    async def decide(self, pages: Sequence[str] = (FILMS,), allow: str = NEEDED, **fields: str) -> Reply:
        """Send the form as a browser would."""
        form = [
            *{"client_id": APP["client_id"], "redirect_uri": BACK, "state": "s1", "scope": NEEDED}.items(),
            *(("page", page) for page in pages),
            *(("allow", scope) for scope in allow.split(",")),
            *{"decision": "allow", "person": ALICE, **fields}.items(),
        ]
        return await self.app.send("POST", "/facebook-www/v25.0/dialog/oauth", data=form)

    async def code(self, pages: Sequence[str] = (FILMS,), **fields: str) -> str:
        return query(await self.decide(pages, **fields))["code"]

    async def exchange(self, code: str, **fields: str) -> Reply:
        asked = {**APP, "redirect_uri": BACK, "code": code, **fields}
        return await self.app.send("GET", "/facebook-graph/v25.0/oauth/access_token", params=asked)

    async def lengthen(self, token: str, **fields: str) -> Reply:
        asked = {**APP, "grant_type": "fb_exchange_token", "fb_exchange_token": token, **fields}
        return await self.app.send("GET", "/facebook-graph/v25.0/oauth/access_token", params=asked)

    async def short(self, pages: Sequence[str] = (FILMS,), **fields: str) -> str:
        """The short user token of a whole dance."""
        return str((await self.exchange(await self.code(pages, **fields))).json["access_token"])

    # -- the Graph API

    async def get(self, path: str, token: str, **params: str) -> Reply:
        return await self.call("GET", path, token, params=params)

    async def post(self, path: str, token: str, **form: str) -> Reply:
        return await self.call("POST", path, token, data=form)

    async def call(self, method: str, path: str, token: str, **options: Any) -> Reply:
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return await self.app.send(method, f"/facebook-graph/v25.0/{path}", headers=headers, **options)

    # -- reels

    async def start(self, token: str, page: str = FILMS) -> Any:
        reply = await self.post(f"{page}/video_reels", token, upload_phase="start")
        assert reply.status == 200, reply.text
        return reply.json

    async def upload(self, url: str, token: str, data: bytes, at: int = 0, **headers: str) -> Reply:
        usual = {"offset": str(at), "file_size": str(at + len(data))}
        usual |= {"Authorization": f"OAuth {token}", "Content-Type": "application/octet-stream"}
        wanted = {name: value for name, value in {**usual, **headers}.items() if value}
        return await self.app.send("POST", url, data=io.BytesIO(data), headers=wanted)

    async def finish(self, token: str, video: str, page: str = FILMS, **fields: str) -> Reply:
        form = {"upload_phase": "finish", "video_id": video, "video_state": "PUBLISHED", **fields}
        return await self.post(f"{page}/video_reels", token, **{name: one for name, one in form.items() if one})

    async def uploaded(self, token: str, data: bytes, page: str = FILMS) -> str:
        """Start, and every byte; the video id."""
        begun = await self.start(token, page)
        reply = await self.upload(begun["upload_url"], token, data)
        assert (reply.status, reply.json) == (200, {"success": True})
        return str(begun["video_id"])

    async def publish(self, token: str, data: bytes, page: str = FILMS, **fields: str) -> str:
        """All three steps; the video id."""
        video = await self.uploaded(token, data, page)
        reply = await self.finish(token, video, page, **fields)
        assert (reply.status, reply.json) == (200, {"success": True})
        return video

    async def status(self, token: str, video: str) -> Any:
        reply = await self.get(video, token, fields="status")
        assert reply.status == 200, reply.text
        return reply.json["status"]

    async def phase(self, token: str, video: str, name: str, *wanted: str) -> Any:
        """Wait until a phase is in one of these states; the whole status."""

        async def there(_: object) -> Any:
            status = await self.status(token, video)
            return status if status[name]["status"] in wanted else None

        return await eventually(there, None)

    async def live(self, token: str, video: str) -> Any:
        """Wait until it is published; the whole status."""
        return await self.phase(token, video, "publishing_phase", "complete")


def query(reply: Reply) -> dict[str, str]:
    """The query of the address a redirect leads to."""
    assert reply.status == 302, reply.text
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["Location"]).query).items()}
