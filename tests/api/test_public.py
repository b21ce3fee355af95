"""What has no token: the return from a sign-in, webhooks, pull addresses, and the gate around everything."""

import json
import logging
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from playout.application.ports import Fetched
from playout.domain.channel import ChannelState
from playout.domain.limits import Need
from playout.domain.retry import Kind, PlatformFailure, Turn
from tests.api.stage import API, Stage, problem
from tests.cast import CLIP, PUBLIC_URL, signature

CALLBACK = "/connect/memory/callback"
NONCE = "nonce-@:[]"


# ── the return from a sign-in ────────────────────────────────────────────────────────────────────


async def test_a_sign_in_ends_on_a_plain_page_with_the_channels_name(stage: Stage) -> None:
    state = (await stage.cast.state(stage.cast.alice)).reveal()

    answer = await stage.nobody.get(CALLBACK, params={"code": "alice", "state": state})

    assert answer.status_code == 200
    assert "Connected @alice. You can close this tab." in answer.text
    assert state not in answer.text
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    channel = (await stage.alice.get(f"{API}/channels")).json()["items"][0]
    assert (channel["platform"], channel["remote_id"], channel["username"], channel["state"]) == (
        "memory",
        "id-alice",
        "alice",
        "connected",
    )


async def test_a_sign_in_goes_back_to_the_page_that_began_it(stage: Stage) -> None:
    state = await stage.cast.state(stage.cast.alice, return_to="/channels?new=1")

    answer = await stage.nobody.get(CALLBACK, params={"code": "alice", "state": state.reveal()})

    assert (answer.status_code, answer.headers["location"]) == (303, "/channels?new=1")


@pytest.mark.parametrize("return_to", ["https://evil.invalid/", "//evil.invalid", "/\\evil.invalid", "/a\r\nb: c"])
async def test_nobody_is_sent_elsewhere(stage: Stage, return_to: str) -> None:
    answer = await stage.alice.post(f"{API}/channels/connect", json={"platform": "memory", "return_to": return_to})

    problem(answer, 422, "bad_return_to")


async def test_a_platform_without_keys_is_named(stage: Stage) -> None:
    problem(await stage.alice.post(f"{API}/channels/connect", json={"platform": "none"}), 422, "unknown_platform")


async def test_the_page_says_what_was_not_allowed(stage: Stage) -> None:
    stage.cast.platform.needs = (Need(frozenset({"read"}), "look"), Need(frozenset({"list"}), "list"))
    state = (await stage.cast.state(stage.cast.alice)).reveal()

    answer = await stage.nobody.get(CALLBACK, params={"code": "alice", "state": state})

    assert answer.status_code == 200
    assert "But it was not allowed to look, nor to list: connect again and allow that too." in answer.text


async def test_a_person_chooses_how_to_sign_in(stage: Stage) -> None:
    stage.cast.platform.logins = ("memory", "through a page")
    body = {"platform": "memory", "login": "through a page"}

    begun = (await stage.alice.post(f"{API}/channels/connect", json=body)).json()
    query = parse_qs(urlsplit(begun["authorize_url"]).query)
    answer = await stage.nobody.get(CALLBACK, params={"code": "alice", "state": query["state"][0]})

    assert (query["login"], answer.status_code) == (["through a page"], 200)
    assert stage.cast.platform.exchanged == ["through a page"]


async def test_a_sign_in_that_there_is_not_is_pointed_to(stage: Stage) -> None:
    body = {"platform": "memory", "login": "magic"}

    told = problem(await stage.alice.post(f"{API}/channels/connect", json=body), 422, "unknown_login")

    assert [one["pointer"] for one in told["errors"]] == ["/login"]


async def test_a_state_is_good_once(stage: Stage) -> None:
    given = {"code": "alice", "state": (await stage.cast.state(stage.cast.alice)).reveal()}
    await stage.nobody.get(CALLBACK, params=given)

    refused(await stage.nobody.get(CALLBACK, params=given), 403, "bad_state")


