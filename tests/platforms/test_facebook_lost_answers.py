"""Every call of a publication, broken in every way: one video on the Page at the end, never two, never none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from playout.domain.delivery import Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from tests.platforms.facebook_stage import Scene, connected, facebook
from tests.sandbox.app import App

BEFORE = ("reset_before", "status", "html")  # Facebook did nothing
AFTER = ("reset_after", "status_after", "half_body", "html_after", "malformed", "renamed")  # it did, and nobody knows
REEL = ("facebook.reels_start", "facebook.upload", "facebook.video", "facebook.reels_finish")
LONGER = ("facebook.videos_start", "facebook.videos_transfer", "facebook.video", "facebook.videos_finish")


@pytest.fixture
async def film(app: App, http: Http) -> Scene:
    return await connected(app, http)


@pytest.fixture
async def long_film(film: Scene) -> Scene:
    film.be_long()
    return film


@pytest.mark.parametrize("call", REEL)
@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_broken_call_neither_loses_nor_doubles_the_reel(film: Scene, call: str, action: str) -> None:
    await film.break_next(action, call)

    assert isinstance(await film.to_the_end(), Receipt)
    assert await film.published() == 1


@pytest.mark.parametrize("call", LONGER)
@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_broken_call_neither_loses_nor_doubles_the_video(long_film: Scene, call: str, action: str) -> None:
    await long_film.break_next(action, call)

    assert isinstance(await long_film.to_the_end(), Receipt)
    assert await long_film.published() == 1


@pytest.mark.parametrize("nth", [2, 3, 4])
@pytest.mark.parametrize("action", ["reset_before", "malformed", "html"])
async def test_any_question_about_the_video_may_be_lost(film: Scene, nth: int, action: str) -> None:
    await film.configure(processing_seconds=30)
    await film.break_next(action, "facebook.video", nth=nth)

    assert isinstance(await film.to_the_end(), Receipt)
    assert await film.published() == 1


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
@pytest.mark.parametrize("second_finish", ["ok", "error"])
async def test_a_finish_whose_answer_was_lost_is_looked_for(film: Scene, action: str, second_finish: str) -> None:
    await film.configure(second_finish=second_finish)
    await film.break_next(action, "facebook.reels_finish")

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 1
    assert [failure.kind for failure in film.failures] == [Kind.UNSURE]
    assert "look finish" in film.taken
    assert film.taken.count("finish") == (2 if action in BEFORE else 1)


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_longer_video_whose_finish_was_lost_is_looked_for(long_film: Scene, action: str) -> None:
    await long_film.break_next(action, "facebook.videos_finish")

    assert isinstance(await long_film.to_the_end(), Receipt)
    assert long_film.taken.count("open") == 1
    assert long_film.taken.count("publish") == (2 if action in BEFORE else 1)
    assert await long_film.published() == 1


async def test_nothing_is_asked_again_before_two_looks_two_minutes_apart_show_the_same(film: Scene) -> None:
    await film.break_next("reset_before", "facebook.reels_finish")
    await film.until("finish")
    with pytest.raises(PlatformFailure):
        await film.once()
    began = await film.now()
    await film.until("settle")
    looked = list(film.taken)
    await film.until("finish")

    assert looked[-1] == "look finish"
    assert film.taken[-1] == "settle"
    assert await film.now() - began >= timedelta(minutes=2)
    assert (film.state, film.coming.repeatable if film.coming else True) == (State.PROCESSING, False)


async def test_a_look_while_facebook_still_works_only_waits(film: Scene) -> None:
    await film.configure(processing_seconds=3600)
    await film.break_next("reset_after", "facebook.reels_finish")

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("finish") == 1
    assert await film.published() == 1


async def test_a_finish_that_never_arrived_is_asked_again_once_facebook_has_looked_into_the_file(film: Scene) -> None:
    await film.configure(processing_seconds=3600)
    await film.break_next("reset_before", "facebook.reels_finish")

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("finish") == 2
    assert film.taken.count("start") == 1


async def test_five_lost_requests_are_enough_then_a_person_is_asked(film: Scene) -> None:
    await film.break_next("reset_before", "facebook.reels_finish", times=50)

    failure = await film.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.UNSURE, "facebook_cannot_say")
    assert film.taken.count("finish") == 5
    assert film.taken.count("start") == 1


async def test_a_second_finish_that_is_refused_says_nothing_about_the_first(film: Scene) -> None:
    await film.break_next("reset_before", "facebook.reels_finish")
    await film.break_next("status", "facebook.reels_finish", nth=2, status=400, code="506")

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [Kind.UNSURE, Kind.UNSURE]
    assert await film.published() == 1


async def test_a_refusal_that_was_none_is_noticed_before_it_is_asked_again(film: Scene) -> None:
    await film.break_next("status_after", "facebook.reels_finish", status=400, code="368/1390008")

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [Kind.LATER]
    assert await film.published() == 1


@pytest.mark.parametrize("seconds", [0, 600])
@pytest.mark.parametrize("code", ["506", "100", "6000", "100/1404102"])
async def test_a_final_no_that_was_none_is_not_believed(film: Scene, code: str, seconds: int) -> None:
    await film.configure(processing_seconds=seconds)
    await film.break_next("status_after", "facebook.reels_finish", status=400, code=code)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("finish") == 1
    assert await film.published() == 1


async def test_a_final_no_is_believed_once_the_video_has_not_moved_for_minutes(film: Scene) -> None:
    await film.break_next("status", "facebook.reels_finish", status=400, code="506")

    failure = await film.refused()

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "graph_506", Turn.YOU)
    assert "Change the caption" in failure.sentence
    assert film.taken.count("finish") == 1


async def test_a_look_that_breaks_too_only_waits(film: Scene) -> None:
    await film.until("finish")
    await film.break_next("reset_after", "facebook.reels_finish")
    await film.break_next("html", "facebook.video", nth=2, times=3)

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [Kind.UNSURE, *[Kind.AGAIN] * 3]
    assert await film.published() == 1


@pytest.mark.parametrize("code", ["100", "200", "3", "12345"])
async def test_a_refused_look_never_says_that_nothing_was_published(film: Scene, code: str) -> None:
    await film.until("finish")
    await film.break_next("reset_after", "facebook.reels_finish")
    await film.break_next("status", "facebook.video", nth=2, status=400, code=code)
    with pytest.raises(PlatformFailure):
        await film.once()
    with pytest.raises(PlatformFailure) as refused:
        await film.once()

    assert refused.value.kind is (Kind.SIGN_IN if code == "200" else Kind.AGAIN)
    assert film.fenced
    assert isinstance(await film.to_the_end(), Receipt)
    assert await film.published() == 1


async def test_a_look_that_does_not_find_the_video_asks_again(film: Scene) -> None:
    await film.until("finish")
    await film.break_next("reset_after", "facebook.reels_finish")
    await film.break_next("status", "facebook.video", nth=2, status=400, code="100/33", times=2)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 1
    assert await film.published() == 1


async def test_a_reel_that_only_the_list_of_the_page_shows_is_found_there(film: Scene) -> None:
    await film.until("finish")
    await film.break_next("reset_after", "facebook.reels_finish")
    await film.break_next("status", "facebook.video", nth=2, status=400, code="100/33", times=50)

    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url == f"{film.app.url}/facebook-www/reel/{receipt.remote_id}/"
    assert film.taken[-1] == "settle"


@pytest.mark.parametrize("step", ["start", "upload", "finish", "follow"])
async def test_facebook_out_of_reach_is_only_a_wait(film: Scene, http: Http, step: str) -> None:
    await film.until(step)
    there = film.platform
    film.platform = facebook(http, film.app.url, graph_url="http://127.0.0.1:1")
    with pytest.raises(PlatformFailure) as away:
        await film.once()
    film.platform = there

    assert (away.value.kind, away.value.code) == (Kind.AGAIN, "unreachable")
    assert not film.fenced
    assert isinstance(await film.to_the_end(), Receipt)
    assert await film.published() == 1


@pytest.mark.parametrize("step", ["start", "upload", "open", "transfer"])
async def test_a_look_at_what_may_be_repeated_finds_it_to_be_repeated(film: Scene, step: str) -> None:
    outcome = await film.platform.look(replace(await film.task(), step=step, checkpoint={"round": 1}))

    assert getattr(outcome, "step", "") == step
    assert getattr(outcome, "checkpoint", {}) == {"round": 1}
