"""Webhooks of Meta: as the sandbox sends them, and a whole house that hears them."""

import asyncio
import hashlib
import hmac
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from playout.domain.channel import ChannelState
from playout.domain.delivery import Delivery, State
from playout.domain.errors import Stale
from playout.door.sandbox import settings as sandbox_settings
from tests.crash.stage import FLOWS
from tests.sandbox.app import App, eventually
from tests.sandbox.facebook_app import ALICE, FILMS, Facebook
from tests.sandbox.facebook_side import AppSide, app_side
from tests.sandbox.instagram_app import Insta, own_server
from tests.whole.stage import ALICE as OWNER
from tests.whole.stage import Scene, scene

OF = {flow.name: flow for flow in FLOWS}
PATIENCE = 30.0  # seconds; far less than the wait that the news shortens
HOUR, DAY = 3600, timedelta(days=1)


# ── the sandbox's side ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def facebook(app: App) -> Facebook:
    await app.control("config", {"media_checks": False})
    return Facebook(app)


@pytest.fixture
async def side(app: App, facebook: Facebook) -> AsyncIterator[AppSide]:
    async with app_side() as side:
        hook = {"webhook_url": f"{side.url}/hooks"}
        await app.control("config", {"facebook": hook, "instagram": hook})
        yield side


async def heard(side: AppSide, count: int) -> list[dict[str, Any]]:
    """Wait for so many webhooks; their bodies."""

    async def enough(_: object) -> bool:
        return len(side.heard) >= count

    await eventually(enough, None)
    return [json.loads(body) for _, body in side.heard]


def is_signed(heard: tuple[dict[str, str], bytes], secret: str) -> bool:
    headers, body = heard
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return headers["X-Hub-Signature-256"] == f"sha256={digest}"


async def test_what_happens_at_once_may_come_in_one_webhook(facebook: Facebook, side: AppSide) -> None:
    await facebook.configure(webhook_batch=True)
    video = await facebook.publish(await facebook.page_token(), b"x")

    [told] = await heard(side, 1)

    [entry] = told["entry"]
    assert (told["object"], entry["id"]) == ("page", FILMS)
    assert [one["field"] for one in entry["changes"]] == ["feed", "videos"]
    assert [entry["changes"][0]["value"]["video_id"], entry["changes"][1]["value"]["id"]] == [video, video]


async def test_a_thousand_comments_may_come_in_one_webhook(facebook: Facebook, side: AppSide) -> None:
    token = await facebook.page_token()
    video = await facebook.publish(token, b"x")
    await heard(side, 2)
    await facebook.configure(webhook_batch=True)

    await facebook.app.control("facebook/comment", {"post_id": video, "times": 1000})

    told = (await heard(side, 3))[-1]
    assert len(told["entry"][0]["changes"]) == 1000
    assert {one["value"]["item"] for one in told["entry"][0]["changes"]} == {"comment"}


async def test_permissions_that_a_person_withdraws_are_told_where_that_is_wanted(
    facebook: Facebook, side: AppSide
) -> None:
    await facebook.configure(webhook_permissions=True)
    await facebook.grant()

    await facebook.app.control("facebook/disconnect", {"creator": ALICE})

    [told] = await heard(side, 1)
    [entry] = told["entry"]
    assert (told["object"], entry["uid"]) == ("permissions", ALICE)
    assert "pages_manage_posts" in [one["field"] for one in entry["changes"]]
    assert {one["value"]["verb"] for one in entry["changes"]} == {"revoked"}
    assert FILMS in entry["changes"][0]["value"]["target_ids"]


async def test_one_permission_withdrawn_is_one_change(facebook: Facebook, side: AppSide) -> None:
    await facebook.configure(webhook_permissions=True)
    token = (await facebook.grant())["access_token"]

    await facebook.call("DELETE", "me/permissions/pages_manage_posts", token)

    [told] = await heard(side, 1)
    assert [one["field"] for one in told["entry"][0]["changes"]] == ["pages_manage_posts"]


@pytest.mark.parametrize(("login", "secret"), [("instagram", "sandbox-client-secret"), ("facebook", "the other's")])
async def test_a_comment_on_instagram_is_signed_by_the_app_of_the_login(
    app: App, side: AppSide, login: str, secret: str
) -> None:
    insta = Insta(app)
    async with own_server(app) as own:
        reel = await insta.reel(await insta.grant(), f"{own.url}/pull/video")
    await app.control("config", {"facebook": {"client_secret": "the other's"}})

    await app.control("instagram/comment", {"post_id": reel, "login": login})

    [told] = await heard(side, 1)
    assert (told["object"], told["entry"][0]["changes"][0]["field"]) == ("instagram", "comments")
    assert b"Gr\\u00fc\\u00dfe" in side.heard[0][1]
    assert is_signed(side.heard[0], secret)


