"""One picture of a video, as it is shown at a moment."""

import asyncio
import io
import json
import random
from dataclasses import replace

import av
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from playout.application.ports import Probe
from playout.domain.errors import FileGone, Unplayable
from playout.media.memory import MemoryFiles, MemoryProbe
from playout.media.probe import WorkerProbe
from tests.media.film import BLOCK, Film, Seen, filmed, seen
from tests.media.stage import KEY, made, processes, stored

BLACK, WHITE = 0, 255  # of a JPEG, which uses the full range
WORKERS = "tests.media.workers."
MOST = 2 * 1024 * 1024


def numbered(number: int, _x: int, _y: int) -> int:
    """Each picture a little brighter than the one before."""
    return 16 + 7 * number


#: 30 pictures in a second, and no keyframe but the first; the ones between need others before and after them.
GROWING = Film(luma=numbered, options={"preset": "fast", "crf": "1", "bf": "2", "x264-params": "keyint=999"})


async def taken(content: bytes, at_ms: int) -> bytes:
    probe: Probe = WorkerProbe(await stored(content))
    return await probe.frame(KEY, at_ms)


async def shown(film: Film, at_ms: int) -> Seen:
    [picture] = seen(await taken(filmed(film), at_ms))
    return picture


async def number_at(at_ms: int, film: Film = GROWING) -> int:
    """Which of the pictures it is."""
    return number_of(await shown(film, at_ms))


def number_of(picture: Seen) -> int:
    return round(picture.at(80, 80) * 219 / 255 / 7)


@pytest.mark.parametrize(("at_ms", "number"), [(0, 0), (32, 0), (34, 1), (500, 15), (520, 15), (999, 29)])
async def test_the_picture_is_the_one_that_is_shown_then(at_ms: int, number: int) -> None:
    assert await number_at(at_ms) == number


async def test_a_time_rounded_down_to_the_millisecond_still_means_its_picture() -> None:
    """The second picture begins at 33⅓ ms, which everybody calls 33."""
    assert await number_at(33) == 1


async def test_each_group_of_pictures_is_searched_from_its_own_keyframe() -> None:
    short_groups = replace(GROWING, options={"preset": "ultrafast", "crf": "1", "x264-params": "keyint=7"})

    assert [await number_at(at_ms, short_groups) for at_ms in (210, 240, 700)] == [6, 7, 21]


@pytest.mark.parametrize("at_ms", [1000, 60_000, 2**40])
async def test_beyond_the_end_it_is_the_last_picture(at_ms: int) -> None:
    assert await number_at(at_ms) == 29


async def test_where_the_sound_goes_on_alone_it_is_the_last_picture() -> None:
    whole = filmed(replace(GROWING, sound=lambda _: 0.0, options={"preset": "ultrafast", "crf": "1"}))

    [picture] = seen(await taken(blind_from(whole, 0.5), 990))

    assert number_of(picture) == 14


def blind_from(content: bytes, seconds: float) -> bytes:
    """The same video, of which only the sound is left from then on."""
    cut = io.BytesIO()
    with av.open(io.BytesIO(content), "r") as whole, av.open(cut, "w", "mp4") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in whole.streams}
        for packet in whole.demux():
            is_late = packet.pts is not None and packet.pts * packet.time_base >= seconds
            if packet.dts is not None and not (packet.stream.type == "video" and is_late):
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return cut.getvalue()


async def test_before_the_first_picture_it_is_that_one() -> None:
    """The sound comes first."""
    late = replace(GROWING, pictures_from=0.5, sound=lambda _: 0.0)

    assert [await number_at(at_ms, late) for at_ms in (0, 499, 550)] == [0, 0, 1]


@pytest.mark.parametrize(("container", "codec"), [("mov", "libx264"), ("matroska", "libx264"), ("webm", "libvpx-vp9")])
async def test_other_kinds_of_video_give_their_pictures_too(container: str, codec: str) -> None:
    quick = {} if codec == "libx264" else {"deadline": "realtime", "cpu-used": "8", "crf": "4", "b": "0"}
    film = replace(GROWING, container=container, codec=codec, options=quick or GROWING.options)

    assert [await number_at(at_ms, film) for at_ms in (0, 520, 5000)] == [0, 15, 29]


CORNERS = {0: (8, 8), 90: (311, 8), 180: (311, 151), 270: (8, 151)}


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
async def test_a_turned_picture_is_upright_and_in_its_own_size(rotation: int) -> None:
    """Its own top left corner, bright, lies where a clockwise turn takes it."""
    width, height = (160, 320) if rotation % 180 else (320, 160)
    film = Film(
        width=width,
        height=height,
        rotation=rotation,
        luma=lambda _, x, y: 235 if x < 3 * BLOCK and y < 3 * BLOCK else 16,
    )

    picture = await shown(film, 500)

    assert (picture.width, picture.height) == (320, 160)
    assert {turn for turn, place in CORNERS.items() if picture.at(*place) > (BLACK + WHITE) / 2} == {rotation}


async def test_pixels_that_are_no_squares_are_shown_in_their_shape() -> None:
    picture = await shown(replace(GROWING, options={"x264-params": "sar=3/2"}), 0)

    assert (picture.width, picture.height) == (240, 160)


RED = {1: (63, (102, 240)), 6: (82, (90, 240))}  # by BT.709 and BT.601: brightness, and the two colours


