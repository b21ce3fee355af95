"""Needs you: everything that waits for a person, by cause, and the one thing to do about each."""

from dataclasses import replace

import pytest

from playout.domain.delivery import Delivery, Fence, State, hold
from playout.domain.event import happened
from playout.domain.person import Scope
from playout.domain.retry import Kind, Reason, Turn
from tests.cast import Cast
from tests.web.site import Site, findings
from tests.web.stage import Stage

REVOKED = Reason("revoked", "The sign-in was withdrawn there. Reconnect the channel.", Turn.YOU)
LATE = Reason("too_late_to_send", "This was due 9 h ago.", Turn.YOU)
GONE = Reason("privacy_gone", "“Friends” is not offered any more. 100% sure.", Turn.YOU)
LOST = Reason("lost_answer", "The connection broke off.", Turn.PLATFORM)
BROKEN = Reason("bad_sound", "The platform does not take this sound.", Turn.YOU)


async def planned(cast: Cast) -> Delivery:
    """One of Alice's, with its post."""
    return (await cast.post(cast.alice)).deliveries[0]


async def held(cast: Cast, kind: Kind, reason: Reason) -> Delivery:
    return await cast.saved(hold(await planned(cast), kind, reason))


async def unconfirmed(cast: Cast) -> Delivery:
    one = await planned(cast)
    fence = Fence("send", cast.clock.now())
    return await cast.saved(
        replace(one, state=State.UNCONFIRMED, step="send", fence=fence, due_at=None, reason=LOST, attempts=1)
    )


async def failed(cast: Cast) -> Delivery:
    return await cast.saved(replace(await planned(cast), state=State.FAILED, due_at=None, reason=BROKEN))


async def asked(cast: Cast) -> str:
    """A post that waits for approval; its id."""
    workspace = await cast.store.workspaces.get(cast.alice.workspace_id)
    await cast.store.workspaces.save(replace(workspace, approval=True))
    editor = replace(cast.alice, name="eve", scopes=frozenset({Scope.READ, Scope.WRITE}))
    return (await cast.post(cast.alice, by=editor)).post.id


async def state_of(cast: Cast, delivery: Delivery) -> State:
    return (await cast.services.deliveries.get(cast.alice, delivery.id)).state


async def everything(cast: Cast) -> None:
    """One of each kind. What a lost sign-in holds comes last: with each new post the cast connects again."""
    await held(cast, Kind.CHOOSE, LATE)
    await held(cast, Kind.CHOOSE, GONE)
    await unconfirmed(cast)
    await failed(cast)
    await failed(cast)
    await asked(cast)
    await held(cast, Kind.SIGN_IN, REVOKED)


async def test_when_nothing_waits_it_says_so(stage: Stage) -> None:
    await planned(stage.cast)

    assert "Nothing needs you" in (await stage.alice.get("/needs-you")).text


async def test_what_a_lost_sign_in_holds_is_one_cause_with_one_button(stage: Stage) -> None:
    for one in [await planned(stage.cast) for _ in range(3)]:
        await stage.cast.saved(hold(one, Kind.SIGN_IN, REVOKED))
    page = (await stage.alice.get("/needs-you")).text

    assert page.count("Memory: @alice needs reconnecting") == 1
    assert "3 posts are held." in page
    assert "Reconnect and release 3" in page
    assert 'name="return_to" value="/needs-you"' in page


async def test_the_side_bar_counts_what_waits_for_a_word_and_for_approval(stage: Stage) -> None:
    await unconfirmed(stage.cast)
    await held(stage.cast, Kind.CHOOSE, GONE)
    await failed(stage.cast)
    await asked(stage.cast)

    assert "3 wait for you" in (await stage.alice.get("/")).text


async def test_who_may_not_approve_is_not_told_that_approvals_wait_for_him(stage: Stage) -> None:
    await asked(stage.cast)

    assert "waits for you" not in (await stage.bob.get("/")).text


async def test_another_workspace_has_nothing_of_it(stage: Stage) -> None:
    await everything(stage.cast)

    assert "Nothing needs you" in (await stage.charlie.get("/needs-you")).text


async def test_who_may_only_look_sees_the_causes_and_no_buttons(stage: Stage) -> None:
    await everything(stage.cast)
    page = (await stage.bob.get("/needs-you")).text

    assert REVOKED.message in page
    assert "You may look here" in page
    for what in ("/approve", "/retry", "/check", "/send", "/channels/connect"):
        assert f'{what}"' not in page


# ── unconfirmed ──────────────────────────────────────────────────────────────────────────────────


async def test_an_unconfirmed_one_is_asked_after_and_never_offered_to_be_sent_again(stage: Stage) -> None:
    one = await unconfirmed(stage.cast)
    page = (await stage.alice.get("/needs-you")).text

    assert "Memory may already have this" in page
    assert "/deliveries/retry" not in page
    await stage.post(stage.alice, "/deliveries/retry", delivery=one.id)
    assert await state_of(stage.cast, one) is State.UNCONFIRMED


