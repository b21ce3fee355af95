"""Webhooks at the door: who is asked and answered, and how little repeated, late, old and strange news does."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from playout.api.app import create_app
from playout.application.news import NEWS_KEPT
from playout.application.people import HOME
from playout.domain.delivery import Delivery, Receipt, State
from playout.domain.retry import Reason, Turn
from playout.domain.secret import Secret
from playout.settings import Settings
from playout.wiring import House as Wired
from playout.wiring import open_house
from tests.api.stage import client, problem
from tests.cast import PUBLIC_URL, StillClock
from tests.contract.cast import House

OWN, SHARED, TIKTOK = "instagram's @:/?[]", "facebook's @:/?[]", "tiktok's @:/?[]"
VIDEO, PUBLISH_ID = "300000000000001", "v_pub_file~v2-1.76"
DAY = timedelta(days=1)


@dataclass
class Door:
    """A whole house with keys of three platforms, as platforms reach it."""

    wired: Wired
    clock: StillClock
    web: httpx.AsyncClient
    alice: House

    async def delivery(self, platform: str, handle: str, state: State = State.PROCESSING, **changed: Any) -> Delivery:
        """One that the platform works on; nobody is to look at it before tomorrow."""
        made = await self.alice.delivery(await self.alice.channel(platform))
        kept = replace(made, state=state, handle=handle, step="follow", due_at=self.clock.now() + DAY, **changed)
        return await self.wired.store.deliveries.save(kept)

    async def now(self, delivery: Delivery) -> Delivery:
        return await self.wired.store.deliveries.get(HOME, delivery.id)

    async def is_nudged(self, delivery: Delivery) -> bool:
        return (await self.now(delivery)).due_at == self.clock.now()

    async def looked_at(self, delivery: Delivery) -> Delivery:
        """A worker has looked, and will come back tomorrow."""
        return await self.wired.store.deliveries.save(
            replace(await self.now(delivery), due_at=self.clock.now() + DAY, state=delivery.state)
        )

    async def meta(self, body: bytes, secret: str = SHARED, platform: str = "facebook") -> httpx.Response:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return await self.web.post(
            f"/hooks/{platform}", content=body, headers={"X-Hub-Signature-256": f"sha256={digest}"}
        )

    async def tiktok(self, body: bytes, at: datetime | None = None) -> httpx.Response:
        moment = int((at or self.clock.now()).timestamp())
        digest = hmac.new(TIKTOK.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return await self.web.post(
            "/hooks/tiktok", content=body, headers={"TikTok-Signature": f"t={moment},s={digest}"}
        )


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock, keys = StillClock(), {"tiktok_client_key": "aw", "instagram_client_id": "1", "facebook_client_id": "2"}
    secrets = {"tiktok": TIKTOK, "instagram": OWN, "facebook": SHARED}
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "public_url": PUBLIC_URL}
        | keys
        | {f"{name}_client_secret": Secret(secret) for name, secret in secrets.items()}
    )
    async with open_house(settings, clock=clock) as wired:
        yield Door(wired, clock, client(create_app(wired.services)), House(wired.store, HOME))


def ready(video: str = VIDEO, at: int = 1, status: str = "ready") -> bytes:
    """A Page's video is there."""
    change = {"field": "videos", "value": {"id": video, "status": {"video_status": status}}}
    return json.dumps({"object": "page", "entry": [{"id": "2001", "time": at, "changes": [change]}]}).encode()


def posted(event: str = "post.publish.complete", at: int = 1) -> bytes:
    """TikTok's news of a publication."""
    content = json.dumps({"publish_id": PUBLISH_ID, "publish_type": "DIRECT_PUBLISH"})
    news = {"client_key": "aw", "event": event, "create_time": at, "user_openid": "-alice", "content": content}
    return json.dumps(news).encode()


# ── the question before ──────────────────────────────────────────────────────────────────────────


def asked(token: str, challenge: str = "1158201444") -> dict[str, str]:
    return {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}


def token_of(door: Door, platform: str) -> str:
    return {one.platform: one.verify_token for one in door.wired.services.news.subscriptions()}[platform].reveal()


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
async def test_whoever_knows_the_verify_token_hears_its_challenge(door: Door, platform: str) -> None:
    answer = await door.web.get(f"/hooks/{platform}", params=asked(token_of(door, platform)))

    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_instagram_may_be_asked_by_the_app_of_either_login(door: Door) -> None:
    answer = await door.web.get("/hooks/instagram", params=asked(token_of(door, "facebook")))

    assert answer.text == "1158201444"


async def test_facebook_is_not_asked_by_the_instagram_app(door: Door) -> None:
    problem(await door.web.get("/hooks/facebook", params=asked(token_of(door, "instagram"))), 403, "bad_verify_token")


@pytest.mark.parametrize("token", ["", "wrong", OWN, SHARED, "\ud7ff\uffff", "x" * 4000])
async def test_another_verify_token_is_refused(door: Door, token: str) -> None:
    problem(await door.web.get("/hooks/facebook", params=asked(token)), 403, "bad_verify_token")


