"""Slots and the calendar over REST."""

from typing import Any

import pytest

from tests.api.stage import API, Stage, problem

WEEK = {
    "timezone": "Europe/Berlin",
    "slots": [{"day": "friday", "time": "18:00"}, {"day": "monday", "time": "09:30"}],
}
NOVEMBER = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}


async def with_slots(stage: Stage) -> str:
    channel = await stage.cast.channel(stage.cast.alice)
    address = f"{API}/channels/{channel.id}/slots"
    await stage.alice.put(address, json=WEEK)
    return address


async def test_slots_are_kept_in_the_order_of_the_week(stage: Stage) -> None:
    address = await with_slots(stage)

    told = (await stage.alice.get(address)).json()

    assert [one["day"] for one in told["slots"]] == ["monday", "friday"]
    assert (told["timezone"], told["paused"]) == ("Europe/Berlin", False)


async def test_the_next_slot_is_named_in_utc(stage: Stage) -> None:
    address = await with_slots(stage)

    told = (await stage.alice.get(f"{address}/next", params={"limit": 2})).json()

    assert told["upcoming"] == ["2026-11-20T17:00:00.000Z", "2026-11-23T08:30:00.000Z"]
    assert told["at"] == told["upcoming"][0]


async def test_without_slots_there_is_no_next_one(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    told = (await stage.alice.get(f"{API}/channels/{channel.id}/slots/next")).json()

    assert (told["at"], told["upcoming"]) == (None, [])


async def test_a_post_goes_into_the_next_slot(stage: Stage) -> None:
    await with_slots(stage)
    body = await stage.new_post(scheduled_at=None, slot="next")

    made = await stage.alice.post(f"{API}/posts", json=body)

    assert made.json()["scheduled_at"] == "2026-11-20T17:00:00.000Z"


async def test_a_time_and_a_slot_are_one_too_many(stage: Stage) -> None:
    await with_slots(stage)

    problem(await stage.alice.post(f"{API}/posts", json=await stage.new_post(slot="next")), 422, "time_and_slot")


async def test_no_slots_is_said_in_words(stage: Stage) -> None:
    body = await stage.new_post(scheduled_at=None, slot="next")

    problem(await stage.alice.post(f"{API}/posts", json=body), 409, "no_slots")


async def test_a_week_that_was_changed_meanwhile_is_not_overwritten(stage: Stage) -> None:
    address = await with_slots(stage)
    seen = (await stage.alice.get(address)).headers["etag"]
    await stage.alice.put(address, json=WEEK | {"paused": True})

    problem(await stage.alice.put(address, json=WEEK, headers={"If-Match": seen}), 412, "stale")
    problem(await stage.alice.put(address, json=WEEK, headers={"If-Match": '"v0"'}), 412, "stale")


@pytest.mark.parametrize(
    "week",
    [
        WEEK | {"timezone": "Mars/Olympus"},
        WEEK | {"slots": [{"day": "someday", "time": "09:00"}]},
        WEEK | {"slots": [{"day": "monday", "time": "24:00"}]},
        WEEK | {"slots": [{"day": "monday", "time": "9:00"}]},
    ],
)
async def test_a_week_that_is_none_is_refused(stage: Stage, week: dict[str, Any]) -> None:
    assert (await stage.alice.put(await with_slots(stage), json=week)).status_code == 422


async def test_the_calendar_shows_posts_at_their_times(stage: Stage) -> None:
    made = (await stage.alice.post(f"{API}/posts", json=await stage.new_post())).json()

    [entry] = (await stage.alice.get(f"{API}/calendar", params=NOVEMBER)).json()["items"]

    assert (entry["post_id"], entry["at"], entry["state"]) == (made["id"], made["scheduled_at"], "scheduled")
    assert entry["channel_ids"] == [one["channel_id"] for one in made["destinations"]]
    assert [one["id"] for one in entry["deliveries"]] == [one["id"] for one in made["deliveries"]]


@pytest.mark.parametrize(
    "params",
    [{}, {"from": NOVEMBER["from"]}, {"from": "soon", "to": "later"}, {"from": NOVEMBER["to"], "to": NOVEMBER["from"]}],
)
async def test_a_stretch_that_is_none_is_refused(stage: Stage, params: dict[str, str]) -> None:
    assert (await stage.alice.get(f"{API}/calendar", params=params)).status_code == 422
    assert (await stage.alice.get(f"{API}/results", params=params)).status_code == 422


async def test_results_come_without_numbers_until_some_are_collected(stage: Stage) -> None:
    body = await stage.new_post(scheduled_at=None)
    await stage.alice.post(f"{API}/posts", json=body)
    await stage.cast.work()

    [result] = (await stage.alice.get(f"{API}/results", params=NOVEMBER)).json()["items"]

    assert result["delivery"]["state"] == "published"
    assert result["metrics"] is None
    told = (await stage.alice.get(f"{API}/deliveries/{result['delivery']['id']}/metrics")).json()
    assert told == {"delivery_id": result["delivery"]["id"], "latest": None}
