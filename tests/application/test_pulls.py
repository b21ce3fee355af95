"""Pull addresses: offered once, withdrawn for good."""

import pytest

from playout.application.ports import Fetched
from playout.application.pulls import Range
from playout.domain.errors import Conflict, NotFound
from tests.application.stage import Stage

WHOLE = Range(0, 1000, 1000)


@pytest.fixture
async def stage() -> Stage:
    one = Stage()
    await one.open()
    return one


async def test_what_was_withdrawn_before_it_was_offered_is_never_offered(stage: Stage) -> None:
    address = stage.pulls.of(stage.video)
    assert await address.withdraw("n1") is Fetched.NOTHING

    with pytest.raises(Conflict):
        await address.offer("n1")
    with pytest.raises(NotFound):
        await stage.pulls.find("n1")


async def test_offering_twice_is_offering_once(stage: Stage) -> None:
    address = stage.pulls.of(stage.video)
    assert await address.offer("n1") == await address.offer("n1") == "https://playout.invalid/pull/n1.mp4"
    assert (await stage.pulls.find("n1")).id == stage.video.id


async def test_everything_is_noted_before_the_last_piece_leaves(stage: Stage) -> None:
    address = stage.pulls.of(stage.video)
    await address.offer("n1")
    pieces = stage.pulls.send("n1", stage.video, WHOLE)
    await anext(pieces)
    assert await address.withdraw("n1") is Fetched.EVERYTHING


async def test_the_end_is_kept_back_once_it_is_withdrawn(stage: Stage) -> None:
    address = stage.pulls.of(stage.video)
    await address.offer("n1")
    assert [piece async for piece in stage.pulls.send("n1", stage.video, Range(0, 10, 1000))]
    assert await address.withdraw("n1") is Fetched.SOMETHING
    with pytest.raises(NotFound):
        _ = [piece async for piece in stage.pulls.send("n1", stage.video, WHOLE)]
