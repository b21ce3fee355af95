"""Everything pages are made of, in a real browser: to be seen, to be read out, by keys, and without scripts."""

from collections.abc import AsyncIterator
from functools import cache

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from playout.web.app import NOUNS
from playout.web.drawing import Looks, looks
from playout.web.languages import shipped
from tests.web import gallery
from tests.web.pseudo import MIRRORED, PSEUDO
from tests.web.site import Site, at_work, findings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@cache
def all_looks() -> Looks:
    return looks((*shipped(), PSEUDO, MIRRORED), [gallery.FOLDER])


@pytest_asyncio.fixture(loop_scope="session")
async def site(browser: Browser) -> AsyncIterator[Site]:
    async with at_work(browser, looks=all_looks(), nouns=(*NOUNS, gallery.pages)) as served:
        yield served


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_there_is_nothing_for_axe_to_find(site: Site, device: str, dark: bool) -> None:
    page = await site.visit("/gallery", device=device, dark=dark)

    assert await findings(page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_nor_in_what_opens_over_the_page(site: Site, dark: bool) -> None:
    page = await site.visit("/gallery", device="phone", dark=dark)
    await page.get_by_role("button", name="More").click()
    assert await findings(page) == []

    await page.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert await findings(page) == []


@pytest.mark.parametrize("language", ["en-XA", "ar-XB", "de"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_long_words_and_lines_from_the_right_fit_the_screen(site: Site, language: str, width: int) -> None:
    page = await site.visit("/gallery", viewport={"width": width, "height": 800})
    await page.context.add_cookies([{"name": "playout-language", "value": language, "url": site.url}])
    await page.reload()

    assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar-XB" else "ltr")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await findings(page) == []


async def test_lines_from_the_right_have_the_side_bar_on_the_right(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.context.add_cookies([{"name": "playout-language", "value": "ar-XB", "url": site.url}])
    await page.reload()
    box = await page.locator(".side").bounding_box()

    assert box
    assert box["x"] > 900


async def test_every_word_of_the_frame_is_translated(site: Site) -> None:
    page = await site.visit("/")
    await page.context.add_cookies([{"name": "playout-language", "value": "en-XA", "url": site.url}])
    await page.reload()
    texts: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("nav *, h1, main p, .button")]
            .flatMap((one) => [...one.childNodes]).filter((node) => node.nodeType === 3 && node.textContent.trim())
            .map((node) => node.textContent.trim())"""
    )

    assert texts
    assert [one for one in texts if not one.startswith("⟦")] == []


async def test_in_forced_colours_and_with_more_contrast_it_is_all_there(site: Site) -> None:
    page = await site.visit("/gallery", forced_colors="active", contrast="more")

    assert await findings(page) == []


# ── by keys ──────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_key_leads_past_the_navigation(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    assert await focused(page) == "main"


async def test_keys_lead_to_places_and_to_their_list(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("q")

    await page.wait_for_url(f"{site.url}/")


async def test_j_and_k_walk_the_rows_and_a_key_acts_on_the_one_that_has_the_focus(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.evaluate(
        """() => {
            for (const one of document.querySelectorAll("[data-row-key]"))
                one.addEventListener("click", () => one.append("!"));
        }"""
    )
    for key in ("j", "j", "j", "k", "j", "e"):
        await page.keyboard.press(key)

    assert await page.locator("#edit-two").text_content() == "Edit two!"
    assert await page.locator("#edit-one").text_content() == "Edit one"


async def test_no_key_acts_while_somebody_types(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.get_by_label("Title").fill("")
    await page.keyboard.type("gq?n")

    assert await page.get_by_label("Title").input_value() == "gq?n"
    assert page.url == f"{site.url}/gallery"


async def test_single_keys_can_be_switched_off(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.keyboard.press("?")
    await page.get_by_role("button", name="Switch single keys off").click()
    await expect(page.locator("html")).to_have_attribute("data-keys", "off")
    await page.keyboard.press("?")

    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


async def test_panels_are_walked_with_arrows(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.get_by_role("tab", name="Shared").focus()
    await page.keyboard.press("ArrowRight")

    await expect(page.get_by_role("tabpanel", name="TikTok 2 problems")).to_be_visible()
    await expect(page.get_by_role("heading", name="Shared")).to_be_hidden()
    await page.keyboard.press("End")
    await expect(page.get_by_role("tab", name="Shorts")).to_have_attribute("aria-selected", "true")


# ── with scripts, and without ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "none"])
async def test_a_theme_is_chosen_and_stays(site: Site, javascript: bool) -> None:
    page = await site.visit("/gallery", javascript=javascript)
    await page.locator(".side-end button").click()
    async with page.expect_response("**/preferences"):
        await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.goto("/")

    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "none"])
async def test_a_change_is_said_and_can_be_taken_back(site: Site, javascript: bool) -> None:
    page = await site.visit("/gallery", javascript=javascript)
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#toasts")).to_contain_text("Saved.")
    await page.get_by_role("button", name="Undo").click()

    await expect(page.locator("#toasts")).to_contain_text("Back to before.")


async def test_a_part_of_the_page_is_swapped_in_and_its_toast_comes_along(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.get_by_role("button", name="Save").click()

    await expect(page.locator("#said")).to_have_text("Draft: Given")
    await expect(page.locator("#toasts .toast")).to_have_count(1)


async def test_a_refusal_is_a_toast_and_leaves_the_page_as_it_is(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.get_by_role("button", name="Refuse").click()

    await expect(page.locator("#toasts")).to_contain_text("It is published already.")
    await expect(page.locator("#said")).to_be_empty()


async def test_undo_is_offered_for_ten_seconds_and_longer_while_it_has_the_focus(site: Site) -> None:
    page = await site.visit("/gallery")
    await page.clock.install()
    await page.reload()
    await page.get_by_role("button", name="Save").click()
    undo = page.get_by_role("button", name="Undo")
    await undo.focus()
    await page.clock.run_for(60_000)
    await expect(undo).to_be_visible()

    await page.get_by_label("Title").focus()
    await page.clock.run_for(10_000)
    await expect(undo).to_have_count(0)


async def test_without_scripts_all_panels_show(site: Site) -> None:
    page = await site.visit("/gallery", javascript=False)

    for name in ("Shared", "TikTok", "Shorts"):
        await expect(page.get_by_role("heading", name=name)).to_be_visible()


async def test_what_changes_by_itself_is_swapped_in_and_read_out(site: Site) -> None:
    page = await site.visit("/gallery")

    await expect(page.locator("#live-part")).to_have_text("62 %")
    await expect(page.get_by_role("status")).to_have_text("62 per cent")


async def test_the_zone_of_the_browser_is_told_to_the_server(site: Site) -> None:
    await site.cast.post(site.cast.alice)
    page = await site.visit("/sign-in", who=None)
    await page.goto("/sign-in")
    cookies = {one.get("name"): one.get("value") for one in await page.context.cookies()}

    assert cookies["playout-zone"] == "Europe/Berlin"


async def focused(page: Page) -> str:
    found: str = await page.evaluate("document.activeElement.id")
    return found
