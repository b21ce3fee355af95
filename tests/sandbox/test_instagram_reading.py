"""Rows 34-38 of Instagram: reels and their numbers, lags and flakes, rate limits, scripted errors."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.app import App
from tests.sandbox.instagram_app import ALICE, BASIC, BOB, DAY, PUBLISH, Insta, own_server, refusal
from tests.sandbox.other_side import OtherSide

FIELDS = "id,caption,permalink,shortcode,media_type,media_product_type,timestamp"


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


async def test_a_reel_reads_back_as_a_video_with_a_permalink(insta: Insta, video: str) -> None:
    token = await insta.grant()
    media = await insta.reel(token, video, caption="by @bob")
    reel = (await insta.call("GET", media, token, fields=FIELDS)).json
    assert (reel["id"], reel["caption"]) == (media, "by @bob")
    assert (reel["media_type"], reel["media_product_type"]) == ("VIDEO", "REELS")
    assert reel["permalink"] == f"https://www.instagram.com/reel/{reel['shortcode']}/"
    assert reel["timestamp"].endswith("+0000")


@pytest.mark.parametrize(("mode", "seen"), [("no_at", "by bob"), ("absent", None)])
async def test_a_caption_may_read_back_differently_or_not_at_all(
    insta: Insta, video: str, mode: str, seen: str | None
) -> None:
    await insta.configure(caption_readback=mode)
    token = await insta.grant()
    media = await insta.reel(token, video, caption="by @bob")
    assert (await insta.call("GET", media, token, fields="caption")).json.get("caption") == seen


async def test_reels_are_listed_newest_first_page_by_page(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    made: list[str] = []
    for number in range(3):
        made.insert(0, await insta.reel(token, video, caption=f"number {number}"))
        await app.pass_time(10)
    page = (await insta.call("GET", f"{ALICE}/media", token, fields=FIELDS, limit="2")).json
    assert [reel["id"] for reel in page["data"]] == made[:2]
    assert page["data"][0]["caption"] == "number 2"
    assert token not in page["paging"]["next"]
    after = page["paging"]["cursors"]["after"]
    rest = (await insta.call("GET", f"{ALICE}/media", token, limit="2", after=after)).json
    assert ([reel["id"] for reel in rest["data"]], "next" in rest["paging"]) == (made[2:], False)


async def test_the_list_can_be_cut_by_time_and_holds_the_accounts_own(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    first = await insta.reel(token, video)
    await app.pass_time(100)
    second = await insta.reel(token, video)
    middle = str(int((await app.control("clock"))["now"]) - 50)
    lists = [(await insta.call("GET", f"{ALICE}/media", token, **{way: middle})).json for way in ("since", "until")]
    assert [[reel["id"] for reel in one["data"]] for one in lists] == [[second], [first]]
    assert (await insta.call("GET", f"{BOB}/media", await insta.grant(BOB))).json == {"data": []}


async def test_a_new_reel_may_be_missing_from_the_list_and_by_its_id_for_a_while(
    app: App, insta: Insta, video: str
) -> None:
    await insta.configure(permalink_delay=30, list_delay=60)
    token = await insta.grant()
    media = await insta.reel(token, video)
    assert refusal(await insta.call("GET", media, token)) == (400, 100, 33)
    await app.pass_time(31)
    assert (await insta.call("GET", media, token)).status == 200
    assert (await insta.call("GET", f"{ALICE}/media", token)).json == {"data": []}
    await app.pass_time(30)
    assert len((await insta.call("GET", f"{ALICE}/media", token)).json["data"]) == 1


async def test_reading_needs_the_basic_scope_and_the_own_account(insta: Insta, video: str) -> None:
    media = await insta.reel(await insta.grant(), video)
    assert refusal(await insta.call("GET", media, await insta.grant(BOB))) == (400, 100, 33)
    assert refusal(await insta.call("GET", media, await insta.grant(scopes=[PUBLISH]))) == (400, 10, None)
    assert refusal(await insta.call("GET", media, await insta.grant(), fields="likes")) == (400, 100, None)


async def test_nothing_can_be_removed_with_instagram_login(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    media = await insta.reel(token, video)
    assert refusal(await insta.call("DELETE", media, token)) == (400, 10, None)
    assert len(await insta.published()) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", f"{ALICE}/media_publish"), ("GET", "nowhere"), ("GET", "12/x")])
async def test_what_is_not_served_is_an_unsupported_request(insta: Insta, method: str, path: str) -> None:
    assert refusal(await insta.call(method, path, await insta.grant())) == (400, 100, 33)


async def test_row_34_a_day_has_room_for_so_many_calls_of_an_account(app: App, insta: Insta) -> None:
    await insta.configure(calls_per_day=2)
    token = await insta.grant()
    path = f"{ALICE}/content_publishing_limit"
    replies = [await insta.call("GET", path, token) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 400]
    assert refusal(replies[2]) == (400, 80002, None)
    usage = replies[2].headers["X-Business-Use-Case-Usage"]
    assert f'"{ALICE}": [{{"type": "instagram", "call_count": 100' in usage
    assert '"estimated_time_to_regain_access": 1440' in usage
    assert (await insta.call("GET", f"{BOB}/media", await insta.grant(BOB))).status == 200
    await app.pass_time(DAY + 1)
    assert (await insta.call("GET", path, token)).status == 200


async def test_row_34_an_hour_has_room_for_so_many_calls_of_the_app(app: App, insta: Insta) -> None:
    await app.control("config", {"facebook": {"calls_per_hour": 2}})
    token = await insta.grant()
    replies = [await insta.me(token) for _ in range(3)]
    assert refusal(replies[2]) == (400, 4, None)
    assert '"call_count": 100' in replies[2].headers["X-App-Usage"]
    assert "X-App-Usage" in replies[0].headers


async def test_row_35_the_platform_may_be_away_for_a_moment(app: App, insta: Insta) -> None:
    await app.fault({"kind": "instagram.me"}, "status", status=500)
    token = await insta.grant()
    reply = await insta.me(token)
    assert refusal(reply) == (500, 2, None)
    assert reply.json["error"]["is_transient"] is True
    assert (await insta.me(token)).status == 200


async def test_scripted_errors_have_the_shape_of_their_host(app: App, insta: Insta) -> None:
    await app.fault({"kind": "instagram.token"}, "status", status=400)
    assert (await insta.short("x")).json["error_message"] == "Scripted by the sandbox."
    await app.fault({"kind": "instagram.quota"}, "status", status=400, code="4/2207051")
    reply = await insta.call("GET", f"{ALICE}/content_publishing_limit", await insta.grant())
    assert refusal(reply) == (400, 4, 2207051)
    await app.fault({"kind": "instagram.upload"}, "status", status=500)
    sent = await app.send("POST", "/meta-rupload/ig-api-upload/v25.0/1", data=b"x")
    assert (sent.status, set(sent.json)) == (500, {"debug_info"})


async def test_row_36_a_metric_must_be_valid_now(insta: Insta, video: str) -> None:
    token = await insta.grant()
    media = await insta.reel(token, video)
    for metric in ("views,plays", "total_views", "crossposted_views", ""):
        assert refusal(await insta.call("GET", f"{media}/insights", token, metric=metric)) == (400, 100, None)
    reply = await insta.call("GET", f"{media}/insights", token, metric="views,plays")
    assert reply.message.startswith("(#100) metric[1] must be one of the following values: views, reach")


async def test_row_37_insights_are_empty_at_first_and_then_tell_the_numbers(app: App, insta: Insta, video: str) -> None:
    await insta.configure(insights_delay=3600)
    token = await insta.grant()
    media = await insta.reel(token, video)
    await app.control("instagram/numbers", {"post_id": media, "views": 42, "likes": 7})
    assert (await insta.call("GET", f"{media}/insights", token, metric="views")).json == {"data": []}
    await app.pass_time(3601)
    views, likes = (await insta.call("GET", f"{media}/insights", token, metric="views,likes")).json["data"]
    assert (views["name"], views["period"], views["values"]) == ("views", "lifetime", [{"value": 42}])
    assert views["id"] == f"{media}/insights/views/lifetime"
    assert likes["values"] == [{"value": 7}]
    assert (await insta.call("GET", media, token, fields="like_count")).json["like_count"] == 7


async def test_insights_need_their_scope(insta: Insta, video: str) -> None:
    media = await insta.reel(await insta.grant(), video)
    token = await insta.grant(scopes=[BASIC, PUBLISH])
    assert refusal(await insta.call("GET", f"{media}/insights", token, metric="views")) == (400, 10, None)


async def test_row_38_the_first_read_of_an_object_may_say_that_it_does_not_exist(
    app: App, insta: Insta, video: str
) -> None:
    token = await insta.grant()
    container = await insta.ready(token, video)
    media = (await insta.publish(token, container)).json["id"]
    await insta.configure(read_flake=True)
    for node in (container, media):
        assert refusal(await insta.call("GET", node, token)) == (400, 100, 33)
        assert (await insta.call("GET", node, token)).json == {"id": node}


async def test_a_reel_that_was_taken_down_is_gone_and_still_counts(app: App, insta: Insta, video: str) -> None:
    token = await insta.grant()
    media = await insta.reel(token, video)
    await app.control("instagram/take-down", {"post_id": media})
    assert refusal(await insta.call("GET", media, token)) == (400, 100, 33)
    assert (await insta.quota(token))["quota_usage"] == 1
    assert "Nothing is live yet" in (await app.send("GET", "/feed")).text
    assert (await app.ledger("taken_down"))[0]["post_id"] == media


@pytest.mark.parametrize("path", ["take-down", "numbers", "grant", "disconnect"])
async def test_the_control_api_knows_what_does_not_exist(app: App, path: str) -> None:
    wish = {"post_id": "1", "creator": "nobody"}
    assert (await app.send("POST", f"/_sandbox/instagram/{path}", json=wish)).status == 404


async def test_a_reset_forgets_reels_containers_and_settings(app: App, insta: Insta, video: str) -> None:
    await insta.configure(quota_total=7)
    await insta.reel(await insta.grant(), video)
    await app.control("reset", {})
    token = await insta.grant()
    assert (await insta.call("GET", f"{ALICE}/media", token)).json == {"data": []}
    assert (await insta.quota(token))["config"]["quota_total"] == 100
