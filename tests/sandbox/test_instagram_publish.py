"""Rows 22-31 of Instagram: the point of no return, what is refused before it, and what is doubtful after it."""

import hashlib
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.sandbox.app import App
from tests.sandbox.instagram_app import ALICE, BASIC, BOB, DAY, HOUR, Insta, own_server, refusal
from tests.sandbox.other_side import OtherSide


@pytest.fixture
async def side(app: App) -> AsyncIterator[OtherSide]:
    async with own_server(app) as side:
        yield side


@pytest.fixture
def insta(app: App, side: OtherSide) -> Insta:
    return Insta(app)


@pytest.fixture
def video(side: OtherSide) -> str:
    return f"{side.url}/pull/video"


async def test_a_reel_goes_live_once_and_shows_in_the_feed(app: App, insta: Insta, side: OtherSide, video: str) -> None:
    token = await insta.grant()
    container = await insta.ready(token, video, caption="hello <you>")
    reply = await insta.publish(token, container)
    assert set(reply.json) == {"id"}
    assert reply.json["id"] != container
    (entry,) = await insta.published()
    assert (entry["post_id"], entry["container"], entry["creator"]) == (reply.json["id"], container, ALICE)
    assert (entry["caption"], entry["privacy"]) == ("hello <you>", "public")
    assert entry["sha256"] == hashlib.sha256(side.video).hexdigest()
    assert (await insta.status(token, container)).json["status_code"] == "PUBLISHED"
    feed = (await app.send("GET", "/feed")).text
    assert "hello &lt;you&gt;" in feed
    assert "@alice.films" in feed
    played = await app.send("GET", f"/feed/video/{reply.json['id']}")
    assert played.text.encode() == side.video


async def test_the_container_never_tells_the_media(insta: Insta, video: str) -> None:
    token = await insta.grant()
    container = await insta.ready(token, video)
    media = (await insta.publish(token, container)).json["id"]
    everything = await insta.status(token, container, "id,status_code,status,copyright_check_status,video_status")
    assert media not in everything.text


async def test_row_22_a_container_in_progress_is_not_ready(app: App, insta: Insta, video: str) -> None:
    await insta.configure(processing_seconds=HOUR)
    token = await insta.grant()
    container = (await insta.create(token, video)).json["id"]
    await app.noted(lambda entry: entry["effect"] == "pull_complete")
    reply = await insta.publish(token, container)
    assert refusal(reply) == (400, 9007, 2207027)
    assert reply.message == "Media ID is not available"
    assert reply.json["error"]["error_user_msg"] == "The media is not ready for publishing, please wait for a moment"
    await app.pass_time(HOUR + 1)
    await insta.settled(token, container)
    assert (await insta.publish(token, container)).status == 200


async def test_row_22_a_container_that_failed_is_not_ready_either(insta: Insta, side: OtherSide) -> None:
    token = await insta.grant()
    container = (await insta.create(token, f"{side.url}/pull/gone")).json["id"]
    await insta.settled(token, container)
    assert refusal(await insta.publish(token, container)) == (400, 9007, 2207027)


async def test_row_24_another_accounts_container_cannot_be_published(insta: Insta, video: str) -> None:
    container = await insta.ready(await insta.grant(), video)
    assert refusal(await insta.publish(await insta.grant(BOB), container, BOB)) == (400, 24, 2207006)
    assert await insta.published() == []


async def test_row_25_an_unknown_creation_id_does_not_exist(insta: Insta) -> None:
    token = await insta.grant()
    reply = await insta.publish(token, "1")
    assert refusal(reply) == (400, 24, 2207008)
    assert "creation id = 1 does not exist" in reply.json["error"]["error_user_msg"]
    assert refusal(await insta.publish(token, "")) == (400, 100, None)


@pytest.mark.parametrize(("mode", "expected"), [("2207008", (400, 24, 2207008)), ("9007", (400, 9007, 2207027))])
async def test_row_26_a_second_publish_is_refused(
    insta: Insta, video: str, mode: str, expected: tuple[int, int, int]
) -> None:
    await insta.configure(second_publish=mode)
    token = await insta.grant()
    container = await insta.ready(token, video)
    await insta.publish(token, container)
    assert refusal(await insta.publish(token, container)) == expected
    assert len(await insta.published()) == 1


@pytest.mark.parametrize(("mode", "reels"), [("same_id", 1), ("second_post", 2)])
async def test_row_26_or_it_answers_200_with_one_reel_or_with_two(
    insta: Insta, video: str, mode: str, reels: int
) -> None:
    await insta.configure(second_publish=mode)
    token = await insta.grant()
    container = await insta.ready(token, video)
    ids = {(await insta.publish(token, container)).json["id"] for _ in range(2)}
    assert {entry["post_id"] for entry in await insta.published()} == ids
    assert len(ids) == reels


async def test_row_27_the_quota_is_a_moving_window_of_publishes(app: App, insta: Insta, video: str) -> None:
    await insta.configure(quota_total=2)
    token = await insta.grant()
    await insta.reel(token, video)
    await app.pass_time(HOUR)
    last = [await insta.ready(token, video) for _ in range(2)]
    assert (await insta.quota(token))["quota_usage"] == 1  # containers do not count
    assert (await insta.publish(token, last[0])).status == 200
    assert await insta.quota(token) == {"quota_usage": 2, "config": {"quota_total": 2, "quota_duration": DAY}}
    reply = await insta.publish(token, last[1])
    assert refusal(reply) == (400, 9, 2207042)
    assert reply.json["error"]["error_user_msg"].startswith("You reached maximum number of posts")
    await app.pass_time(DAY - HOUR + 1)  # the first has left the window, the containers live
    assert (await insta.quota(token))["quota_usage"] == 1
    assert (await insta.publish(token, last[1])).status == 200


