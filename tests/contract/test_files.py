"""The Protocol `Files`, over every store. A new store is one line in STORES."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from playout.application.ports import Files
from playout.domain.errors import FileGone, TooLarge
from playout.media.buckets import ObjectFiles
from playout.media.folder import FolderFiles
from playout.media.memory import MemoryFiles
from playout.media.s3 import open_s3
from tests.aws import AwsServer

MIB = 1024 * 1024
KEY = "videos/w1/clip.mp4"

STORES: dict[str, Callable[[pytest.FixtureRequest], Files]] = {
    "memory": lambda _: MemoryFiles(),
    "folder": lambda test: FolderFiles(test.getfixturevalue("tmp_path")),
    "bucket in memory": lambda _: in_memory(MemoryStore()),
    "s3": lambda test: in_s3(test.getfixturevalue("aws_server")),
}


@pytest.fixture(params=STORES)
def files(request: pytest.FixtureRequest) -> Files:
    made: Files = STORES[request.param](request)
    return made


def in_memory(store: MemoryStore) -> Files:
    return ObjectFiles(lambda _: store)


def in_s3(server: AwsServer) -> Files:
    return open_s3(f"s3://{server.bucket()}/playout?region=eu-central-1&endpoint={server.url}")


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def broken_after(*pieces: bytes, error: BaseException) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    raise error


async def keep(files: Files, content: bytes, key: str = KEY) -> None:
    await files.put(key, stream(content), limit=len(content))


async def pieces_of(files: Files, start: int, length: int, key: str = KEY) -> list[bytes]:
    return [piece async for piece in files.read(key, start, length)]


async def keys_of(files: Files, prefix: str = "") -> list[str]:
    return sorted([key async for key in files.list(prefix)])


def walk(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


async def test_what_was_put_in_comes_out_again(files: Files) -> None:
    content = os.urandom(3 * MIB + 17)

    stored = await files.put(KEY, stream(content[:5], content[5:MIB], b"", content[MIB:]), limit=4 * MIB)

    assert stored.key == KEY
    assert stored.size == len(content) == await files.size(KEY)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert b"".join(await pieces_of(files, 0, len(content))) == content


async def test_a_file_of_many_parts_stays_in_order(files: Files) -> None:
    parts = [os.urandom(MIB) for _ in range(20)]

    stored = await files.put(KEY, stream(*parts), limit=20 * MIB)

    assert stored.sha256 == hashlib.sha256(b"".join(parts)).hexdigest()
    assert b"".join(await pieces_of(files, 0, 20 * MIB)) == b"".join(parts)


async def test_no_piece_is_larger_than_one_mebibyte(files: Files) -> None:
    content = os.urandom(5 * MIB + 1)
    await keep(files, content)

    pieces = await pieces_of(files, 1, 4 * MIB + 3)

    assert max(map(len, pieces)) <= MIB
    assert b"".join(pieces) == content[1 : 4 * MIB + 4]


@pytest.mark.parametrize(("start", "length"), [(0, 0), (0, 1), (9, 1), (3, 4), (0, 10), (10, 0)])
async def test_a_range_gives_exactly_its_bytes(files: Files, start: int, length: int) -> None:
    await keep(files, b"0123456789")

    assert b"".join(await pieces_of(files, start, length)) == b"0123456789"[start : start + length]


async def test_a_range_past_the_end_is_an_error_and_not_a_short_answer(files: Files) -> None:
    await keep(files, b"0123456789")

    with pytest.raises(FileGone):
        await pieces_of(files, 8, 3)


async def test_an_empty_file_is_a_file(files: Files) -> None:
    stored = await files.put(KEY, stream(), limit=10)

    assert stored.size == await files.size(KEY) == 0
    assert await pieces_of(files, 0, 0) == []


async def test_a_key_that_holds_nothing_is_gone(files: Files) -> None:
    with pytest.raises(FileGone):
        await files.size(KEY)
    with pytest.raises(FileGone):
        await pieces_of(files, 0, 0)


async def test_the_folder_of_a_key_is_no_file(files: Files) -> None:
    await keep(files, b"abc")

    for key in ("videos", "videos/w1", f"{KEY}/below"):
        with pytest.raises(FileGone):
            await files.size(key)
        with pytest.raises(FileGone):
            await pieces_of(files, 0, 0, key)


async def test_exactly_the_limit_is_allowed_and_one_byte_more_is_not(files: Files) -> None:
    await files.put(KEY, stream(b"x" * 100), limit=100)

    with pytest.raises(TooLarge):
        await files.put("videos/w1/long.mp4", stream(b"x" * 100, b"y"), limit=100)

    assert await keys_of(files) == [KEY]


async def test_a_stream_that_breaks_leaves_nothing_and_says_why(files: Files) -> None:
    with pytest.raises(ConnectionResetError, match="cut"):
        await files.put(KEY, broken_after(b"x" * 2 * MIB, error=ConnectionResetError("cut")), limit=9 * MIB)

    assert await keys_of(files) == []
    with pytest.raises(FileGone):
        await files.size(KEY)


async def test_a_cancelled_upload_leaves_nothing(files: Files) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * MIB
            begun.set()
            await asyncio.sleep(0)

    upload = asyncio.create_task(files.put(KEY, endless(), limit=2**40))
    await begun.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload

    assert await keys_of(files) == []


async def test_nothing_is_visible_before_the_last_byte(files: Files) -> None:
    seen: list[list[str]] = []

    async def watched() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * MIB
            seen.append(await keys_of(files))

    await files.put(KEY, watched(), limit=3 * MIB)

    assert seen == [[], [], []]
    assert await keys_of(files) == [KEY]


async def test_a_failed_replacement_keeps_what_was_there(files: Files) -> None:
    await keep(files, b"first")

    with pytest.raises(ConnectionResetError):
        await files.put(KEY, broken_after(b"second", error=ConnectionResetError("cut")), limit=100)

    assert b"".join(await pieces_of(files, 0, 5)) == b"first"


async def test_the_last_of_two_puts_stays(files: Files) -> None:
    await keep(files, b"first")
    await keep(files, b"the second")

    assert b"".join(await pieces_of(files, 0, 10)) == b"the second"


async def test_a_copy_is_the_whole_file_under_a_second_name(files: Files) -> None:
    content = os.urandom(2 * MIB + 5)
    await keep(files, content)

    await files.copy(KEY, "pull/n0nce.mp4")

    assert await keys_of(files) == ["pull/n0nce.mp4", KEY]
    assert await files.size("pull/n0nce.mp4") == len(content)
    assert b"".join(await pieces_of(files, 0, len(content), "pull/n0nce.mp4")) == content


@pytest.mark.parametrize(("gone", "left"), [(KEY, "pull/n0nce.mp4"), ("pull/n0nce.mp4", KEY)])
async def test_deleting_a_file_or_its_copy_leaves_the_other(files: Files, gone: str, left: str) -> None:
    await keep(files, b"abc")
    await files.copy(KEY, "pull/n0nce.mp4")

    await files.delete(gone)

    assert await keys_of(files) == [left]
    assert b"".join(await pieces_of(files, 0, 3, left)) == b"abc"


async def test_a_new_file_under_the_old_key_leaves_the_copy_as_it_was(files: Files) -> None:
    await keep(files, b"first")
    await files.copy(KEY, "pull/n0nce.mp4")
    await keep(files, b"the second")

    assert b"".join(await pieces_of(files, 0, 5, "pull/n0nce.mp4")) == b"first"


async def test_a_copy_replaces_what_was_there(files: Files) -> None:
    await keep(files, b"old", "pull/n0nce.mp4")
    await keep(files, b"the new")

    await files.copy(KEY, "pull/n0nce.mp4")
    await files.copy(KEY, "pull/n0nce.mp4")

    assert b"".join(await pieces_of(files, 0, 7, "pull/n0nce.mp4")) == b"the new"
    assert await keys_of(files) == ["pull/n0nce.mp4", KEY]


async def test_what_is_gone_is_not_copied(files: Files) -> None:
    await keep(files, b"abc", "pull/n0nce.mp4")

    with pytest.raises(FileGone):
        await files.copy(KEY, "pull/n0nce.mp4")

    assert b"".join(await pieces_of(files, 0, 3, "pull/n0nce.mp4")) == b"abc"


async def test_deleting_twice_is_deleting(files: Files) -> None:
    await keep(files, b"abc")

    await files.delete(KEY)
    await files.delete(KEY)

    assert await keys_of(files) == []


async def test_a_listing_stays_below_its_prefix(files: Files) -> None:
    for key in ("videos/w1/a.mp4", "videos/w1/deep/b.mp4", "videos/w10/c.mp4", "thumbs/w1/a.jpg"):
        await keep(files, b"x", key)

    assert await keys_of(files, "videos/w1") == ["videos/w1/a.mp4", "videos/w1/deep/b.mp4"]
    assert await keys_of(files, "videos/w1/") == ["videos/w1/a.mp4", "videos/w1/deep/b.mp4"]
    assert await keys_of(files, "nowhere") == []
    assert len(await keys_of(files)) == 4


async def test_an_open_read_can_be_left_early(files: Files) -> None:
    await keep(files, os.urandom(4 * MIB))

    reading = files.read(KEY, 0, 4 * MIB)
    first = await anext(reading)
    await reading.aclose()

    assert len(first) <= MIB


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        ".partial/x",
        "a/.hidden",
        "a\\b",
        "a\0b",
        "a b",
        "A",
        "a%2fb",
        "%2e%2e/x",
        "a\n",
        "ä",
        "a" * 513,
        "..%2f..%2f.env",
        "c:/x",
        "~/x",
        "a/..;/b",
        "..%c0%af",
        "\uff0e\uff0e/x",  # full-width dots
    ],
)
async def test_no_key_leads_out_of_the_store(files: Files, key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a file key"):
        await files.put(key, stream(b"x"), limit=10)
    with pytest.raises(ValueError, match="not a file key"):
        await files.size(key)
    with pytest.raises(ValueError, match="not a file key"):
        await files.delete(key)
    with pytest.raises(ValueError, match="not a file key"):
        await files.copy(key, KEY)
    with pytest.raises(ValueError, match="not a file key"):
        await files.copy(KEY, key)
    with pytest.raises(ValueError, match="not a file key"):
        await pieces_of(files, 0, 0, key)
    assert all(path.is_dir() for path in walk(tmp_path))


async def test_an_address_is_for_this_file_or_there_is_none(files: Files) -> None:
    await keep(files, b"abc")

    address = await files.signed_url(KEY, timedelta(hours=1))

    assert address is None or KEY in address


async def test_a_sweep_touches_nothing_that_is_finished(files: Files) -> None:
    await keep(files, b"abc")

    assert await files.sweep(timedelta(0)) == 0
    assert await keys_of(files) == [KEY]
