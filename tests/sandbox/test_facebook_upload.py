"""Rows 17-22 of Facebook's table of rules: the rupload host."""

import asyncio
import hashlib
from typing import Any

import aiohttp
import pytest

from tests.sandbox.app import App, eventually
from tests.sandbox.facebook_app import AT_HOME, FILMS, Facebook, debug_info
from tests.sandbox.facebook_side import app_side
from tests.sandbox.other_side import other_side

DATA = bytes(range(256)) * 12_000
OFFSET = "HeaderValuePredicate: Header Offset not convertable to unsigned long"


class Session:
    """A reel that waits for its bytes."""

    def __init__(self, facebook: Facebook, token: str, begun: Any) -> None:
        self.facebook = facebook
        self.app = facebook.app
        self.token = token
        self.id = str(begun["video_id"])
        self.url = str(begun["upload_url"])

    async def send(self, data: bytes, at: int = 0, **headers: str) -> Any:
        return await self.facebook.upload(self.url, self.token, data, at, **{"file_size": str(len(DATA)), **headers})

    async def progress(self) -> tuple[str, int]:
        phase = (await self.facebook.status(self.token, self.id))["uploading_phase"]
        return phase["status"], phase["bytes_transferred"]


@pytest.fixture
async def session(app: App) -> Session:
    await app.control("config", {"media_checks": False})
    facebook = Facebook(app)
    token = await facebook.page_token()
    return Session(facebook, token, await facebook.start(token))


async def test_start_publishes_nothing_and_the_bytes_neither(session: Session) -> None:
    assert session.url == f"{session.app.url}/meta-rupload/video-upload/v25.0/{session.id}"
    assert await session.progress() == ("not_started", 0)
    assert (await session.send(DATA)).json == {"success": True}
    assert await session.progress() == ("complete", len(DATA))
    done = (await session.app.ledger("upload_complete"))[0]
    assert (done["size"], done["sha256"]) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert await session.app.ledger("published") == []


@pytest.mark.parametrize("scheme", ["Bearer", "oauth", ""])
async def test_row_17_the_scheme_is_oauth(session: Session, scheme: str) -> None:
    reply = await session.send(DATA, Authorization=f"{scheme} {session.token}".strip())
    assert debug_info(reply) == (400, "NotAuthorizedError", "User not authorized to perform this request")
    assert reply.json["debug_info"]["retriable"] is False


async def test_row_17_only_the_token_of_the_page_may_send(session: Session) -> None:
    facebook = session.facebook
    user = (await facebook.grant())["access_token"]
    for token in (await facebook.page_token(AT_HOME), user, "xxx"):
        assert debug_info(await session.send(DATA, Authorization=f"OAuth {token}"))[1] == "NotAuthorizedError"
    await session.app.control("facebook/disconnect", {"creator": FILMS})
    assert debug_info(await session.send(DATA))[1] == "NotAuthorizedError"


@pytest.mark.parametrize("offset", ["", "NaN", "-1", "1.5"])
async def test_row_18_the_offset_must_be_a_number(session: Session, offset: str) -> None:
    assert debug_info(await session.send(DATA, offset=offset)) == (400, "ParameterValidationError", OFFSET)


async def test_row_18_the_size_must_be_a_number(session: Session) -> None:
    assert debug_info(await session.send(DATA, file_size=""))[1] == "ParameterValidationError"


async def test_row_19_the_offset_is_what_arrived(session: Session) -> None:
    wrong = (400, "OffsetInvalidError", "Request starting offset is invalid")
    assert debug_info(await session.send(DATA[5:], 5)) == wrong
    assert debug_info(await session.send(DATA[:1000], 0))[1] == "PartialRequestError"
    assert debug_info(await session.send(DATA, 0)) == wrong
    assert debug_info(await session.send(DATA[1000:], 1000, file_size=str(len(DATA) + 1))) == wrong
    assert (await session.send(DATA[1000:], 1000)).json == {"success": True}
    assert debug_info(await session.send(b"", len(DATA))) == wrong


async def test_row_20_a_part_of_the_file_is_kept_but_refused(session: Session) -> None:
    reply = await session.send(DATA[:70_000])
    assert debug_info(reply) == (400, "PartialRequestError", "Partial request (did not match length of file)")
    assert await session.progress() == ("in_progress", 70_000)
    assert (await session.send(DATA[70_000:], 70_000)).status == 200
    ranges = [entry["range"] for entry in await session.app.ledger("chunk_accepted")]
    assert ranges == [[0, 69_999], [70_000, len(DATA) - 1]]
    assert (await session.app.ledger("upload_complete"))[0]["sha256"] == hashlib.sha256(DATA).hexdigest()


