"""Slots: a week that is put together by forms, in a zone, with somebody else at it too."""

import re
from datetime import time

import pytest

from playout.domain.channel import Channel
from playout.domain.slots import Day, Slot, Slots
from tests.web.plans import with_slots
from tests.web.site import Site, findings
from tests.web.stage import Stage

MONDAY = Slot(Day.MONDAY, time(9))
FRIDAY = Slot(Day.FRIDAY, time(18, 30))
_SEEN = re.compile(r'name="seen" value="([^"]+)"')


async def slots(stage: Stage, channel: Channel) -> Slots:
    return (await stage.cast.services.slots.get(stage.cast.alice, channel.id)).slots


async def test_the_first_channel_is_shown(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    assert (await stage.alice.get("/slots")).headers["location"] == f"/slots/{channel.id}"


async def test_without_a_channel_the_way_to_one_is_shown(stage: Stage) -> None:
    assert "Connect a channel" in (await stage.alice.get("/slots")).text


async def test_a_week_is_shown_with_its_zone_and_its_next_free_time(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY, FRIDAY, zone="Europe/Berlin")
    page = (await stage.alice.get(f"/slots/{channel.id}")).text

    assert "by the clocks of Europe/Berlin" in page
    assert "Remove Friday 18:30" in page
    assert "Fri, Nov 20, 17:30" in page.split("Next free:")[1]


async def test_a_time_is_added(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    await stage.post(stage.alice, f"/slots/{channel.id}/add", day="4", at="18:30")

    assert (await slots(stage, channel)).slots == (MONDAY, FRIDAY)


@pytest.mark.parametrize(("day", "at"), [("4", ""), ("4", "25:00"), ("7", "18:30"), ("", "18:30"), ("4", "noon")])
async def test_what_is_no_time_is_refused(stage: Stage, day: str, at: str) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    answer = await stage.post(stage.alice, f"/slots/{channel.id}/add", day=day, at=at)

    assert answer.status_code == 422
    assert (await slots(stage, channel)).slots == (MONDAY,)


async def test_a_time_is_removed_and_comes_back_by_undo(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY, FRIDAY)
    await stage.post(stage.alice, f"/slots/{channel.id}/remove", day="4", at="18:30")
    assert (await slots(stage, channel)).slots == (MONDAY,)
    page = (await stage.alice.get(f"/slots/{channel.id}")).text

    assert f'action="/slots/{channel.id}/add"' in page.split('<div class="toast')[1]


async def test_a_day_is_copied_over_others_and_leaves_the_rest(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY, Slot(Day.TUESDAY, time(7)), FRIDAY)
    await stage.post(stage.alice, f"/slots/{channel.id}/copy", day="0", to="1")

    assert (await slots(stage, channel)).slots == (MONDAY, Slot(Day.TUESDAY, time(9)), FRIDAY)


async def test_the_zone_is_changed_and_the_hours_stay(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    await stage.post(stage.alice, f"/slots/{channel.id}/zone", timezone="America/New_York")

    assert await slots(stage, channel) == Slots("America/New_York", (MONDAY,))


async def test_a_zone_that_is_none_is_refused_beside_its_field(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    answer = await stage.post(stage.alice, f"/slots/{channel.id}/zone", timezone="Mars/Olympus")

    assert answer.status_code == 422
    assert "Use a name such as Europe/Berlin." in answer.text
    assert 'value="Mars/Olympus"' in answer.text


async def test_a_queue_is_paused_and_resumed(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    await stage.post(stage.alice, f"/slots/{channel.id}/pause", paused="1")
    assert (await slots(stage, channel)).paused
    assert "Paused: nothing new goes into this queue." in (await stage.alice.get(f"/slots/{channel.id}")).text
    await stage.post(stage.alice, f"/slots/{channel.id}/pause", paused="0")

    assert not (await slots(stage, channel)).paused


async def test_what_somebody_changed_meanwhile_is_told_and_kept(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    seen = _SEEN.search((await stage.alice.get(f"/slots/{channel.id}")).text)
    assert seen
    await with_slots(stage.cast, stage.cast.alice, FRIDAY)
    await stage.post(stage.alice, f"/slots/{channel.id}/remove", day="0", at="09:00", seen=seen[1])

    assert "Somebody changed these slots meanwhile." in (await stage.alice.get(f"/slots/{channel.id}")).text
    assert (await slots(stage, channel)).slots == (FRIDAY,)


async def test_whoever_may_only_look_changes_nothing(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)
    answer = await stage.post(stage.bob, f"/slots/{channel.id}/add", day="4", at="18:30")

    assert answer.status_code == 403
    assert (await slots(stage, channel)).slots == (MONDAY,)


async def test_another_workspaces_week_is_not_found(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice, MONDAY)

    assert (await stage.charlie.get(f"/slots/{channel.id}")).status_code == 404


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_the_slots(site: Site, device: str, dark: bool) -> None:
    await with_slots(site.cast, site.cast.alice, MONDAY, FRIDAY, account="studio north")
    channel = await with_slots(site.cast, site.cast.alice, MONDAY, FRIDAY)
    page = await site.visit(f"/slots/{channel.id}", device=device, dark=dark)

    assert await findings(page) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_a_week_is_put_together_without_scripts(site: Site) -> None:
    channel = await with_slots(site.cast, site.cast.alice, MONDAY)
    page = await site.visit(f"/slots/{channel.id}", javascript=False)
    await page.get_by_label("New time on Friday").fill("18:30")
    await page.get_by_role("button", name="Add on Friday").click()
    await page.get_by_role("button", name="Remove Monday 09:00").click()
    await page.get_by_role("button", name="Pause the queue").click()
    kept = (await site.cast.services.slots.get(site.cast.alice, channel.id)).slots

    assert kept == Slots("UTC", (FRIDAY,), paused=True)