async def test_row_27_the_quota_is_each_accounts_own_and_read_with_since(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    await insta.reel(token, video)
    assert (await insta.quota(await insta.grant(BOB), BOB))["quota_usage"] == 0
    await app.pass_time(HOUR)
    now = int((await app.control("clock"))["now"])
    path = f"{ALICE}/content_publishing_limit"
    answers = [await insta.call("GET", path, token, since=str(now - ago)) for ago in (60, 2 * HOUR)]
    assert [reply.json for reply in answers] == [{"data": [{"quota_usage": n}]} for n in (0, 1)]
    assert refusal(await insta.call("GET", path, token, since=str(now - 2 * DAY))) == (400, 100, None)


async def test_row_27_limits_can_be_switched_off(app: App, insta: Insta, video: str) -> None:
    await app.control("config", {"limits": False})
    await insta.configure(quota_total=0)
    assert await insta.reel(await insta.grant(), video)


@pytest.mark.parametrize(("mode", "reels"), [("not_published", 0), ("published", 1)])
async def test_row_29_a_spam_block_says_the_same_whether_the_reel_is_live_or_not(
    insta: Insta, video: str, mode: str, reels: int
) -> None:
    await insta.configure(spam_block=mode)
    token = await insta.grant()
    container = await insta.ready(token, video)
    reply = await insta.publish(token, container)
    assert refusal(reply) == (400, 4, 2207051)
    assert reply.json["error"]["error_user_msg"].startswith("We restrict certain activity to protect our community.")
    assert len(await insta.published()) == reels
    code = (await insta.status(token, container)).json["status_code"]
    assert code == ("PUBLISHED" if reels else "FINISHED")


async def test_row_30_an_answer_may_be_lost_after_the_reel_went_live(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    container = await insta.ready(token, video)
    await app.fault({"kind": "instagram.publish"}, "reset_after")
    with pytest.raises((ConnectionResetError, aiohttp.ClientError)):
        await insta.publish(token, container)
    assert len(await insta.published()) == 1
    assert (await insta.status(token, container)).json["status_code"] == "PUBLISHED"


async def test_row_31_a_restricted_account_may_neither_create_nor_publish(insta: Insta, video: str) -> None:
    token = await insta.grant()
    container = await insta.ready(token, video)
    await insta.configure(restricted=["alice.films"])
    assert refusal(await insta.create(token, video)) == (400, 25, 2207050)
    assert refusal(await insta.publish(token, container)) == (400, 25, 2207050)
    assert (await insta.create(await insta.grant(BOB), video, BOB)).status == 200


async def test_publishing_needs_the_scope_and_the_accounts_own_id(insta: Insta, video: str) -> None:
    container = await insta.ready(await insta.grant(), video)
    assert refusal(await insta.publish(await insta.grant(scopes=[BASIC]), container)) == (400, 10, None)
    assert refusal(await insta.publish(await insta.grant(BOB), container, ALICE)) == (400, 100, 33)


async def test_the_id_may_be_missing_from_a_good_answer(insta: Insta, video: str) -> None:
    await insta.configure(publish_omits_id=True)
    token = await insta.grant()
    reply = await insta.publish(token, await insta.ready(token, video))
    assert (reply.status, reply.json) == (200, {})
    assert len(await insta.published()) == 1


async def test_the_status_may_lag_behind_the_publish(app: App, insta: Insta, video: str) -> None:
    await insta.configure(status_lag=60)
    token = await insta.grant()
    container = await insta.ready(token, video)
    await insta.publish(token, container)
    assert (await insta.status(token, container)).json["status_code"] == "FINISHED"
    assert refusal(await insta.publish(token, container)) == (400, 24, 2207008)
    await app.pass_time(61)
    assert (await insta.status(token, container)).json["status_code"] == "PUBLISHED"


@pytest.mark.parametrize("later", ["PUBLISHED", "EXPIRED", "gone"])
async def test_what_a_published_container_reads_a_day_later_is_a_setting(
    app: App, insta: Insta, video: str, later: str
) -> None:
    await insta.configure(published_after_a_day=later)
    token = await insta.grant()
    container = await insta.ready(token, video)
    await insta.publish(token, container)
    await app.pass_time(DAY + 1)
    reply = await insta.status(token, container)
    if later == "gone":
        assert refusal(reply) == (400, 100, 33)
    else:
        assert reply.json["status_code"] == later


async def test_only_publishing_is_hit_by_a_fault_on_publishing(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    await app.control("requests")
    await app.send("DELETE", "/_sandbox/requests")
    await app.fault({"kind": "instagram.publish"}, "status", status=500)
    container = await insta.ready(token, video)
    assert (await insta.publish(token, container)).status == 500
    kinds = [seen["kind"] for seen in await app.control("requests")]
    assert (kinds[0], kinds[-1]) == ("instagram.container", "instagram.publish")
    assert set(kinds[1:-1]) == {"instagram.container_status"}
