"""Whatever a picture is like, the rendition that a platform is offered fits that platform."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.domain.limits import Limits
from playout.domain.preflight import check_file
from playout.domain.rendition import Fit, foreseen, recipe_for
from playout.domain.video import Facts
from playout.platforms.facebook.rules import LIMITS as FACEBOOK
from playout.platforms.instagram.rules import LIMITS as INSTAGRAM
from playout.platforms.tiktok.rules import LIMITS as TIKTOK
from playout.platforms.youtube.rules import LIMITS as YOUTUBE

LIMITS: Mapping[str, Limits] = {"tiktok": TIKTOK, "youtube": YOUTUBE, "instagram": INSTAGRAM, "facebook": FACEBOOK}

sides = st.integers(2, 16_384)
near_a_limit = st.builds(lambda side, shape: (round(side * shape), side), st.integers(100, 5000), st.sampled_from(
    [9 / 16, 9 / 16 - 0.005, 16 / 9, 16 / 9 + 0.01, 4096 / 360, 10]
))  # fmt: skip


@pytest.mark.parametrize("platform", LIMITS)
@pytest.mark.parametrize("fit", Fit)
@given(size=st.tuples(sides, sides) | near_a_limit, fps=st.floats(0.1, 240), seconds=st.floats(3, 900))
def test_a_rendition_fits(platform: str, fit: Fit, size: tuple[int, int], fps: float, seconds: float) -> None:
    facts = worst(*size, fps, seconds)
    file = LIMITS[platform].file

    recipe = recipe_for(file, facts, fit)

    assert recipe
    assert (recipe.width % 2, recipe.height % 2) == (0, 0)
    assert check_file(file, foreseen(facts, recipe), 0, seconds) == []


def worst(width: int, height: int, fps: float, seconds: float) -> Facts:
    """A file of which nothing is as it is wanted."""
    return Facts(
        container="mkv",
        duration=seconds,
        width=width,
        height=height,
        rotation=90,
        fps=fps,
        variable_fps=True,
        video_codec="prores",
        audio_codec="opus",
        pixel_format="yuv444p10le",
        sample_rate=96_000,
        channels=6,
        bitrate=10**9,
        faststart=False,
        edit_list=True,
        closed_gop=False,
    )


@pytest.mark.parametrize("fit", Fit)
def test_what_would_have_to_be_too_wide_gets_the_shape_of_a_telephone(fit: Fit) -> None:
    """12:1 at 360 pixels of height would be wider than the 4096 that are taken."""
    recipe = recipe_for(TIKTOK.file, worst(4320, 360, 30, 10), fit)

    assert recipe
    assert recipe.height > recipe.width
