"""Answers that YouTube has not given yet, from a small scripted server: the adapter still knows what it may say."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from playout.domain.delivery import JsonValue, Next, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from playout.platforms.youtube.mark import Mark
from playout.platforms.youtube.session import Told, Word
from tests.platforms.show import FACTS
from tests.platforms.youtube_stage import CHUNK, LARGE, TITLE, Upload, adapter, connected
from tests.sandbox.app import App

LAST = 2 * CHUNK  # where the last chunk of a large video begins


@dataclass
class Line:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Script:
    """Answers the calls with its lines in turn, the last one for ever, and keeps what was asked."""

    url: str = ""
    lines: list[Line] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, content-range

    def says(self, status: int, body: Any = b"", **headers: str) -> "Script":
        said = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.lines.append(Line(status, said, {name.replace("_", "-"): value for name, value in headers.items()}))
        return self

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.asked.append((request.path_qs, request.headers.get("Content-Range", "")))
        line = self.lines.pop(0) if len(self.lines) > 1 else self.lines[0]
        return web.Response(status=line.status, body=line.body, headers=dict(line.headers))


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    script = Script()
    server = web.Application(client_max_size=LARGE)
    server.router.add_route("*", "/{rest:.*}", script.answer)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    script.url = f"http://{host}:{port}"
    yield script
    await runner.cleanup()


@pytest.fixture
async def odd(app: App, http: Http, script: Script) -> Upload:
    """Alice's delivery at the script instead of the sandbox."""
    return replace(await connected(app, http), platform=adapter(http, script.url, api_url=script.url), size=LARGE)


async def uploading(show: Upload, script: Script, step: str = "send", **changed: JsonValue) -> None:
    """In the middle of a large upload."""
    now = (await show.now()).timestamp()
    mark: dict[str, JsonValue] = {
        "session": f"{script.url}/upload?upload_id=secret",
        "begun_at": now,
        "heard_at": now,
        "offset": LAST if step == "finish" else CHUNK,
        **changed,
    }
    show.coming = Next(step, mark, repeatable=step != "finish")


async def going_on(show: Upload) -> Next:
    outcome = await show.once()
    assert isinstance(outcome, Next)
    return outcome


async def failing(show: Upload) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as refused:
        await show.once()
    return refused.value


def error(reason: str, message: str = "No.") -> dict[str, Any]:
    return {"error": {"code": 400, "message": message, "errors": [{"message": message, "reason": reason}]}}


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "youtube#videoListResponse", "items": list(items)}


# ── the session ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "offset"),
    [({"Range": "bytes=0-33554431"}, LAST), ({"Range": "bytes=0-16777215"}, CHUNK), ({}, 0)],
    ids=["all of it", "nothing of this chunk", "nothing at all"],
)
async def test_what_youtube_has_counts_and_not_what_was_sent(
    odd: Upload, script: Script, headers: dict[str, str], offset: int
) -> None:
    await uploading(odd, script)
    script.says(308, **headers)

    outcome = await going_on(odd)

    assert (outcome.step, outcome.sent) == ("finish" if offset == LAST else "send", offset)
    assert script.asked == [("/upload?upload_id=secret", f"bytes {CHUNK}-{2 * CHUNK - 1}/{LARGE}")]


@pytest.mark.parametrize("said", ["bytes=5-9", "bytes=0-x", "bytes=0-99999999999", "0-5", "bytes=0-1,3-4"])
async def test_a_range_that_makes_no_sense_is_asked_about(odd: Upload, script: Script, said: str) -> None:
    await uploading(odd, script)
    script.says(308, Range=said)

    assert (await going_on(odd)).step == "resync"


async def test_the_question_about_the_progress_has_no_bytes(odd: Upload, script: Script) -> None:
    await uploading(odd, script, "resync")
    script.says(308, Range=f"bytes=0-{CHUNK - 1}")

    assert (await going_on(odd)).sent == CHUNK
    assert script.asked == [("/upload?upload_id=secret", f"bytes */{LARGE}")]


