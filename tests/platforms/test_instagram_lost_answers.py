"""Every call of a publication, broken in every way, both ways: one reel at the end, or a person is asked; never two."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.domain.delivery import JsonValue, Receipt, State
from playout.domain.retry import Kind, PlatformFailure
from playout.platforms.http import Http
from tests.platforms.instagram_stage import AWAY, Reel, adapter

pytest_plugins = ("tests.platforms.instagram_cast",)

BEFORE = ("reset_before", "status", "html")  # Instagram did nothing
AFTER = ("reset_after", "status_after", "half_body", "html_after", "malformed", "renamed")  # it did, and nobody knows
STEPS = ("container", "follow", "quota", "publish", "receipt")
SECOND = ("2207008", "9007", "same_id", "second_post")
MINUTE = timedelta(minutes=1)


async def in_doubt(reel: Reel, action: str = "reset_after", **more: object) -> None:
    """The publication was sent, and nobody knows what became of it."""
    await reel.until("publish")
    await reel.app.control("faults", {"action": action, "match": {"kind": "instagram.publish"}, **more})
    failure = await reel.fails()
    assert failure.kind is Kind.UNSURE
    assert reel.fenced


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("action", [*BEFORE, *AFTER])
async def test_a_broken_call_neither_loses_nor_doubles_the_reel(reel: Reel, step: str, action: str) -> None:
    await reel.until(step)
    await reel.break_next(action, "instagram.*")

    receipt = await reel.is_published()

    assert receipt.url is not None


@pytest.mark.parametrize("action", ["reset_before", "reset_after", "status", "status_after", "partial_upload", "html"])
async def test_a_broken_upload_goes_on_where_it_was(uploader: Reel, action: str) -> None:
    await uploader.until("upload")
    await uploader.break_next(action, "instagram.upload", bytes=70_000)

    receipt = await uploader.is_published()

    assert receipt.url is not None
    assert uploader.taken.count("container") == 1
    accepted = [entry["range"] for entry in await uploader.app.ledger("chunk_accepted")]
    assert accepted[0][0] == 0
    assert accepted[-1][1] == uploader.size - 1
    if action == "partial_upload":
        assert len(accepted) == 2
        assert accepted[1][0] == accepted[0][1] + 1 > 0


async def test_an_upload_begun_by_a_worker_that_died_goes_on(uploader: Reel) -> None:
    checkpoint = await uploader.until("upload")
    await uploader.break_next("partial_upload", "instagram.upload", bytes=70_000)
    await uploader.once()
    assert uploader.coming is not None
    uploader.coming = replace(uploader.coming, step="upload", checkpoint=checkpoint)

    await uploader.is_published()

    assert "resync" in uploader.taken
    assert uploader.taken.count("container") == 1


async def test_an_upload_that_nobody_is_told_about_is_not_sent_twice(uploader: Reel) -> None:
    await uploader.until("upload")
    await uploader.break_next("reset_after", "instagram.upload")

    await uploader.is_published()

    assert uploader.taken.count("upload") == 1


@pytest.mark.parametrize("step", ["container", "follow", "quota", "publish"])
async def test_instagram_out_of_reach_is_only_a_wait(reel: Reel, http: Http, step: str) -> None:
    await reel.until(step)
    there = reel.platform
    reel.platform = adapter(http, reel.app.url, graph=AWAY)
    away = await reel.fails()
    reel.platform = there

    assert (away.kind, away.code) == (Kind.AGAIN, "unreachable")
    assert not reel.fenced
    await reel.is_published()


# ── what became of it ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("action", ["reset_before", "reset_after", "status_after"])
async def test_a_publication_without_an_answer_is_looked_for(reel: Reel, action: str, second: str) -> None:
    await reel.configure(second_publish=second)
    await reel.until("publish")
    await reel.break_next(action, "instagram.publish")

    receipt = await reel.is_published()

    assert receipt.url is not None
    assert receipt.remote_id == (await reel.app.ledger("published"))[0]["post_id"]
    assert "look publish" in reel.taken
    assert reel.taken.count("publish") == (2 if action in BEFORE else 1)
    assert reel.taken.count("container") == 1


@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("lag", [0.0, 45.0, 300.0, 1e9])
async def test_a_container_that_lags_behind_does_not_publish_twice(reel: Reel, second: str, lag: float) -> None:
    await reel.configure(second_publish=second, status_lag=lag)
    await in_doubt(reel)

    if lag == 1e9:
        assert (await reel.is_unknown()).kind is Kind.UNSURE
    else:
        await reel.is_published()
    assert await reel.published() == 1
    assert reel.taken.count("publish") == 1


@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("behind", [45.0, 1e9], ids=["late", "never"])
async def test_a_list_that_lags_behind_does_not_publish_twice(reel: Reel, second: str, behind: float) -> None:
    await reel.configure(second_publish=second, list_delay=behind, status_lag=behind)
    await in_doubt(reel)

    await reel.to_the_end()

    # Nothing that Instagram says of the reel is true here, but that one more counts on the quota.
    assert await reel.published() == 1


@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("block", ["published", "not_published"])
async def test_a_spam_block_is_no_answer(reel: Reel, block: str, second: str) -> None:
    await reel.configure(spam_block=block, second_publish=second)
    await reel.until("publish")
    assert (await reel.fails()).kind is Kind.UNSURE
    assert await reel.published() == (block == "published")
    await reel.configure(spam_block="off")

    await reel.is_published()

    assert reel.taken.count("publish") == (1 if block == "published" else 2)


async def test_a_spam_block_that_stays_is_not_run_against_for_ever(reel: Reel) -> None:
    await reel.configure(spam_block="not_published")

    assert (await reel.is_unknown()).kind is Kind.UNSURE

    assert reel.taken.count("publish") == 4
    assert await reel.published() == 0


async def test_an_answer_without_an_id_is_looked_into(reel: Reel) -> None:
    await reel.configure(publish_omits_id=True)

    await reel.is_published()

    assert reel.failures[0].kind is Kind.UNSURE
    assert reel.taken.count("publish") == 1


@pytest.mark.parametrize("code", ["1", "2", "-1/2207001", "-1", "-2/2207003", "24/2207008", "24/2207006", "4", "368"])
async def test_these_codes_are_no_proof_that_nothing_was_published(reel: Reel, code: str) -> None:
    await in_doubt(reel, "status", status=400, code=code)

    await reel.is_published()

    assert reel.taken.count("publish") == 2


@pytest.mark.parametrize("code", ["999999", "506", "100/33", "1/999"])
async def test_a_code_that_nobody_expects_is_no_proof_either(reel: Reel, code: str) -> None:
    await in_doubt(reel, "status", status=400, code=code)

    await reel.is_published()


async def test_it_is_published_again_only_after_a_minute_of_silence_and_from_the_same_container(reel: Reel) -> None:
    await in_doubt(reel, "reset_before")
    begun = await reel.now()
    await reel.once()
    await reel.until("publish")

    assert await reel.now() - begun >= MINUTE
    assert reel.state is State.PROCESSING
    assert reel.taken.count("settle") >= 1
    await reel.is_published()
    assert len(await reel.app.ledger("container_created")) == 1


async def test_a_published_container_that_reads_as_gone_is_found_in_the_list(reel: Reel) -> None:
    await in_doubt(reel)
    await reel.configure(published_after_a_day="gone", container_seconds=3600)
    await reel.pass_time(timedelta(hours=2))

    receipt = await reel.is_published()

    assert receipt.url is not None


@pytest.mark.parametrize("later", ["gone", "EXPIRED"])
@pytest.mark.parametrize("action", ["reset_before", "reset_after"])
async def test_a_container_that_expired_over_it_says_nothing(reel: Reel, action: str, later: str) -> None:
    await in_doubt(reel, action)
    await reel.configure(
        published_after_a_day=later, container_seconds=3600, list_delay=0 if action == "reset_before" else 1e9
    )
    await reel.pass_time(timedelta(hours=2))

    failure = await reel.is_unknown()

    assert (failure.kind, failure.code) == (Kind.UNSURE, "instagram_cannot_say")
    assert reel.taken.count("container") == 1
    assert reel.taken.count("publish") == 1


@pytest.mark.parametrize("shown", ["no_at", "absent"])
async def test_a_caption_that_is_read_back_otherwise_does_no_harm(reel: Reel, shown: str) -> None:
    reel.caption = "With @bob.at.home \n at the sea"
    await reel.configure(caption_readback=shown)
    await in_doubt(reel)

    receipt = await reel.to_the_end()

    assert isinstance(receipt, Receipt)
    assert (receipt.url is not None) == (shown == "no_at")
    assert await reel.published() == 1


async def test_an_account_that_shows_no_captions_and_lags_is_for_a_person(reel: Reel) -> None:
    await reel.configure(caption_readback="absent", status_lag=1e9, second_publish="second_post")
    await in_doubt(reel)

    assert (await reel.is_unknown()).kind is Kind.UNSURE
    assert await reel.published() == 1


async def test_a_reel_without_words_is_found_too(reel: Reel) -> None:
    reel.caption = ""
    await in_doubt(reel)

    assert (await reel.is_published()).url is not None


async def another(reel: Reel, **changed: object) -> Receipt:
    """Another reel of the same account, published before anybody looks."""
    other = replace(reel, coming=None, fenced=False, taken=[], failures=[], receipts=[], attempt="dlv_2.1", **changed)  # type: ignore[arg-type]  # what a test changes is its own business
    receipt = await other.to_the_end()
    assert isinstance(receipt, Receipt)
    return receipt


async def test_an_older_reel_of_the_same_words_is_not_taken_for_this_one(reel: Reel) -> None:
    older = await another(reel)
    await reel.pass_time(timedelta(hours=1))
    await in_doubt(reel)

    receipt = await reel.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.remote_id != older.remote_id


async def test_two_reels_of_the_same_words_are_not_guessed_between(reel: Reel) -> None:
    await in_doubt(reel)
    await another(reel)

    receipt = await reel.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is None
    assert await reel.published() == 2


async def test_a_reel_of_the_same_words_from_elsewhere_is_not_taken_for_a_lost_one(reel: Reel) -> None:
    await in_doubt(reel, "reset_before")
    await another(reel)

    failure = await reel.is_unknown()

    assert failure.kind is Kind.UNSURE
    assert reel.taken.count("publish") == 1


async def test_another_reel_does_not_keep_this_one_from_being_published(reel: Reel) -> None:
    await in_doubt(reel, "reset_before")
    await another(reel, caption="Something else")

    assert isinstance(await reel.to_the_end(), Receipt)
    assert await reel.published() == 2


async def test_a_reel_that_nobody_sees_but_the_quota_counts_keeps_it_from_being_published_twice(reel: Reel) -> None:
    await reel.configure(status_lag=1e9, list_delay=1e9, second_publish="second_post")
    await in_doubt(reel)

    assert (await reel.is_unknown()).kind is Kind.UNSURE
    assert await reel.published() == 1


async def test_a_look_that_breaks_too_only_waits(reel: Reel) -> None:
    await in_doubt(reel)
    await reel.break_next("html", "instagram.*", times=3)

    await reel.is_published()

    assert {failure.kind for failure in reel.failures} == {Kind.AGAIN}


@pytest.mark.parametrize("code", ["100", "999", "3"])
async def test_a_refused_look_never_says_that_nothing_was_published(reel: Reel, code: str) -> None:
    await in_doubt(reel)
    await reel.refused(code, "instagram.*", times=2)

    await reel.is_published()

    assert {failure.kind for failure in reel.failures} == {Kind.AGAIN}


async def test_a_person_who_is_asked_can_have_it_looked_for_again(reel: Reel) -> None:
    await reel.configure(status_lag=1e9)
    await in_doubt(reel)
    await reel.is_unknown()
    await reel.configure(status_lag=0)

    assert isinstance(await reel.to_the_end(), Receipt)


@pytest.mark.parametrize("step", ["container", "upload"])
async def test_a_look_at_what_may_be_repeated_finds_it_to_be_repeated(reel: Reel, step: str) -> None:
    checkpoint: Mapping[str, JsonValue] = {"round": 1}
    await reel.once()
    assert reel.coming is not None
    reel.coming = replace(reel.coming, step=step, checkpoint=checkpoint)

    outcome = await reel.platform.look(await reel.task())

    assert (getattr(outcome, "step", ""), getattr(outcome, "checkpoint", {})) == (step, checkpoint)


async def test_a_publication_that_is_refused_after_one_in_doubt_stays_in_doubt(reel: Reel) -> None:
    await in_doubt(reel, "reset_before")
    await reel.until("publish")
    await reel.refused("9007/2207027", "instagram.publish")
    await reel.once()

    assert reel.coming_step == "settle"
    assert not isinstance(await reel.is_published(), PlatformFailure)
