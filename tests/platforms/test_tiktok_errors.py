"""The tables of what TikTok's codes mean, and the fall-back by HTTP status."""

from datetime import UTC, datetime, timedelta

import pytest

from playout.domain.retry import Kind, Turn
from playout.platforms.http import Lost, NotSent, Refused, TooLarge, Unreadable
from playout.platforms.tiktok.api import unanswered
from playout.platforms.tiktok.errors import CODES, FAIL_REASONS, OAUTH, REMOVED, Meaning, refusal

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

#: Every code that TikTok's pages and the field reports name (platforms/tiktok.md 2.5, 3, 5, 7).
SIGN_IN_CODES = [
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "server_error",
    "temporarily_unavailable",
]
DATA_CODES = [
    "access_token_invalid",
    "scope_not_authorized",
    "scope_permission_missed",
    "invalid_params",
    "invalid_param",
    "invalid_file_upload",
    "rate_limit_exceeded",
    "internal_error",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
    "reached_active_user_cap",
    "unaudited_client_can_only_post_to_private_accounts",
    "url_ownership_unverified",
    "privacy_level_option_mismatch",
    "spam_risk_too_many_pending_share",
    "app_version_check_failed",
    "invalid_publish_id",
    "token_not_authorized_for_specified_publish_id",
    "publish_not_cancellable",
]
REASONS = [
    "file_format_check_failed",
    "duration_check_failed",
    "frame_rate_check_failed",
    "picture_size_check_failed",
    "internal",
    "video_pull_failed",
    "photo_pull_failed",
    "publish_cancelled",
    "auth_removed",
    "spam_risk_too_many_posts",
    "spam_risk_user_banned_from_posting",
    "spam_risk_text",
    "spam_risk",
]


@pytest.mark.parametrize(
    ("table", "codes"),
    [(OAUTH, SIGN_IN_CODES), (CODES, DATA_CODES), (FAIL_REASONS, REASONS)],
    ids=["sign-in", "data", "fail"],
)
def test_every_code_that_tiktok_names_has_its_meaning(table: dict[str, Meaning], codes: list[str]) -> None:
    assert set(table) == set(codes)
    assert all(one.sentence.endswith(".") and one.sentence[0].isupper() for one in table.values())


def test_every_reason_of_a_removed_authorisation_has_its_own_code() -> None:
    assert set(REMOVED) == {0, 1, 2, 3, 4, 5}
    assert len({reason.code for reason in REMOVED.values()}) == 6


@pytest.mark.parametrize(
    ("status", "kind", "turn"),
    [
        (500, Kind.AGAIN, Turn.PLATFORM),
        (503, Kind.AGAIN, Turn.PLATFORM),
        (408, Kind.AGAIN, Turn.PLATFORM),
        (429, Kind.LATER, Turn.PLATFORM),
        (401, Kind.SIGN_IN, Turn.YOU),
        (403, Kind.NEVER, Turn.US),
        (400, Kind.NEVER, Turn.US),
    ],
)
def test_an_unknown_code_is_judged_by_its_status_and_keeps_its_name(status: int, kind: Kind, turn: Turn) -> None:
    failure = refusal(CODES, "brand_new_code", status, NOW)

    assert (failure.kind, failure.turn, failure.code) == (kind, turn, "brand_new_code")


def test_a_code_that_could_be_a_piece_of_a_body_is_not_shown() -> None:
    assert refusal(CODES, "Invalid token act.abc!", 403, NOW).code == "http_403"


def test_a_quota_says_when_it_lifts() -> None:
    assert refusal(CODES, "rate_limit_exceeded", 429, NOW).retry_at == NOW + timedelta(minutes=1)
    assert refusal(CODES, "rate_limit_exceeded", 429, NOW, timedelta(seconds=7)).retry_at == NOW + timedelta(seconds=7)
    assert refusal(CODES, "reached_active_user_cap", 403, NOW).retry_at == NOW + timedelta(hours=3)
    assert refusal(CODES, "access_token_invalid", 401, NOW).retry_at is None


@pytest.mark.parametrize("fenced", [False, True], ids=["repeatable", "fenced"])
@pytest.mark.parametrize("caught", [NotSent, Lost, TooLarge, Unreadable, Refused])
def test_a_call_without_an_answer_is_unsure_only_where_it_may_have_done_harm(
    caught: type[NotSent | Lost | TooLarge | Unreadable | Refused], fenced: bool
) -> None:
    kind = unanswered(caught("PUT https://upload.example.org", "it broke"), fenced=fenced).kind

    if caught is Refused:
        assert kind is Kind.NEVER
    else:
        assert kind is (Kind.UNSURE if fenced and caught is not NotSent else Kind.AGAIN)