async def test_a_redirect_is_never_followed_and_a_new_address_replaces_the_old_one(odd: Upload, script: Script) -> None:
    await uploading(odd, script)
    script.says(308, Range=f"bytes=0-{LAST - 1}", Location=f"{script.url}/elsewhere?upload_id=2")

    outcome = await going_on(odd)

    assert outcome.checkpoint["session"] == f"{script.url}/elsewhere?upload_id=2"
    assert len(script.asked) == 1


@pytest.mark.parametrize("address", ["https://example.org/u", "https://googleapis.com.example.org/u", "/relative", ""])
async def test_a_new_address_elsewhere_never_gets_a_byte(odd: Upload, script: Script, address: str) -> None:
    await uploading(odd, script)
    script.says(308, Range=f"bytes=0-{LAST - 1}", Location=address)

    assert (await going_on(odd)).checkpoint["session"] == f"{script.url}/upload?upload_id=secret"


@pytest.mark.parametrize(
    "address", ["https://example.org/u", "https://wwwgoogleapis.com/u", "ftp://www.googleapis.com"]
)
async def test_a_session_at_a_foreign_address_gets_nothing(odd: Upload, script: Script, address: str) -> None:
    odd.coming = Next("start")
    script.says(200, Location=address)

    failure = await failing(odd)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "foreign_upload_address", Turn.US)


async def test_a_session_on_another_host_of_google_is_used(odd: Upload, script: Script) -> None:
    odd.coming = Next("start")
    script.says(200, Location="https://upload.googleapis.com/u?upload_id=1")

    assert (await going_on(odd)).checkpoint["session"] == "https://upload.googleapis.com/u?upload_id=1"


async def test_a_start_without_an_address_is_asked_again(odd: Upload, script: Script) -> None:
    odd.coming = Next("start")
    script.says(200)

    assert ((await failing(odd)).kind, odd.fenced) == (Kind.AGAIN, False)


async def test_the_address_of_a_session_is_never_printed(odd: Upload, script: Script) -> None:
    await uploading(odd, script)
    assert odd.coming is not None
    mark = Mark.of(odd.coming.checkpoint)

    assert mark.session.endswith("upload_id=secret")
    assert "secret" not in f"{mark} {Told(Word.INCOMPLETE, moved_to=mark.session)}"


async def test_a_pause_that_youtube_wants_is_made(odd: Upload, script: Script) -> None:
    await uploading(odd, script)
    script.says(308, Range=f"bytes=0-{LAST - 1}", Retry_After="17")

    assert (await going_on(odd)).after == timedelta(seconds=17)


async def test_two_who_disagree_do_not_run_in_circles(odd: Upload, script: Script) -> None:
    await uploading(odd, script)
    script.says(308, Range=f"bytes=0-{CHUNK - 1}")
    pauses = [(await going_on(odd)).after for _ in range(9)]

    assert pauses == [timedelta(seconds=pause) for pause in (1, 3, 7, 15, 31, 60, 60, 60, 60)]


async def test_an_upload_that_never_gets_on_is_left_to_the_law_to_count(odd: Upload, script: Script) -> None:
    await uploading(odd, script, detours=20)
    script.says(308, Range=f"bytes=0-{CHUNK - 1}")

    assert ((await failing(odd)).kind, (await failing(odd)).code) == (Kind.AGAIN, "upload_stuck")


async def test_a_last_byte_that_is_never_taken_is_a_question_to_a_person_in_the_end(
    odd: Upload, script: Script
) -> None:
    await uploading(odd, script, "resync", last_was_sent=True, detours=40)
    script.says(308, Range=f"bytes=0-{CHUNK - 1}")

    assert (await failing(odd)).kind is Kind.UNSURE


