"""`POST /v2/post/publish/creator_info/query/` (tiktok.md 5.1): what this creator may choose right now."""

from starlette.requests import Request
from starlette.responses import Response

from playout_sandbox.tiktok.access import bearer, require_scope
from playout_sandbox.tiktok.caps import check_active_creators, check_banned, check_daily
from playout_sandbox.tiktok.envelope import Refusal, ok
from playout_sandbox.tiktok.state import State


async def creator_info(state: State, request: Request) -> Response:
    """Caps and bans are told here early, with HTTP 200 on purpose (row 15)."""
    access = bearer(state, request)
    require_scope(access, {"video.publish"})
    state.count_call(access.token, "creator_info", state.config.creator_info_per_minute)
    creator = state.creator(access.open_id)
    try:
        check_banned(creator)
        check_active_creators(state, access)
        check_daily(state, creator)
    except Refusal as refusal:
        raise Refusal(200, refusal.code, refusal.message) from None
    return ok(
        {
            "creator_avatar_url": f"{str(request.base_url).rstrip('/')}/feed/avatar/{creator.username}.svg",
            "creator_username": creator.username,
            "creator_nickname": creator.nickname,
            "privacy_level_options": list(creator.privacy_level_options),
            "comment_disabled": creator.comment_disabled,
            "duet_disabled": creator.duet_disabled or creator.private,
            "stitch_disabled": creator.stitch_disabled or creator.private,
            "max_video_post_duration_sec": creator.max_video_post_duration_sec,
        },
        state.now,
    )
