"""Bans and caps over 24 hours (tiktok.md section 6). All but the ban are off with the setting `limits: false`."""

from collections.abc import Mapping

from playout_sandbox.tiktok.envelope import Refusal
from playout_sandbox.tiktok.records import SELF, Access, Creator, Status
from playout_sandbox.tiktok.state import State

_GUIDELINES = (
    "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/"
)


def check_banned(creator: Creator) -> None:
    """Row 17."""
    if creator.banned:
        raise Refusal(403, "spam_risk_user_banned_from_posting", _GUIDELINES)


def check_daily(state: State, creator: Creator) -> None:
    """Row 16: posts of the last 24 hours, whichever client made them."""
    if state.world.config.limits and state.posts_today(creator.open_id) >= state.config.daily_cap:
        raise Refusal(403, "spam_risk_too_many_posts", _GUIDELINES)


def check_active_creators(state: State, access: Access) -> None:
    """Row 18: distinct creators that an unaudited client posted for in 24 hours."""
    if state.config.audited or not state.world.config.limits:
        return
    active = {task.open_id for task in state.recent() if task.client_key == access.client_key}
    if access.open_id not in active and len(active) >= state.config.unaudited_creators:
        raise Refusal(403, "reached_active_user_cap", _GUIDELINES)


def check_drafts(state: State, creator: Creator) -> None:
    """Row 42: drafts that the creator has not finished count, those whose upload never ended too."""
    if not state.world.config.limits:
        return
    pending = sum(
        task.open_id == creator.open_id and task.draft and task.status not in {Status.COMPLETE, Status.FAILED}
        for task in state.recent()
    )
    if pending >= state.config.draft_cap:
        raise Refusal(403, "spam_risk_too_many_pending_share", _GUIDELINES)


def check_privacy(state: State, creator: Creator, info: Mapping[str, object]) -> str:
    """The privacy level chosen; refuses rows 19, 20 and 21."""
    level = info.get("privacy_level")
    if not state.config.audited and (not creator.private or level != SELF):
        raise Refusal(403, "unaudited_client_can_only_post_to_private_accounts", _GUIDELINES)
    if not isinstance(level, str) or level not in creator.privacy_level_options:
        raise Refusal(403, "privacy_level_option_mismatch", _GUIDELINES)
    return level