async def test_a_state_is_good_for_ten_minutes(stage: Stage) -> None:
    given = {"code": "alice", "state": (await stage.cast.state(stage.cast.alice)).reveal()}
    stage.cast.clock.move(minutes=10, seconds=1)

    refused(await stage.nobody.get(CALLBACK, params=given), 403, "bad_state")


async def test_a_state_is_good_for_its_platform_only(stage: Stage) -> None:
    given = {"code": "alice", "state": (await stage.cast.state(stage.cast.alice)).reveal()}

    refused(await stage.nobody.get("/connect/other/callback", params=given), 403, "bad_state")


@pytest.mark.parametrize("query", ["", "code=alice", "code=alice&state=", "code=alice&state=one&state=two"])
async def test_a_return_without_one_state_is_refused(stage: Stage, query: str) -> None:
    refused(await stage.nobody.get(f"{CALLBACK}?{query}"), 403, "bad_state")


async def test_a_person_who_says_no_reads_what_the_platform_said(stage: Stage) -> None:
    given = {"error": "<b>denied</b>", "state": (await stage.cast.state(stage.cast.alice)).reveal()}

    answer = await stage.nobody.get(CALLBACK, params=given)

    refused(answer, 422, "not_agreed")
    assert "&lt;b&gt;denied&lt;/b&gt;" in answer.text


async def test_a_platform_that_fails_is_told_on_the_page(stage: Stage) -> None:
    given = {"code": "code-canary", "state": (await stage.cast.state(stage.cast.alice)).reveal()}
    stage.cast.platform.failure = PlatformFailure(Kind.NEVER, "invalid_grant", "The code was used before.")

    answer = await stage.nobody.get(CALLBACK, params=given)

    refused(answer, 502, "invalid_grant")
    assert "code-canary" not in answer.text


async def test_neither_code_nor_state_nor_nonce_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "playout")
    state = (await stage.cast.state(stage.cast.alice)).reveal()

    await stage.nobody.get(CALLBACK, params={"code": "code-canary", "state": state})
    await stage.nobody.get("/pull/nonce-canary.mp4")

    lines = [str(record.__dict__) for record in caplog.records if record.name.startswith("playout")]
    assert [line for line in lines if "'/connect/{platform}/callback'" in line]
    assert not [line for line in lines if state in line or "canary" in line]


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """A page that says why, with a code to search for."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<small>{code}</small>" in answer.text


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


async def removal_is_told(stage: Stage) -> httpx.Response:
    """News that alice's account took our access away."""
    body = json.dumps({"id": "n1", "account": "id-alice", "removed": True}).encode()
    return await stage.nobody.post("/hooks/memory", content=body, headers={"X-Memory-Signature": signature(body)})


