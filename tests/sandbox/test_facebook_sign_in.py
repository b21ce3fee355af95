"""Rows 1-13 of Facebook's table of rules: the dialog, tokens, permissions, the proof of the secret."""

import pytest

from tests.sandbox.app import App
from tests.sandbox.facebook_app import (
    ALICE,
    APP,
    BACK,
    BOB,
    CHARLIE,
    CLIENT,
    COMPANY,
    DAY,
    FILMS,
    NEEDED,
    OWNED,
    TRAVELS,
    Facebook,
    proof,
    query,
    refused,
)


@pytest.fixture
def facebook(app: App) -> Facebook:
    return Facebook(app)


@pytest.mark.parametrize("redirect", ["https://elsewhere.example/cb", "http://127.0.0.1/cb", "", "http://[", "x"])
async def test_row_01_an_unregistered_redirect_is_blocked_on_a_page(facebook: Facebook, redirect: str) -> None:
    for reply in (await facebook.authorize(redirect_uri=redirect), await facebook.decide(redirect_uri=redirect)):
        assert reply.status == 400
        assert "URL Blocked" in reply.text
        assert "Location" not in reply.headers


async def test_row_01_strict_mode_counts_a_trailing_slash(facebook: Facebook) -> None:
    await facebook.configure(redirect_uris=["https://app.example/cb"])
    assert (await facebook.authorize(redirect_uri="https://app.example/cb")).status == 200
    assert (await facebook.authorize(redirect_uri="https://app.example/cb/")).status == 400
    assert (await facebook.authorize()).status == 400


@pytest.mark.parametrize("asked", [{"client_id": "nobody"}, {"response_type": "token"}, {"scope": "pages_dance"}])
async def test_a_wrong_request_does_not_lead_back(facebook: Facebook, asked: dict[str, str]) -> None:
    assert (await facebook.authorize(**asked)).status == 400


async def test_row_02_a_person_who_cancels_sends_the_app_away(facebook: Facebook) -> None:
    reply = await facebook.decide(decision="deny")
    assert reply.headers["Location"].startswith(BACK)
    assert query(reply) == {
        "error_reason": "user_denied",
        "error": "access_denied",
        "error_description": "Permissions error.",
        "state": "s1",
    }


async def test_the_dialog_offers_every_page_with_none_ticked(facebook: Facebook) -> None:
    page = (await facebook.authorize(state='"><script>')).text
    assert f'name="page" value="{FILMS}">Alice Films' in page
    assert 'value="pages_manage_posts" checked' in page
    assert "<script>" not in page


async def test_row_03_a_code_works_once(facebook: Facebook) -> None:
    code = await facebook.code()
    assert (await facebook.exchange(code)).json["token_type"] == "bearer"
    again = await facebook.exchange(code)
    assert refused(again) == (400, 100, 36009)
    assert again.json["error"]["message"] == "This authorization code has been used."
    assert 'OAuth "Facebook Platform" "invalid_code"' in again.headers["WWW-Authenticate"]


async def test_row_03_a_code_expires_and_an_invented_one_was_never_good(facebook: Facebook) -> None:
    code = await facebook.code()
    await facebook.app.pass_time(601)
    assert refused(await facebook.exchange(code)) == (400, 100, 36007)
    assert refused(await facebook.exchange("AQinvented"))[1] == 100


async def test_row_04_the_redirect_must_be_the_same_at_the_exchange(facebook: Facebook) -> None:
    code = await facebook.code()
    assert refused(await facebook.exchange(code, redirect_uri=f"{BACK}/")) == (400, 100, 36008)
    assert (await facebook.exchange(code)).status == 200


async def test_row_05_the_secret_must_be_right(facebook: Facebook) -> None:
    reply = await facebook.exchange(await facebook.code(), client_secret="guess")
    assert (refused(reply), reply.json["error"]["message"]) == ((400, 1, None), "Error validating client secret.")
    assert refused(await facebook.exchange("x", client_id="nobody")) == (400, 101, None)


