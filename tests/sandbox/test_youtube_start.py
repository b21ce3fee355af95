"""Rows 14-28 and 50 of YouTube's table of rules: what a session may be started with, and how often."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from playout_sandbox.youtube.quota import pacific_day
from tests.sandbox.app import App
from tests.sandbox.youtube_app import ALICE, DAY, Tube, place, refusal, signed_in


@pytest.fixture
async def tube(app: App) -> Tube:
    return await signed_in(app, any_bytes=True)


async def test_row_14_a_part_must_be_named(tube: Tube) -> None:
    reply = await tube.start(part=None)
    assert refusal(reply)[:2] == (400, "missingRequiredParameter")
    assert place(reply) == ("part", "parameter")


async def test_row_15_an_unknown_part_is_named(tube: Tube) -> None:
    reply = await tube.start(part="snippet,foo")
    assert refusal(reply)[:2] == (400, "unknownPart")
    assert place(reply) == ("part", "parameter")
    assert refusal(await tube.start(part="snippet"))[1] == "unexpectedPart"


@pytest.mark.parametrize("title", ["", " ", "t" * 101, "a < b", "a > b"])
async def test_row_16_a_bad_title_is_refused(tube: Tube, title: str) -> None:
    reply = await tube.start(snippet={"title": title})
    assert refusal(reply) == (400, "invalidTitle", "youtube.video")
    assert place(reply)[0] == "body.snippet.title"


async def test_row_16_a_hundred_characters_fit_also_if_they_are_emoji(tube: Tube) -> None:
    assert (await tube.start(snippet={"title": "🎬" * 100})).status == 200


@pytest.mark.parametrize(("text", "status"), [("é" * 2500, 200), ("é" * 2501, 400), ("<b>", 400)])
async def test_row_17_a_description_is_counted_in_bytes(tube: Tube, text: str, status: int) -> None:
    reply = await tube.start(snippet={"description": text})
    assert reply.status == status
    if status == 400:
        assert refusal(reply)[1] == "invalidDescription"
        assert place(reply)[0] == "body.snippet.description"


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        (["abcd"] * 100, 200),
        (["abcd"] * 101, 400),
        (["x" * 500], 200),
        (["x" * 501], 400),
        (["a " + "x" * 496], 200),
        (["a " + "x" * 497], 400),
    ],
)
async def test_row_18_tags_are_counted_with_commas_and_quotes(tube: Tube, tags: list[str], status: int) -> None:
    reply = await tube.start(snippet={"tags": tags})
    assert reply.status == status
    if status == 400:
        assert refusal(reply)[1] == "invalidTags"
        assert place(reply)[0] == "body.snippet.tags"


@pytest.mark.parametrize("category", ["9999", "42"])
async def test_row_19_a_category_must_be_assignable(tube: Tube, category: str) -> None:
    assert refusal(await tube.start(snippet={"categoryId": category}))[:2] == (400, "invalidCategoryId")


async def test_row_19_a_category_is_a_string(tube: Tube) -> None:
    assert refusal(await tube.start(snippet={"categoryId": 22}))[:2] == (400, "badRequest")


@pytest.mark.parametrize(
    ("privacy", "at"),
    [
        ("public", "2099-01-01T00:00:00Z"),
        ("unlisted", "2099-01-01T00:00:00Z"),
        ("private", "2099-01-01T00:00:00"),
        ("private", "soon"),
    ],
)
async def test_row_20_a_time_to_publish_needs_private_and_a_zone(tube: Tube, privacy: str, at: str) -> None:
    assert refusal(await tube.start(privacyStatus=privacy, publishAt=at))[:2] == (400, "invalidPublishAt")


async def test_row_21_a_time_that_is_past_publishes_at_once(tube: Tube) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()  # noqa: TID251  # the sandbox's clock is real time
    video_id = await tube.upload(b"x", privacyStatus="private", publishAt=yesterday)
    status = (await tube.processed(video_id))["status"]
    assert (status["privacyStatus"], "publishAt" in status) == ("public", False)
    assert [entry["privacy"] for entry in await tube.app.ledger("published")] == ["private"]
    assert len(await tube.app.ledger("made_public")) == 1


async def test_a_time_ahead_publishes_when_it_comes(tube: Tube) -> None:
    now = (await tube.app.control("clock"))["now"]
    at = datetime.fromtimestamp(now + 3000, UTC).isoformat()
    video_id = await tube.upload(b"x", privacyStatus="private", publishAt=at)
    status = (await tube.processed(video_id))["status"]
    assert (status["privacyStatus"], status["publishAt"]) == ("private", f"{at[:19]}Z")
    await tube.app.pass_time(3001)
    await tube.app.noted(lambda entry: entry["effect"] == "made_public" and entry["post_id"] == video_id)
    assert (await tube.video(video_id))["status"]["privacyStatus"] == "public"


async def test_row_22_the_101st_upload_of_a_day_is_refused(tube: Tube) -> None:
    await tube.app.control("config", {"durable": False})
    for _ in range(100):
        assert (await tube.start()).status == 200
    reply = await tube.start()
    assert refusal(reply) == (429, "rateLimitExceeded", "global")
    assert "'Video Uploads per day'" in reply.json["error"]["message"]
    assert (await tube.videos("zzz")).status == 200


async def test_row_23_units_run_out(tube: Tube) -> None:
    assert (await tube.app.control("config"))["youtube"]["units_per_day"] == 10_000
    await tube.configure(units_per_day=102)
    assert refusal(await tube.update("status", id="zzz"))[1] == "videoNotFound"  # 50 units, though it is refused
    assert (await tube.videos("zzz")).status == 200  # 1
    assert (await tube.videos("zzz")).status == 200  # 1
    assert refusal(await tube.thumbnail("zzz", b""))[1] == "videoNotFound"  # 50
    assert refusal(await tube.videos("zzz")) == (403, "quotaExceeded", "youtube.quota")
    assert (await tube.start()).status == 200
    assert (await tube.get("videos:batchGetStats", part="statistics", id="zzz")).status == 200


async def test_rows_22_and_23_are_off_without_limits(tube: Tube) -> None:
    await tube.app.control("config", {"limits": False})
    await tube.configure(units_per_day=0, uploads_per_day=0)
    assert [(await tube.start()).status, (await tube.videos("zzz")).status] == [200, 200]


async def test_row_24_a_quota_begins_anew_at_midnight_in_los_angeles(tube: Tube) -> None:
    await tube.configure(uploads_per_day=0, units_per_day=0, access_seconds=2 * DAY)
    token = await tube.token_of(ALICE)
    await tube.configure(uploads_per_day=1, units_per_day=1)
    now = datetime.fromtimestamp((await tube.app.control("clock"))["now"], ZoneInfo("America/Los_Angeles"))
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    expected = {60: [429, 403], -60: [200, 200]}
    assert [(await tube.start(token=token)).status, (await tube.videos("zzz", token=token)).status] == [200, 200]
    for before, statuses in expected.items():
        moment = (await tube.app.control("clock"))["now"]
        await tube.app.pass_time(midnight.timestamp() - before - moment)
        assert [(await tube.start(token=token)).status, (await tube.videos("zzz", token=token)).status] == statuses


@pytest.mark.parametrize(
    "start",
    [
        "2026-07-01T07:00Z",
        "2026-11-01T07:00Z",
        "2026-11-02T08:00Z",
        "2026-11-20T08:00Z",
        "2027-03-14T08:00Z",
        "2027-03-15T07:00Z",
    ],
)
def test_row_24_a_pacific_day_knows_daylight_saving(start: str) -> None:
    at = datetime.fromisoformat(start).timestamp()
    assert (pacific_day(at) - pacific_day(at - 1)).days == 1
    assert pacific_day(at).isoformat() == start[:10]


async def test_row_25_a_channel_has_a_number_of_its_own(tube: Tube) -> None:
    await tube.configure(channel_daily_limit=1)
    await tube.upload(b"x")
    assert refusal(await tube.start()) == (400, "uploadLimitExceeded", "youtube.video")
    assert (await tube.start(token=await tube.token_of("charlie.cooks"))).status == 200
    await tube.app.pass_time(DAY)
    tube.token = await tube.token_of(ALICE)
    assert (await tube.start()).status == 200


async def test_row_26_a_picture_is_no_video(tube: Tube) -> None:
    reply = await tube.start(headers={"X-Upload-Content-Type": "image/png"})
    assert refusal(reply)[:2] == (400, "badContent")
    assert "application/octet-stream" in reply.json["error"]["message"]
    assert (await tube.start(headers={"X-Upload-Content-Type": "application/octet-stream"})).status == 200


async def test_row_27_a_video_has_at_most_256_gib(tube: Tube) -> None:
    assert (await tube.start(274_877_906_944)).status == 200
    assert refusal(await tube.start(274_877_906_945))[:2] == (413, "uploadTooLarge")


async def test_row_28_a_session_creates_nothing(tube: Tube) -> None:
    reply = await tube.start()
    assert (reply.status, reply.text, reply.headers["Content-Length"]) == (200, "", "0")
    assert "upload_id=" in reply.headers["Location"]
    listed = await tube.get("playlistItems", part="id", playlistId=f"UU{ALICE[2:]}")
    assert listed.json["items"] == []
    assert await tube.app.ledger("published") == []
    assert [entry["caption"] for entry in await tube.app.ledger("session_started")] == ["A day"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"privacyStatus": "friends"}, "invalidVideoMetadata"),
        ({"license": "mine"}, "forbiddenLicenseSetting"),
        ({"selfDeclaredMadeForKids": "no"}, "badRequest"),
    ],
)
async def test_other_fields_of_the_status_have_rules_too(tube: Tube, wrong: dict[str, Any], reason: str) -> None:
    assert refusal(await tube.start(**wrong))[1] == reason


@pytest.mark.parametrize("name", ["a/b.mp4", " "])
async def test_a_file_name_must_be_usable(tube: Tube, name: str) -> None:
    assert refusal(await tube.start(headers={"Slug": name}))[:2] == (400, "invalidFilename")


async def test_privacy_that_is_left_out_is_public(tube: Tube) -> None:
    reply = await tube.put(await tube.session(1, privacyStatus=""), b"x")
    assert reply.json["status"]["privacyStatus"] == "public"


async def test_the_address_for_metadata_takes_no_video(tube: Tube) -> None:
    path = "/youtube-api/youtube/v3/videos?part=snippet"
    as_video = await tube.call("POST", path, data=b"x", headers={"Content-Type": "video/mp4"})
    assert refusal(as_video)[1] == "wrongUrlForUpload"
    assert refusal(await tube.call("POST", path, json={}))[1] == "mediaBodyRequired"


async def test_row_50_the_lock_of_unverified_projects_keeps_everything_private(tube: Tube) -> None:
    await tube.configure(unverified_project_lock=True)
    done = await tube.put(await tube.session(1), b"x")
    assert (done.status, done.json["status"]["privacyStatus"]) == (201, "private")
    changed = await tube.update("status", id=done.json["id"], status={"privacyStatus": "public"})
    assert changed.json["status"]["privacyStatus"] == "private"
    assert [entry["privacy"] for entry in await tube.app.ledger("published")] == ["private"]
    assert await tube.app.ledger("made_public") == []
