"""What an app may read: the account, its reels, their numbers (sections 2.5, 6 and 9)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from playout_sandbox.instagram.caller import Caller, own_account
from playout_sandbox.instagram.records import METRICS, Media
from playout_sandbox.instagram.state import State
from playout_sandbox.meta.graph import Call, gone, invalid, missing

_PAGE = 25
_MOST = 100
_FACEBOOK_ONLY = {"total_likes", "total_comments", "total_views"}
_CROSSPOSTED_ONLY = {"crossposted_views", "facebook_views"}


class Reading:
    """Everything here is best effort on the platform, and so it is here: lags and flakes are settings."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def account(self, call: Call, caller: Caller) -> Response:
        """`/me` with Instagram Login, `/<ig-id>` with both."""
        state = self._state
        account_id = own_account(caller, call)
        caller.need("basic", account_id)
        account = state.account(account_id)
        if account is None:
            raise gone(call.node)
        avatar = f"{str(call.request.base_url).rstrip('/')}/feed/avatar/{account.username}.svg"
        known: dict[str, object] = {
            "id": account.id if caller.facebook else account.scoped_id,
            "user_id": account.id,
            "username": account.username,
            "name": account.name,
            "account_type": account.account_type,
            "profile_picture_url": avatar,
            "followers_count": 1200,
            "follows_count": 12,
            "media_count": sum(media.account == account_id for media in state.media.values()),
        }
        if caller.facebook:
            del known["user_id"], known["account_type"]
        answer = _only(call.fields, known)
        return JSONResponse({"data": [answer]} if state.config.me_shape == "data" else answer)

    async def list(self, call: Call, caller: Caller) -> Response:
        """The account's reels, newest first, page by page."""
        state = self._state
        account = own_account(caller, call)
        caller.need("basic", account)
        since, until = (_time(call.params, name) for name in ("since", "until"))
        seen = [m for m in state.media.values() if m.account == account and m.at + state.config.list_delay <= state.now]
        seen = [m for m in seen if (since is None or m.at >= since) and (until is None or m.at <= until)]
        seen.sort(key=lambda media: media.at, reverse=True)
        limit = min(_MOST, _number(call.params, "limit", _PAGE))
        after = call.params.get("after", "")
        start = next((place for place, media in enumerate(seen, 1) if media.id == after), 0)
        shown = seen[start : start + limit]
        answer: dict[str, object] = {"data": [_only(call.fields, self._media(m, call, caller)) for m in shown]}
        if shown:
            paging: dict[str, object] = {"cursors": {"before": shown[0].id, "after": shown[-1].id}}
            if start + limit < len(seen):
                paging["next"] = str(
                    call.request.url.remove_query_params("access_token").include_query_params(after=shown[-1].id)
                )
            answer["paging"] = paging
        return JSONResponse(answer)

    async def media(self, call: Call, caller: Caller) -> Response:
        """One reel; a new one may answer 100/33 for a while."""
        state = self._state
        media = self._own(call, caller)
        flakes = state.config.read_flake and not media.flaked
        if flakes or state.now < media.at + state.config.permalink_delay:
            media.flaked |= flakes
            raise gone(call.node)
        caller.need("basic", media.account)
        return JSONResponse(_only(call.fields, self._media(media, call, caller)))

    async def insights(self, call: Call, caller: Caller) -> Response:
        """Numbers; nothing at all until there are some (rows 36, 37)."""
        state = self._state
        media = self._own(call, caller)
        caller.need("insights", media.account)
        if not call.params.get("metric"):
            raise missing("metric")
        asked = [name.strip() for name in call.params["metric"].split(",") if name.strip()]
        known = [name for name in METRICS if caller.facebook or name not in _FACEBOOK_ONLY]
        for place, name in enumerate(asked):
            if name not in known:
                raise invalid(f"metric[{place}] must be one of the following values: {', '.join(known)}")
            if name in _CROSSPOSTED_ONLY and not media.numbers[name]:
                raise invalid(f"The metric {name} is not available for media that is not cross-posted")
        ready = state.now >= media.at + state.config.insights_delay
        return JSONResponse({"data": [_insight(media, name) for name in asked] if ready else []})

    def _own(self, call: Call, caller: Caller) -> Media:
        media = self._state.media.get(call.node)
        if media is None or media.account not in caller.accounts:
            raise gone(call.node)
        return media

    def _media(self, media: Media, call: Call, caller: Caller) -> dict[str, object]:
        state = self._state
        account = state.account(media.account)
        link = f"https://www.instagram.com/reel/{media.shortcode}/"
        known: dict[str, object] = {
            "id": media.id,
            "caption": media.caption.replace("@", "") if state.config.caption_readback == "no_at" else media.caption,
            "media_type": "VIDEO",
            "media_product_type": "REELS",
            "media_url": f"{str(call.request.base_url).rstrip('/')}/feed/video/{media.id}",
            "permalink": link,
            "shortcode": media.shortcode,
            "timestamp": f"{datetime.fromtimestamp(media.at, UTC):%Y-%m-%dT%H:%M:%S+0000}",
            "thumbnail_url": f"{link}thumbnail.jpg",
            "username": account.username if account else "",
            "owner": {"id": media.account},
            "like_count": media.numbers["likes"],
            "comments_count": media.numbers["comments"],
            "is_shared_to_feed": state.containers[media.container].options.get("share_to_feed", True),
        }
        # Nothing said is nothing shown: an empty caption is left out, and so is one that the setting hides.
        return {n: v for n, v in known.items() if n != "caption" or (v and state.config.caption_readback != "absent")}


def _only(asked: list[str], known: Mapping[str, object]) -> dict[str, object]:
    """The fields asked for, and always the id. A field that exists but has no value is left out."""
    for name in asked:
        if name not in known and not (name == "caption" and "shortcode" in known):
            raise invalid(f"Tried accessing nonexisting field ({name})")
    return {name: known[name] for name in dict.fromkeys([*asked, "id"]) if name in known}


def _insight(media: Media, name: str) -> dict[str, object]:
    title = name.replace("_", " ").capitalize()
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": media.numbers[name]}],
        "title": title,
        "description": f"{title} of this reel.",
        "id": f"{media.id}/insights/{name}/lifetime",
    }


def _number(params: Mapping[str, str], name: str, usual: int) -> int:
    text = params.get(name, str(usual))
    if not text.isdecimal() or not int(text):
        raise invalid(f"Param {name} must be a positive integer")
    return int(text)


def _time(params: Mapping[str, str], name: str) -> float | None:
    return float(_number(params, name, 1)) if params.get(name) else None
