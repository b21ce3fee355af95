"""Rows 1-13 of the table of rules: consent, tokens, scopes."""

import base64
import hashlib
from urllib.parse import quote

import pytest

from tests.sandbox.app import ALICE, BOB, CLIENT, REDIRECT, App

VERIFIER = "v" * 50


@pytest.mark.parametrize(
    "redirect",
    [
        "https://elsewhere.example/callback/",
        "http://127.0.0.1:8765/callback/?next=x",
        "http://127.0.0.1:8765/callback/#x",
        "http://127.0.0.1/callback/",
        "http://localhost.evil.example:80/",
        "http://me@127.0.0.1:8765/",
        "http://127.0.0.1:notaport/",
        "",
        "http://127.0.0.1:8765/" + "x" * 500,
    ],
)
async def test_row_01_an_unregistered_redirect_gets_an_error_page_and_no_code(app: App, redirect: str) -> None:
    for reply in (await app.authorize(redirect_uri=redirect), await app.decide(redirect_uri=redirect)):
        assert reply.status == 400
        assert "Location" not in reply.headers


async def test_row_01_a_registered_list_is_exact_with_a_wildcard_port_on_loopback(app: App) -> None:
    await app.configure(redirect_uris=["https://app.example/cb", "http://localhost:*/cb"])
    allowed = ["https://app.example/cb", "http://localhost:1234/cb"]
    refused = ["https://app.example/cb/", "http://localhost:1234/", "http://127.0.0.1:1234/cb"]
    assert [(await app.authorize(redirect_uri=uri)).status for uri in allowed] == [200, 200]
    assert [(await app.authorize(redirect_uri=uri)).status for uri in refused] == [400, 400, 400]


async def test_row_01_an_unknown_client_gets_an_error_page(app: App) -> None:
    assert (await app.authorize(client_key="nobody")).status == 400


async def test_row_02_only_the_response_type_code_exists(app: App) -> None:
    reply = await app.authorize(response_type="token")
    assert reply.status == 302
    assert reply.query["error"] == "unsupported_response_type"
    assert reply.query["state"] == "s1"


async def test_row_03_a_creator_who_denies_sends_the_app_away(app: App) -> None:
    reply = await app.decide(decision="deny")
    assert reply.status == 302
    assert reply.headers["Location"].startswith(REDIRECT)
    assert reply.query["error"] == "access_denied"
    assert reply.query["error_description"]
    assert (reply.query["state"], "code" in reply.query) == ("s1", False)


async def test_row_04_a_creator_may_untick_a_scope(app: App) -> None:
    reply = await app.decide(allow="user.info.basic,video.upload")
    assert reply.query["scopes"] == "user.info.basic,video.upload"
    grant = (await app.exchange(reply.query["code"])).json
    assert grant["scope"] == "user.info.basic,video.upload"
    assert (await app.creator_info(grant["access_token"])).refusal == (401, "scope_not_authorized")


async def test_row_04_the_consent_page_offers_accounts_and_scopes(app: App) -> None:
    page = (await app.authorize(state='"><script>')).text
    assert f"@{BOB}), private" in page
    assert 'value="video.publish" checked' in page
    assert "<script>" not in page


@pytest.mark.parametrize("status", [200, 400])
async def test_row_05_a_code_works_once(app: App, status: int) -> None:
    await app.configure(oauth_error_status=status)
    code = (await app.decide()).query["code"]
    assert (await app.exchange(code)).json["token_type"] == "Bearer"
    assert (await app.exchange(code)).refusal == (status, "invalid_grant")


async def test_row_05_a_code_must_be_decoded_first(app: App) -> None:
    code = (await app.decide()).query["code"]
    assert quote(code) != code
    assert (await app.exchange(quote(code))).refusal == (200, "invalid_grant")
    assert (await app.exchange(code)).status == 200


async def test_row_05_a_code_expires(app: App) -> None:
    code = (await app.decide()).query["code"]
    await app.pass_time(301)
    assert (await app.exchange(code)).code == "invalid_grant"


async def test_row_06_the_redirect_must_be_the_same_at_the_exchange(app: App) -> None:
    code = (await app.decide()).query["code"]
    reply = await app.exchange(code, redirect_uri=REDIRECT.rstrip("/"))
    assert reply.refusal == (200, "invalid_request")
    assert "redirect_uri" in reply.message.lower()


def hex_challenge() -> str:
    return hashlib.sha256(VERIFIER.encode()).hexdigest()


def base64_challenge() -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


async def test_row_07_the_challenge_is_hex(app: App) -> None:
    decided = await app.decide(code_challenge=hex_challenge(), code_challenge_method="S256")
    assert "access_token" in (await app.exchange(decided.query["code"], code_verifier=VERIFIER)).json


