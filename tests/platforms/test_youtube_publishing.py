"""A video on its way to YouTube, against a real sandbox process: session, chunks, refusals, the wait."""

import json
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from playout.domain.delivery import Done, Next, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from tests.platforms.show import FACTS
from tests.platforms.youtube_stage import CHUNK, GRAIN, LARGE, PUBLIC, SMALL, TINY, TITLE, Upload, connected
from tests.sandbox.app import App


@pytest.fixture
async def alice(app: App, http: Http) -> Upload:
    return await connected(app, http)


async def test_an_upright_video_is_published_and_its_receipt_has_the_address_of_a_short(alice: Upload) -> None:
    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url == f"https://www.youtube.com/shorts/{receipt.remote_id}"
    assert await alice.published() == 1
    assert alice.taken[:3] == ["start", "send", "finish"]
    assert alice.failures == []


async def test_a_wide_video_has_the_address_of_an_ordinary_one(alice: Upload) -> None:
    alice.facts = replace(FACTS, width=1920, height=1080)

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url == f"https://www.youtube.com/watch?v={receipt.remote_id}"


async def test_a_large_video_goes_chunk_by_chunk_with_only_the_last_one_fenced(alice: Upload) -> None:
    alice.size = LARGE
    sent = []
    while alice.coming_step != "follow":
        await alice.once()
        assert isinstance(alice.coming, Next)
        if alice.coming.step in {"send", "finish"}:
            sent.append((alice.coming.step, alice.coming.sent, alice.coming.repeatable, alice.coming.state))

    assert sent == [
        ("send", 0, True, State.SENDING),
        ("send", CHUNK, True, State.SENDING),
        ("finish", 2 * CHUNK, False, State.SENDING),
    ]
    assert alice.state is State.PROCESSING
    assert [one["range"] for one in await alice.app.ledger("chunk_accepted")] == [
        [0, CHUNK - 1],
        [CHUNK, 2 * CHUNK - 1],
        [2 * CHUNK, LARGE - 1],
    ]


async def test_chunks_are_whole_where_youtube_insists_on_it(alice: Upload) -> None:
    await alice.configure(strict_chunks=True)
    alice.size = LARGE

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.failures == []


async def test_a_tiny_video_goes_in_one_fenced_chunk(alice: Upload) -> None:
    alice.size = TINY

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[:2] == ["start", "finish"]


@pytest.mark.parametrize("status", [200, 201])
async def test_both_ways_of_saying_that_it_is_complete_are_understood(alice: Upload, status: int) -> None:
    await alice.configure(completion_status=status)

    assert isinstance(await alice.to_the_end(), Receipt)


async def test_the_session_is_kept_before_the_first_byte_and_forgotten_after_the_last(alice: Upload) -> None:
    uploading = await alice.until("send")
    assert await alice.app.ledger("chunk_accepted") == []
    following = await alice.until("follow")

    assert "upload_id=" in str(uploading["session"])
    assert "session" not in following
    assert alice.coming is not None
    assert alice.coming.handle == following["video_id"]


async def test_what_was_chosen_is_what_is_sent(alice: Upload) -> None:
    alice.options = {
        "privacy": "unlisted",
        "made_for_kids": True,
        "description": "Instead of the caption",
        "tags": ["sea", "two words"],
        "category_id": "24",
        "contains_synthetic_media": True,
        "notify_subscribers": False,
    }
    receipt = await alice.to_the_end()
    assert isinstance(receipt, Receipt)

    video = await shown(alice, receipt.remote_id)
    [started] = await alice.app.ledger("session_started")
    assert video["snippet"]["title"] == TITLE
    assert video["snippet"]["description"] == "Instead of the caption"
    assert (video["snippet"]["tags"], video["snippet"]["categoryId"]) == (["sea", "two words"], "24")
    assert video["status"]["privacyStatus"] == "unlisted"
    assert video["status"]["selfDeclaredMadeForKids"] is True
    assert video["status"]["containsSyntheticMedia"] is True
    assert started["notify"] is False


async def test_what_was_left_open_is_not_filled_in_except_the_category(alice: Upload) -> None:
    receipt = await alice.to_the_end()
    assert isinstance(receipt, Receipt)

    video = await shown(alice, receipt.remote_id)
    assert (video["snippet"]["description"], video["snippet"]["categoryId"]) == (alice.caption, "22")
    assert "containsSyntheticMedia" not in video["status"]
    assert "tags" not in video["snippet"]


