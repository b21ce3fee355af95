"""tus 1.0.0, header by header."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from playout.api import tus
from playout.application.upload_quota import MOST_FULL, MOST_OPEN
from playout.domain.errors import Invalid
from playout.domain.person import Scope
from tests.api.stage import API, Stage, problem
from tests.cast import CLIP, MOST_BYTES, PUBLIC_URL
from tests.uploads.speaking import BYTES, TUS, UPLOADS, Client, checksum, metadata

HALF = len(CLIP) // 2
ALGORITHMS = ["sha1", "sha256", "md5"]


@pytest.fixture
async def stage() -> Stage:
    return await Stage.open()


@pytest.fixture
def alice(stage: Stage) -> Client:
    return Client(stage.alice)


@pytest.fixture
def charlie(stage: Stage) -> Client:
    return Client(stage.charlie)


async def videos(stage: Stage) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await stage.alice.get(f"{API}/videos")).json()["items"]
    return listed


async def slowly(go_on: asyncio.Event, content: bytes) -> AsyncIterator[bytes]:
    yield content[:HALF]
    await go_on.wait()
    yield content[HALF:]


async def test_what_is_spoken_here_is_told(stage: Stage) -> None:
    answer = await stage.alice.request("OPTIONS", UPLOADS)

    assert (answer.status_code, answer.content) == (204, b"")
    told = {name: value for name, value in answer.headers.items() if name.startswith("tus-")}
    assert told == {
        "tus-resumable": "1.0.0",
        "tus-version": "1.0.0",
        "tus-extension": "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination",
        "tus-max-size": str(MOST_BYTES),
        "tus-checksum-algorithm": "sha1,sha256,md5",
    }


async def test_a_new_upload_has_an_absolute_address_and_no_bytes(stage: Stage, alice: Client) -> None:
    made = await alice.create(len(CLIP), b"", **metadata("clip.mp4"))

    assert (made.status_code, made.headers["upload-offset"], made.headers["tus-resumable"]) == (201, "0", "1.0.0")
    address = made.headers["location"]
    assert address.startswith(f"{PUBLIC_URL}{UPLOADS}/upl_")
    seen = (await alice.head(address)).headers
    assert (seen["upload-offset"], seen["upload-length"]) == ("0", str(len(CLIP)))
    assert seen["upload-metadata"] == metadata("clip.mp4")["Upload-Metadata"]
    assert seen["cache-control"] == "no-store"
    assert "upload-defer-length" not in seen
    ends = parsedate_to_datetime(seen["upload-expires"])
    assert ends == parsedate_to_datetime(made.headers["upload-expires"]) == stage.cast.clock.now() + timedelta(hours=24)


async def test_the_last_byte_makes_a_video(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP), **metadata("täglich/../clip.mp4"))

    first = await alice.patch(address, 0, CLIP[:HALF])
    last = await alice.patch(address, HALF, CLIP[HALF:])

    assert (first.status_code, first.headers["upload-offset"]) == (204, str(HALF))
    assert "playout-video-id" not in first.headers
    assert "upload-expires" in first.headers
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(CLIP)))
    assert "upload-expires" not in last.headers
    [video] = await videos(stage)
    assert video["id"] == last.headers["playout-video-id"]
    assert (video["filename"], video["size"]) == ("clip.mp4", len(CLIP))
    assert video["sha256"] == hashlib.sha256(CLIP).hexdigest()
    await stage.cast.work()
    assert [one["state"] for one in await videos(stage)] == ["ready"]


async def test_all_of_it_may_come_with_the_creation(stage: Stage, alice: Client) -> None:
    made = await alice.create(len(CLIP), CLIP)

    assert (made.status_code, made.headers["upload-offset"]) == (201, str(len(CLIP)))
    assert [video["id"] for video in await videos(stage)] == [made.headers["playout-video-id"]]


async def test_a_part_of_it_may_come_with_the_creation(alice: Client) -> None:
    made = await alice.create(len(CLIP), CLIP[:HALF])

    assert (made.status_code, made.headers["upload-offset"]) == (201, str(HALF))
    assert (await alice.patch(made.headers["location"], HALF, CLIP[HALF:])).headers["playout-video-id"]


async def test_the_length_may_be_said_later(alice: Client) -> None:
    address = await alice.new(None)
    before = await alice.head(address)
    await alice.patch(address, 0, CLIP[:HALF])

    last = await alice.patch(address, HALF, CLIP[HALF:], Upload_Length=str(len(CLIP)))

    assert before.headers["upload-defer-length"] == "1"
    assert "upload-length" not in before.headers
    assert last.headers["playout-video-id"]
    after = (await alice.head(address)).headers
    assert (after["upload-length"], "upload-defer-length" in after) == (str(len(CLIP)), False)


async def test_the_length_may_be_said_with_no_byte_more(alice: Client) -> None:
    address = await alice.new(None)
    await alice.patch(address, 0, CLIP)

    assert (await alice.patch(address, len(CLIP), b"", Upload_Length=str(len(CLIP)))).headers["playout-video-id"]


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        ("10", 422, "length_too_small"),
        ("0", 422, "empty_file"),
        (str(MOST_BYTES + 1), 413, "too_large"),
        ("-1", 400, "malformed_header"),
    ],
)
async def test_a_length_that_cannot_be_is_refused_whenever_it_is_said(
    alice: Client, length: str, status: int, code: str
) -> None:
    address = await alice.new(None)
    await alice.patch(address, 0, CLIP[:HALF])

    problem(await alice.patch(address, HALF, CLIP[HALF:], Upload_Length=length), status, code)

    assert await alice.offset(address) == HALF


async def test_a_length_is_said_once(alice: Client) -> None:
    address = await alice.new(len(CLIP))

    problem(await alice.patch(address, 0, CLIP, Upload_Length=str(len(CLIP) + 1)), 422, "length_is_known")
    assert (await alice.patch(address, 0, CLIP, Upload_Length=str(len(CLIP)))).status_code == 204


@pytest.mark.parametrize("headers", [TUS, TUS | {"Upload-Length": "5", "Upload-Defer-Length": "1"}])
async def test_a_creation_says_one_thing_about_its_length(stage: Stage, alice: Client, headers: dict[str, str]) -> None:
    problem(await alice.post(headers), 400, "malformed_header")


@pytest.mark.parametrize(
    "header",
    [
        {"Upload-Length": "-5"},
        {"Upload-Length": "5.0"},
        {"Upload-Length": ""},
        {"Upload-Length": "9" * 19},
        {"Upload-Length": "٣"},
        {"Upload-Defer-Length": "0"},
        {"Upload-Metadata": "filename no-base64!"},
        {"Upload-Metadata": "filename a"},
        {"Upload-Metadata": ","},
        {"Upload-Metadata": " d29y"},
        {"Upload-Metadata": "filename d29y,filename d29y"},
        {"Upload-Metadata": "k " + "A" * 4096},
    ],
)
async def test_a_header_that_cannot_be_read_is_refused(alice: Client, header: dict[str, str]) -> None:
    length = {} if "Upload-Defer-Length" in header else {"Upload-Length": "5"}

    sent = {name.encode(): value.encode() for name, value in (TUS | length | header).items()}
    problem(await alice.http.post(UPLOADS, headers=sent), 400, "malformed_header")


@pytest.mark.parametrize("told", ["", "filename", "filename ,other", "is_confidential,name d29y"])
async def test_metadata_without_a_file_name_is_fine(stage: Stage, alice: Client, told: str) -> None:
    await alice.create(len(CLIP), CLIP, Upload_Metadata=told)

    assert [video["filename"] for video in await videos(stage)] == ["video"]


async def test_a_file_that_is_too_large_is_refused_at_once(alice: Client) -> None:
    problem(await alice.create(MOST_BYTES + 1), 413, "too_large")


async def test_an_empty_file_is_refused(alice: Client) -> None:
    problem(await alice.create(0), 422, "empty_file")


async def test_more_bytes_than_the_length_are_refused_unread(alice: Client) -> None:
    address = await alice.new(len(CLIP))

    problem(await alice.patch(address, 0, CLIP + b"x"), 413, "too_large")

    assert await alice.offset(address) == 0


async def test_more_bytes_than_the_length_are_refused_though_their_number_was_not_announced(alice: Client) -> None:
    address = await alice.new(HALF)

    async def many() -> AsyncIterator[bytes]:
        yield CLIP[: HALF - 1]
        yield CLIP

    problem(await alice.patch(address, 0, many()), 413, "too_large")

    assert await alice.offset(address) == HALF - 1


@pytest.mark.parametrize("offset", [1, HALF, len(CLIP), 10**18 - 1])
async def test_bytes_that_do_not_follow_are_refused(alice: Client, offset: int) -> None:
    address = await alice.new(len(CLIP))
    await alice.patch(address, 0, CLIP[:100])

    refused = await alice.patch(address, offset, CLIP[100:200])

    problem(refused, 409, "wrong_offset")
    assert refused.headers["upload-offset"] == "100"
    assert await alice.offset(address) == 100


@pytest.mark.parametrize("offset", ["", "x", "-1", "1e3"])
async def test_an_offset_that_is_no_number_is_refused(alice: Client, offset: str) -> None:
    address = await alice.new(len(CLIP))

    problem(await alice.patch(address, offset, CLIP), 400, "malformed_header")


@pytest.mark.parametrize("kind", ["", "application/json", "application/octet-stream"])
async def test_bytes_are_declared_as_such(alice: Client, kind: str) -> None:
    address = await alice.new(len(CLIP))

    problem(await alice.patch(address, 0, CLIP, Content_Type=kind), 415, "wrong_content_type")
    problem(await alice.create(len(CLIP), CLIP, Content_Type=kind), 415, "wrong_content_type")


@pytest.mark.parametrize("version", [{}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "1.0.1"}])
async def test_another_version_is_refused_and_the_right_one_named(
    stage: Stage, alice: Client, version: dict[str, str]
) -> None:
    address = await alice.new(len(CLIP))
    for method, path in [("POST", UPLOADS), ("PATCH", address), ("DELETE", address)]:
        headers = version | BYTES | {"Upload-Length": "5", "Upload-Offset": "0"}
        refused = await stage.alice.request(method, path, headers=headers, content=b"12345")

        problem(refused, 412, "wrong_tus_version")
        assert (refused.headers["tus-version"], refused.headers["tus-resumable"]) == ("1.0.0", "1.0.0")
    assert (await stage.alice.head(address, headers=version)).status_code == 412
    assert await alice.offset(address) == 0


async def test_the_method_may_be_said_in_a_header(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP))
    meant = {"X-HTTP-Method-Override": "PATCH"}

    sent = await stage.alice.post(address, headers=TUS | BYTES | meant | {"Upload-Offset": "0"}, content=CLIP[:HALF])
    seen = await stage.alice.get(address, headers=TUS | {"X-HTTP-Method-Override": "head"})
    ended = await stage.alice.post(address, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})

    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(HALF))
    assert (seen.status_code, seen.headers["upload-offset"]) == (200, str(HALF))
    assert ended.status_code == 204
    assert (await alice.head(address)).status_code == 410


async def test_the_method_may_be_said_in_a_header_here_and_nowhere_else(stage: Stage) -> None:
    answer = await stage.alice.get(f"{API}/videos", headers={"X-HTTP-Method-Override": "DELETE"})

    assert answer.status_code == 200


# ── what breaks ──────────────────────────────────────────────────────────────────────────────────


async def test_what_came_before_the_connection_broke_counts(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP))

    broken = await alice.broken_patch(address, 0, CLIP[:HALF], len(CLIP) - HALF)

    assert "What came is kept" in problem(broken, 400, "truncated_upload")["detail"]
    assert await alice.offset(address) == HALF
    await alice.patch(address, HALF, CLIP[HALF:])
    assert [video["sha256"] for video in await videos(stage)] == [hashlib.sha256(CLIP).hexdigest()]


async def test_whoever_falls_silent_is_taken_for_gone() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    silent = Request({"type": "http", "headers": [(b"content-length", b"5")]}, receive)

    with pytest.raises(Invalid) as refused:
        _ = [piece async for piece in tus.pieces(silent, silence=0.01)]
    assert refused.value.code == "truncated_upload"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_right_checksum_is_fine(alice: Client, algorithm: str) -> None:
    address = await alice.new(len(CLIP))

    answer = await alice.patch(address, 0, CLIP[:HALF], **checksum(CLIP[:HALF], algorithm))

    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(HALF))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_bytes_with_a_wrong_checksum_do_not_count(stage: Stage, alice: Client, algorithm: str) -> None:
    address = await alice.new(len(CLIP))
    await alice.patch(address, 0, CLIP[:100])

    problem(await alice.patch(address, 100, CLIP[100:], **checksum(CLIP, algorithm)), 460, "checksum_mismatch")

    assert await alice.offset(address) == 100
    assert await videos(stage) == []
    assert (await alice.patch(address, 100, CLIP[100:], **checksum(CLIP[100:], algorithm))).status_code == 204
    assert [video["sha256"] for video in await videos(stage)] == [hashlib.sha256(CLIP).hexdigest()]


async def test_bytes_whose_checksum_could_not_be_checked_do_not_count(alice: Client) -> None:
    address = await alice.new(len(CLIP))

    await alice.broken_patch(address, 0, CLIP[:HALF], len(CLIP) - HALF, **checksum(CLIP))

    assert await alice.offset(address) == 0


@pytest.mark.parametrize("told", ["", "sha1", "sha1 ", "crc32 AAAAAA==", "sha1 !", "sha256 AAAA", "SHA1 AAAA"])
async def test_a_checksum_that_cannot_be_read_is_refused(alice: Client, told: str) -> None:
    address = await alice.new(len(CLIP))

    problem(await alice.patch(address, 0, CLIP, Upload_Checksum=told), 400, "malformed_header")

    assert await alice.offset(address) == 0


@pytest.mark.parametrize("more", [checksum(b"other"), {"Upload-Length": "5"}])
async def test_a_creation_whose_bytes_are_refused_leaves_nothing(
    stage: Stage, alice: Client, more: dict[str, str]
) -> None:
    answer = await alice.create(len(CLIP), CLIP, **more)

    assert answer.status_code in {413, 460}
    for _ in range(MOST_OPEN):
        await alice.new(10)


async def test_a_second_writer_is_refused_and_the_first_goes_on(stage: Stage, alice: Client) -> None:
    address, go_on = await alice.new(len(CLIP)), asyncio.Event()
    first = asyncio.create_task(alice.patch(address, 0, slowly(go_on, CLIP)))
    while await alice.offset(address) < HALF:
        await asyncio.sleep(0)

    refused = await alice.patch(address, HALF, CLIP[HALF:])
    assert problem(refused, 423, "being_written")
    assert refused.headers["retry-after"]
    problem(await alice.delete(address), 423, "being_written")

    go_on.set()
    assert (await first).headers["playout-video-id"]
    assert len(await videos(stage)) == 1


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_end_repeated_is_the_same_video(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP))
    video = (await alice.patch(address, 0, CLIP)).headers["playout-video-id"]

    again = await alice.patch(address, 0, CLIP)  # its answer was lost, and the client knows no better
    seen = await alice.head(address)
    nothing = await alice.patch(address, len(CLIP), b"")

    problem(again, 409, "wrong_offset")
    assert nothing.status_code == 204
    for answer in (again, seen, nothing):
        told = answer.headers
        assert (told["playout-video-id"], told["upload-offset"]) == (video, str(len(CLIP)))
    assert len(await videos(stage)) == 1


async def test_an_upload_that_was_ended_is_gone(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP))
    await alice.patch(address, 0, CLIP[:HALF])

    assert (await alice.delete(address)).status_code == 204

    assert (await alice.head(address)).status_code == 410
    problem(await alice.patch(address, HALF, CLIP[HALF:]), 410, "upload_gone")
    problem(await alice.delete(address), 410, "upload_gone")
    assert await videos(stage) == []


async def test_ending_an_upload_that_became_a_video_leaves_the_video(stage: Stage, alice: Client) -> None:
    made = await alice.create(len(CLIP), CLIP)

    assert (await alice.delete(made.headers["location"])).status_code == 204

    assert len(await videos(stage)) == 1


async def test_an_upload_ends_a_day_after_its_last_byte(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP))
    stage.cast.clock.move(hours=23)
    await alice.patch(address, 0, CLIP[:HALF])
    stage.cast.clock.move(hours=23)
    assert await alice.offset(address) == HALF

    stage.cast.clock.move(hours=2)

    assert (await alice.head(address)).status_code == 410
    problem(await alice.patch(address, HALF, CLIP[HALF:]), 410, "upload_gone")
    stage.cast.clock.move(hours=24)
    problem(await alice.patch(address, HALF, CLIP[HALF:]), 404, "not_found")


async def test_a_creation_repeated_with_its_key_finds_the_same_upload(alice: Client) -> None:
    first = await alice.create(len(CLIP), CLIP[:HALF], Idempotency_Key="one")
    again = await alice.create(len(CLIP), CLIP[:HALF], Idempotency_Key="one")
    other = await alice.create(len(CLIP), Idempotency_Key="two")

    assert (again.status_code, again.headers["upload-offset"]) == (201, str(HALF))
    assert first.headers["location"] == again.headers["location"] != other.headers["location"]
    problem(await alice.create(len(CLIP) + 1, Idempotency_Key="one"), 422, "idempotency_conflict")


async def test_the_same_key_of_somebody_else_is_another(alice: Client, charlie: Client) -> None:
    assert await alice.new(len(CLIP), Idempotency_Key="one") != await charlie.new(len(CLIP), Idempotency_Key="one")


# ── who may ──────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_another_workspace_s_is_not_there(stage: Stage, alice: Client, charlie: Client) -> None:
    address = await alice.new(len(CLIP))

    assert (await charlie.head(address)).status_code == 404
    problem(await charlie.patch(address, 0, CLIP), 404, "not_found")
    problem(await charlie.delete(address), 404, "not_found")
    problem(await charlie.patch(f"{UPLOADS}/..%2fx", 0, CLIP), 404, "not_found")
    problem(await charlie.patch(f"{UPLOADS}/upl_nothing", 0, CLIP), 404, "not_found")
    assert await alice.offset(address) == 0


async def test_it_needs_a_token_that_may_write(stage: Stage, alice: Client) -> None:
    address = await alice.new(len(CLIP))
    for http, status, code in [
        (stage.nobody, 401, "unauthenticated"),
        (stage.bob, 403, "forbidden"),
        (await stage.with_scopes(stage.cast.alice, Scope.PUBLISH), 403, "forbidden"),
    ]:
        client = Client(http)
        for answer in [
            await client.create(len(CLIP)),
            await client.patch(address, 0, CLIP),
            await client.delete(address),
        ]:
            problem(answer, status, code)
            assert answer.headers["tus-resumable"] == "1.0.0"
        assert (await client.head(address)).status_code == status


async def test_a_workspace_has_so_many_uploads_open_and_no_more(alice: Client, charlie: Client) -> None:
    addresses = [await alice.new(10) for _ in range(MOST_OPEN)]

    problem(await alice.create(10), 429, "too_many_uploads")
    assert (await charlie.create(10)).status_code == 201

    await alice.delete(addresses[0])
    await alice.patch(addresses[1], 0, b"0123456789")
    assert [(await alice.create(10)).status_code for _ in range(3)] == [201, 201, 429]


async def test_a_workspace_has_so_many_bytes_open_and_no_more(alice: Client) -> None:
    address = await alice.new(None)
    for _ in range(MOST_FULL - 1):
        await alice.new(MOST_BYTES)
    problem(await alice.create(1), 429, "too_many_uploads")

    await alice.patch(address, 0, b"x", Upload_Length=str(MOST_BYTES - 1))  # now it is known how much it takes

    assert (await alice.create(1)).status_code == 201
    problem(await alice.create(1), 429, "too_many_uploads")
