"""A video that is longer than a reel, on its way to a Page, against a real sandbox process."""

import pytest

from playout.domain.delivery import Next, Receipt
from playout.domain.retry import Kind, Turn
from playout.platforms.http import Http
from tests.platforms.facebook_stage import LONG, PAGE, Scene, connected
from tests.sandbox.app import App


@pytest.fixture
async def film(app: App, http: Http) -> Scene:
    scene = await connected(app, http)
    scene.be_long()
    return scene


async def test_a_longer_video_goes_part_by_part_and_is_published_once(film: Scene) -> None:
    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url == f"{film.app.url}/facebook-www/{PAGE}/videos/{receipt.remote_id}/"
    assert film.taken[:4] == ["open", "transfer", "publish", "follow"]
    assert len(await film.app.ledger("chunk_accepted")) == 3
    [entry] = await film.app.ledger("published")
    assert (entry["caption"], entry["reel"]) == (film.caption, False)


async def test_a_longer_video_has_its_name_before_the_first_byte_too(film: Scene) -> None:
    checkpoint = await film.until("transfer")

    assert film.coming is not None
    assert film.coming.handle == checkpoint["video_id"]
    assert (film.coming.sent, film.coming.total) == (0, LONG)


async def test_the_bytes_of_a_longer_video_arrive_as_they_are(film: Scene) -> None:
    await film.app.control("config", {"sink": False})
    await film.to_the_end()

    [entry] = await film.app.ledger("upload_complete")
    assert entry["size"] == LONG
    [published] = await film.app.ledger("published")
    assert published["sha256"] == entry["sha256"]


async def test_progress_of_a_longer_video_is_saved_on_the_way(film: Scene) -> None:
    film.size = 70 * 1024**2
    sent = []
    while film.coming_step != "publish":
        await film.once()
        assert isinstance(film.coming, Next)
        if film.coming.step == "transfer":
            sent.append(film.coming.sent)

    assert sent == [0, 64 * 1024**2]


@pytest.mark.parametrize("part", [1, 2, 3])
@pytest.mark.parametrize("action", ["reset_before", "reset_after", "status_after", "malformed", "half_body"])
async def test_any_part_may_be_lost(film: Scene, part: int, action: str) -> None:
    await film.break_next(action, "facebook.videos_transfer", nth=part)

    assert isinstance(await film.to_the_end(), Receipt)
    assert len(await film.app.ledger("chunk_accepted")) == 3
    assert await film.published() == 1


async def test_a_session_that_is_gone_is_begun_anew_after_a_while(film: Scene) -> None:
    await film.until("transfer")
    await film.break_next("status", "facebook.videos_transfer", status=400, code="100/33", times=4)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("open") == 2
    assert await film.published() == 1


async def test_a_video_that_ends_as_a_draft_is_not_called_published(film: Scene) -> None:
    await film.until("publish")
    checkpoint = film.coming.checkpoint if film.coming else {}
    headers = {"Authorization": f"Bearer {film.grant.access_token.reveal()}"}
    form = {"upload_phase": "finish", "upload_session_id": str(checkpoint["session"]), "published": "false"}
    await film.app.send("POST", f"/facebook-graph/v25.0/{PAGE}/videos", data=form, headers=headers)

    failure = await film.refused()

    assert (failure.kind, failure.code, failure.turn) == (Kind.NEVER, "kept_as_draft", Turn.YOU)