async def shown(show: Upload, video_id: str) -> dict[str, dict[str, object]]:
    """The video as its owner sees it."""
    reply = await show.app.send(
        "GET",
        "/youtube-api/youtube/v3/videos",
        params={"part": "snippet,status", "id": video_id},
        headers={"Authorization": f"Bearer {show.grant.access_token.reveal()}"},
    )
    [video] = reply.json["items"]
    assert isinstance(video, dict)
    return video


# ── resuming ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_chunk_whose_answer_was_lost_is_asked_about_and_not_sent_again(alice: Upload) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.break_next("reset_after", "youtube.upload")

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[1:5] == ["send", "resync", "send", "finish"]
    assert len(await alice.app.ledger("chunk_accepted")) == 3
    assert alice.failures == []


async def test_an_upload_cut_in_the_middle_goes_on_where_youtube_says(alice: Upload) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.break_next("partial_upload", "youtube.upload", bytes=5_000_000)
    await alice.once()
    await alice.once()

    assert alice.coming is not None
    assert alice.coming.step == "send"
    assert 0 < alice.coming.sent <= 5_000_000
    assert alice.coming.sent % GRAIN == 0
    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


async def test_a_server_that_keeps_half_is_believed(alice: Upload) -> None:
    await alice.configure(keep_half=True)
    alice.size = LARGE

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("start") == 1
    assert await alice.published() == 1


async def test_a_busy_server_gets_the_same_session_later(alice: Upload) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.break_next("status", "youtube.upload", nth=2, status=503, times=3)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("start") == 1
    assert alice.taken.count("resync") == 3


async def test_a_token_that_ends_in_the_middle_is_renewed_and_the_session_goes_on(alice: Upload) -> None:
    alice.size = LARGE
    await alice.until("send")
    await alice.once()
    await alice.configure(access_seconds=3600)
    await alice.reconnect()
    await alice.pass_time(timedelta(minutes=61))
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()
    alice.grant = await alice.platform.renew(alice.grant, await alice.now())

    assert (refused.value.kind, refused.value.code) == (Kind.SIGN_IN, "auth_error")
    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("start") == 1


async def test_a_token_that_ends_before_the_last_byte_leaves_no_doubt(alice: Upload) -> None:
    await alice.skip_to("finish")
    await alice.break_next("status", "youtube.upload", status=401)
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()

    assert refused.value.kind is Kind.SIGN_IN
    assert not alice.fenced
    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_a_session_that_is_gone_before_the_last_byte_left_is_replaced(alice: Upload, status: int) -> None:
    await alice.configure(session_gone_status=status)
    alice.size = LARGE
    await alice.until("send")
    await alice.once()
    await alice.pass_time(timedelta(days=7, seconds=1))

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[:4] == ["start", "send", "send", "start"]
    assert await alice.published() == 1


async def test_a_last_chunk_that_waited_for_long_asks_before_it_leaves(alice: Upload) -> None:
    await alice.skip_to("finish")
    await alice.pass_time(timedelta(days=7, seconds=1))

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[2:6] == ["finish", "resync", "start", "send"]
    assert await alice.published() == 1


async def test_sessions_that_never_live_long_enough_are_given_up_with_nothing_published(alice: Upload) -> None:
    for _ in range(4):
        await alice.skip_to("send")
        await alice.pass_time(timedelta(days=8))
        await alice.to_the_end(patience=1)

    failure = alice.failures[-1]
    assert (failure.kind, failure.code) == (Kind.NEVER, "upload_expired")
    assert await alice.published() == 0


async def test_once_the_last_byte_may_have_left_nobody_can_cancel(alice: Upload) -> None:
    await alice.skip_to("finish")
    before = alice.state
    await alice.lose_the_last_answer("reset_before")
    await alice.once()

    assert (before, alice.state) == (State.SENDING, State.PROCESSING)
    assert (alice.taken[-1], alice.coming_step) == ("look finish", "finish")


# ── a session that is gone after the last byte ───────────────────────────────────────────────────


