"""Section 13 of Instagram: the deauthorize and data deletion callbacks, signed with the app's secret."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.sandbox.app import App
from tests.sandbox.instagram_app import ALICE, ALICE_SCOPED, APP, BOB, Insta
from tests.sandbox.other_side import other_side


@pytest.fixture
def insta(app: App) -> Insta:
    return Insta(app)


def payload_of(body: bytes) -> Any:
    """What a signed_request says, its signature checked."""
    signature, _, payload = parse_qs(body.decode())["signed_request"][0].partition(".")
    right = hmac.new(APP["client_secret"].encode(), payload.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(right).decode().rstrip("=") == signature
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def test_a_removal_is_told_and_repeated_until_it_is_heard(app: App, insta: Insta) -> None:
    async with other_side() as side:
        side.answers = [500]
        await insta.configure(deauthorize_url=f"{side.url}/hooks")
        await insta.grant()
        await app.control("instagram/disconnect", {"creator": ALICE})
        assert (await app.hook("deauthorize"))["attempts"] == [500, 200]
        assert payload_of(side.heard[0][1])["user_id"] == ALICE_SCOPED
        assert side.heard[0][0]["Content-Type"] == "application/x-www-form-urlencoded"


async def test_nobody_is_told_when_there_was_nothing_to_remove(app: App, insta: Insta) -> None:
    await insta.configure(deauthorize_url="http://127.0.0.1:9/")
    await insta.grant()
    await app.control("instagram/disconnect", {"creator": BOB})
    assert await app.control("hooks") == []
    assert await app.ledger("disconnected") == []


async def test_a_deletion_is_asked_for_and_its_answer_judged(app: App, insta: Insta) -> None:
    async with other_side() as side:
        await insta.configure(deletion_url=f"{side.url}/hooks")
        judged = await app.control("instagram/delete-data", {"creator": ALICE})
        assert payload_of(side.heard[0][1])["user_id"] == ALICE_SCOPED
        assert judged == {"status": 200, "body": "", "proper": False}  # neither url nor confirmation_code


async def test_a_deletion_without_an_address_is_refused(app: App) -> None:
    assert (await app.send("POST", "/_sandbox/instagram/delete-data", json={})).status == 400