async def test_check_asks_the_platform_and_sends_nothing(stage: Stage) -> None:
    one = await unconfirmed(stage.cast)
    answer = await stage.post(stage.alice, f"/deliveries/{one.id}/check")
    await stage.cast.work()

    assert answer.headers["location"] == "/needs-you"
    assert stage.cast.platform.published == {}
    assert await state_of(stage.cast, one) is State.UNCONFIRMED


async def test_it_is_there_makes_a_receipt_with_the_address(stage: Stage) -> None:
    one = await unconfirmed(stage.cast)
    answer = await stage.post(stage.alice, f"/deliveries/{one.id}/there", url="https://memory.invalid/7")

    page = (await stage.alice.get(answer.headers["location"])).text
    assert "Noted: it is published." in page
    assert 'href="https://memory.invalid/7"' in page


async def test_it_is_not_there_lets_it_be_sent_again(stage: Stage) -> None:
    one = await unconfirmed(stage.cast)
    await stage.post(stage.alice, f"/deliveries/{one.id}/not-there")
    assert "You looked, and it was not there." in (await stage.alice.get("/needs-you")).text

    await stage.post(stage.alice, "/deliveries/retry", delivery=one.id)
    assert await state_of(stage.cast, one) is State.WAITING


async def test_a_script_is_no_address_of_a_receipt(stage: Stage) -> None:
    one = await unconfirmed(stage.cast)
    answer = await stage.post(stage.alice, f"/deliveries/{one.id}/there", url="javascript:alert(1)")

    assert answer.status_code == 422
    assert await state_of(stage.cast, one) is State.UNCONFIRMED


# ── failed ───────────────────────────────────────────────────────────────────────────────────────


async def test_those_that_failed_for_one_reason_are_sent_again_together(stage: Stage) -> None:
    both = [await failed(stage.cast), await failed(stage.cast)]
    page = (await stage.alice.get("/needs-you")).text
    assert page.count(BROKEN.message) == 1
    assert "Your turn: you can mend this." in page
    assert "Send all 2 again" in page

    token = await stage.token(stage.alice)
    fields = {"delivery": [one.id for one in both], "form_token": token}
    await stage.alice.post("/deliveries/retry", data=fields, headers={"Origin": stage.url})

    assert {await state_of(stage.cast, one) for one in both} == {State.WAITING}
    assert "2 posts are sent again." in (await stage.alice.get("/needs-you")).text


async def test_what_failed_long_ago_is_not_shown_any_more(stage: Stage) -> None:
    await failed(stage.cast)
    stage.cast.clock.move(days=31)

    assert "Nothing needs you" in (await stage.alice.get("/needs-you")).text


# ── late, choose, approval ───────────────────────────────────────────────────────────────────────


async def test_a_late_one_goes_out_now_if_somebody_wants_that(stage: Stage) -> None:
    one = await held(stage.cast, Kind.CHOOSE, LATE)
    stage.cast.clock.move(hours=9)
    assert "Too late to be sent unasked" in (await stage.alice.get("/needs-you")).text

    await stage.post(stage.alice, f"/needs-you/{one.post_id}/send")
    await stage.cast.work()
    assert await state_of(stage.cast, one) is State.PUBLISHED


async def test_a_late_one_gets_a_new_time_in_the_zone_of_the_reader(stage: Stage) -> None:
    one = await held(stage.cast, Kind.CHOOSE, LATE)
    stage.alice.cookies.set("playout-zone", "Europe/Berlin")
    await stage.post(stage.alice, f"/needs-you/{one.post_id}/move", at="2026-12-01T18:30")

    moved = await stage.cast.services.deliveries.get(stage.cast.alice, one.id)
    assert moved.scheduled_at.isoformat() in {"2026-12-01T17:30:00+00:00", "2026-12-01T18:30:00+01:00"}


async def test_what_is_no_time_changes_nothing(stage: Stage) -> None:
    one = await held(stage.cast, Kind.CHOOSE, LATE)
    answer = await stage.post(stage.alice, f"/needs-you/{one.post_id}/move", at="soon")

    assert answer.status_code == 422
    assert "This is not a time." in answer.text


async def test_a_choice_that_is_gone_leads_to_the_composer(stage: Stage) -> None:
    one = await held(stage.cast, Kind.CHOOSE, GONE)
    page = (await stage.alice.get("/needs-you")).text

    assert "“Friends” is not offered any more. 100% sure." in page
    assert f'href="/posts/{one.post_id}"' in page


async def test_a_post_is_approved_for_its_time(stage: Stage) -> None:
    post_id = await asked(stage.cast)
    assert f"/needs-you/{post_id}/approve" in (await stage.alice.get("/needs-you")).text
    version = (await stage.cast.services.posts.get(stage.cast.alice, post_id)).post.version
    await stage.post(stage.alice, f"/needs-you/{post_id}/approve", version=str(version))

    shown = await stage.cast.services.posts.get(stage.cast.alice, post_id)
    assert [one.state for one in shown.deliveries] == [State.WAITING]


