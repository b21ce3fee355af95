"""Uploads that a killed process left unfinished in a bucket: found, and aborted, and nothing else is."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import httpx
import pytest
from aiohttp import web

from playout.domain.errors import Unavailable
from playout.media.s3 import open_s3
from tests.aws import CREDENTIALS, AwsServer
from tests.media.stage import KEY, stream

#: Sends more than one part, and then waits for a next piece that never comes.
SENDS = """
import asyncio, sys
from playout.media.s3 import open_s3

async def pieces():
    for _ in range(20):
        yield b"x" * 1024 * 1024
    await asyncio.sleep(600)

asyncio.run(open_s3(sys.argv[1]).put(sys.argv[2], pieces(), limit=2**40))
"""
LONG = "videos/w1/long.mp4"

MIB = 1024 * 1024
DAY = timedelta(days=1)
NOW = "Tue, 10 Mar 2026 12:00:00 GMT"
#: A listing in two pages: one that is two days old, one of this hour; one that is a day old to the second.
PAGES = {
    "": ("old", "2026-03-08T12:00:00.000Z", "fresh", "2026-03-10T11:30:00.000Z", "true"),
    "fresh": ("due", "2026-03-09T12:00:00.000Z", "young", "2026-03-09T12:00:01.000Z", "false"),
}
LISTING = """<ListMultipartUploadsResult><IsTruncated>{4}</IsTruncated>
<Upload><Key>playout/{0}</Key><UploadId>{0}</UploadId><Initiated>{1}</Initiated></Upload>
<Upload><Key>playout/{2}</Key><UploadId>{2}</UploadId><Initiated>{3}</Initiated></Upload>
<NextKeyMarker>{2}</NextKeyMarker><NextUploadIdMarker>{2}</NextUploadIdMarker></ListMultipartUploadsResult>"""


@pytest.fixture
def bucket(aws_server: AwsServer) -> str:
    """Address of a new one."""
    return f"{aws_server.url}/{aws_server.bucket()}"


def files_url(bucket: str, prefix: str = "/playout") -> str:
    endpoint, _, name = bucket.rpartition("/")
    return f"s3://{name}{prefix}?region=eu-central-1&endpoint={endpoint}"


async def begin(bucket: str, key: str) -> None:
    async with httpx.AsyncClient() as somebody:
        (await somebody.post(f"{bucket}/{key}?uploads")).raise_for_status()


async def unfinished(bucket: str) -> list[str]:
    async with httpx.AsyncClient() as somebody:
        found = ET.fromstring((await somebody.get(f"{bucket}?uploads")).content)  # noqa: S314 -- moto's own
    return sorted(upload.text or "" for upload in found.findall(".//{*}Upload/{*}Key"))


async def killed_while_it_sent(bucket: str) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDS, files_url(bucket), LONG, env=os.environ | CREDENTIALS
    )
    async with asyncio.timeout(60):
        while f"playout/{LONG}" not in await unfinished(bucket):
            await asyncio.sleep(0.05)
    child.kill()
    await child.wait()


async def test_what_a_killed_process_left_is_aborted_and_nothing_else(bucket: str) -> None:
    files = open_s3(files_url(bucket))
    await files.put(KEY, stream(b"abc"), limit=3)
    await begin(bucket, "playout2/of-somebody-else.mp4")
    await begin(bucket, "of-somebody-else.mp4")
    await killed_while_it_sent(bucket)

    assert await files.sweep(timedelta(0)) == 1

    assert await unfinished(bucket) == ["of-somebody-else.mp4", "playout2/of-somebody-else.mp4"]
    assert [key async for key in files.list("")] == [KEY]
    assert await files.sweep(timedelta(0)) == 0


async def test_an_upload_that_breaks_off_is_aborted_at_once(bucket: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * MIB
        message = "cut"
        raise ConnectionResetError(message)

    with pytest.raises(ConnectionResetError, match="cut"):
        await open_s3(files_url(bucket)).put(KEY, broken(), limit=2**40)

    assert await unfinished(bucket) == []


@pytest.mark.parametrize("until", ["a piece is waited for", "pieces flow"])
async def test_an_upload_that_is_cancelled_is_aborted_at_once(bucket: str, until: str) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * MIB
        begun.set()
        while True:
            await asyncio.sleep(600 if until == "a piece is waited for" else 0)
            yield b"x" * MIB

    upload = asyncio.create_task(open_s3(files_url(bucket)).put(KEY, endless(), limit=2**40))
    await begun.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload

    assert await unfinished(bucket) == []


async def test_without_a_prefix_the_whole_bucket_is_ours(bucket: str) -> None:
    await begin(bucket, "a.mp4")
    await begin(bucket, "b/c.mp4")

    assert await open_s3(files_url(bucket, "")).sweep(timedelta(0)) == 2


class Bucket:
    """A bucket of a day in March, since moto gives every upload the same age and one page."""

    def __init__(self) -> None:
        self.aborted: list[str] = []
        self.gone: set[str] = set()
        self.listing = 200

    async def serve(self, request: web.BaseRequest) -> web.Response:
        query = {name: values[0] for name, values in parse_qs(request.query_string, keep_blank_values=True).items()}
        if request.method == "GET":
            content = LISTING.format(*PAGES[query.get("key-marker", "")])
            return self.answer(self.listing, content if self.listing == 200 else "")
        self.aborted.append(query["uploadId"])
        gone = query["uploadId"] in self.gone
        return self.answer(404, "<Error><Code>NoSuchUpload</Code></Error>") if gone else self.answer(204, "")

    def answer(self, status: int, content: str) -> web.Response:
        return web.Response(status=status, text=content, content_type="application/xml", headers={"Date": NOW})


@asynccontextmanager
async def served(bucket: Bucket) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(bucket.serve))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/bucket"
    await runner.cleanup()


@pytest.mark.usefixtures("aws_server")  # for its keys
async def test_only_what_is_old_is_aborted_on_every_page() -> None:
    bucket = Bucket()

    async with served(bucket) as address:
        assert await open_s3(files_url(address)).sweep(DAY) == 2

    assert bucket.aborted == ["old", "due"]


@pytest.mark.usefixtures("aws_server")
async def test_one_that_was_finished_meanwhile_does_not_count_and_the_others_follow() -> None:
    bucket = Bucket()
    bucket.gone = {"old"}

    async with served(bucket) as address:
        assert await open_s3(files_url(address)).sweep(DAY) == 1

    assert bucket.aborted == ["old", "due"]


@pytest.mark.usefixtures("aws_server")
@pytest.mark.parametrize("status", [405, 501])
async def test_a_store_that_cannot_list_them_keeps_them(status: int) -> None:
    bucket = Bucket()
    bucket.listing = status

    async with served(bucket) as address:
        assert await open_s3(files_url(address)).sweep(DAY) == 0


@pytest.mark.usefixtures("aws_server")
async def test_without_the_right_to_list_them_the_sweep_says_so() -> None:
    bucket = Bucket()
    bucket.listing = 403

    async with served(bucket) as address:
        with pytest.raises(Unavailable) as refused:
            await open_s3(files_url(address)).sweep(DAY)

    assert refused.value.code == "storage_refused"
