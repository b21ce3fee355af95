"""What went live, on every platform: the records behind the feed page, and the page's routes."""

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from playout_sandbox.feed_page import POLICY, Card, avatar, page


@dataclass(slots=True)
class Live:
    """One post that exists on a platform."""

    id: str
    platform: str
    username: str
    nickname: str
    caption: str
    privacy: str
    at: float  #: seconds since the epoch
    file: Path | None  #: None when the bytes went to the sink
    media_type: str = "video/mp4"


class Feed:
    """The posts, newest first."""

    def __init__(self) -> None:
        self._posts: dict[str, Live] = {}

    def add(self, post: Live) -> None:
        """Show one more."""
        self._posts[post.id] = post

    def remove(self, post_id: str) -> None:
        """Take one down."""
        self._posts.pop(post_id, None)

    def get(self, post_id: str) -> Live | None:
        """One post, if it is live."""
        return self._posts.get(post_id)

    def posts(self) -> list[Live]:
        """All of them, newest first."""
        return sorted(self._posts.values(), key=lambda post: post.at, reverse=True)

    def clear(self) -> None:
        """Take all down."""
        self._posts.clear()

    def routes(self) -> list[BaseRoute]:
        """The page, the videos (with ranges) and the creators' pictures."""
        return [
            Route("/feed", self._page),
            Route("/feed/video/{post_id}", self._video),
            Route("/feed/avatar/{username}.svg", self._avatar),
        ]

    async def _page(self, _: Request) -> Response:
        cards = [
            Card(
                post_id=post.id,
                platform=post.platform,
                username=post.username,
                nickname=post.nickname,
                caption=post.caption,
                privacy=post.privacy,
                at=post.at,
                media_type=post.media_type if post.file else "",
            )
            for post in self.posts()
        ]
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(page(cards), headers=headers)

    async def _video(self, request: Request) -> Response:
        post = self.get(request.path_params["post_id"])
        if post is None or post.file is None:
            return PlainTextResponse("no such video", 404)
        headers = {"X-Content-Type-Options": "nosniff"}
        return FileResponse(post.file, media_type=post.media_type, headers=headers)

    async def _avatar(self, request: Request) -> Response:
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return Response(avatar(request.path_params["username"]), media_type="image/svg+xml", headers=headers)
