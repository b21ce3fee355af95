"""Answers that TikTok has not given yet, from a small scripted server: the adapter still knows what it may say."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from playout.domain.delivery import JsonValue, Next, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from tests.platforms.tiktok_stage import CHUNK, LARGE, PUBLIC, Post, adapter

OK = {"code": "ok", "message": ""}


class Script:
    """Answers every call with the same words, and counts them."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[str] = []
        self.answer: Mapping[str, Any] = {}

    def says(self, status: int = 200, body: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = {"status": status, "headers": named, **({"text": ""} if body is None else {"body": body})}

    async def serve(self, request: web.Request) -> web.Response:
        await request.read()
        self.calls.append(request.path)
        said = dict(self.answer)
        if "body" in said:
            return web.json_response(said.pop("body"), **said)
        return web.Response(**said)


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    script = Script()
    app = web.Application(client_max_size=LARGE)
    app.router.add_route("*", "/{path:.*}", script.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    script.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield script
    await runner.cleanup()


@pytest.fixture
async def odd(alice: Post, http: Http, script: Script) -> Post:
    """Alice's delivery at the script instead of the sandbox."""
    return replace(alice, platform=adapter(http, alice.app.url, api_url=script.url))


async def sending(show: Post, script: Script, **changed: Any) -> None:
    """In the middle of a large upload."""
    show.size = LARGE
    checkpoint: dict[str, JsonValue] = {
        "publish_id": "v_pub_file~v2-1.1",
        "upload_url": f"{script.url}/upload",
        "issued_at": (await show.now()).timestamp(),
        "chunk": CHUNK,
        "count": 6,
        "offset": CHUNK,
    }
    show.coming = Next("send", {**checkpoint, **changed})


async def failing(show: Post) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await show.once()
    return refused.value


# ── the upload host ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reached", [2 * CHUNK - 1, 2 * CHUNK], ids=["as a range", "as a count"])
async def test_progress_is_read_as_a_range_and_as_a_count(odd: Post, script: Script, reached: int) -> None:
    await sending(odd, script)
    script.says(206, Content_Range=f"bytes 0-{reached}/{LARGE}")
    await odd.once()

    assert odd.coming is not None
    assert (odd.coming.step, odd.coming.sent) == ("send", 2 * CHUNK)


async def test_a_chunk_that_is_accepted_without_a_range_counts(odd: Post, script: Script) -> None:
    await sending(odd, script)
    script.says(206)
    await odd.once()

    assert odd.coming is not None
    assert odd.coming.sent == 2 * CHUNK


async def test_an_accepted_chunk_with_another_progress_is_asked_about(odd: Post, script: Script) -> None:
    await sending(odd, script)
    script.says(206, Content_Range=f"bytes 0-{3 * CHUNK}/{LARGE}")
    await odd.once()

    assert odd.coming_step == "resync"


@pytest.mark.parametrize("progress", [0, CHUNK, 3 * CHUNK])
async def test_what_tiktok_has_decides_where_it_goes_on(odd: Post, script: Script, progress: int) -> None:
    await sending(odd, script)
    script.says(416)
    await odd.once()
    script.says(body={"data": {"status": "PROCESSING_UPLOAD", "uploaded_bytes": progress}, "error": OK})
    await odd.once()

    assert odd.coming is not None
    assert (odd.coming.step, odd.coming.sent) == ("send", progress)


async def test_two_who_disagree_do_not_run_in_circles(odd: Post, script: Script) -> None:
    await sending(odd, script)
    pauses = []
    for _ in range(9):
        script.says(416)
        await odd.once()
        script.says(body={"data": {"status": "PROCESSING_UPLOAD", "uploaded_bytes": CHUNK}, "error": OK})
        await odd.once()
        assert odd.coming is not None
        assert odd.coming.after is not None
        pauses.append(odd.coming.after.total_seconds())

    assert pauses == [0, 1, 3, 7, 15, 31, 60, 60, 60]


async def test_a_complete_upload_that_surprises_us_is_followed(odd: Post, script: Script) -> None:
    await sending(odd, script)
    script.says(201)
    await odd.once()

    assert (odd.coming_step, odd.state) == ("follow", State.PROCESSING)


async def test_a_chunk_refused_as_malformed_is_our_mistake_and_final(odd: Post, script: Script) -> None:
    await sending(odd, script)
    script.says(400)

    failure = await failing(odd)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "invalid_file_upload", Turn.US)


async def test_once_the_last_byte_was_under_way_a_refusal_is_asked_about_instead(odd: Post, script: Script) -> None:
    await sending(odd, script, last_was_sent=True)
    script.says(400)
    await odd.once()

    assert (odd.coming_step, odd.state) == ("resync", State.PROCESSING)


@pytest.mark.parametrize("status", [200, 202, 302, 400, 409, 418, 429, 500, 503])
async def test_no_odd_answer_to_the_last_chunk_is_believed(odd: Post, script: Script, status: int) -> None:
    await sending(odd, script, offset=5 * CHUNK, last_was_sent=True)
    assert odd.coming is not None
    odd.coming = replace(odd.coming, step="finish", repeatable=False)
    script.says(status)

    assert (await failing(odd)).kind is Kind.UNSURE
    assert odd.fenced


@pytest.mark.parametrize("status", [401, 403, 404, 410])
@pytest.mark.parametrize("last_was_sent", [False, True], ids=["begun", "to the end"])
async def test_a_dead_address_is_replaced_only_when_tiktok_has_not_everything(
    odd: Post,
    script: Script,
    status: int,
    *,
    last_was_sent: bool,
) -> None:
    await sending(odd, script, last_was_sent=last_was_sent)
    script.says(status)
    await odd.once()
    script.says(400, {"error": {"code": "invalid_publish_id"}})
    if last_was_sent:
        assert (await failing(odd)).kind is Kind.AGAIN
        await odd.pass_time(timedelta(days=1, minutes=1))
        assert (await failing(odd)).kind is Kind.UNSURE
    else:
        await odd.once()
        assert odd.coming_step == "check"


# ── the API ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_wait_that_tiktok_names_is_kept(odd: Post, script: Script) -> None:
    script.says(429, {"error": {"code": "rate_limit_exceeded"}}, Retry_After="17")
    task = replace(await odd.task(), step="check")
    with pytest.raises(PlatformFailure) as refused:
        await odd.platform.step(task)

    assert refused.value.kind is Kind.LATER
    assert refused.value.retry_at == task.now + timedelta(seconds=17)


@pytest.mark.parametrize("wait", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "99999999999"])
async def test_a_wait_that_cannot_be_read_is_a_minute(odd: Post, script: Script, wait: str) -> None:
    script.says(429, {"error": {"code": "rate_limit_exceeded"}}, Retry_After=wait)
    task = replace(await odd.task(), step="check")
    with pytest.raises(PlatformFailure) as refused:
        await odd.platform.step(task)

    assert refused.value.retry_at == task.now + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, Kind.AGAIN), (403, Kind.AGAIN), (502, Kind.AGAIN), (429, Kind.LATER), (200, Kind.AGAIN)],
)
async def test_a_page_instead_of_an_answer_is_only_a_wait(odd: Post, script: Script, status: int, kind: Kind) -> None:
    script.says(status)
    await odd.once()

    assert (await failing(odd)).kind is kind


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"error": OK},
        {"error": OK, "data": []},
        {"error": OK, "data": {"privacy_level_options": "SELF_ONLY"}},
        {"error": "ok", "data": {"privacy_level_options": []}},
        {"error": {"code": "brand_new_code"}},
    ],
)
async def test_an_answer_of_another_shape_is_only_a_wait(odd: Post, script: Script, body: Any) -> None:
    script.says(200, body)
    await odd.once()

    assert (await failing(odd)).kind is Kind.AGAIN