async def test_row_06_an_unticked_permission_is_declined_and_publishing_refused(facebook: Facebook) -> None:
    token = await facebook.short(allow="pages_show_list,pages_read_engagement")
    rows = (await facebook.get("me/permissions", token)).json["data"]
    assert {"permission": "pages_manage_posts", "status": "declined"} in rows
    assert {"permission": "pages_show_list", "status": "granted"} in rows
    page = (await facebook.get("me/accounts", token)).json["data"][0]["access_token"]
    reply = await facebook.post(f"{FILMS}/video_reels", page, upload_phase="start")
    assert refused(reply) == (400, 200, None)
    assert "pages_manage_posts" in reply.json["error"]["message"]


async def test_row_06_asking_again_grants_what_was_declined(facebook: Facebook) -> None:
    await facebook.short(allow="pages_show_list")
    token = await facebook.short(auth_type="rerequest")
    rows = (await facebook.get("me/permissions", token)).json["data"]
    assert {row["status"] for row in rows} == {"granted"}


async def test_row_07_no_page_ticked_is_an_empty_list(facebook: Facebook) -> None:
    token = await facebook.short(pages=())
    assert (await facebook.get("me/accounts", token)).json == {"data": []}


async def test_row_07_auto_consent_ticks_what_the_settings_say(facebook: Facebook) -> None:
    await facebook.app.control("config", {"auto_consent": True})
    seen = []
    for tick in ("all", "none", [TRAVELS]):
        await facebook.configure(tick=tick)
        token = (await facebook.exchange(query(await facebook.authorize())["code"])).json["access_token"]
        seen.append([page["id"] for page in (await facebook.get("me/accounts", token)).json["data"]])
    assert seen == [[FILMS, TRAVELS], [], [TRAVELS]]


async def test_row_07_a_page_of_somebody_else_cannot_be_ticked(facebook: Facebook) -> None:
    token = await facebook.short(pages=(FILMS,), person=BOB)
    assert (await facebook.get("me/accounts", token)).json == {"data": []}


async def test_row_08_a_page_token_from_a_short_user_token_dies_with_it(facebook: Facebook) -> None:
    token = await facebook.short()
    page = (await facebook.get("me/accounts", token)).json["data"][0]["access_token"]
    await facebook.start(page)
    await facebook.app.pass_time(7200)
    reply = await facebook.post(f"{FILMS}/video_reels", page, upload_phase="start")
    assert refused(reply) == (400, 190, 463)
    assert reply.json["error"]["message"].startswith("Error validating access token: Session has expired on ")


async def test_row_08_a_page_token_from_a_long_lived_one_has_no_end(facebook: Facebook) -> None:
    answer = (await facebook.lengthen(await facebook.short())).json
    assert answer["expires_in"] == 60 * DAY
    page = (await facebook.get("me/accounts", answer["access_token"])).json["data"][0]["access_token"]
    await facebook.app.pass_time(61 * DAY)
    assert refused(await facebook.get("me", answer["access_token"])) == (400, 190, 463)
    assert (await facebook.start(page))["video_id"]
    assert refused(await facebook.lengthen(answer["access_token"])) == (400, 190, 463)


async def test_row_08_there_is_one_page_token_for_each_person(facebook: Facebook) -> None:
    first, second = await facebook.page_token(), await facebook.page_token()
    assert first == second


async def test_row_09_a_removal_kills_every_token(facebook: Facebook) -> None:
    granted = await facebook.grant()
    short = await facebook.short()
    tokens = [short, granted["access_token"], *(page["access_token"] for page in granted["pages"])]
    assert (await facebook.call("DELETE", "me/permissions", granted["access_token"])).json == {"success": True}
    assert [refused(await facebook.get("me", token)) for token in tokens] == [(400, 190, 458)] * 4
    assert (await facebook.app.ledger("revoked"))[0]["creator"] == ALICE
    assert (await facebook.get("me", await facebook.short())).json["id"] == ALICE


