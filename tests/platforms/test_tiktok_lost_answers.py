"""Every call of a publication, broken in every way: one post at the end, never two, never none."""

from dataclasses import replace

import pytest

from playout.domain.delivery import JsonValue, Receipt, State
from playout.domain.retry import Kind, PlatformFailure
from playout.platforms.http import Http
from tests.platforms.tiktok_stage import INBOX, LARGE, PRIVATE, Post, adapter

BEFORE = ("reset_before", "status", "html")  # TikTok did nothing
AFTER = ("reset_after", "status_after", "half_body", "html_after", "malformed", "renamed")  # it did, and nobody knows
CALLS = ("tiktok.creator_info", "tiktok.init", "tiktok.upload", "tiktok.status")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_broken_call_neither_loses_nor_doubles_the_post(alice: Post, call: str, action: str) -> None:
    await alice.break_next(action, call)

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is not None
    assert await alice.published() == 1


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_private_post_whose_last_byte_was_not_acknowledged_is_looked_for(alice: Post, action: str) -> None:
    alice.options = PRIVATE
    await alice.break_next(action, "tiktok.upload")

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1
    assert alice.taken.count("init") == 1
    if action != "renamed":  # the answer has no body whose fields could have other names
        assert [failure.kind for failure in alice.failures] == [Kind.UNSURE]
        assert "look finish" in alice.taken
        assert alice.taken.count("finish") == (2 if action in BEFORE else 1)


@pytest.mark.parametrize("action", ["reset_before", "reset_after", "status_after", "malformed"])
@pytest.mark.parametrize("chunk", [1, 3, 6])
async def test_any_chunk_may_be_lost(alice: Post, chunk: int, action: str) -> None:
    alice.size = LARGE
    await alice.break_next(action, "tiktok.upload", nth=chunk)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1
    assert len(await alice.app.ledger("chunk_accepted")) == 6
    assert alice.taken.count("init") == 1


@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
@pytest.mark.parametrize("call", ["tiktok.inbox_init", "tiktok.upload", "tiktok.status"])
async def test_a_draft_is_handed_over_once_whatever_breaks(alice: Post, call: str, action: str) -> None:
    alice.options = INBOX
    await alice.break_next(action, call)

    await alice.to_the_inbox()

    assert len(await alice.app.ledger("handed_over")) == 1


@pytest.mark.parametrize("step", ["check", "init", "finish", "follow"])
async def test_tiktok_out_of_reach_is_only_a_wait(alice: Post, http: Http, step: str) -> None:
    checkpoint = await alice.until(step)
    there = alice.platform
    alice.platform = adapter(http, alice.app.url, api_url="http://127.0.0.1:1")
    if step == "finish":
        assert alice.coming is not None
        alice.coming = replace(alice.coming, checkpoint={**checkpoint, "upload_url": "http://127.0.0.1:1/video"})
    with pytest.raises(PlatformFailure) as away:
        await alice.once()
    alice.platform = there
    if step == "finish":
        alice.coming = replace(alice.coming, checkpoint=checkpoint) if alice.coming else None

    assert (away.value.kind, away.value.code) == (Kind.AGAIN, "unreachable")
    assert not alice.fenced
    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


@pytest.mark.parametrize("options", [PRIVATE, INBOX], ids=["direct", "inbox"])
async def test_a_look_that_finds_every_byte_only_follows(alice: Post, options: dict[str, JsonValue]) -> None:
    await alice.app.configure(processing_seconds=1e9)
    alice.options = options
    await alice.until("finish")
    await alice.break_next("reset_after", "tiktok.upload")
    with pytest.raises(PlatformFailure):
        await alice.once()
    await alice.once()

    assert (alice.taken[-1], alice.coming_step, alice.state) == ("look finish", "follow", State.PROCESSING)


async def test_a_look_that_breaks_too_only_waits(alice: Post) -> None:
    await alice.break_next("reset_after", "tiktok.upload")
    await alice.break_next("html", "tiktok.status", times=3)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert [failure.kind for failure in alice.failures] == [Kind.UNSURE, *[Kind.AGAIN] * 3]
    assert await alice.published() == 1


async def test_a_refused_look_never_says_that_nothing_was_published(alice: Post) -> None:
    await alice.break_next("reset_after", "tiktok.upload")
    await alice.break_next("status", "tiktok.status", status=400, code="invalid_params")
    await alice.break_next("status", "tiktok.status", status=404, code="brand_new_code", nth=2)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert [failure.kind for failure in alice.failures] == [Kind.UNSURE, Kind.AGAIN, Kind.AGAIN]
