"""YouTube seen as a whole: the table of rules, request kinds, faults, the ledger, the feed."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest

from tests.sandbox.app import App
from tests.sandbox.youtube_app import BOTH, GRAIN, Tube, refusal, signed_in, stored


@pytest.fixture
async def tube(app: App) -> Tube:
    return await signed_in(app)


def test_every_row_of_the_table_has_a_test() -> None:
    """It has 53 rows."""
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_youtube_*.py"))
    tested = {
        int(number)
        for names in re.findall(r"def test_rows?_(\d\d(?:_and_\d\d)?)", sources)
        for number in names.split("_and_")
    }
    assert tested == set(range(1, 54))


async def test_a_video_goes_from_consent_to_the_feed(app: App, clip: bytes) -> None:
    tube = Tube(app)
    granted = await tube.connect()
    tube.token = granted["access_token"]
    assert granted["scope"] == BOTH
    video_id = await tube.upload(clip, snippet={"title": "Light & rain"}, privacyStatus="unlisted")
    assert (await tube.processed(video_id))["status"]["privacyStatus"] == "unlisted"
    page = (await app.send("GET", "/feed")).text
    assert "Light &amp; rain" in page
    assert "<span>Unlisted</span>" in page
    assert f'src="/feed/video/{video_id}"' in page
    effects = [entry["effect"] for entry in await app.control("ledger")]
    assert effects == ["token_issued", "session_started", "chunk_accepted", "upload_complete", "published"]
    ledger = str(await app.control("ledger"))
    assert not [token for token in (granted["access_token"], granted["refresh_token"]) if token in ledger]


async def test_kinds_are_told_apart_by_method_and_header(tube: Tube) -> None:
    await tube.app.control("config", {"media_checks": False})
    url = await tube.session(GRAIN + 1)
    await tube.ask(url, GRAIN + 1)
    await tube.put(url, b"x" * GRAIN, 0, GRAIN + 1)
    await tube.videos("zzz")
    await tube.get("nowhere")
    requests = await tube.app.control("requests")
    assert [(one["kind"].removeprefix("youtube."), one["method"], one["status"]) for one in requests] == [
        ("start", "POST", 200),
        ("query", "PUT", 308),
        ("upload", "PUT", 308),
        ("videos", "GET", 200),
        ("unknown", "GET", 404),
    ]


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, None, (503, "backendError", "global")),
        (500, None, (500, "internalError", "global")),
        (429, None, (429, "rateLimitExceeded", "global")),
        (403, "quotaExceeded", (403, "quotaExceeded", "youtube.quota")),
        (400, "uploadLimitExceeded", (400, "uploadLimitExceeded", "youtube.video")),
        (401, None, (401, "authError", "global")),
    ],
)
async def test_a_scripted_status_has_the_shape_of_the_api(
    tube: Tube, status: int, code: str | None, expected: tuple[int, str, str]
) -> None:
    wish = {"status": status} | ({"code": code} if code else {})
    for kind in ("start", "videos", "query"):
        await tube.app.fault({"kind": f"youtube.{kind}"}, "status", **wish)
    replies = await tube.start(), await tube.videos("zzz"), await tube.ask(await tube.session())
    assert [refusal(reply) for reply in replies] == [expected] * 3


async def test_a_scripted_status_of_the_oauth_host_is_flat(tube: Tube) -> None:
    await tube.app.fault({"kind": "youtube.token"}, "status", status=400, code="invalid_grant")
    await tube.app.fault({"kind": "youtube.revoke"}, "status", status=503)
    assert (await tube.refresh("x")).refusal == (400, "invalid_grant")
    assert (await tube.oauth("revoke", token="x")).refusal == (503, "server_error")


async def test_a_session_that_was_not_heard_of_is_no_video(tube: Tube) -> None:
    await tube.app.fault({"kind": "youtube.start"}, "reset_after")
    with pytest.raises(aiohttp.ClientError):
        await tube.start()
    assert len(await tube.app.ledger("session_started")) == 1
    assert await tube.app.ledger("published") == []


@pytest.mark.parametrize("action", ["reset_before", "reset_after", "kill_before"])
async def test_an_upload_is_done_wholly_or_not_at_all(tube: Tube, action: str) -> None:
    """A kill is shown with a process of its own in test_faults; here only that nothing was stored before it."""
    await tube.app.control("config", {"media_checks": False})
    url = await tube.session(GRAIN)
    sleeper = await asyncio.create_subprocess_exec("sleep", "600")
    await tube.app.fault({"kind": "youtube.upload"}, action, **({"pid": sleeper.pid} if "kill" in action else {}))
    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await tube.put(url, b"x" * GRAIN)
    if "kill" not in action:
        sleeper.kill()
    await sleeper.wait()
    done = action == "reset_after"
    assert len(await tube.app.ledger("published")) == done
    assert (await tube.ask(url, GRAIN)).status == (201 if done else 308)


async def test_a_stalled_upload_counts_when_its_last_byte_is_let_through(tube: Tube) -> None:
    await tube.app.control("config", {"media_checks": False})
    url = await tube.session(GRAIN)
    await tube.app.fault({"kind": "youtube.upload"}, "stall", seconds=0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await tube.put(url, b"x" * GRAIN)
    assert stored(await tube.ask(url, GRAIN)) == (308, None)
    await tube.app.noted(lambda entry: entry["effect"] == "published")
    assert (await tube.ask(url, GRAIN)).status == 201


@pytest.mark.parametrize("action", ["html", "html_after", "half_body", "malformed", "renamed", "slow", "stall_after"])
async def test_every_other_fault_works_on_a_chunk(tube: Tube, action: str) -> None:
    await tube.app.fault({"kind": "youtube.upload"}, action, seconds=0.05)
    url = await tube.session()
    try:
        reply = await tube.put(url, b"x" * GRAIN, 0)
    except (aiohttp.ClientError, ValueError):
        reply = None
    assert reply is None or reply.status in {200, 308, 502}
    expected = None if action == "html" else f"bytes=0-{GRAIN - 1}"
    assert stored(await tube.ask(url)) == (308, expected)


@pytest.mark.parametrize(
    "wrong",
    [{"audit": True}, {"creators": []}, {"creators": [{"name": "x"}]}, {"creators": "x"}, {"more_clients": ["x"]}],
)
async def test_a_wrong_setting_is_named(tube: Tube, wrong: dict[str, object]) -> None:
    assert (await tube.app.send("POST", "/_sandbox/config", json={"youtube": wrong})).status == 400


async def test_secrets_are_left_out_of_the_settings(tube: Tube) -> None:
    await tube.configure(more_clients=[["other", "hidden-word"]], creators=[{"handle": "dora"}])
    shown = (await tube.app.control("config"))["youtube"]
    assert "hidden-word" not in str(shown)
    assert "sandbox-client-secret" not in str(shown)
    assert shown["creators"][0]["id"] == "UCsandbox-dora0000000000"


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("grant", {"creator": "no"}),
        ("take-down", {"post_id": "no"}),
        ("numbers", {}),
        ("disconnect", {"creator": "no"}),
    ],
)
async def test_the_hand_names_what_does_not_exist(tube: Tube, verb: str, body: dict[str, str]) -> None:
    assert (await tube.app.send("POST", f"/_sandbox/youtube/{verb}", json=body)).status == 404


async def test_the_hand_refuses_scopes_that_do_not_exist(tube: Tube) -> None:
    assert (await tube.app.send("POST", "/_sandbox/youtube/grant", json={"scopes": ["x"]})).status == 400
