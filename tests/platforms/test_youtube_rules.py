"""What YouTube takes, as data: wording in its own units, options, Shorts, the cut of a file, the day of the quota."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.domain.delivery import JsonValue
from playout.domain.limits import Live, Wanted
from playout.domain.preflight import blocking, check
from playout.domain.video import Facts
from playout.platforms.youtube.rules import (
    CERTIFY,
    GRAIN,
    LIMITS,
    MOST_BYTES,
    UPLOADS,
    end_of_chunk,
    is_short,
    quota_resets,
    tags_length,
    video_resource,
)
from tests.platforms.show import FACTS
from tests.platforms.youtube_stage import CHUNK, PUBLIC, TITLE


def problems(
    options: dict[str, JsonValue] | None = None,
    caption: str = "",
    title: str | None = TITLE,
    facts: Facts | None = None,
    live: Live | None = None,
) -> list[tuple[str, str]]:
    wanted = Wanted("chn_1", caption, title, {**PUBLIC, **(options or {})})
    return [(one.code, one.field) for one in check(LIMITS, wanted, facts, 1000, live)]


# ── the cut of a file ────────────────────────────────────────────────────────────────────────────


def cut(size: int) -> list[int]:
    """Where each chunk ends."""
    ends = [end_of_chunk(0, size)]
    while ends[-1] < size:
        ends.append(end_of_chunk(ends[-1], size))
    return ends


@pytest.mark.parametrize(
    ("size", "ends"),
    [
        (1, [1]),
        (GRAIN, [GRAIN]),
        (GRAIN + 1, [GRAIN, GRAIN + 1]),
        (2 * GRAIN, [GRAIN, 2 * GRAIN]),
        (1_000_000, [3 * GRAIN, 1_000_000]),
        (CHUNK, [CHUNK - GRAIN, CHUNK]),
        (CHUNK + 1, [CHUNK, CHUNK + 1]),
        (2 * CHUNK, [CHUNK, 2 * CHUNK]),
    ],
)
def test_a_file_goes_in_two_chunks_at_least_where_that_is_possible(size: int, ends: list[int]) -> None:
    assert cut(size) == ends


@given(st.integers(1, 40 * CHUNK))
def test_every_chunk_but_the_last_is_a_multiple_that_youtube_takes(size: int) -> None:
    ends = cut(size)
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]

    assert sum(lengths) == size
    assert all(length % GRAIN == 0 for length in lengths[:-1])
    assert len(set(lengths[:-1])) <= 1  # all of the same length
    assert 0 < lengths[-1] <= CHUNK
    assert len(lengths) >= 2 or size <= GRAIN


@given(st.integers(0, 600), st.integers(1, 200 * GRAIN))
def test_wherever_an_upload_is_resumed_a_chunk_fits(grains: int, size: int) -> None:
    offset = min(grains * GRAIN, size - 1)
    end = end_of_chunk(offset, size)

    assert offset < end <= size
    assert end == size or (end - offset) % GRAIN == 0


# ── wording ──────────────────────────────────────────────────────────────────────────────────────


def test_a_title_is_required_and_counted_in_code_points() -> None:
    assert problems(title=None) == [("title_required", "/title")]
    assert problems(title="  ") == [("title_required", "/title")]
    assert problems(title="🌊" * 100) == []
    assert problems(title="🌊" * 101) == [("title_too_long", "/title")]


@pytest.mark.parametrize("letter", ["<", ">"])
def test_angle_brackets_are_refused_wherever_they_stand(letter: str) -> None:
    assert problems(title=f"a {letter} b") == [("title_forbidden_character", "/title")]
    assert problems(caption=letter) == [("caption_forbidden_character", "/caption")]
    assert problems({"description": letter}) == [("description_forbidden_character", "/options/description")]
    assert problems({"tags": [letter]}) == [("wrong_value", "/options/tags")]


def test_a_description_is_counted_in_bytes() -> None:
    assert problems(caption="é" * 2500) == []
    assert problems(caption="é" * 2501) == [("caption_too_long", "/caption")]
    assert problems({"description": "é" * 2500}) == []
    assert problems({"description": "é" * 2501}) == [("description_too_long", "/options/description")]


@pytest.mark.parametrize(
    ("tags", "length"),
    [
        ([], 0),
        (["Foo-Baz"], 7),
        (["Foo Baz"], 9),
        (["a", "b"], 3),
        (["a b c", "xy"], 10),
        (["abcd"] * 100, 499),
        (["abcd"] * 101, 504),
    ],
)
def test_tags_are_counted_as_youtube_counts_them(tags: list[JsonValue], length: int) -> None:
    assert tags_length([str(tag) for tag in tags]) == length
    assert problems({"tags": tags}) == ([("tags_too_long", "/options/tags")] if length > 500 else [])


def test_an_empty_tag_is_refused() -> None:
    assert problems({"tags": ["sea", " "]}) == [("wrong_value", "/options/tags")]


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def test_who_may_watch_and_whether_it_is_for_children_must_be_chosen() -> None:
    found = check(LIMITS, Wanted("c", "", TITLE, {}), None, 1, None)

    assert [one.field for one in found] == ["/options/privacy", "/options/made_for_kids"]
    assert problems({"privacy": "friends"}) == [("not_offered", "/options/privacy")]
    assert problems({"made_for_kids": "no"}) == [("wrong_type", "/options/made_for_kids")]


@pytest.mark.parametrize("category", ["", "twenty-two", "22.0", "-1", "²"])
def test_a_category_is_a_number_written_as_a_text(category: str) -> None:
    assert problems({"category_id": category}) == [("wrong_value", "/options/category_id")]
    assert problems({"category_id": "24"}) == []
    assert problems({"category_id": 24}) == [("wrong_type", "/options/category_id")]


def test_a_playlist_is_refused_in_words_of_its_own() -> None:
    [problem] = check(LIMITS, Wanted("c", "", TITLE, {**PUBLIC, "playlist_id": "PL1"}), None, 1, None)

    assert (problem.code, problem.field) == ("playlist_not_offered", "/options/playlist_id")
    assert "at YouTube" in problem.message


def test_nothing_that_a_person_did_not_choose_is_said_except_the_category() -> None:
    assert video_resource(TITLE, "Sea", PUBLIC) == {
        "snippet": {"title": TITLE, "description": "Sea", "categoryId": "22"},
        "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
    }


@pytest.mark.parametrize("missing", ["privacy", "made_for_kids"])
def test_what_must_be_chosen_is_never_filled_in(missing: str) -> None:
    with pytest.raises(KeyError):
        video_resource(TITLE, "Sea", {name: value for name, value in PUBLIC.items() if name != missing})


def test_the_words_to_agree_to_are_literal_and_versioned() -> None:
    assert CERTIFY == (
        "By clicking 'upload,' you certify that the content you are uploading complies with the YouTube Terms of "
        "Service (including the YouTube Community Guidelines) at https://www.youtube.com/t/terms. Please be sure not "
        "to violate others' copyright or privacy rights."
    )
    assert LIMITS.consent


# ── the file ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("width", "height", "duration", "short", "word"),
    [
        (1080, 1920, 60.0, True, ""),
        (1080, 1080, 179.0, True, ""),
        (1080, 1920, 180.0, True, "may just miss"),
        (1080, 1920, 180.5, False, "three minutes"),
        (1920, 1080, 60.0, False, "wider than it is tall"),
        (1081, 1080, 900.0, False, "wider than it is tall"),
    ],
)
def test_people_are_told_why_a_video_is_not_shown_as_a_short(
    width: int, height: int, duration: float, word: str, *, short: bool
) -> None:
    facts = replace(FACTS, width=width, height=height, duration=duration)
    found = check(LIMITS, Wanted("c", "", TITLE, PUBLIC), facts, 1000, None)

    assert is_short(facts) is short
    assert [(one.code, one.warning) for one in found] == ([("not_a_short", True)] if word else [])
    assert all(word in one.message for one in found)
    assert blocking(found) == ()


def test_a_long_video_needs_a_channel_that_may_upload_it() -> None:
    long = replace(FACTS, width=1920, height=1080, duration=901.0)
    unverified = Live(most_seconds=900)

    assert problems(facts=long) == [("not_a_short", "/video_id")]
    assert ("too_long", "/video_id") in problems(facts=long, live=unverified)
    assert ("too_long", "/video_id") not in problems(facts=replace(long, duration=900.0), live=unverified)


def test_every_codec_that_the_probe_can_read_and_every_usual_picture_is_taken() -> None:
    odd = replace(FACTS, container="mkv", video_codec="mpeg4", fps=22.0, width=240, height=320, faststart=False)

    assert problems(facts=odd) == []
    assert MOST_BYTES == 274_877_906_944


# ── the day of the quota ─────────────────────────────────────────────────────────────────────────

DAYS = [
    datetime(2026, 7, 1, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 7, tzinfo=UTC),
    datetime(2026, 11, 2, 8, tzinfo=UTC),
    datetime(2026, 11, 20, 8, tzinfo=UTC),
    datetime(2027, 3, 14, 8, tzinfo=UTC),
    datetime(2027, 3, 15, 7, tzinfo=UTC),
]


@pytest.mark.parametrize("begin", DAYS)
def test_a_day_begins_at_midnight_in_california_summer_and_winter(begin: datetime) -> None:
    just_before, just_after = UPLOADS.day_of(begin - timedelta(seconds=1)), UPLOADS.day_of(begin)

    assert just_before is not None
    assert just_after is not None
    assert just_before[1] == just_after[0] == begin
    assert quota_resets(begin - timedelta(seconds=1)) == begin
    assert quota_resets(begin) == just_after[1] > begin


@pytest.mark.parametrize(("begin", "hours"), [(DAYS[1], 25), (DAYS[4], 23), (DAYS[3], 24)])
def test_the_days_on_which_clocks_change_are_longer_and_shorter(begin: datetime, hours: int) -> None:
    day = UPLOADS.day_of(begin)

    assert day is not None
    assert day[1] - day[0] == timedelta(hours=hours)


def test_a_hundred_uploads_of_all_channels_together_fill_a_day() -> None:
    assert (UPLOADS.step, UPLOADS.limit, UPLOADS.of_app, UPLOADS.certain) == ("start", 100, True, True)
    assert UPLOADS in LIMITS.caps
