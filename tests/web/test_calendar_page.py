"""The calendar: days of the visitor's zone, moving between them by every means, and the clocks that change."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from playout.domain.ids import new_id
from playout.web.calendar import MOST, spanned
from playout.web.moving import on_day
from tests.cast import NOON
from tests.web.plans import busy, drafted, planned
from tests.web.site import Site, findings
from tests.web.stage import Stage

BERLIN = ZoneInfo("Europe/Berlin")
TOMORROW = NOON + timedelta(days=1, hours=1)


async def when(stage: Stage | Site, post_id: str) -> datetime | None:
    return (await stage.cast.services.posts.get(stage.cast.alice, post_id)).post.scheduled_at


def day_of(page: str, day: str) -> str:
    """What stands in it."""
    return page.split(f'data-day="{day}"')[1].split("data-day=", maxsplit=1)[0]


# ── which days ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("view", "on", "week_begins", "first", "count"),
    [
        ("month", date(2026, 11, 20), 0, date(2026, 10, 26), 42),
        ("month", date(2026, 11, 20), 6, date(2026, 11, 1), 35),
        ("month", date(2027, 2, 3), 0, date(2027, 2, 1), 28),
        ("week", date(2026, 11, 20), 0, date(2026, 11, 16), 7),
        ("week", date(2026, 11, 20), 6, date(2026, 11, 15), 7),
        ("agenda", date(2026, 11, 20), 0, date(2026, 11, 20), 30),
    ],
)
def test_a_view_shows(view: str, on: date, week_begins: int, first: date, count: int) -> None:
    span = spanned(view, on, week_begins)

    assert (span.first, span.count) == (first, count)


def test_the_neighbours_of_a_month_are_months_whatever_their_length() -> None:
    span = spanned("month", date(2027, 1, 31), 0)

    assert (span.before, span.after) == (date(2026, 12, 1), date(2027, 2, 1))


async def test_a_post_stands_on_the_day_it_is_for_the_reader(stage: Stage) -> None:
    await planned(stage.cast, stage.cast.alice, datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    assert "First light" in day_of((await stage.alice.get("/calendar")).text, "2026-11-21")
    stage.alice.cookies.set("playout-zone", "Europe/Berlin")
    page = (await stage.alice.get("/calendar")).text

    assert "First light" in day_of(page, "2026-11-22")
    assert "00:30" in day_of(page, "2026-11-22")
    assert "Europe/Berlin" in page


@pytest.mark.parametrize("view", ["month", "week", "agenda"])
async def test_every_view_has_the_post_with_its_state(stage: Stage, view: str) -> None:
    await planned(stage.cast, stage.cast.alice, TOMORROW)
    day = day_of((await stage.alice.get(f"/calendar?view={view}")).text, "2026-11-21")

    assert "First light" in day
    assert "Scheduled" in day
    assert 'aria-label="Memory"' in day


async def test_a_full_day_of_a_month_leads_to_its_list(stage: Stage) -> None:
    for each in range(6):
        await planned(stage.cast, stage.cast.alice, TOMORROW + timedelta(minutes=each), f"Clip {each}.")
    day = day_of((await stage.alice.get("/calendar")).text, "2026-11-21")

    assert "3 more" in day
    assert "Clip 3." not in day
    assert "Clip 5." in (await stage.alice.get("/calendar?view=agenda&on=2026-11-21")).text


async def test_what_is_too_much_to_read_at_once_is_behind_links_and_today_is_shown_all_the_same(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    for each in range(MOST + 5):
        early = replace(
            shown.post, id=new_id("pst", NOON), version=0, scheduled_at=NOON - timedelta(days=8, minutes=each)
        )
        await stage.cast.store.posts.save(early, ())
    page = (await stage.alice.get("/calendar")).text
    rest = (await stage.alice.get("/calendar?view=agenda&on=2026-11-12")).text
    onward = re.search(r'href="(/calendar\?view=agenda[^"]*at=[^"]*)"', rest)

    assert "Show all" in day_of(page, "2026-11-12")
    assert "Show all" in day_of(page, "2026-11-13")
    assert "First light" in day_of(page, "2026-11-21")
    assert "Show all" not in day_of(page, "2026-11-21")
    assert rest.count('class="post ') == MOST
    assert onward
    assert "First light" in (await stage.alice.get(unescape(onward[1]))).text


async def test_a_list_that_does_not_fit_goes_on_within_the_day(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    for each in range(MOST + 4):
        also = replace(
            shown.post, id=new_id("pst", NOON), version=0, scheduled_at=TOMORROW + timedelta(minutes=each + 1)
        )
        await stage.cast.store.posts.save(also, ())
    page = (await stage.alice.get("/calendar?view=agenda")).text
    onward = re.search(r'href="(/calendar\?view=agenda[^"]*at=[^"]*)"', page)

    assert page.count('class="post ') == MOST
    assert onward
    assert (await stage.alice.get(unescape(onward[1]))).text.count('class="post ') == 5


async def test_an_address_that_names_no_day_shows_today(stage: Stage) -> None:
    for wrong in ("on=never", "on=0001-01-01", "on=9999-12-31", "view=year"):
        assert "November 2026" in (await stage.alice.get(f"/calendar?{wrong}")).text


async def test_another_workspace_has_a_calendar_of_its_own(stage: Stage) -> None:
    await planned(stage.cast, stage.cast.alice, TOMORROW)

    assert "First light" not in (await stage.charlie.get("/calendar")).text


# ── moving ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("at", "day", "moved"),
    [
        ("2026-10-24T18:30+02:00", date(2026, 10, 26), "2026-10-26T18:30+01:00"),
        ("2027-03-27T18:30+01:00", date(2027, 3, 28), "2027-03-28T18:30+02:00"),
        ("2027-03-27T02:30+01:00", date(2027, 3, 28), "2027-03-28T03:30+02:00"),
        ("2026-10-24T02:30+02:00", date(2026, 10, 25), "2026-10-25T02:30+02:00"),
    ],
    ids=["clocks go back", "clocks go forward", "an hour that is skipped", "an hour that comes twice"],
)
def test_a_move_to_another_day_keeps_the_hour_on_the_wall(at: str, day: date, moved: str) -> None:
    assert on_day(datetime.fromisoformat(at), day, BERLIN) == datetime.fromisoformat(moved)


async def test_a_post_moved_across_the_change_of_clocks_keeps_its_hour_in_the_readers_zone(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, datetime(2027, 3, 26, 17, 30, tzinfo=UTC))
    stage.alice.cookies.set("playout-zone", "Europe/Berlin")
    await stage.post(stage.alice, f"/queue/{shown.post.id}/move", day="2027-03-30", next="/calendar")

    assert await when(stage, shown.post.id) == datetime(2027, 3, 30, 16, 30, tzinfo=UTC)


async def test_a_day_in_the_past_is_refused_with_the_reason(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    answer = await stage.post(stage.alice, f"/queue/{shown.post.id}/move", day="2026-11-19", next="/calendar?view=week")

    assert answer.headers["location"] == "/calendar?view=week"
    assert "That time has passed. Choose a later one." in (await stage.alice.get("/calendar")).text
    assert await when(stage, shown.post.id) == TOMORROW


async def test_what_is_published_is_locked_and_a_draft_is_not(stage: Stage) -> None:
    out = await planned(stage.cast, stage.cast.alice, NOON + timedelta(minutes=1))
    stage.cast.clock.move(minutes=2)
    await stage.cast.work()
    idea = await drafted(stage.cast, stage.cast.alice, "An idea", TOMORROW)
    page = (await stage.alice.get("/calendar")).text

    assert 'aria-label="Locked"' in day_of(page, "2026-11-20")
    assert f'data-moves="/queue/{out.post.id}/move"' not in page
    assert f'data-moves="/queue/{idea.post.id}/move"' in page


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_the_calendar(site: Site, device: str, dark: bool) -> None:
    await busy(site.cast)
    page = await site.visit("/calendar", device=device, dark=dark)
    for view in ("month", "week", "agenda"):
        await page.goto(f"/calendar?view={view}")
        assert await findings(page) == [], view


@pytest.mark.asyncio(loop_scope="session")
async def test_a_post_is_dragged_to_another_day_and_back_by_undo(site: Site) -> None:
    shown = await planned(site.cast, site.cast.alice, TOMORROW)
    page = await site.visit("/calendar")
    await page.locator(f"#p-{shown.post.id}").drag_to(page.locator('[data-day="2026-11-25"]'))
    await page.get_by_text(re.compile(r"Moved to Wed, Nov 25, 1[34]:00")).wait_for()
    await page.locator(f'[data-day="2026-11-25"] #p-{shown.post.id}').wait_for()
    assert await when(site, shown.post.id) == TOMORROW + timedelta(days=4)
    await page.get_by_role("button", name="Undo").click()
    await page.locator(f'[data-day="2026-11-21"] #p-{shown.post.id}').wait_for()

    assert await when(site, shown.post.id) == TOMORROW


@pytest.mark.asyncio(loop_scope="session")
async def test_alt_and_an_arrow_move_a_post_and_the_focus_stays_with_it(site: Site) -> None:
    shown = await planned(site.cast, site.cast.alice, TOMORROW)
    page = await site.visit("/calendar")
    await page.get_by_role("link", name="First light", exact=True).focus()
    await page.keyboard.press("Alt+ArrowRight")
    await page.locator(f'[data-day="2026-11-22"] #p-{shown.post.id} a:focus').wait_for()
    await page.keyboard.press("Alt+ArrowDown")
    await page.locator(f'[data-day="2026-11-29"] #p-{shown.post.id} a:focus').wait_for()

    assert await when(site, shown.post.id) == TOMORROW + timedelta(days=8)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_post_dropped_on_the_past_stays_where_it_was(site: Site) -> None:
    shown = await planned(site.cast, site.cast.alice, TOMORROW)
    page = await site.visit("/calendar?view=week")
    await page.locator(f"#p-{shown.post.id}").drag_to(page.locator('[data-day="2026-11-18"]'))
    await page.get_by_text("That time has passed. Choose a later one.").wait_for()

    await page.locator(f'[data-day="2026-11-21"] #p-{shown.post.id}').wait_for()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_phone_shows_only_days_that_have_something(site: Site) -> None:
    await planned(site.cast, site.cast.alice, TOMORROW)
    page = await site.visit("/calendar", device="phone")

    await page.get_by_role("heading", name="Saturday, November 21").wait_for()
    assert await page.locator('[data-day="2026-11-25"]').is_hidden()
    await page.get_by_role("link", name="Move to…: First light").wait_for()
