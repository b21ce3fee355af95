"""A small client of the sandbox: speaks to emulated TikTok as an app would, to the control API as a test would."""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

CLIENT = {"client_key": "sandbox-client-key", "client_secret": "sandbox-client-secret"}
REDIRECT = "http://127.0.0.1:8765/callback/"
PUBLIC = "PUBLIC_TO_EVERYONE"
ALICE, BOB, CHARLIE = "alice.films", "bob.at.home", "charlie.cooks"
ALL = "user.info.basic,user.info.profile,user.info.stats,video.list,video.upload,video.publish"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    @property
    def code(self) -> str:
        """The code in an envelope, or OAuth's flat error; "ok" for success."""
        error = self.json.get("error", "ok")
        return str(error["code"] if isinstance(error, dict) else error)

    @property
    def message(self) -> str:
        """The words that go with the code."""
        error = self.json["error"]
        return str(error["message"] if isinstance(error, dict) else self.json["error_description"])

    @property
    def data(self) -> Any:
        """What an envelope holds."""
        return self.json["data"]

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code."""
        return self.status, self.code

    @property
    def query(self) -> dict[str, str]:
        """The query of the address a redirect leads to."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.headers["Location"]).query).items()}


class App:
    """All calls of the tests. Redirects are never followed."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client = client
        self.url = url

    async def send(self, method: str, url: str, **options: Any) -> Reply:
        address = url if url.startswith("http") else self.url + url
        async with self.client.request(method, address, allow_redirects=False, **options) as answer:
            text = (await answer.read()).decode("utf-8", "replace")
            is_json = "json" in answer.headers.get("Content-Type", "")
            return Reply(answer.status, answer.headers, text, await answer.json() if is_json else None)

    async def control(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        method = "GET" if body is None else "POST"
        reply = await self.send(method, f"/_sandbox/{path}", json=body)
        assert reply.status == 200, reply.text
        return reply.json

    async def configure(self, **tiktok: Any) -> None:
        await self.control("config", {"tiktok": tiktok})

    async def ledger(self, effect: str) -> Any:
        return await self.control(f"ledger?effect={effect}")

    async def pass_time(self, seconds: float) -> None:
        await self.control("clock", {"advance": seconds})

    async def fault(self, match: Mapping[str, Any], action: str, **more: Any) -> None:
        await self.control("faults", {"match": match, "action": action, **more})

    async def grant(self, creator: str = ALICE, scopes: str = ALL, **more: Any) -> str:
        """An access token."""
        granted = await self.control("tiktok/grant", {"creator": creator, "scopes": scopes.split(","), **more})
        return str(granted["access_token"])

    async def authorize(self, **fields: str) -> Reply:
        asked = {
            "client_key": CLIENT["client_key"],
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": ALL,
            "state": "s1",
            **fields,
        }
        return await self.send("GET", "/tiktok-www/v2/auth/authorize/", params=asked)

    async def decide(self, *, allow: str = ALL, **fields: str) -> Reply:
        """Send the consent form as a browser would."""
        form = [
            ("client_key", CLIENT["client_key"]),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", ALL),
            ("state", "s1"),
            *(("allow", scope) for scope in allow.split(",")),
            *{"decision": "allow", "creator": ALICE, **fields}.items(),
        ]
        return await self.send("POST", "/tiktok-www/v2/auth/authorize/", data=form)

    async def oauth(self, call: str = "token", **fields: str) -> Reply:
        return await self.send("POST", f"/tiktok-api/v2/oauth/{call}/", data={**CLIENT, **fields})

    async def exchange(self, code: str, **fields: str) -> Reply:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **fields}
        return await self.oauth(**form)

    async def connect(self) -> Any:
        """The whole dance; what the token endpoint answered."""
        return (await self.exchange((await self.decide()).query["code"])).json

    async def call(self, path: str, token: str, body: Mapping[str, Any] | None = None) -> Reply:
        return await self.send(
            "POST", f"/tiktok-api/v2/{path}", json=body or {}, headers={"Authorization": f"Bearer {token}"}
        )

    async def creator_info(self, token: str) -> Reply:
        return await self.call("post/publish/creator_info/query/", token)

    async def init(self, token: str, size: int = 3, *, source: Mapping[str, Any] | None = None, **info: Any) -> Reply:
        """Direct post by upload in one chunk, unless said otherwise."""
        body = {
            "post_info": {"privacy_level": PUBLIC, "title": "hello", **info},
            "source_info": source or upload_of(size),
        }
        return await self.call("post/publish/video/init/", token, body)

    async def draft(self, token: str, size: int = 3) -> Reply:
        return await self.call("post/publish/inbox/video/init/", token, {"source_info": upload_of(size)})

    async def put(self, url: str, data: bytes, start: int = 0, total: int | None = None, **headers: str) -> Reply:
        end = start + len(data) - 1
        total = len(data) if total is None else total
        usual = {"Content-Type": "video/mp4", "Content-Range": f"bytes {start}-{end}/{total}"}
        return await self.send("PUT", url, data=io.BytesIO(data), headers={**usual, **headers})

    async def upload(self, token: str, video: bytes, **info: Any) -> str:
        """Init, and every byte in one chunk; the publish_id."""
        begun = (await self.init(token, len(video), **info)).data
        assert (await self.put(begun["upload_url"], video)).status == 201
        return str(begun["publish_id"])

    async def status(self, token: str, publish_id: str) -> Reply:
        return await self.call("post/publish/status/fetch/", token, {"publish_id": publish_id})

    async def ended(self, publish_id: str) -> Any:
        """The ledger's entry with which a task ended."""
        return await self.noted(
            lambda entry: (
                entry.get("publish_id") == publish_id
                and entry["effect"] in {"published", "failed", "cancelled", "handed_over"}
            )
        )

    async def noted(self, wanted: Any) -> Any:
        """Wait for an entry of the ledger."""
        return await eventually(self._find, wanted)

    async def hook(self, event: str) -> Any:
        """Wait for a webhook of this kind that needs no further attempt; what became of it."""

        async def find(_: object) -> Any:
            hooks = await self.control("hooks")
            return next((h for h in hooks if h["event"] == event and (h["delivered"] or h["dropped"])), None)

        return await eventually(find, None)

    async def _find(self, wanted: Any) -> Any:
        return next((entry for entry in await self.control("ledger") if wanted(entry)), None)


def upload_of(size: int, chunk: int | None = None, count: int = 1) -> dict[str, Any]:
    return {
        "source": "FILE_UPLOAD",
        "video_size": size,
        "chunk_size": size if chunk is None else chunk,
        "total_chunk_count": count,
    }


def pull_of(url: str) -> dict[str, Any]:
    return {"source": "PULL_FROM_URL", "video_url": url}


async def eventually(ask: Any, about: Any) -> Any:
    """Ask until there is an answer; give up after twenty seconds."""
    async with asyncio.timeout(20):
        while not (answer := await ask(about)):  # the event happens in another process
            await asyncio.sleep(0.01)
    return answer
