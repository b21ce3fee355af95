"""The queue: what goes out next beside what is free, moving it, cancelling it, and taking both back."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from playout.domain.delivery import State
from playout.domain.ids import new_id
from playout.domain.post import PostState, state_of
from playout.web.queue import MOST_DONE
from tests.cast import NOON
from tests.web.plans import busy, drafted, planned, with_slots
from tests.web.site import Site, findings
from tests.web.stage import Stage, same_origin

TOMORROW = NOON + timedelta(days=1, hours=1)
_UNDO = re.compile(r'<form method="post" action="(/[^"]+)">\s*(.*?)</form>', re.DOTALL)
_FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')


async def undo(stage: Stage, at: str = "/") -> None:
    """Presses Undo in the toast of the next page."""
    page = (await stage.alice.get(at)).text
    toast = page[page.index('<div class="toast') :]
    found = _UNDO.search(toast)
    assert found
    fields = {name: unescape(value) for name, value in _FIELD.findall(found[2])}
    answer = await stage.alice.post(found[1], data=fields, headers=same_origin(stage.url))
    assert answer.status_code == 303


async def when(stage: Stage, post_id: str) -> object:
    return (await stage.cast.services.posts.get(stage.cast.alice, post_id)).post.scheduled_at


# ── what is shown ────────────────────────────────────────────────────────────────────────────────


async def test_a_free_slot_stands_between_the_posts_and_a_taken_one_does_not(stage: Stage) -> None:
    await with_slots(stage.cast, stage.cast.alice)
    await planned(stage.cast, stage.cast.alice, NOON.replace(hour=18, minute=30))
    page = (await stage.alice.get("/")).text

    assert page.count("Add a clip") == 6
    assert '<li class="line vacant" data-row>' not in page.split("Saturday, November 21")[0]


async def test_a_paused_channel_has_no_free_slots(stage: Stage) -> None:
    channel = await with_slots(stage.cast, stage.cast.alice)
    await planned(stage.cast, stage.cast.alice, TOMORROW)
    await stage.post(stage.alice, f"/slots/{channel.id}/pause", paused="1", next="/")
    page = (await stage.alice.get("/")).text

    assert 'class="line vacant"' not in page
    assert "Resume the queue of Alice" in page


async def test_only_the_first_line_of_a_caption_is_shown(stage: Stage) -> None:
    await planned(stage.cast, stage.cast.alice, TOMORROW, "One\nTwo")
    page = (await stage.alice.get("/")).text

    assert "One" in page
    assert "Two" not in page


async def test_the_next_one_is_named_with_how_long_it_is_until_then(stage: Stage) -> None:
    await planned(stage.cast, stage.cast.alice, NOON + timedelta(hours=3))

    assert "in 3 hours" in (await stage.alice.get("/")).text


async def test_the_strip_is_there_only_if_something_needs_somebody(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    assert '<div class="strip">' not in (await stage.alice.get("/")).text
    await stage.cast.services.channels.disconnect(stage.cast.alice, shown.deliveries[0].channel_id)

    assert "1 post needs you" in (await stage.alice.get("/")).text


async def test_what_is_published_is_done_and_not_in_the_queue(stage: Stage) -> None:
    await planned(stage.cast, stage.cast.alice, NOON + timedelta(minutes=1))
    stage.cast.clock.move(minutes=2)
    await stage.cast.work()

    assert "First light" not in (await stage.alice.get("/")).text
    done = (await stage.alice.get("/done")).text
    assert "First light" in done
    assert "https://memory.invalid/" in done


async def test_of_a_day_on_which_much_went_out_the_latest_is_shown_first(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    for each in range(MOST_DONE + 5):
        at = NOON - timedelta(hours=1, minutes=6 * each)
        gone = replace(shown.post, id=new_id("pst", NOON), version=0, scheduled_at=at, caption=f"Gone {each:03}")
        await stage.cast.store.posts.save(gone, ())
    page = (await stage.alice.get("/done")).text

    assert page.index("Gone 000") < page.index("Gone 001")
    assert "Gone 104" not in page


async def test_more_than_a_page_holds_is_behind_a_link(stage: Stage) -> None:
    for each in range(61):
        await planned(stage.cast, stage.cast.alice, TOMORROW + timedelta(minutes=each), f"Clip {each:02}.")
    page = (await stage.alice.get("/")).text
    further = re.search(r'href="(/\?from=[^"]+)"', page)

    assert "Clip 59." in page
    assert "Clip 60." not in page
    assert further
    assert "Clip 60." in (await stage.alice.get(unescape(further[1]))).text


async def test_an_address_that_names_no_time_shows_the_present(stage: Stage) -> None:
    await planned(stage.cast, stage.cast.alice, TOMORROW)

    for wrong in (
        "/?from=never",
        "/?from=0001-01-01T00:00:00%2B00:00",
        "/done?until=9999-12-31T00:00:00%2B00:00&from=x",
    ):
        assert (await stage.alice.get(wrong)).status_code == 200


# ── moving ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_time_is_meant_in_the_zone_of_whoever_gives_it(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    stage.alice.cookies.set("playout-zone", "Europe/Berlin")
    answer = await stage.post(stage.alice, f"/queue/{shown.post.id}/move", at="2026-11-23T09:00", next="/")

    assert answer.status_code == 303
    assert str(await when(stage, shown.post.id)) == "2026-11-23 08:00:00+00:00"
    assert "Moved to Mon, Nov 23, 09:00 CET." in (await stage.alice.get("/")).text


async def test_a_move_is_undone(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    await stage.post(stage.alice, f"/queue/{shown.post.id}/move", at="2026-11-23T09:00", next="/")
    await undo(stage)

    assert await when(stage, shown.post.id) == TOMORROW


async def test_the_next_free_slot_is_taken(stage: Stage) -> None:
    await with_slots(stage.cast, stage.cast.alice)
    shown = await planned(stage.cast, stage.cast.alice, NOON + timedelta(days=3))
    await stage.post(stage.alice, f"/queue/{shown.post.id}/move", slot="1", next="/")

    assert await when(stage, shown.post.id) == NOON.replace(hour=18, minute=30)


@pytest.mark.parametrize("at", ["2026-11-20T11:59", "", "soon", "99999-01-01T00:00"])
async def test_a_time_that_cannot_be_is_refused_in_the_form(stage: Stage, at: str) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    answer = await stage.post(stage.alice, f"/queue/{shown.post.id}/move", at=at, next="/")

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert await when(stage, shown.post.id) == TOMORROW


async def test_a_draft_that_is_moved_stays_a_draft(stage: Stage) -> None:
    shown = await drafted(stage.cast, stage.cast.alice, "An idea", TOMORROW)
    await stage.post(stage.alice, f"/queue/{shown.post.id}/move", at="2026-11-23T09:00", next="/drafts")
    after = await stage.cast.services.posts.get(stage.cast.alice, shown.post.id)

    assert after.post.draft
    assert after.deliveries == ()
    assert str(after.post.scheduled_at) == "2026-11-23 09:00:00+00:00"


async def test_what_went_out_meanwhile_is_told_and_left_alone(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, NOON + timedelta(minutes=1))
    stage.cast.clock.move(minutes=2)
    await stage.cast.work()
    await stage.post(stage.alice, f"/queue/{shown.post.id}/move", at="2026-11-23T09:00", next="/")

    assert "Nothing of this post is waiting any more." in (await stage.alice.get("/")).text


async def test_whoever_may_only_look_moves_nothing(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    await stage.post(stage.bob, f"/queue/{shown.post.id}/move", at="2026-11-23T09:00", next="/")

    assert await when(stage, shown.post.id) == TOMORROW


async def test_another_workspace_finds_nothing_to_move(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)

    assert (await stage.charlie.get(f"/queue/{shown.post.id}/move")).status_code == 404
    assert (await stage.post(stage.charlie, f"/queue/{shown.post.id}/cancel")).status_code == 404


async def test_a_way_back_that_leads_elsewhere_leads_to_the_start(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    answer = await stage.post(stage.alice, f"/queue/{shown.post.id}/cancel", next="//evil.example/")

    assert answer.headers["location"] == "/"


# ── cancelling and deleting ──────────────────────────────────────────────────────────────────────


async def test_what_is_cancelled_does_not_go_out(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    await stage.post(stage.alice, f"/queue/{shown.post.id}/cancel", next="/")
    after = await stage.cast.services.posts.get(stage.cast.alice, shown.post.id)

    assert [one.state for one in after.deliveries] == [State.CANCELLED]


async def test_undo_of_a_cancellation_schedules_it_once_however_often_it_is_pressed(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    await stage.post(stage.alice, f"/queue/{shown.post.id}/cancel", next="/")
    await undo(stage)
    await stage.post(stage.alice, f"/queue/{shown.post.id}/restore", next="/")
    posts = (await stage.cast.services.posts.list(stage.cast.alice)).items

    states = sorted(state_of(one.post, one.deliveries) for one in posts)
    assert states == [PostState.CANCELLED, PostState.SCHEDULED]
    assert {one.post.scheduled_at for one in posts} == {TOMORROW}


async def test_what_is_not_cancelled_is_not_doubled_by_undo(stage: Stage) -> None:
    shown = await planned(stage.cast, stage.cast.alice, TOMORROW)
    answer = await stage.post(stage.alice, f"/queue/{shown.post.id}/restore", next="/")

    assert answer.status_code == 409
    assert len((await stage.cast.services.posts.list(stage.cast.alice)).items) == 1


async def test_a_draft_is_deleted(stage: Stage) -> None:
    shown = await drafted(stage.cast, stage.cast.alice, "An idea")
    assert "An idea" in (await stage.alice.get("/drafts")).text
    await stage.post(stage.alice, f"/queue/{shown.post.id}/remove", next="/drafts")

    assert "An idea" not in (await stage.alice.get("/drafts")).text


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_picture_of_a_video_is_for_its_workspace_alone(stage: Stage) -> None:
    video = await stage.cast.video(stage.cast.alice)
    answer = await stage.alice.get(f"/videos/{video.id}/thumbnail")

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, max-age=3600"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert (await stage.charlie.get(f"/videos/{video.id}/thumbnail")).status_code == 404
    assert (await stage.guest.get(f"/videos/{video.id}/thumbnail")).status_code == 303


async def test_where_there_is_no_such_video_there_is_no_picture(stage: Stage) -> None:
    assert (await stage.alice.get(f"/videos/{new_id('vid', NOON)}/thumbnail")).status_code == 404


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_queue_drafts_done_and_the_move(site: Site, device: str, dark: bool) -> None:
    first = await busy(site.cast)
    page = await site.visit("/", device=device, dark=dark)
    for path in ("/", "/drafts", "/done", f"/queue/{first.post.id}/move"):
        await page.goto(path)
        assert await findings(page) == [], path


@pytest.mark.asyncio(loop_scope="session")
async def test_a_post_is_moved_in_the_dialog_and_moved_back(site: Site) -> None:
    first = await busy(site.cast)
    page = await site.visit("/")
    await page.locator(f"#p-{first.post.id}").get_by_role("link", name="Move to…").click()
    dialog = page.get_by_role("dialog", name="Move to…")
    await dialog.get_by_label("Date and time").fill("2026-11-21T09:30")
    assert await findings(page) == []
    await dialog.get_by_role("button", name="Move", exact=True).click()
    await page.get_by_text("Moved to Sat, Nov 21, 09:30 CET.").wait_for()
    await page.get_by_role("button", name="Undo").click()

    await page.get_by_text("Moved to Fri, Nov 20, 16:00 CET.").wait_for()


@pytest.mark.asyncio(loop_scope="session")
async def test_keys_walk_the_rows_and_move_one(site: Site) -> None:
    await busy(site.cast)
    page = await site.visit("/")
    await page.keyboard.press("j")
    await page.keyboard.press("m")

    await page.get_by_role("dialog").get_by_text("First light over the harbour").wait_for()


@pytest.mark.asyncio(loop_scope="session")
async def test_without_scripts_move_to_is_a_page(site: Site) -> None:
    first = await busy(site.cast)
    page = await site.visit("/", javascript=False)
    await page.locator(f"#p-{first.post.id}").get_by_role("link", name="Move to…").click()
    await page.get_by_label("Date and time").fill("2026-11-21T09:30")
    await page.get_by_role("button", name="Move", exact=True).click()

    await page.get_by_text("Moved to Sat, Nov 21, 09:30 UTC.").wait_for()
