"""Copies made to fit a platform: asked for once, made in the background, sent only where a person chose them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from playout.application.chores import Chores
from playout.application.hand import LEASE
from playout.application.meter import NoMeter
from playout.application.ports import Chore, Fetched
from playout.application.posts import NewPost
from playout.application.shown import Shown
from playout.application.videos import PROBE
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unplayable
from playout.domain.person import Scope
from playout.domain.post import Destination
from playout.domain.rendition import Fit
from playout.domain.retry import Kind
from playout.domain.video import Rendition, RenditionState, Video
from playout.media.memory import UPRIGHT
from playout.storage.memory import MemoryStore
from tests.application.stage import ALICE, NOON, StillClock
from tests.cast import CHOSEN, CLIP, COPY, Cast, stream

WEBM = replace(UPRIGHT, container="webm", video_codec="vp9")
NAME = "memory-pad"
FAILURE = Unplayable("The picture cannot be read after 3 s.", code="broken_picture")


@pytest.fixture
async def cast() -> Cast:
    """Whose camera makes what the platform does not take."""
    made = await Cast.open()
    made.studio.facts = WEBM
    return made


async def copies(cast: Cast, video: Video) -> tuple[Rendition, ...]:
    return (await cast.services.videos.get(cast.alice, video.id)).renditions


async def asked(cast: Cast, video: Video, fit: Fit = Fit.PAD) -> Rendition:
    made = (await cast.services.renditions.ask(cast.alice, video.id, "memory", fit)).rendition("memory", fit)
    assert made
    return made


async def keys(cast: Cast) -> list[str]:
    return [key async for key in cast.files.list("videos/") if not key.endswith(".jpg")]


async def posted(cast: Cast, video: Video, fit: Fit | None = None, *, hours: float = 0) -> Shown:
    """For now, unless it says when."""
    channel = await cast.channel(cast.alice)
    at = cast.clock.now() + timedelta(hours=hours) if hours else None
    new = NewPost(video.id, "First light", (Destination(channel.id, options=CHOSEN, fit=fit),), scheduled_at=at)
    return await cast.services.posts.create(cast.alice, new)


async def delivery(cast: Cast, shown: Shown) -> Delivery:
    return await cast.services.deliveries.get(cast.alice, shown.deliveries[0].id)


async def worked(cast: Cast) -> None:
    """All that is due, and what becomes due in the next seconds."""
    for _ in range(4):
        await cast.work()
        cast.clock.move(seconds=2)


@asynccontextmanager
async def being_made(cast: Cast, video: Video) -> AsyncIterator[Rendition]:
    """A copy that is half done inside the block, and over behind it."""
    cast.studio.gate.clear()
    copy = await asked(cast, video)
    making = asyncio.create_task(cast.work())
    await cast.studio.asked.wait()
    yield copy
    cast.studio.gate.set()
    await making


# ── asked for ────────────────────────────────────────────────────────────────────────────────────


async def test_a_copy_is_made_in_the_background_and_looked_into(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    assert (await asked(cast, video)).state is RenditionState.RENDERING

    await cast.work()

    (copy,) = await copies(cast, video)
    assert (copy.name, copy.state, copy.size, copy.reason) == (NAME, RenditionState.READY, len(COPY + CLIP), None)
    assert copy.facts
    assert (copy.facts.container, copy.facts.video_codec) == ("mp4", "h264")
    assert len(copy.sha256) == 64


async def test_the_file_itself_stays_as_it_was(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video)
    await cast.work()

    now = await cast.services.videos.get(cast.alice, video.id)

    assert (now.key, now.size, now.sha256, now.facts) == (video.key, video.size, video.sha256, WEBM)
    assert b"".join([piece async for piece in cast.files.read(video.key, 0, video.size)]) == CLIP


async def test_a_copy_is_made_once_however_often_it_is_asked_for(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    for _ in range(3):
        await asked(cast, video)
        await cast.work()

    assert len(cast.studio.recipes) == 1
    assert len(await copies(cast, video)) == 1


async def test_each_fit_is_a_copy_of_its_own(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video, Fit.PAD)
    await asked(cast, video, Fit.CROP)

    await cast.work()

    assert {one.name for one in await copies(cast, video)} == {"memory-pad", "memory-crop"}
    assert {recipe.fit for recipe in cast.studio.recipes.values()} == {Fit.PAD, Fit.CROP}


async def test_people_are_told_when_it_is_ready(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video)
    await cast.work()

    history = (await cast.store.events.list(video.workspace_id, video.id)).items

    assert [one.kind for one in history] == ["video.ready", "video.rendition_ready"]


@pytest.mark.parametrize(
    ("platform", "seconds", "code"), [("elsewhere", 15.0, "unknown_platform"), ("memory", 10_000.0, "cannot_be_fitted")]
)
async def test_what_cannot_be_made_is_refused(cast: Cast, platform: str, seconds: float, code: str) -> None:
    cast.studio.facts = replace(WEBM, duration=seconds)
    cast.platform.file = replace(cast.platform.file, most_bytes=10**7)
    video = await cast.video(cast.alice)

    with pytest.raises(Invalid) as refused:
        await cast.services.renditions.ask(cast.alice, video.id, platform, Fit.PAD)

    assert refused.value.code == code
    assert await copies(cast, video) == ()


async def test_no_copy_is_made_of_what_was_not_looked_into_yet(cast: Cast) -> None:
    taken = await cast.services.videos.take_in(cast.alice, "clip.webm", stream(CLIP))

    with pytest.raises(Conflict) as refused:
        await asked(cast, taken)

    assert refused.value.code == "not_ready"


async def test_bob_may_not_ask_and_charlie_finds_nothing(cast: Cast) -> None:
    video = await cast.video(cast.alice)

    with pytest.raises(Forbidden):
        await cast.services.renditions.ask(cast.bob, video.id, "memory", Fit.PAD)
    with pytest.raises(NotFound):
        await cast.services.renditions.ask(cast.charlie, video.id, "memory", Fit.PAD)
    with pytest.raises(NotFound):
        await cast.services.renditions.drop(cast.charlie, video.id, NAME)
    assert Scope.WRITE not in cast.bob.scopes


# ── made ─────────────────────────────────────────────────────────────────────────────────────────


async def test_people_can_see_how_far_it_is(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    renditions = cast.services.renditions
    assert await renditions.progress(video, await asked(cast, video)) == 0
    await cast.services.renditions.drop(cast.alice, video.id, NAME)

    async with being_made(cast, video) as copy:
        assert await renditions.progress(video, copy) == 0.5

    (copy,) = await copies(cast, video)
    assert await renditions.progress(video, copy) == 1


async def test_a_copy_taken_back_while_it_is_made_leaves_nothing(cast: Cast) -> None:
    video = await cast.video(cast.alice)

    async with being_made(cast, video):
        await cast.services.renditions.drop(cast.alice, video.id, NAME)

    assert cast.studio.recipes == {}  # it was ended, not only thrown away
    assert await copies(cast, video) == ()
    assert await keys(cast) == [video.key]
    assert await cast.store.chores.get(video.workspace_id, f"render:{video.id}.{NAME}") is None


async def test_a_copy_taken_back_as_it_is_put_away_leaves_nothing(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    cast.studio.shelf.clear()
    await asked(cast, video)
    making = asyncio.create_task(cast.work())
    await cast.studio.finished.wait()

    await cast.services.renditions.drop(cast.alice, video.id, NAME)
    cast.studio.shelf.set()
    await making

    assert await copies(cast, video) == ()
    assert await keys(cast) == [video.key]


async def test_a_video_deleted_while_its_copy_is_made_leaves_nothing(cast: Cast) -> None:
    video = await cast.video(cast.alice)

    async with being_made(cast, video):
        await cast.services.videos.remove(cast.alice, video.id)

    assert await keys(cast) == []


async def test_a_copy_taken_back_is_gone_with_its_bytes(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video)
    await cast.work()

    await cast.services.renditions.drop(cast.alice, video.id, NAME)

    assert await copies(cast, video) == ()
    assert await keys(cast) == [video.key]
    with pytest.raises(NotFound):
        await cast.services.renditions.drop(cast.alice, video.id, NAME)


async def test_a_deleted_video_takes_its_copies_along(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video)
    await cast.work()

    await cast.services.videos.remove(cast.alice, video.id)

    assert await keys(cast) == []


async def test_a_copy_that_could_not_be_made_says_why_and_can_be_asked_for_again(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    cast.studio.failure = FAILURE
    await asked(cast, video)
    await cast.work()
    (copy,) = await copies(cast, video)
    assert copy.reason
    assert (copy.state, copy.reason.code, copy.reason.message) == (
        RenditionState.FAILED,
        "broken_picture",
        FAILURE.sentence,
    )

    cast.studio.failure = None
    assert (await asked(cast, video)).state is RenditionState.RENDERING
    await cast.work()

    (copy,) = await copies(cast, video)
    assert (copy.state, copy.reason) == (RenditionState.READY, None)


async def test_a_copy_of_a_file_that_is_gone_is_not_waited_for(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video)
    await cast.files.delete(video.key)

    await cast.work()

    (copy,) = await copies(cast, video)
    assert copy.reason
    assert (copy.state, copy.reason.code) == (RenditionState.FAILED, "file_gone")


async def test_a_crash_while_it_is_made_begins_it_again(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    cast.studio.gate.clear()
    await asked(cast, video)
    making = asyncio.create_task(cast.work())
    await cast.studio.asked.wait()
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)

    cast.studio.gate.set()
    cast.clock.move(seconds=LEASE.total_seconds() + 1)
    await cast.work()

    assert [one.state for one in await copies(cast, video)] == [RenditionState.READY]


# ── sent ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_post_with_a_fit_sends_the_copy(cast: Cast) -> None:
    shown = await posted(cast, await cast.video(cast.alice), Fit.PAD)

    await worked(cast)

    assert (await delivery(cast, shown)).state is State.PUBLISHED
    assert list(cast.platform.received.values()) == [COPY + CLIP]


async def test_the_copy_is_begun_as_soon_as_the_post_is_scheduled(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await posted(cast, video, Fit.PAD, hours=5)

    await cast.work()

    assert [one.state for one in await copies(cast, video)] == [RenditionState.READY]
    assert cast.platform.received == {}


async def test_a_post_with_a_fit_sends_the_file_itself_where_it_is_taken(cast: Cast) -> None:
    cast.studio.facts = UPRIGHT
    video = await cast.video(cast.alice)
    await posted(cast, video, Fit.PAD)

    await worked(cast)

    assert list(cast.platform.received.values()) == [CLIP]
    assert await copies(cast, video) == ()


async def test_never_is_a_changed_file_sent_that_nobody_chose(cast: Cast) -> None:
    """Not even where a copy is there, and the file itself is not taken any more."""
    cast.studio.facts = UPRIGHT
    video = await cast.video(cast.alice)
    shown = await posted(cast, video)
    await asked(cast, video)
    cast.platform.file = replace(cast.platform.file, most_fps=24)

    await worked(cast)

    held = await delivery(cast, shown)
    assert (held.state, held.held_for, held.reason and held.reason.code) == (State.HELD, Kind.CHOOSE, "fps")
    assert [one.state for one in await copies(cast, video)] == [RenditionState.READY]
    assert cast.platform.received == {}


async def test_a_post_waits_while_its_copy_is_made(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    async with being_made(cast, video):
        shown = await posted(cast, video, Fit.PAD)
        await cast.planner.tick()
        (name,) = [name for kind, name in cast.engine.woken if kind == "delivery"]
        cast.engine.woken.clear()
        await cast.engine.handlers["delivery"](name)
        waits = await delivery(cast, shown)

    assert (waits.state, waits.reason and waits.reason.code, waits.tries) == (State.WAITING, "rendering", 0)
    await worked(cast)
    assert (await delivery(cast, shown)).state is State.PUBLISHED


async def test_a_post_whose_copy_cannot_be_made_is_held(cast: Cast) -> None:
    cast.studio.failure = FAILURE
    shown = await posted(cast, await cast.video(cast.alice), Fit.PAD)

    await worked(cast)

    held = await delivery(cast, shown)
    assert (held.state, held.held_for) == (State.HELD, Kind.CHOOSE)
    assert held.reason
    assert held.reason.code == "rendition_failed"
    assert held.reason.message.endswith(FAILURE.sentence)


async def test_a_post_made_before_the_file_was_looked_into_gets_its_copy_too(cast: Cast) -> None:
    taken = await cast.services.videos.take_in(cast.alice, "clip.webm", stream(CLIP))
    shown = await posted(cast, taken, Fit.CROP, hours=1)
    assert await copies(cast, taken) == ()

    await cast.services.videos.probe(Chore(taken.workspace_id, PROBE, taken.id, taken.created_at))

    assert [one.name for one in await copies(cast, taken)] == ["memory-crop"]
    await cast.work()
    cast.clock.move(hours=1)
    await worked(cast)
    assert (await delivery(cast, shown)).state is State.PUBLISHED
    assert list(cast.platform.received.values()) == [COPY + CLIP]


async def test_a_pull_address_gives_the_copy(cast: Cast) -> None:
    video = await cast.video(cast.alice)
    await asked(cast, video)
    await cast.work()
    video = await cast.services.videos.get(cast.alice, video.id)
    (copy,) = video.renditions
    pulls = cast.services.pulls

    await pulls.of(video.at(copy.key)).offer("n1")

    found = await pulls.find("n1")
    assert (found.id, found.key, found.size, found.facts) == (video.id, copy.key, copy.size, copy.facts)
    assert await pulls.of(found).withdraw("n1") is Fetched.NOTHING


# ── the chore ────────────────────────────────────────────────────────────────────────────────────


async def test_a_chore_stays_in_hand_while_it_takes_long() -> None:
    store, clock, gate = MemoryStore(), StillClock(), asyncio.Event()

    async def slow(chore: Chore) -> None:
        await gate.wait()

    chores = Chores(store, {"slow": slow}, clock, Random(1), NoMeter())
    await store.chores.put(Chore(ALICE, "slow", "x", NOON))
    (ref,) = await store.chores.claim(NOON, NOON + LEASE, 10)
    doing = asyncio.create_task(chores(f"{ref.workspace_id}/{ref.id}"))

    for _ in range(20):  # minutes
        await others_go_on()
        clock.move(seconds=LEASE.total_seconds() - 1)
        clock.wake()
        await others_go_on()
        assert await store.chores.claim(clock.now(), clock.now() + LEASE, 10) == []

    gate.set()
    await doing
    assert await store.chores.get(ALICE, "slow:x") is None


async def others_go_on() -> None:
    """As far as they get without waiting."""
    for _ in range(20):
        await asyncio.sleep(0)
