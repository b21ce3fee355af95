"""Results: what was published, and no number that nobody collected."""

from datetime import timedelta

import pytest

from tests.cast import Cast
from tests.web.site import Site, findings
from tests.web.stage import Stage


async def published(cast: Cast, days_ago: float = 0) -> str:
    """Of Alice's; the id of its delivery. Time goes on by an hour, and by `days_ago`."""
    delivery = (await cast.post(cast.alice)).deliveries[0]
    cast.clock.move(hours=1)
    await cast.work()
    cast.clock.move(days=days_ago)
    return delivery.id


async def test_before_anything_went_out_it_says_what_will_be_here(stage: Stage) -> None:
    page = (await stage.alice.get("/results")).text

    assert "Nothing was published in this time" in page
    assert "no numbers yet" not in page


async def test_what_went_out_stands_there_with_its_address_and_its_receipt(stage: Stage) -> None:
    delivery_id = await published(stage.cast)
    page = (await stage.alice.get("/results")).text

    assert "First light" in page
    assert 'href="https://memory.invalid/' in page
    assert f'href="/deliveries/{delivery_id}"' in page
    assert '<time datetime="2026-11-20T13:00:00+00:00"' in page


async def test_where_no_numbers_were_collected_none_is_shown(stage: Stage) -> None:
    await published(stage.cast)

    assert "no numbers yet" in (await stage.alice.get("/results")).text


async def test_what_is_only_planned_is_no_result(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)

    assert "Nothing was published in this time" in (await stage.alice.get("/results")).text


@pytest.mark.parametrize(("days", "there"), [("7", False), ("30", True), ("90", True), ("x", True), ("99999", True)])
async def test_the_stretch_can_be_chosen(stage: Stage, days: str, there: bool) -> None:
    await published(stage.cast, days_ago=10)

    assert ("First light" in (await stage.alice.get(f"/results?days={days}")).text) is there


async def test_a_later_page_begins_where_it_is_told(stage: Stage) -> None:
    await published(stage.cast, days_ago=1)
    later = (stage.cast.clock.now() - timedelta(hours=1)).isoformat()

    assert "First light" not in (await stage.alice.get("/results", params={"after": later})).text
    assert "First light" in (await stage.alice.get("/results", params={"after": "nonsense"})).text


async def test_another_workspace_has_none_of_it(stage: Stage) -> None:
    await published(stage.cast)

    assert "First light" not in (await stage.charlie.get("/results")).text


async def test_who_may_look_may_see_results(stage: Stage) -> None:
    await published(stage.cast)

    assert "First light" in (await stage.bob.get("/results")).text


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_the_results(site: Site, device: str, dark: bool) -> None:
    await published(site.cast)
    page = await site.visit("/results", device=device, dark=dark)

    await page.get_by_role("link", name="First light").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await findings(page) == []
