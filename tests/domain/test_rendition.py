"""Renditions: the recipe of a copy fits the limits it was made for, whatever the video is."""

from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from playout.domain.limits import FileLimits
from playout.domain.preflight import check_file
from playout.domain.rendition import Fit, Recipe, foreseen, is_needed, recipe_for
from playout.domain.video import Facts
from playout.media.memory import UPRIGHT
from playout.platforms.facebook.rules import LIMITS as FACEBOOK
from playout.platforms.instagram.rules import LIMITS as INSTAGRAM
from playout.platforms.tiktok.rules import LIMITS as TIKTOK
from playout.platforms.youtube.rules import LIMITS as YOUTUBE

REAL = [one.file for one in (TIKTOK, YOUTUBE, INSTAGRAM, FACEBOOK)]
#: A length cannot be mended; everything else is.
NOT_MENDED = {"too_short", "too_long"}
TALL = replace(REAL[0], least_width=2, least_height=2, most_width=1080, most_height=1920, least_aspect=0.01)
NARROW = replace(REAL[3], least_aspect=9 / 16 - 0.005, most_aspect=9 / 16 + 0.005)


def made(limits: FileLimits, fit: Fit, **facts: object) -> Recipe:
    seen: Facts = replace(UPRIGHT, **facts)  # type: ignore[arg-type]  # each test names its own facts
    recipe = recipe_for(limits, seen, fit)
    assert recipe
    return recipe


# ── whatever comes ───────────────────────────────────────────────────────────────────────────────


