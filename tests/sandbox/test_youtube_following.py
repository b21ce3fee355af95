"""Rows 41-49 and 52 of YouTube's table of rules: processing, lists, updates, thumbnails; and the numbers."""

from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.app import App
from tests.sandbox.clips import make_clip
from tests.sandbox.youtube_app import ALICE, BOB, Tube, refusal, signed_in

PICTURE = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
async def tube(app: App) -> Tube:
    return await signed_in(app)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Sixteen minutes at one small frame a second."""
    return make_clip(tmp_path_factory.mktemp("clips") / "long.mp4", width=64, height=36, fps=1, seconds=960)


async def rough(tube: Tube) -> None:
    """Take any bytes for a video."""
    await tube.app.control("config", {"media_checks": False})


async def test_row_41_a_video_is_processed_after_a_while(tube: Tube, clip: bytes) -> None:
    await tube.configure(processing_seconds=600)
    video_id = await tube.upload(clip)
    before = await tube.video(video_id, "status,processingDetails,fileDetails")
    assert before["status"]["uploadStatus"] == "uploaded"
    assert before["processingDetails"]["processingStatus"] == "processing"
    assert {type(one) for one in before["processingDetails"]["processingProgress"].values()} == {str}
    assert "fileDetails" not in before
    await tube.app.pass_time(601)
    after = await tube.processed(video_id, "processingDetails,fileDetails,contentDetails")
    assert after["status"]["uploadStatus"] == "processed"
    assert after["processingDetails"]["processingStatus"] == "succeeded"
    assert after["contentDetails"]["duration"] == "PT1S"
    assert after["fileDetails"]["fileSize"] == str(len(clip))
    assert len(await tube.app.ledger("made_public")) == 1


async def test_the_file_name_is_the_slug(tube: Tube, clip: bytes) -> None:
    video_id = await tube.upload(clip, headers={"Slug": "attempt-7.mp4"})
    assert (await tube.processed(video_id, "fileDetails"))["fileDetails"]["fileName"] == "attempt-7.mp4"


async def test_row_42_a_text_file_is_no_video(tube: Tube) -> None:
    status = (await tube.processed(await tube.upload(b"Dear diary"), "suggestions"))["status"]
    assert (status["uploadStatus"], status["failureReason"]) == ("failed", "invalidFile")
    assert [entry["reason"] for entry in await tube.app.ledger("failed")] == ["invalidFile"]


async def test_row_42_an_empty_file_is_a_video_that_fails(tube: Tube) -> None:
    status = (await tube.processed(await tube.upload(b"")))["status"]
    assert (status["uploadStatus"], status["failureReason"]) == ("failed", "emptyFile")
    assert len(await tube.app.ledger("published")) == 1


async def test_row_43_a_long_video_needs_a_verified_channel(tube: Tube, long_clip: bytes) -> None:
    assert (await tube.processed(await tube.upload(long_clip)))["status"]["uploadStatus"] == "processed"
    tube.token = await tube.token_of(BOB)
    assert (await long_uploads(tube)) == "eligible"
    status = (await tube.processed(await tube.upload(long_clip)))["status"]
    assert (status["uploadStatus"], status["rejectionReason"]) == ("rejected", "length")
    await tube.configure(long_uploads=True)
    assert (await long_uploads(tube)) == "allowed"
    assert (await tube.processed(await tube.upload(long_clip)))["status"]["uploadStatus"] == "processed"


async def long_uploads(tube: Tube) -> str:
    channels = (await tube.get("channels", part="status", mine="true")).json["items"]
    return str(channels[0]["status"]["longUploadsStatus"])


@pytest.mark.parametrize(("switch", "outcome"), [(True, "rejected"), (False, "processed")])
async def test_row_44_the_same_bytes_twice_are_a_duplicate(tube: Tube, outcome: str, *, switch: bool) -> None:
    await rough(tube)
    await tube.configure(reject_duplicates=switch)
    assert (await tube.processed(await tube.upload(b"x")))["status"]["uploadStatus"] == "processed"
    status = (await tube.processed(await tube.upload(b"x")))["status"]
    assert status["uploadStatus"] == outcome
    assert status.get("rejectionReason") == ("duplicate" if switch else None)


@pytest.mark.parametrize("part", ["processingDetails", "fileDetails", "suggestions"])
async def test_row_45_what_is_for_the_owner_only_is_refused_to_others(tube: Tube, part: str) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    reply = await tube.videos(video_id, part=part, token=await tube.token_of(BOB))
    assert refusal(reply) == (403, "forbidden", "global")


async def test_others_see_public_videos_and_no_private_ones(tube: Tube) -> None:
    await rough(tube)
    ids = [await tube.upload(b"x", privacyStatus=privacy) for privacy in ("public", "private")]
    for video_id in ids:
        await tube.processed(video_id)
    bob = await tube.token_of(BOB)
    assert [item["id"] for item in (await tube.videos(*ids, token=bob)).json["items"]] == ids[:1]
    listed = await tube.get("playlistItems", bob, part="contentDetails", playlistId=f"UU{ALICE[2:]}")
    assert [item["contentDetails"]["videoId"] for item in listed.json["items"]] == ids[:1]


async def test_row_46_an_unknown_id_is_no_error(tube: Tube) -> None:
    reply = await tube.videos("zzz")
    assert (reply.status, reply.json["items"], reply.json["pageInfo"]["totalResults"]) == (200, [], 0)
    assert reply.json["kind"] == "youtube#videoListResponse"


async def test_row_46_a_deleted_video_is_unknown(tube: Tube) -> None:
    await rough(tube)
    one, two = await tube.upload(b"x"), await tube.upload(b"y")
    await tube.processed(one)
    reply = await tube.call("DELETE", f"/youtube-api/youtube/v3/videos?id={one}")
    assert reply.status == 204
    await tube.app.control("youtube/take-down", {"post_id": two})
    assert (await tube.videos(one, two)).json["items"] == []
    assert len(await tube.app.ledger("taken_down")) == 2
    assert one not in (await tube.app.send("GET", "/feed")).text


async def test_a_video_that_is_taken_down_with_a_reason_stays_with_its_owner(tube: Tube) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    await tube.processed(video_id)
    await tube.app.control("youtube/take-down", {"post_id": video_id, "reason": "copyright"})
    status = (await tube.video(video_id))["status"]
    assert (status["uploadStatus"], status["rejectionReason"]) == ("rejected", "copyright")


@pytest.mark.parametrize(
    ("snippet", "reason"), [({"title": "New"}, "invalidCategoryId"), ({"categoryId": "22"}, "invalidTitle")]
)
async def test_row_47_an_update_needs_the_whole_snippet(tube: Tube, snippet: dict[str, str], reason: str) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    assert refusal(await tube.update("snippet", id=video_id, snippet=snippet))[:2] == (400, reason)


async def test_row_47_an_update_erases_what_it_leaves_out(tube: Tube) -> None:
    await rough(tube)
    snippet = {"tags": ["a"], "description": "Long"}
    video_id = await tube.upload(b"x", snippet=snippet, privacyStatus="private")
    reply = await tube.update("snippet", id=video_id, snippet={"title": "New", "categoryId": "10"})
    assert (reply.status, "tags" in reply.json["snippet"], reply.json["snippet"]["description"]) == (200, False, "")
    assert (await tube.video(video_id))["status"]["privacyStatus"] == "private"
    falls_back = await tube.update("status", id=video_id, status={"embeddable": False})
    assert falls_back.json["status"]["privacyStatus"] == "public"


async def test_row_47_a_published_video_cannot_be_scheduled(tube: Tube) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    await tube.processed(video_id)
    status = {"privacyStatus": "private", "publishAt": "2099-01-01T00:00:00Z"}
    assert refusal(await tube.update("status", id=video_id, status=status))[1] == "invalidPublishAt"


async def test_row_47_only_the_owner_may_update(tube: Tube) -> None:
    await rough(tube)
    video_id, bob = await tube.upload(b"x"), await tube.token_of(BOB)
    assert refusal(await tube.update("status", bob, id=video_id, status={}))[:2] == (403, "forbidden")
    assert refusal(await tube.update("status", id="zzz", status={}))[:2] == (404, "videoNotFound")


async def test_row_48_a_thumbnail_is_set(tube: Tube) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    for _ in range(2):
        reply = await tube.thumbnail(video_id, PICTURE)
        assert (reply.status, reply.json["kind"]) == (200, "youtube#thumbnailSetResponse")
    assert [entry["size"] for entry in await tube.app.ledger("thumbnail_set")] == [len(PICTURE)] * 2


@pytest.mark.parametrize(
    ("picture", "status", "reason"),
    [
        (b"\xff\xd8\xff" + bytes(52_428_798), 413, "uploadTooLarge"),
        (b"GIF89a", 400, "invalidImage"),
        (b"", 400, "mediaBodyRequired"),
    ],
    ids=["too_large", "gif", "empty"],
)
async def test_row_48_a_picture_has_rules(tube: Tube, picture: bytes, status: int, reason: str) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    assert refusal(await tube.thumbnail(video_id, picture))[:2] == (status, reason)


async def test_row_48_a_thumbnail_needs_a_video_and_a_verified_channel(tube: Tube) -> None:
    await rough(tube)
    bob = await tube.token_of(BOB)
    mine, bobs = await tube.upload(b"x"), await tube.upload(b"x", bob)
    assert refusal(await tube.thumbnail("zzz", PICTURE))[:2] == (404, "videoNotFound")
    assert refusal(await tube.thumbnail(bobs, PICTURE, bob))[:2] == (403, "forbidden")
    assert refusal(await tube.thumbnail(bobs, PICTURE))[:2] == (403, "forbidden")
    assert refusal(await tube.thumbnail(mine, PICTURE, **{"Content-Type": "image/gif"}))[1] == "badContent"


async def test_row_49_the_thumbnail_of_a_short_waits_for_processing(tube: Tube, clip: bytes, tmp_path: Path) -> None:
    await tube.configure(processing_seconds=600)
    short, wide = await tube.upload(clip), await tube.upload(make_clip(tmp_path / "wide.mp4", width=640, height=360))
    assert refusal(await tube.thumbnail(short, PICTURE))[:2] == (403, "forbidden")
    assert (await tube.thumbnail(wide, PICTURE)).status == 200
    await tube.app.pass_time(601)
    await tube.processed(short)
    assert (await tube.thumbnail(short, PICTURE)).status == 200


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("channels?part=id", "missingRequiredParameter"),
        (f"channels?part=id&mine=true&id={ALICE}", "incompatibleParameters"),
        ("videos?part=id", "missingRequiredParameter"),
        ("playlistItems?part=id", "missingRequiredParameter"),
        ("videoCategories?part=snippet", "missingRequiredParameter"),
        (f"videos?part=id&id={','.join(map(str, range(51)))}", "invalidParameter"),
    ],
)
async def test_row_52_a_list_takes_one_filter(tube: Tube, path: str, reason: str) -> None:
    assert refusal(await tube.get(path))[:2] == (400, reason)


async def test_a_channel_is_found_by_handle_and_tells_its_uploads(tube: Tube) -> None:
    parts = "snippet,contentDetails,statistics,status"
    found = [
        (await tube.get("channels", part=parts, **chosen)).json["items"][0]
        for chosen in ({"mine": "true"}, {"id": ALICE}, {"forHandle": "@alice.films"})
    ]
    assert found[0] == found[1] == found[2]
    assert found[0]["contentDetails"]["relatedPlaylists"]["uploads"] == f"UU{ALICE[2:]}"
    assert found[0]["statistics"]["videoCount"] == "0"


async def test_uploads_are_listed_newest_first_in_pages_and_late(tube: Tube) -> None:
    await rough(tube)
    await tube.configure(list_delay=1000)
    ids = [await tube.upload(b"x", privacyStatus="private") for _ in range(3)]
    playlist = {"part": "snippet,contentDetails,status", "playlistId": f"UU{ALICE[2:]}", "maxResults": "2"}
    assert (await tube.get("playlistItems", **playlist)).json["items"] == []
    await tube.app.pass_time(1001)
    first = (await tube.get("playlistItems", **playlist)).json
    last = (await tube.get("playlistItems", **playlist, pageToken=first["nextPageToken"])).json
    listed = [item["contentDetails"]["videoId"] for page in (first, last) for item in page["items"]]
    assert (listed, "nextPageToken" in last, first["pageInfo"]["totalResults"]) == (ids[::-1], False, 3)
    assert refusal(await tube.get("playlistItems", **playlist, pageToken="odd"))[1] == "invalidPageToken"
    assert refusal(await tube.get("playlistItems", part="id", playlistId="UUno"))[:2] == (404, "playlistNotFound")


async def test_categories_tell_which_can_be_chosen(tube: Tube) -> None:
    items = (await tube.get("videoCategories", part="snippet", regionCode="DE")).json["items"]
    chosen = {item["id"]: item["snippet"]["assignable"] for item in items}
    assert (chosen["22"], chosen["42"]) == (True, False)


async def test_numbers_are_strings_in_statistics(tube: Tube) -> None:
    await rough(tube)
    video_id = await tube.upload(b"x")
    await tube.app.control("youtube/numbers", {"post_id": video_id, "view_count": 7, "like_count": 2})
    assert (await tube.video(video_id, "statistics"))["statistics"] == {
        "viewCount": "7",
        "likeCount": "2",
        "dislikeCount": "0",
        "favoriteCount": "0",
        "commentCount": "0",
    }
    stats = (await tube.get("videos:batchGetStats", part="statistics,snippet", id=f"{video_id},zzz")).json
    assert (stats["kind"], len(stats["items"])) == ("youtube#batchGetStatsResponse", 1)
    assert stats["items"][0]["statistics"]["viewCount"] == "7"


async def report(tube: Tube, **more: str) -> Any:
    query = {"ids": "channel==MINE", "startDate": "2000-01-01", "endDate": "2099-01-01", "metrics": "views,shares"}
    return await tube.call("GET", "/youtube-analytics/v2/reports", params={**query, **more})


async def test_a_report_is_a_true_table(tube: Tube) -> None:
    await rough(tube)
    assert "rows" not in (await report(tube)).json
    ids = [await tube.upload(b"x") for _ in range(2)]
    for views, video_id in enumerate(ids, 1):
        await tube.app.control("youtube/numbers", {"post_id": video_id, "view_count": views, "share_count": 5})
    assert (await report(tube)).json["rows"] == [[3, 10]]
    by_video = await report(tube, dimensions="video", sort="-views", maxResults="10")
    assert by_video.json["rows"] == [[ids[1], 2, 5], [ids[0], 1, 5]]
    assert by_video.json["columnHeaders"][0] == {"name": "video", "columnType": "DIMENSION", "dataType": "STRING"}
    assert (await report(tube, filters=f"video=={ids[0]}")).json["rows"] == [[1, 5]]


@pytest.mark.parametrize(
    "wrong", [{"metrics": "applause"}, {"metrics": ""}, {"dimensions": "video"}, {"startDate": "today"}, {"sort": "-x"}]
)
async def test_a_report_that_cannot_be_made_is_refused(tube: Tube, wrong: dict[str, str]) -> None:
    assert (await report(tube, **wrong)).status == 400
