"""The clips that the demo publishes and these tests are made of."""

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.container import InputContainer

from playout.media.clip import Clip
from tests.media.stage import SMALL, made


def test_the_same_clip_gives_the_same_bytes() -> None:
    assert made() == made()


def test_frames_differ_from_one_another(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(made(replace(SMALL, seconds=0.2)))

    with av.open(path) as container:
        seen = {bytes(frame.planes[0]) for frame in container.decode(video=0)}

    assert len(seen) == 6


def test_the_default_is_an_upright_clip_of_five_seconds() -> None:
    assert (Clip().width, Clip().height, Clip().seconds) == (540, 960, 5.0)


def test_a_rate_need_not_be_whole() -> None:
    stream = opened(replace(SMALL, fps=Fraction(24000, 1001))).streams.video[0]

    assert (stream.average_rate, stream.frames) == (Fraction(24000, 1001), 48)


def test_colours_can_be_finer() -> None:
    assert opened(replace(SMALL, pixel_format="yuv422p10le")).streams.video[0].pix_fmt == "yuv422p10le"


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("5.1", 6)])
def test_sound_can_have_another_rate_and_other_channels(layout: str, channels: int) -> None:
    sound = opened(replace(SMALL, sample_rate=44_100, layout=layout)).streams.audio[0]

    assert (sound.rate, sound.channels) == (44_100, channels)
    assert float((sound.duration or 0) * (sound.time_base or 0)) == pytest.approx(SMALL.seconds, abs=0.05)


def test_a_flat_picture_holds_its_number_too() -> None:
    assert opened(replace(SMALL, width=640, height=64)).streams.video[0].frames == 60


def opened(clip: Clip) -> InputContainer:
    return av.open(io.BytesIO(made(clip)), "r")


def test_a_codec_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="makes no pictures"):
        made(replace(SMALL, video_codec="aac"))
