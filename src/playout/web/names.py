"""Names as people write them. A platform that is not here is called by its own word."""

from playout.domain.channel import Channel

_PLATFORMS = {"facebook": "Facebook", "instagram": "Instagram", "tiktok": "TikTok", "youtube": "YouTube"}


def platform_name(name: str) -> str:
    """`tiktok` is TikTok."""
    return _PLATFORMS.get(name, name.replace("_", " ").capitalize())


def handle(channel: Channel) -> str:
    """`@alice`, or the display name where the platform has no handles."""
    return f"@{channel.profile.username}" if channel.profile.username else channel.profile.display_name
