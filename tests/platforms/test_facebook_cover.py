"""The cover of a video on a Page: set once it is published, against a real sandbox process."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from playout.domain.delivery import Done, Receipt, State
from playout.domain.errors import FileGone
from playout.domain.retry import Kind, PlatformFailure, Turn
from playout.platforms.http import Http
from tests.platforms.facebook_stage import PAGE, Scene, connected, elsewhere, scripted
from tests.platforms.show import JPEG
from tests.sandbox.app import App

CALL = "facebook.thumbnails"


@pytest.fixture
async def film(app: App, http: Http) -> Scene:
    film = await connected(app, http)
    film.options = {"cover_at_ms": 1500}
    return film


async def covers(film: Scene) -> list[Mapping[str, Any]]:
    return list(await film.app.ledger("thumbnail_set"))


async def published(film: Scene) -> None:
    """Up to the receipt, and not a step further."""
    while not isinstance(await film.once(), Done):
        if film.coming and film.coming.after:
            await film.pass_time(film.coming.after)
    assert film.state is State.PUBLISHED


async def remark(film: Scene) -> PlatformFailure:
    """With which it ends, on a video that is published once."""
    failure = await film.refused()
    assert (failure.kind, failure.turn) == (Kind.CHOOSE, Turn.YOU)
    assert film.state is State.PUBLISHED
    assert await film.published() == len(film.receipts) == 1
    return failure


@pytest.mark.parametrize("is_long", [False, True])
async def test_the_picture_of_the_chosen_moment_is_set_once_it_is_published(film: Scene, *, is_long: bool) -> None:
    if is_long:
        film.be_long()
    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    assert film.moments == [1500]
    [cover] = await covers(film)
    assert (cover["creator"], cover["video_id"], cover["preferred"]) == (PAGE, receipt.remote_id, True)
    assert cover["sha256"] == hashlib.sha256(JPEG).hexdigest()
    assert film.taken[-2:] == ["follow", "cover"]
    assert film.failures == []


async def test_the_address_of_the_publication_stands(film: Scene) -> None:
    await film.to_the_end()

    first, second = film.receipts
    assert first.url
    assert (second.remote_id, second.url) == (first.remote_id, None)


async def test_without_a_choice_nothing_is_asked_of_anybody(film: Scene) -> None:
    film.options = {}
    await film.to_the_end()

    assert "cover" not in film.taken
    assert film.moments == []
    assert await covers(film) == []


async def test_after_a_lost_answer_it_is_set_once_more(film: Scene) -> None:
    await published(film)
    await film.break_next("reset_after", CALL)

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [Kind.AGAIN]
    assert len({cover["sha256"] for cover in await covers(film)}) == 1
    assert await film.published() == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"action": "reset_before"}, Kind.AGAIN),
        ({"action": "status", "status": 503}, Kind.AGAIN),
        ({"action": "html", "status": 502}, Kind.AGAIN),
        ({"action": "status", "status": 400, "code": "368"}, Kind.LATER),
        ({"action": "status", "status": 400, "code": "100/33"}, Kind.AGAIN),
        ({"action": "status", "status": 400, "code": "190"}, Kind.AGAIN),
        ({"action": "status", "status": 403, "code": "283"}, Kind.AGAIN),
    ],
    ids=lambda value: str(value.get("code") or value["action"]) if isinstance(value, dict) else None,
)
async def test_what_passes_is_tried_again(film: Scene, fault: dict[str, Any], kind: Kind) -> None:
    """Even a permission that is missing: a cover is no reason to hold all that the Page has to publish."""
    await published(film)
    await film.break_next(kind=CALL, **fault)

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [kind]
    assert len(await covers(film)) == 1


async def test_what_never_passes_ends_in_a_remark_before_the_law_gives_up(film: Scene) -> None:
    """The law would, without a word, after ten failures."""
    await published(film)
    await film.break_next("status", CALL, status=503, times=99)

    failure = await remark(film)

    assert failure.code == "cover_not_set"
    assert "It is published" in failure.sentence
    assert 5 < len(film.failures) <= 10


async def test_a_picture_that_facebook_refuses_is_a_remark_that_never_speaks_of_sending_again(film: Scene) -> None:
    film.picture = b"<html>"

    failure = await remark(film)

    assert failure.code == "cover_refused"
    assert "again" not in failure.sentence
    assert await covers(film) == []


async def test_a_video_that_gives_no_picture_is_a_remark(film: Scene) -> None:
    film.picture = FileGone("gone")

    assert (await remark(film)).code == "cover_not_taken"


async def test_an_answer_that_does_not_say_success_is_no_success(film: Scene, http: Http) -> None:
    await published(film)
    async with scripted() as script:
        script.says({"success": False})
        with pytest.raises(PlatformFailure) as unclear:
            await elsewhere(film, http, script.url).once()

    assert unclear.value.kind is Kind.AGAIN


async def test_facebook_is_sent_a_form_with_a_jpeg_and_the_proof_of_the_app(film: Scene, http: Http) -> None:
    await published(film)
    async with scripted() as script:
        script.says({"success": True})
        await elsewhere(film, http, script.url).once()

    [asked] = script.asked
    assert asked.path.endswith(f"/{film.receipts[0].remote_id}/thumbnails")
    assert asked.form["is_preferred"] == "true"
    assert "filename='cover.jpg'" in asked.form["source"]
    assert "content_type='image/jpeg'" in asked.form["source"]
    assert asked.query.keys() == {"appsecret_proof"}
