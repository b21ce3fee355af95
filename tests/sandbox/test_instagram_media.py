"""Rows 18 and 21 of Instagram: the file itself."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.app import App
from tests.sandbox.instagram_app import Insta, own_server
from tests.sandbox.instagram_clips import good_reel, make_reel
from tests.sandbox.other_side import OtherSide

FAST = {"preset": "ultrafast", "bf": "0"}
LONG: dict[str, Any] = {"fps": 23, "audio": "", "width": 32, "height": 32, "encoder": FAST}


@pytest.fixture
async def side(app: App) -> AsyncIterator[OtherSide]:
    async with own_server(app, checks=True) as side:
        yield side


@pytest.fixture
def insta(app: App, side: OtherSide) -> Insta:
    return Insta(app)


async def outcome(app: App, insta: Insta, side: OtherSide, video: bytes, **params: str) -> tuple[str, str]:
    """The subcode with which a container of this file ended, and the rule it broke; two empty words if none."""
    side.video = video
    token = await insta.grant()
    await insta.settled(token, (await insta.create(token, f"{side.url}/pull/video", **params)).json["id"])
    failed = await app.ledger("failed")
    return (failed[0]["reason"], failed[0]["rule"]) if failed else ("", "")


@pytest.mark.parametrize(
    "clip",
    [
        {},
        {"audio": ""},
        {"name": "reel.mov"},
        {"fps": 60},
        {"fps": 23},
        {"width": 1920, "height": 1080, "fps": 24, "encoder": FAST},
        {"layout": "mono", "rate": 44_100},
        {"seconds": 900, **LONG},
    ],
    ids=["good", "silent", "mov", "60 fps", "23 fps", "1920 wide", "mono", "15 minutes"],
)
async def test_row_21_good_files_are_taken(app: App, insta: Insta, side: OtherSide, clip: dict[str, Any]) -> None:
    assert await outcome(app, insta, side, make_reel(**clip)) == ("", "")


@pytest.mark.parametrize(
    ("clip", "rule"),
    [
        ({"name": "a.webm", "codec": "libvpx-vp9", "audio": "libopus", "muxer": {}}, "container"),
        ({"muxer": {"use_editlist": "0"}}, "moov_last"),
        ({"muxer": {"movflags": "+faststart"}}, "edit_list"),
        ({"codec": "mpeg4"}, "video_codec"),
        ({"encoder": {"flags": "+ilme+ildct", "x264-params": "tff=1"}}, "interlaced"),
        ({"pixels": "yuv444p"}, "chroma"),
        ({"fps": 22, "seconds": 4}, "frame_rate"),
        ({"fps": 61}, "frame_rate"),
        ({"width": 1922, "height": 1080, "encoder": FAST}, "width"),
        ({"audio": "libmp3lame"}, "audio_codec"),
        ({"rate": 96_000}, "audio_rate"),
        ({"layout": "5.1"}, "audio_channels"),
        ({"seconds": 2}, "duration"),
        ({"seconds": 960, **LONG}, "duration"),
    ],
)
async def test_row_21_bad_files_are_refused(
    app: App, insta: Insta, side: OtherSide, clip: dict[str, Any], rule: str
) -> None:
    assert await outcome(app, insta, side, make_reel(**clip)) == ("2207026", rule)


async def test_row_21_a_file_that_is_too_large_is_refused(app: App, insta: Insta, side: OtherSide) -> None:
    await insta.configure(largest=len(good_reel()) - 1)
    assert await outcome(app, insta, side, good_reel()) == ("2207026", "size")


@pytest.mark.parametrize("video", [b"", b"no video at all", good_reel()[:3000]], ids=["nothing", "text", "half"])
async def test_row_21_a_file_that_cannot_be_decoded_is_refused(
    app: App, insta: Insta, side: OtherSide, video: bytes
) -> None:
    assert await outcome(app, insta, side, video) == ("2207026", "unreadable")


async def test_row_21_a_rule_can_be_switched_off(app: App, insta: Insta, side: OtherSide) -> None:
    await insta.configure(ignored_rules=["moov_last", "edit_list"])
    assert await outcome(app, insta, side, make_reel(muxer={})) == ("", "")


@pytest.mark.parametrize(("offset", "ended"), [("3000", ("", "")), ("4000", ("2207057", "thumb_offset"))])
async def test_row_18_a_thumb_offset_lies_inside_the_video(
    app: App, insta: Insta, side: OtherSide, offset: str, ended: tuple[str, str]
) -> None:
    assert await outcome(app, insta, side, good_reel(), thumb_offset=offset) == ended


async def test_row_18_a_cover_makes_the_thumb_offset_meaningless(app: App, insta: Insta, side: OtherSide) -> None:
    # The server sends the same file for both addresses, so that the cover is refused, and not the offset.
    ended = await outcome(app, insta, side, good_reel(), thumb_offset="4000", cover_url=f"{side.url}/pull/cover")
    assert ended == ("2207005", "")
