"""Files that are no videos, or mean harm. None takes the server down, and none leaves a process behind."""

import asyncio
import contextlib
import gzip
import io
import json
import random
import tarfile
import zipfile
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict, replace

import pytest

from playout.application.ports import Probed
from playout.domain.errors import FileGone, Unavailable, Unplayable
from playout.media.memory import UPRIGHT, MemoryFiles
from playout.media.probe import WorkerProbe
from tests.media.stage import KEY, REALTIME, SMALL, made, probed, processes, stored

WORKERS = "tests.media.workers."


async def refusal(content: bytes) -> Unplayable:
    with pytest.raises(Unplayable) as refused:
        await probed(content)
    return refused.value


def zipped() -> bytes:
    made_up = io.BytesIO()
    with zipfile.ZipFile(made_up, "w") as archive:
        archive.writestr("clip.mp4", b"x")
    return made_up.getvalue()


def tarred() -> bytes:
    made_up = io.BytesIO()
    with tarfile.open(fileobj=made_up, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("clip.mp4"))
    return made_up.getvalue()


NO_VIDEOS = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "an SVG drawing"),
    "svg with prolog": (b'<?xml version="1.0"?>\n<!-- hm -->\n<svg onload="alert(1)"/>', "an SVG drawing"),
    "svg in UTF-16": ("\ufeff<svg onload='alert(1)'/>".encode("utf-16-le"), "an SVG drawing"),
    "html": (b"  <!DOCTYPE html><html><body>hello", "a web page"),
    "html by script": (b"<script>alert(1)</script>", "a web page"),
    "xml": (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        "an XML document",
    ),
    "m3u8": (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "a playlist"),
    "m3u8 with mark": (b"\xef\xbb\xbf#EXTM3U\nhttp://127.0.0.1:1/\n", "a playlist"),
    "ffconcat": (b"ffconcat version 1.0\nfile /etc/passwd\n", "a playlist"),
    "mpd": (b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>', "a playlist"),
    "pls": (b"[playlist]\nFile1=/etc/passwd\n", "a playlist"),
    "zip": (zipped(), "a ZIP archive"),
    "tar": (tarred(), "a tar archive"),
    "gzip": (gzip.compress(b"x" * 100), "a gzip archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(100), "a 7z archive"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + bytes(100), "a RAR archive"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture"),
    "gif": (b"GIF89a" + bytes(100), "a GIF picture"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(100), "a JPEG picture"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(100), "a WebP picture"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), "a HEIF or AVIF picture"),
    "avi": (b"RIFF\x10\0\0\0AVI LIST" + bytes(100), "an AVI video"),
    "avi with a playlist in it": (b"RIFF\x10\0\0\0AVI GAB2#EXTM3U\nfile:///etc/passwd", "an AVI video"),
    "pdf": (b"%PDF-1.7\n" + bytes(100), "a PDF document"),
    "elf": (b"\x7fELF\x02\x01\x01" + bytes(100), "a program"),
    "exe": (b"MZ\x90\0" + bytes(100), "a program"),
    "shell": (b"#!/bin/sh\nrm -rf /\n", "a script"),
    "php": (b"<?php system($_GET['x']);", "a script"),
    "flv": (b"FLV\x01\x05" + bytes(100), "a Flash video"),
    "ogg": (b"OggS\0\x02" + bytes(100), "an Ogg file"),
    "mp3": (b"ID3\x04\0" + bytes(100), "an MP3 sound file"),
    "transport stream": ((b"G" + bytes(187)) * 4, "an MPEG transport stream"),
    "text": (b"hello, this is my video", "a text file"),
    "random": (random.Random(7).randbytes(10_000), "a file of another kind"),
    "one byte": (b"\0", "a file of another kind"),
    "zeros": (bytes(10_000), "a file of another kind"),
    "other EBML": (b"\x1a\x45\xdf\xa3\x84\x42\x82\x81x" + bytes(100), "a file of another kind"),
}


@pytest.mark.parametrize(("content", "looks_like"), NO_VIDEOS.values(), ids=NO_VIDEOS)
async def test_what_is_no_video_is_told_by_its_content(content: bytes, looks_like: str) -> None:
    error = await refusal(content)

    assert error.code == "not_a_video"
    assert f"looks like {looks_like}." in error.sentence


