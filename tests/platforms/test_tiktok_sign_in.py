"""Connecting a TikTok account, keeping the connection alive, and ending it, against a real sandbox process."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from playout.application.ports import Connection
from playout.domain.channel import Grant
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from tests.platforms.tiktok_stage import INBOX, PUBLIC, SCOPES, Post, adapter

RETURN_TO = "http://127.0.0.1:8030/connect/tiktok/callback"
VERIFIER = Secret("v" * 64)
STATE = Secret("state-of-this-sign-in")


async def consent(show: Post, **changed: str) -> Secret:
    """The person agrees; the code comes back as it stands in the address, escaped."""
    await show.app.control("config", {"auto_consent": True})
    url = show.platform.authorize_url("tiktok", state=STATE, return_to=RETURN_TO, verifier=VERIFIER)
    reply = await show.app.send("GET", url)
    query = urlsplit(reply.headers["Location"]).query
    assert parse_qs(query)["state"] == [STATE.reveal()]
    [code] = [part.removeprefix("code=") for part in query.split("&") if part.startswith("code=")]
    return Secret(code)


async def connect(show: Post) -> Connection:
    code = await consent(show)
    [connection] = await show.platform.exchange(
        "tiktok", code=code, return_to=RETURN_TO, verifier=VERIFIER, now=await show.now()
    )
    return connection


async def exchange_in_vain(
    show: Post, code: Secret, return_to: str = RETURN_TO, verifier: Secret = VERIFIER
) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await show.platform.exchange("tiktok", code=code, return_to=return_to, verifier=verifier, now=await show.now())
    return refused.value


async def renew_in_vain(show: Post, grant: Grant) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await show.platform.renew(grant, await show.now())
    return refused.value


# ── consent and exchange ─────────────────────────────────────────────────────────────────────────


def test_the_consent_page_is_asked_for_with_a_hex_challenge(alice: Post) -> None:
    url = urlsplit(alice.platform.authorize_url("tiktok", state=STATE, return_to=RETURN_TO, verifier=VERIFIER))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}

    assert url.path == "/tiktok-www/v2/auth/authorize/"
    assert query == {
        "client_key": "sandbox-client-key",
        "scope": "user.info.basic,user.info.profile,video.publish,video.upload,video.list",
        "response_type": "code",
        "redirect_uri": RETURN_TO,
        "state": STATE.reveal(),
        "code_challenge": hashlib.sha256(VERIFIER.reveal().encode()).hexdigest(),
        "code_challenge_method": "S256",
        "disable_auto_auth": "1",
    }


async def test_a_consent_becomes_one_connection(alice: Post) -> None:
    connection = await connect(alice)

    assert connection.profile.remote_id == "-000sandbox-alice"
    assert (connection.profile.username, connection.profile.display_name) == ("alice.films", "Alice Films")
    assert connection.profile.avatar_url is not None
    assert set(connection.grant.scopes) == set(SCOPES)


async def test_lifetimes_are_those_that_tiktok_gives(alice: Post) -> None:
    await alice.app.configure(access_seconds=86_400, refresh_seconds=31_536_000)
    grant = (await connect(alice)).grant
    now = await alice.now()

    assert grant.expires_at is not None
    assert grant.refresh_expires_at is not None
    assert timedelta(hours=23) < grant.expires_at - now <= timedelta(days=1)
    assert timedelta(days=364) < grant.refresh_expires_at - now <= timedelta(days=365)


async def test_a_code_that_was_decoded_already_works_too(alice: Post) -> None:
    raw = (await consent(alice)).reveal()
    decoded = Secret(parse_qs(f"code={raw}")["code"][0])
    assert quote(decoded.reveal(), safe="-_.") == raw

    assert await alice.platform.exchange(
        "tiktok", code=decoded, return_to=RETURN_TO, verifier=VERIFIER, now=await alice.now()
    )


async def test_a_code_works_once(alice: Post) -> None:
    code = await consent(alice)
    await alice.platform.exchange("tiktok", code=code, return_to=RETURN_TO, verifier=VERIFIER, now=await alice.now())

    failure = await exchange_in_vain(alice, code)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "invalid_grant")


async def test_another_return_address_or_verifier_is_refused(alice: Post) -> None:
    elsewhere = await exchange_in_vain(alice, await consent(alice), return_to=RETURN_TO + "/")
    stolen = await exchange_in_vain(alice, await consent(alice), verifier=Secret("w" * 64))

    assert (elsewhere.kind, elsewhere.code) == (Kind.SIGN_IN, "invalid_request")
    assert (stolen.kind, stolen.code) == (Kind.SIGN_IN, "invalid_request")


@pytest.mark.parametrize("status", [200, 400])
async def test_errors_are_read_whatever_their_http_status(alice: Post, status: int) -> None:
    await alice.app.configure(oauth_error_status=status)

    assert (await exchange_in_vain(alice, Secret("nonsense"))).code == "invalid_grant"


async def test_a_wrong_client_secret_is_the_operators_turn(alice: Post, http: Http) -> None:
    wrong = replace(alice, platform=adapter(http, alice.app.url, client_secret="wrong"))

    failure = await renew_in_vain(wrong, alice.grant)

    assert (failure.kind, failure.code, failure.turn) == (Kind.LATER, "invalid_client", Turn.US)


async def test_a_person_who_keeps_the_profile_private_has_no_username(alice: Post) -> None:
    tokens = await alice.app.control("tiktok/grant", {"scopes": ["user.info.basic", "video.publish"]})
    grant = replace(alice.grant, access_token=Secret(tokens["access_token"]), scopes=tuple(tokens["scope"].split(",")))

    profile = await alice.platform.profile(grant)

    assert (profile.username, profile.display_name) == ("", "Alice Films")


# ── renewal ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_renewed_grant_works_and_the_old_refresh_token_is_dead(alice: Post) -> None:
    fresh = await alice.platform.renew(alice.grant, await alice.now())

    assert fresh.refresh_token != alice.grant.refresh_token
    assert fresh.scopes == alice.grant.scopes
    assert (await alice.platform.profile(fresh)).remote_id == "-000sandbox-alice"
    failure = await renew_in_vain(alice, alice.grant)
    assert (failure.kind, failure.code, failure.turn) == (Kind.SIGN_IN, "invalid_grant", Turn.YOU)


async def test_a_grant_without_refresh_token_asks_for_a_sign_in(alice: Post) -> None:
    assert (await renew_in_vain(alice, replace(alice.grant, refresh_token=None))).kind is Kind.SIGN_IN


@pytest.mark.parametrize(
    "action", ["reset_before", "reset_after", "html", "html_after", "malformed", "renamed", "half_body"]
)
async def test_a_renewal_whose_answer_is_lost_or_spoilt_is_unsure(alice: Post, action: str) -> None:
    await alice.break_next(action, "tiktok.token")

    assert (await renew_in_vain(alice, alice.grant)).kind is Kind.UNSURE


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable"])
async def test_a_renewal_that_tiktok_cannot_serve_now_is_tried_again(alice: Post, code: str) -> None:
    await alice.break_next("status", "tiktok.token", status=503, code=code)

    assert (await renew_in_vain(alice, alice.grant)).kind is Kind.AGAIN
    assert (await alice.platform.renew(alice.grant, await alice.now())).refresh_token != alice.grant.refresh_token


async def test_a_renewal_that_was_not_sent_is_tried_again(alice: Post, http: Http) -> None:
    nobody = replace(alice, platform=adapter(http, alice.app.url, api_url="http://127.0.0.1:1"))

    assert (await renew_in_vain(nobody, alice.grant)).kind is Kind.AGAIN


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_revoked_connection_is_gone_and_revoking_again_is_fine(alice: Post) -> None:
    await alice.platform.revoke(alice.grant)
    await alice.platform.revoke(alice.grant)

    with pytest.raises(PlatformFailure) as refused:
        await alice.platform.profile(alice.grant)
    assert refused.value.kind is Kind.SIGN_IN


async def test_a_revocation_that_tiktok_answers_with_nothing_is_fine(alice: Post) -> None:
    await alice.break_next("status", "tiktok.revoke", status=200, body="")

    await alice.platform.revoke(alice.grant)


async def test_a_revocation_without_an_answer_is_not_taken_for_done(alice: Post) -> None:
    await alice.break_next("reset_before", "tiktok.revoke")

    with pytest.raises(PlatformFailure):
        await alice.platform.revoke(alice.grant)


# ── live options ─────────────────────────────────────────────────────────────────────────────────


async def test_the_creators_own_options_are_offered(alice: Post) -> None:
    live = await alice.platform.live(alice.grant, PUBLIC)

    assert live.choices == {"privacy_level": ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")}
    assert live.refused == {}
    assert live.most_seconds == 600
    assert (live.shown["nickname"], live.shown["username"]) == ("Alice Films", "alice.films")


async def test_what_the_account_switched_off_cannot_be_switched_on(alice: Post) -> None:
    tokens = await alice.app.control("tiktok/grant", {"creator": "bob.at.home"})

    live = await alice.platform.live(replace(alice.grant, access_token=Secret(tokens["access_token"])), PUBLIC)

    assert live.refused == {
        "allow_duet": "Duet is switched off in the account's TikTok settings.",
        "allow_stitch": "Stitch is switched off in the account's TikTok settings.",
    }
    assert live.choices["privacy_level"][0] == "FOLLOWER_OF_CREATOR"


async def test_a_creator_who_may_not_post_now_is_blocked_with_the_reason(alice: Post) -> None:
    await alice.app.configure(daily_cap=0)

    live = await alice.platform.live(alice.grant, PUBLIC)

    assert live.blocked is not None
    assert live.blocked.code == "spam_risk_too_many_posts"


async def test_nothing_is_asked_for_what_goes_to_the_inbox(alice: Post) -> None:
    await alice.platform.live(alice.grant, INBOX)

    assert await alice.app.control("requests") == []
