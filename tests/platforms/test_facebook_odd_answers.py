"""Answers that Facebook has not given yet, from a small scripted server: the adapter still knows what it may say."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from playout.domain.delivery import Done, JsonValue, Next, State
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.domain.secret import Secret
from playout.platforms.facebook import Facebook
from playout.platforms.http import Http, NotSent, Observer
from tests.platforms.facebook_stage import LONG, PAGE, SECRET, Scene, Script, connected, elsewhere, scripted
from tests.sandbox.app import App

DONE = {"status": "complete"}
IDLE = {"status": "not_started"}
ERROR = "error"


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    async with scripted() as script:
        yield script


@pytest.fixture
async def odd(app: App, http: Http, script: Script) -> Scene:
    """Alice's reel at the script instead of the sandbox."""
    return elsewhere(await connected(app, http), http, script.url)


def video(uploading: Any = DONE, processing: Any = DONE, publishing: Any = IDLE, word: str = "", **more: Any) -> Any:
    phases = {"uploading_phase": uploading, "processing_phase": processing, "publishing_phase": publishing}
    return {"id": "7", "status": {"video_status": word, **phases}, **more}


def coming(odd: Scene, step: str, **mark: JsonValue) -> None:
    fenced = step in {"finish", "publish"}
    odd.coming = Next(step, {"video_id": "7", **mark}, repeatable=not fenced, state=State.SENDING)


async def failing(odd: Scene) -> PlatformFailure:
    with pytest.raises(PlatformFailure) as failure:
        await odd.once()
    return failure.value


# ── beginnings ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body", [{}, {"video_id": "7"}, {"upload_url": "x"}, {"video_id": None, "upload_url": []}, {"error": {}}]
)
async def test_a_start_without_a_handle_is_only_a_wait(odd: Scene, script: Script, body: Any) -> None:
    coming(odd, "start")
    script.says(body)

    assert (await failing(odd)).kind is Kind.AGAIN


async def test_a_video_is_never_sent_to_somebody_elses_address(odd: Scene, script: Script) -> None:
    coming(odd, "start")
    script.says({"video_id": "7", "upload_url": "https://evil.example.org/video-upload/7"})

    failure = await failing(odd)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "foreign_upload_address", Turn.US)
    assert len(script.asked) == 1


async def test_a_numeric_id_is_one_too(odd: Scene, script: Script) -> None:
    coming(odd, "start")
    script.says({"video_id": 812345678901234, "upload_url": f"{script.url}/video-upload/7"})
    await odd.once()

    assert odd.coming is not None
    assert (odd.coming.step, odd.coming.handle) == ("upload", "812345678901234")


@pytest.mark.parametrize("offsets", [{}, {"start_offset": "0"}, {"start_offset": "9", "end_offset": "3"}])
async def test_a_longer_video_without_a_part_to_send_is_only_a_wait(
    odd: Scene, script: Script, offsets: Mapping[str, str]
) -> None:
    odd.be_long()
    coming(odd, "open")
    script.says({"video_id": "7", "upload_session_id": "9", **offsets})

    assert (await failing(odd)).kind is Kind.AGAIN


# ── bytes ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_upload_that_is_complete_already_is_not_sent_again(odd: Scene, script: Script) -> None:
    coming(odd, "upload", upload_url=f"{script.url}/upload")
    script.says(video())
    await odd.once()

    assert odd.coming_step == "finish"
    assert [asked.path for asked in script.asked] == ["/v25.0/7"]


async def test_the_rest_is_sent_from_where_facebook_is(odd: Scene, script: Script) -> None:
    coming(odd, "upload", upload_url=f"{script.url}/upload")
    script.says(video({"status": "in_progress", "bytes_transfered": 150_000}, IDLE))
    script.says({"success": True})
    await odd.once()

    headers = script.asked[1].headers
    assert (headers["offset"], headers["file_size"], headers["Content-Length"]) == ("150000", "200000", "50000")
    assert odd.coming_step == "finish"


@pytest.mark.parametrize("word", ["error", "expired", "upload_failed"])
async def test_a_dead_upload_is_begun_anew(odd: Scene, script: Script, word: str) -> None:
    coming(odd, "upload", upload_url=f"{script.url}/upload")
    script.says(video(IDLE, IDLE, word=word))
    await odd.once()

    assert odd.coming_step == "start"


async def test_two_who_disagree_about_an_offset_do_not_run_in_circles(odd: Scene, script: Script) -> None:
    coming(odd, "upload", upload_url=f"{script.url}/upload")
    pauses = []
    for _ in range(9):
        script.answers.clear()
        script.says(video({"status": "in_progress", "bytes_transferred": 5}, IDLE))
        script.says({"debug_info": {"type": "OffsetInvalidError", "retriable": False}}, 400)
        await odd.once()
        assert odd.coming is not None
        assert odd.coming.after is not None
        pauses.append(odd.coming.after.total_seconds())

    assert pauses == [0, 1, 3, 7, 15, 31, 60, 60, 0]
    assert odd.coming_step == "start"


