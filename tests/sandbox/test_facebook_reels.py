"""Rows 14-16 and 23-32 of Facebook's table of rules: start, finish, and what becomes of a reel."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sandbox.app import App, eventually
from tests.sandbox.clips import make_clip
from tests.sandbox.facebook_app import ALL_FIELDS, AT_HOME, DAY, FILMS, TRAVELS, Facebook, refused

MINUTE = 60


@pytest.fixture
def facebook(app: App) -> Facebook:
    return Facebook(app)


@pytest.fixture
async def any_bytes(app: App) -> bytes:
    """Bytes that are taken for a video, because nobody looks."""
    await app.control("config", {"media_checks": False})
    return b"no video, but nobody looks"


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video that Facebook takes."""
    return make_clip(tmp_path_factory.mktemp("reels") / "good.mp4", width=540, height=960, fps=24, seconds=3)


async def test_a_reel_goes_from_start_to_the_page(facebook: Facebook, reel: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.publish(token, reel, description="Kites <over> the bay ü", title="Kites")
    status = await facebook.live(token, video)
    assert status["video_status"] == "ready"
    assert status["uploading_phase"] == {"status": "complete", "bytes_transferred": len(reel)}
    assert status["publishing_phase"]["publish_status"] == "published"
    node = (await facebook.get(video, token, fields=ALL_FIELDS)).json
    assert (node["permalink_url"], node["published"], node["id"]) == (f"/reel/{video}/", True, video)
    [published] = await facebook.app.ledger("published")
    facts = {name: published[name] for name in ("creator", "post_id", "sha256", "caption", "privacy")}
    assert facts == {
        "creator": FILMS,
        "post_id": video,
        "sha256": hashlib.sha256(reel).hexdigest(),
        "caption": "Kites <over> the bay ü",
        "privacy": "public",
    }
    page = (await facebook.app.send("GET", "/feed")).text
    assert "Kites &lt;over&gt; the bay ü" in page
    assert f'src="/feed/video/{video}"' in page


async def test_row_14_the_phase_must_be_named(facebook: Facebook) -> None:
    token = await facebook.page_token()
    reply = await facebook.post(f"{FILMS}/video_reels", token, description="x")
    assert refused(reply) == (400, 100, None)
    assert reply.json["error"]["message"] == "(#100) Missing parameter: upload_phase"
    assert refused(await facebook.post(f"{FILMS}/video_reels", token, upload_phase="complete"))[1] == 100


async def test_row_15_finish_names_the_video(facebook: Facebook) -> None:
    reply = await facebook.finish(await facebook.page_token(), "")
    assert reply.json["error"]["message"] == "(#100) Missing parameter: video_id"


async def test_row_16_another_pages_video_does_not_exist(facebook: Facebook, any_bytes: bytes) -> None:
    films, home = await facebook.page_token(), await facebook.page_token(AT_HOME)
    video = await facebook.uploaded(films, any_bytes)
    replies = [
        await facebook.finish(home, video, AT_HOME),
        await facebook.get(video, home, fields="status"),
        await facebook.post(f"{FILMS}/video_reels", home, upload_phase="start"),
        await facebook.finish(films, "123"),
    ]
    assert [refused(reply) for reply in replies] == [(400, 100, 33)] * 4
    assert {reply.json["error"]["type"] for reply in replies} == {"GraphMethodException"}


async def test_row_23_finish_needs_the_bytes(facebook: Facebook) -> None:
    token = await facebook.page_token()
    reply = await facebook.finish(token, (await facebook.start(token))["video_id"])
    assert refused(reply) == (400, 6000, 1363045)
    assert reply.json["error"]["is_transient"] is False
    assert "another file" in reply.json["error"]["error_user_msg"]


@pytest.mark.parametrize("state", ["LIVE", "published"])
async def test_row_24_the_state_is_one_of_three(facebook: Facebook, any_bytes: bytes, state: str) -> None:
    token = await facebook.page_token()
    reply = await facebook.finish(token, await facebook.uploaded(token, any_bytes), video_state=state)
    assert refused(reply) == (400, 100, None)
    message = "(#100) Param video_state must be one of {DRAFT, SCHEDULED, PUBLISHED}"
    assert reply.json["error"]["message"] == message


@pytest.mark.parametrize(
    ("state", "ahead"),
    [("SCHEDULED", 9 * MINUTE), ("SCHEDULED", 29 * DAY + 2 * MINUTE), ("SCHEDULED", -DAY), ("PUBLISHED", DAY)],
)
async def test_row_25_a_time_must_be_in_the_window(
    facebook: Facebook, any_bytes: bytes, state: str, ahead: int
) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    at = str(int((await facebook.app.control("clock"))["now"]) + ahead)
    reply = await facebook.finish(token, video, video_state=state, scheduled_publish_time=at)
    assert reply.json["error"]["message"] == "(#100) The specified scheduled publish time is invalid."


async def test_row_25_a_scheduled_reel_is_published_at_its_time(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    at = int((await facebook.app.control("clock"))["now"]) + 3600
    reply = await facebook.finish(token, video, video_state="SCHEDULED", scheduled_publish_time=str(at))
    assert reply.json == {"success": True}
    phase = (await facebook.status(token, video))["publishing_phase"]
    assert (phase["publish_status"], phase["publish_time"]) == ("scheduled", at)
    assert await facebook.app.ledger("published") == []
    await facebook.app.pass_time(3601)
    await facebook.app.noted(lambda entry: entry["effect"] == "published")


async def test_row_25_a_scheduled_reel_that_is_deleted_is_not_published(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    at = int((await facebook.app.control("clock"))["now"]) + 3600
    await facebook.finish(token, video, video_state="SCHEDULED", scheduled_publish_time=str(at))
    assert (await facebook.call("DELETE", video, token)).json == {"success": True}
    await facebook.app.pass_time(3601)
    assert await facebook.app.ledger("published") == []


async def test_row_26_finish_is_only_an_acknowledgement(facebook: Facebook, any_bytes: bytes) -> None:
    await facebook.configure(processing_seconds=60, publishing_seconds=60)
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes)
    status = await facebook.status(token, video)
    assert (status["video_status"], status["processing_phase"]["status"]) == ("processing", "in_progress")
    assert status["publishing_phase"]["status"] == "not_started"
    await facebook.app.pass_time(61)
    status = await facebook.phase(token, video, "publishing_phase", "in_progress")
    assert status["processing_phase"]["status"] == "complete"
    await facebook.app.pass_time(61)
    await facebook.live(token, video)


@pytest.mark.parametrize(
    ("clip", "code"),
    [
        pytest.param({"seconds": 2}, 1363128, id="row_27_too_short"),
        pytest.param({"seconds": 91, "fps": 24, "width": 64, "height": 64}, 1363128, id="row_27_too_long"),
        pytest.param({"width": 540, "height": 1080}, 1363040, id="row_28_too_narrow"),
        pytest.param({"width": 360, "height": 640}, 1363127, id="row_28_too_small"),
        pytest.param({"fps": 15}, 1363129, id="row_28_too_slow"),
    ],
)
async def test_rows_27_and_28_a_bad_file_is_found_in_processing(
    facebook: Facebook, tmp_path: Path, clip: dict[str, Any], code: int
) -> None:
    facts = {"width": 540, "height": 960, "fps": 24, "seconds": 3, **clip}
    token = await facebook.page_token()
    data = await asyncio.to_thread(make_clip, tmp_path / "bad.mp4", **facts)
    video = await facebook.publish(token, data)
    status = await facebook.phase(token, video, "processing_phase", "error")
    assert status["video_status"] == "error"
    assert status["processing_phase"]["errors"][0]["code"] == code
    assert [await facebook.app.ledger(effect) for effect in ("published",)] == [[]]
    assert (await facebook.app.ledger("failed"))[0]["reason"] == status["processing_phase"]["errors"][0]["message"]


async def test_row_27_what_is_no_video_fails_and_may_be_refused_by_finish(facebook: Facebook) -> None:
    await facebook.configure(errors_shape="object", media_errors_on_finish=True)
    token = await facebook.page_token()
    video = await facebook.uploaded(token, b"this is no video")
    status = await facebook.phase(token, video, "processing_phase", "error")
    assert status["processing_phase"]["error"]["code"] == 6000
    assert refused(await facebook.finish(token, video)) == (400, 6000, 6000)


async def test_row_29_the_thirty_first_of_a_day_is_refused(facebook: Facebook, any_bytes: bytes) -> None:
    films, travels = await facebook.page_token(), await facebook.page_token(TRAVELS)
    for _ in range(30):
        await facebook.publish(films, any_bytes)
    video = await facebook.uploaded(films, any_bytes)
    assert refused(await facebook.finish(films, video)) == (400, 368, 1390008)
    await facebook.configure(publish_limit_code="4")
    assert refused(await facebook.finish(films, video)) == (400, 4, None)
    assert len(await facebook.app.ledger("published")) == 30
    await facebook.publish(travels, any_bytes, TRAVELS)  # the limit is each Page's own
    await facebook.app.pass_time(DAY - 1000)
    assert refused(await facebook.finish(films, video)) == (400, 4, None)
    await facebook.app.pass_time(2000)
    assert await facebook.publish(films, any_bytes)


async def test_row_29_limits_can_be_switched_off(facebook: Facebook, any_bytes: bytes) -> None:
    await facebook.app.control("config", {"limits": False})
    await facebook.configure(publish_limit=0)
    await facebook.publish(await facebook.page_token(), any_bytes)


async def test_row_30_a_draft_is_not_public(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes, video_state="DRAFT")
    assert (await facebook.live(token, video))["publishing_phase"]["publish_status"] == "draft"
    for edge in ("published_posts", "video_reels"):
        assert (await facebook.get(f"{FILMS}/{edge}", token)).json == {"data": []}
    assert (await facebook.get(video, token, fields="published")).json["published"] is False
    assert await facebook.app.ledger("published") == []


async def test_row_31_a_lost_answer_leaves_the_reel_published(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    await facebook.app.fault({"kind": "facebook.reels_finish"}, "reset_after")
    with pytest.raises(aiohttp.ClientError):
        await facebook.finish(token, video)
    await facebook.live(token, video)
    assert len(await facebook.app.ledger("published")) == 1


async def test_row_32_publishing_may_fail_late(facebook: Facebook, any_bytes: bytes) -> None:
    await facebook.configure(publish_fails_late=True)
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes)
    phase = (await facebook.phase(token, video, "publishing_phase", "error"))["publishing_phase"]
    assert phase["publish_status"] == "error"
    assert phase["errors"][0]["message"]
    assert (await facebook.status(token, video))["video_status"] == "error"
    assert await facebook.app.ledger("published") == []
    assert len(await facebook.app.ledger("failed")) == 1


# -- what the table leaves open


@pytest.mark.parametrize(("mode", "status"), [("ok", 200), ("error", 400)])
async def test_a_second_finish_makes_no_second_reel(
    facebook: Facebook, any_bytes: bytes, mode: str, status: int
) -> None:
    await facebook.configure(second_finish=mode)
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes, description="first")
    assert (await facebook.finish(token, video, description="second")).status == status
    [published] = await facebook.app.ledger("published")
    assert published["caption"] == "first"


async def test_two_finishes_at_once_make_one_reel(facebook: Facebook, reel: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, reel)
    replies = await asyncio.gather(*(facebook.finish(token, video) for _ in range(4)))
    assert {reply.status for reply in replies} == {200}
    assert len(await facebook.app.ledger("published")) == 1


async def test_two_starts_are_two_reels(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    videos = [await facebook.publish(token, any_bytes) for _ in range(2)]
    assert [entry["post_id"] for entry in await facebook.app.ledger("published")] == videos


async def test_a_draft_can_be_published_later(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes, video_state="DRAFT")
    assert (await facebook.finish(token, video)).json == {"success": True}
    assert len(await facebook.app.ledger("published")) == 1


async def test_a_session_left_alone_expires(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    await facebook.app.pass_time(DAY + 1)
    assert (await facebook.status(token, video))["video_status"] == "expired"
    assert refused(await facebook.finish(token, video)) == (400, 6000, 1363030)


async def test_the_spellings_of_the_documentation_can_be_had(facebook: Facebook, any_bytes: bytes) -> None:
    await facebook.configure(bytes_field="bytes_transfered", complete_word="completed", relative_permalink=False)
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes)
    status = await facebook.phase(token, video, "publishing_phase", "completed")
    assert status["uploading_phase"] == {"status": "completed", "bytes_transfered": len(any_bytes)}
    link = (await facebook.get(video, token, fields="permalink_url")).json["permalink_url"]
    assert link == f"https://www.facebook.com/reel/{video}/"


async def test_finish_may_tell_the_post_id(facebook: Facebook, any_bytes: bytes) -> None:
    await facebook.configure(finish_tells_post_id=True)
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    told = (await facebook.finish(token, video)).json["post_id"]
    await facebook.live(token, video)
    posts = (await facebook.get(f"{FILMS}/published_posts", token)).json["data"]
    assert [post["id"] for post in posts] == [f"{FILMS}_{told}"]


async def test_a_json_body_is_read_and_a_null_taken_at_its_word(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.uploaded(token, any_bytes)
    body = {"upload_phase": "finish", "video_id": video, "video_state": "PUBLISHED", "description": None}
    assert (await facebook.call("POST", f"{FILMS}/video_reels", token, json=body)).json == {"success": True}
    assert (await facebook.app.ledger("published"))[0]["caption"] == "null"


async def test_the_sink_keeps_no_bytes(facebook: Facebook) -> None:
    await facebook.app.control("config", {"sink": True})
    token = await facebook.page_token()
    await facebook.publish(token, b"x" * 1_000_000)
    assert (await facebook.app.ledger("published"))[0]["sha256"] is None


async def test_the_ledger_holds_no_secret(facebook: Facebook, any_bytes: bytes) -> None:
    granted = await facebook.grant()
    code = await facebook.code()
    token = granted["pages"][0]["access_token"]
    await facebook.publish(token, any_bytes)
    ledger = str(await facebook.app.control("ledger"))
    assert not [one for one in (granted["access_token"], token, code) if one in ledger]


async def test_a_page_without_the_task_cannot_publish(facebook: Facebook) -> None:
    await facebook.configure(
        pages=[{"id": FILMS, "name": "Films", "persons": ["100000000000001"], "tasks": ["ANALYZE"]}]
    )
    token = await facebook.page_token(creator="alice")
    assert refused(await facebook.post(f"{FILMS}/video_reels", token, upload_phase="start")) == (400, 200, None)


async def test_what_is_published_is_listed_newest_first(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    videos = []
    for name in ("one", "two"):
        videos.append(await facebook.publish(token, any_bytes, description=name))
        await facebook.live(token, videos[-1])
        await facebook.app.pass_time(10)
    reels = (await facebook.get(f"{FILMS}/video_reels", token, fields="id,description,post_id")).json["data"]
    assert [(one["id"], one["description"]) for one in reels] == [(videos[1], "two"), (videos[0], "one")]
    posts = (await facebook.get(f"{FILMS}/published_posts", token, fields="message,permalink_url")).json["data"]
    assert posts[0]["id"] == f"{FILMS}_{reels[0]['post_id']}"
    since = str(int((await facebook.app.control("clock"))["now"]) - 15)
    reels = (await facebook.get(f"{FILMS}/video_reels", token, since=since)).json["data"]
    assert [one["id"] for one in reels] == [videos[1]]


async def test_a_deleted_reel_is_gone(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes)
    await facebook.live(token, video)
    assert (await facebook.call("DELETE", video, token)).json == {"success": True}
    assert refused(await facebook.get(video, token)) == (400, 100, 33)
    assert (await facebook.app.ledger("taken_down"))[0]["post_id"] == video


async def test_a_reel_can_be_taken_down(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    video = await facebook.publish(token, any_bytes)
    await facebook.live(token, video)
    await facebook.app.control("facebook/take-down", {"post_id": video})
    assert refused(await facebook.get(video, token)) == (400, 100, 33)
    assert "Nothing is live yet" in (await facebook.app.send("GET", "/feed")).text


async def test_each_phase_is_a_kind_of_its_own(facebook: Facebook, any_bytes: bytes) -> None:
    token = await facebook.page_token()
    await facebook.app.send("DELETE", "/_sandbox/requests")
    video = await facebook.publish(token, any_bytes)
    await facebook.status(token, video)
    await facebook.get(f"{FILMS}/video_reels", token)
    await facebook.call("POST", f"{FILMS}/video_reels?upload_phase=finish", token)
    await facebook.call("POST", f"{FILMS}/video_reels", token, json={"upload_phase": "start"})
    kinds = [seen["kind"] for seen in await facebook.app.control("requests")]
    assert kinds == [
        "facebook.reels_start",
        "facebook.upload",
        "facebook.reels_finish",
        "facebook.video",
        "facebook.reels",
        "facebook.reels_finish",
        "facebook.reels_start",
    ]


async def test_nobody_answers_an_unknown_edge(facebook: Facebook) -> None:
    token = await facebook.page_token()
    assert refused(await facebook.get(f"{FILMS}/fans", token)) == (400, 100, 33)

    async def seen(_: object) -> Any:
        return [one["kind"] for one in await facebook.app.control("requests")]

    assert await eventually(seen, None) == ["facebook.unknown"]