async def test_a_video_whose_session_is_gone_is_found_among_the_uploads(alice: Upload) -> None:
    await alice.lose_the_last_answer()
    await alice.pass_time(timedelta(days=8))

    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    [entry] = await alice.app.ledger("published")
    assert receipt.remote_id == entry["post_id"]
    assert alice.taken[-3:] == ["look finish", "find", "follow"]
    assert alice.taken.count("start") == 1


async def test_an_upload_that_appears_late_is_waited_for(alice: Upload) -> None:
    await alice.configure(list_delay=8 * 86_400 + 600)
    await alice.lose_the_last_answer()
    await alice.pass_time(timedelta(days=8))

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken.count("find") > 3


async def test_a_video_that_never_appears_is_a_question_to_a_person_and_nothing_is_sent(alice: Upload) -> None:
    await alice.lose_the_last_answer("reset_before")
    await alice.pass_time(timedelta(days=8))
    began = await alice.now()

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code, failure.turn) == (Kind.UNSURE, "not_found", Turn.YOU)
    assert timedelta(minutes=30) < await alice.now() - began < timedelta(minutes=40)
    assert alice.taken.count("start") == 1
    assert alice.state is State.PROCESSING


async def test_an_older_upload_of_the_same_words_is_not_taken_for_this_one(alice: Upload) -> None:
    await alice.to_the_end()
    second = replace(alice, attempt="dlv_2.1", coming=None, taken=[], failures=[], receipts=[])
    await second.lose_the_last_answer("reset_before")
    await second.pass_time(timedelta(days=8))

    failure = await second.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.UNSURE


# ── what YouTube refuses at the start ────────────────────────────────────────────────────────────


async def refusal(show: Upload) -> PlatformFailure:
    failure = await show.to_the_end()
    assert isinstance(failure, PlatformFailure)
    assert await show.published() == 0
    return failure


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"category_id": "9999"}, "invalid_category_id"),
        ({"tags": ["x" * 501]}, "invalid_tags"),
        ({"description": "é" * 2501}, "invalid_description"),
    ],
)
async def test_wording_that_youtube_refuses_is_for_a_person_to_edit(
    alice: Upload, options: dict[str, str], code: str
) -> None:
    alice.options = {**PUBLIC, **options}

    failure = await refusal(alice)

    assert (failure.kind, failure.code, failure.turn) == (Kind.CHOOSE, code, Turn.YOU)
    assert await alice.app.ledger("session_started") == []


async def test_an_edited_title_goes_on_where_it_was_held(alice: Upload) -> None:
    alice.title = "<b>"
    assert (await refusal(alice)).code == "invalid_title"
    alice.title = "Better"

    assert isinstance(await alice.to_the_end(), Receipt)


async def test_an_empty_upload_bucket_waits_for_midnight_in_california(alice: Upload) -> None:
    await alice.configure(uploads_per_day=0)
    await alice.once()
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()

    assert (refused.value.kind, refused.value.code) == (Kind.LATER, "uploads_per_day")
    assert refused.value.retry_at is not None
    assert refused.value.retry_at.minute == 0
    assert refused.value.retry_at.astimezone(UTC).hour in {7, 8}
    assert timedelta(0) < refused.value.retry_at - await alice.now() <= timedelta(hours=25)


async def test_a_channel_with_enough_videos_for_today_is_tried_in_a_day(alice: Upload) -> None:
    await alice.to_the_end()
    await alice.configure(channel_daily_limit=1)
    second = replace(alice, attempt="dlv_2.1", coming=None)
    await second.once()
    with pytest.raises(PlatformFailure) as refused:
        await second.once()

    assert (refused.value.kind, refused.value.code) == (Kind.LATER, "upload_limit_exceeded")
    assert refused.value.retry_at is not None
    assert refused.value.retry_at - await alice.now() > timedelta(hours=23)


@pytest.mark.parametrize(
    ("creator", "kind", "code"),
    [
        ({"exists": False}, Kind.SIGN_IN, "youtube_signup_required"),
        ({"suspended": True}, Kind.NEVER, "authenticated_user_account_suspended"),
    ],
)
async def test_an_account_that_cannot_upload_says_what_to_do(
    alice: Upload, creator: dict[str, bool], kind: Kind, code: str
) -> None:
    await alice.configure(creators=[{"handle": "alice.films", **creator}])

    failure = await refusal(alice)

    assert (failure.kind, failure.code, failure.turn) == (kind, code, Turn.YOU)


