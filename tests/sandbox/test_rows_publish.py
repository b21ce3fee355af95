"""Rows 14-26, 42 and 43: what init and creator_info refuse."""

from typing import Any

import pytest

from tests.sandbox.app import ALICE, BOB, CHARLIE, PUBLIC, App, pull_of, upload_of

GUIDELINES = "Please review our integration guidelines at "
MB = 1_000_000


async def many_posts(app: App, count: int, **grant: Any) -> None:
    """Posts of alice that count against her cap."""
    await app.control("config", {"media_checks": False})
    await app.configure(init_per_minute=100)
    token = await app.grant(**grant)
    for _ in range(count):
        await app.upload(token, b"abc")


@pytest.mark.parametrize(("call", "allowed"), [("init", 6), ("draft", 6), ("creator_info", 20), ("status", 30)])
async def test_row_14_a_minute_has_room_for_so_many_calls(app: App, call: str, allowed: int) -> None:
    await app.configure(draft_cap=100)
    token = await app.grant()
    arguments = [(await app.init(await app.grant())).data["publish_id"]] if call == "status" else []
    codes = [(await getattr(app, call)(token, *arguments)).refusal for _ in range(allowed + 1)]
    assert codes == [(200, "ok")] * allowed + [(429, "rate_limit_exceeded")]
    assert (await getattr(app, call)(await app.grant(), *arguments)).code == "ok"  # the limit is each token's own
    await app.pass_time(61)
    assert (await getattr(app, call)(token, *arguments)).code == "ok"


async def test_row_14_limits_can_be_switched_off(app: App) -> None:
    await app.control("config", {"limits": False})
    token = await app.grant()
    assert {(await app.init(token)).status for _ in range(20)} == {200}


async def test_row_15_creator_info_tells_the_cap_with_status_200(app: App) -> None:
    await many_posts(app, 15)
    reply = await app.creator_info(await app.grant())
    assert reply.refusal == (200, "spam_risk_too_many_posts")
    assert "data" not in reply.json


async def test_row_16_the_sixteenth_post_of_a_day_is_refused_whichever_app_asks(app: App) -> None:
    await app.configure(more_clients=[["other-key", "other-secret"]])
    await many_posts(app, 8)
    await many_posts(app, 7, client_key="other-key")
    assert (await app.init(await app.grant())).refusal == (403, "spam_risk_too_many_posts")
    await app.pass_time(86_401)
    assert (await app.init(await app.grant())).code == "ok"


async def test_row_16_the_cap_is_each_creators_own(app: App) -> None:
    await many_posts(app, 15)
    assert (await app.init(await app.grant(CHARLIE))).code == "ok"


async def test_row_16_uploads_begun_before_the_cap_fail_after_it(app: App) -> None:
    await many_posts(app, 14)
    token = await app.grant()
    begun = [(await app.init(token)).data for _ in range(2)]
    for one in begun:
        await app.put(one["upload_url"], b"abc")
    ends = [await app.ended(one["publish_id"]) for one in begun]
    assert [end["effect"] for end in ends] == ["published", "failed"]
    assert ends[1]["reason"] == "spam_risk_too_many_posts"


@pytest.mark.parametrize("call", ["init", "draft"])
async def test_row_17_a_banned_creator_cannot_begin(app: App, call: str) -> None:
    await app.configure(creators=[{"username": ALICE, "banned": True}])
    reply = await getattr(app, call)(await app.grant())
    assert reply.refusal == (403, "spam_risk_user_banned_from_posting")


async def test_row_17_creator_info_tells_the_ban_with_status_200(app: App) -> None:
    await app.configure(creators=[{"username": ALICE, "banned": True}])
    assert (await app.creator_info(await app.grant())).refusal == (200, "spam_risk_user_banned_from_posting")


async def test_row_18_an_unaudited_app_posts_for_five_creators_a_day(app: App) -> None:
    names = [f"creator{number}" for number in range(6)]
    await app.configure(audited=False, creators=[{"username": name, "private": True} for name in names])
    tokens = [await app.grant(name) for name in names]
    replies = [await app.init(token, privacy_level="SELF_ONLY") for token in tokens]
    assert [reply.refusal for reply in replies] == [(200, "ok")] * 5 + [(403, "reached_active_user_cap")]
    assert (await app.creator_info(tokens[5])).refusal == (200, "reached_active_user_cap")
    assert (await app.creator_info(tokens[0])).code == "ok"