async def test_a_complete_upload_that_surprises_us_is_followed(odd: Upload, script: Script) -> None:
    await uploading(odd, script)
    script.says(200, {"id": "abc"})

    outcome = await going_on(odd)

    assert (outcome.step, outcome.state, outcome.handle) == ("follow", State.PROCESSING, "abc")


async def test_everything_arrived_and_no_video_yet_is_asked_about_again(odd: Upload, script: Script) -> None:
    await uploading(odd, script, "finish")
    script.says(308, Range=f"bytes=0-{LARGE - 1}")

    outcome = await going_on(odd)

    assert (outcome.step, outcome.state) == ("resync", State.PROCESSING)


@pytest.mark.parametrize("body", [b"", b"<html>", {"kind": "youtube#video"}, {"id": 7}, []], ids=str)
@pytest.mark.parametrize("status", [200, 201])
async def test_a_completion_without_an_id_is_asked_about(odd: Upload, script: Script, status: int, body: Any) -> None:
    await uploading(odd, script, "finish")
    script.says(status, body).says(201, {"id": "abc"})

    assert (await failing(odd)).kind is Kind.UNSURE
    assert (await going_on(odd)).handle == "abc"
    assert script.asked[-1][1] == f"bytes */{LARGE}"


@pytest.mark.parametrize("status", [202, 204, 302, 307, 400, 403, 404, 409, 410, 416, 418, 429, 500, 503])
async def test_no_odd_answer_to_the_last_chunk_is_believed(odd: Upload, script: Script, status: int) -> None:
    await uploading(odd, script, "finish")
    script.says(status)

    assert (await failing(odd)).kind is Kind.UNSURE
    assert odd.fenced


@pytest.mark.parametrize("status", [404, 410])
async def test_a_dead_session_is_replaced_only_when_the_last_byte_never_left(
    odd: Upload, script: Script, status: int
) -> None:
    script.says(status)
    await uploading(odd, script)
    assert (await going_on(odd)).step == "start"
    await uploading(odd, script, last_was_sent=True)
    searching = await going_on(odd)

    assert (searching.step, searching.state) == ("find", State.PROCESSING)
    assert "session" not in searching.checkpoint


async def test_a_look_at_a_dead_session_searches_and_begins_no_other(odd: Upload, script: Script) -> None:
    await uploading(odd, script, "finish")
    odd.fenced = True
    script.says(404)

    assert (await going_on(odd)).step == "find"


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("authError", Kind.SIGN_IN), ("rateLimitExceeded", Kind.LATER), ("quotaExceeded", Kind.LATER)],
)
async def test_a_question_that_is_refused_for_now_says_nothing_about_the_upload(
    odd: Upload, script: Script, reason: str, kind: Kind
) -> None:
    await uploading(odd, script, "resync", last_was_sent=True)
    script.says(403, error(reason))

    assert (await failing(odd)).kind is kind


async def test_a_final_refusal_that_is_repeated_ends_it_with_its_reason(odd: Upload, script: Script) -> None:
    await uploading(odd, script, "finish")
    script.says(400, error("badContent"))

    assert (await failing(odd)).kind is Kind.UNSURE
    failure = await failing(odd)
    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "bad_content", Turn.YOU)


async def test_a_channel_that_is_full_at_the_last_byte_gets_another_session_in_a_day(
    odd: Upload, script: Script
) -> None:
    await uploading(odd, script, "resync", last_was_sent=True)
    script.says(400, error("uploadLimitExceeded"))

    outcome = await going_on(odd)

    assert (outcome.step, outcome.after, outcome.checkpoint) == ("start", timedelta(days=1), {"round": 1})