async def test_a_missing_permission_asks_for_a_new_connection(alice: Upload) -> None:
    await alice.app.control("youtube/disconnect", {"creator": "alice.films"})
    await alice.reconnect(scopes=alice.grant.scopes[1:])

    failure = await refusal(alice)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "insufficient_permissions")


async def test_an_api_that_is_switched_off_is_the_operators_turn(alice: Upload) -> None:
    await alice.configure(api_disabled=True)
    await alice.once()
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()

    assert (refused.value.kind, refused.value.code) == (Kind.LATER, "access_not_configured")
    assert refused.value.turn is Turn.US


async def test_a_lost_session_start_is_begun_again(alice: Upload) -> None:
    await alice.break_next("reset_after", "youtube.start")

    assert isinstance(await alice.to_the_end(), Receipt)
    assert len(await alice.app.ledger("session_started")) == 2
    assert await alice.published() == 1


async def test_a_long_video_is_asked_about_before_a_byte_leaves(alice: Upload) -> None:
    alice.facts = replace(FACTS, duration=960.0)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.taken[0] == "check"


async def test_a_long_video_on_a_channel_without_telephone_is_held_with_the_mend(alice: Upload) -> None:
    await alice.configure(creators=[{"handle": "alice.films", "verified": False}])
    alice.facts = replace(FACTS, duration=960.0)

    failure = await refusal(alice)

    assert (failure.kind, failure.code, failure.turn) == (Kind.CHOOSE, "too_long", Turn.YOU)
    assert "https://www.youtube.com/verify" in failure.sentence
    assert alice.taken == ["check"]


# ── what YouTube makes of it ─────────────────────────────────────────────────────────────────────


def video(**status: object) -> str:
    item = {"id": "x", "status": {"privacyStatus": "public", **status}, "processingDetails": {}}
    return json.dumps({"kind": "youtube#videoListResponse", "items": [item]})


def none() -> str:
    return json.dumps({"kind": "youtube#videoListResponse", "items": [], "pageInfo": {"totalResults": 0}})


async def told(show: Upload, body: str, times: int = 1) -> PlatformFailure:
    await show.skip_to("follow")
    await show.break_next("status", "youtube.videos", status=200, body=body, times=times)
    failure = await show.to_the_end(patience=1000)
    assert isinstance(failure, PlatformFailure)
    return failure


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [
        ({"uploadStatus": "failed", "failureReason": "codec"}, "codec", "H.264"),
        ({"uploadStatus": "failed", "failureReason": "emptyFile"}, "empty_file", "empty"),
        ({"uploadStatus": "failed"}, "processing_failed", "does not say why"),
        ({"uploadStatus": "rejected", "rejectionReason": "copyright"}, "copyright", "copyright"),
        ({"uploadStatus": "rejected", "rejectionReason": "length"}, "length", "youtube.com/verify"),
        ({"uploadStatus": "rejected", "rejectionReason": "termsOfUse"}, "terms_of_use", "terms of use"),
        ({"uploadStatus": "rejected"}, "rejected", "does not say why"),
        ({"uploadStatus": "deleted"}, "deleted", "deleted"),
    ],
)
async def test_what_youtube_does_not_show_ends_with_its_reason(
    alice: Upload, status: dict[str, str], code: str, word: str
) -> None:
    failure = await told(alice, video(**status))

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, code, Turn.YOU)
    assert word in failure.sentence


async def test_a_reason_nobody_knows_is_final_and_keeps_its_name(alice: Upload) -> None:
    failure = await told(alice, video(uploadStatus="rejected", rejectionReason="moonPhase"))

    assert (failure.kind, failure.code) == (Kind.NEVER, "moon_phase")


async def test_a_video_taken_down_while_it_is_processed_is_told_with_the_reason(alice: Upload) -> None:
    await alice.configure(processing_seconds=3600)
    follow = await alice.until("follow")
    await alice.app.control("youtube/take-down", {"post_id": follow["video_id"], "reason": "claim"})

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "claim")


