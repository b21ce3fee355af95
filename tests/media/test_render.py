"""What comes out of a rendition, whatever went in: looked at by the probe, and by decoding it."""

import hashlib
import io
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest

from playout.domain.video import Facts
from playout.media.clip import Clip
from playout.media.render import WorkerRender
from tests.media.film import Film, filmed, seen, tone
from tests.media.renders import LIMIT, RECIPE, TALL, TARGET, content_of, quietly, rendered
from tests.media.stage import KEY, QUIET, REALTIME, SMALL, made, probed, stored

BRIEF = replace(SMALL, seconds=0.6)
WEBM = replace(BRIEF, container="webm", audio_codec="libopus", video_options=REALTIME)
FRAME = 1 / RECIPE.fps

SOURCES = {
    "plain": BRIEF,
    "without sound": replace(BRIEF, audio_codec=None),
    "22 frames a second": replace(BRIEF, fps=22),
    "60 frames a second": replace(BRIEF, fps=60),
    "wandering frames": replace(BRIEF, variable_fps=True),
    "index at the end": replace(BRIEF, faststart=False),
    "fragments": replace(BRIEF, seconds=1, muxer_options={"movflags": "frag_keyframe+empty_moov"}),
    "mov": replace(BRIEF, container="mov", audio_codec="pcm_s16le"),
    "mkv": replace(BRIEF, container="matroska"),
    "hevc": replace(BRIEF, video_codec="libx265", video_options=QUIET),
    "vp9": replace(WEBM, video_codec="libvpx-vp9"),
    "vp8": replace(WEBM, video_codec="libvpx"),
    "B-frames": replace(BRIEF, video_options={"preset": "fast", "tune": "film", "bf": "3"}),
    "open groups": replace(BRIEF, video_codec="libx265", video_options={"x265-params": "log-level=none:open-gop=1"}),
    "odd sides": replace(BRIEF, width=99, height=175, video_codec="libvpx", container="webm", audio_codec="libopus"),
    "lying": replace(BRIEF, width=320, height=180),
    "turned": replace(BRIEF, width=320, height=180, rotation=90),
    "long pixels": replace(BRIEF, video_options={"x264-params": "sar=4/3"}),
}


@pytest.mark.parametrize("clip", SOURCES.values(), ids=SOURCES)
async def test_whatever_goes_in_the_recipe_comes_out(clip: Clip) -> None:
    out = await rendered(made(clip), TALL)

    found = (await probed(out)).facts
    assert replace(found, bitrate=0, duration=0) == Facts(
        container="mp4",
        duration=0,
        width=144,
        height=256,
        rotation=0,
        fps=30.0,
        variable_fps=False,
        video_codec="h264",
        audio_codec="aac" if clip.audio_codec else None,
        pixel_format="yuv420p",
        sample_rate=48_000 if clip.audio_codec else None,
        channels=2 if clip.audio_codec else None,
        bitrate=0,
        faststart=True,
        edit_list=False,
        closed_gop=True,
    )
    assert found.duration == pytest.approx(clip.seconds, abs=FRAME)
    check_pictures(out, clip.seconds)


def check_pictures(out: bytes, seconds: float) -> None:
    """They begin at 0, stand one step apart, and are as many as the time holds."""
    times = [picture.time for picture in seen(out)]
    assert times[0] == 0
    assert {round(after - before, 6) for before, after in pairwise(times)} == {round(FRAME, 6)}
    assert len(times) * FRAME == pytest.approx(seconds, abs=FRAME)


async def test_a_keyframe_stands_every_two_seconds_and_nowhere_else() -> None:
    """Also where the scene changes, which would tempt the encoder."""
    flicker = Film(seconds=5, luma=lambda number, x, y: 235 if number // 10 % 2 else 16)

    with av.open(io.BytesIO(await rendered(filmed(flicker))), "r") as container:
        keys = [
            packet.pts * packet.time_base
            for packet in container.demux(video=0)
            if packet.pts is not None and packet.is_keyframe
        ]

    assert keys == [0, 2, 4]


async def test_the_first_and_the_last_picture_are_there() -> None:
    ends = Film(luma=lambda number, x, y: 235 if number in {0, 29} else 16)

    bright = [picture.time for picture in seen(await rendered(filmed(ends))) if picture.at(80, 80) > 200]

    assert bright == pytest.approx([0, 29 * FRAME])


async def test_nothing_but_pictures_and_sound_is_taken_along() -> None:
    """No place, no title, no maker, no captions: what a person has not looked at is not published."""
    place = {"location": "+48.1374+011.5755/", "title": "at home", "comment": "planted", "make": "a phone"}
    options = {"movflags": "use_metadata_tags", "brand": "qt"}
    film = Film(sound=tone, container="mov", sound_codec="pcm_s16le", metadata=place, muxing=options)
    source = filmed(film)
    assert b"+48.1374" in source

    out = await rendered(source)

    assert not [word for word in (b"+48", b"011.5", b"home", b"planted", b"phone") if word in out]
    with av.open(io.BytesIO(out), "r") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}


async def test_the_pictures_take_no_more_than_the_recipe_allows() -> None:
    """Noise takes whatever it gets."""
    chance = random.Random(5)
    noise = Film(seconds=2, luma=lambda number, x, y: chance.randrange(16, 236))
    source = filmed(noise)

    for allowed in (200_000, 800_000):
        out = await rendered(source, replace(RECIPE, video_bitrate=allowed))
        assert len(out) * 8 / 2 < allowed * 1.4  # a second's worth may be spent ahead


async def test_the_source_stays_as_it_is() -> None:
    content = made(BRIEF)
    files = await stored(content)

    await WorkerRender(files).render(KEY, TARGET, RECIPE, limit=LIMIT, progress=quietly)

    assert b"".join([piece async for piece in files.read(KEY, 0, await files.size(KEY))]) == content


async def test_what_is_stored_is_what_it_says() -> None:
    files = await stored(made(BRIEF))

    said = await WorkerRender(files).render(KEY, TARGET, RECIPE, limit=LIMIT, progress=quietly)

    content = await content_of(files)
    assert (said.key, said.size, said.sha256) == (TARGET, len(content), hashlib.sha256(content).hexdigest())


async def test_progress_grows_to_one() -> None:
    shares: list[float] = []

    async def note(share: float) -> None:
        shares.append(share)

    await rendered(made(BRIEF), progress=note)

    assert shares == sorted(set(shares))
    assert shares[-1] == 1


def held_in(folder: Path) -> int:
    """Files of this folder that this process has open, with or without a name."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.readlink().as_posix().startswith(str(folder)) for link in links)


def named_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_folder_may_be_chosen_for_what_grows(tmp_path: Path) -> None:
    """The file there has no name, so nothing is left even by a process that is killed."""
    files = await stored(made(BRIEF))

    async def look(share: float) -> None:
        assert (held_in(tmp_path), named_in(tmp_path)) == (1, [])

    await WorkerRender(files, folder=tmp_path).render(KEY, TARGET, RECIPE, limit=LIMIT, progress=look)
