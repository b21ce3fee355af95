"""Rows 32 and 33 of Instagram, and everything else that only Facebook Login can do."""

import hashlib
from typing import Any

import aiohttp
import pytest

from tests.sandbox.app import App, Reply
from tests.sandbox.instagram_app import ALICE, BOB, DAY, Insta, own_server, refusal
from tests.sandbox.instagram_clips import good_reel

VIDEO = bytes(range(256)) * 400


@pytest.fixture
async def insta(app: App) -> Insta:
    await app.control("config", {"media_checks": False})
    return Insta(app, "facebook-graph")


async def begun(insta: Insta, token: str, **params: str) -> Any:
    """A container that waits for bytes: its id, and the address to send them to."""
    reply = await insta.create(token, upload_type="resumable", **params)
    assert set(reply.json) == {"id", "uri"}
    return reply.json


async def send(app: App, uri: str, token: str, data: bytes = VIDEO, offset: int | str = 0, **headers: str) -> Reply:
    usual = {"Authorization": f"OAuth {token}", "offset": str(offset), "file_size": str(len(VIDEO))}
    return await app.send("POST", uri, data=data, headers={**usual, **headers})


def trouble(reply: Reply) -> tuple[int, str, str]:
    """Status, type and message of an error in the upload host's shape."""
    info = reply.json["debug_info"]
    assert info["retriable"] is False
    return reply.status, info["type"], info["message"]


async def test_an_uploaded_reel_goes_live(app: App, insta: Insta) -> None:
    await app.control("config", {"media_checks": True})
    token = await insta.grant()
    container = await begun(insta, token, caption="uploaded")
    assert container["uri"].endswith(f"/meta-rupload/ig-api-upload/v25.0/{container['id']}")
    assert (await insta.status(token, container["id"])).json["status_code"] == "IN_PROGRESS"
    reel = good_reel()
    sent = await send(app, container["uri"], token, reel, file_size=str(len(reel)))
    assert (sent.status, sent.json) == (200, {"success": True, "message": "Upload successful."})
    assert (await insta.settled(token, container["id"]))["status_code"] == "FINISHED"
    media = (await insta.publish(token, container["id"])).json["id"]
    (entry,) = await insta.published()
    assert (entry["post_id"], entry["sha256"]) == (media, hashlib.sha256(reel).hexdigest())
    (uploaded,) = await app.ledger("upload_complete")
    assert (uploaded["size"], uploaded["container"]) == (len(reel), container["id"])


async def test_a_page_token_does_as_well_as_the_persons(app: App, insta: Insta) -> None:
    granted = await app.control("instagram/grant", {"creator": ALICE, "login": "facebook"})
    page = granted["page_token"]
    container = await begun(insta, page)
    assert (await send(app, container["uri"], page)).status == 200
    await insta.settled(granted["access_token"], container["id"])
    assert (await insta.publish(page, container["id"])).status == 200


async def test_a_container_is_found_through_the_page_that_the_account_is_linked_to(insta: Insta) -> None:
    token = await insta.grant()
    fields = "id,name,access_token,instagram_business_account{id,username}"
    pages = (await insta.call("GET", "me/accounts", token, fields=fields)).json["data"]
    assert [page["instagram_business_account"]["id"] for page in pages] == [ALICE]
    reply = await insta.call("GET", ALICE, token, fields="id,username,name")
    assert reply.json == {"id": ALICE, "username": "alice.films", "name": "Alice Films"}
    assert (await insta.quota(token))["quota_usage"] == 0


@pytest.mark.parametrize("scheme", ["Bearer {}", "OAuth xxx", ""])
async def test_row_32_the_upload_host_wants_the_word_oauth_and_a_token(app: App, insta: Insta, scheme: str) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    reply = await send(app, container["uri"], token, Authorization=scheme.format(token))
    assert trouble(reply) == (400, "NotAuthorizedError", "User not authorized to perform this request")


async def test_row_32_a_container_takes_bytes_from_its_own_account_only(app: App, insta: Insta) -> None:
    container = await begun(insta, await insta.grant())
    assert trouble(await send(app, container["uri"], await insta.grant(BOB)))[1] == "NotAuthorizedError"
    await app.pass_time(DAY + 1)
    assert trouble(await send(app, container["uri"], await insta.grant()))[1] == "NotAuthorizedError"


