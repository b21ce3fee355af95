"""Row 46: webhooks are signed, repeated until they are heard, and may come twice or out of order."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.app import ALICE, CLIENT, App, eventually
from tests.sandbox.other_side import OtherSide, other_side


@pytest.fixture
async def side(app: App) -> AsyncIterator[OtherSide]:
    async with other_side() as side:
        await app.configure(webhook_url=f"{side.url}/hooks")
        yield side


async def heard(side: OtherSide, count: int) -> list[dict[str, Any]]:
    """Wait for so many webhooks; their bodies."""

    async def enough(_: object) -> bool:
        return len(side.heard) >= count

    await eventually(enough, None)
    return [json.loads(body) for _, body in side.heard]


async def test_row_46_a_webhook_is_signed_over_its_raw_body(app: App, side: OtherSide) -> None:
    await app.grant()
    await app.control("tiktok/disconnect", {"creator": ALICE})
    await heard(side, 1)
    headers, body = side.heard[0]
    sent, signature = (part.partition("=")[2] for part in headers["TikTok-Signature"].split(","))
    secret = CLIENT["client_secret"].encode()
    assert hmac.new(secret, f"{sent}.".encode() + body, hashlib.sha256).hexdigest() == signature


async def test_row_46_the_content_is_json_inside_json(app: App, side: OtherSide, clip: bytes) -> None:
    publish_id = await app.upload(await app.grant(), clip)
    bodies = {body["event"]: body for body in await heard(side, 2)}
    published = (await app.ended(publish_id))["post_id"]
    public = bodies["post.publish.publicly_available"]
    assert set(public) == {"client_key", "event", "create_time", "user_openid", "content"}
    assert json.loads(public["content"]) == {
        "publish_id": publish_id,
        "publish_type": "DIRECT_PUBLISH",
        "post_id": published,
    }
    assert json.loads(bodies["post.publish.complete"]["content"]) == {
        "publish_id": publish_id,
        "publish_type": "DIRECT_PUBLISH",
    }


async def test_row_46_a_webhook_is_repeated_until_it_is_answered_200(app: App, side: OtherSide) -> None:
    side.answers = [500, 204, 302]
    await app.grant()
    await app.control("tiktok/disconnect", {"creator": ALICE})
    hook = await app.hook("authorization.removed")
    assert (hook["attempts"], hook["delivered"]) == ([500, 204, 302, 200], True)
    bodies = await heard(side, 4)
    assert bodies == [bodies[0]] * 4


async def test_row_46_a_webhook_is_dropped_after_72_hours_of_doubling_pauses(app: App, side: OtherSide) -> None:
    side.answers = [500] * 100
    await app.control("config", {"hook_backoff": 3600})
    await app.grant()
    await app.control("tiktok/disconnect", {"creator": ALICE})
    for attempt in range(7):  # at 0, 1, 3, 7, 15, 31 and 63 hours
        await heard(side, attempt + 1)
        await eventually(attempts_of(app), attempt + 1)
        await app.pass_time(3600 * 2**attempt)
    hook = await app.hook("authorization.removed")
    assert (len(hook["attempts"]), hook["dropped"]) == (7, True)


def attempts_of(app: App) -> Any:
    async def at_least(count: int) -> bool:
        return len((await app.control("hooks"))[0]["attempts"]) >= count

    return at_least


async def test_row_46_a_webhook_may_come_twice(app: App, side: OtherSide) -> None:
    await app.control("config", {"hook_duplicate": True})
    await app.grant()
    await app.control("tiktok/disconnect", {"creator": ALICE})
    first, second = await heard(side, 2)
    assert first == second


async def test_row_46_webhooks_may_come_out_of_order(app: App, side: OtherSide) -> None:
    await app.control("config", {"hook_reorder": True})
    token = await app.grant()
    publish_id = (await app.init(token)).data["publish_id"]
    await app.call("post/publish/cancel/", token, {"publish_id": publish_id})
    await app.oauth("revoke", token=token)
    bodies = await heard(side, 2)
    events = [hook["event"] for hook in await app.control("hooks")]
    assert events == ["authorization.removed", "post.publish.failed"]
    assert {body["event"] for body in bodies} == set(events)
