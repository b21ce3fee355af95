"""The cover of a video at YouTube: set once it is published, against a real sandbox process."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from playout.domain.delivery import Done, JsonValue, Receipt, State
from playout.domain.errors import FileGone, Unplayable
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from tests.platforms.show import FACTS, JPEG
from tests.platforms.youtube_stage import PUBLIC, Upload, connected
from tests.sandbox.app import App

WITH_COVER: Mapping[str, JsonValue] = {**PUBLIC, "cover_at_ms": 1500}
CALL = "youtube.thumbnail"


@pytest.fixture
async def alice(app: App, http: Http) -> Upload:
    alice = await connected(app, http)
    alice.options = WITH_COVER
    return alice


async def covers(alice: Upload) -> list[Mapping[str, Any]]:
    return list(await alice.app.ledger("thumbnail_set"))


async def published(alice: Upload) -> None:
    """Up to the receipt, and not a step further."""
    while not isinstance(await alice.once(), Done):
        if alice.coming and alice.coming.after:
            await alice.pass_time(alice.coming.after)
    assert alice.state is State.PUBLISHED


async def refused(alice: Upload) -> PlatformFailure:
    """The remark with which it ends, on a video that is published once."""
    failure = await alice.to_the_end()
    assert isinstance(failure, PlatformFailure)
    assert (failure.kind, failure.turn) == (Kind.CHOOSE, Turn.YOU)
    assert alice.state is State.PUBLISHED
    assert await alice.published() == len(alice.receipts) == 1
    return failure


# ── it is set ────────────────────────────────────────────────────────────────────────────────────


async def test_the_picture_of_the_chosen_moment_is_set_once_it_is_published(alice: Upload) -> None:
    receipt = await alice.to_the_end()

    assert isinstance(receipt, Receipt)
    assert alice.moments == [1500]
    [cover] = await covers(alice)
    assert (cover["post_id"], cover["size"]) == (receipt.remote_id, len(JPEG))
    assert cover["sha256"] == hashlib.sha256(JPEG).hexdigest()
    assert alice.taken[-2:] == ["follow", "cover"]
    assert alice.failures == []


async def test_the_receipt_is_the_same_before_and_after(alice: Upload) -> None:
    await alice.to_the_end()

    first, second = alice.receipts
    assert (first.remote_id, first.url) == (second.remote_id, second.url)


async def test_the_first_picture_may_be_chosen(alice: Upload) -> None:
    alice.options = {**PUBLIC, "cover_at_ms": 0}
    await alice.to_the_end()

    assert alice.moments == [0]
    assert len(await covers(alice)) == 1


async def test_without_a_choice_nothing_is_asked_of_anybody(alice: Upload) -> None:
    alice.options = PUBLIC
    await alice.to_the_end()

    assert "cover" not in alice.taken
    assert alice.moments == []
    assert await covers(alice) == []


async def test_a_picture_of_two_mebibytes_arrives_whole(alice: Upload) -> None:
    alice.picture = b"\xff\xd8\xff" + bytes(2 * 1024 * 1024 - 5) + b"\xff\xd9"
    await alice.to_the_end()

    [cover] = await covers(alice)
    assert cover["sha256"] == hashlib.sha256(alice.picture).hexdigest()


# ── it does not work at once ─────────────────────────────────────────────────────────────────────


async def test_after_a_lost_answer_it_is_set_once_more(alice: Upload) -> None:
    await published(alice)
    await alice.break_next("reset_after", CALL)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert [failure.kind for failure in alice.failures] == [Kind.AGAIN]
    assert len({cover["sha256"] for cover in await covers(alice)}) == 1
    assert await alice.published() == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"action": "reset_before"}, Kind.AGAIN),
        ({"action": "status", "status": 503}, Kind.AGAIN),
        ({"action": "html", "status": 502}, Kind.AGAIN),
        ({"action": "status", "status": 429, "code": "uploadRateLimitExceeded"}, Kind.LATER),
        ({"action": "status", "status": 403, "code": "quotaExceeded"}, Kind.LATER),
        ({"action": "status", "status": 404, "code": "videoNotFound"}, Kind.AGAIN),
        ({"action": "status", "status": 401, "code": "authError"}, Kind.AGAIN),
    ],
    ids=lambda value: str(value.get("code") or value["action"]) if isinstance(value, dict) else None,
)
async def test_what_passes_is_tried_again(alice: Upload, fault: dict[str, Any], kind: Kind) -> None:
    """Even a token that is refused: a cover is no reason to hold all that the channel has to publish."""
    await published(alice)
    await alice.break_next(kind=CALL, **fault)

    assert isinstance(await alice.to_the_end(), Receipt)
    assert [failure.kind for failure in alice.failures] == [kind]
    assert len(await covers(alice)) == 1


async def test_what_never_passes_ends_in_a_remark_before_the_law_gives_up(alice: Upload) -> None:
    """The law would, without a word, after ten failures."""
    await published(alice)
    await alice.break_next("status", CALL, status=503, times=99)

    failure = await refused(alice)

    assert failure.code == "cover_not_set"
    assert "It is published" in failure.sentence
    assert 5 < len(alice.failures) <= 10


async def test_a_machine_that_is_too_busy_for_the_picture_tries_again(alice: Upload) -> None:
    await published(alice)
    alice.picture = Unplayable("The video could not be checked in time.", code="too_slow")
    assert not isinstance(await alice.to_the_end(patience=1), PlatformFailure)
    assert [failure.kind for failure in alice.failures] == [Kind.AGAIN]
    alice.picture = JPEG

    assert isinstance(await alice.to_the_end(), Receipt)
    assert len(await covers(alice)) == 1


# ── it does not work at all ──────────────────────────────────────────────────────────────────────


async def test_a_channel_without_a_telephone_number_publishes_without_the_cover_and_says_why(alice: Upload) -> None:
    await alice.reconnect("bob.at.home")

    failure = await refused(alice)

    assert failure.code == "cover_refused"
    assert "verified by telephone" in failure.sentence
    assert "youtube.com/verify" in failure.sentence
    assert await covers(alice) == []


@pytest.mark.parametrize(("status", "code"), [(400, "invalidImage"), (413, "uploadTooLarge"), (418, "teapot")])
async def test_a_picture_that_youtube_refuses_is_a_remark_that_never_speaks_of_sending_again(
    alice: Upload, status: int, code: str
) -> None:
    await published(alice)
    await alice.break_next("status", CALL, status=status, code=code)

    failure = await refused(alice)

    assert failure.code == "cover_refused"
    assert "again" not in failure.sentence
    assert await covers(alice) == []


@pytest.mark.parametrize("error", [FileGone("gone"), Unplayable("broken", code="damaged")])
async def test_a_video_that_gives_no_picture_is_a_remark(alice: Upload, error: FileGone | Unplayable) -> None:
    alice.picture = error

    assert (await refused(alice)).code == "cover_not_taken"
    assert await covers(alice) == []


# ── and the visibility ───────────────────────────────────────────────────────────────────────────


async def test_another_visibility_is_told_after_the_cover_is_set(alice: Upload) -> None:
    await alice.configure(unverified_project_lock=True)

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert failure.code == "privacy_changed"
    assert len(await covers(alice)) == 1
    assert alice.taken[-2:] == ["cover", "compare"]


async def test_another_visibility_and_a_refused_cover_are_told_together(alice: Upload) -> None:
    await alice.configure(unverified_project_lock=True)
    await alice.reconnect("bob.at.home")

    failure = await alice.to_the_end()

    assert isinstance(failure, PlatformFailure)
    assert failure.code == "privacy_changed"
    assert "private, though public was chosen" in failure.sentence
    assert "verified by telephone" in failure.sentence


async def test_the_last_moment_of_a_long_video_may_be_chosen(alice: Upload) -> None:
    alice.facts = replace(FACTS, duration=1200.0)
    alice.options = {**PUBLIC, "cover_at_ms": 1_199_999}

    assert isinstance(await alice.to_the_end(), Receipt)
    assert alice.moments == [1_199_999]