@st.composite
def videos(draw: st.DrawFn) -> Facts:
    """Anything that our probe lets in."""
    sound = draw(st.booleans())
    return Facts(
        container=draw(st.sampled_from(["mp4", "mov", "webm", "mkv"])),
        duration=draw(st.floats(0.1, 20_000)),
        width=draw(st.integers(2, 8192)),
        height=draw(st.integers(2, 8192)),
        rotation=draw(st.sampled_from([0, 90, 180, 270])),
        fps=draw(st.floats(0.5, 960)),
        variable_fps=draw(st.booleans()),
        video_codec=draw(st.sampled_from(["h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "prores"])),
        audio_codec=draw(st.sampled_from(["aac", "opus", "mp3", "pcm_s16le"])) if sound else None,
        pixel_format=draw(st.sampled_from(["yuv420p", "yuv444p", "yuv422p10le"])),
        sample_rate=draw(st.sampled_from([8000, 44_100, 96_000])) if sound else None,
        channels=draw(st.integers(1, 8)) if sound else None,
        bitrate=draw(st.integers(0, 400_000_000)),
        faststart=draw(st.booleans()),
        edit_list=draw(st.booleans()),
        closed_gop=draw(st.sampled_from([True, False, None])),
    )


@st.composite
def platforms(draw: st.DrawFn) -> FileLimits:
    """Limits as a platform could have them: sizes are even, and 9:16 is among the shapes, with a little room."""
    least = 2 * draw(st.integers(1, 360))
    return replace(
        draw(st.sampled_from(REAL)),
        most_bytes=draw(st.integers(1_000_000, 10**11)),
        most_bitrate=draw(st.none() | st.integers(600_000, 10**8)),
        least_fps=draw(st.floats(0, 30)),
        most_fps=draw(st.floats(30, 240)),
        least_width=least,
        least_height=least,
        most_width=2 * draw(st.integers(540, 4096)),
        most_height=2 * draw(st.integers(960, 4096)),
        least_aspect=draw(st.floats(0.01, 9 / 16 - 0.005)),
        most_aspect=draw(st.floats(9 / 16 + 0.005, 10)),
    )


@given(limits=st.sampled_from(REAL) | platforms(), facts=videos(), fit=st.sampled_from(Fit))
@example(limits=REAL[3], facts=replace(UPRIGHT, width=640, height=358), fit=Fit.PAD)  # just within the widest shape
@example(limits=TALL, facts=replace(UPRIGHT, width=22, height=2114), fit=Fit.PAD)  # the least width makes it too tall
@example(limits=REAL[0], facts=replace(UPRIGHT, width=4000, height=100), fit=Fit.PAD)  # no size of this shape is taken
@example(
    limits=replace(REAL[1], most_bytes=10**6), facts=replace(UPRIGHT, width=64, height=64, duration=9e3), fit=Fit.PAD
)
def test_a_copy_passes_the_check_that_it_was_made_for(limits: FileLimits, facts: Facts, fit: Fit) -> None:
    recipe = recipe_for(limits, facts, fit)
    assume(recipe is not None)
    assert recipe
    copy = foreseen(facts, recipe)
    size = int(copy.bitrate / 8 * max(facts.duration, 1))

    problems = [one for one in check_file(limits, copy, size, limits.most_seconds) if one.code not in NOT_MENDED]

    assert problems == []
    assert (recipe.width % 2, recipe.height % 2) == (0, 0)
    assert min(recipe.width, recipe.height) > 0
    assert recipe.video_bitrate > 0


@given(limits=st.sampled_from(REAL), facts=videos(), fit=st.sampled_from(Fit))
def test_nobody_is_asked_for_a_copy_of_a_copy(limits: FileLimits, facts: Facts, fit: Fit) -> None:
    recipe = recipe_for(limits, facts, fit)
    assume(recipe is not None)
    assert recipe

    assert not is_needed(limits, foreseen(facts, recipe), 0)


@given(facts=videos(), fit=st.sampled_from(Fit))
def test_a_copy_is_no_larger_than_anybody_recommends(facts: Facts, fit: Fit) -> None:
    recipe = recipe_for(REAL[1], facts, fit)

    assert recipe is None or sorted((recipe.width, recipe.height)) <= [1080, 1920]
    assert recipe is None or recipe.fps in range(24, 61)


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("width", "height", "fit", "becomes"),
    [
        (1080, 1920, Fit.PAD, (1080, 1920)),
        (2160, 3840, Fit.CROP, (1080, 1920)),
        (640, 360, Fit.PAD, (640, 1138)),  # bars above and below: all of its width is there
        (640, 360, Fit.CROP, (540, 960)),  # the middle, made as large as is asked for
        (1920, 1080, Fit.PAD, (1080, 1920)),
        (1920, 1080, Fit.CROP, (608, 1080)),
        (1000, 1000, Fit.PAD, (1000, 1778)),
        (1000, 1000, Fit.CROP, (562, 1000)),
        (540, 1200, Fit.PAD, (676, 1202)),  # bars left and right, and a line more to stay even
        (540, 1200, Fit.CROP, (540, 960)),
    ],
)
def test_another_shape_becomes_9_16_around_the_picture_or_within_it(
    width: int, height: int, fit: Fit, becomes: tuple[int, int]
) -> None:
    recipe = made(NARROW, fit, width=width, height=height)

    assert (recipe.width, recipe.height, recipe.fit) == (*becomes, fit)


@pytest.mark.parametrize(
    ("width", "height", "becomes"),
    [(1280, 720, (1280, 720)), (3840, 2160, (1920, 1080)), (854, 480, (960, 540)), (721, 1281, (720, 1280))],
)
@pytest.mark.parametrize("fit", Fit)
def test_a_shape_that_is_taken_stays(width: int, height: int, becomes: tuple[int, int], fit: Fit) -> None:
    recipe = made(REAL[3], fit, width=width, height=height)

    assert (recipe.width, recipe.height) == becomes


@pytest.mark.parametrize(("fps", "becomes"), [(12.0, 24), (23.976, 24), (29.97, 30), (50.0, 50), (120.0, 60)])
def test_pictures_come_evenly_and_as_often_as_is_taken(fps: float, becomes: int) -> None:
    assert made(REAL[0], Fit.PAD, fps=fps).fps == becomes


# ── quality ──────────────────────────────────────────────────────────────────────────────────────


def test_bits_are_as_many_as_the_pictures_need() -> None:
    full, small = made(REAL[0], Fit.PAD), made(REAL[0], Fit.PAD, width=360, height=640)

    assert 7_000_000 < full.video_bitrate < 9_000_000
    assert small.video_bitrate * 9 == pytest.approx(full.video_bitrate, rel=0.01)


def test_bits_are_fewer_where_the_whole_file_is_limited() -> None:
    recipe = made(REAL[2], Fit.PAD, duration=800.0)

    assert recipe.video_bitrate < made(REAL[2], Fit.PAD).video_bitrate
    assert (recipe.video_bitrate + recipe.audio_bitrate) * 800 / 8 < REAL[2].most_bytes


def test_bits_are_fewer_where_they_are_limited() -> None:
    recipe = made(replace(REAL[2], most_bitrate=2_000_000), Fit.PAD)

    assert recipe.video_bitrate + recipe.audio_bitrate < 2_000_000


@pytest.mark.parametrize("size", [(1080, 1920), (64, 64)])
def test_no_copy_is_made_that_nobody_would_want_to_watch(size: tuple[int, int]) -> None:
    tight = replace(REAL[1], most_bytes=10_000_000)
    long = replace(UPRIGHT, width=size[0], height=size[1], duration=3600.0)

    assert recipe_for(tight, long, Fit.PAD) is None


# ── needed ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "needed"),
    [
        (UPRIGHT, False),
        (replace(UPRIGHT, video_codec="vp9"), True),
        (replace(UPRIGHT, edit_list=True), False),  # asked for in documentation, and rarely insisted on
        (replace(UPRIGHT, duration=2.0), False),  # no copy mends that
    ],
)
def test_a_copy_is_needed_where_it_mends_something(facts: Facts, needed: bool) -> None:
    assert is_needed(REAL[2], facts, 1) is needed


def test_a_silent_video_stays_silent() -> None:
    silent = replace(UPRIGHT, audio_codec=None, sample_rate=None, channels=None)

    copy = foreseen(silent, made(REAL[0], Fit.PAD))

    assert (copy.audio_codec, copy.sample_rate, copy.channels) == (None, None, None)
