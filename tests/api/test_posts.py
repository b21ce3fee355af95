"""/posts over the wire: fields, versions, changes, pages."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from playout.domain.caps import Cap
from playout.domain.limits import Need
from tests.api.stage import API, Stage, problem
from tests.cast import CHOSEN


async def made(stage: Stage, **other: Any) -> dict[str, Any]:
    answer = await stage.alice.post(f"{API}/posts", json=await stage.new_post(**other))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_post_is_shown_with_the_contracts_fields(stage: Stage) -> None:
    post = await made(stage, hashtags=["dawn"], timezone="Europe/Berlin", scheduled_at="2026-11-21T13:00:00+01:00")

    delivery = post["deliveries"][0]
    assert post | {"deliveries": []} == {
        "id": post["id"],
        "state": "scheduled",
        "caption": "First light",
        "title": None,
        "hashtags": ["dawn"],
        "scheduled_at": "2026-11-21T12:00:00.000Z",
        "timezone": "Europe/Berlin",
        "video_id": post["video_id"],
        "destinations": [
            {"channel_id": delivery["channel_id"], "caption": None, "title": None, "options": CHOSEN, "fit": None}
        ],
        "deliveries": [],
        "approval": None,
        "created_at": "2026-11-20T12:00:00.000Z",
        "version": 1,
    }
    assert delivery == {
        "id": delivery["id"],
        "post_id": post["id"],
        "channel_id": delivery["channel_id"],
        "platform": "memory",
        "state": "waiting",
        "status": "pending",
        "progress": {"sent": 0, "total": 0},
        "due_at": "2026-11-21T12:00:00.000Z",
        "scheduled_at": "2026-11-21T12:00:00.000Z",
        "remote_id": None,
        "url": None,
        "published_at": None,
        "reason": None,
        "attempts": 0,
        "created_at": "2026-11-20T12:00:00.000Z",
        "version": 1,
    }


async def test_what_was_published_carries_its_receipt(stage: Stage) -> None:
    post = await made(stage, scheduled_at=None)

    await stage.cast.work()
    delivery = (await stage.alice.get(f"{API}/deliveries/{post['deliveries'][0]['id']}")).json()

    assert (delivery["state"], delivery["status"]) == ("published", "published")
    assert (delivery["remote_id"], delivery["url"]) == (
        f"{delivery['id']}.1",
        f"https://memory.invalid/{delivery['id']}.1",
    )
    assert delivery["published_at"] == "2026-11-20T12:00:00.000Z"
    events = (await stage.alice.get(f"{API}/deliveries/{delivery['id']}/events")).json()["items"]
    assert [one["kind"] for one in events] == ["delivery.published"]
    assert (await stage.alice.get(f"{API}/posts/{post['id']}")).json()["state"] == "published"


async def test_validate_tells_every_problem_and_makes_nothing(stage: Stage) -> None:
    body = await stage.new_post(caption="x" * 101)
    channel_id = body["destinations"][0]["channel_id"]
    body["destinations"][0]["options"] = {"privacy_level": "FRIENDS"}

    told = (await stage.alice.post(f"{API}/posts/validate", json=body)).json()

    assert told["ok"] is False
    assert [(one["code"], one["field"], one["channel_id"]) for one in told["problems"]] == [
        ("caption_too_long", "/caption", channel_id),
        ("not_offered", "/destinations/0/options/privacy_level", channel_id),
    ]
    assert (await stage.alice.get(f"{API}/posts")).json()["items"] == []


async def test_validate_tells_remarks_that_stand_in_nobodys_way(stage: Stage) -> None:
    stage.cast.platform.caps = (Cap("send", 1, timedelta(days=1), what="posts"),)
    body = await stage.new_post()
    channel_id = body["destinations"][0]["channel_id"]
    assert (await stage.alice.post(f"{API}/posts", json=body)).status_code == 201

    told = (await stage.alice.post(f"{API}/posts/validate", json=body)).json()

    assert told == {
        "ok": True,
        "problems": [
            {
                "channel_id": channel_id,
                "code": "cap_reached",
                "field": "/scheduled_at",
                "message": "memory takes 1 posts in 24 h, and as many are planned already. This one would wait.",
                "fix": None,
                "severity": "warning",
            },
            {
                "channel_id": channel_id,
                "code": "duplicate",
                "field": "/video_id",
                "message": "The same file goes to this channel already, on 2026-11-21 12:00 UTC.",
                "fix": None,
                "severity": "warning",
            },
        ],
    }
    assert (await stage.alice.post(f"{API}/posts", json=body)).status_code == 201


async def test_validate_tells_problems_and_remarks_apart(stage: Stage) -> None:
    stage.cast.platform.lives = timedelta(hours=1)
    stage.cast.platform.needs = (Need(frozenset({"read"}), "look"),)

    told = (await stage.alice.post(f"{API}/posts/validate", json=await stage.new_post())).json()

    assert told["ok"] is False
    assert [(one["code"], one["fix"], one["severity"]) for one in told["problems"]] == [
        ("permission_missing", "reconnect", "error"),
        ("connection_ends", "reconnect", "warning"),
    ]


async def test_a_post_carries_its_version_as_etag(stage: Stage) -> None:
    post = await made(stage)

    assert (await get(stage, post)).headers["etag"].startswith('"v1-')
    assert (await change(stage, post, {"caption": "Second light"})).headers["etag"].startswith('"v2-')


async def test_a_change_leaves_what_it_does_not_name(stage: Stage) -> None:
    post = await made(stage, title="A title", hashtags=["dawn"], draft=True)

    changed = (await change(stage, post, {"caption": "Second light"})).json()

    assert changed == post | {"caption": "Second light", "version": 2}


async def test_a_change_to_null_takes_away(stage: Stage) -> None:
    post = await made(stage, title="A title", draft=True)

    changed = (await change(stage, post, {"title": None, "hashtags": ["dawn"], "scheduled_at": None})).json()

    assert (changed["title"], changed["hashtags"], changed["scheduled_at"]) == (None, ["dawn"], None)


async def test_a_waiting_post_moves_with_its_deliveries(stage: Stage) -> None:
    post = await made(stage)

    changed = (await change(stage, post, {"scheduled_at": "2026-12-24T18:00:00Z"})).json()

    assert changed["deliveries"][0]["due_at"] == changed["scheduled_at"] == "2026-12-24T18:00:00.000Z"
    assert changed["deliveries"][0]["id"] == post["deliveries"][0]["id"]


@pytest.mark.parametrize("tag", ['"v1"', '"v7", "v1"', "*"])
async def test_a_change_with_the_right_version_is_made(stage: Stage, tag: str) -> None:
    assert (await change(stage, await made(stage), {"caption": "Second"}, tag)).status_code == 200


@pytest.mark.parametrize("tag", ['"v2"', 'W/"v1"'])
async def test_a_change_with_another_version_is_refused(stage: Stage, tag: str) -> None:
    post = await made(stage)

    problem(await change(stage, post, {"caption": "Second"}, tag), 412, "stale")

    assert (await get(stage, post)).json() == post


async def test_what_is_not_a_part_of_a_change_is_refused(stage: Stage) -> None:
    problem(await change(stage, await made(stage), {"draft": True}), 422, "invalid")


async def test_a_post_on_its_way_is_neither_changed_nor_deleted(stage: Stage) -> None:
    post = await made(stage, scheduled_at=None)
    await stage.cast.work()

    problem(await change(stage, post, {"caption": "Second"}), 409, "too_late")


async def test_a_waiting_post_is_cancelled_then_deleted(stage: Stage) -> None:
    post = await made(stage)
    address = f"{API}/posts/{post['id']}"

    problem(await stage.alice.delete(address), 409, "in_use")
    assert (await stage.alice.post(f"{address}/cancel")).json()["state"] == "cancelled"
    assert (await stage.alice.delete(address)).status_code == 204
    problem(await stage.alice.get(address), 404, "not_found")


@pytest.mark.parametrize("body", [None, {}, {"scheduled_at": "2026-12-24T18:00:00Z"}])
async def test_a_draft_is_scheduled_with_a_time_or_without(stage: Stage, body: dict[str, str] | None) -> None:
    post = await made(stage, draft=True)

    answer = await stage.alice.post(f"{API}/posts/{post['id']}/schedule", json=body)

    assert (answer.status_code, answer.json()["state"]) == (200, "scheduled")


async def test_the_sent_time_of_an_unsafe_repeat_is_refused(stage: Stage) -> None:
    post = await made(stage, scheduled_at=None)
    await stage.cast.work()

    answer = await stage.alice.post(f"{API}/deliveries/{post['deliveries'][0]['id']}/retry")

    problem(answer, 409, "unsafe_to_repeat")


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


async def test_pages_lead_from_the_newest_to_the_oldest(stage: Stage) -> None:
    ids = []
    for _ in range(5):
        ids.append((await made(stage, draft=True))["id"])
        stage.cast.clock.move(seconds=1)

    seen, address = [], f"{API}/posts?limit=2"
    while address:
        answer = await stage.alice.get(address)
        seen += [one["id"] for one in answer.json()["items"]]
        cursor, link = answer.json()["next_cursor"], answer.links.get("next", {}).get("url")
        assert (cursor is None) == (link is None)
        assert link is None or (f"cursor={cursor}" in link and "limit=2" in link)
        address = link or ""

    assert seen == ids[::-1]


@pytest.mark.parametrize("cursor", ["nothing", "vid_00000000000000000000000000", "pst_%00", ""])
async def test_what_is_no_cursor_is_refused(stage: Stage, cursor: str) -> None:
    problem(await stage.alice.get(f"{API}/posts?cursor={cursor}"), 422, "bad_cursor")


async def test_deliveries_are_found_by_state_channel_and_post(stage: Stage) -> None:
    waiting, published = await made(stage), await made(stage, scheduled_at=None)
    await stage.cast.work()
    channel_id = waiting["deliveries"][0]["channel_id"]

    async def found(query: str) -> list[str]:
        answer = await stage.alice.get(f"{API}/deliveries?{query}")
        return [one["post_id"] for one in answer.json()["items"]]

    assert await found("state=waiting") == [waiting["id"]]
    assert len(await found("state=waiting&state=published")) == 2
    assert await found(f"post_id={published['id']}") == [published["id"]]
    assert len(await found(f"channel_id={channel_id}")) == 2
    assert await found(f"channel_id=chn_{'0' * 26}") == []


@pytest.mark.parametrize("query", ["state=lost", "channel_id=alice", "post_id=%00"])
async def test_a_filter_that_cannot_match_is_refused(stage: Stage, query: str) -> None:
    problem(await stage.alice.get(f"{API}/deliveries?{query}"), 422, "invalid")


async def get(stage: Stage, post: dict[str, Any]) -> httpx.Response:
    return await stage.alice.get(f"{API}/posts/{post['id']}")


async def change(
    stage: Stage, post: dict[str, Any], body: dict[str, Any], if_match: str | None = None
) -> httpx.Response:
    headers = {} if if_match is None else {"If-Match": if_match}
    return await stage.alice.patch(f"{API}/posts/{post['id']}", json=body, headers=headers)
