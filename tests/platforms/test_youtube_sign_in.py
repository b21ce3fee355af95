"""Connecting a YouTube channel, keeping the connection alive, and ending it, against a real sandbox process."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from playout.application.ports import Connection
from playout.domain.channel import Grant
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.youtube.rules import LIMITS, READ_SCOPE, UPLOAD_SCOPE
from tests.platforms.youtube_stage import PUBLIC, SCOPES, Upload, adapter, connected
from tests.sandbox.app import App

RETURN_TO = "http://127.0.0.1:8030/connect/youtube/callback"
VERIFIER = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")  # of RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
STATE = Secret("state-of-this-sign-in")


@pytest.fixture
async def alice(app: App, http: Http) -> Upload:
    return await connected(app, http)


def page(show: Upload) -> str:
    return show.platform.authorize_url("youtube", state=STATE, return_to=RETURN_TO, verifier=VERIFIER)


async def consent(show: Upload, *allowed: str) -> Secret:
    """The person leaves only these boxes ticked; all of them if none is named."""
    form = {**{name: values[0] for name, values in parse_qs(urlsplit(page(show)).query).items()}}
    ticks = [("allow", scope) for scope in allowed or SCOPES]
    reply = await show.app.send(
        "POST",
        "/youtube-accounts/o/oauth2/v2/auth",
        data=[*form.items(), *ticks, ("decision", "allow"), ("creator", "alice.films")],
    )
    assert reply.query["state"] == STATE.reveal()
    return Secret(reply.query["code"])


async def exchange(show: Upload, code: Secret, return_to: str = RETURN_TO, verifier: Secret = VERIFIER) -> Connection:
    now = await show.now()
    [connection] = await show.platform.exchange("youtube", code=code, return_to=return_to, verifier=verifier, now=now)
    return connection


async def exchange_in_vain(show: Upload, code: Secret, **changed: str) -> PlatformFailure:
    verifier = Secret(changed.get("verifier", VERIFIER.reveal()))
    with pytest.raises(PlatformFailure) as refused:
        await exchange(show, code, changed.get("return_to", RETURN_TO), verifier)
    return refused.value


async def renew_in_vain(show: Upload, grant: Grant) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await show.platform.renew(grant, await show.now())
    return refused.value


# ── consent and exchange ─────────────────────────────────────────────────────────────────────────


def test_the_consent_page_is_asked_for_a_lasting_permission_and_no_more_than_is_used(alice: Upload) -> None:
    url = urlsplit(page(alice))

    assert url.path == "/youtube-accounts/o/oauth2/v2/auth"
    assert {name: values[0] for name, values in parse_qs(url.query).items()} == {
        "client_id": "sandbox-client-id",
        "redirect_uri": RETURN_TO,
        "response_type": "code",
        "scope": "https://www.googleapis.com/auth/youtube.upload https://www.googleapis.com/auth/youtube.readonly",
        "state": STATE.reveal(),
        "access_type": "offline",
        "prompt": "consent",
        "include_granted_scopes": "true",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


async def test_a_consent_becomes_one_connection(alice: Upload) -> None:
    connection = await exchange(alice, await consent(alice))

    assert connection.profile.remote_id.startswith("UC")
    assert (connection.profile.username, connection.profile.display_name) == ("alice.films", "Alice Films")
    assert connection.profile.avatar_url is not None
    assert set(SCOPES) <= set(connection.grant.scopes)
    assert connection.grant.refresh_token is not None
    assert connection.grant.refresh_expires_at is None


async def test_a_second_connection_gets_its_refresh_token_too(alice: Upload) -> None:
    await exchange(alice, await consent(alice))

    assert (await exchange(alice, await consent(alice))).grant.refresh_token is not None


async def test_a_permission_of_an_app_in_testing_says_when_it_ends(alice: Upload) -> None:
    await alice.configure(testing_mode=True)

    grant = (await exchange(alice, await consent(alice))).grant

    assert grant.refresh_expires_at is not None
    assert timedelta(days=6) < grant.refresh_expires_at - await alice.now() <= timedelta(days=7)


async def test_what_was_unticked_is_read_back_and_what_is_missing_is_named(alice: Upload) -> None:
    await alice.app.control("youtube/disconnect", {"creator": "alice.films"})  # else what was allowed once still is

    grant = (await exchange(alice, await consent(alice, READ_SCOPE))).grant

    assert grant.scopes == (READ_SCOPE,)
    assert [need.words for need in LIMITS.lacking(grant.scopes)] == ["upload videos"]


async def test_without_the_permission_to_read_nobody_can_say_which_channel_it_is(alice: Upload) -> None:
    await alice.app.control("youtube/disconnect", {"creator": "alice.films"})

    failure = await exchange_in_vain(alice, await consent(alice, UPLOAD_SCOPE))

    assert (failure.kind, failure.code, failure.turn) == (Kind.SIGN_IN, "scope_missing", Turn.YOU)
    assert "leave every box ticked" in failure.sentence


@pytest.mark.parametrize("wide", ["youtube", "youtube.force-ssl"])
def test_a_wider_permission_is_enough_for_both(wide: str) -> None:
    assert LIMITS.lacking([f"https://www.googleapis.com/auth/{wide}"]) == ()
    assert len(LIMITS.lacking(["https://www.googleapis.com/auth/yt-analytics.readonly"])) == 2


async def test_a_permission_without_a_refresh_token_is_refused_with_the_mend(alice: Upload) -> None:
    body = '{"access_token": "ya29.x", "expires_in": 3599, "scope": "", "token_type": "Bearer"}'
    await alice.break_next("status", "youtube.token", status=200, body=body)

    failure = await exchange_in_vain(alice, Secret("code"))

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "no_refresh_token")
    assert "https://myaccount.google.com/permissions" in failure.sentence


async def test_a_google_account_without_a_channel_is_told_so(alice: Upload) -> None:
    code = await consent(alice)
    await alice.configure(creators=[{"handle": "alice.films", "exists": False}])

    failure = await exchange_in_vain(alice, code)

    assert (failure.kind, failure.code, failure.turn) == (Kind.CHOOSE, "no_account", Turn.YOU)
    assert "no YouTube channel" in failure.sentence


async def test_an_empty_list_without_items_means_no_channel_too(alice: Upload) -> None:
    body = '{"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0, "resultsPerPage": 5}}'
    await alice.break_next("status", "youtube.channels", status=200, body=body)

    assert (await exchange_in_vain(alice, await consent(alice))).code == "no_account"


async def test_a_code_works_once(alice: Upload) -> None:
    code = await consent(alice)
    await exchange(alice, code)

    failure = await exchange_in_vain(alice, code)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "invalid_grant")


async def test_another_return_address_or_verifier_is_refused(alice: Upload) -> None:
    elsewhere = await exchange_in_vain(alice, await consent(alice), return_to=RETURN_TO + "/")
    stolen = await exchange_in_vain(alice, await consent(alice), verifier="w" * 43)

    assert (elsewhere.code, elsewhere.turn) == ("redirect_uri_mismatch", Turn.US)
    assert (stolen.kind, stolen.code) == (Kind.SIGN_IN, "invalid_grant")


@pytest.mark.parametrize("action", ["reset_after", "html_after", "malformed", "renamed", "half_body", "status_after"])
async def test_an_exchange_whose_answer_is_lost_is_unsure(alice: Upload, action: str) -> None:
    code = await consent(alice)
    await alice.break_next(action, "youtube.token")

    assert (await exchange_in_vain(alice, code)).kind is Kind.UNSURE


# ── renewal ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_renewed_grant_works_and_keeps_its_refresh_token_and_scopes(alice: Upload) -> None:
    fresh = await alice.platform.renew(alice.grant, await alice.now())

    assert fresh.access_token != alice.grant.access_token
    assert fresh.refresh_token == alice.grant.refresh_token
    assert fresh.scopes == alice.grant.scopes
    assert (await alice.platform.profile(fresh)).username == "alice.films"


async def test_a_new_refresh_token_is_kept_if_it_ever_comes(alice: Upload) -> None:
    body = '{"access_token": "ya29.x", "expires_in": 3599, "refresh_token": "1//new"}'
    await alice.break_next("status", "youtube.token", status=200, body=body)

    assert (await alice.platform.renew(alice.grant, await alice.now())).refresh_token == Secret("1//new")


async def test_a_permission_that_was_taken_away_asks_for_a_sign_in(alice: Upload) -> None:
    await alice.app.control("youtube/disconnect", {"creator": "alice.films"})

    failure = await renew_in_vain(alice, alice.grant)

    assert (failure.kind, failure.code, failure.turn) == (Kind.SIGN_IN, "invalid_grant", Turn.YOU)


async def test_a_grant_without_refresh_token_asks_for_a_sign_in(alice: Upload) -> None:
    assert (await renew_in_vain(alice, replace(alice.grant, refresh_token=None))).kind is Kind.SIGN_IN


@pytest.mark.parametrize(
    "action",
    ["reset_before", "reset_after", "status", "html", "html_after", "malformed", "renamed", "half_body"],
)
async def test_a_blip_of_the_network_is_no_end_of_the_permission(alice: Upload, action: str) -> None:
    await alice.break_next(action, "youtube.token")

    assert (await renew_in_vain(alice, alice.grant)).kind is Kind.AGAIN
    assert (await alice.platform.renew(alice.grant, await alice.now())).refresh_token == alice.grant.refresh_token


async def test_a_code_that_nobody_knows_is_no_end_of_the_permission(alice: Upload) -> None:
    await alice.break_next("status", "youtube.token", status=400, code="brand_new_code")

    assert (await renew_in_vain(alice, alice.grant)).kind is Kind.AGAIN


async def test_a_busy_token_endpoint_is_asked_later(alice: Upload) -> None:
    await alice.break_next("status", "youtube.token", status=429, code="rate_limit_exceeded")

    assert (await renew_in_vain(alice, alice.grant)).kind is Kind.LATER


async def test_a_renewal_that_was_not_sent_is_tried_again(alice: Upload, http: Http) -> None:
    alice.platform = adapter(http, alice.app.url, oauth_url="http://127.0.0.1:1")

    assert (await renew_in_vain(alice, alice.grant)).kind is Kind.AGAIN


async def test_a_wrong_client_secret_is_the_operators_turn(alice: Upload, http: Http) -> None:
    alice.platform = adapter(http, alice.app.url, client_secret="wrong@:/?[]")

    failure = await renew_in_vain(alice, alice.grant)

    assert (failure.kind, failure.code, failure.turn) == (Kind.LATER, "invalid_client", Turn.US)


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_revoked_connection_is_gone_and_revoking_again_is_fine(alice: Upload) -> None:
    await alice.platform.revoke(alice.grant)
    await alice.platform.revoke(alice.grant)

    with pytest.raises(PlatformFailure) as refused:
        await alice.platform.profile(alice.grant)
    assert refused.value.kind is Kind.SIGN_IN


async def test_a_revocation_names_the_token_that_still_lives(alice: Upload) -> None:
    await alice.configure(access_seconds=60)
    await alice.reconnect()
    await alice.pass_time(timedelta(minutes=2))
    await alice.platform.revoke(alice.grant)

    assert (await renew_in_vain(alice, alice.grant)).code == "invalid_grant"


async def test_a_revocation_without_an_answer_is_not_taken_for_done(alice: Upload) -> None:
    await alice.break_next("reset_before", "youtube.revoke")

    with pytest.raises(PlatformFailure):
        await alice.platform.revoke(alice.grant)


# ── live options ─────────────────────────────────────────────────────────────────────────────────


async def test_a_verified_channel_may_upload_long_videos(alice: Upload) -> None:
    live = await alice.platform.live(alice.grant, PUBLIC)

    assert live.most_seconds is None
    assert (live.shown["nickname"], live.shown["username"]) == ("Alice Films", "alice.films")
    assert live.shown["uploads_a_day"] == 100


async def test_a_channel_without_telephone_may_upload_a_quarter_of_an_hour(alice: Upload) -> None:
    await alice.configure(creators=[{"handle": "alice.films", "verified": False}])

    assert (await alice.platform.live(alice.grant, PUBLIC)).most_seconds == 900


async def test_a_suspended_channel_is_blocked_with_the_reason(alice: Upload) -> None:
    await alice.break_next("status", "youtube.channels", status=403, code="authenticatedUserAccountSuspended")

    live = await alice.platform.live(alice.grant, PUBLIC)

    assert live.blocked is not None
    assert live.blocked.code == "authenticated_user_account_suspended"


async def test_live_options_that_cannot_be_read_are_not_made_up(alice: Upload) -> None:
    await alice.break_next("renamed", "youtube.channels")

    with pytest.raises(PlatformFailure) as unread:
        await alice.platform.live(alice.grant, PUBLIC)
    assert unread.value.kind is Kind.AGAIN