async def test_nothing_but_digits_is_reflected(door: Door) -> None:
    markup = "<script>alert(1)</script>"

    answer = await door.web.get("/hooks/facebook", params=asked(token_of(door, "facebook"), markup))

    problem(answer, 403, "bad_verify_token")
    assert "script" not in answer.text


@pytest.mark.parametrize("name", ["hub.mode", "hub.challenge", "hub.verify_token"])
async def test_a_parameter_that_comes_twice_is_refused(door: Door, name: str) -> None:
    given = asked(token_of(door, "facebook"))

    problem(
        await door.web.get("/hooks/facebook", params=[*given.items(), (name, given[name])]), 403, "bad_verify_token"
    )


@pytest.mark.parametrize("query", ["", "hub.verify_token=%FF%00", "hub.mode", "&&=&"])
async def test_a_question_without_its_parts_is_refused(door: Door, query: str) -> None:
    problem(await door.web.get(f"/hooks/facebook?{query}"), 403, "bad_verify_token")


@pytest.mark.parametrize("platform", ["tiktok", "youtube", "other"])
async def test_a_platform_that_asks_nothing_is_not_answered(door: Door, platform: str) -> None:
    problem(await door.web.get(f"/hooks/{platform}", params=asked("x")), 404, "not_found")


async def test_what_to_register_is_an_address_and_a_token_of_its_own(door: Door) -> None:
    shown = door.wired.services.news.subscriptions()

    assert {one.platform: one.url for one in shown} == {
        name: f"{PUBLIC_URL}/hooks/{name}" for name in ("instagram", "facebook")
    }
    assert len({one.verify_token for one in shown}) == 2
    assert TIKTOK not in repr(shown)
    assert not [one for one in shown if one.verify_token.reveal() in repr(shown)]


# ── who may tell ─────────────────────────────────────────────────────────────────────────────────


async def test_a_video_that_is_ready_is_looked_at_now(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)

    answer = await door.meta(ready())

    assert (answer.status_code, answer.content) == (200, b"")
    assert await door.is_nudged(delivery)


async def test_a_foreign_apps_signature_moves_nothing(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)

    problem(await door.meta(ready(), secret="a foreign app's"), 403, "bad_signature")
    problem(await door.meta(ready(), secret=OWN), 403, "bad_signature")

    assert await door.now(delivery) == delivery


@pytest.mark.parametrize("secret", [OWN, SHARED])
async def test_instagram_hears_the_app_of_either_login(door: Door, secret: str) -> None:
    assert (await door.meta(ready(), secret, "instagram")).status_code == 200


async def test_news_without_a_signature_are_refused(door: Door) -> None:
    problem(await door.web.post("/hooks/facebook", content=ready()), 403, "bad_signature")


async def test_signed_news_that_cannot_be_read_are_refused(door: Door) -> None:
    problem(await door.meta(b"[]"), 422, "unreadable_webhook")


async def test_news_of_a_mebibyte_are_taken_and_longer_ones_are_not(door: Door) -> None:
    body = ready()
    assert (await door.meta(body + b" " * (1024 * 1024 - len(body)))).status_code == 200

    problem(await door.meta(body + b" " * (1024 * 1024 + 1 - len(body))), 413, "too_large")


async def test_news_of_another_platforms_video_move_nothing(door: Door) -> None:
    delivery = await door.delivery("instagram", VIDEO)

    assert (await door.meta(ready())).status_code == 200

    assert await door.now(delivery) == delivery


async def test_news_of_an_unknown_video_are_answered_like_any(door: Door) -> None:
    answer = await door.meta(ready("399999999999999"))

    assert (answer.status_code, answer.content) == (200, b"")


async def test_news_of_an_unknown_person_are_answered_like_any(door: Door) -> None:
    change = {"field": "pages_show_list", "value": {"verb": "revoked", "target_ids": ["2999"]}}
    body = json.dumps({"object": "permissions", "entry": [{"uid": "1999", "time": 1, "changes": [change]}]}).encode()

    answer = await door.meta(body)

    assert (answer.status_code, answer.content) == (200, b"")


async def test_of_a_thousand_changes_the_one_that_counts_is_found(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)
    changes = [{"field": "feed", "value": {"item": "reaction", "reaction_type": "love"}} for _ in range(998)]
    told = json.loads(ready())
    told["entry"][0]["changes"] = [*changes[:500], *told["entry"][0]["changes"], {"field": "new in 2027"}, *changes]

    assert (await door.meta(json.dumps(told).encode())).status_code == 200

    assert await door.is_nudged(delivery)


# ── repeated, late, old ──────────────────────────────────────────────────────────────────────────


async def test_the_same_news_a_hundred_times_are_one_look(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)

    looks = 0
    for _ in range(100):
        assert (await door.meta(ready())).status_code == 200
        if await door.is_nudged(delivery):
            looks += 1
            await door.looked_at(delivery)

    assert looks == 1


