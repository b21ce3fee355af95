"""Rows 1-13, 51 and 53 of YouTube's table of rules: consent, tokens, scopes."""

import pytest

from tests.sandbox.app import App
from tests.sandbox.youtube_app import ALICE, BOTH, CLIENT, DAY, REDIRECT, SCOPE, Tube, place, refusal, signed_in

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
DEAD = (400, "invalid_grant", "Token has been expired or revoked.")


@pytest.fixture
async def tube(app: App) -> Tube:
    return await signed_in(app)


@pytest.mark.parametrize(
    "redirect",
    [
        "https://elsewhere.example/cb",
        "http://127.0.0.1:8765/cb#x",
        "http://me@localhost/",
        "http://10.0.0.1/",
        "",
        "http://[",
    ],
)
async def test_row_01_a_redirect_that_is_not_registered_gets_an_error_page(tube: Tube, redirect: str) -> None:
    for reply in (await tube.authorize(redirect_uri=redirect), await tube.decide(redirect_uri=redirect)):
        assert reply.status == 400
        assert "redirect_uri_mismatch" in reply.text
        assert "Location" not in reply.headers


async def test_row_01_a_registered_list_is_exact_to_the_byte(tube: Tube) -> None:
    await tube.configure(redirect_uris=[REDIRECT])
    assert (await tube.authorize()).status == 200
    for other in (f"{REDIRECT}/", REDIRECT.upper(), REDIRECT.replace("8765", "8766")):
        assert (await tube.authorize(redirect_uri=other)).status == 400


@pytest.mark.parametrize(
    ("wrong", "status", "problem"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"scope": f"{SCOPE}youtube.everything"}, 400, "invalid_scope"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "MD5"}, 400, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_shown_to_the_person_and_not_sent_to_the_app(
    tube: Tube, wrong: dict[str, str], status: int, problem: str
) -> None:
    reply = await tube.authorize(**wrong)
    assert (reply.status, problem in reply.text, "Location" in reply.headers) == (status, True, False)


async def test_a_person_who_denies_sends_the_app_away(tube: Tube) -> None:
    reply = await tube.decide(decision="deny")
    assert (reply.status, reply.query) == (302, {"error": "access_denied", "state": "s1"})


async def test_the_consent_page_offers_channels_and_scopes(tube: Tube) -> None:
    page = (await tube.authorize(state='"><script>')).text
    assert "Bob at Home (@bob.at.home)" in page
    assert f'value="{SCOPE}youtube.upload" checked' in page
    assert "<script>" not in page


async def test_row_02_a_code_works_once(tube: Tube) -> None:
    code = (await tube.decide()).query["code"]
    assert (await tube.exchange(code)).json["token_type"] == "Bearer"
    assert (await tube.exchange(code)).json == {"error": "invalid_grant", "error_description": "Bad Request"}


async def test_row_02_a_code_expires_and_needs_the_same_redirect(tube: Tube) -> None:
    code = (await tube.decide()).query["code"]
    assert (await tube.exchange(code, redirect_uri=f"{REDIRECT}/")).refusal == (400, "redirect_uri_mismatch")
    assert (await tube.exchange(code, redirect_uri="")).refusal == (400, "invalid_request")
    await tube.app.pass_time(601)
    assert (await tube.exchange(code)).refusal == (400, "invalid_grant")


async def test_row_03_the_challenge_is_base64url_without_padding(tube: Tube) -> None:
    decided = await tube.decide(code_challenge=CHALLENGE, code_challenge_method="S256")
    assert (await tube.exchange(decided.query["code"], code_verifier=VERIFIER)).status == 200


async def test_row_03_a_plain_challenge_is_the_verifier(tube: Tube) -> None:
    decided = await tube.decide(code_challenge=VERIFIER, code_challenge_method="plain")
    assert (await tube.exchange(decided.query["code"], code_verifier=VERIFIER)).status == 200


@pytest.mark.parametrize("verifier", [VERIFIER[:-1] + "l", ""])
async def test_row_03_another_verifier_is_refused(tube: Tube, verifier: str) -> None:
    decided = await tube.decide(code_challenge=CHALLENGE, code_challenge_method="S256")
    reply = await tube.exchange(decided.query["code"], code_verifier=verifier)
    assert (reply.refusal, reply.message) == ((400, "invalid_grant"), "Invalid code verifier.")