async def test_a_part_that_facebook_has_already_is_skipped(odd: Scene, script: Script) -> None:
    odd.be_long()
    coming(odd, "transfer", session="9", offset=0, end=1_000_000)
    script.refuses(6000, 1363037, error_data={"start_offset": "1000000", "end_offset": str(LONG)})
    script.says({"start_offset": str(LONG), "end_offset": str(LONG)})
    await odd.once()

    assert odd.coming_step == "publish"
    assert [asked.form["start_offset"] for asked in script.asked] == ["0", "1000000"]


async def test_a_part_that_never_counts_is_sent_ever_more_slowly_and_then_begun_anew(
    odd: Scene, script: Script
) -> None:
    odd.be_long()
    coming(odd, "transfer", session="9", offset=0, end=1_000_000)
    script.says({"start_offset": "0", "end_offset": "1000000"})
    for _ in range(9):
        await odd.once()

    assert odd.coming_step == "open"
    assert len(script.asked) == 9


async def test_a_transfer_that_ends_before_the_file_does_is_begun_anew(odd: Scene, script: Script) -> None:
    odd.be_long()
    coming(odd, "transfer", session="9", offset=0, end=1_000_000)
    script.says({"start_offset": "1000000", "end_offset": "1000000"})
    await odd.once()

    assert odd.coming_step == "open"


# ── the request to publish ───────────────────────────────────────────────────────────────────────


async def test_what_is_empty_is_left_out(odd: Scene, script: Script) -> None:
    odd.caption = " "
    coming(odd, "finish")
    script.says(video())
    script.says({"success": True})
    await odd.once()

    assert script.asked[1].form == {"upload_phase": "finish", "video_id": "7", "video_state": "PUBLISHED"}
    assert script.asked[1].path == f"/v25.0/{PAGE}/video_reels"


async def test_a_title_and_a_place_are_sent_with_a_longer_video(odd: Scene, script: Script) -> None:
    odd.be_long()
    odd.options = {"title": "The sea", "place": "110774245616525"}
    coming(odd, "publish", session="9")
    script.says(video())
    script.says({"success": True})
    await odd.once()

    assert script.asked[1].form == {
        "upload_phase": "finish",
        "upload_session_id": "9",
        "published": "true",
        "description": odd.caption,
        "title": "The sea",
        "place": "110774245616525",
    }


@pytest.mark.parametrize("body", [{}, {"success": False}, {"success": "true"}, {"post_id": "1"}, [], "<html></html>"])
async def test_an_acknowledgement_has_to_be_one(odd: Scene, script: Script, body: Any) -> None:
    coming(odd, "finish")
    script.says(video())
    script.says(body)

    assert (await failing(odd)).kind is Kind.UNSURE
    assert odd.fenced


async def test_what_is_public_already_is_not_asked_for_again(odd: Scene, script: Script) -> None:
    coming(odd, "finish")
    script.says(video(publishing={"status": "complete", "publish_status": "published", "publish_time": 1791836800}))

    outcome = await odd.once()

    assert isinstance(outcome, Done)
    assert outcome.receipt.published_at.timestamp() == 1791836800
    assert len(script.asked) == 1


async def test_what_is_under_way_already_is_only_followed(odd: Scene, script: Script) -> None:
    coming(odd, "finish")
    script.says(video(publishing={"status": "in_progress"}))
    await odd.once()

    assert (odd.coming_step, odd.state) == ("follow", State.PROCESSING)


async def test_a_second_request_is_not_made_blindly(odd: Scene, script: Script) -> None:
    coming(odd, "finish", asks=1, since=(await odd.now()).timestamp())
    script.refuses(100, 33)
    await odd.once()

    assert odd.coming_step == "settle"
    assert {asked.method for asked in script.asked} == {"GET"}


# ── what became of it ────────────────────────────────────────────────────────────────────────────

FILES = {
    1363040: "9:16",
    1363127: "540×960",
    1363128: "3 to 90 seconds",
    1363129: "24 to 60",
}


@pytest.mark.parametrize(("code", "words"), FILES.items())
@pytest.mark.parametrize("shape", ["error", "errors"])
async def test_a_file_that_facebook_refuses_in_the_end_has_the_sentence_of_its_rule(
    odd: Scene, script: Script, code: int, words: str, shape: str
) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    told = {"code": code, "message": "raw words of a platform"}
    script.says(video(processing={"status": ERROR, shape: told if shape == "error" else [told]}, word=ERROR))

    failure = await failing(odd)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, f"graph_{code}", Turn.YOU)
    assert words in failure.sentence
    assert "raw words" not in failure.sentence


async def test_a_message_without_a_number_is_understood(odd: Scene, script: Script) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    told = {"message": "Resolution too low. Video must have a minimum resolution of 540p."}
    script.says(video(processing={"status": ERROR, "error": told}))

    assert (await failing(odd)).code == "graph_1363127"


