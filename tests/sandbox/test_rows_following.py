"""Rows 37-41, 44, 45, 47 and 48: what becomes of a task, and what can be read."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.app import ALICE, BOB, CHARLIE, PUBLIC, App
from tests.sandbox.clips import make_clip


async def test_row_37_a_task_is_its_creators_own(app: App) -> None:
    publish_id = (await app.init(await app.grant())).data["publish_id"]
    stranger = await app.grant(CHARLIE)
    for call in ("status/fetch/", "cancel/"):
        reply = await app.call(f"post/publish/{call}", stranger, {"publish_id": publish_id})
        assert reply.refusal == (400, "token_not_authorized_for_specified_publish_id")


async def test_row_38_an_unknown_task_is_not_known(app: App) -> None:
    assert (await app.status(await app.grant(), "v_pub_file~v2-1.1")).refusal == (400, "invalid_publish_id")


async def test_row_38_in_mode_b_a_new_task_is_not_known_yet(app: App) -> None:
    await app.configure(unknown_id_ms=60_000)
    token = await app.grant()
    publish_id = (await app.init(token)).data["publish_id"]
    reply = await app.status(token, publish_id)
    assert (*reply.refusal, reply.message) == (400, "invalid_params", "invalid_publish_id")
    await app.pass_time(60)
    assert (await app.status(token, publish_id)).data["status"] == "PROCESSING_UPLOAD"


async def test_row_39_the_post_id_comes_after_moderation(app: App, clip: bytes) -> None:
    await app.configure(moderation_seconds=3600)
    token = await app.grant()
    publish_id = await app.upload(token, clip)
    published = await app.ended(publish_id)
    data = (await app.status(token, publish_id)).data
    assert (data["status"], data["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [])
    await app.pass_time(3600)
    await app.noted(lambda entry: entry["effect"] == "made_public")
    data = (await app.status(token, publish_id)).data
    assert data["publicaly_available_post_id"] == [int(published["post_id"])]


async def test_row_39_processing_takes_its_time(app: App, clip: bytes) -> None:
    await app.configure(processing_seconds=600)
    token = await app.grant()
    publish_id = await app.upload(token, clip)
    data = (await app.status(token, publish_id)).data
    assert (data["status"], data["uploaded_bytes"]) == ("PROCESSING_UPLOAD", len(clip))
    assert await app.ledger("published") == []
    await app.pass_time(600)
    assert (await app.ended(publish_id))["effect"] == "published"


async def test_row_40_what_is_not_public_never_gets_an_id(app: App, clip: bytes) -> None:
    await app.configure(webhook_url=f"{app.url}/_sandbox/reject")
    token = await app.grant(BOB)
    publish_ids = [
        await app.upload(token, clip, privacy_level=level) for level in ("SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS")
    ]
    for publish_id in publish_ids:
        await app.ended(publish_id)
        await app.pass_time(1000)
        data = (await app.status(token, publish_id)).data
        assert (data["status"], data["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [])
    assert await app.ledger("made_public") == []
    assert {hook["event"] for hook in await app.control("hooks")} == {"post.publish.complete"}


@pytest.mark.parametrize(
    ("name", "clip_of", "reason"),
    [
        ("a.mp4", {"fps": 15}, "frame_rate_check_failed"),
        ("b.mp4", {"seconds": 4}, "duration_check_failed"),
        ("c.mp4", {"width": 200}, "picture_size_check_failed"),
        ("d.avi", {}, "file_format_check_failed"),
        ("e.mp4", {"codec": "mpeg4"}, "file_format_check_failed"),
    ],
)
async def test_row_41_a_video_outside_the_limits_fails(
    app: App, tmp_path: Path, name: str, clip_of: dict[str, Any], reason: str
) -> None:
    await app.configure(creators=[{"username": ALICE, "max_video_post_duration_sec": 3}])
    token = await app.grant()
    publish_id = await app.upload(token, make_clip(tmp_path / name, **clip_of))
    assert (await app.ended(publish_id))["reason"] == reason
    data = (await app.status(token, publish_id)).data
    assert (data["status"], data["fail_reason"]) == ("FAILED", reason)


@pytest.mark.parametrize("cut", [100, -500])
async def test_row_41_a_damaged_video_fails(app: App, clip: bytes, cut: int) -> None:
    publish_id = await app.upload(await app.grant(), clip[:cut])
    assert (await app.ended(publish_id))["reason"] == "file_format_check_failed"


async def test_row_41_webm_is_taken(app: App, tmp_path: Path) -> None:
    video = make_clip(tmp_path / "v.webm", codec="libvpx", seconds=0.2)
    assert (await app.ended(await app.upload(await app.grant(), video)))["effect"] == "published"


async def test_row_44_a_task_that_is_complete_cannot_be_cancelled(app: App, clip: bytes) -> None:
    token = await app.grant()
    publish_id = await app.upload(token, clip)
    await app.ended(publish_id)
    reply = await app.call("post/publish/cancel/", token, {"publish_id": publish_id})
    assert reply.refusal == (400, "publish_not_cancellable")


async def test_row_44_a_task_in_processing_cannot_be_cancelled(app: App) -> None:
    await app.configure(processing_seconds=600)
    token = await app.grant()
    publish_id = await app.upload(token, b"abc")
    reply = await app.call("post/publish/cancel/", token, {"publish_id": publish_id})
    assert reply.refusal == (400, "publish_not_cancellable")


async def test_row_44_a_task_without_all_its_bytes_can(app: App) -> None:
    token = await app.grant()
    begun = (await app.init(token)).data
    assert (await app.call("post/publish/cancel/", token, {"publish_id": begun["publish_id"]})).code == "ok"
    assert (await app.status(token, begun["publish_id"])).data["fail_reason"] == "publish_cancelled"
    assert (await app.put(begun["upload_url"], b"abc")).status == 404
    assert [entry["reason"] for entry in await app.ledger("cancelled")] == ["publish_cancelled"]


async def test_row_45_a_creator_who_disconnects_ends_what_is_under_way(app: App, clip: bytes) -> None:
    await app.configure(processing_seconds=600, webhook_url=f"{app.url}/_sandbox/reject")
    await app.control("config", {"hook_give_up": 0})
    token = await app.grant()
    publish_id = await app.upload(token, clip)
    await app.control("tiktok/disconnect", {"creator": ALICE})
    assert (await app.ended(publish_id))["reason"] == "auth_removed"
    assert (await app.hook("authorization.removed"))["facts"]["reason"] == 1
    assert (await app.hook("post.publish.failed"))["facts"]["reason"] == "auth_removed"
    assert (await app.status(token, publish_id)).refusal == (401, "access_token_invalid")
    assert (await app.status(await app.grant(), publish_id)).data["fail_reason"] == "auth_removed"
    await app.pass_time(601)
    assert await app.ledger("published") == []


async def test_row_47_spam_in_the_caption_fails(app: App, clip: bytes) -> None:
    await app.configure(spam_words=["crypto"])
    publish_id = await app.upload(await app.grant(), clip, title="Free CRYPTO here")
    assert (await app.ended(publish_id))["reason"] == "spam_risk_text"


async def live(app: App, token: str, video: bytes, title: str) -> str:
    publish_id = await app.upload(token, video, title=title)
    made = await app.noted(lambda e: e["effect"] == "made_public" and e.get("publish_id") == publish_id)
    return str(made["post_id"])


async def test_row_48_foreign_videos_are_left_out(app: App, clip: bytes) -> None:
    alice, charlie = await app.grant(), await app.grant(CHARLIE)
    mine = await live(app, alice, clip, "mine")
    hers = await live(app, charlie, clip, "hers")
    await app.control("tiktok/numbers", {"post_id": mine, "view_count": 12})
    filters = {"filters": {"video_ids": [mine, hers, "1"]}}
    reply = await app.call("video/query/?fields=id,title,view_count,width,height,duration", alice, filters)
    assert reply.data["videos"] == [
        {"id": mine, "title": "mine", "view_count": 12, "width": 360, "height": 640, "duration": 1}
    ]


async def test_row_48_twenty_ids_are_the_most(app: App) -> None:
    token = await app.grant()
    for ids, status in ((20, 200), (21, 400)):
        body = {"filters": {"video_ids": [str(number) for number in range(ids)]}}
        assert (await app.call("video/query/?fields=id", token, body)).status == status


async def test_videos_are_listed_newest_first_in_pages(app: App, clip: bytes) -> None:
    token = await app.grant()
    ids = [await live(app, token, clip, str(number)) for number in range(3)]
    page = (await app.call("video/list/?fields=id", token, {"max_count": 2})).data
    assert ([video["id"] for video in page["videos"]], page["has_more"]) == ([ids[2], ids[1]], True)
    rest = (await app.call("video/list/?fields=id", token, {"cursor": page["cursor"]})).data
    assert ([video["id"] for video in rest["videos"]], rest["has_more"]) == ([ids[0]], False)
    assert (await app.call("video/list/?fields=id", token, {"max_count": 21})).refusal == (400, "invalid_params")


async def test_a_draft_waits_in_the_inbox_until_the_creator_posts_it(app: App, clip: bytes) -> None:
    token = await app.grant()
    begun = (await app.draft(token, len(clip))).data
    await app.put(begun["upload_url"], clip)
    publish_id = begun["publish_id"]
    assert publish_id.startswith("v_inbox_file~v2.")
    assert (await app.ended(publish_id))["effect"] == "handed_over"
    assert (await app.status(token, publish_id)).data["status"] == "SEND_TO_USER_INBOX"
    assert await app.ledger("published") == []
    await app.control("tiktok/finish-draft", {"publish_id": publish_id, "privacy": PUBLIC})
    await app.noted(lambda entry: entry["effect"] == "made_public")
    data = (await app.status(token, publish_id)).data
    assert (data["status"], len(data["publicaly_available_post_id"])) == ("PUBLISH_COMPLETE", 1)


async def test_a_post_that_is_taken_down_is_not_public_any_more(app: App, clip: bytes) -> None:
    token = await app.grant()
    post_id = await live(app, token, clip, "short-lived")
    await app.control("tiktok/take-down", {"post_id": post_id})
    publish_id = (await app.ledger("published"))[0]["publish_id"]
    assert (await app.status(token, publish_id)).data["publicaly_available_post_id"] == []
    assert (await app.send("GET", f"/feed/video/{post_id}")).status == 404