async def test_row_04_a_refresh_token_comes_only_offline_and_at_the_first_consent(tube: Tube) -> None:
    await tube.app.control("youtube/disconnect", {"creator": ALICE})
    assert "refresh_token" in await tube.connect()
    assert "refresh_token" not in await tube.connect()
    assert "refresh_token" in await tube.connect(prompt="select_account consent")
    assert "refresh_token" not in await tube.connect(prompt="consent", access_type="online")


async def test_row_05_a_refresh_does_not_rotate(tube: Tube) -> None:
    refresh = (await tube.connect(prompt="consent"))["refresh_token"]
    for _ in range(2):
        reply = await tube.refresh(refresh)
        assert (reply.status, "refresh_token" in reply.json) == (200, False)
        assert (await tube.get("channels", reply.json["access_token"], part="id", mine="true")).status == 200


async def test_row_06_a_dead_refresh_token_is_an_invalid_grant(tube: Tube) -> None:
    await tube.configure(testing_mode=True)
    granted = await tube.connect(prompt="consent")
    assert granted["refresh_token_expires_in"] == 604_799
    await tube.app.pass_time(7 * DAY - 60)
    assert (await tube.refresh(granted["refresh_token"])).status == 200
    await tube.app.pass_time(120)
    reply = await tube.refresh(granted["refresh_token"])
    assert (*reply.refusal, reply.message) == DEAD


async def test_row_06_a_refresh_token_lives_on_while_it_is_used(tube: Tube) -> None:
    refresh = (await tube.connect(prompt="consent"))["refresh_token"]
    for days, status in ((170, 200), (170, 200), (181, 400)):
        await tube.app.pass_time(days * DAY)
        assert (await tube.refresh(refresh)).status == status


async def test_row_07_the_oldest_of_101_refresh_tokens_dies(tube: Tube) -> None:
    await tube.app.control("config", {"durable": False})
    await tube.app.control("youtube/disconnect", {"creator": ALICE})
    tokens = [(await tube.grant())["refresh_token"] for _ in range(101)]
    assert (await tube.refresh(tokens[0])).refusal == DEAD[:2]
    assert (await tube.refresh(tokens[1])).status == 200


async def test_row_08_the_secret_must_be_right(tube: Tube) -> None:
    for wrong in ({"client_secret": "guess"}, {"client_id": "nobody"}):
        reply = await tube.oauth(**{**CLIENT, **wrong}, grant_type="refresh_token", refresh_token="x")
        assert reply.refusal == (401, "invalid_client")
        assert set(reply.json) == {"error", "error_description"}


async def test_only_two_grant_types_exist(tube: Tube) -> None:
    assert (await tube.oauth(grant_type="password")).refusal == (400, "unsupported_grant_type")


async def test_row_09_a_person_may_untick_a_scope(tube: Tube) -> None:
    code = (await tube.decide(allow=f"{SCOPE}youtube.readonly")).query["code"]
    granted = (await tube.exchange(code)).json
    assert granted["scope"] == f"{SCOPE}youtube.readonly"
    assert refusal(await tube.start(token=granted["access_token"])) == (403, "insufficientPermissions", "global")


async def test_row_09_granted_scopes_can_be_included(tube: Tube) -> None:
    await tube.app.control("youtube/disconnect", {"creator": ALICE})
    await tube.connect(allow=f"{SCOPE}youtube.readonly")
    again = {"scope": f"{SCOPE}youtube.upload", "allow": f"{SCOPE}youtube.upload"}
    assert (await tube.connect(**again))["scope"] == f"{SCOPE}youtube.upload"
    assert set((await tube.connect(**again, include_granted_scopes="true"))["scope"].split()) == set(BOTH.split())


async def test_row_10_an_access_token_ends_after_an_hour(tube: Tube) -> None:
    granted = await tube.connect()
    assert granted["expires_in"] == 3599
    await tube.app.pass_time(3590)
    assert (await tube.videos("zzz", token=granted["access_token"])).status == 200
    await tube.app.pass_time(20)
    reply = await tube.videos("zzz", token=granted["access_token"])
    assert (refusal(reply), place(reply)) == ((401, "authError", "global"), ("Authorization", "header"))
    assert reply.json["error"]["errors"][0]["message"] == "Invalid Credentials"
    assert reply.json["error"]["status"] == "UNAUTHENTICATED"


