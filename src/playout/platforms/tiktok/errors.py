"""What TikTok's codes mean: for each its kind, whose turn it is, and the sentence a person reads.

Here: the tables (error codes of both API families, fail reasons, reasons of a removed authorisation) and the lookup
with its fall-back by HTTP status. Not here: reading an answer (api.py), what a step does about it (publishing.py).
Sources: error pages of Login Kit, Content Posting and API v2, and field reports where the pages are silent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.domain.retry import Kind, PlatformFailure, Reason, Turn

MINUTE = timedelta(minutes=1)  # TikTok's rate windows
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_UNAUTHORISED = 401
_TOO_MANY = 429
_SERVER = 500
_IN_PASSING = {408, 425}  # request time-out, too early
_PLAIN = re.compile(r"[a-z0-9_.]{1,64}")  # what may be shown as a code; anything else could be a piece of a body


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means. `wait` says for LATER when it is worth another try."""

    kind: Kind
    turn: Turn
    sentence: str
    wait: timedelta = MINUTE


_TOO_MANY_POSTS = Meaning(
    Kind.LATER,
    Turn.PLATFORM,
    "TikTok takes no more posts from this account today (all apps count together). It is tried again by itself.",
    3 * HOUR,
)
_BANNED = Meaning(
    Kind.NEVER,
    Turn.YOU,
    "TikTok has barred this account from posting. Settle it in the TikTok app, then send the post again.",
)
_SETTINGS = "TikTok refuses the client key or secret that this server uses. Whoever runs it must correct the settings."
_WRONG_CLIENT = Meaning(Kind.LATER, Turn.US, _SETTINGS, HOUR)
_CONSENT_OVER = Meaning(Kind.SIGN_IN, Turn.YOU, "TikTok's permission has ended. Connect the account again.")
_BAD_QUESTION = Meaning(
    Kind.NEVER, Turn.US, "TikTok did not understand what we sent. This is our mistake; please report it."
)
_NOT_ALLOWED = Meaning(
    Kind.SIGN_IN,
    Turn.YOU,
    "The account has not allowed this. Connect it again and leave every permission ticked.",
)

#: Login Kit: `{"error": "<code>"}`, mostly with HTTP 200.
OAUTH: Mapping[str, Meaning] = {
    "access_denied": Meaning(
        Kind.SIGN_IN, Turn.YOU, "The permission was refused at TikTok. Connect again and allow it."
    ),
    "invalid_grant": _CONSENT_OVER,
    "invalid_request": _CONSENT_OVER,  # the documentation's own example of a wrong return address says so
    "invalid_client": _WRONG_CLIENT,
    "unauthorized_client": _WRONG_CLIENT,
    "invalid_scope": Meaning(
        Kind.LATER,
        Turn.US,
        "This server's TikTok app has not been approved for the permissions it asks for.",
        HOUR,
    ),
    "unsupported_grant_type": _BAD_QUESTION,
    "unsupported_response_type": _BAD_QUESTION,
    "server_error": Meaning(Kind.AGAIN, Turn.PLATFORM, "TikTok's sign-in has a fault of its own right now."),
    "temporarily_unavailable": Meaning(Kind.AGAIN, Turn.PLATFORM, "TikTok's sign-in is not available right now."),
}

#: The data APIs: `{"error": {"code": "<code>"}}`.
CODES: Mapping[str, Meaning] = {
    "access_token_invalid": _CONSENT_OVER,
    "scope_not_authorized": _NOT_ALLOWED,
    "scope_permission_missed": _NOT_ALLOWED,
    "invalid_params": _BAD_QUESTION,
    "invalid_param": _BAD_QUESTION,  # how the documentation spells it; the live API has the plural
    "invalid_file_upload": Meaning(
        Kind.NEVER,
        Turn.US,
        "TikTok refused the way the file was sent. This is our mistake; please report it.",
    ),
    "rate_limit_exceeded": Meaning(
        Kind.LATER, Turn.PLATFORM, "TikTok asks us to slow down. It goes on by itself in a minute."
    ),
    "internal_error": Meaning(Kind.AGAIN, Turn.PLATFORM, "TikTok has a fault of its own right now."),
    "spam_risk_too_many_posts": _TOO_MANY_POSTS,
    "spam_risk_user_banned_from_posting": _BANNED,
    "reached_active_user_cap": Meaning(
        Kind.LATER,
        Turn.PLATFORM,
        "This server's TikTok app has served as many accounts as TikTok lets it in one day. "
        "It is tried again by itself.",
        3 * HOUR,
    ),
    "spam_risk_too_many_pending_share": Meaning(
        Kind.LATER,
        Turn.YOU,
        "Five videos from the last 24 hours still wait in the TikTok inbox. Finish one of them in the app; "
        "then this one follows.",
        HOUR,
    ),
    "unaudited_client_can_only_post_to_private_accounts": Meaning(
        Kind.CHOOSE,
        Turn.YOU,
        "TikTok has not audited this server's app. Until then the TikTok account itself must be set to private, "
        "and the post to “only me” (SELF_ONLY). Or choose the mode “inbox” and finish the post in the TikTok app.",
    ),
    "url_ownership_unverified": Meaning(
        Kind.NEVER,
        Turn.US,
        "TikTok does not fetch videos from this server's address: whoever runs it must verify the domain in TikTok's "
        "developer portal, or let files be uploaded (TIKTOK_TRANSFER=file).",
    ),
    "privacy_level_option_mismatch": Meaning(
        Kind.CHOOSE,
        Turn.YOU,
        "The account no longer offers the visibility that was chosen. Choose who can watch.",
    ),
    "app_version_check_failed": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "The TikTok app on the creator's phone is too old for this. Update it, open it once, and send the post again.",
    ),
    "invalid_publish_id": Meaning(Kind.AGAIN, Turn.PLATFORM, "TikTok does not know this upload yet."),
    "token_not_authorized_for_specified_publish_id": Meaning(
        Kind.SIGN_IN,
        Turn.YOU,
        "The video was sent with another TikTok account than the one connected now. Connect that one again.",
    ),
    "publish_not_cancellable": Meaning(Kind.NEVER, Turn.PLATFORM, "TikTok can no longer take it back."),
}