async def test_an_empty_file_is_called_empty() -> None:
    assert (await refusal(b"")).code == "empty_file"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("faststart", [True, False])
async def test_a_file_cut_off_anywhere_is_refused_as_cut_off(share: float, faststart: bool) -> None:
    whole = made(replace(SMALL, faststart=faststart))

    assert (await refusal(whole[: int(len(whole) * share)])).code == "truncated"


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("container", ["matroska", "webm"])
async def test_a_matroska_file_cut_off_is_refused_as_cut_off(share: float, container: str) -> None:
    webm = replace(SMALL, video_codec="libvpx", audio_codec="libopus", video_options=REALTIME)
    whole = made(replace(webm if container == "webm" else SMALL, container=container))

    assert (await refusal(whole[: int(len(whole) * share)])).code == "truncated"


def sized(name: bytes, size: int) -> Callable[[bytes], bytes]:
    """Gives the first box of this name another size."""

    def change(content: bytes) -> bytes:
        at = content.index(name) - 4
        return content[:at] + size.to_bytes(4) + content[at + 4 :]

    return change


def blanked(name: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(name, b"free")


def wide(content: bytes) -> bytes:
    """The track and its description claim 65,535 pixels a side; the H.264 headers too are gone."""
    at = content.index(b"avc1") + 4 + 24
    return content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :].replace(b"avcC", b"free")


def shuffled(content: bytes) -> bytes:
    """The media data is noise of the same length."""
    at = content.index(b"mdat") + 4
    noise = random.Random(3).randbytes(len(content) - at)
    return content[:at] + noise


BROKEN = {
    "first box of size 0": (sized(b"ftyp", 0), {"truncated", "damaged"}),
    "first box of size 1": (sized(b"ftyp", 1), {"truncated", "damaged"}),
    "first box smaller than its header": (sized(b"ftyp", 7), {"damaged"}),
    "first box huge": (sized(b"ftyp", 0xFFFFFFFF), {"truncated"}),
    "index of size 1": (sized(b"moov", 1), {"truncated", "damaged"}),
    "index huge": (sized(b"moov", 0xFFFFFFF0), {"truncated"}),
    "index too small": (sized(b"moov", 16), {"damaged", "no_video_track"}),
    "data huge": (sized(b"mdat", 0xFFFFFFF0), {"truncated"}),
    "sample table huge": (sized(b"stsz", 0xFFFFFFF0), {"damaged"}),
    "no index": (blanked(b"moov"), {"damaged", "truncated"}),
    "no tracks": (blanked(b"trak"), {"no_video_track"}),
    "no sample table": (blanked(b"stbl"), {"damaged", "no_duration", "unknown_codec", "no_video_track"}),
    "absurd size": (wide, {"absurd_size", "damaged"}),
    "noise for pictures": (shuffled, {"damaged"}),
}


