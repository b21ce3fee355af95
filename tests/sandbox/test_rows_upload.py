"""Rows 31-36: the upload host."""

import asyncio

import pytest

from tests.sandbox.app import App, upload_of

CHUNK = 5_300_000
TOTAL = 2 * CHUNK + 700
FIRST, SECOND = b"a" * CHUNK, b"b" * (CHUNK + 700)


@pytest.fixture
async def url(app: App) -> str:
    """Where a video of two chunks is expected."""
    await app.control("config", {"media_checks": False})
    begun = await app.init(await app.grant(), source=upload_of(TOTAL, CHUNK, 2))
    return str(begun.data["upload_url"])


async def test_row_31_an_upload_address_lives_for_an_hour(app: App, url: str) -> None:
    await app.pass_time(3599)
    assert (await app.put(url, FIRST, 0, TOTAL)).status == 206
    await app.pass_time(2)
    assert (await app.put(url, SECOND, CHUNK, TOTAL)).status == 403
    assert await app.ledger("upload_complete") == []


async def test_row_32_another_upload_id_is_not_found(app: App, url: str) -> None:
    assert (await app.put(url.replace("upload_id=7", "upload_id=8"), FIRST, 0, TOTAL)).status == 404


async def test_row_32_another_upload_token_is_refused(app: App, url: str) -> None:
    assert (await app.put(f"{url}x", FIRST, 0, TOTAL)).status == 403


async def test_row_33_the_second_chunk_cannot_come_first(app: App, url: str) -> None:
    reply = await app.put(url, SECOND, CHUNK, TOTAL)
    assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes 0-0/{TOTAL}")


@pytest.mark.parametrize("start", [0, 1, CHUNK - 1, CHUNK + 1], ids=["repeat", "overlap", "overlap_by_1", "gap"])
async def test_row_33_a_chunk_that_is_not_the_next_tells_the_progress(app: App, url: str, start: int) -> None:
    await app.put(url, FIRST, 0, TOTAL)
    reply = await app.put(url, b"x" * 700, start, TOTAL)
    assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes 0-{CHUNK}/{TOTAL}")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Range": f"bytes 0-{CHUNK}/{TOTAL}"}, id="range_longer_than_body"),
        pytest.param({"Content-Range": f"bytes 0-{CHUNK - 1}/{TOTAL + 1}"}, id="wrong_total"),
        pytest.param({"Content-Range": f"bytes {CHUNK - 1}-0/{TOTAL}"}, id="backwards"),
        pytest.param({"Content-Range": "0-9"}, id="no_range"),
        pytest.param({"Content-Type": "application/octet-stream"}, id="wrong_type"),
    ],
)
async def test_row_34_headers_that_do_not_fit_are_refused(app: App, url: str, headers: dict[str, str]) -> None:
    assert (await app.put(url, FIRST, 0, TOTAL, **headers)).status == 400


async def test_row_34_a_chunk_of_another_size_than_declared_is_refused(app: App, url: str) -> None:
    assert (await app.put(url, FIRST[:-1], 0, TOTAL)).status == 400


@pytest.mark.parametrize("missing", ["Content-Range", "Content-Type", "Content-Length"])
async def test_row_34_each_header_must_be_there(app: App, url: str, missing: str) -> None:
    head = {
        "Host": "localhost",
        "Content-Range": f"bytes 0-{CHUNK - 1}/{TOTAL}",
        "Content-Type": "video/mp4",
        "Content-Length": str(CHUNK),
    }
    del head[missing]
    body = FIRST
    if missing == "Content-Length":
        head["Transfer-Encoding"] = "chunked"
        body = f"{CHUNK:x}\r\n".encode() + FIRST + b"\r\n0\r\n\r\n"
    assert await raw_put(app, url, head, body) == 400


async def test_row_34_a_body_that_ends_too_early_does_not_count(app: App, url: str) -> None:
    head = {
        "Host": "localhost",
        "Content-Range": f"bytes 0-{CHUNK - 1}/{TOTAL}",
        "Content-Type": "video/mp4",
        "Content-Length": str(CHUNK),
    }
    await raw_put(app, url, head, FIRST[:1000], hang_up=True)
    assert (await app.put(url, FIRST, 0, TOTAL)).status == 206


async def raw_put(app: App, url: str, head: dict[str, str], body: bytes, *, hang_up: bool = False) -> int:
    """A PUT with exactly these headers; the status. 0 if the client hangs up instead of waiting."""
    host, port = app.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"PUT {url.removeprefix(app.url)} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    status = 0 if hang_up else int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


async def test_row_35_chunks_earn_206_and_the_last_one_201(app: App, url: str) -> None:
    first = await app.put(url, FIRST, 0, TOTAL)
    last = await app.put(url, SECOND, CHUNK, TOTAL)
    assert (first.status, first.headers["Content-Range"]) == (206, f"bytes 0-{CHUNK}/{TOTAL}")
    assert (last.status, last.headers["Content-Range"]) == (201, f"bytes 0-{TOTAL}/{TOTAL}")


async def test_row_35_a_repeated_last_chunk_publishes_nothing_more(app: App, url: str) -> None:
    await app.put(url, FIRST, 0, TOTAL)
    await app.put(url, SECOND, CHUNK, TOTAL)
    assert (await app.put(url, SECOND, CHUNK, TOTAL)).status == 416
    assert len(await app.ledger("upload_complete")) == 1


async def test_row_36_a_503_leaves_the_progress_as_it_was(app: App, url: str) -> None:
    await app.fault({"kind": "tiktok.upload"}, "status", status=503)
    assert (await app.put(url, FIRST, 0, TOTAL)).status == 503
    assert (await app.put(url, FIRST, 0, TOTAL)).status == 206