async def test_a_hundred_news_before_anybody_looks_are_one_change(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)

    for number in range(100):
        assert (await door.meta(ready(at=number))).status_code == 200

    assert (await door.now(delivery)).version == delivery.version + 1


async def test_old_news_after_new_are_one_look_more_and_change_no_state(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)
    for body in (ready(at=9), ready(at=2, status="processing")):
        assert (await door.meta(body)).status_code == 200
        assert await door.is_nudged(delivery)
        await door.looked_at(delivery)

    assert replace(await door.now(delivery), version=0) == replace(delivery, version=0)


@pytest.mark.parametrize("state", [State.PUBLISHED, State.FAILED, State.CANCELLED, State.HELD])
async def test_a_delivery_that_waits_for_nothing_is_not_touched(door: Door, state: State) -> None:
    made = await door.delivery("facebook", VIDEO, state)
    receipt = Receipt(VIDEO, None, door.clock.now()) if state is State.PUBLISHED else None
    at_rest = await door.wired.store.deliveries.save(replace(made, due_at=None, receipt=receipt))

    for number in range(10):
        assert (await door.meta(ready(at=number))).status_code == 200

    assert await door.now(at_rest) == at_rest


async def test_a_body_that_was_kept_for_months_is_one_look_and_no_more(door: Door) -> None:
    """Meta signs no time: whoever recorded a webhook may send it for ever."""
    lost = Reason("lost", "The answer was lost.", Turn.YOU)
    delivery = await door.delivery("facebook", VIDEO, State.UNCONFIRMED, reason=lost)
    door.clock.move(days=200)

    for _ in range(10):
        assert (await door.meta(ready())).status_code == 200
        assert (await door.now(delivery)).state in {State.PROCESSING, State.UNCONFIRMED}
        if await door.is_nudged(delivery):
            await door.looked_at(delivery)

    assert (await door.now(delivery)).version == delivery.version + 2  # the nudge, and the worker's own save


async def test_copies_have_an_effect_again_after_days(door: Door) -> None:
    delivery = await door.delivery("facebook", VIDEO)
    await door.meta(ready())
    door.clock.time += NEWS_KEPT + timedelta(seconds=1)
    await door.looked_at(delivery)

    await door.meta(ready())

    assert await door.is_nudged(delivery)


async def test_news_that_came_too_early_to_have_an_effect_have_it_when_repeated(door: Door) -> None:
    await door.meta(ready())
    delivery = await door.delivery("facebook", VIDEO)

    await door.meta(ready())

    assert await door.is_nudged(delivery)


# ── TikTok ───────────────────────────────────────────────────────────────────────────────────────


async def test_tiktoks_news_a_hundred_times_are_one_look(door: Door) -> None:
    delivery = await door.delivery("tiktok", PUBLISH_ID)

    looks = 0
    for _ in range(100):  # each copy is signed anew, at its own time
        assert (await door.tiktok(posted())).status_code == 200
        if await door.is_nudged(delivery):
            looks += 1
            await door.looked_at(delivery)
        door.clock.move(minutes=10)

    assert looks == 1


async def test_tiktoks_news_in_the_wrong_order_are_a_look_each_and_change_no_state(door: Door) -> None:
    delivery = await door.delivery("tiktok", PUBLISH_ID)
    for body in (posted("post.publish.publicly_available", at=9), posted("post.publish.inbox_delivered", at=2)):
        assert (await door.tiktok(body)).status_code == 200
        assert await door.is_nudged(delivery)
        await door.looked_at(delivery)

    assert replace(await door.now(delivery), version=0) == replace(delivery, version=0)


async def test_tiktoks_news_are_refused_after_five_minutes(door: Door) -> None:
    delivery = await door.delivery("tiktok", PUBLISH_ID)

    problem(await door.tiktok(posted(), door.clock.now() - timedelta(seconds=301)), 403, "too_old")

    assert await door.now(delivery) == delivery


async def test_old_news_of_tiktok_signed_just_now_are_heard(door: Door) -> None:
    """It repeats for three days what was not answered, each time with a signature of that moment."""
    delivery = await door.delivery("tiktok", PUBLISH_ID)

    assert (await door.tiktok(posted(at=int((door.clock.now() - 2 * DAY).timestamp())))).status_code == 200

    assert await door.is_nudged(delivery)


async def test_tiktoks_signature_is_over_the_bytes_as_they_came(door: Door) -> None:
    moment, body = int(door.clock.now().timestamp()), posted()
    digest = hmac.new(TIKTOK.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    spelt_anew = json.dumps(json.loads(body), separators=(",", ":")).encode()

    answer = await door.web.post(
        "/hooks/tiktok", content=spelt_anew, headers={"TikTok-Signature": f"t={moment},s={digest}"}
    )

    problem(answer, 403, "bad_signature")