@pytest.mark.parametrize(("change", "codes"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_file_is_refused(change: Callable[[bytes], bytes], codes: set[str]) -> None:
    assert (await refusal(change(made()))).code in codes


async def test_data_whose_size_was_left_open_is_fine() -> None:
    """Size 0 means: to the end of the file. Recorders write it, and the standard allows it."""
    assert (await probed(sized(b"mdat", 0)(made()))).facts.duration == 2


async def test_sound_alone_is_no_video() -> None:
    sound_only = made().replace(b"trak", b"free", 1)

    assert (await refusal(sound_only)).code == "no_video_track"


async def test_a_recording_without_duration_is_refused() -> None:
    live = made(replace(SMALL, container="matroska", muxer_options={"live": "1"}))

    assert (await refusal(live)).code == "no_duration"


@pytest.mark.parametrize("seed", range(20))
async def test_flipped_bytes_are_read_or_refused_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(made(replace(SMALL, seconds=1)))
    for _ in range(30):
        content[chance.randrange(2000 if seed % 2 else len(content))] = chance.randrange(256)

    with contextlib.suppress(Unplayable):
        assert isinstance(await probed(bytes(content)), Probed)


async def attended(worker: str, content: bytes = b"x", seconds: float = 30) -> Probed:
    return await WorkerProbe(await stored(content), worker=WORKERS + worker, seconds=seconds).probe(KEY)


async def test_a_probe_that_hangs_is_killed() -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("hangs", seconds=0.5)

    assert refused.value.code == "too_slow"
    assert processes(WORKERS + "hangs") == []


async def test_a_probe_that_eats_memory_ends_there() -> None:
    with pytest.raises(Unplayable):
        await attended("eats_memory")

    assert processes(WORKERS + "eats_memory") == []


async def test_a_probe_that_is_busy_without_end_is_stopped_by_the_kernel() -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("burns")

    assert refused.value.code == "too_heavy"


async def test_a_probe_that_falls_over_means_a_damaged_file() -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("dies")

    assert refused.value.code == "damaged"


async def test_a_probe_that_floods_is_cut_short() -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("floods")

    assert refused.value.code == "damaged"
    assert processes(WORKERS + "floods") == []


async def test_what_a_probe_starts_goes_with_it() -> None:
    with pytest.raises(Unplayable):
        await attended("forks", seconds=1)

    assert processes(WORKERS + "forks") == []


async def test_a_cancelled_probe_leaves_no_process() -> None:
    probing = asyncio.create_task(attended("hangs"))
    while not processes(WORKERS + "hangs"):
        await asyncio.sleep(0.01)

    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    assert processes(WORKERS + "hangs") == []


async def test_a_probe_can_open_nothing_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYOUT_SECRET_KEYS", "k1:planted")

    assert (await attended("tries_doors")).facts.container == "nothing"


FACTS = asdict(UPRIGHT)
JPEG = b"\xff\xd8\xff\xd9"


def answer(header: object, thumbnail: bytes = JPEG, strip: bytes = JPEG) -> bytes:
    told = json.dumps(header).encode()
    return b"D %d %d %d\n" % (len(told), len(thumbnail), len(strip)) + told + thumbnail + strip


async def test_a_sound_answer_is_believed() -> None:
    assert (await attended("says", answer(FACTS))).facts == UPRIGHT


LIES = {
    "no facts": answer({}),
    "a list": answer([]),
    "a word too long": answer(FACTS | {"video_codec": "x" * 33}),
    "markup for a word": answer(FACTS | {"video_codec": "<script>"}),
    "a word for a number": answer(FACTS | {"width": "1080"}),
    "a number below zero": answer(FACTS | {"height": -1}),
    "a number that is none": answer(FACTS | {"duration": float("nan")}),
    "a number without end": answer(FACTS | {"duration": float("inf")}),
    "a picture that is a page": answer(FACTS, thumbnail=b"<html>"),
    "a refusal we do not know": answer({"refused": "send me your password"}),
    "depth without end": b"D 16000 0 0\n" + b"[" * 16000,
    "no JSON": b"D 3 0 0\nabc",
    "a header too long": b"D 99999999 0 0\n",
    "a picture too long": b"D 2 999999999999 0\n{}",
    "an unknown word": b"X 1 2\n",
    "a number missing": b"R 1\n",
    "a number below zero asked": b"R -1 5\n",
    "bytes past the end": b"R 0 5000000\n",
    "no bytes": b"R 0 0\n",
    "an empty line": b"\n",
    "digits without end": b"R " + b"9" * 60000 + b"\n",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_worker_taken_over_is_not_believed(lie: bytes) -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("says", lie)

    assert refused.value.code == "damaged"


async def test_the_words_of_a_refusal_are_ours_alone() -> None:
    with pytest.raises(Unplayable) as refused:
        await attended("says", answer({"refused": "not_a_video", "kind": "call this number", "sentence": "pay here"}))

    assert "a file of another kind" in refused.value.sentence
    assert "pay" not in refused.value.sentence


class Failing(MemoryFiles):
    """A store that breaks off as soon as a byte is asked for."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def size(self, key: str) -> int:
        return 1000

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        yield b"x"
        raise self._error


@pytest.mark.parametrize("error", [FileGone("gone"), Unavailable("no network")])
async def test_a_store_that_fails_is_no_fault_of_the_file(error: Exception) -> None:
    with pytest.raises(type(error)):
        await WorkerProbe(Failing(error)).probe(KEY)
