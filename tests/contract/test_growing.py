"""The Protocol `Growing`, over every store. A new store is one line in PLACES."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from obstore.store import MemoryStore

from playout.application.ports import Files
from playout.application.ports.files import BEING_WRITTEN, WRONG_OFFSET, Growing
from playout.domain.errors import Conflict, FileGone, TooLarge
from playout.media.buckets import ObjectFiles
from playout.media.folder import FolderFiles
from playout.media.growing import growing_beside
from playout.media.memory import MemoryFiles
from playout.media.s3 import open_s3
from tests.aws import AwsServer

MIB = 1024 * 1024
NAME = "upl_one"
KEY = "videos/w1/clip"
MOST = 64 * MIB


@dataclass
class Place:
    """Where files grow. `again` is what another process has of it, or this one after a restart."""

    files: Files
    growing: Growing
    again: Callable[[], Growing]


def in_memory(_: pytest.FixtureRequest) -> Place:
    files = MemoryFiles()
    growing = growing_beside(files)
    return Place(files, growing, lambda: growing)


def in_folder(test: pytest.FixtureRequest) -> Place:
    files = FolderFiles(test.getfixturevalue("tmp_path"))
    return Place(files, growing_beside(files), lambda: growing_beside(files))


def in_bucket(_: pytest.FixtureRequest) -> Place:
    bucket = MemoryStore()
    files = ObjectFiles(lambda _: bucket)
    return Place(files, growing_beside(files), lambda: growing_beside(files))


def in_s3(test: pytest.FixtureRequest) -> Place:
    server: AwsServer = test.getfixturevalue("aws_server")
    files = open_s3(f"s3://{server.bucket()}/playout?region=eu-central-1&endpoint={server.url}")
    return Place(files, growing_beside(files), lambda: growing_beside(files))


PLACES: dict[str, Callable[[pytest.FixtureRequest], Place]] = {
    "memory": in_memory,
    "folder": in_folder,
    "bucket in memory": in_bucket,
    "s3": in_s3,
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    made: Place = PLACES[request.param](request)
    return made


@pytest.fixture
def growing(place: Place) -> Growing:
    return place.growing


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def broken_after(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    message = "cut"
    raise ConnectionResetError(message)


@dataclass
class Slow:
    """A stream that gives a piece, and then waits."""

    piece: bytes

    def __post_init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> AsyncIterator[bytes]:
        yield self.piece
        self.begun.set()
        await self.go_on.wait()
        yield self.piece


async def append(growing: Growing, offset: int, *pieces: bytes, limit: int = MOST, whole: bool = False) -> int:
    return await growing.append(NAME, offset, stream(*pieces), limit=limit, whole=whole)


async def refusal(code: str, growing: Growing, offset: int, *pieces: bytes) -> None:
    with pytest.raises(Conflict) as refused:
        await append(growing, offset, *pieces)
    assert refused.value.code == code


async def outcome(appending: Awaitable[int]) -> int | str:
    """The new end, or the code of the refusal."""
    try:
        return await appending
    except Conflict as refused:
        return refused.code


async def content(files: Files, key: str = KEY) -> bytes:
    return b"".join([piece async for piece in files.read(key, 0, await files.size(key))])


async def test_what_nobody_knows_has_no_bytes(growing: Growing) -> None:
    assert await growing.length(NAME) == 0
    await growing.drop(NAME)


async def test_what_grew_in_several_requests_ends_as_one_file(place: Place) -> None:
    whole = os.urandom(10 * MIB + 11)

    assert await append(place.growing, 0, whole[:5], b"", whole[5:100]) == 100
    assert await append(place.growing, 100) == 100
    assert await append(place.growing, 100, whole[100 : 9 * MIB], whole[9 * MIB : -1]) == len(whole) - 1
    assert await append(place.growing, len(whole) - 1, whole[-1:]) == len(whole)
    stored = await place.growing.finish(NAME, KEY)

    assert (stored.key, stored.size, stored.sha256) == (KEY, len(whole), hashlib.sha256(whole).hexdigest())
    assert await content(place.files) == whole


async def test_several_processes_may_take_turns(place: Place) -> None:
    whole = os.urandom(300)

    for number in range(3):
        part = whole[number * 100 : number * 100 + 100]
        assert await append(place.again(), number * 100, part) == number * 100 + 100

    assert await place.growing.length(NAME) == 300
    assert (await place.again().finish(NAME, KEY)).sha256 == hashlib.sha256(whole).hexdigest()
    assert await content(place.files) == whole


async def test_two_processes_in_turn_hash_what_is_there_and_not_what_they_saw(place: Place) -> None:
    other = place.again()

    await append(place.growing, 0, b"one")
    await append(other, 3, b"two")
    await append(place.growing, 6, b"three")

    assert (await place.growing.finish(NAME, KEY)).sha256 == hashlib.sha256(b"onetwothree").hexdigest()


@pytest.mark.parametrize("offset", [0, 1, 4, 6, 2**40])
async def test_only_the_end_can_be_appended_to(growing: Growing, offset: int) -> None:
    await append(growing, 0, b"12345")

    await refusal(WRONG_OFFSET, growing, offset, b"x")

    assert await growing.length(NAME) == 5


async def test_what_came_before_a_stream_broke_stays(place: Place) -> None:
    whole = os.urandom(9 * MIB + 500)

    with pytest.raises(ConnectionResetError):
        await place.growing.append(NAME, 0, broken_after(whole[: 8 * MIB + 1], whole[8 * MIB + 1 : -100]), limit=MOST)
    assert await place.again().length(NAME) == len(whole) - 100
    await append(place.again(), len(whole) - 100, whole[-100:])
    await place.growing.finish(NAME, KEY)

    assert await content(place.files) == whole


async def test_what_came_before_a_request_was_cancelled_stays(place: Place) -> None:
    slow = Slow(b"x" * 1000)
    appending = asyncio.create_task(place.growing.append(NAME, 0, slow(), limit=MOST))
    await slow.begun.wait()
    appending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await appending

    assert await place.again().length(NAME) == 1000


@pytest.mark.parametrize("size", [1000, 9 * MIB])
async def test_of_a_stream_that_counts_as_a_whole_nothing_stays_when_it_breaks(place: Place, size: int) -> None:
    await append(place.growing, 0, b"first")

    with pytest.raises(ConnectionResetError):
        await place.growing.append(NAME, 5, broken_after(b"x" * size), limit=MOST, whole=True)

    assert await place.growing.length(NAME) == await place.again().length(NAME) == 5
    assert await append(place.growing, 5, b"y" * size, whole=True) == 5 + size
    assert await append(place.growing, 5 + size, b"z", whole=True) == 6 + size
    stored = await place.growing.finish(NAME, KEY)
    assert await content(place.files) == b"first" + b"y" * size + b"z"
    assert stored.sha256 == hashlib.sha256(b"first" + b"y" * size + b"z").hexdigest()


async def test_of_a_stream_that_counts_as_a_whole_nothing_is_seen_before_its_end(place: Place) -> None:
    await append(place.growing, 0, b"first")
    slow = Slow(b"x" * 2 * MIB)
    appending = asyncio.create_task(place.growing.append(NAME, 5, slow(), limit=MOST, whole=True))
    await slow.begun.wait()

    assert await place.again().length(NAME) == 5

    slow.go_on.set()
    assert await appending == await place.again().length(NAME) == 5 + 4 * MIB


async def test_exactly_the_limit_is_allowed_and_one_byte_more_is_not(growing: Growing) -> None:
    await append(growing, 0, b"x" * 60, limit=100)

    with pytest.raises(TooLarge):
        await append(growing, 60, b"x" * 41, limit=100)
    assert await growing.length(NAME) == 60
    with pytest.raises(TooLarge):
        await append(growing, 60, b"x" * 41, limit=100, whole=True)

    assert await append(growing, 60, b"x" * 40, limit=100) == 100


async def test_a_second_writer_is_refused_at_once_and_the_first_goes_on(growing: Growing) -> None:
    slow = Slow(b"first")
    appending = asyncio.create_task(growing.append(NAME, 0, slow(), limit=MOST))
    await slow.begun.wait()

    await refusal(BEING_WRITTEN, growing, 0, b"second")
    for refused in (growing.drop(NAME), growing.finish(NAME, KEY)):
        with pytest.raises(Conflict):
            await refused

    slow.go_on.set()
    assert await appending == 10
    assert await growing.length(NAME) == 10


async def test_of_writers_in_two_processes_one_wins_and_their_bytes_do_not_mix(place: Place) -> None:
    slow = Slow(b"a" * 5 * MIB)
    first = asyncio.create_task(outcome(place.growing.append(NAME, 0, slow(), limit=MOST)))
    await slow.begun.wait()

    second = await outcome(append(place.again(), 0, b"b" * MIB))
    slow.go_on.set()
    ended = {await first, second}

    assert ended in ({10 * MIB, BEING_WRITTEN}, {MIB, BEING_WRITTEN})
    await place.growing.finish(NAME, KEY)
    assert await content(place.files) == (b"b" * MIB if MIB in ended else b"a" * 10 * MIB)


async def test_a_writer_who_slept_cannot_write_into_what_another_went_on_with(place: Place) -> None:
    slow = Slow(b"a" * MIB)
    first = asyncio.create_task(outcome(place.growing.append(NAME, 0, slow(), limit=MOST)))
    await slow.begun.wait()
    other = place.again()
    second = await outcome(append(other, 0, b"b" * 3))
    if second == 3:  # a bucket: the first learns only now that it was overtaken
        assert await append(other, 3, b"c" * 3) == 6
    slow.go_on.set()

    assert await first == (BEING_WRITTEN if second == 3 else 2 * MIB)
    await other.finish(NAME, KEY)
    assert await content(place.files) == (b"bbbccc" if second == 3 else b"a" * 2 * MIB)


async def test_finishing_twice_is_finishing(place: Place) -> None:
    await append(place.growing, 0, b"abc")

    first = await place.growing.finish(NAME, KEY)
    assert await place.again().finish(NAME, KEY) == first

    await place.growing.drop(NAME)
    await place.again().drop(NAME)
    assert await content(place.files) == b"abc"


async def test_what_has_no_bytes_cannot_be_finished(place: Place) -> None:
    with pytest.raises(FileGone):
        await place.growing.finish(NAME, KEY)
    await append(place.growing, 0)
    with pytest.raises(FileGone):
        await place.growing.finish(NAME, KEY)


async def test_nothing_can_be_read_before_it_is_finished(place: Place) -> None:
    await append(place.growing, 0, b"abc")

    assert [key async for key in place.files.list("videos")] == []
    with pytest.raises(FileGone):
        await place.files.size(KEY)


async def test_what_is_dropped_is_gone(place: Place) -> None:
    await append(place.growing, 0, b"abc")

    await place.growing.drop(NAME)

    assert await place.again().length(NAME) == 0
    with pytest.raises(FileGone):
        await place.growing.finish(NAME, KEY)


async def test_a_sweep_drops_what_is_old_and_nobody_writes_to(place: Place) -> None:
    slow = Slow(b"live")
    appending = asyncio.create_task(place.growing.append("upl_live", 0, slow(), limit=MOST))
    await slow.begun.wait()
    await append(place.growing, 0, b"abc")

    assert await place.growing.sweep(timedelta(hours=1)) == 0
    assert await place.growing.length(NAME) == 3
    assert await place.growing.sweep(timedelta(0)) == 1

    assert await place.growing.length(NAME) == 0
    slow.go_on.set()
    assert await appending == 8


async def test_a_sweep_of_nothing_is_fine(growing: Growing) -> None:
    assert await growing.sweep(timedelta(0)) == 0


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a.b", ".hidden", "A", "a\0", "a" * 129, "ä"])
async def test_no_name_leads_out_of_the_store(growing: Growing, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        await growing.append(name, 0, stream(b"x"), limit=10)
    with pytest.raises(ValueError, match="not a name"):
        await growing.length(name)
    with pytest.raises(ValueError, match="not a name"):
        await growing.finish(name, KEY)
    with pytest.raises(ValueError, match="not a name"):
        await growing.drop(name)
