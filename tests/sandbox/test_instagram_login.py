"""Rows 1-10 and 39 of Instagram: signing in with Instagram Login, its tokens, and how they end."""

from typing import Any

import pytest

from tests.sandbox.app import App, Reply
from tests.sandbox.instagram_app import (
    ALICE,
    ALICE_SCOPED,
    APP,
    BASIC,
    BOB,
    DAY,
    HOUR,
    INSIGHTS,
    PUBLISH,
    REDIRECT,
    Insta,
    code_of,
    refusal,
)


@pytest.fixture
def insta(app: App) -> Insta:
    return Insta(app)


def flat(reply: Reply) -> tuple[int, str]:
    """The answer of api.instagram.com when it refuses: status and words, the shape being its own."""
    assert set(reply.json) == {"error_type", "code", "error_message"}
    assert (reply.json["error_type"], reply.json["code"]) == ("OAuthException", reply.status)
    return reply.status, reply.json["error_message"]


async def signed_in(insta: Insta) -> Any:
    """The whole dance: what the call for the long token answered."""
    short = await insta.short(code_of(await insta.decide()))
    return (await insta.long(short.json["access_token"])).json


@pytest.mark.parametrize("uri", ["https://elsewhere.example/", "http://127.0.0.1/no-port", ""])
async def test_row_01_an_unregistered_redirect_gets_an_error_page_and_no_code(insta: Insta, uri: str) -> None:
    for reply in (await insta.authorize(redirect_uri=uri), await insta.decide(redirect_uri=uri)):
        assert reply.status == 400
        assert reply.text.startswith("<!doctype html>")
        assert "Location" not in reply.headers


async def test_row_01_a_registered_list_is_exact(insta: Insta) -> None:
    await insta.configure(redirect_uris=["https://app.example/cb"])
    replies = [await insta.authorize(redirect_uri=f"https://app.example/cb{end}") for end in ("", "/")]
    assert [reply.status for reply in replies] == [200, 400]


@pytest.mark.parametrize(
    "wrong", [{"client_id": "nobody"}, {"response_type": "token"}, {"scope": "instagram_basic"}, {"scope": ""}]
)
async def test_row_01_other_wrong_requests_get_an_error_page_too(insta: Insta, wrong: dict[str, str]) -> None:
    assert (await insta.authorize(**wrong)).status == 400


async def test_row_02_a_person_may_refuse(insta: Insta) -> None:
    reply = await insta.decide(decision="deny")
    assert reply.status == 302
    assert reply.headers["Location"] == (
        f"{REDIRECT}?error=access_denied&error_reason=user_denied"
        "&error_description=The+user+denied+your+request&state=s1"
    )


async def test_the_way_back_carries_code_state_and_a_fragment(insta: Insta) -> None:
    reply = await insta.decide()
    assert reply.status == 302
    assert (reply.query["state"], bool(reply.query["code"])) == ("s1", True)
    assert reply.headers["Location"].endswith("#_")


async def test_the_consent_page_offers_accounts_and_scopes_and_runs_no_script(insta: Insta) -> None:
    reply = await insta.authorize(state='"><script>')
    assert "alice.films" in reply.text
    assert f'value="{PUBLISH}" checked' in reply.text
    assert "<script>" not in reply.text


async def test_a_personal_account_cannot_be_connected(app: App, insta: Insta) -> None:
    person = {"id": "17841400000000009", "username": "dora", "account_type": "PERSONAL"}
    await insta.configure(accounts=[person])
    assert (await insta.authorize()).status == 400


async def test_auto_consent_answers_without_a_page(app: App, insta: Insta) -> None:
    await app.control("config", {"auto_consent": True})
    await insta.configure(consent_account="bob.at.home")
    short = await insta.short(code_of(await insta.authorize()))
    assert (await insta.me(short.json["access_token"])).json["username"] == "bob.at.home"


async def test_row_03_a_code_works_once(insta: Insta) -> None:
    code = code_of(await insta.decide())
    assert (await insta.short(code)).status == 200
    assert flat(await insta.short(code)) == (400, "Matching code was not found or was already used")


async def test_row_03_a_code_lives_an_hour(app: App, insta: Insta) -> None:
    code = code_of(await insta.decide())
    await app.pass_time(HOUR + 1)
    assert flat(await insta.short(code)) == (400, "Matching code was not found or was already used")


async def test_row_04_the_exchange_names_the_same_redirect(insta: Insta) -> None:
    status, words = flat(await insta.short(code_of(await insta.decide()), redirect_uri=f"{REDIRECT}/"))
    assert status == 400
    assert "redirect_uri is identical" in words


async def test_row_05_the_secret_must_match(insta: Insta) -> None:
    code = code_of(await insta.decide())
    assert flat(await insta.short(code, client_secret="guess")) == (400, "Error validating client secret.")
    assert flat(await insta.short(code, client_id="guess")) == (400, "Invalid platform app")
    assert (await insta.short(code)).status == 200  # a wrong secret does not use the code up


async def test_the_short_token_answer_is_flat_and_names_the_scoped_user(insta: Insta) -> None:
    answer = (await insta.short(code_of(await insta.decide(allow=(PUBLISH,))))).json
    assert set(answer) == {"access_token", "user_id", "permissions"}
    assert answer["user_id"] == ALICE_SCOPED
    assert answer["permissions"] == f"{BASIC},{PUBLISH}"  # the first scope cannot be unticked


async def test_the_short_token_answer_may_be_wrapped_and_its_permissions_a_list(insta: Insta) -> None:
    await insta.configure(token_shape="data", permissions_as="list")
    (answer,) = (await insta.short(code_of(await insta.decide()))).json["data"]
    assert answer["permissions"] == [BASIC, PUBLISH, INSIGHTS]


