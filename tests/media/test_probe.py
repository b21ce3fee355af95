"""What the probe finds in sound videos."""

import io
from dataclasses import replace

import av
import pytest

from playout.application.ports import Probed
from playout.domain.errors import FileGone
from playout.domain.video import Facts
from playout.media.clip import Clip
from playout.media.memory import MemoryFiles
from playout.media.probe import WorkerProbe
from tests.media.stage import KEY, QUIET, REALTIME, SMALL, made, probed


async def facts(clip: Clip) -> Facts:
    return (await probed(made(clip))).facts


def size(jpeg: bytes) -> tuple[int, int]:
    decoder = av.CodecContext.create("mjpeg", "r")
    [frame] = [frame for packet in (av.Packet(jpeg), None) for frame in decoder.decode(packet)]
    return frame.width, frame.height


def colour(jpeg: bytes, x: int, y: int) -> tuple[int, ...]:
    decoder = av.CodecContext.create("mjpeg", "r")
    [frame] = [frame for packet in (av.Packet(jpeg), None) for frame in decoder.decode(packet)]
    plain = frame.reformat(format="rgb24")
    at = y * plain.planes[0].line_size + 3 * x
    return tuple(bytes(plain.planes[0])[at : at + 3])


async def test_a_plain_clip_has_these_facts() -> None:
    content = made()

    found = (await probed(content)).facts

    assert replace(found, bitrate=0) == Facts(
        container="mp4",
        duration=2.0,
        width=180,
        height=320,
        rotation=0,
        fps=30.0,
        variable_fps=False,
        video_codec="h264",
        audio_codec="aac",
        pixel_format="yuv420p",
        sample_rate=48_000,
        channels=2,
        bitrate=0,
        faststart=True,
        edit_list=True,
        closed_gop=True,
    )
    assert found.bitrate == pytest.approx(len(content) * 8 / 2, rel=0.02)


async def test_an_index_at_the_end_is_no_faststart() -> None:
    assert not (await facts(replace(SMALL, faststart=False))).faststart


async def test_a_clip_without_sound_says_so() -> None:
    found = await facts(replace(SMALL, audio_codec=None))

    assert (found.audio_codec, found.sample_rate, found.channels) == (None, None, None)


@pytest.mark.parametrize("rotation", [90, 270])
async def test_a_quarter_turn_swaps_the_sides(rotation: int) -> None:
    found = await probed(made(replace(SMALL, width=320, height=180, rotation=rotation)))

    assert (found.facts.rotation, found.facts.width, found.facts.height) == (rotation, 180, 320)
    assert size(found.thumbnail) == (180, 320)


async def test_a_half_turn_keeps_the_sides() -> None:
    found = await facts(replace(SMALL, rotation=180))

    assert (found.rotation, found.width, found.height) == (180, 180, 320)


@pytest.mark.parametrize(
    ("rotation", "corner"), [(0, "top left"), (90, "top right"), (180, "bottom right"), (270, "bottom left")]
)
async def test_the_thumbnail_is_turned_upright_clockwise(rotation: int, corner: str) -> None:
    """The clip's own top left corner lies where a clockwise turn takes it."""
    straight = (await probed(made(replace(SMALL, width=320, height=320)))).thumbnail
    turned = (await probed(made(replace(SMALL, width=320, height=320, rotation=rotation)))).thumbnail

    at = {"top left": (2, 2), "top right": (317, 2), "bottom right": (317, 317), "bottom left": (2, 317)}[corner]
    assert colour(turned, *at) == pytest.approx(colour(straight, 2, 2), abs=12)


async def test_frames_at_uneven_times_are_a_variable_rate() -> None:
    found = await facts(replace(SMALL, variable_fps=True))

    assert found.variable_fps
    assert found.fps == pytest.approx(30, abs=0.5)


WEBM = replace(SMALL, container="webm", audio_codec="libopus", video_options=REALTIME)


@pytest.mark.parametrize(
    ("clip", "container", "video", "audio"),
    [
        (replace(SMALL, container="mov"), "mov", "h264", "aac"),
        (replace(SMALL, video_codec="libx265", video_options=QUIET), "mp4", "hevc", "aac"),
        (replace(WEBM, video_codec="libvpx-vp9"), "webm", "vp9", "opus"),
        (replace(WEBM, video_codec="libvpx"), "webm", "vp8", "opus"),
        (replace(SMALL, container="matroska"), "mkv", "h264", "aac"),
        (replace(SMALL, muxer_options={"movflags": "frag_keyframe+empty_moov"}), "mp4", "h264", "aac"),
    ],
    ids=["mov", "hevc", "vp9", "vp8", "mkv", "fragments"],
)
async def test_other_kinds_of_video_are_read_too(clip: Clip, container: str, video: str, audio: str) -> None:
    found = await facts(clip)

    assert (found.container, found.video_codec, found.audio_codec) == (container, video, audio)
    assert found.duration == pytest.approx(2, abs=0.1)
    assert found.fps == 30
    assert not found.variable_fps
    assert found.closed_gop


async def test_pixels_that_are_no_squares_are_shown_in_their_shape() -> None:
    assert (await facts(replace(SMALL, video_options={"x264-params": "sar=4/3"}))).width == 240


async def test_a_recording_that_does_not_begin_at_zero_is_read_all_the_same() -> None:
    found = await probed(later(made(), 100))

    assert found.facts.duration == pytest.approx(2, abs=0.1)
    assert size(found.strip) == (2 * 90, 160)


def later(content: bytes, seconds: int) -> bytes:
    """The same video in Matroska, its clock set forward: what is cut from a longer recording looks so."""
    moved = io.BytesIO()
    options = {"avoid_negative_ts": "disabled"}
    with av.open(io.BytesIO(content), "r") as whole, av.open(moved, "w", "matroska", options) as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in whole.streams}
        for packet in whole.demux():
            if packet.dts is not None and packet.pts is not None and packet.time_base:
                packet.pts += round(seconds / packet.time_base)
                packet.dts += round(seconds / packet.time_base)
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return moved.getvalue()


async def test_groups_that_lean_on_the_one_before_are_open() -> None:
    """What x265 writes unless it is told not to."""
    options = {"x265-params": "log-level=none:open-gop=1"}

    assert (await facts(replace(SMALL, video_codec="libx265", video_options=options))).closed_gop is False


async def test_the_pictures_are_small_jpegs() -> None:
    found: Probed = await probed(made(replace(SMALL, width=1080, height=1920, seconds=1)))

    assert size(found.thumbnail) == (540, 960)
    assert size(found.strip) == (90, 160)


async def test_the_strip_holds_a_frame_for_each_tenth_at_most() -> None:
    many = await probed(made(replace(SMALL, keyframe_every=1)))
    few = await probed(made(replace(SMALL, keyframe_every=30)))

    assert size(many.strip) == (10 * 90, 160)
    assert size(few.strip) == (2 * 90, 160)


async def test_no_comment_or_place_gets_into_the_pictures() -> None:
    """Markers of application data (APPn) beyond JFIF, and comments (COM), are where such things stand."""
    found = await probed(made())

    for jpeg in (found.thumbnail, found.strip):
        markers = {jpeg[at + 1] for at in range(len(jpeg[:600])) if jpeg[at] == 0xFF}
        assert not markers & ({0xFE} | set(range(0xE1, 0xF0)))


async def test_a_file_that_is_gone_is_gone() -> None:
    with pytest.raises(FileGone):
        await WorkerProbe(MemoryFiles()).probe(KEY)