async def test_row_09_one_permission_can_be_taken_back(facebook: Facebook) -> None:
    granted = await facebook.grant()
    token = granted["access_token"]
    path = f"{ALICE}/permissions/pages_manage_posts"
    assert (await facebook.call("DELETE", path, token)).json == {"success": True}
    page = granted["pages"][0]["access_token"]
    assert refused(await facebook.post(f"{FILMS}/video_reels", page, upload_phase="start")) == (400, 200, None)
    assert (await facebook.get("me", token)).status == 200


async def test_row_09_another_persons_permissions_are_out_of_reach(facebook: Facebook) -> None:
    token = (await facebook.grant())["access_token"]
    assert refused(await facebook.call("DELETE", f"{BOB}/permissions", token)) == (400, 100, 33)


async def test_row_10_a_changed_password_ends_the_tokens_that_exist(facebook: Facebook) -> None:
    granted = await facebook.grant()
    await facebook.configure(password_changed=True)
    for token in (granted["access_token"], granted["pages"][0]["access_token"]):
        reply = await facebook.get("me", token)
        assert refused(reply) == (400, 190, 460)
        assert "changed their password" in reply.json["error"]["message"]
    assert (await facebook.start(await facebook.page_token()))["video_id"]


async def test_row_11_a_lost_role_ends_page_tokens_and_hides_the_page(facebook: Facebook) -> None:
    granted = await facebook.grant()
    await facebook.configure(role_lost=[FILMS])
    assert refused(await facebook.get("me", granted["pages"][0]["access_token"])) == (400, 190, 492)
    assert (await facebook.get("me", granted["pages"][1]["access_token"])).status == 200
    pages = (await facebook.get("me/accounts", granted["access_token"])).json["data"]
    assert [page["id"] for page in pages] == [TRAVELS]


async def test_row_12_a_user_token_cannot_publish(facebook: Facebook) -> None:
    token = (await facebook.grant())["access_token"]
    reply = await facebook.post(f"{FILMS}/video_reels", token, upload_phase="start")
    assert refused(reply) == (400, 200, None)
    assert "page access token" in reply.json["error"]["message"]


async def test_row_13_a_proof_may_be_required(facebook: Facebook) -> None:
    await facebook.configure(require_proof=True)
    token = (await facebook.grant())["access_token"]
    reply = await facebook.get("me", token)
    assert refused(reply) == (400, 100, None)
    assert reply.json["error"]["type"] == "GraphMethodException"
    assert reply.json["error"]["message"] == "API calls from the server require an appsecret_proof argument"
    assert (await facebook.get("me", token, **proof(token))).status == 200


async def test_row_13_a_wrong_proof_is_always_refused(facebook: Facebook) -> None:
    granted = await facebook.grant()
    reply = await facebook.get("me", granted["access_token"], **proof(granted["pages"][0]["access_token"]))
    assert refused(reply) == (400, 100, None)
    assert reply.json["error"]["message"] == "Invalid appsecret_proof provided in the API argument"


@pytest.mark.parametrize(("late", "status"), [(0, 200), (299, 200), (310, 400)])
async def test_row_13_a_proof_with_a_time_lives_for_five_minutes(facebook: Facebook, late: int, status: int) -> None:
    token = (await facebook.grant())["access_token"]
    now = int((await facebook.app.control("clock"))["now"])
    assert (await facebook.get("me", token, **proof(token, now - late))).status == status


# -- tokens and what they see


async def test_an_unparsable_token_is_told_as_such(facebook: Facebook) -> None:
    assert refused(await facebook.get("me", "xxx")) == (400, 190, None)
    assert refused(await facebook.app.send("GET", "/facebook-graph/v25.0/me")) == (400, 2500, None)


async def test_a_token_may_come_as_a_parameter(facebook: Facebook) -> None:
    token = (await facebook.grant())["access_token"]
    reply = await facebook.app.send("GET", f"/facebook-graph/me?access_token={token}")
    assert reply.json == {"id": ALICE, "name": "Alice Archer"}


