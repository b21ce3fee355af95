"""Answers that Instagram has not given yet, from a small scripted server: the adapter still knows what it may say."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from playout.domain.delivery import Done, JsonValue, Next, State
from playout.domain.retry import Kind, PlatformFailure
from playout.domain.secret import Secret
from playout.platforms.http import Http
from playout.platforms.instagram.rules import digest_of
from tests.platforms.instagram_stage import ACCOUNT, Reel, adapter

pytest_plugins = ("tests.platforms.instagram_cast",)

CONTAINER = "17800000000000001"


class Script:
    """Answers by the end of the path; what is not scripted is a 500."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[str] = []
        self.sent: list[Mapping[str, str]] = []
        self.answers: dict[str, tuple[int, Any, Mapping[str, str]]] = {}

    def says(self, end: str, body: Any, status: int = 200, **headers: str) -> None:
        self.answers[end] = (status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    async def serve(self, request: web.Request) -> web.Response:
        await request.read()
        self.calls.append(request.path.rpartition("/")[2])
        self.sent.append({name.lower(): value for name, value in request.headers.items()})
        end = next((end for end in self.answers if request.path.endswith(end)), "")
        status, body, headers = self.answers.get(end, (500, {}, {}))
        if isinstance(body, str):
            return web.Response(text=body, status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    script = Script()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{path:.*}", script.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    script.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield script
    await runner.cleanup()


@pytest.fixture
async def odd(reel: Reel, http: Http, script: Script) -> Reel:
    """Alice's delivery, either way, at the script instead of the sandbox."""
    return replace(
        reel,
        platform=adapter(http, reel.app.url, api=script.url, graph=script.url, rupload=f"{script.url}/meta-rupload"),
    )


async def at(reel: Reel, step: str, **changed: JsonValue) -> None:
    """In the middle of it."""
    now = (await reel.now()).timestamp()
    checkpoint: dict[str, JsonValue] = {
        "container": CONTAINER,
        "words": f"{reel.grant.extra['login']}:{digest_of(reel.caption, reel.options)}",
        "created_at": now,
        "since": now,
        "publish_at": now,
        "asked_at": now,
        "nonce": "" if reel.door is None else "n" * 32,
    }
    reel.coming = Next(step, {**checkpoint, **changed}, repeatable=step != "publish")


async def step(reel: Reel) -> Next:
    outcome = await reel.once()
    assert isinstance(outcome, Next)
    return outcome


# ── creating ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": None}, {"data": {"id": "1"}}, [], "<html>"])
async def test_a_container_without_an_id_is_asked_for_again(odd: Reel, script: Script, body: Any) -> None:
    script.says("/media", body)
    await odd.once()

    assert (await odd.fails()).kind is Kind.AGAIN


async def test_a_container_whose_id_is_a_number_is_one(puller: Reel, http: Http, script: Script) -> None:
    puller.platform = adapter(http, puller.app.url, graph=script.url)
    script.says("/media", {"id": int(CONTAINER)})
    await puller.once()

    assert (await step(puller)).handle == CONTAINER


async def test_an_upload_address_elsewhere_is_never_followed(uploader: Reel, http: Http, script: Script) -> None:
    uploader.platform = adapter(http, uploader.app.url, graph=script.url)
    script.says("/media", {"id": CONTAINER, "uri": "https://rupload.example.org/ig-api-upload/v25.0/1"})
    await uploader.once()

    failure = await uploader.fails()

    assert (failure.kind, failure.code) == (Kind.NEVER, "foreign_upload_address")


async def test_without_an_upload_address_the_documented_one_is_used(uploader: Reel, http: Http, script: Script) -> None:
    uploader.platform = adapter(http, uploader.app.url, graph=script.url)
    script.says("/media", {"id": CONTAINER})
    await uploader.once()

    uri = (await step(uploader)).checkpoint["uri"]
    assert uri == f"{uploader.app.url}/meta-rupload/ig-api-upload/v25.0/{CONTAINER}"


async def test_tokens_go_in_the_header_and_never_in_an_address(odd: Reel, script: Script) -> None:
    script.says("/media", {"id": CONTAINER, "uri": f"{script.url}/meta-rupload/ig-api-upload/v25.0/1"})
    await odd.once()
    await odd.once()

    token = odd.grant.access_token.reveal()
    assert script.sent[0]["authorization"] == f"Bearer {token}"
    assert token not in "".join(script.calls)


# ── the upload host ──────────────────────────────────────────────────────────────────────────────


async def uploading(reel: Reel, script: Script, **changed: JsonValue) -> None:
    await at(reel, "upload", uri=f"{script.url}/meta-rupload/ig-api-upload/v25.0/{CONTAINER}", **changed)


@pytest.fixture
async def odd_uploader(uploader: Reel, http: Http, script: Script) -> Reel:
    rupload = f"{script.url}/meta-rupload"
    return replace(uploader, platform=adapter(http, uploader.app.url, graph=script.url, rupload=rupload))


def debug(kind: str) -> JsonValue:
    return {"debug_info": {"retriable": False, "type": kind, "message": "words"}}


@pytest.mark.parametrize("kind", ["OffsetInvalidError", "PartialRequestError", "NotAuthorizedError"])
async def test_an_upload_that_is_refused_is_asked_about(odd_uploader: Reel, script: Script, kind: str) -> None:
    await uploading(odd_uploader, script)
    script.says(CONTAINER, debug(kind), 400)

    assert (await step(odd_uploader)).step == "resync"


async def test_an_upload_that_stays_refused_is_a_sign_in(odd_uploader: Reel, script: Script) -> None:
    await uploading(odd_uploader, script, detours=3)
    script.says(CONTAINER, debug("NotAuthorizedError"), 400)

    assert (await odd_uploader.fails()).kind is Kind.SIGN_IN


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"success": False}), (200, {}), (400, {}), (400, debug("BrandNewError")), (400, "<html>"), (502, "<html>")],
)
async def test_an_odd_answer_to_an_upload_is_only_a_wait(
    odd_uploader: Reel, script: Script, status: int, body: Any
) -> None:
    await uploading(odd_uploader, script)
    script.says(CONTAINER, body, status)
    kinds = []
    try:
        kinds.append((await step(odd_uploader)).step)
    except PlatformFailure as failure:
        kinds.append(failure.kind)

    assert kinds[0] in {Kind.AGAIN, "resync"}


