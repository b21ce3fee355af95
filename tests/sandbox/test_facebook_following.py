"""Rows 33-38 of Facebook's table of rules: limits, hiccups, callbacks, webhooks, insights, covers, long videos."""

import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.sandbox.app import App, eventually
from tests.sandbox.clips import make_clip
from tests.sandbox.facebook_app import ALICE, APP, FILMS, TRAVELS, Facebook, debug_info, refused
from tests.sandbox.facebook_side import AppSide, app_side

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4


@pytest.fixture
async def facebook(app: App) -> Facebook:
    await app.control("config", {"media_checks": False})
    return Facebook(app)


@pytest.fixture
async def side(facebook: Facebook) -> AsyncIterator[AppSide]:
    async with app_side() as side:
        await facebook.configure(
            deauthorize_url=f"{side.url}/callback", deletion_url=f"{side.url}/callback", webhook_url=f"{side.url}/hooks"
        )
        yield side


async def test_row_33_a_page_may_be_slowed_down(facebook: Facebook) -> None:
    films, travels = await facebook.page_token(), await facebook.page_token(TRAVELS)
    await facebook.configure(page_rate_limited=[FILMS], page_rate_minutes=7)
    reply = await facebook.post(f"{FILMS}/video_reels", films, upload_phase="start")
    assert refused(reply) == (400, 80001, None)
    assert "too many calls to this Page account" in reply.json["error"]["message"]
    usage = json.loads(reply.headers["X-Business-Use-Case-Usage"])[FILMS][0]
    assert (usage["type"], usage["estimated_time_to_regain_access"]) == ("pages", 7)
    assert (await facebook.start(travels, TRAVELS))["video_id"]


async def test_row_33_the_app_has_a_limit_too(facebook: Facebook) -> None:
    token = await facebook.page_token()
    await facebook.configure(calls_per_hour=4)
    replies = [await facebook.get("me", token) for _ in range(5)]
    assert [json.loads(reply.headers["X-App-Usage"])["call_count"] for reply in replies] == [25, 50, 75, 100, 100]
    assert refused(replies[-1]) == (400, 4, None)
    await facebook.app.pass_time(3601)
    assert (await facebook.get("me", token)).status == 200


async def test_row_34_a_hiccup_says_that_it_will_pass(facebook: Facebook) -> None:
    token = await facebook.page_token()
    await facebook.configure(transient=1)
    reply = await facebook.get("me", token)
    assert refused(reply) == (500, 2, None)
    assert reply.json["error"]["is_transient"] is True
    assert (await facebook.get("me", token)).status == 200


async def test_row_35_a_deletion_is_asked_for_with_a_signed_request(facebook: Facebook, side: AppSide) -> None:
    side.answer = {"url": "https://app.example/deletion?id=abc", "confirmation_code": "abc"}
    assert await facebook.app.control("facebook/delete-data", {"creator": "alice"}) == side.answer
    [payload] = side.asked
    assert (payload["user_id"], payload["algorithm"]) == (ALICE, "HMAC-SHA256")
    assert payload["expires"] > payload["issued_at"]


async def test_row_35_a_tampered_one_must_be_refused(facebook: Facebook, side: AppSide) -> None:
    reply = await facebook.app.send("POST", "/_sandbox/facebook/delete-data", json={"tamper": True})
    assert (reply.status, reply.json["status"]) == (502, 400)
    assert side.asked == []


@pytest.mark.parametrize("answer", [{}, {"url": "https://app.example/"}, {"confirmation_code": "abc"}])
async def test_row_35_an_answer_without_both_keys_is_wrong(
    facebook: Facebook, side: AppSide, answer: dict[str, str]
) -> None:
    side.answer = answer
    reply = await facebook.app.send("POST", "/_sandbox/facebook/delete-data", json={})
    assert (reply.status, reply.json) == (502, {"status": 200, "answer": answer})


async def test_a_removal_is_told_to_the_app(facebook: Facebook, side: AppSide) -> None:
    granted = await facebook.grant()
    await facebook.app.control("facebook/disconnect", {"creator": FILMS})
    assert (await facebook.app.hook("deauthorize"))["delivered"]
    assert side.asked[0]["user_id"] == ALICE
    assert refused(await facebook.get("me", granted["access_token"])) == (400, 190, 458)
    assert (await facebook.app.ledger("disconnected"))[0]["creator"] == ALICE


