"""What TikTok takes: the chunk plan, the options and the rules across them, the words to agree to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.domain.delivery import JsonValue
from playout.domain.limits import Live, Wanted
from playout.domain.preflight import check
from playout.platforms.tiktok.rules import (
    BRANDED_USAGE,
    LIMITS,
    MOST_BYTES,
    MUSIC_USAGE,
    ChunkPlan,
    chunk_plan,
    post_info,
)
from tests.platforms.show import FACTS
from tests.platforms.tiktok_stage import INBOX, PRIVATE, PUBLIC

MB, MIB = 1_000_000, 1 << 20


@pytest.mark.parametrize(
    ("size", "chunk", "count", "last"),
    [
        (3_145_728, 3_145_728, 1, 3_145_728),
        (64_000_000, 64_000_000, 1, 64_000_000),
        (64_000_001, 10_485_760, 6, 11_571_201),
        (150_000_000, 10_485_760, 14, 13_685_120),
        (4_294_967_296, 10_485_760, 409, 16_777_216),
    ],
)
def test_a_file_is_cut_as_tiktok_accepts_it(size: int, chunk: int, count: int, last: int) -> None:
    assert chunk_plan(size) == ChunkPlan(chunk, count, last)


def test_a_file_is_cut_into_chunks_of_a_given_length_as_tiktok_counts_them() -> None:
    assert chunk_plan(50_000_123, 10_000_000) == ChunkPlan(10_000_000, 5, 10_000_123)


@given(st.integers(1, MOST_BYTES))
def test_every_cut_keeps_every_rule_in_both_readings_of_a_megabyte(size: int) -> None:
    plan = chunk_plan(size)

    assert plan.count == size // plan.chunk
    assert plan.chunk * (plan.count - 1) + plan.last == size
    assert 1 <= plan.count <= 1000
    assert plan.chunk <= 64 * MB
    assert plan.last <= 128 * MB
    if plan.count == 1:
        assert plan.chunk == size
    else:
        assert plan.chunk >= 5 * MIB
        assert plan.last >= plan.chunk
    if size > 64 * MB:
        assert plan.count > 1


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def problems(options: dict[str, JsonValue], caption: str = "", live: Live | None = None) -> list[tuple[str, str]]:
    found = check(LIMITS, Wanted("chn_1", caption, None, options), FACTS, 1000, live)
    return [(one.code, one.field) for one in found]


def test_the_visibility_must_be_chosen_by_a_person() -> None:
    assert problems({}) == [("option_required", "/options/privacy_level")]
    assert problems({"mode": "direct"}) == [("option_required", "/options/privacy_level")]


def test_for_the_inbox_nothing_has_to_be_chosen_and_nothing_is_refused() -> None:
    assert problems(dict(INBOX)) == []
    assert problems({**INBOX, **PRIVATE, "branded_content": True, "allow_duet": True}) == []


def test_branded_content_is_never_private_in_tiktoks_own_words() -> None:
    [problem] = check(LIMITS, Wanted("c", "", None, {**PRIVATE, "branded_content": True}), None, 1, None)

    assert problem.message == "Branded content visibility cannot be set to private."
    assert problems({**PRIVATE, "your_brand": True}) == []
    assert problems({**PUBLIC, "branded_content": True}) == []


def test_only_what_the_account_offers_now_can_be_chosen() -> None:
    live = Live(choices={"privacy_level": ("SELF_ONLY",)}, refused={"allow_duet": "Off."})

    assert problems(dict(PUBLIC), live=live) == [("not_offered", "/options/privacy_level")]
    assert problems({**PRIVATE, "allow_duet": True}, live=live) == [("not_offered", "/options/allow_duet")]
    assert problems({**PRIVATE, "allow_duet": False}, live=live) == []


@pytest.mark.parametrize("at", [-1, 2**31])
def test_a_cover_is_a_time_in_the_video(at: int) -> None:
    assert problems({**PUBLIC, "cover_at_ms": at}) == [("wrong_value", "/options/cover_at_ms")]


def test_an_emoji_counts_twice_in_a_caption() -> None:
    assert problems(dict(PUBLIC), "🌊" * 1100) == []
    assert problems(dict(PUBLIC), "🌊" * 1100 + ".") == [("caption_too_long", "/caption")]


def test_what_was_not_allowed_is_disabled() -> None:
    info = post_info("Sea", dict(PUBLIC))

    assert info == {
        "title": "Sea",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "disable_comment": True,
        "disable_duet": True,
        "disable_stitch": True,
        "brand_content_toggle": False,
        "brand_organic_toggle": False,
        "is_aigc": False,
    }


def test_what_was_allowed_and_declared_is_said() -> None:
    said = dict.fromkeys(
        ("allow_comment", "allow_duet", "allow_stitch", "your_brand", "branded_content", "ai_generated"), True
    )
    info = post_info("Sea", {**PUBLIC, **said, "cover_at_ms": 0})

    assert [name for name, value in info.items() if value is False] == [
        "disable_comment",
        "disable_duet",
        "disable_stitch",
    ]
    assert info["video_cover_timestamp_ms"] == 0


def test_no_visibility_is_ever_filled_in() -> None:
    with pytest.raises(KeyError):
        post_info("Sea", {})


def test_the_words_to_agree_to_are_literal_and_versioned() -> None:
    assert MUSIC_USAGE == "By posting, you agree to TikTok's Music Usage Confirmation"
    assert BRANDED_USAGE == "By posting, you agree to TikTok's Branded Content Policy and Music Usage Confirmation"
    assert LIMITS.consent


def test_the_questions_about_one_account_stay_within_tiktoks_rates_together() -> None:
    rates = {cap.step: cap.limit for cap in LIMITS.caps if not cap.warns}

    assert rates["init"] == 6
    assert rates["pull"] == 6
    assert rates["check"] + rates["live"] == 20
    assert rates["follow"] + rates["look"] + rates["resync"] + rates["receipt"] == 30
