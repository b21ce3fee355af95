"""Connecting an account by either login, keeping the connection alive, ending it: against a real sandbox process."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from playout.application.ports import Connection, Platform, SignedRequests
from playout.domain.channel import Grant
from playout.domain.errors import Forbidden
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.instagram import Instagram
from tests.platforms.instagram_stage import (
    ACCOUNT,
    AWAY,
    BASIC,
    PAGE,
    PERSON,
    PUBLISH,
    SCOPED,
    VERSION,
    Reel,
    adapter,
    facebook_keys,
    instagram_grant,
    instagram_keys,
)
from tests.sandbox.app import App
from tests.sandbox.other_side import other_side

pytest_plugins = ("tests.platforms.instagram_cast",)

RETURN_TO = "http://127.0.0.1:8030/connect/instagram/callback"
STATE, VERIFIER = Secret("state-of-this-sign-in"), Secret("v" * 64)
DAY = timedelta(days=1)
LOGINS = ("instagram", "facebook")


def page_of(reel: Reel, login: str) -> str:
    return reel.platform.authorize_url(login, state=STATE, return_to=RETURN_TO, verifier=VERIFIER)


async def consent(reel: Reel, login: str) -> Secret:
    """The person agrees; the code comes back, with the fragment that it is copied with."""
    await reel.app.control("config", {"auto_consent": True})
    reply = await reel.app.send("GET", page_of(reel, login))
    address = urlsplit(reply.headers["Location"])
    query = parse_qs(address.query)
    assert query["state"] == [STATE.reveal()]
    return Secret(query["code"][0] + ("#_" if login == "instagram" else ""))


async def exchanged(reel: Reel, login: str, code: Secret, return_to: str = RETURN_TO) -> Sequence[Connection]:
    now = await reel.now()
    return await reel.platform.exchange(login, code=code, return_to=return_to, verifier=VERIFIER, now=now)


async def connect(reel: Reel, login: str) -> Connection:
    [connection] = await exchanged(reel, login, await consent(reel, login))
    return connection


async def exchanged_in_vain(reel: Reel, login: str, code: Secret, return_to: str = RETURN_TO) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await exchanged(reel, login, code, return_to)
    return refused.value


async def renewed_in_vain(reel: Reel, grant: Grant) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await reel.platform.renew(grant, await reel.now())
    return refused.value


def test_it_is_a_platform_that_hears_of_removals(puller: Reel) -> None:
    platform: Platform = puller.platform

    assert platform.name == "instagram"
    assert isinstance(platform, SignedRequests)


async def test_the_logins_are_those_that_there_are_keys_for(http: Http) -> None:
    own, page = instagram_keys(AWAY), facebook_keys(AWAY)

    assert Instagram(http, instagram=own, facebook=page, version=VERSION).logins == LOGINS
    assert Instagram(http, instagram=own, facebook=None, version=VERSION).logins == ("instagram",)
    assert Instagram(http, instagram=None, facebook=page, version=VERSION).logins == ("facebook",)


# ── consent and exchange ─────────────────────────────────────────────────────────────────────────


def test_the_consent_page_asks_for_what_is_used_and_no_more(puller: Reel) -> None:
    url = urlsplit(page_of(puller, "instagram"))

    assert url.path == "/instagram-www/oauth/authorize"
    assert {name: values[0] for name, values in parse_qs(url.query).items()} == {
        "client_id": "sandbox-client-id",
        "redirect_uri": RETURN_TO,
        "response_type": "code",
        "scope": f"{BASIC},{PUBLISH}",
        "state": STATE.reveal(),
        "force_reauth": "true",
    }


def test_the_dialog_of_facebook_asks_for_pages_and_their_accounts(puller: Reel) -> None:
    url = urlsplit(page_of(puller, "facebook"))

    assert url.path == f"/facebook-www/{VERSION}/dialog/oauth"
    assert parse_qs(url.query)["scope"] == [
        "instagram_basic,instagram_content_publish,pages_show_list,pages_read_engagement,business_management"
    ]


@pytest.mark.parametrize("shape", ["flat", "data"])
@pytest.mark.parametrize("permissions", ["string", "list"])
async def test_instagram_login_connects_one_account_in_every_shape(puller: Reel, shape: str, permissions: str) -> None:
    await puller.configure(token_shape=shape, me_shape=shape, permissions_as=permissions)

    connection = await connect(puller, "instagram")

    profile, grant = connection.profile, connection.grant
    assert (profile.remote_id, profile.owner_id) == (ACCOUNT, SCOPED)
    assert (profile.username, profile.display_name) == ("alice.films", "Alice Films")
    assert profile.avatar_url is not None
    assert grant.scopes == (BASIC, PUBLISH)
    assert grant.extra == {"login": "instagram", "account": ACCOUNT}


async def test_a_connection_lasts_sixty_days_and_is_renewed_halfway(puller: Reel) -> None:
    grant = (await connect(puller, "instagram")).grant
    now = await puller.now()

    assert grant.access_token == grant.refresh_token
    assert grant.expires_at == grant.refresh_expires_at
    assert grant.expires_at is not None
    assert grant.renew_at is not None
    assert timedelta(days=59) < grant.expires_at - now <= timedelta(days=60)
    assert timedelta(days=29) < grant.renew_at - now <= timedelta(days=30)


async def test_a_code_works_once(puller: Reel) -> None:
    code = await consent(puller, "instagram")
    await exchanged(puller, "instagram", code)

    failure = await exchanged_in_vain(puller, "instagram", code)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "code_refused")


async def test_another_return_address_is_refused(puller: Reel) -> None:
    code = await consent(puller, "instagram")

    assert (await exchanged_in_vain(puller, "instagram", code, RETURN_TO + "/")).code == "code_refused"


async def test_a_wrong_secret_is_refused_with_a_hint_for_the_operator(puller: Reel, http: Http) -> None:
    code = await consent(puller, "instagram")
    puller.platform = adapter(http, puller.app.url, secret="wrong")

    failure = await exchanged_in_vain(puller, "instagram", code)

    assert failure.kind is Kind.SIGN_IN
    assert "settings" in failure.sentence


@pytest.mark.parametrize(
    "action", ["reset_before", "reset_after", "status_after", "html", "malformed", "renamed", "half_body"]
)
async def test_an_exchange_whose_answer_is_lost_has_to_begin_again(puller: Reel, action: str) -> None:
    code = await consent(puller, "instagram")
    await puller.break_next(action, "instagram.token")

    assert (await exchanged_in_vain(puller, "instagram", code)).kind is Kind.UNSURE


async def test_an_exchange_that_was_not_sent_can_be_tried_again(puller: Reel, http: Http) -> None:
    code = await consent(puller, "instagram")
    there, puller.platform = puller.platform, adapter(http, puller.app.url, api=AWAY)

    assert (await exchanged_in_vain(puller, "instagram", code)).kind is Kind.AGAIN
    puller.platform = there
    assert await exchanged(puller, "instagram", code)


@pytest.mark.parametrize("kind", ["PERSONAL", "Personal"])
async def test_a_personal_account_is_told_so(puller: Reel, kind: str) -> None:
    code = await consent(puller, "instagram")
    alice = {"id": ACCOUNT, "scoped_id": SCOPED, "username": "alice.films", "name": "Alice", "account_type": kind}
    await puller.configure(accounts=[alice])

    failure = await exchanged_in_vain(puller, "instagram", code)

    assert (failure.kind, failure.code) == (Kind.CHOOSE, "no_account")
    assert "professional" in failure.sentence


# ── Facebook Login ───────────────────────────────────────────────────────────────────────────────


async def test_facebook_login_connects_the_accounts_of_the_ticked_pages(puller: Reel) -> None:
    connection = await connect(puller, "facebook")

    profile, grant = connection.profile, connection.grant
    assert (profile.remote_id, profile.owner_id) == (ACCOUNT, PERSON)
    assert (profile.username, profile.display_name) == ("alice.films", "Alice Films")
    assert {"login": "facebook", "account": ACCOUNT, "page_id": PAGE}.items() <= grant.extra.items()
    assert "instagram_content_publish" in grant.scopes


async def test_the_token_of_a_page_does_not_end_and_the_persons_renews_it(puller: Reel) -> None:
    grant = (await connect(puller, "facebook")).grant

    assert grant.expires_at is None
    assert grant.renew_at is None
    assert grant.refresh_token not in {None, grant.access_token}
    fresh = await puller.platform.renew(grant, await puller.now())
    assert fresh.extra == grant.extra
    assert (await puller.platform.profile(fresh)).remote_id == ACCOUNT


async def test_a_connection_by_facebook_publishes(uploader: Reel) -> None:
    uploader.grant = (await connect(uploader, "facebook")).grant

    assert (await uploader.is_published()).url is not None


async def test_a_connection_by_instagram_publishes(puller: Reel) -> None:
    puller.grant = (await connect(puller, "instagram")).grant

    assert (await puller.is_published()).url is not None


@pytest.mark.parametrize(
    ("ticked", "word"), [("none", "no Page was ticked"), (["200000000000002"], "No Instagram account is linked")]
)
async def test_pages_without_an_account_are_told_so(puller: Reel, ticked: object, word: str) -> None:
    await puller.app.control("config", {"facebook": {"tick": ticked}})

    failure = await exchanged_in_vain(puller, "facebook", await consent(puller, "facebook"))

    assert (failure.kind, failure.code) == (Kind.CHOOSE, "no_account")
    assert word in failure.sentence


async def test_an_app_that_demands_proofs_gets_them(uploader: Reel) -> None:
    await uploader.app.control("config", {"facebook": {"require_proof": True}})
    uploader.grant = (await connect(uploader, "facebook")).grant

    await uploader.is_published()


# ── renewal ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_renewed_grant_lasts_another_sixty_days(puller: Reel) -> None:
    await puller.pass_time(30 * DAY)
    now = await puller.now()
    fresh = await puller.platform.renew(puller.grant, now)

    assert fresh.access_token == fresh.refresh_token != puller.grant.access_token
    assert fresh.scopes == puller.grant.scopes
    assert fresh.extra == puller.grant.extra
    assert fresh.expires_at is not None
    assert fresh.expires_at - now > timedelta(days=59)
    assert (await puller.platform.profile(fresh)).remote_id == ACCOUNT


async def test_a_grant_younger_than_a_day_cannot_be_renewed(puller: Reel) -> None:
    failure = await renewed_in_vain(puller, puller.grant)

    assert (failure.kind, failure.code) == (Kind.SIGN_IN, "too_young_to_renew")


async def test_an_older_grant_whose_renewal_is_not_understood_goes_on_living(puller: Reel) -> None:
    await puller.pass_time(30 * DAY)
    await puller.refused("100", "instagram.refresh")

    assert (await renewed_in_vain(puller, puller.grant)).kind is Kind.AGAIN


async def test_a_dead_grant_asks_for_a_sign_in(puller: Reel) -> None:
    await puller.pass_time(61 * DAY)
    assert (await renewed_in_vain(puller, puller.grant)).code == "graph_190_463"

    puller.grant = await instagram_grant(puller.app)
    await puller.app.control("instagram/disconnect", {})
    gone = await renewed_in_vain(puller, puller.grant)
    assert (gone.kind, gone.code, gone.turn) == (Kind.SIGN_IN, "graph_190_458", Turn.YOU)


async def test_a_grant_without_anything_to_renew_with_asks_for_a_sign_in(reel: Reel) -> None:
    assert (await renewed_in_vain(reel, replace(reel.grant, refresh_token=None))).kind is Kind.SIGN_IN


@pytest.mark.parametrize("action", ["reset_before", "reset_after", "html_after", "malformed", "renamed", "half_body"])
async def test_a_renewal_without_an_answer_is_tried_again(puller: Reel, action: str) -> None:
    await puller.pass_time(30 * DAY)
    await puller.break_next(action, "instagram.refresh")

    assert (await renewed_in_vain(puller, puller.grant)).kind is Kind.AGAIN
    assert (await puller.platform.renew(puller.grant, await puller.now())).access_token != puller.grant.access_token


@pytest.mark.parametrize("status", [400, 401])
async def test_a_token_that_nobody_can_read_is_a_sign_in(puller: Reel, status: int) -> None:
    await puller.configure(unparsable_status=status)
    with pytest.raises(PlatformFailure) as refused:
        await puller.platform.profile(replace(puller.grant, access_token=Secret("xxx")))

    assert (refused.value.kind, refused.value.code) == (Kind.SIGN_IN, "graph_190")


async def test_a_channel_whose_login_lost_its_keys_has_to_be_connected_anew(uploader: Reel, http: Http) -> None:
    uploader.platform = Instagram(http, instagram=instagram_keys(uploader.app.url), facebook=None, version=VERSION)
    failure = await renewed_in_vain(uploader, uploader.grant)
    sending = await uploader.to_the_end()

    assert isinstance(sending, PlatformFailure)
    assert (failure.kind, failure.code) == (sending.kind, sending.code) == (Kind.SIGN_IN, "login_not_configured")


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_revoked_connection_of_facebook_is_gone_and_revoking_again_is_fine(uploader: Reel) -> None:
    await uploader.platform.revoke(uploader.grant)
    await uploader.platform.revoke(uploader.grant)

    with pytest.raises(PlatformFailure) as refused:
        await uploader.platform.profile(uploader.grant)
    assert refused.value.kind is Kind.SIGN_IN


async def test_a_connection_of_instagram_is_only_forgotten(puller: Reel) -> None:
    await puller.platform.revoke(puller.grant)

    assert (await puller.platform.profile(puller.grant)).remote_id == ACCOUNT


async def removal(app: App, login: str) -> str:
    """What the platform sends when the person removes the app."""
    async with other_side() as side:
        await app.control("config", {login: {"deauthorize_url": f"{side.url}/hooks"}})
        await app.control(f"{login}/disconnect", {})
        await app.hook("deauthorize")
        [(_, body)] = side.heard
    return parse_qs(body.decode())["signed_request"][0]


@pytest.mark.parametrize("secret", ["sandbox-client-secret", "one-of-its-own"])
async def test_a_removal_names_the_owner_whichever_app_signed_it(puller: Reel, http: Http, secret: str) -> None:
    await puller.configure(client_secret=secret)
    own, page = instagram_keys(puller.app.url, secret=secret), facebook_keys(puller.app.url)
    both = Instagram(http, instagram=own, facebook=page, version=VERSION)
    other = Instagram(http, instagram=None, facebook=facebook_keys(puller.app.url, secret="other"), version=VERSION)
    request = await removal(puller.app, "instagram")

    assert both.withdrawn_by(request, await puller.now()) == SCOPED
    with pytest.raises(Forbidden):
        other.withdrawn_by(request, await puller.now())


async def test_a_removal_through_facebook_names_the_person(uploader: Reel) -> None:
    request = await removal(uploader.app, "facebook")

    assert uploader.platform.withdrawn_by(request, await uploader.now()) == PERSON


# ── live options ─────────────────────────────────────────────────────────────────────────────────


async def test_what_is_left_of_the_quota_is_shown(reel: Reel) -> None:
    await reel.configure(quota_total=3)
    await reel.is_published()

    live = await reel.platform.live(reel.grant, {})

    assert live.blocked is None
    assert live.shown == {"posts_left": 2, "posts_used": 1, "posts_total": 3, "quota_hours": 24}


async def test_a_quota_that_is_used_up_blocks(reel: Reel) -> None:
    await reel.configure(quota_total=0)

    live = await reel.platform.live(reel.grant, {})

    assert live.blocked is not None
    assert live.blocked.code == "quota_used_up"
    assert live.shown["posts_left"] == 0


async def test_live_options_that_cannot_be_read_are_not_made_up(reel: Reel) -> None:
    await reel.refused("2", "instagram.quota", status=500)
    with pytest.raises(PlatformFailure) as away:
        await reel.platform.live(reel.grant, {})

    assert away.value.kind is Kind.AGAIN
