"""The channel behind a token: how it is called, what it may upload, what it has uploaded.

A Google account may have several channels; the person chooses one on Google's page, and a token stands for that one.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from playout.domain.channel import Grant, Profile
from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Live
from playout.domain.retry import PlatformFailure
from playout.platforms.http import JsonObject
from playout.platforms.oauth import no_account
from playout.platforms.reading import part, text, unreadable
from playout.platforms.youtube.api import Api
from playout.platforms.youtube.rules import CATEGORY, UNVERIFIED_SECONDS, UPLOADS

_NO_CHANNEL = (
    "This Google account has no YouTube channel. Create one at youtube.com, or choose another account; then connect "
    "again."
)
#: With these it is known that the channel may not upload anything now.
_BLOCKING = {
    "authenticated_user_account_closed",
    "authenticated_user_account_suspended",
    "channel_closed",
    "channel_suspended",
}
_OFF = {"disallowed", "eligible"}  # "eligible": it would be allowed once the channel is verified


async def profile(api: Api, grant: Grant) -> Profile:
    """How the channel is called now. Raises CHOOSE where the account has none."""
    channel = await _channel(api, grant, None, "snippet")
    snippet, channel_id = part(channel, "snippet"), text(channel, "id")
    if not channel_id:
        raise unreadable()
    return Profile(
        remote_id=channel_id,
        username=text(snippet, "customUrl").removeprefix("@"),
        display_name=text(snippet, "title"),
        avatar_url=text(part(snippet, "thumbnails", "default"), "url") or None,
    )


async def live(api: Api, grant: Grant, now: datetime | None) -> Live:
    """What the channel may do now. Nobody but us knows what is left of the day's uploads: YouTube does not say."""
    try:
        channel = await _channel(api, grant, now, "snippet,status")
    except PlatformFailure as failure:
        if failure.code not in _BLOCKING:
            raise
        return Live(blocked=Problem(failure.code, "", failure.sentence))
    snippet = part(channel, "snippet")
    long_uploads = text(part(channel, "status"), "longUploadsStatus")
    shown: Mapping[str, JsonValue] = {
        "nickname": text(snippet, "title"),
        "username": text(snippet, "customUrl").removeprefix("@"),
        "avatar_url": text(part(snippet, "thumbnails", "default"), "url"),
        "long_uploads": long_uploads,
        "category_id": CATEGORY,
        "uploads_a_day": UPLOADS.limit,  # of this server, for all its channels together
    }
    return Live(most_seconds=UNVERIFIED_SECONDS if long_uploads in _OFF else None, shown=shown)


async def uploads(api: Api, grant: Grant, now: datetime) -> list[str]:
    """Ids of the newest uploads, private ones too. A new one appears after a while."""
    channel = await _channel(api, grant, now, "contentDetails")
    playlist = text(part(channel, "contentDetails", "relatedPlaylists"), "uploads")
    if not playlist:
        raise unreadable()
    newest = await api.items("playlistItems", grant, now, part="contentDetails", playlistId=playlist, maxResults="50")
    return [video for one in newest if (video := text(part(one, "contentDetails"), "videoId"))]


async def videos(api: Api, grant: Grant, now: datetime, parts: str, ids: Collection[str]) -> list[JsonObject]:
    """Those of the videos that YouTube shows us: at most 50 can be asked for."""
    return await api.items("videos", grant, now, part=parts, id=",".join(ids)) if ids else []


async def _channel(api: Api, grant: Grant, now: datetime | None, parts: str) -> JsonObject:
    try:
        mine = await api.items("channels", grant, now, part=f"id,{parts}", mine="true")
    except PlatformFailure as failure:
        if failure.code == "youtube_signup_required":
            raise no_account(_NO_CHANNEL) from None
        raise
    if not mine:
        raise no_account(_NO_CHANNEL)
    return mine[0]