@pytest.mark.parametrize(("creator", "level"), [(ALICE, "SELF_ONLY"), (BOB, "FOLLOWER_OF_CREATOR"), (ALICE, PUBLIC)])
async def test_rows_19_and_20_an_unaudited_app_posts_only_self_only_to_private_accounts(
    app: App, creator: str, level: str
) -> None:
    await app.configure(audited=False)
    reply = await app.init(await app.grant(creator), privacy_level=level)
    assert reply.refusal == (403, "unaudited_client_can_only_post_to_private_accounts")
    assert reply.message.startswith(GUIDELINES)
    assert reply.message.endswith("/content-sharing-guidelines/")


async def test_rows_19_and_20_what_an_unaudited_app_may_do(app: App) -> None:
    await app.configure(audited=False)
    assert (await app.init(await app.grant(BOB), privacy_level="SELF_ONLY")).code == "ok"


@pytest.mark.parametrize(
    ("creator", "level"), [(ALICE, "FOLLOWER_OF_CREATOR"), (BOB, PUBLIC), (ALICE, "EVERYONE"), (ALICE, None)]
)
async def test_row_21_the_privacy_level_must_be_one_on_offer(app: App, creator: str, level: str | None) -> None:
    reply = await app.init(await app.grant(creator), privacy_level=level)
    assert reply.refusal == (403, "privacy_level_option_mismatch")


async def test_row_21_the_offer_depends_on_the_account(app: App) -> None:
    offers = [(await app.creator_info(await app.grant(name))).data for name in (ALICE, BOB)]
    assert offers[0]["privacy_level_options"] == [PUBLIC, "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert offers[1]["privacy_level_options"] == ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert (offers[1]["duet_disabled"], offers[1]["stitch_disabled"]) == (True, True)


@pytest.mark.parametrize(
    ("title", "code"),
    [("a" * 2200, "ok"), ("a" * 2201, "invalid_params"), ("🎬" * 1100, "ok"), ("🎬" * 1100 + "a", "invalid_params")],
)
async def test_row_22_a_title_has_2200_utf16_units(app: App, title: str, code: str) -> None:
    reply = await app.init(await app.grant(), title=title)
    assert reply.refusal == (200 if code == "ok" else 400, code)


@pytest.mark.parametrize(
    "plan",
    [
        (3_145_728, 3_145_728, 1),
        (50_000_123, 10_000_000, 5),
        (64_000_000, 64_000_000, 1),
        (64_000_001, 10_485_760, 6),
        (150_000_000, 10_485_760, 14),
        (4_294_967_296, 10_485_760, 409),
    ],
)
async def test_rows_23_to_26_good_plans_are_taken(app: App, plan: tuple[int, int, int]) -> None:
    reply = await app.init(await app.grant(), source=upload_of(*plan))
    assert reply.code == "ok"
    assert len(reply.data["publish_id"]) <= 64
    assert reply.data["publish_id"].startswith("v_pub_file~v2-1.")
    assert len(reply.data["upload_url"]) <= 256


SIZE = "The chunk size is invalid"
COUNT = "The total chunk count is invalid"


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        pytest.param((20 * MB, MB, 20), SIZE, id="row_23_too_small"),
        pytest.param((200 * MB, 66 * MB, 3), SIZE, id="row_23_too_large"),
        pytest.param((66 * MB, 66 * MB, 1), SIZE, id="row_23_too_large_in_one"),
        pytest.param((50_000_123, 10_000_000, 6), COUNT, id="row_24_ceiling"),
        pytest.param((50_000_123, 10_000_000, 1), COUNT, id="row_24_one"),
        pytest.param((70 * MB, 64 * MB, 1), SIZE, id="row_25_single_chunk_is_not_the_file"),
        pytest.param((10 * MB, 20 * MB, 1), SIZE, id="row_25_chunk_larger_than_the_file"),
        pytest.param((5_000 * MB, 10 * MB, 500), "The video size is invalid", id="row_26_over_4_GB"),
        pytest.param((0, 0, 1), "The video size is invalid", id="row_26_nothing"),
    ],
)
async def test_rows_23_to_26_bad_plans_are_refused(app: App, plan: tuple[int, int, int], message: str) -> None:
    reply = await app.init(await app.grant(), source=upload_of(*plan))
    assert (*reply.refusal, reply.message) == (400, "invalid_params", message)
    assert await app.ledger("task_created") == []


@pytest.mark.parametrize(
    "source",
    [
        {"source": "CARRIER_PIGEON"},
        {"source": "FILE_UPLOAD"},
        {"source": "FILE_UPLOAD", "video_size": "3", "chunk_size": 3, "total_chunk_count": 1},
        {"source": "PULL_FROM_URL"},
        {"video_size": 3},
    ],
)
async def test_row_26_missing_fields_and_unknown_sources_are_refused(app: App, source: dict[str, Any]) -> None:
    assert (await app.init(await app.grant(), source=source)).refusal == (400, "invalid_params")


