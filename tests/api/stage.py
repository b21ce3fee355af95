"""The application, called as a server would call it, by whoever of the cast holds a token."""

from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from playout.api.app import create_app
from playout.domain.person import Actor, Scope
from tests.cast import PUBLIC_URL, Cast

API = "/api/v1"


@dataclass
class Stage:
    """The cast at the door."""

    cast: Cast
    app: FastAPI
    alice: httpx.AsyncClient
    bob: httpx.AsyncClient
    charlie: httpx.AsyncClient
    nobody: httpx.AsyncClient

    @classmethod
    async def open(cls, cast: Cast | None = None) -> "Stage":
        cast = cast or await Cast.open()
        app = create_app(cast.services, hosts=["playout.example"])
        return cls(
            cast,
            app,
            alice=client(app, await cast.token(cast.alice)),
            bob=client(app, await cast.token(cast.bob)),
            charlie=client(app, await cast.token(cast.charlie)),
            nobody=client(app),
        )

    async def with_scopes(self, actor: Actor, *scopes: Scope) -> httpx.AsyncClient:
        """A client with these scopes only."""
        return client(self.app, await self.cast.token(actor, *scopes))

    async def new_post(self, **other: Any) -> dict[str, Any]:
        """A body that can be posted."""
        video, channel = await self.cast.video(self.cast.alice), await self.cast.channel(self.cast.alice)
        return new_post(video.id, channel.id) | other


def new_post(video_id: str, channel_id: str) -> dict[str, Any]:
    return {
        "video_id": video_id,
        "caption": "First light",
        "scheduled_at": "2026-11-21T12:00:00Z",
        "destinations": [{"channel_id": channel_id, "options": {"privacy_level": "SELF_ONLY"}}],
    }


def client(app: FastAPI, token: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC_URL, headers=headers, trust_env=False)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The answer as problem details, checked for the form that all of them have."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:playout:error:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert all({"pointer", "code", "detail"} <= one.keys() for one in body["errors"])
    return body
