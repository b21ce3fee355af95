"""YouTube's part of the table of faults. See faults.py for how to read it."""

from tests.corpora.fault import (
    AGAIN,
    CHOOSE,
    CUT,
    DAY,
    DONE_500,
    DRIPS,
    ELSEWHERE,
    HALF,
    HOUR,
    HTML,
    HTML_AFTER,
    LATER,
    MALFORMED,
    MIDNIGHT,
    MINUTE,
    NEVER,
    ON,
    RENAMED,
    RESET,
    RESET_AFTER,
    SAME,
    SECOND,
    SIGN_IN,
    STALLS,
    UNSURE,
    US,
    YOU,
    Fault,
    Row,
    Sort,
    inside,
    new,
    no,
    page,
    raw,
)


def _google(status: int, reason: str, message: str = "", **headers: str) -> Fault:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return raw(f"{status} {reason}, {headers or message}", status, {"error": error}, Sort.LIMIT, **headers)


def _video(name: str, **parts: object) -> Fault:
    return inside(name, {"kind": "youtube#videoListResponse", "items": [{"id": "abc", **parts}]})


def _rejected(reason: str) -> Fault:
    return _video(f"rejected: {reason}", status={"uploadStatus": "rejected", "rejectionReason": reason})


def _unusable(reason: str) -> Fault:
    return _video(f"failed: {reason}", status={"uploadStatus": "failed", "failureReason": reason})


def _unprocessed(reason: str) -> Fault:
    processing = {"processingStatus": "failed", "processingFailureReason": reason}
    return _video(f"not processed: {reason}", status={"uploadStatus": "uploaded"}, processingDetails=processing)


_NO_ITEMS = {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0}}

_A_DAY = "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day'."
_PER_DAY = _google(429, "rateLimitExceeded", _A_DAY)
_PER_DAY_AND_SOON = _google(429, "rateLimitExceeded", _A_DAY, Retry_After="60")
_WAIT_90 = _google(429, "rateLimitExceeded", Retry_After="90")
_SUSPENDED = "authenticated_user_account_suspended"
_NOT_GOOGLE = raw("an address of others", 200, "", Sort.INSIDE, Location=ELSEWHERE)
_NO_VIDEO = raw("201 without a video", 201, {"kind": "youtube#video"}, Sort.INSIDE)
_DELETED = _video("deleted", status={"uploadStatus": "deleted"})