@pytest.mark.parametrize("matrix", RED)
async def test_red_stays_red_whichever_way_the_video_says_it(matrix: int) -> None:
    """A JPEG knows one way only: full range, and the colours of BT.601."""
    luma, chroma = RED[matrix]
    film = Film(luma=lambda _, x, y: luma, chroma=chroma, colours=(1, matrix, matrix, matrix))

    picture = await shown(film, 0)

    assert picture.at(80, 80) == pytest.approx(76, abs=2)
    assert list(picture.chroma) == pytest.approx([85, 255], abs=2)


async def test_a_sheet_of_paper_in_hdr_is_white() -> None:
    """203 cd/m² in PQ (ITU-R BT.2100 and BT.2408): untreated it would be a middling grey."""
    film = Film(pixels="yuv420p10le", luma=lambda _, x, y: 16 + round(0.58 * 219), colours=(1, 9, 9, 16))

    assert (await shown(film, 0)).at(80, 80) > 225


@pytest.mark.parametrize(("width", "height"), [(3000, 2000), (1080, 1920)])
async def test_a_picture_of_noise_is_coded_until_it_fits_into_two_mebibytes(width: int, height: int) -> None:
    content = await taken(noise(width, height), 0)

    assert MOST / 4 < len(content) <= MOST
    assert [(one.width, one.height) for one in seen(content)] == [(width, height)]


def noise(width: int, height: int) -> bytes:
    """Two pictures of chance, which nothing can pack well."""
    made_up = io.BytesIO()
    with av.open(made_up, "w", "mov") as out:
        stream = out.add_stream("mjpeg", rate=10, options={"qmin": "2", "qmax": "2", "threads": "1"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        frame = VideoFrame(width, height, "yuvj420p")
        for plane in frame.planes:
            plane.update(random.Random(3).randbytes(plane.buffer_size))
        for frame.pts in range(2):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return made_up.getvalue()


async def test_a_picture_larger_than_covers_are_is_made_smaller() -> None:
    picture = await shown(Film(seconds=0.1, width=5120, height=1280, fps=10), 0)

    assert (picture.width, picture.height) == (4096, 1024)


async def test_no_comment_or_place_gets_into_the_picture() -> None:
    """Markers of application data (APPn) beyond JFIF, and comments (COM), are where such things stand."""
    content = await taken(filmed(replace(GROWING, metadata={"comment": "canary", "location": "+52+13/"})), 0)

    markers = {content[at + 1] for at in range(len(content[:600])) if content[at] == 0xFF}
    assert not markers & ({0xFE} | set(range(0xE1, 0xF0)))
    assert b"canary" not in content


async def test_what_is_no_video_has_no_picture() -> None:
    with pytest.raises(Unplayable) as refused:
        await taken(b"<!DOCTYPE html><html>", 0)

    assert refused.value.code == "not_a_video"


async def test_a_file_cut_off_before_that_moment_is_refused() -> None:
    whole = made()

    with pytest.raises(Unplayable):
        await taken(whole[: len(whole) // 3], 1500)


async def test_a_file_that_is_gone_is_gone() -> None:
    with pytest.raises(FileGone):
        await WorkerProbe(MemoryFiles()).frame(KEY, 0)


# ── a worker that a file has taken over ──────────────────────────────────────────────────────────

JPEG = b"\xff\xd8\xff\xd9"


async def attended(worker: str, content: bytes = b"x", seconds: float = 30) -> bytes:
    return await WorkerProbe(await stored(content), worker=WORKERS + worker, seconds=seconds).frame(KEY, 0)


def answer(picture: bytes, header: object = None, length: int | None = None) -> bytes:
    told = json.dumps(header or {}).encode()
    return b"D %d %d\n" % (len(told), len(picture) if length is None else length) + told + picture


async def test_a_sound_answer_is_believed() -> None:
    assert await attended("says", answer(JPEG)) == JPEG


LIES = {
    "a picture that is a page": answer(b"<html>"),
    "a picture without an end": answer(JPEG[:3]),
    "no picture": answer(b""),
    "a picture too long": answer(b"", length=MOST + 1),
    "two pictures": b"D 2 4 4\n{}" + JPEG + JPEG,
    "a header that is none": b"D 3 4\nabc" + JPEG,
    "a refusal we do not know": answer(JPEG, {"refused": "send me your password"}),
    "an unknown word": b"X 1 2\n",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_worker_taken_over_is_not_believed(lie: bytes) -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("says", lie)

    assert refused.value.code == "damaged"


async def test_a_worker_that_hangs_is_killed() -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("hangs", seconds=0.5)

    assert refused.value.code == "too_slow"
    assert processes(WORKERS + "hangs") == []


async def test_a_question_that_is_cancelled_leaves_no_process() -> None:
    asking = asyncio.create_task(attended("hangs"))
    while not processes(WORKERS + "hangs"):
        await asyncio.sleep(0.01)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert processes(WORKERS + "hangs") == []


# ── the probe by agreement ───────────────────────────────────────────────────────────────────────


async def test_in_memory_every_file_has_a_picture_and_an_empty_one_has_none() -> None:
    assert (await MemoryProbe(await stored(b"x")).frame(KEY, 99)).startswith(b"\xff\xd8\xff")
    with pytest.raises(Unplayable):
        await MemoryProbe(await stored(b"")).frame(KEY, 0)
    with pytest.raises(FileGone):
        await MemoryProbe(MemoryFiles()).frame(KEY, 0)
