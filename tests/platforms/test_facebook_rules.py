"""What Facebook takes, and what its answers about a video mean, without asking anybody."""

from dataclasses import replace
from typing import Any

import pytest

from playout.domain.limits import Wanted
from playout.domain.preflight import blocking, check
from playout.domain.video import Facts
from playout.platforms.facebook.chunk import Chunk
from playout.platforms.facebook.errors import PHRASES
from playout.platforms.facebook.mark import Mark
from playout.platforms.facebook.rules import LIMITS
from playout.platforms.facebook.status import read_status
from tests.platforms.show import FACTS

SIZE = 5_000_000


def problems(facts: Facts = FACTS, size: int = SIZE, **wanted: Any) -> list[str]:
    asked = Wanted("chn_1", wanted.pop("caption", ""), wanted.pop("title", None), wanted)
    return [one.code for one in check(LIMITS, asked, facts, size, None)]


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


def test_an_upright_clip_has_no_problem() -> None:
    assert problems(caption="A day at the sea", title="The sea") == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"duration": 2.9}, "too_short"),
        ({"duration": 4 * 3600 + 1.0}, "too_long"),
        ({"fps": 22.0}, "fps"),
        ({"fps": 61.0}, "fps"),
        ({"width": 480, "height": 854}, "picture_size"),
        ({"width": 1080, "height": 2340}, "aspect"),
        ({"width": 2560, "height": 1080}, "aspect"),
        ({"container": "webm"}, "container"),
        ({"video_codec": "mpeg4"}, "video_codec"),
        ({"audio_codec": "opus"}, "audio_codec"),
        ({"sample_rate": 96_000}, "sample_rate"),
        ({"channels": 6}, "audio_channels"),
        ({"pixel_format": "yuv444p"}, "pixel_format"),
    ],
)
def test_a_file_that_facebook_refuses_has_its_problem(changed: dict[str, Any], code: str) -> None:
    assert code in problems(replace(FACTS, **changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"fps": 23.976},
        {"fps": 59.94},
        {"width": 1920, "height": 1080},
        {"width": 720, "height": 720},
        {"width": 540, "height": 960},
        {"width": 1082, "height": 1924},
        {"audio_codec": None, "sample_rate": None, "channels": None},
        {"container": "mov", "video_codec": "hevc"},
    ],
)
def test_a_file_that_facebook_takes_has_none(changed: dict[str, Any]) -> None:
    assert problems(replace(FACTS, **changed)) == []


def test_a_file_over_ten_gigabytes_is_too_large() -> None:
    assert problems(size=10_000_000_001) == ["file_too_large"]


def test_what_is_longer_than_a_reel_is_taken_and_remarked_upon() -> None:
    wanted = Wanted("chn_1", "", None, {})
    [remark] = check(LIMITS, wanted, replace(FACTS, duration=90.5), SIZE, None)

    assert (remark.code, remark.warning) == ("not_a_reel", True)
    assert blocking([remark]) == ()
    assert problems(replace(FACTS, duration=90.0)) == []


def test_a_caption_of_the_length_of_a_post_is_taken() -> None:
    assert problems(caption="x" * 63_206) == []
    assert problems(caption="x" * 63_207) == ["caption_too_long"]


def test_a_title_is_shorter_than_255_characters_wherever_it_comes_from() -> None:
    assert problems(title="x" * 254) == []
    assert problems(title="x" * 255) == ["title_too_long"]
    assert [one.code for one in check(LIMITS, Wanted("c", "", None, {"title": "x" * 255}), FACTS, SIZE, None)] == [
        "title_too_long"
    ]


@pytest.mark.parametrize(
    ("place", "found"), [("110774245616525", []), ("Berlin", ["wrong_value"]), ("", ["wrong_value"])]
)
def test_a_place_is_the_number_of_a_page(place: str, found: list[str]) -> None:
    assert problems(place=place) == found


def test_the_cap_of_a_day_is_that_of_reels() -> None:
    [cap] = LIMITS.caps

    assert (cap.step, cap.limit, cap.what, cap.of_app) == ("finish", 30, "reels by API", False)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def status(uploading: Any = None, processing: Any = None, publishing: Any = None, **more: Any) -> Any:
    phases = {"uploading_phase": uploading, "processing_phase": processing, "publishing_phase": publishing}
    word = more.pop("word", "")
    named = {name: {"status": one} if isinstance(one, str) else one for name, one in phases.items() if one}
    return read_status({"status": {"video_status": word, **named}, "id": "1", **more})


