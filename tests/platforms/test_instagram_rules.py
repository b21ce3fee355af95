"""What Instagram takes: the file, the words, the options, and how they are sent."""

from dataclasses import replace

import pytest

from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Wanted
from playout.domain.preflight import blocking, check
from playout.domain.video import Facts
from playout.platforms.instagram.rules import LIMITS, digest_of, reel
from tests.platforms.show import FACTS

MB = 1_000_000


def found(
    options: dict[str, JsonValue] | None = None, caption: str = "", facts: Facts = FACTS, size: int = 1000
) -> tuple[Problem, ...]:
    return check(LIMITS, Wanted("chn_1", caption, None, options or {}), facts, size, None)


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return [one.code for one in problems]


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


def test_an_ordinary_reel_is_taken() -> None:
    assert found() == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"container": "webm"}, "container"),
        ({"video_codec": "vp9"}, "video_codec"),
        ({"audio_codec": "mp3"}, "audio_codec"),
        ({"fps": 22.0}, "fps"),
        ({"fps": 61.0}, "fps"),
        ({"width": 2160, "height": 3840}, "picture_size"),
        ({"width": 1920, "height": 190}, "aspect"),
        ({"duration": 2.9}, "too_short"),
        ({"duration": 900.1}, "too_long"),
        ({"pixel_format": "yuv444p"}, "pixel_format"),
        ({"pixel_format": "yuv422p10le"}, "pixel_format"),
        ({"sample_rate": 96_000}, "sample_rate"),
        ({"channels": 6}, "audio_channels"),
        ({"bitrate": 26_000_000}, "bitrate"),
    ],
)
def test_what_a_file_must_be(changed: dict[str, object], code: str) -> None:
    facts = replace(FACTS, **changed)  # type: ignore[arg-type]  # each case names a field with its own type

    assert codes(blocking(found(facts=facts))) == [code]


@pytest.mark.parametrize(
    "changed",
    [
        {"container": "mov"},
        {"video_codec": "hevc", "pixel_format": "yuv420p10le"},
        {"fps": 23.976},
        {"fps": 59.94},
        {"audio_codec": None, "sample_rate": None, "channels": None},
        {"duration": 3.0},
        {"duration": 900.0},
    ],
)
def test_what_a_file_may_be(changed: dict[str, object]) -> None:
    assert found(facts=replace(FACTS, **changed)) == ()  # type: ignore[arg-type]  # as above


def test_a_file_may_have_three_hundred_megabytes() -> None:
    assert found(size=300 * MB) == ()
    assert codes(found(size=300 * MB + 1)) == ["file_too_large"]


def test_what_instagram_mostly_takes_all_the_same_is_only_said() -> None:
    facts = replace(FACTS, width=1920, height=1080, closed_gop=False, faststart=False, edit_list=True)
    problems = found(facts=facts)

    assert set(codes(problems)) == {"not_faststart", "edit_list", "not_9_16", "open_gop"}
    assert blocking(problems) == ()


# ── words and options ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        ("x" * 2200, []),
        ("x" * 2201, ["caption_too_long"]),
        ("🌊" * 1101, ["caption_too_long"]),
        (" ".join(f"#t{n}" for n in range(30)), []),
        (" ".join(f"#t{n}" for n in range(31)), ["too_many_hashtags"]),
        (" ".join(f"@p{n}" for n in range(20)), []),
        (" ".join(f"@p{n}" for n in range(21)), ["too_many_mentions"]),
    ],
)
def test_what_a_caption_may_hold(caption: str, problem: list[str]) -> None:
    assert codes(found(caption=caption)) == problem


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"share_to_feed": False, "ai_generated": True, "cover_at_ms": 0, "collaborators": ["a.b", "@c_d", "e"]}, []),
        ({"cover_at_ms": -1}, ["wrong_value"]),
        ({"cover_at_ms": 900_000}, ["cover_beyond_end"]),
        ({"cover_at_ms": "1"}, ["wrong_type"]),
        ({"collaborators": ["a", "b", "c", "d"]}, ["too_many_collaborators"]),
        ({"collaborators": ["a b"]}, ["wrong_value"]),
        ({"collaborators": "a"}, ["wrong_type"]),
        ({"share_to_feed": "yes"}, ["wrong_type"]),
        ({"cover_url": "https://example.org"}, ["unknown_option"]),
    ],
)
def test_what_can_be_chosen(options: dict[str, JsonValue], problem: list[str]) -> None:
    assert codes(found(options)) == problem


def test_whether_it_shows_in_the_feed_is_always_said() -> None:
    assert reel("Sea", {}) == {"media_type": "REELS", "caption": "Sea", "share_to_feed": "true"}
    assert reel("", {"share_to_feed": False, "ai_generated": False})["share_to_feed"] == "false"


def test_other_words_are_another_reel() -> None:
    assert digest_of("Sea", {}) == digest_of("Sea", {"share_to_feed": True})
    assert len({digest_of("Sea", {}), digest_of("sea", {}), digest_of("Sea", {"ai_generated": True})}) == 3


# ── permissions and caps ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scopes", "lacking"),
    [
        (("instagram_business_basic", "instagram_business_content_publish"), []),
        (("instagram_basic", "instagram_content_publish", "pages_show_list"), []),
        (("instagram_business_basic",), ["publish reels"]),
        (("instagram_content_publish",), ["see the account and its reels"]),
        ((), []),
    ],
)
def test_a_permission_of_either_login_will_do(scopes: tuple[str, ...], lacking: list[str]) -> None:
    assert [one.words for one in LIMITS.lacking(scopes)] == lacking


def test_how_much_instagram_publishes_is_never_taken_from_us() -> None:
    [publishing] = [cap for cap in LIMITS.caps if cap.step == "publish"]

    assert not publishing.certain