async def test_row_36_a_webhook_is_signed_over_its_escaped_bytes(facebook: Facebook, side: AppSide) -> None:
    await facebook.publish(await facebook.page_token(), b"x", description="Grüße")

    async def both(_: object) -> bool:
        return len(side.heard) >= 2

    await eventually(both, None)
    headers, body = next((h, b) for h, b in side.heard if b'"feed"' in b)
    assert b"Gr\\u00fc\\u00dfe" in body
    assert headers["X-Hub-Signature-256"] == f"sha256={signature(body)}"
    spelt_anew = json.dumps(json.loads(body), ensure_ascii=False).encode()
    assert signature(spelt_anew) != signature(body)


def signature(body: bytes) -> str:
    return hmac.new(APP["client_secret"].encode(), body, hashlib.sha256).hexdigest()


async def test_row_36_a_webhook_address_is_verified(facebook: Facebook, side: AppSide) -> None:
    assert (await facebook.app.control("facebook/verify-webhook", {}))["verified"] is True
    await facebook.configure(webhook_token="another")
    assert await facebook.app.control("facebook/verify-webhook", {}) == {"verified": False, "status": 403}


async def test_row_37_a_metric_of_videos_is_empty_for_a_reel(facebook: Facebook) -> None:
    token, video = await published(facebook)
    reply = await facebook.get(f"{video}/video_insights", token, metric="total_video_views")
    assert (reply.status, reply.json) == (200, {"data": []})


async def test_row_38_one_bad_metric_fails_the_call(facebook: Facebook) -> None:
    token, video = await published(facebook)
    reply = await facebook.get(f"{video}/video_insights", token, metric="fb_reels_total_plays,foo")
    assert refused(reply) == (400, 100, None)
    assert reply.json["error"]["message"] == "(#100) The value must be a valid insights metric"


async def test_numbers_are_what_a_test_says(facebook: Facebook) -> None:
    token, video = await published(facebook)
    wish = {"post_id": video, "blue_reels_play_count": 89, "likes": 5, "comments": 2, "shares": 1}
    await facebook.app.control("facebook/numbers", wish)
    metrics = "blue_reels_play_count,post_video_likes_by_reaction_type,post_video_social_actions"
    data = (await facebook.get(f"{video}/video_insights", token, metric=metrics)).json["data"]
    assert [one["values"][0]["value"] for one in data] == [89, {"REACTION_LIKE": 5}, {"COMMENT": 2, "SHARE": 1}]
    assert data[0]["id"] == f"{video}/video_insights/blue_reels_play_count/lifetime"
    node = (await facebook.get(video, token, fields="comments.summary(true),likes.summary(true)")).json
    assert (node["comments"]["summary"]["total_count"], node["likes"]["summary"]["total_count"]) == (2, 5)


async def test_insights_need_their_permission(facebook: Facebook) -> None:
    scopes = ["pages_show_list", "pages_read_engagement", "pages_manage_posts"]
    token, video = await published(facebook, scopes=scopes)
    assert refused(await facebook.get(f"{video}/video_insights", token)) == (400, 200, None)


async def published(facebook: Facebook, **wish: Any) -> tuple[str, str]:
    token = await facebook.page_token(**wish)
    video = await facebook.publish(token, b"x")
    await facebook.live(token, video)
    return token, video


# -- covers