async def test_a_signed_webhook_is_believed(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    stage.cast.platform.failure = PlatformFailure(Kind.SIGN_IN, "token_dead", "Sign in again.", turn=Turn.YOU)

    answer = await removal_is_told(stage)

    assert (answer.status_code, answer.content) == (200, b"")
    shown = (await stage.alice.get(f"{API}/channels/{channel.id}")).json()
    assert (shown["state"], shown["reason"]["whose_turn"]) == (ChannelState.NEEDS_RECONNECT, "you")


async def test_late_news_of_an_older_grant_does_not_end_the_new_one(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    assert (await removal_is_told(stage)).status_code == 200

    shown = (await stage.alice.get(f"{API}/channels/{channel.id}")).json()
    assert shown["state"] == ChannelState.CONNECTED


@pytest.mark.parametrize("signed", ["", "00" * 32])
async def test_a_webhook_with_another_signature_is_refused(stage: Stage, signed: str) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    stage.cast.clock.move(seconds=1)
    body = json.dumps({"id": "n1", "account": "id-alice", "removed": True}).encode()

    answer = await stage.nobody.post("/hooks/memory", content=body, headers={"X-Memory-Signature": signed})

    problem(answer, 403, "bad_signature")
    assert (await stage.alice.get(f"{API}/channels/{channel.id}")).json()["state"] == "connected"


async def test_a_webhook_of_nobody_is_not_found(stage: Stage) -> None:
    problem(await stage.nobody.post("/hooks/other", content=b"{}"), 404, "not_found")


async def test_a_webhook_without_end_is_refused(stage: Stage) -> None:
    problem(await stage.nobody.post("/hooks/memory", content=bytes(1024 * 1024 + 1)), 413, "too_large")


# ── what people ask for at Meta ──────────────────────────────────────────────────────────────────

PERSON = "id-alice"
SIGNED = f"{PERSON}.{signature(PERSON.encode())}"
DEAUTHORIZE, DELETION = "/hooks/meta/deauthorize", "/hooks/meta/deletion"


async def asked_at_meta(stage: Stage, where: str, signed: str = SIGNED) -> httpx.Response:
    return await stage.nobody.post(where, data={"signed_request": signed})


async def test_whoever_removes_our_app_there_has_to_connect_again(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)
    stage.cast.platform.failure = PlatformFailure(Kind.SIGN_IN, "token_dead", "Sign in again.", turn=Turn.YOU)

    answer = await asked_at_meta(stage, DEAUTHORIZE)

    assert (answer.status_code, answer.content) == (200, b"")
    assert (await stage.alice.get(f"{API}/channels/{channel.id}")).json()["state"] == "needs_reconnect"


async def test_whoever_wants_their_data_deleted_can_see_that_it_was_done(stage: Stage) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    answer = (await asked_at_meta(stage, DELETION)).json()

    assert answer.keys() == {"url", "confirmation_code"}
    assert answer["url"] == f"{PUBLIC_URL}{DELETION}/{answer['confirmation_code']}"
    page = await stage.nobody.get(answer["url"])
    assert page.status_code == 200
    assert "was deleted on 2026-11-20 at 12:00 UTC." in page.text
    shown = (await stage.alice.get(f"{API}/channels/{channel.id}")).json()
    assert (shown["state"], shown["username"], shown["scopes"]) == ("disconnected", "", [])


async def test_a_stranger_is_answered_like_anybody(stage: Stage) -> None:
    stranger = f"nobody.{signature(b'nobody')}"

    answer = await asked_at_meta(stage, DELETION, stranger)

    assert (answer.status_code, (await stage.nobody.get(answer.json()["url"])).status_code) == (200, 200)


async def test_a_code_of_no_deletion_finds_nothing(stage: Stage) -> None:
    page = await stage.nobody.get(f"{DELETION}/<b>nothing")

    assert page.status_code == 404
    assert "<b>" not in page.text
    assert "No deletion has this code" in page.text


@pytest.mark.parametrize("where", [DEAUTHORIZE, DELETION])
@pytest.mark.parametrize("body", [b"", b"signed_request=", b"signed_request=a.b", b"\xff\x00=&&", b"{}"])
async def test_what_nobody_signed_is_refused(stage: Stage, where: str, body: bytes) -> None:
    channel = await stage.cast.channel(stage.cast.alice)

    problem(await stage.nobody.post(where, content=body), 403, "bad_signature")

    assert (await stage.alice.get(f"{API}/channels/{channel.id}")).json()["state"] == "connected"


@pytest.mark.parametrize("where", [DEAUTHORIZE, DELETION])
async def test_a_request_without_end_is_refused(stage: Stage, where: str) -> None:
    problem(await stage.nobody.post(where, content=bytes(1024 * 1024 + 1)), 413, "too_large")


# ── pull addresses ───────────────────────────────────────────────────────────────────────────────


async def offer(stage: Stage) -> str:
    video = await stage.cast.video(stage.cast.alice)
    await stage.cast.services.pulls.offer(NONCE, video)
    return f"/pull/{NONCE}.mp4"


async def withdraw(stage: Stage) -> Fetched:
    pulls = stage.cast.services.pulls
    return await pulls.withdraw(NONCE, await pulls.find(NONCE))


async def test_a_file_is_pulled_whole(stage: Stage) -> None:
    answer = await stage.nobody.get(await offer(stage))

    assert (answer.status_code, answer.content) == (200, CLIP)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == 'attachment; filename="video.mp4"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await withdraw(stage) == Fetched.EVERYTHING


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=4000-", 4000, len(CLIP) - 1),
        ("bytes=-7", len(CLIP) - 7, len(CLIP) - 1),
        ("bytes=0-999999", 0, len(CLIP) - 1),
        ("bytes=-999999", 0, len(CLIP) - 1),
        ("Bytes=5-5", 5, 5),
    ],
)
async def test_one_range_is_pulled(stage: Stage, asked: str, start: int, end: int) -> None:
    answer = await stage.nobody.get(await offer(stage), headers={"Range": asked})

    assert (answer.status_code, answer.content) == (206, CLIP[start : end + 1])
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{len(CLIP)}"
    assert answer.headers["content-length"] == str(end - start + 1)


