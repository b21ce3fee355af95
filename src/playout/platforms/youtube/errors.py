"""What the codes of Google and YouTube mean: for each its kind, whose turn it is, and the sentence a person reads.

Here: the tables, in our spelling (`quotaExceeded` is `quota_exceeded`), and the lookup with its fall-back by HTTP
status. Not here: reading an answer (api.py), what a step does about it (publishing.py, waiting.py).
Sources: error pages of the Data API and of videos.insert, Google's OAuth pages, the video resource (failureReason,
rejectionReason); field reports for `uploads_per_day`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.youtube.rules import quota_resets

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_UNTIL_MIDNIGHT = timedelta(0)  # at YouTube: when what a day holds is free again

_UNAUTHORISED = 401
_TOO_MANY = 429
_SERVER = 500
_IN_PASSING = {408, 425}  # request time-out, too early
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLAIN = re.compile(r"[a-z0-9_]{1,64}")  # what may be shown as a code; anything else could be a piece of a body


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means, and for LATER when it is worth another try."""

    kind: Kind
    turn: Turn
    sentence: str
    wait: timedelta = MINUTE


def _by_hand(sentence: str) -> Meaning:
    """Only a person can settle it, outside of Playout; then the post is sent again."""
    return Meaning(Kind.NEVER, Turn.YOU, sentence)


def _by_edit(sentence: str) -> Meaning:
    """It goes on once the post is edited."""
    return Meaning(Kind.CHOOSE, Turn.YOU, sentence)


def _by_sign_in(sentence: str) -> Meaning:
    return Meaning(Kind.SIGN_IN, Turn.YOU, sentence)


def _by_operator(sentence: str) -> Meaning:
    """It goes on once whoever runs this server has mended it."""
    return Meaning(Kind.LATER, Turn.US, sentence, HOUR)


def _by_waiting(sentence: str, wait: timedelta) -> Meaning:
    return Meaning(Kind.LATER, Turn.PLATFORM, sentence, wait)


FAULT = Meaning(Kind.AGAIN, Turn.PLATFORM, "YouTube has a fault of its own right now.")
UNKNOWN = Meaning(
    Kind.NEVER, Turn.US, "YouTube refused this for a reason that Playout does not know; please report it."
)
_BAD_QUESTION = Meaning(
    Kind.NEVER, Turn.US, "YouTube did not understand what Playout sent. This is our mistake; please report it."
)
_TOKEN_OVER = _by_sign_in("Google's permission has ended. Connect the channel again.")
_WRONG_CLIENT = _by_operator(
    "Google refuses the client id or secret that this server uses. Whoever runs it must correct the settings."
)
_SLOW_DOWN = _by_waiting("YouTube asks us to slow down. It goes on by itself in a minute.", MINUTE)
_DAY_USED_UP = _by_waiting(
    "This server's YouTube project has used up what Google allows it in a day. It goes on by itself after midnight "
    "Pacific time.",
    _UNTIL_MIDNIGHT,
)
_SUSPENDED = _by_hand("YouTube has suspended this account. Settle it with YouTube, then send the post again.")
_CLOSED = _by_hand("This YouTube account is closed. Send the post to another channel.")

#: The token endpoint: `{"error": "<code>"}`.
OAUTH: Mapping[str, Meaning] = {
    "invalid_grant": _TOKEN_OVER,
    "invalid_token": _TOKEN_OVER,  # of a revocation: there is nothing left to revoke
    "access_denied": _by_sign_in("The permission was refused at Google. Connect again and allow it."),
    "admin_policy_enforced": _by_sign_in(
        "The administrator of this Google account does not allow it. Ask them, or connect another account."
    ),
    "invalid_client": _WRONG_CLIENT,
    "deleted_client": _WRONG_CLIENT,
    "unauthorized_client": _WRONG_CLIENT,
    "invalid_scope": _by_operator("This server's Google project may not ask for the permissions that it needs."),
    "redirect_uri_mismatch": _by_operator(
        "This server's return address is not registered in its Google project. Whoever runs it must add it there."
    ),
    "invalid_request": _BAD_QUESTION,
    "unsupported_grant_type": _BAD_QUESTION,
}