@pytest.mark.parametrize("reason", ["forbidden", "brandNewReason"])
async def test_a_refusal_that_says_nothing_about_the_video_is_no_proof(
    odd: Upload, script: Script, reason: str
) -> None:
    script.says(403, error(reason))
    await uploading(odd, script, "resync", last_was_sent=True)
    assert (await going_on(odd)).step == "find"
    await uploading(odd, script, "resync")
    assert (await failing(odd)).kind is Kind.NEVER


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("message", "code", "hours"),
    [
        ("Quota exceeded for limit 'Video Uploads per day' of service", "uploads_per_day", 25),
        ("Quota exceeded for limit 'Queries per minute per user'", "rate_limit_exceeded", 0),
    ],
)
async def test_the_two_limits_of_the_same_name_are_told_apart(
    odd: Upload, script: Script, message: str, code: str, hours: int
) -> None:
    odd.coming = Next("start")
    script.says(429, error("rateLimitExceeded", message))

    failure = await failing(odd)

    assert (failure.kind, failure.code) == (Kind.LATER, code)
    assert failure.retry_at is not None
    assert failure.retry_at - await odd.now() <= timedelta(hours=hours, minutes=1)


@pytest.mark.parametrize("wait", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "99999999999"])
async def test_a_wait_that_cannot_be_read_is_a_minute(odd: Upload, script: Script, wait: str) -> None:
    script.says(429, error("rateLimitExceeded"), Retry_After=wait)
    task = replace(await odd.task(), step="start")
    with pytest.raises(PlatformFailure) as refused:
        await odd.platform.step(task)

    assert refused.value.retry_at == task.now + timedelta(minutes=1)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"errors": []}},
        {"error": {"errors": ["authError"]}},
        {"error": {"errors": [{"reason": 7}]}},
        {"error": "authError"},
        {},
        b"<html>",
        b"",
    ],
    ids=str,
)
async def test_a_refusal_without_a_reason_is_only_a_wait(odd: Upload, script: Script, body: Any) -> None:
    odd.coming = Next("start")
    script.says(403, body)

    assert (await failing(odd)).kind is Kind.AGAIN


async def test_an_error_in_the_newer_shape_is_read_by_its_status(odd: Upload, script: Script) -> None:
    odd.coming = Next("start")
    script.says(401, {"error": {"code": 401, "message": "No.", "status": "UNAUTHENTICATED"}})

    assert ((await failing(odd)).kind, (await failing(odd)).code) == (Kind.SIGN_IN, "unauthenticated")


async def test_no_failure_quotes_what_came_back(odd: Upload, script: Script) -> None:
    odd.coming = Next("start")
    script.says(403, error("Bearer ya29.secret!", "token ya29.secret"))

    failure = await failing(odd)

    assert "secret" not in f"{failure.code} {failure.sentence} {failure}"


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────


async def following(show: Upload) -> None:
    show.coming = Next("follow", {"video_id": "abc", "since": (await show.now()).timestamp()}, state=State.PROCESSING)


@pytest.mark.parametrize(
    "body",
    [{}, {"items": 7}, {"kind": 7}, listed({}), listed({"status": {}}), listed({"status": {"uploadStatus": 1}}), []],
    ids=str,
)
async def test_a_list_of_another_shape_is_only_a_wait(odd: Upload, script: Script, body: Any) -> None:
    await following(odd)
    script.says(200, body)

    assert (await failing(odd)).kind is Kind.AGAIN


@pytest.mark.parametrize("reason", ["forbidden", "videoNotFound", "invalidParameter", "authenticatedUserAccountClosed"])
async def test_a_refused_question_never_says_that_nothing_was_published(
    odd: Upload, script: Script, reason: str
) -> None:
    await following(odd)
    script.says(403, error(reason))

    assert (await failing(odd)).kind is Kind.AGAIN


async def test_a_word_nobody_knows_is_waited_for(odd: Upload, script: Script) -> None:
    await following(odd)
    script.says(200, listed({"status": {"uploadStatus": "pondering"}}))

    assert (await going_on(odd)).step == "follow"


