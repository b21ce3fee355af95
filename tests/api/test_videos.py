"""/videos over the wire: streamed in, whole or not at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
import uvicorn

from playout.application.ports import Fetched
from playout.application.ports.files import PIECE
from tests.api.stage import API, Stage, problem
from tests.cast import CLIP, MOST_BYTES, stream

UPLOAD = f"{API}/videos?filename=clip.mp4"


async def test_a_video_is_taken_in_and_looked_into(stage: Stage) -> None:
    taken = (await stage.alice.post(UPLOAD, content=stream(CLIP))).json()
    assert (taken["state"], taken["thumbnail_url"], taken["duration"]) == ("probing", None, None)

    await stage.cast.work()
    video = (await stage.alice.get(f"{API}/videos/{taken['id']}")).json()

    assert video == {
        "id": taken["id"],
        "state": "ready",
        "filename": "clip.mp4",
        "size": len(CLIP),
        "sha256": hashlib.sha256(CLIP).hexdigest(),
        "duration": 15.0,
        "width": 1080,
        "height": 1920,
        "fps": 30.0,
        "video_codec": "h264",
        "audio_codec": "aac",
        "thumbnail_url": f"{API}/videos/{taken['id']}/thumbnail",
        "problems": [],
        "renditions": [],
        "created_at": "2026-11-20T12:00:00.000Z",
    }


async def test_a_thumbnail_is_a_picture_and_nothing_else(stage: Stage) -> None:
    video = await stage.cast.video(stage.cast.alice)

    answer = await stage.alice.get(f"{API}/videos/{video.id}/thumbnail")

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.content.startswith(b"\xff\xd8")


async def test_there_is_no_thumbnail_before_the_probe(stage: Stage) -> None:
    taken = (await stage.alice.post(UPLOAD, content=CLIP)).json()

    problem(await stage.alice.get(f"{API}/videos/{taken['id']}/thumbnail"), 404, "not_found")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_that_is_too_large_leaves_nothing(stage: Stage, *, announced: bool) -> None:
    big = bytes(MOST_BYTES + 1)

    answer = await stage.alice.post(UPLOAD, content=big if announced else stream(big))

    problem(answer, 413, "too_large")
    await nothing_was_kept(stage)


async def test_an_empty_file_leaves_nothing(stage: Stage) -> None:
    problem(await stage.alice.post(UPLOAD, content=b""), 422, "empty_file")
    await nothing_was_kept(stage)


async def test_an_upload_without_a_name_is_refused_unread(stage: Stage) -> None:
    errors = problem(await stage.alice.post(f"{API}/videos", content=CLIP), 422, "invalid")["errors"]

    assert [one["parameter"] for one in errors] == ["filename"]
    await nothing_was_kept(stage)


async def test_fewer_bytes_than_announced_leave_nothing_and_the_key_free(stage: Stage) -> None:
    key = {"Idempotency-Key": "an upload"}
    short = key | {"Content-Length": str(len(CLIP))}

    problem(await stage.alice.post(UPLOAD, content=stream(CLIP[:100]), headers=short), 400, "truncated_upload")

    await nothing_was_kept(stage)
    assert (await stage.alice.post(UPLOAD, content=CLIP, headers=key)).status_code == 201


async def test_a_video_in_use_is_not_deleted(stage: Stage) -> None:
    post = (await stage.cast.post(stage.cast.alice)).post

    problem(await stage.alice.delete(f"{API}/videos/{post.video_id}"), 409, "in_use")


async def test_a_deleted_video_is_gone_with_its_bytes(stage: Stage) -> None:
    video = await stage.cast.video(stage.cast.alice)

    assert (await stage.alice.delete(f"{API}/videos/{video.id}")).status_code == 204

    await nothing_was_kept(stage)


# ── over a real socket ───────────────────────────────────────────────────────────────────────────


async def test_a_client_that_hangs_up_leaves_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async with served(stage) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        token = stage.alice.headers["authorization"]
        writer.write(
            f"POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {token}\r\n"
            f"Content-Length: {len(CLIP)}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"  # so the handler waits for bytes
        writer.write(CLIP[:100])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    await nothing_was_kept(stage)  # the server has ended, so the handler has
    assert "mistake" not in caplog.text


async def test_a_stream_over_a_socket_arrives_whole(stage: Stage) -> None:
    async with served(stage) as port:
        headers = {"authorization": stage.alice.headers["authorization"]}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as alice:
            taken = await alice.post(UPLOAD, content=stream(CLIP))
            nonce = await offered(stage, taken.json()["id"])
            fetched = await alice.get(f"/pull/{nonce}.mp4")

    assert (taken.status_code, fetched.content) == (201, CLIP)
    assert "server" not in fetched.headers


async def test_a_platform_that_hangs_up_has_not_fetched_everything(stage: Stage) -> None:
    cast = stage.cast
    video, size = await cast.video(cast.alice), 32 * PIECE  # more than sockets take without anybody reading
    await cast.files.put(video.key, stream(bytes(size), PIECE), limit=size)
    await cast.store.videos.save(replace(video, size=size))
    nonce = await offered(stage, video.id)

    async with served(stage) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /pull/{nonce}.mp4 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()
        await writer.wait_closed()

    assert await cast.services.pulls.withdraw(nonce, await cast.services.pulls.find(nonce)) == Fetched.SOMETHING


async def offered(stage: Stage, video_id: str) -> str:
    video = await stage.cast.services.videos.get(stage.cast.alice, video_id)
    await stage.cast.services.pulls.offer("a-nonce", video)
    return "a-nonce"


@asynccontextmanager
async def served(stage: Stage) -> AsyncIterator[int]:
    config = uvicorn.Config(
        stage.app, host="127.0.0.1", port=0, log_config=None, access_log=False, server_header=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    listening.listen()  # so that whoever comes before the server waits
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listening.close()


async def nothing_was_kept(stage: Stage) -> None:
    assert (await stage.alice.get(f"{API}/videos")).json()["items"] == []
    assert [key async for key in stage.cast.files.list("")] == []
