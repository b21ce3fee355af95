"""The tables of what Google's and YouTube's codes mean, and the fall-back by HTTP status."""

from datetime import UTC, datetime, timedelta

import pytest

from playout.domain.retry import Kind, Turn
from playout.platforms.http import HttpFailure, Lost, NotSent, Refused, TooLarge, Unreadable
from playout.platforms.youtube.api import unanswered
from playout.platforms.youtube.errors import (
    CALL,
    CODES,
    FAILURES,
    OAUTH,
    REJECTIONS,
    VIDEO,
    Meaning,
    refusal,
    spelt,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)  # in California

#: As Google's pages write them, with what becomes of a delivery.
API = {
    Kind.SIGN_IN: (
        "authError required authorizationRequired expired youtubeSignupRequired insufficientPermissions "
        "authenticatedUserNotChannel"
    ),
    Kind.CHOOSE: (
        "invalidTitle invalidDescription invalidTags invalidCategoryId invalidPublishAt invalidVideoMetadata "
        "invalidRecordingDetails invalidVideoGameRating defaultLanguageNotSet forbiddenPrivacySetting "
        "forbiddenLicenseSetting"
    ),
    Kind.LATER: (
        "uploadLimitExceeded quotaExceeded dailyLimitExceeded rateLimitExceeded userRateLimitExceeded "
        "uploadRateLimitExceeded accessNotConfigured"
    ),
    Kind.NEVER: (
        "mediaBodyRequired invalidFilename badRequest missingRequiredParameter invalidParameter unexpectedParameter "
        "unknownPart unexpectedPart invalidPageToken wrongUrlForUpload parseError invalidCriteria "
        "incompatibleParameters forbidden authenticatedUserAccountClosed authenticatedUserAccountSuspended "
        "channelClosed channelSuspended uploadTooLarge badContent"
    ),
    Kind.AGAIN: "internalError backendError videoNotFound channelNotFound playlistNotFound",
}
TOKEN = (
    "invalid_grant invalid_client redirect_uri_mismatch unauthorized_client unsupported_grant_type invalid_request "
    "invalid_scope deleted_client admin_policy_enforced access_denied invalid_token"
)
FAILURE = (
    "conversion invalidFile emptyFile tooSmall codec uploadAborted uploadFailed transcodeFailed streamingFailed other"
)
REJECTION = (
    "copyright inappropriate duplicate termsOfUse uploaderAccountSuspended length claim uploaderAccountClosed "
    "trademark legal"
)


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in API.items() for code in codes.split()], ids=str
)
def test_every_reason_of_the_api_has_its_kind(code: str, kind: Kind) -> None:
    assert spelt(code) in CODES
    assert refusal(CODES, code, 400, NOW).kind is kind


def test_no_reason_is_about_the_video_and_about_the_call() -> None:
    ours = {"uploads_per_day", "unauthenticated"}

    assert set(CALL) & set(VIDEO) == set()
    assert set(CODES) - ours == {spelt(code) for codes in API.values() for code in codes.split()}


@pytest.mark.parametrize(
    ("table", "codes", "ours"),
    [(OAUTH, TOKEN, set()), (FAILURES, FAILURE, {"processing_failed"}), (REJECTIONS, REJECTION, {"rejected"})],
    ids=["sign-in", "failure", "rejection"],
)
def test_every_other_code_that_google_names_has_its_meaning(
    table: dict[str, Meaning], codes: str, ours: set[str]
) -> None:
    assert set(table) - ours == {spelt(code) for code in codes.split()}


@pytest.mark.parametrize("table", [OAUTH, CODES, FAILURES, REJECTIONS])
def test_every_sentence_is_one(table: dict[str, Meaning]) -> None:
    assert all(one.sentence.endswith(".") and one.sentence[0].isupper() for one in table.values())


@pytest.mark.parametrize("table", [FAILURES, REJECTIONS])
def test_what_youtube_does_not_show_is_final_and_the_persons_turn(table: dict[str, Meaning]) -> None:
    assert {(one.kind, one.turn) for one in table.values()} == {(Kind.NEVER, Turn.YOU)}


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
    failure = refusal(CODES, "brandNewCode", status, NOW)

    assert (failure.kind, failure.turn, failure.code) == (kind, turn, "brand_new_code")


def test_a_code_that_could_be_a_piece_of_a_body_is_not_shown() -> None:
    assert refusal(CODES, "Invalid token ya29.abc!", 403, NOW).code == "http_403"


@pytest.mark.parametrize(
    ("code", "lifts"),
    [
        ("quotaExceeded", MIDNIGHT),
        ("uploads_per_day", MIDNIGHT),
        ("uploadLimitExceeded", NOW + timedelta(days=1)),
        ("rateLimitExceeded", NOW + timedelta(minutes=1)),
        ("accessNotConfigured", NOW + timedelta(hours=1)),
        ("authError", None),
    ],
)
def test_a_quota_says_when_it_lifts(code: str, lifts: datetime | None) -> None:
    assert refusal(CODES, code, 403, NOW).retry_at == lifts
    assert refusal(CODES, code, 403, None).retry_at is None


def test_a_wait_that_youtube_asks_for_is_kept_except_within_a_day_that_is_used_up() -> None:
    asked = timedelta(seconds=7)

    assert refusal(CODES, "rateLimitExceeded", 429, NOW, asked).retry_at == NOW + asked
    assert refusal(CODES, "quotaExceeded", 403, NOW, asked).retry_at == MIDNIGHT


@pytest.mark.parametrize("fenced", [False, True], ids=["repeatable", "fenced"])
@pytest.mark.parametrize(
    ("caught", "kind"),
    [(NotSent, Kind.AGAIN), (Lost, Kind.UNSURE), (TooLarge, Kind.UNSURE), (Unreadable, Kind.UNSURE)],
)
def test_a_call_without_an_answer_is_unsure_only_where_it_may_have_done_harm(
    caught: type[HttpFailure], kind: Kind, *, fenced: bool
) -> None:
    failure = unanswered(caught("POST https://oauth2.example.org", "it broke"), fenced=fenced)

    assert failure.kind is (kind if fenced else Kind.AGAIN)


def test_an_address_that_cannot_be_used_is_final_and_ours() -> None:
    failure = unanswered(Refused("PUT https://upload.example.org", "no"), fenced=True)

    assert (failure.kind, failure.turn) == (Kind.NEVER, Turn.US)