YOUTUBE = (
    # sign-in: a code is good for one question, a refresh token stays as it is
    Row("file", "exchange", no(400, "invalid_grant"), SIGN_IN, SAME, YOU),
    Row("file", "exchange", no(401, "invalid_client"), LATER, SAME, US, HOUR),
    Row("file", "exchange", no(401, "deleted_client"), LATER, SAME, US, HOUR),
    Row("file", "exchange", no(400, "redirect_uri_mismatch"), LATER, SAME, US, HOUR),
    Row("file", "exchange", no(400, "admin_policy_enforced"), SIGN_IN, SAME, YOU),
    Row("file", "exchange", no(400, "unsupported_grant_type"), NEVER, SAME, US),
    Row("file", "exchange", new(400, "brand_new_code"), UNSURE, "unreadable_answer"),
    Row("file", "exchange", no(500, "server_error"), UNSURE, "unreadable_answer"),
    Row("file", "exchange", RESET_AFTER, UNSURE, "answer_lost"),
    Row("file", "exchange", HTML_AFTER, UNSURE, "unreadable_answer"),
    Row("file", "exchange", RENAMED, UNSURE, "unreadable_answer"),
    Row("file", "renew", no(400, "invalid_grant"), SIGN_IN, SAME, YOU),
    Row("file", "renew", new(400, "brand_new_code"), AGAIN, "unreadable_answer"),
    Row("file", "renew", no(429, "rate_limit_exceeded"), LATER, SAME, lifts=MINUTE),
    Row("file", "renew", no(500, "server_error"), AGAIN, SAME),
    Row("file", "renew", RESET_AFTER, AGAIN, "unreachable"),
    Row("file", "renew", HTML, AGAIN, "unreadable_answer"),
    Row("file", "renew", MALFORMED, AGAIN, "unreadable_answer"),
    Row("file", "renew", RENAMED, AGAIN, "unreadable_answer"),
    # the channel
    Row("file", "profile", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "profile", no(401, "youtubeSignupRequired"), CHOOSE, "no_account", YOU),
    Row("file", "profile", inside("no channel", _NO_ITEMS), CHOOSE, "no_account", YOU),
    Row("file", "profile", no(403, "quotaExceeded"), LATER, "quota_exceeded"),
    Row("file", "profile", HALF, AGAIN, "unreachable"),
    Row("file", "profile", RENAMED, AGAIN, "unreadable_answer"),
    Row("long", "check", no(403, "insufficientPermissions"), SIGN_IN, "insufficient_permissions", YOU),
    Row("long", "check", no(403, "quotaExceeded"), LATER, "quota_exceeded", lifts=MIDNIGHT),
    Row("long", "check", RESET, AGAIN, "unreachable"),
    Row("long", "check", MALFORMED, AGAIN, "unreadable_answer"),
    # the beginning of a session: nothing is seen of it; who is refused here has not sent a byte
    Row("file", "start", no(400, "invalidTitle"), CHOOSE, "invalid_title", YOU),
    Row("file", "start", no(400, "invalidDescription"), CHOOSE, "invalid_description", YOU),
    Row("file", "start", no(400, "invalidTags"), CHOOSE, "invalid_tags", YOU),
    Row("file", "start", no(400, "invalidCategoryId"), CHOOSE, "invalid_category_id", YOU),
    Row("file", "start", no(400, "invalidVideoMetadata"), CHOOSE, "invalid_video_metadata", YOU),
    Row("file", "start", no(403, "forbiddenPrivacySetting"), CHOOSE, "forbidden_privacy_setting", YOU),
    Row("file", "start", no(403, "forbiddenLicenseSetting"), CHOOSE, "forbidden_license_setting", YOU),
    Row("file", "start", no(400, "invalidFilename"), NEVER, "invalid_filename", US),
    Row("file", "start", no(400, "uploadLimitExceeded"), LATER, "upload_limit_exceeded", lifts=DAY),
    Row("file", "start", no(403, "uploadLimitExceeded"), LATER, "upload_limit_exceeded", lifts=DAY),
    Row("file", "start", _PER_DAY, LATER, "uploads_per_day", lifts=MIDNIGHT),
    Row("file", "start", _PER_DAY_AND_SOON, LATER, "uploads_per_day", lifts=MIDNIGHT),
    Row("file", "start", _WAIT_90, LATER, "rate_limit_exceeded", lifts=90 * SECOND),
    Row("file", "start", no(429, "rateLimitExceeded"), LATER, "rate_limit_exceeded", lifts=MINUTE),
    Row("file", "start", no(429, "uploadRateLimitExceeded"), LATER, "upload_rate_limit_exceeded", lifts=MINUTE),
    Row("file", "start", no(403, "rateLimitExceeded"), LATER, "rate_limit_exceeded", lifts=MINUTE),
    Row("file", "start", no(403, "userRateLimitExceeded"), LATER, "user_rate_limit_exceeded", lifts=MINUTE),
    Row("file", "start", no(403, "quotaExceeded"), LATER, "quota_exceeded", lifts=MIDNIGHT),
    Row("file", "start", no(403, "dailyLimitExceeded"), LATER, "daily_limit_exceeded", lifts=MIDNIGHT),
    Row("file", "start", no(413, "uploadTooLarge"), NEVER, "upload_too_large", YOU),
    Row("file", "start", no(400, "badContent"), NEVER, "bad_content", YOU),
    Row("file", "start", no(400, "missingRequiredParameter"), NEVER, "missing_required_parameter", US),
    Row("file", "start", no(400, "wrongUrlForUpload"), NEVER, "wrong_url_for_upload", US),
    Row("file", "start", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "start", no(401, "required"), SIGN_IN, "required", YOU),
    Row("file", "start", no(401, "youtubeSignupRequired"), SIGN_IN, "youtube_signup_required", YOU),
    Row("file", "start", no(403, "insufficientPermissions"), SIGN_IN, "insufficient_permissions", YOU),
    Row("file", "start", no(403, "accessNotConfigured"), LATER, "access_not_configured", US, HOUR),
    Row("file", "start", no(403, "authenticatedUserAccountSuspended"), NEVER, _SUSPENDED, YOU),
    Row("file", "start", no(403, "channelClosed"), NEVER, "channel_closed", YOU),
    Row("file", "start", no(403, "forbidden"), NEVER, "forbidden", YOU),
    Row("file", "start", new(400, "brandNewReason"), NEVER, "brand_new_reason", US),
    Row("file", "start", new(403, "brandNewReason"), NEVER, "brand_new_reason", US),
    Row("file", "start", new(429, "brandNewReason"), LATER, "brand_new_reason", lifts=MINUTE),
    Row("file", "start", new(503, "brandNewReason"), AGAIN, "brand_new_reason"),
    Row("file", "start", no(500, "internalError"), AGAIN, "internal_error"),
    Row("file", "start", no(503, "backendError"), AGAIN, "backend_error"),
    Row("file", "start", inside("no address", {}), AGAIN, "unreadable_answer"),
    Row("file", "start", _NOT_GOOGLE, NEVER, "foreign_upload_address", US),
    Row("file", "start", page(403), AGAIN, "unreadable_answer"),
    Row("file", "start", HTML_AFTER, AGAIN, "http_502"),
    Row("file", "start", RESET, AGAIN, "unreachable"),
    Row("file", "start", RESET_AFTER, AGAIN, "unreachable"),
    Row("file", "start", HALF, AGAIN, "unreachable"),
    Row("file", "start", STALLS, AGAIN, "unreachable"),
    Row("file", "start", DRIPS, ON, "send"),
    # a chunk that is not the last: after any doubt the session is asked what it has
    Row("file", "chunk", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "chunk", no(429, "rateLimitExceeded"), LATER, "rate_limit_exceeded", lifts=MINUTE),
    Row("file", "chunk", no(403, "userRateLimitExceeded"), LATER, "user_rate_limit_exceeded", lifts=MINUTE),
    Row("file", "chunk", no(403, "quotaExceeded"), LATER, "quota_exceeded", lifts=MIDNIGHT),
    Row("file", "chunk", no(400, "invalidTitle"), NEVER, "invalid_title", YOU),
    Row("file", "chunk", no(404, "notFound"), ON, "start"),
    Row("file", "chunk", no(410, "notFound"), ON, "start"),
    Row("file", "chunk", no(503, "backendError"), ON, "resync"),
    Row("file", "chunk", new(400, "brandNewReason"), ON, "resync"),
    Row("file", "chunk", RESET_AFTER, ON, "resync"),
    Row("file", "chunk", CUT, ON, "resync"),
    Row("file", "chunk", HTML, ON, "resync"),
    Row("file", "resync", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "resync", no(503, "backendError"), AGAIN, "progress_unknown"),
    Row("file", "resync", no(429, "rateLimitExceeded"), LATER, "rate_limit_exceeded", lifts=MINUTE),
    Row("file", "resync", new(400, "brandNewReason"), NEVER, "brand_new_reason", US),
    Row("file", "resync", HTML, AGAIN, "progress_unknown"),
    Row("file", "resync", RESET, AGAIN, "progress_unknown"),
    Row("file", "resync", MALFORMED, AGAIN, "progress_unknown"),
    # the chunk with the last byte: the point of no return
    Row("file", "last byte", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "last byte", no(429, "rateLimitExceeded"), UNSURE, "last_byte_unclear"),
    Row("file", "last byte", no(403, "quotaExceeded"), UNSURE, "last_byte_unclear"),
    Row("file", "last byte", no(404, "notFound"), UNSURE, "last_byte_unclear"),
    Row("file", "last byte", no(503, "backendError"), UNSURE, "last_byte_unclear"),
    Row("file", "last byte", new(400, "brandNewReason"), UNSURE, "last_byte_unclear"),
    Row("file", "last byte", _NO_VIDEO, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", DONE_500, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", HTML_AFTER, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", RESET, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", RESET_AFTER, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", CUT, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", HALF, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", STALLS, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", MALFORMED, UNSURE, "last_byte_unclear"),
    Row("file", "last byte", RENAMED, UNSURE, "last_byte_unclear"),
    # the look: the session is asked, then the channel's uploads are searched
    Row("file", "look", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "look", no(403, "rateLimitExceeded"), LATER, "rate_limit_exceeded", lifts=MINUTE),
    Row("file", "look", no(404, "notFound"), ON, "find"),
    Row("file", "look", no(410, "notFound"), ON, "find"),
    Row("file", "look", new(400, "brandNewReason"), ON, "find"),
    Row("file", "look", no(503, "backendError"), AGAIN, "progress_unknown"),
    Row("file", "look", HTML, AGAIN, "progress_unknown"),
    Row("file", "look", RESET, AGAIN, "progress_unknown"),
    Row("file", "find", no(404, "playlistNotFound"), AGAIN, "playlist_not_found"),
    Row("file", "find", no(403, "quotaExceeded"), LATER, "quota_exceeded", lifts=MIDNIGHT),
    Row("file", "find", new(400, "brandNewReason"), AGAIN, "brand_new_reason", US),
    Row("file", "find", RENAMED, AGAIN, "unreadable_answer"),
    # what YouTube makes of it
    Row("file", "status", _unusable("conversion"), NEVER, "conversion", YOU),
    Row("file", "status", _unusable("invalidFile"), NEVER, "invalid_file", YOU),
    Row("file", "status", _unusable("emptyFile"), NEVER, "empty_file", YOU),
    Row("file", "status", _unusable("tooSmall"), NEVER, "too_small", YOU),
    Row("file", "status", _unusable("codec"), NEVER, "codec", YOU),
    Row("file", "status", _unusable("uploadAborted"), NEVER, "upload_aborted", YOU),
    Row("file", "status", _unusable("brandNewReason"), NEVER, "brand_new_reason", US),
    Row("file", "status", _unprocessed("transcodeFailed"), NEVER, "transcode_failed", YOU),
    Row("file", "status", _rejected("copyright"), NEVER, "copyright", YOU),
    Row("file", "status", _rejected("duplicate"), NEVER, "duplicate", YOU),
    Row("file", "status", _rejected("inappropriate"), NEVER, "inappropriate", YOU),
    Row("file", "status", _rejected("termsOfUse"), NEVER, "terms_of_use", YOU),
    Row("file", "status", _rejected("length"), NEVER, "length", YOU),
    Row("file", "status", _rejected("uploaderAccountSuspended"), NEVER, "uploader_account_suspended", YOU),
    Row("file", "status", _DELETED, NEVER, "deleted", YOU),
    Row("file", "status", _video("no word for it", status={}), AGAIN, "unreadable_answer"),
    Row("file", "status", inside("no such video", _NO_ITEMS), ON, "follow"),
    Row("file", "status", no(404, "videoNotFound"), AGAIN, "video_not_found"),
    Row("file", "status", no(403, "forbidden"), AGAIN, "forbidden", YOU),
    Row("file", "status", no(401, "authError"), SIGN_IN, "auth_error", YOU),
    Row("file", "status", no(403, "quotaExceeded"), LATER, "quota_exceeded", lifts=MIDNIGHT),
    Row("file", "status", new(400, "brandNewReason"), AGAIN, "brand_new_reason", US),
    Row("file", "status", HTML, AGAIN, "http_502"),
    Row("file", "status", RENAMED, AGAIN, "unreadable_answer"),
)
