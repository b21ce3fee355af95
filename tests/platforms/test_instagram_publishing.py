"""A reel on its way, both ways, against a real sandbox process: what is sent, waited for, refused and given up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from playout.domain.delivery import JsonValue, Receipt, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.platforms.instagram_stage import ACCOUNT, Door, Reel, facebook_grant, instagram_grant
from tests.sandbox.other_side import other_side

pytest_plugins = ("tests.platforms.instagram_cast",)

HOUR = timedelta(hours=1)


async def test_a_reel_is_published_with_its_address(reel: Reel) -> None:
    receipt = await reel.is_published()

    [entry] = await reel.app.ledger("published")
    assert receipt.remote_id == entry["post_id"]
    assert receipt.url is not None
    assert receipt.url.startswith("https://www.instagram.com/reel/")


async def test_instagram_fetches_the_file_and_the_address_is_withdrawn(puller: Reel) -> None:
    await puller.is_published()

    assert puller.door is not None
    assert len(puller.door.offered) == 1
    assert puller.door.withdrawn == puller.door.offered
    assert puller.taken[0] == "container"
    assert puller.taken[-3:] == ["quota", "publish", "receipt"]


async def test_with_facebook_login_the_file_is_uploaded(uploader: Reel) -> None:
    await uploader.is_published()

    assert uploader.taken[:2] == ["container", "upload"]
    [done] = await uploader.app.ledger("upload_complete")
    assert done["size"] == uploader.size


async def test_the_words_and_choices_of_the_person_arrive(reel: Reel) -> None:
    reel.options = {"share_to_feed": False, "cover_at_ms": 1500, "collaborators": ["@bob", "cy"], "ai_generated": True}
    await reel.is_published()

    [made] = await reel.app.ledger("container_created")
    assert made["caption"] == reel.caption
    assert made["options"] == {
        "share_to_feed": False,
        "is_ai_generated": True,
        "collaborators": ["bob", "cy"],
        "thumb_offset": "1500",
    }


async def test_nothing_is_published_before_the_one_fenced_call(reel: Reel) -> None:
    await reel.until("publish")

    assert reel.coming is not None
    assert not reel.coming.repeatable
    assert reel.state is State.SENDING
    assert await reel.published() == 0


async def test_the_container_is_saved_before_anything_else_is_sent(reel: Reel) -> None:
    await reel.once()
    await reel.once()

    assert reel.coming is not None
    [made] = await reel.app.ledger("container_created")
    assert reel.coming.handle == made["container"] == reel.coming.checkpoint["container"]


async def test_the_media_is_saved_before_its_address_is_asked_for(reel: Reel) -> None:
    await reel.until("publish")
    await reel.once()

    assert reel.receipts[0].remote_id.startswith("179")
    assert reel.receipts[0].url is None
    assert reel.coming_step == "receipt"


@pytest.mark.parametrize("code", ["100/33", "4/2207051", "190/463", "10"])
async def test_an_address_that_is_not_told_touches_nothing(reel: Reel, code: str) -> None:
    await reel.until("receipt")
    await reel.refused(code, "instagram.media", times=3)

    receipt = await reel.is_published()

    assert receipt.url is not None
    assert reel.failures == []


async def test_an_address_that_is_never_told_is_given_up_after_a_day(reel: Reel) -> None:
    await reel.until("receipt")
    await reel.configure(permalink_delay=1e9)

    receipt = await reel.is_published()

    assert receipt.url is None
    assert receipt.remote_id.startswith("179")


# ── the wait ─────────────────────────────────────────────────────────────────────────────────────


async def test_processing_that_takes_hours_is_no_failure(reel: Reel) -> None:
    reel.is_slow = True
    await reel.configure(processing_seconds=5 * 3600)

    await reel.is_published()

    assert reel.failures == []
    assert reel.taken.count("container") == 1


async def test_a_wait_can_be_cancelled(reel: Reel) -> None:
    await reel.configure(processing_seconds=1e9)
    await reel.until("follow")
    await reel.once()

    assert reel.state is State.SENDING


async def test_a_container_that_is_never_ready_is_replaced_when_it_expires_and_then_given_up(reel: Reel) -> None:
    reel.is_slow = True
    await reel.configure(processing_seconds=1e9, container_seconds=3600)

    failure = await reel.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "container_expired")
    assert reel.taken.count("container") == 4


async def test_reads_that_do_not_find_the_container_are_repeated(reel: Reel) -> None:
    await reel.configure(read_flake=True)

    await reel.is_published()

    assert reel.failures == []
    assert reel.taken.count("container") == 1


async def test_a_container_that_a_pages_token_never_finds_is_read_with_the_persons(uploader: Reel) -> None:
    await uploader.until("follow")
    await uploader.refused("100/33", "instagram.container_status")
    await uploader.once()
    tokens = {uploader.grant.access_token, uploader.grant.refresh_token}
    await uploader.once()

    assert len(tokens) == 2
    assert uploader.coming_step in {"follow", "quota"}
    await uploader.is_published()


async def test_a_person_whose_token_has_ended_is_no_obstacle(uploader: Reel) -> None:
    await uploader.until("follow")
    assert uploader.coming is not None
    uploader.coming = replace(uploader.coming, checkpoint={**uploader.coming.checkpoint, "unseen": 1})
    await uploader.refused("190/463", "instagram.container_status")

    await uploader.is_published()

    assert uploader.failures == []


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["prose", "subcode"])
async def test_a_file_that_instagram_does_not_take_is_final(puller: Reel, status: str) -> None:
    await puller.app.control("config", {"media_checks": True, "sink": False})
    await puller.configure(error_status=status)

    failure = await puller.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "media_2207026", Turn.YOU)
    assert failure.sentence.startswith("Instagram does not take the file's format.")


@pytest.mark.parametrize("how", ["container", "create"])
async def test_a_file_that_cannot_be_fetched_is_offered_again_a_few_times(puller: Reel, how: str) -> None:
    await puller.app.control("config", {"pull_insecure": False})
    await puller.configure(bad_video_url=how)

    failure = await puller.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert failure.kind is Kind.NEVER
    assert failure.code in {"media_2207052", "graph_9004_2207052"}
    assert "PUBLIC_URL" in failure.sentence
    assert puller.door is not None
    assert len(set(puller.door.offered)) == 4
    assert set(puller.door.withdrawn) == set(puller.door.offered)


async def test_a_file_that_is_fetched_at_the_second_try_is_published(puller: Reel) -> None:
    await puller.app.control("config", {"pull_insecure": False})
    await puller.until("follow")
    while puller.taken.count("container") < 2:
        await puller.to_the_end(patience=1)
        await puller.app.control("config", {"pull_insecure": puller.coming_step == "container"})

    await puller.is_published()


async def test_a_slow_fetch_begins_again(puller: Reel) -> None:
    puller.is_slow = True
    await puller.configure(pull_seconds=60)
    await puller.app.control("config", {"pull_delay": 1e9})

    failure = await puller.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.NEVER, "media_2207003")
    assert puller.taken.count("container") == 4


CREATING: list[tuple[str, Kind, Turn]] = [
    ("10", Kind.SIGN_IN, Turn.YOU),
    ("200", Kind.SIGN_IN, Turn.YOU),
    ("190/458", Kind.SIGN_IN, Turn.YOU),
    ("190/463", Kind.SIGN_IN, Turn.YOU),
    ("100/33", Kind.SIGN_IN, Turn.YOU),
    ("25/2207050", Kind.CHOOSE, Turn.YOU),
    ("4/2207051", Kind.CHOOSE, Turn.YOU),
    ("36004/2207010", Kind.CHOOSE, Turn.YOU),
    ("100/2207040", Kind.CHOOSE, Turn.YOU),
    ("1/2207057", Kind.CHOOSE, Turn.YOU),
    ("36001", Kind.CHOOSE, Turn.YOU),
    ("100/2207023", Kind.NEVER, Turn.US),
    ("100", Kind.NEVER, Turn.US),
    ("352/2207026", Kind.NEVER, Turn.YOU),
    ("1", Kind.AGAIN, Turn.PLATFORM),
    ("2", Kind.AGAIN, Turn.PLATFORM),
    ("-1/2207001", Kind.AGAIN, Turn.PLATFORM),
    ("4", Kind.LATER, Turn.PLATFORM),
    ("80002", Kind.LATER, Turn.PLATFORM),
    ("613", Kind.LATER, Turn.PLATFORM),
]


@pytest.mark.parametrize(("code", "kind", "turn"), CREATING, ids=[one[0] for one in CREATING])
async def test_a_refused_container_is_named(reel: Reel, code: str, kind: Kind, turn: Turn) -> None:
    await reel.until("container")
    await reel.refused(code, "instagram.*")

    failure = await reel.fails()

    assert (failure.kind, failure.turn) == (kind, turn)
    assert (failure.retry_at is not None) == (kind is Kind.LATER)
    assert failure.sentence.endswith(".")
    assert "{" not in failure.sentence


async def test_what_was_refused_for_its_caption_goes_on_with_another(reel: Reel) -> None:
    await reel.until("container")
    await reel.refused("36004/2207010", "instagram.*")
    await reel.fails()
    reel.caption = "Shorter"

    await reel.is_published()

    assert (await reel.app.ledger("published"))[0]["caption"] == "Shorter"


async def test_a_caption_that_was_changed_meanwhile_is_the_one_that_is_published(reel: Reel) -> None:
    await reel.until("quota")
    reel.caption = "Another"

    await reel.is_published()

    assert (await reel.app.ledger("published"))[0]["caption"] == "Another"


@pytest.mark.parametrize("step", ["container", "follow", "quota"])
async def test_an_account_that_is_connected_anew_by_facebook_begins_again(puller: Reel, step: str) -> None:
    await puller.until(step)
    puller.grant = await facebook_grant(puller.app)

    await puller.is_published()

    assert "upload" in puller.taken
    assert puller.door is not None
    assert set(puller.door.withdrawn) == set(puller.door.offered)


@pytest.mark.parametrize("step", ["container", "upload", "follow", "quota"])
async def test_an_account_that_is_connected_anew_by_instagram_begins_again(uploader: Reel, step: str) -> None:
    await uploader.until(step)
    uploader.grant = await instagram_grant(uploader.app)
    async with other_side() as side:
        side.video = b"any bytes"
        uploader.pulls = Door(side)

        await uploader.is_published()


async def test_a_permission_that_was_not_given_is_said_in_words(puller: Reel) -> None:
    puller.grant = await instagram_grant(puller.app, scopes=["instagram_business_basic"])

    failure = await puller.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "graph_10")
    assert "permission" in failure.sentence


async def test_a_restricted_account_holds_the_post(reel: Reel) -> None:
    await reel.configure(restricted=[ACCOUNT])
    failure = await reel.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.code) == (Kind.CHOOSE, "graph_25_2207050")
    await reel.configure(restricted=[])
    await reel.is_published()


@pytest.mark.parametrize("code", ["80002", "4"])
async def test_too_many_containers_are_a_matter_of_time(puller: Reel, code: str) -> None:
    await puller.configure(container_limit=0, container_limit_code=code)
    await puller.once()

    assert (await puller.fails()).kind is Kind.LATER


async def test_a_rate_limit_says_when_it_lifts(puller: Reel) -> None:
    await puller.configure(calls_per_day=0)
    await puller.once()

    failure = await puller.fails()

    assert failure.kind is Kind.LATER
    assert failure.retry_at is not None
    assert failure.retry_at - await puller.now() > timedelta(hours=20)


# ── the quota ────────────────────────────────────────────────────────────────────────────────────


async def test_a_full_quota_waits_and_is_never_guessed(reel: Reel) -> None:
    await reel.configure(quota_total=0)
    await reel.until("quota")
    failure = await reel.fails()

    assert (failure.kind, failure.code) == (Kind.LATER, "quota_used_up")
    assert failure.retry_at is not None
    assert failure.retry_at - await reel.now() <= HOUR
    await reel.configure(quota_total=1)
    await reel.is_published()


async def test_a_quota_that_fills_up_at_the_last_moment_waits_too(reel: Reel) -> None:
    await reel.until("publish")
    await reel.configure(quota_total=0)
    failure = await reel.fails()

    assert (failure.kind, failure.code) == (Kind.LATER, "graph_9_2207042")
    assert not reel.fenced
    await reel.configure(quota_total=1)
    await reel.is_published()


async def test_a_container_that_a_full_quota_outlived_is_replaced(reel: Reel) -> None:
    await reel.configure(quota_total=0)
    await reel.until("quota")
    await reel.fails()
    await reel.pass_time(timedelta(hours=25))
    await reel.configure(quota_total=1)

    await reel.is_published()

    assert reel.taken.count("container") == 2
    assert reel.failures == []


# ── the publication refused for certain ──────────────────────────────────────────────────────────

REFUSED: list[tuple[str, Kind]] = [
    ("190/458", Kind.SIGN_IN),
    ("190", Kind.SIGN_IN),
    ("10", Kind.SIGN_IN),
    ("200", Kind.SIGN_IN),
    ("25/2207050", Kind.CHOOSE),
    ("36004/2207010", Kind.CHOOSE),
    ("9/2207042", Kind.LATER),
    ("80002", Kind.LATER),
    ("17", Kind.LATER),
    ("100", Kind.NEVER),
]


@pytest.mark.parametrize(("code", "kind"), REFUSED, ids=[one[0] for one in REFUSED])
async def test_a_refusal_that_is_known_to_be_one_lifts_the_fence(reel: Reel, code: str, kind: Kind) -> None:
    await reel.until("publish")
    await reel.refused(code, "instagram.publish")

    failure = await reel.fails()

    assert failure.kind is kind
    assert not reel.fenced
    if kind is not Kind.NEVER:
        await reel.is_published()


async def test_a_container_that_is_not_ready_after_all_is_waited_for(reel: Reel) -> None:
    await reel.until("publish")
    await reel.refused("9007/2207027", "instagram.publish")
    await reel.once()

    assert reel.coming_step == "follow"
    assert isinstance(await reel.is_published(), Receipt)
    assert reel.failures == []


async def test_a_publication_that_was_put_off_is_prepared_afresh(reel: Reel) -> None:
    before = dict(await reel.until("publish"))
    await reel.pass_time(HOUR)
    await reel.once()
    after = await reel.until("publish")

    assert reel.taken.count("publish") == 1
    assert float(str(after["publish_at"])) > float(str(before["publish_at"])) + 3500
    await reel.is_published()


async def test_a_container_that_somebody_published_already_is_published(reel: Reel) -> None:
    checkpoint: dict[str, JsonValue] = dict(await reel.until("publish"))
    await reel.platform.step(await reel.task())
    reel.coming = replace(reel.coming, step="follow", checkpoint=checkpoint, repeatable=True) if reel.coming else None

    receipt = await reel.is_published()

    assert receipt.url is not None