#: The Data API, about the video that is being sent: with one of these the upload has ended, and there is no video.
VIDEO: Mapping[str, Meaning] = {
    "invalid_title": _by_edit("YouTube refuses the title. Use 1 to 100 characters, without < and >."),
    "invalid_description": _by_edit("YouTube refuses the description. Use at most 5000 bytes, without < and >."),
    "invalid_tags": _by_edit("YouTube refuses the tags. Use fewer or shorter ones."),
    "invalid_category_id": _by_edit("YouTube does not offer this category. Choose another one."),
    "invalid_publish_at": _by_edit("YouTube refuses the time of publication."),
    "invalid_recording_details": _by_edit("YouTube refuses the details of the recording."),
    "invalid_video_game_rating": _by_edit("YouTube refuses the rating."),
    "invalid_video_metadata": _by_edit("YouTube refuses what was said about the video. Check its title and options."),
    "default_language_not_set": _by_edit("YouTube asks for the language of the title and description."),
    "forbidden_privacy_setting": _by_edit("This channel may not use the visibility that was chosen. Choose another."),
    "forbidden_license_setting": _by_edit("This channel may not use the licence that was chosen."),
    "upload_limit_exceeded": _by_waiting(
        "YouTube takes no more videos on this channel today. It is tried again by itself in a day.", DAY
    ),
    "upload_too_large": _by_hand("YouTube takes files of at most 256 GB. Use a smaller one."),
    "bad_content": _by_hand("YouTube does not take this kind of file. Save the video as MP4 and send it again."),
    "media_body_required": _BAD_QUESTION,
    "invalid_filename": _BAD_QUESTION,
}

#: The Data API, about the call.
CALL: Mapping[str, Meaning] = {
    # who calls
    "auth_error": _TOKEN_OVER,
    "required": _TOKEN_OVER,
    "authorization_required": _TOKEN_OVER,
    "expired": _TOKEN_OVER,
    "unauthenticated": _TOKEN_OVER,
    "insufficient_permissions": _by_sign_in(
        "The channel has not allowed this. Connect it again and leave every permission ticked."
    ),
    "youtube_signup_required": _by_sign_in(
        "This Google account has no YouTube channel. Create one at youtube.com, then connect it again."
    ),
    "authenticated_user_not_channel": _by_sign_in(
        "What was connected is no YouTube channel. Connect again and choose a channel."
    ),
    "authenticated_user_account_suspended": _SUSPENDED,
    "channel_suspended": _SUSPENDED,
    "authenticated_user_account_closed": _CLOSED,
    "channel_closed": _CLOSED,
    "forbidden": _by_hand("YouTube does not allow this channel to do that. Look into YouTube Studio for notices."),
    # how often
    "uploads_per_day": _DAY_USED_UP,  # ours: a rate_limit_exceeded that speaks of a day
    "quota_exceeded": _DAY_USED_UP,
    "daily_limit_exceeded": _DAY_USED_UP,
    "rate_limit_exceeded": _SLOW_DOWN,
    "user_rate_limit_exceeded": _SLOW_DOWN,
    "upload_rate_limit_exceeded": _SLOW_DOWN,
    # what was asked
    "access_not_configured": _by_operator(
        "The YouTube Data API is not switched on in this server's Google project. Whoever runs it must enable it there."
    ),
    "bad_request": _BAD_QUESTION,
    "missing_required_parameter": _BAD_QUESTION,
    "invalid_parameter": _BAD_QUESTION,
    "invalid_criteria": _BAD_QUESTION,
    "incompatible_parameters": _BAD_QUESTION,
    "unexpected_parameter": _BAD_QUESTION,
    "unknown_part": _BAD_QUESTION,
    "unexpected_part": _BAD_QUESTION,
    "invalid_page_token": _BAD_QUESTION,
    "wrong_url_for_upload": _BAD_QUESTION,
    "parse_error": _BAD_QUESTION,
    "video_not_found": Meaning(Kind.AGAIN, Turn.PLATFORM, "YouTube does not know the video yet."),
    "channel_not_found": Meaning(Kind.AGAIN, Turn.PLATFORM, "YouTube does not find the channel right now."),
    "playlist_not_found": Meaning(Kind.AGAIN, Turn.PLATFORM, "YouTube does not find the channel's uploads right now."),
    "internal_error": FAULT,
    "backend_error": FAULT,
}