#: `fail_reason` of a status, `reason` of a webhook: TikTok has ended the task, and nothing was published.
FAIL_REASONS: Mapping[str, Meaning] = {
    "file_format_check_failed": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "TikTok cannot read the file. Save the video as MP4 with H.264 and send it again.",
    ),
    "duration_check_failed": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "The video is longer (or shorter) than TikTok takes from this account. Cut it and send it again.",
    ),
    "frame_rate_check_failed": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "TikTok takes 23 to 60 pictures a second. Save the video at, say, 30 and send it again.",
    ),
    "picture_size_check_failed": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "TikTok takes pictures with sides from 360 to 4096 pixels. "
        "Save the video at, say, 1080×1920 and send it again.",
    ),
    "internal": Meaning(
        Kind.AGAIN, Turn.PLATFORM, "TikTok failed while it worked on the video; nothing was published."
    ),
    "video_pull_failed": Meaning(
        Kind.AGAIN, Turn.US, "TikTok could not fetch the video from this server; nothing was published."
    ),
    "photo_pull_failed": Meaning(
        Kind.AGAIN, Turn.US, "TikTok could not fetch the photos from this server; nothing was published."
    ),
    "publish_cancelled": Meaning(Kind.NEVER, Turn.YOU, "The post was cancelled at TikTok; nothing was published."),
    "auth_removed": Meaning(
        Kind.SIGN_IN,
        Turn.YOU,
        "Our access was taken away while TikTok worked on the video; nothing was published. Connect the account again.",
    ),
    "spam_risk_too_many_posts": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "TikTok takes no more posts from this account today; nothing was published. Send it again tomorrow.",
    ),
    "spam_risk_user_banned_from_posting": _BANNED,
    "spam_risk_text": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "TikTok takes the caption for spam; nothing was published. Change the caption and send it again.",
    ),
    "spam_risk": Meaning(
        Kind.NEVER,
        Turn.YOU,
        "TikTok takes the post for spam; nothing was published. "
        "Look into the TikTok app for notices about the account.",
    ),
}

#: `reason` of the webhook authorization.removed.
REMOVED: Mapping[int, Reason] = {
    0: Reason("authorization_removed", "TikTok has ended our access. Connect the account again.", Turn.YOU),
    1: Reason("disconnected_by_user", "The app was disconnected in TikTok. Connect the account again.", Turn.YOU),
    2: Reason("account_deleted", "The TikTok account was deleted.", Turn.YOU),
    3: Reason("age_changed", "TikTok ended our access because the age of the account's owner changed.", Turn.YOU),
    4: Reason("account_banned", "TikTok has banned the account. Settle it in the TikTok app.", Turn.YOU),
    5: Reason("revoked", "This server gave its access to the account back. Connect the account again.", Turn.YOU),
}


def refusal(
    table: Mapping[str, Meaning],
    code: str,
    status: int,
    now: datetime | None,
    retry_after: timedelta | None = None,
) -> PlatformFailure:
    """The failure behind a code; behind the HTTP status, where the table does not know the code.

    Without a `now`, a LATER cannot say when it lifts.
    """
    meaning = table.get(code) or _by_status(status)
    lifts = now + (retry_after or meaning.wait) if now and meaning.kind is Kind.LATER else None
    name = code if _PLAIN.fullmatch(code) else f"http_{status}"
    return PlatformFailure(meaning.kind, name, meaning.sentence, turn=meaning.turn, retry_at=lifts)


def _by_status(status: int) -> Meaning:
    if status >= _SERVER or status in _IN_PASSING:
        return CODES["internal_error"]
    if status == _TOO_MANY:
        return CODES["rate_limit_exceeded"]
    if status == _UNAUTHORISED:
        return CODES["access_token_invalid"]
    return Meaning(Kind.NEVER, Turn.US, "TikTok refused this for a reason that we do not know; please report it.")
