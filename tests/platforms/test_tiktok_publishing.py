"""A video on its way to TikTok, against a real sandbox process: uploads, inbox, refusals, the wait."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from playout.domain.delivery import Next, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.platforms.show import FACTS
from tests.platforms.tiktok_stage import CHUNK, INBOX, LARGE, PRIVATE, PUBLIC, SMALL, Post


async def test_a_public_video_is_published_and_its_receipt_has_the_address(alice: Post) -> None:
    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url == f"{alice.app.url}/tiktok-www/@alice.films/video/{receipt.remote_id}"
    assert await alice.published() == 1
    assert alice.taken[:3] == ["check", "init", "finish"]


async def test_a_private_video_is_done_without_an_address(alice: Post) -> None:
    alice.options = PRIVATE

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is None
    assert receipt.remote_id.startswith("v_pub_file~")
    assert "receipt" not in alice.taken


async def test_a_large_video_goes_chunk_by_chunk_with_only_the_last_one_fenced(alice: Post) -> None:
    alice.size = LARGE
    sent = []
    while alice.coming is None or alice.coming.step != "follow":
        await alice.once()
        assert isinstance(alice.coming, Next)
        if alice.coming.step in {"send", "finish"}:
            sent.append((alice.coming.step, alice.coming.sent, alice.coming.repeatable))

    assert sent == [*(("send", n * CHUNK, True) for n in range(5)), ("finish", 5 * CHUNK, False)]
    assert alice.state is State.PROCESSING
    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


async def test_the_publish_id_is_known_before_the_first_byte_leaves(alice: Post) -> None:
    await alice.until("finish")

    assert alice.coming is not None
    assert str(alice.coming.handle).startswith("v_pub_file~v2-1.")
    assert await alice.app.ledger("chunk_accepted") == []


async def test_what_was_chosen_is_what_is_sent(alice: Post) -> None:
    alice.options = {**PRIVATE, "allow_comment": True, "your_brand": True, "cover_at_ms": 1000, "ai_generated": True}
    await alice.to_the_end()

    [entry] = await alice.app.ledger("published")
    assert (entry["caption"], entry["privacy"]) == (alice.caption, "SELF_ONLY")


# ── resuming ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_chunk_that_had_arrived_already_is_not_sent_again(alice: Post) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.break_next("reset_after", "tiktok.upload")

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[2:6] == ["send", "send", "resync", "send"]  # lost, 416, asked, the second chunk
    assert len(await alice.app.ledger("chunk_accepted")) == 6
    assert await alice.published() == 1


async def test_an_upload_cut_in_the_middle_goes_on_where_it_was(alice: Post) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.break_next("partial_upload", "tiktok.upload", nth=3, bytes=5_000_000)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("send") == 6
    assert alice.taken.count("init") == 1


async def test_a_busy_upload_host_gets_the_same_chunk_later(alice: Post) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.break_next("status", "tiktok.upload", nth=2, status=503, times=3)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert [failure.kind for failure in alice.failures] == [Kind.AGAIN] * 3
    assert alice.taken.count("init") == 1


async def test_an_upload_address_that_expired_between_chunks_is_replaced(alice: Post) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.once()
    await alice.pass_time(timedelta(hours=1, seconds=1))

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[2:7] == ["send", "send", "resync", "check", "init"]
    assert await alice.published() == 1


async def test_an_upload_address_that_expired_before_the_last_chunk_is_replaced(alice: Post) -> None:
    await alice.until("finish")
    await alice.pass_time(timedelta(hours=1, seconds=1))

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[2:6] == ["finish", "resync", "check", "init"]
    assert await alice.published() == 1


async def test_an_upload_that_never_ends_in_time_is_given_up_with_nothing_published(alice: Post) -> None:
    for _ in range(4):
        await alice.until("finish")
        await alice.pass_time(timedelta(hours=1, seconds=1))
        await alice.once()

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "upload_expired")
    assert await alice.published() == 0


async def test_once_the_last_byte_may_have_left_nobody_can_cancel(alice: Post) -> None:
    await alice.until("finish")
    before = alice.state
    await alice.break_next("reset_before", "tiktok.upload")
    with pytest.raises(PlatformFailure):
        await alice.once()
    await alice.once()

    assert (before, alice.state) == (State.SENDING, State.PROCESSING)
    assert alice.taken[-1] == "look finish"
    assert alice.coming_step == "finish"


async def test_after_a_night_without_power_a_half_upload_begins_afresh(alice: Post) -> None:
    await alice.until("finish")
    await alice.break_next("reset_before", "tiktok.upload")
    with pytest.raises(PlatformFailure):
        await alice.once()
    await alice.pass_time(timedelta(hours=1, minutes=6))
    await alice.once()

    assert alice.coming_step == "check"
    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


async def test_an_unknown_progress_of_a_last_chunk_is_waited_for_then_a_person_is_asked(alice: Post) -> None:
    await alice.until("finish")
    await alice.break_next("reset_before", "tiktok.upload")
    with pytest.raises(PlatformFailure):
        await alice.once()
    await alice.app.configure(unknown_id_ms=1e12)
    with pytest.raises(PlatformFailure) as waiting:
        await alice.once()
    await alice.pass_time(timedelta(hours=1, minutes=30))
    with pytest.raises(PlatformFailure) as still_waiting:
        await alice.once()

    assert (waiting.value.kind, still_waiting.value.kind) == (Kind.AGAIN, Kind.AGAIN)


# ── the inbox ────────────────────────────────────────────────────────────────────────────────────


async def test_a_draft_is_handed_over_and_published_once_the_creator_has_finished_it(alice: Post) -> None:
    alice.options = INBOX
    await alice.to_the_inbox()
    assert alice.coming is not None
    await alice.app.control("tiktok/finish-draft", {"publish_id": alice.coming.handle})

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is not None
    assert "check" not in alice.taken


async def test_a_draft_that_nobody_finishes_is_asked_after_for_a_week_then_rests(alice: Post) -> None:
    alice.options = INBOX
    began = await alice.now()
    await alice.to_the_end(patience=2000)

    assert alice.coming is not None
    assert (alice.coming.after, alice.state) == (None, State.HANDED_OVER)
    assert timedelta(days=7) < await alice.now() - began < timedelta(days=7, hours=3)
    assert alice.failures == []


async def test_a_sixth_draft_waits_for_the_creator(alice: Post) -> None:
    await alice.app.configure(draft_cap=0)
    alice.options = INBOX
    await alice.once()
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()

    assert (refused.value.kind, refused.value.turn) == (Kind.LATER, Turn.YOU)


# ── what is no longer offered ────────────────────────────────────────────────────────────────────


async def refusal(show: Post) -> PlatformFailure:
    failure = await show.to_the_end()
    assert isinstance(failure, PlatformFailure)
    assert await show.published() == 0
    return failure


async def test_a_visibility_that_is_no_longer_offered_is_asked_for_again(alice: Post) -> None:
    await alice.app.configure(creators=[{"username": "alice.films", "open_id": "-000sandbox-alice", "private": True}])

    failure = await refusal(alice)

    assert (failure.kind, failure.code) == (Kind.CHOOSE, "not_offered")
    assert "SELF_ONLY" in failure.sentence
    assert alice.taken == ["check"]


async def test_without_a_visibility_nothing_is_sent(alice: Post) -> None:
    alice.options = {}

    failure = await refusal(alice)

    assert (failure.kind, failure.code) == (Kind.CHOOSE, "option_required")


async def test_comments_that_were_switched_off_since_are_asked_about(alice: Post) -> None:
    creator = {"username": "alice.films", "open_id": "-000sandbox-alice", "comment_disabled": True}
    await alice.app.configure(creators=[creator])
    alice.options = {**PUBLIC, "allow_comment": True}

    failure = await refusal(alice)

    assert failure.kind is Kind.CHOOSE
    assert failure.sentence == "Commenting is switched off in the account's TikTok settings."


async def test_a_video_over_the_creators_own_limit_names_both_lengths(alice: Post) -> None:
    alice.facts = replace(FACTS, duration=700.0)

    failure = await refusal(alice)

    assert (failure.kind, failure.turn) == (Kind.NEVER, Turn.YOU)
    assert "11 min 40 s" in failure.sentence
    assert "10 min" in failure.sentence


async def test_a_creator_who_posted_enough_today_is_tried_later(alice: Post) -> None:
    await alice.app.configure(daily_cap=0)
    await alice.once()
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()

    assert (refused.value.kind, refused.value.code) == (Kind.LATER, "spam_risk_too_many_posts")
    assert refused.value.retry_at is not None
    assert refused.value.retry_at - await alice.now() > timedelta(hours=1)


async def test_a_banned_creator_is_told_so(alice: Post) -> None:
    creator = {"username": "alice.films", "open_id": "-000sandbox-alice", "banned": True}
    await alice.app.configure(creators=[creator])

    failure = await refusal(alice)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "spam_risk_user_banned_from_posting", Turn.YOU)


async def test_an_app_without_audit_explains_what_must_be_private(alice: Post) -> None:
    await alice.app.configure(audited=False)
    alice.options = PRIVATE

    failure = await refusal(alice)

    assert failure.kind is Kind.CHOOSE
    assert "account itself must be set to private" in failure.sentence


async def test_a_missing_permission_asks_for_a_new_connection(alice: Post) -> None:
    tokens = await alice.app.control("tiktok/grant", {"scopes": ["user.info.basic", "video.upload"]})
    alice.grant = replace(alice.grant, access_token=type(alice.grant.access_token)(tokens["access_token"]))

    failure = await refusal(alice)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "scope_not_authorized")


async def test_the_seventh_init_in_a_minute_waits_a_minute(alice: Post) -> None:
    await alice.app.configure(init_per_minute=0)
    await alice.until("init")
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()

    assert refused.value.kind is Kind.LATER
    assert refused.value.retry_at is not None
    assert timedelta(seconds=50) < refused.value.retry_at - await alice.now() <= timedelta(seconds=60)


async def test_a_busy_init_is_asked_again(alice: Post) -> None:
    await alice.until("init")
    await alice.break_next("status", "tiktok.init", status=503)
    with pytest.raises(PlatformFailure) as busy:
        await alice.once()

    assert busy.value.kind is Kind.AGAIN


async def test_a_foreign_upload_address_gets_nothing(alice: Post) -> None:
    body = (
        '{"data": {"publish_id": "v_pub_file~v2-1.1", "upload_url": "https://tiktokapis.com.example.org/video"}, '
        '"error": {"code": "ok"}}'
    )
    await alice.break_next("status", "tiktok.init", status=200, body=body)

    failure = await refusal(alice)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "foreign_upload_address", Turn.US)


# ── what TikTok makes of it ──────────────────────────────────────────────────────────────────────


async def test_a_caption_taken_for_spam_is_the_persons_turn(alice: Post) -> None:
    await alice.app.configure(spam_words=["sea"])

    failure = await refusal(alice)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "spam_risk_text", Turn.YOU)
    assert "Change the caption" in failure.sentence


def status(word: str, **more: object) -> str:
    return json.dumps({"data": {"status": word, **more}, "error": {"code": "ok", "message": ""}})


async def test_a_failure_inside_tiktok_begins_again_three_times_at_most(alice: Post) -> None:
    await alice.break_next(
        "status", "tiktok.status", status=200, times=20, body=status("FAILED", fail_reason="internal")
    )
    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "internal", Turn.PLATFORM)
    assert alice.taken.count("init") == 4


async def test_a_fail_reason_nobody_knows_is_final_and_keeps_its_name(alice: Post) -> None:
    await alice.break_next(
        "status", "tiktok.status", status=200, times=20, body=status("FAILED", fail_reason="moon_phase")
    )
    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "moon_phase")


@pytest.mark.parametrize("name", ["publicaly_available_post_id", "publicly_available_post_id"])
@pytest.mark.parametrize("post_id", [7_512_345_678_901_234_567, "7512345678901234567"], ids=["number", "text"])
async def test_the_post_id_is_read_in_every_spelling(alice: Post, name: str, post_id: int | str) -> None:
    await alice.break_next("status", "tiktok.status", status=200, body=status("PUBLISH_COMPLETE", **{name: [post_id]}))

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.remote_id == "7512345678901234567"


async def test_a_post_id_that_comes_after_moderation_completes_the_receipt(alice: Post) -> None:
    await alice.app.configure(moderation_seconds=3600)

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is not None
    assert alice.receipts[0].url is None
    assert alice.receipts[0].remote_id.startswith("v_pub_file~")


async def test_a_receipt_that_is_never_completed_is_left_as_it_is_after_a_day(alice: Post) -> None:
    await alice.app.configure(moderation_seconds=1e9)
    await alice.until("receipt")
    await alice.break_next("html", "tiktok.status", times=5)

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url is None
    assert alice.failures == []


async def test_an_id_that_status_does_not_know_yet_is_asked_for_again(alice: Post) -> None:
    await alice.app.configure(unknown_id_ms=8000)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.failures == []
    assert await alice.published() == 1


async def test_the_wait_is_patient_and_never_over_the_rate(alice: Post) -> None:
    await alice.app.configure(processing_seconds=6 * 3600)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.failures == []  # 31 in a minute would be a 429


async def test_only_after_a_day_without_an_answer_a_person_is_asked(alice: Post) -> None:
    alice.options = PRIVATE
    await alice.app.configure(processing_seconds=1e9)
    began = await alice.now()

    failure = await alice.to_the_end(patience=1000)

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.UNSURE, "tiktok_cannot_say")
    assert timedelta(days=1) < await alice.now() - began < timedelta(days=1, minutes=10)


async def test_trouble_with_the_status_never_ends_the_wait_before_a_day(alice: Post) -> None:
    alice.options = PRIVATE
    await alice.until("follow")
    await alice.break_next("status", "tiktok.status", status=500, times=100_000)
    began = await alice.now()

    failure = await alice.to_the_end(patience=1000)

    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.UNSURE
    assert await alice.now() - began > timedelta(days=1)
    assert len([one for one in alice.failures if one.kind is Kind.AGAIN]) < 30  # a try that counts is used up


async def test_a_public_video_is_found_in_the_list_when_the_status_stays_silent(alice: Post) -> None:
    await alice.until("follow")
    await alice.app.configure(unknown_id_ms=1e12)

    receipt = await alice.to_the_end(patience=1000)

    assert isinstance(receipt, Receipt)
    assert receipt.url is not None
    [entry] = await alice.app.ledger("published")
    assert receipt.remote_id == entry["post_id"]


async def test_a_creator_who_disconnects_holds_it_and_a_reconnect_sends_it_afresh(alice: Post) -> None:
    await alice.app.configure(processing_seconds=60)
    await alice.until("follow")
    await alice.app.control("tiktok/disconnect", {"creator": "alice.films"})
    failure = await alice.to_the_end()
    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.SIGN_IN
    tokens = await alice.app.control("tiktok/grant", {"creator": "alice.films"})
    alice.grant = replace(alice.grant, access_token=type(alice.grant.access_token)(tokens["access_token"]))

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


async def test_another_account_behind_the_channel_holds_it(alice: Post) -> None:
    await alice.until("follow")
    tokens = await alice.app.control("tiktok/grant", {"creator": "bob.at.home"})
    alice.grant = replace(alice.grant, access_token=type(alice.grant.access_token)(tokens["access_token"]))

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "token_not_authorized_for_specified_publish_id")


async def test_the_checkpoint_forgets_the_upload_address_with_the_last_byte(alice: Post) -> None:
    uploading = await alice.until("finish")
    following = await alice.until("follow")

    assert "upload_url" in uploading
    assert "upload_url" not in following
    assert alice.size == SMALL
