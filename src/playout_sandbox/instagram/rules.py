"""Instagram's rules on what may be asked for when a container is made (section 4), and the codes of section 10.1."""

import json
import re
from collections.abc import Mapping

from playout_sandbox.instagram.config import InstagramConfig
from playout_sandbox.meta.graph import Refusal, invalid

CAPTION = 2200  #: characters, hashtags, mentions and user tags (section 4)
HASHTAGS = 30
MENTIONS = 20
TAGS = 20
COLLABORATORS = 3
_OTHER_TYPES = {"CAROUSEL", "IMAGE", "STORIES"}


def publishing(code: int, subcode: int, message: str, user_message: str = "", title: str = "") -> Refusal:
    """A row of Meta's table of publishing codes."""
    return Refusal(
        code, message, subcode=subcode, transient=False, title=title or None, user_message=user_message or message
    )


def not_allowed() -> Refusal:
    """Row 11."""
    return Refusal(10, "(#10) Application does not have permission for this action")


def check_type(params: Mapping[str, str], *, may_upload: bool) -> None:
    """A reel, from an address or an upload (rows 13, 14, 15)."""
    media_type = params.get("media_type", "")
    if media_type in _OTHER_TYPES or not media_type:
        raise invalid(f"media_type {media_type or 'IMAGE'} is not emulated; use REELS")
    if media_type != "REELS":
        # VIDEO is known, but only inside a carousel, and carousels are not emulated.
        raise publishing(100, 2207023, "Invalid parameter", f"The media type {media_type} is unknown.")
    if params.get("upload_type"):
        if params["upload_type"] != "resumable" or not may_upload:
            raise invalid("Param upload_type is not allowed: use video_url")
    elif not params.get("video_url"):
        raise invalid("The parameter video_url is required")


def check_caption(caption: str, config: InstagramConfig) -> None:
    """Rows 16 and 17."""
    wide = len(caption.encode("utf-16-le", "surrogatepass")) // 2
    length = wide if config.caption_unit == "utf16" else len(caption)
    tags = len(re.findall(r"(?<![\w#])#\w+", caption))
    if length > CAPTION or tags > HASHTAGS:
        text = (
            f"The submitted image's caption was {length} characters long. The maximum number of characters permitted "
            f"for a caption is {CAPTION}, with at most {HASHTAGS} hashtags."
        )
        raise publishing(36004, 2207010, "The caption was too long.", text, "Caption too long")
    if len(re.findall(r"(?<![\w@])@\w+", caption)) > MENTIONS:
        raise _too_many_tags()


def thumb_offset(params: Mapping[str, str]) -> float:
    """Milliseconds; whether it lies inside the video is known later (row 18)."""
    text = params.get("thumb_offset", "0")
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        message = "Thumbnail offset must be greater than or equal to 0 and less than video duration"
        raise publishing(1, 2207057, "Invalid parameter", f"{message}, i.e. unknown")
    return float(text)


def options(params: Mapping[str, str], config: InstagramConfig, *, facebook: bool) -> dict[str, object]:
    """What else is said about the reel, checked, for the ledger."""
    found: dict[str, object] = {
        name: _boolean(params, name)
        for name in ("share_to_feed", "is_ai_generated", "is_paid_partnership")
        if name in params
    }
    if "collaborators" in params:
        names = _names(params, "collaborators")
        if len(names) > COLLABORATORS:
            raise invalid(f"Param collaborators must have at most {COLLABORATORS} usernames")
        found["collaborators"] = names
    if "user_tags" in params:
        tags = _list(params, "user_tags")
        if len(tags) > TAGS:
            raise _too_many_tags()
        found["user_tags"] = tags
    if "trial_params" in params and not config.trial_reels:
        raise publishing(100, 2207081, "Invalid parameter", "Trial reels are not available for this account.")
    if "audio_configuration" in params and not facebook:
        raise invalid("Param audio_configuration is not allowed")
    kept = ("audio_name", "location_id", "trial_params", "cover_url", "thumb_offset", "audio_configuration")
    return found | {name: params[name] for name in kept if name in params}


def _too_many_tags() -> Refusal:
    return publishing(100, 2207040, "Invalid parameter", f"Cannot use more than {TAGS} tags per created media.")


def _boolean(params: Mapping[str, str], name: str) -> bool:
    value = params[name].lower()
    if value not in {"true", "false", "1", "0"}:
        raise invalid(f"Param {name} must be a boolean")
    return value in {"true", "1"}


def _names(params: Mapping[str, str], name: str) -> list[str]:
    values = _list(params, name)
    if not all(isinstance(value, str) and value for value in values):
        raise invalid(f"Param {name} must be an array of usernames")
    return [str(value) for value in values]


def _list(params: Mapping[str, str], name: str) -> list[object]:
    try:
        value = json.loads(params[name])
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise invalid(f"Param {name} must be an array")
    return value
