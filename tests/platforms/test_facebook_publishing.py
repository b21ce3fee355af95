"""A reel on its way to a Page, against a real sandbox process: steps, uploads that are cut, the wait."""

from datetime import timedelta

import pytest

from playout.domain.delivery import Receipt, State
from playout.domain.retry import Kind, Turn
from playout.platforms.http import Http
from tests.platforms.facebook_stage import PAGE, Scene, connected
from tests.platforms.tiktok_stage import SMALL
from tests.sandbox.app import App


@pytest.fixture
async def film(app: App, http: Http) -> Scene:
    return await connected(app, http)


# ── a reel ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_reel_is_published_and_its_receipt_has_the_address(film: Scene) -> None:
    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    assert receipt.url == f"{film.app.url}/facebook-www/reel/{receipt.remote_id}/"
    assert film.taken[:4] == ["start", "upload", "finish", "follow"]
    [entry] = await film.app.ledger("published")
    assert (entry["creator"], entry["post_id"], entry["reel"]) == (PAGE, receipt.remote_id, True)


async def test_the_video_has_its_name_before_the_first_byte_leaves(film: Scene) -> None:
    checkpoint = await film.until("upload")

    assert film.coming is not None
    assert film.coming.handle == checkpoint["video_id"]
    assert str(checkpoint["upload_url"]).startswith(f"{film.app.url}/meta-rupload/")
    assert await film.app.ledger("chunk_accepted") == []


async def test_only_the_request_to_publish_is_fenced(film: Scene) -> None:
    fenced = {}
    while film.coming_step != "follow":
        await film.once()
        assert film.coming is not None
        fenced[film.coming.step] = not film.coming.repeatable

    assert fenced == {"start": False, "upload": False, "finish": True, "follow": False}
    assert film.state is State.PROCESSING


async def test_caption_and_title_are_sent_and_nothing_else_is_made_up(film: Scene) -> None:
    film.title = "The sea"
    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    [entry] = await film.app.ledger("published")
    assert entry["caption"] == film.caption
    assert (await film.status_of(receipt.remote_id))["title"] == "The sea"


async def test_a_title_chosen_for_the_page_wins(film: Scene) -> None:
    film.title, film.options = "For everybody", {"title": "For the Page"}
    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    assert (await film.status_of(receipt.remote_id))["title"] == "For the Page"


@pytest.mark.parametrize("relative", [True, False])
async def test_an_address_with_and_without_a_host_leads_to_the_reel(film: Scene, *, relative: bool) -> None:
    await film.configure(relative_permalink=relative)
    receipt = await film.to_the_end()

    assert isinstance(receipt, Receipt)
    host = f"{film.app.url}/facebook-www" if relative else "https://www.facebook.com"
    assert receipt.url == f"{host}/reel/{receipt.remote_id}/"


@pytest.mark.parametrize("complete_word", ["complete", "completed"])
@pytest.mark.parametrize("bytes_field", ["bytes_transferred", "bytes_transfered"])
async def test_both_spellings_of_the_documentation_are_read(film: Scene, complete_word: str, bytes_field: str) -> None:
    await film.configure(complete_word=complete_word, bytes_field=bytes_field)
    await film.until("upload")
    await film.break_next("partial_upload", "facebook.upload", bytes=100_000)

    assert isinstance(await film.to_the_end(), Receipt)
    assert await film.published() == 1
    accepted = [entry["range"] for entry in await film.app.ledger("chunk_accepted")]
    assert accepted[-1][0] == accepted[0][1] + 1 > 1
    assert accepted[-1][1] == SMALL - 1


async def test_a_finish_that_came_too_early_goes_back_to_the_upload(film: Scene) -> None:
    await film.until("finish")
    await film.break_next("status", "facebook.reels_finish", status=400, code="6000/1363045")

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken[2:5] == ["finish", "upload", "finish"]
    assert await film.published() == 1


