"""Imports: an address is given, the file comes later, and the address stays nowhere."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from playout.application.imports import AT_ONCE, AT_ONCE_FOR_ONE, FETCH, KEPT, WAITS, Imports
from playout.application.planner import CHORE
from playout.application.ports import Chore, Fetching, Store, Stored
from playout.application.posts import NewPost
from playout.domain.delivery import State
from playout.domain.errors import Forbidden, Invalid, NotFound, PlayoutError, StorageFull, Unavailable
from playout.domain.ids import new_id
from playout.domain.person import Actor
from playout.domain.post import Destination
from playout.domain.video import Video, VideoState
from playout.egress.memory import MemoryEgress
from playout.media.memory import MemoryFiles
from tests.cast import CHOSEN, CLIP, MOST_BYTES, Cast

URL = "https://clips.example/first.mp4?signature=canary"
AWAY = Unavailable("The host of this address does not answer, or breaks off.", code="unreachable")
NO_FILE = Invalid("There is no file at this address. Check it, or use a new link.", code="could_not_fetch")


@dataclass
class Slow(MemoryEgress):
    """Gives a file half, and the rest when the gate opens."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    half: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def fetch(self, url: str, *, limit: int) -> AsyncIterator[Fetching]:
        async with super().fetch(url, limit=limit) as coming:
            yield Halved(coming, self)


