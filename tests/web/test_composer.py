"""The composer: written, saved, sent; by plain forms first, and then in a browser."""

import asyncio
import re
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from playout.application.ports import Chore
from playout.application.videos import PROBE
from playout.domain.post import PostState, state_of
from playout.domain.slots import Day, Slot, Slots
from playout.domain.video import Video
from tests.cast import CLIP, Cast
from tests.web.site import Site, findings
from tests.web.stage import Stage
from tests.web.tiktok_house import opened

in_browser = pytest.mark.asyncio(loop_scope="session")
ELEVEN = {"local_time": "2026-11-21T11:00", "timezone": "Europe/Berlin"}


async def fields(stage: Stage, **more: str) -> dict[str, str]:
    """A form that is whole: a clip, a channel, and what its platform wants to be told."""
    video, channel = await stage.cast.video(stage.cast.alice), await stage.cast.channel(stage.cast.alice)
    whole = {"video_id": video.id, "channel": channel.id, "caption": "First light"}
    return whole | {f"{channel.id}-privacy_level": "SELF_ONLY"} | more


async def only_post(cast: Cast) -> tuple[PostState, str, str]:
    (shown,) = (await cast.services.posts.list(cast.alice)).items
    return state_of(shown.post, shown.deliveries), shown.post.caption, str(shown.post.scheduled_at)


# ── plain forms ──────────────────────────────────────────────────────────────────────────────────