async def test_row_26_a_body_that_is_not_json_is_refused(app: App) -> None:
    headers = {"Authorization": f"Bearer {await app.grant()}", "Content-Type": "application/json"}
    path = "/tiktok-api/v2/post/publish/video/init/"
    for body in ("{", "[]", "{}", '{"post_info": 1}'):
        reply = await app.send("POST", path, data=body, headers=headers)
        assert reply.refusal == (400, "invalid_params")


async def test_row_42_a_sixth_unfinished_draft_is_refused_until_one_is_finished(app: App) -> None:
    await app.control("config", {"media_checks": False})
    token = await app.grant()
    begun = [(await app.draft(token)).data for _ in range(5)]
    assert (await app.draft(token)).refusal == (403, "spam_risk_too_many_pending_share")
    await app.put(begun[0]["upload_url"], b"abc")
    assert (await app.ended(begun[0]["publish_id"]))["effect"] == "handed_over"
    await app.pass_time(61)
    assert (await app.draft(token)).refusal == (403, "spam_risk_too_many_pending_share")
    await app.control("tiktok/finish-draft", {"publish_id": begun[0]["publish_id"]})
    await app.pass_time(61)
    assert (await app.draft(token)).code == "ok"


async def test_row_42_a_day_frees_the_drafts(app: App) -> None:
    token = (await app.grant(), await app.grant())
    for _ in range(5):
        await app.draft(token[0])
    assert (await app.draft(token[1])).status == 403
    await app.pass_time(86_401)
    assert (await app.draft(await app.grant())).code == "ok"


PHOTO = {
    "media_type": "PHOTO",
    "post_mode": "DIRECT_POST",
    "post_info": {"privacy_level": PUBLIC, "title": "t"},
    "source_info": {
        "source": "PULL_FROM_URL",
        "photo_images": ["https://photos.example/1.jpg"],
        "photo_cover_index": 0,
    },
}


def photo(**changes: Any) -> dict[str, Any]:
    """A good photo post, but for the changes; None removes."""
    source = {**PHOTO["source_info"], **changes.pop("source_info", {})}  # type: ignore[dict-item]  # a JSON literal
    info = {**PHOTO["post_info"], **changes.pop("post_info", {})}  # type: ignore[dict-item]  # as above
    body = {**PHOTO, "post_info": info, "source_info": source, **changes}
    body["source_info"] = {name: value for name, value in source.items() if value is not None}
    return body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(photo(source_info={"source": "FILE_UPLOAD"}), id="upload"),
        pytest.param(photo(source_info={"photo_images": ["https://photos.example/1.jpg"] * 36}), id="36_images"),
        pytest.param(photo(source_info={"photo_images": []}), id="no_image"),
        pytest.param(photo(post_info={"title": "t" * 91}), id="title_91"),
        pytest.param(photo(post_info={"description": "t" * 4001}), id="description_4001"),
        pytest.param(photo(source_info={"photo_cover_index": None}), id="no_cover_index"),
        pytest.param(photo(source_info={"photo_cover_index": 1}), id="cover_index_outside"),
        pytest.param(photo(media_type="VIDEO"), id="media_type"),
        pytest.param(photo(post_mode="DIRECT POST"), id="post_mode"),
    ],
)
async def test_row_43_photo_posts_have_rules_of_their_own(app: App, body: dict[str, Any]) -> None:
    await app.configure(verified_prefixes=["photos.example"])
    reply = await app.call("post/publish/content/init/", await app.grant(), body)
    assert reply.refusal == (400, "invalid_params")


async def test_row_43_photos_need_a_verified_address_too(app: App) -> None:
    reply = await app.call("post/publish/content/init/", await app.grant(), photo())
    assert reply.refusal == (403, "url_ownership_unverified")


async def test_row_43_an_old_app_of_the_creator_cannot_take_photo_drafts(app: App) -> None:
    await app.configure(verified_prefixes=["photos.example"], app_too_old=True)
    body = photo(post_mode="MEDIA_UPLOAD")
    reply = await app.call("post/publish/content/init/", await app.grant(), body)
    assert reply.refusal == (400, "app_version_check_failed")


async def test_an_init_that_was_refused_leaves_no_task(app: App) -> None:
    token = await app.grant()
    await app.init(token, privacy_level="EVERYONE")
    await app.init(token, source=pull_of("https://unverified.example/v.mp4"))
    assert await app.control("ledger?effect=task_created") == []