async def test_row_11_no_token_is_told_apart_from_a_bad_one(tube: Tube) -> None:
    reply = await tube.app.send("GET", "/youtube-api/youtube/v3/videos?part=id&id=zzz")
    assert (refusal(reply), place(reply)) == ((401, "required", "global"), ("Authorization", "header"))
    error = reply.json["error"]
    assert (error["errors"][0]["message"], error["status"]) == ("Login Required.", "UNAUTHENTICATED")
    assert error["details"][0]["reason"] == "CREDENTIALS_MISSING"


@pytest.mark.parametrize(
    ("scopes", "path", "allowed"),
    [
        (["youtube.upload"], "videos?part=id&id=zzz", False),
        (["youtube.upload"], "channels?part=id&mine=true", False),
        (["youtube.upload"], "videos:batchGetStats?part=statistics&id=zzz", False),
        (["yt-analytics.readonly"], "videoCategories?part=snippet&regionCode=DE", False),
        (["youtube.readonly"], "videos?part=id&id=zzz", True),
        (["youtube.force-ssl"], "channels?part=id&mine=true", True),
        (["youtube"], "videoCategories?part=snippet&regionCode=DE", True),
    ],
)
async def test_row_12_a_call_needs_its_scope(tube: Tube, scopes: list[str], path: str, *, allowed: bool) -> None:
    reply = await tube.get(path, await tube.token_of(ALICE, *scopes))
    assert reply.status == (200 if allowed else 403)
    if not allowed:
        assert refusal(reply) == (403, "insufficientPermissions", "global")
        assert reply.json["error"]["status"] == "PERMISSION_DENIED"
        assert reply.json["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


async def test_row_12_changing_needs_more_than_uploading(tube: Tube) -> None:
    token = await tube.token_of(ALICE, "youtube.upload", "youtube.readonly")
    assert refusal(await tube.update("status", token, id="zzz"))[1] == "insufficientPermissions"


async def test_row_13_an_account_without_a_channel_cannot_upload(tube: Tube) -> None:
    await tube.configure(creators=[{"handle": "dora", "exists": False}])
    token = await tube.token_of("dora")
    reply = await tube.start(token=token)
    assert refusal(reply) == (401, "youtubeSignupRequired", "youtube.header")
    assert (await tube.get("channels", token, part="id", mine="true")).json["items"] == []


async def test_a_suspended_account_cannot_upload(tube: Tube) -> None:
    await tube.configure(creators=[{"handle": "dora", "suspended": True}])
    assert refusal(await tube.start(token=await tube.token_of("dora")))[1] == "authenticatedUserAccountSuspended"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_row_51_revoking_either_token_ends_the_whole_grant(tube: Tube, which: str) -> None:
    one, two = await tube.grant(), await tube.grant()
    reply = await tube.app.send("POST", f"/youtube-oauth/revoke?token={one[which]}")
    assert (reply.status, reply.json) == (200, {})
    for granted in (one, two):
        assert refusal(await tube.videos("zzz", token=granted["access_token"]))[:2] == (401, "authError")
        assert (await tube.refresh(granted["refresh_token"])).refusal == DEAD[:2]
    assert (await tube.oauth("revoke", token=one[which])).refusal == (400, "invalid_token")
    assert [entry["creator"] for entry in await tube.app.ledger("revoked")] == [ALICE]


async def test_row_51_a_person_may_remove_the_app_at_google(tube: Tube) -> None:
    refresh = (await tube.grant())["refresh_token"]
    await tube.app.control("youtube/disconnect", {"creator": "@alice.films"})
    assert (await tube.refresh(refresh)).refusal == DEAD[:2]
    assert [entry["creator"] for entry in await tube.app.ledger("disconnected")] == [ALICE]


async def test_row_53_an_api_that_is_not_switched_on(tube: Tube) -> None:
    await tube.configure(api_disabled=True)
    for reply in (await tube.start(), await tube.videos("zzz")):
        assert refusal(reply) == (403, "accessNotConfigured", "usageLimits")


async def test_auto_consent_answers_without_a_page(tube: Tube) -> None:
    await tube.app.control("config", {"auto_consent": True})
    await tube.configure(consent_creator="bob.at.home")
    reply = await tube.authorize()
    assert reply.query["state"] == "s1"
    assert reply.query["scope"] == BOTH
    token = (await tube.exchange(reply.query["code"])).json["access_token"]
    items = (await tube.get("channels", token, part="snippet", mine="true")).json["items"]
    assert items[0]["snippet"]["customUrl"] == "@bob.at.home"