@pytest.mark.parametrize(
    ("challenge", "verifier"),
    [(base64_challenge(), VERIFIER), (hex_challenge().upper(), VERIFIER), (hex_challenge(), "w" * 50)],
)
async def test_row_07_any_other_challenge_is_refused(app: App, challenge: str, verifier: str) -> None:
    decided = await app.decide(code_challenge=challenge, code_challenge_method="S256")
    reply = await app.exchange(decided.query["code"], code_verifier=verifier)
    assert reply.refusal == (200, "invalid_request")
    assert "code verifier" in reply.message.lower()


async def test_row_07_a_verifier_without_a_challenge_is_ignored(app: App) -> None:
    code = (await app.decide()).query["code"]
    assert "access_token" in (await app.exchange(code, code_verifier=VERIFIER)).json


async def test_row_08_the_secret_must_be_right(app: App) -> None:
    code = (await app.decide()).query["code"]
    assert (await app.exchange(code, client_secret="guess")).refusal == (200, "invalid_client")
    assert set((await app.exchange(code, client_key="nobody")).json) == {"error", "error_description", "log_id"}


async def test_row_09_a_refresh_ends_the_previous_refresh_token(app: App) -> None:
    first = await app.connect()
    second = (await app.oauth(grant_type="refresh_token", refresh_token=first["refresh_token"])).json
    assert second["refresh_token"] != first["refresh_token"]
    again = await app.oauth(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again.refusal == (200, "invalid_grant")
    assert (await app.creator_info(second["access_token"])).code == "ok"


async def test_row_09_without_rotation_the_refresh_token_stays(app: App) -> None:
    await app.configure(rotate=False)
    first = await app.connect()
    second = (await app.oauth(grant_type="refresh_token", refresh_token=first["refresh_token"])).json
    assert second["refresh_token"] == first["refresh_token"]


async def test_row_10_an_access_token_ends_after_two_hours(app: App) -> None:
    grant = await app.connect()
    assert (grant["expires_in"], grant["refresh_expires_in"]) == (7200, 15_552_000)
    await app.pass_time(7190)
    assert (await app.creator_info(grant["access_token"])).code == "ok"
    await app.pass_time(20)
    reply = await app.creator_info(grant["access_token"])
    assert reply.refusal == (401, "access_token_invalid")
    assert "data" not in reply.json


async def test_row_10_a_refresh_token_ends_after_180_days(app: App) -> None:
    grant = await app.connect()
    await app.pass_time(15_552_001)
    reply = await app.oauth(grant_type="refresh_token", refresh_token=grant["refresh_token"])
    assert reply.refusal == (200, "invalid_grant")


async def test_row_11_only_two_grant_types_exist(app: App) -> None:
    assert (await app.oauth(grant_type="password")).refusal == (200, "unsupported_grant_type")


async def test_row_12_revoking_disconnects_every_token_and_says_so(app: App) -> None:
    await app.configure(webhook_url=f"{app.url}/_sandbox/reject")
    await app.control("config", {"hook_give_up": 0})
    one, two = await app.connect(), await app.connect()
    reply = await app.oauth("revoke", token=one["access_token"])
    assert (reply.status, reply.json) == (200, {})
    for grant in (one, two):
        assert (await app.creator_info(grant["access_token"])).refusal == (401, "access_token_invalid")
        refreshed = await app.oauth(grant_type="refresh_token", refresh_token=grant["refresh_token"])
        assert refreshed.code == "invalid_grant"
    assert (await app.hook("authorization.removed"))["facts"]["reason"] == 5


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("video.upload", "post/publish/creator_info/query/"),
        ("video.upload", "post/publish/video/init/"),
        ("video.publish", "post/publish/inbox/video/init/"),
        ("video.list", "post/publish/status/fetch/"),
        ("video.publish", "video/list/?fields=id"),
        ("video.publish", "video/query/?fields=id"),
    ],
)
async def test_row_13_a_call_needs_its_scope(app: App, scope: str, path: str) -> None:
    token = await app.grant(scopes=scope)
    assert (await app.call(path, token)).refusal == (401, "scope_not_authorized")


async def test_row_13_a_profile_field_needs_its_scope(app: App) -> None:
    headers = {"Authorization": f"Bearer {await app.grant(scopes='user.info.basic')}"}
    path = "/tiktok-api/v2/user/info/?fields=display_name,username"
    assert (await app.send("GET", path, headers=headers)).refusal == (401, "scope_not_authorized")
    await app.configure(omit_foreign_fields=True)
    assert (await app.send("GET", path, headers=headers)).data == {"user": {"display_name": "Alice Films"}}


async def test_row_13_no_token_at_all_is_an_invalid_one(app: App) -> None:
    assert (await app.send("POST", "/tiktok-api/v2/video/list/", json=CLIENT)).refusal == (401, "access_token_invalid")
    assert (await app.grant(ALICE)).startswith("act.")