async def test_an_address_for_instagrams_webhooks_is_asked_first(app: App, side: AppSide) -> None:
    assert await app.control("instagram/verify-webhook", {}) == {"verified": True, "status": 200}
    await app.control("config", {"instagram": {"webhook_token": "another"}})
    assert await app.control("instagram/verify-webhook", {}) == {"verified": False, "status": 403}


# ── the whole house ──────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def subscribed(folder: Path, **facebook: object) -> AsyncIterator[Scene]:
    """A house that both platforms have asked whether it wants their webhooks; each comes twice, in any order."""
    async with scene(folder, facebook=facebook) as one:
        for it in one.house.services.news.subscriptions():
            hook = {"webhook_url": it.url, "webhook_token": it.verify_token.reveal()}
            await one.control("config", {it.platform: hook, "hook_duplicate": True, "hook_reorder": True})
            assert await one.control(f"{it.platform}/verify-webhook", {}) == {"verified": True, "status": 200}
        yield one


async def until(there: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await there():
            await asyncio.sleep(0.05)


async def put_off(one: Scene) -> Delivery:
    """The one delivery, once the platform works on it; nobody is to look at it before tomorrow."""
    async with asyncio.timeout(PATIENCE):
        while True:
            [found] = await one.deliveries()
            if found.state is State.PROCESSING and found.step == "follow" and found.in_hand_until is None:
                try:
                    return await one.house.store.deliveries.save(replace(found, due_at=one.clock.now() + DAY))
                except Stale:
                    continue  # the planner was faster
            await asyncio.sleep(0.02)


async def test_a_reel_is_known_to_be_published_by_its_webhook(tmp_path: Path) -> None:
    async with subscribed(tmp_path, publishing_seconds=HOUR, webhook_batch=True) as one:
        flow = OF["facebook reel"]
        channel_id = await one.connected(flow)
        await one.scheduled(flow, channel_id, await one.video(tmp_path), "Grüße", one.clock.now())
        waiting = await put_off(one)

        await one.control("clock", {"advance": HOUR})  # there; here nothing is due before tomorrow

        async def is_published() -> bool:
            return (await one.deliveries())[0].state is State.PUBLISHED

        await until(is_published)
        [published] = await one.deliveries()
        assert published.receipt
        assert published.receipt.remote_id == waiting.handle
        assert len(await one.control("ledger?effect=published")) == 1
        await all_delivered(one)


async def test_a_permission_withdrawn_at_meta_needs_a_new_connection(tmp_path: Path) -> None:
    async with subscribed(tmp_path, webhook_permissions=True) as one:
        channel_id = await one.connected(OF["facebook reel"])

        await one.control("facebook/disconnect", {"creator": "alice"})

        async def is_broken() -> bool:
            channel = await one.house.services.channels.get(OWNER, channel_id)
            return channel.state(one.clock.now()) is ChannelState.NEEDS_RECONNECT

        await until(is_broken)
        channel = await one.house.services.channels.get(OWNER, channel_id)
        assert channel.trouble
        assert channel.trouble.code == "permission_withdrawn"
        events = (await one.house.store.events.list(channel.workspace_id, channel_id)).items
        assert [it.kind for it in events].count("channel.needs_reconnect") == 1


async def test_what_others_say_below_a_reel_is_answered_and_moves_nothing(tmp_path: Path) -> None:
    async with subscribed(tmp_path, publishing_seconds=HOUR, webhook_batch=True) as one:
        flow = OF["facebook reel"]
        channel_id = await one.connected(flow)
        await one.scheduled(flow, channel_id, await one.video(tmp_path), "Quiet", one.clock.now())
        waiting = await put_off(one)

        await one.control("facebook/comment", {"post_id": waiting.handle, "times": 1000})
        await all_delivered(one)

        assert list(await one.deliveries()) == [waiting]


async def all_delivered(one: Scene) -> None:
    """Every webhook was answered 200 at its first attempt."""

    async def is_over() -> bool:
        hooks = await one.control("hooks")
        return bool(hooks) and all(it["attempts"] for it in hooks)

    await until(is_over)
    assert {tuple(it["attempts"]) for it in await one.control("hooks")} == {(200,)}


async def test_the_doctor_shows_what_to_register(app: App, side: AppSide, tmp_path: Path) -> None:
    known = sandbox_settings(app.url) | {"PLAYOUT_DATA_DIR": str(tmp_path), "PLAYOUT_PUBLIC_URL": "https://p.example"}
    doctor = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "playout", "doctor", "--all", "--json"),
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | known,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await doctor.communicate()
    told = {one["check"]: one for one in map(json.loads, printed.splitlines()) if "check" in one}

    for platform in ("instagram", "facebook"):
        finding = told[f"{platform} webhooks"]
        assert finding["ok"]
        assert f"https://p.example/hooks/{platform} " in finding["told"]
        assert len(finding["told"].rpartition(" ")[2]) == 32
        assert "sandbox-client-secret" not in finding["told"]