async def test_a_post_is_scheduled_at_the_time_on_the_wall_of_its_zone(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/posts/new", **await fields(stage, do="at", **ELEVEN))

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await only_post(stage.cast) == (PostState.SCHEDULED, "First light", "2026-11-21 10:00:00+00:00")


async def test_a_time_that_is_missing_is_asked_for_and_nothing_written_is_lost(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/posts/new", **await fields(stage, do="at"))

    assert answer.status_code == 422
    assert "Choose the day and the time." in answer.text
    assert re.search(r'<textarea[^>]*name="caption"[^>]*>\s*First light</textarea>', answer.text)


async def test_the_next_free_slot_is_named_in_the_button_and_taken_by_it(stage: Stage) -> None:
    whole = await fields(stage, do="queue")
    await stage.cast.services.slots.put(
        stage.cast.alice, whole["channel"], Slots("Europe/Berlin", (Slot(Day.SATURDAY, time(18, 30)),))
    )
    stage.alice.cookies.set("playout-zone", "Europe/Berlin")
    page = (await stage.alice.get("/posts/new")).text
    await stage.post(stage.alice, "/posts/new", **whole)

    assert "Add to queue — Sat, Nov 21, 18:30" in page
    assert (await only_post(stage.cast))[2] == "2026-11-21 17:30:00+00:00"


async def test_a_draft_is_saved_unfinished_changed_and_then_sent(stage: Stage) -> None:
    whole = await fields(stage)
    draft = await stage.post(stage.alice, "/posts/new", do="draft", video_id=whole["video_id"], caption="A start")
    where = draft.headers["location"]
    assert await only_post(stage.cast) == (PostState.DRAFT, "A start", "None")
    sent = await stage.post(stage.alice, where, **whole, do="now", version="1")

    assert (sent.status_code, sent.headers["location"]) == (303, where)
    assert (await only_post(stage.cast))[:2] == (PostState.SCHEDULED, "First light")


async def test_a_scheduled_post_is_changed_as_long_as_it_waits(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice)
    to = shown.post.destinations[0].channel_id
    more = {f"{to}-privacy_level": "SELF_ONLY", "channel": to, "video_id": shown.post.video_id}
    page = (await stage.alice.get(f"/posts/{shown.post.id}")).text
    answer = await stage.post(
        stage.alice, f"/posts/{shown.post.id}", **more, **ELEVEN, caption="Second light", do="save", version="1"
    )

    assert "Save changes" in page
    assert answer.status_code == 303
    assert await only_post(stage.cast) == (PostState.SCHEDULED, "Second light", "2026-11-21 10:00:00+00:00")


async def test_what_is_on_its_way_is_shown_and_not_changed(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice)
    stage.cast.clock.move(hours=1)
    await stage.cast.work()
    page = (await stage.alice.get(f"/posts/{shown.post.id}")).text

    assert "Published" in page
    assert 'name="caption"' not in page


async def test_a_button_pressed_twice_makes_one_post(stage: Stage) -> None:
    made = re.search(r'name="made_id" value="([^"]+)"', (await stage.alice.get("/posts/new")).text)
    assert made
    whole = await fields(stage, do="now", made_id=made[1])
    await asyncio.gather(*(stage.post(stage.alice, "/posts/new", **whole) for _ in range(2)))

    assert len((await stage.cast.services.posts.list(stage.cast.alice)).items) == 1


async def test_two_tabs_lose_nothing_the_second_is_told_and_shown_both(stage: Stage) -> None:
    draft = await stage.post(stage.alice, "/posts/new", **await fields(stage, do="draft"))
    where = draft.headers["location"]
    whole = await fields(stage, do="draft", version="1")
    await stage.post(stage.alice, where, **whole | {"caption": "By the first tab"})
    second = await stage.post(stage.alice, where, **whole | {"caption": "By the second tab"})

    assert second.status_code == 409
    assert "Changed in another tab." in second.text
    assert "By the first tab" in second.text
    assert re.search(r">\s*By the second tab</textarea>", second.text)
    assert (await only_post(stage.cast))[1] == "By the first tab"


async def test_a_draft_saves_itself_and_says_when(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/posts/new/autosave", **await fields(stage))

    assert 'data-version="1"' in answer.text
    assert "Saved 12:00" in answer.text
    assert (await only_post(stage.cast))[0] is PostState.DRAFT


async def test_saving_itself_over_another_tab_is_refused_and_shows_its_words(stage: Stage) -> None:
    draft = await stage.post(stage.alice, "/posts/new", **await fields(stage, do="draft"))
    path, whole = draft.headers["location"], await fields(stage, version="1")
    await stage.post(stage.alice, f"{path}/autosave", **whole | {"caption": "Mine"})
    answer = await stage.post(stage.alice, f"{path}/autosave", **whole | {"caption": "Too late"})

    assert answer.status_code == 409
    assert "Changed in another tab." in answer.text
    assert "Mine" in answer.text
    assert 'data-theirs="2"' in answer.text


async def test_what_does_not_fit_is_said_at_its_field_with_the_way_to_mend_it(stage: Stage) -> None:
    stage.cast.platform.file = replace(stage.cast.platform.file, most_height=1000)
    whole = await fields(stage, do="check")
    page = (await stage.post(stage.alice, "/posts/new", **whole)).text

    assert f'name="do" value="fit:{whole["channel"]}"' in page
    page = (await stage.post(stage.alice, "/posts/new", **whole | {"do": f"fit:{whole['channel']}"})).text
    assert '<option value="pad" selected>' in page
    assert "The copy is being made" in page


async def test_wording_of_its_own_is_kept_for_its_channel_and_comes_back(stage: Stage) -> None:
    whole = await fields(stage, do="draft")
    own = {f"{whole['channel']}-own": "on", f"{whole['channel']}-caption": "Only here"}
    draft = await stage.post(stage.alice, "/posts/new", **whole, **own)
    page = (await stage.alice.get(draft.headers["location"])).text

    assert re.search(r">\s*Only here</textarea>", page)
    assert re.search(r">\s*First light</textarea>", page)


async def test_another_workspace_finds_neither_post_nor_clip(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice)

    for path in (f"/posts/{shown.post.id}", f"/posts/{shown.post.id}/state", f"/clips/{shown.post.video_id}"):
        assert (await stage.charlie.get(path)).status_code == 404


async def test_whoever_may_only_look_is_shown_the_post_and_no_form(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice)
    page = (await stage.bob.get(f"/posts/{shown.post.id}")).text

    assert "First light" in page
    assert 'name="caption"' not in page


async def test_whoever_may_only_look_saves_nothing(stage: Stage) -> None:
    answer = await stage.post(stage.bob, "/posts/new", **await fields(stage, do="draft"))

    assert answer.status_code == 403
    assert (await stage.cast.services.posts.list(stage.cast.alice)).items == ()


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=4-", 206, slice(4, None)),
        ("bytes=4-999999", 206, slice(4, None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("", 200, slice(None)),
    ],
)
async def test_a_player_is_given_the_part_of_the_clip_that_it_asks_for(
    stage: Stage, asked: str, status: int, part: slice
) -> None:
    video = await stage.cast.video(stage.cast.alice)
    answer = await stage.alice.get(f"/clips/{video.id}", headers={"Range": asked} if asked else {})

    assert (answer.status_code, answer.content) == (status, CLIP[part])


async def test_there_is_nothing_behind_the_end_of_a_clip(stage: Stage) -> None:
    video = await stage.cast.video(stage.cast.alice)

    assert (await stage.alice.get(f"/clips/{video.id}", headers={"Range": "bytes=9999999-"})).status_code == 416


async def test_without_a_script_a_file_comes_by_a_plain_form(stage: Stage) -> None:
    answer = await stage.alice.post(
        "/clips",
        files={"file": ("clip.mp4", CLIP, "video/mp4")},
        data={"form_token": await stage.token(stage.alice)},
        headers={"Origin": stage.url, "Sec-Fetch-Site": "same-origin"},
    )
    (video,) = (await stage.cast.services.videos.list(stage.cast.alice)).items

    assert (answer.status_code, answer.headers["location"]) == (303, f"/posts/new?video={video.id}")
    assert video.size == len(CLIP)


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


async def looked_into(cast: Cast) -> Video:
    """The one video there is, once the probe has seen it."""
    while not (found := (await cast.services.videos.list(cast.alice)).items):
        await asyncio.sleep(0.02)
    await cast.services.videos.probe(Chore(cast.alice.workspace_id, PROBE, found[0].id, found[0].created_at))
    return found[0]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "First light.mp4"
    path.write_bytes(CLIP)
    return path


async def drop(page: Page, name: str = "clip.mp4") -> None:
    """A file let go over the page, wherever."""
    await page.evaluate(
        """([bytes, name]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], name, { type: "video/mp4" }));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [list(CLIP), name],
    )


@in_browser
async def test_a_file_is_dropped_words_are_written_and_the_post_is_in_the_queue(site: Site) -> None:
    await site.cast.channel(site.cast.alice)
    page = await site.visit("/posts/new")
    await drop(page)
    await page.get_by_label("Caption").first.fill("Dropped and written")
    await looked_into(site.cast)
    await expect(page.get_by_text("Checked")).to_be_visible()
    await expect(page.locator("#saved")).to_contain_text("Saved")
    await page.get_by_role("tab", name="@alice").click()
    await page.get_by_label("Who can watch this video").select_option("SELF_ONLY")
    await page.get_by_label("Exact time").fill("2026-11-21T11:00")
    await page.get_by_role("button", name="At the exact time").click()
    await page.wait_for_url(site.url + "/")

    assert "Dropped and written" in await page.locator("main").inner_text()
    assert await only_post(site.cast) == (PostState.SCHEDULED, "Dropped and written", "2026-11-21 10:00:00+00:00")


@in_browser
async def test_a_reload_in_the_middle_of_an_upload_goes_on_from_its_last_byte(site: Site, clip: Path) -> None:
    page = await site.visit("/posts/new")
    half, stopped, reloaded = len(CLIP) // 2, asyncio.Event(), asyncio.Event()
    told: list[tuple[str, str | None]] = []

    async def cut(route: Route) -> None:
        if route.request.method != "PATCH" or reloaded.is_set():
            await route.continue_()
        elif (await route.request.all_headers())["upload-offset"] == "0":
            await route.continue_(post_data=CLIP[:half])
        else:
            stopped.set()  # the line is dead from here on

    await page.route("**/uploads/*", cut)
    await page.locator("#file").set_input_files(clip)
    await asyncio.wait_for(stopped.wait(), 15)
    await page.reload()
    reloaded.set()
    await expect(page.locator("#upload-line")).to_contain_text("First light.mp4")
    page.on(
        "request",
        lambda one: told.append((one.method, one.headers.get("upload-offset"))) if "/uploads" in one.url else None,
    )
    await page.locator("#file").set_input_files(clip)
    video = await looked_into(site.cast)

    assert [one for one in told if one[0] in {"HEAD", "POST", "PATCH"}][:2] == [("HEAD", None), ("PATCH", str(half))]
    assert b"".join([piece async for piece in site.cast.services.videos.read(video, 0, video.size)]) == CLIP


@in_browser
async def test_two_tabs_the_second_keeps_its_words_and_decides(site: Site) -> None:
    shown = await site.cast.post(site.cast.alice, draft=True)
    first, second = [await site.visit(f"/posts/{shown.post.id}") for _ in range(2)]
    await first.get_by_label("Caption").first.fill("By the first tab")
    await expect(first.locator("#saved")).to_contain_text("Saved")
    await second.get_by_label("Caption").first.fill("By the second tab")
    await expect(second.locator("#saved")).to_contain_text("Changed in another tab.")
    await expect(second.locator("#saved")).to_contain_text("By the first tab")
    await second.get_by_role("button", name="Keep mine").click()
    await expect(second.locator("#saved")).to_contain_text("Saved")

    assert (await only_post(site.cast))[1] == "By the second tab"


@in_browser
async def test_a_channel_that_is_ticked_brings_its_tab_and_a_long_caption_is_counted(site: Site) -> None:
    await site.cast.channel(site.cast.alice)
    await site.cast.channel(site.cast.alice, "second")
    page = await site.visit("/posts/new")
    assert await page.get_by_role("tab").count() == 1
    await page.get_by_label("@second").check()
    await page.get_by_role("tab", name="@second").click()
    await page.get_by_role("tab", name="Shared").click()
    await page.get_by_label("Caption").first.fill("🌅" * 51)
    await page.get_by_role("tab", name="@second").click()

    await expect(page.locator("[data-counter]")).to_have_text(re.compile(r"102\s*/\s*100"))
    await expect(page.locator("[data-counter]")).to_have_class(re.compile("over"))


async def at_tiktok(site: Site, **how: object) -> Page:
    _, channel = await opened(site.cast)
    video = await site.cast.video(site.cast.alice)
    page = await site.visit(f"/posts/new?video={video.id}", **how)  # type: ignore[arg-type]  # as `visit` takes it
    await page.get_by_role("tab", name=f"@{channel.profile.username}").click()
    return page


@in_browser
async def test_row_3b_3c_3d_3e_4b_hold_at_once_in_a_browser(site: Site) -> None:
    page = await at_tiktok(site)
    now = page.get_by_role("button", name="Now")
    await page.get_by_label("Disclose video content").check()
    await expect(now).to_have_attribute("title", re.compile("You need to indicate"))
    await now.hover()
    await now.focus()
    await expect(page.locator("#stopped")).to_be_visible()
    await page.get_by_label("Your brand").check()
    await expect(page.locator("[data-label=own]")).to_be_visible()
    await page.get_by_label("Branded content", exact=False).check()
    await expect(page.locator("[data-label=own]")).to_be_hidden()
    await expect(page.locator("[data-label=third]")).to_be_visible()
    await expect(page.locator(".foot [data-agreement=branded]")).to_be_visible()
    await expect(page.locator(".foot [data-agreement=music]")).to_be_hidden()
    assert await page.locator("option[value=SELF_ONLY]").is_disabled()
    await page.get_by_label("Branded content", exact=False).uncheck()
    await page.get_by_label("Who can watch this video").select_option("SELF_ONLY")
    await expect(page.get_by_label("Branded content", exact=False)).to_be_disabled()
    await expect(page.locator("[data-brand-barred]")).to_be_visible()
    await expect(now).not_to_have_attribute("aria-disabled", "true")


@in_browser
@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True])
async def test_axe_finds_nothing(site: Site, device: str, dark: bool) -> None:
    page = await at_tiktok(site, device=device, dark=dark)
    assert await findings(page) == []
    await page.get_by_label("Disclose video content").check()
    await page.get_by_label("Branded content", exact=False).check()
    assert await findings(page) == []
    shown = await site.cast.post(site.cast.alice)
    site.cast.clock.move(hours=1)
    await site.cast.work()
    await page.goto(f"/posts/{shown.post.id}")
    assert await findings(page) == []


@in_browser
async def test_without_a_script_a_post_is_made_all_the_same(site: Site) -> None:
    await site.cast.channel(site.cast.alice)
    video = await site.cast.video(site.cast.alice)
    page = await site.visit(f"/posts/new?video={video.id}", javascript=False)
    await page.locator("textarea[name=caption]").fill("By forms alone")
    await page.get_by_label("Who can watch this video").select_option("SELF_ONLY")
    await page.get_by_role("button", name="Now").click()
    await page.wait_for_url("**/posts/pst_*")

    assert (await only_post(site.cast))[:2] == (PostState.SCHEDULED, "By forms alone")
