"""The scopes of YouTube, and which call takes which (section 2.5)."""

from collections.abc import Collection, Mapping

PREFIX = "https://www.googleapis.com/auth/"
UPLOAD = f"{PREFIX}youtube.upload"
READONLY = f"{PREFIX}youtube.readonly"
MANAGE = f"{PREFIX}youtube"
FORCE_SSL = f"{PREFIX}youtube.force-ssl"
PARTNER = f"{PREFIX}youtubepartner"
ANALYTICS = f"{PREFIX}yt-analytics.readonly"

MEANING: Mapping[str, str] = {
    UPLOAD: "Upload videos for you",
    READONLY: "See your channel and your videos",
    MANAGE: "Manage your channel",
    FORCE_SSL: "See, change and delete your videos",
    PARTNER: "Manage what you own on YouTube",
    ANALYTICS: "See reports about your channel",
}

MAY_UPLOAD: Collection[str] = {UPLOAD, MANAGE, FORCE_SSL, PARTNER}  #: videos.insert, thumbnails.set
MAY_READ: Collection[str] = {READONLY, MANAGE, FORCE_SSL, PARTNER}  #: every list call; upload alone cannot read
MAY_CHANGE: Collection[str] = {MANAGE, FORCE_SSL, PARTNER}  #: videos.update, videos.delete
MAY_REPORT: Collection[str] = {READONLY, MANAGE, ANALYTICS}  #: Analytics; force-ssl is not enough


def full(name: str) -> str:
    """A scope's whole address, also from its short name ("youtube.upload")."""
    return name if "://" in name else PREFIX + name
