"""A small client of emulated YouTube: speaks as an app would."""

import asyncio
import io
from collections.abc import Mapping
from typing import Any

from tests.sandbox.app import App, Reply, eventually

CLIENT = {"client_id": "sandbox-client-id", "client_secret": "sandbox-client-secret"}
REDIRECT = "http://127.0.0.1:8765/connect/youtube/callback"
ALICE, BOB = "UCsandbox-alice_films000", "UCsandbox-bob_at_home000"  # bob is not verified by phone
SCOPE = "https://www.googleapis.com/auth/"
BOTH = f"{SCOPE}youtube.upload {SCOPE}youtube.readonly"
GRAIN = 262_144
MILLION = 1_000_000
DAY = 86_400


class Tube:
    """All calls of the tests, with one token unless another is given."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.token = ""

    async def configure(self, **settings: Any) -> None:
        await self.app.control("config", {"youtube": settings})

    async def authorize(self, **fields: str) -> Reply:
        return await self.app.send("GET", "/youtube-accounts/o/oauth2/v2/auth", params={**_asked(), **fields})

    async def decide(self, *, allow: str = BOTH, **fields: str) -> Reply:
        """Send the consent form as a browser would."""
        form = {**_asked(), "decision": "allow", "creator": ALICE, **fields}
        pairs = [*form.items(), *(("allow", scope) for scope in allow.split())]
        return await self.app.send("POST", "/youtube-accounts/o/oauth2/v2/auth", data=pairs)

    async def oauth(self, call: str = "token", **fields: str) -> Reply:
        return await self.app.send("POST", f"/youtube-oauth/{call}", data={**CLIENT, **fields})

    async def exchange(self, code: str, **fields: str) -> Reply:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return await self.oauth(**{**form, **fields})

    async def refresh(self, token: str) -> Reply:
        return await self.oauth(grant_type="refresh_token", refresh_token=token)

    async def connect(self, **fields: str) -> Any:
        """The whole dance; what the token endpoint answered."""
        return (await self.exchange((await self.decide(**fields)).query["code"])).json

    async def grant(self, creator: str = ALICE, *scopes: str) -> Any:
        """Tokens without the dance."""
        return await self.app.control("youtube/grant", {"creator": creator, **({"scopes": scopes} if scopes else {})})

    async def token_of(self, creator: str, *scopes: str) -> str:
        return str((await self.grant(creator, *scopes))["access_token"])

    async def call(self, method: str, path: str, token: str | None = None, **options: Any) -> Reply:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}", **options.pop("headers", {})}
        return await self.app.send(method, path, headers=headers, **options)

    async def get(self, path: str, token: str | None = None, **query: str) -> Reply:
        return await self.call("GET", f"/youtube-api/youtube/v3/{path}", token, params=query)

    async def videos(self, *ids: str, part: str = "snippet,status", token: str | None = None) -> Reply:
        return await self.get("videos", token, part=part, id=",".join(ids))

    async def video(self, video_id: str, part: str = "snippet,status") -> Any:
        return (await self.videos(video_id, part=part)).json["items"][0]

    async def start(  # what may differ from a good start
        self,
        size: int | str | None = MILLION,
        token: str | None = None,
        *,
        snippet: Mapping[str, Any] | None = None,
        part: str | None = "snippet,status",
        headers: Mapping[str, str] | None = None,
        **status: Any,
    ) -> Reply:
        known = {"X-Upload-Content-Type": "video/*"} | ({} if size is None else {"X-Upload-Content-Length": str(size)})
        body = {
            "snippet": {"title": "A day", "categoryId": "22", **(snippet or {})},
            "status": {"privacyStatus": "public", **status},
        }
        return await self.call(
            "POST",
            "/youtube-api/upload/youtube/v3/videos",
            token,
            params={"uploadType": "resumable", **({"part": part} if part else {})},
            json=body,
            headers={**known, **(headers or {})},
        )

    async def session(self, size: int | None = MILLION, token: str | None = None, **more: Any) -> str:
        """The session URI."""
        begun = await self.start(size, token, **more)
        assert begun.status == 200, begun.text
        return begun.headers["Location"]

    async def put(
        self, url: str, data: bytes, start: int | None = None, total: int | str = MILLION, **more: Any
    ) -> Reply:
        """A chunk; without `start` the whole file, without Content-Range."""
        said = {} if start is None else {"Content-Range": f"bytes {start}-{start + len(data) - 1}/{total}"}
        headers = {"Content-Type": "video/*", **said, **more.pop("headers", {})}
        return await self.call("PUT", url, headers=headers, data=io.BytesIO(data), **more)

    async def ask(self, url: str, total: int | str = MILLION, token: str | None = None) -> Reply:
        """How much is stored?"""
        return await self.call("PUT", url, token, headers={"Content-Range": f"bytes */{total}", "Content-Length": "0"})

    async def upload(self, video: bytes, token: str | None = None, **more: Any) -> str:
        """Start, and every byte in one request; the video's id."""
        done = await self.put(await self.session(len(video), token, **more), video, token=token)
        assert done.status == 201, done.text
        return str(done.json["id"])

    async def processed(self, video_id: str, part: str = "snippet,status") -> Any:
        """Wait until processing is over; the video then."""

        async def over(_: object) -> Any:
            found = await self.video(video_id, f"{part},status")
            return found if found["status"]["uploadStatus"] != "uploaded" else None

        return await eventually(over, None)

    async def thumbnail(self, video_id: str, picture: bytes, token: str | None = None, **headers: str) -> Reply:
        return await self.call(
            "POST",
            "/youtube-api/upload/youtube/v3/thumbnails/set",
            token,
            params={"videoId": video_id},
            data=io.BytesIO(picture),
            headers={"Content-Type": "image/jpeg", **headers},
        )

    async def update(self, part: str, token: str | None = None, **body: Any) -> Reply:
        return await self.call("PUT", "/youtube-api/youtube/v3/videos", token, params={"part": part}, json=body)

    async def begin_put(self, url: str, sent: bytes, total: int = MILLION) -> asyncio.StreamWriter:
        """A PUT of the whole file of which only the beginning is sent so far."""
        host, port = self.app.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        lines = {"Host": "localhost", "Authorization": f"Bearer {self.token}", "Content-Length": str(total)}
        top = [f"PUT {url.removeprefix(self.app.url)} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
        writer.write("\r\n".join(top).encode() + b"\r\n\r\n" + sent)
        await writer.drain()
        return writer


async def signed_in(app: App, *, any_bytes: bool = False) -> Tube:
    """Alice's app; with `any_bytes` whatever it uploads passes for a video."""
    await app.control("config", {"media_checks": not any_bytes})
    tube = Tube(app)
    tube.token = await tube.token_of(ALICE)
    return tube


def refusal(reply: Reply) -> tuple[int, str, str]:
    """Status, reason and domain of an error in the API's shape."""
    error = reply.json["error"]
    assert error["code"] == reply.status
    assert error["message"]
    return reply.status, error["errors"][0]["reason"], error["errors"][0]["domain"]


def place(reply: Reply) -> tuple[str, str]:
    """Where the error lies."""
    one = reply.json["error"]["errors"][0]
    return one["location"], one["locationType"]


def stored(reply: Reply) -> tuple[int, str | None]:
    """Status and Range of an answer in the middle of an upload."""
    return reply.status, reply.headers.get("Range")


def _asked() -> dict[str, str]:
    return {
        "client_id": CLIENT["client_id"],
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": BOTH,
        "access_type": "offline",
        "state": "s1",
    }
