"""Rows 29-40 of YouTube's table of rules: the session URI."""

import asyncio
import hashlib

import aiohttp
import pytest

from tests.sandbox.app import App, eventually
from tests.sandbox.youtube_app import ALICE, BOB, DAY, GRAIN, MILLION, Tube, refusal, signed_in, stored

VIDEO = bytes(range(250)) * 4000  #: a million bytes
ONE, TWO = "bytes=0-262143", "bytes=0-524287"


@pytest.fixture
async def tube(app: App) -> Tube:
    return await signed_in(app, any_bytes=True)


@pytest.fixture
async def url(tube: Tube) -> str:
    """The URI of a session for a million bytes."""
    return await tube.session()


async def test_row_29_a_chunk_is_rounded_down_to_whole_grains(tube: Tube, url: str) -> None:
    assert stored(await tube.put(url, VIDEO[:300_000], 0)) == (308, ONE)
    assert stored(await tube.put(url, VIDEO[GRAIN : GRAIN + 1000], GRAIN)) == (308, ONE)


async def test_row_29_a_strict_server_refuses_such_a_chunk(tube: Tube, url: str) -> None:
    await tube.configure(strict_chunks=True)
    assert (await tube.put(url, VIDEO[:300_000], 0)).status == 400
    assert stored(await tube.ask(url)) == (308, None)
    assert stored(await tube.put(url, VIDEO[:GRAIN], 0)) == (308, ONE)


