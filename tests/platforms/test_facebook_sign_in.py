"""Connecting Pages, keeping the connection, and ending it, against a real sandbox process."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from playout.application.ports import Connection, SignedRequests
from playout.domain.errors import Forbidden
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from tests.platforms.facebook_stage import OTHER_PAGE, PAGE, PERSON, Scene, connected, facebook
from tests.sandbox.app import App

RETURN_TO = "http://127.0.0.1:8030/connect/facebook/callback"
STATE, VERIFIER = Secret("state-of-this-sign-in"), Secret("v" * 64)
ASKED = ("pages_show_list", "pages_read_engagement", "pages_manage_posts", "business_management")
CHARLIES, CLIENTS = "200000000000004", "200000000000005"  # owned by Charlie's business, and managed by it


@pytest.fixture
async def film(app: App, http: Http) -> Scene:
    return await connected(app, http)


def dialog(film: Scene) -> str:
    return film.platform.authorize_url("facebook", state=STATE, return_to=RETURN_TO, verifier=VERIFIER)


async def consent(film: Scene, **answers: Any) -> Secret:
    """The person answers the dialog; the code comes back."""
    await film.app.control("config", {"auto_consent": True, "facebook": answers})
    query = (await film.app.send("GET", dialog(film))).query
    assert query["state"] == STATE.reveal()
    return Secret(query["code"])


async def connect(film: Scene, **answers: Any) -> Sequence[Connection]:
    return await exchange(film, await consent(film, **answers))


async def exchange(film: Scene, code: Secret, return_to: str = RETURN_TO) -> Sequence[Connection]:
    now = await film.now()
    return await film.platform.exchange("facebook", code=code, return_to=return_to, verifier=VERIFIER, now=now)


async def in_vain(film: Scene, code: Secret, return_to: str = RETURN_TO) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await exchange(film, code, return_to)
    return refused.value


# ── consent and exchange ─────────────────────────────────────────────────────────────────────────


def test_the_dialog_is_asked_for_by_version_with_scopes_between_commas(film: Scene) -> None:
    url = urlsplit(dialog(film))

    assert url.path == "/facebook-www/v25.0/dialog/oauth"
    assert {name: values[0] for name, values in parse_qs(url.query).items()} == {
        "client_id": "sandbox-client-id",
        "redirect_uri": RETURN_TO,
        "state": STATE.reveal(),
        "response_type": "code",
        "scope": ",".join(ASKED),
        "auth_type": "rerequest",
    }


async def test_every_ticked_page_is_a_connection_of_its_own(film: Scene) -> None:
    connections = await connect(film)

    assert [one.profile.remote_id for one in connections] == [PAGE, OTHER_PAGE]
    assert [one.profile.display_name for one in connections] == ["Alice Films", "Alice Travels"]
    assert [one.profile.username for one in connections] == ["alicefilms", "alicetravels"]
    assert {one.profile.owner_id for one in connections} == {PERSON}
    assert len({one.grant.access_token for one in connections}) == 2
    assert len({one.grant.refresh_token for one in connections}) == 1
    assert all(one.profile.avatar_url for one in connections)


async def test_only_what_was_ticked_is_connected(film: Scene) -> None:
    [connection] = await connect(film, tick=[OTHER_PAGE])

    assert connection.profile.remote_id == OTHER_PAGE


async def test_a_page_token_does_not_end(film: Scene) -> None:
    grant = (await connect(film))[0].grant

    assert (grant.expires_at, grant.refresh_expires_at) == (None, None)
    assert set(ASKED) <= set(grant.scopes)
    await film.pass_time(timedelta(days=80))
    assert (await film.platform.profile(grant)).remote_id == PAGE


async def test_many_pages_are_all_found(film: Scene) -> None:
    pages = [{"id": str(10**14 + n), "name": f"Page {n}", "username": f"p{n}", "persons": [PERSON]} for n in range(230)]

    connections = await connect(film, pages=pages)

    assert [one.profile.remote_id for one in connections] == [page["id"] for page in pages]


async def test_a_consent_without_a_ticked_page_says_what_to_tick(film: Scene) -> None:
    failure = await in_vain(film, await consent(film, tick="none"))

    assert (failure.kind, failure.code, failure.turn) == (Kind.CHOOSE, "no_account", Turn.YOU)
    assert "tick" in failure.sentence


async def test_pages_on_which_the_person_may_not_publish_are_left_out(film: Scene) -> None:
    reader = {"id": PAGE, "name": "Alice Films", "username": "f", "persons": [PERSON], "tasks": ["ANALYZE"]}
    writer = {**reader, "id": OTHER_PAGE, "tasks": ["ANALYZE", "CREATE_CONTENT"]}
    [connection] = await connect(film, pages=[reader, writer])
    failure = await in_vain(film, await consent(film, pages=[reader]))

    assert connection.profile.remote_id == OTHER_PAGE
    assert (failure.kind, failure.code) == (Kind.CHOOSE, "no_account")
    assert "full control" in failure.sentence


async def test_pages_of_a_business_are_found_where_nothing_was_ticked(film: Scene) -> None:
    connections = await connect(film, consent_person="charlie")

    assert {one.profile.remote_id for one in connections} == {CHARLIES, CLIENTS}


async def test_without_the_permission_no_business_is_asked(film: Scene) -> None:
    failure = await in_vain(film, await consent(film, consent_person="charlie", decline=["business_management"]))

    assert (failure.kind, failure.code) == (Kind.CHOOSE, "no_account")


async def test_what_was_declined_is_not_among_the_scopes(film: Scene) -> None:
    grant = (await connect(film, decline=["pages_manage_posts"]))[0].grant
    lacking = film.platform.limits.lacking(grant.scopes)

    assert "pages_manage_posts" not in grant.scopes
    assert [need.words for need in lacking] == ["publish on the Page"]


async def test_a_code_works_once(film: Scene) -> None:
    code = await consent(film)
    await exchange(film, code)

    failure = await in_vain(film, code)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "graph_100_36009")


async def test_another_return_address_is_whoever_runs_this_servers_turn(film: Scene) -> None:
    failure = await in_vain(film, await consent(film), return_to=RETURN_TO + "/")

    assert (failure.kind, failure.code, failure.turn) == (Kind.SIGN_IN, "graph_100_36008", Turn.US)


async def test_a_wrong_secret_is_a_matter_of_settings(film: Scene, http: Http) -> None:
    code = await consent(film)
    wrong = facebook(http, film.app.url, client_secret="p@ss:/w?rd[1]")
    with pytest.raises(PlatformFailure) as refused:
        await wrong.exchange("facebook", code=code, return_to=RETURN_TO, verifier=VERIFIER, now=await film.now())

    assert (refused.value.kind, refused.value.code, refused.value.turn) == (Kind.LATER, "graph_1", Turn.US)


async def test_an_app_that_must_prove_its_secret_does(film: Scene) -> None:
    connections = await connect(film, require_proof=True)
    renewed = await film.platform.renew(connections[0].grant, await film.now())

    assert (await film.platform.profile(renewed)).remote_id == PAGE


async def test_a_wrong_proof_is_a_matter_of_settings(film: Scene, http: Http) -> None:
    wrong = facebook(http, film.app.url, client_secret="another")
    with pytest.raises(PlatformFailure) as refused:
        await wrong.profile(film.grant)

    assert (refused.value.kind, refused.value.turn) == (Kind.LATER, Turn.US)


async def test_a_version_that_ended_is_a_matter_of_settings(film: Scene, http: Http) -> None:
    old = facebook(http, film.app.url, version="v2.0")
    with pytest.raises(PlatformFailure) as refused:
        await old.profile(film.grant)

    assert (refused.value.kind, refused.value.code, refused.value.turn) == (Kind.NEVER, "graph_2635", Turn.US)


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────


async def test_the_profile_is_the_pages_and_knows_its_person(film: Scene) -> None:
    profile = await film.platform.profile(film.grant)

    assert (profile.remote_id, profile.display_name, profile.owner_id) == (PAGE, "Alice Films", PERSON)


async def test_a_page_token_is_made_anew_from_the_persons(film: Scene) -> None:
    dead = replace(film.grant, access_token=Secret("dead"))

    renewed = await film.platform.renew(dead, await film.now())

    assert (await film.platform.profile(renewed)).remote_id == PAGE
    assert (renewed.refresh_token, renewed.extra) == (film.grant.refresh_token, film.grant.extra)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"password_changed": True}, "graph_190_460"),
        ({"role_lost": [PAGE]}, "page_out_of_sight"),
    ],
)
async def test_a_renewal_that_cannot_be_says_why(film: Scene, settings: Mapping[str, Any], code: str) -> None:
    await film.configure(**settings)
    with pytest.raises(PlatformFailure) as refused:
        await film.platform.renew(film.grant, await film.now())

    assert (refused.value.kind, refused.value.code) == (Kind.SIGN_IN, code)


async def test_without_the_persons_token_there_is_nothing_to_renew_with(film: Scene) -> None:
    with pytest.raises(PlatformFailure) as refused:
        await film.platform.renew(replace(film.grant, refresh_token=None), await film.now())

    assert (refused.value.kind, refused.value.code) == (Kind.SIGN_IN, "no_refresh_token")


@pytest.mark.parametrize("action", ["reset_before", "reset_after", "html", "malformed", "status"])
async def test_a_renewal_that_breaks_may_be_tried_again(film: Scene, action: str) -> None:
    await film.break_next(action, "facebook.page")
    with pytest.raises(PlatformFailure) as broken:
        await film.platform.renew(film.grant, await film.now())

    assert broken.value.kind is Kind.AGAIN
    renewed = await film.platform.renew(film.grant, await film.now())
    assert renewed.access_token == film.grant.access_token


async def test_disconnecting_takes_the_app_out_of_the_account(film: Scene) -> None:
    await film.platform.revoke(film.grant)
    with pytest.raises(PlatformFailure) as over:
        await film.platform.profile(film.grant)

    assert (over.value.kind, over.value.code) == (Kind.SIGN_IN, "graph_190_458")
    assert len(await film.app.ledger("revoked")) == 1


async def test_ending_what_has_ended_is_fine(film: Scene) -> None:
    await film.platform.revoke(film.grant)

    await film.platform.revoke(film.grant)


async def test_a_revocation_that_breaks_is_told(film: Scene) -> None:
    await film.break_next("status", "facebook.permissions", status=500)
    with pytest.raises(PlatformFailure) as broken:
        await film.platform.revoke(film.grant)

    assert broken.value.kind is Kind.AGAIN


async def test_facebook_has_nothing_to_offer_live_but_its_limit(film: Scene) -> None:
    live = await film.platform.live(film.grant, {})

    assert (live.blocked, live.shown) == (None, {"reels_a_day": 30})


async def test_what_meta_signs_names_the_person(film: Scene) -> None:
    assert isinstance(film.platform, SignedRequests)
    with pytest.raises(Forbidden):
        film.platform.withdrawn_by("nonsense", await film.now())