async def test_accounts_come_in_pages_with_cursors(facebook: Facebook) -> None:
    token = (await facebook.grant())["access_token"]
    first = (await facebook.get("me/accounts", token, fields="id,name", limit="1")).json
    assert first["data"] == [{"id": FILMS, "name": "Alice Films"}]
    assert token not in first["paging"]["next"]
    headers = {"Authorization": f"Bearer {token}"}
    second = (await facebook.app.send("GET", first["paging"]["next"], headers=headers)).json
    assert (second["data"], "next" in second["paging"]) == ([{"id": TRAVELS, "name": "Alice Travels"}], False)
    after = second["paging"]["cursors"]["after"]
    assert (await facebook.get("me/accounts", token, after=after)).json == {"data": []}


async def test_a_linked_instagram_account_is_told_with_its_page(facebook: Facebook) -> None:
    token = (await facebook.grant())["access_token"]
    fields = "id,instagram_business_account{id,username,name}"
    linked, bare = (await facebook.get("me/accounts", token, fields=fields)).json["data"]
    account = {"id": "17841400000000001", "username": "alice.films", "name": "Alice Films"}
    assert linked == {"id": FILMS, "instagram_business_account": account}
    assert bare == {"id": TRAVELS}


async def test_pages_of_a_business_are_found_there_and_not_in_accounts(facebook: Facebook) -> None:
    token = (await facebook.grant(CHARLIE))["access_token"]
    assert (await facebook.get("me/accounts", token)).json == {"data": []}
    assert [one["id"] for one in (await facebook.get("me/businesses", token)).json["data"]] == [COMPANY]
    found: dict[str, str] = {}
    for edge in ("owned_pages", "client_pages"):
        pages = (await facebook.get(f"{COMPANY}/{edge}", token, fields="id,access_token")).json["data"]
        found |= {page["id"]: page["access_token"] for page in pages}
    assert set(found) == {OWNED, CLIENT}
    assert (await facebook.start(found[OWNED], OWNED))["video_id"]


async def test_businesses_need_their_permission(facebook: Facebook) -> None:
    token = (await facebook.grant(CHARLIE, scopes=NEEDED.split(",")))["access_token"]
    assert refused(await facebook.get("me/businesses", token)) == (400, 200, None)


async def test_a_single_page_gives_its_token_to_who_works_on_it(facebook: Facebook) -> None:
    alice, bob = (await facebook.grant())["access_token"], (await facebook.grant(BOB))["access_token"]
    page = (await facebook.get(FILMS, alice, fields="access_token,name,tasks")).json
    assert (page["name"], "CREATE_CONTENT" in page["tasks"]) == ("Alice Films", True)
    assert (await facebook.get("me", page["access_token"])).json == {"id": FILMS, "name": "Alice Films"}
    assert refused(await facebook.get(FILMS, bob)) == (400, 100, 33)


async def test_debug_token_tells_what_a_token_is(facebook: Facebook) -> None:
    granted = await facebook.grant(scopes=NEEDED.split(","))
    app_token = f"{APP['client_id']}|{APP['client_secret']}"
    page = granted["pages"][0]["access_token"]
    facts = (await facebook.get("debug_token", app_token, input_token=page)).json["data"]
    assert (facts["type"], facts["profile_id"], facts["user_id"]) == ("PAGE", FILMS, ALICE)
    assert (facts["expires_at"], facts["is_valid"]) == (0, True)
    user = (await facebook.get("debug_token", app_token, input_token=granted["access_token"])).json["data"]
    assert (user["type"], sorted(NEEDED.split(",")) == sorted(set(user["scopes"]) - {"public_profile"})) == (
        "USER",
        True,
    )
    await facebook.app.control("facebook/disconnect", {"creator": ALICE})
    dead = (await facebook.get("debug_token", app_token, input_token=page)).json["data"]
    assert (dead["is_valid"], dead["error"]["code"], dead["error"]["subcode"]) == (False, 190, 458)


@pytest.mark.parametrize(("version", "refusal"), [("v1.0", (400, 2635, None)), ("v99.0", (400, 2500, None))])
async def test_a_version_must_be_in_force(facebook: Facebook, version: str, refusal: tuple[int, int, None]) -> None:
    token = (await facebook.grant())["access_token"]
    reply = await facebook.app.send("GET", f"/facebook-graph/{version}/me?access_token={token}")
    assert refused(reply) == refusal