@pytest.mark.parametrize("told", [{}, {"code": 424242, "message": "new"}, {"message": "new"}, {"code": "odd"}])
async def test_a_failure_that_nobody_knows_is_tried_with_a_new_video(odd: Scene, script: Script, told: Any) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    script.says(video(publishing={"status": ERROR, "errors": [told]}))
    script.says({"data": [{"id": "8"}]})
    await odd.once()

    assert (odd.coming_step, odd.coming.checkpoint if odd.coming else {}) == ("start", {"round": 1})


async def test_a_failure_that_the_page_contradicts_is_none(odd: Scene, script: Script) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    script.says(video(publishing={"status": ERROR}))
    script.says({"data": [{"id": "8"}, {"id": "7"}]})

    outcome = await odd.once()

    assert isinstance(outcome, Done)
    assert outcome.receipt.remote_id == "7"


async def test_the_fourth_failure_of_a_kind_is_the_last(odd: Scene, script: Script) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp(), round=3)
    script.says(video(publishing={"status": ERROR}))
    script.says({"data": []})

    failure = await failing(odd)

    assert (failure.kind, failure.code) == (Kind.NEVER, "processing_failed")


async def test_a_list_that_cannot_be_read_is_no_proof_of_anything(odd: Scene, script: Script) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    script.says(video(publishing={"status": ERROR}))
    script.refuses(12345)

    assert (await failing(odd)).kind is Kind.AGAIN


@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("/reel/7/", "{www}/reel/7/"),
        ("", "{www}/reel/7/"),
        ("//evil.example.org/reel/7", "{www}/reel/7/"),
        ("javascript:alert(1)", "{www}/reel/7/"),
        ("https://evil.example.org/reel/7", "{www}/reel/7/"),
        ("https://m.facebook.com/reel/7", "https://m.facebook.com/reel/7"),
    ],
)
async def test_a_receipt_leads_to_facebook_and_nowhere_else(
    odd: Scene, script: Script, permalink: str, expected: str
) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    script.says(video(publishing=DONE, permalink_url=permalink))

    outcome = await odd.once()

    assert isinstance(outcome, Done)
    assert outcome.receipt.url == expected.format(www=f"{odd.app.url}/facebook-www")


async def test_a_status_that_says_nothing_is_waited_for_a_day(odd: Scene, script: Script) -> None:
    coming(odd, "follow", since=(await odd.now()).timestamp())
    script.says({"id": "7"})
    await odd.once()
    assert odd.coming_step == "follow"
    await odd.pass_time(timedelta(days=1, minutes=1))

    assert (await failing(odd)).kind is Kind.UNSURE


@pytest.mark.parametrize(
    ("processing", "minutes", "step"),
    [("complete", 1, "settle"), ("complete", 2, "finish"), ("not_started", 2, "settle"), ("not_started", 10, "finish")],
)
async def test_how_long_it_must_look_untouched_hangs_on_what_facebook_did_with_the_file(
    odd: Scene, script: Script, processing: str, minutes: int, step: str
) -> None:
    now = (await odd.now()).timestamp()
    coming(odd, "settle", asks=1, since=now, ready_at=now - minutes * 60)
    script.says(video(processing={"status": processing}))
    await odd.once()

    assert odd.coming_step == step


async def test_what_moves_meanwhile_is_not_untouched(odd: Scene, script: Script) -> None:
    now = (await odd.now()).timestamp()
    coming(odd, "settle", asks=1, since=now, ready_at=now - 3600)
    script.says(video(processing={"status": "in_progress"}))
    await odd.once()

    assert odd.coming is not None
    assert (odd.coming.step, "ready_at" in odd.coming.checkpoint) == ("settle", False)


# ── hosts ────────────────────────────────────────────────────────────────────────────────────────


class Addresses(Observer):
    """Notes where a call would go, and lets none go."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def before(self, method: str, address: str) -> None:
        self.hosts.append(address.partition("//")[2].partition("/")[0])
        raise NotSent(method, "kept here")

    async def after(self, status: int | None) -> None:
        """Never called: nothing was sent."""


@pytest.mark.parametrize(
    ("step", "base", "host"),
    [
        ("start", "https://graph.facebook.com", "graph.facebook.com"),
        ("open", "https://graph.facebook.com/", "graph-video.facebook.com"),
        ("open", "https://graph.example.org", "graph.example.org"),
    ],
)
async def test_long_videos_go_to_a_host_of_their_own(odd: Scene, step: str, base: str, host: str) -> None:
    addresses = Addresses()
    async with Http(user_agent="Playout-tests", observer=addresses) as http:
        adapter = Facebook(
            http,
            client_id="1",
            client_secret=Secret(SECRET),
            www_url="https://www.facebook.com",
            graph_url=base,
            rupload_url="https://rupload.facebook.com",
            version="v25.0",
        )
        with pytest.raises(PlatformFailure):
            await adapter.step(replace(await odd.task(), step=step))

    assert addresses.hosts == [host]


async def test_an_upload_address_that_two_readers_could_read_differently_is_not_used(
    odd: Scene, script: Script
) -> None:
    coming(odd, "upload", upload_url="http://127.0.0.1:1/x#y")
    script.says(video(IDLE, IDLE))

    failure = await failing(odd)

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "foreign_upload_address", Turn.US)