async def test_a_pull_answered_with_an_unknown_code_is_unsure(odd: Post, script: Script, http: Http) -> None:
    class Door:
        async def offer(self, nonce: str) -> str:
            return f"https://example.org/pull/{nonce}.mp4"

    odd = replace(odd, platform=adapter(http, odd.app.url, "pull", api_url=script.url), pulls=Door())
    now = (await odd.now()).timestamp()
    odd.coming = Next("pull", {"nonce": "0" * 32, "since": now}, repeatable=False)
    script.says(403, {"error": {"code": "brand_new_code"}})

    assert (await failing(odd)).kind is Kind.UNSURE
    script.says(403, {"error": {"code": "url_ownership_unverified"}})
    odd.fenced = False
    assert (await failing(odd)).kind is Kind.NEVER


async def test_a_list_that_cannot_be_read_is_no_proof_of_anything(odd: Post, script: Script) -> None:
    odd.coming = Next("follow", {"publish_id": "v_pub_file~v2-1.1", "since": 1.0}, state=State.PROCESSING)
    script.says(400, {"error": {"code": "invalid_publish_id"}})

    assert (await failing(odd)).kind is Kind.UNSURE
    assert script.calls == ["/v2/post/publish/status/fetch/", "/v2/video/list/"]


async def test_live_options_that_cannot_be_read_are_not_made_up(odd: Post, script: Script) -> None:
    script.says(500)
    with pytest.raises(PlatformFailure) as away:
        await odd.platform.live(odd.grant, PUBLIC)

    assert away.value.kind is Kind.AGAIN


async def test_a_sign_in_error_nobody_knows_is_unsure(odd: Post, script: Script) -> None:
    script.says(200, {"error": "brand_new_code"})
    with pytest.raises(PlatformFailure) as refused:
        await odd.platform.renew(odd.grant, await odd.now())

    assert refused.value.kind is Kind.UNSURE


async def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one(odd: Post, script: Script) -> None:
    script.says(200, {"access_token": "act.new", "expires_in": 7200})

    grant = await odd.platform.renew(odd.grant, await odd.now())

    assert grant.refresh_token == odd.grant.refresh_token
    assert grant.refresh_expires_at == odd.grant.refresh_expires_at
    assert grant.scopes == odd.grant.scopes


@pytest.mark.parametrize("step", ["check", "init", "send"])
async def test_a_look_at_what_may_be_repeated_finds_it_to_be_repeated(odd: Post, script: Script, step: str) -> None:
    odd.coming = Next(step, {"round": 1})

    outcome = await odd.platform.look(await odd.task())

    assert isinstance(outcome, Next)
    assert (outcome.step, outcome.checkpoint) == (step, {"round": 1})
    assert script.calls == []
