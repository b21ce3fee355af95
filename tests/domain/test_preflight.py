"""The check of a post against what a platform takes: each problem with its code, its sentence and its mend."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from playout.domain.delivery import JsonValue
from playout.domain.errors import Problem
from playout.domain.limits import Choice, FileLimits, Limits, Live, Need, Wanted, WordLimits, utf8_bytes, utf16_units
from playout.domain.preflight import RENDER, blocking, check
from playout.domain.video import Facts
from playout.media.memory import UPRIGHT

MEGABYTE = 1_000_000
FILE = FileLimits(
    containers=frozenset({"mp4", "mov"}),
    video_codecs=frozenset({"h264", "hevc"}),
    most_bytes=100 * MEGABYTE,
    least_seconds=3,
    most_seconds=60,
    least_fps=24,
    most_fps=60,
    least_width=360,
    least_height=360,
    most_width=1920,
    most_height=1920,
    audio_codecs=frozenset({"aac"}),
    least_aspect=0.5,
    most_aspect=2,
    most_bitrate=25_000_000,
    most_sample_rate=48_000,
    most_channels=2,
    chroma=frozenset({"yuv420p"}),
)
STRICT = replace(FILE, faststart=True, edit_list=False, constant_fps=True, closed_gop=True)
WORDS = WordLimits(caption_length=10, caption_unit=utf16_units)
CHOICES = {
    "privacy": Choice(str, required=True, values=("public", "private"), live=True),
    "comments": Choice(bool),
    "cover_at_ms": Choice(int),
    "tags": Choice(list),
}
LIMITS = Limits(file=FILE, words=WORDS, choices=CHOICES)
CHOSEN: dict[str, JsonValue] = {"privacy": "public"}


def of_file(
    facts: dict[str, object], limits: FileLimits = FILE, *, size: int = MEGABYTE, live: Live | None = None
) -> Problem:
    """The one thing that is wrong with such a file."""
    seen: Facts = replace(UPRIGHT, **facts)  # type: ignore[arg-type]  # each row names its own facts
    (one,) = check(Limits(file=limits, words=WORDS, choices={}), Wanted("chn_1", "", None, {}), seen, size, live)
    return one


def of_words(words: WordLimits, caption: str, title: str | None = None) -> list[Problem]:
    return list(check(Limits(file=FILE, words=words, choices={}), Wanted("chn_1", caption, title, {}), None, 0, None))


def of_options(options: dict[str, JsonValue], live: Live | None = None) -> list[Problem]:
    return list(check(LIMITS, Wanted("chn_1", "", None, options), None, 0, live))


def codes(problems: list[Problem]) -> list[str]:
    return [one.code for one in problems]


def test_a_good_post_has_no_problem() -> None:
    assert check(LIMITS, Wanted("chn_1", "Hello", None, CHOSEN), UPRIGHT, MEGABYTE, Live()) == ()


def test_every_problem_names_its_channel() -> None:
    found = check(LIMITS, Wanted("chn_1", "x" * 11, None, {}), replace(UPRIGHT, fps=15), MEGABYTE, None)

    assert [one.channel_id for one in found] == ["chn_1"] * 3


# ── the file ─────────────────────────────────────────────────────────────────────────────────────

MENDED: list[tuple[str, dict[str, object], str]] = [
    ("container", {"container": "webm"}, "The file is webm; taken here: mov, mp4."),
    ("video_codec", {"video_codec": "vp9"}, "The picture is vp9; taken: h264, hevc."),
    ("pixel_format", {"pixel_format": "yuv444p"}, "The picture's colours are yuv444p; 4:2:0 is taken here."),
    ("fps", {"fps": 22.0}, "22.00 pictures a second; 24 to 60 are taken here."),
    ("fps", {"fps": 120.0}, "120.00 pictures a second; 24 to 60 are taken here."),
    ("picture_size", {"width": 270, "height": 480}, "270×480 pixels; taken here: 360×360 to 1920×1920."),
    ("picture_size", {"width": 2160, "height": 1080}, "2160×1080 pixels; taken here: 360×360 to 1920×1920."),
    ("aspect", {"width": 800, "height": 1920}, "A picture of 800×1920 is too narrow here."),
    ("aspect", {"width": 1920, "height": 800}, "A picture of 1920×800 is too wide here."),
    ("audio_codec", {"audio_codec": "opus"}, "The sound is opus; taken: aac."),
    ("sample_rate", {"sample_rate": 96_000}, "The sound has 96000 Hz; 48000 is the limit."),
    ("audio_channels", {"channels": 6}, "The sound has 6 channels; 2 are taken."),
    ("bitrate", {"bitrate": 30_000_000}, "The file has 30.0 Mbit/s; 25 is the limit."),
]


@pytest.mark.parametrize(("code", "facts", "sentence"), MENDED)
def test_what_a_copy_mends_says_so(code: str, facts: dict[str, object], sentence: str) -> None:
    expected = Problem(code, "/video_id", sentence, "chn_1", RENDER)

    assert of_file(facts) == expected


def test_too_many_bytes_are_mended_by_a_copy() -> None:
    one = of_file({}, size=100 * MEGABYTE + 1)

    assert (one.code, one.fix, one.message) == (
        "file_too_large",
        RENDER,
        "The file has 100.0 MB; 100 MB is the limit.",
    )


def test_too_many_bytes_are_told_before_the_file_was_looked_into() -> None:
    (one,) = check(LIMITS, Wanted("chn_1", "", None, CHOSEN), None, 101 * MEGABYTE, None)

    assert one.code == "file_too_large"


@pytest.mark.parametrize(
    ("seconds", "code", "words"), [(2.9, "too_short", "Use a longer one."), (60.1, "too_long", "Cut it first.")]
)
def test_a_length_is_mended_by_no_copy(seconds: float, code: str, words: str) -> None:
    one = of_file({"duration": seconds})

    assert (one.code, one.fix, one.warning) == (code, None, False)
    assert one.message.endswith(words)


def test_an_account_may_have_a_shorter_limit() -> None:
    assert of_file({"duration": 40.0}, live=Live(most_seconds=30)).code == "too_long"


def test_an_account_without_a_limit_of_its_own_has_the_platforms() -> None:
    assert of_file({"duration": 61.0}, live=Live(most_seconds=600)).code == "too_long"
    assert of_file({"duration": 61.0}, live=Live()).code == "too_long"


@pytest.mark.parametrize("fps", [23.976, 59.94, 60.05])
def test_the_usual_odd_rates_are_taken_for_what_they_are_called(fps: float) -> None:
    assert check(LIMITS, Wanted("chn_1", "", None, CHOSEN), replace(UPRIGHT, fps=fps), MEGABYTE, None) == ()


def test_a_file_without_sound_has_no_problem_of_sound() -> None:
    silent = replace(UPRIGHT, audio_codec=None, sample_rate=None, channels=None)

    assert check(LIMITS, Wanted("chn_1", "", None, CHOSEN), silent, MEGABYTE, None) == ()


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("not_faststart", {"faststart": False}),
        ("edit_list", {"edit_list": True}),
        ("variable_fps", {"variable_fps": True}),
        ("open_gop", {"closed_gop": False}),
    ],
)
def test_what_is_only_asked_for_is_a_remark_that_a_copy_mends(code: str, facts: dict[str, object]) -> None:
    one = of_file(facts, STRICT)

    assert (one.code, one.fix, one.warning) == (code, RENDER, True)
    assert blocking([one]) == ()


@pytest.mark.parametrize("container", ["webm", "mkv"])
def test_only_files_that_have_an_index_can_have_it_at_their_end(container: str) -> None:
    limits = replace(STRICT, containers=frozenset({container}))
    seen = replace(UPRIGHT, container=container, faststart=False)

    assert check(Limits(file=limits, words=WORDS, choices={}), Wanted("chn_1", "", None, {}), seen, 1, None) == ()


def test_a_platform_may_remark_on_a_file_that_it_takes() -> None:
    def remark(options: Mapping[str, JsonValue], facts: Facts) -> Problem | None:
        told = facts.width > facts.height and not options.get("quiet")
        return Problem("wide", "/video_id", "It is wide.", warning=True) if told else None

    limits = Limits(file=FILE, words=WORDS, choices={"quiet": Choice(bool)}, remarks=(remark,))
    wide = replace(UPRIGHT, width=1280, height=720)

    def found(facts: Facts, **options: JsonValue) -> list[str]:
        return [one.code for one in check(limits, Wanted("chn_1", "", None, options), facts, 1, None)]

    assert (found(wide), found(UPRIGHT), found(wide, quiet=True)) == (["wide"], [], [])


# ── wording ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "caption", "fits"),
    [
        (WORDS, "x" * 10, True),
        (WORDS, "x" * 11, False),
        (WORDS, "🎬" * 5, True),  # counts two each
        (WORDS, "🎬" * 5 + "x", False),
        (replace(WORDS, caption_unit=utf8_bytes), "é" * 5, True),
        (replace(WORDS, caption_unit=utf8_bytes), "é" * 6, False),
    ],
)
def test_a_caption_is_counted_as_the_platform_counts(words: WordLimits, caption: str, fits: bool) -> None:
    assert codes(of_words(words, caption)) == ([] if fits else ["caption_too_long"])


def test_a_caption_that_is_too_long_says_by_how_much_in_the_platforms_unit() -> None:
    (one,) = of_words(replace(WORDS, caption_unit=utf8_bytes, unit="bytes"), "é" * 6)

    assert (one.field, one.message) == ("/caption", "The caption has 12 bytes; 10 is the limit.")


@pytest.mark.parametrize(
    ("caption", "code"),
    [
        ("#a #b", None),
        ("#a #b #c", "too_many_hashtags"),
        ("#a#b ##c", None),  # one that follows a word, and one after another #, are none
        ("a #ü1, #b! #c.", "too_many_hashtags"),
        ("@a @b", None),
        ("@a @b.c @d", "too_many_mentions"),
        ("mail me: a@b.example, c@d.example, e@f.example", None),
    ],
)
def test_hashtags_and_mentions_are_counted(caption: str, code: str | None) -> None:
    words = WordLimits(caption_length=100, caption_unit=utf16_units, most_hashtags=2, most_mentions=2)

    assert codes(of_words(words, caption)) == ([code] if code else [])


def test_too_many_hashtags_are_told_with_their_number() -> None:
    words = WordLimits(caption_length=100, caption_unit=utf16_units, most_hashtags=2)

    assert of_words(words, "#a #b #c")[0].message == "The caption has 3 hashtags; 2 is the limit."


def test_some_characters_are_taken_nowhere() -> None:
    words = replace(WORDS, forbidden="<>", title_length=10)

    found = of_words(words, "a < b", "<b>")

    assert [(one.code, one.field, one.message) for one in found] == [
        ("caption_forbidden_character", "/caption", "The caption must not contain <."),
        ("title_forbidden_character", "/title", "The title must not contain < or >."),
    ]


@pytest.mark.parametrize(
    ("title", "code"), [(None, "title_required"), ("  ", "title_required"), ("x" * 11, "title_too_long"), ("x", None)]
)
def test_a_title_is_there_and_not_too_long(title: str | None, code: str | None) -> None:
    words = replace(WORDS, title_length=10, title_required=True)

    found = of_words(words, "", title)

    assert codes(found) == ([code] if code else [])
    assert {one.field for one in found} <= {"/title"}


def test_a_title_that_may_be_missing_may_be_missing() -> None:
    assert of_words(replace(WORDS, title_length=10), "", None) == []


def test_where_there_is_no_title_none_is_checked() -> None:
    assert of_words(replace(WORDS, forbidden="<"), "", "x" * 500 + "<") == []


# ── options ──────────────────────────────────────────────────────────────────────────────────────


WRONG: list[tuple[dict[str, JsonValue], str, str]] = [
    ({}, "option_required", "/options/privacy"),
    ({**CHOSEN, "colour": "red"}, "unknown_option", "/options/colour"),
    ({"privacy": "friends"}, "not_offered", "/options/privacy"),
    ({**CHOSEN, "comments": 1}, "wrong_type", "/options/comments"),
    ({**CHOSEN, "comments": "yes"}, "wrong_type", "/options/comments"),
    ({**CHOSEN, "cover_at_ms": True}, "wrong_type", "/options/cover_at_ms"),
    ({**CHOSEN, "cover_at_ms": 1.5}, "wrong_type", "/options/cover_at_ms"),
    ({**CHOSEN, "tags": "a"}, "wrong_type", "/options/tags"),
    ({**CHOSEN, "tags": ["a", 1]}, "wrong_type", "/options/tags"),
]


@pytest.mark.parametrize(("options", "code", "field"), WRONG)
def test_an_option_that_is_not_right_is_pointed_to(options: dict[str, JsonValue], code: str, field: str) -> None:
    assert [(one.code, one.field) for one in of_options(options)] == [(code, field)]


def test_good_options_are_taken() -> None:
    assert of_options({**CHOSEN, "comments": True, "cover_at_ms": 0, "tags": ["a"]}) == []


def test_a_wrong_type_says_what_it_must_be() -> None:
    assert of_options({**CHOSEN, "tags": "a"})[0].message == "“tags” must be a list of texts."


def test_an_unknown_option_says_which_there_are() -> None:
    (one,) = of_options({**CHOSEN, "colour": "red"})

    assert one.message == "There is no option “colour” here. Known: comments, cover_at_ms, privacy, tags."


def test_what_the_account_is_offered_right_now_counts() -> None:
    live = Live(choices={"privacy": ("private",)})

    assert codes(of_options(CHOSEN, live)) == ["not_offered"]
    assert of_options({"privacy": "private"}, live) == []


def test_what_the_account_has_switched_off_cannot_be_switched_on() -> None:
    live = Live(refused={"comments": "Comments are off."})

    assert [one.message for one in of_options({**CHOSEN, "comments": True}, live)] == ["Comments are off."]
    assert of_options({**CHOSEN, "comments": False}, live) == []


def test_an_account_that_is_blocked_right_now_can_post_nothing() -> None:
    blocked = Problem("too_many_today", "", "Enough for today.")

    assert of_options(CHOSEN, Live(blocked=blocked)) == [replace(blocked, channel_id="chn_1")]


def test_a_platform_has_rules_across_options() -> None:
    def rule(options: object) -> Problem | None:
        return Problem("not_both", "/options/comments", "Not both.") if options == {"a": True, "b": True} else None

    limits = Limits(file=FILE, words=WORDS, choices={"a": Choice(bool), "b": Choice(bool)}, rules=(rule,))

    def found(**options: JsonValue) -> list[str]:
        return [one.code for one in check(limits, Wanted("chn_1", "", None, options), None, 0, None)]

    assert (found(a=True, b=True), found(a=True)) == (["not_both"], [])


# ── permissions ──────────────────────────────────────────────────────────────────────────────────

UPLOAD = Need(frozenset({"upload", "everything"}), "upload videos")
READ = Need(frozenset({"read", "everything"}), "see the channel")


@pytest.mark.parametrize(
    ("scopes", "lacking"),
    [
        (("upload", "read"), ()),
        (("everything",), ()),
        (("read",), (UPLOAD,)),
        (("other",), (UPLOAD, READ)),
        ((), ()),  # a platform that does not say what was allowed
    ],
)
def test_a_permission_is_lacking_where_none_of_its_scopes_was_allowed(
    scopes: tuple[str, ...], lacking: tuple[Need, ...]
) -> None:
    assert Limits(file=FILE, words=WORDS, choices={}, needs=(UPLOAD, READ)).lacking(scopes) == lacking