@pytest.mark.parametrize(
    ("publishing", "public"),
    [
        ("complete", True),
        ("completed", True),
        ({"status": "complete", "publish_status": "published"}, True),
        ({"status": "in_progress", "publish_status": "published"}, True),
        ({"status": "complete", "publish_status": "draft"}, False),
        ({"status": "complete", "publish_status": "scheduled"}, False),
        ("in_progress", False),
        ("not_started", False),
        ("error", False),
    ],
)
def test_a_video_is_public_when_its_publication_is_complete(publishing: Any, *, public: bool) -> None:
    assert status("complete", "complete", publishing).is_public is public


@pytest.mark.parametrize(
    ("word", "published", "public"), [("ready", True, True), ("ready", False, False), ("", True, False)]
)
def test_a_video_without_phases_is_public_when_it_says_so(word: str, *, published: bool, public: bool) -> None:
    assert status(word=word, published=published).is_public is public


@pytest.mark.parametrize("word", ["expired", "error", "upload_failed"])
def test_a_dead_word_is_the_end(word: str) -> None:
    assert status("in_progress", word=word).is_dead


@pytest.mark.parametrize("phase", ["processing", "publishing"])
def test_a_phase_that_failed_is_the_end(phase: str) -> None:
    assert status(**{phase: "error"}).is_dead


@pytest.mark.parametrize(
    "told",
    [
        {"status": "error", "errors": [{"code": 1363128, "message": "The video duration"}]},
        {"status": "error", "error": {"code": 1363128, "message": "The video duration"}},
    ],
    ids=["list", "object"],
)
def test_what_went_wrong_is_read_from_a_list_and_from_an_object(told: Any) -> None:
    found = status("complete", told)

    assert (found.code, found.message) == (1363128, "The video duration")


@pytest.mark.parametrize(
    ("uploading", "processing", "publishing", "untouched"),
    [
        ("complete", "complete", "not_started", True),
        ("complete", "not_started", "not_started", True),
        ("complete", "in_progress", "not_started", False),
        ("complete", "complete", "in_progress", False),
        ("complete", "complete", "complete", False),
        ("in_progress", "not_started", "not_started", False),
    ],
)
def test_nothing_was_asked_where_only_the_publication_has_not_begun(
    uploading: str, processing: str, publishing: str, *, untouched: bool
) -> None:
    assert status(uploading, processing, publishing).is_untouched is untouched


@pytest.mark.parametrize("video", [{}, {"status": "ready"}, {"status": {"uploading_phase": []}}, {"status": None}])
def test_an_answer_of_another_shape_says_nothing(video: Any) -> None:
    found = read_status(video)

    assert (found.is_public, found.is_dead, found.is_uploaded, found.is_untouched, found.received) == (
        False,
        False,
        False,
        False,
        None,
    )


def test_words_stand_in_for_numbers_where_there_are_none() -> None:
    documented = {
        "Resolution too low. Video must have a minimum resolution of 540p.": 1363127,
        "The video aspect ratio must be between 16x9 and 9x16.": 1363040,
        "The video duration must be between 3 seconds and 90 seconds.": 1363128,
        "The video frame rate must be between 24 and 60 frames per second.": 1363129,
    }

    for sentence, number in documented.items():
        assert next(code for words, code in PHRASES.items() if words in sentence) == number


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def test_a_checkpoint_keeps_what_is_not_at_its_default() -> None:
    mark = Mark(video_id="7", asks=2)

    assert mark.kept() == {"video_id": "7", "asks": 2}
    assert Mark.of({**mark.kept(), "of_another_version": 1}) == mark


async def test_the_body_of_a_part_is_as_long_as_it_says() -> None:
    async def read() -> Any:
        yield b"bytes "
        yield b"of a film"

    chunk = Chunk({"upload_phase": "transfer", "start_offset": "7"}, read, len("bytes of a film"))
    body = b"".join([piece async for piece in chunk.stream()])

    boundary = chunk.content_type.partition("boundary=")[2]
    assert len(body) == chunk.length
    assert body.endswith(f"bytes of a film\r\n--{boundary}--\r\n".encode())
    assert b'name="start_offset"\r\n\r\n7\r\n' in body