@dataclass
class Halved:
    coming: Fetching
    slow: Slow

    @property
    def filename(self) -> str | None:
        return self.coming.filename

    @property
    def size(self) -> int | None:
        return self.coming.size

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        async for piece in self.coming.pieces():
            yield piece[: len(piece) // 2]
            self.slow.half.set()
            await self.slow.gate.wait()
            yield piece[len(piece) // 2 :]


class Killed(BaseException):
    """The process ends here."""


class DyingFiles(MemoryFiles):
    """Has the bytes safe, and nobody lives to hear of it."""

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        await super().put(key, pieces, limit=limit)
        raise Killed


class FullFiles(MemoryFiles):
    """Has no room."""

    async def put(self, key: str, pieces: AsyncIterator[bytes], *, limit: int) -> Stored:
        await anext(pieces)
        raise StorageFull("The disk is full.")


@dataclass
class Stage:
    """The cast, and the hosts that they know."""

    cast: Cast
    egress: MemoryEgress

    @classmethod
    async def open(cls, egress: MemoryEgress | None = None) -> "Stage":
        egress = egress or MemoryEgress({URL: CLIP})
        return cls(await Cast.open(egress=egress), egress)

    @property
    def imports(self) -> Imports:
        return self.cast.services.imports

    def over(self, files: MemoryFiles) -> Imports:
        """Imports of another process, into other files."""
        return Imports(self.cast.store, files, self.egress, self.cast.clock, most_bytes=MOST_BYTES)

    async def begun(self, actor: Actor | None = None, filename: str | None = None) -> Video:
        return await self.imports.begin(actor or self.cast.alice, URL, filename)

    async def now(self, video: Video) -> Video:
        return await self.cast.store.videos.get(video.workspace_id, video.id)

    async def note(self, video: Video) -> str | None:
        return await self.cast.store.ephemera.get(f"import:{video.workspace_id}:{video.id}", self.cast.clock.now())

    async def keys(self) -> list[str]:
        return [key async for key in self.cast.files.list("")]

    async def rejected(self, video: Video, code: str) -> None:
        """It is, for this reason, and nothing is left of it."""
        seen = await self.now(video)
        assert (seen.state, [one.code for one in seen.problems]) == (VideoState.REJECTED, [code])
        assert seen.problems[0].message.count(".") >= 2  # what is wrong, and what mends it
        events = (await self.cast.store.events.list(video.workspace_id, video.id)).items
        assert [(one.kind, one.code) for one in events] == [("video.rejected", code)]
        assert await self.note(video) is None
        assert await self.keys() == []


@pytest.fixture
async def stage() -> Stage:
    return await Stage.open()


def chore(video: Video) -> Chore:
    return Chore(video.workspace_id, FETCH, video.id, video.created_at)


# ── begun ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_import_is_a_video_that_is_still_to_come(stage: Stage) -> None:
    video = await stage.begun()

    assert (video.state, video.size, video.sha256, video.filename) == (VideoState.PROBING, 0, "", "video")
    assert stage.egress.fetched == []


async def test_the_file_comes_and_is_looked_into(stage: Stage) -> None:
    video = await stage.begun()
    await stage.cast.work()  # fetched
    came = await stage.now(video)
    await stage.cast.work()  # looked into
    ready = await stage.now(video)

    assert (came.state, came.size, came.sha256) == (
        VideoState.PROBING,
        len(CLIP),
        hashlib.sha256(CLIP).hexdigest(),
    )
    assert (ready.state, ready.filename, stage.egress.fetched) == (VideoState.READY, "first.mp4", [URL])
    assert b"".join([piece async for piece in stage.cast.files.read(ready.key, 0, ready.size)]) == CLIP


async def test_every_store_keeps_what_an_import_needs(store: Store) -> None:
    egress = MemoryEgress({URL: AWAY})
    stage = Stage(await Cast.open(store, egress), egress)
    video = await stage.begun()
    await stage.cast.work()
    egress.files[URL] = CLIP
    stage.cast.clock.move(seconds=WAITS[0].total_seconds())
    await stage.cast.work()
    await stage.cast.work()

    ready = await stage.now(video)
    assert (ready.state, ready.size, ready.filename) == (VideoState.READY, len(CLIP), "first.mp4")
    assert await store.videos.same_bytes(ready.workspace_id, ready.sha256) == [ready.id]
    assert await store.videos.same_bytes(ready.workspace_id, "") == []


async def test_the_address_is_kept_until_the_file_is_here_and_nowhere_else(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    video = await stage.begun()
    assert "canary" in (await stage.note(video) or "")
    assert "canary" not in repr(video)

    await stage.cast.work()
    await stage.cast.work()

    assert await stage.note(video) is None
    assert "canary" not in repr(await stage.now(video))
    assert "canary" not in repr(await stage.cast.store.events.list(video.workspace_id, video.id))
    assert "canary" not in caplog.text


async def test_a_name_that_a_person_gave_stays(stage: Stage) -> None:
    video = await stage.begun(filename="../My\x00 clip.mp4")
    await stage.cast.work()

    assert (await stage.now(video)).filename == "My clip.mp4"


async def test_an_address_that_may_not_be_reached_leaves_nothing(stage: Stage) -> None:
    for url in ("http://clips.example/", "https://127.0.0.1/", "https://nas.lan/"):
        with pytest.raises(Invalid):
            await stage.imports.begin(stage.cast.alice, url)

    assert (await stage.cast.store.videos.list(stage.cast.alice.workspace_id)).items == ()


async def test_who_may_not_write_may_not_import(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        await stage.begun(stage.cast.bob)


async def test_a_repeat_finds_what_the_first_one_began(stage: Stage) -> None:
    video_id = new_id("vid", stage.cast.clock.now())
    first = await stage.imports.begin(stage.cast.alice, URL, video_id=video_id)
    again = await stage.imports.begin(stage.cast.alice, URL, video_id=video_id)
    await stage.cast.work()
    after = await stage.imports.begin(stage.cast.alice, URL, video_id=video_id)
    await stage.cast.work()

    assert (again, after.size, stage.egress.fetched) == (first, len(CLIP), [URL])
    assert await stage.note(first) is None


async def test_a_crash_between_address_and_record_is_repeated(stage: Stage) -> None:
    cast, video_id = stage.cast, new_id("vid", stage.cast.clock.now())
    note = '{"url": "' + URL + '", "named": false, "tries": 0}'
    key = f"import:{cast.alice.workspace_id}:{video_id}"
    await cast.store.ephemera.put_new(key, note, cast.clock.now() + KEPT, cast.clock.now())

    video = await stage.imports.begin(cast.alice, URL, video_id=video_id)
    await cast.work()

    assert (await stage.now(video)).size == len(CLIP)


# ── failures ─────────────────────────────────────────────────────────────────────────────────────


async def test_what_may_pass_by_itself_is_tried_five_times_within_a_quarter_of_an_hour(stage: Stage) -> None:
    stage.egress.files[URL] = AWAY
    begun = stage.cast.clock.now()
    video = await stage.begun()
    for wait in WAITS:
        await stage.cast.work()
        await stage.cast.work()  # not before its time
        assert (await stage.now(video)).state is VideoState.PROBING
        stage.cast.clock.move(seconds=wait.total_seconds())
    await stage.cast.work()

    assert len(stage.egress.fetched) == 5
    assert stage.cast.clock.now() - begun <= timedelta(minutes=15)
    await stage.rejected(video, "could_not_fetch")


async def test_what_passes_by_itself_is_forgotten(stage: Stage) -> None:
    stage.egress.files[URL] = AWAY
    video = await stage.begun()
    await stage.cast.work()
    stage.egress.files[URL] = CLIP
    stage.cast.clock.move(seconds=WAITS[0].total_seconds())
    await stage.cast.work()

    assert (await stage.now(video)).size == len(CLIP)
    assert await stage.note(video) is None


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (NO_FILE, "could_not_fetch"),
        (
            Invalid("This address leads into a private network. Use a public one.", code="address_refused"),
            "address_refused",
        ),
        (bytes(MOST_BYTES + 1), "too_large"),
        (b"", "empty_file"),
    ],
)
async def test_what_is_final_is_not_tried_again(stage: Stage, held: bytes | PlayoutError, code: str) -> None:
    stage.egress.files[URL] = held
    video = await stage.begun()
    await stage.cast.work()
    stage.cast.clock.move(days=1)
    await stage.cast.work()

    assert len(stage.egress.fetched) == 1
    await stage.rejected(video, code)


async def test_an_address_that_was_kept_too_long_is_not_used(stage: Stage) -> None:
    video = await stage.begun()
    stage.cast.clock.move(days=1, seconds=1)
    await stage.cast.work()

    assert stage.egress.fetched == []
    await stage.rejected(video, "could_not_fetch")


async def test_a_disk_without_room_is_no_fault_of_the_host(stage: Stage) -> None:
    video = await stage.begun()
    for _ in range(len(WAITS) + 2):
        with pytest.raises(StorageFull):
            await stage.over(FullFiles()).fetch(chore(video))
    await stage.cast.work()

    assert (await stage.now(video)).size == len(CLIP)


async def test_a_kill_after_the_bytes_are_safe_is_repeated(stage: Stage) -> None:
    video = await stage.begun()
    with pytest.raises(Killed):
        await stage.over(DyingFiles()).fetch(chore(video))
    await stage.cast.work()
    await stage.cast.work()

    assert (await stage.now(video)).state is VideoState.READY
    assert len(stage.egress.fetched) == 2


async def test_a_chore_that_comes_again_afterwards_does_nothing(stage: Stage) -> None:
    video = await stage.begun()
    await stage.cast.work()
    assert await stage.imports.fetch(chore(video)) is None
    await stage.cast.work()
    assert await stage.imports.fetch(chore(video)) is None

    assert stage.egress.fetched == [URL]


# ── deleted, and more than one ───────────────────────────────────────────────────────────────────


async def test_what_was_deleted_is_not_fetched(stage: Stage) -> None:
    video = await stage.begun()
    await stage.cast.services.videos.remove(stage.cast.alice, video.id)
    await stage.cast.work()

    assert (stage.egress.fetched, await stage.keys(), await stage.note(video)) == ([], [], None)


async def test_what_is_deleted_while_it_comes_leaves_nothing() -> None:
    slow = Slow({URL: CLIP})
    stage = await Stage.open(slow)
    video = await stage.begun()
    coming = asyncio.create_task(stage.imports.fetch(chore(video)))
    await slow.half.wait()
    await stage.cast.services.videos.remove(stage.cast.alice, video.id)
    slow.gate.set()
    with pytest.raises(NotFound):
        await coming

    assert (await stage.keys(), await stage.note(video)) == ([], None)


async def test_the_slower_of_two_workers_leaves_the_bytes_of_the_faster() -> None:
    slow = Slow({URL: CLIP})
    stage = await Stage.open(slow)
    video = await stage.begun()
    late = asyncio.create_task(stage.imports.fetch(chore(video)))
    await slow.half.wait()
    quick = Imports(
        stage.cast.store, stage.cast.files, MemoryEgress({URL: b"other"}), stage.cast.clock, most_bytes=MOST_BYTES
    )
    await quick.fetch(chore(video))
    slow.gate.set()

    assert await late is None
    assert (await stage.now(video)).sha256 == hashlib.sha256(b"other").hexdigest()
    assert await stage.cast.files.size(video.key) == len(b"other")


async def test_no_workspace_holds_all_hands_and_all_together_do_not_either() -> None:
    slow = Slow({URL: CLIP})
    stage = await Stage.open(slow)
    cast = stage.cast
    videos = [await stage.begun(cast.alice) for _ in range(AT_ONCE_FOR_ONE + 1)]
    others = [await stage.begun(cast.charlie) for _ in range(AT_ONCE)]
    await cast.planner.tick()
    running = [asyncio.ensure_future(cast.engine.handlers[CHORE](name)) for _, name in cast.engine.woken]
    cast.engine.woken.clear()
    await slow.half.wait()
    while sum(one.done() for one in running) < len(running) - AT_ONCE:
        await asyncio.sleep(0)

    assert len(slow.fetched) == AT_ONCE

    slow.gate.set()
    await asyncio.gather(*running)
    for _ in range(3):
        cast.clock.move(seconds=5)
        await cast.work()
    assert [(await stage.now(one)).state for one in videos + others] == [VideoState.READY] * (len(videos) + len(others))


# ── posts ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_waits_for_its_video_to_come(stage: Stage) -> None:
    video = await stage.begun()
    delivery_id = await posted(stage, video)
    for _ in range(4):
        await stage.cast.work()
        stage.cast.clock.move(minutes=1)

    delivery = await stage.cast.store.deliveries.get(video.workspace_id, delivery_id)
    assert (delivery.state, list(stage.cast.platform.received.values())) == (State.PUBLISHED, [CLIP])


async def test_a_post_of_a_video_that_never_comes_fails_with_the_reason(stage: Stage) -> None:
    stage.egress.files[URL] = NO_FILE
    video = await stage.begun()
    delivery_id = await posted(stage, video)
    for _ in range(3):
        await stage.cast.work()
        stage.cast.clock.move(minutes=1)

    delivery = await stage.cast.store.deliveries.get(video.workspace_id, delivery_id)
    assert delivery.state is State.FAILED
    assert delivery.reason
    assert (delivery.reason.code, delivery.reason.message) == ("video_rejected", NO_FILE.sentence)


async def posted(stage: Stage, video: Video) -> str:
    channel = await stage.cast.channel(stage.cast.alice)
    new = NewPost(video.id, "First light", (Destination(channel.id, options=CHOSEN),))
    return (await stage.cast.services.posts.create(stage.cast.alice, new)).deliveries[0].id