async def test_me_tells_two_ids_and_the_kind_of_account(insta: Insta) -> None:
    token = await insta.grant()
    reply = await insta.me(token, "id,user_id,username,name,account_type,profile_picture_url,media_count")
    assert (reply.json["id"], reply.json["user_id"]) == (ALICE_SCOPED, ALICE)
    assert (reply.json["username"], reply.json["account_type"]) == ("alice.films", "BUSINESS")
    await insta.configure(me_shape="data")
    assert (await insta.me(token)).json["data"][0]["user_id"] == ALICE


async def test_row_06_a_short_token_lives_an_hour(app: App, insta: Insta) -> None:
    short = (await insta.short(code_of(await insta.decide()))).json["access_token"]
    assert (await insta.me(short)).status == 200
    await app.pass_time(HOUR + 1)
    for reply in (await insta.me(short), await insta.long(short)):
        assert refusal(reply) == (400, 190, 463)
        assert reply.message.startswith("Error validating access token: Session has expired on ")


async def test_a_long_token_lives_sixty_days(app: App, insta: Insta) -> None:
    granted = await signed_in(insta)
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 60 * DAY)
    await app.pass_time(60 * DAY - 10)
    assert (await insta.me(granted["access_token"])).status == 200


async def test_the_long_token_needs_the_secret_and_a_short_token(insta: Insta) -> None:
    short = (await insta.short(code_of(await insta.decide()))).json["access_token"]
    assert refusal(await insta.long(short, client_secret="guess")) == (400, 1, None)
    assert refusal(await insta.long(short, grant_type="ig_refresh_token")) == (400, 100, None)
    assert refusal(await insta.long(await insta.grant())) == (400, 100, None)
    assert refusal(await insta.refresh(short)) == (400, 100, None)


async def test_row_07_a_fresh_token_cannot_be_refreshed(app: App, insta: Insta) -> None:
    token = await insta.grant()
    assert refusal(await insta.refresh(token)) == (400, 100, None)
    await app.pass_time(DAY)
    fresh = (await insta.refresh(token)).json
    assert fresh["expires_in"] == 60 * DAY
    assert fresh["access_token"] != token
    assert (await insta.me(token)).status == 200  # whether the old one ends is not documented: a setting


async def test_row_07_the_old_token_may_end_with_the_refresh(app: App, insta: Insta) -> None:
    await insta.configure(refresh_ends_old=True)
    token = await insta.grant()
    await app.pass_time(DAY)
    fresh = (await insta.refresh(token)).json["access_token"]
    assert [(await insta.me(one)).status for one in (token, fresh)] == [401, 200]


async def test_row_07_refreshing_needs_the_basic_scope(app: App, insta: Insta) -> None:
    token = await insta.grant(scopes=[PUBLISH])
    await app.pass_time(DAY)
    assert refusal(await insta.refresh(token)) == (400, 10, None)


async def test_row_08_an_expired_token_is_dead_for_good(app: App, insta: Insta) -> None:
    token = await insta.grant()
    await app.pass_time(60 * DAY + 1)
    assert refusal(await insta.refresh(token)) == (400, 190, 463)


async def test_row_09_after_the_person_removed_the_app_every_call_answers_458(app: App, insta: Insta) -> None:
    token, other = await insta.grant(), await insta.grant(BOB)
    await app.control("instagram/disconnect", {"creator": ALICE})
    assert [entry["creator"] for entry in await app.ledger("disconnected")] == [ALICE]
    replies = [await insta.me(token), await insta.refresh(token), await insta.create(token, "https://a.example/v.mp4")]
    assert {refusal(reply) for reply in replies} == {(400, 190, 458)}
    assert (await insta.me(other)).status == 200


@pytest.mark.parametrize("status", [401, 400])
async def test_row_10_a_token_that_is_none_cannot_be_parsed(insta: Insta, status: int) -> None:
    await insta.configure(unparsable_status=status)
    reply = await insta.me("xxx")
    assert refusal(reply) == (status, 190, None)
    assert reply.message == "Invalid OAuth access token - Cannot parse access token"


async def test_the_token_may_come_as_a_parameter(app: App, insta: Insta) -> None:
    reply = await app.send("GET", f"/instagram-graph/v25.0/me?fields=username&access_token={await insta.grant()}")
    assert reply.json["username"] == "alice.films"


async def test_row_39_a_version_that_has_ended_is_refused(insta: Insta) -> None:
    token = await insta.grant()
    assert refusal(await insta.call("GET", "me", token, version="v1.0")) == (400, 2635, None)
    assert (await insta.call("GET", "me", token, version="v26.0")).status == 200


async def test_the_app_without_a_version_gets_one(app: App, insta: Insta) -> None:
    reply = await app.send("GET", f"/instagram-graph/me?access_token={await insta.grant()}")
    assert reply.status == 200


async def test_tokens_are_noted_without_being_told(app: App, insta: Insta) -> None:
    granted = await signed_in(insta)
    await app.pass_time(DAY)
    fresh = (await insta.refresh(granted["access_token"])).json["access_token"]
    assert [entry["long"] for entry in await app.ledger("token_issued")] == [False, True]
    assert [entry["creator"] for entry in await app.ledger("token_refreshed")] == [ALICE]
    ledger = str(await app.control("ledger")) + str(await app.control("config"))
    assert not [secret for secret in (granted["access_token"], fresh, APP["client_secret"]) if secret in ledger]