async def test_row_29_a_connection_that_breaks_leaves_whole_grains(tube: Tube, url: str) -> None:
    (await tube.begin_put(url, VIDEO[:600_000])).close()
    entry = await tube.app.noted(lambda entry: entry["effect"] == "chunk_accepted")
    assert entry["range"] in ([0, GRAIN - 1], [0, 2 * GRAIN - 1])  # the server may not have read all that was sent
    kept = entry["range"][1] + 1
    assert stored(await tube.ask(url)) == (308, f"bytes=0-{kept - 1}")
    done = await tube.put(url, VIDEO[kept:], kept)
    assert done.status == 201
    assert (await tube.app.ledger("published"))[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


async def test_row_30_nothing_stored_is_no_range_at_all(tube: Tube, url: str) -> None:
    reply = await tube.ask(url)
    assert (stored(reply), reply.text, reply.headers["Content-Length"]) == ((308, None), "", "0")


async def test_row_31_progress_is_told_in_the_range(tube: Tube, url: str) -> None:
    assert stored(await tube.put(url, VIDEO[:GRAIN], 0)) == (308, ONE)
    assert stored(await tube.put(url, VIDEO[GRAIN : 2 * GRAIN], GRAIN)) == (308, TWO)
    assert stored(await tube.ask(url)) == (308, TWO)
    assert [entry["range"] for entry in await tube.app.ledger("chunk_accepted")] == [[0, 262_143], [262_144, 524_287]]


async def test_row_32_a_server_may_keep_less_than_was_sent(tube: Tube, url: str) -> None:
    await tube.configure(keep_half=True)
    assert stored(await tube.put(url, VIDEO[: 2 * GRAIN], 0)) == (308, ONE)
    assert stored(await tube.put(url, VIDEO[GRAIN:], GRAIN)) == (308, TWO)
    assert (await tube.put(url, VIDEO[2 * GRAIN :], 2 * GRAIN)).status == 201
    assert (await tube.app.ledger("published"))[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


async def test_row_33_bytes_beyond_a_gap_are_discarded(tube: Tube, url: str) -> None:
    await tube.put(url, VIDEO[:GRAIN], 0)
    assert (await tube.put(url, VIDEO[2 * GRAIN : 3 * GRAIN], 2 * GRAIN)).status == 400
    assert stored(await tube.ask(url)) == (308, ONE)


async def test_row_33_bytes_that_are_there_already_are_discarded(tube: Tube, url: str) -> None:
    await tube.put(url, VIDEO[:GRAIN], 0)
    assert stored(await tube.put(url, b"x" * GRAIN, 0)) == (308, ONE)
    assert stored(await tube.put(url, b"x" * MILLION)) == (308, ONE)
    await tube.put(url, VIDEO[GRAIN:], GRAIN)
    assert (await tube.app.ledger("upload_complete"))[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


async def test_row_34_the_last_byte_makes_the_video(tube: Tube, url: str) -> None:
    await tube.put(url, VIDEO[: 3 * GRAIN], 0)
    reply = await tube.put(url, VIDEO[3 * GRAIN :], 3 * GRAIN)
    assert reply.status == 201
    assert (reply.json["kind"], reply.json["status"]["uploadStatus"]) == ("youtube#video", "uploaded")
    assert reply.json["snippet"]["title"] == "A day"
    assert "statistics" not in reply.json
    complete, published = [(await tube.app.ledger(effect))[0] for effect in ("upload_complete", "published")]
    assert (complete["size"], complete["seq"] < published["seq"]) == (MILLION, True)
    assert (published["post_id"], published["creator"], published["caption"]) == (reply.json["id"], ALICE, "A day")
    assert (published["privacy"], published["sha256"]) == ("public", hashlib.sha256(VIDEO).hexdigest())


async def test_row_34_one_request_may_bring_the_whole_file(tube: Tube, url: str) -> None:
    assert (await tube.put(url, VIDEO)).status == 201


async def test_row_34_completion_may_be_answered_with_200(tube: Tube, url: str) -> None:
    await tube.configure(completion_status=200)
    assert (await tube.put(url, VIDEO, 0)).status == 200


async def test_a_size_that_was_not_declared_is_learnt_from_the_first_chunk(tube: Tube) -> None:
    url = await tube.session(None)
    assert stored(await tube.put(url, VIDEO[:GRAIN], 0, "*")) == (308, ONE)
    assert stored(await tube.put(url, VIDEO[GRAIN : 2 * GRAIN], GRAIN)) == (308, TWO)
    assert (await tube.put(url, VIDEO[2 * GRAIN :], 2 * GRAIN, MILLION + 1)).status == 400
    assert (await tube.put(url, VIDEO[2 * GRAIN :], 2 * GRAIN)).status == 201


async def test_row_35_a_lost_answer_can_be_asked_for_again(tube: Tube, url: str) -> None:
    await tube.app.fault({"kind": "youtube.upload"}, "reset_after")
    with pytest.raises(aiohttp.ClientError):
        await tube.put(url, VIDEO)
    first, second = await tube.ask(url), await tube.ask(url)
    assert (first.status, first.json) == (201, second.json)
    published = await tube.app.ledger("published")
    assert [entry["post_id"] for entry in published] == [first.json["id"]]


async def test_row_36_the_whole_file_again_is_the_same_video(tube: Tube, url: str) -> None:
    first, second = await tube.put(url, VIDEO), await tube.put(url, VIDEO)
    assert (second.status, second.json) == (201, first.json)
    assert len(await tube.app.ledger("published")) == 1


async def test_row_36_two_senders_of_one_session_make_one_video(tube: Tube, url: str) -> None:
    await tube.app.fault({"kind": "youtube.upload"}, "stall", seconds=0.3)
    replies = await asyncio.gather(tube.put(url, VIDEO), tube.put(url, VIDEO))
    assert len(await tube.app.ledger("published")) == 1
    assert (await tube.ask(url)).status == 201
    assert {reply.status for reply in replies} <= {201, 308}
    assert (await tube.app.ledger("published"))[0]["sha256"] == hashlib.sha256(VIDEO).hexdigest()


async def test_row_36_an_empty_file_again_is_the_same_video(tube: Tube) -> None:
    url = await tube.session(0)
    first, second = await tube.put(url, b""), await tube.put(url, b"")
    assert (second.status, second.json) == (201, first.json)
    assert len(await tube.app.ledger("published")) == 1


async def test_row_36_a_sender_that_was_overtaken_writes_no_more(tube: Tube) -> None:
    video = bytes(range(256)) * 6 * 1024
    url = await tube.session(len(video))
    slow = await tube.begin_put(url, video[: 4 * GRAIN + 100], len(video))

    async def four_grains_stored(_: object) -> bool:
        return stored(await tube.ask(url, len(video))) == (308, f"bytes=0-{4 * GRAIN - 1}")

    await eventually(four_grains_stored, None)
    await tube.put(url, video[4 * GRAIN : 5 * GRAIN], 4 * GRAIN, len(video))
    slow.write(video[4 * GRAIN + 100 :])
    await slow.drain()
    slow.close()
    await slow.wait_closed()
    assert (await tube.put(url, video[5 * GRAIN :], 5 * GRAIN, len(video))).status == 201
    assert (await tube.app.ledger("published"))[0]["sha256"] == hashlib.sha256(video).hexdigest()


async def test_row_37_a_503_leaves_the_state_as_it_was(tube: Tube, url: str) -> None:
    await tube.put(url, VIDEO[:GRAIN], 0)
    await tube.app.fault({"kind": "youtube.upload"}, "status", status=503)
    assert refusal(await tube.put(url, VIDEO[GRAIN:], GRAIN))[:2] == (503, "backendError")
    assert stored(await tube.ask(url)) == (308, ONE)


async def test_row_37_an_upload_that_breaks_off_may_have_stored_something(tube: Tube, url: str) -> None:
    await tube.app.fault({"kind": "youtube.upload"}, "partial_upload", bytes=600_000)
    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await tube.put(url, VIDEO)
    assert stored(await tube.ask(url)) == (308, TWO)


async def test_row_37_an_upload_that_breaks_off_never_brings_the_last_byte(tube: Tube, url: str) -> None:
    await tube.app.fault({"kind": "youtube.upload"}, "partial_upload", bytes=2 * MILLION)
    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await tube.put(url, VIDEO)
    assert stored(await tube.ask(url)) == (308, "bytes=0-786431")


@pytest.mark.parametrize("gone", [404, 410])
async def test_row_38_a_session_ends_after_a_week(tube: Tube, url: str, gone: int) -> None:
    await tube.configure(session_gone_status=gone)
    for seconds, statuses in ((7 * DAY - 60, [308, 308]), (120, [gone, gone])):
        await tube.app.pass_time(seconds)
        tube.token = await tube.token_of(ALICE)
        replies = await tube.ask(url), await tube.put(url, VIDEO[:GRAIN], 0)
        assert [reply.status for reply in replies] == statuses


async def test_row_38_a_complete_session_answers_as_long_as_it_is_told_to(tube: Tube, url: str) -> None:
    await tube.configure(completed_session_seconds=60)
    await tube.put(url, VIDEO)
    assert (await tube.ask(url)).status == 201
    await tube.app.pass_time(61)
    assert (await tube.ask(url)).status == 404


async def test_row_38_an_unknown_session_is_not_found(tube: Tube, url: str) -> None:
    assert refusal(await tube.ask(f"{url}x"))[0] == 404


async def test_row_39_a_token_that_ends_in_the_middle_changes_nothing(tube: Tube, url: str) -> None:
    await tube.put(url, VIDEO[:GRAIN], 0)
    await tube.app.pass_time(3601)
    assert refusal(await tube.put(url, VIDEO[GRAIN:], GRAIN))[:2] == (401, "authError")
    tube.token = await tube.token_of(ALICE)
    assert stored(await tube.ask(url)) == (308, ONE)
    assert (await tube.put(url, VIDEO[GRAIN:], GRAIN)).status == 201


async def test_row_39_the_token_of_another_channel_does_not_do(tube: Tube, url: str) -> None:
    assert (await tube.ask(url, token=await tube.token_of(BOB))).status == 403


@pytest.mark.parametrize(
    "said",
    [
        f"bytes 0-{GRAIN - 1}/{MILLION + 1}",
        f"bytes 0-{GRAIN}/{MILLION}",
        f"bytes {GRAIN - 1}-0/{MILLION}",
        "bytes 0-9",
        f"bytes */{MILLION + 1}",
    ],
    ids=["wrong_total", "longer_than_the_body", "backwards", "no_total", "question_about_another_total"],
)
async def test_row_40_a_range_that_does_not_fit_is_refused(tube: Tube, url: str, said: str) -> None:
    assert (await tube.put(url, VIDEO[:GRAIN], headers={"Content-Range": said})).status == 400
    assert stored(await tube.ask(url)) == (308, None)


async def test_row_40_a_whole_file_of_another_size_is_refused(tube: Tube, url: str) -> None:
    assert (await tube.put(url, VIDEO[:-1])).status == 400


async def test_the_sink_takes_bytes_and_keeps_none(tube: Tube, url: str) -> None:
    await tube.app.control("config", {"sink": True})
    await tube.put(url, VIDEO[:GRAIN], 0)
    assert (await tube.put(url, VIDEO[GRAIN:], GRAIN)).status == 201
    assert [entry["sha256"] for entry in await tube.app.ledger("published")] == [None]
    await tube.app.noted(lambda entry: entry["effect"] == "made_public")
    assert "no bytes kept" in (await tube.app.send("GET", "/feed")).text