async def test_row_20_more_than_the_file_is_refused(session: Session) -> None:
    assert debug_info(await session.send(DATA, file_size="10"))[1] == "PartialRequestError"
    assert await session.progress() == ("not_started", 0)


async def test_row_21_a_cut_connection_leaves_what_arrived(session: Session) -> None:
    await session.app.fault({"kind": "facebook.upload"}, "partial_upload", bytes=1_500_000)
    with pytest.raises(aiohttp.ClientError):
        await session.send(DATA)
    status, arrived = await session.progress()
    assert (status, arrived) == ("in_progress", 1_500_000)
    assert (await session.send(DATA[arrived:], arrived)).json == {"success": True}
    assert (await session.app.ledger("upload_complete"))[0]["sha256"] == hashlib.sha256(DATA).hexdigest()


async def test_row_21_a_client_that_dies_in_mid_air_leaves_what_arrived(session: Session) -> None:
    await hang(session, 900_000, keep=False)

    async def arrived(_: object) -> bool:
        return await session.progress() == ("in_progress", 900_000)

    await eventually(arrived, None)


async def test_row_21_a_new_upload_takes_over_from_one_that_hangs(session: Session) -> None:
    writer = await hang(session, 2_000_000, keep=True)
    await eventually(lambda _: some_bytes(session), None)
    _, arrived = await session.progress()
    assert (await session.send(DATA[arrived:], arrived)).json == {"success": True}
    writer.close()
    assert (await session.app.ledger("upload_complete"))[0]["sha256"] == hashlib.sha256(DATA).hexdigest()


async def some_bytes(session: Session) -> bool:
    return (await session.progress())[1] > 0


async def hang(session: Session, count: int, *, keep: bool) -> asyncio.StreamWriter:
    """Begin to send everything, stop after `count` bytes."""
    host, port = session.app.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = [
        f"POST {session.url.removeprefix(session.app.url)} HTTP/1.1",
        "Host: localhost",
        f"Authorization: OAuth {session.token}",
        "offset: 0",
        f"file_size: {len(DATA)}",
        f"Content-Length: {len(DATA)}",
    ]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + DATA[:count])
    await writer.drain()
    if not keep:
        writer.close()
        await writer.wait_closed()
    return writer


async def test_row_22_a_hosted_file_is_fetched(session: Session) -> None:
    await session.app.control("config", {"pull_insecure": True})
    async with other_side() as side:
        side.video = DATA
        reply = await from_address(session, f"{side.url}/pull/video")
    assert (reply.status, reply.json) == (200, {"success": True})
    assert await session.progress() == ("complete", len(DATA))
    assert (await session.app.ledger("upload_complete"))[0]["sha256"] == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("name", ["gone", "moved", "cut"])
async def test_row_22_an_address_that_does_not_give_the_file_is_refused(session: Session, name: str) -> None:
    await session.app.control("config", {"pull_insecure": True})
    async with other_side() as side:
        reply = await from_address(session, f"{side.url}/pull/{name}")
        assert debug_info(reply) == (400, "ProcessingFailedError", "Request processing failed")
        assert (await session.facebook.status(session.token, session.id))["video_status"] == "upload_failed"
    assert (await session.send(DATA)).json == {"success": True}


@pytest.mark.parametrize(
    "url",
    ["https://scontent.xx.fbcdn.net/v.mp4", "ftp://127.0.0.1/v.mp4", "http://127.0.0.1:9/v.mp4", "http://[", "v.mp4"],
)
async def test_row_22_an_address_that_facebook_does_not_take_is_refused(session: Session, url: str) -> None:
    assert debug_info(await from_address(session, url))[1] == "ProcessingFailedError"


async def test_row_22_the_robots_of_the_host_must_let_facebook_in(session: Session) -> None:
    await session.app.control("config", {"pull_insecure": True})
    async with app_side() as side:
        side.video = DATA
        side.robots = "User-agent: facebookexternalhit\nDisallow: /pull/\n"
        assert debug_info(await from_address(session, f"{side.url}/pull/video"))[1] == "ProcessingFailedError"
        side.robots = "User-agent: otherbot\nDisallow: /\n"
        assert (await from_address(session, f"{side.url}/pull/video")).json == {"success": True}


async def from_address(session: Session, url: str) -> Any:
    headers = {"Authorization": f"OAuth {session.token}", "file_url": url}
    return await session.app.send("POST", session.url, headers=headers)