@pytest.mark.parametrize(
    ("spelling", "value"),
    [("bytes_transferred", 70_000), ("bytes_transfered", 70_000), ("bytes_transferred", "70000")],
    ids=["two r", "one r", "a text"],
)
async def test_the_offset_is_read_in_every_spelling(
    odd_uploader: Reel, script: Script, spelling: str, value: JsonValue
) -> None:
    await at(odd_uploader, "resync")
    phase = {"uploading_phase": {"status": "in_progress", spelling: value}}
    script.says(CONTAINER, {"status_code": "IN_PROGRESS", "video_status": phase})

    coming = await step(odd_uploader)

    assert (coming.step, coming.sent) == ("upload", 70_000)


async def test_two_who_disagree_do_not_run_in_circles(odd_uploader: Reel, script: Script) -> None:
    phase = {"uploading_phase": {"bytes_transferred": 70_000}}
    pauses = []
    await uploading(odd_uploader, script, offset=70_000)
    for _ in range(9):
        script.says(CONTAINER, debug("OffsetInvalidError"), 400)
        pauses.append((await step(odd_uploader)).after)
        script.says(CONTAINER, {"status_code": "IN_PROGRESS", "video_status": phase})
        await odd_uploader.once()

    assert [pause.total_seconds() for pause in pauses if pause is not None] == [0, 1, 3, 7, 15, 31, 60, 60, 60]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["BRAND_NEW", "in_progress"])
async def test_a_status_that_nobody_knows_is_waited_for(odd: Reel, script: Script, word: str) -> None:
    await at(odd, "follow")
    script.says(CONTAINER, {"status_code": word})

    assert (await step(odd)).step == "follow"