def cover(data: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("source", io.BytesIO(data), filename="cover.jpg", content_type="image/jpeg")
    form.add_field("is_preferred", "true")
    return form


async def test_a_cover_is_set_and_listed(facebook: Facebook) -> None:
    token, video = await published(facebook)
    reply = await facebook.call("POST", f"{video}/thumbnails", token, data=cover(JPEG))
    assert (reply.status, reply.json) == (200, {"success": True})
    [noted] = await facebook.app.ledger("thumbnail_set")
    assert (noted["sha256"], noted["video_id"]) == (hashlib.sha256(JPEG).hexdigest(), video)
    [one] = (await facebook.get(f"{video}/thumbnails", token)).json["data"]
    assert one["is_preferred"] is True


@pytest.mark.parametrize("data", [b"no picture", JPEG + bytes(10 * 1024 * 1024)], ids=["no_picture", "too_large"])
async def test_a_cover_must_be_a_picture_of_at_most_ten_megabytes(facebook: Facebook, data: bytes) -> None:
    token, video = await published(facebook)
    assert refused(await facebook.call("POST", f"{video}/thumbnails", token, data=cover(data))) == (400, 100, None)
    assert await facebook.app.ledger("thumbnail_set") == []


# -- long videos


async def begin(facebook: Facebook, token: str, size: int) -> Any:
    return (await facebook.post(f"{FILMS}/videos", token, upload_phase="start", file_size=str(size))).json


async def transfer(facebook: Facebook, token: str, session: str, start: int, data: bytes) -> Any:
    form = aiohttp.FormData()
    for name, value in {"upload_phase": "transfer", "upload_session_id": session, "start_offset": str(start)}.items():
        form.add_field(name, value)
    form.add_field("video_file_chunk", data, filename="chunk", content_type="application/octet-stream")
    return await facebook.call("POST", f"{FILMS}/videos", token, data=form)


async def end(facebook: Facebook, token: str, session: str, **fields: str) -> Any:
    form = {"upload_phase": "finish", "upload_session_id": session, **fields}
    return await facebook.post(f"{FILMS}/videos", token, **form)


async def test_a_long_video_goes_in_chunks_and_is_known_before_it_is_public(facebook: Facebook) -> None:
    data = bytes(range(256)) * 6000
    token = await facebook.page_token()
    begun = await begin(facebook, token, len(data))
    assert (begun["start_offset"], begun["end_offset"]) == ("0", "1048576")
    middle = (await transfer(facebook, token, begun["upload_session_id"], 0, data[:1_048_576])).json
    assert middle == {"start_offset": "1048576", "end_offset": str(len(data))}
    last = (await transfer(facebook, token, begun["upload_session_id"], 1_048_576, data[1_048_576:])).json
    assert last["start_offset"] == last["end_offset"] == str(len(data))
    assert await facebook.app.ledger("published") == []
    for _ in range(2):
        reply = await end(facebook, token, begun["upload_session_id"], description="Long")
        assert reply.json == {"success": True}
    await facebook.live(token, begun["video_id"])
    [entry] = await facebook.app.ledger("published")
    assert (entry["post_id"], entry["sha256"]) == (begun["video_id"], hashlib.sha256(data).hexdigest())
    link = (await facebook.get(begun["video_id"], token, fields="permalink_url")).json["permalink_url"]
    assert link == f"/{FILMS}/videos/{begun['video_id']}/"


@pytest.mark.parametrize("start", [1, 100], ids=["gap", "repeat"])
async def test_a_wrong_offset_is_told_with_the_right_one(facebook: Facebook, start: int) -> None:
    token = await facebook.page_token()
    session = (await begin(facebook, token, 300))["upload_session_id"]
    await transfer(facebook, token, session, 0, b"x" * 150)
    reply = await transfer(facebook, token, session, start, b"x" * 150)
    assert refused(reply) == (400, 6000, 1363037)
    assert reply.json["error"]["error_data"] == {"start_offset": "150", "end_offset": "300"}


async def test_a_long_video_needs_all_its_bytes(facebook: Facebook) -> None:
    token = await facebook.page_token()
    session = (await begin(facebook, token, 300))["upload_session_id"]
    assert refused(await end(facebook, token, session)) == (400, 6000, 1363045)


async def test_a_chunk_must_fit(facebook: Facebook) -> None:
    token = await facebook.page_token()
    session = (await begin(facebook, token, 300))["upload_session_id"]
    assert refused(await transfer(facebook, token, session, 0, b"x" * 301)) == (400, 6000, 1363037)
    assert refused(await transfer(facebook, token, session, 0, b"")) == (400, 6000, 1363037)


async def test_a_session_is_the_pages_own(facebook: Facebook) -> None:
    films, travels = await facebook.page_token(), await facebook.page_token(TRAVELS)
    session = (await begin(facebook, films, 3))["upload_session_id"]
    form = {"upload_phase": "finish", "upload_session_id": session}
    assert refused(await facebook.post(f"{TRAVELS}/videos", travels, **form)) == (400, 100, 33)


async def test_an_unpublished_long_video_stays_hidden(facebook: Facebook) -> None:
    token = await facebook.page_token()
    begun = await begin(facebook, token, 3)
    await transfer(facebook, token, begun["upload_session_id"], 0, b"abc")
    await end(facebook, token, begun["upload_session_id"], published="false")
    assert (await facebook.live(token, begun["video_id"]))["publishing_phase"]["publish_status"] == "draft"
    assert await facebook.app.ledger("published") == []


async def test_a_short_upright_video_becomes_a_draft(
    facebook: Facebook, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await facebook.app.control("config", {"media_checks": True})
    data = make_clip(tmp_path_factory.mktemp("short") / "short.mp4")
    token = await facebook.page_token()
    begun = await begin(facebook, token, len(data))
    await transfer(facebook, token, begun["upload_session_id"], 0, data)
    assert (await end(facebook, token, begun["upload_session_id"])).json == {"success": True}
    assert (await facebook.live(token, begun["video_id"]))["publishing_phase"]["publish_status"] == "draft"
    assert (await facebook.get(begun["video_id"], token, fields="published")).json["published"] is False
    assert await facebook.app.ledger("published") == []


async def test_a_long_video_from_an_address_has_no_handle_before_it_is_public(facebook: Facebook) -> None:
    await facebook.app.control("config", {"pull_insecure": True})
    token = await facebook.page_token()
    async with app_side() as side:
        side.video = b"a long video"
        url = f"{side.url}/pull/video"
        reply = await facebook.post(f"{FILMS}/videos", token, file_url=url, description="Long")
        missing = await facebook.post(f"{FILMS}/videos", token, file_url=f"{side.url}/pull/none")
    await facebook.live(token, reply.json["id"])
    [entry] = await facebook.app.ledger("published")
    assert (entry["post_id"], entry["caption"]) == (reply.json["id"], "Long")
    assert refused(missing) == (400, 389, None)


# -- scripted faults


async def test_a_scripted_fault_has_the_shape_of_the_graph(facebook: Facebook) -> None:
    token = await facebook.page_token()
    for code, refusal in ((None, (500, 2, None)), ("190/463", (500, 190, 463))):
        await facebook.app.fault({"kind": "facebook.reels_start"}, "status", **({"code": code} if code else {}))
        assert refused(await facebook.post(f"{FILMS}/video_reels", token, upload_phase="start")) == refusal


async def test_a_scripted_fault_of_rupload_has_its_own_shape(facebook: Facebook) -> None:
    token = await facebook.page_token()
    begun = await facebook.start(token)
    await facebook.app.fault({"kind": "facebook.upload"}, "status", status=503)
    reply = await facebook.upload(begun["upload_url"], token, b"abc")
    assert debug_info(reply) == (503, "ProcessingFailedError", "Request processing failed")
    assert reply.json["debug_info"]["retriable"] is True


async def test_a_fault_can_hit_finish_alone(facebook: Facebook) -> None:
    token = await facebook.page_token()
    await facebook.app.fault({"kind": "facebook.reels_finish"}, "status", status=500)
    video = await facebook.uploaded(token, b"x")
    assert refused(await facebook.finish(token, video)) == (500, 2, None)
    assert await facebook.app.ledger("published") == []
    assert (await facebook.finish(token, video)).json == {"success": True}


@pytest.mark.parametrize(
    "changes", [{"second_finish": "maybe"}, {"tick": 5}, {"pages": [{"name": "x"}]}, {"nonsense": True, "tick": "none"}]
)
async def test_a_wrong_setting_is_refused_and_changes_nothing(facebook: Facebook, changes: dict[str, Any]) -> None:
    before = (await facebook.app.control("config"))["facebook"]
    reply = await facebook.app.send("POST", "/_sandbox/config", json={"facebook": changes})
    assert reply.status == 400
    assert (await facebook.app.control("config"))["facebook"] == before
    assert "client_secret" not in before