async def test_a_day_without_power_begins_the_upload_afresh(film: Scene) -> None:
    await film.until("finish")
    await film.pass_time(timedelta(days=1, minutes=1))

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 2
    assert await film.published() == 1


async def test_an_upload_that_nobody_takes_is_given_up_with_nothing_published(film: Scene) -> None:
    await film.configure(session_seconds=0)

    failure = await film.refused()

    assert (failure.kind, failure.code) == (Kind.NEVER, "upload_over")
    assert film.taken.count("start") == 4
    assert await film.published() == 0


@pytest.mark.parametrize("times", [1, 9])
async def test_a_wrong_offset_is_asked_about_and_not_for_ever(film: Scene, times: int) -> None:
    await film.until("upload")
    await film.break_next("status", "facebook.upload", status=400, code="OffsetInvalidError", times=times)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == (1 if times == 1 else 2)
    assert film.failures == []


async def test_a_failure_of_the_upload_host_is_only_a_wait(film: Scene) -> None:
    await film.break_next("status", "facebook.upload", status=503, times=3)

    assert isinstance(await film.to_the_end(), Receipt)
    assert [failure.kind for failure in film.failures] == [Kind.AGAIN] * 3


async def test_an_upload_that_is_not_ours_any_more_is_replaced(film: Scene) -> None:
    await film.until("upload")
    await film.break_next("status", "facebook.upload", status=400, code="NotAuthorizedError")

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 2


async def test_a_video_that_facebook_does_not_find_for_a_moment_is_not_begun_anew(film: Scene) -> None:
    await film.until("upload")
    await film.break_next("status", "facebook.video", status=400, code="100/33", times=2)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 1


# ── the wait ─────────────────────────────────────────────────────────────────────────────────────


async def test_processing_may_take_hours(film: Scene) -> None:
    await film.configure(processing_seconds=5 * 3600)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.failures == []
    assert await film.published() == 1


async def test_after_a_day_without_an_end_a_person_is_asked(film: Scene) -> None:
    await film.configure(processing_seconds=1e9)
    began = await film.now()

    failure = await film.refused()

    assert (failure.kind, failure.code, failure.turn) == (Kind.UNSURE, "facebook_cannot_say", Turn.YOU)
    assert timedelta(days=1) < await film.now() - began < timedelta(days=1, hours=1)


async def test_a_publication_that_fails_late_is_tried_with_a_new_video_and_then_given_up(film: Scene) -> None:
    await film.configure(publish_fails_late=True)

    failure = await film.refused()

    assert (failure.kind, failure.code) == (Kind.NEVER, "graph_1363047")
    assert film.taken.count("finish") == 4
    assert await film.published() == 0


async def test_a_publication_that_failed_once_succeeds_with_a_new_video(film: Scene) -> None:
    await film.configure(publish_fails_late=True)
    await film.until("follow")
    await film.configure(publish_fails_late=False)

    assert isinstance(await film.to_the_end(), Receipt)
    assert film.taken.count("start") == 2
    assert await film.published() == 1


@pytest.mark.parametrize("seconds", [600, 86_400 * 2])
async def test_a_video_that_disappears_while_we_wait_is_a_persons_question(film: Scene, seconds: int) -> None:
    await film.configure(processing_seconds=seconds)
    checkpoint = await film.until("follow")
    headers = {"Authorization": f"Bearer {film.grant.access_token.reveal()}"}
    await film.app.send("DELETE", f"/facebook-graph/v25.0/{checkpoint['video_id']}", headers=headers)

    failure = await film.refused()

    assert (failure.kind, failure.code) == (Kind.UNSURE, "facebook_cannot_say")
    assert "start" not in film.taken[2:]


async def test_facebook_out_of_order_for_hours_is_only_a_wait(film: Scene) -> None:
    await film.until("follow")
    await film.break_next("html", "facebook.video", times=40)

    assert isinstance(await film.to_the_end(), Receipt)
    assert {failure.kind for failure in film.failures} == {Kind.AGAIN, Kind.LATER}