async def test_a_video_that_vanishes_after_it_was_seen_was_deleted(alice: Upload) -> None:
    await alice.configure(processing_seconds=1e9)
    follow = await alice.until("follow")
    await alice.once()
    await alice.app.control("youtube/take-down", {"post_id": follow["video_id"]})

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "deleted")


async def test_a_video_that_is_not_shown_at_first_is_waited_for(alice: Upload) -> None:
    await alice.skip_to("follow")
    await alice.break_next("status", "youtube.videos", status=200, body=none(), times=3)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.failures == []


async def test_a_video_that_is_never_shown_is_a_question_to_a_person(alice: Upload) -> None:
    failure = await told(alice, none(), times=1000)

    assert (failure.kind, failure.code) == (Kind.UNSURE, "not_shown")


async def test_hours_of_processing_are_followed_with_few_questions(alice: Upload) -> None:
    await alice.configure(processing_seconds=12 * 3600)

    assert isinstance(await alice.to_the_end(patience=1000), Receipt)
    assert alice.failures == []
    assert alice.taken.count("follow") < 120  # each costs one of 10,000 units a day


async def test_only_after_a_day_a_person_is_asked_and_told_where_to_look(alice: Upload) -> None:
    await alice.configure(processing_seconds=1e9)
    began = await alice.now()

    failure = await alice.to_the_end(patience=1000)

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.UNSURE, "still_processing")
    assert "https://www.youtube.com/watch?v=" in failure.sentence
    assert timedelta(days=1) < await alice.now() - began < timedelta(days=1, hours=2)


async def test_trouble_with_asking_never_ends_the_wait_before_a_day(alice: Upload) -> None:
    await alice.skip_to("follow")
    await alice.break_next("status", "youtube.videos", status=500, times=100_000)
    began = await alice.now()

    failure = await alice.to_the_end(patience=1000)

    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.UNSURE
    assert await alice.now() - began > timedelta(days=1)
    assert len([one for one in alice.failures if one.kind is Kind.AGAIN]) < 30  # a try that counts is used up


async def test_questions_that_used_up_the_day_wait_for_the_next_one(alice: Upload) -> None:
    await alice.skip_to("follow")
    await alice.configure(units_per_day=0)
    with pytest.raises(PlatformFailure) as refused:
        await alice.once()
    await alice.configure(units_per_day=10_000)

    assert (refused.value.kind, refused.value.code) == (Kind.LATER, "quota_exceeded")
    assert isinstance(await alice.to_the_end(), Receipt)


async def test_a_channel_that_was_disconnected_is_held_and_a_reconnect_goes_on(alice: Upload) -> None:
    await alice.skip_to("follow")
    await alice.app.control("youtube/disconnect", {"creator": "alice.films"})
    failure = await alice.to_the_end()
    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.SIGN_IN
    await alice.reconnect()

    assert isinstance(await alice.to_the_end(), Receipt)
    assert await alice.published() == 1


# ── privacy ──────────────────────────────────────────────────────────────────────────────────────


async def test_another_visibility_than_the_one_chosen_is_published_and_told(alice: Upload) -> None:
    await alice.configure(unverified_project_lock=True)
    outcome = None
    while not isinstance(outcome, Done):
        outcome = await alice.once()
    with pytest.raises(PlatformFailure) as told:
        await alice.once()

    assert alice.state is State.PUBLISHED
    assert (told.value.code, told.value.turn) == ("privacy_changed", Turn.YOU)
    assert "private, though public was chosen" in told.value.sentence


async def test_a_visibility_as_chosen_leaves_nothing_to_be_told(alice: Upload) -> None:
    alice.options = {**PUBLIC, "privacy": "private"}
    await alice.configure(unverified_project_lock=True)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.coming is None


async def test_a_file_is_named_after_its_attempt(alice: Upload) -> None:
    receipt = await alice.to_the_end()
    assert isinstance(receipt, Receipt)
    reply = await alice.app.send(
        "GET",
        "/youtube-api/youtube/v3/videos",
        params={"part": "fileDetails", "id": receipt.remote_id},
        headers={"Authorization": f"Bearer {alice.grant.access_token.reveal()}"},
    )

    assert reply.json["items"][0]["fileDetails"]["fileName"] == "dlv_1.1.mp4"
    assert reply.json["items"][0]["fileDetails"]["fileSize"] == str(SMALL)
