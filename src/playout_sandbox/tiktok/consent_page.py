"""What TikTok's consent page asks; how such a page looks is `consent_form`'s business."""

from collections.abc import Mapping, Sequence

from playout_sandbox.consent_form import Choice, consent_form
from playout_sandbox.tiktok.records import Creator

_CARRIED = (
    "client_key",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_MEANING = {
    "user.info.basic": "Read your name and picture",
    "user.info.profile": "Read your profile",
    "user.info.stats": "Read your follower and like counts",
    "video.list": "Read your public videos",
    "video.upload": "Send drafts to your inbox",
    "video.publish": "Post videos for you",
}


def consent_page(asked: Mapping[str, str], scopes: Sequence[str], creators: Sequence[Creator]) -> str:
    """The form: which account, which scopes, allow or deny."""
    carried = {name: asked[name] for name in _CARRIED if name in asked}
    accounts = [
        Choice(creator.open_id, f"{creator.nickname} (@{creator.username}){', private' if creator.private else ''}")
        for creator in creators
    ]
    boxes = [Choice(scope, _MEANING[scope], fixed=scope == "user.info.basic") for scope in scopes]
    return consent_form("TikTok", carried, accounts, boxes)