@pytest.mark.parametrize("body", [{}, {"status": "Finished"}, {"status_code": 7.5}, [], "<html>"])
async def test_a_status_that_cannot_be_read_is_asked_again(odd: Reel, script: Script, body: Any) -> None:
    await at(odd, "follow")
    script.says(CONTAINER, body)

    assert (await odd.fails()).kind is Kind.AGAIN


async def test_an_older_answer_is_waited_for_without_a_page(odd: Reel, script: Script) -> None:
    await at(odd, "follow")
    script.says(CONTAINER, "<html>", 503)

    assert (await odd.fails()).kind is Kind.AGAIN


@pytest.mark.parametrize(
    "body", [{}, {"data": []}, {"data": [{"quota_usage": 3}]}, {"data": [{"config": {"quota_total": 0}}]}]
)
async def test_a_quota_that_is_not_told_leaves_it_to_instagram(odd: Reel, script: Script, body: Any) -> None:
    await at(odd, "quota")
    script.says("content_publishing_limit", body)

    assert (await step(odd)).step == "publish"


@pytest.mark.parametrize("total", [25, 50, 100])
async def test_the_quota_is_what_instagram_says(odd: Reel, script: Script, total: int) -> None:
    body = {"data": [{"quota_usage": total - 1, "config": {"quota_total": total, "quota_duration": 86_400}}]}
    await at(odd, "quota")
    script.says("content_publishing_limit", body)
    assert (await step(odd)).step == "publish"

    body["data"][0]["quota_usage"] = total
    await at(odd, "quota")
    assert (await odd.fails()).code == "quota_used_up"


# ── publishing ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"success": True}, [], "<html>", {"error": {}}])
async def test_a_publication_without_an_id_is_unsure(odd: Reel, script: Script, body: Any) -> None:
    await at(odd, "publish")
    script.says("media_publish", body)

    assert (await odd.fails()).kind is Kind.UNSURE
    assert odd.fenced


@pytest.mark.parametrize("status", [302, 400, 404, 409, 418, 429, 500, 502, 503])
@pytest.mark.parametrize("body", ["<html>", {}, {"error": {"code": 999_999}}, {"error": {"message": "no"}}])
async def test_no_odd_answer_to_a_publication_is_believed(odd: Reel, script: Script, status: int, body: Any) -> None:
    await at(odd, "publish")
    script.says("media_publish", body, status)

    assert (await odd.fails()).kind is Kind.UNSURE


@pytest.mark.parametrize("status", [500, 503])
async def test_a_known_refusal_with_a_servers_fault_is_not_believed(odd: Reel, script: Script, status: int) -> None:
    await at(odd, "publish")
    script.says("media_publish", {"error": {"code": 9, "error_subcode": 2207042}}, status)

    assert (await odd.fails()).kind is Kind.UNSURE


async def test_an_id_that_is_a_number_is_one(odd: Reel, script: Script) -> None:
    await at(odd, "publish")
    script.says("media_publish", {"id": 17900000000000001})

    outcome = await odd.once()

    assert isinstance(outcome, Done)
    assert outcome.receipt.remote_id == "17900000000000001"


async def test_the_minutes_that_meta_names_are_kept(odd: Reel, script: Script) -> None:
    usage = f'{{"{ACCOUNT}": [{{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 19}}]}}'
    await at(odd, "publish")
    script.says("media_publish", {"error": {"code": 80_002}}, 400, X_Business_Use_Case_Usage=usage)
    before = await odd.now()

    failure = await odd.fails()

    assert failure.kind is Kind.LATER
    assert failure.retry_at is not None
    assert 18 * 60 < (failure.retry_at - before).total_seconds() < 20 * 60


# ── looking ──────────────────────────────────────────────────────────────────────────────────────


