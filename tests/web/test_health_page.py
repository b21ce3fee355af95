"""Set-up and health: facts with their mend; tokens and webhooks, whose secrets are shown once."""

import re
from datetime import time

import pytest

from playout.domain.person import Scope
from playout.domain.secret import Secret
from playout.domain.slots import Day, Slot, Slots
from tests.cast import Cast
from tests.web.site import Site, findings
from tests.web.stage import SECURE_URL, Stage

_SECRET = re.compile(r'<code class="wrap secret" id="[\w-]+">([^<]+)</code>')
HOOK = "https://hooks.example.org/playout"


def shown_once(page: str) -> str:
    found = _SECRET.search(page)
    assert found
    return found[1]


async def test_who_may_not_run_things_is_told_so(stage: Stage) -> None:
    answer = await stage.bob.get("/health")

    assert answer.status_code == 403
    assert "po_" not in answer.text


async def test_it_says_that_the_database_answers(stage: Stage) -> None:
    assert "It answers." in (await stage.alice.get("/health")).text


async def test_what_is_due_and_not_taken_tells_that_nothing_is_at_work(stage: Stage) -> None:
    await stage.cast.post(stage.cast.alice)
    assert "was taken in hand" in (await stage.alice.get("/health")).text

    stage.cast.clock.move(hours=2)
    page = (await stage.alice.get("/health")).text
    assert "1 post is due and nobody takes it." in page


async def test_a_platform_without_keys_is_listed_with_the_names_of_its_settings(stage: Stage) -> None:
    page = (await stage.alice.get("/health")).text

    assert "PLAYOUT_TIKTOK_CLIENT_KEY" in page
    assert "PLAYOUT_FACEBOOK_CLIENT_SECRET" in page


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:8030", "only this machine reaches it"),
        ("http://playout.example", "is plain http"),
        (SECURE_URL, "https://playout.example, with https."),
    ],
)
async def test_the_public_address_is_judged_by_its_form(url: str, words: str) -> None:
    stage = await Stage.open(url=url)

    assert words in (await stage.alice.get("/health")).text


async def test_the_first_steps_tick_themselves_off(stage: Stage) -> None:
    page = (await stage.alice.get("/health")).text
    assert "No account is connected yet." in page
    assert "Nothing went out yet." in page

    shown = await stage.cast.post(stage.cast.alice)
    week = Slots("UTC", (Slot(Day.MONDAY, time(9)),))
    await stage.cast.services.slots.put(stage.cast.alice, shown.deliveries[0].channel_id, week)
    stage.cast.clock.move(hours=1)
    await stage.cast.work()
    page = (await stage.alice.get("/health")).text
    assert "An account is connected." in page
    assert "A channel has weekly times." in page
    assert "Something went out." in page


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_token_is_shown_once_and_lets_its_holder_in(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/health/tokens", name="n8n", scope="read")
    token = shown_once(answer.text)

    actor = await stage.cast.services.people.actor(Secret(token))
    assert actor.scopes == {Scope.READ}
    page = (await stage.alice.get("/health")).text
    assert "n8n" in page
    assert token not in page


async def test_an_answer_with_a_secret_is_kept_by_nobody(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/health/tokens", name="n8n", scope="read")

    assert answer.headers["cache-control"] == "no-store"


async def test_a_token_that_may_nothing_is_none(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/health/tokens", name="n8n")

    assert answer.status_code == 422
    assert 'value="n8n"' in answer.text
    assert await stage.cast.services.people.tokens(stage.cast.alice) == []


async def test_a_revoked_token_is_gone(stage: Stage) -> None:
    minted = await stage.cast.services.people.mint(stage.cast.alice, "old", [Scope.READ])
    answer = await stage.post(stage.alice, f"/health/tokens/{minted.token.id}/revoke")

    assert answer.headers["location"] == "/health#tokens"
    assert await stage.cast.services.people.tokens(stage.cast.alice) == []


async def test_nobody_mints_or_revokes_without_the_scope(stage: Stage) -> None:
    minted = await stage.cast.services.people.mint(stage.cast.alice, "old", [Scope.READ])

    assert (await stage.post(stage.bob, "/health/tokens", name="mine", scope="read")).status_code == 403
    assert (await stage.post(stage.bob, f"/health/tokens/{minted.token.id}/revoke")).status_code == 403
    assert (await stage.post(stage.charlie, f"/health/tokens/{minted.token.id}/revoke")).status_code == 404


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


async def hooked(cast: Cast) -> str:
    return (await cast.services.webhooks.create(cast.alice, HOOK)).webhook.id


async def test_a_new_webhook_shows_its_key_once(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/health/webhooks", url=HOOK)
    key = shown_once(answer.text)

    assert key.startswith("whsec_")
    page = (await stage.alice.get("/health")).text
    assert HOOK in page
    assert key not in page


async def test_an_address_that_is_none_is_refused_in_its_place(stage: Stage) -> None:
    answer = await stage.post(stage.alice, "/health/webhooks", url="ftp://x")

    assert answer.status_code == 422
    assert 'value="ftp://x"' in answer.text


async def test_a_webhook_is_switched_off_and_the_toast_takes_it_back(stage: Stage) -> None:
    webhook_id = await hooked(stage.cast)
    await stage.post(stage.alice, f"/health/webhooks/{webhook_id}/switch", on="no")
    page = (await stage.alice.get("/health")).text
    assert "Switched off: nothing is sent there." in page
    assert not (await stage.cast.services.webhooks.get(stage.cast.alice, webhook_id)).enabled

    assert f'<form method="post" action="/health/webhooks/{webhook_id}/switch">' in page
    await stage.post(stage.alice, f"/health/webhooks/{webhook_id}/switch", on="yes")
    assert (await stage.cast.services.webhooks.get(stage.cast.alice, webhook_id)).enabled


async def test_a_test_says_whether_it_arrived(stage: Stage) -> None:
    webhook_id = await hooked(stage.cast)
    await stage.post(stage.alice, f"/health/webhooks/{webhook_id}/test")

    assert "The test message" in (await stage.alice.get("/health")).text


async def test_a_deleted_webhook_is_gone(stage: Stage) -> None:
    webhook_id = await hooked(stage.cast)
    await stage.post(stage.alice, f"/health/webhooks/{webhook_id}/remove")

    assert HOOK not in (await stage.alice.get("/health")).text


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_nobody_is_kept_from_health(site: Site, device: str, dark: bool) -> None:
    await hooked(site.cast)
    page = await site.visit("/health", device=device, dark=dark)
    assert await findings(page) == []

    await page.get_by_label("Name of a new token").fill("n8n")
    await page.get_by_role("button", name="Make a token").click()
    await page.get_by_text("It is shown this once").wait_for()
    assert await findings(page) == []
