"""The Display API: profile and public videos (tiktok.md section 4)."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from playout_sandbox.tiktok.access import bad, bearer, json_body, number, require_scope
from playout_sandbox.tiktok.envelope import Refusal, ok
from playout_sandbox.tiktok.records import Access, Post
from playout_sandbox.tiktok.state import State

_PAGE = 20
_BASIC = ("open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name")
_PROFILE = ("bio_description", "profile_deep_link", "is_verified", "username")
_STATS = ("follower_count", "following_count", "likes_count", "video_count")
_SCOPE_OF = {
    **dict.fromkeys(_BASIC, "user.info.basic"),
    **dict.fromkeys(_PROFILE, "user.info.profile"),
    **dict.fromkeys(_STATS, "user.info.stats"),
}


class Display:
    """`user/info/`, `video/list/`, `video/query/`."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def user_info(self, request: Request) -> Response:
        """The token owner's profile; `fields` decides what, and each field needs its scope."""
        access = self._enter(request, "user_info")
        wanted = _fields(request)
        unknown = set(wanted) - set(_SCOPE_OF)
        if unknown:
            raise bad(f"Unknown fields: {', '.join(sorted(unknown))}")
        allowed = [name for name in wanted if _SCOPE_OF[name] in access.grant.scopes]
        if len(allowed) < len(wanted) and not self._state.config.omit_foreign_fields:
            raise Refusal(401, "scope_not_authorized", "The user did not authorize the scope required.")
        profile = self._profile(access, request)
        return ok({"user": {name: profile[name] for name in allowed}}, self._state.now)

    async def video_list(self, request: Request) -> Response:
        """The token owner's public videos, newest first."""
        access = self._enter(request, "video_list")
        require_scope(access, {"video.list"})
        wanted = _fields(request)
        body = await json_body(request)
        count = number(body, "max_count") if "max_count" in body else 10
        if not 1 <= count <= _PAGE:
            raise bad("max_count must be 1 to 20")
        before = number(body, "cursor") if body.get("cursor") else None
        posts = [post for post in self._public(access) if before is None or post.at * 1000 < before]
        shown = posts[:count]
        cursor = int(shown[-1].at * 1000) if shown else before or 0
        videos = [self._video(post, wanted, request) for post in shown]
        data = {"videos": videos, "cursor": cursor, "has_more": len(posts) > count}
        return ok(data, self._state.now)

    async def video_query(self, request: Request) -> Response:
        """Some of the token owner's videos by id; foreign ids are left out (row 48)."""
        access = self._enter(request, "video_query")
        require_scope(access, {"video.list"})
        wanted = _fields(request)
        filters = (await json_body(request)).get("filters")
        ids = filters.get("video_ids") if isinstance(filters, dict) else None
        if not isinstance(ids, list) or not 1 <= len(ids) <= _PAGE:
            raise bad("video_ids must have 1 to 20 ids")
        asked = {str(one) for one in ids}
        videos = [self._video(post, wanted, request) for post in self._public(access) if str(post.post_id) in asked]
        return ok({"videos": videos}, self._state.now)

    def _enter(self, request: Request, call: str) -> Access:
        access = bearer(self._state, request)
        self._state.count_call(access.token, call, self._state.config.display_per_minute)
        return access

    def _public(self, access: Access) -> list[Post]:
        own = [post for post in self._state.posts.values() if post.open_id == access.open_id and post.visible]
        return sorted(own, key=lambda post: post.at, reverse=True)

    def _profile(self, access: Access, request: Request) -> Mapping[str, object]:
        creator = self._state.creator(access.open_id)
        avatar = f"{str(request.base_url).rstrip('/')}/feed/avatar/{creator.username}.svg"
        posts = self._public(access)
        return {
            "open_id": creator.open_id,
            "union_id": f"union{creator.open_id}",
            "avatar_url": avatar,
            "avatar_url_100": avatar,
            "avatar_large_url": avatar,
            "display_name": creator.nickname,
            "bio_description": "",
            "profile_deep_link": f"https://vm.tiktok.com/{creator.username}/",
            "is_verified": False,
            "username": creator.username,
            "follower_count": 0,
            "following_count": 0,
            "likes_count": sum(post.numbers["like_count"] for post in posts),
            "video_count": len(posts),
        }

    def _video(self, post: Post, wanted: list[str], request: Request) -> dict[str, object]:
        creator = self._state.creator(post.open_id)
        base = str(request.base_url).rstrip("/")
        share = f"https://www.tiktok.com/@{creator.username}/video/{post.post_id}"
        video: dict[str, object] = {
            "id": str(post.post_id),
            "create_time": int(post.at),
            "cover_image_url": f"{base}/feed/avatar/{creator.username}.svg",
            "share_url": share,
            "video_description": post.caption[:150],
            "duration": post.seconds,
            "height": post.height,
            "width": post.width,
            "title": post.caption[:150],
            "embed_html": "",
            "embed_link": share,
            "is_aigc": False,
            **post.numbers,
        }
        unknown = set(wanted) - set(video)
        if unknown:
            raise bad(f"Unknown fields: {', '.join(sorted(unknown))}")
        return {name: video[name] for name in wanted}


def _fields(request: Request) -> list[str]:
    wanted = [name for name in request.query_params.get("fields", "").split(",") if name]
    if not wanted:
        raise bad("fields is missing")
    return wanted