def media(words: str, at_: str, changed: dict[str, JsonValue]) -> JsonValue:
    said: dict[str, JsonValue] = {"id": "17900000000000009", "permalink": "https://www.instagram.com/reel/D1/"}
    said |= {"caption": words, "timestamp": at_, "media_product_type": "REELS", **changed}
    return said


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": "yesterday"},
        {"timestamp": None},
        {"timestamp": "2026-11-20T12:00:00"},
        {"caption": None},
    ],
    ids=["no time", "none", "no zone", "no caption"],
)
async def test_a_reel_that_might_be_it_keeps_it_from_being_published_again(
    odd: Reel, script: Script, changed: dict[str, JsonValue]
) -> None:
    await at(odd, "settle", publishes=1, quiet_since=1.0)
    stamp = f"{await odd.now():%Y-%m-%dT%H:%M:%S+0000}"
    script.says(CONTAINER, {"status_code": "FINISHED"})
    script.says("/media", {"data": [media(odd.caption, stamp, changed)]})

    coming = await step(odd)

    assert (coming.step, coming.state) == ("settle", State.PROCESSING)


@pytest.mark.parametrize("changed", [{"media_product_type": "STORY"}, {"id": ""}, {"caption": "Something else"}])
async def test_what_cannot_be_it_does_not(odd: Reel, script: Script, changed: dict[str, JsonValue]) -> None:
    await at(odd, "settle", publishes=1, quiet_since=1.0)
    stamp = f"{await odd.now():%Y-%m-%dT%H:%M:%S+0000}"
    script.says(CONTAINER, {"status_code": "FINISHED"})
    script.says("/media", {"data": [media(odd.caption, stamp, changed)]})

    assert (await step(odd)).step == "quota"


async def test_a_container_in_error_after_a_publication_is_replaced_only_after_a_silence(
    odd: Reel, script: Script
) -> None:
    script.says(CONTAINER, {"status_code": "ERROR", "status": "2207053"})
    script.says("/media", {"data": []})
    await at(odd, "settle", publishes=1)
    assert (await step(odd)).step == "settle"
    await at(odd, "settle", publishes=1, quiet_since=1.0)

    assert (await step(odd)).step == "container"


async def test_a_list_that_cannot_be_read_is_no_proof_of_anything(odd: Reel, script: Script) -> None:
    await at(odd, "settle", publishes=1, quiet_since=1.0)
    script.says(CONTAINER, {"status_code": "FINISHED"})
    script.says("/media", "<html>", 404)

    assert (await odd.fails()).kind is Kind.AGAIN


# ── signing in ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error_type": "OAuthException", "code": 400, "error_message": "anything"}, Kind.SIGN_IN),
        (403, {"error": "renamed"}, Kind.SIGN_IN),
        (200, {"token": "renamed"}, Kind.UNSURE),
        (200, "<html>", Kind.UNSURE),
        (500, {"error_type": "OAuthException"}, Kind.UNSURE),
    ],
)
async def test_an_odd_answer_to_a_code_is_named(odd: Reel, script: Script, status: int, body: Any, kind: Kind) -> None:
    script.says("access_token", body, status)
    with pytest.raises(PlatformFailure) as refused:
        await odd.platform.exchange(
            "instagram", code=Secret("c"), return_to="r", verifier=Secret("v"), now=await odd.now()
        )

    assert refused.value.kind is kind


async def test_a_user_id_that_is_a_number_keeps_all_its_digits(odd: Reel, script: Script) -> None:
    script.says("access_token", {"access_token": "IG1", "user_id": 25000000000000001, "expires_in": 5_183_944})
    script.says("/me", {"id": 25000000000000001, "user_id": int(ACCOUNT), "username": "alice.films"})

    [connection] = await odd.platform.exchange(
        "instagram", code=Secret("c"), return_to="r", verifier=Secret("v"), now=await odd.now()
    )

    assert connection.profile.remote_id == ACCOUNT
    assert connection.profile.owner_id == "25000000000000001"
    assert connection.profile.display_name == "alice.films"
    assert connection.grant.scopes == ()


async def test_a_token_that_does_not_say_how_long_it_lives_is_taken_for_the_documented_time(
    odd: Reel, script: Script
) -> None:
    script.says("refresh_access_token", {"access_token": "IG2"})
    now = await odd.now()
    grant = replace(odd.grant, extra={"login": "instagram", "account": ACCOUNT})

    fresh = await odd.platform.renew(grant, now)

    assert fresh.expires_at is not None
    assert (fresh.expires_at - now).days == 60
