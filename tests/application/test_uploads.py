"""Uploads and what becomes of them: whatever breaks off in between, one upload becomes one video, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from playout.application.people import HOME
from playout.application.ports import Chore, Stored
from playout.application.ports.files import BEING_WRITTEN, Growing
from playout.application.tidying import ORPHAN_AGE, TIDY
from playout.application.upload_quota import MOST_OPEN
from playout.application.uploads import UPLOAD, Upload, Uploads, WrongOffset
from playout.domain.errors import Conflict, FileGone, NotFound, Unavailable
from playout.domain.video import Video
from playout.media.growing import growing_beside
from tests.cast import CLIP, MOST_BYTES, PUBLIC_URL, Cast, stream

DAY = timedelta(hours=24)
HALF = len(CLIP) // 2


@dataclass
class Failing:
    """Growing files whose place breaks down once, before or after it has done what it was asked."""

    inner: Growing
    at: str = ""
    afterwards: bool = False

    async def append(
        self, name: str, offset: int, pieces: AsyncIterator[bytes], *, limit: int, whole: bool = False
    ) -> int:
        self._fail("append", afterwards=False)
        end = await self.inner.append(name, offset, pieces, limit=limit, whole=whole)
        self._fail("append", afterwards=True)
        return end

    async def length(self, name: str) -> int:
        return await self.inner.length(name)

    async def finish(self, name: str, key: str) -> Stored:
        self._fail("finish", afterwards=False)
        stored = await self.inner.finish(name, key)
        self._fail("finish", afterwards=True)
        return stored

    async def drop(self, name: str) -> None:
        self._fail("drop", afterwards=False)
        await self.inner.drop(name)
        self._fail("drop", afterwards=True)

    async def sweep(self, older_than: timedelta) -> int:
        return await self.inner.sweep(older_than)

    def _fail(self, at: str, *, afterwards: bool) -> None:
        if (self.at, self.afterwards) == (at, afterwards):
            self.at = ""
            message = "gone for a moment"
            raise Unavailable(message)


@dataclass
class House:
    cast: Cast
    growing: Failing
    uploads: Uploads

    async def new(self, length: int | None = len(CLIP)) -> str:
        return (await self.uploads.create(self.cast.alice, length, "clip.mp4")).id

    async def append(self, upload_id: str, offset: int, content: bytes) -> Upload:
        return await self.uploads.append(self.cast.alice, upload_id, offset, stream(content))

    async def look(self, upload_id: str) -> Upload:
        return await self.uploads.look(self.cast.alice, upload_id)

    async def videos(self) -> list[Video]:
        return list((await self.cast.services.videos.list(self.cast.alice)).items)

    async def chore(self, upload_id: str) -> Chore | None:
        return await self.cast.store.chores.get(self.cast.alice.workspace_id, f"{UPLOAD}:{upload_id}")

    async def expire(self, upload_id: str) -> Chore | None:
        """What the planner does when the chore is due."""
        chore = await self.chore(upload_id)
        assert chore
        again = await self.uploads.expire(chore)
        return replace(chore, due_at=again) if again else None

    async def free_places(self) -> int:
        made = 0
        try:
            while True:
                await self.new(1)
                made += 1
        except Conflict:
            return made


@pytest.fixture
async def house() -> House:
    cast = await Cast.open()
    growing = Failing(growing_beside(cast.files))
    uploads = Uploads(
        cast.store,
        growing,
        cast.services.videos,
        cast.clock,
        public_url=PUBLIC_URL,
        most_bytes=MOST_BYTES,
        lifetime=DAY,
    )
    return House(cast, growing, uploads)


@pytest.mark.parametrize("afterwards", [False, True])
@pytest.mark.parametrize("at", ["append", "finish", "drop"])
@pytest.mark.parametrize("by", ["the client", "ourselves"])
async def test_an_end_that_broke_off_is_ended_once(house: House, at: str, *, afterwards: bool, by: str) -> None:
    upload_id = await house.new()
    await house.append(upload_id, 0, CLIP[:HALF])
    house.growing.at, house.growing.afterwards = at, afterwards
    with pytest.raises(Unavailable):
        await house.append(upload_id, HALF, CLIP[HALF:])

    if by == "the client":
        seen = await house.look(upload_id)
        if seen.offset < len(CLIP):
            seen = await house.append(upload_id, seen.offset, CLIP[seen.offset :])
        video_id = seen.video_id
    elif (at, afterwards) == ("append", False):
        return  # the bytes never came, so nobody else can end it
    else:
        assert await house.expire(upload_id) is None
        video_id = (await house.look(upload_id)).video_id

    assert [video.id for video in await house.videos()] == [video_id]
    assert [key async for key in house.cast.files.list("videos")] == [(await house.videos())[0].key]
    assert await house.growing.length(upload_id) == 0
    assert await house.free_places() == MOST_OPEN


async def test_an_end_that_broke_off_is_ended_within_minutes(house: House) -> None:
    upload_id = await house.new()
    house.growing.at = "finish"
    with pytest.raises(Unavailable):
        await house.append(upload_id, 0, CLIP)

    chore = await house.chore(upload_id)

    assert chore
    assert chore.due_at - house.cast.clock.now() <= timedelta(minutes=5)


async def test_the_planner_finds_uploads_to_look_after(house: House) -> None:
    upload_id = (await house.cast.services.uploads.create(house.cast.alice, len(CLIP), "clip.mp4")).id
    house.cast.clock.move(hours=25)

    await house.cast.work()

    assert await house.chore(upload_id) is None


async def test_an_upload_that_nobody_goes_on_with_is_removed_with_its_bytes(house: House) -> None:
    upload_id = await house.new()
    await house.append(upload_id, 0, CLIP[:HALF])
    again = await house.expire(upload_id)
    assert again
    assert again.due_at > house.cast.clock.now()

    house.cast.clock.move(hours=24)

    assert await house.expire(upload_id) is None
    assert await house.growing.length(upload_id) == 0
    assert await house.free_places() == MOST_OPEN
    assert await house.videos() == []


async def test_what_a_crash_left_of_a_creation_is_removed(house: House) -> None:
    upload_id = await house.new()
    await house.cast.store.ephemera.take(f"upload:{house.cast.alice.workspace_id}:{upload_id}", house.cast.clock.now())

    assert await house.expire(upload_id) is None

    assert await house.free_places() == MOST_OPEN


async def test_an_upload_lives_on_while_bytes_come_however_slowly(house: House) -> None:
    upload_id = await house.new()

    async def one_an_hour() -> AsyncIterator[bytes]:
        for at in range(0, len(CLIP), 100):
            house.cast.clock.move(hours=1)
            assert await house.expire(upload_id)
            yield CLIP[at : at + 100]

    ended = await house.uploads.append(house.cast.alice, upload_id, 0, one_an_hour())

    assert ended.video_id
    assert len(CLIP) / 100 > 24  # hours


async def test_what_is_being_written_to_is_looked_after_later(house: House) -> None:
    upload_id, begun, go_on = await house.new(), asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CLIP[:HALF]
        begun.set()
        await go_on.wait()

    writing = asyncio.create_task(house.uploads.append(house.cast.alice, upload_id, 0, slow()))
    await begun.wait()
    house.cast.clock.move(hours=30)
    later = await house.expire(upload_id)
    go_on.set()
    with pytest.raises(NotFound):  # it has ended meanwhile
        await writing

    assert later
    assert await house.expire(upload_id) is None
    assert await house.growing.length(upload_id) == 0


async def test_an_upload_whose_bytes_are_lost_says_so_and_is_removed(house: House) -> None:
    upload_id = await house.new()
    house.growing.at = "finish"
    with pytest.raises(Unavailable):
        await house.append(upload_id, 0, CLIP)
    await house.growing.drop(upload_id)

    with pytest.raises(FileGone):
        await house.look(upload_id)
    assert await house.expire(upload_id) is None

    assert await house.free_places() == MOST_OPEN


async def test_a_video_that_was_deleted_does_not_come_back_by_its_upload(house: House) -> None:
    upload_id = await house.new()
    ended = await house.append(upload_id, 0, CLIP)
    await house.cast.services.videos.remove(house.cast.alice, str(ended.video_id))

    assert await house.look(upload_id) == ended
    with pytest.raises(WrongOffset):
        await house.append(upload_id, 0, CLIP)
    assert await house.expire(upload_id) is None

    assert await house.videos() == []


async def test_an_upload_of_days_becomes_a_video_that_tidying_leaves_alone(house: House) -> None:
    upload_id, began = await house.new(), house.cast.clock.now()
    for at in range(0, len(CLIP) - 1, HALF // 4):
        await house.append(upload_id, at, CLIP[at : min(at + HALF // 4, len(CLIP) - 1)])
        house.cast.clock.move(hours=20)
    house.growing.at, house.growing.afterwards = "finish", True
    with pytest.raises(Unavailable):
        await house.append(upload_id, len(CLIP) - 1, CLIP[-1:])
    assert house.cast.clock.now() - began > ORPHAN_AGE

    await house.cast.store.chores.put(Chore(HOME, TIDY, "house", house.cast.clock.now()))
    await house.cast.work()

    assert (await house.look(upload_id)).video_id
    assert [key async for key in house.cast.files.list("videos")] == [one.key for one in await house.videos()]


async def test_of_two_who_end_it_at_once_both_are_told_of_the_same_video(house: House) -> None:
    upload_id = await house.new()
    house.growing.at = "finish"
    with pytest.raises(Unavailable):
        await house.append(upload_id, 0, CLIP)

    told = await asyncio.gather(*[house.look(upload_id) for _ in range(5)], return_exceptions=True)

    ended = {one.video_id for one in told if isinstance(one, Upload)}
    assert len(ended) == len(await house.videos()) == 1
    assert {one.code for one in told if isinstance(one, Conflict)} <= {BEING_WRITTEN}