@pytest.mark.parametrize("work", ["failed", "terminated"])
async def test_a_failed_processing_is_told_even_before_the_status_says_so(
    odd: Upload, script: Script, work: str
) -> None:
    await following(odd)
    details = {"processingStatus": work, "processingFailureReason": "transcodeFailed"}
    script.says(200, listed({"status": {"uploadStatus": "uploaded"}, "processingDetails": details}))

    failure = await failing(odd)

    assert (failure.kind, failure.code) == (Kind.NEVER, "transcode_failed")


# ── the search ───────────────────────────────────────────────────────────────────────────────────


async def searching(show: Upload, script: Script, *found: dict[str, Any]) -> None:
    """The channel's uploads are these."""
    now = await show.now()
    mark: dict[str, JsonValue] = {"begun_at": now.timestamp(), "since": now.timestamp()}
    show.coming = Next("find", mark, state=State.PROCESSING)
    script.says(200, listed({"contentDetails": {"relatedPlaylists": {"uploads": "UU1"}}}))
    script.says(200, listed(*({"contentDetails": {"videoId": one["id"]}} for one in found)))
    script.says(200, listed(*found))


def upload(video_id: str, name: str, size: int = LARGE, title: str = TITLE, at: str = "2100-01-01T00:00:00Z") -> Any:
    file = {"fileSize": str(size), **({"fileName": name} if name else {})}
    return {"id": video_id, "snippet": {"title": title, "publishedAt": at}, "fileDetails": file}


async def test_the_upload_of_our_name_is_ours(odd: Upload, script: Script) -> None:
    await searching(odd, script, upload("other", "dlv_2.1.mp4"), upload("ours", "dlv_1.1.mp4", 7, "Renamed since"))

    assert ((await going_on(odd)).step, odd.coming and odd.coming.handle) == ("follow", "ours")
    assert "playlistId=UU1" in script.asked[1][0]


async def test_without_names_size_and_title_and_age_together_say_that_it_is_ours(odd: Upload, script: Script) -> None:
    await searching(
        odd,
        script,
        upload("older", "", at="2020-01-01T00:00:00Z"),
        upload("larger", "", LARGE + 1),
        upload("another", "", title="Another"),
        upload("ageless", "", at="yesterday"),
        upload("ours", ""),
    )

    assert (await going_on(odd)).handle == "ours"


@pytest.mark.parametrize(
    "found",
    [
        [],
        [upload("other", "dlv_2.1.mp4")],
        [upload("one", ""), upload("two", "")],
        [{"id": "bare", "snippet": {"title": TITLE}}],
        [upload("", "dlv_1.1.mp4")],
    ],
    ids=["none", "of another delivery", "two alike", "nothing known of the file", "without an id"],
)
async def test_what_may_be_another_upload_is_not_taken(odd: Upload, script: Script, found: list[Any]) -> None:
    await searching(odd, script, *found)

    assert (await going_on(odd)).step == "find"


async def test_a_search_that_is_refused_is_only_a_wait(odd: Upload, script: Script) -> None:
    await searching(odd, script)
    script.lines = []
    script.says(403, error("forbidden"))

    assert (await failing(odd)).kind is Kind.AGAIN


# ── looks ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["check", "start", "send"])
async def test_a_look_at_what_may_be_repeated_finds_it_to_be_repeated(odd: Upload, script: Script, step: str) -> None:
    odd.coming = Next(step, {"round": 1})

    outcome = await odd.platform.look(await odd.task())

    assert isinstance(outcome, Next)
    assert (outcome.step, outcome.checkpoint) == (step, {"round": 1})
    assert script.asked == []


async def test_what_another_version_kept_beside_is_left_out(odd: Upload, script: Script) -> None:
    await uploading(odd, script, colour="green")
    script.says(308, Range=f"bytes=0-{LAST - 1}")

    assert "colour" not in (await going_on(odd)).checkpoint
    assert odd.facts == FACTS