async def test_row_33_the_offset_is_where_the_bytes_so_far_end(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    reply = await send(app, container["uri"], token, offset=10)
    assert trouble(reply) == (400, "OffsetInvalidError", "Request starting offset is invalid")
    assert trouble(await send(app, container["uri"], token, offset="x"))[1] == "ParameterValidationError"


async def test_row_33_a_body_that_is_too_short_leaves_its_bytes_and_can_be_resumed(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    reply = await send(app, container["uri"], token, VIDEO[:1000])
    assert trouble(reply) == (400, "PartialRequestError", "Partial request (did not match length of file)")
    phase = (await insta.status(token, container["id"], "video_status")).json["video_status"]["uploading_phase"]
    assert phase == {"status": "in_progress", "bytes_transferred": 1000}
    assert (await send(app, container["uri"], token, VIDEO[1000:], offset=1000)).status == 200
    assert (await insta.settled(token, container["id"]))["status_code"] == "FINISHED"
    (entry,) = await app.ledger("upload_complete")
    assert entry["sha256"] == hashlib.sha256(VIDEO).hexdigest()
    assert [one["range"] for one in await app.ledger("chunk_accepted")] == [[0, 999], [1000, len(VIDEO) - 1]]


async def test_row_33_a_finished_upload_takes_no_more(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    await send(app, container["uri"], token)
    assert trouble(await send(app, container["uri"], token))[1] == "OffsetInvalidError"
    assert len(await app.ledger("upload_complete")) == 1


async def test_a_cut_upload_keeps_what_arrived(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    await app.fault({"kind": "instagram.upload"}, "partial_upload", bytes=5000)
    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await send(app, container["uri"], token)
    phase = (await insta.status(token, container["id"], "video_status")).json["video_status"]["uploading_phase"]
    assert phase["bytes_transferred"] == 5000


async def test_a_file_may_be_fetched_by_the_upload_host(app: App, insta: Insta) -> None:
    async with own_server(app, VIDEO) as side:
        token = await insta.grant()
        good, bad = await begun(insta, token), await begun(insta, token)
        hosted = {"Authorization": f"OAuth {token}", "file_url": f"{side.url}/pull/video"}
        assert (await app.send("POST", good["uri"], headers=hosted)).json["success"] is True
        assert (await insta.settled(token, good["id"]))["status_code"] == "FINISHED"
        reply = await app.send("POST", bad["uri"], headers={**hosted, "file_url": f"{side.url}/pull/gone"})
        assert trouble(reply)[1] == "ProcessingFailedError"


async def test_a_container_with_an_address_takes_no_bytes(app: App, insta: Insta) -> None:
    token = await insta.grant()
    made = await insta.create(token, "https://app.example/v.mp4")
    reply = await send(app, f"/meta-rupload/ig-api-upload/v25.0/{made.json['id']}", token)
    assert trouble(reply)[1] == "NotAuthorizedError"


async def test_uploading_with_instagram_login_is_a_setting(app: App, insta: Insta) -> None:
    alone = Insta(app)
    token = await alone.grant()
    assert refusal(await alone.create(token, upload_type="resumable")) == (400, 100, None)
    await alone.configure(upload_any_login=True)
    assert (await send(app, (await begun(alone, token))["uri"], token)).status == 200


async def test_scopes_have_other_names_with_facebook_login(app: App, insta: Insta) -> None:
    token = await insta.grant(scopes=["instagram_basic", "pages_show_list"])
    assert refusal(await insta.create(token, upload_type="resumable")) == (400, 10, None)
    assert (await insta.call("GET", ALICE, token, fields="username")).status == 200


async def test_a_page_without_the_task_gives_no_right_to_publish(app: App, insta: Insta) -> None:
    token = await insta.grant()
    page = {"id": "200000000000001", "persons": ["100000000000001"], "instagram": ALICE, "tasks": ["ANALYZE"]}
    await app.control("config", {"facebook": {"pages": [page]}})
    assert refusal(await insta.create(token, upload_type="resumable")) == (400, 10, None)


async def test_an_account_whose_page_was_not_ticked_does_not_exist(app: App, insta: Insta) -> None:
    await insta.grant()
    await app.control("config", {"facebook": {"pages": [{"id": "1", "persons": ["100000000000001"]}]}})
    token = (await app.control("facebook/grant", {"person": "alice"}))["access_token"]
    assert refusal(await insta.create(token, upload_type="resumable")) == (400, 100, 33)


async def test_after_the_person_removed_the_app_every_call_answers_458(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    await app.control("instagram/disconnect", {"creator": ALICE, "login": "facebook"})
    assert refusal(await insta.status(token, container["id"])) == (400, 190, 458)
    assert trouble(await send(app, container["uri"], token))[1] == "NotAuthorizedError"
    assert (await app.ledger("disconnected"))[0]["login"] == "facebook"


async def test_metrics_of_facebook_login_are_known_there(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    await send(app, container["uri"], token)
    await insta.settled(token, container["id"])
    media = (await insta.publish(token, container["id"])).json["id"]
    reply = await insta.call("GET", f"{media}/insights", token, metric="total_views,views")
    assert [one["name"] for one in reply.json["data"]] == ["total_views", "views"]
    listed = (await insta.call("GET", f"{ALICE}/media", token)).json["data"]
    assert listed == [{"id": media}]


async def test_calls_through_facebook_are_of_instagrams_kinds(app: App, insta: Insta) -> None:
    token = await insta.grant()
    container = await begun(insta, token)
    await insta.publish(token, container["id"])
    await insta.quota(token)
    kinds = [seen["kind"] for seen in await app.control("requests")]
    assert [kind for kind in kinds if kind != "instagram.upload"] == [
        "instagram.container",
        "instagram.publish",
        "instagram.quota",
    ]