async def test_what_changed_since_it_was_seen_is_not_approved(stage: Stage) -> None:
    post_id = await asked(stage.cast)
    answer = await stage.post(stage.alice, f"/needs-you/{post_id}/approve", version="999")

    assert answer.status_code == 409
    assert (await stage.cast.services.posts.get(stage.cast.alice, post_id)).post.awaits_approval


async def test_one_whose_time_has_passed_is_approved_for_now(stage: Stage) -> None:
    post_id = await asked(stage.cast)
    stage.cast.clock.move(hours=3)
    page = (await stage.alice.get("/needs-you")).text
    assert "this time has passed" in page
    assert "Approve, send now" in page

    await stage.post(stage.alice, f"/needs-you/{post_id}/approve", now="on")
    await stage.cast.work()
    shown = await stage.cast.services.posts.get(stage.cast.alice, post_id)
    assert [one.state for one in shown.deliveries] == [State.PUBLISHED]


async def test_a_rejected_one_goes_back_with_the_note(stage: Stage) -> None:
    post_id = await asked(stage.cast)
    await stage.post(stage.alice, f"/needs-you/{post_id}/reject", note="The sound is too loud.")

    post = (await stage.cast.services.posts.get(stage.cast.alice, post_id)).post
    assert post.approval is not None
    assert post.approval.note == "The sound is too loud."


async def test_who_may_not_publish_decides_nothing(stage: Stage) -> None:
    one, post_id = await unconfirmed(stage.cast), await asked(stage.cast)
    for path in (f"/deliveries/{one.id}/check", f"/deliveries/{one.id}/there", f"/needs-you/{post_id}/approve"):
        assert (await stage.post(stage.bob, path)).status_code == 403


# ── the timeline of one delivery ─────────────────────────────────────────────────────────────────


async def test_a_delivery_tells_what_happened_in_plain_words_with_the_code_under_details(stage: Stage) -> None:
    one = await planned(stage.cast)
    now = stage.cast.clock.now()
    for state, why in ((State.SENDING, None), (State.FAILED, BROKEN)):
        event = happened(one, f"delivery.{state}", now, state=state, why=why, milliseconds=1234)
        one = await stage.cast.store.deliveries.save(replace(one, state=state, reason=why), [event])
    page = (await stage.alice.get(f"/deliveries/{one.id}")).text

    assert page.index("Sending began") < page.index("<b>Failed</b>")
    assert "bad_sound" in page
    assert "1,234 ms" in page
    assert "Your turn: you can mend this." in page


async def test_a_published_one_shows_its_receipt(stage: Stage) -> None:
    one = await planned(stage.cast)
    stage.cast.clock.move(hours=2)
    await stage.cast.work()
    page = (await stage.alice.get(f"/deliveries/{one.id}")).text

    assert "Receipt" in page
    assert "https://memory.invalid/" in page
    assert "Published" in page


async def test_a_delivery_of_another_workspace_is_not_there(stage: Stage) -> None:
    one = await planned(stage.cast)

    assert (await stage.charlie.get(f"/deliveries/{one.id}")).status_code == 404


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_what_needs_them(site: Site, device: str, dark: bool) -> None:
    await everything(site.cast)
    page = await site.visit("/needs-you", device=device, dark=dark)
    assert await findings(page) == []

    await page.get_by_role("button", name="It is there").click()
    assert await findings(page) == []


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_a_timeline(site: Site, device: str, dark: bool) -> None:
    one = await planned(site.cast)
    site.cast.clock.move(hours=2)
    await site.cast.work()
    page = await site.visit(f"/deliveries/{one.id}", device=device, dark=dark)
    await page.get_by_text("Details").last.click()

    assert await findings(page) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_in_a_browser_somebody_says_that_it_is_there(site: Site) -> None:
    await unconfirmed(site.cast)
    page = await site.visit("/needs-you")
    await page.get_by_role("button", name="It is there").click()
    await page.get_by_label("Its address, if you have it").fill("https://memory.invalid/7")
    await page.get_by_role("button", name="It is published").click()

    await page.get_by_role("heading", name="Receipt").wait_for()
    await page.get_by_role("link", name="https://memory.invalid/7").wait_for()


@pytest.mark.asyncio(loop_scope="session")
async def test_in_a_browser_the_address_is_copied(site: Site) -> None:
    one = await planned(site.cast)
    site.cast.clock.move(hours=2)
    await site.cast.work()
    page = await site.visit(f"/deliveries/{one.id}", permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the address").click()

    await page.get_by_text("Copied.").wait_for()
    address = await page.locator("#address").text_content()
    assert await page.evaluate("navigator.clipboard.readText()") == address