@pytest.mark.parametrize("asked", [f"bytes={len(CLIP)}-", "bytes=999999-9999999", "bytes=-0"])
async def test_a_range_behind_the_end_is_refused(stage: Stage, asked: str) -> None:
    answer = await stage.nobody.get(await offer(stage), headers={"Range": asked})

    problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CLIP)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-3", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=٣-"])
async def test_what_is_no_single_range_gives_the_whole_file(stage: Stage, asked: str) -> None:
    answer = await stage.nobody.get(await offer(stage), headers=[(b"Range", asked.encode())])

    assert (answer.status_code, answer.content) == (200, CLIP)


async def test_a_range_of_another_file_gives_the_whole_one(stage: Stage) -> None:
    address = await offer(stage)
    tag = (await stage.nobody.head(address)).headers["etag"]

    other = await stage.nobody.get(address, headers={"Range": "bytes=0-0", "If-Range": '"other"'})
    same = await stage.nobody.get(address, headers={"Range": "bytes=0-0", "If-Range": tag})

    assert (other.status_code, same.status_code) == (200, 206)


async def test_asking_for_the_head_fetches_nothing(stage: Stage) -> None:
    answer = await stage.nobody.head(await offer(stage))

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(CLIP)))
    assert await withdraw(stage) == Fetched.NOTHING


async def test_a_part_is_not_everything(stage: Stage) -> None:
    await stage.nobody.get(await offer(stage), headers={"Range": "bytes=0-9"})

    assert await withdraw(stage) == Fetched.SOMETHING


async def test_a_withdrawn_address_is_gone(stage: Stage) -> None:
    address = await offer(stage)
    await withdraw(stage)

    problem(await stage.nobody.get(address), 404, "not_found")
    assert (await stage.nobody.head(address)).status_code == 404


# ── the gate ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8030", "[::1]:8030", "playout.example", "PLAYOUT.example:443"]
)
async def test_our_own_names_are_served(stage: Stage, host: str) -> None:
    assert (await stage.nobody.get("/livez", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "playout.example.evil", "127.0.0.1@evil", "playout.example/", "", "a b"]
)
async def test_other_names_are_not(stage: Stage, host: str) -> None:
    problem(await stage.nobody.get("/livez", headers={"Host": host}), 400, "unknown_host")


async def test_two_names_at_once_are_none(stage: Stage) -> None:
    headers = [("Host", "127.0.0.1"), ("Host", "playout.example")]

    answer = await stage.nobody.send(httpx.Request("GET", "http://127.0.0.1/livez", headers=headers))

    problem(answer, 400, "unknown_host")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/api/v1/livez", "/api/v1/readyz"])
async def test_whoever_watches_the_process_needs_no_token(stage: Stage, path: str) -> None:
    answer = await stage.nobody.get(path)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_no_other_site_may_read_answers(stage: Stage) -> None:
    answer = await stage.alice.get(f"{API}/me", headers={"Origin": "https://evil.example"})

    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["x-request-id"].startswith("req_")


async def test_there_is_no_page_that_loads_foreign_scripts(stage: Stage) -> None:
    for path in ("/docs", "/redoc"):
        assert (await stage.nobody.get(path)).status_code == 404
