"""The page of channels: what a card says, connecting through the platform's sign-in and back, disconnecting."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Route

from playout.domain.delivery import State, hold
from playout.domain.retry import Kind, PlatformFailure, Reason, Turn
from playout.web.app import create_web
from tests.cast import Cast
from tests.web.site import Site, findings
from tests.web.stage import Stage, client, shipped

REVOKED = Reason("revoked", "The sign-in was withdrawn: 100% of it. Reconnect.", Turn.YOU)
_ONWARD = re.compile(r'href="http://127\.0\.0\.1:9400/memory\?state=([\w-]+)')


async def begun(stage: Stage, **fields: str) -> str:
    """Alice begins a sign-in; the state that her browser carries to the platform."""
    found = _ONWARD.search((await stage.post(stage.alice, "/channels/connect/memory", **fields)).text)
    assert found
    return found[1]


@asynccontextmanager
async def back(stage: Stage, who: str | None = "alice") -> AsyncIterator[httpx.AsyncClient]:
    """A browser that comes back from the platform, at the pages alone: they have to have this address."""
    pages = create_web(stage.cast.services, stage.visitors, public_url=stage.url, looks=shipped())
    async with client(pages, stage.url, stage.sessions[who] if who else None) as browser:
        yield browser


async def returned(stage: Stage, who: str | None = "alice", **query: str) -> httpx.Response:
    async with back(stage, who) as browser:
        return await browser.get("/connect/memory/callback", params=query)


async def broken(cast: Cast) -> str:
    """A channel whose sign-in ended, and one post that is held for it."""
    shown = await cast.post(cast.alice)
    channel = await cast.services.channels.get(cast.alice, shown.deliveries[0].channel_id)
    await cast.store.channels.save(channel.broken(REVOKED))
    await cast.saved(hold(shown.deliveries[0], Kind.SIGN_IN, REVOKED))
    return channel.id


async def test_without_a_channel_it_teaches_the_first_step(stage: Stage) -> None:
    page = (await stage.alice.get("/channels")).text

    assert "No channel yet" in page
    assert 'action="/channels/connect/memory"' in page


async def test_a_card_says_who_it_is_and_that_it_is_connected(stage: Stage) -> None:
    await stage.cast.channel(stage.cast.alice)
    page = (await stage.alice.get("/channels")).text

    assert "@alice" in page
    assert "Connected" in page
    assert "nothing yet" in page


async def test_another_workspace_sees_none_of_them(stage: Stage) -> None:
    await stage.cast.channel(stage.cast.alice)

    assert "@alice" not in (await stage.charlie.get("/channels")).text


async def test_an_end_is_foretold_with_what_depends_on_it(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice, in_hours=24 * 6 + 5)
    channel = await stage.cast.services.channels.get(stage.cast.alice, shown.deliveries[0].channel_id)
    ends = stage.cast.clock.now() + timedelta(days=6, hours=2)
    await stage.cast.store.channels.save(replace(channel, expires_at=ends))
    page = (await stage.alice.get("/channels")).text

    assert "Expires soon" in page
    assert "<b>Expires in 6 days</b> — 1 post depends on it." in page


async def test_a_broken_one_says_why_and_what_one_reconnect_lets_go(stage: Stage) -> None:
    await broken(stage.cast)
    page = (await stage.alice.get("/channels")).text

    assert "Needs reconnecting" in page
    assert REVOKED.message in page
    assert "Reconnect and release 1" in page


async def test_what_it_may_do_today_is_asked_for_when_somebody_wants_to_know(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    assert not stage.cast.platform.asked.is_set()
    await stage.alice.get("/channels")
    assert not stage.cast.platform.asked.is_set()

    page = (await stage.alice.get(f"/channels/{channel.id}/today")).text
    assert "Videos up to 30 s." in page
    assert "Comments are switched off in the account." in page


# ── connecting ───────────────────────────────────────────────────────────────────────────────────


async def test_a_sign_in_leads_there_and_back_to_the_channels(stage: Stage) -> None:
    state = await begun(stage)
    async with back(stage) as browser:
        answer = await browser.get("/connect/memory/callback", params={"state": state, "code": "alice"})
        page = await browser.get("/channels")

    assert (answer.status_code, answer.headers["location"]) == (303, "/channels")
    assert "Connected @alice. What was held for it goes on." in page.text


async def test_the_page_that_leads_on_has_a_plain_link_and_its_policy_stays_strict(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/channels/connect/memory")

    assert _ONWARD.search(answer.text)
    assert "form-action 'self';" in answer.headers["content-security-policy"]


async def test_a_sign_in_begun_in_one_browser_is_not_finished_in_another(stage: Stage) -> None:
    state = await begun(stage)
    for other in ("charlie", None):
        answer = await returned(stage, other, state=state, code="alice")
        assert answer.status_code == 403
        state = await begun(stage)

    assert (await stage.cast.services.channels.list(stage.cast.alice)).items == ()


async def test_one_begun_on_the_command_line_is_finished_by_a_guest(stage: Stage) -> None:
    state = await stage.cast.state(stage.cast.alice)
    answer = await returned(stage, None, state=state.reveal(), code="alice")

    assert answer.status_code == 200
    assert "Connected @alice" in answer.text
    assert "You can close this tab." in answer.text


async def test_whoever_says_no_there_reads_why_nothing_was_connected(stage: Stage) -> None:
    state = await begun(stage)
    answer = await returned(stage, state=state, error="access_denied")

    assert answer.status_code == 422
    assert "memory did not connect: access_denied." in answer.text


async def test_a_way_back_to_another_site_is_not_taken(stage: Stage) -> None:
    state = await begun(stage, return_to="//evil.example/")
    answer = await returned(stage, state=state, code="alice")

    assert answer.headers["location"] == "/"


async def test_a_reconnect_lets_go_what_was_held(stage: Stage) -> None:
    await broken(stage.cast)
    state = await begun(stage, return_to="/needs-you")
    answer = await returned(stage, state=state, code="alice")

    assert answer.headers["location"] == "/needs-you"
    (delivery,) = (await stage.cast.services.deliveries.list(stage.cast.alice)).items
    assert delivery.state is State.WAITING


# ── disconnecting ────────────────────────────────────────────────────────────────────────────────


async def test_before_disconnecting_it_says_how_much_will_be_held(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)

    assert "1 post will be held." in (await stage.alice.get("/channels")).text


async def test_disconnecting_ends_the_grant_and_holds_what_was_planned(stage: Stage) -> None:
    shown = await stage.cast.post(stage.cast.alice)
    await stage.post(stage.alice, f"/channels/{shown.deliveries[0].channel_id}/disconnect")

    assert stage.cast.platform.revoked == ["act.alice"]
    (delivery,) = (await stage.cast.services.deliveries.list(stage.cast.alice)).items
    assert delivery.state is State.HELD
    page = (await stage.alice.get("/channels")).text
    assert "Disconnected. What was planned for it is held." in page
    assert "1 post is held until it is connected again." in page


async def test_where_the_platform_does_not_answer_nothing_is_forgotten(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    stage.cast.platform.failure = PlatformFailure(Kind.AGAIN, "away", "The platform did not answer.")
    answer = await stage.post(stage.alice, f"/channels/{channel.id}/disconnect")

    assert answer.status_code == 502
    assert (await stage.cast.services.channels.get(stage.cast.alice, channel.id)).connected


async def test_who_may_only_look_has_no_buttons_and_gets_nowhere_without_them(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    page = (await stage.bob.get("/channels")).text

    assert "/disconnect" not in page
    assert "/channels/connect/" not in page
    assert (await stage.post(stage.bob, f"/channels/{channel.id}/disconnect")).status_code == 403
    assert (await stage.post(stage.bob, "/channels/connect/memory")).status_code == 403


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.asyncio(loop_scope="session")
async def test_in_a_browser_one_button_leads_to_the_platform(site: Site) -> None:
    page = await site.visit("/channels")

    async def asks(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<h1>Allow Playout?</h1>")

    await page.route("http://127.0.0.1:9400/**", asks)
    await page.get_by_role("button", name="Memory").click()

    await page.get_by_role("heading", name="Allow Playout?").wait_for()
    await page.go_back()
    await page.get_by_role("heading", name="Channels").wait_for()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_going_on_to_the_platform(site: Site, device: str, dark: bool) -> None:
    page = await site.visit("/channels", device=device, dark=dark)

    async def nothing(route: Route) -> None:
        await route.fulfill(status=204)

    await page.route("http://127.0.0.1:9400/**", nothing)
    await page.get_by_role("button", name="Memory").click()

    await page.get_by_role("link", name="Sign in at Memory").wait_for()
    assert await findings(page) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_in_a_browser_the_limits_of_today_come_into_the_card(site: Site) -> None:
    await site.cast.channel(site.cast.alice)
    page = await site.visit("/channels")
    await page.get_by_role("link", name="What it may do today").click()

    await page.get_by_text("Videos up to 30 s.").wait_for()
    assert page.url.endswith("/channels")
    assert await findings(page) == []


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_the_channels(site: Site, device: str, dark: bool) -> None:
    await broken(site.cast)
    await site.cast.channel(site.cast.alice, "quiet_boat")
    page = await site.visit("/channels", device=device, dark=dark)
    assert await findings(page) == []

    await page.get_by_role("button", name="Disconnect").first.click()
    assert await findings(page) == []
