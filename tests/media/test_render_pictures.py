"""Renditions: shape, turn and colours of the pictures."""

import io
from dataclasses import replace

import av
import pytest

from playout.domain.rendition import Fit, Recipe
from tests.media.film import GREY, Film, Seen, filmed, joined, seen
from tests.media.renders import RECIPE, TALL, rendered

BLACK, WHITE = 16, 235
WIDE = Film(seconds=0.2, width=320, height=160)
STILL = Film(seconds=0.2)
UNKNOWN, LIMITED, FULL = 0, 1, 2
BT709 = (LIMITED, 1, 1, 1)


async def shown(film: Film, recipe: Recipe = RECIPE) -> Seen:
    """The last picture of its rendition: the first of a group is coded most coarsely."""
    return seen(await rendered(filmed(film), recipe))[-1]


def near(level: int, within: int = 3) -> object:
    return pytest.approx(level, abs=within)


async def test_a_wide_picture_gets_bars_above_and_below() -> None:
    """320 by 160 in 144 by 256 is 144 by 72, in the middle."""
    picture = await shown(WIDE, TALL)

    column = [picture.at(72, y) for y in (0, 88, 96, 128, 159, 168, 255)]
    assert column == [near(level) for level in (BLACK, BLACK, GREY, GREY, GREY, BLACK, BLACK)]
    assert [picture.at(x, 128) for x in (0, 143)] == [near(GREY)] * 2


async def test_a_tall_picture_gets_bars_at_its_sides() -> None:
    picture = await shown(replace(STILL, width=80, height=160))

    row = [picture.at(x, 80) for x in (0, 36, 44, 80, 115, 123, 159)]
    assert row == [near(level) for level in (BLACK, BLACK, GREY, GREY, GREY, BLACK, BLACK)]


async def test_cropping_keeps_the_middle() -> None:
    """Of 320 columns, 160 by 160 shows those from 80 to 240."""
    thirds = replace(WIDE, luma=lambda number, x, y: GREY if 80 <= x < 240 else WHITE)

    picture = await shown(thirds, replace(RECIPE, fit=Fit.CROP))

    assert [picture.at(x, y) for x in (2, 80, 157) for y in (0, 159)] == [near(GREY)] * 6


@pytest.mark.parametrize("fit", [Fit.PAD, Fit.CROP])
@pytest.mark.parametrize("size", [(99, 175), (6, 600), (1280, 16)])
async def test_every_shape_fits(size: tuple[int, int], fit: Fit) -> None:
    film = replace(STILL, width=size[0], height=size[1], pixels="yuv444p")

    picture = await shown(film, replace(TALL, fit=fit))

    assert (picture.width, picture.height) == (144, 256)
    assert max(picture.at(x, y) for x in range(70, 74) for y in range(126, 130)) == near(GREY)


CORNERS = {0: (8, 8), 90: (151, 8), 180: (151, 151), 270: (8, 151)}


@pytest.mark.parametrize("rotation", CORNERS)
async def test_a_turned_picture_is_upright(rotation: int) -> None:
    """Its own top left corner, bright, lies where a clockwise turn takes it."""
    corner = replace(STILL, rotation=rotation, luma=lambda number, x, y: WHITE if x < 24 and y < 24 else BLACK)

    picture = await shown(corner)

    assert {turn for turn, place in CORNERS.items() if picture.at(*place) > GREY} == {rotation}


async def test_a_turned_picture_fills_the_turned_shape() -> None:
    lying = replace(WIDE, width=256, height=144, rotation=90)

    picture = await shown(lying, TALL)

    assert [picture.at(x, y) for x in (2, 141) for y in (2, 253)] == [near(GREY)] * 4


async def test_of_a_turned_picture_the_upright_edges_are_cut_off() -> None:
    """160 by 320 lying on its side: upright its left and right are its own top and bottom."""
    thirds = replace(
        WIDE, width=160, height=320, rotation=90, luma=lambda number, x, y: GREY if 80 <= y < 240 else WHITE
    )

    picture = await shown(thirds, replace(RECIPE, fit=Fit.CROP))

    assert [picture.at(x, y) for x in (2, 80, 157) for y in (0, 159)] == [near(GREY)] * 6


VP8 = Film(codec="libvpx", container="webm", options={"deadline": "realtime", "cpu-used": "8"})


