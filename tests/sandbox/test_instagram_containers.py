"""Rows 11-20, 23 and 28 of Instagram: what may be asked for, and what becomes of a container by itself."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.app import App
from tests.sandbox.instagram_app import ALICE, BASIC, BOB, DAY, Insta, own_server, refusal
from tests.sandbox.other_side import OtherSide

URL = "https://app.example/pull/1.mp4"


@pytest.fixture
async def side(app: App) -> AsyncIterator[OtherSide]:
    async with own_server(app) as side:
        yield side


@pytest.fixture
def insta(app: App, side: OtherSide) -> Insta:
    return Insta(app)


async def test_a_pulled_video_is_ready_and_the_ledger_tells_its_hash(app: App, insta: Insta, side: OtherSide) -> None:
    token = await insta.grant()
    reply = await insta.create(token, f"{side.url}/pull/video", caption="hello", share_to_feed="true")
    assert set(reply.json) == {"id"}
    assert (await insta.settled(token, reply.json["id"])) == {
        "status_code": "FINISHED",
        "status": "Finished: Media has been uploaded and it is ready to be published.",
        "id": reply.json["id"],
    }
    entries = await app.control("ledger?after=1")
    assert [entry["effect"] for entry in entries] == ["container_created", "pull_started", "pull_complete"]
    assert {(e["creator"], e["container"], e["caption"]) for e in entries} == {(ALICE, reply.json["id"], "hello")}
    assert entries[0]["options"] == {"share_to_feed": True}
    assert (entries[2]["size"], entries[2]["sha256"]) == (len(side.video), hashlib.sha256(side.video).hexdigest())
    assert side.pulled == ["video"]


@pytest.mark.parametrize("form", ["query", "json"])
async def test_parameters_may_come_in_the_query_or_as_json(app: App, insta: Insta, side: OtherSide, form: str) -> None:
    wish = {"media_type": "REELS", "video_url": f"{side.url}/pull/video", "caption": "#one"}
    headers = {"Authorization": f"Bearer {await insta.grant()}"}
    where: dict[str, Any] = {"params" if form == "query" else "json": wish}
    reply = await app.send("POST", f"/instagram-graph/v25.0/{ALICE}/media", headers=headers, **where)
    assert reply.status == 200
    assert (await app.ledger("container_created"))[0]["caption"] == "#one"


async def test_row_11_creating_needs_the_scope(app: App, insta: Insta) -> None:
    reply = await insta.create(await insta.grant(scopes=[BASIC]), URL)
    assert refusal(reply) == (400, 10, None)
    assert reply.message == "(#10) Application does not have permission for this action"


@pytest.mark.parametrize("account", [BOB, "17841400000000099"])
async def test_row_12_the_id_must_be_the_accounts_own(insta: Insta, account: str) -> None:
    reply = await insta.create(await insta.grant(), URL, account)
    assert refusal(reply) == (400, 100, 33)
    assert reply.json["error"]["type"] == "GraphMethodException"
    assert reply.message.startswith(f"Unsupported post request. Object with ID '{account}' does not exist")


@pytest.mark.parametrize("media_type", ["REEL", "VIDEO", "reels"])
async def test_rows_13_and_14_only_known_media_types_are_taken(insta: Insta, media_type: str) -> None:
    reply = await insta.create(await insta.grant(), URL, media_type=media_type)
    assert refusal(reply) == (400, 100, 2207023)
    assert reply.json["error"]["error_user_msg"] == f"The media type {media_type} is unknown."


async def test_row_15_a_reel_needs_an_address(insta: Insta) -> None:
    assert refusal(await insta.create(await insta.grant())) == (400, 100, None)


@pytest.mark.parametrize(
    ("unit", "caption", "status"),
    [
        ("utf16", "a" * 2200, 200),
        ("utf16", "a" * 2201, 400),
        ("utf16", "🎬" * 1101, 400),
        ("codepoints", "🎬" * 2200, 200),
        ("codepoints", "🎬" * 2201, 400),
    ],
)
async def test_row_16_a_caption_has_2200_characters(insta: Insta, unit: str, caption: str, status: int) -> None:
    await insta.configure(caption_unit=unit)
    reply = await insta.create(await insta.grant(), URL, caption=caption)
    assert reply.status == status
    if status == 400:
        assert refusal(reply) == (400, 36004, 2207010)
        assert "2201 characters long" in reply.text or "2202 characters long" in reply.text


@pytest.mark.parametrize(
    ("sign", "most", "code", "subcode"), [("#", 30, 36004, 2207010), ("@", 20, 100, 2207040)], ids=["tags", "mentions"]
)
async def test_row_17_hashtags_and_mentions_are_counted(
    insta: Insta, sign: str, most: int, code: int, subcode: int
) -> None:
    token = await insta.grant()
    words = [f"{sign}word{number}" for number in range(most + 1)]
    assert (await insta.create(token, URL, caption=" ".join(words[:-1]))).status == 200
    assert refusal(await insta.create(token, URL, caption=" ".join(words))) == (400, code, subcode)


@pytest.mark.parametrize("offset", ["-1", "soon", "1e9"])
async def test_row_18_a_thumb_offset_is_a_number_from_zero_on(insta: Insta, offset: str) -> None:
    assert refusal(await insta.create(await insta.grant(), URL, thumb_offset=offset)) == (400, 1, 2207057)


@pytest.mark.parametrize(
    "wrong",
    [
        {"collaborators": '["a","b","c","d"]'},
        {"collaborators": "alice"},
        {"collaborators": "[1]"},
        {"share_to_feed": "maybe"},
        {"is_ai_generated": "2"},
        {"audio_configuration": "{}"},
        {"upload_type": "resumable"},
        {"media_type": "STORIES"},
        {"media_type": ""},
    ],
)
async def test_other_parameters_are_checked(app: App, insta: Insta, wrong: dict[str, str]) -> None:
    assert refusal(await insta.create(await insta.grant(), URL, **wrong)) == (400, 100, None)
    assert await app.ledger("container_created") == []


async def test_more_than_twenty_user_tags_and_trial_reels_have_codes_of_their_own(insta: Insta) -> None:
    token = await insta.grant()
    tags = str([{"username": f"u{n}"} for n in range(21)]).replace("'", '"')
    assert refusal(await insta.create(token, URL, user_tags=tags)) == (400, 100, 2207040)
    trial = {"trial_params": '{"graduation_strategy":"MANUAL"}'}
    assert refusal(await insta.create(token, URL, **trial)) == (400, 100, 2207081)
    await insta.configure(trial_reels=True)
    assert (await insta.create(token, URL, **trial)).status == 200


async def test_what_was_asked_for_is_in_the_ledger(app: App, insta: Insta) -> None:
    wish = {"collaborators": '["bob"]', "is_ai_generated": "true", "share_to_feed": "false", "thumb_offset": "1500"}
    await insta.create(await insta.grant(), URL, **wish)
    (entry,) = await app.ledger("container_created")
    assert entry["options"] == {
        "collaborators": ["bob"],
        "is_ai_generated": True,
        "share_to_feed": False,
        "thumb_offset": "1500",
    }


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/v.mp4", "http://10.0.0.1/v.mp4", "http://localhost/v.mp4", "ftp://a.example/v", "nonsense"],
)
async def test_row_19_an_address_that_cannot_be_reached_ends_the_container(app: App, insta: Insta, url: str) -> None:
    await app.control("config", {"pull_insecure": url.endswith(":9/v.mp4")})
    token = await insta.grant()
    found = await insta.settled(token, (await insta.create(token, url)).json["id"])
    assert (found["status_code"], found["status"]) == (
        "ERROR",
        "Error: Media upload has failed with error code 2207052",
    )


@pytest.mark.parametrize("name", ["gone", "moved", "cut"])
async def test_row_19_a_file_that_is_not_served_ends_the_container(
    app: App, insta: Insta, side: OtherSide, name: str
) -> None:
    token = await insta.grant()
    found = await insta.settled(token, (await insta.create(token, f"{side.url}/pull/{name}")).json["id"])
    assert found["status_code"] == "ERROR"
    assert (await app.ledger("failed"))[0]["reason"] == "2207052"
    assert side.pulled == [name]


async def test_row_19_a_page_of_html_is_no_video(insta: Insta, side: OtherSide) -> None:
    side.video = b"\n<!doctype html><title>Sign in</title>"
    await insta.configure(error_status="subcode")
    token = await insta.grant()
    found = await insta.settled(token, (await insta.create(token, f"{side.url}/pull/video")).json["id"])
    assert (found["status_code"], found["status"]) == ("ERROR", "2207052")


async def test_row_19_creating_may_itself_be_refused(app: App, insta: Insta, side: OtherSide) -> None:
    await insta.configure(bad_video_url="create")
    token = await insta.grant()
    reply = await insta.create(token, f"{side.url}/pull/gone")
    assert refusal(reply) == (400, 9004, 2207052)
    assert reply.json["error"]["error_user_msg"].endswith(f"from this uri: {side.url}/pull/gone")
    assert (await insta.create(token, f"{side.url}/pull/video")).status == 200


async def test_row_20_a_server_that_stalls_is_given_up(app: App, insta: Insta, side: OtherSide) -> None:
    token = await insta.grant()
    container = (await insta.create(token, f"{side.url}/pull/slow")).json["id"]
    await side.asked.wait()
    await app.pass_time(590)
    assert (await insta.status(token, container)).json["status_code"] == "IN_PROGRESS"
    await app.pass_time(11)
    assert (await insta.settled(token, container))["status"].endswith("2207003")


@pytest.mark.parametrize(
    ("cover", "name", "subcode"),
    [
        (b"\xff\xd8\xff\xe0 a JPEG", "video", None),
        (b"\x89PNG", "video", "2207005"),
        (b"\xff\xd8\xff" + bytes(8_000_000), "video", "2207004"),
        (b"", "gone", "2207052"),
    ],
)
async def test_a_cover_is_a_jpeg_of_at_most_8_mb(
    app: App, insta: Insta, side: OtherSide, cover: bytes, name: str, subcode: str | None
) -> None:
    side.video = cover
    token = await insta.grant()
    made = await insta.create(token, f"{side.url}/pull/video", cover_url=f"{side.url}/pull/{name}")
    found = await insta.settled(token, made.json["id"])
    assert found["status_code"] == ("ERROR" if subcode else "FINISHED")
    assert [entry["reason"] for entry in await app.ledger("failed")] == ([subcode] if subcode else [])


async def test_row_23_a_container_dies_after_a_day(app: App, insta: Insta, side: OtherSide) -> None:
    token = await insta.grant()
    container = await insta.ready(token, f"{side.url}/pull/video")
    await app.pass_time(DAY + 1)
    assert (await insta.status(token, container)).json["status_code"] == "EXPIRED"
    assert refusal(await insta.publish(token, container)) == (400, 24, 2207008)
    assert await insta.published() == []


@pytest.mark.parametrize("code", [80002, 4])
async def test_row_28_a_day_has_room_for_so_many_containers(app: App, insta: Insta, side: OtherSide, code: int) -> None:
    await insta.configure(container_limit=2, container_limit_code=str(code))
    token = await insta.grant()
    url = f"{side.url}/pull/video"
    assert [(await insta.create(token, url)).status for _ in range(2)] == [200, 200]
    assert refusal(await insta.create(token, url)) == (400, code, None)
    await app.control("config", {"limits": False})
    assert (await insta.create(token, url)).status == 200
    await app.control("config", {"limits": True})
    await app.pass_time(DAY + 1)
    assert (await insta.create(token, url)).status == 200


async def test_a_container_is_read_with_the_fields_that_exist(insta: Insta, side: OtherSide) -> None:
    token = await insta.grant()
    container = await insta.ready(token, f"{side.url}/pull/video")
    assert (await insta.status(token, container, "")).json == {"id": container}
    assert refusal(await insta.status(token, container, "status_code,media_id")) == (400, 100, None)


async def test_a_foreign_container_cannot_be_read(insta: Insta, side: OtherSide) -> None:
    container = await insta.ready(await insta.grant(), f"{side.url}/pull/video")
    assert refusal(await insta.status(await insta.grant(BOB), container)) == (400, 100, 33)


async def test_without_checks_and_bytes_a_container_is_ready_all_the_same(app: App, insta: Insta) -> None:
    async with own_server(app, bytes(3_000_000)) as side:
        await app.control("config", {"sink": True})
        token = await insta.grant()
        assert await insta.reel(token, f"{side.url}/pull/video")
        (entry,) = await insta.published()
        assert entry["sha256"] is None


async def test_an_unknown_choice_is_named(app: App) -> None:
    reply = await app.send("POST", "/_sandbox/config", json={"instagram": {"second_publish": "perhaps"}})
    assert reply.status == 400
    assert "second_post" in reply.text
