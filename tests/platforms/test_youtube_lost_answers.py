"""Every call of a publication, broken in every way: one video at the end, never two, never none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from playout.domain.delivery import Receipt, State
from playout.domain.retry import Kind, PlatformFailure
from playout.platforms.http import Http
from tests.platforms.show import FACTS
from tests.platforms.youtube_stage import LARGE, TINY, Upload, adapter, connected
from tests.sandbox.app import App

BEFORE = ("reset_before", "status", "html")  # YouTube did nothing
AFTER = ("reset_after", "status_after", "half_body", "html_after", "malformed", "renamed")  # it did, and nobody knows
LONG = replace(FACTS, duration=960.0)  # asked about first


@pytest.fixture
async def alice(app: App, http: Http) -> Upload:
    return await connected(app, http)


@pytest.mark.parametrize("call", ["channels", "start", "upload", "videos"])
@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_broken_call_neither_loses_nor_doubles_the_video(alice: Upload, call: str, action: str) -> None:
    alice.facts = LONG
    await alice.break_next(action, f"youtube.{call}")

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert await alice.published() == 1


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_last_byte_without_an_answer_is_asked_about(alice: Upload, action: str) -> None:
    alice.size = TINY
    await alice.break_next(action, "youtube.upload")

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1
    assert alice.taken.count("start") == 1
    assert [failure.kind for failure in alice.failures] == [Kind.UNSURE]
    assert "look finish" in alice.taken
    assert alice.taken.count("finish") == (2 if action in BEFORE else 1)


@pytest.mark.parametrize("action", [*BEFORE, "reset_after", "status_after", "half_body", "malformed"])
@pytest.mark.parametrize("chunk", [1, 2, 3])
async def test_any_chunk_may_be_lost(alice: Upload, chunk: int, action: str) -> None:
    alice.size = LARGE
    await alice.break_next(action, "youtube.upload", nth=chunk)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1
    assert len(await alice.app.ledger("chunk_accepted")) == 3
    assert alice.taken.count("start") == 1


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
@pytest.mark.parametrize("step", ["send", "finish"])
async def test_a_broken_question_about_the_progress_is_only_asked_again(alice: Upload, step: str, action: str) -> None:
    await alice.skip_to(step)
    await alice.break_next("reset_after", "youtube.upload")
    await alice.break_next(action, "youtube.query", times=3)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1
    assert alice.taken.count("start") == 1


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
@pytest.mark.parametrize("call", ["channels", "playlist_items", "videos"])
async def test_a_broken_search_finds_the_video_all_the_same(alice: Upload, call: str, action: str) -> None:
    await alice.lose_the_last_answer()
    await alice.pass_time(timedelta(days=8))
    await alice.break_next(action, f"youtube.{call}")

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 413, 416, 418, 429, 500, 503])
@pytest.mark.parametrize("action", ["status", "status_after"])
async def test_no_refusal_of_the_last_byte_is_taken_for_the_truth(alice: Upload, action: str, status: int) -> None:
    await alice.skip_to("finish")
    await alice.break_next(action, "youtube.upload", status=status)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.failures[0].kind is Kind.UNSURE
    assert await alice.published() == 1


@pytest.mark.parametrize("status", [400, 403, 416, 429, 500])
@pytest.mark.parametrize("action", ["status", "status_after"])
async def test_a_refused_chunk_in_the_middle_is_asked_about(alice: Upload, action: str, status: int) -> None:
    alice.size = LARGE
    await alice.break_next(action, "youtube.upload", nth=2, status=status)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("start") == 1
    assert await alice.published() == 1


async def test_a_false_end_of_the_session_after_the_last_byte_never_leads_to_a_second_one(alice: Upload) -> None:
    await alice.lose_the_last_answer()
    await alice.break_next("status", "youtube.query", status=404)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("start") == 1
    assert await alice.published() == 1


async def test_a_false_end_of_the_session_before_costs_only_another_session(alice: Upload) -> None:
    await alice.skip_to("send")
    await alice.break_next("status", "youtube.upload", status=404)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("start") == 2
    assert await alice.published() == 1


@pytest.mark.parametrize("step", ["check", "start", "send", "finish", "follow"])
async def test_youtube_out_of_reach_is_only_a_wait(alice: Upload, http: Http, step: str) -> None:
    alice.facts = LONG
    await alice.skip_to(step)
    there, alice.platform = alice.platform, adapter(http, alice.app.url, api_url="http://127.0.0.1:1")
    assert alice.coming is not None
    checkpoint = alice.coming.checkpoint
    away = {**checkpoint, "session": "http://127.0.0.1:1/upload"} if "session" in checkpoint else checkpoint
    alice.coming = replace(alice.coming, checkpoint=away)
    with pytest.raises(PlatformFailure) as failed:
        await alice.once()
    alice.platform, alice.coming = there, replace(alice.coming, checkpoint=checkpoint)

    assert (failed.value.kind, failed.value.code) == (Kind.AGAIN, "unreachable")
    assert not alice.fenced
    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


async def test_a_look_that_finds_the_video_only_follows(alice: Upload) -> None:
    await alice.configure(processing_seconds=1e9)
    await alice.lose_the_last_answer()
    await alice.once()

    assert (alice.taken[-1], alice.coming_step, alice.state) == ("look finish", "follow", State.PROCESSING)


async def test_a_look_at_a_fence_before_which_nothing_left_sends_the_last_byte(alice: Upload) -> None:
    await alice.skip_to("finish")
    alice.fenced = True  # the process ended right after the fence was saved

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[2:4] == ["look finish", "finish"]
    assert await alice.published() == 1
