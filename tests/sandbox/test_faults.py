"""Each scripted fault: what the client sees, and whether the platform did its work."""

import asyncio
import sys
import time
from typing import Any

import aiohttp
import pytest

from tests.sandbox.app import App, upload_of

#: a client process that sends one init and prints what came back
CALLER = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], data=sys.argv[3].encode(), headers={
    "Authorization": f"Bearer {sys.argv[2]}", "Content-Type": "application/json"})
print("ready", flush=True)
sys.stdin.readline()
print(urllib.request.urlopen(request).status, flush=True)
"""


async def tasks_made(app: App) -> int:
    return len(await app.ledger("task_created"))


@pytest.mark.parametrize(("action", "done"), [("reset_before", 0), ("reset_after", 1)])
async def test_a_reset_leaves_no_answer(app: App, action: str, done: int) -> None:
    token = await app.grant()
    await app.fault({"n": 1}, action)
    with pytest.raises((ConnectionResetError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await app.init(token)
    assert await tasks_made(app) == done


async def test_a_reset_is_a_reset_and_not_a_polite_close(app: App) -> None:
    await app.fault({"n": 1}, "reset_before")
    host, port = app.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /tiktok-api/v2/user/info/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


@pytest.mark.parametrize(("action", "status", "done"), [("status", 503, 0), ("status_after", 503, 1), ("html", 502, 0)])
async def test_a_scripted_status_is_answered(app: App, action: str, status: int, done: int) -> None:
    token = await app.grant()
    await app.fault({"kind": "tiktok.init"}, action, status=503, code="internal_error")
    reply = await app.init(token)
    assert reply.status == status
    assert await tasks_made(app) == done
    if action == "html":
        assert reply.text.startswith("<html>")
    else:
        assert reply.code == "internal_error"


async def test_html_after_the_effect_hides_it(app: App) -> None:
    token = await app.grant()
    await app.fault({"kind": "tiktok.init"}, "html_after")
    assert (await app.init(token)).status == 502
    assert await tasks_made(app) == 1


async def test_a_scripted_status_has_the_shape_of_the_endpoint(app: App) -> None:
    await app.fault({"kind": "tiktok.token"}, "status", status=503)
    reply = await app.oauth(grant_type="refresh_token", refresh_token="x")
    assert (reply.status, reply.json["error"]) == (503, "server_error")


async def test_a_scripted_body_is_sent_as_it_is(app: App) -> None:
    await app.fault({"n": 1}, "status", status=418, body='{"odd": 1}')
    reply = await app.init("no token")
    assert (reply.status, reply.json) == (418, {"odd": 1})


@pytest.mark.parametrize("action", ["stall", "stall_after", "slow"])
async def test_a_stalled_answer_comes_in_the_end(app: App, action: str) -> None:
    token = await app.grant()
    await app.fault({"n": 1}, action, seconds=0.3)
    began = time.monotonic()
    assert (await app.init(token)).code == "ok"
    assert time.monotonic() - began > 0.25


async def test_a_stalled_request_is_done_though_the_client_gave_up(app: App) -> None:
    token = await app.grant()
    await app.fault({"n": 1}, "stall", seconds=0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await app.init(token)
    assert await tasks_made(app) == 0
    await app.noted(lambda entry: entry["effect"] == "task_created")


async def test_a_stalled_chunk_is_taken_though_the_client_gave_up(app: App) -> None:
    token = await app.grant()
    begun = await app.init(token, 4)
    await app.fault({"kind": "tiktok.upload"}, "stall", seconds=0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await app.put(begun.data["upload_url"], b"1234")
    await app.noted(lambda entry: entry["effect"] == "upload_complete")


async def test_half_a_body_breaks_off(app: App) -> None:
    token = await app.grant()
    await app.fault({"n": 1}, "half_body")
    with pytest.raises(aiohttp.ClientPayloadError):
        await app.init(token)
    assert await tasks_made(app) == 1


async def test_a_malformed_answer_is_no_json(app: App) -> None:
    token = await app.grant()
    await app.fault({"n": 1}, "malformed")
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        await app.init(token)
    assert await tasks_made(app) == 1


async def test_renamed_fields_are_elsewhere(app: App) -> None:
    token = await app.grant()
    await app.fault({"n": 1}, "renamed")
    assert set((await app.init(token)).data) == {"new_publish_id", "new_upload_url"}


@pytest.mark.parametrize(
    ("action", "accepted"), [("reset_before", 0), ("partial_upload", 0), ("reset_after", 4_000_000)]
)
async def test_an_upload_that_breaks_counts_wholly_or_not_at_all(app: App, action: str, accepted: int) -> None:
    token = await app.grant()
    begun = await app.init(token, 4_000_000)
    await app.fault({"kind": "tiktok.upload"}, action)
    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await app.put(begun.data["upload_url"], b"x" * 4_000_000)
    status = await app.status(token, begun.data["publish_id"])
    assert status.data["uploaded_bytes"] == accepted


@pytest.mark.parametrize(("action", "done"), [("kill_before", 0), ("kill_after", 1)])
async def test_the_caller_is_killed_and_dead_before_anything_goes_on(app: App, action: str, done: int) -> None:
    token = await app.grant()
    body = '{"source_info": {"source": "FILE_UPLOAD", "video_size": 3, "chunk_size": 3, "total_chunk_count": 1}}'
    url = f"{app.url}/tiktok-api/v2/post/publish/inbox/video/init/"
    pipe = asyncio.subprocess.PIPE
    caller = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CALLER, url, token, body, stdin=pipe, stdout=pipe
    )
    assert caller.stdin is not None
    assert caller.stdout is not None
    await caller.stdout.readline()
    await app.fault({"kind": "tiktok.inbox_init"}, action, pid=caller.pid)
    out, _ = await caller.communicate(b"go\n")
    assert (caller.returncode, out) == (-9, b"")
    assert await tasks_made(app) == done


async def test_a_fault_waits_for_its_turn_and_fires_as_often_as_asked(app: App) -> None:
    await app.fault({"kind": "tiktok.init", "nth": 2}, "status", times=2, status=500)
    token = await app.grant()
    await app.creator_info(token)
    assert [(await app.init(token)).status for _ in range(4)] == [200, 500, 500, 200]
    faults = await app.control("faults")
    assert faults["left"] == []
    assert [fired["n"] for fired in faults["fired"]] == [3, 4]


async def test_faults_can_be_cleared(app: App) -> None:
    await app.fault({"n": 1}, "reset_before")
    await app.send("DELETE", "/_sandbox/faults")
    assert (await app.init("no token")).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "explode"},
        {"action": "kill_before"},
        {"action": "status", "often": 2},
        {"action": "status", "n": "1"},
    ],
)
async def test_a_fault_that_cannot_be_carried_out_is_refused(app: App, wrong: dict[str, Any]) -> None:
    assert (await app.send("POST", "/_sandbox/faults", json=wrong)).status == 400


async def test_two_senders_of_one_chunk_make_one_video(app: App) -> None:
    token = await app.grant()
    begun = await app.init(token, source=upload_of(4))
    await app.fault({"kind": "tiktok.upload"}, "stall", seconds=0.2)
    url = begun.data["upload_url"]
    replies = await asyncio.gather(app.put(url, b"1234"), app.put(url, b"1234"))
    assert sorted(reply.status for reply in replies) == [201, 416]
    assert len(await app.ledger("upload_complete")) == 1