CODES: Mapping[str, Meaning] = {**CALL, **VIDEO}

#: `status.failureReason`, and `processingDetails.processingFailureReason`: YouTube could not make a video of the file.
FAILURES: Mapping[str, Meaning] = {
    "conversion": _by_hand("YouTube could not convert the video. Save it as MP4 with H.264 and send it again."),
    "invalid_file": _by_hand("YouTube cannot read the file. Save the video as MP4 with H.264 and send it again."),
    "empty_file": _by_hand("YouTube says that the file is empty. Upload the video again and send it once more."),
    "too_small": _by_hand("YouTube says that the video is too small. Use one with more pixels."),
    "codec": _by_hand("YouTube does not know the codec of this video. Save it as MP4 with H.264 and send it again."),
    "upload_aborted": _by_hand("YouTube says that the upload was broken off; nothing was published. Send it again."),
    "upload_failed": _by_hand("YouTube says that the upload failed; nothing was published. Send it again."),
    "transcode_failed": _by_hand("YouTube could not convert the video. Save it as MP4 with H.264 and send it again."),
    "streaming_failed": _by_hand("YouTube could not make the video ready to be watched. Send it again."),
    "other": _by_hand("YouTube could not process the video and does not say why. Look into YouTube Studio."),
    "processing_failed": _by_hand(
        "YouTube could not process the video and does not say why. Look into YouTube Studio."
    ),
}

#: `status.rejectionReason`: YouTube has the video, and shows it to nobody.
REJECTIONS: Mapping[str, Meaning] = {
    "copyright": _by_hand("YouTube rejected the video because of somebody's copyright. See YouTube Studio."),
    "inappropriate": _by_hand("YouTube rejected the video as inappropriate. See YouTube Studio."),
    "duplicate": _by_hand("YouTube rejected the video because the channel has it already. Look at the channel first."),
    "terms_of_use": _by_hand("YouTube rejected the video because it breaks the terms of use. See YouTube Studio."),
    "uploader_account_suspended": _SUSPENDED,
    "uploader_account_closed": _CLOSED,
    "length": _by_hand(
        "YouTube rejected the video because it is longer than this channel may upload. Verify the channel at "
        "https://www.youtube.com/verify, or cut the video; then send it again."
    ),
    "claim": _by_hand("YouTube rejected the video because somebody claims a part of it. See YouTube Studio."),
    "trademark": _by_hand("YouTube rejected the video because of a trademark. See YouTube Studio."),
    "legal": _by_hand("YouTube rejected the video because of a legal complaint. See YouTube Studio."),
    "rejected": _by_hand("YouTube rejected the video and does not say why. See YouTube Studio."),
}


def refusal(
    table: Mapping[str, Meaning], code: str, status: int, now: datetime | None, retry_after: timedelta | None = None
) -> PlatformFailure:
    """The failure behind a code, in either spelling; behind the HTTP status, where the table does not know the code.

    Without a `now`, a LATER cannot say when it lifts.
    """
    name = spelt(code)
    meaning = table.get(name) or _by_status(status)
    lifts = _lifts(meaning, now, retry_after) if now and meaning.kind is Kind.LATER else None
    shown = name if _PLAIN.fullmatch(name) else f"http_{status}"
    return PlatformFailure(meaning.kind, shown, meaning.sentence, turn=meaning.turn, retry_at=lifts)


def spelt(code: str) -> str:
    """A code in our spelling."""
    return _HUMP.sub("_", code).lower()


def _lifts(meaning: Meaning, now: datetime, retry_after: timedelta | None) -> datetime:
    if meaning.wait == _UNTIL_MIDNIGHT:  # whatever else is said: a day's quota is empty for the rest of the day
        return quota_resets(now)
    return now + (retry_after or meaning.wait)


def _by_status(status: int) -> Meaning:
    if status >= _SERVER or status in _IN_PASSING:
        return FAULT
    if status == _TOO_MANY:
        return _SLOW_DOWN
    if status == _UNAUTHORISED:
        return _TOKEN_OVER
    return UNKNOWN