@pytest.mark.parametrize("fit", [Fit.PAD, Fit.CROP])
@pytest.mark.parametrize("sizes", [(160, 320), (320, 160)], ids=["larger", "smaller"])
async def test_a_picture_that_changes_its_size_keeps_the_wanted_one(sizes: tuple[int, int], fit: Fit) -> None:
    first, second = (filmed(replace(VP8, width=2 * side, height=side)) for side in sizes)

    pictures = seen(await rendered(joined(first, second), replace(RECIPE, fit=fit)))

    assert len(pictures) == 60
    assert {(picture.width, picture.height, picture.at(80, 80)) for picture in pictures} <= {
        (160, 160, level) for level in range(GREY - 8, GREY + 9)
    }


async def test_pixels_that_are_no_squares_become_squares() -> None:
    """80 by 160 with pixels twice as wide as high is a square."""
    squeezed = replace(STILL, width=80, options={"x264-params": "sar=2/1"})

    picture = await shown(squeezed)

    assert [picture.at(x, y) for x in (2, 157) for y in (2, 157)] == [near(GREY)] * 4


@pytest.mark.parametrize("level", [BLACK, GREY, WHITE])
async def test_ten_bits_become_eight(level: int) -> None:
    deep = replace(STILL, pixels="yuv420p10le", luma=lambda number, x, y: level)

    assert (await shown(deep)).at(80, 80) == near(level)


@pytest.mark.parametrize(("level", "becomes"), [(0, BLACK), (128, 126), (255, WHITE)])
async def test_the_full_range_is_brought_into_the_usual_one(level: int, becomes: int) -> None:
    wide = replace(STILL, luma=lambda number, x, y: level, colours=(FULL, 1, 1, 1))

    assert (await shown(wide)).at(80, 80) == near(becomes)


#: Red, as the two standards write it (ITU-R BT.601 and BT.709).
RED_601, RED_709 = (81, (90, 240)), (63, (102, 240))


@pytest.mark.parametrize("colours", [None, (LIMITED, 6, 6, 6), (LIMITED, 5, 5, 6)], ids=["unmarked", "NTSC", "PAL"])
async def test_the_colours_of_old_television_become_those_of_hd(colours: tuple[int, int, int, int] | None) -> None:
    red = replace(STILL, luma=lambda number, x, y: RED_601[0], chroma=RED_601[1], colours=colours)

    picture = await shown(red)

    assert (picture.at(80, 80), picture.chroma) == (near(RED_709[0]), tuple(near(level) for level in RED_709[1]))


async def test_unmarked_hd_keeps_its_colours() -> None:
    red = replace(STILL, width=720, height=720, luma=lambda number, x, y: RED_709[0], chroma=RED_709[1])

    picture = await shown(red)

    assert (picture.at(80, 80), picture.chroma) == (near(RED_709[0]), tuple(near(level) for level in RED_709[1]))


HLG, PQ = (LIMITED, 9, 9, 18), (LIMITED, 9, 9, 16)


@pytest.mark.parametrize(
    ("colours", "levels"),
    [(HLG, [BLACK, 140, 180, 210, WHITE]), (PQ, [BLACK, 103, 143, 162, 180])],
    ids=["HLG", "PQ"],
)
async def test_hdr_becomes_sdr_and_what_is_brighter_than_white_is_not_burnt_out(
    colours: tuple[int, int, int, int], levels: list[int]
) -> None:
    """In the middle is white: 75 % of HLG, 58 % of PQ (ITU-R BT.2408, table 1); the last one has 1,000 cd/m²."""
    steps = replace(STILL, pixels="yuv420p10le", colours=colours, luma=lambda number, x, y: levels[x // 32])

    picture = await shown(steps)

    found = [picture.at(x, 80) for x in range(16, 160, 32)]
    assert (found[0], found[-1]) == (near(BLACK), near(WHITE))
    assert found == sorted(set(found))
    assert 190 < found[2] < 220


async def test_wide_colours_without_hdr_keep_their_brightness() -> None:
    wide = replace(STILL, pixels="yuv420p10le", colours=(LIMITED, 9, 9, 14))

    assert (await shown(wide)).at(80, 80) == near(GREY)


@pytest.mark.parametrize("colours", [None, BT709, HLG, (FULL, 1, 1, 1)])
async def test_the_result_names_its_colours(colours: tuple[int, int, int, int] | None) -> None:
    out = await rendered(filmed(replace(STILL, colours=colours)))

    with av.open(io.BytesIO(out), "r") as container:
        video = container.streams.video[0]
        assert (video.color_range, video.colorspace, video.color_primaries, video.color_trc) == BT709
        assert video.pix_fmt == "yuv420p"
        assert video.sample_aspect_ratio == 1
        assert video.profile == "High"
