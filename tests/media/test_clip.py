"""The clips that the demo publishes and these tests are made of."""

from dataclasses import replace
from pathlib import Path

import av
import pytest

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


def test_a_codec_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="makes no pictures"):
        made(replace(SMALL, video_codec="aac"))
