"""What only S3 has to hold: what it is sent, how long it may be silent, how little memory a large file takes."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import psutil
import pytest
from aiohttp import web

from playout.domain.errors import FileGone, Unavailable
from playout.media.buckets import ObjectFiles, Patience
from playout.media.s3 import open_s3
from tests.aws import CREDENTIALS, AwsServer
from tests.media.guarded import Guarded, guarded
from tests.media.stage import KEY, stream

MIB = 1024 * 1024
PART = 8 * MIB
SHORT = timedelta(milliseconds=200)
#: A second in all, whatever is asked, but for a copy that gives signs of life.
IMPATIENT = Patience(answer=SHORT, part=SHORT, copy=timedelta(hours=1), again=SHORT, tries=1)


async def drained(files: ObjectFiles, length: int) -> list[int]:
    return [len(piece) async for piece in files.read(KEY, 0, length)]


async def listed(files: ObjectFiles) -> list[str]:
    return [key async for key in files.list("")]


async def mebibytes(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * MIB


CALLS: dict[str, Callable[[ObjectFiles], Awaitable[object]]] = {
    "put": lambda files: files.put(KEY, stream(b"abc"), limit=3),
    "read": lambda files: drained(files, 1),
    "size": lambda files: files.size(KEY),
    "copy": lambda files: files.copy(KEY, "pull/n0nce.mp4"),
    "delete": lambda files: files.delete(KEY),
    "list": listed,
    "sweep": lambda files: files.sweep(timedelta(0)),
}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def s3(aws_server: AwsServer) -> AsyncIterator[Guarded]:
    async with guarded(aws_server.url) as proxy:
        yield proxy


@pytest.fixture
def files(s3: Guarded, aws_server: AwsServer) -> ObjectFiles:
    return open_s3(f"s3://{aws_server.bucket()}/playout?region=eu-central-1&endpoint={s3.url}")


# ── what is sent ────────────────────────────────────────────────────────────────────────────────


async def test_parts_have_one_size_and_carry_no_checksums_that_r2_and_old_minio_refuse(
    s3: Guarded, files: ObjectFiles
) -> None:
    await files.put(KEY, mebibytes(19), limit=19 * MIB)
    await files.copy(KEY, "pull/n0nce.mp4")

    assert sorted(call.size for call in s3.calls if "partNumber=" in call.target) == [3 * MIB, PART, PART]
    for call in s3.calls:
        assert not [name for name in call.headers if "checksum" in name or "trailer" in name]
        assert "aws-chunked" not in call.headers.get("content-encoding", "")
        assert call.headers.get("x-amz-content-sha256", "").partition("-")[0] != "STREAMING"


async def test_a_read_asks_for_one_mebibyte_at_a_time(s3: Guarded, files: ObjectFiles) -> None:
    await files.put(KEY, mebibytes(4), limit=4 * MIB)
    s3.calls.clear()

    assert await drained(files, 3 * MIB + 1) == [MIB, MIB, MIB, 1]

    assert {(call.method, call.headers.get("range")) for call in s3.calls} == {
        ("HEAD", None),
        ("GET", f"bytes=0-{MIB - 1}"),
        ("GET", f"bytes={MIB}-{2 * MIB - 1}"),
        ("GET", f"bytes={2 * MIB}-{3 * MIB - 1}"),
        ("GET", f"bytes={3 * MIB}-{3 * MIB}"),
    }
    assert len(s3.calls) == 5


async def test_a_read_mixes_no_two_files(files: ObjectFiles) -> None:
    await files.put(KEY, mebibytes(4), limit=4 * MIB)
    reading = files.read(KEY, 0, 4 * MIB)
    await anext(reading)

    await files.put(KEY, stream(os.urandom(4 * MIB)), limit=4 * MIB)

    with pytest.raises(FileGone):
        _ = [piece async for piece in reading]


async def test_one_file_is_deleted_by_a_request_that_every_store_knows(s3: Guarded, files: ObjectFiles) -> None:
    await files.put(KEY, stream(b"abc"), limit=3)
    s3.calls.clear()

    await files.delete(KEY)

    assert [(call.method, call.target.rpartition("/playout/")[2]) for call in s3.calls] == [("DELETE", KEY)]


async def test_a_copy_is_one_request_and_no_bytes(s3: Guarded, files: ObjectFiles) -> None:
    await files.put(KEY, mebibytes(9), limit=9 * MIB)
    s3.calls.clear()

    await files.copy(KEY, "pull/n0nce.mp4")

    assert [(call.method, call.size) for call in s3.calls] == [("PUT", 0)]


# ── a store that does not serve ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("call", CALLS)
async def test_a_store_that_takes_connections_and_is_silent_is_unavailable(call: str) -> None:
    held: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    files = open_s3(f"s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:{port}", patience=IMPATIENT)

    async with asyncio.timeout(30), silent:
        with pytest.raises(Unavailable) as refused:
            await CALLS[call](files)
        for writer in held:
            writer.close()

    assert refused.value.code == "storage_broken"


@pytest.mark.parametrize("call", CALLS)
async def test_a_store_that_is_not_there_is_unavailable_and_its_keys_stay_secret(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int, call: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "planted-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted@:/?[]")
    files = open_s3(f"s3://bucket?region=us-east-1&endpoint=http://127.0.0.1:{unused_tcp_port}", patience=IMPATIENT)

    with pytest.raises(Unavailable) as refused:
        await CALLS[call](files)

    assert refused.value.code == "storage_broken"
    assert "planted" not in refused.value.sentence


@pytest.mark.parametrize(
    "call", sorted(CALLS.keys() - {"list"})
)  # of a refused listing obstore says only that it failed
async def test_a_store_that_refuses_our_keys_says_so(refusing: str, call: str) -> None:
    files = open_s3(f"s3://bucket?region=us-east-1&endpoint={refusing}", patience=IMPATIENT)

    with pytest.raises(Unavailable) as refused:
        await CALLS[call](files)

    assert refused.value.code == "storage_refused"


@pytest.fixture
async def refusing() -> AsyncIterator[str]:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")

    runner = web.ServerRunner(web.Server(refuse))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


# ── memory ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
async def test_a_large_file_goes_in_and_out_in_little_memory(aws_server: AwsServer) -> None:
    files = open_s3(f"s3://{aws_server.bucket()}?region=eu-central-1&endpoint={aws_server.url}")
    await files.put(KEY, mebibytes(16), limit=16 * MIB)
    await drained(files, 16 * MIB)  # what the libraries take once is not counted
    me, most = psutil.Process(), 0
    before = me.memory_info().rss

    async def watched() -> AsyncIterator[bytes]:
        nonlocal most
        async for piece in mebibytes(96):
            most = max(most, me.memory_info().rss)
            yield piece

    await files.put(KEY, watched(), limit=96 * MIB)
    async for _ in files.read(KEY, 0, 96 * MIB):
        most = max(most, me.memory_info().rss)

    assert most - before < 64 * MIB
